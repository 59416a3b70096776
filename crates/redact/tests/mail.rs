//! Mail: every header and part is visited, decoded; an edit changes its own header or part and nothing else.

mod container;

use container::{Finder, judge, judge_path};
use model::Fault;
use probity_redact::document::mail::{self, Unknown};
use probity_redact::document::{Rewritten, office};
use probity_redact::{Decide, Edit, Limits, Offsets, Piece, Spot};

/// Reads CSV as lines, as the command reads any text.
fn attachments(bytes: &[u8], name: &str, media: &str, decide: &mut dyn Decide) -> Result<Option<Vec<u8>>, Fault> {
    if name.ends_with(".docx") {
        return office::rewrite(bytes, decide, &Limits::default()).map(|rewritten| Some(rewritten.bytes));
    }
    if media != "text/csv" {
        return Ok(None);
    }
    let offsets = Offsets::Straight { start: 0, line: 1 };
    let edits = decide.decide(&Piece { text: bytes, names: &[], spot: Spot::Text, offsets, prose: false })?;
    let mut text = bytes.to_vec();
    for Edit { range, with } in edits.into_iter().rev() {
        text.splice(range, with.into_bytes());
    }
    Ok(Some(text))
}

fn rewrite(input: &[u8], decide: &mut dyn Decide) -> Result<Rewritten, Fault> {
    mail::rewrite(input, Unknown::Remove, &mut attachments, decide, &Limits::default())
}

fn fixture(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/redact/mail").join(name);
    std::fs::read(path).unwrap()
}

/// Takes `values` out and looks for them in everything that the output shows when it is walked again.
fn check(input: &[u8], values: &[&str]) -> (Finder, Rewritten) {
    let mut finder = Finder::new(values);
    let output = rewrite(input, &mut finder).unwrap();
    for value in values {
        assert!(finder.seen.iter().any(|seen| seen.2.contains(value)), "{value} was never shown");
    }
    let mut again = Finder::new(values);
    let twice = rewrite(&output.bytes, &mut again).unwrap();
    let text = String::from_utf8_lossy(&output.bytes).into_owned();
    for (part, path, shown, _) in &again.seen {
        assert!(!values.iter().any(|value| shown.contains(value)), "{part} {path} still shows a value:\n{text}");
    }
    assert!(values.iter().all(|value| !text.contains(value)), "{text}");
    assert!(twice.bytes == output.bytes, "redacting twice is not redacting once");
    (finder, output)
}

const EVERYTHING: [&str; 34] = [
    "123-45-6789",
    "ada@muster.example",
    "relay-4433",
    "Ada Müller-77",
    "Bob Beispiel",
    "bob@muster.example",
    "carl@muster.example",
    "5551234567",
    "preamble-12",
    "Ada Muster",
    "00112233",
    "Jörg knows",
    "html-title-11",
    "html@muster.example",
    "0445556677",
    "link@muster.example",
    "tip-7788",
    "alt-8899",
    "at@muster.example",
    "Jörg",
    "Müller-99",
    "inner@muster.example",
    "inner-subject-55 für",
    "inner-body-66",
    "Ada Muster 123",
    "csv-5577",
    "carl.bin",
    "0447778899",
    "epilogue-34",
    "x@y.example",
    "host.example",
    "10:00:00",
    "somewhere",
    "is open",
];

/// One mail with a value in every layer.
#[test]
fn a_mail_loses_its_values() {
    let input = fixture("everything.eml");
    // Values that hold others would make edits that overlap.
    let values: Vec<&str> =
        EVERYTHING.into_iter().filter(|value| !["Ada Muster 123", "Jörg knows"].contains(value)).collect();
    let (finder, output) = check(&input, &values);
    let text = String::from_utf8_lossy(&output.bytes).into_owned();
    assert!(text.contains("Subject: =?utf-8?Q?Case_=5BX=5D?=\r\n =?utf-8?Q?_=5BX=5D?=\r\n"), "{text}");
    assert!(text.contains("To: \"[X]\" <[X]>,\r\n Carl <[X]>\r\n"), "{text}");
    assert!(text.contains("--=_part_0\r\n") && text.contains("--=_part_0--\r\n") && !text.contains("outer_"), "{text}");
    assert!(text.contains("filename*0*=utf-8''%5BX%5D;\r\n filename*1*=%20123.csv"), "{text}");
    assert!(text.contains("[An attachment was removed: it could not be read.]") && !text.contains("data of"), "{text}");
    assert!(text.contains("FN:[X]\r\n \r\nTEL:[X]\r\n"), "{text}");
    assert_eq!(finder.names_of("0445556677"), ["First", "Phone"]);
    assert_eq!(finder.names_of("0447778899"), ["TEL"]);
    assert_eq!(finder.names_of("123-45-6789"), ["Subject"]);
    assert!(finder.saw("Dear Ada Muster, your number is 123-45-6789."));
    assert_eq!(output.removed.len(), 1);
    assert!(finder.seen.iter().any(|seen| seen.0 == "3!message" && seen.1 == "header Subject"));
}

/// What has no edit is the same, byte for byte: with CRLF, LF, and in a mailbox.
#[test]
fn what_has_no_edit_is_the_same() {
    for name in ["plain.eml", "two.mbox"] {
        let input = fixture(name);
        let output = rewrite(&input, &mut Finder::default()).unwrap();
        assert!(output.bytes == input, "{name}");
    }
    let input = String::from_utf8_lossy(&fixture("everything.eml")).replace("octet-stream", "x-known");
    let mut known = |_: &[u8], _: &str, _: &str, _: &mut dyn Decide| Ok(Some(Vec::new()));
    let mut same = |bytes: &[u8], _: &str, _: &str, _: &mut dyn Decide| Ok(Some(bytes.to_vec()));
    let limits = Limits::default();
    let output = mail::rewrite(input.as_bytes(), Unknown::Refuse, &mut same, &mut Finder::default(), &limits).unwrap();
    assert!(output.bytes == input.as_bytes());
    // An edit of one attachment leaves everything before it as it was.
    let output = mail::rewrite(input.as_bytes(), Unknown::Refuse, &mut known, &mut Finder::default(), &limits).unwrap();
    let at = input.find("Name,Phone").unwrap();
    assert!(output.bytes[..at] == input.as_bytes()[..at] && output.bytes.len() < input.len());
}

/// Every message of a mailbox, and the line before it; no edit makes a line that begins another message.
#[test]
fn a_mailbox_loses_its_values() {
    let (_, output) = check(&fixture("two.mbox"), &["ada@muster.example", "bob@muster.example", "box-11"]);
    let text = String::from_utf8(output.bytes).unwrap();
    assert!(text.starts_with("From [X] Mon Mar  2 10:00:00 2026\nFrom: [X]\n"), "{text}");
    assert!(text.contains("\n>From here it is quoted\n\nFrom [X] Mon"), "{text}");
    let mut finder = Finder::new(&["\nremove-me "]);
    finder.with = "\n\n";
    let output = rewrite(&fixture("two.mbox"), &mut finder).unwrap();
    assert!(String::from_utf8(output.bytes).unwrap().contains("\n>From a line\n"));
}

/// What cannot be read is refused by name.
#[test]
fn hostile_mail_is_refused() {
    let cases: [(&str, &str); 13] = [
        ("no header\n\nbody", "bad-mail"),
        ("", "bad-mail"),
        ("A: b\nno header\n\nbody", "bad-mail"),
        ("Content-Type: multipart/mixed\n\nbody", "bad-mail"),
        ("Content-Type: multipart/mixed; boundary=x\n\nbody", "bad-mail"),
        ("Content-Type: text/plain\nContent-Type: text/html\n\nbody", "bad-mail"),
        ("Content-Type: text/plain; charset=utf-7\n\nbody", "unsupported-charset"),
        ("Content-Transfer-Encoding: x-uuencode\n\nbody", "unsupported-encoding"),
        ("Content-Transfer-Encoding: base64\n\nAAAA\n--footer", "unsupported-encoding"),
        ("Content-Type: multipart/encrypted; boundary=x\n\n--x\n\n--x--\n", "mail-encrypted"),
        ("Content-Type: application/pkcs7-mime\n\nAAAA", "mail-encrypted"),
        ("A: b\n\n-----BEGIN PGP MESSAGE-----\n\nx", "mail-encrypted"),
        ("A: b\n\nsee\nbegin 644 a.txt\n#:F%N\n`\nend\n", "unsupported-encoding"),
    ];
    for (input, code) in cases {
        assert_eq!(rewrite(input.as_bytes(), &mut Finder::default()).unwrap_err().code(), code, "{input}");
    }
    let input = "Content-Type: application/x-thing\nA: b\n\nbody\n";
    let fault =
        mail::rewrite(input.as_bytes(), Unknown::Refuse, &mut attachments, &mut Finder::default(), &Limits::default());
    assert_eq!(fault.unwrap_err().code(), "unreadable-attachment");
    let output = rewrite(input.as_bytes(), &mut Finder::default()).unwrap();
    assert!(output.bytes.starts_with(b"A: b\nContent-Type: text/plain; charset=us-ascii\n\n[An attachment"));
    let mut deep = String::from("A: b\n\nx");
    for _ in 0..300 {
        deep = format!("Content-Type: message/rfc822\n\n{deep}");
    }
    assert_eq!(rewrite(deep.as_bytes(), &mut Finder::default()).unwrap_err().code(), "too-many-parts");
}

/// No damage makes the walk panic, and the walk over its own output finds nothing left.
#[test]
fn damage_never_panics() {
    let input = fixture("everything.eml");
    let mut state = 11_u64;
    for _ in 0..3000 {
        let mut damaged = input.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 20) as usize % damaged.len();
            damaged[at] = b"=?_;:\"'\\*%\n\r \t-<>&\xff\xc3A0"[(state >> 55) as usize % 22];
        }
        let values = ["muster", "Ada", "55"];
        let Ok(output) = rewrite(&damaged, &mut Finder::new(&values)) else { continue };
        let mut again = Finder::new(&values);
        rewrite(&output.bytes, &mut again).unwrap();
    }
}

/// Python's parser finds no defect in what came out, and none of the values.
#[test]
fn python_reads_the_output_and_shows_no_value() {
    if !judge("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<&str> =
        EVERYTHING.into_iter().filter(|value| !["Ada Muster 123", "Jörg knows"].contains(value)).collect();
    let input = fixture("everything.eml");
    let output = rewrite(&input, &mut Finder::new(&values)).unwrap();
    let [before, after] = [("before.eml", &input), ("after.eml", &output.bytes)].map(|(name, bytes)| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let ran = std::process::Command::new("python3").arg(judge_path("mail_read.py")).arg(path).output().unwrap();
        let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{name}: {shown}{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_str::<Vec<String>>(&shown).unwrap().join("\n")
    });
    let shown = values.iter().filter(|value| before.contains(**value)).count();
    assert!(shown > values.len() / 2, "the judge sees too little: {shown}");
    for value in values {
        assert!(!after.contains(value), "{value} is still shown:\n{after}");
    }
    assert!(after.contains("the account is [X]") && after.contains("[An attachment was removed"), "{after}");
}

/// The name of a header cannot be changed; the words that begin a message, and quote such words, are no text.
#[test]
fn what_holds_a_mail_together_is_no_text() {
    let mut finder = Finder::new(&["ada@muster.example"]);
    let fault = rewrite(b"From: a@b.example\nada@muster.example: x\n\nhello\n", &mut finder).unwrap_err();
    assert_eq!(fault.code(), "bad-mail");
    let input = b"From ada@muster.example Mon Mar  2 10:00:00 2026\n>From bob x\nSubject: one\n\nhello\n";
    let mut finder = Finder::new(&["From ", "ada@muster.example", "2026\n"]);
    let output = String::from_utf8(rewrite(input, &mut finder).unwrap().bytes).unwrap();
    assert_eq!(output, "From [X] Mon Mar  2 10:00:00 2026\n>From bob x\nSubject: one\n\nhello\n");
}

/// An address in angle brackets is no tag of a page.
#[test]
fn an_address_in_brackets_is_text() {
    let input = b"From: x\nContent-Type: text/html\n\n<p>Ada <ada@muster.example>, </ada@muster.example></p>\n";
    let mut finder = Finder::new(&["ada@muster.example"]);
    let output = String::from_utf8(rewrite(input, &mut finder).unwrap().bytes).unwrap();
    assert_eq!(output, "From: x\nContent-Type: text/html\n\n<p>Ada <[X]>, </[X]></p>\n");
    let mut again = Finder::new(&["ada@muster.example"]);
    assert_eq!(rewrite(output.as_bytes(), &mut again).unwrap().bytes, output.as_bytes());
}

/// The blank at the beginning of a folded line says that it is one.
#[test]
fn a_folded_line_stays_one() {
    struct First;
    impl Decide for First {
        fn decide(&mut self, _: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
            Ok(vec![Edit { range: 0..1, with: "[X]".to_owned() }])
        }
    }
    let output = rewrite(b"From:\r\n jan@example.org\r\n\r\n.\r\n", &mut First).unwrap().bytes;
    assert_eq!(String::from_utf8(output).unwrap(), "From:[X]jan@example.org\r\n\r\n[X]\r\n");
}
