//! Syslog, RFC 5424 and RFC 3164, in both framings.

#![no_main]

mod ingest_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ingest_kit::read(ingest::Format::Syslog, data));
