//! Signed files that were kept: they are judged today as then, and nothing that was changed in them is believed.
//!
//! `archived.pdf` is ours, with a time stamp of the document; in `objects.pdf` pyHanko signed a file with object streams, and
//! we signed after it; in `both.pdf` we signed a prepared field, and pyHanko another one.

use model::Instant;
use probity_pades::{Found, Kind, signatures};
use proptest::prelude::*;
use seal::Trust;
use seal::x509::Certificate;

const VECTORS: [(&str, &[u8]); 3] = [
    ("archived", include_bytes!("../../../fixtures/vectors/pades/archived.pdf")),
    ("objects", include_bytes!("../../../fixtures/vectors/pades/objects.pdf")),
    ("both", include_bytes!("../../../fixtures/vectors/pades/both.pdf")),
];

fn judge(pdf: &[u8]) -> Result<Vec<Found>, model::Fault> {
    let anchors = Certificate::all_from_pem(include_str!("../../../fixtures/vectors/pades/ca.pem")).unwrap();
    signatures(pdf, &Trust { anchors: &anchors, now: Instant::parse("2026-12-01").unwrap() })
}

#[test]
fn they_are_judged_as_they_were() {
    let expect = [
        vec![("Sig1", Kind::Signature, 1), ("TimeStamp1", Kind::DocumentTimestamp, 2)],
        vec![("Sig1", Kind::Signature, 2), ("Sig2", Kind::Signature, 3)],
        vec![("First", Kind::Signature, 1), ("Second", Kind::Signature, 2)],
    ];
    for ((name, pdf), expect) in VECTORS.iter().zip(expect) {
        let found = judge(pdf).unwrap();
        let seen: Vec<_> = found.iter().map(|one| (one.field.as_str(), one.kind, one.revision)).collect();
        assert_eq!(seen, expect, "{name}");
        for one in found {
            assert!(one.signed.intact.is_yes() && one.signed.signer_trusted.is_yes(), "{name}: {one:#?}");
            assert!(one.signed.time_trusted.is_yes(), "{name}: {one:#?}");
        }
    }
}

/// What the signatures of a file sign: the pieces before and after each gap.
fn signed(pdf: &[u8]) -> Vec<(&[u8], usize, &[u8])> {
    let mut found = Vec::new();
    for at in (0..pdf.len()).filter(|at| pdf[*at..].starts_with(b"/ByteRange")) {
        let words = String::from_utf8_lossy(&pdf[at + 10..at + 80]).replace(['[', ']'], " ");
        let numbers: Vec<usize> = words.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let [_, before, after, rest] = numbers[..4] else { panic!("{words}") };
        found.push((&pdf[..before], after - before, &pdf[after..after + rest]));
    }
    found
}

/// A signature that is believed signs what it signed before; the bytes around are as they were.
fn check(original: &[u8], pdf: &[u8]) {
    let Ok(found) = judge(pdf) else { return };
    let whole = |(before, gap, after): &(&[u8], usize, &[u8])| {
        pdf.starts_with(before) && pdf.get(before.len() + gap..).is_some_and(|rest| rest.starts_with(after))
    };
    let intact = found.iter().filter(|one| one.signed.intact.is_yes()).count();
    assert!(intact <= signed(original).iter().filter(|pieces| whole(pieces)).count(), "{found:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_is_believed_and_none_is_fatal(
        vector in 0..VECTORS.len(),
        edits in prop::collection::vec((0_usize..3, any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..12)), 1..4),
    ) {
        let original = VECTORS[vector].1;
        let mut pdf = original.to_vec();
        for (what, place, new) in edits {
            let at = place.index(pdf.len());
            let end = match what {
                0 => (at + new.len()).min(pdf.len()),
                1 => at,
                _ => (at + new.len() * 50).min(pdf.len()),
            };
            pdf.splice(at..end, if what == 2 { Vec::new() } else { new });
        }
        check(original, &pdf);
    }

    /// Digits and words of the structure, where a reader can be led astray.
    #[test]
    fn no_change_of_the_structure_is_believed(vector in 0..VECTORS.len(), word in 0_usize..8, which in any::<prop::sample::Index>(), digit in b'0'..=b'9') {
        let original = VECTORS[vector].1;
        let word: &[u8] = [&b"/Prev "[..], b"startxref\n", b"/Root ", b" 00000 n", b"/Length ", b"/Kids", b"/V ", b"/ByteRange"][word];
        let places: Vec<usize> = (0..original.len()).filter(|at| original[*at..].starts_with(word)).collect();
        prop_assume!(!places.is_empty());
        let mut pdf = original.to_vec();
        let at = places[which.index(places.len())] + word.len();
        let at = (at..pdf.len()).find(|at| pdf[*at].is_ascii_digit()).unwrap();
        pdf[at] = digit;
        check(original, &pdf);
    }
}
