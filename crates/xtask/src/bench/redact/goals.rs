//! What `redact` is held to, and where it stands.
//!
//! - Speeds are MB (10⁶ bytes) of the file per CPU second (user and system) of the whole process, its start included, on one
//!   thread, the median of the rounds: "per core". Only Presidio's seconds are those of its analysis alone.
//! - "dd-sds's speed per rule": it runs one regular expression per rule, so a rule more costs a pass more. Its speed per rule
//!   is MB per CPU second times the number of rules: with seven rules, at 35 MB/s, 245. probity's is its own speed times its
//!   number of detectors. The plain ratio of MB per CPU second, all detectors against seven rules, is told beside it.
//! - "`rg` with the same patterns": the patterns of all detectors in one file of `-f`, with half word boundaries around each for
//!   what detectors ask of a match's neighbours, and without those that ripgrep refuses. Checks, context words, scores and
//!   overlaps are probity's alone. The seven patterns, which ripgrep likes much better, are told beside it.
//! - Two threads: wall time of one by wall time of two. It needs a machine that does nothing else.

use serde_json::{Value, json};

use super::super::table::Table;
use super::rows::{Row, figure};

/// One sentence and what was measured for it.
struct Goal {
    sentence: &'static str,
    bound: f64,
    /// Less is better.
    below: bool,
    unit: &'static str,
    measured: Option<f64>,
    /// What else should be known.
    beside: String,
}

/// A shorter stream says nothing about this goal.
const STREAM_BYTES_LEAST: u64 = 10_000_000_000;

impl Goal {
    fn at_least(bound: f64, unit: &'static str, sentence: &'static str, measured: Option<f64>) -> Self {
        Goal { sentence, bound, below: false, unit, measured, beside: String::new() }
    }

    fn below(bound: f64, unit: &'static str, sentence: &'static str, measured: Option<f64>) -> Self {
        Goal { below: true, ..Goal::at_least(bound, unit, sentence, measured) }
    }

    /// With another figure that should be known.
    fn beside(mut self, what: &str, number: Option<f64>) -> Self {
        self.beside = number.map_or_else(String::new, |_| format!("{what} {}", figure(number)));
        self
    }

    fn reached(&self) -> Option<bool> {
        self.measured.map(|measured| if self.below { measured < self.bound } else { measured >= self.bound })
    }
}

pub(super) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new("Where the goals stand", &["goal", "measured", "", "beside it"]);
    for goal in goals(rows) {
        let verdict = match goal.reached() {
            None => "not measured",
            Some(true) => "reached",
            Some(false) => "**not reached**",
        };
        let measured = goal.measured.map_or_else(String::new, |_| format!("{}{}", figure(goal.measured), goal.unit));
        table.row(&[goal.sentence.to_owned(), measured, verdict.to_owned(), goal.beside]);
    }
    table
}

pub(super) fn json(rows: &[Row]) -> Value {
    let one = |goal: Goal| json!({"goal": goal.sentence, "measured": goal.measured, "bound": goal.bound, "reached": goal.reached()});
    goals(rows).into_iter().map(one).collect()
}

fn goals(rows: &[Row]) -> Vec<Goal> {
    let here = Figures(rows);
    let ([datafog, dd_sds, ripgrep, presidio], [all, json, two, stream, start]) = (here.beside_peers(), here.alone());
    vec![all, datafog, dd_sds, ripgrep, two, json, stream, presidio, start]
}

/// Figures out of the rows of all cases.
struct Figures<'a>(&'a [Row]);

impl Figures<'_> {
    fn row(&self, case: &str, id: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.case == case && row.id == id)
    }

    fn speed(&self, case: &str, id: &str) -> Option<f64> {
        self.row(case, id).and_then(Row::speed)
    }

    /// How many times faster than `id` probity is in a case.
    fn times(&self, case: &str, id: &str) -> Option<f64> {
        Some(self.speed(case, "probity")? / self.speed(case, id)?)
    }

    fn beside_peers(&self) -> [Goal; 4] {
        let rule_speed = |id| self.row("log", id).and_then(Row::rule_speed);
        let per_rule = rule_speed("probity").zip(rule_speed("dd-sds-7")).map(|(own, peer)| own / peer);
        [
            Goal::at_least(5.0, "×", "≥ 5× datafog-core", self.times("log", "datafog"))
                .beside("on CSV:", self.times("csv", "datafog")),
            Goal::at_least(10.0, "×", "≥ 10× dd-sds, per rule", per_rule)
                .beside("in MB/s, all detectors to 7 rules:", self.times("log", "dd-sds-7")),
            Goal::at_least(0.5, "×", "≥ 0.5× `rg -j1 -o`, same patterns", self.times("log", "rg-all"))
                .beside("all detectors to 7 patterns:", self.times("log", "rg-7")),
            Goal::at_least(20.0, "×", "prose with names ≥ 20× Presidio", self.times("prose", "presidio"))
                .beside("MB/s:", self.speed("prose", "probity")),
        ]
    }

    fn alone(&self) -> [Goal; 5] {
        let wall = |id| self.row("threads", id).and_then(Row::wall);
        let two = wall("probity-1").zip(wall("probity-2")).map(|(one, two)| one / two);
        let stream = self.row("stream", "probity").filter(|row| row.bytes >= STREAM_BYTES_LEAST);
        let start = self.row("start", "probity");
        let in_ms = |seconds: Option<f64>| seconds.map(|seconds| seconds * 1e3);
        let all = "all detectors, mixed log: ≥ 300 MB/s per core";
        [
            Goal::at_least(300.0, " MB/s", all, self.speed("log", "probity"))
                .beside("without personal data:", self.speed("clean", "probity")),
            Goal::at_least(200.0, " MB/s", "JSON Lines ≥ 200 MB/s per core", self.speed("jsonl", "probity")),
            Goal::at_least(1.8, "×", "two threads ≥ 1.8×", two),
            Goal::below(50.0, " MB", "10 GB stream: < 50 MB of memory", stream.and_then(Row::peak))
                .beside("MB/s:", stream.and_then(Row::speed)),
            Goal::below(20.0, " ms", "start < 20 ms", in_ms(start.and_then(Row::wall)))
                .beside("ms of CPU:", in_ms(start.and_then(Row::cpu))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::measure::Cost;
    use super::*;

    fn row(case: &'static str, id: &'static str, rules: usize, cpu: f64, peak: u64, bytes: u64) -> Row {
        let cost = Cost { cpu, wall: cpu, peak, output: String::new(), code: Some(0) };
        Row { case, id, name: id.to_owned(), rules: Some(rules), bytes, found: None, problem: None, costs: vec![cost] }
    }

    /// Each sentence is answered by its own rows, and one without rows stays open.
    #[test]
    fn goals_are_judged_by_their_rows() {
        let rows = [
            row("log", "probity", 189, 0.1, 0, 31_000_000),
            row("log", "datafog", 0, 0.4, 0, 31_000_000),
            row("log", "dd-sds-7", 7, 0.5, 0, 31_000_000),
            row("log", "rg-all", 188, 0.04, 0, 31_000_000),
            row("start", "probity", 189, 0.021, 0, 80),
            row("stream", "probity", 189, 9.0, 60_000_000, 10_000_000_000),
        ];
        let judged: Vec<_> = goals(&rows).iter().map(Goal::reached).collect();
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(judged, [yes, no, yes, no, None, None, no, None, no]);
        let short = [row("stream", "probity", 189, 9.0, 10, 1_000_000_000)];
        assert!(goals(&short).iter().all(|goal| goal.reached().is_none()));
    }
}
