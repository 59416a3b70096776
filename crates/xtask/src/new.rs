//! `cargo xtask new rule PACK.NAME`: the files of a rule, to be filled in.

use std::fs;
use std::path::{Path, PathBuf};

use crate::args::Args;

pub(crate) fn run(mut args: Args) -> Result<(), String> {
    let kind = args.word();
    let id = args.word();
    args.finish()?;
    match (kind.as_deref(), id) {
        (Some("rule"), Some(id)) => rule(&repository(), &id),
        _ => Err("write `cargo xtask new rule PACK.NAME`".to_owned()),
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rule(root: &Path, id: &str) -> Result<(), String> {
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    let (pack, name) = id
        .split_once('.')
        .filter(|(pack, name)| is_name(pack) && is_name(name))
        .ok_or_else(|| format!("{id:?} is no PACK.NAME of small letters, digits and dashes"))?;
    let folder = root.join("crates/rules/packs").join(pack);
    if !folder.join("pack.yaml").is_file() {
        return Err(format!("there is no pack {pack:?}: make {} first", folder.join("pack.yaml").display()));
    }
    let list = root.join("crates/rules/src/pack.rs");
    let listed =
        enlist(&fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?, pack, name)?;
    let fixtures = root.join("fixtures/rules").join(id);
    fs::create_dir_all(&fixtures).map_err(|error| format!("{}: {error}", fixtures.display()))?;
    create(&folder.join(format!("{name}.yaml")), &skeleton(name))?;
    for fixture in ["pass", "fail"] {
        create(&fixtures.join(format!("{fixture}.json")), FIXTURE)?;
    }
    fs::write(&list, listed).map_err(|error| format!("{}: {error}", list.display()))?;
    println!(
        "Fill in crates/rules/packs/{pack}/{name}.yaml and fixtures/rules/{id}/{{pass,fail}}.json, then run\n    tests/run -p probity --test suite -- rules::"
    );
    Ok(())
}

fn create(path: &Path, text: &str) -> Result<(), String> {
    let mut options = fs::File::options();
    let file = options.write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

/// The list of built-in packs with one more name, in its place.
fn enlist(source: &str, pack: &str, name: &str) -> Result<String, String> {
    let head = format!("    \"{pack}\": [\n        \"pack\",\n");
    let missing = || format!("crates/rules/src/pack.rs lists no pack {pack:?}");
    let start = source.find(&head).ok_or_else(missing)? + head.len();
    let end = start + source[start..].find("    ],\n").ok_or_else(missing)?;
    let line = format!("        \"{name}\",\n");
    let mut lines: Vec<&str> = source[start..end].split_inclusive('\n').collect();
    if lines.contains(&line.as_str()) {
        return Err(format!("{pack}.{name} is there already"));
    }
    lines.push(&line);
    lines.sort_unstable();
    Ok(format!("{}{}{}", &source[..start], lines.concat(), &source[end..]))
}

fn skeleton(name: &str) -> String {
    format!(
        "id: {name}\ntitle: What must be so, in a sentence\nlaw:\n  \
         - {{article: \"GDPR Art. 5(1)(a)\", link: \"https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_5\"}}\n\
         severity: medium\n# `probity facts --shape` lists the facts and their fields.\nneeds: [requests]\n\
         each: requests.requests\nas: request\n# What must be true of each; `when` says which of them the rule is about.\n\
         when: request.open\nexpect: request.verified\nsubject: \"{{request.id}}\"\n\
         message: \"what is wrong, with {{request.status}} where it helps\"\nplace: request.place\n\
         fix: What somebody has to do about it.\nsince: {}\n",
        env!("CARGO_PKG_VERSION")
    )
}

const FIXTURE: &str = r#"{
  "schema": "facts/1",
  "facts": [
    {"name": "requests", "collected": "2026-11-22T12:00:00Z", "sources": [], "gaps": [], "value": {"requests": []}}
  ],
  "missing": []
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_to_its_place_once() {
        let source = "x {\n    \"gdpr\": [\n        \"pack\",\n        \"a1\",\n        \"c1\",\n    ],\n};\n";
        let listed = enlist(source, "gdpr", "b1").unwrap();
        assert_eq!(listed, source.replace("\"a1\",\n", "\"a1\",\n        \"b1\",\n"));
        assert!(enlist(&listed, "gdpr", "b1").is_err());
        assert!(enlist(source, "soc9", "b1").is_err());
    }
}
