//! XML, strictly, and HTML, leniently.

#![no_main]

mod redact_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    redact_kit::check(redact::format::xml::rewrite, data);
    redact_kit::check_values(redact::format::xml::rewrite, data);
    redact_kit::check(redact::format::xml::rewrite_html, data);
});
