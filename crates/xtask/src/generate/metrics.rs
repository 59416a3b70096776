//! Prometheus text and OpenMetrics: families of counters, gauges and histograms over many instances.

use std::io::{self, Write};

use super::clock;
use super::dice::Dice;

const FAMILIES: u64 = 30;
const CODES: [&str; 4] = ["200", "204", "404", "503"];
const BUCKETS: [&str; 6] = ["0.01", "0.05", "0.1", "0.5", "1", "+Inf"];

/// One scrape of 30 families, each an equal part of `size`.
pub(crate) fn prometheus(size: u64, dice: Dice, to: &mut dyn Write) -> io::Result<()> {
    families(size, dice, Style::Prometheus, to)
}

/// The same families with five timed points a series and `# EOF`.
pub(crate) fn openmetrics(size: u64, dice: Dice, to: &mut dyn Write) -> io::Result<()> {
    families(size - 6, dice, Style::OpenMetrics, to)?;
    to.write_all(b"# EOF\n")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Prometheus,
    OpenMetrics,
}

impl Style {
    fn points(self) -> u64 {
        if self == Style::OpenMetrics { 5 } else { 1 }
    }

    /// What follows a value: nothing, or a time in seconds, one a minute.
    fn time(self, point: u64) -> String {
        if self == Style::OpenMetrics { format!(" {}.5", clock::START + 60 * point) } else { String::new() }
    }
}

fn families(size: u64, mut dice: Dice, style: Style, to: &mut dyn Write) -> io::Result<()> {
    let (mut text, mut written) = (Vec::new(), 0);
    for number in 0..FAMILIES {
        let mut family = Family { number, style, instance: 0 };
        let end = size * (number + 1) / FAMILIES;
        family.head(&mut text);
        loop {
            if written + text.len() as u64 > end {
                break;
            }
            to.write_all(&text)?;
            written += text.len() as u64;
            text.clear();
            family.instance(&mut dice, &mut text);
        }
        text.clear();
    }
    Ok(())
}

struct Family {
    number: u64,
    style: Style,
    instance: u64,
}

impl Family {
    fn head(&self, text: &mut Vec<u8>) {
        let (number, kind, noun) = (self.number, self.kind(), self.noun());
        // Prometheus text names a counter as its samples are named, OpenMetrics without `_total`.
        let suffix = if kind == "counter" && self.style == Style::Prometheus { "_total" } else { "" };
        let _ = writeln!(text, "# HELP shop_{number:02}_{noun}_seconds{suffix} What part {number} of the shop took.");
        let _ = writeln!(text, "# TYPE shop_{number:02}_{noun}_seconds{suffix} {kind}");
        if self.style == Style::OpenMetrics {
            let _ = writeln!(text, "# UNIT shop_{number:02}_{noun}_seconds seconds");
        }
    }

    fn kind(&self) -> &'static str {
        ["counter", "gauge", "histogram"][(self.number % 3) as usize]
    }

    fn noun(&self) -> &'static str {
        ["busy", "lag", "wait"][(self.number % 3) as usize]
    }

    /// All series of the next instance.
    fn instance(&mut self, dice: &mut Dice, text: &mut Vec<u8>) {
        let at = self.instance;
        let labels = format!("service=\"svc-{:02}\",instance=\"node-{at:06}.example:9100\"", at % 20);
        match self.kind() {
            "counter" => self.counters(&labels, dice, text),
            "gauge" => self.gauges(&labels, dice, text),
            _ => self.histogram(&labels, dice, text),
        }
        self.instance += 1;
    }

    fn counters(&self, labels: &str, dice: &mut Dice, text: &mut Vec<u8>) {
        for code in CODES {
            let mut value = dice.below(1_000_000_000);
            for point in 0..self.style.points() {
                let _ = writeln!(
                    text,
                    "shop_{:02}_busy_seconds_total{{{labels},method=\"GET\",code=\"{code}\"}} {value}{}",
                    self.number,
                    self.style.time(point)
                );
                value += dice.below(1000);
            }
        }
    }

    fn gauges(&self, labels: &str, dice: &mut Dice, text: &mut Vec<u8>) {
        for pool in 0..4 {
            for point in 0..self.style.points() {
                let (whole, part) = (dice.below(100_000), dice.below(1000));
                let time = self.style.time(point);
                let number = self.number;
                let _ =
                    writeln!(text, "shop_{number:02}_lag_seconds{{{labels},pool=\"p{pool}\"}} {whole}.{part:03}{time}");
            }
        }
    }

    fn histogram(&self, labels: &str, dice: &mut Dice, text: &mut Vec<u8>) {
        let name = format!("shop_{:02}_wait_seconds", self.number);
        let mut buckets = [0; BUCKETS.len()];
        for point in 0..self.style.points() {
            let time = self.style.time(point);
            let mut total = 0;
            for (bucket, bound) in buckets.iter_mut().zip(BUCKETS) {
                *bucket += dice.below(100_000);
                total += *bucket;
                let _ = writeln!(
                    text,
                    "{name}_bucket{{{labels},le=\"{bound}\"}} {total}{time}{}",
                    self.exemplar(bound, dice)
                );
            }
            let _ = writeln!(text, "{name}_sum{{{labels}}} {}.125{time}", total / 8);
            let _ = writeln!(text, "{name}_count{{{labels}}} {total}{time}");
        }
    }

    /// One bucket in eight of OpenMetrics names a trace.
    fn exemplar(&self, bound: &str, dice: &mut Dice) -> String {
        if self.style == Style::Prometheus || bound == "+Inf" || dice.below(8) != 0 {
            return String::new();
        }
        format!(" # {{trace_id=\"{:016x}{:016x}\"}} 0.00{}", dice.next(), dice.next(), dice.below(10))
    }
}
