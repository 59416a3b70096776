//! XML signatures: nothing is accepted but what the vectors' signers signed, over the files that they signed.

#![no_main]

use std::sync::LazyLock;

use model::Instant;
use seal::x509::{Certificate, Hash};
use seal::{Revocations, Trust, xades};

const FILES: [(&str, &[u8]); 6] = [
    ("100%.log", b"up to date\n"),
    ("a b\u{fc} & <c>.txt", b"a name with everything\n"),
    ("bag/bagit.txt", b"BagIt-Version: 1.0\n"),
    ("bag/data/empty", b""),
    ("a b.txt", b"hello\n"),
    ("c.log", b"log\n"),
];

static ANCHORS: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let pem = include_str!("../../fixtures/vectors/xades/ca.pem");
    Certificate::all_from_pem(pem).expect("a certificate")
});

fn digest(path: &str, hash: Hash) -> Option<Vec<u8>> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, bytes)| hash.of(bytes))
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let now = Instant::parse("2027-01-01T00:00:00Z").expect("a time");
    let judged = xades::verify(data, &digest, &Trust { anchors: &ANCHORS, now }, &Revocations::default());
    let references = xades::references(data);
    assert_eq!(judged.is_ok(), references.is_ok());
    for verified in judged.into_iter().flatten() {
        let is_known = [4, 2, 1].contains(&verified.covered.len());
        // Whoever brings a key and a certificate of their own can sign what they like; nobody trusted vouches for them.
        let is_good = verified.signed.intact.is_yes() && verified.signed.signer_trusted.is_yes();
        assert!(is_known || !is_good, "{:?}", verified.covered);
    }
    if let Ok(value) = xades::signature_value(data) {
        let kept = Revocations { ocsp: vec![value.clone()], ..Revocations::default() };
        if let Ok(longer) = xades::with_long_term(data, &kept) {
            assert_eq!(xades::signature_value(&longer).ok(), Some(value), "the signature stays as it was");
        }
    }
});
