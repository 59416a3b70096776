//! Input that is broken, hostile or endless.

use std::fs;

use super::lossy;
use crate::house::{House, judge, repository};

/// A zip bomb, a broken PDF, an archive and a picture are refused with a reason, in bounded time.
#[test]
fn what_cannot_be_cleaned_is_refused() {
    let house = House::new();
    if judge("zip") {
        let script = "mkdir -p b/word && head -c 300000000 /dev/zero | tr '\\0' ' ' >b/word/document.xml && cd b && \
            printf x >'[Content_Types].xml' && zip -qXr ../bomb.docx . && cd .. && rm -r b";
        house.shell(script).expect(0);
        house.run(&["redact", "bomb.docx", "-o", "out.docx"]).expect(6).code("expands-too-much");
    }
    for (name, bytes, code) in [
        ("cut.pdf", &b"%PDF-1.7\n1 0 obj\n<</Type"[..], "pdf-broken"),
        ("a.docx", b"PK\x03\x04 and no more", "bad-zip"),
        ("a.png", b"\x89PNG\r\n\x1a\nxxxx", "format-not-cleaned"),
        ("a.log.gz", b"\x1f\x8b\x08\0", "format-not-cleaned"),
        ("a.bin", &[0, 1, 2, 3, 4, 5, 6, 7, 14, 15], "format-not-cleaned"),
    ] {
        house.write(name, bytes);
        let ran = house.run(&["redact", name, "-o", "out"]).expect(6).code(code);
        assert!(ran.stderr.contains(&format!("error: {name}")) && ran.stderr.contains("  hint: "), "{ran:?}");
        assert!(!house.path("out").exists());
        house.run(&["redact", "--check", name]).expect(6).code(code);
    }
}

/// Bytes that are no UTF-8, UTF-16, NUL bytes, values over two lines: found or left alone byte for byte, never a panic.
#[test]
fn hostile_text_is_found_in() {
    let house = House::new();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = "mail jan.muster@example.org, card 4111 1111 1111 1111\n";
    let cleaned = "mail [EMAIL], card [CARD]\n";
    let marked = |text: &str| [vec![0xff, 0xfe], wide(text)].concat();
    let cases: [(Vec<u8>, Vec<u8>); 5] = [
        ([b"\xff\xfe\xfd\x80\n", text.as_bytes()].concat(), [b"\xff\xfe\xfd\x80\n", cleaned.as_bytes()].concat()),
        ([b"a\0b\0\n", text.as_bytes()].concat(), [b"a\0b\0\n", cleaned.as_bytes()].concat()),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), [b"\xef\xbb\xbf", cleaned.as_bytes()].concat()),
        (marked(text), marked(cleaned)),
        (wide(text), wide(cleaned)),
    ];
    for (index, (bytes, expect)) in cases.into_iter().enumerate() {
        house.write("a.log", bytes);
        house.run(&["redact", "a.log", "-o", "b.log", "--overwrite", "--operator", "label"]).expect(0);
        assert_eq!(lossy(&house, "b.log"), String::from_utf8_lossy(&expect), "{index}");
    }
}

/// Whatever hides a value from a program and not from a reader: it is found, or the input is refused with a reason.
#[test]
fn nothing_passes_in_silence() {
    let house = House::new();
    for (name, text, cleaned) in [
        ("soft.txt", "jan.muster@exam\u{AD}ple.org", "[EMAIL]"),
        ("wide.txt", "４１１１ １１１１ １１１１ １１１１", "[CARD]"),
        ("alike.txt", "jаn.muster@example.org", "[EMAIL]"),
        ("marks.txt", "\u{202B}jan.muster\u{200F}@example.org\u{202C}", "\u{202B}[EMAIL]\u{202C}"),
        ("turned.txt", "\u{202E}gro.elpmaxe@retsum.naj\u{202C}", "\u{202E}[EMAIL]\u{202C}"),
        ("arabic.log", "البريد jan.muster@example.org الهاتف", "البريد [EMAIL] الهاتف"),
        ("lines.txt", "IBAN NL91 ABNA\n0417 1643 00, thanks", "IBAN [IBAN]\n, thanks"),
        ("quoted.txt", "> card 4111 1111\n> 1111 1111 said he", "> card [CARD]\n>  said he"),
    ] {
        house.write(name, text);
        house.run(&["redact", name, "-o", "out", "--overwrite", "--operator", "label"]).expect(0);
        assert_eq!(house.read("out"), cleaned, "{name}");
        house.run(&["redact", "--check", name]).expect(1);
        house.run(&["redact", "--check", "out"]).expect(0);
    }
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mixed = [b"a log in ASCII\n".repeat(90).as_slice(), &wide("jan.muster@example.org\n")].concat();
    let sealed = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600], &wide("EncryptedPackage")].concat();
    let secret = fs::read(repository("fixtures/redact/pdf/encrypted.pdf")).unwrap();
    let mail = "From: a@b.example\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\n--x--\n";
    for (name, bytes, code) in [
        ("mixed.log", mixed.as_slice(), "mixed-encodings"),
        ("half.log", b"\xff\xfea\0b", "utf16-damaged"),
        ("four.log", b"\xff\xfe\0\0a\0\0\0", "utf32"),
        ("secret.docx", &sealed, "format-not-cleaned"),
        ("old.msg", &sealed[..600], "format-not-cleaned"),
        ("secret.pdf", &secret, "pdf-encrypted"),
        ("secret.eml", mail.as_bytes(), "mail-encrypted"),
        ("laughs.xml", b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"x\">]><a>&b;</a>", "xml-doctype"),
    ] {
        house.write(name, bytes);
        let ran = house.run(&["redact", name, "-o", "out.refused"]).expect(6).code(code);
        assert!(ran.stderr.contains(name) && !house.path("out.refused").exists(), "{ran:?}");
        house.run(&["redact", "--check", name]).expect(6).code(code);
    }
    if judge("zip") {
        house.shell("zip -q a.zip soft.txt").expect(0);
        house.run(&["redact", "a.zip", "-o", "out.zip"]).expect(6).code("not-office");
    }
}

/// A value that was taken out here stands there in two columns, which no cell shows: nothing is written.
#[test]
fn what_remains_across_cells_is_refused() {
    let house = House::new();
    let table = "note,a,b\n\"seen at 40.7128\u{b0} N, 74.0060\u{b0} W\",x,y\nz,40.7128\u{b0} N, 74.0060\u{b0} W\n";
    house.write("a.csv", table);
    house.run(&["redact", "a.csv", "-o", "b.csv"]).expect(1).code("redaction-incomplete");
    assert!(!house.path("b.csv").exists());
    house.run(&["redact", "a.csv", "-o", "b.csv", "--format", "text"]).expect(0);
    assert!(!house.read("b.csv").contains("40.7128"));
}

/// Runs a shell line that ends in the program reading standard input; its peak of memory in MiB.
fn peak_mib(house: &House, feed: &str, program: &str) -> u64 {
    let script = format!(
        "mkfifo pipe; {feed} >pipe & {program} <pipe >out & child=$!; peak=0\n\
         while now=$(awk '/VmHWM/ {{ print $2 }}' /proc/$child/status 2>/dev/null) && [ -n \"$now\" ]; do peak=$now; sleep 0.05; done\n\
         wait $child || exit; echo $((peak / 1024))"
    );
    house.shell(&script).expect(0).stdout.trim().parse().unwrap()
}

/// A stream of 100 MB passes in less than 50 MB of memory, with something to take out every thousand lines.
#[test]
fn a_long_stream_needs_little_memory() {
    let house = House::new();
    let mut block = "2026-11-21T10:00:00Z INFO GET /index.html 200 17 ms, nothing to see here\n".repeat(999);
    block += "2026-11-21T10:00:00Z WARN card 4111 1111 1111 1111 declined\n";
    house.write("block", block.repeat(4));
    let size = house.path("block").metadata().unwrap().len();
    let count = 100_000_000 / size + 1;
    let feed = format!("for i in $(seq {count}); do cat block; done");
    let peak = peak_mib(&house, &feed, "probity redact - --operator label");
    assert!(peak < 50, "{peak} MiB");
    let written = house.path("out").metadata().unwrap().len();
    assert_eq!(written, count * (size - 4 * ("4111 1111 1111 1111".len() - "[CARD]".len()) as u64));
}

/// A line of 50 MB without an end is looked through to its end, in bounded memory.
#[test]
fn a_line_of_50_mb() {
    let house = House::new();
    let feed = "{ head -c 50000000 /dev/zero | tr '\\0' x; printf ' jan.muster@example.org '; head -c 1000000 /dev/zero | tr '\\0' y; }";
    let peak = peak_mib(&house, feed, "probity redact - --operator label");
    assert!(peak < 50, "{peak} MiB");
    let output = fs::read(house.path("out")).unwrap();
    assert_eq!(output.len(), 51_000_000 + " [EMAIL] ".len());
    assert_eq!(&output[50_000_000..50_000_009], b" [EMAIL] ");
}
