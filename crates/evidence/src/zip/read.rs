//! Reading: every structure is computed again from names, sizes, CRCs and order, and compared with the bytes that are there.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::form::{self, Entry};
use crate::Limits;
use crate::bytes::{Bytes, take};
use crate::names::{is_safe_path, quote};

/// What the zip says it holds, and everything about it that is not as `build` writes it.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// Entries by the order of the directory. Names are safe paths, each once.
    pub(crate) entries: Vec<Entry>,
    /// Where the content of each entry begins; an entry that cannot be read in place has none.
    pub(crate) contents: BTreeMap<String, u64>,
    /// What is not in the one form.
    pub(crate) flaws: Vec<Flaw>,
}

/// One thing that is not in the one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The entry, or `byte N` where it belongs to none.
    pub(crate) place: String,
    /// What is wrong with it.
    pub(crate) what: String,
    /// About the name rather than the structure.
    pub(crate) name: bool,
}

impl Directory {
    fn flaw(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.flaws.push(Flaw { place: place.into(), what: what.into(), name: false });
    }

    fn name_flaw(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.flaws.push(Flaw { place: place.into(), what: what.into(), name: true });
    }
}

/// Where the end records say that things are.
struct End {
    /// Where the end records begin, ZIP64 ones included.
    at: u64,
    count: u64,
    directory: u64,
    directory_len: u64,
}

/// Reads the structure of a zip; contents are not touched. `None`: this is no zip at all.
pub(crate) fn open(input: &dyn Bytes) -> io::Result<Option<Directory>> {
    let len = input.size()?;
    let mut found = Directory::default();
    let begins = starts_as_zip(input, len)?;
    let Some(end) = find_end(input, len, &mut found)? else {
        found
            .flaw(format!("byte {len}"), "the zip has no end record: it is cut off, or its last 22 bytes were changed");
        return Ok(begins.then_some(found));
    };
    let fits = end.directory.checked_add(end.directory_len) == Some(end.at);
    if !fits || end.directory_len > Limits::DIRECTORY_BYTES || end.count > Limits::FILES as u64 {
        found.flaw(
            format!("byte {}", end.at),
            format!(
                "the end record says {} entries in {} bytes from byte {}, which cannot be",
                end.count, end.directory_len, end.directory
            ),
        );
        return Ok(Some(found));
    }
    let raw = take(input, end.directory, (len - end.directory).min(end.directory_len + 98) as usize)?;
    let (directory, tail) = raw.split_at(end.directory_len as usize);
    read_directory(directory, &end, &mut found);
    check_end(tail, &end, len, &mut found);
    check_names(&mut found);
    check_local_headers(input, &end, &mut found)?;
    Ok(Some(found))
}

fn starts_as_zip(input: &dyn Bytes, len: u64) -> io::Result<bool> {
    Ok(len >= 4 && take(input, 0, 4)? == form::LOCAL.to_le_bytes())
}

/// Finds the end record, also where something was put behind it.
fn find_end(input: &dyn Bytes, len: u64, found: &mut Directory) -> io::Result<Option<End>> {
    let window = len.min(form::END_LEN + 0xFFFF) as usize;
    let tail = take(input, len - window as u64, window)?;
    let signature = form::END.to_le_bytes();
    let Some(at) = tail.windows(4).rposition(|bytes| bytes == signature) else { return Ok(None) };
    let record = &tail[at..];
    if record.len() < form::END_LEN as usize {
        return Ok(None);
    }
    let behind = record.len() as u64 - form::END_LEN;
    if behind > 0 {
        found.flaw(format!("byte {}", len - behind), format!("{behind} bytes stand behind the end of the zip"));
    }
    let at = len - record.len() as u64;
    let (count, directory_len, directory) = (u64::from(get16(record, 10)), get32(record, 12), get32(record, 16));
    let short = End { at, count, directory: u64::from(directory), directory_len: u64::from(directory_len) };
    if at < form::END64_LEN || (count < 0xFFFF && directory < u32::MAX && directory_len < u32::MAX) {
        return Ok(Some(short));
    }
    let wide = take(input, at - form::END64_LEN, form::END64_LEN as usize)?;
    if get32(&wide, 0) != form::END64 || get32(&wide, 56) != form::LOCATOR64 {
        return Ok(Some(short));
    }
    let (count, directory_len, directory) = (get64(&wide, 32), get64(&wide, 40), get64(&wide, 48));
    Ok(Some(End { at: at - form::END64_LEN, count, directory, directory_len }))
}

/// Reads central headers and compares each with the one that follows from it.
fn read_directory(raw: &[u8], end: &End, found: &mut Directory) {
    let mut at = 0;
    while at < raw.len() {
        let place = format!("byte {}", end.directory + at as u64);
        let Some((entry, len)) = read_central(&raw[at..]) else {
            found.flaw(place, "the directory of the zip cannot be read on from here");
            return;
        };
        let (header, expect) = (&raw[at..at + len], entry.central_header());
        if header != expect {
            let plain = header.get(8..12) == Some(&[0; 4][..]);
            found.flaw(shown(&entry.name), describe(header, &expect, &CENTRAL_FIELDS, "directory"));
            if !plain {
                // Encrypted or compressed: its content is not what stands in the file. It is named, never unpacked.
                at += len;
                continue;
            }
        }
        found.entries.push(entry);
        at += len;
    }
    if found.entries.len() as u64 != end.count && found.flaws.is_empty() {
        found.flaw(
            format!("byte {}", end.at),
            format!("the end record counts {} entries, the directory has {}", end.count, found.entries.len()),
        );
    }
}

/// One central header: the entry it describes and its length. Bytes that are no UTF-8 make an unsafe name, which is refused.
fn read_central(raw: &[u8]) -> Option<(Entry, usize)> {
    let head = raw.get(..46).filter(|head| get32(head, 0) == form::CENTRAL)?;
    let (name_len, extra_len) = (usize::from(get16(head, 28)), usize::from(get16(head, 30)));
    let len = 46 + name_len + extra_len + usize::from(get16(head, 32));
    let name = String::from_utf8_lossy(raw.get(46..46 + name_len)?).into_owned();
    let extra = raw.get(46 + name_len..46 + name_len + extra_len)?;
    raw.get(..len)?;
    let (mut size, mut offset) = (u64::from(get32(head, 24)), u64::from(get32(head, 42)));
    let mut wide = extra.get(4..).filter(|_| get16(extra, 0) == 1).unwrap_or(&[]).chunks_exact(8).map(|n| get64(n, 0));
    if size == u64::from(u32::MAX) {
        size = wide.next().unwrap_or(size);
        wide.next();
    }
    if offset == u64::from(u32::MAX) {
        offset = wide.next().unwrap_or(offset);
    }
    Some((Entry { name, size, crc: get32(head, 16), offset }, len))
}

fn check_end(tail: &[u8], end: &End, len: u64, found: &mut Directory) {
    let expect = form::end_records(end.count, end.directory, end.directory_len);
    let there = tail.get(..expect.len()).unwrap_or(tail);
    if there != expect && len >= end.at {
        let first = there.iter().zip(&expect).take_while(|(a, b)| a == b).count();
        found.flaw(format!("byte {}", end.at + first as u64), "the end record of the zip was changed");
    }
}

/// Names are safe, sorted, and each stands once, also where capitals do not count.
fn check_names(found: &mut Directory) {
    let entries = std::mem::take(&mut found.entries);
    let mut folded: HashMap<String, String> = HashMap::with_capacity(entries.len());
    let mut last = String::new();
    for entry in entries {
        if let Some(why) = unsafe_name(&entry.name) {
            found.name_flaw(shown(&entry.name), why);
            continue;
        }
        match folded.insert(entry.name.to_ascii_lowercase(), entry.name.clone()) {
            Some(other) if other == entry.name => {
                found.name_flaw(&entry.name, "the name stands twice in the zip");
                continue;
            }
            Some(other) => found.name_flaw(&entry.name, format!("the name differs from {other} only in capitals")),
            None if form::order(&entry.name) < form::order(&last) => {
                found.flaw(&entry.name, "the entry is out of order")
            }
            None => {}
        }
        last.clone_from(&entry.name);
        found.entries.push(entry);
    }
}

fn unsafe_name(name: &str) -> Option<&'static str> {
    let why = match name {
        _ if name.contains('\\') => "the name has a backslash",
        _ if name.starts_with('/') || name.get(1..2) == Some(":") => "the name is an absolute path",
        _ if name.split('/').any(|part| part == "..") => "the name climbs out of its folder with ..",
        _ if name.ends_with('/') => "the entry is a folder; a package lists files only",
        _ if !is_placed(name) => "the entry is neither mimetype nor in one of the folders META-INF/ and bag/",
        _ if !is_safe_path(name) => "the name has characters outside [A-Za-z0-9._-], or is too long",
        _ => return None,
    };
    Some(why)
}

/// Whether a name stands where a package has files.
fn is_placed(name: &str) -> bool {
    name == form::MIMETYPE || name.starts_with("META-INF/") || name.starts_with("bag/")
}

/// Local headers stand where the order says, one behind the other, and say what the directory says.
fn check_local_headers(input: &dyn Bytes, end: &End, found: &mut Directory) -> io::Result<()> {
    let entries = found.entries.clone();
    let mut next = 0;
    for entry in &entries {
        let expect = entry.local_header();
        let room = end.directory.saturating_sub(entry.offset);
        if entry.offset != next {
            found.flaw(&entry.name, format!("its content should begin at byte {next}, not {}", entry.offset));
        }
        if room < expect.len() as u64 || room - (expect.len() as u64) < entry.size {
            found.flaw(&entry.name, "its content would reach past the directory");
            next = end.directory;
            continue;
        }
        let header = take(input, entry.offset, expect.len())?;
        if header != expect {
            found.flaw(&entry.name, describe(&header, &expect, &LOCAL_FIELDS, "local header"));
        }
        let begins = entry.offset + expect.len() as u64;
        found.contents.insert(entry.name.clone(), begins);
        next = begins + entry.size;
    }
    if next != end.directory && found.flaws.is_empty() {
        let gap = end.directory.saturating_sub(next);
        found.flaw(format!("byte {next}"), format!("{gap} bytes stand between the last file and the directory"));
    }
    Ok(())
}

/// A field of a header: where it stands, how long it is, what it is called.
type Field = (usize, usize, &'static str);

const LOCAL_FIELDS: [Field; 11] = [
    (0, 4, "signature"),
    (4, 2, "version needed"),
    (6, 2, "flags"),
    (8, 2, "method"),
    (10, 2, "time"),
    (12, 2, "date"),
    (14, 4, "CRC"),
    (18, 4, "compressed size"),
    (22, 4, "size"),
    (26, 2, "length of the name"),
    (28, 2, "length of the extra field"),
];

const CENTRAL_FIELDS: [Field; 17] = [
    (0, 4, "signature"),
    (4, 2, "version made by"),
    (6, 2, "version needed"),
    (8, 2, "flags"),
    (10, 2, "method"),
    (12, 2, "time"),
    (14, 2, "date"),
    (16, 4, "CRC"),
    (20, 4, "compressed size"),
    (24, 4, "size"),
    (28, 2, "length of the name"),
    (30, 2, "length of the extra field"),
    (32, 2, "length of the comment"),
    (34, 2, "disk"),
    (36, 2, "internal attributes"),
    (38, 4, "external attributes"),
    (42, 4, "offset"),
];

/// Says in which field a header differs first, in words where the field has a meaning for people.
fn describe(header: &[u8], expect: &[u8], fields: &[Field], which: &str) -> String {
    let value = |bytes: &[u8], at: usize, len: usize| {
        bytes.get(at..at + len).map_or(0, |b| b.iter().rev().fold(0_u64, |n, byte| n << 8 | u64::from(*byte)))
    };
    let differs = |(at, len, _): &&Field| header.get(*at..at + len) != expect.get(*at..at + len);
    let Some((at, len, name)) = fields.iter().find(differs) else {
        return format!("its name or extra field in the {which} is not as it should be");
    };
    let (there, should) = (value(header, *at, *len), value(expect, *at, *len));
    match *name {
        "flags" if there & 1 == 1 => format!("it is encrypted ({which})"),
        "method" => format!("it is compressed with method {there}; a package stores ({which})"),
        "external attributes" if there >> 28 == 0o12 => format!("it is a symbolic link ({which})"),
        _ => format!("the {which} has {there} as {name} where {should} belongs"),
    }
}

fn shown(name: &str) -> String {
    if is_safe_path(name) { name.to_owned() } else { quote(name) }
}

// The callers have checked the length, or the missing bytes read as zero and the comparison that follows fails.
fn get16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

fn get32(bytes: &[u8], at: usize) -> u32 {
    u32::from(get16(bytes, at)) | u32::from(get16(bytes, at + 2)) << 16
}

fn get64(bytes: &[u8], at: usize) -> u64 {
    u64::from(get32(bytes, at)) | u64::from(get32(bytes, at + 4)) << 32
}
