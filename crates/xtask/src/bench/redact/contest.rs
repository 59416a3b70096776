//! Several programs over the same file, in turn.

use std::process::Command;

use serde_json::Value;

use super::super::measure::{Cost, drained, measure, silent};
use super::rows::Row;

/// What a program prints.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prints {
    /// Nothing that matters: it goes to `/dev/null`.
    Nothing,
    /// `{"found": N}`, with `"cpu": SECONDS` when only a part of its time is to be counted.
    Result,
}

/// One program of a contest.
pub(super) struct Entrant<'a> {
    /// What goals and the JSON call it.
    pub(super) id: &'static str,
    pub(super) name: String,
    /// How many rules it looks for.
    pub(super) rules: Option<usize>,
    pub(super) command: Box<dyn Fn() -> Command + 'a>,
    /// Exit codes that mean it did its work.
    pub(super) codes: &'static [i32],
    pub(super) prints: Prints,
    /// Prints a line for everything that is found: run once, not counted.
    pub(super) listing: Option<Box<dyn Fn() -> Command + 'a>>,
}

/// One uncounted round that warms the cache and counts the findings, then `rounds` in which the programs take turns.
///
/// A program that does not do its work is no reason to stop: its row says so.
pub(super) fn hold(
    case: &'static str,
    bytes: u64,
    entrants: &[Entrant<'_>],
    rounds: usize,
) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for entrant in entrants {
        eprintln!("xtask: {case}: {}", entrant.name);
        rows.push(first(case, bytes, entrant)?);
    }
    for _ in 0..rounds.max(1) {
        for (entrant, row) in entrants.iter().zip(&mut rows).filter(|(_, row)| row.problem.is_none()) {
            row.costs.push(once(entrant)?.0);
        }
    }
    Ok(rows)
}

fn first(case: &'static str, bytes: u64, entrant: &Entrant<'_>) -> Result<Row, String> {
    let (cost, told) = once(entrant)?;
    let code = cost.code.filter(|code| entrant.codes.contains(code));
    let problem = code.is_none().then(|| format!("ended with {:?}", cost.code));
    let rules = number(&told, "rules").map(|rules| rules as usize).or(entrant.rules);
    let found = match &entrant.listing {
        Some(listing) if problem.is_none() => Some(lines(&mut listing())?),
        _ => number(&told, "found").map(|found| found as u64),
    };
    Ok(Row { case, id: entrant.id, name: entrant.name.clone(), rules, bytes, found, problem, costs: Vec::new() })
}

fn once(entrant: &Entrant<'_>) -> Result<(Cost, Value), String> {
    let mut command = (entrant.command)();
    if entrant.prints == Prints::Nothing {
        return Ok((silent(&mut command, None)?, Value::Null));
    }
    let mut cost = measure(&mut command, None)?;
    let told = serde_json::from_str(cost.output.trim()).unwrap_or(Value::Null);
    cost.cpu = number(&told, "cpu").unwrap_or(cost.cpu);
    Ok((cost, told))
}

fn number(told: &Value, name: &str) -> Option<f64> {
    told.get(name).and_then(Value::as_f64)
}

/// How many lines a program prints.
fn lines(command: &mut Command) -> Result<u64, String> {
    let mut lines = 0;
    let count = |piece: &[u8]| lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
    drained(command, std::process::Stdio::null(), &mut { count })?;
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &'static str, codes: &'static [i32], prints: Prints) -> Entrant<'static> {
        let command = move |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let listing: Option<Box<dyn Fn() -> Command>> = match prints {
            Prints::Nothing => Some(Box::new(move || command("printf 'a\\nb\\n'"))),
            Prints::Result => None,
        };
        let command = Box::new(move || command(script));
        Entrant { id: "sh", name: "sh".to_owned(), rules: Some(2), command, codes, prints, listing }
    }

    #[test]
    fn rows_hold_what_was_found_and_who_failed() {
        let entrants = [
            shell("exit 1", &[0, 1], Prints::Nothing),
            shell("echo '{\"found\": 7, \"cpu\": 0.5, \"rules\": 3}'", &[0], Prints::Result),
            shell("exit 3", &[0], Prints::Nothing),
        ];
        let rows = hold("test", 1_000_000, &entrants, 2).unwrap();
        assert_eq!((rows[0].found, rows[0].rules, rows[0].costs.len()), (Some(2), Some(2), 2));
        assert_eq!((rows[1].found, rows[1].rules, rows[1].costs.len()), (Some(7), Some(3), 2));
        assert_eq!(rows[1].speed(), Some(2.0));
        assert_eq!((rows[2].problem.as_deref(), rows[2].costs.len()), (Some("ended with Some(3)"), 0));
    }
}
