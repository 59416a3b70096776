//! Receivers of the sampler that need TLS or a protocol of their own: HTTPS, buckets of S3, NATS. Each is a feature; what is
//! not built in, and what needs neither, is the sampler's own matter.
//!
//! Secrets are in the file that `credentials` names. It is read when a receiver is first needed and after each failure, so
//! that keys can be changed while a sampler runs.

mod address;
#[cfg(feature = "sampler-nats")]
mod nats;
#[cfg(feature = "sampler-s3")]
mod s3;
#[cfg(feature = "sampler-tls")]
mod tls;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use connectors::Access;
use model::{Fault, Kind as FaultKind};
use sampler::push::receiver::failed;
use sampler::push::{Kind, Receiver, Target};

/// Reads a receiver as it was typed.
///
/// # Errors
/// `bad-push-target`, `push-target-not-built`.
pub(crate) fn target(text: &str) -> Result<Target, Fault> {
    let kind = match text.split_once("://") {
        #[cfg(feature = "sampler-tls")]
        Some(("https", rest)) => Kind::Segments(shared(tls::Web::parse(rest)?)),
        #[cfg(feature = "sampler-tls")]
        Some(("otlps", rest)) => Kind::OtlpProtobuf(shared(tls::Web::parse(rest)?)),
        #[cfg(feature = "sampler-tls")]
        Some(("otlps-json", rest)) => Kind::OtlpJson(shared(tls::Web::parse(rest)?)),
        #[cfg(feature = "sampler-s3")]
        Some(("s3", _)) => Kind::Segments(shared(s3::Objects::parse(text)?)),
        #[cfg(feature = "sampler-nats")]
        Some(("nats" | "tls", _)) => Kind::Segments(shared(nats::Stream::parse(text)?)),
        _ => return Target::parse(text),
    };
    Ok(Target { text: text.to_owned(), kind })
}

/// Brings what a stream of NATS keeps into a folder, and says what that was.
///
/// # Errors
/// `bad-fetch-source` for an address of something else; `push-target-not-built`; `fetch-failed`, `stream-incomplete`, `segment-altered`.
pub(crate) fn fetch(from: &str, folder: &Path) -> Result<Fetched, Fault> {
    match from.split_once("://") {
        #[cfg(feature = "sampler-nats")]
        Some(("nats" | "tls", _)) => nats::Stream::parse(from)?.fetch(folder),
        #[cfg(not(feature = "sampler-nats"))]
        Some(("nats" | "tls", _)) => Target::parse(from).and_then(|_| Err(Target::unknown("This is no stream"))),
        _ => {
            let _ = folder;
            Err(Fault::usage("bad-fetch-source", format!("{from:?} is no stream of NATS"))
                .advise("Write nats://HOST:4222/SUBJECT. What went to a folder, a server or a bucket is there as files: name those to `ingest`."))
        }
    }
}

/// What a stream had.
#[derive(Default)]
pub(crate) struct Fetched {
    /// Segments that are in the folder now.
    pub(crate) segments: u64,
    /// Messages below the subject that are no part of one.
    pub(crate) others: u64,
}

fn shared(receiver: impl Receiver + 'static) -> Arc<dyn Receiver> {
    Arc::new(receiver)
}

/// How a receiver is reached: no wait is longer than half a minute.
fn access(ca: Option<PathBuf>) -> Access {
    Access { ca, statement_timeout: Duration::from_secs(30), ..Access::default() }
}

/// What was opened for a receiver, until it fails.
struct Kept<T>(Mutex<Option<T>>);

impl<T> Kept<T> {
    fn none() -> Self {
        Kept(Mutex::new(None))
    }

    fn with(
        &self,
        open: impl FnOnce() -> Result<T, Fault>,
        act: impl FnOnce(&T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match kept.take() {
            Some(opened) => opened,
            None => open().map_err(told)?,
        };
        act(&opened).map_err(told)?;
        *kept = Some(opened);
        Ok(())
    }
}

/// In the words of the sampler.
fn told(fault: Fault) -> Fault {
    match fault.kind() {
        FaultKind::Unavailable => failed(fault.message().to_owned()),
        _ => fault,
    }
}
