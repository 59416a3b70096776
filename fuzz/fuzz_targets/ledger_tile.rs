//! Tiles: one path per tile; a bundle is its entries, one behind the other.

#![no_main]

use std::path::Path;

use ledger::tile::{Tile, entries, hash_bytes, parse_hashes};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(hashes) = parse_hashes(data, data.len() as u64 / 32) {
        assert_eq!(hash_bytes(&hashes), data);
    }
    bundle(data);
    let Ok(path) = std::str::from_utf8(data) else { return };
    if let Some(tile) = Tile::parse(Path::new(path)) {
        assert_eq!(tile.path(), Path::new(path));
        let _ = tile.end();
    }
});

fn bundle(data: &[u8]) {
    let mut written = Vec::new();
    for entry in entries(data) {
        match entry {
            Ok(entry) => {
                written.extend_from_slice(&(entry.len() as u16).to_be_bytes());
                written.extend_from_slice(entry);
            }
            Err(offset) => return assert_eq!(written, data[..offset]),
        }
    }
    assert_eq!(written, data);
}
