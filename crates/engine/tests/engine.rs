//! The engine against known answers, laws, and hostile questions. One binary: each links DataFusion once more.

mod kit;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant as Clock;

use kit::{Answers, Event, Point, Shelf, at, decimal, window};
use model::{Body, Decimal, Instant, Log, Record, RecordKind};
use probity_engine::{Engine, Form, Limits};
use proptest::prelude::*;
use slo::measure::{Comparison, Counts, Interval, MatchOperator, Matcher, Measure, Selector, Slices, Slicing, Source};

const ALL: Interval = Interval { from: Instant::from_nanos(-1), to: Instant::from_nanos(i64::MAX) };

fn rows(filter: &str, value: &str) -> Source {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Source::Rows { table: RecordKind::Logs, filter: some(filter), value: some(value) }
}

fn selector(name: &str, matchers: &[(&str, MatchOperator, &str)]) -> Selector {
    let matchers = matchers.iter().map(|(label, operator, value)| Matcher {
        label: (*label).to_owned(),
        operator: *operator,
        value: (*value).to_owned(),
    });
    Selector { name: name.to_owned(), matchers: matchers.collect() }
}

fn table(engine: &Engine, sql: &str) -> String {
    written(engine, sql, Form::Table { width_max: None }).unwrap_or_else(|fault| panic!("{sql}: {fault}"))
}

fn written(engine: &Engine, sql: &str, form: Form) -> Result<String, model::Fault> {
    let mut out = Vec::new();
    engine.query(sql, &Limits::default())?.write(form, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn a_threshold_counts_and_a_percentile_is_the_nearest_rank() {
    let shelf = Shelf::new();
    let values = [Some(1.0), Some(2.0), None, Some(3.0), Some(4.0), Some(100.0)];
    shelf.logs(
        &values.iter().enumerate().map(|(n, value)| Event::new(n as i64 + 1).latency(*value)).collect::<Vec<_>>(),
    );
    let engine = shelf.engine(2);
    let check = |op, limit: &str, good| {
        let counts = engine.threshold(&rows("", "latency_ms"), op, decimal(limit), ALL).unwrap();
        assert_eq!(counts, Counts { good, total: 5, seen: Some((at(1), at(6))) }, "{op:?} {limit}");
    };
    check(Comparison::LessOrEqual, "90", 4);
    check(Comparison::LessOrEqual, "100", 5);
    check(Comparison::Less, "100", 4);
    check(Comparison::Greater, "2.5", 3);
    check(Comparison::GreaterOrEqual, "2", 4);
    let shown = engine.percentile(&rows("", "latency_ms"), decimal("0.95"), ALL).unwrap().unwrap();
    assert_eq!((shown.value, shown.definition.as_str()), (100.0, "nearest rank over 5 values"));
    assert_eq!(engine.percentile(&rows("latency_ms > 1e6", "latency_ms"), decimal("0.5"), ALL).unwrap(), None);
    assert_eq!(engine.percentile(&rows("", "latency_ms"), Decimal::ZERO, ALL).unwrap_err().code(), "bad-rank");
}

#[test]
fn a_decimal_threshold_is_exact_for_every_type_of_number() {
    let shelf = Shelf::new();
    shelf.logs(
        &[0.7, 0.7_f64.next_down(), 0.7_f64.next_up(), -0.7]
            .map(|value| Event::new(1).latency(Some(value)).bytes(9_007_199_254_740_993)),
    );
    let engine = shelf.engine(1);
    let good = |value: &str, op, limit: &str| engine.threshold(&rows("", value), op, decimal(limit), ALL).unwrap().good;
    use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
    assert_eq!(good("latency_ms", LessOrEqual, "0.7"), 3);
    assert_eq!(good("latency_ms", Less, "0.7"), 2);
    assert_eq!(good("latency_ms", GreaterOrEqual, "0.7"), 2);
    assert_eq!(good("latency_ms", Greater, "-0.7"), 3);
    assert_eq!(good("bytes", LessOrEqual, "9007199254740992"), 0);
    assert_eq!(good("bytes", Greater, "9007199254740992.5"), 4);
    assert_eq!(good("arrow_cast(bytes, 'UInt64')", GreaterOrEqual, "9007199254740993"), 4);
    assert_eq!(good("CAST(0.7 AS DECIMAL(38, 2))", LessOrEqual, "0.7"), 4);
    assert_eq!(good("CAST(0.7 AS DECIMAL(38, 2))", Less, "0.700000000000000001"), 4);
    assert_eq!(good("bytes / 0.0", GreaterOrEqual, "0"), 4);
    assert_eq!(good("0.0 * latency_ms / 0.0", GreaterOrEqual, "0"), 0, "NaN holds against nothing");
    assert_eq!(good("NULL", Less, "1"), 0);
    let refused = engine.threshold(&rows("", "service"), Less, decimal("1"), ALL).unwrap_err();
    assert_eq!(refused.code(), "bad-query");
}

#[test]
fn a_good_row_is_one_that_is_also_in_total() {
    let shelf = Shelf::new();
    shelf.logs(&[
        Event::new(1).status(200),
        Event::new(2).status(503),
        Event::new(3).status(200).service("db"),
        Event::new(4),
    ]);
    shelf.metrics(&[]);
    let engine = shelf.engine(2);
    let ratio = |good: &str, total: &str| engine.ratio(&rows(good, ""), &rows(total, ""), ALL).unwrap();
    assert_eq!(ratio("status < 500", "status IS NOT NULL"), Counts { good: 2, total: 3, seen: Some((at(1), at(3))) });
    assert_eq!(ratio("status < 500", "service = 'web'"), Counts { good: 1, total: 3, seen: Some((at(1), at(4))) });
    assert_eq!(ratio("", ""), Counts { good: 4, total: 4, seen: Some((at(1), at(4))) });
    assert_eq!(ratio("attributes['code'] = 'x'", "message LIKE '%'").good, 0);
    let sql = |sql: &str| Source::Sql(sql.to_owned());
    let counts =
        engine.ratio(&sql("SELECT ts, count(*) AS value FROM logs WHERE status < 500 GROUP BY ts"), &rows("", ""), ALL);
    assert_eq!(counts.unwrap(), Counts { good: 2, total: 4, seen: Some((at(1), at(4))) });
    for (wrong, says) in [
        ("stauts < 500", "There is no column stauts"),
        ("status <", "Expected"),
        ("status < 500) OR (1 = 1", ""),
        ("service", "boolean"),
        ("status IN (SELECT 1 FROM metrics)", ""),
        ("random() < 0.5", "random"),
        ("ts < now()", "now"),
    ] {
        let fault = engine.ratio(&rows("", ""), &rows(wrong, ""), ALL).expect_err(wrong);
        assert_eq!(fault.code(), "bad-query", "{wrong}: {fault}");
        assert!(fault.message().to_lowercase().contains(&says.to_lowercase()), "{wrong}: {fault}");
    }
}

#[test]
fn a_window_is_open_on_the_left_to_the_nanosecond() {
    let shelf = Shelf::new();
    let nanos = [999, 1_000, 1_001, 1_999, 2_000, 2_001, 3_000_000];
    shelf.logs(&nanos.map(Event::at_nanos));
    let engine = shelf.engine(2);
    let check = |from: i64, to: i64, expect: &[i64]| {
        let window = Interval { from: Instant::from_nanos(from), to: Instant::from_nanos(to) };
        let counts = engine.ratio(&rows("", ""), &rows("", ""), window).unwrap();
        let seen = expect.first().zip(expect.last()).map(|(a, b)| (Instant::from_nanos(*a), Instant::from_nanos(*b)));
        assert_eq!((counts.total, counts.seen), (expect.len() as u64, seen), "({from}, {to}]");
    };
    check(0, 999, &[999]);
    check(999, 1_001, &[1_000, 1_001]);
    check(1_000, 2_000, &[1_001, 1_999, 2_000]);
    check(1_001, 1_998, &[]);
    check(2_000, i64::MAX, &[2_001, 3_000_000]);
    assert_eq!(engine.newest(), Some(Instant::from_nanos(3_000_000)));
}

#[test]
fn increases_see_resets_and_nothing_outside_the_window() {
    let shelf = Shelf::new();
    let series = r#"hits_total{code="200"}"#;
    let counter = |second, value| Point::new(second, series, "counter", value);
    // 10 → 15 → (reset) 3 → 3 → 9 → (new start) 20
    shelf.metrics(&[
        counter(1, 10.0),
        counter(2, 15.0),
        counter(3, 3.0),
        counter(3, 3.0),
        counter(4, 9.0).start(1),
        counter(5, 20.0).start(5),
    ]);
    shelf.metrics(&[
        Point::new(2, r#"hits_total{code="503"}"#, "counter", 0.0),
        Point::new(4, r#"hits_total{code="503"}"#, "counter", 2.0),
    ]);
    let engine = shelf.engine(2);
    let count = |matchers: &[(&str, MatchOperator, &str)], window| {
        let source = Source::Increase(selector("hits_total", matchers));
        engine.ratio(&source, &source, window).unwrap()
    };
    assert_eq!(count(&[], ALL), Counts { good: 36, total: 36, seen: Some((at(2), at(5))) });
    assert_eq!(count(&[("code", MatchOperator::NotMatches, "5..")], ALL).total, 5 + 3 + 6 + 20);
    assert_eq!(count(&[("code", MatchOperator::Matches, "5")], ALL), Counts::default());
    assert_eq!(count(&[("code", MatchOperator::Equal, "200")], window(1, 4)).total, 3 + 6);
    assert_eq!(count(&[("absent", MatchOperator::Equal, "")], window(4, 9)).total, 0);
    let threshold =
        engine.threshold(&Source::Increase(selector("hits_total", &[])), Comparison::Less, decimal("6"), ALL);
    assert_eq!(threshold.unwrap(), Counts { good: 4, total: 6, seen: Some((at(2), at(5))) });
    let view = "SELECT ts, seconds, increase, increase_micro, reset FROM increments WHERE attributes IS NULL ORDER BY series, ts, increase";
    assert_eq!(
        table(&engine, view).lines().map(str::trim_end).collect::<Vec<_>>(),
        [
            "ts                    seconds  increase  increase_micro  reset",
            "1970-01-01T00:00:02Z      1.0       5.0         5000000  false",
            "1970-01-01T00:00:03Z      0.0       0.0               0  false",
            "1970-01-01T00:00:03Z      1.0       3.0         3000000  true",
            "1970-01-01T00:00:04Z      1.0       6.0         6000000  false",
            "1970-01-01T00:00:05Z      1.0      20.0        20000000  true",
            "1970-01-01T00:00:04Z      2.0       2.0         2000000  false",
        ]
    );
}

#[test]
fn what_does_not_count_events_is_refused() {
    let shelf = Shelf::new();
    let huge = i64::MAX - 1;
    shelf.metrics(&[
        Point::new(1, "seconds_total", "counter", 0.25),
        Point::new(2, "seconds_total", "counter", 1.0),
        Point::new(1, "load", "gauge", 3.0),
        Point::new(1, "big_total", "counter", 0.0).integer(0),
        Point::new(2, "big_total", "counter", huge as f64).integer(huge),
        Point::new(1, "bits", "delta", 5.0),
        Point::new(2, "bits", "delta", 7.0),
        Point::new(1, "untyped", "unknown", 5.0),
        Point::new(2, "untyped", "unknown", 7.0),
        Point::new(1, "falling", "gauge", -2.0),
    ]);
    let engine = shelf.engine(1);
    let increase = |name: &str| {
        let source = Source::Increase(selector(name, &[]));
        engine.ratio(&source, &source, ALL).map(|counts| counts.total).map_err(|fault| fault.code())
    };
    assert_eq!(increase("seconds_total"), Err("fractional-counter"));
    assert_eq!(increase("load"), Err("not-a-counter"));
    assert_eq!(increase("big_total"), Ok(huge as u64));
    assert_eq!(increase("bits"), Ok(12));
    assert_eq!(increase("untyped"), Ok(2));
    assert_eq!(increase("nothing"), Ok(0));
    let samples = |name: &str| Source::Samples(selector(name, &[]));
    assert_eq!(engine.ratio(&samples("falling"), &samples("load"), ALL).unwrap_err().code(), "fractional-counter");
    let above =
        |name: &str, limit: &str| engine.threshold(&samples(name), Comparison::Greater, decimal(limit), ALL).unwrap();
    assert_eq!((above("load", "2.9").good, above("load", "3").good), (1, 0));
    assert_eq!((above("big_total", "999999999999999999").good, above("big_total", "0").total), (1, 2));
    let bad = Source::Increase(selector("load", &[("a", MatchOperator::Matches, "(")]));
    assert_eq!(engine.ratio(&bad, &bad, ALL).unwrap_err().code(), "bad-matcher");
}

#[test]
fn sql_sees_only_the_window_and_is_held_to_its_own_times() {
    let shelf = Shelf::new();
    shelf.logs(&(1..=10).map(|second| Event::new(second).latency(Some(second as f64))).collect::<Vec<_>>());
    let engine = shelf.engine(2);
    let count = |sql: &str, window| {
        engine.threshold(&Source::Sql(sql.to_owned()), Comparison::LessOrEqual, decimal("5"), window)
    };
    assert_eq!(
        count("SELECT ts, latency_ms AS value FROM logs", window(2, 8)).unwrap(),
        Counts { good: 3, total: 6, seen: Some((at(3), at(8))) }
    );
    assert_eq!(count("SELECT max(ts) AS ts, count(*) AS value FROM logs", window(2, 8)).unwrap().good, 0);
    assert_eq!(count("SELECT min(ts) AS TS, count(*) AS Value FROM logs", window(7, 8)).unwrap().good, 1);
    assert_eq!(count("SELECT timestamp '1970-01-01T00:00:09' AS ts, 1 AS value", window(2, 8)).unwrap().total, 0);
    for wrong in [
        "SELECT ts FROM logs",
        "SELECT ts, service AS value FROM logs",
        "SELECT service AS ts, 1 AS value FROM logs",
        "DROP TABLE logs",
    ] {
        let fault = count(wrong, ALL).expect_err(wrong);
        assert!(["bad-query", "not-read-only"].contains(&fault.code()), "{wrong}: {fault:?}");
    }
}

#[test]
fn answers_are_the_same_on_any_number_of_partitions() {
    let shelf = Shelf::new();
    let events: Vec<Event> = kit::events(120_000);
    events.chunks(50_000).for_each(|chunk| shelf.logs(chunk));
    let ask = |threads| {
        let engine = shelf.engine(threads);
        let ratio = engine.ratio(&rows("status < 500", ""), &rows("status IS NOT NULL", ""), ALL).unwrap();
        let threshold =
            engine.threshold(&rows("", "latency_ms"), Comparison::LessOrEqual, decimal("500"), ALL).unwrap();
        let sketch = engine.percentile(&rows("", "latency_ms"), decimal("0.99"), ALL).unwrap().unwrap();
        let exact = engine.percentile(&rows("service = 'svc-3'", "latency_ms"), decimal("0.99"), ALL).unwrap().unwrap();
        let sql = table(
            &engine,
            "SELECT service, count(*), percentile(latency_ms, 0.95) FROM logs GROUP BY service ORDER BY service",
        );
        (ratio, threshold, sketch, exact, sql)
    };
    let one = ask(1);
    assert!(one.2.definition.starts_with("DDSketch over 108,"), "{}", one.2.definition);
    assert!(one.3.definition.starts_with("nearest rank over 2"), "{}", one.3.definition);
    assert_eq!(
        one.1.good,
        events.iter().filter(|event| event.latency.is_some_and(|value| value <= 500.0)).count() as u64
    );
    assert_eq!(ask(2), one);
    assert_eq!(ask(8), one);
}

#[test]
fn questions_are_answered_and_orders_are_refused() {
    let shelf = Shelf::new();
    shelf.logs(&[Event::new(1).status(200)]);
    let engine = shelf.engine(1);
    for asked in [
        "SELECT 1 AS one",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "EXPLAIN SELECT * FROM logs",
        "SHOW TABLES",
        "DESCRIBE logs",
        "VALUES (1), (2)",
        "SELECT round(1.25, 1), substr('abc', 2), date_trunc('hour', ts), attributes['a'] FROM logs",
        "SELECT * FROM increments",
        "SELECT * FROM metrics JOIN traces USING (service)",
    ] {
        table(&engine, asked);
    }
    for order in [
        "DROP TABLE logs",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO logs SELECT * FROM logs",
        "DELETE FROM logs",
        "SET datafusion.execution.batch_size = 1",
        "COPY logs TO '/tmp/x.csv'",
        "EXPLAIN COPY logs TO '/tmp/x.csv'",
        "EXPLAIN ANALYZE INSERT INTO logs SELECT * FROM logs",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "PREPARE p AS SELECT 1",
        "BEGIN",
    ] {
        let fault = written(&engine, order, Form::Tabs).expect_err(order);
        assert_eq!(fault.code(), "not-read-only", "{order}: {fault}");
    }
    for (wrong, message, advice) in [
        ("SELECT 1; SELECT 2", "more than one statement", "Ask with one SELECT"),
        ("", "There is no statement", "Ask with one SELECT"),
        ("SELEC 1", "SELEC", "Ask with one SELECT"),
        ("SELECT * FROM log", "There is no table log", "Did you mean logs?"),
        ("SELECT stauts FROM logs", "There is no column stauts", "Did you mean status?"),
        ("SELECT approx_percentile_cont(latency_ms, 0.5) FROM logs", "approx_percentile_cont", "percentile(x, 0.95)"),
        ("SELECT percentile(latency_ms, 2) FROM logs", "constant above 0", ""),
        ("SELECT 1 / 0", "ivide by zero", "NULLIF"),
        ("SELECT coutn(*) FROM logs", "There is no function coutn", "Did you mean count?"),
        ("SELECT map_keys(attributes) FROM logs", "There is no function map_keys", "SHOW FUNCTIONS"),
        ("SELECT * FROM '/etc/passwd'", "There is no table", ""),
        ("SELECT now()", "now", ""),
    ] {
        let fault = written(&engine, wrong, Form::Tabs).expect_err(wrong);
        assert_eq!(fault.code(), "bad-query", "{wrong}: {fault:?}");
        assert!(fault.message().contains(message), "{wrong}: {fault}");
        assert!(fault.advice().unwrap_or_default().contains(advice), "{wrong}: {:?}", fault.advice());
        assert!(!fault.message().contains("rror:") && !fault.message().contains('\n'), "{wrong}: {fault}");
    }
    let engine = shelf.engine(1).at(at(86_400));
    assert_eq!(
        written(&engine, "SELECT now() AS n, current_date AS d", Form::Tabs).unwrap(),
        "n\td\n1970-01-02T00:00:00Z\t1970-01-02\n"
    );
}

#[test]
fn every_form_of_output_keeps_what_is_there() {
    let shelf = Shelf::new();
    shelf.logs(&[
        Event::new(1).status(200).message("=a,\"b\"\n\u{1b}[31m").attribute("k", "v\"").latency(Some(0.5)),
        Event::at_nanos(2_000_000_001).message(""),
    ]);
    let engine = shelf.engine(1);
    let sql =
        "SELECT ts, ts_ns, status, latency_ms, message, attributes, status AS \"status\" FROM logs ORDER BY line, ts";
    let sql = sql.replace(", status AS \"status\"", ", status AS again");
    let check = |form, expect: &str| assert_eq!(written(&engine, &sql, form).unwrap(), expect);
    check(
        Form::Tabs,
        "ts\tts_ns\tstatus\tlatency_ms\tmessage\tattributes\tagain\n1970-01-01T00:00:01Z\tNULL\t200\t0.5\t=a,\"b\"\\n\\u{1b}[31m\t{\"k\":\"v\\\"\"}\t200\n1970-01-01T00:00:02Z\t2000000001\tNULL\tNULL\t\tNULL\tNULL\n",
    );
    check(
        Form::Csv { defuse_formulas: true, screen: false },
        "ts,ts_ns,status,latency_ms,message,attributes,again\r\n1970-01-01T00:00:01Z,,200,0.5,\"'=a,\"\"b\"\"\n\u{1b}[31m\",\"{\"\"k\"\":\"\"v\\\"\"\"\"}\",200\r\n1970-01-01T00:00:02Z,2000000001,,,\"\",,\r\n",
    );
    check(
        Form::JsonLines,
        "{\"ts\":\"1970-01-01T00:00:01Z\",\"ts_ns\":null,\"status\":200,\"latency_ms\":0.5,\"message\":\"=a,\\\"b\\\"\\n\\u001b[31m\",\"attributes\":{\"k\":\"v\\\"\"},\"again\":200}\n{\"ts\":\"1970-01-01T00:00:02Z\",\"ts_ns\":2000000001,\"status\":null,\"latency_ms\":null,\"message\":\"\",\"attributes\":null,\"again\":null}\n",
    );
    let narrow =
        written(&engine, "SELECT message, status FROM logs ORDER BY ts", Form::Table { width_max: Some(6) }).unwrap();
    assert_eq!(narrow, "messa…  status\n=a,\"b…     200\n          NULL\n");
    assert_eq!(
        written(&engine, "SELECT status FROM logs WHERE false", Form::Csv { defuse_formulas: false, screen: false })
            .unwrap(),
        "status\r\n"
    );
}

#[test]
fn an_empty_store_has_empty_tables() {
    let engine = Shelf::new().engine(2);
    assert_eq!(table(&engine, "SELECT count(*) AS n FROM logs, metrics, traces, increments"), "n\n0\n");
    assert_eq!(engine.ratio(&rows("", ""), &rows("", ""), ALL).unwrap(), Counts::default());
    assert_eq!(engine.percentile(&rows("", "latency_ms"), decimal("0.5"), ALL).unwrap(), None);
    assert_eq!(engine.newest(), None);
}

#[test]
fn limits_hold() {
    let shelf = Shelf::new();
    shelf.logs(&kit::events(100_000));
    let engine = shelf.engine(2);
    let run = |sql: &str, limits: &Limits| {
        engine.query(sql, limits).and_then(|rows| rows.write(Form::Tabs, &mut std::io::sink()))
    };
    let sort = "SELECT message, latency_ms, raw FROM logs ORDER BY latency_ms, message";
    let tight = Limits { memory_bytes_max: 16 << 20, ..Limits::default() };
    assert_eq!(run(sort, &tight).unwrap_err().code(), "memory-limit");
    let spill = tempfile::tempdir().unwrap();
    assert_eq!(run(sort, &Limits { spill: Some(spill.path().to_owned()), ..tight }).unwrap(), 100_000);
    assert_eq!(std::fs::read_dir(spill.path()).unwrap().count(), 0, "nothing stays in the folder");
    assert_eq!(
        run("SELECT * FROM logs", &Limits { rows_max: Some(10), ..Limits::default() }).unwrap_err().code(),
        "too-many-rows"
    );
    assert_eq!(run("SELECT 1", &Limits { rows_max: Some(1), ..Limits::default() }).unwrap(), 1);
    assert_eq!(
        run("SELECT 1", &Limits { sql_bytes_max: 7, ..Limits::default() }).unwrap_err().code(),
        "query-too-long"
    );
    assert_eq!(
        run("SELECT 1", &Limits { time_max: Some(std::time::Duration::ZERO), ..Limits::default() }).unwrap_err().code(),
        "query-timeout"
    );
    let stopped = shelf.engine(2).cancelled_by(Arc::new(AtomicBool::new(true)));
    assert_eq!(stopped.query("SELECT 1", &Limits::default()).map(|_| ()).unwrap_err().code(), "interrupted");
    let flag = Arc::new(AtomicBool::new(false));
    let engine = shelf.engine(2).cancelled_by(Arc::clone(&flag));
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        flag.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let begun = Clock::now();
    let endless = engine.query(
        "SELECT sum(a.latency_ms * b.latency_ms * c.latency_ms) FROM logs a, logs b, logs c",
        // On a busy machine the stop may come late; it must not come after the memory is used up.
        &Limits { memory_bytes_max: 4 << 30, ..Limits::default() },
    );
    let fault = endless.and_then(|mut rows| rows.next_batch().map(|_| ())).unwrap_err();
    assert_eq!(fault.code(), "interrupted");
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn missing_and_damaged_files_are_named_as_such() {
    let shelf = Shelf::new();
    shelf.logs(&[Event::new(1)]);
    let engine = shelf.engine(1);
    let path = shelf.files().remove(0).path;
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, vec![0; bytes.len()]).unwrap();
    assert_eq!(written(&engine, "SELECT * FROM logs", Form::Tabs).unwrap_err().code(), "damaged-data-file");
    std::fs::write(&path, b"PAR1").unwrap();
    assert_eq!(written(&shelf.engine(1), "SELECT 1 FROM logs", Form::Tabs).unwrap_err().code(), "damaged-data-file");
    std::fs::remove_file(&path).unwrap();
    let engine = shelf.engine(1);
    for sql in ["SELECT * FROM logs", "SELECT count(*) FROM logs"] {
        assert_eq!(written(&engine, sql, Form::Tabs).unwrap_err().code(), "io-failed", "{sql}");
    }
}

/// `number good total` of each slice, in order.
fn lines(mut slices: Slices) -> String {
    slices.slices.sort_by_key(|slice| slice.number);
    slices.slices.iter().map(|slice| format!("{} {} {}\n", slice.number, slice.good, slice.total)).collect()
}

/// Slices begin with their first instant and end before the next begins; what lies in none is not there.
#[test]
fn a_slice_is_closed_on_the_left() {
    let shelf = Shelf::new();
    let second = 1_000_000_000;
    let nanos = [10 * second - 1, 10 * second, 20 * second - 1, 20 * second, 39 * second, 40 * second];
    shelf.logs(&nanos.map(|nanos| Event::at_nanos(nanos).status(200).latency(Some(0.5))));
    shelf.metrics(&[
        Point::new(12, "up", "gauge", 1.0),
        Point::new(13, "up", "gauge", 0.7),
        Point::new(35, "up", "gauge", 0.0),
        Point::new(36, "percent", "gauge", 99.9),
    ]);
    let engine = shelf.engine(2);
    let slicing = Slicing { from: at(10), width: 10 * second, count: 3 };
    let ratio = engine.ratio_slices(&rows("status < 500", ""), &rows("", ""), slicing).unwrap();
    assert_eq!(ratio.seen, Some((at(10), at(39))));
    assert_eq!(lines(ratio), "0 2 2\n1 1 1\n2 1 1\n");
    let up = |name: &str| engine.raw_slices(&Source::Samples(selector(name, &[])), slicing);
    assert_eq!(lines(up("up").unwrap()), "0 1700000000000000 2000000000000000\n2 0 1000000000000000\n");
    assert_eq!(up("percent").unwrap_err().code(), "no-ratio");
    assert_eq!(up("absent").unwrap(), Slices::default());
    // What is counted for one and not for the other is not hidden.
    let drifted =
        engine.ratio_slices(&Source::Increase(selector("b", &[])), &Source::Increase(selector("a", &[])), slicing);
    assert_eq!(drifted.unwrap(), Slices::default());
    let gauge = engine.ratio_slices(&Source::Increase(selector("up", &[])), &rows("", ""), slicing);
    assert_eq!(gauge.unwrap_err().code(), "not-a-counter");
}

#[test]
fn duckdb_gives_the_same_answers() {
    let answers = Answers::new(env!("CARGO_TARGET_TMPDIR"));
    let shelf = Shelf::at(answers.folder());
    kit::events(30_000).chunks(11_000).for_each(|chunk| shelf.logs(chunk));
    kit::points(6_000).chunks(2_500).for_each(|chunk| shelf.metrics(chunk));
    let engine = shelf.engine(2);
    let day = window(20_000, 70_000);
    let good = engine.ratio(&rows("status < 500", ""), &rows("status IS NOT NULL", ""), day).unwrap();
    let fast = engine
        .threshold(&rows("service = 'svc-1'", "latency_ms"), Comparison::LessOrEqual, decimal("250.5"), day)
        .unwrap();
    assert!(good.good < good.total && fast.good < fast.total && fast.total > 1000);
    answers.write("ratio", &format!("{} {}", good.good, good.total));
    answers.write("threshold", &format!("{} {}", fast.good, fast.total));
    for rank in ["0.5", "0.95", "0.999"] {
        let shown = engine.percentile(&rows("", "latency_ms"), decimal(rank), day).unwrap().unwrap();
        answers.write(&format!("p{rank}"), &format!("{:?}", shown.value));
    }
    let hits = Source::Increase(selector("hits_total", &[("code", MatchOperator::NotMatches, "5..")]));
    answers.write("increase", &engine.ratio(&hits, &hits, day).unwrap().total.to_string());
    let view = "SELECT series, count(*), sum(increase_micro), count(*) FILTER (WHERE reset) FROM increments GROUP BY series ORDER BY series";
    // Quarters of an hour inside the window: 20,700 s to 69,300 s.
    let quarters = Slicing { from: at(20_700), width: 900_000_000_000, count: 54 };
    answers.write(
        "sliced-ratio",
        &lines(engine.ratio_slices(&rows("status < 500", ""), &rows("", ""), quarters).unwrap()),
    );
    let slow = rows("service = 'svc-1'", "latency_ms");
    let slow = engine.threshold_slices(&slow, Comparison::Greater, decimal("250.5"), quarters).unwrap();
    answers.write("sliced-threshold", &lines(slow));
    let share = rows("", "latency_ms / 1000");
    answers.write("sliced-raw", &lines(engine.raw_slices(&share, quarters).unwrap()));
    answers.write("sliced-increase", &lines(engine.ratio_slices(&hits, &hits, quarters).unwrap()));
    answers.write("increments", &written(&engine, view, Form::Tabs).unwrap());
    answers.judge();
}

#[test]
fn what_the_store_wrote_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let key = seal::SigningKey::from_seed([7; 32]);
    let store = store::Store::open(folder.path(), Some(&key)).unwrap();
    let mut batch = store.begin(at(1_000), &model::Hidden).unwrap();
    let mut writer = batch.original().unwrap();
    writer.write_all(b"three lines").unwrap();
    for (line, nanos) in [1_500_000_001, 2_000_000_000, 90_000_000_000_000].into_iter().enumerate() {
        let log = Log { status: Some(200 + line as u16), message: Some("ü"), latency_ms: Some(0.5), ..Log::default() };
        let attributes = [("zone", "a"), ("rack", "7")];
        let time = Instant::from_nanos(nanos);
        let body = Body::Log(log);
        batch
            .push(&Record {
                time,
                line: line as u64 + 1,
                service: Some("web"),
                host: None,
                attributes: &attributes,
                body,
            })
            .unwrap();
    }
    let original = writer.finish().unwrap();
    let key = store::OriginalKey { digest: original.digest, reader: "test".into() };
    batch.finish_original(original, &key).unwrap();
    batch.commit(&store::CommitNotes { tool: "test".into() }).unwrap().unwrap();
    let snapshot = store.snapshot().unwrap();
    let engine = Engine::open(&snapshot, 2).unwrap();
    assert_eq!((engine.basis().version, engine.basis().head), (Some(0), snapshot.head));
    let sql = format!(
        "SELECT ts, ts_ns, raw = '{}' AS own, line, service, host, attributes['rack'] AS rack, attributes['x'] AS x, message, status FROM logs ORDER BY ts",
        key.digest
    );
    assert_eq!(
        written(&engine, &sql, Form::Csv { defuse_formulas: false, screen: false })
            .unwrap()
            .lines()
            .collect::<Vec<_>>(),
        [
            "ts,ts_ns,own,line,service,host,rack,x,message,status",
            "1970-01-01T00:00:01.5Z,1500000001,true,1,web,,7,,ü,200",
            "1970-01-01T00:00:02Z,,true,2,web,,7,,ü,201",
            "1970-01-02T01:00:00Z,,true,3,web,,7,,ü,202",
        ]
    );
    let first = Interval { from: Instant::from_nanos(1_500_000_000), to: at(2) };
    assert_eq!(engine.ratio(&rows("attributes['zone'] = 'a'", ""), &rows("", ""), first).unwrap().good, 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    /// However time is cut, slices add up to what lies in all of them, whatever the number of threads.
    #[test]
    fn slices_add_up(width in 1_u64..20_000, from in 0_i64..40_000, count in 1_u32..50, threads in 1..4_usize) {
        let shelf = Shelf::new();
        shelf.logs(&kit::events(500));
        shelf.metrics(&kit::points(300));
        let engine = shelf.engine(threads);
        let slicing = Slicing { from: at(from), width: width as i64 * 1_000_000_000, count };
        let sum = |slices: Slices| {
            prop_assert!(slices.slices.iter().all(|slice| slice.number < count && slice.good <= slice.total));
            let of = |part: fn(&slo::measure::Slice) -> u128| slices.slices.iter().map(part).sum::<u128>();
            Ok(Counts { good: of(|slice| slice.good) as u64, total: of(|slice| slice.total) as u64, seen: slices.seen })
        };
        let hits = |code: &str| Source::Increase(selector("hits_total", &[("code", MatchOperator::Matches, code)]));
        for (good, total) in [(rows("status < 500", ""), rows("", "")), (hits("200"), hits("...")), (hits("404"), hits("..."))] {
            prop_assert_eq!(sum(engine.ratio_slices(&good, &total, slicing).unwrap())?, engine.ratio(&good, &total, slicing.interval()).unwrap());
        }
        let (latency, op, limit) = (rows("", "latency_ms"), Comparison::LessOrEqual, decimal("400"));
        let whole = engine.threshold(&latency, op, limit, slicing.interval()).unwrap();
        prop_assert_eq!(sum(engine.threshold_slices(&latency, op, limit, slicing).unwrap())?, whole);
    }

    #[test]
    fn how_rows_are_spread_changes_no_count(seed in any::<u64>(), cuts in 1..5_usize, threads in 1..4_usize) {
        let (mut events, mut points) = (kit::events(300), kit::points(200));
        let ask = |shelf: &Shelf, threads| {
            let engine = shelf.engine(threads);
            let hits = Source::Increase(selector("hits_total", &[("code", MatchOperator::Equal, "200")]));
            let ratio = engine.ratio(&rows("status < 500", ""), &rows("", ""), window(10_000, 80_000)).unwrap();
            let increase = engine.ratio(&hits, &hits, window(10_000, 80_000)).unwrap();
            let shown = engine.percentile(&rows("", "latency_ms"), decimal("0.9"), ALL).unwrap();
            let whole = engine.ratio(&hits, &hits, ALL).unwrap();
            let view = table(&engine, "SELECT CAST(sum(increase_micro) / 1000000 AS BIGINT) AS n FROM increments WHERE name = 'hits_total' AND series LIKE '%code=\"200\"%'");
            prop_assert_eq!(view.lines().last().unwrap_or_default().trim(), whole.total.to_string());
            Ok((ratio, increase, shown, whole))
        };
        let plain = Shelf::new();
        plain.logs(&events);
        plain.metrics(&points);
        kit::shuffle(&mut events, seed);
        kit::shuffle(&mut points, seed);
        let spread = Shelf::new();
        events.chunks(events.len().div_ceil(cuts)).for_each(|chunk| spread.logs(chunk));
        points.chunks(points.len().div_ceil(cuts)).for_each(|chunk| spread.metrics(chunk));
        prop_assert_eq!(ask(&plain, 1)?, ask(&spread, threads)?);
    }
}
