//! JSON whose parts know where they stand, so that one value is changed and every other byte stays.

use std::ops::Range;

/// How deep a document may be nested.
pub(crate) const DEPTH_MAX: usize = 128;
/// Values of one document. Each takes about a hundred bytes of memory, and two of the text.
const VALUES_MAX: usize = 32 << 20;
/// Values of what a server says, or of one value of its.
const VALUES_OF_AN_ANSWER_MAX: usize = 2 << 20;

/// A value and where it stands in its text; values that come from elsewhere stand at `0..0`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Bytes of the text, blanks around excluded.
    pub(crate) span: Range<usize>,
    /// The value.
    pub(crate) value: Value,
}

/// RFC 8259, numbers as they are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object, in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) node: Node,
}

impl Node {
    /// A value that stands nowhere.
    pub(crate) fn of(value: Value) -> Self {
        Node { span: 0..0, value }
    }

    /// A text that stands nowhere, or null.
    pub(crate) fn text(text: Option<String>) -> Self {
        Node::of(text.map_or(Value::Null, Value::Text))
    }

    /// The members, when it is an object.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The member of that name: the last one, as most readers have it, when there are several.
    pub(crate) fn member(&self, name: &str) -> Option<&Node> {
        self.members().iter().rev().find(|member| member.name == name).map(|member| &member.node)
    }

    /// The canonical text of the value: `None` for null.
    pub(crate) fn cell(&self) -> Option<String> {
        match &self.value {
            Value::Null => None,
            Value::Boolean(value) => Some(value.to_string()),
            Value::Number(number) => Some(plain_number(number)),
            Value::Text(text) => Some(text.clone()),
            Value::List(_) | Value::Object(_) => Some(self.compact()),
        }
    }

    /// The JSON of it without blanks, members in their order.
    pub(crate) fn compact(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }

    fn write(&self, json: &mut String) {
        match &self.value {
            Value::Null => json.push_str("null"),
            Value::Boolean(value) => json.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => json.push_str(number),
            Value::Text(text) => json.push_str(&quoted(text)),
            Value::List(nodes) => {
                json.push('[');
                for (n, node) in nodes.iter().enumerate() {
                    if n > 0 {
                        json.push(',');
                    }
                    node.write(json);
                }
                json.push(']');
            }
            Value::Object(members) => {
                json.push('{');
                for (n, member) in members.iter().enumerate() {
                    if n > 0 {
                        json.push(',');
                    }
                    json.push_str(&quoted(&member.name));
                    json.push(':');
                    member.node.write(json);
                }
                json.push('}');
            }
        }
    }
}

/// A JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `1e3` → `1000`; what is written in plain digits stays as it is.
fn plain_number(number: &str) -> String {
    match number.contains(['e', 'E']).then(|| number.parse::<f64>()) {
        Some(Ok(value)) if value.is_finite() => format!("{value}"),
        _ => number.to_owned(),
    }
}

/// Why a text is no JSON, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
    pub(crate) why: &'static str,
}

/// Reads one JSON text; blanks around it are no part of the node.
pub(crate) fn parse(text: &str) -> Result<Node, Malformed> {
    parse_within(text, VALUES_MAX)
}

/// [`parse`] for what a server says.
pub(crate) fn parse_answer(text: &str) -> Result<Node, Malformed> {
    parse_within(text, VALUES_OF_AN_ANSWER_MAX)
}

fn parse_within(text: &str, values_left: usize) -> Result<Node, Malformed> {
    let mut reader = Reader { text, at: 0, values_left };
    reader.blanks();
    let node = reader.value(0)?;
    reader.blanks();
    match reader.at == text.len() {
        true => Ok(node),
        false => Err(reader.malformed("something follows the value")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values_left: usize,
}

impl Reader<'_> {
    fn malformed(&self, why: &'static str) -> Malformed {
        Malformed { at: self.at, why }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8, why: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.malformed(why));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, Malformed> {
        if depth > DEPTH_MAX {
            return Err(self.malformed("it is nested too deeply"));
        }
        self.values_left = self.values_left.checked_sub(1).ok_or_else(|| self.malformed("it has too many values"))?;
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Boolean(true))?,
            Some(b'f') => self.word("false", Value::Boolean(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return Err(self.malformed("no value begins like this")),
            None => return Err(self.malformed("it ends where a value was to come")),
        };
        Ok(Node { span: start..self.at, value })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.malformed("no value begins like this"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let number = &self.text[start..self.at];
        match serde_json::from_str::<serde_json::Number>(number).is_ok() || is_number(number) {
            true => Ok(Value::Number(number.to_owned())),
            false => Err(Malformed { at: start, why: "this is no number" }),
        }
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let start = self.at;
        self.at += 1;
        let mut is_plain = true;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_plain = false;
                    self.at += 2;
                }
                Some(0..=0x1f) => return Err(self.malformed("a control character stands in a text")),
                Some(_) => self.at += 1,
                None => return Err(Malformed { at: start, why: "this text has no end" }),
            }
        }
        self.at += 1;
        if is_plain {
            return Ok(self.text[start + 1..self.at - 1].to_owned());
        }
        let whole = self.text.get(start..self.at).ok_or(Malformed { at: start, why: "this text has no end" })?;
        serde_json::from_str(whole).map_err(|_| Malformed { at: start, why: "this text has a wrong escape" })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut nodes = Vec::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(nodes));
        }
        loop {
            self.blanks();
            nodes.push(self.value(depth + 1)?);
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.take(b']', "a comma or the end of the list was to come")?;
            return Ok(Value::List(nodes));
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut members = Vec::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.malformed("the name of a member was to come"));
            }
            let name = self.string()?;
            self.blanks();
            self.take(b':', "a colon was to come")?;
            self.blanks();
            members.push(Member { name, node: self.value(depth + 1)? });
            self.blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.take(b'}', "a comma or the end of the object was to come")?;
            return Ok(Value::Object(members));
        }
    }
}

/// Numbers that are too large for a float are numbers all the same (RFC 8259 §6).
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_stand_where_they_are() {
        let text = " {\"a\": [1, 2.50], \"b\":\"\\u0041\\/x\"} ";
        let node = parse(text).unwrap();
        let list = node.member("a").unwrap();
        assert_eq!(&text[list.span.clone()], "[1, 2.50]");
        assert_eq!(list.cell().unwrap(), "[1,2.50]");
        assert_eq!(node.member("b").unwrap().cell().unwrap(), "A/x");
        assert_eq!(node.compact(), "{\"a\":[1,2.50],\"b\":\"A/x\"}");
    }

    #[test]
    fn numbers_are_plain() {
        let check = |json: &str, expect: &str| assert_eq!(parse(json).unwrap().cell().unwrap(), expect);
        check("12345678901234567890123", "12345678901234567890123");
        check("1.10", "1.10");
        check("1e3", "1000");
        check("-2.5E-3", "-0.0025");
        check("1e999", "1e999");
    }

    #[test]
    fn a_text_of_many_small_values_is_refused_before_it_takes_the_memory() {
        let text = format!("[{}0]", "0,".repeat(VALUES_OF_AN_ANSWER_MAX));
        assert_eq!(parse_answer(&text).unwrap_err().why, "it has too many values");
        assert!(parse_answer(&text[2 * VALUES_OF_AN_ANSWER_MAX..]).is_err(), "a part of it is no JSON");
        assert!(parse_answer("[0,0,0]").is_ok());
    }

    #[test]
    fn malformed_texts_are_refused_with_the_place() {
        let check = |json: &str, at| assert_eq!(parse(json).map(|_| ()).map_err(|malformed| malformed.at), Err(at));
        check("{\"a\":1,}", 7);
        check("[1 2]", 3);
        check("\"a", 0);
        check("01", 0);
        check("1.", 0);
        check("\"\\", 0);
        check("\"\\é\"", 0);
        check("nul", 0);
        check("1 x", 2);
        check(&"[".repeat(200), 129);
    }

    proptest! {
        /// What serde_json takes for JSON, and nothing else, is JSON here, with the same content.
        #[test]
        fn agrees_with_serde(text in "[\\[\\]{}:, \"a\\\\u0-9eE.+\\-tfn]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            let ours = parse(&text);
            if let Ok(theirs) = &theirs {
                let ours = ours.as_ref().expect("serde reads it");
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&ours.compact()).unwrap(), theirs);
            } else if let Ok(ours) = &ours {
                // Only numbers out of the range of floats part us.
                prop_assert!(theirs.unwrap_err().to_string().contains("out of range"), "{}", ours.compact());
            }
        }
    }
}
