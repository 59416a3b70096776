//! House rules as a test: arrows, sizes, explanations, and no word about where the house was built.

#[path = "tidy/licences.rs"]
mod licences;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FUNCTION_LINES_MAX: usize = 70;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with one of `endings`, except what a build leaves.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["target", ".git", ".probity", "corpus", "artifacts"].contains(&name) {
                open.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn sources() -> Vec<PathBuf> {
    let mut sources = files(&root().join("src"), &[".rs"]);
    sources.extend(files(&root().join("crates"), &[".rs"]));
    sources
}

/// The arrows between rooms are those of the table in ARCHITECTURE.md, and no others.
#[test]
fn arrows_are_those_of_the_plan() {
    let plan: BTreeMap<String, BTreeSet<String>> = text(&root().join("ARCHITECTURE.md"))
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let room = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
            let arrows = cells.get(3)?.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty() && *word != "–");
            Some((room.to_owned(), arrows.map(str::to_owned).collect()))
        })
        .collect();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut house = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let Some(room) = package["name"].as_str().unwrap().strip_prefix("probity-") else { continue };
        let arrows: BTreeSet<String> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str()?.strip_prefix("probity-").map(str::to_owned))
            .collect();
        house.insert(room.to_owned(), arrows);
    }
    house.remove("xtask");
    assert_eq!(house, plan, "left: Cargo.toml files, right: ARCHITECTURE.md");
}

/// A function fits on a screen.
#[test]
fn functions_fit_on_a_screen() {
    let mut long = Vec::new();
    for path in sources() {
        let text = text(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = line.trim_start().split("fn ").next().is_some_and(|before| {
                before.split_whitespace().all(|word| {
                    ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern"].contains(&word)
                })
            }) && line.contains("fn ")
                && !line.trim_start().starts_with("//");
            if !is_function {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let end = lines[start..].iter().position(|line| {
                *line == close || line.ends_with(';') && line.len() - line.trim_start().len() == indent
            });
            if end.is_some_and(|length| length + 1 > FUNCTION_LINES_MAX) {
                long.push(format!("{}:{}", path.display(), start + 1));
            }
        }
    }
    assert!(long.is_empty(), "functions over {FUNCTION_LINES_MAX} lines:\n{}", long.join("\n"));
}

/// Every fault code in the sources has a page, and every page is about a code in the sources.
#[test]
fn every_code_is_explained() {
    let mut codes = BTreeSet::new();
    for path in sources().iter().filter(|path| !path.to_string_lossy().contains("/xtask/")) {
        codes.extend(code_words(&text(path)));
    }
    let pages: BTreeSet<String> = files(&root().join("src/cli/explain"), &[".md"])
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let unknown: Vec<_> = pages.iter().filter(|page| !codes.contains(*page)).collect();
    assert!(unknown.is_empty(), "pages about codes that no source mentions: {unknown:?}");
    let constructed = constructed_codes();
    let missing: Vec<_> = constructed.iter().filter(|code| !pages.contains(*code)).collect();
    assert!(missing.is_empty(), "codes without a page: {missing:?}");
}

/// Every kebab-case string literal.
fn code_words(source: &str) -> BTreeSet<String> {
    source.split('"').map(str::to_owned).filter(|word| is_code(word)).collect()
}

fn is_code(word: &str) -> bool {
    !word.is_empty()
        && word.len() < 40
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The literals that stand first in a constructor of `Fault`.
fn constructed_codes() -> BTreeSet<String> {
    const CONSTRUCTORS: &[&str] = &[
        "usage",
        "no_verdict",
        "refused",
        "partial",
        "bad_input",
        "bad_config",
        "unavailable",
        "unverified",
        "internal",
        "interrupted",
    ];
    let mut codes = BTreeSet::new();
    // A fault that a test makes is shown to nobody.
    for path in sources().iter().filter(|path| !path.components().any(|part| part.as_os_str() == "tests")) {
        let text = text(path);
        for constructor in CONSTRUCTORS {
            for call in text.split(&format!("Fault::{constructor}(")).skip(1) {
                let argument = call.trim_start();
                if let Some(code) = argument.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    codes.insert(code.to_owned());
                }
            }
        }
    }
    codes
}

/// Every command has an example (or several) and a man page, and is run by the suite.
#[test]
fn every_command_has_example_page_and_test() {
    let list = text(&root().join("src/commands/mod.rs"));
    let suite: String = files(&root().join("tests"), &[".rs"]).iter().map(|path| text(path)).collect();
    for file in files(&root().join("src/commands"), &[".rs"]) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        // Parts of a command lie in a folder of its name.
        if name == "mod" || !file.parent().unwrap().ends_with("commands") {
            continue;
        }
        let named = |line: &str| {
            let line = line.trim();
            line.starts_with(&format!("(\"{name}\", ")) && line.ends_with(&format!(", {name}::EXAMPLES),"))
        };
        assert!(list.lines().any(named), "{name} has no examples in the list");
        assert!(root().join(format!("man/probity-{name}.1")).is_file(), "{name} has no man page");
        assert!(suite.contains(&format!("\"{name}")) || suite.contains(&format!("{name} ")), "{name} has no test");
    }
}

/// The project speaks of itself alone.
#[test]
fn no_word_about_where_the_house_was_built() {
    let words =
        [concat!("/wo", "rk/"), concat!("farm-", "studio"), concat!("farm-", "bench"), concat!("last-", "rival")];
    let endings = [
        ".rs", ".md", ".toml", ".sh", ".py", ".go", ".yaml", ".json", ".1", ".5", "run", "services", "record", "check",
    ];
    for path in files(root(), &endings) {
        let text = text(&path);
        for word in words {
            assert!(!text.contains(word), "{} says {word}", path.display());
        }
    }
}
