//! The format is guessed from any bytes, and the guess can be read.

#![no_main]

mod ingest_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(format) = ingest::detect(data) {
        ingest_kit::read(format, data);
    }
});
