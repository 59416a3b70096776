//! Charges of FOCUS.

#![no_main]

mod ingest_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ingest_kit::read(ingest::Format::Focus, data));
