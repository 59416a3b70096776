//! The patterns that peers are given: seven types that all know, and those of probity's own detectors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::place::root;

/// Patterns in the forms that peers read, as files in `folder`.
pub(super) struct Patterns {
    pub(super) folder: PathBuf,
    /// The seven types: validator (or `-`) and pattern.
    pub(super) seven: Vec<(String, String)>,
    /// Every built-in detector's, in the order of their names.
    pub(super) detectors: Vec<String>,
}

impl Patterns {
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let seven = text(&root().join("crates/xtask/peers/seven.tsv"))?;
        let seven = seven.lines().filter(|line| !line.starts_with('#')).map(seventh).collect::<Result<_, _>>()?;
        Ok(Patterns { folder: folder.to_owned(), seven, detectors: detectors()? })
    }

    /// A file with a rule a line, as `dd-sds-peer` reads it: the seven, then as many of the detectors' as make up `number`.
    pub(super) fn rules(&self, number: usize) -> Result<PathBuf, String> {
        let detectors = self.detectors.iter().map(|pattern| ("-", pattern.as_str()));
        let seven = self.seven.iter().map(|(validator, pattern)| (validator.as_str(), pattern.as_str()));
        let lines = seven.chain(detectors).take(number).map(|(validator, pattern)| format!("{validator}\t{pattern}\n"));
        self.write(&format!("rules-{number}.tsv"), &lines.collect::<String>())
    }

    /// The seven for `rg -f`.
    pub(super) fn seven_for_ripgrep(&self) -> Result<PathBuf, String> {
        let lines = self.seven.iter().map(|(_, pattern)| format!("{pattern}\n"));
        self.write("rg-7.txt", &lines.collect::<String>())
    }

    /// The detectors' for `rg -f`, without those that it refuses, and how many are left.
    ///
    /// A detector also asks that no letter or digit stands beside a match; ripgrep's half boundaries ask nearly the same. With
    /// them it is nearly twice as fast as without: it finds less.
    pub(super) fn detectors_for_ripgrep(&self, rg: &Path) -> Result<(PathBuf, usize), String> {
        let accepted = |pattern: &String| {
            let mut command = Command::new(rg);
            command.args(["--no-unicode", "-e", pattern, "/dev/null"]).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.code() == Some(1))
        };
        let edged = self.detectors.iter().map(|pattern| format!(r"\b{{start-half}}(?:{pattern})\b{{end-half}}"));
        let kept: Vec<String> = edged.filter(accepted).collect();
        let lines: String = kept.iter().map(|pattern| format!("{pattern}\n")).collect();
        Ok((self.write("rg-all.txt", &lines)?, kept.len()))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

/// `name TAB validator TAB pattern`
fn seventh(line: &str) -> Result<(String, String), String> {
    let mut cells = line.splitn(3, '\t').skip(1).map(str::to_owned);
    cells.next().zip(cells.next()).ok_or_else(|| format!("seven.tsv: {line:?} has no three cells"))
}

/// Out of the detectors' own files: the binary's list does not print patterns.
fn detectors() -> Result<Vec<String>, String> {
    let folder = root().join("crates/redact/data/detectors");
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(&folder).map_err(said)?.collect::<Result<Vec<_>, _>>().map_err(said)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths.iter().map(|path| pattern(path, &text(path)?)).collect()
}

fn pattern(path: &Path, text: &str) -> Result<String, String> {
    let said = |problem: String| format!("{}: {problem}", path.display());
    let detector: toml::Table = toml::from_str(text).map_err(|error| said(error.to_string()))?;
    let pattern = detector.get("pattern").and_then(toml::Value::as_str).ok_or_else(|| said("no pattern".to_owned()))?;
    // Peers have no use for the name, and one name twice is an error in an alternation.
    Ok(pattern.replace("(?P<value>", "(?:"))
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_gives_a_pattern_of_one_line() {
        let folder = std::env::temp_dir();
        let patterns = Patterns::read(&folder).unwrap();
        assert_eq!(patterns.seven.len(), 7);
        assert!(patterns.detectors.len() > 150, "{}", patterns.detectors.len());
        let all = patterns.seven.iter().map(|(_, pattern)| pattern).chain(&patterns.detectors);
        assert!(all.clone().all(|pattern| !pattern.is_empty() && !pattern.contains(['\n', '\t'])));
        assert!(all.clone().all(|pattern| !pattern.contains("(?P<")));
    }
}
