//! Reading.

use std::collections::HashSet;
use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use model::Fault;

use super::{CENTRAL, END, Entry, LOCAL};
use crate::Limits;

/// What is left of the limits for a container and everything within it.
#[derive(Clone, Copy, Debug)]
pub(in crate::document) struct Budget {
    bytes: u64,
    parts: usize,
}

impl Budget {
    pub(in crate::document) fn new(limits: &Limits) -> Self {
        Budget { bytes: limits.expanded_bytes, parts: limits.parts }
    }
}

/// A ZIP file whose records agree with each other.
pub(in crate::document) struct Archive<'a> {
    bytes: &'a [u8],
    pub(in crate::document) entries: Vec<Entry>,
    /// Whether the file holds anything besides the parts: comments, extra fields, bytes between.
    pub(in crate::document) has_hidden: bool,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// `bad-zip`, `bad-part-name`, `duplicate-part`, `encrypted-part`, `too-many-parts`, `expands-too-much`.
    pub(in crate::document) fn read(bytes: &'a [u8], budget: &mut Budget, limits: &Limits) -> Result<Self, Fault> {
        let end = End::find(bytes)?;
        budget.parts = budget.parts.checked_sub(end.entries).ok_or_else(|| {
            Fault::bad_input("too-many-parts", "The container has more parts than the limit allows.")
                .advise("Split the document, or raise the limit if it is what it should be.")
        })?;
        let mut archive = Archive { bytes, entries: Vec::new(), has_hidden: end.has_comment };
        let mut names = HashSet::new();
        let mut at = end.directory.start;
        for _ in 0..end.entries {
            let entry = archive.central(&mut at, end.directory.end)?;
            // OPC (ECMA-376 part 2, 7.3): names are the same when they differ in case alone.
            if !names.insert(entry.name.to_lowercase()) {
                return Err(Fault::bad_input("duplicate-part", "Two parts of the container have the same name.")
                    .advise("Save the document again in the program that made it."));
            }
            fits(&entry, budget, limits)?;
            archive.entries.push(entry);
        }
        if at != end.directory.end {
            return Err(bad_zip("its directory holds more than it says"));
        }
        archive.apart(end.directory.start)?;
        Ok(archive)
    }

    pub(in crate::document) fn compressed(&self, entry: &Entry) -> &'a [u8] {
        &self.bytes[entry.data.clone()]
    }

    /// The content of an entry.
    ///
    /// # Errors
    /// `bad-zip` when it is not what the directory says.
    pub(in crate::document) fn bytes(&self, entry: &Entry) -> Result<Vec<u8>, Fault> {
        let compressed = self.compressed(entry);
        let bytes = if entry.deflated { inflate(compressed, entry.size)? } else { compressed.to_vec() };
        if bytes.len() as u64 != entry.size || crc32fast::hash(&bytes) != entry.crc {
            return Err(bad_zip("a part is not what the directory says"));
        }
        Ok(bytes)
    }

    /// One record of the directory (APPNOTE 4.3.12).
    fn central(&mut self, at: &mut usize, end: usize) -> Result<Entry, Fault> {
        let record = self.bytes.get(*at..end).unwrap_or_default();
        if record.len() < 46 || record[..4] != CENTRAL {
            return Err(bad_zip("a record of its directory is damaged"));
        }
        let (flags, method) = (u16_at(record, 8), u16_at(record, 10));
        let [name_length, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(record, at)));
        let name = record.get(46..46 + name_length).ok_or_else(|| bad_zip("a name is cut off"))?;
        *at += 46 + name_length + extra + comment;
        self.has_hidden |= comment > 0 || extra > 0;
        // Bit 0: encrypted; bit 6: strongly; bit 13: the directory is.
        if flags & 0x2041 != 0 {
            return Err(Fault::bad_input("encrypted-part", "A part of the container is encrypted.")
                .advise("Decrypt it first; what cannot be read cannot be redacted."));
        }
        let [packed, size, offset] = [20, 24, 42].map(|at| u32_at(record, at));
        if [packed, size, offset].contains(&u32::MAX) {
            return Err(bad_zip("it is a ZIP64 file, which is not supported"));
        }
        let deflated = match method {
            0 if packed == size => false,
            8 => true,
            _ => return Err(bad_zip("a part is compressed in a way that is not supported")),
        };
        let data = self.local(offset as usize, packed as usize, name, method)?;
        let mut time = [0; 4];
        time.copy_from_slice(&record[12..16]);
        let name = part_name(name, size)?;
        Ok(Entry { name, time, deflated, crc: u32_at(record, 16), size: u64::from(size), data })
    }

    /// The local header has to say the same (APPNOTE 4.3.7). With bit 3 its sizes stand behind the data; the
    /// directory's are the ones that count.
    fn local(&self, offset: usize, packed: usize, name: &[u8], method: u16) -> Result<Range<usize>, Fault> {
        let differs = || bad_zip("a part's own header differs from the directory");
        let header = self.bytes.get(offset..).filter(|rest| rest.len() >= 30).ok_or_else(differs)?;
        let described = u16_at(header, 6) & 8 != 0;
        let sizes_agree = u32_at(header, 18) as usize == packed || described;
        if header[..4] != LOCAL || u16_at(header, 8) != method || !sizes_agree {
            return Err(differs());
        }
        let [name_length, extra] = [26, 28].map(|at| usize::from(u16_at(header, at)));
        if header.get(30..30 + name_length) != Some(name) {
            return Err(differs());
        }
        let start = offset + 30 + name_length + extra;
        match start.checked_add(packed) {
            Some(end) if end <= self.bytes.len() => Ok(start..end),
            _ => Err(bad_zip("a part is cut off")),
        }
    }

    /// Entries that share bytes are how bombs are made, and bytes outside of entries are how text hides.
    fn apart(&mut self, directory: usize) -> Result<(), Fault> {
        let mut ranges: Vec<_> = self.entries.iter().map(|entry| entry.data.clone()).collect();
        ranges.sort_by_key(|range| (range.start, range.end));
        // Between two parts stand a header with its name, and perhaps a data descriptor.
        let named: usize = self.entries.iter().map(|entry| 30 + entry.name.len() + entry.data.len()).sum();
        self.has_hidden |= named != directory;
        let overlap = ranges.windows(2).any(|pair| pair[1].start < pair[0].end + 30);
        if overlap || ranges.last().is_some_and(|last| last.end > directory) {
            return Err(bad_zip("its parts overlap"));
        }
        if !self.bytes.starts_with(&LOCAL) {
            return Err(bad_zip("something stands before its first part"));
        }
        Ok(())
    }
}

/// The record at the end (APPNOTE 4.3.16).
struct End {
    entries: usize,
    directory: Range<usize>,
    has_comment: bool,
}

impl End {
    fn find(bytes: &[u8]) -> Result<End, Fault> {
        let lowest = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
        let at = memchr::memmem::rfind(&bytes[lowest..], &END)
            .map(|at| at + lowest)
            .filter(|at| bytes.len() >= at + 22)
            .ok_or_else(|| bad_zip("its end is missing"))?;
        let record = &bytes[at..];
        let comment = usize::from(u16_at(record, 20));
        let [size, start] = [12, 16].map(|at| u32_at(record, at) as usize);
        let entries = usize::from(u16_at(record, 10));
        if at + 22 + comment != bytes.len() || u32_at(record, 4) != 0 || u16_at(record, 8) != u16_at(record, 10) {
            return Err(bad_zip("its last record is damaged"));
        }
        if start.checked_add(size) != Some(at) {
            return Err(bad_zip("its directory does not stand before its last record"));
        }
        Ok(End { entries, directory: start..at, has_comment: comment > 0 })
    }
}

fn fits(entry: &Entry, budget: &mut Budget, limits: &Limits) -> Result<(), Fault> {
    let packed = entry.data.len().max(1) as u64;
    let bomb = entry.size > 1 << 20 && entry.size / packed > limits.expansion;
    match budget.bytes.checked_sub(entry.size) {
        Some(left) if !bomb => {
            budget.bytes = left;
            Ok(())
        }
        _ => Err(Fault::bad_input("expands-too-much", "The container expands beyond what the limits allow.")
            .advise("It may be a decompression bomb; if it is what it should be, split it.")),
    }
}

fn part_name(name: &[u8], size: u32) -> Result<String, Fault> {
    let bad = || {
        Fault::bad_input("bad-part-name", "A part of the container has a name that no office program writes.")
            .advise("Save the document again in the program that made it.")
    };
    let name = str::from_utf8(name).map_err(|_| bad())?;
    let folder = name.strip_suffix('/');
    let plain = folder.unwrap_or(name).split('/').all(|step| !matches!(step, "" | "." | ".."))
        && !name.contains(['\\', ':', '?', '*', '"', '<', '>', '|'])
        && !name.chars().any(char::is_control);
    if plain && (folder.is_none() || size == 0) { Ok(name.to_owned()) } else { Err(bad()) }
}

/// All of a deflate stream, which has to give exactly `size` bytes and to end with its input.
fn inflate(compressed: &[u8], size: u64) -> Result<Vec<u8>, Fault> {
    let bad = || bad_zip("a part's compressed bytes are damaged");
    let mut out = Vec::with_capacity(usize::try_from(size).map_err(|_| bad())? + 1);
    let mut inflate = Decompress::new(false);
    loop {
        let consumed = usize::try_from(inflate.total_in()).map_err(|_| bad())?;
        let before = out.len();
        match inflate.decompress_vec(&compressed[consumed..], &mut out, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) => break,
            Ok(_) if out.len() > before || inflate.total_in() > consumed as u64 => {}
            _ => return Err(bad()),
        }
    }
    if inflate.total_in() != compressed.len() as u64 {
        return Err(bad());
    }
    Ok(out)
}

fn bad_zip(why: &str) -> Fault {
    Fault::bad_input("bad-zip", format!("The container cannot be read safely: {why}."))
        .advise("Save the document again in the program that made it.")
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
