//! HTTPS: segments by PUT, samples by POST. TLS trusts what the system trusts, or what `SSL_CERT_FILE` names.
//!
//! Behind a `?` of the address there can be `ca=FILE`, `certificate=FILE` and `key=FILE` (what this side shows of itself), and
//! `credentials=FILE` or `credentials=env:NAME`; what else stands there is the server's.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use connectors::{Access, Endpoint};
use model::Fault;
use sampler::push::receiver::judge;
use sampler::push::{Receiver, Target};
use zeroize::Zeroizing;

use super::{Kept, access, address};

const OPTIONS: [&str; 4] = ["ca", "certificate", "key", "credentials"];

/// A server.
pub(super) struct Web {
    url: String,
    options: Vec<(&'static str, String)>,
    kept: Kept<Opened>,
}

struct Opened {
    endpoint: Endpoint,
    authorization: Option<Zeroizing<String>>,
}

impl Web {
    /// What stands behind `https://`.
    ///
    /// # Errors
    /// `bad-push-target`.
    pub(super) fn parse(rest: &str) -> Result<Self, Fault> {
        address::check(rest)?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut options, mut theirs) = (Vec::new(), Vec::new());
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let Some(known) = OPTIONS.into_iter().find(|known| *known == name) else {
                theirs.push(option);
                continue;
            };
            if value.is_empty() || options.iter().any(|(before, _)| *before == known) {
                return Err(Target::unknown(&format!("{known:?} of a receiver is empty or there twice")));
            }
            options.push((known, value.to_owned()));
        }
        let query = if theirs.is_empty() { String::new() } else { format!("?{}", theirs.join("&")) };
        let web = Web { url: format!("https://{}{query}", place.trim_end_matches('/')), options, kept: Kept::none() };
        match (web.option("certificate"), web.option("key")) {
            (None, Some(_)) => Err(Target::unknown("A key of a receiver needs a certificate")),
            _ => Ok(web),
        }
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("https://").split(['/', '?']).next().unwrap_or_default()
    }

    fn open(&self) -> Result<Opened, Fault> {
        let file = |name: &str| self.option(name).map(PathBuf::from);
        // One file may hold both.
        let certificate = file("certificate").map(|chain| (chain.clone(), file("key").unwrap_or(chain)));
        let endpoint = Endpoint::at(&self.url, &Access { certificate, ..access(file("ca")) })?;
        let authorization = self.option("credentials").map(authorization).transpose()?;
        Ok(Opened { endpoint, authorization })
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
        self.kept.with(
            || self.open(),
            |Opened { endpoint, authorization }| {
                if let Some(secret) = authorization {
                    headers.push(("Authorization".to_owned(), secret.as_str().to_owned()));
                }
                judge(name, self.host(), endpoint.send(method, &below, &headers, bytes)?)
            },
        )
    }
}

/// `bearer TOKEN` or `basic USER:PASSWORD`, the first line of a file or the value of a variable.
fn authorization(place: &str) -> Result<Zeroizing<String>, Fault> {
    let text = match place.strip_prefix("env:") {
        Some(name) => std::env::var(name).map_err(|_| incomplete(place))?,
        None => std::fs::read_to_string(place).map_err(|error| Fault::io("read", place.as_ref(), error))?,
    };
    header(&Zeroizing::new(text)).ok_or_else(|| incomplete(place))
}

/// The value of the header.
fn header(text: &str) -> Option<Zeroizing<String>> {
    let (scheme, secret) = text.lines().next()?.trim().split_once(' ')?;
    let secret = Some(secret.trim()).filter(|secret| !secret.is_empty() && !secret.contains(char::is_control))?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(format!("Bearer {secret}").into()),
        "basic" if secret.contains(':') => Some(format!("Basic {}", BASE64.encode(secret)).into()),
        _ => None,
    }
}

fn incomplete(place: &str) -> Fault {
    let message = format!("{place} holds neither a token nor a user with a password");
    Fault::bad_config("bad-push-credentials", message).advise(
        "Write `bearer TOKEN` or `basic USER:PASSWORD` into its first line, and keep it readable by the sampler alone.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_ours_and_the_rest_is_the_servers() {
        let web = Web::parse("host/in/?tenant=7&certificate=c.pem&key=k.pem&credentials=env:T&x").unwrap();
        assert_eq!(web.url, "https://host/in?tenant=7&x");
        assert_eq!(
            (web.option("key"), web.option("credentials"), web.option("ca")),
            (Some("k.pem"), Some("env:T"), None)
        );
        let check = |text: &str| assert_eq!(Web::parse(text).unwrap_err().code(), "bad-push-target", "{text}");
        check("user:secret@host/");
        check("host/?key=k.pem");
        check("host/?ca=");
        check("host/?credentials=a&credentials=b");
    }

    #[test]
    fn what_authorises() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(header(text).as_deref().map(String::as_str), expect, "{text}");
        };
        check("bearer abc.def\n", Some("Bearer abc.def"));
        check("Basic Aladdin:open sesame\n\n", Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        check("basic nobody", None);
        check("abc", None);
        check("bearer  ", None);
        check("", None);
    }
}
