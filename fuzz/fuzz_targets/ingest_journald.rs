//! The export format of systemd's journal.

#![no_main]

mod ingest_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ingest_kit::read(ingest::Format::Journald, data));
