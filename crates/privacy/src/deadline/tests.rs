use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn calendar(zone: &str, country: &str) -> Calendar {
    let holidays = if country.is_empty() { Holidays::default() } else { Holidays::of(country).unwrap() };
    Calendar { zone: Zone::of(zone).unwrap(), holidays }
}

fn request(regime: Regime, extended: bool) -> Request {
    Request { regime, extended, pauses: Vec::new() }
}

fn day(duty: Duty, received: &str, request: &Request, calendar: &Calendar) -> String {
    due(duty, at(received), request, calendar, at(received)).unwrap().unwrap().day
}

/// What the Regulation gives, worked out by hand: the clamped day, the Sunday, the zone, the extension from receipt.
#[test]
fn a_month_is_counted_as_regulation_1182_71_has_it() {
    let check = |received: &str, zone: &str, extended: bool, expect: &str| {
        let calendar = calendar(zone, "DE");
        let received = if received.len() == 10 { format!("{received}T12:00:00Z") } else { received.to_owned() };
        assert_eq!(
            day(Duty::Answer, &received, &request(Regime::Gdpr, extended), &calendar),
            expect,
            "{received} {zone}"
        );
    };
    check("2027-01-31", "UTC", false, "2027-03-01");
    check("2027-01-31", "Europe/Berlin", false, "2027-03-01");
    check("2028-01-31", "UTC", false, "2028-02-29");
    check("2029-01-31", "UTC", false, "2029-02-28");
    check("2026-11-30T23:30:00Z", "Europe/Berlin", false, "2027-01-04");
    check("2026-11-30T23:30:00Z", "UTC", false, "2026-12-30");
    check("2027-01-31", "UTC", true, "2027-04-30");
    check("2026-11-22T12:00:00Z", "Europe/Berlin", false, "2026-12-22");
}

/// Terms by the thousand come out as python-dateutil, holidays and zoneinfo give them.
#[test]
fn terms_are_those_of_other_peoples_calendars() {
    let vectors = include_str!("../../../../fixtures/vectors/privacy/deadlines.tsv");
    let mut known: std::collections::BTreeMap<&str, Calendar> = Default::default();
    for row in vectors.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let calendar = known.entry(cells[2]).or_insert_with(|| calendar(cells[1], cells[2]));
        let of = |duty, regime, extended| day(duty, cells[0], &request(regime, extended), calendar);
        let found = [
            of(Duty::Answer, Regime::Gdpr, false),
            of(Duty::Answer, Regime::Gdpr, true),
            of(Duty::Confirm, Regime::Ccpa, false),
            of(Duty::OptOut, Regime::Ccpa, false),
        ];
        assert_eq!(found, cells[3..], "{row}");
    }
}

#[test]
fn the_last_day_ends_where_the_answer_is_due() {
    let calendar = calendar("Europe/Berlin", "DE");
    let received = at("2026-11-30T23:30:00Z");
    let due = due(Duty::Answer, received, &request(Regime::Gdpr, false), &calendar, received).unwrap().unwrap();
    assert_eq!(due.at, at("2027-01-04T22:59:59Z"));
    assert_eq!(due.counted.as_deref(), Some("2027-01-01"));
    assert_eq!(due.days_left(at("2026-12-01T00:00:00Z"), &calendar), 34);
    assert_eq!(due.days_left(at("2027-01-04T22:59:59Z"), &calendar), 0);
    assert_eq!(due.days_left(at("2027-01-04T23:00:00Z"), &calendar), -1);
}

#[test]
fn californian_days_run_from_receipt() {
    let calendar = calendar("America/Los_Angeles", "US-CA");
    let received = "2027-01-15T20:00:00Z";
    let ccpa = |extended| Request {
        regime: Regime::Ccpa,
        extended,
        pauses: vec![Pause { from: at("2027-01-16T00:00:00Z"), until: Some(at("2027-01-30T00:00:00Z")) }],
    };
    assert_eq!(day(Duty::Answer, received, &ccpa(false), &calendar), "2027-03-01");
    assert_eq!(day(Duty::Answer, received, &ccpa(true), &calendar), "2027-04-15");
    assert_eq!(day(Duty::Extend, received, &ccpa(true), &calendar), "2027-03-01");
    assert_eq!(due(Duty::OptOut, at(received), &request(Regime::Gdpr, false), &calendar, at(received)).unwrap(), None);
}

#[test]
fn time_for_showing_who_one_is_does_not_count() {
    let calendar = calendar("Europe/Berlin", "DE");
    let with = |pauses: Vec<Pause>, now: &str| {
        let request = Request { regime: Regime::Gdpr, extended: false, pauses };
        due(Duty::Answer, at("2027-02-01T12:00:00Z"), &request, &calendar, at(now)).unwrap().unwrap()
    };
    let pause = |from: &str, until: &str| Pause { from: at(from), until: Some(at(until)) };
    let first = pause("2027-02-03T12:00:00Z", "2027-02-08T12:00:00Z");
    assert_eq!(with(vec![], "2027-02-10").day, "2027-03-01");
    assert_eq!(with(vec![first], "2027-02-10").day, "2027-03-08");
    // Five days more: Saturday, so Monday.
    assert_eq!(with(vec![first, pause("2027-02-05", "2027-02-08")], "2027-02-10").day, "2027-03-08");
    assert_eq!(with(vec![first, pause("2027-02-10", "2027-02-12")], "2027-02-13").day, "2027-03-08");
    let open = with(vec![Pause { from: at("2027-02-03T12:00:00Z"), until: None }], "2027-02-20T12:00:00Z");
    assert!(open.paused);
    assert_eq!(open.day, "2027-03-18");
}

proptest! {
    /// A month's term is a working day, 28 days off at least; more time never ends sooner; no instant makes it panic.
    #[test]
    fn terms_end_on_working_days(seconds in 0i64..7_000_000_000, pause in 0i64..100) {
        let calendar = calendar("Europe/Berlin", "DE");
        let received = Instant::from_seconds(seconds).unwrap();
        let until = Instant::from_seconds(seconds + pause * 86_400).unwrap();
        let of = |extended, pauses| {
            due(Duty::Answer, received, &Request { regime: Regime::Gdpr, extended, pauses }, &calendar, received).unwrap().unwrap()
        };
        let (plain, longer) = (of(false, vec![]), of(true, vec![]));
        let paused = of(false, vec![Pause { from: received, until: Some(until) }]);
        let last: Date = plain.day.parse().unwrap();
        prop_assert!(calendar.holidays.is_working_day(last));
        prop_assert!((28..=38).contains(&plain.days_left(received, &calendar)));
        prop_assert!(longer.at > plain.at && paused.at >= plain.at);
        prop_assert!(paused.days_left(received, &calendar) >= plain.days_left(received, &calendar).min(28 + pause));
    }

    /// No instant at all makes it panic.
    #[test]
    fn far_times_are_counted_or_refused(nanos in any::<i64>()) {
        let received = Instant::from_nanos(nanos);
        let _ = due(Duty::Answer, received, &request(Regime::Gdpr, true), &Calendar::default(), received);
    }
}
