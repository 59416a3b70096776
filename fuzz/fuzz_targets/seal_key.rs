//! Key files: PEM and OpenSSH. What is read is written and read again as the same key.

#![no_main]

use seal::{PublicKey, SigningKey};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(key) = SigningKey::from_pem(text) {
        let again = SigningKey::from_pem(&key.to_pem()).expect("our own form");
        assert_eq!(again.public(), key.public());
        same(key.public());
    }
    [PublicKey::from_pem(text), PublicKey::from_openssh(text)].into_iter().flatten().for_each(same);
});

fn same(key: PublicKey) {
    assert_eq!(PublicKey::from_bytes(key.as_bytes()).ok(), Some(key));
    assert_eq!(PublicKey::from_pem(&key.to_pem()).ok(), Some(key));
    assert_eq!(PublicKey::from_openssh(&key.openssh("a\nb")).ok(), Some(key));
}
