//! What an ingestion came to: for the ledger, for people, for machines.

mod devices;

use std::collections::BTreeMap;

use ingest::Format;
use model::{counted, grouped};
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::{self, Unfinished};
use crate::cli::intake::{Intake, Known, State, Taken, shown};
use crate::cli::journal;
use crate::cli::output::{Output, Page, Show};
use crate::cli::table::{Cell, Table};

/// More inputs than this are shown by folder.
const LISTED_MAX: usize = 12;

/// What became of every input.
pub(super) struct Ingested {
    pub(super) intake: Intake,
    pub(super) checked: bool,
    /// Of the segments of samplers.
    pub(super) devices: Vec<Known>,
}

impl Ingested {
    fn sum(&self, number: impl Fn(&Taken) -> u64) -> u64 {
        self.intake.taken.iter().filter(|one| matches!(one.state, State::Ingested | State::Checked)).map(number).sum()
    }

    /// The worst of what became of the inputs, and 5 where some are left.
    pub(super) fn exit(&self) -> Exit {
        let exit = |one: &Taken| match &one.state {
            State::Refused(fault) => fault.kind().into(),
            _ => Exit::Done,
        };
        let all = self.intake.taken.iter().map(exit).chain(self.devices.iter().map(devices::exit));
        all.fold(self.unfinished_exit(), Exit::worse)
    }

    fn unfinished_exit(&self) -> Exit {
        if self.intake.unfinished.is_some() { Exit::Partial } else { Exit::Done }
    }

    /// What is wrong goes to standard error, so that `--quiet` leaves it.
    pub(super) fn complain(&self, output: &Output, mapped: bool) {
        let tables = [Some(Format::JsonLines), Some(Format::Csv), Some(Format::Logfmt)];
        if mapped && !self.intake.taken.iter().any(|one| tables.contains(&one.format)) {
            output.warn("The map was not used: no input is JSON Lines, CSV or logfmt.");
        }
        if self.intake.taken.is_empty() {
            output.warn("There is no file to read here; links, pipes and sockets in a folder are passed over.");
        }
        let warnings =
            self.intake.taken.iter().flat_map(|one| one.tally.warnings.iter().map(move |warning| (one, warning)));
        for (one, warning) in warnings.clone().take(LISTED_MAX) {
            let place = warning.place.clone().in_file(one.input.path());
            output.warn(&format!("{place}: {} [{}]", warning.message, warning.code));
        }
        let refused = self.intake.taken.iter().filter_map(|one| match &one.state {
            State::Refused(fault) => Some(fault),
            _ => None,
        });
        for fault in refused.clone().take(LISTED_MAX) {
            output.error(fault);
        }
        self.devices.iter().for_each(|known| devices::complain(known, output));
        if let Some(Unfinished { fault, .. }) = &self.intake.unfinished {
            output.error(fault);
        }
        for (what, count) in [("warnings", warnings.count()), ("refused inputs", refused.count())] {
            if count > LISTED_MAX {
                output.warn(&format!("{} more {what}; --json lists them all", count - LISTED_MAX));
            }
        }
    }

    /// One row for each input.
    fn listed(&self) -> Table {
        let mut table = Table::new(&["input", "state", "format", "records", "rejected", "sha256"]);
        for one in &self.intake.taken {
            let digest = one.digest.map(|digest| digest.short()).unwrap_or_default();
            let format = one.format.map(Format::name).unwrap_or_default();
            let (records, rejected) = (Cell::Count(one.tally.records), Cell::Count(one.tally.rejected));
            let input = shown(one.input.path());
            table.row([input.into(), one.state.word().into(), format.into(), records, rejected, digest.into()]);
        }
        table
    }

    /// One row for each folder, state and format: nobody reads a thousand rows. `--json` has every input.
    fn grouped(&self) -> Table {
        let mut groups: BTreeMap<(String, &str, &str), [u64; 3]> = BTreeMap::new();
        for one in &self.intake.taken {
            let folder = one.input.path().parent().map(shown).unwrap_or_default();
            let format = one.format.map(Format::name).unwrap_or_default();
            let sums = groups.entry((folder, one.state.word(), format)).or_default();
            for (sum, number) in sums.iter_mut().zip([1, one.tally.records, one.tally.rejected]) {
                *sum += number;
            }
        }
        let mut table = Table::new(&["folder", "state", "format", "files", "records", "rejected"]);
        for ((folder, state, format), [files, records, rejected]) in groups {
            let [files, records, rejected] = [files, records, rejected].map(Cell::Count);
            table.row([folder.into(), state.into(), format.into(), files, records, rejected]);
        }
        table
    }

    /// What the ledger will hold.
    pub(super) fn trace(&self, context: &mut Context) {
        for commit in &self.intake.commits {
            context.trace.digest(&format!("{}{}", journal::COMMIT, commit.version), commit.digest);
        }
        if let Some(last) = self.intake.commits.last() {
            context.trace.count(journal::STORE_VERSION, last.version);
        }
        for (index, one) in
            self.intake.taken.iter().filter(|one| matches!(one.state, State::Ingested)).take(32).enumerate()
        {
            if let Some(digest) = one.digest {
                context.trace.digest(&format!("original_{index}"), digest);
            }
        }
        let states = |word| self.intake.taken.iter().filter(|one| one.state.word() == word).count() as u64;
        for word in ["ingested", "known", "checked", "refused"] {
            context.trace.count(word, states(word));
        }
        context.trace.count("records", self.sum(|one| one.tally.records));
        context.trace.count("rejected", self.sum(|one| one.tally.rejected));
        if let Some(unfinished) = &self.intake.unfinished {
            context.trace.unfinished(unfinished);
        }
    }
}

impl State {
    fn word(&self) -> &'static str {
        match self {
            State::Ingested => "ingested",
            State::Known => "known",
            State::Checked => "checked",
            State::Empty => "empty",
            State::Refused(_) => "refused",
        }
    }
}

impl Show for Ingested {
    fn json(&self) -> Value {
        let input = |one: &Taken| {
            json!({
                "input": shown(one.input.path()),
                "state": one.state.word(),
                "format": one.format.map(Format::name),
                "compression": one.compression,
                "sha256": one.digest.map(|digest| digest.hex()),
                "records": one.tally.records,
                "rejected": one.tally.rejected,
                "absent": one.tally.absent,
                "lines": one.tally.lines,
                "bytes": one.tally.bytes,
                "rejected_file": one.rejected_file.as_deref().map(shown),
                "rejections": one.rejections.iter().map(|rejection| json!({
                    "line": rejection.place.line, "column": rejection.place.column,
                    "code": rejection.code, "reason": rejection.reason,
                })).collect::<Vec<_>>(),
                "warnings": one.tally.warnings.iter().map(|warning| json!({
                    "code": warning.code, "message": warning.message, "line": warning.place.line,
                })).collect::<Vec<_>>(),
                "failure": match &one.state {
                    State::Refused(fault) => failure::document(fault),
                    _ => Value::Null,
                },
            })
        };
        json!({
            "schema": "ingest/1",
            "checked": self.checked,
            "records": self.sum(|one| one.tally.records),
            "rejected": self.sum(|one| one.tally.rejected),
            "left": self.intake.unfinished.as_ref().map_or(0, |unfinished| unfinished.left),
            "failure": self.intake.unfinished.as_ref().map(|unfinished| failure::document(&unfinished.fault)),
            "store": self.intake.commits.last().map(|commit| json!({"version": commit.version, "head": commit.digest.hex()})),
            "devices": self.devices.iter().map(devices::json).collect::<Vec<_>>(),
            "inputs": self.intake.taken.iter().map(input).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        page.table(&match self.intake.taken.len() {
            0..=LISTED_MAX => self.listed(),
            _ => self.grouped(),
        });
        for one in &self.intake.taken {
            details(one, page);
        }
        let known = self.intake.taken.iter().filter(|one| matches!(one.state, State::Known)).count() as u64;
        if known > 0 {
            let (were, them) = if known == 1 { ("was", "it") } else { ("were", "them") };
            let (known, all) = (grouped(known), grouped(self.intake.taken.len() as u64));
            page.line(format!("{known} of {all} {were} in the store already; nothing was added for {them}."));
        }
        self.devices.iter().for_each(|known| devices::human(known, page));
        if let Some(commit) = self.intake.commits.last() {
            page.line(format!("Store version {}, commit {}.", commit.version, commit.digest.short()));
        }
        if let Some(Unfinished { left, .. }) = &self.intake.unfinished {
            let (all, are) = (self.intake.taken.len() + left, if *left == 1 { "is" } else { "are" });
            page.line(format!("{} of {} inputs {are} not in the store.", grouped(*left as u64), grouped(all as u64)));
        }
    }
}

fn details(one: &Taken, page: &mut Page) {
    for rejection in &one.rejections {
        let place = rejection.place.clone().in_file(one.input.path());
        page.line(format!("{place}: rejected: {} [{}]", rejection.reason, rejection.code));
    }
    if let Some(path) = &one.rejected_file {
        let rejected = counted(one.tally.rejected, "rejected line is", "rejected lines are");
        page.line(format!("{rejected} kept in {}", path.display()));
    }
}
