//! Whether a server still takes TLS 1.0 or 1.1 (RFC 4346 §7.4.1), which RFC 8996 forbids.

use std::io::{ErrorKind, Read, Write};

use crate::bounds::Patient;

/// TLS 1.1, the newest that is asked for: a server answers with it, or with an older one that it takes.
const VERSION: [u8; 2] = [3, 2];
/// Suites of that time, with ECDHE or RSA: AES with CBC, and 3DES.
const SUITES: [u16; 8] = [0xc00a, 0xc014, 0xc009, 0xc013, 0x0035, 0x002f, 0x0016, 0x000a];
const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const SERVER_HELLO: u8 = 2;

/// Whether the server goes on in an old version; `None` when it says neither yes nor no.
pub(super) fn is_taken(mut tcp: Patient, host: &str) -> Option<bool> {
    tcp.write_all(&hello(host)).ok()?;
    // Record: kind, version, length; then the message: kind, length, version.
    let mut head = [0; 5];
    match tcp.read_exact(&mut head) {
        Ok(()) => {}
        // Many servers hang up instead of sending an alert.
        Err(error) => return (!matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)).then_some(false),
    }
    match head[0] {
        ALERT => Some(false),
        HANDSHAKE => {
            let mut message = [0; 6];
            tcp.read_exact(&mut message).ok()?;
            (message[0] == SERVER_HELLO).then(|| message[4] == 3 && message[5] <= VERSION[1])
        }
        _ => None,
    }
}

/// A ClientHello. Its random bytes are constant: no key comes of it.
fn hello(host: &str) -> Vec<u8> {
    let mut body = VERSION.to_vec();
    body.extend([0x5a; 32]);
    body.push(0);
    let suites: Vec<u8> = SUITES.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    body.extend(long(&suites));
    body.extend([1, 0]);
    let mut extensions = Vec::new();
    let is_name = host.parse::<std::net::IpAddr>().is_err();
    if is_name {
        let name = [&[0][..], &long(host.as_bytes())].concat();
        extensions.extend([&[0, 0][..], &long(&long(&name))].concat());
    }
    // P-256 and P-384, uncompressed points.
    extensions.extend([0, 10, 0, 6, 0, 4, 0, 23, 0, 24]);
    extensions.extend([0, 11, 0, 2, 1, 0]);
    body.extend(long(&extensions));
    let mut message = vec![1, 0];
    message.extend(long(&body));
    [&[HANDSHAKE, 3, 1][..], &long(&message)].concat()
}

/// Bytes behind their length in two bytes.
fn long(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length[..], &bytes[..bytes.len().min(usize::from(u16::MAX))]].concat()
}
