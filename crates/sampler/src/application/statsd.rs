//! `name:value|type|@rate|#tag:value`, with several values as DogStatsD has them.

use crate::order::sort;

const NAME_MAX: usize = 100;
const LABEL_MAX: usize = 64;
const VALUES_MAX: usize = 1_000;

/// What the number of a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Counter,
    Gauge,
    /// `+1`, `-1`.
    GaugeChange,
    /// In milliseconds.
    Time,
}

/// A line that makes sense.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) values: Vec<f64>,
    pub(super) kind: Type,
    /// How many events the line stands for: one in ten was sent with `@0.1`.
    pub(super) weight: f64,
    /// Sorted by name.
    pub(super) labels: Vec<(String, String)>,
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once(':')?;
        let mut fields = rest.split('|');
        let (values, word) = (fields.next()?, fields.next()?);
        let is_change = values.starts_with(['+', '-']);
        let kind = match word {
            "c" => Type::Counter,
            "g" if is_change => Type::GaugeChange,
            "g" => Type::Gauge,
            "ms" | "h" | "d" => Type::Time,
            _ => return None,
        };
        if !is_name(name) {
            return None;
        }
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && number.abs() < 1e15);
        let values: Vec<f64> = values.split(':').map(number).collect::<Option<_>>()?;
        let mut parsed = Line { name, values, kind, weight: 1.0, labels: Vec::new() };
        for field in fields {
            match field.split_at_checked(1)? {
                ("@", rate) => parsed.weight = 1.0 / number(rate).filter(|rate| *rate > 1e-6 && *rate <= 1.0)?,
                ("#", tags) => parsed.labels = labels(tags)?,
                // Containers and times of DogStatsD say nothing that is kept.
                ("c" | "T", _) => {}
                _ => return None,
            }
        }
        (parsed.values.len() <= VALUES_MAX).then_some(parsed)
    }
}

/// Whether a series can be called so.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    !name.is_empty() && name.len() <= NAME_MAX && name.bytes().all(is_plain)
}

/// Whether a series can be labelled so.
pub(super) fn is_label(name: &str, value: &str) -> bool {
    let is_short = !name.is_empty() && name.len() <= LABEL_MAX && value.len() <= LABEL_MAX && name != "le";
    is_short && !name.chars().chain(value.chars()).any(char::is_control)
}

fn labels(tags: &str) -> Option<Vec<(String, String)>> {
    let mut labels = Vec::new();
    for tag in tags.split(',').filter(|tag| !tag.is_empty()) {
        let (name, value) = tag.split_once(':').unwrap_or((tag, "true"));
        is_label(name, value).then(|| labels.push((name.to_owned(), value.to_owned())))?;
    }
    sort(&mut labels, |a: &(String, String), b| a < b);
    labels.dedup_by(|a, b| a.0 == b.0);
    (labels.len() <= super::LABELS_MAX).then_some(labels)
}
