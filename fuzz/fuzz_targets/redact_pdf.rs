//! PDF, any bytes.

#![no_main]

mod document_kit;

use redact::document::pdf;

libfuzzer_sys::fuzz_target!(|data: &[u8]| document_kit::check(pdf::rewrite, holds, data));

/// Every object, string and stream, in every spelling.
fn holds(bytes: &[u8], value: &str) -> bool {
    pdf::survivors(bytes, &[value.as_bytes()]).expect("the output is read again").len() == 1
}
