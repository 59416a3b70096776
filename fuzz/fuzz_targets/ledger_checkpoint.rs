//! Checkpoints: kept byte for byte; opened only as the log signed them.

#![no_main]

mod vectors;

use std::sync::LazyLock;

use ledger::Checkpoint;
use seal::note::Verifier;
use vectors::TLOG;

static KNOWN: LazyLock<Vec<Verifier>> = LazyLock::new(vectors::verifiers);
static SIGNED: LazyLock<Checkpoint> =
    LazyLock::new(|| Checkpoint::open(TLOG.text("checkpoint").as_bytes(), &KNOWN).expect("the vector opens"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let opened = Checkpoint::open(data, &KNOWN);
    let Ok(parsed) = Checkpoint::parse(data) else { return assert!(opened.is_err()) };
    assert_eq!(parsed.note().as_bytes(), data);
    if let Ok(opened) = opened {
        assert_eq!((&opened.origin, opened.size, opened.root), (&SIGNED.origin, SIGNED.size, SIGNED.root));
        assert!(opened.witnesses.iter().all(|witness| SIGNED.witnesses.contains(witness)));
    }
});
