//! Every file under `fixtures/openslo` says in its first lines what is to be said about it.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use slo::{Book, Reading};

fn folder(name: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/openslo").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), text)
    };
    files.into_iter().map(read).collect()
}

fn load(name: &str, text: &str, strict: bool) -> Result<Vec<String>, Vec<String>> {
    let reading = Reading { strict, ..Reading::default() };
    let show = |code: &str, place: Option<&model::Place>| {
        let place = place.unwrap_or_else(|| panic!("{name}: {code} says no place"));
        assert_eq!(place.file.as_deref(), Some(Path::new(name)), "{code} names its file");
        format!("{code} {}:{}", place.line, place.column)
    };
    match Book::load(vec![(name.into(), text.to_owned())], &reading) {
        Ok(book) => Ok(book.warnings().iter().map(|warning| show(warning.code, warning.place.as_ref())).collect()),
        Err(faults) => {
            for fault in faults.iter() {
                assert!(fault.advice().is_some_and(|advice| advice.ends_with(['.', '?'])), "{name}: {fault:?}");
            }
            Err(faults.iter().map(|fault| show(fault.code(), fault.place())).collect())
        }
    }
}

fn said(text: &str, word: &str) -> Vec<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("# {word}: ")));
    line.map(|line| line.split("; ").map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn valid_files_are_accepted_with_exactly_their_warnings() {
    let files = folder("valid");
    assert!(files.len() >= 8);
    for (name, text) in files {
        let (mut warnings, mut expect) = (load(&name, &text, false).unwrap(), said(&text, "warns"));
        warnings.sort();
        expect.sort();
        assert_eq!(warnings, expect, "{name}");
    }
}

#[test]
fn strict_reading_refuses_what_openslo_itself_refuses() {
    for (name, text) in folder("valid") {
        let expect = said(&text, "strict");
        match load(&name, &text, true) {
            Ok(_) => assert!(expect.is_empty(), "{name} is accepted"),
            Err(faults) => assert_eq!(faults[0], expect.join("; "), "{name}"),
        }
    }
}

#[test]
fn invalid_files_are_refused_with_every_fault_in_its_place() {
    let files = folder("invalid");
    assert!(files.len() >= 20);
    for (name, text) in files {
        let expect = said(&text, "fault");
        assert!(!expect.is_empty(), "{name} says no fault");
        assert_eq!(load(&name, &text, false).unwrap_err(), expect, "{name}");
        assert_eq!(load(&name, &text, true).unwrap_err()[0], expect[0], "{name}, strictly");
    }
}

/// What the linter of a peer says is said here too, and nothing that is said lacks a case.
#[test]
fn every_lint_code_has_a_case() {
    let texts: String = folder("valid").into_iter().map(|(_, text)| text.lines().next().unwrap().to_owned()).collect();
    let floor = [
        "all-alerts-disabled",
        "duplicate-alert-window",
        "label-name-chars",
        "no-alert-labels",
        "no-description",
        "no-severity-windows",
        "objective-low",
        "period-too-short",
        "reserved-label",
        "sli-fallback-asymmetry",
        "threshold-unreachable",
    ];
    for code in floor {
        assert!(texts.contains(code), "{code}");
    }
}

proptest! {
    /// Goal: no text makes the reader panic, and whatever is refused is refused with a place in its file.
    #[test]
    fn broken_files_are_refused_in_their_place(file in 0_usize..8, at in 0_usize..2000, with in "[ -~\n\t\u{e9}]{0,6}", cut in 0_usize..40) {
        let files = folder("valid");
        let (_, text) = &files[file % files.len()];
        let mut characters: Vec<char> = text.chars().collect();
        let start = at % characters.len();
        let end = (start + cut).min(characters.len());
        characters.splice(start..end, with.chars());
        let text: String = characters.into_iter().collect();
        if let Err(faults) = Book::load(vec![("x.yaml".into(), text)], &Reading::default()) {
            for fault in faults.iter() {
                prop_assert_eq!(fault.kind(), model::Kind::BadConfig);
                prop_assert!(fault.place().is_some_and(|place| place.file.is_some()), "{:?}", fault);
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Book::load(vec![("x.yaml".into(), text)], &Reading::default());
    }
}
