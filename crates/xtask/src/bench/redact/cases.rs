//! What is measured, one function a case.

use std::process::Command;

use super::super::place::Input;
use super::contest::{Entrant, Prints, hold};
use super::rows::Row;
use super::{Setting, stream};
use crate::generate::Kind;

/// One question of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// The mixed log, beside everybody.
    Log,
    /// The same log, shorter, with more and more rules for the peer that runs them one after the other.
    Rules,
    /// Application lines without personal data.
    Clean,
    /// The records of the mixed log as JSON Lines.
    Jsonl,
    /// A table in which nearly every cell is personal.
    Csv,
    /// Taking out, opening the output again and writing it.
    Take,
    /// One thread and two.
    Threads,
    /// Prose with names.
    Prose,
    /// One line.
    Start,
    /// Standard input to standard output, more than memory holds.
    Stream,
}

const MIXED_BYTES: u64 = 60_000_000;
const RULES_BYTES: u64 = 6_000_000;
/// Presidio reads a hundredth of a MB in a second.
const PROSE_BYTES: u64 = 200_000;
const STREAM_BYTES: u64 = 10_000_000_000;
/// Short runs vary: this many are counted whatever `--rounds` says, unless it says more.
const START_ROUNDS_LEAST: usize = 21;
/// Found or not.
const LOOKED: &[i32] = &[0, 1];
/// What the peers' seven patterns look for.
const SEVEN: [&str; 14] = [
    "--detector",
    "email",
    "--detector",
    "us.ssn",
    "--detector",
    "card",
    "--detector",
    "iban",
    "--detector",
    "ipv4",
    "--detector",
    "mac",
    "--detector",
    "phone",
];

impl Case {
    const ALL: [(&'static str, &'static str, Case); 10] = [
        ("log", "Mixed log: 35 % nginx, 35 % application lines without personal data, 30 % with", Case::Log),
        ("rules", "Mixed log, the number of rules growing", Case::Rules),
        ("clean", "Application lines without personal data", Case::Clean),
        ("jsonl", "JSON Lines, the records of the mixed log", Case::Jsonl),
        ("csv", "CSV, nearly every cell personal", Case::Csv),
        ("take", "Taking out, audited and written", Case::Take),
        ("threads", "Mixed log, one thread and two", Case::Threads),
        ("prose", "English prose with names", Case::Prose),
        ("start", "One line", Case::Start),
        ("stream", "Standard input → standard output, nothing stored", Case::Stream),
    ];
    pub(super) const DEFAULT: [Case; 9] = [
        Case::Log,
        Case::Rules,
        Case::Clean,
        Case::Jsonl,
        Case::Csv,
        Case::Take,
        Case::Threads,
        Case::Prose,
        Case::Start,
    ];

    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let found = Case::ALL.into_iter().find(|(known, ..)| *known == name);
        found.map(|(.., case)| case).ok_or_else(|| format!("{name:?} is no case of redact"))
    }

    fn name(self) -> &'static str {
        Case::ALL.into_iter().find(|(.., case)| *case == self).map_or("", |(name, ..)| name)
    }

    pub(super) fn title(self) -> &'static str {
        Case::ALL.into_iter().find(|(.., case)| *case == self).map_or("", |(_, title, _)| title)
    }

    pub(super) fn run(self, setting: &Setting) -> Result<Vec<Row>, String> {
        match self {
            Case::Log => log(setting),
            Case::Rules => rules(setting),
            Case::Clean => beside(setting, self, Kind::RedactClean),
            Case::Jsonl => beside(setting, self, Kind::RedactJsonl),
            Case::Csv => beside(setting, self, Kind::RedactCsv),
            Case::Take => take(setting),
            Case::Threads => threads(setting),
            Case::Prose => prose(setting),
            Case::Start => start(setting),
            Case::Stream => stream::run(setting, setting.place.size.unwrap_or(STREAM_BYTES)),
        }
    }
}

fn log(setting: &Setting) -> Result<Vec<Row>, String> {
    let input = setting.place.input(Kind::RedactLog, MIXED_BYTES)?;
    let mut entrants = vec![setting.all(&input), setting.seven(&input)];
    entrants.extend(setting.peers.ripgrep(input.name())?);
    entrants.extend(setting.peers.datafog(input.name()));
    entrants.extend(setting.peers.dd_sds("dd-sds-7", 7, input.name())?);
    hold(Case::Log.name(), input.bytes, &entrants, setting.place.rounds)
}

fn rules(setting: &Setting) -> Result<Vec<Row>, String> {
    let input = setting.place.input_of(Kind::RedactLog, RULES_BYTES)?;
    let mut entrants = vec![setting.all(&input), setting.seven(&input)];
    let all = setting.peers.patterns.detectors.len() + 7;
    for (id, number) in [("dd-sds-7", 7), ("dd-sds-28", 28), ("dd-sds-84", 84), ("dd-sds-all", all)] {
        entrants.extend(setting.peers.dd_sds(id, number, input.name())?);
    }
    hold(Case::Rules.name(), input.bytes, &entrants, setting.place.rounds.min(3))
}

/// One file, all detectors, beside the peers that read it as text.
fn beside(setting: &Setting, case: Case, kind: Kind) -> Result<Vec<Row>, String> {
    let input = setting.place.input(kind, MIXED_BYTES / 2)?;
    let mut entrants = vec![setting.all(&input)];
    entrants.extend(setting.peers.ripgrep(input.name())?);
    entrants.extend(setting.peers.datafog(input.name()));
    entrants.extend(setting.peers.dd_sds("dd-sds-7", 7, input.name())?);
    hold(case.name(), input.bytes, &entrants, setting.place.rounds)
}

fn take(setting: &Setting) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for kind in [Kind::RedactLog, Kind::RedactJsonl, Kind::RedactCsv] {
        let input = setting.place.input(kind, MIXED_BYTES / 2)?;
        let look = Entrant { name: format!("probity redact --check, {}", kind.name()), ..setting.all(&input) };
        let command = || setting.redact(&["redact", input.name(), "-o", "redacted", "--overwrite", "--quiet"], "1");
        let name = format!("probity redact -o, {}", kind.name());
        let take = Entrant { listing: None, ..probity("probity-take", name, setting, command, &[0]) };
        rows.extend(hold(Case::Take.name(), input.bytes, &[look, take], setting.place.rounds.min(3))?);
    }
    Ok(rows)
}

fn threads(setting: &Setting) -> Result<Vec<Row>, String> {
    let input = setting.place.input(Kind::RedactLog, MIXED_BYTES)?;
    let check = |jobs: &'static str| setting.redact(&["redact", "--check", input.name()], jobs);
    let one = probity("probity-1", "probity redact --check, one thread".to_owned(), setting, || check("1"), LOOKED);
    let two = probity("probity-2", "probity redact --check --jobs 2".to_owned(), setting, || check("2"), LOOKED);
    let mut rows = hold(Case::Threads.name(), input.bytes, &[one, two], setting.place.rounds)?;
    if !setting.jobs {
        // Both ran on one: the figures would be taken for an answer.
        rows[1].problem = Some("this build has no --jobs".to_owned());
        rows[1].costs.clear();
    }
    Ok(rows)
}

fn prose(setting: &Setting) -> Result<Vec<Row>, String> {
    let input = setting.place.input_of(Kind::Prose, PROSE_BYTES)?;
    let command = || setting.place.probity(&["redact", "--check", "--profile", "gdpr-share", input.name()]);
    let listing = || setting.place.probity(&["redact", "--check", "--json", "--profile", "gdpr-share", input.name()]);
    let name = "probity redact --check, names included, its start too".to_owned();
    let mut first = probity("probity", name, setting, command, LOOKED);
    first.listing = Some(Box::new(listing));
    let mut entrants = vec![first];
    entrants.extend(setting.peers.presidio(input.name()));
    hold(Case::Prose.name(), input.bytes, &entrants, setting.place.rounds.min(3))
}

fn start(setting: &Setting) -> Result<Vec<Row>, String> {
    let path = setting.place.folder.join("one-line.log");
    let line = "2026-11-01T07:05:09Z INFO  user anna.novak@example.org logged in from 81.240.41.203\n";
    std::fs::write(&path, line).map_err(|error| format!("{}: {error}", path.display()))?;
    let input = Input { path, bytes: line.len() as u64 };
    let rounds = setting.place.rounds.max(START_ROUNDS_LEAST);
    hold(Case::Start.name(), input.bytes, &[setting.all(&input)], rounds)
}

impl Setting {
    /// probity with the profile for logs, on so many threads where that can be told.
    pub(super) fn redact(&self, arguments: &[&str], jobs: &str) -> Command {
        let mut command = self.place.probity(arguments);
        command.args(["--profile", "logs"]);
        if self.jobs {
            command.args(["--jobs", jobs]);
        }
        command
    }

    /// All detectors, looking only, on one thread.
    fn all<'a>(&'a self, input: &'a Input) -> Entrant<'a> {
        let command = || self.redact(&["redact", "--check", input.name()], "1");
        let listing = || self.redact(&["redact", "--check", "--json", input.name()], "1");
        let mut entrant = probity("probity", "probity redact --check, all".to_owned(), self, command, LOOKED);
        entrant.listing = Some(Box::new(listing));
        entrant
    }

    /// What the peers' seven patterns look for, and no more.
    fn seven<'a>(&'a self, input: &'a Input) -> Entrant<'a> {
        let command = || self.redact(&[&["redact", "--check", input.name()][..], &SEVEN].concat(), "1");
        let listing = || self.redact(&[&["redact", "--check", "--json", input.name()][..], &SEVEN].concat(), "1");
        let mut entrant = probity("probity-7", "probity redact --check, 7 types".to_owned(), self, command, LOOKED);
        entrant.rules = Some(7);
        entrant.listing = Some(Box::new(listing));
        entrant
    }
}

fn probity<'a>(
    id: &'static str,
    name: String,
    setting: &Setting,
    command: impl Fn() -> Command + 'a,
    codes: &'static [i32],
) -> Entrant<'a> {
    let rules = Some(setting.peers.patterns.detectors.len());
    Entrant { id, name, rules, command: Box::new(command), codes, prints: Prints::Nothing, listing: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_name_and_a_title() {
        for (name, title, case) in Case::ALL {
            assert_eq!((Case::parse(name), case.name(), case.title()), (Ok(case), name, title));
        }
        assert!(Case::DEFAULT.into_iter().all(|case| !case.name().is_empty()));
        assert!(Case::parse("logs").is_err());
    }
}
