//! Which formats there are, and how one is recognised.

use model::Fault;

/// An input format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus text exposition 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0 text.
    OpenMetrics,
    /// OpenTelemetry protocol, JSON encoding: metrics, logs or traces.
    OtlpJson,
    /// One JSON object per line.
    JsonLines,
    /// A table with a header line.
    Csv,
    /// Access log: common, combined, or combined with nginx's `$request_time` at the end.
    AccessLog,
    /// Lines that begin with a time: RFC 3164 syslog, `dpkg.log`, RFC 3339 syslog.
    Text,
    /// A segment of a sampler: chained, signed samples.
    Segment,
    /// HAR 1.2: what a browser recorded of its traffic.
    Har,
    /// FOCUS 1.0 to 1.2: what clouds charge, as CSV.
    Focus,
    /// Syslog as it goes over the wire: RFC 5424 and RFC 3164 with a priority, octets counted or one message a line.
    Syslog,
    /// The export format of systemd's journal.
    Journald,
    /// The JSON of systemd's journal, one entry a line.
    JournaldJson,
    /// `name=value` pairs, one record a line.
    Logfmt,
    /// Lines of StatsD and DogStatsD.
    Statsd,
    /// OpenTelemetry protocol, protobuf encoding: metrics, logs or traces.
    OtlpProtobuf,
    /// A request of Prometheus' remote write 1.0, as it is posted.
    RemoteWrite,
}

impl Format {
    /// Every format, in the order they are shown.
    pub const ALL: [Format; 17] = [
        Format::Prometheus,
        Format::OpenMetrics,
        Format::OtlpJson,
        Format::JsonLines,
        Format::Csv,
        Format::AccessLog,
        Format::Text,
        Format::Segment,
        Format::Har,
        Format::Focus,
        Format::Syslog,
        Format::Journald,
        Format::JournaldJson,
        Format::Logfmt,
        Format::Statsd,
        Format::OtlpProtobuf,
        Format::RemoteWrite,
    ];

    /// The name that people and machines read.
    pub fn name(self) -> &'static str {
        match self {
            Format::Prometheus => "prometheus",
            Format::OpenMetrics => "openmetrics",
            Format::OtlpJson => "otlp-json",
            Format::JsonLines => "jsonlines",
            Format::Csv => "csv",
            Format::AccessLog => "access-log",
            Format::Text => "text",
            Format::Segment => "segment",
            Format::Har => "har",
            Format::Focus => "focus",
            Format::Syslog => "syslog",
            Format::Journald => "journald",
            Format::JournaldJson => "journald-json",
            Format::Logfmt => "logfmt",
            Format::Statsd => "statsd",
            Format::OtlpProtobuf => "otlp-protobuf",
            Format::RemoteWrite => "remote-write",
        }
    }

    /// Reads the name.
    ///
    /// # Errors
    /// `unknown-format` for any other word.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Format::name).join(", ");
            Fault::usage("unknown-format", format!("{name:?} is not an input format"))
                .advise(format!("The formats are {names}."))
        })
    }
}

/// Names the format from the first bytes of the decoded input (64 KiB are plenty), or `None` when nothing fits.
pub fn detect(prefix: &[u8]) -> Option<Format> {
    if crate::formats::remote_write::begins(prefix) {
        return Some(Format::RemoteWrite);
    }
    if crate::formats::otlp::protobuf::begins(prefix) {
        return Some(Format::OtlpProtobuf);
    }
    let text = prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace())?;
    match first {
        b'{' if crate::formats::segment::begins(text) => Some(Format::Segment),
        b'{' if crate::formats::har::begins(text) => Some(Format::Har),
        b'{' if crate::formats::journald::begins_json(text) => Some(Format::JournaldJson),
        _ if crate::formats::journald::begins(text) => Some(Format::Journald),
        b'<' | b'1'..=b'9' if crate::formats::syslog::begins(text.trim_ascii_start()) => Some(Format::Syslog),
        b'{' | b'[' => Some(if looks_like_otlp(text) { Format::OtlpJson } else { Format::JsonLines }),
        _ => detect_lines(text),
    }
}

fn looks_like_otlp(text: &[u8]) -> bool {
    let head = &text[..text.len().min(4_096)];
    ["\"resourceMetrics\"", "\"resourceLogs\"", "\"resourceSpans\""]
        .iter()
        .any(|key| memchr::memmem::find(head, key.as_bytes()).is_some())
}

/// The first format that most of the first 20 lines agree with.
fn detect_lines(text: &[u8]) -> Option<Format> {
    let ends_open = !text.ends_with(b"\n");
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').take(20).collect();
    // The last line may be cut by the prefix: unless it is the only one, it does not vote.
    if ends_open && lines.len() > 1 || lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let lines: Vec<&[u8]> = lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).collect();
    let most = |is: &dyn Fn(&[u8]) -> bool| lines.iter().filter(|line| is(line)).count() * 2 > lines.len();
    if most(&is_access_line) {
        Some(Format::AccessLog)
    } else if most(&|line| crate::formats::text::begins_with_time(line)) && !looks_like_table(&lines) {
        Some(Format::Text)
    } else if most(&crate::formats::logfmt::is_line) {
        Some(Format::Logfmt)
    } else if most(&crate::formats::statsd::is_line) {
        Some(Format::Statsd)
    } else if most(&is_metric_line) {
        Some(if is_openmetrics(text) { Format::OpenMetrics } else { Format::Prometheus })
    } else if looks_like_table(&lines) {
        Some(if crate::formats::focus::is_header(lines[0]) { Format::Focus } else { Format::Csv })
    } else {
        None
    }
}

fn is_access_line(line: &[u8]) -> bool {
    let open = memchr::memchr(b'[', line);
    let close = memchr::memmem::find(line, b"] \"");
    open.zip(close).is_some_and(|(open, close)| close == open + 27 && line.get(open + 12) == Some(&b':'))
}

fn is_metric_line(line: &[u8]) -> bool {
    if let Some(comment) = line.strip_prefix(b"#") {
        return [&b" HELP "[..], b" TYPE ", b" UNIT ", b" EOF"].iter().any(|word| comment.starts_with(word));
    }
    let name = line.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':')).count();
    let rest = line[name..].trim_ascii_start();
    let after = match rest.first() {
        Some(b'{') => memchr::memrchr(b'}', rest).map_or(&rest[..0], |end| &rest[end + 1..]),
        _ => rest,
    };
    let number = after.trim_ascii_start().split(|b| matches!(b, b' ' | b'\t')).next().unwrap_or_default();
    name > 0 && !line[0].is_ascii_digit() && crate::number::go_float(number).is_some()
}

/// What only OpenMetrics has: the closing line, units, its own types, and counters whose samples add `_total` to the name.
fn is_openmetrics(text: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"\n# EOF", b"\n# UNIT "];
    text.starts_with(b"# EOF")
        || marks.iter().any(|mark| memchr::memmem::find(text, mark).is_some())
        || text.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"# TYPE ")).any(|rest| {
            let mut words = rest.trim_ascii().split(|byte| *byte == b' ');
            let (name, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let total = [b"\n", name, b"_total"].concat();
            match kind {
                b"info" | b"stateset" | b"gaugehistogram" | b"unknown" => true,
                b"counter" => memchr::memmem::find(text, &total).is_some(),
                _ => false,
            }
        })
}

/// A header of names, and a line below it with at least as many cells.
fn looks_like_table(lines: &[&[u8]]) -> bool {
    let Some(header) = lines.first() else { return false };
    let Some(delimiter) = crate::formats::csv::sniff_delimiter(header) else { return false };
    let named = header.trim_ascii_end().split(|byte| *byte == delimiter).all(looks_like_name);
    let count = |line: &[u8]| memchr::memchr_iter(delimiter, line).count();
    // A quoted cell may go on below: such a line is not counted.
    let below = lines.get(1).is_none_or(|line| line.contains(&b'"') || count(line) >= count(header));
    named && below
}

fn looks_like_name(cell: &[u8]) -> bool {
    let name = cell.trim_ascii().strip_prefix(b"\"").unwrap_or(cell.trim_ascii());
    let blanks = name.iter().filter(|byte| **byte == b' ').count();
    let first = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@' | 0x80..));
    first && blanks <= 3 && name.len() <= 64
}
