//! What one run of a program costs.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

/// The cost of one process and of the children it waited for.
pub(crate) struct Cost {
    /// User and system time in seconds, from `wait4(2)`.
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    /// Highest resident set in bytes.
    pub(crate) peak: u64,
    /// Standard output and exit code.
    pub(crate) output: String,
    pub(crate) code: Option<i32>,
}

/// Runs `command` to its end and keeps what it prints; standard error is the caller's.
pub(crate) fn measure(command: &mut Command, stdin: Option<&Path>) -> Result<Cost, String> {
    let mut output = Vec::new();
    let mut cost = drained(command, input(stdin)?, &mut |bytes| output.extend_from_slice(bytes))?;
    cost.output = String::from_utf8_lossy(&output).into_owned();
    Ok(cost)
}

/// Runs `command` to its end; what it prints goes nowhere, and costs it next to nothing.
pub(crate) fn silent(command: &mut Command, stdin: Option<&Path>) -> Result<Cost, String> {
    let began = Instant::now();
    let program = name_of(command);
    let child = command.stdin(input(stdin)?).stdout(Stdio::null()).spawn();
    ended(child.map_err(|error| format!("{program}: {error}"))?, began)
}

/// Runs `command` to its end and hands over what it prints, piece by piece.
pub(crate) fn drained(command: &mut Command, stdin: Stdio, take: &mut dyn FnMut(&[u8])) -> Result<Cost, String> {
    let program = name_of(command);
    let said = |error: std::io::Error| format!("{program}: {error}");
    let began = Instant::now();
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).spawn().map_err(said)?;
    if let Some(mut stdout) = child.stdout.take() {
        let mut piece = vec![0; 1 << 16];
        loop {
            match stdout.read(&mut piece).map_err(said)? {
                0 => break,
                read => take(&piece[..read]),
            }
        }
    }
    ended(child, began)
}

fn input(stdin: Option<&Path>) -> Result<Stdio, String> {
    let Some(path) = stdin else { return Ok(Stdio::null()) };
    File::open(path).map(Stdio::from).map_err(|error| format!("{}: {error}", path.display()))
}

fn ended(mut child: Child, began: Instant) -> Result<Cost, String> {
    let end = child.wait4().map_err(|error| format!("wait4: {error}"))?;
    Ok(Cost {
        cpu: (end.rusage.utime + end.rusage.stime).as_secs_f64(),
        wall: began.elapsed().as_secs_f64(),
        peak: end.rusage.maxrss,
        output: String::new(),
        code: end.status.code(),
    })
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Median, minimum and maximum of one figure over some runs.
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// `costs` is not empty.
    pub(crate) fn of(costs: &[Cost], figure: impl Fn(&Cost) -> f64) -> Self {
        let mut figures: Vec<f64> = costs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        Spread { median: figures[figures.len() / 2], least: figures[0], most: figures[figures.len() - 1] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_measured_whole() {
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i; exit 3"]);
        let cost = measure(&mut command, None).unwrap();
        assert_eq!((cost.output.as_str(), cost.code), ("20000\n", Some(3)));
        assert!(cost.cpu > 0.0 && cost.wall > 0.0 && cost.peak > 100_000, "{} {} {}", cost.cpu, cost.wall, cost.peak);
    }
}
