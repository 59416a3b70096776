//! What a redaction came to: for the ledger, for people, for machines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::{Digest, Fault, counted, grouped};
use redact::Seen;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure;
use crate::cli::output::{Output, Page, Show};
use crate::cli::redaction::{Cleaned, Finished, Outcome};
use crate::cli::table::Table;

/// So many places per input are shown to people; machines get all.
pub(super) const PLACES_MAX: usize = 20;

/// A finding as people see it.
pub(super) struct Found {
    place: String,
    kind: String,
    detector: String,
    score: u8,
}

impl Found {
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let place = match (seen.line(), seen.source()) {
            (Some(line), Some(bytes)) => format!("{line}: bytes {} to {}", bytes.start, bytes.end),
            _ => format!(" {}", seen.spot),
        };
        Found { place, kind: seen.kind.to_owned(), detector: seen.detector.to_owned(), score: seen.score }
    }
}

/// What was done with the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Looked into, for an answer.
    Checked,
    /// Looked into, for the review page.
    Previewed,
    /// Redacted into files.
    Written,
    /// Redacted into standard output.
    Streamed,
}

/// What became of all inputs.
pub(super) struct Redacted {
    pub(super) finished: Finished,
    /// The first places of each input, when they are asked for.
    pub(super) places: Vec<Vec<Found>>,
    pub(super) act: Act,
    pub(super) allow_unscanned: bool,
}

impl Redacted {
    fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.finished.cleaned.iter().filter_map(|one| one.outcome.as_ref().ok())
    }

    fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.finished.cleaned.iter().filter_map(|one| one.outcome.as_ref().err())
    }

    fn is_pseudonymised(&self) -> bool {
        self.outcomes().any(|outcome| outcome.pseudonymised)
    }

    fn total(&self) -> u64 {
        self.outcomes().map(Outcome::total).sum()
    }

    fn found(&self) -> BTreeMap<&str, u64> {
        let mut sums = BTreeMap::new();
        for (kind, count) in self.outcomes().flat_map(|outcome| &outcome.found) {
            *sums.entry(kind.as_str()).or_default() += count;
        }
        sums
    }

    /// All outputs appear together, or none.
    pub(super) fn may_appear(&self) -> bool {
        self.faults().next().is_none() && (self.allow_unscanned || !self.finished.cleaned.iter().any(is_unscanned))
    }

    /// The worst of what became of the inputs.
    pub(super) fn exit(&self) -> Exit {
        let faults = self.faults().map(|fault| fault.kind().into());
        let unscanned = self.finished.cleaned.iter().any(is_unscanned);
        let gaps = match (unscanned, self.allow_unscanned) {
            (false, _) => Exit::Done,
            (true, true) => Exit::Partial,
            (true, false) => Exit::Refused,
        };
        let answer = if self.act == Act::Checked && self.total() > 0 { Exit::No } else { Exit::Done };
        faults.fold(answer, Exit::worse).worse(gaps)
    }

    pub(super) fn trace(&self, context: &mut Context) {
        for digest in self.outcomes().filter_map(|outcome| outcome.written).take(16) {
            context.trace.digest("output", digest);
        }
        context.trace.count("inputs", self.finished.cleaned.len() as u64);
        context.trace.count("found", self.total());
        context.trace.count("refused", self.faults().count() as u64);
    }

    /// What is wrong goes to standard error, so that `--quiet` leaves it.
    pub(super) fn complain(&self, output: &Output) {
        if self.act == Act::Written && self.faults().next().is_none() && !self.may_appear() {
            output.warn("Parts could not be looked into, so nothing was written; look at them yourself, then give --allow-unscanned.");
        }
        if self.finished.cleaned.is_empty() {
            output.warn("There is no file to read here; links, pipes and sockets in a folder are passed over.");
        }
        self.finished.warnings.iter().for_each(|warning| output.warn(warning));
        self.faults().for_each(|fault| output.error(fault));
        for one in &self.finished.cleaned {
            let Ok(outcome) = &one.outcome else { continue };
            for part in &outcome.removed {
                output.warn(&format!(
                    "{}: {} was taken out whole: {}",
                    one.input.path().display(),
                    part.what,
                    part.why
                ));
            }
            for warning in &outcome.warnings {
                output.warn(&format!("{}: {warning}", one.input.path().display()));
            }
            for part in &outcome.unscanned {
                output.warn(&format!("{}: nobody has looked into {part}", one.input.path().display()));
            }
        }
    }

    /// Whether standard output holds findings or the redacted stream, and nothing else belongs there.
    pub(super) fn is_streamed(&self, output: &Output) -> bool {
        self.act == Act::Streamed || self.act == Act::Checked && output.is_json()
    }
}

impl Show for Redacted {
    fn json(&self) -> Value {
        json!({
            "schema": "redact/1",
            "act": self.act.word(),
            "pseudonymised": self.is_pseudonymised(),
            "found": self.found(),
            "warnings": self.finished.warnings,
            "inputs": self.finished.cleaned.iter().map(json).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        for (one, places) in self.finished.cleaned.iter().zip(&self.places) {
            for found in places {
                let place = format!("{}:{}", one.input.path().display(), found.place);
                page.line(format!("{place}: {} ({}, {} %)", found.kind, found.detector, found.score));
            }
            let more = one.outcome.as_ref().map_or(0, Outcome::total).saturating_sub(places.len() as u64);
            if self.act == Act::Checked && more > 0 {
                page.line(format!("{}: {} more; --json lists them all", one.input.path().display(), grouped(more)));
            }
        }
        page.gap();
        let mut table = Table::new(&["type", "values"]);
        for (kind, count) in self.found() {
            table.row([kind.into(), grouped(count).as_str().into()]);
        }
        if self.total() > 0 {
            page.table(&table);
            page.gap();
        }
        let inputs = counted(self.finished.cleaned.len() as u64, "input", "inputs");
        match (self.act, self.total()) {
            (Act::Checked, 0) => page.line(format!("No personal data was found in {inputs}.")),
            (Act::Checked, total) => page.line(format!("{} of personal data in {inputs}.", values(total))),
            (Act::Previewed, total) => {
                page.line(format!("{} on the page, from {inputs}; nothing was taken out.", values(total)))
            }
            (_, 0) if !self.may_appear() => page.line("NOTHING was written."),
            (_, total) if !self.may_appear() => page.line(format!("{} found; NOTHING was written.", values(total))),
            (_, total) => page
                .line(format!("{} taken out of {inputs}; the outputs were read again and are clean.", values(total))),
        }
        if self.is_pseudonymised() && self.act == Act::Written && self.may_appear() {
            page.line("The output is pseudonymised, not anonymous: it is still personal data (GDPR Art. 4(5)).");
        }
    }
}

fn is_unscanned(one: &Cleaned) -> bool {
    one.outcome.as_ref().is_ok_and(|outcome| !outcome.unscanned.is_empty())
}

fn json(one: &Cleaned) -> Value {
    let file = one.input.path().display().to_string();
    match &one.outcome {
        Err(fault) => json!({"file": file, "failure": failure::document(fault)}),
        Ok(outcome) => json!({
            "file": file,
            "format": outcome.kind.map(|kind| kind.name()),
            "input_sha256": outcome.read.map(|digest| digest.hex()),
            "output_sha256": outcome.written.map(|digest| digest.hex()),
            "found": outcome.found,
            "removed": outcome.removed.iter().map(|part| json!({"what": part.what, "why": part.why})).collect::<Vec<_>>(),
            "warnings": outcome.warnings,
            "unscanned": outcome.unscanned,
        }),
    }
}

fn values(total: u64) -> String {
    counted(total, "value", "values")
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Act::Checked => "checked",
            Act::Previewed => "previewed",
            Act::Written => "redacted",
            Act::Streamed => "streamed",
        }
    }
}

/// An original that is there again.
pub(super) struct Restored {
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
    pub(super) values: u64,
}

impl Show for Restored {
    fn json(&self) -> Value {
        json!({"schema": "restored/1", "file": self.path.display().to_string(), "sha256": self.digest.hex(), "values": self.values})
    }

    fn human(&self, page: &mut Page) {
        page.line(format!("{} put back; {} is the original, byte for byte.", values(self.values), self.path.display()));
    }
}
