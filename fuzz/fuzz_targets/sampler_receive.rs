//! What applications post to a sampler: requests of HTTP, bodies of OTLP in protobuf and JSON.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 3 {
        0 => sampler::fuzz::request(data),
        1 => sampler::fuzz::body(true, data),
        _ => sampler::fuzz::body(false, data),
    }
});
