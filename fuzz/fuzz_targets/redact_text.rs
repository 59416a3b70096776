//! Plain text and logs.

#![no_main]

mod redact_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    redact_kit::check(|i, o, d, l| redact::format::text::rewrite(i, o, d, false, l), data);
    redact_kit::check_values(|i, o, d, l| redact::format::text::rewrite(i, o, d, true, l), data);
});
