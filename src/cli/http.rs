//! Asking servers over HTTP: time stamp authorities, calendars, OCSP responders, a Bitcoin node.
//!
//! An answer is at most as long as the caller says, and every wait ends. TLS trusts what the system trusts (the folder of
//! its certificates, or what `SSL_CERT_FILE` names). Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.

use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Fault;
use ureq::Agent;

const CONNECT: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(30);
const REDIRECTS: u32 = 3;

/// What is asked.
pub(crate) struct Ask<'a> {
    pub(crate) url: &'a str,
    /// Media type and bytes of a POST; `None` for a GET.
    pub(crate) body: Option<(&'a str, &'a [u8])>,
    /// The media type that is wanted.
    pub(crate) accept: &'a str,
    /// User and password.
    pub(crate) login: Option<(&'a str, &'a str)>,
    /// The most bytes that an answer may have.
    pub(crate) most: u64,
}

/// Asks, and gives the bytes of an answer with status 200; `None` for 404.
///
/// # Errors
/// `bad-url`; `server-failed` with the host, never with the path, which may hold a secret.
pub(crate) fn ask(ask: &Ask) -> Result<Option<Vec<u8>>, Fault> {
    let host = host(ask.url)?;
    let failed = |why: String| {
        Fault::unavailable("server-failed", format!("{host} did not answer as it should: {why}"))
            .advise("Try again later, or name another server.")
    };
    let agent = agent(ask.url, TOTAL, REDIRECTS)?;
    let login = ask.login.map(|(user, password)| format!("Basic {}", BASE64.encode(format!("{user}:{password}"))));
    let answer = match ask.body {
        Some((media_type, bytes)) => {
            let request = agent.post(ask.url).header("Content-Type", media_type).header("Accept", ask.accept);
            match &login {
                Some(login) => request.header("Authorization", login).send(bytes),
                None => request.send(bytes),
            }
        }
        None => agent.get(ask.url).header("Accept", ask.accept).call(),
    };
    let mut answer = answer.map_err(|error| failed(error.to_string()))?;
    match answer.status().as_u16() {
        200 => {}
        404 => return Ok(None),
        status => return Err(failed(format!("it answered with status {status}"))),
    }
    let mut bytes = Vec::new();
    let read = answer.body_mut().as_reader().take(ask.most + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(error.to_string()))?;
    match bytes.len() as u64 > ask.most {
        true => Err(failed(format!("its answer has more than {} bytes", ask.most))),
        false => Ok(Some(bytes)),
    }
}

/// What is handed over.
#[cfg(feature = "house")]
pub(crate) struct Post<'a> {
    pub(crate) url: &'a str,
    /// JSON.
    pub(crate) body: &'a [u8],
    pub(crate) headers: &'a [(&'a str, String)],
    /// How long it may take in all.
    pub(crate) timeout: Duration,
}

/// Hands JSON over, and gives the status of the answer. A redirect is an answer: what is handed over goes nowhere else.
///
/// # Errors
/// `bad-url`; `target-failed` with the host, never with the path, which may hold a secret.
#[cfg(feature = "house")]
pub(crate) fn post(post: &Post) -> Result<u16, Fault> {
    let host = host(post.url)?;
    let agent = agent(post.url, post.timeout, 0)?;
    let mut request = agent.post(post.url).header("Content-Type", "application/json");
    for (name, value) in post.headers {
        request = request.header(*name, value.as_str());
    }
    let answer = request.send(post.body).map_err(|error| {
        Fault::unavailable("target-failed", format!("{host} did not take it: {error}"))
            .advise("Check that it runs, and the address of the target.")
    })?;
    Ok(answer.status().as_u16())
}

/// The host and port of an address, which is all that is ever said of it.
///
/// # Errors
/// `bad-url`.
pub(crate) fn host(url: &str) -> Result<&str, Fault> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).and_then(|host| host.rsplit('@').next());
    host.filter(|host| !host.is_empty() && !url.contains(char::is_whitespace)).ok_or_else(|| {
        Fault::usage("bad-url", format!("{url:?} is no address of a server"))
            .advise("Give one that begins with https:// or http://.")
    })
}

fn agent(url: &str, total: Duration, redirects: u32) -> Result<Agent, Fault> {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(total))
        .max_redirects(redirects)
        .http_status_as_error(false)
        .user_agent(concat!("probity/", env!("CARGO_PKG_VERSION")));
    #[cfg(feature = "house")]
    let config = if url.starts_with("https://") { config.tls_config(tls()?) } else { config };
    #[cfg(not(feature = "house"))]
    if url.starts_with("https://") {
        return Err(Fault::usage("not-built-in", "This probity was built without TLS").advise("Use the full build."));
    }
    Ok(config.build().into())
}

/// The certificates that the system trusts.
///
/// # Errors
/// `no-tls-roots`.
#[cfg(feature = "house")]
pub(crate) fn native_roots() -> Result<Vec<rustls::pki_types::CertificateDer<'static>>, Fault> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(Fault::unavailable("no-tls-roots", format!("The system has no certificates for TLS{why}"))
            .advise("Install the package ca-certificates, or name a file with SSL_CERT_FILE."));
    }
    Ok(found.certs)
}

#[cfg(feature = "house")]
fn tls() -> Result<ureq::tls::TlsConfig, Fault> {
    let found = native_roots()?;
    let roots: Vec<_> = found.iter().map(|der| ureq::tls::Certificate::from_der(der).to_owned()).collect();
    Ok(ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::new_with_certs(&roots)).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_ever_said() {
        let check = |url: &str, expect: Option<&str>| assert_eq!(host(url).ok(), expect, "{url}");
        check("https://tsa.example.org/tsr?key=secret", Some("tsa.example.org"));
        check("http://user:password@127.0.0.1:8332/wallet", Some("127.0.0.1:8332"));
        check("ftp://example.org/", None);
        check("https://", None);
        check("https://a b/", None);
    }
}
