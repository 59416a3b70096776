//! YAML, TOML and env files. The judges of shapes are saphyr-parser and toml.

use probity_redact::format::{env, toml_text, yaml};
use proptest::prelude::*;
use saphyr_parser::{Event, Parser};

use crate::kit::{laws, laws_apart, redacted, samples};

#[test]
fn samples_show_and_lose_what_is_expected() {
    samples("yaml", yaml::rewrite, &['"', '\n', ' ']);
    samples("toml", toml_text::rewrite, &['"']);
    samples("env", env::rewrite, &['"']);
}

fn check(rewrite: crate::kit::Rewrite, input: &str, expect: &str) {
    let output = redacted(rewrite, input.as_bytes()).unwrap();
    assert_eq!(str::from_utf8(&output).unwrap(), expect);
}

#[test]
fn yaml_loses_the_value_alone() {
    check(yaml::rewrite, "a: x Jan Muster # Jan Muster\n", "a: x [PERSON] # [PERSON]\n");
    check(yaml::rewrite, "a: Jan Muster\nb: 31612345678\n", "a: \"[PERSON]\"\nb: \"[PHONE]\"\n");
    check(yaml::rewrite, "a: 'it''s Jan Muster'\n", "a: 'it''s [PERSON]'\n");
    check(yaml::rewrite, "a: \"\\u004aan Muster\\n\"\n", "a: \"[PERSON]\\n\"\n");
    check(
        yaml::rewrite,
        "- {mail: jan@example.org, n: [x Jan Muster]}\n",
        "- {mail: \"[EMAIL]\", n: [\"x [PERSON]\"]}\n",
    );
    check(yaml::rewrite, "a: |\n  Jan Muster\n    more\nb: x\n", "a: |\n  [PERSON]\n    more\nb: x\n");
    check(yaml::rewrite, "a: x Jan\n  Muster\nb: y\n", "a: x [PERSON]\nb: y\n");
    check(yaml::rewrite, "jan@example.org: 1\n", "\"[EMAIL]\": 1\n");
    check(yaml::rewrite, "a: &anchor1 x\nb: *anchor1\n", "a: &anchor1 x\nb: *anchor1\n");
    check(yaml::rewrite, "a: *Jan Muster*\nb: [*x, *Jan Muster]\n", "a: \"*[PERSON]*\"\nb: [*x, \"*[PERSON]\"]\n");
    check(yaml::rewrite, "a: \"Jan\n  Muster\"\n", "a: \"[PERSON]\"\n");
}

#[test]
fn toml_loses_the_value_alone() {
    check(toml_text::rewrite, "a = 'Jan Muster' # Jan Muster\n", "a = '[PERSON]' # [PERSON]\n");
    check(toml_text::rewrite, "a = 31612345678\n", "a = \"[PHONE]\"\n");
    check(toml_text::rewrite, "a = \"\"\"\n\\u004aan Muster\\\n  x\"\"\"\n", "a = \"\"\"\n[PERSON]\\\n  x\"\"\"\n");
    check(toml_text::rewrite, "a = [ 'x', { b = \"Jan Muster\" } ]\n", "a = [ 'x', { b = \"[PERSON]\" } ]\n");
    check(toml_text::rewrite, "\"jan@example.org\" = 1\n", "\"[EMAIL]\" = 1\n");
    check(toml_text::rewrite, "a = \"quote\"\n", "a = \"a \\\"b\\\" 'c', d\\\\e;f&<g>: #h\\ti\"\n");
}

/// Words that are no keys are shown together: taken for keys they would be shown one by one.
#[test]
fn what_is_no_toml_is_shown_whole() {
    check(toml_text::rewrite, "Jan Muster\n", "[PERSON]\n");
    check(toml_text::rewrite, "[Jan Muster]\nx = 1\n", "[[PERSON]]\nx = 1\n");
    check(toml_text::rewrite, "a = { Jan Muster, b = 1 }\n", "a = { \"[PERSON]\", b = 1 }\n");
    check(toml_text::rewrite, "a.\"b c\" = [ Jan Muster ] Jan Muster\n", "a.\"b c\" = [ \"[PERSON]\" ] [PERSON]\n");
}

#[test]
fn env_files_lose_the_value_alone() {
    check(env::rewrite, "export A=jan@example.org # Jan Muster\n", "export A=[EMAIL] # [PERSON]\n");
    check(env::rewrite, "A='Jan Muster'\nB=\"Jan\\u0020Muster $x\"", "A='[PERSON]'\nB=\"[PERSON] $x\"");
    check(env::rewrite, "A=quote\n", "A=\"a \\\"b\\\" 'c', d\\\\e;f&<g>: #h\\ti\"\n");
    check(env::rewrite, "no assignment of Jan Muster\n", "no assignment of [PERSON]\n");
}

#[test]
fn too_deep_is_refused() {
    let deep = "[".repeat(300);
    assert_eq!(redacted(yaml::rewrite, format!("a: {deep}").as_bytes()).unwrap_err().code(), "yaml-too-deep");
    assert_eq!(redacted(toml_text::rewrite, format!("a = {deep}").as_bytes()).unwrap_err().code(), "toml-too-deep");
}

/// The kinds of events in order, if it is YAML.
fn events(yaml: &str) -> Option<String> {
    let kind = |event: &Event<'_>| match event {
        Event::Scalar(..) => 's',
        Event::SequenceStart(..) => '[',
        Event::SequenceEnd => ']',
        Event::MappingStart(..) => '{',
        Event::MappingEnd => '}',
        _ => ' ',
    };
    Parser::new_from_str(yaml).map(|event| event.ok().map(|(event, _)| kind(&event))).collect()
}

fn yaml_node() -> impl Strategy<Value = Vec<String>> {
    let leaf = prop_oneof![
        "[a-z][a-z é]{0,12}[a-z]".prop_map(|text| vec![text]),
        "[0-9]{1,9}".prop_map(|text| vec![text]),
        "'([a-z: #é]|'')[a-z ]{0,9}'".prop_map(|text| vec![text]),
        "\"[a-z: #é]{1,4}(\\\\n|\\\\u00e9|\\\\\")[a-z ]{0,9}\"".prop_map(|text| vec![text]),
        "\\[[a-z]{1,9}, '[a-z, ]{1,5}', \\{[a-z]{1,5}: [a-z]{1,5}\\}\\]".prop_map(|text| vec![text]),
        "[a-z]{1,9} [a-z]{1,9}\n  [a-z]{1,9}".prop_map(|text| vec![
            "|".to_owned(),
            text.replace("\n  ", " "),
            "more".to_owned()
        ]),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|items| { items.into_iter().flat_map(|item| attach("- ".to_owned(), item)).collect() }),
            prop::collection::vec(inner, 1..4).prop_map(|items| {
                let item = |(number, item)| attach(format!("key{number}: "), item);
                items.into_iter().enumerate().flat_map(item).collect()
            }),
        ]
    })
}

/// A value behind its dash or key: on the same line, or below.
fn attach(prefix: String, lines: Vec<String>) -> Vec<String> {
    let is_node = lines[0].starts_with("- ") || lines[0].starts_with("key");
    let is_block = lines[0] == "|";
    if lines.len() == 1 && !is_node || is_block {
        let rest = lines[1..].iter().map(|line| format!("  {line}"));
        return std::iter::once(prefix + &lines[0]).chain(rest).collect();
    }
    std::iter::once(prefix.trim_end().to_owned()).chain(lines.iter().map(|line| format!("  {line}"))).collect()
}

proptest! {
    #[test]
    fn the_laws_hold_in_yaml(lines in yaml_node(), seed: u64) {
        let input = lines.join("\n") + "\n# comment\n";
        prop_assume!(events(&input).is_some());
        let output = laws_apart(yaml::rewrite, input.as_bytes(), seed, &['"', '\\', ' ']).unwrap();
        let output = String::from_utf8(output).unwrap();
        prop_assert_eq!(events(&output), events(&input), "{}\n{}", input, output);
    }

    #[test]
    fn the_laws_hold_in_toml(
        values in prop::collection::vec(
            "\"[a-z #é]{0,9}\\\\u00e9[a-z]{0,3}\"|'[a-z \\\\]{0,9}'|[1-9][0-9]{0,9}|2026-01-01|true|\\[1, 'a b', \\[\"c\"\\]\\]|\\{a = 'x y', b\\.c = 2\\}|'''\n[a-z']{0,1}[a-z\n]{1,9}'''|\"\"\"[a-z\n\"]{0,1}[a-z ]{1,9}\"\"\"",
            0..8,
        ),
        seed: u64,
    ) {
        let line = |(number, value): (usize, &String)| format!("[t.\"a b\".t{number}]\nkey = {value} # note\n");
        let input: String = values.iter().enumerate().map(line).collect();
        let before: toml::Table = toml::from_str(&input).unwrap();
        let output = laws_apart(toml_text::rewrite, input.as_bytes(), seed, &['"']).unwrap();
        match toml::from_str::<toml::Table>(str::from_utf8(&output).unwrap()) {
            // Two keys of one table may have become the same.
            Err(error) => prop_assert!(error.message().contains("key"), "{} {}", error, input),
            Ok(after) => prop_assert!(before.is_empty() == after.is_empty()),
        }
    }

    #[test]
    fn anything_at_all_ends_in_output_or_a_fault(
        text in "[a-c:#'\"\\[\\]{},|>&*!?\n =\\\\.%-]{0,40}",
        bytes: Vec<u8>,
    ) {
        for rewrite in [yaml::rewrite, toml_text::rewrite, env::rewrite] {
            redacted(rewrite, &bytes).unwrap();
        }
        let printable: Vec<u8> = bytes.into_iter().filter(|byte| (0x20..0x7f).contains(byte)).collect();
        for input in [text.as_bytes(), &printable] {
            // Quotes may come, escapes with them, and what they hold goes on one line.
            let _ = laws_apart(yaml::rewrite, input, 1, &['"', '\\', '\n', ' ', '\t', '\r']);
            let _ = laws_apart(toml_text::rewrite, input, 1, &['"', '\\']);
            let _ = laws_apart(env::rewrite, input, 1, &['"', '\\']);
        }
        laws(env::rewrite, b"A=x\n", 1).unwrap();
    }
}
