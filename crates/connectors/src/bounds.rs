//! What a server may not do: answer without end.
//!
//! One answer has to be whole within a time and a number of bytes, however slowly its bytes come. A walk over many answers
//! may take as long as it goes on: a page that came before, or answer after answer with nothing in it, ends it.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::Fault;

/// The fault of a walk that goes round in a circle, or of an answer that never ends.
pub(crate) fn endless(host: &str, why: &str) -> Fault {
    Fault::unavailable("store-endless", format!("{host} answers without end: {why}"))
        .advise("See to the server, and to what stands between it and this machine.")
}

/// What a server says, as far as it belongs into a message: short, and nothing that a terminal would obey.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

/// The marks of the pages that a walk turned.
pub(crate) struct Turns {
    hasher: RandomState,
    seen: HashSet<u64>,
    repeats_left: u32,
    empty: u64,
    empty_most: u64,
}

impl Turns {
    /// `repeats`: how often a mark may come again; `empty_most`: how many pages in a row may have nothing in them.
    pub(crate) fn of(repeats: u32, empty_most: u64) -> Self {
        Turns { hasher: RandomState::new(), seen: HashSet::new(), repeats_left: repeats, empty: 0, empty_most }
    }

    /// Notes the mark at which the next page begins, and whether this one had anything in it.
    ///
    /// # Errors
    /// `store-endless`.
    pub(crate) fn turn(&mut self, host: &str, mark: impl Hash, has_content: bool) -> Result<(), Fault> {
        if !self.seen.insert(self.hasher.hash_one(mark)) {
            let left = self.repeats_left.checked_sub(1);
            self.repeats_left = left.ok_or_else(|| endless(host, "a page that came before comes again"))?;
        }
        self.empty = if has_content { 0 } else { self.empty + 1 };
        match self.empty > self.empty_most {
            true => Err(endless(host, "page after page has nothing in it")),
            false => Ok(()),
        }
    }
}

/// A connection over TCP that gives up when an answer is not whole in time, or has too many bytes.
///
/// Clones are about the same connection and the same answer.
#[derive(Clone)]
pub(crate) struct Patient {
    tcp: Arc<TcpStream>,
    answer: Arc<Mutex<Left>>,
}

#[derive(Clone, Copy)]
struct Left {
    until: Option<Instant>,
    bytes: u64,
}

impl Patient {
    pub(crate) fn of(tcp: TcpStream) -> Self {
        Patient { tcp: Arc::new(tcp), answer: Arc::new(Mutex::new(Left { until: None, bytes: u64::MAX })) }
    }

    /// From now on the next answer has to come within `patience` (`None`: for as long as it takes) and `bytes`.
    pub(crate) fn expect(&self, patience: Option<Duration>, bytes: u64) {
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Left { until, bytes };
    }

    /// Whether the answer was given up because it had too many bytes.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.left().bytes == 0
    }

    /// Nothing follows from here.
    #[cfg(any(feature = "nats", feature = "redis"))]
    pub(crate) fn ended(&self) -> io::Result<()> {
        self.tcp.shutdown(std::net::Shutdown::Write)
    }

    fn left(&self) -> Left {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left of the time.
    fn time(&self) -> io::Result<Option<Duration>> {
        let left = self.left().until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.time()?)?;
        let most = usize::try_from(self.left().bytes).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "the answer is too long"));
        }
        let read = (&*self.tcp).read(&mut buffer[..most])?;
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).bytes -= read as u64;
        Ok(read)
    }
}

impl Write for Patient {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.time()?)?;
        (&*self.tcp).write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.tcp).flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_ends_that_goes_round_or_finds_nothing() {
        let check = |repeats: u32, empty: u64, marks: &[(u64, bool)], expect: Option<usize>| {
            let mut turns = Turns::of(repeats, empty);
            let ended = marks.iter().position(|(mark, full)| turns.turn("h", mark, *full).is_err());
            assert_eq!(ended, expect, "{marks:?}");
        };
        check(0, 9, &[(1, true), (2, true), (3, true)], None);
        check(0, 9, &[(1, true), (2, true), (1, true)], Some(2));
        check(1, 9, &[(1, true), (1, true), (1, true)], Some(2));
        check(0, 1, &[(1, false), (2, true), (3, false), (4, false)], Some(3));
    }

    #[test]
    fn an_answer_that_trickles_is_given_up() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = server.local_addr().unwrap();
        let trickle = std::thread::spawn(move || {
            let (mut peer, _) = server.accept().unwrap();
            while peer.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let mut patient = Patient::of(TcpStream::connect(place).unwrap());
        patient.expect(Some(Duration::from_millis(80)), 1 << 20);
        let failed = patient.read_to_end(&mut Vec::new()).unwrap_err();
        assert!([ErrorKind::TimedOut, ErrorKind::WouldBlock].contains(&failed.kind()), "{failed}");
        patient.expect(None, 4);
        let mut got = Vec::new();
        assert_eq!(patient.read_to_end(&mut got).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!((got.len(), patient.is_exhausted()), (4, true));
        drop(patient);
        trickle.join().unwrap();
    }
}
