//! The profiles over a small case; the PDF room judges the pages.

use std::path::Path;
use std::process::Command;

use model::{Hidden, Place};
use seal::sha256;

use super::*;
use crate::case::Case;
use crate::package::{Build, Tool};
use crate::report::Report;
use crate::{Act, NewExhibit};

/// Says what a report says, as text. It has no glyph for 日.
struct Told;

impl Renderer for Told {
    fn render(&self, _report: &Report) -> Result<Vec<u8>, Fault> {
        panic!("what is filed bears no signature of its own");
    }

    fn render_unsigned(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        let text = String::from_utf8(draft::text(&report.blocks)).unwrap();
        if text.contains('日') {
            return Err(Fault::refused("missing-glyph", "no font has 日").at(Place::file("x")));
        }
        let head = format!(
            "{} | {:?} | {} | {} | {} | {:?}\n",
            report.title,
            report.paper,
            report.flattened,
            report.watermark,
            report.marking,
            report.bates.as_ref().map(|bates| bates.page(0))
        );
        Ok([head.as_bytes(), text.as_bytes()].concat())
    }

    fn pages(&self, file: &[u8]) -> Option<u64> {
        Some((file.len() as u64).div_ceil(3_000))
    }
}

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_767_258_000 + seconds).unwrap()
}

const EXHIBITS: [(&str, &str, &[u8]); 5] = [
    ("/home/anna.muster/access.log", "Access log of host web-1", b"10.0.0.1 GET / 200\n"),
    ("Anna Muster.bin", "=CMD(1), \"quoted\"", b"\x00\x01\x02"),
    ("empty.txt", "", b""),
    ("japanese.txt", "Notes", "first\n日本\n".as_bytes()),
    ("contract.pdf", "The contract", b"%PDF-1.7\n"),
];

/// A case with the exhibits above and a log of two thousand lines.
fn case(root: &Path) -> Case {
    let act = |seconds| Act { time: at(seconds), by: "R. Examiner", purpose: "first copy" };
    let mut case = Case::create(root, "2026-017", "Slow <answers> & \u{202e}more", &act(0)).unwrap();
    let long = (0..20_000).map(|n| format!("line {n:06}\n")).collect::<String>();
    let all = EXHIBITS.iter().copied().chain([("long.log", "A long log", long.as_bytes())]);
    for (n, (name, description, mut bytes)) in all.enumerate() {
        case.add(&mut bytes, NewExhibit { name, description }, &act(60 + n as i64), &Hidden).unwrap();
    }
    case
}

fn order(created: Instant) -> Build {
    let tool = Tool { name: "probity".to_owned(), version: "0.1.0".to_owned() };
    Build {
        created,
        marking: String::new(),
        watermark: String::new(),
        visible_signature: false,
        tool,
        ledger: None,
        court: Settings::default(),
    }
}

fn document(case: &Case, build: &Build) -> Document {
    Document::compose(case, build, ("SHA256:x", &[]), &crate::contents::Contents::read(case).unwrap()).unwrap()
}

/// A desk with nobody who signs and no clock but our own.
fn desk<'d>(document: &'d Document, created: Instant, read: Read<'d>) -> Desk<'d> {
    let (sign, stamp): (Sign, Stamp) = (&|_| Ok(None), &|_| Ok(None));
    Desk { document, created, certificates: &[], read, sign, stamp, renderer: &Told }
}

struct Made {
    filings: Filings,
    _folder: tempfile::TempDir,
}

impl Made {
    fn text(&self, name: &str) -> String {
        let (_, bytes) =
            self.filings.files.iter().find(|(path, _)| *path == filing(name)).unwrap_or_else(|| panic!("{name}"));
        String::from_utf8(bytes.clone()).unwrap()
    }

    fn names(&self) -> Vec<&str> {
        self.filings.files.iter().map(|(path, _)| path.strip_prefix(FILING).unwrap()).collect()
    }
}

fn make(settings: &Settings, signed: bool) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let case = case(folder.path());
    let build = Build { marking: "CONFIDENTIAL".to_owned(), ..order(at(3600)) };
    let document = document(&case, &build);
    let read = |path: &str, most: u64| {
        let mut bytes = std::fs::read(case.folder().join(path.strip_prefix("data/").unwrap())).unwrap();
        bytes.truncate(most as usize);
        Ok(bytes)
    };
    let desk = Desk {
        sign: &|bytes| Ok(signed.then(|| format!("signed {}", sha256(bytes)).into_bytes())),
        stamp: &|digest| Ok(signed.then(|| format!("stamped {digest}").into_bytes())),
        ..desk(&document, build.created, &read)
    };
    let filings = filings(settings, &desk).unwrap();
    assert_eq!(filings, super::filings(settings, &desk).unwrap(), "same case, same files");
    Made { filings, _folder: folder }
}

fn settings(profile: Profile) -> Settings {
    Settings { profile, ..Settings::default() }
}

#[test]
fn plain_adds_nothing_and_eu_wants_a_certificate() {
    assert_eq!(make(&settings(Profile::Plain), true).filings, Filings::default());
    let root = tempfile::tempdir().unwrap();
    let created = at(0);
    let (pem, own) = seal::x509::self_signed(&[7; 32], "R. Examiner", created, at(86_400)).unwrap();
    drop(pem);
    let case = case(root.path());
    let build = order(at(200_000));
    let document = document(&case, &build);
    let none = desk(&document, build.created, &|_, _| Ok(Vec::new()));
    assert_eq!(filings(&settings(Profile::Eu), &none).unwrap_err().code(), "court-signer-missing");
    let one = Desk { certificates: &[own], ..none };
    let made = filings(&settings(Profile::Eu), &one).unwrap();
    assert!(made.files.is_empty());
    assert!(made.warnings[0].contains("and not now") && made.warnings[1].contains("signed by itself"), "{made:?}");
}

#[test]
fn the_us_copies_are_flattened_and_come_with_proofs_and_drafts() {
    let bates = crate::report::Bates { prefix: "ACME".to_owned(), first: 1, digits: 6 };
    let made = make(&Settings { bates: Some(bates), ..settings(Profile::UsEcf) }, true);
    let mut names = made.names();
    names.sort_unstable();
    let expect = [
        "README.txt",
        "certification_DRAFT.pdf",
        "certification_DRAFT.txt",
        "filing.xml",
        "report.pdf",
        "report.pdf.p7s",
        "report.pdf.tsr",
    ];
    assert_eq!(names, expect);
    let report = made.text("report.pdf");
    assert!(report.contains("| Letter | true |") && report.contains("Some(\"ACME000001\")"), "{report}");
    let digest = sha256(report.as_bytes());
    assert_eq!(made.text("report.pdf.p7s"), format!("signed {digest}"));
    assert_eq!(made.text("report.pdf.tsr"), format!("stamped {digest}"));
    assert!(made.text("README.txt").contains(&digest.hex()));
    for draft in [made.text("certification_DRAFT.txt"), made.text("certification_DRAFT.pdf")] {
        let words = draft.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "DRAFT – NOT SIGNED",
            "I declare under penalty of perjury that the foregoing is true and correct.",
            "I declare under penalty of perjury under the laws of the United States of America that the foregoing is true and correct.",
            "____",
            "SHA-256",
            "EX-006",
        ] {
            assert!(words.contains(said), "{said}: {words}");
        }
        assert!(!words.contains("Examiner") && !words.contains("Muster"), "a draft names nobody: {words}");
    }
    let pdf = made.text("certification_DRAFT.pdf");
    assert!(pdf.contains("| Letter | true | DRAFT – NOT SIGNED | DRAFT – NOT SIGNED | None"), "{pdf}");
}

#[test]
fn what_is_missing_is_said() {
    let made = make(&settings(Profile::UsEcf), false);
    assert!(!made.names().iter().any(|name| name.ends_with(".p7s") || name.ends_with(".tsr")));
    assert!(made.filings.warnings.iter().any(|warning| warning.contains("no detached signatures")));
    assert!(made.filings.warnings.iter().any(|warning| warning.contains("should name nobody")));
    assert!(!made.text("README.txt").contains("openssl"));
    let small = Settings { file_bytes: 1_000, ..settings(Profile::UsEcf) };
    let folder = tempfile::tempdir().unwrap();
    let case = Case::create(folder.path(), "1", "T", &Act { time: at(0), by: "x", purpose: "y" }).unwrap();
    let build = order(at(1));
    let document = document(&case, &build);
    let desk = desk(&document, at(1), &|_, _| Ok(Vec::new()));
    assert_eq!(filings(&small, &desk).unwrap_err().code(), "filing-limit");
    let empty = filings(&settings(Profile::UkBundle), &desk).unwrap();
    let bundle = empty.files.iter().find(|(path, _)| path.ends_with("bundle.pdf")).unwrap();
    assert!(String::from_utf8_lossy(&bundle.1).contains("The case has no exhibits."));
}

/// The schemas of OASIS ECF 5.0, unpacked, in the folder that `PROBITY_TEST_ECF` names (`schema/filing.xsd` below it). They are not
/// ours to hand on; without them the message is only held against the rules of XML.
#[test]
fn the_filing_message_is_valid_under_the_schema_of_ecf() {
    let made = make(&settings(Profile::UsEcf), true);
    let message = made.text("filing.xml");
    for said in [
        "<nc:CaseTitleText>Slow &lt;answers&gt; &amp; ",
        "<nc:BinaryURI>../exhibits/EX-001/</nc:BinaryURI>",
        "<nc:DocumentTitleText>Exhibit EX-006</nc:DocumentTitleText>",
        &sha256(made.text("report.pdf").as_bytes()).hex(),
        &sha256(EXHIBITS[0].2).hex(),
    ] {
        assert!(message.contains(said), "{said}: {message}");
    }
    assert!(!message.contains("Muster") && !message.contains("CMD(1)") && !message.contains('@'), "{message}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filing.xml");
    std::fs::write(&path, message).unwrap();
    let mut judge = Command::new("xmllint");
    judge.args(["--nonet", "--noout"]);
    let schema = std::env::var_os("PROBITY_TEST_ECF");
    if schema.is_none() {
        eprintln!("PROBITY_TEST_ECF names no schemas of ECF 5.0: the message is only well-formed");
    }
    if let Some(schema) = schema {
        judge.arg("--schema").arg(with_slashes(&Path::new(&schema).join("schema"), &folder.path().join("schema")));
    }
    let output = judge.arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A copy of the schemas whose references have slashes: those of OASIS have backslashes, which only some programs follow.
fn with_slashes(from: &Path, to: &Path) -> std::path::PathBuf {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let copy = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            with_slashes(&entry, &copy);
        } else if entry.extension().is_some_and(|ending| ending == "xsd") {
            let schema = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
            let lines = schema.split("schemaLocation=\"").enumerate().map(|(at, part)| match part.split_once('"') {
                Some((place, rest)) if at > 0 => format!("schemaLocation=\"{}\"{rest}", place.replace('\\', "/")),
                _ => part.to_owned(),
            });
            std::fs::write(copy, lines.collect::<String>()).unwrap();
        }
    }
    to.join("filing.xsd")
}

#[test]
fn the_uk_bundle_has_every_part_and_says_what_it_does_not_print() {
    let made = make(&settings(Profile::UkBundle), false);
    assert_eq!(made.names(), ["README.txt", "bundle.pdf", "schedule.csv", "statement_DRAFT.txt"]);
    let bundle = made.text("bundle.pdf");
    for said in [
        "Index\n-----\n",
        "A. Evidence report\n====",
        "B. Statement (DRAFT – NOT SIGNED)\n====",
        "C. Schedule of exhibits\n====",
        "Exhibit EX-001 (text)\n-----",
        "Exhibit EX-002 (slip sheet)\n-----",
        "    10.0.0.1 GET / 200\n",
        "It is no text in UTF-8.",
        "The file is empty.",
        "fonts at hand do not have",
        "It is a PDF file.",
        "line 000000\n",
        "Not all of this exhibit is printed.",
        "| A4 | false |",
        "| CONFIDENTIAL |",
    ] {
        assert!(bundle.contains(said), "{said}: {}", &bundle[..bundle.len().min(20_000)]);
    }
    assert!(!bundle.contains("line 019999"));
    let titles: Vec<&str> = bundle
        .lines()
        .zip(bundle.lines().skip(1))
        .filter(|(_, next)| next.starts_with("---"))
        .map(|(title, _)| title)
        .collect();
    assert!(!titles.iter().any(|title| title.contains("Muster") || title.contains("access")), "{titles:?}");
    let statement = made.text("statement_DRAFT.txt").split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "DRAFT – NOT SIGNED",
        "(Criminal Procedure Rules, r 16.2; Criminal Justice Act 1967, s 9)",
        "is true to the best of my knowledge and belief and I make it knowing that, if it is tendered in evidence, I shall be liable to \
         prosecution if I have wilfully stated in it anything which I know to be false, or do not believe to be true.",
        "Signature (witness)",
        "EX-001",
    ] {
        assert!(statement.contains(said), "{said}: {statement}");
    }
    let schedule = made.text("schedule.csv");
    assert_eq!(schedule.matches("\r\n").count(), 7);
    assert!(
        schedule.contains("2,EX-002,\"'=CMD(1), \"\"quoted\"\"\",data/exhibits/EX-002/Anna_Muster.bin,3,"),
        "{schedule}"
    );
    assert_eq!(made.filings.warnings.len(), 3, "{:?}", made.filings.warnings);
}

#[test]
fn a_changed_exhibit_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(folder.path());
    let build = order(at(3600));
    let document = document(&case, &build);
    let desk = desk(&document, at(3600), &|_, _| Ok(b"10.0.0.2 GET / 200\n".to_vec()));
    assert_eq!(filings(&settings(Profile::UkBundle), &desk).unwrap_err().code(), "exhibit-changed");
}

#[test]
fn every_profile_has_a_word() {
    for (profile, word) in Profile::ALL {
        assert_eq!((profile.word(), Profile::parse(word)), (word, Some(profile)));
    }
    assert_eq!(Profile::parse("US-ECF"), None);
}

#[test]
fn names_of_filed_files_are_plain() {
    let check = |name: &str, expect| assert_eq!(check_name(&filing(name)).is_ok(), expect, "{name}");
    for good in ["report.pdf", "report_part_2_of_12.pdf", "report.pdf.p7s", "report.pdf.tsr", "README.txt"] {
        check(good, true);
    }
    let long = format!("{}.pdf", "a".repeat(Limits::FILING_NAME_BYTES));
    for bad in ["a b.pdf", "a.b.pdf", "a(1).pdf", "report", ".pdf", "a-b.pdf", "ä.pdf", "x/report.pdf", &long] {
        check(bad, false);
    }
}

#[test]
fn what_could_deceive_is_shown() {
    assert_eq!(shown("a\nb\u{1b}[31m\u{202e}c"), "a b<U+001B>[31m<U+202E>c");
}

#[test]
fn an_original_that_was_redacted_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(folder.path());
    let mut document = document(&case, &order(at(3600)));
    let redacted = r#"{"log":"EX-004","of":"EX-001","copy":"EX-003","problem":null,"time":null,"actor":null,"tool":null,"profile":null,
        "basis":null,"total":0,"counts":[],"removed":[],"unscanned":[]}"#;
    document.wire.redactions.push(serde_json::from_str(redacted).unwrap());
    document.wire.exhibits.truncate(3);
    let read = |path: &str, _: u64| Ok(std::fs::read(case.folder().join(path.strip_prefix("data/").unwrap())).unwrap());
    let made = filings(&settings(Profile::UkBundle), &desk(&document, at(3600), &read)).unwrap();
    let bundle = String::from_utf8_lossy(&made.files[1].1);
    assert!(
        bundle.contains("There is a redacted copy of it, exhibit EX-003") && !bundle.contains("10.0.0.1"),
        "{bundle}"
    );
}

#[test]
fn drafts_say_that_there_is_reasoning_of_machines() {
    let folder = tempfile::tempdir().unwrap();
    let mut case = case(folder.path());
    let record = include_bytes!("../../../../fixtures/reasoning/valid/nothing-known.json");
    let act = Act { time: at(120), by: "R. Examiner", purpose: "asked" };
    case.record_reasoning(record, &crate::Handling::default(), &act).unwrap();
    let document = document(&case, &order(at(3600)));
    let read = |path: &str, _: u64| Ok(std::fs::read(case.folder().join(path.strip_prefix("data/").unwrap())).unwrap());
    let desk = desk(&document, at(3600), &read);
    for (profile, name) in [(Profile::UsEcf, "certification_DRAFT.txt"), (Profile::UkBundle, "statement_DRAFT.txt")] {
        let made = filings(&settings(profile), &desk).unwrap();
        let (_, text) = made.files.into_iter().find(|(path, _)| *path == filing(name)).unwrap();
        let words = String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("1 record of what a language model was asked and answered"), "{words}");
    }
}
