//! Vector selectors: what is printed reads back as the same selector.

#![no_main]

use slo::measure::Selector;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(selector) = Selector::parse(text) {
        assert_eq!(Selector::parse(&selector.to_string()).ok(), Some(selector));
    }
});
