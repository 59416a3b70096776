//! What the environment says of collectors and traces, by the names that OpenTelemetry gives it.

/// Headers that go to a collector, at most.
const HEADERS_MAX: usize = 64;

/// Whose span started this program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: String,
    pub(super) span: String,
    pub(super) sampled: bool,
}

fn named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where spans go; nothing where nobody says.
pub(super) fn collector(flag: Option<&str>) -> Option<String> {
    let below = |base: &str| format!("{}/v1/traces", base.trim_end_matches('/'));
    let own = || named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    flag.map(below).or_else(own).or_else(|| named("OTEL_EXPORTER_OTLP_ENDPOINT").as_deref().map(below))
}

pub(super) fn is_disabled() -> bool {
    named("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Headers of requests to a collector; those of traces alone go before those of everything.
pub(super) fn headers() -> Vec<(String, String)> {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in names.into_iter().filter_map(named).flat_map(|text| read(&text)) {
        if all.len() < HEADERS_MAX && all.iter().all(|(known, _)| !known.eq_ignore_ascii_case(&name)) {
            all.push((name, value));
        }
    }
    all
}

/// `name=value,name=value`, values in percent encoding (W3C Baggage). What could not stand in a header is left out: it would
/// say something else.
fn read(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        // What stands behind a semicolon is a property, which no header has.
        let (name, value) = (name.trim(), decoded(value.split(';').next()?.trim())?);
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        let is_value = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
        (is_name && is_value).then(|| (name.to_owned(), value))
    };
    text.split(',').filter_map(pair).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte == b'%' {
            let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
            rest = &rest[2..];
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whose trace this is a part of; one that cannot be read is none (W3C Trace Context §3.2.2.4).
pub(super) fn parent() -> Option<Parent> {
    named("TRACEPARENT").as_deref().and_then(traceparent)
}

fn traceparent(text: &str) -> Option<Parent> {
    let hex = |part: &str, length: usize| {
        let is_hex = part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        (part.len() == length && is_hex).then(|| part.to_owned())
    };
    let mut parts = text.trim().split('-');
    let version = hex(parts.next()?, 2)?;
    let [trace, span] = [hex(parts.next()?, 32)?, hex(parts.next()?, 16)?];
    let flags = u8::from_str_radix(&hex(parts.next()?, 2)?, 16).ok()?;
    let is_nothing = |id: &str| id.bytes().all(|digit| digit == b'0');
    // A later version may have more behind it, the first has not, and ff is none.
    let fits = version != "ff" && (version != "00" || parts.next().is_none());
    (fits && !is_nothing(&trace) && !is_nothing(&span)).then_some(Parent { trace, span, sampled: flags & 1 == 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_read_as_the_recommendation_says() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let check = |text: String, expect: Option<bool>| {
            assert_eq!(traceparent(&text).map(|parent| parent.sampled), expect, "{text}");
        };
        check(format!("00-{trace}-{span}-01"), Some(true));
        check(format!("00-{trace}-{span}-00"), Some(false));
        check(format!(" 00-{trace}-{span}-03\n"), Some(true));
        check(format!("cc-{trace}-{span}-01-what-will-be"), Some(true));
        check(format!("00-{trace}-{span}-01-more"), None);
        check(format!("ff-{trace}-{span}-01"), None);
        check(format!("00-{}-{span}-01", "0".repeat(32)), None);
        check(format!("00-{trace}-{}-01", "0".repeat(16)), None);
        check(format!("00-{}-{span}-01", trace.to_uppercase()), None);
        check(format!("00-{trace}-{span}"), None);
        check(format!("00-{trace}-{span}-1"), None);
        check(format!("00{trace}{span}01"), None);
        check(String::new(), None);
        check("é".repeat(30), None);
    }

    #[test]
    fn headers_hold_nothing_that_ends_them() {
        let check = |text: &str, expect: &[(&str, &str)]| {
            let found = read(text);
            let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("api-key=a%20b, x = y ;p=1,z=", &[("api-key", "a b"), ("x", "y"), ("z", "")]);
        check("authorization=Basic%20dTpw==", &[("authorization", "Basic dTpw==")]);
        check("a=1%0d%0aevil: 1,b\nb=2,c=%zz,d=%2,=5,e,f=\u{7f},g=%+1", &[]);
        check("", &[]);
    }
}
