//! Writing.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{CENTRAL, END, Entry, LOCAL};

/// A ZIP file in the making: no comments, no extra fields, no data descriptors.
#[derive(Default)]
pub(in crate::document) struct Writer {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Writer {
    /// An entry whose compressed bytes are taken over as they are.
    pub(in crate::document) fn copy(&mut self, entry: &Entry, compressed: &[u8]) {
        let method = if entry.deflated { 8 } else { 0 };
        self.record(&entry.name, entry.time, method, entry.crc, entry.size, compressed);
    }

    /// An entry with new content.
    pub(in crate::document) fn add(&mut self, name: &str, time: [u8; 4], deflated: bool, content: &[u8]) {
        let packed = if deflated { deflate(content) } else { content.to_vec() };
        let method = if deflated { 8 } else { 0 };
        self.record(name, time, method, crc32fast::hash(content), content.len() as u64, &packed);
    }

    fn record(&mut self, name: &str, time: [u8; 4], method: u16, crc: u32, size: u64, packed: &[u8]) {
        let offset = self.bytes.len();
        let mut fields = Vec::with_capacity(26);
        let utf8: u16 = if name.is_ascii() { 0 } else { 1 << 11 };
        for field in [20, utf8, method] {
            fields.extend(field.to_le_bytes());
        }
        fields.extend(time);
        // Sizes are below 4 GiB: the reader takes no larger entries, and `Limits::expanded_bytes` stands above both.
        for field in [crc, packed.len() as u32, size as u32] {
            fields.extend(field.to_le_bytes());
        }
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0; 2]);
        for part in [&LOCAL[..], &fields, name.as_bytes(), packed] {
            self.bytes.extend_from_slice(part);
        }
        self.directory.extend(CENTRAL);
        self.directory.extend(20u16.to_le_bytes());
        self.directory.extend(&fields);
        // Comment length, disk, attributes.
        self.directory.extend([0; 10]);
        self.directory.extend((offset as u32).to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.entries += 1;
    }

    pub(in crate::document) fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&self.directory);
        self.bytes.extend(END);
        self.bytes.extend([0; 4]);
        self.bytes.extend(self.entries.to_le_bytes());
        self.bytes.extend(self.entries.to_le_bytes());
        self.bytes.extend((self.directory.len() as u32).to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing into a vector cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}
