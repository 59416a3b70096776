//! A whole redaction of a PDF: all detectors, names, the audit, more rounds.

use std::sync::LazyLock;

use model::Fault;
use probity_redact::document::pdf::survivors;
use probity_redact::format::detect::Kind;
use probity_redact::{
    Case, Decisions, Detector, Limits, Means, Profile, Redaction, Scanner, Seen, Walked, Witness, look, take,
};

use super::judges::{clean, judge, run};
use super::memory::{Bytes, names};

/// The values of one walk.
#[derive(Default)]
struct Values(Vec<String>);

impl Witness for Values {
    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), Fault> {
        self.0.push(String::from_utf8_lossy(&seen.piece.text[seen.range.clone()]).into_owned());
        Ok(())
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.0.clear();
        Ok(())
    }
}

fn with<T>(
    case: &mut Case,
    values: &mut Values,
    act: impl FnOnce(Redaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    static SCANNER: LazyLock<Scanner> =
        LazyLock::new(|| Scanner::unproven(Detector::built_in().expect("they are sound")).expect("they are sound"));
    let profile = "name = 'labels'\nabout = 'Everything, by its label'\nunlisted = 'label'";
    let (profile, limits) = (Profile::parse(profile).expect("it is sound"), Limits::default());
    let decisions = Decisions::default();
    let means = Means {
        scanner: &SCANNER,
        profile: &profile,
        names: Some(&names),
        key: &[7; 32],
        decisions: &decisions,
        reversible: false,
        jobs: 1,
    };
    act(Redaction { kind: Kind::Pdf, means, case, lessons: None, witness: values, limits: &limits })
}

/// A PDF after its redaction.
pub(crate) struct Redacted {
    pub(crate) bytes: Vec<u8>,
    /// What was taken out.
    pub(crate) values: Vec<String>,
    pub(crate) walked: Walked,
}

/// Redacts a document.
pub(crate) fn redacted(input: &[u8]) -> Result<Redacted, Fault> {
    let (mut values, mut out) = (Values::default(), Bytes::default());
    let input = Bytes(input.to_vec());
    let walked = with(&mut Case::default(), &mut values, |redaction| take(&input, &mut out, redaction))?;
    Ok(Redacted { bytes: out.0, values: values.0, walked })
}

/// What is found in a document that is only looked at.
pub(crate) fn found(input: &[u8]) -> Vec<String> {
    let mut values = Values::default();
    let walked = with(&mut Case::default(), &mut values, |redaction| look(&mut &*input, redaction));
    walked.expect("it is read");
    values.0
}

/// Redacts a document and holds the output against every reader: none finds one of the values in it.
#[track_caller]
pub(crate) fn gone(what: &str, input: &[u8], values: &[&str]) -> Redacted {
    let done = redacted(input).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    let bytes: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    assert_eq!(survivors(&done.bytes, &bytes).expect("it is read again"), [0usize; 0], "{what}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("out.pdf");
    std::fs::write(&file, &done.bytes).expect("it is written");
    if judge("pdftotext") {
        for order in ["-raw", "-layout", "-nopgbrk"] {
            let read = run(std::process::Command::new("pdftotext").arg(order).arg(&file).arg("-")).1;
            let left = values.iter().find(|value| read.contains(**value));
            assert_eq!(left, None, "{what}, {order}: {read}");
        }
    }
    if judge("qpdf") {
        let (sound, said) = run(std::process::Command::new("qpdf").arg("--check").arg(&file));
        assert!(sound, "{what}: {said}");
        let plain = folder.path().join("plain.pdf");
        run(std::process::Command::new("qpdf").args(["--qdf", "--object-streams=disable"]).arg(&file).arg(&plain));
        let plain = String::from_utf8_lossy(&std::fs::read(plain).expect("it was written")).into_owned();
        assert_eq!(values.iter().find(|value| plain.contains(**value)), None, "{what}: {plain}");
    }
    clean(&file, values);
    let again = redacted(&done.bytes).unwrap_or_else(|fault| panic!("{what}, again: {fault}"));
    assert_eq!(again.values, [""; 0], "{what}: a second time finds something");
    assert!(again.bytes == done.bytes, "{what}: a second time changes the file");
    done
}
