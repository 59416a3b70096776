//! The structure of a zip of others (APPNOTE 6.3.10, sections in brackets), before any content is touched.
//!
//! Readers disagree about zips that are put together oddly: one believes the directory, another the headers before each
//! file; one takes the first of two files with a name, another the last. What was signed may then not be what is read. So
//! whatever two readers could understand in different ways is a flaw.

use std::io;

use super::names;
use super::raw::{CENTRAL, END, END_LEN, END64, LOCAL, LOCATOR64, get16, get32, get64};
use crate::Limits;
use crate::bytes::{Bytes, take};
use crate::foreign::folder::shown;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The entry, or `byte N` where it belongs to none.
    pub(super) place: String,
    /// What is wrong with it.
    pub(super) what: String,
    /// About the name rather than the structure.
    pub(super) is_name: bool,
}

impl Flaw {
    pub(super) fn structure(place: impl Into<String>, what: impl Into<String>) -> Self {
        Flaw { place: place.into(), what: what.into(), is_name: false }
    }

    pub(super) fn name(place: impl Into<String>, what: impl Into<String>) -> Self {
        Flaw { place: place.into(), what: what.into(), is_name: true }
    }
}

/// One entry, as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) compressed: u64,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) crc: u32,
    /// Where its local header begins.
    pub(super) header: u64,
    /// Where its content begins.
    pub(super) content: u64,
    /// How long the extra field of its local header is.
    pub(super) local_extra: u16,
}

impl Entry {
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// The entries of a zip in the order of its directory, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    pub(super) flaws: Vec<Flaw>,
}

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const DESCRIPTOR: u16 = 1 << 3;
const PATCHED: u16 = 1 << 5;
/// Extra fields: sizes of 64 bits (4.5.3), AES encryption, another name (4.6.9).
const WIDE: u16 = 1;
const AES: u16 = 0x9901;
const OTHER_NAME: u16 = 0x7075;

/// Reads the structure of a zip. `None`: this is no zip at all.
pub(super) fn read(input: &dyn Bytes) -> io::Result<Option<Directory>> {
    let len = input.size()?;
    let mut found = Directory::default();
    let begins = len >= 4 && get32(&take(input, 0, 4)?, 0) == LOCAL;
    let Some(end) = find_end(input, len, &mut found)? else {
        found.flaws.push(Flaw::structure(format!("byte {len}"), "the zip has no end record: it is cut off"));
        return Ok(begins.then_some(found));
    };
    let fits = end.directory.checked_add(end.directory_len) == Some(end.at);
    if !fits || end.directory_len > Limits::DIRECTORY_BYTES || end.count > Limits::FOREIGN_FILES as u64 {
        let what = format!(
            "the end record says {} entries in {} bytes from byte {}, which cannot be or is too much",
            end.count, end.directory_len, end.directory
        );
        found.flaws.push(Flaw::structure(format!("byte {}", end.at), what));
        return Ok(Some(found));
    }
    let raw = take(input, end.directory, end.directory_len as usize)?;
    read_central(&raw, &end, &mut found);
    let names = found.entries.iter().map(|entry| entry.name.as_str());
    let collisions = names::collisions(names);
    found.flaws.extend(collisions);
    check_size(len, &mut found);
    if found.flaws.is_empty() {
        check_local(input, &end, &mut found)?;
    }
    Ok(Some(found))
}

/// Where the end records say that things are.
struct End {
    /// Where the end records begin, ZIP64 ones included.
    at: u64,
    count: u64,
    directory: u64,
    directory_len: u64,
}

/// The end record (4.3.16): the one whose comment reaches to the end of the file, of which there may be only one.
fn find_end(input: &dyn Bytes, len: u64, found: &mut Directory) -> io::Result<Option<End>> {
    let window = len.min(END_LEN + 0xFFFF) as usize;
    let tail = take(input, len - window as u64, window)?;
    let mut ends: Vec<usize> = Vec::new();
    let mut last = None;
    for (at, _) in tail.windows(END_LEN as usize).enumerate().filter(|(_, bytes)| get32(bytes, 0) == END) {
        last = Some(at);
        if tail.len() - at - END_LEN as usize == usize::from(get16(&tail, at + 20)) {
            ends.push(at);
        }
    }
    let Some(last) = last else { return Ok(None) };
    let place = format!("byte {}", len - (tail.len() - last) as u64);
    match ends.as_slice() {
        [_] => {}
        [] => found.flaws.push(Flaw::structure(place, "bytes stand behind the end of the zip")),
        _ => found.flaws.push(Flaw::structure(place, "the zip has several ends: readers may take either")),
    }
    let at = ends.last().copied().unwrap_or(last);
    let record = &tail[at..];
    let (count, directory_len, directory) = (get16(record, 10), get32(record, 12), get32(record, 16));
    let at = len - record.len() as u64;
    if get32(record, 4) != 0 || get16(record, 8) != count {
        found.flaws.push(Flaw::structure(format!("byte {at}"), "it is one of several volumes"));
    }
    let short =
        End { at, count: u64::from(count), directory: u64::from(directory), directory_len: u64::from(directory_len) };
    let wide = wide_end(input, at)?;
    let is_cut = count == u16::MAX || directory == u32::MAX || directory_len == u32::MAX;
    Ok(Some(match wide {
        None => short,
        Some(wide) => {
            let agree = |short: u64, most: u64, wide: u64| short == wide || short == most;
            let agrees = agree(short.count, 0xFFFF, wide.count)
                && agree(short.directory, 0xFFFF_FFFF, wide.directory)
                && agree(short.directory_len, 0xFFFF_FFFF, wide.directory_len);
            if !agrees || !is_cut && short.count != wide.count {
                found.flaws.push(Flaw::structure(format!("byte {at}"), "its two end records do not agree"));
            }
            wide
        }
    }))
}

/// The ZIP64 end record (4.3.14) and its locator (4.3.15), right before the end record.
fn wide_end(input: &dyn Bytes, end: u64) -> io::Result<Option<End>> {
    let Some(locator_at) = end.checked_sub(20) else { return Ok(None) };
    let locator = take(input, locator_at, 20)?;
    let at = get64(&locator, 8);
    if get32(&locator, 0) != LOCATOR64 || at.checked_add(56).is_none_or(|ends| ends > locator_at) {
        return Ok(None);
    }
    let record = take(input, at, 56)?;
    let reaches = get64(&record, 4).checked_add(12).and_then(|len| at.checked_add(len)) == Some(locator_at);
    if get32(&record, 0) != END64 || !reaches {
        return Ok(None);
    }
    let (count, directory_len, directory) = (get64(&record, 32), get64(&record, 40), get64(&record, 48));
    Ok(Some(End { at, count, directory, directory_len }))
}

/// The central headers (4.3.12).
fn read_central(raw: &[u8], end: &End, found: &mut Directory) {
    let mut at = 0;
    for number in 0..end.count {
        let Some(header) = raw.get(at..).filter(|rest| rest.len() >= 46 && get32(rest, 0) == CENTRAL) else {
            let what = format!("the directory has {number} entries that can be read, and should have {}", end.count);
            return found.flaws.push(Flaw::structure(format!("byte {}", end.directory + at as u64), what));
        };
        let lens = [28, 30, 32].map(|at| usize::from(get16(header, at)));
        let len = 46 + lens.iter().sum::<usize>();
        let Some(header) = header.get(..len) else {
            let place = format!("byte {}", end.directory + at as u64);
            return found.flaws.push(Flaw::structure(place, "the directory of the zip is cut off"));
        };
        central(header, lens, found);
        at += len;
    }
    if at != raw.len() {
        let place = format!("byte {}", end.directory + at as u64);
        found.flaws.push(Flaw::structure(place, "bytes that belong to no entry stand in the directory"));
    }
}

fn central(header: &[u8], [name, extra, _]: [usize; 3], found: &mut Directory) {
    let (name, extra) = (&header[46..46 + name], &header[46 + name..46 + name + extra]);
    let Ok(name) = std::str::from_utf8(name) else {
        let shown = shown(&String::from_utf8_lossy(name));
        return found.flaws.push(Flaw::name(shown, "its name is not UTF-8: readers disagree about it"));
    };
    let mut entry = Entry {
        name: name.to_owned(),
        size: u64::from(get32(header, 24)),
        compressed: u64::from(get32(header, 20)),
        method: get16(header, 10),
        flags: get16(header, 8),
        crc: get32(header, 16),
        header: u64::from(get32(header, 42)),
        content: 0,
        local_extra: 0,
    };
    if let Some(why) = names::refused(name) {
        found.flaws.push(Flaw::name(shown(name), why));
    }
    let mut flaw = |what: String| found.flaws.push(Flaw::structure(shown(name), what));
    if let Err(why) = extras(extra, &mut entry) {
        flaw(why.to_owned());
    }
    // On Unix and on the Mac the high half holds the mode (4.4.15): a regular file, a folder, or nothing said.
    let mode = get32(header, 38) >> 28;
    match (header[5], mode) {
        (_, 0o12) => flaw("it is a symbolic link".to_owned()),
        (3 | 19, kind) if ![0, 0o10, 0o4].contains(&kind) => flaw("it is neither a file nor a folder".to_owned()),
        _ => {}
    }
    if entry.flags & ENCRYPTED != 0 {
        flaw("it is encrypted".to_owned());
    } else if entry.flags & PATCHED != 0 || ![STORED, DEFLATED].contains(&entry.method) {
        flaw(format!(
            "it is compressed with method {}, which is not read; unzip it and verify what is in it",
            entry.method
        ));
    } else if entry.method == STORED && entry.size != entry.compressed {
        flaw("it is stored, and yet has two sizes".to_owned());
    } else if entry.is_folder() && entry.size != 0 {
        flaw("it is a folder, and yet has content".to_owned());
    }
    if get16(header, 34) != 0 {
        flaw("it lies on another volume".to_owned());
    }
    found.entries.push(entry);
}

/// Takes what an extra field says: sizes of 64 bits, encryption, another name.
fn extras(mut extra: &[u8], entry: &mut Entry) -> Result<(), &'static str> {
    while !extra.is_empty() {
        let len = usize::from(get16(extra, 2));
        let Some(value) = extra.get(4..4 + len) else { return Err("its extra field is cut off") };
        match get16(extra, 0) {
            WIDE => {
                let mut at = 0;
                for field in [&mut entry.size, &mut entry.compressed, &mut entry.header] {
                    if *field == 0xFFFF_FFFF {
                        *field = value.get(at..at + 8).map(|b| get64(b, 0)).ok_or("its extra field lacks a size")?;
                        at += 8;
                    }
                }
            }
            AES => return Err("it is encrypted"),
            OTHER_NAME if value.get(5..) != Some(entry.name.as_bytes()) => {
                return Err("it has two names: readers may take either");
            }
            _ => {}
        }
        extra = &extra[4 + len..];
    }
    Ok(())
}

/// What it all unpacks to is in a sane proportion to what it is.
fn check_size(len: u64, found: &mut Directory) {
    let total = found.entries.iter().try_fold(0_u64, |sum, entry| sum.checked_add(entry.size));
    let most = len.saturating_mul(Limits::FOREIGN_RATIO).max(Limits::FOREIGN_FREE_BYTES);
    if total.is_none_or(|total| total > most) {
        let total = total.map_or_else(|| "more bytes than there are".to_owned(), |total| format!("{total} bytes"));
        let what = format!(
            "it unpacks to {total}, more than {} times its own {len}; nothing of it is unpacked. If you know where it \
             comes from, unzip it and verify the folder",
            Limits::FOREIGN_RATIO
        );
        found.flaws.push(Flaw::structure("the zip", what));
    }
}

/// The local headers (4.3.7) say the same, and the files fill the zip without a gap and without lying in one another.
fn check_local(input: &dyn Bytes, end: &End, found: &mut Directory) -> io::Result<()> {
    let mut order: Vec<usize> = (0..found.entries.len()).collect();
    order.sort_by_key(|number| found.entries[*number].header);
    let headers: Vec<u64> = order.iter().map(|number| found.entries[*number].header).chain([end.directory]).collect();
    let mut next = 0;
    for (place, number) in order.iter().enumerate() {
        let entry = &mut found.entries[*number];
        let gap = entry.header.checked_sub(next);
        let flaw = match gap {
            None => Some("it overlaps another file".to_owned()),
            Some(0) => local(input, entry, end.directory)?.err(),
            Some(gap) => Some(format!("{gap} bytes stand before it that belong to no file")),
        };
        let flaw = flaw.or_else(|| match entry.content.checked_add(entry.compressed) {
            Some(ends) if ends <= headers[place + 1] => {
                next = headers[place + 1];
                descriptor(input, entry, ends, next).unwrap_or_else(|error| Some(error.to_string()))
            }
            _ => Some("it overlaps another file".to_owned()),
        });
        if let Some(what) = flaw {
            let place = shown(&entry.name);
            found.flaws.push(Flaw::structure(place, what));
            return Ok(());
        }
    }
    if next != end.directory && order.is_empty() && end.directory > 0 {
        found.flaws.push(Flaw::structure("byte 0", "bytes stand before the directory that belong to no file"));
    }
    Ok(())
}

/// Compares the local header of an entry with what the directory says.
fn local(input: &dyn Bytes, entry: &mut Entry, most: u64) -> io::Result<Result<(), String>> {
    if entry.header.checked_add(30).is_none_or(|ends| ends > most) {
        return Ok(Err("its local header lies outside of the zip".to_owned()));
    }
    let header = take(input, entry.header, 30)?;
    let (name, extra) = (usize::from(get16(&header, 26)), usize::from(get16(&header, 28)));
    let begins = entry.header + 30 + (name + extra) as u64;
    if get32(&header, 0) != LOCAL || begins > most {
        return Ok(Err("where the directory says that it begins, no file begins".to_owned()));
    }
    let rest = take(input, entry.header + 30, name + extra)?;
    let (name, extra) = rest.split_at(name);
    if name != entry.name.as_bytes() {
        let other = String::from_utf8_lossy(name);
        return Ok(Err(format!("its local header gives it the name {}", shown(&other))));
    }
    let (flags, method) = (get16(&header, 6), get16(&header, 8));
    let counts = ENCRYPTED | DESCRIPTOR | PATCHED;
    if method != entry.method || flags & counts != entry.flags & counts {
        return Ok(Err("its local header says that it is packed in another way".to_owned()));
    }
    let mut there = Entry {
        size: u64::from(get32(&header, 22)),
        compressed: u64::from(get32(&header, 18)),
        crc: get32(&header, 14),
        header: 0,
        ..entry.clone()
    };
    // Padding that aligns a content may be cut off; what could be another name or size may not.
    if let Err(why) = extras(extra, &mut there).or_else(|why| if padding(extra) { Ok(()) } else { Err(why) }) {
        return Ok(Err(why.to_owned()));
    }
    let said = (there.crc, there.compressed, there.size);
    let open = flags & DESCRIPTOR != 0 && there.crc == 0 && (there.compressed, there.size) == (0, 0);
    if !open && said != (entry.crc, entry.compressed, entry.size) {
        // With a descriptor each of the three may be missing here (4.4.4).
        let blank =
            |there: u64, says: u64| there == says || flags & DESCRIPTOR != 0 && [0, 0xFFFF_FFFF].contains(&there);
        let agrees = blank(u64::from(there.crc), u64::from(entry.crc))
            && blank(there.compressed, entry.compressed)
            && blank(there.size, entry.size);
        if !agrees {
            return Ok(Err("its local header gives it another size or CRC".to_owned()));
        }
    }
    entry.content = begins;
    entry.local_extra = extra.len() as u16;
    Ok(Ok(()))
}

/// Whether an extra field is nothing but the zeros that some tools align contents with.
fn padding(extra: &[u8]) -> bool {
    extra.iter().all(|byte| *byte == 0)
}

/// What stands between the end of a content and what follows: nothing, or its data descriptor (4.3.9).
fn descriptor(input: &dyn Bytes, entry: &Entry, ends: u64, next: u64) -> io::Result<Option<String>> {
    let gap = next - ends;
    if gap == 0 {
        return Ok(None);
    }
    let between = || Some(format!("{gap} bytes that belong to no file stand behind it"));
    if entry.flags & DESCRIPTOR == 0 || gap > 24 {
        return Ok(between());
    }
    let there = take(input, ends, gap as usize)?;
    let forms =
        [narrow, wide].map(|put| [entry.crc.to_le_bytes().to_vec(), put(entry.compressed), put(entry.size)].concat());
    let fits = forms.iter().any(|form| there == *form || there == [b"PK\x07\x08".as_slice(), form].concat());
    Ok(if fits { None } else { between() })
}

fn narrow(number: u64) -> Vec<u8> {
    (number as u32).to_le_bytes().to_vec()
}

fn wide(number: u64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}
