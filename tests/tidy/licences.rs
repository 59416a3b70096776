//! What deny.toml says of licences, sources and bans, held against what cargo builds here.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use super::{root, text};

/// Licences, sources and bans of deny.toml hold for everything that is linked here, as `cargo deny check` would say.
#[test]
fn nothing_is_linked_that_deny_toml_forbids() {
    let deny: toml::Table = text(&root().join("deny.toml")).parse().unwrap();
    let allow: BTreeSet<&str> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let mut wrong = Vec::new();
    let mut copies: BTreeMap<String, u32> = BTreeMap::new();
    for package in linked() {
        let word = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let (name, license, source) = (word("name"), word("license").replace('/', " OR "), word("source"));
        if !allows(&allow, &license) {
            wrong.push(format!("{name}: the licence {license:?} is not allowed"));
        }
        if !source.is_empty() && source != "registry+https://github.com/rust-lang/crates.io-index" {
            wrong.push(format!("{name}: comes from {source}"));
        }
        *copies.entry(name).or_default() += 1;
    }
    for ban in deny["bans"]["deny"].as_array().unwrap() {
        let most = u32::from(ban.get("deny-multiple-versions").is_some());
        let name = ban["name"].as_str().unwrap();
        if copies.get(name).is_some_and(|copies| *copies > most) {
            wrong.push(format!("{name}: more than {most} of it"));
        }
    }
    assert!(copies.len() > 200, "{} packages", copies.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What cargo builds for this machine, with every feature.
fn linked() -> Vec<serde_json::Value> {
    let said = Command::new(env!("CARGO")).args(["-vV"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--all-features",
            "--format-version",
            "1",
            "--offline",
            "--locked",
            "--filter-platform",
            host,
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether an SPDX expression can be satisfied by allowed licences: of `OR` one, of `AND` all.
fn allows(allow: &BTreeSet<&str>, expression: &str) -> bool {
    let expression = expression.trim();
    for (word, one_is_enough) in [(" OR ", true), (" AND ", false)] {
        let parts = apart(expression, word);
        match one_is_enough {
            _ if parts.len() == 1 => continue,
            true => return parts.iter().any(|part| allows(allow, part)),
            false => return parts.iter().all(|part| allows(allow, part)),
        }
    }
    match expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => allows(allow, inner),
        None => allow.contains(expression),
    }
}

/// `text` at each `word` that stands outside of parentheses.
fn apart<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let mut parts = vec![0];
    for (at, _) in text.match_indices(word) {
        let before = &text[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.extend([at, at + word.len()]);
        }
    }
    parts.push(text.len());
    parts.chunks_exact(2).map(|part| &text[part[0]..part[1]]).collect()
}

#[test]
fn licence_expressions_are_read() {
    let allow = BTreeSet::from(["MIT", "Zlib"]);
    let check = |expression, expect| assert_eq!(allows(&allow, expression), expect, "{expression}");
    check("MIT", true);
    check("GPL-2.0-only", false);
    check("GPL-2.0-only OR MIT", true);
    check("GPL-2.0-only AND MIT", false);
    check("(GPL-2.0-only OR MIT) AND Zlib", true);
    check("MIT OR GPL-2.0-only AND LGPL-2.1-only", true);
    check("", false);
}
