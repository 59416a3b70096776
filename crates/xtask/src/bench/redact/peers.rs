//! Programs of others, where `crates/xtask/peers/setup` put them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::place::root;
use super::contest::{Entrant, Prints};
use super::patterns::Patterns;

pub(super) struct Peers {
    folder: PathBuf,
    pub(super) patterns: Patterns,
}

impl Peers {
    /// `work` is where lists of patterns are written.
    pub(super) fn in_folder(folder: Option<&Path>, work: &Path) -> Result<Self, String> {
        let folder = match folder {
            Some(folder) => folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?,
            None => PathBuf::new(),
        };
        Ok(Peers { folder, patterns: Patterns::read(work)? })
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name);
        (!self.folder.as_os_str().is_empty() && path.exists()).then_some(path)
    }

    /// `rg -j1 -o` with the patterns of the detectors, and with the seven.
    pub(super) fn ripgrep<'a>(&self, input: &'a str) -> Result<Vec<Entrant<'a>>, String> {
        let Some(rg) = self.program("bin/rg") else { return Ok(Vec::new()) };
        let (all, kept) = self.patterns.detectors_for_ripgrep(&rg)?;
        let refused = self.patterns.detectors.len() - kept;
        let all = (all, "rg-all", format!("rg -j1 -o, the detectors' patterns ({refused} refused)"), kept);
        let seven = (self.patterns.seven_for_ripgrep()?, "rg-7", "rg -j1 -o, 7 patterns".to_owned(), 7);
        let entrants = [all, seven].map(|(file, id, name, rules)| {
            let rg = rg.clone();
            let command = move || {
                let mut command = Command::new(&rg);
                command.args(["-j1", "-o", "--no-unicode", "--no-config"]);
                // Room for everything that it can put in order before it searches.
                command.args(["--dfa-size-limit", "1G", "--regex-size-limit", "1G", "-f"]).arg(&file).arg(input);
                command
            };
            let listing: Box<dyn Fn() -> Command> = Box::new(command.clone());
            let (command, rules, listing) = (Box::new(command), Some(rules), Some(listing));
            Entrant { id, name, rules, command, codes: &[0, 1], prints: Prints::Nothing, listing }
        });
        Ok(entrants.into())
    }

    pub(super) fn datafog<'a>(&self, input: &'a str) -> Vec<Entrant<'a>> {
        let entrant = |program: PathBuf| {
            let name = "datafog-core, what it has on by default".to_owned();
            tells("datafog", name, None, move || with(&program, &[Path::new(input)]))
        };
        self.program("bin/datafog-peer").map(entrant).into_iter().collect()
    }

    /// dd-sensitive-data-scanner with its first `number` rules.
    pub(super) fn dd_sds<'a>(
        &self,
        id: &'static str,
        number: usize,
        input: &'a str,
    ) -> Result<Vec<Entrant<'a>>, String> {
        let Some(program) = self.program("bin/dd-sds-peer") else { return Ok(Vec::new()) };
        let rules = self.patterns.rules(number)?;
        let name = format!("dd-sds, {number} rules, redacting");
        Ok(vec![tells(id, name, None, move || with(&program, &[Path::new(input), &rules]))])
    }

    pub(super) fn presidio<'a>(&self, input: &'a str) -> Vec<Entrant<'a>> {
        let entrant = |python: PathBuf| {
            let script = root().join("crates/xtask/peers/presidio.py");
            let name = "Presidio with en_core_web_sm, without its start".to_owned();
            tells("presidio", name, None, move || with(&python, &[&script, Path::new(input)]))
        };
        self.program("presidio/bin/python").map(entrant).into_iter().collect()
    }

    /// Which peers are there, in which version.
    pub(super) fn versions(&self) -> Vec<String> {
        let missing = |name: &str| format!("{name}: not there (crates/xtask/peers/setup)");
        let rg = self.program("bin/rg").and_then(|rg| Command::new(rg).arg("--version").output().ok());
        let rg = rg.and_then(|said| String::from_utf8_lossy(&said.stdout).lines().next().map(str::to_owned));
        let checkout = self.program("dd-sds.version").and_then(|file| std::fs::read_to_string(file).ok());
        let dd_sds = checkout.map(|commit| format!("dd-sensitive-data-scanner, {}", commit.trim()));
        let stands = |name: &str, version: &str| self.program(name).map(|_| version.to_owned());
        vec![
            rg.unwrap_or_else(|| missing("ripgrep")),
            stands("bin/datafog-peer", "datafog-core 1.0.0").unwrap_or_else(|| missing("datafog-core")),
            dd_sds.unwrap_or_else(|| missing("dd-sensitive-data-scanner")),
            stands("presidio/bin/python", "presidio-analyzer 2.2.366, en_core_web_sm 3.8.0")
                .unwrap_or_else(|| missing("Presidio")),
        ]
    }
}

impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Peers: {}.", self.versions().join("; "))
    }
}

/// A peer that prints its result as one line of JSON.
fn tells<'a>(id: &'static str, name: String, rules: Option<usize>, command: impl Fn() -> Command + 'a) -> Entrant<'a> {
    Entrant { id, name, rules, command: Box::new(command), codes: &[0], prints: Prints::Result, listing: None }
}

fn with(program: &Path, arguments: &[&Path]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
