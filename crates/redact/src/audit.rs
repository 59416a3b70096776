//! The output is walked once more: nothing may be found in it.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use model::{Fault, Kind};

use crate::format::read_failed;
use crate::hits::{ahead, hits, reach};
use crate::memory::Memory;
use crate::operator::Operator;
use crate::piece::{Decide, Each, Edit, Piece, Spot};
use crate::redactor::{Means, answer, harmless, suspects};
use crate::scan::{Lent, Scratch};

/// Walks an output and finds what should not be there any more.
pub(crate) struct Auditor<'a> {
    means: Means<'a>,
    scratch: Lent<'a>,
    memory: &'a Memory,
    /// How much plain text has been seen so far.
    position: u64,
    survivors: Vec<Survivor>,
    /// The place of the first of them.
    fault: Option<Fault>,
}

impl<'a> Auditor<'a> {
    pub(crate) fn new(means: Means<'a>, memory: &'a Memory) -> Self {
        Auditor { scratch: means.scanner.lend(), means, memory, position: 0, survivors: Vec::new(), fault: None }
    }
}

impl Auditor<'_> {
    /// What survived, and the place of the first of it.
    pub(crate) fn end(self) -> (Vec<Survivor>, Option<Fault>) {
        (self.survivors, self.fault)
    }
}

impl Decide for Auditor<'_> {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let exempt = self.memory.exempt.of(piece, self.position);
        if piece.spot == Spot::Text {
            self.position += piece.text.len() as u64;
        }
        for survivor in survivors(&self.means, &mut self.scratch, self.memory, piece, &exempt) {
            if self.fault.is_none() {
                let spot = harmless(&self.means, &mut self.scratch, &self.memory.known, &piece.spot);
                self.fault = Some(survivor.fault(piece, &spot));
            }
            self.survivors.push(survivor);
        }
        Ok(Vec::new())
    }

    fn ahead(&mut self, texts: &[&[u8]], each: Each<'_>) -> Result<(), Fault> {
        let means = self.means;
        ahead(self, &means, |this| &mut this.scratch, texts, each)
    }

    fn reach(&self) -> usize {
        reach(&self.means)
    }

    fn suspects(&mut self, block: &[u8], start: Option<u64>) -> Option<Vec<Range<usize>>> {
        suspects(&self.means, &mut self.scratch, self.memory, Some(&self.memory.traces), (block, start))
    }

    fn tells(&mut self, name: &[u8]) -> bool {
        self.means.scanner.tells(name)
    }
}

/// A value that should not stand in the output any more.
#[derive(Debug)]
pub(crate) struct Survivor {
    pub(crate) value: Vec<u8>,
    pub(crate) kind: Arc<str>,
    range: Range<usize>,
}

impl Survivor {
    pub(crate) fn fault(&self, piece: &Piece<'_>, spot: &Spot<'_>) -> Fault {
        let place = match piece.offsets.source(&self.range) {
            Some(range) => format!("bytes {} to {} of the output", range.start, range.end),
            None => spot.to_string(),
        };
        remains(&self.kind, &place)
    }
}

/// The fault when a value that was taken out stands in the raw output across pieces: `48.85,2.35` in two columns of a
/// table, or words in a tag. No piece shows it, and whoever opens the file reads it.
pub(crate) fn across(mut output: &mut dyn Read, memory: &Memory) -> Result<Option<Fault>, Fault> {
    if memory.across.is_empty() {
        return Ok(None);
    }
    let (mut window, mut base) = (Vec::with_capacity(WINDOW + OVERLAP), 0_u64);
    loop {
        let before = window.len();
        (&mut output).take(WINDOW as u64).read_to_end(&mut window).map_err(read_failed)?;
        if let Some(again) = memory.across.find(&window).first() {
            let (start, end) = (base + again.range.start as u64, base + again.range.end as u64);
            return Ok(Some(remains(&again.kind, &format!("bytes {start} to {end} of the output"))));
        }
        if window.len() == before {
            return Ok(None);
        }
        let done = window.len().saturating_sub(OVERLAP);
        window.drain(..done);
        base += done as u64;
    }
}

/// So much of an output is looked at at once, and so much of it again with what follows: no value is longer.
const WINDOW: usize = 1 << 20;
const OVERLAP: usize = 64 << 10;

fn remains(kind: &str, place: &str) -> Fault {
    Fault::new(Kind::Unverified, "redaction-incomplete", format!("a value of type {kind} remains: {place}")).advise(
        "Nothing was written. Add a detector or a decision for it, and please report the case without the value.",
    )
}

/// What is found in a piece of the output, except where our own replacements stand.
pub(crate) fn survivors(
    means: &Means<'_>,
    scratch: &mut Scratch,
    memory: &Memory,
    piece: &Piece<'_>,
    exempt: &[Range<usize>],
) -> Vec<Survivor> {
    let within = |range: &Range<usize>| exempt.iter().any(|place| place.start <= range.start && range.end <= place.end);
    // A network that reads our placeholders as names, with the words beside them, has found nothing.
    let beside = |range: &Range<usize>| exempt.iter().any(|place| place.start < range.end && range.start < place.end);
    let found = hits(means, scratch, memory, piece).into_iter();
    let found = found.filter(|hit| answer(means, piece, hit).is_some_and(|answer| answer.operator != Operator::Keep));
    let found = found.filter(|hit| !(hit.detector.starts_with("names.") && beside(&hit.range)));
    let traces = memory.traces.find(piece.text).into_iter().map(|again| (again.range, again.kind));
    let all = found.map(|hit| (hit.range, hit.kind)).chain(traces).filter(|(range, _)| !within(range));
    all.map(|(range, kind)| Survivor { value: piece.text[range.clone()].to_vec(), kind, range }).collect()
}
