//! Other programs open what came out, and see none of the values.

mod container;

use std::path::Path;
use std::process::Command;

use container::{Finder, docx, judge, judge_path, odf, xlsx, zip};
use probity_redact::Limits;
use probity_redact::document::office;

const VALUES: [&str; 28] = [
    "alt-8899",
    "123-45-6789",
    "4321",
    "hidden-5550177",
    "neil-7",
    "muster.example",
    "mail%40muster",
    "555-0199",
    "5550199",
    "00112233",
    "box-7788",
    "Ada Muster",
    "Bob Beispiel",
    "AMU7",
    "remark-4455",
    "title-9911",
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111111111111000",
    "Muster AG",
    "0445556677",
    "CH9300762011623852957",
    "content-3344",
    "1985-03-01",
    "1985-03-02",
    "5500000000000004",
    "note-6655",
    "printer-of-ada-3322",
];

/// A document as LibreOffice saves it in another format.
fn saved(folder: &Path, file: &str, content: &[u8], format: &str) -> Vec<u8> {
    let path = folder.join(file);
    std::fs::write(&path, content).unwrap();
    let ran =
        Command::new(judge_path("office_open")).arg(folder.join("saved")).arg(format).arg(&path).output().unwrap();
    assert!(ran.status.success(), "{file}: {}", String::from_utf8_lossy(&ran.stderr));
    let (name, _) = file.rsplit_once('.').unwrap();
    std::fs::read(folder.join("saved").join(format!("{name}.{format}"))).unwrap()
}

/// LibreOffice's own words for a document, without markup.
fn opened(folder: &Path, file: &str, content: &[u8]) -> String {
    let format = match file.rsplit_once('.').unwrap().1 {
        "docx" | "odt" => "fodt",
        "xlsx" | "ods" => "fods",
        _ => "fodp",
    };
    let xml = String::from_utf8(saved(folder, file, content, format)).unwrap();
    let mut text = String::new();
    for piece in xml.split('<') {
        let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
        text.push_str(words);
        // Attributes hold dates, numbers and authors.
        tag.split('"').skip(1).step_by(2).for_each(|value| text.extend([" \u{1}", value, "\u{1} "]));
    }
    without_attributes(&text) + &text
}

/// The words alone, so that a value split over elements is one.
fn without_attributes(text: &str) -> String {
    text.split('\u{1}').step_by(2).map(|words| words.trim_matches(' ')).collect()
}

/// LibreOffice opens every kind of document; what it showed before, it does not show after.
#[test]
fn libreoffice_opens_the_output_and_shows_no_value() {
    if !judge("soffice") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (kind, files, stays) in [
        ("docx", docx(), "stays."),
        ("xlsx", xlsx(), "plain"),
        ("odt", odf("odt"), "stays."),
        ("ods", odf("ods"), "Card"),
    ] {
        let input = zip(&files);
        let before = opened(folder.path(), &format!("before.{kind}"), &input);
        let shown = VALUES.iter().filter(|value| before.contains(*value)).count();
        assert!(shown >= 4, "{kind}: the judge sees too little: {shown}");
        check(folder.path(), kind, &input, stays);
    }
}

/// Redacts a document and lets LibreOffice open it.
fn check(folder: &Path, kind: &str, input: &[u8], stays: &str) {
    let mut finder = Finder::new(&VALUES);
    let output =
        office::rewrite(input, &mut finder, &Limits::default()).unwrap_or_else(|fault| panic!("{kind}: {fault:?}"));
    let after = opened(folder, &format!("after.{kind}"), &output.bytes);
    assert!(after.contains(stays) && after.contains("[X]"), "{kind}: {after}");
    for value in VALUES {
        assert!(!after.contains(value), "{kind} still shows {value}");
    }
    let twice = office::rewrite(&output.bytes, &mut Finder::new(&VALUES), &Limits::default()).unwrap();
    assert!(twice.bytes == output.bytes, "{kind}: redacting twice is not redacting once");
}

/// Documents as LibreOffice writes them, in all six formats.
#[test]
fn what_libreoffice_writes_loses_its_values() {
    if !judge("soffice") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let slides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/redact/office/slides.fodp");
    let slides = std::fs::read(slides).unwrap();
    for (from, input, to, stays) in [
        ("odt", zip(&odf("odt")), "docx", "stays."),
        ("docx", zip(&docx()), "odt", "stays."),
        ("ods", zip(&odf("ods")), "xlsx", "Card"),
        ("xlsx", zip(&xlsx()), "ods", "Card"),
        ("fodp", slides.clone(), "pptx", "stays."),
        ("fodp", slides, "odp", "stays."),
    ] {
        let written = saved(folder.path(), &format!("from.{from}"), &input, to);
        check(folder.path(), to, &written, stays);
    }
}

/// Another program reads the container, entry by entry.
#[test]
fn unzip_finds_the_container_sound() {
    if !judge("unzip") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = office::rewrite(&zip(&docx()), &mut Finder::new(&VALUES), &Limits::default()).unwrap();
    let path = folder.path().join("after.docx");
    std::fs::write(&path, output.bytes).unwrap();
    let ran = Command::new("unzip").arg("-tq").arg(&path).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}
