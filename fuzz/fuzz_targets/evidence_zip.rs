//! Packages with a few edits anywhere in the zip.

#![no_main]

mod edits;
mod evidence_kit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    evidence_kit::check(data);
    evidence_kit::check(&edits::apply(evidence_kit::INTACT, data));
});
