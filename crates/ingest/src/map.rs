//! Which field is which member of a record: the usual names, or a mapping file.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use model::{Fault, Place, RecordKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Request;
use crate::row;
use crate::time::{Reading, TimeFormat};

/// What a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Attribute,
    Drop,
    Time,
    Service,
    Host,
    Severity,
    Message,
    Method,
    Path,
    Status,
    /// A latency; the number is the power of ten that makes it milliseconds.
    Latency(i32),
    /// A latency that says its unit itself: `12ms`.
    LatencyWithUnit,
    Bytes,
    TraceId,
    SpanId,
    ParentId,
    Name,
    Value,
    Unit,
    SampleType,
    Start,
    /// A duration; the number is the power of ten that makes it nanoseconds.
    Duration(i32),
    SpanKind,
    SpanStatus,
}

impl Role {
    /// The member that it fills: latencies of different units fill the same.
    pub(crate) fn member(self) -> Role {
        match self {
            Role::Latency(_) | Role::LatencyWithUnit => Role::Latency(0),
            Role::Duration(_) => Role::Duration(0),
            other => other,
        }
    }

    /// For the sentence "… cannot be …".
    pub(crate) fn what(self) -> &'static str {
        match self {
            Role::Status => "an HTTP status (100 to 599)",
            Role::Latency(_) | Role::Duration(_) => "a length of time (a decimal number)",
            Role::LatencyWithUnit => "a length of time with its unit",
            Role::Bytes => "a number of bytes",
            Role::TraceId => "a trace id (32 hex digits)",
            Role::SpanId | Role::ParentId => "a span id (16 hex digits)",
            Role::SampleType => "a type of sample (counter, delta, gauge, unknown)",
            Role::SpanKind => "a kind of span (internal, server, client, producer, consumer)",
            Role::SpanStatus => "a status of a span (unset, ok, error)",
            _ => "what the map says",
        }
    }
}

/// The members that a mapping file may name, per kind of record.
const ANY: [(&str, Role); 3] = [("time", Role::Time), ("service", Role::Service), ("host", Role::Host)];
const LOGS: [(&str, Role); 12] = [
    ("severity", Role::Severity),
    ("message", Role::Message),
    ("method", Role::Method),
    ("path", Role::Path),
    ("status", Role::Status),
    ("latency_s", Role::Latency(3)),
    ("latency_ms", Role::Latency(0)),
    ("latency_us", Role::Latency(-3)),
    ("latency_ns", Role::Latency(-6)),
    ("bytes", Role::Bytes),
    ("trace_id", Role::TraceId),
    ("span_id", Role::SpanId),
];
const METRICS: [(&str, Role); 5] = [
    ("name", Role::Name),
    ("value", Role::Value),
    ("unit", Role::Unit),
    ("type", Role::SampleType),
    ("start", Role::Start),
];
const TRACES: [(&str, Role); 10] = [
    ("trace_id", Role::TraceId),
    ("span_id", Role::SpanId),
    ("parent_id", Role::ParentId),
    ("name", Role::Name),
    ("kind", Role::SpanKind),
    ("status", Role::SpanStatus),
    ("duration_s", Role::Duration(9)),
    ("duration_ms", Role::Duration(6)),
    ("duration_us", Role::Duration(3)),
    ("duration_ns", Role::Duration(0)),
];

fn members(kind: RecordKind) -> impl Iterator<Item = (&'static str, Role)> {
    let own: &[(&str, Role)] = match kind {
        RecordKind::Logs => &LOGS,
        RecordKind::Metrics => &METRICS,
        RecordKind::Traces => &TRACES,
    };
    ANY.iter().chain(own).copied()
}

/// The usual names, the most usual first: of two that stand in one line, the earlier one counts.
const USUAL_ANY: [(&str, Role); 17] = [
    ("time", Role::Time),
    ("timestamp", Role::Time),
    ("@timestamp", Role::Time),
    ("ts", Role::Time),
    ("t", Role::Time),
    ("datetime", Role::Time),
    ("date", Role::Time),
    ("asctime", Role::Time),
    ("service", Role::Service),
    ("service.name", Role::Service),
    ("service_name", Role::Service),
    ("app", Role::Service),
    ("application", Role::Service),
    ("host", Role::Host),
    ("hostname", Role::Host),
    ("host.name", Role::Host),
    ("host_name", Role::Host),
];
const USUAL_LOGS: [(&str, Role); 60] = [
    ("level", Role::Severity),
    ("severity", Role::Severity),
    ("loglevel", Role::Severity),
    ("log_level", Role::Severity),
    ("log.level", Role::Severity),
    ("lvl", Role::Severity),
    ("levelname", Role::Severity),
    ("severity_text", Role::Severity),
    ("message", Role::Message),
    ("msg", Role::Message),
    ("text", Role::Message),
    ("method", Role::Method),
    ("http_method", Role::Method),
    ("http.method", Role::Method),
    ("http.request.method", Role::Method),
    ("request_method", Role::Method),
    ("verb", Role::Method),
    ("path", Role::Path),
    ("uri", Role::Path),
    ("request_uri", Role::Path),
    ("url", Role::Path),
    ("url.path", Role::Path),
    ("http.target", Role::Path),
    ("http.route", Role::Path),
    ("status", Role::Status),
    ("status_code", Role::Status),
    ("http_status", Role::Status),
    ("http.status_code", Role::Status),
    ("http.response.status_code", Role::Status),
    ("response_status", Role::Status),
    ("latency_ms", Role::Latency(0)),
    ("duration_ms", Role::Latency(0)),
    ("elapsed_ms", Role::Latency(0)),
    ("response_time_ms", Role::Latency(0)),
    ("took_ms", Role::Latency(0)),
    ("latency_s", Role::Latency(3)),
    ("latency_seconds", Role::Latency(3)),
    ("duration_s", Role::Latency(3)),
    ("duration_seconds", Role::Latency(3)),
    ("request_time", Role::Latency(3)),
    ("latency_us", Role::Latency(-3)),
    ("duration_us", Role::Latency(-3)),
    ("latency_ns", Role::Latency(-6)),
    ("duration_ns", Role::Latency(-6)),
    // Nobody knows the unit of a bare number here: only values that carry their unit are taken.
    ("latency", Role::LatencyWithUnit),
    ("duration", Role::LatencyWithUnit),
    ("elapsed", Role::LatencyWithUnit),
    ("response_time", Role::LatencyWithUnit),
    ("took", Role::LatencyWithUnit),
    ("bytes", Role::Bytes),
    ("bytes_sent", Role::Bytes),
    ("body_bytes_sent", Role::Bytes),
    ("response_bytes", Role::Bytes),
    ("http.response.body.size", Role::Bytes),
    ("trace_id", Role::TraceId),
    ("traceId", Role::TraceId),
    ("trace.id", Role::TraceId),
    ("span_id", Role::SpanId),
    ("spanId", Role::SpanId),
    ("span.id", Role::SpanId),
];
const USUAL_METRICS: [(&str, Role); 8] = [
    ("name", Role::Name),
    ("metric", Role::Name),
    ("metric_name", Role::Name),
    ("__name__", Role::Name),
    ("value", Role::Value),
    ("unit", Role::Unit),
    ("type", Role::SampleType),
    ("start", Role::Start),
];
const USUAL_TRACES: [(&str, Role); 20] = [
    ("start_time", Role::Time),
    ("startTime", Role::Time),
    ("start", Role::Time),
    ("trace_id", Role::TraceId),
    ("traceId", Role::TraceId),
    ("span_id", Role::SpanId),
    ("spanId", Role::SpanId),
    ("parent_id", Role::ParentId),
    ("parent_span_id", Role::ParentId),
    ("parentSpanId", Role::ParentId),
    ("parentId", Role::ParentId),
    ("name", Role::Name),
    ("kind", Role::SpanKind),
    ("span_kind", Role::SpanKind),
    ("status", Role::SpanStatus),
    ("span_status", Role::SpanStatus),
    ("duration_ns", Role::Duration(0)),
    ("duration_us", Role::Duration(3)),
    ("duration_ms", Role::Duration(6)),
    ("duration_s", Role::Duration(9)),
];

/// A mapping file for JSON Lines and CSV.
///
/// ```toml
/// kind = "logs"                # logs, metrics or traces
/// drop = ["password"]          # fields that are left out
/// [fields]                     # member = "field"; nested fields are joined by dots; then nothing is guessed
/// time = "meta.when"
/// latency_ms = "took"          # also latency_s, latency_us, latency_ns: the unit of the field
/// [time]
/// format = "epoch-ms"          # rfc3339, epoch-s, epoch-ms, epoch-us, epoch-ns, clf, or a strftime pattern
/// zone = "Europe/Berlin"       # of times that name none
/// [constants]                  # members and attributes that the records do not carry themselves
/// service = "billing"
/// ```
#[derive(Clone, Debug)]
pub struct Map {
    kind: Option<RecordKind>,
    fields: Vec<(String, Role)>,
    drop: Vec<String>,
    format: Option<TimeFormat>,
    zone: Option<TimeZone>,
    constants: Vec<(String, Role, String)>,
}

impl Map {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// `bad-map` for TOML that does not parse or a value that cannot be, `unknown-map-key` for a key that does not exist;
    /// both with line and column.
    pub fn parse(text: &str) -> Result<Map, Fault> {
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            bad(text, at, error.message().lines().next().unwrap_or("The file is not TOML").to_owned())
        })?;
        Reader { text }.map(table.get_ref())
    }

    /// The kind of record that the map says.
    pub fn kind(&self) -> Option<RecordKind> {
        self.kind
    }
}

/// 1-based line and column of a byte offset.
fn place(text: &str, at: usize) -> Place {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count();
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    Place::line(line as u64 + 1, column as u64 + 1)
}

fn bad(text: &str, at: usize, message: String) -> Fault {
    Fault::bad_config("bad-map", message)
        .advise("Mend the mapping file at that place; `probity util explain bad-map` shows a whole one.")
        .at(place(text, at))
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn map(&self, table: &DeTable<'_>) -> Result<Map, Fault> {
        let mut map = Map { kind: None, fields: vec![], drop: vec![], format: None, zone: None, constants: vec![] };
        // The kind decides which members there are: it is read first, wherever it stands.
        for (_, value) in table.iter().filter(|(key, _)| key.get_ref() == "kind") {
            let kind = RecordKind::parse(self.string(value)?);
            map.kind = Some(kind.map_err(|fault| bad(self.text, value.span().start, fault.message().to_owned()))?);
        }
        for (key, value) in in_order(table) {
            match key.get_ref().as_ref() {
                "kind" => {}
                "drop" => map.drop = self.strings(value)?,
                "fields" => map.fields = self.fields(map.kind.unwrap_or(RecordKind::Logs), value)?,
                "time" => self.time(value, &mut map)?,
                "constants" => map.constants = self.constants(map.kind.unwrap_or(RecordKind::Logs), value)?,
                _ => return Err(self.unknown(key, &["kind", "drop", "fields", "time", "constants"])),
            }
        }
        Ok(map)
    }

    fn fields(&self, kind: RecordKind, value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, Role)>, Fault> {
        let mut fields: Vec<(String, Role)> = Vec::new();
        for (key, value) in in_order(self.table(value)?) {
            let role = members(kind).find(|(name, _)| name == key.get_ref()).map(|(_, role)| role);
            let names: Vec<&str> = members(kind).map(|(name, _)| name).collect();
            let role = role.ok_or_else(|| self.unknown(key, &names))?;
            let column = self.string(value)?;
            if fields.iter().any(|(known, _)| known == column) {
                return Err(bad(self.text, value.span().start, format!("The field {column:?} is mapped twice")));
            }
            if fields.iter().any(|(_, known)| known.member() == role.member()) {
                return Err(bad(self.text, key.span().start, format!("{:?} is named a second time", key.get_ref())));
            }
            fields.push((column.to_owned(), role));
        }
        Ok(fields)
    }

    fn time(&self, value: &Spanned<DeValue<'_>>, map: &mut Map) -> Result<(), Fault> {
        for (key, value) in in_order(self.table(value)?) {
            let text = self.string(value)?;
            let at = value.span().start;
            match key.get_ref().as_ref() {
                "format" => {
                    let format = time_format(text).ok_or_else(|| {
                        bad(self.text, at, format!("{text:?} is not a time format or a strftime pattern"))
                    })?;
                    map.format = Some(format);
                }
                "zone" => {
                    let zone = zone(text);
                    map.zone = Some(zone.ok_or_else(|| bad(self.text, at, format!("{text:?} is not a time zone")))?);
                }
                _ => return Err(self.unknown(key, &["format", "zone"])),
            }
        }
        Ok(())
    }

    fn constants(&self, kind: RecordKind, value: &Spanned<DeValue<'_>>) -> Result<Vec<(String, Role, String)>, Fault> {
        let mut constants = Vec::new();
        for (key, value) in in_order(self.table(value)?) {
            let name = key.get_ref().as_ref();
            let role = members(kind).find(|(member, _)| *member == name).map_or(Role::Attribute, |(_, role)| role);
            let text = self.string(value)?;
            let fits = match role {
                Role::SampleType => row::sample_type(text).is_some(),
                Role::Attribute | Role::Service | Role::Host | Role::Name | Role::Unit | Role::Severity => true,
                _ => false,
            };
            if !fits {
                return Err(bad(self.text, value.span().start, format!("{name} = {text:?} cannot be a constant")));
            }
            constants.push((name.to_owned(), role, text.to_owned()));
        }
        Ok(constants)
    }

    fn table<'v>(&self, value: &'v Spanned<DeValue<'v>>) -> Result<&'v DeTable<'v>, Fault> {
        let table = value.get_ref().as_table();
        table.ok_or_else(|| bad(self.text, value.span().start, "A table is expected here".to_owned()))
    }

    fn string<'v>(&self, value: &'v Spanned<DeValue<'_>>) -> Result<&'v str, Fault> {
        let text = value.get_ref().as_str();
        text.ok_or_else(|| bad(self.text, value.span().start, "A string is expected here".to_owned()))
    }

    fn strings(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Fault> {
        let array = value.get_ref().as_array();
        let array = array.ok_or_else(|| bad(self.text, value.span().start, "A list is expected here".to_owned()))?;
        array.iter().map(|value| self.string(value).map(str::to_owned)).collect()
    }

    fn unknown(&self, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) -> Fault {
        let name = key.get_ref().as_ref();
        let advice = match model::nearest(name, known.iter().copied()) {
            Some(near) => format!("Did you mean {near}?"),
            None => format!("There are {}.", known.join(", ")),
        };
        Fault::bad_config("unknown-map-key", format!("There is no {name:?} here"))
            .advise(advice)
            .at(place(self.text, key.span().start))
    }
}

/// Keys as they stand in the file, so that the first mistake is the one that is told.
fn in_order<'v>(table: &'v DeTable<'v>) -> Vec<(&'v Spanned<std::borrow::Cow<'v, str>>, &'v Spanned<DeValue<'v>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn time_format(text: &str) -> Option<TimeFormat> {
    Some(match text {
        "rfc3339" => TimeFormat::Rfc3339,
        "epoch-s" => TimeFormat::Epoch(0),
        "epoch-ms" => TimeFormat::Epoch(3),
        "epoch-us" => TimeFormat::Epoch(6),
        "epoch-ns" => TimeFormat::Epoch(9),
        "clf" => TimeFormat::Clf,
        pattern if pattern.contains('%') => {
            // A pattern must be able to print: a wrong letter shows here and not on the first line.
            jiff::fmt::strtime::format(pattern, &jiff::Zoned::default()).ok()?;
            TimeFormat::Pattern(pattern.to_owned())
        }
        _ => return None,
    })
}

/// `UTC`, `+01:00`, or a name of the IANA database.
fn zone(text: &str) -> Option<TimeZone> {
    if text == "UTC" {
        return Some(TimeZone::UTC);
    }
    if let Some(seconds) = crate::time::offset(text.as_bytes()) {
        return jiff::tz::Offset::from_seconds(i32::try_from(seconds).ok()?).ok().map(TimeZone::fixed);
    }
    TimeZone::get(text).ok()
}

/// Everything that turns a row into a record, worked out once per reading.
pub(crate) struct Plan {
    kind: RecordKind,
    mapped: bool,
    roles: HashMap<String, (Role, usize)>,
    format: TimeFormat,
    zone: TimeZone,
    zone_is_given: bool,
    constants: Vec<(String, Role, String)>,
}

impl Plan {
    pub(crate) fn new(request: &Request) -> Self {
        let map = request.map.as_ref();
        let kind = map.and_then(Map::kind).or(request.kind).unwrap_or(RecordKind::Logs);
        let mapped = map.is_some_and(|map| !map.fields.is_empty());
        let mut roles = HashMap::new();
        if let Some(map) = map.filter(|_| mapped) {
            roles.extend(map.fields.iter().enumerate().map(|(rank, (name, role))| (name.clone(), (*role, rank))));
        } else {
            let usual = usual(kind).enumerate();
            roles.extend(usual.map(|(rank, (name, role))| (name.to_owned(), (role, rank))));
        }
        for name in map.iter().flat_map(|map| &map.drop) {
            roles.insert(name.clone(), (Role::Drop, 0));
        }
        Plan {
            kind,
            mapped,
            roles,
            format: map.and_then(|map| map.format.clone()).unwrap_or(TimeFormat::Guess),
            zone: map.and_then(|map| map.zone.clone()).unwrap_or_else(|| request.zone.clone()),
            zone_is_given: map.is_some_and(|map| map.zone.is_some()),
            constants: map.map(|map| map.constants.clone()).unwrap_or_default(),
        }
    }

    pub(crate) fn kind(&self) -> RecordKind {
        self.kind
    }

    /// A map says where the members stand: nothing is guessed, and what does not fit is wrong.
    pub(crate) fn is_mapped(&self) -> bool {
        self.mapped
    }

    /// What the field `name` means, and how usual that is.
    pub(crate) fn role(&self, name: &str) -> Option<(Role, usize)> {
        self.roles.get(name).copied().or_else(|| {
            let lower = name.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| name.to_ascii_lowercase());
            lower.filter(|_| !self.mapped).and_then(|name| self.roles.get(&name).copied())
        })
    }

    pub(crate) fn time(&self, text: &str) -> Option<Reading> {
        let reading = self.format.read(text, &self.zone)?;
        Some(Reading { zone_assumed: reading.zone_assumed && !self.zone_is_given, ..reading })
    }

    pub(crate) fn constants(&self) -> impl Iterator<Item = (&str, &Role, &str)> {
        self.constants.iter().map(|(name, role, value)| (name.as_str(), role, value.as_str()))
    }
}

fn usual(kind: RecordKind) -> impl Iterator<Item = (&'static str, Role)> {
    let own: &[(&str, Role)] = match kind {
        RecordKind::Logs => &USUAL_LOGS,
        RecordKind::Metrics => &USUAL_METRICS,
        RecordKind::Traces => &USUAL_TRACES,
    };
    USUAL_ANY.iter().chain(own).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<Option<RecordKind>, (&str, u64, u64)>) {
        let outcome = Map::parse(text).map(|map| map.kind()).map_err(|fault| {
            let place = fault.place().cloned().unwrap_or_default();
            (fault.code(), place.line, place.column)
        });
        assert_eq!(outcome, expect, "{text}");
    }

    #[test]
    fn a_map_is_read_strictly_and_mistakes_are_located() {
        check("", Ok(None));
        check("kind = \"metrics\"\n[fields]\nvalue = \"v\"\n", Ok(Some(RecordKind::Metrics)));
        check("kind = \"metric\"\n", Err(("bad-map", 1, 8)));
        check("kind = 1\n", Err(("bad-map", 1, 8)));
        check("[fields]\nlatency = \"took\"\n", Err(("unknown-map-key", 2, 1)));
        check("[fields]\ntime = \"a\"\nhost = \"a\"\n", Err(("bad-map", 3, 8)));
        check("[fields]\nlatency_ms = \"a\"\nlatency_s = \"b\"\n", Err(("bad-map", 3, 1)));
        check("[time]\nformat = \"epoch\"\n", Err(("bad-map", 2, 10)));
        check("[time]\nzone = \"Mars/Base\"\n", Err(("bad-map", 2, 8)));
        check("[constants]\nstatus = \"200\"\n", Err(("bad-map", 2, 10)));
        check("[fields\n", Err(("bad-map", 1, 8)));
    }

    #[test]
    fn an_unknown_key_suggests_the_nearest() {
        let advice = |text| Map::parse(text).unwrap_err().advice().unwrap_or_default().to_owned();
        assert_eq!(advice("[fields]\nservce = \"s\"\n"), "Did you mean service?");
        assert!(advice("[felds]\n").contains("fields"));
        assert_eq!(advice("colour = 1\n"), "There are kind, drop, fields, time, constants.");
    }
}
