//! Zips put together by somebody who wants two readers to see different files.

use crate::kit::{Ground, fails, holds, judge};

/// One entry as a forger writes it.
#[derive(Clone)]
struct Forged {
    name: Vec<u8>,
    content: Vec<u8>,
    flags: u16,
    method: u16,
    mode: u32,
    sizes: Option<(u32, u32)>,
    crc: Option<u32>,
    extra: Vec<u8>,
    central_extra: Vec<u8>,
    /// The name in the local header.
    local: Option<Vec<u8>>,
    /// Where the directory says that it begins.
    offset: Option<u32>,
    gap: usize,
    descriptor: Vec<u8>,
}

fn entry(name: &str, content: impl AsRef<[u8]>) -> Forged {
    Forged {
        name: name.as_bytes().to_vec(),
        content: content.as_ref().to_vec(),
        flags: 0,
        method: 0,
        mode: 0o100_644,
        sizes: None,
        crc: None,
        extra: Vec::new(),
        central_extra: Vec::new(),
        local: None,
        offset: None,
        gap: 0,
        descriptor: Vec::new(),
    }
}

fn zip(entries: &[Forged], comment: &[u8]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        out.extend(vec![0; entry.gap]);
        let offset = entry.offset.unwrap_or(out.len() as u32);
        let size = entry.content.len() as u32;
        let (packed, size) = entry.sizes.unwrap_or((size, size));
        let local = entry.local.as_ref().unwrap_or(&entry.name);
        let common = |name: &[u8], extra: &[u8]| {
            let mut common = Vec::new();
            [entry.flags, entry.method, 0, 0x21].iter().for_each(|n| common.extend(n.to_le_bytes()));
            common.extend(entry.crc.unwrap_or_else(|| crc32fast::hash(&entry.content)).to_le_bytes());
            common.extend([packed.to_le_bytes(), size.to_le_bytes()].concat());
            common.extend([(name.len() as u16).to_le_bytes(), (extra.len() as u16).to_le_bytes()].concat());
            common
        };
        out.extend(
            [&b"PK\x03\x04\x14\0"[..], &common(local, &entry.extra), local, &entry.extra, &entry.content].concat(),
        );
        out.extend(&entry.descriptor);
        directory
            .extend([&b"PK\x01\x02\x14\x03\x14\0"[..], &common(&entry.name, &entry.central_extra), &[0; 6]].concat());
        directory.extend([(entry.mode << 16).to_le_bytes(), offset.to_le_bytes()].concat());
        directory.extend([&entry.name[..], &entry.central_extra].concat());
    }
    let (count, at) = ((entries.len() as u16).to_le_bytes(), out.len() as u32);
    out.extend(&directory);
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat());
    out.extend([(directory.len() as u32).to_le_bytes(), at.to_le_bytes()].concat());
    out.extend([&(comment.len() as u16).to_le_bytes()[..], comment].concat());
    out
}

const SUM: &str = "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"; // "c"

/// A sound bag in a zip.
fn bag() -> Vec<Forged> {
    vec![
        entry("b/bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
        entry("b/manifest-sha256.txt", format!("{SUM}  data/c\n")),
        entry("b/data/", ""),
        entry("b/data/c", "c"),
    ]
}

fn check(bytes: &[u8], expect: Result<(), &str>) {
    let ground = Ground::new();
    ground.write("x.zip", bytes);
    match expect {
        Ok(()) => holds(&ground.verify("x.zip", &[]), "sound"),
        Err(why) => fails(&ground.verify("x.zip", &[]), why, why),
    }
}

fn forged(forge: impl Fn(&mut Vec<Forged>), expect: Result<(), &str>) {
    let mut entries = bag();
    forge(&mut entries);
    check(&zip(&entries, b""), expect);
}

#[test]
fn the_zip_of_this_test_is_sound() {
    check(&zip(&bag(), b""), Ok(()));
    check(&zip(&bag(), b"a comment"), Ok(()));
    forged(|all| all[3].extra = vec![0; 7], Ok(()));
    let descriptor =
        |signature: &[u8]| [signature, &crc32fast::hash(b"c").to_le_bytes(), &[1, 0, 0, 0, 1, 0, 0, 0]].concat();
    for signature in [&b"PK\x07\x08"[..], b""] {
        forged(|all| (all[3].flags, all[3].descriptor) = (8, descriptor(signature)), Ok(()));
    }
}

#[test]
fn names_that_lead_elsewhere_or_collide_are_refused() {
    let add = |name: &'static str| move |all: &mut Vec<Forged>| all.push(entry(name, "x"));
    forged(add("b/../../evil"), Err("climbs out of its folder"));
    forged(add("/etc/passwd"), Err("absolute path"));
    forged(add("C:\\evil"), Err("absolute path"));
    forged(add("b\\evil"), Err("backslash"));
    forged(add("b/data//c"), Err("empty or a dot"));
    forged(add("b/data/x\u{202e}fdp"), Err("cannot be seen"));
    forged(add("b/data/c"), Err("stands twice"));
    forged(add("b/data/C"), Err("only in capitals"));
    forged(add("B/BAGIT.txt"), Err("only in capitals"));
    forged(add("b/data/c/d"), Err("lies in it"));
    forged(|all| all.push(Forged { name: vec![b'b', b'/', 0xe4], ..entry("", "x") }), Err("not UTF-8"));
    forged(|all| all[3].mode = 0o120_777, Err("symbolic link"));
    forged(|all| all[3].mode = 0o020_666, Err("neither a file nor a folder"));
}

#[test]
fn what_two_readers_see_differently_is_refused() {
    forged(|all| all[3].local = Some(b"b/data/x".to_vec()), Err("its local header gives it the name b/data/x"));
    forged(|all| all[3].flags = 1, Err("encrypted"));
    forged(|all| all[3].method = 14, Err("method 14"));
    forged(|all| all[3].method = 8, Err("cannot be unpacked"));
    forged(|all| all[3].crc = Some(1), Err("CRC"));
    forged(|all| all[3].sizes = Some((1, 2)), Err("two sizes"));
    forged(|all| all[3].offset = Some(0), Err("overlaps another file"));
    forged(|all| all[3].gap = 5, Err("belong to no file"));
    let ground = Ground::new();
    ground.write("x.zip", [&b"#!/bin"[..], &zip(&bag(), b"")].concat());
    assert_eq!(ground.form("x.zip").unwrap_err().code(), "not-verifiable", "what stands before a zip");
    forged(|all| all[3].descriptor = vec![1; 12], Err("belong to no file"));
    forged(|all| (all[3].flags, all[3].descriptor) = (8, vec![1; 12]), Err("belong to no file"));
    let other_name = [&0x7075_u16.to_le_bytes()[..], &8_u16.to_le_bytes(), &[1, 0, 0, 0, 0], b"x/y"].concat();
    forged(|all| all[3].central_extra = other_name.clone(), Err("two names"));
    forged(|all| all[3].central_extra = vec![1, 0x99, 0, 0], Err("encrypted"));
    forged(|all| all[3].central_extra = vec![1, 0, 9, 0, 1], Err("cut off"));
    forged(|all| all[2].content = b"x".to_vec(), Err("yet has content"));
    // One file inside another: the second is stored in the content of the first.
    let inner = zip(&[entry("b/data/c", "c")], b"");
    let inner = inner[..inner.windows(4).position(|w| w == b"PK\x01\x02").unwrap()].to_vec();
    forged(
        |all| {
            all[3] = entry("b/data/d", &inner);
            let begins: usize = all[..3].iter().map(|one| 30 + one.name.len() + one.content.len()).sum();
            all.push(Forged { offset: Some((begins + 30 + 8) as u32), ..entry("b/data/c", "c") });
        },
        Err("overlaps another file"),
    );
    let sound = zip(&bag(), b"");
    check(&[&sound[..], b"behind"].concat(), Err("stand behind the end"));
    ground.write("x.zip", &sound[..sound.len() - 30]);
    assert!(ground.form("x.zip").unwrap_err().message().contains("damaged"));
    let mimetype = entry("mimetype", "application/vnd.etsi.asic-e+zip");
    let container = zip(&[&[mimetype][..], &bag()].concat(), b"");
    check(&container[..container.len() - 30], Err("no end record"));
    let mut cut = sound.clone();
    let at = cut.len() - 12;
    cut[at..at + 2].copy_from_slice(&[9, 0]);
    check(&cut, Err("should have"));
    // An end inside the comment of another: which one counts?
    let end = sound[sound.len() - 22..].to_vec();
    ground.write("x.zip", zip(&bag(), &end));
    assert!(ground.form("x.zip").unwrap_err().message().contains("several ends"));
}

#[test]
fn bombs_are_not_unpacked() {
    if !judge("python3") {
        return;
    }
    let ground = Ground::new();
    let python = "import zipfile, hashlib\n\
        zeros, declaration = bytes(1 << 24), 'BagIt-Version: 1.0\\nTag-File-Character-Encoding: UTF-8\\n'\n\
        z = zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED)\n\
        z.writestr('b/bagit.txt', declaration)\n\
        for n in range(8): z.writestr('b/data/%d' % n, zeros)\n\
        z.close()\n\
        z = zipfile.ZipFile('plain.zip', 'w', zipfile.ZIP_DEFLATED)\n\
        z.writestr('b/bagit.txt', declaration)\n\
        z.writestr('b/manifest-sha256.txt', hashlib.sha256(zeros).hexdigest() + '  data/0\\n')\n\
        with z.open('b/data/0', 'w', force_zip64=True) as f: f.write(zeros)\n\
        z.close()\n";
    ground.write("make.py", python);
    ground.run("python3 make.py");
    fails(&ground.verify("bomb.zip", &[]), "bomb", "unpacks to");
    // 16 MiB of zeros are nothing to be afraid of; their sizes are written in 64 bits.
    holds(&ground.verify("plain.zip", &[]), "zip64");
    // A size that lies: the content is longer than the directory says.
    let mut bytes = ground.read("plain.zip");
    let at = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    bytes[at + 24] = 1;
    ground.write("lies.zip", &bytes);
    assert!(!ground.verify("lies.zip", &[]).holds());
}

#[test]
fn no_flipped_bit_of_a_zip_goes_unseen() {
    // Of every byte of a bag without tag manifest: what is not content, digest or free text has to be seen.
    let sound = zip(&bag(), b"");
    let ground = Ground::new();
    let mut unseen = Vec::new();
    for at in 0..sound.len() {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        ground.write("x.zip", &bytes);
        match ground.asked("x.zip", None, &[], &probity_evidence::package::NoBlocks) {
            Ok(found) if found.holds() => unseen.push(at),
            _ => {}
        }
    }
    // Versions, times and attributes that no reader of contents looks at: 4 entries of 4 + 4 bytes here and 4 + 10 there.
    assert!(unseen.len() < 4 * 30, "{} bytes: {unseen:?}", unseen.len());
}
