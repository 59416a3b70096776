//! Types: how a column is shown as text, which texts can be a value of it, and how a text becomes one.

use std::net::IpAddr;

use privacy::catalog::ColumnKind;

use crate::sql::{self, quoted};

/// What is known of a column's type, domains taken off.
#[derive(Clone, Debug, Default)]
pub(super) struct Type {
    /// What a text is cast to: qualified, without length. From `format_type`, which quotes.
    pub(super) cast: String,
    pub(super) class: Class,
    /// The equality operator where it does not stand in `pg_catalog`: `OPERATOR("public".=)`.
    pub(super) equal: Option<String>,
}

/// How a type behaves.
#[derive(Clone, Debug, Default)]
pub(super) enum Class {
    /// Compared, and shown, as its text: what has no equality, or one that is of no use here.
    #[default]
    Other,
    Text,
    Integer,
    Number,
    Boolean,
    Date,
    Timestamp,
    Clock,
    Interval,
    Bytes,
    Uuid,
    Words(Vec<String>),
    Inet,
    Json,
    Jsonb,
    /// A composite type: shown and taken as a JSON object of its attributes.
    Record,
    List(Box<Type>),
}

impl Type {
    /// The expression that shows the column `name` of the table `t`.
    pub(super) fn shown(&self, name: &str) -> String {
        self.text_of(&column(name))
    }

    fn text_of(&self, value: &str) -> String {
        match &self.class {
            Class::Bytes => format!("pg_catalog.encode({value}, 'hex')"),
            Class::List(_) | Class::Record => format!("pg_catalog.to_json({value})::text"),
            Class::Inet => format!("pg_catalog.abbrev({value})"),
            _ => format!("{value}::text"),
        }
    }

    /// Whether values can be compared in their own type.
    pub(super) fn is_comparable(&self) -> bool {
        !matches!(self.class, Class::Other | Class::Json | Class::Jsonb | Class::Record | Class::List(_))
    }

    /// The equality operator.
    pub(super) fn equal(&self) -> &str {
        self.equal.as_deref().unwrap_or("=")
    }

    /// A value of the type, from the text expression `text`.
    pub(super) fn value(&self, text: &str) -> String {
        let Type { cast, class, .. } = self;
        match class {
            Class::Record => format!("pg_catalog.jsonb_populate_record(NULL::{cast}, {text}::jsonb)"),
            Class::List(element) if element.is_record() => format!(
                "CASE WHEN {text} IS NOT NULL THEN ARRAY(SELECT \
                 pg_catalog.jsonb_populate_recordset(NULL::{}, {text}::jsonb))::{cast} END",
                element.cast
            ),
            _ => format!("{text}::{cast}"),
        }
    }

    fn is_record(&self) -> bool {
        matches!(self.class, Class::Record)
    }

    /// Whether `text` can be a value, so that the cast does not fail.
    pub(super) fn admits(&self, text: &str) -> bool {
        if text.contains('\0') {
            return false;
        }
        match &self.class {
            Class::Text | Class::Other | Class::Json | Class::Jsonb | Class::Record => true,
            Class::Integer => integer(&self.cast, text),
            Class::Number => decimal(text),
            Class::Boolean => matches!(text, "true" | "false"),
            Class::Date => date(text),
            Class::Timestamp => timestamp(text),
            Class::Clock => clock(text),
            Class::Interval => false,
            Class::Bytes => text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Class::Uuid => uuid(text),
            Class::Words(words) => words.iter().any(|word| word == text),
            Class::Inet => inet(text),
            Class::List(element) => element.admits(text),
        }
    }

    /// Both sides of "the same row" as texts: the column's, and that of the text expression `text`, each through the server.
    pub(super) fn same(&self, name: &str, text: &str) -> (String, String) {
        let column = column(name);
        match &self.class {
            Class::Json => (normal(&format!("{column}::text")), normal(text)),
            Class::Jsonb => (format!("{column}::text"), format!("{text}::jsonb::text")),
            Class::List(_) | Class::Record => {
                (format!("pg_catalog.to_json({column})::jsonb::text"), format!("{text}::jsonb::text"))
            }
            Class::Number | Class::Timestamp | Class::Clock | Class::Date | Class::Interval => {
                (format!("{column}::text"), format!("{}::text", self.value(text)))
            }
            _ => (self.text_of(&column), text.to_owned()),
        }
    }

    /// A canonical text as the cast wants it: a list becomes an array literal.
    pub(super) fn literal(&self, text: &str) -> String {
        match self.class {
            Class::Bytes => format!("\\x{text}"),
            Class::List(ref element) if !element.is_record() => array_literal(text),
            _ => text.to_owned(),
        }
    }
}

/// A column of the table `t`.
pub(super) fn column(name: &str) -> String {
    format!("t.{}", quoted(name, '"'))
}

/// JSON text in one spelling. `jsonb` cannot hold the zero character: such a text is compared as it stands.
fn normal(text: &str) -> String {
    format!("CASE WHEN pg_catalog.strpos({text}, '\\u0000') > 0 THEN {text} ELSE {text}::jsonb::text END")
}

fn integer(cast: &str, text: &str) -> bool {
    let Ok(number) = text.parse::<i64>() else { return false };
    match cast {
        "smallint" => i16::try_from(number).is_ok(),
        "integer" => i32::try_from(number).is_ok(),
        "oid" => u32::try_from(number).is_ok(),
        _ => true,
    }
}

/// Plain digits; more than any column holds are none.
fn decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    are(whole) && are(fraction) && text.len() <= 300
}

fn numbers(text: &str, mark: char, lengths: &[usize]) -> Option<Vec<u32>> {
    let parts: Vec<&str> = text.split(mark).collect();
    let fits =
        |(part, length): (&&str, &usize)| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit());
    let are = parts.len() == lengths.len() && parts.iter().zip(lengths).all(fits);
    are.then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
}

/// What both dates and timestamps can hold (PostgreSQL, 8.5).
const LAST_YEAR: u32 = 294_276;
const FIRST_YEAR_BC: u32 = 4713;

/// `2026-11-22`, `0044-03-15 BC`, `infinity`.
fn date(text: &str) -> bool {
    if matches!(text, "infinity" | "-infinity") {
        return true;
    }
    let (text, is_before) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let width = text.find('-').filter(|width| (4..=7).contains(width)).unwrap_or(4);
    let Some(parts) = numbers(text, '-', &[width, 2, 2]) else { return false };
    let [year, month, day] = parts[..] else { return false };
    // The year before the first is 1 BC, and a leap year.
    let counted = if is_before { year.wrapping_sub(1) } else { year };
    let is_leap = counted % 4 == 0 && (counted % 100 != 0 || counted % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=LAST_YEAR).contains(&year) && (!is_before || year <= FIRST_YEAR_BC) && (1..=days).contains(&day)
}

/// A day and a time of day; the era stands at the end.
fn timestamp(text: &str) -> bool {
    if matches!(text, "infinity" | "-infinity") {
        return true;
    }
    let (plain, era) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
    plain.split_once(['T', ' ']).is_some_and(|(day, time)| date(&format!("{day}{era}")) && clock(time))
}

/// `12:00:00`, with a fraction of up to six digits, `Z` or an offset.
fn clock(text: &str) -> bool {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (text, zone) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_fraction = (1..=6).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_time =
        numbers(seconds, ':', &[2, 2, 2]).is_some_and(|parts| parts[0] < 24 && parts[1] < 60 && parts[2] < 60);
    let is_zone = zone.is_empty()
        || zone.len() == 3 && zone[1..].parse::<u32>().is_ok_and(|hours| hours < 15)
        || zone.len() == 6 && numbers(&zone[1..], ':', &[2, 2]).is_some_and(|parts| parts[0] < 15 && parts[1] < 60);
    is_time && is_fraction && is_zone
}

fn uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let are_digits = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    are_digits && (lengths == [8, 4, 4, 4, 12] || lengths == [32])
}

fn inet(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.is_none_or(|bits| bits.parse::<u32>().is_ok_and(|bits| bits <= most))
}

/// The canonical text of what [`Type::shown`] gave.
pub(super) fn canonical(kind: ColumnKind, text: String) -> String {
    match kind {
        ColumnKind::Json | ColumnKind::List => sql::compact(&text),
        ColumnKind::Number => plain_digits(text),
        ColumnKind::Time => iso(text),
        _ => text,
    }
}

/// `2026-11-22 12:00:00+00` becomes `2026-11-22T12:00:00Z`; infinities, years before Christ and spans stay as they are.
fn iso(text: String) -> String {
    let Some((day, time)) = text.split_once(' ') else { return text };
    let is_plain = day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        && !time.contains(' ')
        && time.starts_with(|c: char| c.is_ascii_digit());
    match (is_plain, time.strip_suffix("+00")) {
        (false, _) => text,
        (true, Some(time)) => format!("{day}T{time}Z"),
        (true, None) => format!("{day}T{time}"),
    }
}

/// `1.5e+20` in plain digits.
fn plain_digits(text: String) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let Ok(exponent) = exponent.trim_start_matches('+').parse::<i32>() else { return text };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = whole.len() as i32 + exponent;
    if point <= 0 {
        format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
    } else if point as usize >= digits.len() {
        format!("{sign}{digits}{}", "0".repeat(point as usize - digits.len()))
    } else {
        format!("{sign}{}.{}", &digits[..point as usize], &digits[point as usize..])
    }
}

/// A JSON array of texts and arrays as PostgreSQL writes arrays: `{"a",NULL,{"b"}}`.
fn array_literal(json: &str) -> String {
    let Some(elements) = sql::elements(json) else { return json.to_owned() };
    let element = |element: &Option<String>| match element {
        None => "NULL".to_owned(),
        Some(inner) if inner.starts_with('[') && sql::elements(inner).is_some() => array_literal(inner),
        Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    let items: Vec<String> = elements.iter().map(element).collect();
    format!("{{{}}}", items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: Class, cast: &str) -> Type {
        Type { cast: cast.to_owned(), class, equal: None }
    }

    #[test]
    fn texts_that_no_value_can_be_are_not_admitted() {
        let check = |class: Class, cast: &str, good: &[&str], bad: &[&str]| {
            let kind = of(class, cast);
            assert!(good.iter().all(|text| kind.admits(text)), "{kind:?} {good:?}");
            assert!(!bad.iter().any(|text| kind.admits(text)), "{kind:?} {bad:?}");
        };
        check(Class::Integer, "smallint", &["7", "-32768"], &["32768", "", "7.0", "x", "1 OR 1=1"]);
        check(Class::Integer, "bigint", &["9223372036854775807"], &["9223372036854775808"]);
        check(Class::Number, "numeric", &["1.50", "-0"], &["1e3", ".", "1.", "NaN", "0x1"]);
        let days = ["2024-02-29", "0044-03-15 BC", "0001-02-29 BC", "10000-01-01", "-infinity"];
        let none = ["0004-02-29 BC", "4714-01-01 BC", "300000-01-01", "002024-01-01 AD"];
        check(Class::Date, "date", &days, &none);
        check(Class::Date, "date", &[], &["2023-02-29", "2024-13-01", "0000-01-01", "today", "2024-1-1"]);
        check(
            Class::Timestamp,
            "t",
            &["2024-02-29T23:59:59.5Z", "2024-02-29 00:00:00+02", "0044-03-15 00:00:00+00 BC", "infinity"],
            &["2024-02-29T24:00:00", "now"],
        );
        check(
            Class::Uuid,
            "uuid",
            &["6f9619ff-8b86-d011-b42d-00cf4fc964ff"],
            &["6f9619ff", "zf9619ff-8b86-d011-b42d-00cf4fc964ff"],
        );
        check(Class::Inet, "inet", &["10.0.0.1", "::1/64"], &["10.0.0.1/33", "10.1", "host"]);
        check(Class::Words(vec!["a b".into()]), "w", &["a b"], &["a", "b"]);
        check(Class::Bytes, "bytea", &["00ff", ""], &["0", "0g"]);
        check(Class::Text, "text", &["", "é'"], &["a\0"]);
    }

    #[test]
    fn texts_are_canonical() {
        let check = |kind, text: &str, expect: &str| assert_eq!(canonical(kind, text.to_owned()), expect);
        check(ColumnKind::Time, "2026-11-22 12:00:00.5+00", "2026-11-22T12:00:00.5Z");
        check(ColumnKind::Time, "2026-11-22 12:00:00", "2026-11-22T12:00:00");
        check(ColumnKind::Time, "2026-11-22", "2026-11-22");
        check(ColumnKind::Time, "0044-03-15 00:00:00+00 BC", "0044-03-15 00:00:00+00 BC");
        check(ColumnKind::Time, "0044-03-15 BC", "0044-03-15 BC");
        check(ColumnKind::Time, "infinity", "infinity");
        check(ColumnKind::Time, "12:00:00+02", "12:00:00+02");
        check(ColumnKind::Number, "1.5e+20", "150000000000000000000");
        check(ColumnKind::Number, "-1.25e-07", "-0.000000125");
        check(ColumnKind::Number, "1.25e+01", "12.5");
        check(ColumnKind::Number, "1.50", "1.50");
        check(ColumnKind::Json, r#"{"a": [1, "b c"]}"#, r#"{"a":[1,"b c"]}"#);
    }

    #[test]
    fn lists_become_array_literals() {
        let check = |json: &str, expect: &str| assert_eq!(array_literal(json), expect);
        check(r#"["a","b\"\\c",null,7]"#, r#"{"a","b\"\\c",NULL,"7"}"#);
        check("[[1,2],[3,4]]", r#"{{"1","2"},{"3","4"}}"#);
        check("[]", "{}");
    }
}
