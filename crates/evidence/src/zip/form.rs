//! The bytes of each zip structure, computed from what they describe (APPNOTE 6.3.10, sections in brackets).

/// One file in the zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Path, `[A-Za-z0-9._-/]`.
    pub(crate) name: String,
    /// Bytes.
    pub(crate) size: u64,
    /// CRC-32 of the content.
    pub(crate) crc: u32,
    /// Where its local header begins.
    pub(crate) offset: u64,
}

/// The first entry (EN 319 162-1, 4.3.3.1, item 1).
pub(crate) const MIMETYPE: &str = "mimetype";

/// What entries are sorted by: `mimetype` comes first, the others follow by name.
pub(crate) fn order(name: &str) -> (bool, &str) {
    (name != MIMETYPE && !name.is_empty(), name)
}

/// From this value on a 32-bit field says "see the ZIP64 extra field" (4.5.3).
const WIDE: u64 = 0xFFFF_FFFF;
/// The same for the number of entries. `Limits::FILES` stays below it; the field is written correctly all the same.
const WIDE_COUNT: u64 = 0xFFFF;

pub(crate) const LOCAL: u32 = 0x0403_4b50;
pub(crate) const CENTRAL: u32 = 0x0201_4b50;
pub(crate) const END: u32 = 0x0605_4b50;
pub(crate) const END64: u32 = 0x0606_4b50;
pub(crate) const LOCATOR64: u32 = 0x0706_4b50;

/// An extra field that says nothing.
pub(crate) const PADDING: u16 = 0xD935;
/// Where a local header has the length of its extra field.
const EXTRA_LEN_AT: usize = 28;

/// Length of the end record.
pub(crate) const END_LEN: u64 = 22;
/// Length of the ZIP64 end record and its locator.
pub(crate) const END64_LEN: u64 = 56 + 20;

impl Entry {
    /// The local header (4.3.7).
    pub(crate) fn local_header(&self) -> Vec<u8> {
        let wide = self.size >= WIDE;
        let mut out = Vec::with_capacity(50 + self.name.len());
        put32(&mut out, LOCAL);
        put16(&mut out, if wide { 45 } else { 20 });
        self.put_common(&mut out, wide);
        put16(&mut out, if wide { 20 } else { 0 });
        out.extend_from_slice(self.name.as_bytes());
        if wide {
            put16(&mut out, 1);
            put16(&mut out, 16);
            put64(&mut out, self.size);
            put64(&mut out, self.size);
        }
        out
    }

    /// The local header of a file whose size is not known when it begins: as long for a large file as for a small one, so that
    /// it can be written again. A small one has padding there (the alignment field of Android, which every reader passes over).
    pub(crate) fn roomy_header(&self) -> Vec<u8> {
        let mut out = self.local_header();
        if self.size < WIDE {
            out[EXTRA_LEN_AT..EXTRA_LEN_AT + 2].copy_from_slice(&20_u16.to_le_bytes());
            put16(&mut out, PADDING);
            put16(&mut out, 16);
            put16(&mut out, 1); // aligned to every byte
            out.extend_from_slice(&[0; 14]);
        }
        out
    }

    /// The central directory header (4.3.12).
    pub(crate) fn central_header(&self) -> Vec<u8> {
        let wide: Vec<u64> = [self.size, self.size, self.offset].into_iter().filter(|n| *n >= WIDE).collect();
        let mut out = Vec::with_capacity(80 + self.name.len());
        put32(&mut out, CENTRAL);
        let version = if wide.is_empty() { 20 } else { 45 };
        put16(&mut out, 3 << 8 | version); // made on Unix, so that the mode counts
        put16(&mut out, version);
        self.put_common(&mut out, self.size >= WIDE);
        put16(&mut out, if wide.is_empty() { 0 } else { 4 + 8 * wide.len() as u16 });
        put16(&mut out, 0); // comment
        put16(&mut out, 0); // disk
        put16(&mut out, 0); // internal attributes
        put32(&mut out, self.mode() << 16);
        put32(&mut out, cap32(self.offset));
        out.extend_from_slice(self.name.as_bytes());
        if !wide.is_empty() {
            put16(&mut out, 1);
            put16(&mut out, 8 * wide.len() as u16);
            wide.iter().for_each(|number| put64(&mut out, *number));
        }
        out
    }

    /// Flags, method, time, date, CRC, sizes, length of the name: alike in both headers.
    fn put_common(&self, out: &mut Vec<u8>, wide: bool) {
        let size = if wide { WIDE as u32 } else { self.size as u32 };
        put16(out, 0); // no flags: not encrypted, sizes stand here, names are ASCII
        put16(out, 0); // stored
        put16(out, 0); // 00:00:00
        put16(out, 0x21); // 1980-01-01
        put32(out, self.crc);
        put32(out, size);
        put32(out, size);
        // Names are bounded by `Limits::PATH_BYTES`.
        put16(out, self.name.len() as u16);
    }

    /// A regular file; scripts may be run.
    fn mode(&self) -> u32 {
        if self.name.ends_with(".sh") { 0o100_755 } else { 0o100_644 }
    }
}

/// What stands after the last central header: the ZIP64 records where they are needed (4.3.14, 4.3.15), and the end
/// record (4.3.16).
pub(crate) fn end_records(count: u64, directory_offset: u64, directory_len: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(98);
    if is_wide(count, directory_offset, directory_len) {
        put32(&mut out, END64);
        put64(&mut out, 44);
        put16(&mut out, 3 << 8 | 45);
        put16(&mut out, 45);
        put32(&mut out, 0);
        put32(&mut out, 0);
        put64(&mut out, count);
        put64(&mut out, count);
        put64(&mut out, directory_len);
        put64(&mut out, directory_offset);
        put32(&mut out, LOCATOR64);
        put32(&mut out, 0);
        put64(&mut out, directory_offset + directory_len);
        put32(&mut out, 1);
    }
    put32(&mut out, END);
    put16(&mut out, 0);
    put16(&mut out, 0);
    put16(&mut out, count.min(WIDE_COUNT) as u16);
    put16(&mut out, count.min(WIDE_COUNT) as u16);
    put32(&mut out, cap32(directory_len));
    put32(&mut out, cap32(directory_offset));
    put16(&mut out, 0);
    out
}

fn is_wide(count: u64, directory_offset: u64, directory_len: u64) -> bool {
    count >= WIDE_COUNT || directory_offset >= WIDE || directory_len >= WIDE
}

fn cap32(number: u64) -> u32 {
    number.min(WIDE) as u32
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}
