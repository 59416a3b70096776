//! Dumps.

#![no_main]

mod redact_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| redact_kit::check(redact::format::sql::rewrite, data));
