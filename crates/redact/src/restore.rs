//! The way back: what stood where, for the holder of the mapping.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::ops::Range;

use model::Fault;
use serde_json::{Value, json};

use crate::format::detect::Kind;
use crate::piece::{Decide, Edit, Piece, Spot};
use crate::{Limits, clean};

/// A value that was taken out, and where its replacement stands in the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// A digest of the piece's place; `None` in plain text, where `start` counts from the beginning of it all.
    pub(crate) spot: Option<u64>,
    pub(crate) start: u64,
    pub(crate) size: u64,
    /// Where the value was no UTF-8, it is not what it was, and neither will be the whole.
    pub(crate) value: String,
}

impl Removal {
    /// As one JSON object of a mapping.
    pub fn to_json(&self) -> Value {
        let spot = self.spot.map(|spot| format!("{spot:016x}"));
        json!({"spot": spot, "start": self.start, "size": self.size, "value": self.value})
    }

    /// What [`Removal::to_json`] wrote; `None` when it is something else.
    pub fn from_json(line: &Value) -> Option<Self> {
        let spot = match &line["spot"] {
            Value::Null => None,
            Value::String(hex) => Some(u64::from_str_radix(hex, 16).ok()?),
            _ => return None,
        };
        let value = line["value"].as_str()?.to_owned();
        Some(Removal { spot, start: line["start"].as_u64()?, size: line["size"].as_u64()?, value })
    }
}

/// Puts back what was taken out of a text format. Whether the result is the original is for the caller to see, by its
/// digest.
///
/// # Errors
/// `not-restorable` for documents, which a [`crate::Delta`] puts together; faults of the format.
pub fn restore(
    input: &mut dyn Read,
    output: &mut dyn Write,
    kind: Kind,
    removals: &[Removal],
    limits: &Limits,
) -> Result<(), Fault> {
    if matches!(kind, Kind::Office | Kind::Pdf | Kind::Eml | Kind::Mbox | Kind::Unknown(_)) {
        return Err(Fault::refused("not-restorable", "the mapping holds no way back for this document")
            .advise("Read the pseudonyms in the mapping with `age -d`, or go back to the original."));
    }
    clean::walk(input, output, kind, &mut Restorer::new(removals), limits).map(drop)
}

struct Restorer<'r> {
    by_spot: HashMap<u64, Vec<&'r Removal>>,
    /// In plain text, ascending.
    by_position: Vec<&'r Removal>,
    position: u64,
}

impl<'r> Restorer<'r> {
    fn new(removals: &'r [Removal]) -> Self {
        let mut restorer = Restorer { by_spot: HashMap::new(), by_position: Vec::new(), position: 0 };
        for removal in removals {
            match removal.spot {
                Some(spot) => restorer.by_spot.entry(spot).or_default().push(removal),
                None => restorer.by_position.push(removal),
            }
        }
        restorer.by_position.sort_by_key(|removal| removal.start);
        restorer.by_spot.values_mut().for_each(|list| list.sort_by_key(|removal| removal.start));
        restorer
    }

    /// The removals whose replacement lies within a piece, and where.
    fn within(&mut self, piece: &Piece<'_>) -> Vec<(Range<usize>, &'r str)> {
        let (list, base) = match &piece.spot {
            Spot::Text => {
                let base = self.position;
                self.position += piece.text.len() as u64;
                let first = self.by_position.partition_point(|removal| removal.start < base);
                let last = self.by_position.partition_point(|removal| removal.start + removal.size <= self.position);
                (&self.by_position[first.min(last)..last], base)
            }
            spot => (self.by_spot.get(&spot.key()).map_or(&[][..], Vec::as_slice), 0),
        };
        let place = |removal: &&'r Removal| {
            let start = (removal.start - base) as usize;
            (start..start + removal.size as usize, removal.value.as_str())
        };
        list.iter().map(place).filter(|(range, _)| range.end <= piece.text.len()).collect()
    }
}

impl Decide for Restorer<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let places = self.within(piece).into_iter();
        Ok(places.map(|(range, value)| Edit { range, with: value.to_owned() }).collect())
    }
}
