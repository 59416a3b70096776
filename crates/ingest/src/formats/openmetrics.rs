//! OpenMetrics 1.0 text, strictly by its specification; `§` are its sections.
//!
//! `# EOF` is mandatory: without it the input was cut, and the whole original is refused. Every other violation rejects the
//! line it stands in, or points at the line where the broken histogram begins.
//!
//! Stricter than the Python client: a sample that is repeated with the same timestamp (or without any) is a duplicate.
//! Native histograms and quoted UTF-8 names are not OpenMetrics 1.0 and are rejected. Exemplars are checked, not kept.
//! `_created` becomes a sample of its own: it stands behind the counter that it belongs to.

use std::io::Read;

use model::{Body, Fault, Instant, Place, Record, Sample, SampleType};

use crate::exposition::{Cursor, Dialect, Exposition, Histograms, Labels, Part, SameMap, histogram_key, read_lines};
use crate::lines::{Line, Lines};
use crate::output::{Bad, Output, Stop};
use crate::{Request, number, series, time};

pub(crate) fn read(input: &mut dyn Read, request: &Request, output: &mut Output<'_>) -> Result<(), Fault> {
    let mut lines = Lines::new(input, request.limits.line_bytes_max);
    let mut reader = Reader::new(request);
    read_lines(&mut lines, &mut reader, output)?;
    if !reader.ended {
        return Err(Fault::bad_input("missing-eof", "The exposition has no # EOF at its end: it was cut")
            .advise("Fetch or copy it again; a file of an older format is read with --format prometheus.")
            .at(Place::line(lines.count(), 0)));
    }
    output.count_input(lines.count(), lines.bytes());
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    StateSet,
    Info,
    Summary,
    Unknown,
}

const KINDS: [(&str, Kind); 8] = [
    ("counter", Kind::Counter),
    ("gauge", Kind::Gauge),
    ("histogram", Kind::Histogram),
    ("gaugehistogram", Kind::GaugeHistogram),
    ("stateset", Kind::StateSet),
    ("info", Kind::Info),
    ("summary", Kind::Summary),
    ("unknown", Kind::Unknown),
];

impl Kind {
    /// The suffixes that its samples have (§ "Suffixes").
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Kind::Counter => &["_total", "_created"],
            Kind::Histogram => &["_bucket", "_count", "_sum", "_created"],
            Kind::GaugeHistogram => &["_bucket", "_gcount", "_gsum"],
            Kind::Info => &["_info"],
            Kind::Summary => &["", "_count", "_sum", "_created"],
            Kind::Gauge | Kind::StateSet | Kind::Unknown => &[""],
        }
    }

    fn is_histogram(self) -> bool {
        matches!(self, Kind::Histogram | Kind::GaugeHistogram)
    }
}

struct Reader<'r> {
    request: &'r Request,
    ended: bool,
    /// Every name that is taken: families, and what their samples are called.
    taken: SameMap<String, ()>,
    name: String,
    unit: String,
    family: Family,
    group: Group,
    groups: SameMap<String, ()>,
    histograms: Histograms,
    complaints: Vec<(u64, Bad)>,
    series: String,
    key: String,
    attributes: Vec<(&'static str, &'static str)>,
}

/// What is known about the current family.
#[derive(Clone, Copy, Default)]
struct Family {
    open: bool,
    kind: Option<Kind>,
    has_help: bool,
    has_unit: bool,
    has_samples: bool,
}

/// The samples of one label set: their times must not fall, and none may come twice.
#[derive(Default)]
struct Group {
    key: String,
    time: Option<Instant>,
    seen: SameMap<Box<str>, ()>,
}

const STRICT: Dialect = Dialect { loose: false, any_escape: true, labels_max: 0 };

impl Exposition for Reader<'_> {
    fn line<'a>(&mut self, line: &Line<'a>, labels: &mut Labels<'a>, output: &mut Output<'_>) -> Result<(), Stop> {
        let text = output.text(line)?;
        if self.ended {
            return Err(Bad::line("text-after-eof", "Nothing may follow # EOF").into());
        }
        if text == "# EOF" {
            self.ended = true;
            self.close();
            return Ok(());
        }
        if !line.terminated {
            return Err(Bad::line("missing-newline", "The last line has no line feed: it may be cut").into());
        }
        let mut cursor = Cursor { text, at: 0 };
        match cursor.peek() {
            None => Err(Bad::line("blank-line", "OpenMetrics has no blank lines").into()),
            Some(b'#') => self.metadata(text, line.number).map_err(Stop::Bad),
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
            request,
            ended: false,
            taken: SameMap::default(),
            name: String::new(),
            unit: String::new(),
            family: Family::default(),
            group: Group::default(),
            groups: SameMap::default(),
            histograms: Histograms::new(true, request.limits.family_series_max),
            complaints: Vec::new(),
            series: String::new(),
            key: String::new(),
            attributes: Vec::new(),
        }
    }

    /// `# TYPE name type`, `# HELP name text`, `# UNIT name unit`: one blank between the parts, nothing else behind `#`.
    fn metadata(&mut self, text: &str, line: u64) -> Result<(), Bad> {
        let wrong = |at| {
            Bad::new("bad-metadata", at, "Only `# TYPE`, `# HELP`, `# UNIT` with a name and a text may stand here")
        };
        let rest = text.strip_prefix("# ").ok_or_else(|| wrong(1))?;
        let (keyword, rest) = rest.split_once(' ').ok_or_else(|| wrong(2))?;
        if !matches!(keyword, "TYPE" | "HELP" | "UNIT") {
            return Err(wrong(2));
        }
        let at = 3 + keyword.len();
        let (name, value) = rest.split_once(' ').ok_or_else(|| wrong(at))?;
        let mut cursor = Cursor { text: name, at: 0 };
        if cursor.metric_name().is_empty() || cursor.peek().is_some() {
            return Err(Bad::new("bad-metric-name", at, "A metric name is expected here ([a-zA-Z_:][a-zA-Z0-9_:]*)"));
        }
        if self.family.open && self.name == name {
            if self.family.has_samples {
                return Err(Bad::new("late-metadata", at, format!("The samples of {name} have begun already")));
            }
        } else {
            self.open(name, at, line)?;
        }
        let value_at = at + name.len() + 1;
        match keyword {
            "TYPE" => self.set_kind(value, value_at),
            "UNIT" => self.set_unit(value, value_at),
            _ if std::mem::replace(&mut self.family.has_help, true) => {
                Err(Bad::new("repeated-help", at, format!("{name} has a second HELP line")))
            }
            _ => Ok(()),
        }
    }

    fn set_kind(&mut self, value: &str, at: usize) -> Result<(), Bad> {
        if self.family.kind.is_some() {
            return Err(Bad::new("repeated-type", at, format!("{} has a second TYPE line", self.name)));
        }
        let kind = KINDS.iter().find(|(word, _)| *word == value).map(|(_, kind)| *kind);
        let kind = kind.ok_or_else(|| {
            let words = KINDS.map(|(word, _)| word).join(", ");
            Bad::new("bad-type", at, format!("The types are {words}"))
        })?;
        self.family.kind = Some(kind);
        self.take_names(kind, at)?;
        self.check_unit(at)
    }

    fn set_unit(&mut self, value: &str, at: usize) -> Result<(), Bad> {
        if std::mem::replace(&mut self.family.has_unit, true) {
            return Err(Bad::new("repeated-unit", at, format!("{} has a second UNIT line", self.name)));
        }
        self.unit.push_str(value);
        self.check_unit(at)
    }

    /// § "UNIT": the unit is the last part of the name; info metrics and state sets have none.
    fn check_unit(&self, at: usize) -> Result<(), Bad> {
        if self.unit.is_empty() {
            return Ok(());
        }
        if matches!(self.family.kind, Some(Kind::Info | Kind::StateSet)) {
            return Err(Bad::new("bad-unit", at, "Info metrics and state sets have no unit"));
        }
        let ends = self.name.strip_suffix(self.unit.as_str()).is_some_and(|stem| stem.ends_with('_'));
        if !ends {
            return Err(Bad::new("bad-unit", at, format!("The name {} does not end in _{}", self.name, self.unit)));
        }
        Ok(())
    }

    /// Begins a family; its name must be new.
    fn open(&mut self, name: &str, at: usize, line: u64) -> Result<(), Bad> {
        self.close();
        self.name.push_str(name);
        self.family = Family { open: true, ..Family::default() };
        if self.taken.len() >= self.request.limits.family_series_max {
            return Err(Bad::new("too-many-series", at, format!("More names than can be watched at line {line}")));
        }
        self.take_name(name.to_owned(), at)
    }

    fn take_names(&mut self, kind: Kind, at: usize) -> Result<(), Bad> {
        kind.suffixes().iter().filter(|suffix| !suffix.is_empty()).try_for_each(|suffix| {
            let name = format!("{}{suffix}", self.name);
            self.take_name(name, at)
        })
    }

    /// § "MetricFamily": names are unique, and a family's lines stand together.
    fn take_name(&mut self, name: String, at: usize) -> Result<(), Bad> {
        if self.taken.contains_key(&name) {
            let reason =
                format!("{name} stood before: the lines of a family must stand together, and no other may clash");
            return Err(Bad::new("split-family", at, reason));
        }
        self.taken.insert(name, ());
        Ok(())
    }

    fn close(&mut self) {
        if let Some(kind) = self.family.kind.filter(|kind| kind.is_histogram()) {
            self.complaints.extend(self.histograms.finish_openmetrics(kind == Kind::GaugeHistogram));
        }
        self.name.clear();
        self.unit.clear();
        self.family = Family::default();
        self.group = Group::default();
        self.groups.clear();
    }

    fn sample<'a>(
        &mut self,
        line: &Line<'a>,
        cursor: &mut Cursor<'a>,
        labels: &mut Labels<'a>,
        output: &mut Output<'_>,
    ) -> Result<(), Stop> {
        let name = cursor.metric_name();
        if name.is_empty() {
            let reason = "A metric name is expected here ([a-zA-Z_:][a-zA-Z0-9_:]*)";
            return Err(Bad::new("bad-metric-name", 0, reason).into());
        }
        if cursor.peek() == Some(b'{') {
            labels.read(cursor, Dialect { labels_max: self.request.limits.fields_max, ..STRICT })?;
        }
        let number = Number::read(cursor)?;
        let exemplar_at = cursor.at;
        let exemplar = read_exemplar(cursor, self.request.limits.fields_max)?;
        self.find_family(name, line.number)?;
        // The name begins with the family's: find_family made sure.
        let suffix = &name[self.name.len()..];
        let kind = self.family.kind.unwrap_or(Kind::Unknown);
        self.family.has_samples = true;
        if exemplar
            && !matches!(
                (kind, suffix),
                (Kind::Histogram | Kind::GaugeHistogram, "_bucket") | (Kind::Counter, "_total")
            )
        {
            let reason = "Only buckets and counters carry exemplars";
            return Err(Bad::new("bad-exemplar", exemplar_at, reason).into());
        }
        let boundary = check_labels(labels, kind, suffix, &self.name)?;
        let facts = Facts { name, suffix, kind, boundary, number };
        check_value(&facts)?;
        let mut attributes = series::recycle(std::mem::take(&mut self.attributes));
        labels.normalised(&mut attributes);
        let outcome = self.finish(line, &facts, &attributes, output);
        self.attributes = series::recycle(attributes);
        outcome
    }

    /// The family that `name` belongs to: the current one, or a new one of unknown type.
    fn find_family(&mut self, name: &str, line: u64) -> Result<(), Bad> {
        let kind = self.family.kind.unwrap_or(Kind::Unknown);
        let suffix = name.strip_prefix(self.name.as_str()).filter(|_| self.family.open);
        if suffix.is_some_and(|suffix| kind.suffixes().contains(&suffix)) {
            return Ok(());
        }
        let clash = self.open(name, 0, line);
        self.family.kind = Some(Kind::Unknown);
        clash
    }

    fn finish(
        &mut self,
        line: &Line<'_>,
        facts: &Facts<'_>,
        attributes: &[(&str, &str)],
        output: &mut Output<'_>,
    ) -> Result<(), Stop> {
        series::write(&mut self.series, facts.name, attributes);
        self.check_group(facts, attributes)?;
        if facts.kind.is_histogram() {
            self.watch(line.number, facts, attributes)?;
        }
        let time = facts.number.time.or(self.request.stamp);
        let time =
            time.ok_or_else(|| Bad::line("missing-time", "The sample has no timestamp, and the request no stamp"))?;
        if !facts.number.value.is_finite() {
            output.absent();
            return Ok(());
        }
        let unit = match facts.suffix {
            "_created" => Some("seconds"),
            "_bucket" | "_count" | "_gcount" => None,
            _ => Some(self.unit.as_str()).filter(|unit| !unit.is_empty()),
        };
        let sample = Sample {
            name: facts.name,
            series: &self.series,
            sample_type: sample_type(facts.kind, facts.suffix),
            unit,
            value: facts.number.value,
            value_int: facts.number.integer,
            start: None,
        };
        let body = Body::Sample(sample);
        let record = Record { time, line: line.number, service: None, host: None, attributes, body };
        output.record(line.bytes, facts.number.time_at, record)?;
        Ok(())
    }

    /// § "Metric" and § "MetricPoint": the points of one label set stand together, in the order of time.
    fn check_group(&mut self, facts: &Facts<'_>, attributes: &[(&str, &str)]) -> Result<(), Bad> {
        let inner = match (facts.kind, facts.suffix) {
            (Kind::Summary, "") => "quantile",
            (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => "le",
            (Kind::StateSet, _) => self.name.as_str(),
            _ => "",
        };
        self.key.clear();
        // Info metrics of one name cannot be told apart: each label set is a metric of its own, all are one group.
        let outer = attributes.iter().filter(|(name, _)| *name != inner && facts.kind != Kind::Info);
        outer.for_each(|(name, value)| self.key.extend([*name, "\u{1}", *value, "\u{2}"]));
        let time = facts.number.time;
        if self.family_has_group() && self.key == self.group.key {
            if time.is_some() != self.group.time.is_some() {
                let reason = "Either every point of a metric has a timestamp or none";
                return Err(Bad::new("mixed-timestamps", facts.number.time_at, reason));
            }
            if time < self.group.time && facts.kind != Kind::Info {
                return Err(Bad::new("time-backwards", facts.number.time_at, "The time goes back within one metric"));
            }
        } else {
            if self.groups.contains_key(self.key.as_str()) {
                return Err(Bad::line("split-metric", "The lines of one label set must stand together"));
            }
            if self.groups.len() >= self.request.limits.family_series_max {
                return Err(Bad::line("too-many-series", "The family has more series than can be watched"));
            }
            self.groups.insert(self.key.clone(), ());
            self.group.key.clone_from(&self.key);
            self.group.seen.clear();
        }
        if time != self.group.time {
            self.group.seen.clear();
        }
        self.group.time = time;
        if self.group.seen.insert(self.series.as_str().into(), ()).is_some() {
            return Err(Bad::new("duplicate-sample", 0, format!("{} stands twice", self.series)));
        }
        Ok(())
    }

    fn family_has_group(&self) -> bool {
        !self.groups.is_empty()
    }

    fn watch(&mut self, line: u64, facts: &Facts<'_>, attributes: &[(&str, &str)]) -> Result<(), Bad> {
        let part = match facts.suffix {
            "_bucket" => Part::Bucket,
            "_count" | "_gcount" => Part::Count,
            "_sum" | "_gsum" => Part::Sum,
            _ => return Ok(()),
        };
        histogram_key(&mut self.key, attributes, facts.number.time.map(Instant::nanos));
        self.histograms.take(&self.key, part, facts.boundary, facts.number.value, line)
    }
}

/// What one sample line says, read.
struct Facts<'a> {
    name: &'a str,
    suffix: &'a str,
    kind: Kind,
    boundary: f64,
    number: Number,
}

#[derive(Clone, Copy)]
struct Number {
    value: f64,
    integer: Option<i64>,
    at: usize,
    time: Option<Instant>,
    time_at: usize,
}

impl Number {
    /// ` value[ timestamp]`, up to the end of the line or the blank before an exemplar.
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Bad> {
        blank(cursor)?;
        let at = cursor.at;
        let text = cursor.take_while(|byte| byte != b' ').as_bytes();
        let value =
            number::go_float(text).ok_or_else(|| Bad::new("bad-sample-value", at, "A number is expected here"))?;
        let mut number = Number { value, integer: number::integer(text), at, time: None, time_at: at };
        if cursor.peek().is_some() && !cursor.rest().starts_with(" #") {
            blank(cursor)?;
            number.time_at = cursor.at;
            number.time = Some(read_time(cursor)?);
        }
        Ok(number)
    }
}

/// § "Timestamps": Unix seconds, decimals allowed.
fn read_time(cursor: &mut Cursor<'_>) -> Result<Instant, Bad> {
    let at = cursor.at;
    let text = cursor.take_while(|byte| byte != b' ').as_bytes();
    time::seconds(text).ok_or_else(|| Bad::new("bad-timestamp", at, "A timestamp in seconds is expected here"))
}

fn blank(cursor: &mut Cursor<'_>) -> Result<(), Bad> {
    if cursor.peek() != Some(b' ') {
        return Err(Bad::new("bad-sample-value", cursor.at, "One blank and a number are expected here"));
    }
    cursor.at += 1;
    Ok(())
}

/// § "Exemplars": ` # {labels} value[ timestamp]`, at most 128 characters of names and values.
fn read_exemplar(cursor: &mut Cursor<'_>, labels_max: usize) -> Result<bool, Bad> {
    if cursor.peek().is_none() {
        return Ok(false);
    }
    let at = cursor.at;
    if !cursor.rest().starts_with(" # {") {
        return Err(Bad::new(
            "text-after-sample",
            at,
            "The line should end here, or go on with an exemplar: ` # {…} value`",
        ));
    }
    cursor.at += 3;
    let mut labels = Labels::new();
    labels.read(cursor, Dialect { labels_max, ..STRICT })?;
    if labels.characters() > 128 {
        return Err(Bad::new("bad-exemplar", at + 3, "The labels of an exemplar have at most 128 characters"));
    }
    Number::read(cursor)?;
    if cursor.peek().is_some() {
        return Err(Bad::new("text-after-sample", cursor.at, "The line should end here"));
    }
    Ok(true)
}

/// The labels that a type demands; gives the number in `le` or `quantile`.
fn check_labels(labels: &Labels<'_>, kind: Kind, suffix: &str, family: &str) -> Result<f64, Bad> {
    let name = match (kind, suffix) {
        (Kind::StateSet, _) => {
            return match labels.find(family) {
                Some(_) => Ok(f64::NAN),
                None => Err(Bad::line("bad-stateset", format!("A state set needs the label {family}"))),
            };
        }
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => "le",
        (Kind::Summary, "") => "quantile",
        _ => return Ok(f64::NAN),
    };
    let Some((text, at)) = labels.find(name) else {
        return Err(Bad::line("bad-boundary", format!("The label {name} is missing")));
    };
    let wrong = |what: &str| Bad::new("bad-boundary", at, format!("The label {name} {what}"));
    let boundary = number::go_float(text.as_bytes()).filter(|boundary| !boundary.is_nan());
    let boundary = boundary.ok_or_else(|| wrong("must be a number"))?;
    if boundary == f64::INFINITY && text != "+Inf" {
        return Err(wrong("writes infinity as +Inf"));
    }
    if name == "quantile" && !(0.0..=1.0).contains(&boundary) {
        return Err(wrong("lies between 0 and 1"));
    }
    Ok(boundary)
}

/// The values that a type allows.
fn check_value(facts: &Facts<'_>) -> Result<(), Bad> {
    let Number { value, at, .. } = facts.number;
    let bad = |code: &'static str, reason: &str| Err(Bad { code, at: Some(at), reason: reason.to_owned() });
    let counts = matches!(facts.suffix, "_total" | "_count" | "_bucket" | "_gcount") && facts.kind != Kind::Unknown;
    if counts && (value < 0.0 || value.is_nan()) {
        return bad("bad-counter", "A counter is never NaN and never negative");
    }
    if matches!(facts.suffix, "_count" | "_bucket" | "_gcount") && counts && value.fract() != 0.0 {
        return bad("bad-counter", "A count is a whole number");
    }
    if matches!((facts.kind, facts.suffix), (Kind::Histogram | Kind::Summary, "_sum"))
        && (value < 0.0 || value.is_nan())
    {
        return bad("bad-sum", "A sum is never NaN and never negative");
    }
    if facts.suffix == "_gsum" && facts.kind == Kind::GaugeHistogram && value.is_nan() {
        return bad("bad-sum", "A sum is never NaN");
    }
    match facts.kind {
        Kind::StateSet if value != 0.0 && value != 1.0 => bad("bad-stateset", "A state is 0 or 1"),
        Kind::Info if value != 1.0 => bad("bad-info", "The value of an info metric is 1"),
        Kind::Summary if facts.suffix.is_empty() && value < 0.0 => bad("bad-counter", "A quantile is never negative"),
        _ => Ok(()),
    }
}

fn sample_type(kind: Kind, suffix: &str) -> SampleType {
    match (kind, suffix) {
        (_, "_created") if kind != Kind::Unknown => SampleType::Gauge,
        (Kind::Counter, _) | (Kind::Histogram, _) | (Kind::Summary, "_count" | "_sum") => SampleType::Counter,
        (Kind::Unknown, _) => SampleType::Unknown,
        _ => SampleType::Gauge,
    }
}
