//! Time stamps: an answer that counts is the one that the authority gave, with its time.

#![no_main]

mod signatures;

use std::sync::LazyLock;

use seal::{Revocations, Trust, cms, sha256, tsp};
use signatures::{ANCHORS, STAMP, STAMPED, now};

static VALUE: LazyLock<Vec<u8>> = LazyLock::new(|| cms::signature_value(STAMPED).expect("one signer"));
static GOOD: LazyLock<tsp::Token> = LazyLock::new(|| tsp::read_token_or_response(STAMP).expect("a token"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let request = tsp::Request { imprint: sha256(&VALUE), nonce: 42, policy: None };
    let answered = tsp::read_response(data, &request);
    let Ok(token) = tsp::read_token_or_response(data) else { return assert!(answered.is_err()) };
    let trust = Trust { anchors: &*ANCHORS, now: now() };
    let judged = tsp::verify(&token, &VALUE.as_slice(), &trust, &Revocations::default());
    if judged.trusted.is_yes() {
        assert!(judged.intact.is_yes());
        assert_eq!((token.time(), token.serial_hex(), token.policy()), (GOOD.time(), GOOD.serial_hex(), GOOD.policy()));
    }
    let again = tsp::read_token_or_response(token.der()).expect("it was read before");
    assert_eq!(again.der(), token.der());
});
