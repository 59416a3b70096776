//! JSON as text: compacted, searched and changed without being re-read as numbers, so that what is not meant stays as it is.

use std::ops::Range;

/// Deepest nesting that is followed.
const DEPTH: usize = 256;

/// `text` without blanks between its tokens; as it is when it is no JSON.
pub(crate) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for c in text.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = c == '"';
        }
        out.push(c);
    }
    out
}

/// Where the values at `path` stand. Lists on the way, and at its end, are gone through: `contacts.email` finds the address of
/// each contact. `None`: not JSON.
pub(crate) fn places(text: &str, path: &[String]) -> Option<Vec<Range<usize>>> {
    let mut walk = Walk { text, at: 0, found: Vec::new() };
    walk.value(path, Ending::Elements, 0)?;
    walk.blank();
    (walk.at == text.len()).then_some(walk.found)
}

/// The cell at `path`: a scalar's text, a document's compact JSON; several (lists on the way) as a JSON array; `None` when
/// nothing or `null` stands there.
pub(crate) fn cell(text: &str, path: &[String]) -> Option<String> {
    let mut walk = Walk { text, at: 0, found: Vec::new() };
    walk.value(path, Ending::Whole, 0)?;
    let values: Vec<&str> =
        walk.found.iter().map(|place| &text[place.clone()]).filter(|value| *value != "null").collect();
    match values.as_slice() {
        [] => None,
        [one] => Some(plain(one)),
        several => Some(compact(&format!("[{}]", several.join(",")))),
    }
}

/// The values at `path`, as plain texts; lists at its end are gone through.
pub(crate) fn values(text: &str, path: &[String]) -> Vec<String> {
    let found = places(text, path).unwrap_or_default();
    found.iter().map(|place| &text[place.clone()]).filter(|value| *value != "null").map(plain).collect()
}

/// `text` with the values at `path` replaced: `None` writes `null`; a text is written as JSON of the kind that stood there
/// (a number stays a number if it can), else as a string.
pub(crate) fn replace(text: &str, path: &[String], value: Option<&str>) -> Option<String> {
    let mut walk = Walk { text, at: 0, found: Vec::new() };
    walk.value(path, Ending::Whole, 0)?;
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for place in walk.found {
        out.push_str(&text[end..place.start]);
        out.push_str(&written(&text[place.clone()], value));
        end = place.end;
    }
    out.push_str(&text[end..]);
    Some(out)
}

/// `value` as JSON in the place of `old`.
fn written(old: &str, value: Option<&str>) -> String {
    let Some(value) = value else { return "null".to_owned() };
    let is_scalar = |text: &str| {
        let mut walk = Walk { text, at: 0, found: Vec::new() };
        walk.value(&[], Ending::Whole, 0).is_some() && walk.at == text.len()
    };
    let same_kind = match old.as_bytes().first() {
        Some(b'"') | None => false,
        Some(b'{') => value.starts_with('{') && is_scalar(value),
        Some(b'[') => value.starts_with('[') && is_scalar(value),
        Some(b't' | b'f') => matches!(value, "true" | "false"),
        Some(b'n') => false,
        Some(_) => value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && is_scalar(value),
    };
    if same_kind { value.to_owned() } else { string(value) }
}

/// `text` as a JSON string.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A list of texts and nothings as a JSON array.
pub(crate) fn array<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let items: Vec<String> = cells.into_iter().map(|cell| cell.map_or_else(|| "null".to_owned(), string)).collect();
    format!("[{}]", items.join(","))
}

/// The elements of a JSON array, as plain texts; `None` when `text` is none.
#[cfg(feature = "postgres")]
pub(crate) fn elements(text: &str) -> Option<Vec<Option<String>>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let mut walk = Walk { text, at: text.len() - text.trim_start().len() + 1, found: Vec::new() };
    loop {
        walk.blank();
        match walk.peek()? {
            b']' => break,
            b',' => walk.at += 1,
            _ => walk.value(&[], Ending::Whole, 1)?,
        }
    }
    let value = |place: Range<usize>| Some(&text[place]).filter(|value| *value != "null").map(plain);
    Some(walk.found.into_iter().map(value).collect())
}

/// A JSON value as the text of a cell.
fn plain(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return compact(value) };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => out.push(unicode(&mut chars)),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// The character after `\u`; two escapes when the first one is half of a pair.
fn unicode(chars: &mut std::str::Chars<'_>) -> char {
    let four = |chars: &mut std::str::Chars<'_>| {
        let digits = chars.as_str().get(..4)?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        *chars = chars.as_str()[4..].chars();
        Some(unit)
    };
    let Some(first) = four(chars) else { return char::REPLACEMENT_CHARACTER };
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    let mut ahead = chars.clone();
    if ahead.next() != Some('\\') || ahead.next() != Some('u') {
        return char::REPLACEMENT_CHARACTER;
    }
    match four(&mut ahead) {
        Some(second @ 0xdc00..0xe000) => {
            *chars = ahead;
            let whole = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// What is taken at the end of a path.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    /// The value, whatever it is.
    Whole,
    /// The elements of a list, and any other value.
    Elements,
}

/// One walk over a document.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Range<usize>>,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Walks one value; what stands at `path` in it is found. `None`: not JSON, or too deep.
    fn value(&mut self, path: &[String], ending: Ending, depth: usize) -> Option<()> {
        self.blank();
        if depth > DEPTH {
            return None;
        }
        let start = self.at;
        match self.peek()? {
            b'{' => self.object(path, ending, depth)?,
            b'[' => return self.list(path, ending, depth),
            b'"' => self.string()?,
            _ => self.word()?,
        }
        if path.is_empty() {
            self.found.push(start..self.at);
        }
        Some(())
    }

    fn object(&mut self, path: &[String], ending: Ending, depth: usize) -> Option<()> {
        self.at += 1;
        loop {
            self.blank();
            match self.peek()? {
                b'}' => break,
                b',' => self.at += 1,
                b'"' => {
                    let start = self.at;
                    self.string()?;
                    let name = plain(&self.text[start..self.at]);
                    self.blank();
                    (self.peek()? == b':').then(|| self.at += 1)?;
                    match path.split_first() {
                        Some((first, rest)) if *first == name => self.value(rest, ending, depth + 1)?,
                        _ => self.skip(depth)?,
                    }
                }
                _ => return None,
            }
        }
        self.at += 1;
        Some(())
    }

    fn list(&mut self, path: &[String], ending: Ending, depth: usize) -> Option<()> {
        let start = self.at;
        let takes_whole = path.is_empty() && ending == Ending::Whole;
        self.at += 1;
        loop {
            self.blank();
            match self.peek()? {
                b']' => break,
                b',' => self.at += 1,
                _ if takes_whole => self.skip(depth)?,
                _ => self.value(path, ending, depth + 1)?,
            }
        }
        self.at += 1;
        if takes_whole {
            self.found.push(start..self.at);
        }
        Some(())
    }

    /// Walks one value in which nothing is looked for.
    fn skip(&mut self, depth: usize) -> Option<()> {
        let kept = self.found.len();
        self.value(&[], Ending::Whole, depth + 1)?;
        self.found.truncate(kept);
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    fn word(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: &str = r#"{"a": {"b": "x\u00e9\ud83d\ude00"}, "n": 12345678901234567890.10, "l": ["p", {"q": "r"}],
        "c": [{"mail": "1"}, {"mail": null}, {"mail": "2"}], "z": null}"#;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn a_path_leads_to_its_cell() {
        let check = |at: &str, expect: Option<&str>| assert_eq!(cell(DOC, &path(at)).as_deref(), expect, "{at}");
        check("a.b", Some("xé😀"));
        check("n", Some("12345678901234567890.10"));
        check("a", Some(r#"{"b":"x\u00e9\ud83d\ude00"}"#));
        check("l", Some(r#"["p",{"q":"r"}]"#));
        check("l.q", Some("r"));
        check("c.mail", Some(r#"["1","2"]"#));
        check("z", None);
        check("missing.x", None);
        assert_eq!(cell("no json", &path("a")), None);
    }

    #[test]
    fn values_go_through_lists() {
        assert_eq!(values(DOC, &path("c.mail")), ["1", "2"]);
        assert_eq!(values(DOC, &path("l")), ["p", r#"{"q":"r"}"#]);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn elements_are_those_of_the_outer_list() {
        let expect = vec![Some("a".into()), None, Some("7".into()), Some("[1,[2]]".into())];
        assert_eq!(elements(r#" ["a", null, 7, [1, [2]]]"#), Some(expect));
        assert_eq!((elements("7"), elements("[1"), elements("[")), (None, None, None));
    }

    #[test]
    fn replacing_leaves_the_rest_to_the_letter() {
        let check = |text: &str, at: &str, value: Option<&str>, expect: &str| {
            assert_eq!(replace(text, &path(at), value).as_deref(), Some(expect));
        };
        check(r#"{"a" : 1.50, "b": "x"}"#, "b", Some("y\"z"), r#"{"a" : 1.50, "b": "y\"z"}"#);
        check(r#"{"a" : 1.50, "b": "x"}"#, "a", Some("0"), r#"{"a" : 0, "b": "x"}"#);
        check(r#"{"a":1}"#, "a", Some("erased"), r#"{"a":"erased"}"#);
        check(r#"{"c":[{"m":"1"},{"m":"2"}]}"#, "c.m", None, r#"{"c":[{"m":null},{"m":null}]}"#);
        check(r#"{"a":1}"#, "b", None, r#"{"a":1}"#);
        assert_eq!(replace("{", &path("a"), None), None);
    }

    proptest::proptest! {
        /// Whatever JSON is, it is read as the usual reader reads it, and stays what it is but for what is replaced.
        #[test]
        fn documents_are_read_as_serde_reads_them(document in document(), name in "[ab]", pretty in proptest::bool::ANY) {
            let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.expect("JSON");
            proptest::prop_assert_eq!(&compact(&text), &document.to_string());
            let expect = match &document[&name] {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            let at = [name.clone()];
            if document.is_object() {
                proptest::prop_assert_eq!(cell(&text, &at), expect);
                let mut changed = document.clone();
                if let Some(value) = changed.get_mut(&name) {
                    *value = serde_json::Value::Null;
                }
                let replaced = replace(&text, &at, None).expect("JSON");
                proptest::prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&replaced).expect("JSON"), changed);
            }
        }

        #[test]
        fn no_text_stops_the_reader(text in "[\\[\\]{}\",:a\\\\u0-9é \\-]{0,40}") {
            let at = ["a".to_owned()];
            let _ = (cell(&text, &at), values(&text, &[]), compact(&text), replace(&text, &at, Some("x")));
        }
    }

    fn document() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,8}".prop_map(Into::into),
            "[\\x00-\\x1f\"\\\\]{0,4}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map("[a-c]", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn hostile_text_ends() {
        for text in ["", "[", "{\"", "\"\\", &"[".repeat(100_000), "{\"a\":\\u}", "\"\\ud83d\"", "{\"a\"é:1}"] {
            let _ = (cell(text, &path("a")), values(text, &[]), compact(text), replace(text, &path("a"), Some("x")));
        }
        assert_eq!(plain("\"\\ud83d\\u0041\\u00\""), "\u{fffd}A\u{fffd}00");
    }
}
