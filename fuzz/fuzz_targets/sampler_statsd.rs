//! Lines of statsd that applications send, or append to a file.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sampler::fuzz::lines(data));
