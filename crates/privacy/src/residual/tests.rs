use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::*;

fn search(kind: &str, spellings: &[&str]) -> Search {
    let spellings = spellings.iter().map(|text| (*text).to_owned()).collect();
    Search::new(&[Value { kind: kind.to_owned(), spellings }]).expect("one value")
}

fn forms(search: &Search, haystack: &[u8]) -> Vec<Form> {
    let mut found = Vec::new();
    search.within(haystack, &mut found);
    let mut forms: Vec<Form> = found.iter().filter_map(|needle| search.needle(*needle)).map(|it| it.form).collect();
    forms.sort();
    forms.dedup();
    forms
}

/// An address is found in every form, and not as a part of another address.
#[test]
fn every_form_of_an_address_is_found() {
    let ann = search("email", &["Ann.Müller@Example.org", "ann.müller@example.org"]);
    let check = |text: &str, expect: &[Form]| assert_eq!(forms(&ann, text.as_bytes()), expect, "{text}");
    check("ANN.MÜLLER@EXAMPLE.ORG", &[Form::Plain]);
    check("Dear <ann.müller@example.org>, …", &[Form::Plain]);
    check("ann.mu\u{308}ller@example.org", &[Form::Plain]);
    check("?to%3Dann.m%C3%BCller%40example.org&x", &[Form::Url]);
    check("?to%3dann.m%c3%bcller%40example.org&x", &[Form::Url]);
    check("ann.m%25C3%25BCller%2540example.org", &[Form::Url]);
    check(r#"{"to":"ann.m\u00fcller@example.org"}"#, &[Form::Escaped]);
    check(r#"{"to":"ann.m\u00FCller\u0040example.org"}"#, &[Form::Escaped]);
    check("ann.müller&#64;example.org", &[Form::Escaped]);
    check(r"a\nann.müller@example.org\n", &[Form::Plain]);
    check("616e6e2e6dc3bc6c6c6572406578616d706c652e6f7267", &[Form::Hex]);
    check("joann.müller@example.org", &[]);
    check("ann.müller@example.orgs", &[]);
    check("ann.muller@example.org", &[]);
    check("", &[]);
    let utf16: Vec<u8> = "x ann.müller@example.org".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(forms(&ann, &utf16), [Form::Utf16]);
}

/// Under lines of base64, escapes of every kind and in packed bytes an address is found, and what cannot be opened is told.
#[test]
fn nothing_hides_under_layers() {
    use std::io::Write as _;
    let ann = search("email", &["ann@example.org"]);
    let base64 = STANDARD.encode("Dear Ann, this is for ann@example.org and for nobody else.");
    for width in [4, 7, 19, 64, 76] {
        for end in ["\n", "\r\n", "\r\n ", "\\n"] {
            let lines: Vec<&str> =
                base64.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            assert_eq!(forms(&ann, lines.join(end).as_bytes()), [Form::Base64], "{width} {end:?}");
        }
    }
    for text in [
        "ann=40example.org",
        "ann@exam=\r\nple.org",
        "x &#97;nn&#x40;example&period;org",
        "ann%252540example.org",
        r"\u0061nn\u0040example.org",
    ] {
        assert_eq!(forms(&ann, text.as_bytes()), [Form::Escaped], "{text}");
    }
    let mut gzip = flate2::write::GzEncoder::new(b"before".to_vec(), flate2::Compression::best());
    gzip.write_all(b"{\"to\":\"ann%40example.org, ann=40example.org, ann=40example.org\"}").unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(forms(&ann, &gzip), [Form::Packed]);
    assert_eq!(forms(&ann, &gzip[..gzip.len() - 3]), [Form::Packed], "the part that can be read is read");
    let bob = search("email", &["bob@example.org"]);
    let told = |haystack: &[u8]| {
        let mut found = Vec::new();
        bob.within(haystack, &mut found);
        found.into_iter().filter_map(|number| Closed::ALL.get(number.checked_sub(CLOSED)?).copied()).collect::<Vec<_>>()
    };
    assert_eq!(told(&gzip), []);
    assert_eq!(told(&gzip[..gzip.len() - 3]), [Closed::Unfinished]);
    assert_eq!(told(b"PK\x03\x04...."), [Closed::Unfinished]);
    assert_eq!(told(b"%PDF-1.7 /Encrypt 3 0 R"), [Closed::Encrypted]);
    assert_eq!(told(b"\x89PNG\r\n\x1a\n...."), [Closed::Picture]);
    assert_eq!(told(b"plain words"), []);
}

/// Digests of the address that other programs made: `printf %s ann@example.org | md5sum`, and so on.
#[test]
fn digests_of_an_address_are_found() {
    let ann = search("email", &["Ann@Example.org", "ann@example.org"]);
    for digest in [
        "8b5a6a28fc840441be692d74a81ccd1a",
        "a4414de3ce1f77d2615b90c3ba16219b38193ced",
        "438c4c7afe600cdf1e455c369bec76dc970fc8ca463447c7b387a347f3c79331",
        "733f7351d06b4c051a4cfc436a96aa076d62ff277de9b0da27c417317b80cebaac5927ef18c8d7bd1de5df3c4ded1544fb48f4caa718b8fa3898a28306e0e346",
    ] {
        assert_eq!(forms(&ann, format!("gravatar/{digest}").as_bytes()), [Form::Hashed]);
        assert_eq!(forms(&ann, digest.to_uppercase().as_bytes()), [Form::Hashed]);
    }
}

/// Short and common values do not flood the answer, and it is said that they were not looked for.
#[test]
fn short_and_common_values_do_not_flood() {
    let id = search("id", &["7"]);
    assert_eq!(forms(&id, b"7"), []);
    assert_eq!(id.unsearched().len(), 1);
    assert_eq!(search("id", &["1234567"]).unsearched().len(), 1);
    let check = |value: &str, text: &str, expect: bool| {
        assert_eq!(!forms(&search("user", &[value]), text.as_bytes()).is_empty(), expect, "{value} in {text}");
    };
    check("martin", "martin", true);
    check("martin", "{\"user\":\"Martin\"}", true);
    check("martin", "session:martin:7", true);
    check("martin", "my friend martin, who", false);
    check("martin", "martinique", false);
    check("u-77123", "paid by u-77123 today", true);
    check("u-77123", "paid by u-771234 today", false);
    check("87654321", "no 87654321.", true);
    check("Ann Example", "From: Ann Example <", true);
    check("123e4567-e89b-12d3-a456-426614174000", "x:123E4567E89B12D3A456426614174000", true);
}

/// A telephone number is found with any separators, with and without its country.
#[test]
fn a_telephone_number_is_found_in_any_writing() {
    let check = |number: &str, text: &str, expect: bool| {
        let search = search("phone_number", &[number]);
        assert_eq!(forms(&search, text.as_bytes()).contains(&Form::Digits), expect, "{number} in {text}");
    };
    let german = "+4917112345678";
    for text in [
        "+4917112345678",
        "0049 171 12345678",
        "tel: 0171/1234 56 78.",
        "+49 (0)171 1234-5678",
        "017112345678",
        "2026-11-22 0171 12345678",
    ] {
        check(german, text, true);
    }
    for text in ["+4917112345679", "x17112345678", "171123456789", "2345678", "+43 171 12345678 9"] {
        check(german, text, false);
    }
    check("+14155552671", "(415) 555-2671", true);
    check("+14155552671", "415.555.2671", true);
    check("+33612345678", "06 12 34 56 78", true);
}

proptest! {
    /// At every place and in both alphabets base64 does not hide an address.
    #[test]
    fn base64_hides_nothing(before in "[a-z<>: ]{0,9}", after in "[a-z<>: ]{0,9}") {
        static ANN: std::sync::LazyLock<Search> = std::sync::LazyLock::new(|| search("email", &["ann@example.org"]));
        let ann = &*ANN;
        let text = format!("{before}ann@example.org{after}");
        prop_assert!(forms(ann, STANDARD.encode(&text).as_bytes()).contains(&Form::Base64));
        prop_assert!(forms(ann, URL_SAFE.encode(&text).as_bytes()).contains(&Form::Base64));
    }

    /// Whatever bytes there are, looking ends without a panic.
    #[test]
    fn any_bytes_can_be_looked_through(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        static BOTH: std::sync::LazyLock<Search> = std::sync::LazyLock::new(|| search("phone_number", &["+4917112345678"]));
        forms(&BOTH, &bytes);
    }
}
