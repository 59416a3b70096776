//! JSON and JSON Lines. The judge of shapes is serde_json.

use probity_redact::format::json::rewrite;
use probity_redact::{Decide, Edit, Limits, Piece};
use proptest::prelude::*;
use serde_json::Value;

use crate::kit::{laws, redacted, samples};

#[test]
fn samples_show_and_lose_what_is_expected() {
    samples("json", rewrite, &[]);
}

fn check(input: &str, expect: &str) {
    let output = redacted(rewrite, input.as_bytes()).unwrap();
    assert_eq!(str::from_utf8(&output).unwrap(), expect);
}

#[test]
fn only_the_bytes_of_the_value_change() {
    check(r#"{ "a" :"Jan Muster" }"#, r#"{ "a" :"[PERSON]" }"#);
    check(r#"{"jan@example.org":1}"#, r#"{"[EMAIL]":1}"#);
    check(r#"["\u00e4 jan\u0040example.org \u00e4"]"#, r#"["\u00e4 [EMAIL] \u00e4"]"#);
    check(r#"[31612345678,3161234567890]"#, r#"["[PHONE]","[PHONE]90"]"#);
    check(r#"["{\"mail\":\"jan@example.org\"}"]"#, r#"["{\"mail\":\"[EMAIL]\"}"]"#);
    check(r#"["\ud83d\ude00 Jan\u0020Muster \ud83d"]"#, r#"["\ud83d\ude00 [PERSON] \ud83d"]"#);
    check("{\"a\":\"\\n\"}\n{\"a\":\"Jan Muster\"}\n", "{\"a\":\"\\n\"}\n{\"a\":\"[PERSON]\"}\n");
    check("\u{FEFF}[]", "\u{FEFF}[]");
    check("", "");
    check(" \n", " \n");
    check("{}{}\u{1e}[]", "{}{}\u{1e}[]");
}

#[test]
fn replacements_are_escaped() {
    let output = redacted(rewrite, br#"{"quote":["quote"]}"#).unwrap();
    let after = "a \"b\" 'c', d\\e;f&<g>: #h\ti";
    assert_eq!(serde_json::from_slice::<Value>(&output).unwrap(), serde_json::json!({ after: [after] }));
}

#[test]
fn invalid_utf8_passes_as_bytes() {
    let output = redacted(rewrite, b"[\"\xff Jan Muster \xfe\"]").unwrap();
    assert_eq!(output, b"[\"\xff [PERSON] \xfe\"]");
}

/// Takes the word out wherever it stands, and digits under the name `tells`; notes where it did.
struct Suspecting {
    places: Vec<String>,
    /// How many pieces it was shown.
    pieces: usize,
    /// Whether it says where the word stands; otherwise everything has to be read.
    says: bool,
}

impl Suspecting {
    fn new(says: bool) -> Self {
        Suspecting { places: Vec::new(), pieces: 0, says }
    }
}

impl Decide for Suspecting {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, model::Fault> {
        let probity_redact::Spot::Pointer(pointer) = &piece.spot else { panic!("a pointer") };
        self.pieces += 1;
        let range = match memchr::memmem::find(piece.text, b"Muster") {
            Some(at) => at..at + 6,
            None if piece.names.iter().any(|name| name == "tells") && !pointer.contains("/~key") => {
                0..piece.text.iter().take_while(|byte| byte.is_ascii_digit()).count()
            }
            None => 0..0,
        };
        if range.is_empty() {
            return Ok(Vec::new());
        }
        self.places.push(pointer.to_string());
        Ok(vec![Edit { range, with: "X".to_owned() }])
    }

    fn suspects(&mut self, block: &[u8], _: Option<u64>) -> Option<Vec<std::ops::Range<usize>>> {
        assert!(!block.contains(&b'\\') && block.ends_with(b"\n"));
        let found = memchr::memmem::find_iter(block, b"Muster").map(|at| at..at + 6);
        self.says.then(|| found.collect())
    }

    fn tells(&mut self, name: &[u8]) -> bool {
        name == b"tells"
    }
}

/// Goal: the fast path passes quiet lines, and finds what the slow one finds at the same places.
#[test]
fn quiet_lines_are_copied_through_and_counted() {
    let lines: Vec<String> = (0..30_000)
        .map(|number| match number % 10_000 {
            17 => format!("{{\"name\":\"Muster {number}\"}}\n"),
            18 => "{\"tab\":\"\\t\"}\n".to_owned(),
            _ => format!("{{\"number\":\"{number}\"}}\n"),
        })
        .collect();
    let input = lines.concat();
    let mut decide = Suspecting::new(true);
    let mut output = Vec::new();
    rewrite(&mut input.as_bytes(), &mut output, &mut decide, &Limits::default()).unwrap();
    assert_eq!(String::from_utf8(output).unwrap(), input.replace("Muster", "X"));
    assert_eq!(decide.places, ["/17/name", "/10017/name", "/20017/name"]);
    assert!(decide.pieces < 20, "{}", decide.pieces);
}

/// Goal: a document that goes over several lines is never taken for a line of its own.
#[test]
fn quiet_lines_never_cut_a_document() {
    for input in ["{}\n{\n\"a\":\"Muster\"}\n", "{}\n[{}\n,\"Muster\"]\n", "{}\n[{},\n{}\n,\"Muster\"]\n{}\n"] {
        let mut output = Vec::new();
        rewrite(&mut input.as_bytes(), &mut output, &mut Suspecting::new(true), &Limits::default()).unwrap();
        assert_eq!(String::from_utf8(output).unwrap(), input.replace("Muster", "X"));
    }
}

proptest! {
    /// Reading only what matters finds the same, at the same places, as reading everything.
    #[test]
    fn suspects_are_all_that_matters(documents in prop::collection::vec(value(), 1..8), keys in prop::collection::vec("tells|Muster|a|b", 1..8)) {
        let line = |(document, key): (&Value, &String)| format!("{{\"{key}\": {document}, \"{key}\": [17, \"Muster\", null]}}\n\n");
        let input: String = documents.iter().zip(keys.iter().cycle()).map(line).collect();
        let outcomes = [true, false].map(|says| {
            let (mut decide, mut output) = (Suspecting::new(says), Vec::new());
            rewrite(&mut input.as_bytes(), &mut output, &mut decide, &Limits::default()).unwrap();
            (String::from_utf8(output).unwrap(), decide.places)
        });
        prop_assert_eq!(&outcomes[0], &outcomes[1], "{}", input);
    }
}

#[test]
fn too_deep_is_refused_at_its_place() {
    let fault = redacted(rewrite, "[".repeat(300).as_bytes()).unwrap_err();
    assert_eq!(format!("{fault:?}"), "[json-too-deep] -:1:257: Objects and arrays are nested more than 256 deep");
}

#[test]
fn a_long_string_is_refused() {
    let limits = Limits { document_bytes: 1 << 20, ..Limits::default() };
    let input = format!("[\"{}\"]", "x".repeat(2 << 20));
    let outcome = rewrite(&mut input.as_bytes(), &mut std::io::sink(), &mut Suspecting::new(true), &limits);
    assert_eq!(outcome.unwrap_err().code(), "too-large");
}

/// The same shape: kinds and lengths, whatever keys and strings say.
fn shape(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
        Value::Object(members) => format!("{{{}}}", members.len()),
        Value::String(_) => "s".to_owned(),
        other => other.to_string(),
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[a-z\"\\\\ é\u{1F600}\n]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z/~é]{0,8}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Printed with escapes wherever that is possible, or as it is.
fn print(value: &Value, escaped: bool) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    if !escaped {
        return text;
    }
    let mut units = [0; 2];
    let escape = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")).collect(),
    };
    text.chars().map(escape).collect()
}

proptest! {
    #[test]
    fn the_laws_hold(values in prop::collection::vec(value(), 1..4), seed: u64, escaped: bool) {
        let input = values.iter().map(|value| print(value, escaped) + "\n").collect::<String>();
        let output = laws(rewrite, input.as_bytes(), seed).unwrap();
        let after: Vec<Value> =
            serde_json::Deserializer::from_slice(&output).into_iter().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(after.len(), values.len());
        for (before, after) in values.iter().zip(&after) {
            // Two keys may have become one.
            if !before.to_string().contains('{') {
                prop_assert_eq!(shape(before), shape(after));
            }
        }
    }

    #[test]
    fn what_serde_reads_is_read_and_what_is_broken_is_refused(
        text in "[\\[\\]{}:,\"0-9a-z\\\\. \n+-]{0,24}|(true|false|null|\\[|\\]|\\{\"a\":|\\}|,|[0-9]){0,8}",
    ) {
        let serde: Result<Vec<Value>, _> =
            serde_json::Deserializer::from_str(&text).into_iter().collect();
        let ours = laws(rewrite, text.as_bytes(), 1);
        // serde_json wants white space between some values that stand apart anyway.
        prop_assert!(ours.is_ok() || serde.is_err(), "{:?} {:?}", text, ours);
        if let (Ok(_), Err(_)) = (&ours, &serde) {
            prop_assert!(serde_json::from_str::<Value>(&text).is_err());
        }
    }

    #[test]
    fn anything_at_all_ends_in_output_or_a_fault(bytes: Vec<u8>) {
        let _ = laws(rewrite, &bytes, 1);
    }
}
