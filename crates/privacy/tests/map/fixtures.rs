//! Every file under `fixtures/fideslang` says in its first line what is to be said about it; the `fideslang` package
//! judges whether what we accept is accepted there, and what we refuse refused.

use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Fault, Place};
use privacy::map::read::{self, Limits, Reading};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every sample of `folder`: name and text.
pub(crate) fn samples(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("fixtures/fideslang").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

pub(crate) fn read(text: &str) -> Result<Reading, Vec<Fault>> {
    read::read([(Path::new("map.yml"), text)], &Limits::default())
}

fn show(fault: &Fault) -> String {
    let place = fault.place().cloned().unwrap_or_default();
    assert_eq!(place.file.as_deref(), Some(Path::new("map.yml")), "{fault:?} names its file");
    assert!(fault.advice().is_some_and(|advice| advice.ends_with(['.', '?'])), "{fault:?}");
    format!("{} {}:{}", fault.code(), place.line, place.column)
}

fn said(text: &str, word: &str) -> Vec<String> {
    let line = text.lines().next().and_then(|line| line.strip_prefix(&format!("# {word}:")));
    let line = line.unwrap_or_else(|| panic!("the first line says no {word}: {text}"));
    let mut said: Vec<String> = line.split(';').map(|word| word.trim().to_owned()).collect();
    said.retain(|word| !word.is_empty());
    said.sort();
    said
}

/// What fideslang accepts is accepted, with exactly the warnings that the sample says, each in its place.
#[test]
fn valid_maps_are_accepted_with_exactly_their_warnings() {
    let mut wrong = Vec::new();
    for (path, text) in samples("valid") {
        let reading = read(&text).unwrap_or_else(|faults| panic!("{}: {faults:?}", path.display()));
        let mut warnings: Vec<String> = reading.warnings.iter().map(show).collect();
        warnings.sort();
        differ(&path, warnings, said(&text, "warns"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What fideslang refuses is refused, and so is a misspelt word of ours; every fault at once, each in its place.
#[test]
fn invalid_maps_are_refused_with_every_fault_in_its_place() {
    let mut wrong = Vec::new();
    for (path, text) in samples("invalid") {
        let faults = read(&text).err().unwrap_or_else(|| panic!("{} is accepted", path.display()));
        let mut shown: Vec<String> = faults.iter().map(show).collect();
        shown.sort();
        differ(&path, shown, said(&text, "fault"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differ(path: &Path, said: Vec<String>, expect: Vec<String>, wrong: &mut Vec<String>) {
    if said != expect {
        wrong.push(format!("{}: {} instead of {}", path.display(), said.join("; "), expect.join("; ")));
    }
}

/// The package says of every sample what we say, except of those that break only a rule of ours (`own_…`).
#[test]
fn fideslang_agrees() {
    let files: Vec<PathBuf> =
        ["valid", "invalid"].iter().flat_map(|folder| samples(folder)).map(|(path, _)| path).collect();
    let files: Vec<PathBuf> = files.into_iter().filter(|path| !name(path).starts_with("own_")).collect();
    let Some(verdicts) = fideslang(&files) else { return };
    for (path, verdict) in files.iter().zip(verdicts) {
        let expect = if path.parent().unwrap().ends_with("valid") { "accepts" } else { "refuses" };
        assert!(verdict.starts_with(expect), "{}: fideslang {verdict}", path.display());
    }
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// What the `fideslang` package says of each file: `accepts`, or `refuses` and why.
pub(crate) fn fideslang(files: &[PathBuf]) -> Option<Vec<String>> {
    let Some(python) = std::env::var_os("PROBITY_TEST_FIDES") else {
        assert!(std::env::var("PROBITY_TEST_JUDGES").as_deref() != Ok("required"), "PROBITY_TEST_FIDES is not set");
        eprintln!("SKIPPED: no Python with fideslang; tests/run makes one");
        return None;
    };
    let output = Command::new(python).arg(root().join("tests/judges/fides/dataset.py")).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verdicts: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(verdicts.len(), files.len());
    Some(verdicts)
}

/// Names with dots and nested fields are found by references, whichever way the dots fall.
#[test]
fn references_find_names_with_dots() {
    let reading =
        read(&samples("valid").into_iter().find(|(path, _)| name(path) == "vocabulary.yml").unwrap().1).unwrap();
    let dataset = &reading.map.datasets[0];
    let line = dataset.collection("sales.line").unwrap();
    let reference = &line.column("invoice").unwrap().references[0];
    assert_eq!((reference.collection.as_str(), reference.field.to_string().as_str()), ("sales.invoice", "no"));
    let note = &dataset.collection("note").unwrap().column("owner_id").unwrap().references[0];
    assert_eq!(note.when.as_ref().unwrap().1, "person");
    assert_eq!(
        (note.collection.as_str(), &note.place),
        ("sales.invoice", &Place::line(49, 37).in_file(Path::new("map.yml")))
    );
}

/// What only probity knows arrives as words; a dataset's word holds where a collection says nothing.
#[test]
fn settings_are_read_level_by_level() {
    let reading =
        read(&samples("valid").into_iter().find(|(path, _)| name(path) == "vocabulary.yml").unwrap().1).unwrap();
    let dataset = &reading.map.datasets[0];
    let invoice = dataset.collection("sales.invoice").unwrap();
    assert_eq!(dataset.store, "main");
    assert_eq!(invoice.erase_after, ["full.sales.line"]);
    assert_eq!(invoice.settings.word("retain.period"), Some("P10Y"));
    assert_eq!(invoice.settings.list("retain.anonymise"), ["billing_address", "contact.phone"]);
    assert_eq!(dataset.word(invoice, "retention"), Some("P10Y"));
    assert_eq!(dataset.word(dataset.collection("note").unwrap(), "retention"), Some("P3Y"));
    assert_eq!(dataset.list(invoice, "purposes"), ["Sale of goods"]);
    assert_eq!(invoice.column("person").unwrap().settings.flag("owner"), Some(false));
    assert_eq!(invoice.column("person").unwrap().settings.flag("provided"), Some(false));
    assert_eq!(invoice.settings.place("retain.law").unwrap().line, 23);
}
