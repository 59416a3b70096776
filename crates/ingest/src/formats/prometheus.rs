//! Prometheus text exposition format 0.0.4, strictly: what `promtool check metrics` refuses is rejected here, and so are
//! duplicates, families in several pieces and histograms that do not add up.
//!
//! Legal and without a finite number (NaN and infinite gauges, NaN quantiles): counted as absent.

use std::collections::BTreeSet;
use std::io::Read;

use model::{Body, Fault, Instant, Record, Sample, SampleType};

use crate::exposition::{
    Cursor, Dialect, Exposition, Histograms, Labels, Part, SameMap, histogram_key, read_lines, report,
};
use crate::lines::{Line, Lines};
use crate::output::{Bad, Output, Stop};
use crate::{Limits, Request, number, series};

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut reader = Reader::new(request);
    read_lines(&mut lines, &mut reader, output)?;
    reader.close_family();
    report(&mut reader, output)?;
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Untyped,
}

#[derive(Clone, Copy, Default)]
struct Family {
    kind: Option<Kind>,
    help: bool,
    /// Its group of lines is over.
    closed: bool,
}

/// What a sample's name is within its family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    Bucket,
    Count,
    Sum,
}

struct Reader<'r> {
    limits: &'r Limits,
    stamp: Option<Instant>,
    families: SameMap<String, Family>,
    /// The family whose lines are being read, and what is known about it.
    name: String,
    family: Family,
    seen: SameMap<Box<str>, Seen>,
    /// How many timestamps the current family remembers.
    stamps_kept: usize,
    histograms: Histograms,
    complaints: Vec<(u64, Bad)>,
    series: String,
    key: String,
    attributes: Vec<(&'static str, &'static str)>,
}

/// The timestamps that a series had in its group.
#[derive(Default)]
struct Seen {
    unstamped: bool,
    latest: Option<i64>,
    /// All of them, as long as there was room.
    stamps: BTreeSet<i64>,
    forgot: bool,
}

/// Whether a sample was there before.
enum Novelty {
    New,
    Known,
    /// Too many came in between to say.
    Unknowable,
}

impl Seen {
    /// Notes a timestamp; `kept` counts what the whole family remembers, at most `limit`. Times that rise need no memory.
    fn note(&mut self, stamp: Option<i64>, kept: &mut usize, limit: usize) -> Novelty {
        let Some(stamp) = stamp else {
            return if std::mem::replace(&mut self.unstamped, true) { Novelty::Known } else { Novelty::New };
        };
        let rises = self.latest.is_none_or(|latest| latest < stamp);
        if self.latest == Some(stamp) || self.stamps.contains(&stamp) {
            return Novelty::Known;
        }
        if !rises && self.forgot {
            return Novelty::Unknowable;
        }
        self.latest = if rises { Some(stamp) } else { self.latest };
        if *kept < limit {
            *kept += 1;
            self.stamps.insert(stamp);
        } else {
            self.forgot = true;
        }
        Novelty::New
    }
}

const LOOSE: Dialect = Dialect { loose: true, any_escape: false, labels_max: 0 };

impl Exposition for Reader<'_> {
    fn line<'a>(&mut self, line: &Line<'a>, labels: &mut Labels<'a>, output: &mut Output<'_>) -> Result<(), Stop> {
        let text = output.text(line)?;
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_blank();
        if !line.terminated {
            // "The last line must end with a line feed character": what stands there may be half a number.
            return Err(Bad::line("missing-newline", "The last line has no line feed: it may be cut").into());
        }
        match cursor.peek() {
            None => Ok(()),
            Some(b'#') => self.comment(&mut cursor).map_err(Stop::Bad),
            Some(_) => self.sample(line, &mut cursor, labels, output),
        }
    }

    fn complaints(&mut self) -> &mut Vec<(u64, Bad)> {
        &mut self.complaints
    }
}

impl<'r> Reader<'r> {
    fn new(request: &'r Request) -> Self {
        Reader {
            limits: &request.limits,
            stamp: request.stamp,
            families: SameMap::default(),
            name: String::new(),
            family: Family::default(),
            seen: SameMap::default(),
            histograms: Histograms::new(false, request.limits.family_series_max),
            stamps_kept: 0,
            complaints: Vec::new(),
            series: String::new(),
            key: String::new(),
            attributes: Vec::new(),
        }
    }

    /// `# HELP name text`, `# TYPE name type`; everything else behind `#` is a comment.
    fn comment(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Bad> {
        cursor.at += 1;
        cursor.skip_blank();
        let keyword = cursor.token();
        if keyword != "HELP" && keyword != "TYPE" {
            return Ok(());
        }
        cursor.skip_blank();
        if cursor.peek().is_none() {
            // A keyword alone says nothing: promtool lets it pass too.
            return Ok(());
        }
        let at = cursor.at;
        let name = cursor.metric_name();
        if name.is_empty() || cursor.peek().is_some_and(|byte| !matches!(byte, b' ' | b'\t')) {
            return Err(Bad::new("bad-metric-name", at, "A metric name is expected here ([a-zA-Z_:][a-zA-Z0-9_:]*)"));
        }
        self.enter(name, at)?;
        cursor.skip_blank();
        if cursor.peek().is_none() {
            return Ok(());
        }
        if keyword == "HELP" { self.help(cursor, at) } else { self.type_of(cursor, at) }
    }

    fn help(&mut self, cursor: &Cursor<'_>, at: usize) -> Result<(), Bad> {
        if self.family.help {
            return Err(Bad::new("repeated-help", at, format!("{} has a second HELP line", self.name)));
        }
        let bytes = cursor.text.as_bytes();
        let mut from = cursor.at;
        while let Some(found) = memchr::memchr(b'\\', &bytes[from..]) {
            if !matches!(bytes.get(from + found + 1), Some(b'\\' | b'n')) {
                return Err(Bad::new("bad-escape", from + found, r"Only \\ and \n are escapes in a HELP text"));
            }
            from += found + 2;
        }
        self.family.help = true;
        Ok(())
    }

    fn type_of(&mut self, cursor: &Cursor<'_>, at: usize) -> Result<(), Bad> {
        if self.family.kind.is_some() {
            let reason = format!("{} has a second TYPE line, or one after its samples", self.name);
            return Err(Bad::new("repeated-type", at, reason));
        }
        let kinds = [
            ("counter", Kind::Counter),
            ("gauge", Kind::Gauge),
            ("histogram", Kind::Histogram),
            ("summary", Kind::Summary),
            ("untyped", Kind::Untyped),
        ];
        let kind = kinds.iter().find(|(word, _)| word.eq_ignore_ascii_case(cursor.rest()));
        let kind = kind.ok_or_else(|| {
            Bad::new("bad-type", cursor.at, "The types are counter, gauge, histogram, summary and untyped")
        })?;
        self.family.kind = Some(kind.1);
        Ok(())
    }

    /// Makes the family of `name` the current one; says what `name` is within it.
    fn enter(&mut self, name: &str, at: usize) -> Result<Role, Bad> {
        if let Some(role) = role_in(name, &self.name, self.family.kind) {
            return Ok(role);
        }
        let (family, role) = self.resolve(name);
        self.close_family();
        let known = self.families.get(family).copied().unwrap_or_default();
        self.name.clear();
        self.name.push_str(family);
        self.family = known;
        if known.closed {
            let reason = format!("The lines of {family} must stand together, but other families stand between them");
            return Err(Bad::new("split-family", at, reason));
        }
        Ok(role)
    }

    /// The family of a name, as Prometheus finds it: itself, or the summary or histogram whose part it is.
    fn resolve<'n>(&self, name: &'n str) -> (&'n str, Role) {
        let known = |family: &str| self.families.contains_key(family) || self.name == family;
        if !known(name) {
            for suffix in ["_sum", "_count", "_bucket"] {
                let Some(family) = name.strip_suffix(suffix) else { continue };
                let kind = if self.name == family { self.family.kind } else { self.kind_of(family) };
                if let Some(role) = role_in(name, family, kind) {
                    return (family, role);
                }
            }
        }
        (name, Role::Value)
    }

    fn kind_of(&self, family: &str) -> Option<Kind> {
        self.families.get(family).and_then(|family| family.kind)
    }

    /// Ends the current family: its histograms must be whole, and it may not come again.
    fn close_family(&mut self) {
        self.complaints.extend(self.histograms.finish(false));
        self.seen.clear();
        self.stamps_kept = 0;
        if !self.name.is_empty() {
            let family = Family { closed: true, ..self.family };
            self.families.insert(std::mem::take(&mut self.name), family);
        }
    }

    fn sample<'a>(
        &mut self,
        line: &Line<'a>,
        cursor: &mut Cursor<'a>,
        labels: &mut Labels<'a>,
        output: &mut Output<'_>,
    ) -> Result<(), Stop> {
        let at = cursor.at;
        let name = cursor.metric_name();
        if name.is_empty() {
            let reason = "A metric name is expected here ([a-zA-Z_:][a-zA-Z0-9_:]*)";
            return Err(Bad::new("bad-metric-name", at, reason).into());
        }
        cursor.skip_blank();
        if cursor.peek() == Some(b'{') {
            labels.read(cursor, Dialect { labels_max: self.limits.fields_max, ..LOOSE })?;
            cursor.skip_blank();
        }
        let number = Number::read(cursor)?;
        let role = self.enter(name, at)?;
        let kind = *self.family.kind.get_or_insert(Kind::Untyped);
        let le = boundary(labels, kind, role, at)?;
        let mut attributes = series::recycle(std::mem::take(&mut self.attributes));
        labels.normalised(&mut attributes);
        let outcome = self.finish(line, Facts { name, at, role, kind, le, number }, &attributes, output);
        self.attributes = series::recycle(attributes);
        outcome
    }

    fn finish(
        &mut self,
        line: &Line<'_>,
        facts: Facts<'_>,
        attributes: &[(&str, &str)],
        output: &mut Output<'_>,
    ) -> Result<(), Stop> {
        let Facts { name, at, role, kind, number, .. } = facts;
        series::write(&mut self.series, name, attributes);
        self.check_new(at, number.stamp)?;
        let counts = kind == Kind::Counter || matches!(role, Role::Bucket | Role::Count);
        // A counter counts.
        if counts && (number.value < 0.0 || number.value.is_nan()) {
            let reason = "A counter is never NaN and never negative";
            return Err(Bad::new("bad-counter", number.at, reason).into());
        }
        if kind == Kind::Histogram {
            self.watch(line.number, &facts, attributes)?;
        }
        let time = match number.stamp {
            Some(millis) => Some(Instant::from_millis(millis).ok_or_else(|| out_of_range(number.stamp_at))?),
            None => self.stamp,
        };
        let time =
            time.ok_or_else(|| Bad::line("missing-time", "The sample has no timestamp, and the request no stamp"))?;
        if !number.value.is_finite() {
            output.absent();
            return Ok(());
        }
        let sample = Sample {
            name,
            series: &self.series,
            sample_type: sample_type(kind, role),
            unit: None,
            value: number.value,
            value_int: number.integer,
            start: None,
        };
        let body = Body::Sample(sample);
        output.record(
            line.bytes,
            number.stamp_at,
            Record { time, line: line.number, service: None, host: None, attributes, body },
        )?;
        Ok(())
    }

    /// One scrape holds one sample of a series; several need several timestamps.
    fn check_new(&mut self, at: usize, stamp: Option<i64>) -> Result<(), Bad> {
        let limit = self.limits.family_series_max;
        let watched = self.seen.len();
        let novelty = match self.seen.get_mut(self.series.as_str()) {
            Some(seen) => seen.note(stamp, &mut self.stamps_kept, limit),
            None if watched < limit => {
                let mut seen = Seen::default();
                let novelty = seen.note(stamp, &mut self.stamps_kept, limit);
                self.seen.insert(self.series.as_str().into(), seen);
                novelty
            }
            None => Novelty::Unknowable,
        };
        match novelty {
            Novelty::New => Ok(()),
            Novelty::Known => Err(Bad::new("duplicate-sample", at, format!("{} stands twice", self.series))),
            Novelty::Unknowable => {
                Err(Bad::new("too-many-series", at, "The family has more series or times than can be watched"))
            }
        }
    }

    fn watch(&mut self, line: u64, facts: &Facts<'_>, attributes: &[(&str, &str)]) -> Result<(), Bad> {
        let part = match facts.role {
            Role::Bucket => Part::Bucket,
            Role::Count => Part::Count,
            Role::Sum => Part::Sum,
            Role::Value => return Ok(()),
        };
        histogram_key(&mut self.key, attributes, facts.number.stamp);
        self.histograms.take(&self.key, part, facts.le, facts.number.value, line)
    }
}

#[cold]
fn out_of_range(at: usize) -> Bad {
    Bad::new("time-out-of-range", at, "The time lies outside the years 1677 to 2262")
}

/// What one sample line says, read.
struct Facts<'a> {
    name: &'a str,
    at: usize,
    role: Role,
    kind: Kind,
    le: f64,
    number: Number,
}

#[derive(Clone, Copy)]
struct Number {
    value: f64,
    integer: Option<i64>,
    at: usize,
    /// Milliseconds since 1970.
    stamp: Option<i64>,
    stamp_at: usize,
}

impl Number {
    /// `value [timestamp]` up to the end of the line.
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Bad> {
        let at = cursor.at;
        let text = cursor.token().as_bytes();
        let value =
            number::go_float(text).ok_or_else(|| Bad::new("bad-sample-value", at, "A number is expected here"))?;
        let mut number = Number { value, integer: number::integer(text), at, stamp: None, stamp_at: at };
        if cursor.peek().is_none() {
            return Ok(number);
        }
        cursor.skip_blank();
        number.stamp_at = cursor.at;
        let stamp = number::integer(cursor.token().as_bytes());
        let wrong = "A timestamp in whole milliseconds is expected here";
        number.stamp = Some(stamp.ok_or_else(|| Bad::new("bad-timestamp", number.stamp_at, wrong))?);
        if cursor.peek().is_some() {
            return Err(Bad::new(
                "text-after-sample",
                cursor.at,
                "Nothing may stand after the timestamp, not even a blank",
            ));
        }
        Ok(number)
    }
}

/// The number in `le` or `quantile`; NaN where there is none to read.
fn boundary(labels: &Labels<'_>, kind: Kind, role: Role, at: usize) -> Result<f64, Bad> {
    let name = match kind {
        Kind::Histogram => "le",
        Kind::Summary => "quantile",
        _ => return Ok(f64::NAN),
    };
    match labels.find(name) {
        Some((text, at)) => number::go_float(text.as_bytes())
            .ok_or_else(|| Bad::new("bad-boundary", at, format!("The label {name} must be a number"))),
        None if role == Role::Bucket => Err(Bad::new("bad-boundary", at, "A bucket needs the label le")),
        None => Ok(f64::NAN),
    }
}

fn role_in(name: &str, family: &str, kind: Option<Kind>) -> Option<Role> {
    let suffix = name.strip_prefix(family)?;
    match (suffix, kind) {
        ("", _) => Some(Role::Value),
        ("_sum", Some(Kind::Summary | Kind::Histogram)) => Some(Role::Sum),
        ("_count", Some(Kind::Summary | Kind::Histogram)) => Some(Role::Count),
        ("_bucket", Some(Kind::Histogram)) => Some(Role::Bucket),
        _ => None,
    }
}

fn sample_type(kind: Kind, role: Role) -> SampleType {
    match (kind, role) {
        (Kind::Counter, _) | (_, Role::Bucket | Role::Count | Role::Sum) => SampleType::Counter,
        (Kind::Gauge, _) | (Kind::Summary, Role::Value) => SampleType::Gauge,
        (Kind::Histogram | Kind::Untyped, Role::Value) => SampleType::Unknown,
    }
}
