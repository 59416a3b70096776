//! What the tests of containers share: a decider that looks for given values, and ZIP files by hand.
#![allow(dead_code)]

use std::collections::HashSet;
use std::io::Read;

use model::Fault;
use probity_redact::{Decide, Edit, Piece, Spot};

/// Takes out every one of `values`, and remembers what it was shown.
#[derive(Default)]
pub(crate) struct Finder {
    pub(crate) values: Vec<String>,
    pub(crate) with: &'static str,
    /// Part, path, text, names.
    pub(crate) seen: Vec<(String, String, String, Vec<String>)>,
    spots: HashSet<(String, String)>,
}

impl Finder {
    pub(crate) fn new(values: &[&str]) -> Self {
        Finder { values: values.iter().map(|value| (*value).to_owned()).collect(), with: "[X]", ..Finder::default() }
    }

    /// The names that stood around the first piece with `text` in it.
    pub(crate) fn names_of(&self, text: &str) -> Vec<String> {
        self.seen.iter().find(|seen| seen.2.contains(text)).unwrap_or_else(|| panic!("{text} was not shown")).3.clone()
    }

    pub(crate) fn saw(&self, text: &str) -> bool {
        self.seen.iter().any(|seen| seen.2 == text)
    }
}

impl Decide for Finder {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let Spot::Part { part, path } = &piece.spot else { panic!("a spot of another kind: {:?}", piece.spot) };
        assert!(self.spots.insert((part.to_string(), path.to_string())), "a spot twice: {part} {path}");
        let text = std::str::from_utf8(piece.text).unwrap();
        let names = piece.names.iter().map(ToString::to_string).collect();
        self.seen.push((part.to_string(), path.to_string(), text.to_owned(), names));
        let mut edits: Vec<Edit> = Vec::new();
        for value in &self.values {
            edits.extend(
                text.match_indices(value.as_str())
                    .map(|(at, found)| Edit { range: at..at + found.len(), with: self.with.to_owned() }),
            );
        }
        edits.sort_by_key(|edit| edit.range.start);
        Ok(edits)
    }
}

/// A ZIP file; every second entry is compressed.
pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (number, (name, content)) in files.iter().enumerate() {
        let mut packed = content.clone();
        let deflated = number % 2 == 1 || content.len() > 1 << 20;
        if deflated {
            packed.clear();
            flate2::read::DeflateEncoder::new(content.as_slice(), flate2::Compression::best())
                .read_to_end(&mut packed)
                .unwrap();
        }
        let offset = bytes.len() as u32;
        let mut fields = Vec::new();
        for half in [20_u16, 0, if deflated { 8 } else { 0 }, 0, 0x21] {
            fields.extend(half.to_le_bytes());
        }
        for word in [crc32fast::hash(content), packed.len() as u32, content.len() as u32, name.len() as u32] {
            fields.extend(word.to_le_bytes());
        }
        bytes.extend([b"PK\x03\x04".as_slice(), &fields, name.as_bytes(), &packed].concat());
        directory.extend([b"PK\x01\x02\x14\0".as_slice(), &fields, &[0; 10], &offset.to_le_bytes()].concat());
        directory.extend(name.as_bytes());
    }
    let (count, start) = (files.len() as u16, bytes.len() as u32);
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0; 2]);
    bytes
}

/// Names and contents of a ZIP file, in its order.
pub(crate) fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let end = bytes.len() - 22;
    let mut at = word(end + 16);
    let mut files = Vec::new();
    for _ in 0..half(end + 10) {
        let (method, packed, name, offset) = (half(at + 10), word(at + 20), half(at + 28), word(at + 42));
        let start = offset + 30 + half(offset + 26) + half(offset + 28);
        let mut content = bytes[start..start + packed].to_vec();
        if method == 8 {
            content.clear();
            flate2::read::DeflateDecoder::new(&bytes[start..start + packed]).read_to_end(&mut content).unwrap();
        }
        assert_eq!(crc32fast::hash(&content), word(at + 16) as u32);
        files.push((String::from_utf8(bytes[at + 46..at + 46 + name].to_vec()).unwrap(), content));
        at += 46 + name + half(at + 30) + half(at + 32);
    }
    files
}

/// The files below `fixtures/redact/office/<name>`, in the order that office programs write them.
pub(crate) fn package(name: &str) -> Vec<(String, Vec<u8>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/redact/office").join(name);
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let part = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            files.push((part, std::fs::read(&path).unwrap()));
        }
    }
    files.sort_by_key(|(name, _)| (name != "mimetype", name != "[Content_Types].xml", name.clone()));
    files
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\x0aIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";

/// The text document with the parts that are no text.
pub(crate) fn docx() -> Vec<(String, Vec<u8>)> {
    let mut files = package("docx");
    files.push(("word/media/image1.png".to_owned(), PNG.to_vec()));
    files.push(("docProps/thumbnail.jpeg".to_owned(), b"\xff\xd8\xff\xe0 a page".to_vec()));
    let object = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600], b"ole@muster.example"].concat();
    files.push(("word/embeddings/oleObject1.bin".to_owned(), object));
    files.push(("word/embeddings/sheet.xlsx".to_owned(), zip(&xlsx())));
    files
}

/// The workbook with the parts that are no text.
pub(crate) fn xlsx() -> Vec<(String, Vec<u8>)> {
    let mut files = package("xlsx");
    files.push(("xl/printerSettings/printerSettings1.bin".to_owned(), b"printer of ada".to_vec()));
    files
}

/// `odt` or `ods` with its thumbnail.
pub(crate) fn odf(kind: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = package(kind);
    files.push(("Thumbnails/thumbnail.png".to_owned(), PNG.to_vec()));
    files
}

/// Whether a judge may be asked. Under `PROBITY_TEST_JUDGES=required` a missing one is a failure.
pub(crate) fn judge(tool: &str) -> bool {
    let there = std::process::Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
    let there = there.is_ok_and(|out| out.status.success());
    let required = std::env::var_os("PROBITY_TEST_JUDGES").is_some_and(|judges| judges == "required");
    assert!(there || !required, "a required judge is missing: {tool}");
    if !there {
        eprintln!("skipped: {tool} is not installed");
    }
    there
}

/// A program of `tests/judges/redact`.
pub(crate) fn judge_path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/redact").join(name)
}
