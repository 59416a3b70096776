//! As much of HTTP/1.1 as handing over takes: one request, one status, no TLS.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use model::Fault;

use super::receiver::{Receiver, failed, judge};

const CONNECT: Duration = Duration::from_secs(10);
/// How long one read or write may take.
const WAIT: Duration = Duration::from_secs(30);
/// A status line that is longer is none.
const LINE_MAX: u64 = 4 << 10;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
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

/// Segments are put below the address, samples are posted to it.
impl Receiver for Url {
    fn take(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), Fault> {
        let failed = |error: std::io::Error| failed(format!("{} did not take it: {error}", self.authority));
        let mut addresses = self.authority.to_socket_addrs().map_err(failed)?;
        let address = addresses.next().ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let stream = TcpStream::connect_timeout(&address, CONNECT).map_err(failed)?;
        let status = exchange(stream, self, name, media_type, bytes).map_err(failed)?;
        judge(name, &self.authority, status)
    }
}

fn exchange(mut stream: TcpStream, url: &Url, name: &str, media_type: &str, body: &[u8]) -> std::io::Result<u16> {
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    // What is there under this name is the same: it is not written again.
    let (method, condition) = if name.is_empty() { ("POST", "") } else { ("PUT", "If-None-Match: *\r\n") };
    let path = if name.is_empty() { url.path.clone() } else { format!("{}/{name}", url.path) };
    let path = if path.is_empty() { "/" } else { &path };
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
