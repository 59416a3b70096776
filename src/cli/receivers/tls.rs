//! HTTPS: segments by PUT, samples by POST. TLS trusts what the system trusts, or what `SSL_CERT_FILE` names.

use std::fmt;

use connectors::Endpoint;
use model::Fault;
use sampler::push::Receiver;
use sampler::push::receiver::judge;

use super::{Kept, access, address};

/// A server.
pub(super) struct Web {
    url: String,
    kept: Kept<Endpoint>,
}

impl Web {
    /// What stands behind `https://`.
    ///
    /// # Errors
    /// `bad-push-target`.
    pub(super) fn parse(rest: &str) -> Result<Self, Fault> {
        address::check(rest)?;
        Ok(Web { url: format!("https://{}", rest.trim_end_matches('/')), kept: Kept::none() })
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("https://").split(['/', '?']).next().unwrap_or_default()
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Web({})", self.host())
    }
}

impl Receiver for Web {
    fn take(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), Fault> {
        let mut headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        let (method, below) = match name {
            "" => ("POST", String::new()),
            name => {
                // What is there under this name is the same: it is not written again.
                headers.push(("If-None-Match".to_owned(), "*".to_owned()));
                ("PUT", format!("/{name}"))
            }
        };
        let open = || Endpoint::at(&self.url, &access(None));
        self.kept.with(open, |web| judge(name, self.host(), web.send(method, &below, &headers, bytes)?))
    }
}
