//! Requests of remote write: packed as they come, and what is in them without the packing.

#![no_main]

mod ingest_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    ingest_kit::read(ingest::Format::RemoteWrite, data);
    // One literal of Snappy, so that the fuzzer gets behind the packing.
    if let Ok(length) = u16::try_from(data.len()) {
        let size = [length as u8 & 0x7f | 0x80, (length >> 7) as u8 & 0x7f | 0x80, (length >> 14) as u8];
        let behind = length.wrapping_sub(1).to_le_bytes();
        ingest_kit::read(ingest::Format::RemoteWrite, &[&size[..], &[61 << 2], &behind, data].concat());
    }
});
