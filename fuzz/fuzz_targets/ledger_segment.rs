//! Segments: as they are, and with right checksums, so that lengths, indexes and counts are met behind them.

#![no_main]

use ledger::replay;

const COMMIT_BYTES: usize = 49;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, data)) = data.split_first_chunk::<8>() else { return };
    check(data, u64::from_be_bytes(*first));
    let mut repaired = data.to_vec();
    repair(&mut repaired);
    check(&repaired, u64::from_be_bytes(*first));
});

fn check(bytes: &[u8], first: u64) {
    let whole = replay(bytes, first);
    assert_eq!(whole.entries.len(), whole.leaves.len());
    assert!(whole.committed <= bytes.len());
    assert!(whole.entries.is_sorted_by(|a, b| a.end < b.start));
    assert!(whole.entries.iter().all(|range| range.end <= whole.committed));
    let end = first.wrapping_add(whole.entries.len() as u64);
    assert!(whole.commits.last().is_none_or(|(size, _)| *size == end));
    let unused = bytes[whole.committed..].iter().all(|byte| *byte == 0);
    assert_eq!(whole.tear.is_none(), unused);
    // What was acknowledged is all that counts.
    let cut = replay(&bytes[..whole.committed], first);
    assert_eq!((cut.entries, cut.commits, cut.tear), (whole.entries, whole.commits, None));
}

/// Puts the right checksum wherever one belongs, for as long as records follow each other.
fn repair(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(kind) = bytes.get(at) {
        let length = match (kind, bytes.get(at + 1..at + 5)) {
            (0xA1, Some(length)) => 17 + u32::from_be_bytes(length.try_into().expect("four bytes")) as usize,
            (0xC1, _) => COMMIT_BYTES,
            _ => return,
        };
        let Some(record) = bytes.get_mut(at..at.saturating_add(length)) else { return };
        let (body, checksum) = record.split_at_mut(length - 4);
        checksum.copy_from_slice(&crc32c::crc32c(body).to_be_bytes());
        at += length;
    }
}
