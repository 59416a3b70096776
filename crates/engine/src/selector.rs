//! Prometheus vector selectors over the labels of a series.
//!
//! Labels are those of the canonical series text. A label that is not among them is the row's service or host for the
//! names that mean these (`service`, `service.name`, `service_name`, `host`, `host.name`, `host_name`), and the empty
//! string for any other name: Prometheus' rule for absent labels. Patterns match the whole value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, StringViewArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use model::Fault;
use regex::{Regex, RegexBuilder};
use slo::measure::{MatchOperator, Selector};

/// Memory of one compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// `selects(series, service, host)`: whether a series fulfils every matcher of one selector.
#[derive(Debug)]
pub(crate) struct Selects {
    signature: Signature,
    /// What was compiled: two are equal when these are.
    selector: Selector,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    label: String,
    /// Whether the value has to match, or must not.
    wanted: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Equals(String),
    Matches(Regex),
}

impl Selects {
    /// # Errors
    /// `bad-matcher` when a pattern is no regular expression.
    pub(crate) fn compile(selector: &Selector) -> Result<Self, Fault> {
        let conditions = selector.matchers.iter().map(|matcher| {
            let wanted = matches!(matcher.operator, MatchOperator::Equal | MatchOperator::Matches);
            let test = match matcher.operator {
                MatchOperator::Equal | MatchOperator::NotEqual => Test::Equals(matcher.value.clone()),
                MatchOperator::Matches | MatchOperator::NotMatches => Test::Matches(anchored(&matcher.value)?),
            };
            Ok(Condition { label: matcher.label.clone(), wanted, test })
        });
        let conditions = conditions.collect::<Result<Vec<_>, Fault>>()?;
        let signature = Signature::exact(vec![DataType::Utf8View; 3], Volatility::Immutable);
        Ok(Selects { signature, selector: selector.clone(), conditions })
    }

    fn holds(&self, series: &str, service: &str, host: &str) -> bool {
        let labels = labels(series);
        self.conditions.iter().all(|condition| {
            let named = labels.iter().find(|(name, _)| *name == condition.label).map(|(_, value)| value.as_ref());
            let value = named.unwrap_or(match condition.label.as_str() {
                "__name__" => &self.selector.name,
                "service" | "service.name" | "service_name" => service,
                "host" | "host.name" | "host_name" => host,
                _ => "",
            });
            let found = match &condition.test {
                Test::Equals(text) => text == value,
                Test::Matches(pattern) => pattern.is_match(value),
            };
            found == condition.wanted
        })
    }
}

/// As Prometheus compiles it: the whole value, and a dot matches line ends too.
fn anchored(pattern: &str) -> Result<Regex, Fault> {
    let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
    // Alone first: `a)|(b` is no pattern, but becomes one between parentheses.
    compile(pattern).and_then(|_| compile(&format!("^(?s:{pattern})$"))).map_err(|error| {
        let reason = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Fault::bad_config("bad-matcher", format!("The pattern {pattern:?} is no regular expression: {reason}"))
            .advise("Write it in RE2 syntax, as in Prometheus; it has to match the whole value of the label.")
    })
}

/// The labels of a canonical series text `name{a="1",b="2"}`. What does not read as one yields no further labels.
fn labels(series: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let mut labels = Vec::new();
    // A name in quotes stands inside the braces and may hold a brace itself; a bare name cannot.
    let Some((_, mut rest)) = series.split_once('{') else { return labels };
    while let Some((name, after)) = label_name(rest) {
        rest = match after.strip_prefix('=').and_then(quoted) {
            Some((value, after)) => {
                labels.push((name, value));
                after
            }
            None => after,
        };
        rest = rest.strip_prefix(',').unwrap_or("");
    }
    labels
}

fn label_name(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let end = text.find('=')?;
    Some((Cow::Borrowed(&text[..end]), &text[end..]))
}

/// A text in double quotes with the escapes `\\`, `\"` and `\n`, and what follows it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut value = Cow::Borrowed("");
    let mut from = 0;
    let mut at = 0;
    loop {
        match inner.as_bytes().get(at)? {
            b'"' => {
                value += &inner[from..at];
                return Some((value, &inner[at + 1..]));
            }
            b'\\' => {
                value += &inner[from..at];
                value.to_mut().push(match inner[at + 1..].chars().next()? {
                    'n' => '\n',
                    other => other,
                });
                at += 1 + inner[at + 1..].chars().next()?.len_utf8();
                from = at;
            }
            _ => at += 1,
        }
    }
}

impl ScalarUDFImpl for Selects {
    fn name(&self) -> &str {
        "selects"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [series, service, host] = [0, 1, 2].map(|at: usize| arrays[at].as_string_view());
        // A batch holds few series and many samples: each series is read once.
        let mut known: HashMap<(&str, &str, &str), bool> = HashMap::new();
        let selected: BooleanArray = (0..series.len())
            .map(|row| {
                let key = (text(series, row), text(service, row), text(host, row));
                Some(*known.entry(key).or_insert_with(|| self.holds(key.0, key.1, key.2)))
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(selected)))
    }
}

fn text(array: &StringViewArray, row: usize) -> &str {
    if array.is_valid(row) { array.value(row) } else { "" }
}

impl PartialEq for Selects {
    fn eq(&self, other: &Self) -> bool {
        self.selector == other.selector
    }
}

impl Eq for Selects {}

impl Hash for Selects {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.selector.name.hash(state);
        for matcher in &self.selector.matchers {
            (&matcher.label, &matcher.value).hash(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MatchOperator::{Equal, Matches, NotEqual, NotMatches};
    use slo::measure::Matcher;

    fn check(series: &str, label: &str, operator: MatchOperator, value: &str, expect: bool) {
        let matcher = Matcher { label: label.into(), operator, value: value.into() };
        let selector = Selector { name: "http_requests_total".into(), matchers: vec![matcher] };
        let selects = Selects::compile(&selector).unwrap();
        assert_eq!(selects.holds(series, "web", "h1"), expect, "{series} {label} {operator:?} {value}");
    }

    #[test]
    fn matchers_follow_prometheus() {
        let series = r#"http_requests_total{code="503",path="/a\"b\\c\nd",quoted="x{y,z}=",ü="1"}"#;
        check(series, "code", Equal, "503", true);
        check(series, "code", NotEqual, "503", false);
        check(series, "code", Matches, "5..", true);
        check(series, "code", Matches, "5", false);
        check(series, "code", NotMatches, "5..", false);
        check(series, "code", Matches, "4..|503", true);
        check(series, "path", Equal, "/a\"b\\c\nd", true);
        check(series, "path", Matches, "/a.*d", true);
        check(series, "quoted", Equal, "x{y,z}=", true);
        check(series, "ü", Equal, "1", true);
        check(series, "absent", Equal, "", true);
        check(series, "absent", Matches, ".+", false);
        check(series, "absent", NotMatches, ".+", true);
        check(series, "absent", NotEqual, "a", true);
        check(series, "__name__", Equal, "http_requests_total", true);
        check(series, "service", Equal, "web", true);
        check(series, "host.name", Matches, "h[0-9]", true);
        check("http_requests_total", "code", Equal, "", true);
        check(r#"{"http.requests","a.b"="2"}"#, "a.b", Equal, "2", true);
        check(r#"x{a="1"#, "a", Equal, "", true);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        let matcher = Matcher { label: "code".into(), operator: Matches, value: "5(".into() };
        let fault = Selects::compile(&Selector { name: "x".into(), matchers: vec![matcher] }).unwrap_err();
        assert_eq!(fault.code(), "bad-matcher");
    }
}
