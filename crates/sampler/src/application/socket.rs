//! Where applications send to: an address on loopback, or a Unix socket; and the datagrams of statsd.

use std::net::{SocketAddr, UdpSocket};
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt as _;
#[cfg(unix)]
use std::os::unix::net::UnixDatagram;
#[cfg(unix)]
use std::path::{Path, PathBuf};

use model::Fault;

use crate::shared::Shared;

/// A larger datagram does not exist.
const DATAGRAM_MAX: usize = 64 << 10;

/// Where applications send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// An address on loopback.
    Internet(SocketAddr),
    /// A Unix socket, made by the sampler.
    #[cfg(unix)]
    Unix(PathBuf),
}

impl Socket {
    /// `127.0.0.1:8125` or `unix:/run/sampler.sock`.
    ///
    /// # Errors
    /// `bad-intake-address`; `not-loopback`: whoever reaches it can say what he likes.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Socket::Unix(path.into()));
        }
        let address: SocketAddr = text.parse().map_err(|_| {
            Fault::usage("bad-intake-address", format!("{text:?} is no address that applications send to"))
                .advise("Write 127.0.0.1:8125, or unix: and a path.")
        })?;
        match address.ip().is_loopback() {
            true => Ok(Socket::Internet(address)),
            false => Err(crate::serve::not_loopback(address)),
        }
    }
}

enum Open {
    Udp(UdpSocket),
    #[cfg(unix)]
    Unix(UnixDatagram),
}

/// Takes the socket, and gives what is to be done with it until the process ends.
///
/// # Errors
/// I/O faults.
pub(crate) fn listen(socket: &Socket) -> Result<impl FnOnce(&Shared) + Send + 'static, Fault> {
    let open = match socket {
        Socket::Internet(address) => UdpSocket::bind(address)
            .map(Open::Udp)
            .map_err(|error| Fault::io("listen on", address.to_string().as_ref(), error))?,
        #[cfg(unix)]
        Socket::Unix(path) => {
            free(path, |path| UnixDatagram::unbound().and_then(|probe| probe.connect(path)).is_ok());
            UnixDatagram::bind(path).map(Open::Unix).map_err(|error| Fault::io("listen on", path, error))?
        }
    };
    Ok(move |shared: &Shared| {
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let received = match &open {
                Open::Udp(socket) => socket.recv(&mut buffer),
                #[cfg(unix)]
                Open::Unix(socket) => socket.recv(&mut buffer),
            };
            if let Ok(count) = received {
                shared.lock().applications.take(&buffer[..count]);
            }
        }
    })
}

/// Removes what a sampler that was killed has left; one that runs has the lock of another folder at most.
#[cfg(unix)]
pub(super) fn free(path: &Path, is_alive: impl FnOnce(&Path) -> bool) {
    let is_socket = path.symlink_metadata().is_ok_and(|about| about.file_type().is_socket());
    if is_socket && !is_alive(path) {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a killed sampler has left goes; a file that is somebody's, and a socket that somebody listens on, stay.
    #[test]
    fn only_a_dead_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, expect: bool| {
            let path = folder.path().join(name);
            assert_eq!(listen(&Socket::Unix(path.clone())).is_ok(), expect, "{name}");
            assert!(path.exists(), "{name}");
        };
        std::fs::write(folder.path().join("file"), "precious").unwrap();
        drop(UnixDatagram::bind(folder.path().join("dead")).unwrap());
        let _alive = UnixDatagram::bind(folder.path().join("alive")).unwrap();
        check("file", false);
        check("alive", false);
        check("dead", true);
        check("new", true);
    }

    #[test]
    fn addresses_are_of_this_machine() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(Socket::parse(text).err().map(|fault| fault.code()), expect, "{text}");
        };
        check("127.0.0.1:8125", None);
        check("[::1]:8125", None);
        check("unix:/run/sampler.sock", None);
        check("10.0.0.1:8125", Some("not-loopback"));
        check("localhost", Some("bad-intake-address"));
        check("unix:", Some("bad-intake-address"));
    }
}
