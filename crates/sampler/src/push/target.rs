//! Who receives.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use model::Fault;

use super::http::Url;
use super::receiver::Receiver;

/// A receiver.
#[derive(Clone, Debug)]
pub struct Target {
    /// As it was typed; it holds no secret.
    pub text: String,
    /// How it receives.
    pub kind: Kind,
}

/// How a receiver receives.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Segments are copied there.
    Folder(PathBuf),
    /// Segments are handed over whole.
    Segments(Arc<dyn Receiver>),
    /// Samples are handed over as OTLP, JSON.
    OtlpJson(Arc<dyn Receiver>),
    /// The same as protobuf.
    OtlpProtobuf(Arc<dyn Receiver>),
}

/// What another door to this room can have: schemes, and the features that build them in.
const ELSEWHERE: &[(&str, &str)] = &[
    ("https", "sampler-tls"),
    ("otlps", "sampler-tls"),
    ("otlps-json", "sampler-tls"),
    ("s3", "sampler-s3"),
    ("nats", "sampler-nats"),
    ("tls", "sampler-nats"),
];

impl Target {
    /// `http://HOST/PATH` (PUT of segments), `otlp://HOST:4318/v1/metrics`, `otlp-json://…`, or a folder.
    ///
    /// # Errors
    /// `bad-push-target`; `push-target-not-built` for what needs TLS or another protocol.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let plain = |rest| Url::parse(rest).map(|url| Arc::new(url) as Arc<dyn Receiver>);
        let kind = match text.split_once("://") {
            None => Some(Kind::Folder(PathBuf::from(text))),
            Some(("file", path)) if path.starts_with('/') => Some(Kind::Folder(PathBuf::from(path))),
            Some(("http", rest)) => plain(rest).map(Kind::Segments),
            Some(("otlp", rest)) => plain(rest).map(Kind::OtlpProtobuf),
            Some(("otlp-json", rest)) => plain(rest).map(Kind::OtlpJson),
            Some((scheme, _)) => match ELSEWHERE.iter().find(|(known, _)| *known == scheme) {
                Some((scheme, feature)) => return Err(not_built(scheme, feature)),
                None => None,
            },
        };
        match kind.filter(|_| !text.is_empty()) {
            Some(kind) => Ok(Target { text: text.to_owned(), kind }),
            None => Err(Target::unknown("This is no receiver that a sampler can push to")),
        }
    }

    /// The fault of an address that says nothing.
    pub fn unknown(message: &str) -> Fault {
        Fault::usage("bad-push-target", message).advise(
            "Write http://HOST/PATH, https://HOST/PATH, s3://BUCKET/PREFIX, nats://HOST/SUBJECT, otlp://HOST:4318/v1/metrics \
             (or otlp-json, otlps, otlps-json) or a folder, without a password.",
        )
    }

    pub(super) fn is_otlp(&self) -> bool {
        matches!(self.kind, Kind::OtlpJson(_) | Kind::OtlpProtobuf(_))
    }
}

fn not_built(scheme: &str, feature: &str) -> Fault {
    Fault::usage("push-target-not-built", format!("{scheme}:// is not built into this program"))
        .advise(format!("`probity sampler` of the full build has it, or of one with the feature `{feature}`."))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
