//! Packages in which one file was replaced by somebody who knows how to write a sound zip.
//!
//! The first byte chooses the file, the rest is its new content.

#![no_main]

mod evidence_kit;

use std::sync::LazyLock;

use evidence_kit::INTACT;

/// A file of the package: its name and its content.
type Member = (Vec<u8>, Vec<u8>);

static MEMBERS: LazyLock<Vec<Member>> = LazyLock::new(|| {
    let members = read_zip(INTACT);
    assert_eq!(write_zip(&members), INTACT, "the form is written here as probity writes it");
    members
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, content)) = data.split_first() else { return };
    let mut members = MEMBERS.clone();
    let index = usize::from(*choice) % members.len();
    members[index].1 = content.to_vec();
    evidence_kit::check(&write_zip(&members));
});

/// The files of a stored zip, by its local headers.
fn read_zip(mut zip: &[u8]) -> Vec<Member> {
    let mut members = Vec::new();
    while let Some(header) = zip.strip_prefix(b"PK\x03\x04") {
        let size = u32::from_le_bytes(header[14..18].try_into().expect("four bytes")) as usize;
        let (name, rest) = header[26..].split_at(usize::from(header[22]));
        let (content, rest) = rest.split_at(size);
        members.push((name.to_vec(), content.to_vec()));
        zip = rest;
    }
    members
}

/// A stored zip in the one form of a package (`man probity-package`).
fn write_zip(members: &[Member]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let size = (content.len() as u32).to_le_bytes();
        let crc = crc32fast::hash(content).to_le_bytes();
        let length = (name.len() as u32).to_le_bytes();
        let common = [b"\0\0\0\0\0\0\x21\0".as_slice(), &crc, &size, &size, &length].concat();
        let mode: u32 = if name.ends_with(b".sh") { 0o100_755 } else { 0o100_644 };
        let offset = (zip.len() as u32).to_le_bytes();
        let attributes = (mode << 16).to_le_bytes();
        directory
            .extend([b"PK\x01\x02\x14\x03\x14\0".as_slice(), &common, &[0; 6], &attributes, &offset, name].concat());
        zip.extend([b"PK\x03\x04\x14\0".as_slice(), &common, name, content].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let (begins, length) = ((zip.len() as u32).to_le_bytes(), (directory.len() as u32).to_le_bytes());
    zip.extend(directory);
    zip.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &length, &begins, &[0; 2]].concat());
    zip
}
