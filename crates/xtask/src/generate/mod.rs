//! Large inputs that look like real ones. The same kind, size and seed give the same bytes on every machine.

mod accesslog;
mod clock;
mod customers;
pub(crate) mod dice;
mod jsonl;
mod metrics;
mod otlp;
mod people;
mod prose;
mod service;
mod story;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::args::Args;
use dice::Dice;
use service::{Form, Mix};

/// What can be written. Files grow to at most the size asked for and end after a whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One request per line: 14 fields, about 370 bytes, spread over 24 hours.
    Jsonl,
    /// One scrape in Prometheus text 0.0.4: no series twice.
    Prometheus,
    /// OpenMetrics 1.0 with timestamps, several points a series, exemplars and `# EOF`.
    OpenMetrics,
    /// OTLP JSON metrics, one `resourceMetrics` object per line.
    Otlp,
    /// nginx combined with `$request_time`.
    AccessLog,
    /// Lines of a shop's services: 35 % nginx, 35 % application without personal data, 30 % with; about 173 bytes.
    RedactLog,
    /// Application lines without personal data.
    RedactClean,
    /// The records of `RedactLog` as JSON Lines.
    RedactJsonl,
    /// Customers as CSV, nearly every cell personal.
    RedactCsv,
    /// English paragraphs with persons, places and firms.
    Prose,
}

impl Kind {
    pub(crate) const ALL: [Kind; 10] = [
        Kind::Jsonl,
        Kind::Prometheus,
        Kind::OpenMetrics,
        Kind::Otlp,
        Kind::AccessLog,
        Kind::RedactLog,
        Kind::RedactClean,
        Kind::RedactJsonl,
        Kind::RedactCsv,
        Kind::Prose,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Jsonl => "jsonl",
            Kind::Prometheus => "prometheus",
            Kind::OpenMetrics => "openmetrics",
            Kind::Otlp => "otlp",
            Kind::AccessLog => "accesslog",
            Kind::RedactLog => "redactlog",
            Kind::RedactClean => "redactclean",
            Kind::RedactJsonl => "redactjsonl",
            Kind::RedactCsv => "redactcsv",
            Kind::Prose => "prose",
        }
    }

    /// What the name of such a file ends with, where the format is not told otherwise.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Kind::RedactLog | Kind::RedactClean => ".log",
            Kind::RedactJsonl => ".jsonl",
            Kind::RedactCsv => ".csv",
            Kind::Prose => ".txt",
            _ => "",
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("{name:?} is no kind of input"))
    }
}

/// `generate KIND --size SIZE [--seed N] --output FILE`
pub(crate) fn run(mut args: Args) -> Result<(), String> {
    let kind = Kind::parse(&args.word().ok_or("generate what?")?)?;
    let size = args.size("--size")?.ok_or("--size is missing")?;
    let seed = args.number("--seed", 1)?;
    let output = args.flag("--output")?.ok_or("--output is missing")?;
    args.finish()?;
    to_file(kind, size, seed, Path::new(&output))
}

/// Writes `output` anew; `-` is standard output.
pub(crate) fn to_file(kind: Kind, size: u64, seed: u64, output: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", output.display());
    if output == Path::new("-") {
        let mut pipe = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
        return write(kind, size, seed, &mut pipe).and_then(|()| pipe.flush()).map_err(said);
    }
    let mut file = BufWriter::with_capacity(1 << 20, File::create(output).map_err(said)?);
    write(kind, size, seed, &mut file).and_then(|()| file.flush()).map_err(said)
}

fn write(kind: Kind, size: u64, seed: u64, to: &mut dyn Write) -> std::io::Result<()> {
    let dice = Dice::new(seed);
    match kind {
        Kind::Jsonl => lines(size, jsonl::LINE_BYTES, to, jsonl::Requests::new(dice)),
        Kind::AccessLog => lines(size, accesslog::LINE_BYTES, to, accesslog::Requests::new(dice)),
        Kind::Otlp => lines(size, otlp::LINE_BYTES, to, otlp::Batches::new(dice)),
        Kind::RedactLog => shop(size, to, dice, Mix::SHOP, Form::Text),
        Kind::RedactClean => shop(size, to, dice, Mix::PLAIN, Form::Text),
        Kind::RedactJsonl => shop(size, to, dice, Mix::SHOP, Form::Json),
        Kind::RedactCsv => lines(size, customers::LINE_BYTES, to, customers::Customers::new(dice)),
        Kind::Prose => lines(size, prose::LINE_BYTES, to, prose::Paragraphs::new(dice)),
        Kind::Prometheus => metrics::prometheus(size, dice, to),
        Kind::OpenMetrics => metrics::openmetrics(size, dice, to),
    }
}

fn shop(size: u64, to: &mut dyn Write, dice: Dice, mix: Mix, form: Form) -> std::io::Result<()> {
    lines(size, service::LINE_BYTES, to, service::Records::new(dice, mix, form))
}

/// A source of records, one a line.
trait Lines {
    /// Appends one line with its line feed. `passed` is the part of the file already written, 0 to 1.
    fn line(&mut self, passed: f64, line: &mut Vec<u8>);
}

/// Writes whole lines until the next one might not fit.
fn lines(size: u64, usual: u64, to: &mut dyn Write, mut source: impl Lines) -> std::io::Result<()> {
    let mut line = Vec::with_capacity(usual as usize * 2);
    let mut written = 0;
    loop {
        line.clear();
        source.line(written as f64 / size as f64, &mut line);
        written += line.len() as u64;
        if written > size {
            return Ok(());
        }
        to.write_all(&line)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(kind: Kind, size: u64, seed: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(kind, size, seed, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_seed_decides_every_byte_and_the_size_is_kept() {
        for kind in Kind::ALL {
            let first = bytes(kind, 200_000, 7);
            assert!(first == bytes(kind, 200_000, 7), "{kind:?}");
            assert!(first != bytes(kind, 200_000, 8), "{kind:?}");
            assert!((180_000..=200_000).contains(&first.len()), "{kind:?}: {}", first.len());
            assert_eq!(first.last(), Some(&b'\n'), "{kind:?}");
        }
    }

    #[test]
    fn no_series_stands_twice_in_a_scrape() {
        let text = String::from_utf8(bytes(Kind::Prometheus, 300_000, 1)).unwrap();
        let series: Vec<_> =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' ')).collect();
        let different: std::collections::HashSet<_> = series.iter().map(|(name, _)| name).collect();
        assert_eq!(different.len(), series.len());
        assert!(series.len() > 1000);
    }
}
