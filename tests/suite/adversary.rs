//! Packages that an adversary made anew: every list, digest, signature and byte of the zip is as it should be, under a key of
//! the adversary's own (`tests/peers/reseal`). What does not belong together is named all the same.

use std::process::Command;

use serde_json::Value;

use crate::authority::Authority;
use crate::house::{House, repository};
use crate::verify::soon;

/// Two cases of one project, sealed and stamped by the same examiner.
struct Ground {
    house: House,
    authority: Authority,
}

impl Ground {
    fn new() -> Ground {
        let house = House::initialised();
        let authority = Authority::start(&[]);
        for case in ["a", "b"] {
            let (log, package) = (format!("{case}.log"), format!("{case}.zip"));
            house.write(&log, format!("GET /{case} 200\n"));
            house.run(&["case", "new", case, "--title", &format!("Case {case}")]).expect(0);
            house.run(&["case", "add", case, &log]).expect(0);
            house.run(&["case", "note", case, "Nothing was lost."]).expect(0);
            house.run(&["case", "transfer", case, "EX-001", "--to", "Bob", "--reason", "storage"]).expect(0);
            let signer = authority.signer("p256");
            let mut build = vec!["package", "build", case, "--output", &package, "--tsa", &authority.tsa];
            build.extend(signer.iter().map(String::as_str));
            house.run(&build).expect(0);
            house.shell(&format!("mkdir {case} && unzip -q {package} -d {case}")).expect(0);
        }
        house.shell("openssl genpkey -algorithm ed25519 -out evil.pem").expect(0);
        Ground { house, authority }
    }

    /// What `verify` says of package `a` after these changes, sealed anew.
    fn resealed(&self, changes: &[&str]) -> Value {
        let forger = Command::new(repository("tests/peers/reseal"))
            .args(["a.zip", "evil.zip", "evil.pem"])
            .args(changes)
            .current_dir(self.house.root())
            .output()
            .unwrap();
        assert!(forger.status.success(), "{changes:?}: {}", String::from_utf8_lossy(&forger.stderr));
        // Not by the fixed clock: the certificates are of today.
        self.house.json(&["verify", "evil.zip", "--trust", &self.authority.file("ca.pem"), "--time", &soon()], 1)
    }

    /// The check `name` fails and says so.
    fn check(&self, changes: &[&str], name: &str, words: &str) {
        let answer = self.resealed(changes);
        let said = failed(&answer).into_iter().find(|(check, _)| check == name);
        let said = said.unwrap_or_else(|| panic!("{changes:?}: {name} does not fail: {:?}", failed(&answer)));
        assert!(said.1.contains(words), "{changes:?}: {said:?} should say {words:?}");
        // Whatever else the adversary left as it was: the seal is another's.
        let sealed = answer["signer"].as_str().unwrap();
        assert!(sealed.starts_with("SHA256:") && !self.house.read("a/bag/manifest.json").contains(sealed));
    }

    /// As [`Ground::check`], with `path` of the package in the words of `new`.
    fn put(&self, path: &str, new: impl AsRef<[u8]>, name: &str, words: &str) {
        self.house.write("new", new);
        self.check(&["PUT", &format!("{path}=new")], name, words);
    }
}

/// The checks that fail, with all they say.
fn failed(answer: &Value) -> Vec<(String, String)> {
    let checks = answer["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "failed");
    checks.map(|check| (check["name"].as_str().unwrap().to_owned(), check.to_string())).collect()
}

#[test]
fn what_was_taken_from_another_case_does_not_fit() {
    // Both cases are the examiner's own, with good signatures: only what belongs together is believed together.
    let ground = Ground::new();
    ground.check(&[], "document", "signer or tool are not those of manifest.json");
    for (path, name, words) in [
        ("bag/data/custody.jsonl", "document", "its custody log is not that of data/custody.jsonl"),
        ("bag/data/custody.jsonl", "exhibits", "its exhibits are not those of the custody log"),
        ("bag/data/case.json", "report", "the case.json inside it is not data/case.json"),
        ("bag/data/case.xml", "xml", "it does not say what data/case.json says"),
        ("bag/data/report.pdf", "report", "inside it is not data/case.json"),
        ("bag/data/provenance.jsonld", "provenance", "it does not say what data/case.json says"),
        ("bag/data/ledger/000002.entry", "ledger", "is not about this line of this case"),
        ("bag/data/ledger/000002.tlog-proof", "ledger", "data/ledger/000002.tlog-proof"),
    ] {
        ground.check(&["PUT", &format!("{path}={}", path.replacen("bag", "b/bag", 1))], name, words);
    }
    // Signatures of the other package, in a zip that is otherwise the first one.
    for (path, name, words) in [
        ("bag/proofs/manifest.p7s", "cades-signature: proofs/manifest.p7s", "The content was changed"),
        ("META-INF/manifest.p7s.tsr", "time-stamp: META-INF/manifest.p7s.tsr", "over something else"),
        ("META-INF/signatures0.xml", "xades-signature: META-INF/signatures0.xml", "not what was signed"),
    ] {
        ground.check(&["PUT", &format!("{path}=b/{path}")], name, words);
    }
    let stamp = ["PUT", "META-INF/report.pdf.tsr=a/META-INF/manifest.p7s.tsr"];
    ground.check(&stamp, "time-stamp: META-INF/report.pdf.tsr", "over something else");
}

/// The report is the examiner's, and still signed; what holds it is another's. Nobody whom we trust has signed that.
#[test]
fn who_signed_the_report_only_is_not_counted() {
    let ground = Ground::new();
    ground.resealed(&[]);
    let ca = ground.authority.file("ca.pem");
    let args = ["verify", "evil.zip", "--trust", &ca, "--require-signers", "1", "--time", &soon()];
    let answer = ground.house.json(&args, 1);
    assert_eq!(answer["signers"].as_array().unwrap().len(), 1, "the report is signed: {answer}");
    let (_, said) = failed(&answer).into_iter().find(|(check, _)| check == "signers").expect("nobody is counted");
    assert!(said.contains("are required; 0 have signed"), "{said}");
    let genuine = ["verify", "a.zip", "--trust", &ca, "--require-signers", "1", "--time", &soon()];
    ground.house.json(&genuine, 0);
}

#[test]
fn a_custody_log_that_was_written_anew_is_located() {
    let ground = Ground::new();
    let log = ground.house.read("a/bag/data/custody.jsonl");
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let path = "bag/data/custody.jsonl";
    let moved = [lines[0], lines[2], lines[1], lines[3]].concat();
    ground.put(path, moved, "custody", "line 2 was moved");
    ground.put(path, [lines[0], lines[2], lines[3]].concat(), "custody", "line 2");
    ground.put(path, lines[..3].concat(), "document", "its custody log is not that of");
    ground.put(path, format!("{log}{}", lines[3]), "custody", "was inserted");
    ground.put(path, log.replace('\n', "\r\n"), "custody", "line 1 was altered");
    ground.put(path, log.replacen("{\"", "{\"act\":\"destroyed\",\"", 1), "custody", "line 1 was altered");
    ground.put(path, log.replacen("\"Bob\"", "\"Eve\"", 1), "ledger", "data/ledger/000004.tlog-proof");
    ground.put(path, log.trim_end(), "custody", "does not end with a line feed");
}

#[test]
fn documents_that_two_readers_would_read_differently_are_named() {
    let ground = Ground::new();
    let json = ground.house.read("a/bag/data/case.json");
    ground.put("bag/data/case.json", json.replacen('{', "{\"schema\":\"x\",", 1), "document", "duplicate field");
    ground.put("bag/data/case.json", format!("{json}{{}}"), "document", "data/case.json");
    let xml = ground.house.read("a/bag/data/case.xml");
    let entity = "?><!DOCTYPE case [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    ground.put("bag/data/case.xml", xml.replacen("?>", entity, 1), "xml", "does not say");
    ground.put("bag/data/case.xml", xml.replacen("xmlns=\"", "xmlns=\"evil:", 1), "xml", "does not say");
    let schema = ground.house.read("a/bag/data/case.xsd");
    ground.put("bag/data/case.xsd", format!("{schema}<!-- -->"), "xml", "not the schema of this version");
    let mut report = std::fs::read(ground.house.path("a/bag/data/report.pdf")).unwrap();
    report.extend_from_slice(b"\nstartxref\n9\n%%EOF\n");
    ground.put("bag/data/report.pdf", report, "report-signature: Signature1", "no cross-reference section at byte 9");
}

#[test]
fn files_that_nobody_collected_are_named() {
    let ground = Ground::new();
    for path in ["bag/data/exhibits/EX-001/more.log", "bag/data/exhibits/EX-002/b.log"] {
        ground.put(path, "x", "exhibits", "no custody entry names this file");
    }
    for path in ["bag/data/more.txt", "bag/evil.html", "bag/proofs/more.sig", "bag/fetch.txt"] {
        ground.put(path, "x", "container", "does not list the files of the package");
    }
    ground.put("bag/data/exhibits/EX-001/a.log", "GET /other 200\n", "exhibits", "EX-001");
    ground.check(&["DROP", "bag/data/exhibits/EX-001/a.log"], "exhibits", "EX-001");
    // A script or a page of the adversary is not ours: whoever would run it is told.
    for (path, words) in [("bag/verify.sh", "do not run it unread"), ("bag/verify.html", "do not open it unread")] {
        ground.house.write("new", "#!/bin/sh\nexit 0\n");
        let answer = ground.resealed(&["PUT", &format!("{path}=new")]);
        let script = answer["checks"].as_array().unwrap().iter().find(|check| check["name"] == "script").unwrap();
        assert!(script["verdict"] == "not checked" && script["detail"].as_str().unwrap().contains(words), "{script}");
    }
}
