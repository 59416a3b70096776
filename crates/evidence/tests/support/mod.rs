//! A small case, always the same, and its package.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::Cursor;
use std::path::Path;

use model::{Digest, Fault, Hidden, Instant};
use probity_evidence::package::{Build, LedgerAnchor, Tool, Verification, build, verify};
use probity_evidence::report::Report;
use probity_evidence::{Act, Case, NewExhibit, Renderer};
use seal::SigningKey;

/// Stands in for the PDF room, which these tests do not need.
pub(crate) struct Plain;

impl Renderer for Plain {
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        Ok(format!("%PDF-1.7\n% {}\n", report.title).into_bytes())
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

pub(crate) fn settings() -> Build {
    Build {
        created: at(3600),
        marking: "CONFIDENTIAL".to_owned(),
        watermark: "COPY 1".to_owned(),
        tool: Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() },
        ledger: Some(LedgerAnchor {
            origin: "example.org/audit".to_owned(),
            size: 12,
            root: Digest::new([9; 32]),
            proof_text: "example.org/audit\n12\nCQkJ\n".to_owned(),
        }),
    }
}

pub(crate) fn package(case: &Case) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    build(case, &settings(), &key(), &Plain, &mut out, &Hidden).unwrap();
    out.into_inner()
}

pub(crate) fn check(package: &[u8]) -> Verification {
    verify(Cursor::new(package), &[key().public()], &Hidden).unwrap()
}
