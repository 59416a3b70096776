//! Sending a message of syslog: a datagram, or a line of TCP that counts its bytes.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use alerts::Receiver;
use model::Fault;

/// Sends it. That a datagram left says nothing of whether anybody heard it.
///
/// # Errors
/// `target-failed`.
pub(super) fn send(receiver: &Receiver, message: &str, timeout: Duration) -> Result<(), Fault> {
    let sent = match receiver {
        Receiver::Udp(address) => each(address, |address| datagram(address, message)),
        Receiver::Tcp(address) => each(address, |address| stream(address, message, timeout)),
        Receiver::Unix(path) => UnixDatagram::unbound().and_then(|socket| {
            socket.set_write_timeout(Some(timeout))?;
            socket.send_to(message.as_bytes(), path).map(drop)
        }),
    };
    sent.map_err(|error| {
        Fault::unavailable("target-failed", format!("{receiver} could not be told: {error}"))
            .advise("Check the address, and that a receiver of syslog listens there.")
    })
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

/// RFC 6587 §3.4.1: the length, a blank, the message.
fn stream(address: SocketAddr, message: &str, timeout: Duration) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_write_timeout(Some(timeout))?;
    stream.write_all(format!("{} {message}", message.len()).as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)
}
