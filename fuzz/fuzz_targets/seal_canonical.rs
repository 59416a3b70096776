//! Canonical JSON: the bytes mean the same value, and are their own canonical form.

#![no_main]

use seal::canonical::to_bytes;
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(bytes) = to_bytes(&value) else { return };
    let again: Value = serde_json::from_slice(&bytes).expect("canonical JSON is JSON");
    assert_eq!(again, value);
    assert_eq!(to_bytes(&again).ok(), Some(bytes));
});
