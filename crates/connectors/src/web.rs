//! Requests over HTTP: buckets and APIs. A status is an answer, not a fault; redirects are not followed.

use std::fmt::Write as _;
#[cfg(feature = "objects")]
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use model::Fault;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig};
use ureq::{Agent, Body, SendBody};
use zeroize::Zeroizing;

use crate::Access;

/// What is sent.
pub(crate) enum Sent<'a> {
    Nothing,
    Bytes(&'a [u8]),
    #[cfg(feature = "objects")]
    File(&'a File),
}

/// An agent that trusts what `access` says, and waits no longer than it allows.
///
/// # Errors
/// `bad-store-address`, `store-unreachable` when the certificates cannot be read.
pub(crate) fn agent(base: &str, access: &Access) -> Result<Agent, Fault> {
    let is_encrypted = base.starts_with("https://");
    if !is_encrypted && access.tls.wanted(bare_host(base)) {
        return Err(Fault::bad_config(
            "bad-store-address",
            format!("{} would be spoken to without encryption", host(base)),
        )
        .advise("Write https://, or say `tls = \"never\"` where nobody else can listen."));
    }
    let patience = (!access.statement_timeout.is_zero()).then_some(access.statement_timeout);
    let config = Agent::config_builder()
        .timeout_connect(Some(access.connect_timeout))
        .timeout_recv_response(patience)
        .timeout_per_read(patience)
        .timeout_per_write(patience)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .user_agent(concat!("probity/", env!("CARGO_PKG_VERSION")));
    let config = if is_encrypted { config.tls_config(tls(access)?) } else { config };
    Ok(config.build().into())
}

fn tls(access: &Access) -> Result<TlsConfig, Fault> {
    let wrong = |why: String| {
        Fault::unavailable("store-unreachable", format!("The certificates to trust cannot be read: {why}"))
            .advise("Check `ca` in the configuration of the store, or install the package ca-certificates.")
    };
    let roots: Vec<Certificate<'static>> = match &access.ca {
        Some(path) => {
            let pem = std::fs::read(access.folder.join(path)).map_err(|error| wrong(error.to_string()))?;
            let items = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            items.collect()
        }
        None => rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect(),
    };
    if roots.is_empty() {
        return Err(wrong("there are none".to_owned()));
    }
    let shown = access.certificate.as_ref().map(|(chain, key)| shown(access, chain, key)).transpose()?;
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).client_cert(shown).build())
}

/// What this side shows of itself. Nothing of the key stands in a fault.
fn shown(access: &Access, chain: &Path, key: &Path) -> Result<ClientCert, Fault> {
    let wrong = |path: &Path, what: &str| {
        Fault::bad_config("bad-client-certificate", format!("{} holds no {what}", path.display()))
            .advise("Name files in PEM: the certificate with those above it, and its private key without a passphrase.")
    };
    let read = |path: &Path| {
        let path = access.folder.join(path);
        std::fs::read(&path).map(Zeroizing::new).map_err(|error| Fault::io("read", &path, error))
    };
    let certificates: Vec<Certificate<'static>> = ureq::tls::parse_pem(&read(chain)?)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(wrong(chain, "certificate"));
    }
    let secret = PrivateKey::from_pem(&read(key)?).map_err(|_| wrong(key, "private key"))?;
    Ok(ClientCert::new_with_certs(&certificates, secret))
}

/// Sends a request.
///
/// # Errors
/// `store-unreachable`, `store-timeout`; never with the path, which can name a person.
pub(crate) fn send(
    agent: &Agent,
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Sent<'_>,
) -> Result<Response<Body>, Fault> {
    let wrong = |error: &dyn std::fmt::Display| {
        Fault::bad_config("bad-store-address", format!("{} cannot be asked: {error}", host(url)))
            .advise("Check the address of the store.")
    };
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = match body {
        Sent::Nothing => agent.run(request.body(SendBody::none()).map_err(|error| wrong(&error))?),
        Sent::Bytes(bytes) => agent.run(request.body(bytes).map_err(|error| wrong(&error))?),
        #[cfg(feature = "objects")]
        Sent::File(file) => agent.run(request.body(file).map_err(|error| wrong(&error))?),
    };
    answer.map_err(|error| failed(url, &error))
}

/// The bytes of an answer, `most` at the most.
pub(crate) fn bytes(url: &str, answer: Response<Body>, most: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let mut reader = body(answer).take(most + 1);
    reader.read_to_end(&mut bytes).map_err(|error| failed(url, &ureq::Error::Io(error)))?;
    match bytes.len() as u64 > most {
        true => Err(failed(url, &ureq::Error::BodyExceedsLimit(most))),
        false => Ok(bytes),
    }
}

/// The bytes of an answer as they come. An answer that trickles is given up: it would never end.
pub(crate) fn body(answer: Response<Body>) -> Steady<impl Read + use<>> {
    Steady { input: answer.into_body().into_reader(), waited: Duration::ZERO, bytes: 0 }
}

/// As long as a server may be slow before its pace is looked at.
const PACE_LOOKED_AT: Duration = Duration::from_secs(30);
/// The slowest pace, in bytes a second: of a telephone line.
const PACE_LEAST: u64 = 1_024;

/// Only the time counts for which the server was waited.
pub(crate) struct Steady<R> {
    input: R,
    waited: Duration,
    bytes: u64,
}

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let begun = Instant::now();
        let read = self.input.read(buffer)?;
        self.waited += begun.elapsed();
        self.bytes += read as u64;
        let is_late = self.waited > PACE_LOOKED_AT && self.bytes < self.waited.as_secs().saturating_mul(PACE_LEAST);
        if read > 0 && is_late { Err(std::io::ErrorKind::TimedOut.into()) } else { Ok(read) }
    }
}

pub(crate) fn failed(url: &str, error: &ureq::Error) -> Fault {
    let host = host(url);
    let is_late = match error {
        ureq::Error::Timeout(_) => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::TimedOut,
        _ => false,
    };
    match is_late {
        true => Fault::unavailable("store-timeout", format!("{host} did not answer in time"))
            .advise("Run the command again; a longer `timeout` in the configuration of the store may help."),
        false => Fault::unavailable("store-unreachable", format!("{host} cannot be reached: {error}"))
            .advise("Check the address of the store and that its server runs."),
    }
}

/// Host and port, which is all that is ever said of an address.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.rsplit('@').next().unwrap_or(host)
}

fn bare_host(url: &str) -> &str {
    let host = host(url);
    match host.starts_with('[') {
        true => host.split_inclusive(']').next().unwrap_or(host),
        false => host.split(':').next().unwrap_or(host),
    }
}

/// RFC 3986 with `/` kept when it parts a path: what AWS signs, and every server reads.
pub(crate) fn encoded(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            b'/' if keep_slash => encoded.push('/'),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

/// `a%20b` → `a b`.
#[cfg(feature = "objects")]
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match (bytes[at], hex.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
            }
            (byte, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_trickles_is_given_up() {
        let read = |waited: u64, sent: &[u8]| {
            let mut steady = Steady { input: sent, waited: Duration::from_secs(waited), bytes: 0 };
            steady.read(&mut [0; 100_000]).map_err(|error| error.kind())
        };
        assert_eq!(read(29, b"x"), Ok(1));
        assert_eq!(read(31, b"x"), Err(std::io::ErrorKind::TimedOut));
        assert_eq!(read(31, &[b'x'; 40_000]), Ok(40_000));
        assert_eq!(read(31, b""), Ok(0), "the end is the end, however late");
    }
}
