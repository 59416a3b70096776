//! Laws that hold for every input: nothing panics, memory is bounded, and how the bytes arrive changes nothing.

use std::io::{self, Read};

use model::{Fault, Instant, Record, Rejection};
use probity_ingest::{Format, Limits, Request, Sink, Tally};
use proptest::prelude::*;

const NOW: Instant = Instant::from_nanos(1_780_272_000_000_000_000);

/// Everything that was read, as text.
#[derive(Default)]
struct Dump(Vec<String>);

impl Sink for Dump {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        self.0.push(format!("{record:?}"));
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        self.0.push(format!("{rejection:?}"));
        Ok(())
    }
}

#[derive(Default)]
struct Count(u64, Vec<&'static str>);

impl Sink for Count {
    fn record(&mut self, _: Record<'_>) -> Result<(), Fault> {
        self.0 += 1;
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        assert!(rejection.text.len() <= 4 * Rejection::TEXT_MAX);
        self.1.push(rejection.code);
        Ok(())
    }
}

/// Hands out a few bytes at a time.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn request(format: Format) -> Request {
    let limits =
        Limits { line_bytes_max: 300, document_bytes_max: 2_000, fields_max: 8, depth_max: 6, ..Limits::default() };
    Request { stamp: Some(NOW), limits, ..Request::new(format, NOW) }
}

fn outcome(input: &mut dyn Read, format: Format) -> (Vec<String>, Result<Tally, &'static str>) {
    let mut sink = Dump::default();
    let tally = probity_ingest::read(input, &request(format), &mut sink).map_err(|fault| fault.code());
    (sink.0, tally)
}

/// Pieces of all formats, so that random strings of them get beyond the first character.
const PIECES: &str = concat!(
    r#"(\u{feff}|\{|\}|\[|\]|:|,|;| |  |\t|\n|\r\n|"|\\|#|=|-|\.|"ts":"2026-01-31T09:00:00Z"|"ts":1769850000|"a":|"b":\{"c":1\}|"#,
    r#"# TYPE a histogram\n|# TYPE a counter\n|# HELP a x\n|# UNIT a_s s\n|# EOF\n|a_total|a_bucket\{le="1"\} 1\n|"#,
    r#"a_bucket\{le="\+Inf"\} 1\n|a_sum 1\n|a 1\n|a\{x="1"\} 1 1769850000\n| # \{x="1"\} 1|NaN|\+Inf|1|200|"#,
    r#"resourceMetrics|"name":|BilledCost,BillingCurrency,ChargePeriodStart\n|1e-3,EUR,2026-01-31T09:00:00Z\n|"log":\{|"entries":\[|"pages":\[|"request":\{"url":"http://a/"\}|"startedDateTime":"2026-01-31T09:00:00Z"|time,level,status\n|2026-01-31T09:00:00Z|Jan 31 09:00:00 host app\[1\]: |"#,
    r#"1\.2\.3\.4 - - \[31/Jan/2026:09:00:00 \+0000\] |"GET / HTTP/1\.1" 200 5|\x00|é|x){0,30}"#
);

proptest! {
    #[test]
    fn how_the_bytes_arrive_changes_nothing(text in PIECES, step in 1_usize..9) {
        for format in Format::ALL {
            let whole = outcome(&mut text.as_bytes(), format);
            let dribbled = outcome(&mut Dribble(text.as_bytes(), step), format);
            prop_assert_eq!(&whole, &dribbled, "{}", format.name());
        }
        probity_ingest::detect(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            let (seen, tally) = outcome(&mut bytes.as_slice(), format);
            if let Ok(tally) = tally {
                prop_assert_eq!(seen.len() as u64, tally.records + tally.rejected);
            }
        }
        probity_ingest::detect(&bytes);
    }
}

/// Peak memory of this process in kilobytes, where the system tells.
fn peak_memory_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A line of a gigabyte is skipped in bounded memory, and the lines around it are read.
#[test]
fn a_line_of_a_gigabyte_costs_no_memory() {
    let cases = [
        (Format::JsonLines, "{\"ts\":\"2026-01-31T09:00:00Z\"}\n", 1_u64 << 30),
        (Format::Prometheus, "# TYPE a gauge\n", 64 << 20),
        (Format::AccessLog, "::1 - - [31/Jan/2026:09:00:00 +0100] \"GET / HTTP/1.1\" 200 5\n", 64 << 20),
        (Format::Text, "2026-01-31 09:00:00 x\n", 64 << 20),
        (Format::Syslog, "<34>1 2026-01-31T09:00:00Z h a - - - x\n", 64 << 20),
        (Format::Statsd, "a:1|c\n", 64 << 20),
        (Format::Logfmt, "time=2026-01-31T09:00:00Z a=b\n", 64 << 20),
        (Format::Csv, "time,message\n2026-01-31T09:00:00Z,x\n", 64 << 20),
    ];
    for (format, line, size) in cases {
        let mut input = line.as_bytes().chain(io::repeat(b'x').take(size)).chain(&b"\n"[..]).chain(line.as_bytes());
        let request = Request { stamp: Some(NOW), ..Request::new(format, NOW) };
        let mut sink = Count::default();
        let tally = probity_ingest::read(&mut input, &request, &mut sink).unwrap();
        assert!(sink.1.contains(&"line-too-long"), "{}: {:?}", format.name(), sink.1);
        assert!(format == Format::Prometheus || tally.records == 2, "{}: {tally:?}", format.name());
    }
    // 16 MiB of line, the buffer's next size beside it while it grows, and the tests that run at the same time.
    assert!(peak_memory_kb().is_none_or(|peak| peak < 200_000), "{:?} kB", peak_memory_kb());
}

/// A document that never ends is refused before it fills the memory.
#[test]
fn an_endless_document_is_refused() {
    let limits = Limits { document_bytes_max: 1 << 20, ..Limits::default() };
    let request = Request { limits, ..Request::new(Format::OtlpJson, NOW) };
    let mut input = (&b"{\"resourceLogs\":\""[..]).chain(io::repeat(b'x'));
    let fault = probity_ingest::read(&mut input, &request, &mut Count::default()).unwrap_err();
    assert_eq!(fault.code(), "document-too-large");
}

/// A recording is read one entry at a time: what is larger than the limit is rejected and passed over, and what nobody asks
/// for is never held, however large it is.
#[test]
fn a_recording_costs_no_more_than_its_largest_entry() {
    let entry = r#"{"startedDateTime":"2026-01-31T09:00:00Z","time":1,"request":{"url":"http://a/"}}"#;
    let limits = Limits { document_bytes_max: 1 << 20, ..Limits::default() };
    let request = Request { limits, ..Request::new(Format::Har, NOW) };
    let head = format!(r#"{{"log":{{"creator":{{}},"entries":[{entry},{{"request":""#);
    let middle = format!(r#""}},{entry}],"_body":""#);
    let mut input = head
        .as_bytes()
        .chain(io::repeat(b'x').take(1 << 28))
        .chain(middle.as_bytes())
        .chain(io::repeat(b'y').take(1 << 28))
        .chain(&b"\"}}"[..]);
    let mut sink = Count::default();
    let tally = probity_ingest::read(&mut input, &request, &mut sink).unwrap();
    assert_eq!((tally.records, sink.1), (2, vec!["document-too-large"]));
    // An entry that never ends is refused when the stream does.
    let mut input = head.as_bytes().chain(io::repeat(b'x').take(1 << 22));
    let fault = probity_ingest::read(&mut input, &request, &mut Count::default()).unwrap_err();
    assert_eq!(fault.code(), "bad-har");
    assert!(peak_memory_kb().is_none_or(|peak| peak < 200_000), "{:?} kB", peak_memory_kb());
}

/// A name that stands twice in a line of a segment, of a label as of a member, is told and not taken.
#[test]
fn a_name_stands_once_in_a_line_of_a_segment() {
    let line = |members: &str| format!("{{\"v\":1,\"seq\":1,\"wall_ns\":1780000000000000000,{members}}}\n");
    for (members, records) in [
        (r#""m":[["a",1,{"x":"1","y":"2"}]]"#, 1),
        (r#""m":[["a",1,{"x":"1","x":"2"}]]"#, 0),
        (r#""event":"stop","why":"term""#, 1),
        (r#""event":"stop","event":"gap""#, 0),
        (r#""event":"stop","why":"term","why":"int""#, 0),
        (r#""event":7"#, 0),
    ] {
        let (mut sink, text) = (Count::default(), line(members));
        let mut input = text.as_bytes();
        let request = Request::new(Format::Segment, NOW);
        probity_ingest::read(&mut input, &request, &mut sink).unwrap();
        assert_eq!((sink.0, sink.1.len()), (records, usize::from(records == 0)), "{members}");
    }
}
