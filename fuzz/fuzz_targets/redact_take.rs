//! A whole redaction in every format: all detectors, the audit, another round where it is needed.
//!
//! The first byte names the format.

#![no_main]

use std::io::{Read, Write};
use std::sync::LazyLock;

use model::Fault;
use redact::format::detect::Kind;
use redact::{
    Case, Decisions, Detector, Limits, Means, Named, Profile, Redaction, Scanner, Seen, Source, Vessel, Witness, take,
};

static SCANNER: LazyLock<Scanner> =
    LazyLock::new(|| Scanner::unproven(Detector::built_in().expect("they are sound")).expect("they are sound"));
static PROFILE: LazyLock<Profile> = LazyLock::new(|| Profile::built_in("gdpr-share").expect("it is there"));

/// A file in memory.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn open(&self) -> Result<Box<dyn Read + '_>, Fault> {
        Ok(Box::new(self.0.as_slice()))
    }
}

impl Vessel for Bytes {
    fn create(&mut self) -> Result<Box<dyn Write + '_>, Fault> {
        self.0.clear();
        Ok(Box::new(&mut self.0))
    }
}

/// Remembers the values that go.
#[derive(Default)]
struct Values(Vec<Vec<u8>>);

impl Witness for Values {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        let value = &seen.piece.text[seen.range.clone()];
        if seen.with.as_bytes() != value {
            self.0.push(value.to_vec());
        }
        Ok(())
    }
}

/// Two persons, wherever they are written like this.
fn names(text: &str) -> Vec<Named> {
    let places = ["Ada Muster", "Jan Muster"].into_iter().flat_map(|name| text.match_indices(name));
    let named = |(at, name): (usize, &str)| Named {
        range: at..at + name.len(),
        kind: "person",
        detector: "names.model",
        score: 80,
    };
    places.map(named).collect()
}

fn taken(kind: Kind, input: &Bytes) -> Result<(Bytes, Values), Fault> {
    let (mut output, mut values) = (Bytes::default(), Values::default());
    let means = Means {
        scanner: &SCANNER,
        profile: &PROFILE,
        names: Some(&names),
        key: &[7; 32],
        decisions: &Decisions::default(),
        reversible: false,
        jobs: 1,
    };
    let limits = Limits { document_bytes: 256 << 10, expanded_bytes: 1 << 20, depth: 16, ..Limits::default() };
    let redaction =
        Redaction { kind, means, case: &mut Case::default(), lessons: None, witness: &mut values, limits: &limits };
    take(input, &mut output, redaction)?;
    Ok((output, values))
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, data)) = data.split_first() else { return };
    let kind = Kind::ALL[usize::from(*first) % Kind::ALL.len()];
    let Ok((once, values)) = taken(kind, &Bytes(data.to_vec())) else { return };
    let (twice, again) = taken(kind, &once).expect("the output is read again");
    assert!(again.0.is_empty(), "a second time finds something");
    assert!(once.0 == twice.0, "a second time changes the output");
    for value in values.0.iter().filter(|value| value.len() >= 8 && is_telling(value)) {
        assert!(!once.0.windows(value.len()).any(|window| window == value), "a value is in the output");
    }
});

/// What a label could be made of tells nothing.
fn is_telling(value: &[u8]) -> bool {
    value.iter().any(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
