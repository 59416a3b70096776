//! Readers of PDF that are not ours.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether a judge may be used. Under `PROBITY_TEST_JUDGES` a missing one is a failure.
pub(crate) fn judge(tool: &str) -> bool {
    let there = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
    let there = there.is_ok_and(|out| out.status.success());
    assert!(there || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "a required judge is missing: {tool}");
    if !there {
        eprintln!("skipped: {tool} is not installed");
    }
    there
}

/// The Python that has `tests/requirements-redact-pdf.txt`.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("PROBITY_TEST_PDF_PYTHON").map(PathBuf::from);
    let missing = python.is_none() && std::env::var_os("PROBITY_TEST_JUDGES").is_some();
    assert!(!missing, "a required judge is missing: PROBITY_TEST_PDF_PYTHON names no Python");
    python
}

pub(crate) fn run(command: &mut Command) -> (bool, String) {
    let out = command.output().expect("a judge starts");
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.success(), text)
}

pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What `pdftotext` reads.
pub(crate) fn read(file: &Path) -> Option<String> {
    let arguments = [file.as_os_str(), "-".as_ref()];
    judge("pdftotext").then(|| squeezed(&run(Command::new("pdftotext").args(arguments)).1))
}

/// Programs that look for what redactions forget find nothing.
#[track_caller]
pub(crate) fn clean(file: &Path, values: &[&str]) {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/redact/pdf_clean.py");
    let (clean, said) = run(Command::new(python).arg(script).arg(file).args(values));
    assert!(clean, "{}: {said}", file.display());
}
