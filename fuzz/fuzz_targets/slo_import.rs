//! Files of other tools: what is rewritten is OpenSLO, and what is refused has a place and words.

#![no_main]

mod slo_kit;

use std::path::Path;

use slo::{Book, Imported};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Imported::read(Path::new("a.yaml"), text, "30d", &slo_kit::reading(false)) {
        Ok(imported) => {
            assert_eq!(imported.names.is_empty(), imported.text.is_empty());
            slo_kit::check(Book::load(vec![("b.yaml".into(), imported.text)], &slo_kit::reading(false)));
        }
        Err(faults) => assert!(faults.iter().all(|fault| fault.place().is_some() && fault.advice().is_some())),
    }
});
