//! YAML, TOML and env files: none of them is ever refused but for its size and depth.

#![no_main]

mod redact_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    redact_kit::check(redact::format::yaml::rewrite, data);
    redact_kit::check(redact::format::toml_text::rewrite, data);
    redact_kit::check(redact::format::env::rewrite, data);
});
