//! Datagrams of statsd: UDP on loopback, or a Unix socket.

use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use model::Fault;

use crate::shared::Shared;

/// A larger datagram does not exist.
const DATAGRAM_MAX: usize = 64 << 10;

/// Where applications send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// UDP.
    Udp(SocketAddr),
    /// A Unix socket, made by the sampler.
    Unix(PathBuf),
}

impl Socket {
    /// `127.0.0.1:8125` or `unix:/run/sampler.sock`.
    ///
    /// # Errors
    /// `bad-statsd-address`; `not-loopback`: whoever reaches it can say what he likes.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Socket::Unix(path.into()));
        }
        let address: SocketAddr = text.parse().map_err(|_| {
            Fault::usage("bad-statsd-address", format!("{text:?} is no address that statsd is sent to"))
                .advise("Write 127.0.0.1:8125, or unix: and a path.")
        })?;
        match address.ip().is_loopback() {
            true => Ok(Socket::Udp(address)),
            false => Err(crate::serve::not_loopback(address)),
        }
    }
}

enum Open {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

/// Takes the socket, and gives what is to be done with it until the process ends.
///
/// # Errors
/// I/O faults.
pub(crate) fn listen(socket: &Socket) -> Result<impl FnOnce(&Shared) + Send + 'static, Fault> {
    let open = match socket {
        Socket::Udp(address) => UdpSocket::bind(address)
            .map(Open::Udp)
            .map_err(|error| Fault::io("listen on", address.to_string().as_ref(), error))?,
        Socket::Unix(path) => {
            // What a sampler that was killed has left; one that runs has the lock of another folder at most.
            if UnixDatagram::unbound().and_then(|probe| probe.connect(path)).is_err() {
                let _ = std::fs::remove_file(path);
            }
            UnixDatagram::bind(path).map(Open::Unix).map_err(|error| Fault::io("listen on", path, error))?
        }
    };
    Ok(move |shared: &Shared| {
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let received = match &open {
                Open::Udp(socket) => socket.recv(&mut buffer),
                Open::Unix(socket) => socket.recv(&mut buffer),
            };
            if let Ok(count) = received {
                shared.lock().applications.take(&buffer[..count]);
            }
        }
    })
}
