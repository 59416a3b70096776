//! Who is meant: `KEY=VALUE` in normal form, which is its own, and which every spelling of it meets.

#![no_main]

use privacy::identity::{Identity, Rules, normalise};
use privacy::row::FieldPath;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let rules = Rules::default();
    let Ok(identity) = Identity::parse(text, &rules) else { return };
    let (kind, normal) = (identity.kind().to_owned(), identity.normalised().to_owned());
    assert!(!normal.is_empty() && normal.chars().all(|letter| !letter.is_control()), "{normal:?}");
    let again = Identity::new(&kind, &normal, &rules).expect("the normal form names somebody");
    assert_eq!(again.normalised(), normal, "the normal form is its own");
    assert!(identity.matches(&normal), "the normal form is met");
    assert!(identity.matches(identity.given()), "what was given is met");
    // What a tombstone compares is what an identity compares.
    assert_eq!(normalise(&kind, &normal, &rules).as_deref(), Some(normal.as_str()));
    let condition = identity.condition(&FieldPath::column("x"));
    assert!(!condition.values.is_empty());
    assert!(identity.sealed().ends_with(normal.as_bytes()));
});
