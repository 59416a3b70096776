//! A connection over TCP, in the clear or encrypted, for whoever speaks a protocol of lines over it: it gives up when an
//! answer is not whole in time, or has too many bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use model::Fault;
use rustls::{ClientConnection, StreamOwned};

use crate::Access;
use crate::bounds::Patient;
use crate::tls;

/// A connection.
pub struct Channel {
    stream: Stream,
    /// What lies under the stream.
    tcp: Patient,
    /// Without brackets.
    host: String,
    here: IpAddr,
}

enum Stream {
    Clear(Patient),
    Encrypted(Box<StreamOwned<ClientConnection, Patient>>),
}

impl Channel {
    /// Connects to the first address of `host` that answers, each within `patience`.
    ///
    /// # Errors
    /// Those of the network.
    pub fn connect(host: &str, port: u16, patience: Duration) -> io::Result<Self> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
        for place in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&place, patience) {
                Ok(tcp) => {
                    tcp.set_nodelay(true)?;
                    let here = tcp.local_addr()?.ip();
                    let tcp = Patient::of(tcp);
                    return Ok(Channel { stream: Stream::Clear(tcp.clone()), tcp, host: host.to_owned(), here });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// From now on what the other side says has to come within `patience` (`None`: for as long as it takes) and `bytes`.
    pub fn expect(&self, patience: Option<Duration>, bytes: u64) {
        self.tcp.expect(patience, bytes);
    }

    /// Whether an answer was given up because it had too many bytes.
    pub fn is_exhausted(&self) -> bool {
        self.tcp.is_exhausted()
    }

    /// Our own address.
    pub fn here(&self) -> IpAddr {
        self.here
    }

    /// Encrypts what follows: of `access`, `ca` and `folder` count. The certificate and the name in it are checked.
    ///
    /// # Errors
    /// `store-unreachable`.
    pub fn encrypted(self, access: &Access) -> Result<Self, Fault> {
        let session = tls::encrypted(&self.host, self.tcp.clone(), access)?;
        Ok(Channel { stream: Stream::Encrypted(Box::new(session)), ..self })
    }

    /// One line without its end, and not one byte more: TLS may begin after it.
    ///
    /// # Errors
    /// Those of the network; `UnexpectedEof` where the line has no end.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            match self.read(&mut byte)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                _ if byte[0] == b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
                _ => line.push(byte[0]),
            }
        }
    }

    /// Says that nothing follows, and waits until the other side says so too: what it says against the end of an
    /// encrypted connection is heard here.
    ///
    /// # Errors
    /// Those of the network, and of TLS.
    pub fn finish(mut self) -> io::Result<()> {
        if let Stream::Encrypted(session) = &mut self.stream {
            session.conn.send_close_notify();
        }
        self.flush()?;
        self.tcp.ended()?;
        io::copy(&mut self, &mut io::sink()).map(drop)
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Clear(stream) => stream.read(buffer),
            Stream::Encrypted(stream) => stream.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Clear(stream) => stream.write(buffer),
            Stream::Encrypted(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Clear(stream) => stream.flush(),
            Stream::Encrypted(stream) => stream.flush(),
        }
    }
}
