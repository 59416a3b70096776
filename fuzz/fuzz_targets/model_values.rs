//! Numbers, times and sizes: what is printed reads back as the same value.

#![no_main]

use std::fmt::{Debug, Display};

use model::{ByteSize, Decimal, Digest, Fault, Instant, Span};

fn reads_back<T: Display + Debug + PartialEq>(text: &str, parse: fn(&str) -> Result<T, Fault>) {
    if let Ok(value) = parse(text) {
        assert_eq!(parse(&value.to_string()).ok().as_ref(), Some(&value), "{text:?}");
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    reads_back(text, Decimal::parse);
    reads_back(text, Instant::parse);
    reads_back(text, Span::parse);
    reads_back(text, Digest::parse);
    // Sizes are printed for people, with three digits.
    let _ = ByteSize::parse(text).map(|size| size.to_string());
});
