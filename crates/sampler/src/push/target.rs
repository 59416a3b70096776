//! Who receives.

use std::fmt;
use std::path::PathBuf;

use model::Fault;

use super::http::Url;

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
    /// Segments are put below this address.
    Put(Url),
    /// Samples are posted to this address as OTLP, JSON.
    OtlpJson(Url),
    /// The same as protobuf.
    OtlpProtobuf(Url),
}

impl Target {
    /// `http://HOST/PATH` (PUT of segments), `otlp://HOST:4318/v1/metrics`, `otlp-json://…`, or a folder.
    ///
    /// # Errors
    /// `bad-push-target`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let kind = match text.split_once("://") {
            None => Some(Kind::Folder(PathBuf::from(text))),
            Some(("file", path)) if path.starts_with('/') => Some(Kind::Folder(PathBuf::from(path))),
            Some(("http", rest)) => Url::parse(rest).map(Kind::Put),
            Some(("otlp", rest)) => Url::parse(rest).map(Kind::OtlpProtobuf),
            Some(("otlp-json", rest)) => Url::parse(rest).map(Kind::OtlpJson),
            Some(_) => None,
        };
        match kind.filter(|_| !text.is_empty()) {
            Some(kind) => Ok(Target { text: text.to_owned(), kind }),
            None => Err(Fault::usage("bad-push-target", "This is no receiver that a sampler can push to").advise(
                "Write http://HOST/PATH, otlp://HOST:4318/v1/metrics, otlp-json://HOST:4318/v1/metrics or a folder, without a \
                 password. There is no TLS in here: for https a proxy beside the sampler speaks it.",
            )),
        }
    }

    pub(super) fn is_otlp(&self) -> bool {
        matches!(self.kind, Kind::OtlpJson(_) | Kind::OtlpProtobuf(_))
    }

    pub(super) fn refused(&self, status: u16) -> Fault {
        Fault::unavailable("push-failed", format!("{self} answered with status {status}"))
            .advise("What was not taken stays here and is sent again.")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
