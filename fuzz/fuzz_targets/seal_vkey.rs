//! Verifier keys: one key, one text.

#![no_main]

use seal::note::Verifier;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(verifier) = Verifier::parse(text) {
        assert_eq!(verifier.to_string(), text.trim_end_matches(['\r', '\n']));
    }
});
