//! Every file under `fixtures/openslo` says in its first lines what is to be said about it.

use std::path::{Path, PathBuf};

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
