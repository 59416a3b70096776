//! Custody logs: what is read is written again to the same bytes.

#![no_main]

use evidence::custody;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(chain) = custody::read(data) else { return };
    let mut written = Vec::new();
    for entry in &chain.entries {
        written.extend_from_slice(&entry.to_line().expect("it was read"));
        written.push(b'\n');
    }
    assert_eq!(chain.bytes + chain.torn, data.len() as u64);
    assert_eq!(written, data[..chain.bytes as usize]);
});
