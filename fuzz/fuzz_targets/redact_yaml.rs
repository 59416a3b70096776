//! YAML, TOML and env files: none of them is ever refused but for its size and depth.

#![no_main]

mod redact_kit;

use redact::format::{env, toml_text, yaml};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for format in [yaml::rewrite, toml_text::rewrite, env::rewrite] {
        redact_kit::check(format, data);
    }
    redact_kit::check_values(toml_text::rewrite, data);
    redact_kit::check_values(env::rewrite, data);
    // Tags and anchors are no part of the value that stands behind them.
    if !data.iter().any(|byte| b"&!".contains(byte)) {
        redact_kit::check_values(yaml::rewrite, data);
    }
});
