//! Custody logs: what is read is written again to the same bytes; of what is not, it is said what was done to which line.

#![no_main]

use evidence::custody;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let chain = match custody::examine(data) {
        Ok(chain) => chain,
        Err(findings) => {
            let lines = data.iter().filter(|byte| **byte == b'\n').count() as u64;
            assert!(!findings.is_empty() && findings.iter().all(|finding| (1..=lines).contains(&finding.line)));
            return;
        }
    };
    let mut written = Vec::new();
    for entry in &chain.entries {
        written.extend_from_slice(&entry.to_line().expect("it was read"));
        written.push(b'\n');
    }
    assert_eq!(chain.bytes + chain.torn, data.len() as u64);
    assert_eq!(written, data[..chain.bytes as usize]);
});
