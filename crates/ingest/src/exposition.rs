//! What Prometheus text and OpenMetrics share: the way through the lines, names, labels, and the arithmetic of histograms.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;

use model::Fault;

use crate::lines::{Line, Lines};
use crate::output::{Bad, Output, Stop};
use crate::series::push_escaped;

/// A map whose order of hashing is the same in every run.
pub(crate) type SameMap<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// One of the two formats: takes lines, and remembers what spans them.
pub(crate) trait Exposition {
    /// Takes a line; `labels` is empty, and scratch.
    fn line<'a>(&mut self, line: &Line<'a>, labels: &mut Labels<'a>, output: &mut Output<'_>) -> Result<(), Stop>;

    /// What broke a rule of a whole family, with the number of the line to blame; emptied when it is reported.
    fn complaints(&mut self) -> &mut Vec<(u64, Bad)>;
}

/// Hands every line to `reader`.
pub(crate) fn read_lines(
    lines: &mut Lines<'_>,
    reader: &mut impl Exposition,
    output: &mut Output<'_>,
) -> Result<(), Fault> {
    let mut labels = Labels::new();
    while let Some(line) = lines.next()? {
        let mut found = labels.recycle();
        let outcome = reader.line(&line, &mut found, output);
        labels = found.recycle();
        match outcome {
            Ok(()) => {}
            Err(Stop::Bad(bad)) => output.reject(&line, bad)?,
            Err(Stop::Fault(fault)) => return Err(fault),
        }
        report(reader, output)?;
    }
    Ok(())
}

/// Rejects what the reader complains about.
pub(crate) fn report(reader: &mut impl Exposition, output: &mut Output<'_>) -> Result<(), Fault> {
    for (line, bad) in reader.complaints().drain(..) {
        output.reject_at(line, bad, b"")?;
    }
    Ok(())
}

/// How the two formats differ in their labels.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// Blanks and tabs may stand around every token, and a comma before the closing brace.
    pub(crate) loose: bool,
    /// A backslash before any other character stands for itself.
    pub(crate) any_escape: bool,
    /// Most labels of one series.
    pub(crate) labels_max: usize,
}

/// Reads one line from the left.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn take_while(&mut self, is: impl Fn(u8) -> bool) -> &'a str {
        let from = self.at;
        while self.peek().is_some_and(&is) {
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    /// Up to the next blank or tab, or the end.
    pub(crate) fn token(&mut self) -> &'a str {
        self.take_while(|byte| !matches!(byte, b' ' | b'\t'))
    }

    /// A metric name, or nothing when the front is none.
    pub(crate) fn metric_name(&mut self) -> &'a str {
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return "";
        }
        self.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
    }

    fn label_name(&mut self) -> &'a str {
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return "";
        }
        self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }
}

/// A label value between its quotes.
#[derive(Clone, Copy)]
struct RawLabel<'a> {
    name: &'a str,
    raw: &'a str,
    /// Where the unescaped value stands in [`Labels::own`].
    own: Option<(u32, u32)>,
    at: usize,
}

/// The labels of one line; reused from line to line through [`Labels::recycle`].
pub(crate) struct Labels<'a> {
    raw: Vec<RawLabel<'a>>,
    own: String,
}

impl<'a> Labels<'a> {
    pub(crate) fn new() -> Self {
        Labels { raw: Vec::new(), own: String::new() }
    }

    /// Emptied, for a line of another lifetime; the allocations are kept.
    pub(crate) fn recycle<'b>(mut self) -> Labels<'b> {
        self.raw.clear();
        self.own.clear();
        let none = RawLabel { name: "", raw: "", own: None, at: 0 };
        Labels { raw: self.raw.into_iter().map(|_| none).collect(), own: self.own }
    }

    /// Reads `{a="1",b="2"}`; the front is the opening brace.
    pub(crate) fn read(&mut self, cursor: &mut Cursor<'a>, dialect: Dialect) -> Result<(), Bad> {
        cursor.at += 1;
        loop {
            if dialect.loose {
                cursor.skip_blank();
            }
            if cursor.peek() == Some(b'}') && (dialect.loose || self.raw.is_empty()) {
                cursor.at += 1;
                return Ok(());
            }
            self.label(cursor, dialect)?;
            if dialect.loose {
                cursor.skip_blank();
            }
            match cursor.peek() {
                Some(b',') => cursor.at += 1,
                Some(b'}') => {
                    cursor.at += 1;
                    return Ok(());
                }
                _ => return Err(Bad::new("bad-label", cursor.at, "A comma or a closing brace is expected here")),
            }
        }
    }

    fn label(&mut self, cursor: &mut Cursor<'a>, dialect: Dialect) -> Result<(), Bad> {
        let at = cursor.at;
        let name = cursor.label_name();
        if name.is_empty() {
            return Err(Bad::new("bad-label", at, "A label name is expected here ([a-zA-Z_][a-zA-Z0-9_]*)"));
        }
        if name == "__name__" {
            return Err(Bad::new("name-label", at, "The label __name__ is reserved for the name of the metric"));
        }
        if dialect.loose {
            cursor.skip_blank();
        }
        if cursor.peek() != Some(b'=') {
            return Err(Bad::new("bad-label", cursor.at, "An equals sign is expected here"));
        }
        cursor.at += 1;
        if dialect.loose {
            cursor.skip_blank();
        }
        if cursor.peek() != Some(b'"') {
            return Err(Bad::new("bad-label", cursor.at, "A label value in quotes is expected here"));
        }
        let label = self.value(name, at, cursor, dialect)?;
        if self.raw.iter().any(|known| known.name == name) {
            return Err(Bad::new("duplicate-label", at, format!("The label {name} stands twice")));
        }
        if self.raw.len() == dialect.labels_max {
            return Err(Bad::new("too-many-fields", at, format!("A series has at most {} labels", dialect.labels_max)));
        }
        self.raw.push(label);
        Ok(())
    }

    fn value(
        &mut self,
        name: &'a str,
        at: usize,
        cursor: &mut Cursor<'a>,
        dialect: Dialect,
    ) -> Result<RawLabel<'a>, Bad> {
        let from = cursor.at + 1;
        let bytes = cursor.text.as_bytes();
        let (mut to, mut escaped) = (from, false);
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[to..]) else {
                return Err(Bad::new("bad-label", cursor.at, "The label value that begins here never ends"));
            };
            to += found;
            if bytes[to] == b'"' {
                break;
            }
            escaped = true;
            let known = matches!(bytes.get(to + 1), Some(b'\\' | b'"' | b'n'));
            if !known && !dialect.any_escape {
                return Err(Bad::new("bad-escape", to, r#"Only \\, \" and \n are escapes"#));
            }
            to = (to + 2).min(bytes.len());
        }
        cursor.at = to + 1;
        let raw = &cursor.text[from..to];
        let own = escaped.then(|| {
            let start = self.own.len() as u32;
            unescape(raw, &mut self.own);
            (start, self.own.len() as u32)
        });
        Ok(RawLabel { name, raw, own, at })
    }

    /// Characters of all names and values together.
    pub(crate) fn characters(&self) -> usize {
        self.raw.iter().map(|label| label.name.len() + self.unescaped(label).chars().count()).sum()
    }

    fn unescaped(&self, label: &RawLabel<'a>) -> &str {
        label.own.map_or(label.raw, |(from, to)| &self.own[from as usize..to as usize])
    }

    /// The value of one label, and where it stands.
    pub(crate) fn find(&self, name: &str) -> Option<(&str, usize)> {
        self.raw.iter().find(|label| label.name == name).map(|label| (self.unescaped(label), label.at))
    }

    /// All labels with unescaped values, sorted, without empty ones, into `out`.
    pub(crate) fn normalised<'l>(&'l self, out: &mut Vec<(&'l str, &'l str)>) {
        out.extend(self.raw.iter().map(|label| (label.name, self.unescaped(label))));
        crate::series::normalise(out);
    }
}

/// Undoes `\\`, `\"` and `\n`; another character keeps its backslash.
fn unescape(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (text, length) = match rest.as_bytes().get(at + 1) {
            Some(b'n') => ("\n", 2),
            Some(b'"') => ("\"", 2),
            Some(b'\\') => ("\\", 2),
            _ => ("\\", 1),
        };
        out.push_str(text);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
}

/// Watches the buckets of one family: in order, rising, and complete.
pub(crate) struct Histograms {
    /// The lines of one histogram stand together: what is whole when another begins is forgotten (OpenMetrics).
    contiguous: bool,
    /// Most histograms that are remembered.
    limit: usize,
    groups: SameMap<String, Group>,
    key: String,
    current: Group,
}

#[derive(Clone, Default)]
struct Group {
    line: u64,
    bucket: Option<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
    negative_bucket: bool,
}

/// Which part of a histogram a sample is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Bucket,
    Count,
    Sum,
}

impl Histograms {
    pub(crate) fn new(contiguous: bool, limit: usize) -> Self {
        Histograms { contiguous, limit, groups: SameMap::default(), key: String::new(), current: Group::default() }
    }

    /// Takes one sample; `key` names the histogram (its labels without `le`, and its timestamp).
    pub(crate) fn take(&mut self, key: &str, part: Part, le: f64, value: f64, line: u64) -> Result<(), Bad> {
        if self.key != key || self.current.line == 0 {
            let last = std::mem::take(&mut self.current);
            if last.line > 0 && !(self.contiguous && last.is_whole()) {
                self.groups.insert(std::mem::take(&mut self.key), last);
            }
            if self.groups.len() >= self.limit {
                return Err(Bad::line("too-many-series", "The family has more histograms than can be watched"));
            }
            self.key.clear();
            self.key.push_str(key);
            self.current = self.groups.remove(key).unwrap_or(Group { line, ..Group::default() });
        }
        let group = &mut self.current;
        match part {
            Part::Count => group.count = Some(value),
            Part::Sum => group.sum = Some(value),
            Part::Bucket => {
                if let Some((before, count)) = group.bucket {
                    if le <= before {
                        return Err(Bad::line("bucket-order", format!("The bucket le={le} comes after le={before}")));
                    }
                    if value < count {
                        let reason = format!("The bucket counts {value}, the smaller one before it {count}");
                        return Err(Bad::line("bucket-not-cumulative", reason));
                    }
                }
                group.negative_bucket |= le < 0.0;
                group.bucket = Some((le, value));
            }
        }
        Ok(())
    }

    /// What is wrong with whole histograms, by the line where each begins; forgets them. `strict` adds what only
    /// OpenMetrics demands.
    pub(crate) fn finish(&mut self, strict: bool) -> Vec<(u64, Bad)> {
        let last = std::mem::take(&mut self.current);
        let mut groups: Vec<Group> = self.groups.drain().map(|(_, group)| group).collect();
        groups.extend((last.line > 0).then_some(last));
        groups.sort_by_key(|group| group.line);
        groups.iter().filter_map(|group| group.complaint(strict).map(|bad| (group.line, bad))).collect()
    }
}

impl Group {
    /// Nobody could complain about it, whatever the family is.
    fn is_whole(&self) -> bool {
        self.complaint(true).is_none()
            && [true, false].iter().all(|gauge| self.negative_sum_complaint(*gauge).is_none())
    }

    fn complaint(&self, strict: bool) -> Option<Bad> {
        let infinite = self.bucket.filter(|(le, _)| *le == f64::INFINITY);
        let Some((_, total)) = infinite else {
            return Some(Bad::line("missing-inf-bucket", "The histogram that begins here has no bucket le=\"+Inf\""));
        };
        if let Some(count) = self.count.filter(|count| *count != total) {
            let reason = format!("The histogram that begins here counts {count}, but its last bucket {total}");
            return Some(Bad::line("count-differs", reason));
        }
        if !strict {
            return None;
        }
        if self.count.is_some() != self.sum.is_some() {
            return Some(Bad::line(
                "count-without-sum",
                "The histogram that begins here has only one of count and sum",
            ));
        }
        None
    }

    fn negative_sum_complaint(&self, gauge: bool) -> Option<Bad> {
        match (gauge, self.negative_bucket, self.sum) {
            (false, true, Some(_)) => Some("A histogram with negative buckets has no sum"),
            (true, false, Some(sum)) if sum < 0.0 => Some("The sum is negative, but no bucket is"),
            _ => None,
        }
        .map(|reason| Bad::line("bad-sum", reason))
    }
}

impl Histograms {
    /// As [`Histograms::finish`] with everything that OpenMetrics demands.
    pub(crate) fn finish_openmetrics(&mut self, gauge: bool) -> Vec<(u64, Bad)> {
        let mut groups: Vec<Group> = self.groups.values().cloned().collect();
        groups.extend((self.current.line > 0).then(|| self.current.clone()));
        let mut complaints = self.finish(true);
        complaints.extend(groups.iter().filter_map(|group| Some((group.line, group.negative_sum_complaint(gauge)?))));
        complaints.sort_by_key(|(line, _)| *line);
        complaints
    }
}

/// The labels of a histogram without `le`, and its timestamp.
pub(crate) fn histogram_key(key: &mut String, attributes: &[(&str, &str)], stamp: Option<i64>) {
    key.clear();
    for (name, value) in attributes.iter().filter(|(name, _)| *name != "le") {
        key.push_str(name);
        key.push_str("=\"");
        // A value may hold any character: escaped, none of them is its end.
        push_escaped(key, value);
        key.push('"');
    }
    if let Some(stamp) = stamp {
        key.push_str(&stamp.to_string());
    }
}
