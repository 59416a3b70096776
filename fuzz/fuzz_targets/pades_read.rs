//! PDFs with signatures: any bytes, and signed files with a few edits.

#![no_main]

mod edits;

use std::sync::LazyLock;

use model::Instant;
use seal::Trust;

/// Ours with validation data and a time stamp; one of others with object streams.
const VECTORS: [&[u8]; 2] = [
    include_bytes!("../../fixtures/vectors/pades/archived.pdf"),
    include_bytes!("../../fixtures/vectors/pades/objects.pdf"),
];

/// What a signature signs: before the gap, the length of the gap, after it.
type Pieces = (&'static [u8], usize, &'static [u8]);

static SIGNED: LazyLock<Vec<Pieces>> = LazyLock::new(|| VECTORS.iter().flat_map(|pdf| signed(pdf)).collect());

fn signed(pdf: &'static [u8]) -> Vec<Pieces> {
    let places = (0..pdf.len()).filter(|at| pdf[*at..].starts_with(b"/ByteRange"));
    let pieces = places.map(|at| {
        let words = String::from_utf8_lossy(&pdf[at + 10..at + 80]).replace(['[', ']'], " ");
        let numbers: Vec<usize> = words.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let [_, before, after, rest] = numbers[..4] else { panic!("the vector has four numbers") };
        (&pdf[..before], after - before, &pdf[after..after + rest])
    });
    pieces.collect()
}

/// Only what a vector's signature signed is intact.
fn check(pdf: &[u8]) {
    let now = Instant::parse("2026-12-01").expect("a date");
    let Ok(found) = pades::signatures(pdf, &Trust { anchors: &[], now }) else { return };
    let whole = |(before, gap, after): &&Pieces| {
        pdf.starts_with(before) && pdf.get(before.len() + gap..).is_some_and(|rest| rest.starts_with(after))
    };
    let intact = found.iter().filter(|one| one.signed.intact.is_yes()).count();
    assert!(intact <= SIGNED.iter().filter(whole).count(), "{found:#?}");
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check(data);
    for vector in VECTORS {
        check(&edits::apply(vector, data));
    }
});
