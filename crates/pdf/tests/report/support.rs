//! What the tests share: a report around blocks, and the judges.

use std::path::{Path, PathBuf};
use std::process::Command;

use evidence::Renderer;
use evidence::report::{Attachment, Block, Paper, Report};
use model::Instant;
use probity_pdf::Pdf;

pub(crate) fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_767_258_000 + seconds).unwrap()
}

pub(crate) fn report(blocks: Vec<Block>) -> Report {
    Report {
        title: "Test".to_owned(),
        case: "1".to_owned(),
        marking: "CONFIDENTIAL".to_owned(),
        watermark: "DRAFT".to_owned(),
        language: "en".to_owned(),
        producer: "probity 0.1.0".to_owned(),
        created: at(0),
        paper: Paper::A4,
        bates: None,
        flattened: false,
        blocks,
        attachments: vec![Attachment {
            name: "case.json".to_owned(),
            media_type: "application/json".to_owned(),
            description: "The content".to_owned(),
            bytes: b"{}".to_vec(),
        }],
    }
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// veraPDF: what `VERAPDF` names, or the copy that the tests install.
pub(crate) fn verapdf() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/verapdf");
    std::env::var_os("VERAPDF").map_or_else(own, PathBuf::from)
}

/// The words of a PDF, as pdftotext reads them from top to bottom. qpdf and veraPDF judge the file.
pub(crate) fn words(pdf: &[u8], name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, pdf).unwrap();
    run(Command::new("qpdf").arg("--check").arg(&path));
    run(Command::new(verapdf()).arg("3a,ua1").arg(&path));
    run(Command::new("pdftotext").arg("-layout").arg(&path).arg("-"))
}

/// The pages of a report, as pdftotext reads them; no other judge.
pub(crate) fn pages(report: &Report, name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, Pdf::default().render(report).unwrap()).unwrap();
    let text = run(Command::new("pdftotext").arg("-layout").arg(&path).arg("-"));
    text.split('\u{c}').filter(|page| !page.trim().is_empty()).map(str::to_owned).collect()
}
