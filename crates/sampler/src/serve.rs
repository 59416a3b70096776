//! `/metrics` and `/healthz` for whoever asks on this machine.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use model::Fault;

use crate::names::{self, Kind};
use crate::point::Point;
use crate::shared::{Shared, State};

/// A request line that is longer is none of ours.
const LINE_MAX: u64 = 4 << 10;
const WAIT: Duration = Duration::from_secs(5);

/// Takes the address.
///
/// # Errors
/// `not-loopback`: what a device says of itself is nobody else's; I/O faults.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, Fault> {
    if !address.ip().is_loopback() {
        return Err(not_loopback(address));
    }
    TcpListener::bind(address).map_err(|error| Fault::io("listen on", address.to_string().as_ref(), error))
}

/// Why an address is refused.
pub(crate) fn not_loopback(address: SocketAddr) -> Fault {
    Fault::refused("not-loopback", format!("{address} is reached from other machines"))
        .advise("Listen on 127.0.0.1 or [::1]; a proxy with certificates can stand in front.")
}

/// Answers until the process ends, one at a time.
pub(crate) fn answer(listener: &TcpListener, shared: &Shared, interval: Duration) {
    for stream in listener.incoming().flatten() {
        // Whoever hangs up has no use for an answer.
        let _ = one(stream, shared, interval);
    }
}

fn one(mut stream: TcpStream, shared: &Shared, interval: Duration) -> std::io::Result<()> {
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(LINE_MAX));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    // The head is read to its end: a connection that is closed over unread bytes loses the answer.
    let mut field = String::new();
    while reader.read_line(&mut field)? > 2 {
        field.clear();
    }
    const TEXT: &str = "text/plain; charset=utf-8";
    const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let (status, media_type, body) = match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["GET", "/metrics", _] => ("200 OK", METRICS, openmetrics(&shared.lock())),
        ["GET", "/healthz", _] => match ailment(&shared.lock(), interval) {
            None => ("200 OK", TEXT, "ok\n".to_owned()),
            Some(ailment) => ("503 Service Unavailable", TEXT, format!("{ailment}\n")),
        },
        ["GET", ..] => ("404 Not Found", TEXT, "There is /metrics and /healthz.\n".to_owned()),
        _ => ("405 Method Not Allowed", TEXT, "Only GET.\n".to_owned()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Why the sampler is not well.
fn ailment(state: &State, interval: Duration) -> Option<String> {
    let is_late = state.taken.is_none_or(|taken| taken.elapsed() > interval * 3);
    if is_late {
        return Some("no sample was taken for three intervals".to_owned());
    }
    (state.waiting > 0).then(|| format!("{} samples wait for the disk, {} are lost", state.waiting, state.lost))
}

/// The newest sample. Units are not in the names: they are in probity-segment(5).
fn openmetrics(state: &State) -> String {
    let mut text = String::new();
    for metric in names::TABLE {
        let points: Vec<&Point> = state.points.0.iter().filter(|point| point.metric == *metric).collect();
        if points.is_empty() {
            continue;
        }
        let (name, kind) = (underscored(metric.name), metric.kind.word());
        let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {} in {}.", metric.name, metric.unit);
        let suffix = if metric.kind == Kind::Counter { "_total" } else { "" };
        for point in points {
            let labels: Vec<String> = point
                .labels
                .iter()
                .map(|(name, value)| format!("{}=\"{}\"", underscored(name), escaped(value)))
                .collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(text, "{name}{suffix}{labels} {}", point.value);
        }
    }
    for (name, about, value) in [
        ("lines", "Lines that are on the disk", state.durable),
        ("acknowledged_lines", "Lines that every receiver has", state.acknowledged),
        ("waiting_samples", "Samples that wait for the disk", state.waiting as u64),
    ] {
        let _ = writeln!(text, "# TYPE probity_sampler_{name} gauge\n# HELP probity_sampler_{name} {about}.");
        let _ = writeln!(text, "probity_sampler_{name} {value}");
    }
    text + "# EOF\n"
}

fn underscored(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
