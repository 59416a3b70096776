//! Tables.

#![no_main]

mod redact_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    redact_kit::check(redact::format::csv::rewrite, data);
    redact_kit::check_values(redact::format::csv::rewrite, data);
});
