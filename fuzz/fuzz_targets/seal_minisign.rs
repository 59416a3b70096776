//! Minisign signatures: only the vector's signature, with the vector's comment, is accepted for its message.

#![no_main]

mod vectors;

use std::sync::LazyLock;

use seal::{PublicKey, armour, minisign};
use vectors::MINISIGN;

static KEY: LazyLock<PublicKey> = LazyLock::new(|| {
    let line = MINISIGN.text("public_key").lines().nth(1).expect("two lines");
    PublicKey::from_bytes(&armour::decode(line).expect("base64")[10..]).expect("a key")
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(comment) = minisign::verify(text, &KEY, MINISIGN.text("message").as_bytes()) {
        assert_eq!(comment, MINISIGN.text("trusted_comment"));
        // The first line and the id of the key are not signed; all the rest is.
        let signed = |text: &str| {
            let line = text.lines().nth(1).and_then(armour::decode).expect("it was read");
            (line[..2].to_vec(), line[10..].to_vec(), text.lines().skip(2).collect::<Vec<_>>().join("\n"))
        };
        assert_eq!(signed(text), signed(MINISIGN.text("signature")));
    }
    assert!(minisign::verify(text, &KEY, b"another message").is_err());
});
