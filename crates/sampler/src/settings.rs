//! What a run is to do, and within which bounds.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use model::{ByteSize, Fault, Span};

use crate::application::Socket;
use crate::push::Target;
use crate::spool::Limits;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the segments are.
    pub output: PathBuf,
    /// Where the machine's files begin.
    pub root: PathBuf,
    /// How often a sample is taken.
    pub interval: Duration,
    /// Programs whose memory and processor time is wanted.
    pub processes: Vec<String>,
    /// What the buffer may cost.
    pub limits: Limits,
    /// Who receives.
    pub push: Vec<Target>,
    /// Where `/metrics` and `/healthz` are answered.
    pub listen: Option<SocketAddr>,
    /// Where applications send statsd to.
    pub statsd: Option<Socket>,
    /// Where applications post OTLP to.
    pub receive: Option<Socket>,
    /// Files of statsd lines that applications append to.
    pub follow: Vec<PathBuf>,
}

/// How often a sample may be taken.
///
/// # Errors
/// `bad-interval` outside one millisecond to one day.
pub fn interval(span: Span) -> Result<Duration, Fault> {
    let nanos = u64::try_from(span.nanos()).unwrap_or(u64::MAX);
    if !(1_000_000..=86_400_000_000_000).contains(&nanos) {
        return Err(Fault::usage(
            "bad-interval",
            "A sample is taken every millisecond at most, and once a day at least",
        )
        .advise("Write 30s, 5m or 1h."));
    }
    Ok(Duration::from_nanos(nanos))
}

/// How much room all segments may take.
///
/// # Errors
/// `buffer-too-small` below four segments.
pub fn total(size: ByteSize) -> Result<u64, Fault> {
    let least = 4 * Limits::default().segment_bytes;
    if size.0 < least {
        return Err(Fault::usage("buffer-too-small", format!("{size} are less than four segments"))
            .advise(format!("Give it {} or more.", ByteSize(least))));
    }
    Ok(size.0)
}
