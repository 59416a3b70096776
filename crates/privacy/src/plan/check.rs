//! CHECK constraints, as far as they can be read: would a row with these values pass?
//!
//! Three answers: it passes, it does not, nobody knows. Only a clear "no" keeps a replacement from being planned; the store
//! has the last word anyway, and takes everything back when it says no.

use crate::row::Cell;

/// Whether `check` (as a store prints it, with or without the word CHECK) holds. `value` gives the cell of a column; `None`: not known.
pub(super) fn holds(check: &str, value: &dyn Fn(&str) -> Option<Cell>) -> Option<bool> {
    let mut parser = Parser { tokens: tokens(check)?, at: 0, depth: 0, value };
    parser.word("check");
    let result = parser.or()?;
    // SQL: what is neither true nor false passes.
    let passes = match result {
        Value::Bool(passes) => passes,
        Value::Null => true,
        _ => return None,
    };
    (parser.at == parser.tokens.len()).then_some(passes)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Lower case.
    Word(String),
    /// In quotes.
    Name(String),
    Text(String),
    Number(f64),
    Sign(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Null,
    Bool(bool),
    Text(String),
    Number(f64),
    Unknown,
}

/// Deeper conditions are not read.
const DEPTH_MAX: usize = 40;

fn tokens(text: &str) -> Option<Vec<Token>> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let rest = &letters[at..];
        let run = |of: &dyn Fn(char) -> bool| rest.iter().take_while(|letter| of(**letter)).count();
        match letter {
            _ if letter.is_whitespace() => at += 1,
            '\'' | '"' | '`' => {
                let (text, length) = quoted(rest, letter)?;
                tokens.push(if letter == '\'' { Token::Text(text) } else { Token::Name(text) });
                at += length;
            }
            _ if letter.is_ascii_digit() => {
                let length = run(&|letter| letter.is_ascii_digit() || letter == '.');
                tokens.push(Token::Number(rest[..length].iter().collect::<String>().parse().ok()?));
                at += length;
            }
            _ if letter.is_alphabetic() || letter == '_' => {
                let length = run(&|letter| letter.is_alphanumeric() || letter == '_' || letter == '$');
                tokens.push(Token::Word(rest[..length].iter().collect::<String>().to_lowercase()));
                at += length;
            }
            _ => {
                let two: String = rest.iter().take(2).collect();
                let length = if ["::", "<=", ">=", "<>", "!=", "~~", "||"].contains(&two.as_str()) { 2 } else { 1 };
                tokens.push(Token::Sign(rest[..length].iter().collect()));
                at += length;
            }
        }
    }
    Some(closed_up(tokens))
}

/// Some catalogs print a sign of two letters with a blank in it.
fn closed_up(tokens: Vec<Token>) -> Vec<Token> {
    let mut all: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let (Some(Token::Sign(before)), Token::Sign(sign)) = (all.last_mut(), &token) {
            let both = format!("{before}{sign}");
            if ["<=", ">=", "<>", "!=", "::", "||"].contains(&both.as_str()) {
                *before = both;
                continue;
            }
        }
        all.push(token);
    }
    all
}

/// The text in quotes (doubled ones stand for one), and how long it is with them.
fn quoted(letters: &[char], quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        match (letters.get(at)?, letters.get(at + 1)) {
            (letter, Some(next)) if *letter == quote && *next == quote => {
                text.push(quote);
                at += 2;
            }
            (letter, _) if *letter == quote => return Some((text, at + 1)),
            (letter, _) => {
                text.push(*letter);
                at += 1;
            }
        }
    }
}

struct Parser<'v> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    value: &'v dyn Fn(&str) -> Option<Cell>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(found)) if found == word);
        self.at += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(found)) if found == sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn or(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut all = vec![self.and()?];
        while self.word("or") {
            all.push(self.and()?);
        }
        self.depth -= 1;
        Some(if all.len() == 1 { all.remove(0) } else { joined(&all, true) })
    }

    fn and(&mut self) -> Option<Value> {
        let mut all = vec![self.not()?];
        while self.word("and") {
            all.push(self.not()?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { joined(&all, false) })
    }

    fn not(&mut self) -> Option<Value> {
        let mut negated = false;
        while self.word("not") {
            negated = !negated;
        }
        Some(match self.comparison()? {
            Value::Bool(is) => Value::Bool(is != negated),
            other => other,
        })
    }

    fn comparison(&mut self) -> Option<Value> {
        let left = self.operand()?;
        if self.word("is") {
            let negated = self.word("not");
            if !self.word("null") {
                return None;
            }
            return Some(if left == Value::Unknown { left } else { Value::Bool((left == Value::Null) != negated) });
        }
        let negated = self.word("not");
        if self.word("in") {
            let found = self.list("(", ")")?;
            return Some(among(&left, &found, negated));
        }
        if self.word("between") {
            let (low, high) = (self.operand()?, {
                self.word("and").then_some(())?;
                self.operand()?
            });
            let both = joined(&[compare(&left, ">=", &low), compare(&left, "<=", &high)], false);
            return Some(if let (Value::Bool(is), true) = (&both, negated) { Value::Bool(!is) } else { both });
        }
        if self.word("like") || self.sign("~~") {
            let pattern = self.operand()?;
            let like = like(&left, &pattern);
            return Some(if let (Value::Bool(is), true) = (&like, negated) { Value::Bool(!is) } else { like });
        }
        if negated {
            return None;
        }
        for sign in ["=", "<>", "!=", "<=", ">=", "<", ">"] {
            if !self.sign(sign) {
                continue;
            }
            if sign == "=" && self.word("any") {
                return self.any(&left);
            }
            let right = self.operand()?;
            return Some(compare(&left, sign, &right));
        }
        Some(left)
    }

    /// `= ANY (ARRAY['a'::text, …])`, which is `IN`.
    fn any(&mut self, left: &Value) -> Option<Value> {
        let mut open = 0;
        while self.sign("(") {
            open += 1;
        }
        self.word("array").then_some(())?;
        let found = self.list("[", "]")?;
        for _ in 0..open {
            self.cast();
            self.sign(")").then_some(())?;
        }
        Some(among(left, &found, false))
    }

    fn list(&mut self, open: &str, close: &str) -> Option<Vec<Value>> {
        self.sign(open).then_some(())?;
        let mut values = vec![self.operand()?];
        while self.sign(",") {
            values.push(self.operand()?);
        }
        self.sign(close).then_some(())?;
        Some(values)
    }

    /// `::character varying(40)[]` says nothing about what passes.
    fn cast(&mut self) {
        while self.sign("::") {
            let words = ["varying", "precision", "without", "with", "time", "zone"];
            self.at += 1;
            while matches!(self.peek(), Some(Token::Word(word)) if words.contains(&word.as_str())) {
                self.at += 1;
            }
            if self.sign("(") {
                while !self.sign(")") && self.at < self.tokens.len() {
                    self.at += 1;
                }
            }
            while self.sign("[") {
                self.sign("]");
            }
        }
    }

    fn operand(&mut self) -> Option<Value> {
        let value = self.plain()?;
        self.cast();
        // Arithmetic and the like: read no further than what can be judged.
        let computes = matches!(self.peek(), Some(Token::Sign(sign)) if ["+", "-", "*", "/", "%", "||", "~"].contains(&sign.as_str()));
        if computes { None } else { Some(value) }
    }

    fn plain(&mut self) -> Option<Value> {
        let token = self.peek()?.clone();
        self.at += 1;
        match token {
            Token::Text(text) => Some(Value::Text(text)),
            Token::Number(number) => Some(Value::Number(number)),
            Token::Name(name) => Some(self.column(&name)),
            Token::Sign(sign) if sign == "(" => {
                let inner = self.or()?;
                self.sign(")").then_some(inner)
            }
            Token::Sign(sign) if sign == "-" => match self.peek()?.clone() {
                Token::Number(number) => {
                    self.at += 1;
                    Some(Value::Number(-number))
                }
                _ => None,
            },
            Token::Sign(_) => None,
            Token::Word(word) => match word.as_str() {
                "null" => Some(Value::Null),
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                // A text behind the name of its character set.
                _ if word.starts_with('_') && matches!(self.peek(), Some(Token::Text(_))) => self.plain(),
                _ if self.sign("(") => self.call(&word),
                _ => Some(self.column(&word)),
            },
        }
    }

    fn call(&mut self, name: &str) -> Option<Value> {
        let inner = self.or()?;
        self.sign(")").then_some(())?;
        let text = match inner {
            Value::Text(text) => text,
            other => return Some(if other == Value::Null { Value::Null } else { Value::Unknown }),
        };
        Some(match name {
            "length" | "char_length" | "character_length" => Value::Number(text.chars().count() as f64),
            "lower" => Value::Text(text.to_lowercase()),
            "upper" => Value::Text(text.to_uppercase()),
            "trim" | "btrim" => Value::Text(text.trim().to_owned()),
            _ => Value::Unknown,
        })
    }

    /// Names are compared without regard to case where they stand without quotes.
    fn column(&self, name: &str) -> Value {
        match (self.value)(name) {
            Some(Some(text)) => Value::Text(text),
            Some(None) => Value::Null,
            None => Value::Unknown,
        }
    }
}

/// OR (`any`) and AND of three-valued truths.
fn joined(all: &[Value], any: bool) -> Value {
    if all.contains(&Value::Bool(any)) {
        return Value::Bool(any);
    }
    match all.iter().find(|value| !matches!(value, Value::Bool(_))) {
        Some(Value::Null) if !all.contains(&Value::Unknown) => Value::Null,
        Some(_) => Value::Unknown,
        None => Value::Bool(!any),
    }
}

fn compare(left: &Value, sign: &str, right: &Value) -> Value {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.parse::<f64>().ok(),
        _ => None,
    };
    let order = match (left, right) {
        (Value::Unknown, _) | (_, Value::Unknown) => return Value::Unknown,
        (Value::Null, _) | (_, Value::Null) => return Value::Null,
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => number(left).zip(number(right)).and_then(|(left, right)| left.partial_cmp(&right)),
    };
    let Some(order) = order else { return Value::Unknown };
    Value::Bool(match sign {
        "=" => order.is_eq(),
        "<>" | "!=" => order.is_ne(),
        "<=" => order.is_le(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        _ => order.is_gt(),
    })
}

fn among(left: &Value, list: &[Value], negated: bool) -> Value {
    let same: Vec<Value> = list.iter().map(|value| compare(left, "=", value)).collect();
    match joined(&same, true) {
        Value::Bool(is) => Value::Bool(is != negated),
        other => other,
    }
}

fn like(left: &Value, pattern: &Value) -> Value {
    match (left, pattern) {
        (Value::Null, _) => Value::Null,
        (Value::Text(text), Value::Text(pattern)) => {
            let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
            Value::Bool(matches(&text, &pattern))
        }
        _ => Value::Unknown,
    }
}

/// `%` and `_`, in time that grows with the product of the lengths.
fn matches(text: &[char], pattern: &[char]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match sign {
                '%' => reached[at] || at > 0 && next[at - 1],
                _ => at > 0 && reached[at - 1] && (*sign == '_' || *sign == text[at - 1]),
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(constraint: &str, expect: Option<bool>) {
        let value = |name: &str| match name {
            "name" => Some(Some("erased".to_owned())),
            "age" => Some(Some("0".to_owned())),
            "gone" => Some(None),
            _ => None,
        };
        assert_eq!(holds(constraint, &value), expect, "{constraint}");
    }

    #[test]
    fn constraints_as_stores_print_them() {
        check("CHECK ((length((name)::text) > 3))", Some(true));
        check("CHECK ((char_length(`name`) >= 10))", Some(false));
        check("name IN ('a', 'b')", Some(false));
        check(
            "CHECK (((name)::text = ANY ((ARRAY['a'::character varying, 'erased'::character varying])::text[])))",
            Some(true),
        );
        check("\"age\" BETWEEN 1 AND 120", Some(false));
        check("age >= 0 AND age < 150", Some(true));
        check("age > -1", Some(true));
        check("CHECK ( age < > 7 AND length ( \"name\" ) > = 1 )", Some(true));
        check("name LIKE '%@%'", Some(false));
        check("name like 'er%ed' or age = 7", Some(true));
        check("gone IS NOT NULL", Some(false));
        check("(gone IS NOT NULL) <> (other IS NOT NULL)", None);
        check("gone IS NOT NULL OR other IS NOT NULL", None);
        check("gone IS NOT NULL OR name IS NOT NULL", Some(true));
        check("gone > 5", Some(true));
        check("NOT (name = 'erased')", Some(false));
        check("name NOT IN ('x', 'it''s')", Some(true));
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        for text in [
            "name ~ '^[a-z]+$'",
            "f(name) = 1",
            "age + 1 > 0",
            "name = (SELECT 1)",
            "'open",
            "",
            "(((",
            "other > 3",
            "name name",
        ] {
            check(text, None);
        }
        check(&"(".repeat(5000), None);
        check(&"NOT ".repeat(50_000), None);
        check(&"-".repeat(50_000), None);
    }

    proptest::proptest! {
        /// Whatever a catalog says: no panic, no endless reading.
        #[test]
        fn any_text_is_read_to_an_end(text in "[ ()'\"a-c0-9<>=,:~-]{0,60}|\\PC{0,40}|((not|and|or|in|between|like|is|null|any|array|\\(|\\[|,|'x'|1|a|=|::) ){0,30}") {
            let _ = holds(&text, &|_| Some(Some("x".to_owned())));
            let _ = holds(&format!("CHECK ({text})"), &|_| None);
        }
    }
}
