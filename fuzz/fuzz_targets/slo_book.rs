//! Rule files: read strictly and leniently, then evaluated over made-up numbers.

#![no_main]

mod slo_kit;

use slo::Book;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let load = |strict| Book::load(vec![("rules.yaml".into(), text.to_owned())], &slo_kit::reading(strict));
    let (strict, lenient) = (load(true), load(false));
    assert!(strict.is_err() || lenient.is_ok(), "strict is never more lenient");
    slo_kit::check(strict);
    slo_kit::check(lenient);
});
