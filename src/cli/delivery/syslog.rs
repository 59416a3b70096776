//! Sending a message of syslog: a datagram, or a frame that counts its bytes over TCP or TLS.

use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use alerts::Receiver;
use connectors::{Access, Channel};
use model::Fault;

use super::link;

/// What a receiver says, who has nothing to say.
const BYTES_MAX: u64 = 64 << 10;

/// Sends it. That a datagram left says nothing of whether anybody heard it.
///
/// # Errors
/// `target-failed`.
pub(super) fn send(receiver: &Receiver, message: &str, access: &Access) -> Result<(), Fault> {
    let timeout = access.connect_timeout;
    let sent = match receiver {
        Receiver::Tls(address) => {
            let fault = |error| failed(receiver, &error);
            let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
            let port = port.parse().unwrap_or_default();
            let channel = Channel::connect(host, port, timeout).map_err(fault)?;
            channel.expect(Some(timeout), BYTES_MAX);
            let channel =
                channel.encrypted(access).map_err(|fault| link::failed(&receiver.to_string(), &fault, true))?;
            encrypted(channel, message)
        }
        Receiver::Udp(address) => each(address, |address| datagram(address, message)),
        Receiver::Tcp(address) => each(address, |address| stream(address, message, timeout)),
        Receiver::Unix(path) => UnixDatagram::unbound().and_then(|socket| {
            socket.set_write_timeout(Some(timeout))?;
            socket.send_to(message.as_bytes(), path).map(drop)
        }),
    };
    sent.map_err(|error| failed(receiver, &error))
}

fn failed(receiver: &Receiver, error: &std::io::Error) -> Fault {
    Fault::unavailable("target-failed", format!("{receiver} could not be told: {error}"))
        .advise("Check the address, and that a receiver of syslog listens there.")
}

/// RFC 5425 §4.3: the frame of TCP. The receiver says that it heard the end (§4.4), or why it let nobody in; one that says
/// nothing has it all the same.
fn encrypted(mut channel: Channel, message: &str) -> std::io::Result<()> {
    channel.write_all(frame(message).as_bytes())?;
    match channel.finish() {
        Err(error) if [ErrorKind::TimedOut, ErrorKind::WouldBlock].contains(&error.kind()) => Ok(()),
        // Whoever hangs up without a word has heard as much as one who says nothing.
        Err(error) if [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset].contains(&error.kind()) => Ok(()),
        ended => ended,
    }
}

/// RFC 6587 §3.4.1: the length, a blank, the message.
fn frame(message: &str) -> String {
    format!("{} {message}", message.len())
}

/// The first address of a name that works.
fn each(address: &str, send: impl Fn(SocketAddr) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut last = Err(std::io::Error::other("the name has no address"));
    for address in address.to_socket_addrs()? {
        last = send(address);
        if last.is_ok() {
            break;
        }
    }
    last
}

/// RFC 5426.
fn datagram(address: SocketAddr, message: &str) -> std::io::Result<()> {
    let from = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    UdpSocket::bind(from)?.send_to(message.as_bytes(), address).map(drop)
}

fn stream(address: SocketAddr, message: &str, timeout: Duration) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_write_timeout(Some(timeout))?;
    stream.write_all(frame(message).as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)
}
