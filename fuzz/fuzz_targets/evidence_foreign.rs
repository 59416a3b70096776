//! What others made: any bytes as any form, and containers and bags with a few edits anywhere.
//!
//! The first byte chooses a vector, the rest edits it; and all of it is a file of whatever form it seems to have.

#![no_main]

mod edits;

use std::sync::LazyLock;

use evidence::foreign::{Beside, Data, Form, recognise, verify};
use evidence::package::{Ask, NoBlocks, Outcome, PdfReader, PdfSignature};
use model::{Fault, Hidden, Instant};
use seal::Trust;
use seal::x509::Certificate;

const VECTORS: [&[u8]; 5] = [
    include_bytes!("../../fixtures/vectors/foreign/xades.asice"),
    include_bytes!("../../fixtures/vectors/foreign/cades.asice"),
    include_bytes!("../../fixtures/vectors/foreign/stamped.asics"),
    include_bytes!("../../fixtures/vectors/foreign/bag.zip"),
    include_bytes!("../../fixtures/vectors/foreign/export.zip"),
];
const MESSAGE: &[u8] = include_bytes!("../../fixtures/vectors/signatures/message");
static ANCHORS: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let pem = include_str!("../../fixtures/vectors/foreign/ca.pem");
    Certificate::all_from_pem(pem).expect("the vector is a certificate")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check(data);
    if let Some((choice, rest)) = data.split_first() {
        check(&edits::apply(VECTORS[usize::from(*choice) % VECTORS.len()], rest));
    }
});

fn check(bytes: &[u8]) {
    let Ok(form) = recognise(&bytes) else { return };
    let now = Instant::from_seconds(1_798_761_600).expect("a time");
    let ask = Ask { keys: &[], anchors: &ANCHORS, now, blocks: &NoBlocks, pdf: &Nobody, signers: 0 };
    let data = Data { name: "message", bytes: &MESSAGE };
    let Ok(found) = verify(form, &bytes, Beside { data: Some(data), plan: Some(data), earlier: &[data] }, &ask, &Hidden) else { return };
    assert!(found.to_json().is_ok());
    if found.holds() {
        let passed = |name: &str| found.check(name).is_some_and(|check| check.verdict == Outcome::Passed);
        match form {
            Form::AsicE | Form::AsicS => assert!(passed("zip-structure") && passed("coverage"), "{:?}", found.checks),
            Form::ZippedBag => assert!(passed("zip-structure") && passed("payload-manifest"), "{:?}", found.checks),
            Form::Export => assert!(passed("zip-structure") && passed("files"), "{:?}", found.checks),
            _ => {}
        }
    }
}

/// PDFs have a target of their own.
struct Nobody;

impl PdfReader for Nobody {
    fn signatures(&self, _pdf: &[u8], _trust: &Trust) -> Result<Vec<PdfSignature>, Fault> {
        Ok(Vec::new())
    }

    fn attachments(&self, _pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        Ok(Vec::new())
    }
}
