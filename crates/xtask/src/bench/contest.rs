//! Several programs at the same question, in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::measure::{Cost, measure};

/// One program of a contest.
pub(crate) struct Runner<'a> {
    pub(crate) name: String,
    /// What to run this time; makes its own fresh folder when it needs one.
    pub(crate) command: Box<dyn Fn() -> Result<Command, String> + 'a>,
    pub(crate) stdin: Option<PathBuf>,
    /// Exit codes that mean it did its work.
    pub(crate) codes: &'static [i32],
    /// The answer that all must share, out of standard output.
    pub(crate) answer: fn(&str) -> Result<String, String>,
}

/// Every runner's costs, in the order of `runners`, `rounds` of each. One round before them warms the cache and checks the answers.
pub(crate) fn hold(runners: &[Runner<'_>], rounds: usize) -> Result<Vec<Vec<Cost>>, String> {
    let mut answers = Vec::new();
    for runner in runners {
        answers.push((runner.name.as_str(), once(runner)?.1));
    }
    if answers.iter().any(|(_, answer)| *answer != answers[0].1) {
        return Err(format!("the answers differ: {answers:?}"));
    }
    let mut costs: Vec<Vec<Cost>> = runners.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds.max(1) {
        for (runner, costs) in runners.iter().zip(&mut costs) {
            costs.push(once(runner)?.0);
        }
    }
    Ok(costs)
}

fn once(runner: &Runner<'_>) -> Result<(Cost, String), String> {
    let cost = measure(&mut (runner.command)()?, runner.stdin.as_deref().map(Path::new))?;
    if !cost.code.is_some_and(|code| runner.codes.contains(&code)) {
        return Err(format!("{} ended with {:?}", runner.name, cost.code));
    }
    let answer = (runner.answer)(&cost.output).map_err(|problem| format!("{}: {problem}", runner.name))?;
    Ok((cost, answer))
}
