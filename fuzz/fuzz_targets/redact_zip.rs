//! Office documents, any bytes.

#![no_main]

mod document_kit;
mod zip_kit;

use redact::document::office;

libfuzzer_sys::fuzz_target!(|data: &[u8]| document_kit::check(office::rewrite, zip_kit::holds, data));
