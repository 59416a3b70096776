//! As much of HTTP/1.1 as handing over takes: one request, one status, no TLS.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use model::Fault;

const CONNECT: Duration = Duration::from_secs(10);
/// How long one read or write may take.
const WAIT: Duration = Duration::from_secs(30);
/// A status line that is longer is none.
const LINE_MAX: u64 = 4 << 10;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Host and port.
    authority: String,
    path: String,
}

impl Url {
    /// What stands behind `http://`. Users and passwords have no place in it: they would go in the clear.
    pub(super) fn parse(rest: &str) -> Option<Self> {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@' && byte != b'#');
        if authority.is_empty() || !is_plain {
            return None;
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Some(Url { authority, path: path.trim_end_matches('/').to_owned() })
    }
}

/// Sends one request, and gives the status of the answer.
///
/// # Errors
/// `push-failed`, with the host.
pub(super) fn send(url: &Url, method: &str, below: &str, media_type: &str, body: &[u8]) -> Result<u16, Fault> {
    let failed = |error: std::io::Error| {
        Fault::unavailable("push-failed", format!("{} did not take it: {error}", url.authority))
            .advise("What was not taken stays here and is sent again.")
    };
    let mut addresses = url.authority.to_socket_addrs().map_err(failed)?;
    let address = addresses.next().ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    let stream = TcpStream::connect_timeout(&address, CONNECT).map_err(failed)?;
    exchange(stream, url, method, below, media_type, body).map_err(failed)
}

fn exchange(
    mut stream: TcpStream,
    url: &Url,
    method: &str,
    below: &str,
    media_type: &str,
    body: &[u8],
) -> std::io::Result<u16> {
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    let path = format!("{}{below}", url.path);
    let path = if path.is_empty() { "/" } else { &path };
    // What is there under this name is the same: it is not written again.
    let condition = if method == "PUT" { "If-None-Match: *\r\n" } else { "" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: probity-sampler/{}\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\n{condition}Connection: close\r\n\r\n",
        url.authority,
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    // A server that answers before it has read everything has an answer all the same.
    let sent = stream.write_all(body);
    let mut line = String::new();
    let read = BufReader::new(stream.take(LINE_MAX)).read_line(&mut line);
    let mut words = line.split(' ');
    let status = words.next().filter(|version| version.starts_with("HTTP/1.")).and_then(|_| words.next()?.parse().ok());
    match status {
        Some(status) => Ok(status),
        None => sent.and(read).and(Err(std::io::Error::other("the answer is no HTTP"))),
    }
}
