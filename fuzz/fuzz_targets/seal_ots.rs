//! Proofs of time: what is read is written again as the same bytes, and no answer takes a promise away.

#![no_main]

use seal::ots::{Header, Proof};

const PENDING: &[u8] = include_bytes!("../../fixtures/vectors/ots/pending.ots");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut proof = Proof::parse(PENDING).expect("ots wrote it");
    let before = proof.pending();
    if proof.upgrade(&before[0].commitment, data).is_ok() {
        let again = Proof::parse(&proof.to_bytes()).expect("an upgraded proof can be read");
        assert!(again == proof && before.iter().all(|promise| again.pending().contains(promise)));
    }
    let Ok(mut proof) = Proof::parse(data) else { return };
    assert_eq!(proof.to_bytes(), data);
    let mut header: Header = [0; 80];
    let tail = &data[data.len().saturating_sub(80)..];
    header[..tail.len()].copy_from_slice(tail);
    for height in proof.heights() {
        // A merkle root is 32 bytes that the proof computes, and a header is work: neither comes by chance.
        assert!(proof.check_header(height, &header).is_err());
    }
    let attested = proof.attestations().len();
    proof.merge(Proof::parse(data).expect("it was read before")).expect("with itself");
    assert!(proof.attestations().len() >= attested);
});
