//! Zips that are not as build writes them, and the packages that others can test their verifier with.

mod support;

use std::path::{Path, PathBuf};

use probity_evidence::package::Outcome;
use support::*;

/// One entry of a zip as a forger writes it.
#[derive(Clone)]
struct Forged {
    name: String,
    content: Vec<u8>,
    flags: u16,
    method: u16,
    mode: u32,
    size: Option<u32>,
    extra: Vec<u8>,
    comment: Vec<u8>,
    gap: usize,
}

fn entry(name: &str, content: &[u8]) -> Forged {
    let (name, content) = (name.to_owned(), content.to_vec());
    let mode = if name.ends_with(".sh") { 0o100_755 } else { 0o100_644 };
    Forged { name, content, flags: 0, method: 0, mode, size: None, extra: vec![], comment: vec![], gap: 0 }
}

fn number(bytes: &[u8], at: usize, len: usize) -> usize {
    bytes[at..at + len].iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte))
}

/// Takes a good package apart.
fn entries(package: &[u8]) -> Vec<Forged> {
    let mut at = 0;
    let mut entries = Vec::new();
    while package[at..].starts_with(b"PK\x03\x04") {
        let (size, name) = (number(package, at + 18, 4), number(package, at + 26, 2));
        let content = at + 30 + name;
        let name = std::str::from_utf8(&package[at + 30..content]).unwrap();
        entries.push(entry(name, &package[content..content + size]));
        at = content + size;
    }
    entries
}

/// Puts a zip together, with whatever the forger wants in it.
fn zip(entries: &[Forged], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        out.extend(vec![0; entry.gap]);
        let offset = out.len() as u32;
        let size = entry.size.unwrap_or(entry.content.len() as u32).to_le_bytes();
        let mut common = Vec::new();
        [entry.flags, entry.method, 0, 0x21].iter().for_each(|n| common.extend(n.to_le_bytes()));
        common.extend(crc32fast::hash(&entry.content).to_le_bytes());
        common.extend([size, size].concat());
        common.extend((entry.name.len() as u16).to_le_bytes());
        common.extend((entry.extra.len() as u16).to_le_bytes());
        let (name, extra) = (entry.name.as_bytes(), &entry.extra[..]);
        out.extend([&b"PK\x03\x04\x14\0"[..], &common, name, extra, &entry.content].concat());
        let mut tail = (entry.comment.len() as u16).to_le_bytes().to_vec();
        tail.extend([0; 4]);
        tail.extend((entry.mode << 16).to_le_bytes());
        tail.extend(offset.to_le_bytes());
        directory.extend([&b"PK\x01\x02\x14\x03\x14\0"[..], &common, &tail, name, extra, &entry.comment].concat());
    }
    let (count, at) = ((entries.len() as u16).to_le_bytes(), out.len() as u32);
    out.extend(&directory);
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}

fn check_forged(forge: impl Fn(&mut Vec<Forged>), name: &str, expect: &str) {
    let root = tempfile::tempdir().unwrap();
    let mut parts = entries(&package(&case(root.path())));
    forge(&mut parts);
    let verification = check(&zip(&parts, b""));
    assert!(!verification.is_intact(), "{expect}");
    let check = verification.check(name).unwrap();
    let said = format!("{} {}", check.detail, check.places.join(" | "));
    assert!(check.verdict == Outcome::Failed && said.contains(expect), "{name}: {said:?} should contain {expect:?}");
}

fn at<'e>(entries: &'e mut [Forged], end: &str) -> &'e mut Forged {
    entries.iter_mut().find(|entry| entry.name.ends_with(end)).unwrap()
}

#[test]
fn the_forger_of_this_test_writes_what_build_writes() {
    let root = tempfile::tempdir().unwrap();
    let package = package(&case(root.path()));
    assert!(zip(&entries(&package), b"") == package);
}

#[test]
fn every_trick_with_the_zip_is_named() {
    let add = |name: &'static str| move |parts: &mut Vec<Forged>| parts.push(entry(name, b"x"));
    check_forged(add("bag/../evil"), "zip-names", "climbs out of its folder");
    check_forged(add("/etc/passwd"), "zip-names", "absolute path");
    check_forged(add("C:evil"), "zip-names", "absolute path");
    check_forged(add("bag\\evil"), "zip-names", "backslash");
    check_forged(add("evil"), "zip-names", "neither mimetype nor in one of the folders");
    check_forged(add("bag/data/folder/"), "zip-names", "a folder");
    check_forged(add("bag/data/a b"), "zip-names", "characters outside");
    check_forged(add("bag/\u{202e}"), "zip-names", "characters outside");
    check_forged(add("bag/verify.sh"), "zip-names", "stands twice");
    check_forged(add("bag/VERIFY.SH"), "zip-names", "only in capitals");
    check_forged(|parts| at(parts, "access.log").flags = 1, "zip-structure", "encrypted");
    check_forged(|parts| at(parts, "access.log").flags = 8, "zip-structure", "flags");
    check_forged(|parts| at(parts, "access.log").method = 8, "zip-structure", "compressed with method 8");
    check_forged(|parts| at(parts, "access.log").mode = 0o120_777, "zip-structure", "symbolic link");
    check_forged(|parts| at(parts, "access.log").mode = 0o104_755, "zip-structure", "external attributes");
    check_forged(|parts| at(parts, "access.log").extra = vec![1, 0, 0, 0], "zip-structure", "extra field");
    check_forged(|parts| at(parts, "access.log").comment = b"hello".to_vec(), "zip-structure", "comment");
    check_forged(|parts| at(parts, "access.log").gap = 3, "zip-structure", "should begin at byte");
    check_forged(|parts| at(parts, "access.log").size = Some(0x7fff_ffff), "zip-structure", "past the directory");
    check_forged(|parts| parts.swap(3, 4), "zip-structure", "out of order");
}

/// What no check reads has no place beside the bag.
#[test]
fn what_no_check_reads_is_named() {
    let stray = |name: &'static str| {
        move |parts: &mut Vec<Forged>| {
            let place = parts.iter().position(|entry| entry.name.starts_with("bag/")).unwrap();
            parts.insert(place, entry(name, b"x"));
            parts[1..].sort_by(|a, b| a.name.cmp(&b.name));
        }
    };
    for name in ["META-INF/manifest.json.sig.tsr", "META-INF/manifest.json.sig.ots", "META-INF/signatures2.xml"] {
        check_forged(stray(name), "container", name);
    }
}

#[test]
fn every_change_of_the_files_is_named() {
    check_forged(|parts| at(parts, "access.log").content.push(b'x'), "exhibits", "access.log: the exhibit is not what");
    check_forged(|parts| parts.retain(|entry| !entry.name.ends_with("access.log")), "manifest", "access.log: missing");
    check_forged(
        |parts| at(parts, "access.log").name = "bag/data/exhibits/EX-001/access.lox".to_owned(),
        "payload-manifest",
        "data/exhibits/EX-001/access.log: renamed to data/exhibits/EX-001/access.lox",
    );
    check_forged(
        |parts| {
            let place = parts.iter().position(|entry| entry.name.ends_with("access.log")).unwrap();
            parts.insert(place + 1, entry("bag/data/exhibits/EX-001/more.log", b"more"));
        },
        "payload-manifest",
        "more.log: added",
    );
    check_forged(|parts| at(parts, "case.xml").content[200] ^= 1, "xml", "does not say what data/case.json says");
    check_forged(|parts| at(parts, "signer.pub").content[20] ^= 1, "ssh-signature", "signer.pub");
    check_forged(|parts| at(parts, "0001.json").content[60] ^= 1, "evaluations", "is not the one that was recorded");
    let cut = |parts: &mut Vec<Forged>| {
        let log = &mut at(parts, "custody.jsonl").content;
        let lines: Vec<Vec<u8>> = log.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        *log = lines[..lines.len() - 1].concat();
    };
    check_forged(cut, "custody", "has 4 entries, manifest.json says 5");
    let appended = zip(&entries(&package(&case(tempfile::tempdir().unwrap().path()))), b"comment");
    assert!(!check(&appended).is_intact());
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/package")
}

/// `intact.zip` is what this version writes; each line of `tampered.tsv` makes the named check fail. `UPDATE=1` writes both.
#[test]
fn the_vectors_hold() {
    let root = tempfile::tempdir().unwrap();
    let fresh = audited_package(&busy_case(root.path()));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(vectors()).unwrap();
        std::fs::write(vectors().join("intact.zip"), &fresh).unwrap();
        std::fs::write(vectors().join("tampered.tsv"), tampered(&fresh)).unwrap();
    }
    let intact = std::fs::read(vectors().join("intact.zip")).unwrap();
    assert!(intact == fresh, "the form of the package changed; if that is wanted, run with UPDATE=1");
    assert!(check(&intact).is_intact());
    let table = std::fs::read_to_string(vectors().join("tampered.tsv")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for row in rows {
        let [at, mask, names] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row:?}") };
        let mut bytes = intact.clone();
        bytes[at.parse::<usize>().unwrap()] ^= mask.parse::<u8>().unwrap();
        assert_eq!(failed(&bytes), names, "{row:?}");
        count += 1;
    }
    assert!(count > 30);
}

fn failed(package: &[u8]) -> String {
    let verification = check(package);
    let failed = verification.checks.iter().filter(|check| check.verdict == Outcome::Failed);
    failed.map(|check| check.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn tampered(package: &[u8]) -> String {
    let mut table = String::from(
        "# Packages that do not verify: intact.zip with one byte changed.\n\
         # Columns: offset of the byte, what it is XORed with, the checks that fail (names of `verification/2`).\n",
    );
    for at in (0..package.len()).step_by(package.len() / 40) {
        let mut bytes = package.to_vec();
        bytes[at] ^= 1;
        table.push_str(&format!("{at}\t1\t{}\n", failed(&bytes)));
    }
    table
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever stands in the file, verify answers; it never panics and never calls it intact.
        #[test]
        fn spliced_packages_are_answered(at in 0.0..1.0_f64, cut in 0_usize..300, put in proptest::collection::vec(any::<u8>(), 1..300), tail: bool) {
            let mut bytes = std::fs::read(vectors().join("intact.zip")).unwrap();
            // Half of the cases hit the directory, where the structure is.
            let from = if tail { bytes.len() - 3_000 } else { 0 };
            let start = from + ((bytes.len() - from) as f64 * at) as usize;
            let end = (start + cut).min(bytes.len());
            let before = bytes.clone();
            bytes.splice(start..end, put);
            prop_assume!(bytes != before);
            if let Ok(verification) = probity_evidence::package::verify(&&bytes[..], &ask(&[], &[]), &model::Hidden) {
                prop_assert!(!verification.is_intact());
                prop_assert!(verification.to_json().is_ok());
            }
        }

        #[test]
        fn any_custody_log_is_answered(log in ".{0,200}") {
            let chain = probity_evidence::custody::read(log.as_bytes());
            prop_assert!(chain.map_or(true, |chain| chain.entries.is_empty()));
        }
    }
}
