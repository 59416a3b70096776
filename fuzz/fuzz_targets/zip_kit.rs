//! ZIP files: made from parts that the fuzzer writes, and read without our reader.

use std::io::Read;

/// Between the name of a part, its content, and the next: a byte that stands in no UTF-8.
const BETWEEN: u8 = 0xFF;

/// A sound container with the parts that `data` describes: `name FF content FF name FF content …`. Every second one is
/// compressed.
pub fn packed(data: &[u8]) -> Vec<u8> {
    let mut fields = data.split(|byte| *byte == BETWEEN);
    let (mut bytes, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    while let (Some(name), Some(content)) = (fields.next(), fields.next()) {
        let deflated = count % 2 == 1;
        let mut data = content.to_vec();
        if deflated {
            data.clear();
            let mut deflate = flate2::read::DeflateEncoder::new(content, flate2::Compression::fast());
            deflate.read_to_end(&mut data).expect("memory is written");
        }
        let mut record = Vec::new();
        for half in [20_u16, 1 << 11, if deflated { 8 } else { 0 }, 0, 0x21] {
            record.extend(half.to_le_bytes());
        }
        for word in [crc32fast::hash(content), data.len() as u32, content.len() as u32, name.len() as u32] {
            record.extend(word.to_le_bytes());
        }
        let offset = bytes.len() as u32;
        bytes.extend([b"PK\x03\x04", record.as_slice(), name, &data].concat());
        directory.extend([b"PK\x01\x02\x14\0", record.as_slice(), &[0; 10], &offset.to_le_bytes(), name].concat());
        count += 1;
    }
    let (start, size) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0; 2]);
    bytes
}

/// Whether a value stands in the container's bytes, in a part, or in a part of a container within.
pub fn holds(bytes: &[u8], value: &str) -> bool {
    let has = |bytes: &[u8]| bytes.windows(value.len()).any(|window| window == value.as_bytes());
    has(bytes) || parts(bytes).iter().any(|part| has(part) || part.starts_with(b"PK\x03\x04") && holds(part, value))
}

/// The contents of the parts, by the directory. Nothing where the bytes are no container that we wrote or let pass.
fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |at: usize| half(at) | half(at + 2) << 16;
    let Some(end) = bytes.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Vec::new() };
    let mut at = word(end + 16);
    let part = |_| {
        let (method, packed, offset) = (half(at + 10), word(at + 20), word(at + 42));
        let start = offset + 30 + half(offset + 26) + half(offset + 28);
        at += 46 + half(at + 28) + half(at + 30) + half(at + 32);
        let data = &bytes[start..start + packed];
        let mut content = Vec::new();
        match method {
            0 => content.extend_from_slice(data),
            _ => drop(flate2::read::DeflateDecoder::new(data).read_to_end(&mut content)),
        }
        content
    };
    (0..half(end + 10)).map(part).collect()
}
