//! Entries: one entry, one text.

#![no_main]

use ledger::Entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::parse(data) {
        assert_eq!(entry.to_bytes().expect("it was read"), data);
    }
});
