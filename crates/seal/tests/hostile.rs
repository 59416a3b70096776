//! Goal: signatures of others are judged without their tools; bytes that were changed never panic, and never say more
//! than what was signed.
#![cfg(feature = "x509")]

use std::path::Path;
use std::sync::LazyLock;

use model::Instant;
use probity_seal::ocsp::Status;
use probity_seal::x509::{Certificate, FileSigner, Purpose, find_path};
use probity_seal::{Revocations, Signed, Trust, cms, crl, ocsp, tsp};
use proptest::prelude::*;

fn vector(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/signatures").join(name);
    std::fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn certificate(name: &str) -> Certificate {
    Certificate::all_from_pem(&String::from_utf8(vector(name)).expect("text")).expect("a certificate").remove(0)
}

static ANCHORS: LazyLock<[Certificate; 1]> = LazyLock::new(|| [certificate("ca.pem")]);

fn at(text: &str) -> Instant {
    Instant::parse(text).expect("a time")
}

const DAY: &str = "2026-11-23T09:00:00Z";

fn judge(cms: &[u8], at: Instant, evidence: &Revocations) -> Signed {
    let message: &[u8] = &vector("message");
    cms::verify(cms, &message, cms::Rules::Ades, &Trust { anchors: &*ANCHORS, now: at }, evidence)
}

fn judge_alone(cms: &[u8]) -> Signed {
    judge(cms, at(DAY), &Revocations::default())
}

#[test]
fn the_vectors_are_judged_as_they_are() {
    let stamped = judge_alone(&vector("stamped.p7s"));
    assert!(stamped.intact.is_yes() && stamped.signer_trusted.is_yes() && stamped.time_trusted.is_yes(), "{stamped:?}");
    for name in ["pss.p7s", "p384.p7s"] {
        let signed = judge_alone(&vector(name));
        assert!(
            signed.intact.is_yes() && signed.signer_trusted.is_yes() && !signed.time_trusted.is_yes(),
            "{signed:?}"
        );
    }
    let evidence = Revocations { crls: vec![vector("list.crl")], ..Revocations::default() };
    let revoked = judge(&vector("revoked.p7s"), at(DAY), &evidence);
    assert!(revoked.intact.is_yes() && revoked.signer_trusted.is_no(), "{revoked:?}");
    let evidence = Revocations { ocsp: vec![vector("p256.ocsp")], ..Revocations::default() };
    // The answer was good for a day: for the time of the stamp, however much later that is asked.
    for now in [DAY, "2030-01-01"] {
        let signed = judge(&vector("stamped.p7s"), at(now), &evidence);
        assert!(signed.signer_trusted.reason().contains("was not revoked as of 2026-11-22"), "{now}: {signed:?}");
    }
}

#[test]
fn forged_answers_do_not_hide_one_that_was_fetched() {
    let real = vector("p256.ocsp");
    let time = real.windows(2).position(|window| window == [0x18, 15]).expect("the time of the answer") + 14;
    let forged = (0..=255_u8).filter(|digit| *digit != real[time]).map(|digit| {
        let mut forged = real.clone();
        forged[time] = digit;
        forged
    });
    let judge_with = |ocsp: Vec<Vec<u8>>| {
        let evidence = Revocations { ocsp, ..Revocations::default() };
        judge(&vector("stamped.p7s"), at(DAY), &evidence)
    };
    let signed = judge_with([real.clone()].into_iter().chain(forged.clone()).collect());
    assert!(signed.signer_trusted.reason().contains("was not revoked as of"), "{signed:?}");
    let signed = judge_with(forged.collect());
    assert!(signed.notes.iter().any(|note| note.contains("signature of the OCSP responder is bad")), "{signed:?}");
}

/// A change to some bytes: another byte, some taken out, some put in, or an end cut off.
#[derive(Clone, Debug)]
enum Edit {
    Flip(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Copy(prop::sample::Index, prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let index = any::<prop::sample::Index>;
    let edit = prop_oneof![
        6 => (index(), 1..=255_u8).prop_map(|(at, bits)| Edit::Flip(at, bits)),
        1 => (index(), 1..9_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => (index(), index(), 1..64_usize).prop_map(|(from, to, count)| Edit::Copy(from, to, count)),
        1 => index().prop_map(Edit::Cut),
    ];
    prop::collection::vec(edit, 1..4)
}

fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for edit in edits {
        if out.is_empty() {
            break;
        }
        let length = out.len();
        match edit {
            Edit::Flip(at, bits) => out[at.index(length)] ^= bits,
            Edit::Remove(at, count) => {
                let at = at.index(length);
                out.drain(at..length.min(at + count));
            }
            Edit::Insert(at, bytes) => {
                let at = at.index(length);
                out.splice(at..at, bytes.iter().copied());
            }
            Edit::Copy(from, to, count) => {
                let (from, to) = (from.index(length), to.index(length));
                let piece = out[from..length.min(from + count)].to_vec();
                out.splice(to..to, piece);
            }
            Edit::Cut(at) => out.truncate(at.index(length)),
        }
    }
    out
}

proptest! {
    #[test]
    fn a_changed_signature_never_names_another_signer_or_time(edits in edits()) {
        let original = vector("stamped.p7s");
        let good = judge_alone(&original);
        let changed = edited(&original, &edits);
        let evidence = Revocations { ocsp: vec![edited(&vector("p256.ocsp"), &edits)], ..Revocations::default() };
        let signed = judge(&changed, at(DAY), &evidence);
        prop_assert!(!signed.intact.is_yes() || signed.signer == good.signer);
        prop_assert!(!signed.signer_trusted.is_yes() || signed.intact.is_yes());
        prop_assert!(!signed.time_trusted.is_yes() || signed.stamped == good.stamped);
        let _ = (cms::signature_value(&changed), cms::unpadded(&changed), cms::with_timestamp(&changed, &changed));
        let _ = cms::with_timestamp(&changed, &vector("stamp.tsr"));
    }

    #[test]
    fn a_changed_time_stamp_never_says_another_time(edits in edits()) {
        let original = tsp::read_token_or_response(&vector("stamp.tsr")).expect("a token");
        if let Ok(token) = tsp::read_token_or_response(&edited(&vector("stamp.tsr"), &edits)) {
            let value = cms::signature_value(&vector("stamped.p7s")).expect("one signer");
            let trust = Trust { anchors: &*ANCHORS, now: at(DAY) };
            let judged = tsp::verify(&token, &value.as_slice(), &trust, &Revocations::default());
            prop_assert!(!judged.intact.is_yes() || token.time() == original.time());
            prop_assert!(!judged.trusted.is_yes() || judged.intact.is_yes());
        }
    }

    #[test]
    fn a_changed_answer_about_revocation_never_says_something_else(edits in edits()) {
        let (ca, at) = (certificate("ca.pem"), at("2026-11-22T18:00:00Z"));
        for name in ["p256", "revoked"] {
            let certificate = certificate(&format!("{name}.pem"));
            let answer = vector(&format!("{name}.ocsp"));
            let good = ocsp::check(&answer, &certificate, &ca, at).expect("good");
            let changed = edited(&answer, &edits);
            if let Ok(status) = ocsp::check(&changed, &certificate, &ca, at) {
                prop_assert_eq!(&status, &good);
            }
            let _ = ocsp::nonce(&changed);
            if let Ok(status) = crl::check(&edited(&vector("list.crl"), &edits), &certificate, &ca, at) {
                prop_assert_eq!(matches!(status, Status::Revoked { .. }), name == "revoked");
            }
        }
    }

    #[test]
    fn a_changed_certificate_leads_nowhere(edits in edits()) {
        let original = certificate("p256.pem");
        if let Ok(changed) = Certificate::from_der(&edited(original.der(), &edits)) {
            let path = find_path(&changed, &[], &*ANCHORS, at(DAY), Purpose::Signing);
            prop_assert!(path.is_err() || changed == original);
            let _ = (changed.subject(), changed.issuer(), changed.common_name(), changed.is_self_signed());
            prop_assert!(Certificate::all_from_pem(&changed.to_pem()).expect("the same") == [changed]);
        }
    }

    #[test]
    fn any_bytes_are_refused_in_peace(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,200}") {
        prop_assert!(!judge_alone(&bytes).intact.is_yes());
        prop_assert!(tsp::read_token_or_response(&bytes).is_err());
        prop_assert!(Certificate::from_der(&bytes).is_err());
        prop_assert!(Certificate::all_from_pem(&text).is_err());
        prop_assert!(FileSigner::new(&text, Vec::new()).is_err());
    }
}

#[test]
fn elements_in_elements_have_an_end() {
    for head in [&[0x30, 0x80][..], &[0x24, 0x80], &[0xa0, 0x80], &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]] {
        let deep = head.repeat(100_000);
        assert!(!judge_alone(&deep).intact.is_yes() && cms::unpadded(&deep).is_none());
    }
}
