//! Prometheus vector selectors: the part of PromQL that files can answer without guessing.

use std::fmt;

use model::Fault;

use crate::measure::{MatchOperator, Matcher, Selector};

impl Selector {
    /// Reads `name`, `name{label="x",other!~"a|b"}` and `{"name.with.dots", label="x"}`.
    ///
    /// # Errors
    /// `unsupported-query` for all the rest of PromQL; the message names the character where the rest begins.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut reader = Reader { text, at: 0 };
        reader.selector().map_err(|what| {
            let character = text[..reader.at].chars().count() + 1;
            Fault::bad_config("unsupported-query", format!("The query {text:?} {what}, at character {character}"))
                .advise(
                    "Files are evaluated by plain selectors such as http_requests_total{code=\"200\"}; rates, sums and \
                     increases follow from the indicator (counter: true). Or use a source of type probity.",
                )
        })
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

type Refusal = &'static str;

impl<'t> Reader<'t> {
    fn selector(&mut self) -> Result<Selector, Refusal> {
        self.blank();
        let mut name = self.word(|c, first| is_word(c, first) || c == ':').map(str::to_owned);
        let mut matchers = vec![];
        self.blank();
        if self.eat("{") {
            self.matchers(&mut name, &mut matchers)?;
        }
        self.blank();
        match (self.rest().chars().next(), name) {
            (None, Some(name)) => Ok(Selector { name, matchers }),
            (None, None) => Err("selects no metric by its name"),
            (Some('('), _) => Err("calls a function or aggregates"),
            (Some('['), _) => Err("selects a range"),
            (Some(_), _) => Err("goes on after its selector"),
        }
    }

    fn matchers(&mut self, name: &mut Option<String>, matchers: &mut Vec<Matcher>) -> Result<(), Refusal> {
        loop {
            self.blank();
            if self.eat("}") {
                return Ok(());
            }
            self.matcher(name, matchers)?;
            self.blank();
            if !self.eat(",") && !self.rest().starts_with('}') {
                return Err("has neither a comma nor a brace after a matcher");
            }
        }
    }

    fn matcher(&mut self, name: &mut Option<String>, matchers: &mut Vec<Matcher>) -> Result<(), Refusal> {
        let quoted = self.rest().starts_with(['"', '\'', '`']);
        let label = match quoted {
            true => self.string()?,
            false => self.word(is_word).ok_or("has no label name where one is wanted")?.to_owned(),
        };
        self.blank();
        let Some(operator) = self.operator() else {
            // `{"http.requests"}`: a quoted name without an operator names the metric.
            return if quoted { name_once(name, label) } else { Err("has no operator after a label") };
        };
        self.blank();
        let value = self.string()?;
        match label == "__name__" && operator == MatchOperator::Equal {
            true => name_once(name, value)?,
            false if label == "__name__" => return Err("selects several metrics by a pattern"),
            false => matchers.push(Matcher { label, operator, value }),
        }
        Ok(())
    }

    fn operator(&mut self) -> Option<MatchOperator> {
        use MatchOperator::*;
        let all = [("=~", Matches), ("!~", NotMatches), ("!=", NotEqual), ("=", Equal)];
        all.into_iter().find(|(sign, _)| self.eat(sign)).map(|(_, operator)| operator)
    }

    /// A string as Go writes it: double or single quotes with escapes, or backticks without.
    fn string(&mut self) -> Result<String, Refusal> {
        let quote =
            self.rest().chars().next().filter(|c| matches!(c, '"' | '\'' | '`')).ok_or("has no quoted value")?;
        self.at += 1;
        let mut value = String::new();
        loop {
            let c = self.next().ok_or("has a string without an end")?;
            match c {
                _ if c == quote => return Ok(value),
                '\\' if quote != '`' => value.push(self.escape()?),
                '\n' if quote != '`' => return Err("has a string without an end"),
                _ => value.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Refusal> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some(c @ ('\\' | '"' | '\'')) => Ok(c),
            _ => Err("has an escape that is not read here"),
        }
    }

    fn word(&mut self, belongs: impl Fn(char, bool) -> bool) -> Option<&'t str> {
        let rest = self.rest();
        let end = rest.char_indices().find(|(at, c)| !belongs(*c, *at == 0)).map_or(rest.len(), |(at, _)| at);
        self.at += end;
        (end > 0).then_some(&rest[..end])
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }
}

fn is_word(c: char, first: bool) -> bool {
    c == '_' || c.is_ascii_alphabetic() || (!first && c.is_ascii_digit())
}

fn name_once(name: &mut Option<String>, new: String) -> Result<(), Refusal> {
    match name {
        Some(_) => Err("names its metric twice"),
        None if new.is_empty() => Err("names an empty metric"),
        None => {
            *name = Some(new);
            Ok(())
        }
    }
}

impl fmt::Display for Selector {
    /// The canonical form, which reads back as the same selector.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.name.char_indices().all(|(at, c)| is_word(c, at == 0) || c == ':');
        let mut parts: Vec<String> = if plain { vec![] } else { vec![quoted(&self.name)] };
        parts.extend(self.matchers.iter().map(ToString::to_string));
        let head = if plain { self.name.as_str() } else { "" };
        match parts.is_empty() {
            true => f.write_str(head),
            false => write!(f, "{head}{{{}}}", parts.join(",")),
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match self.operator {
            MatchOperator::Equal => "=",
            MatchOperator::NotEqual => "!=",
            MatchOperator::Matches => "=~",
            MatchOperator::NotMatches => "!~",
        };
        let plain = !self.label.is_empty() && self.label.char_indices().all(|(at, c)| is_word(c, at == 0));
        let label = if plain { self.label.clone() } else { quoted(&self.label) };
        write!(f, "{label}{operator}{}", quoted(&self.value))
    }
}

pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Result<&str, &str>) {
        let read = Selector::parse(text);
        match expect {
            Ok(expect) => assert_eq!(read.map(|selector| selector.to_string()).ok().as_deref(), Some(expect), "{text}"),
            Err(what) => {
                let fault = read.expect_err(text);
                assert!(fault.message().contains(what), "{text}: {fault}");
                assert_eq!(fault.code(), "unsupported-query");
            }
        }
    }

    #[test]
    fn plain_selectors_are_read() {
        check("up", Ok("up"));
        check(" job:errors:rate5m ", Ok("job:errors:rate5m"));
        check("http_requests_total{code!~\"5..\"}", Ok("http_requests_total{code!~\"5..\"}"));
        check("a { b = 'x' , c=~`\\d+`, }", Ok("a{b=\"x\",c=~\"\\\\d+\"}"));
        check("{__name__=\"up\", job!=\"a\"}", Ok("up{job!=\"a\"}"));
        check("{\"http.requests\", \"http.route\"=\"/\"}", Ok("{\"http.requests\",\"http.route\"=\"/\"}"));
        check("a{}", Ok("a"));
        check("a{b=\"ü\\\"\\n\"}", Ok("a{b=\"ü\\\"\\n\"}"));
    }

    #[test]
    fn the_rest_of_promql_is_refused_where_it_begins() {
        check("sum(rate(a[5m]))", Err("calls a function or aggregates, at character 4"));
        check("a[5m]", Err("selects a range, at character 2"));
        check("a offset 5m", Err("goes on after its selector, at character 3"));
        check("a / b", Err("goes on"));
        check("a{b=\"x\"", Err("neither a comma nor a brace"));
        check("a{b=x}", Err("no quoted value"));
        check("a{b}", Err("no operator"));
        check("a{b=\"x}", Err("without an end"));
        check("a{1=\"x\"}", Err("no label name"));
        check("{a=\"b\"}", Err("no metric by its name"));
        check("{__name__=~\"a.*\"}", Err("by a pattern"));
        check("a{__name__=\"b\"}", Err("twice"));
        check("", Err("no metric by its name"));
        check("ü", Err("goes on"));
        check("a{b=\"\\x41\"}", Err("escape"));
    }

    proptest! {
        #[test]
        fn printing_and_reading_are_inverse(name in "[a-zA-Z_:.é]{1,8}", label in "[a-z.]{1,5}", value in any::<String>()) {
            let operator = MatchOperator::NotMatches;
            let selector = Selector { name, matchers: vec![Matcher { label, operator, value }] };
            prop_assert_eq!(Selector::parse(&selector.to_string()).unwrap(), selector);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Selector::parse(&text);
        }
    }
}
