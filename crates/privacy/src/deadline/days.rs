//! Working days: public holidays by country, from rules that are data (`data/holidays`).

use jiff::civil::{Date, Weekday, date};
use model::Fault;

/// Countries and the rules of their days, as `convert.py` writes them.
macro_rules! countries {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../../data/holidays/", $name, ".tsv")))),*] };
}

const COUNTRIES: &[(&str, &str)] = countries!(
    "AT" "BE" "BG" "CH" "CY" "CZ" "DE" "DK" "EE" "ES" "FI" "FR" "GB" "GR" "HR" "HU" "IE" "IS" "IT" "LI" "LT" "LU" "LV"
    "MT" "NL" "NO" "PL" "PT" "RO" "SE" "SI" "SK" "US"
);

/// The public holidays that hold where a request is answered; the default knows none but Saturdays and Sundays.
#[derive(Clone, Debug, Default)]
pub struct Holidays {
    rules: Vec<Line>,
}

/// One rule, and the years in which it holds.
#[derive(Clone, Debug)]
struct Line {
    rule: Rule,
    years: std::ops::RangeInclusive<i16>,
    /// The part of the country does not have this day.
    except: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    Fixed(i8, i8),
    Easter(i64),
    Orthodox(i64),
    Nth(Weekday, i8, i8),
    Once(Date),
}

impl Holidays {
    /// Those of a country (`DE`), or of a part of it too (`DE-BY`).
    ///
    /// # Errors
    /// `unknown-country`.
    pub fn of(name: &str) -> Result<Self, Fault> {
        let unknown = || {
            let known: Vec<&str> = COUNTRIES.iter().map(|(country, _)| *country).collect();
            Fault::bad_config("unknown-country", format!("The public holidays of {name:?} are not known")).advise(
                format!("Write one of {}, with a part where days differ (DE-BY), or leave it out.", known.join(", ")),
            )
        };
        let (country, part) = name.split_once('-').map_or((name, None), |(country, part)| (country, Some(part)));
        let (_, table) = COUNTRIES.iter().find(|(known, _)| *known == country).ok_or_else(unknown)?;
        let rows =
            || table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
        // A part without days of its own has no line: two or three letters or digits are taken for one.
        let is_part = |part: &str| {
            rows().any(|row| row[0] == part)
                || (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        if part.is_some_and(|part| !is_part(part)) {
            return Err(unknown());
        }
        let rules = rows().filter(|row| row[0].is_empty() || Some(row[0]) == part).filter_map(|row| Line::parse(&row));
        Ok(Holidays { rules: rules.collect() })
    }

    /// Whether `day` is a public holiday.
    pub(super) fn has(&self, day: Date) -> bool {
        let mut named = false;
        for line in self.rules.iter().filter(|line| line.years.contains(&day.year()) && line.rule.is(day)) {
            if line.except {
                return false;
            }
            named = true;
        }
        named
    }

    /// Neither Saturday, nor Sunday, nor a public holiday (Regulation 1182/71 Art. 2(2)).
    pub(super) fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.has(day)
    }
}

impl Line {
    fn parse(row: &[&str]) -> Option<Self> {
        let [_, rule, years] = row else { return None };
        let (except, rule) = rule.strip_prefix('-').map_or((false, *rule), |rule| (true, rule));
        let (from, until) = years.split_once("..").unwrap_or(("", ""));
        let year = |text: &str, open: i16| if text.is_empty() { Some(open) } else { text.parse().ok() };
        Some(Line { rule: Rule::parse(rule)?, years: year(from, i16::MIN)?..=year(until, i16::MAX)?, except })
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        if let Some(offset) = text.strip_prefix("easter") {
            return Some(Rule::Easter(offset.parse().ok()?));
        }
        if let Some(offset) = text.strip_prefix("orthodox") {
            return Some(Rule::Orthodox(offset.parse().ok()?));
        }
        if let Ok(day) = text.parse::<Date>() {
            return Some(Rule::Once(day));
        }
        if let Some((month, day)) = text.split_once('-').filter(|_| !text.contains(' ')) {
            return Some(Rule::Fixed(month.parse().ok()?, day.parse().ok()?));
        }
        let mut words = text.split(' ');
        let weekday = match words.next()? {
            "monday" => Weekday::Monday,
            "tuesday" => Weekday::Tuesday,
            "wednesday" => Weekday::Wednesday,
            "thursday" => Weekday::Thursday,
            "friday" => Weekday::Friday,
            "saturday" => Weekday::Saturday,
            _ => Weekday::Sunday,
        };
        Some(Rule::Nth(weekday, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    }

    fn is(&self, day: Date) -> bool {
        let after = |easter: Option<Date>, offset: i64| {
            easter.and_then(|easter| easter.checked_add(jiff::Span::new().days(offset)).ok()) == Some(day)
        };
        match *self {
            Rule::Fixed(month, of_month) => (day.month(), day.day()) == (month, of_month),
            Rule::Easter(offset) => after(easter(day.year()), offset),
            Rule::Orthodox(offset) => after(orthodox_easter(day.year()), offset),
            Rule::Nth(weekday, nth, month) => {
                let first = date(day.year(), day.month(), 1);
                day.month() == month && first.nth_weekday_of_month(nth, weekday).is_ok_and(|found| found == day)
            }
            Rule::Once(once) => once == day,
        }
    }
}

/// Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher).
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, (n / 31) as i8, (n % 31 + 1) as i8).ok()
}

/// Easter Sunday of the Julian calendar, in Gregorian days (Meeus).
fn orthodox_easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let d = (19 * (y % 19) + 15) % 30;
    let e = (2 * (y % 4) + 4 * (y % 7) - d + 34) % 7;
    let n = d + e + 114;
    let julian = Date::new(year, (n / 31) as i8, (n % 31 + 1) as i8).ok()?;
    let behind = y / 100 - y / 400 - 2;
    julian.checked_add(jiff::Span::new().days(behind)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_churches_say() {
        let check = |year, western: &str, eastern: &str| {
            assert_eq!(easter(year).unwrap().to_string(), western);
            assert_eq!(orthodox_easter(year).unwrap().to_string(), eastern);
        };
        check(2024, "2024-03-31", "2024-05-05");
        check(2025, "2025-04-20", "2025-04-20");
        check(2027, "2027-03-28", "2027-05-02");
        check(2038, "2038-04-25", "2038-04-25");
    }

    #[test]
    fn every_rule_of_every_country_is_understood() {
        for (country, table) in COUNTRIES {
            let lines = table.lines().filter(|line| !line.starts_with('#'));
            for line in lines {
                let row: Vec<&str> = line.split('\t').collect();
                assert!(Line::parse(&row).is_some(), "{country}: {line}");
            }
        }
        assert_eq!(Holidays::of("XX").unwrap_err().code(), "unknown-country");
        assert_eq!(Holidays::of("DE-Bavaria").unwrap_err().code(), "unknown-country");
    }

    #[test]
    fn a_part_has_days_of_its_own() {
        let epiphany = date(2027, 1, 6);
        assert!(!Holidays::of("DE").unwrap().has(epiphany));
        assert!(Holidays::of("DE-BY").unwrap().has(epiphany));
        assert!(!Holidays::of("DE-BE").unwrap().has(epiphany));
        assert!(
            Holidays::of("US").unwrap().has(date(2027, 10, 11))
                && !Holidays::of("US-CA").unwrap().has(date(2027, 10, 11))
        );
    }
}
