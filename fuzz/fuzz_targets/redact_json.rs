//! JSON, JSON Lines, concatenated documents.

#![no_main]

mod redact_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    redact_kit::check(redact::format::json::rewrite, data);
    redact_kit::check_values(redact::format::json::rewrite, data);
});
