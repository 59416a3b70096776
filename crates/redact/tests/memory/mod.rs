//! What whole redactions need in tests: a file in memory, and a finder of one name.

use std::io::{Read, Write};

use model::Fault;
use probity_redact::{Named, Source, Vessel};

/// A file in memory.
#[derive(Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

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

/// One person, wherever she is written as in a register.
pub(crate) fn names(text: &str) -> Vec<Named> {
    let person = |(at, name): (usize, &str)| Named {
        range: at..at + name.len(),
        kind: "person",
        detector: "names.model",
        score: 80,
    };
    text.match_indices("Ada Muster").map(person).collect()
}
