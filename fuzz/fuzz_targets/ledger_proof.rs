//! Proofs: what is read is written again, and nothing is proven but what the log holds.

#![no_main]

mod vectors;

use std::sync::LazyLock;

use ledger::{Checkpoint, Proof, verify_proof};
use seal::note::Verifier;
use vectors::TLOG;

static KNOWN: LazyLock<Vec<Verifier>> = LazyLock::new(vectors::verifiers);
static SIGNED: LazyLock<Checkpoint> =
    LazyLock::new(|| Checkpoint::open(TLOG.text("checkpoint").as_bytes(), &KNOWN).expect("the vector opens"));

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(proof) = Proof::parse(text) else { return assert!(verify_proof(text, b"two", &KNOWN).is_err()) };
    let written = proof.to_text();
    assert!(text.contains("\nextra ") || written == text);
    assert_eq!(Proof::parse(&written).ok(), Some(proof));
    assert!(verify_proof(text, b"four", &KNOWN).is_err());
    if let Ok(proven) = verify_proof(text, b"two", &KNOWN) {
        assert_eq!(proven.index, 1);
        assert_eq!((proven.checkpoint.size, proven.checkpoint.root), (SIGNED.size, SIGNED.root));
    }
});
