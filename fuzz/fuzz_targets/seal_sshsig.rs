//! SSH signatures: for the vector's message, only the vector's key can have signed.

#![no_main]

mod vectors;

use seal::{PublicKey, sshsig};
use vectors::SSHSIG;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let message = SSHSIG.text("message").as_bytes();
    if let Ok(key) = sshsig::verify(text, SSHSIG.text("namespace"), message) {
        assert_eq!(PublicKey::from_openssh(SSHSIG.text("public_key")).ok(), Some(key));
    }
    assert!(sshsig::verify(text, SSHSIG.text("namespace"), b"another message").is_err());
    assert!(sshsig::verify(text, "another", message).is_err());
});
