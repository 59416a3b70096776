//! A small case, always the same, and its package.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::Cursor;
use std::path::Path;

use model::{Digest, Fault, Hidden, Instant};
use probity_evidence::package::{
    Ask, Build, LedgerAnchor, LedgerProof, NoBlocks, NoTime, PdfReader, PdfSignature, Seals, Tool, Verification, build,
    verify,
};
use probity_evidence::report::Report;
use probity_evidence::{
    Act, Case, Handling, NewExhibit, Origin, Provenance, REDACTION_LOG, Receipt, Renderer, Transfer,
};
use seal::x509::{Certificate, FileSigner, Signer, self_signed};
use seal::{PublicKey, SigningKey, Trust, sshsig};

/// Stands in for the PDF room, which these tests do not need.
pub(crate) struct Plain;

impl Renderer for Plain {
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        let mut bytes = format!("%PDF-1.7\n% {}\n", report.title).into_bytes();
        for attachment in &report.attachments {
            bytes.extend(format!("{} {}\n", attachment.name, attachment.bytes.len()).bytes());
            bytes.extend(&attachment.bytes);
        }
        Ok(bytes)
    }
}

impl PdfReader for Plain {
    fn signatures(&self, _pdf: &[u8], _trust: &Trust) -> Result<Vec<PdfSignature>, Fault> {
        Ok(Vec::new())
    }

    fn attachments(&self, pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let broken = || Fault::bad_input("bad-pdf", "This is not what Plain writes");
        let mut lines = pdf.splitn(3, |byte| *byte == b'\n').skip(2);
        let mut rest = lines.next().ok_or_else(broken)?;
        let mut files = Vec::new();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
            let head = std::str::from_utf8(&rest[..end]).map_err(|_| broken())?;
            let (name, len) = head.split_once(' ').ok_or_else(broken)?;
            let len: usize = len.parse().map_err(|_| broken())?;
            let bytes = rest.get(end + 1..end + 1 + len).ok_or_else(broken)?;
            files.push((name.to_owned(), bytes.to_vec()));
            rest = &rest[end + 1 + len..];
        }
        Ok(files)
    }
}

pub(crate) const EVALUATION: &str = include_str!("evaluation.json");

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_767_258_000 + seconds).unwrap()
}

pub(crate) fn act(seconds: i64, purpose: &str) -> Act<'_> {
    Act { time: at(seconds), by: "R. Examiner", purpose }
}

/// A case with two exhibits, one evaluation and one remark.
pub(crate) fn case(root: &Path) -> Case {
    let mut case =
        Case::create(root, "2026-017", "Slow answers of the web shop", &act(0, "complaint of 2 January")).unwrap();
    let log = NewExhibit { name: "/var/log/nginx/access.log", description: "Access log of host web-1" };
    case.add(&mut &b"10.0.0.1 GET / 200\n"[..], log, &act(60, "first copy from host web-1"), &Hidden).unwrap();
    let table = NewExhibit { name: "Übersicht <1>.csv", description: "" };
    case.add(&mut &b"a,b\n1,2\n"[..], table, &act(120, "supplied by the operator"), &Hidden).unwrap();
    case.record_evaluation(EVALUATION.as_bytes(), &act(180, "objectives of the contract")).unwrap();
    case.note("The host was restarted on 3 January.\nSee the operator's mail & <file>.", &act(240, "remark")).unwrap();
    case
}

/// What a model said about the first exhibit.
pub(crate) fn reasoning() -> String {
    let digest = seal::sha256(b"10.0.0.1 GET / 200\n");
    format!(
        r#"{{"schema":"reasoning/1","time":"2026-01-01T09:30:00Z",
        "model":{{"name":"example-model","version":"3.1","sha256":null,"provider":"Example Ltd"}},
        "prompt":[{{"role":"system","text":"Answer in one sentence."}},{{"role":"user","text":"What does <this> log show?"}}],
        "inputs":[{{"exhibit":"EX-001","sha256":"{digest}"}},{{"name":"handbook.pdf","sha256":"{digest}"}}],
        "parameters":{{"temperature":0.2,"seed":7}},"output":"One request,\nand it was answered.",
        "review":{{"reviewer":"R. Examiner","role":"analyst","time":"2026-01-01T10:00:00Z","decision":"accepted in part","reason":"The time is missing."}},
        "error_rates":null,"limits":["Not tested with logs of this program."]}}"#
    )
}

/// The redaction log of a copy of the first exhibit.
fn redaction_log(copy: &[u8]) -> String {
    let (input, output) = (seal::sha256(b"10.0.0.1 GET / 200\n"), seal::sha256(copy));
    format!(
        "{{\"schema\":\"redaction/1\",\"seq\":0,\"type\":\"ip-address\",\"op\":\"label\"}}\n\
         {{\"schema\":\"redacted-file/1\",\"seq\":1,\"file\":\"a\",\"input\":\"sha256:{input}\",\"output\":\"sha256:{output}\",\
         \"redactions\":1,\"removed\":[{{\"what\":\"comment\",\"why\":\"not looked into\"}}],\"unscanned\":[],\
         \"actor\":\"R. Examiner\",\"tool\":\"probity 0.1.0\",\"time\":\"2026-01-01T09:20:00Z\",\"profile\":\"logs\",\"basis\":null}}\n"
    )
}

/// The receiver's key.
pub(crate) fn receiver() -> SigningKey {
    SigningKey::from_seed([5; 32])
}

/// The same case after a year in court: a redacted copy with its log, a verified copy, two transfers, an access, a record of
/// what a model said.
pub(crate) fn busy_case(root: &Path) -> Case {
    let mut case = case(root);
    let copy = b"[IP] GET / 200\n";
    let log = redaction_log(copy);
    let logged: &[u8] = log.as_bytes();
    let derived = |how| Provenance::Derived { from: "EX-001", how };
    for (name, content, provenance) in [
        ("redacted-access.log", &copy[..], derived("redacted by probity 0.1.0, profile logs")),
        ("redactions-EX-001.jsonl", logged, derived(REDACTION_LOG)),
        ("access copy.log", b"10.0.0.1 GET / 200\n", Provenance::CopyOf("EX-001")),
    ] {
        let origin = Origin { provenance, source: Some("host web-1"), modified: Some(at(-60)), ..Origin::default() };
        let new = NewExhibit { name, description: "" };
        case.take_in(&mut &*content, new, &origin, &act(300, "copy for the court"), &Hidden).unwrap();
    }
    let handling =
        Handling { authority: Some("order 7 O 12/26"), seal: Some("B-1042, unbroken"), ..Handling::default() };
    let transfer = Transfer { exhibit: "EX-001", to: "Evidence room", handling };
    let statement = case.statement(&transfer, &act(360, "storage"), &Hidden).unwrap().to_bytes().unwrap();
    let signature = sshsig::sign(&statement, "custody@probity", &receiver()).unwrap();
    let receipt = Receipt { statement: &statement, signature: &signature, receiver: &receiver().public() };
    let clerk = Handling { role: Some("clerk"), recorded_by: Some("uid-1000"), ..Handling::default() };
    case.transfer_countersigned("EX-001", &receipt, &clerk, &act(420, "x"), &Hidden).unwrap();
    let back = Transfer { exhibit: "EX-001", to: "R. Examiner", handling: Handling::default() };
    case.transfer(&back, &act(480, "analysis"), &Hidden).unwrap();
    case.access("EX-001", &clerk, &act(540, "count the requests"), &Hidden).unwrap();
    case.record_reasoning(reasoning().as_bytes(), &Handling::default(), &act(600, "a first look")).unwrap();
    case
}

pub(crate) fn settings() -> Build {
    Build {
        created: at(3600),
        marking: "CONFIDENTIAL".to_owned(),
        watermark: "COPY 1".to_owned(),
        visible_signature: false,
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        ledger: Some(LedgerAnchor {
            origin: "example.org/audit".to_owned(),
            size: 12,
            root: Digest::new([9; 32]),
            proof_text: "example.org/audit\n12\nCQkJ\n".to_owned(),
            proofs: Vec::new(),
        }),
        court: probity_evidence::court::Settings::default(),
    }
}

/// The key of the audit log.
pub(crate) fn ledger_key() -> SigningKey {
    SigningKey::from_seed([3; 32])
}

/// Where an audit log stands that has an entry about each line of the custody log but the second, with their proofs.
pub(crate) fn audited(case: &Case) -> LedgerAnchor {
    let folder = tempfile::tempdir().unwrap();
    let (origin, key) = ("example.org/audit", ledger_key());
    let mut log = ledger::Log::create(folder.path(), &ledger::Identity { origin, key: &key }).unwrap();
    let digests = case.custody().line_digests();
    let lines: Vec<(u64, Digest)> = (1..).zip(digests).filter(|(line, _)| *line != 2).collect();
    let entries: Vec<ledger::Entry> = lines.iter().map(|(line, digest)| entry(case, *line, *digest)).collect();
    log.append(&entries).unwrap();
    log.seal().unwrap();
    drop(log);
    let view = ledger::View::open(folder.path()).unwrap();
    let proof = |(index, (line, _)): (u64, &(u64, Digest))| {
        let (entry, proof) = (view.entry(index).unwrap().bytes, view.prove(index).unwrap().to_text());
        LedgerProof { line: *line, entry, proof }
    };
    let checkpoint = view.checkpoint();
    LedgerAnchor {
        origin: origin.to_owned(),
        size: checkpoint.size,
        root: checkpoint.root,
        proof_text: checkpoint.note().to_owned(),
        proofs: (0..).zip(&lines).map(proof).collect(),
    }
}

fn entry(case: &Case, line: u64, digest: Digest) -> ledger::Entry {
    ledger::Entry {
        time: at(line as i64),
        actor: "uid-1000".to_owned(),
        command: "case".to_owned(),
        act: "case.changed".to_owned(),
        outcome: "done".to_owned(),
        code: 0,
        digests: vec![("case".to_owned(), seal::sha256(case.id().as_bytes())), ("custody".to_owned(), digest)],
        facts: Vec::new(),
    }
}

/// The package of a case with the audit log about it.
pub(crate) fn audited_package(case: &Case) -> Vec<u8> {
    packed(case, &Build { ledger: Some(audited(case)), ..settings() }, &key(), &[&signer(1)])
}

/// A signer whose certificate nobody else vouches for.
pub(crate) fn signer(seed: u8) -> FileSigner {
    let until = Instant::parse("2046-01-01T00:00:00Z").unwrap();
    let (key, certificate) = self_signed(&[seed; 32], &format!("Examiner {seed}"), at(0), until).unwrap();
    FileSigner::new(&key, vec![certificate]).unwrap()
}

pub(crate) fn package_by(case: &Case, key: &SigningKey, signers: &[&dyn Signer]) -> Vec<u8> {
    packed(case, &settings(), key, signers)
}

pub(crate) fn packed(case: &Case, settings: &Build, key: &SigningKey, signers: &[&dyn Signer]) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let seals = Seals { key, signers, time: &NoTime, keeper: None };
    build(case, settings, &seals, &Plain, &mut out, &Hidden).unwrap();
    out.into_inner()
}

pub(crate) fn package(case: &Case) -> Vec<u8> {
    package_by(case, &key(), &[&signer(1)])
}

pub(crate) fn ask<'a>(keys: &'a [PublicKey], anchors: &'a [Certificate]) -> Ask<'a> {
    Ask { keys, anchors, now: at(7200), blocks: &NoBlocks, pdf: &Plain, signers: 0 }
}

pub(crate) fn check(package: &[u8]) -> Verification {
    let anchors = [signer(1).certificate().clone()];
    verify(&package, &ask(&[key().public()], &anchors), &Hidden).unwrap()
}
