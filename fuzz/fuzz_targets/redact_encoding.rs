//! UTF-16 around a format, as the bytes say and as they do not.

#![no_main]

mod redact_kit;

use redact::format::encoding::{self, Encoding};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = encoding::detect(data);
    redact_kit::check(
        |i, o, d, l| encoding::rewrite(Encoding::Utf16Le, &redact::format::csv::rewrite, i, o, d, l),
        data,
    );
    redact_kit::check(
        |i, o, d, l| encoding::rewrite(Encoding::Utf16Be, &redact::format::xml::rewrite_html, i, o, d, l),
        data,
    );
});
