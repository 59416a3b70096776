//! The answers of the protocol (RESP2), read within limits, and the connection that the driver's commands go over.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::time::Duration;

use redis::{ConnectionLike, RedisResult, Value};

use crate::bounds::Patient;

/// The most bytes of all answers to what is asked in one go.
const ANSWER_BYTES_MAX: u64 = 640 << 20;
/// A value has at most this many bytes: what servers themselves allow.
const VALUE_BYTES_MAX: u64 = 512 << 20;
const LINE_BYTES_MAX: u64 = 64 << 10;
/// Values in one answer.
const VALUES_MAX: u64 = 4 << 20;
const DEPTH_MAX: u8 = 16;

pub(super) trait Both: Read + Write + Send {}
impl<T: Read + Write + Send> Both for T {}

/// A connection over which the driver's commands go.
pub(super) struct Line {
    stream: BufReader<Box<dyn Both>>,
    /// What lies under the stream.
    pub(super) tcp: Patient,
    pub(super) patience: Option<Duration>,
    db: i64,
    is_open: bool,
}

impl Line {
    pub(super) fn of(stream: Box<dyn Both>, tcp: Patient, patience: Option<Duration>, db: i64) -> Self {
        Line { stream: BufReader::with_capacity(1 << 16, stream), tcp, patience, db, is_open: true }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_open {
            return Err(ErrorKind::NotConnected.into());
        }
        // What a server said before it was asked is no answer.
        self.tcp.expect(self.patience, ANSWER_BYTES_MAX);
        let stream = self.stream.get_mut();
        stream.write_all(bytes).and_then(|()| stream.flush())
    }

    fn next(&mut self, values_left: &mut u64) -> RedisResult<Value> {
        value(&mut self.stream, 0, values_left)
    }

    fn asked(&mut self, commands: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        self.send(commands)?;
        let mut values_left = VALUES_MAX;
        // Whether a command was taken into a transaction, its end says.
        for _ in 0..offset {
            self.next(&mut values_left)?;
        }
        (0..count).map(|_| self.next(&mut values_left)).collect()
    }
}

impl ConnectionLike for Line {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        let mut all = self.req_packed_commands(command, 0, 1)?;
        Ok(all.pop().unwrap_or(Value::Nil))
    }

    fn req_packed_commands(&mut self, commands: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        // After an answer that broke off, nobody knows which one comes next.
        let all = self.asked(commands, offset, count).inspect_err(|_| self.is_open = false)?;
        match offset {
            0 => Ok(all),
            // The driver takes an array for the end of a transaction: that it was broken off must not pass for one.
            _ => all.into_iter().map(Value::extract_error).collect(),
        }
    }

    fn get_db(&self) -> i64 {
        self.db
    }

    fn check_connection(&mut self) -> bool {
        self.is_open
    }

    fn is_open(&self) -> bool {
        self.is_open
    }
}

/// One value.
fn value(input: &mut impl BufRead, depth: u8, values_left: &mut u64) -> RedisResult<Value> {
    let mut line = Vec::new();
    input.take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
    }
    *values_left = values_left.checked_sub(1).ok_or_else(|| malformed("an answer has too many values"))?;
    let Some((kind, text)) = line.strip_suffix(b"\r\n").and_then(<[u8]>::split_first) else {
        return Err(malformed("a line has no end"));
    };
    let text = std::str::from_utf8(text).map_err(|_| malformed("a line is no text"))?;
    let number = || text.parse::<i64>().map_err(|_| malformed("a number is none"));
    match kind {
        b'+' if text == "OK" => Ok(Value::Okay),
        b'+' => Ok(Value::SimpleString(text.to_owned())),
        // The driver knows what the words of an error mean.
        b'-' => redis::parse_redis_value(&line),
        b':' => Ok(Value::Int(number()?)),
        b'$' => match u64::try_from(number()?) {
            Err(_) => Ok(Value::Nil),
            Ok(len) => bulk(input, len).map(Value::BulkString),
        },
        b'*' => match u64::try_from(number()?) {
            Err(_) => Ok(Value::Nil),
            Ok(len) if len > *values_left => Err(malformed("an answer has too many values")),
            Ok(_) if depth >= DEPTH_MAX => Err(malformed("an answer is nested too deeply")),
            Ok(len) => {
                (0..len).map(|_| value(input, depth + 1, values_left)).collect::<RedisResult<_>>().map(Value::Array)
            }
        },
        _ => Err(malformed("no answer begins like this")),
    }
}

fn bulk(input: &mut impl BufRead, len: u64) -> RedisResult<Vec<u8>> {
    if len > VALUE_BYTES_MAX {
        return Err(malformed("a value is too long"));
    }
    // It grows with what comes, not with what is promised.
    let mut bytes = Vec::new();
    input.take(len + 2).read_to_end(&mut bytes)?;
    let ended = bytes.len() as u64 == len + 2 && bytes.ends_with(b"\r\n");
    bytes.truncate(bytes.len().saturating_sub(2));
    if ended { Ok(bytes) } else { Err(malformed("a value does not end where it should")) }
}

fn malformed(why: &'static str) -> redis::RedisError {
    (redis::ErrorKind::Parse, why).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the driver's own parser reads of the same bytes, and refused where that would take what it is given.
    #[test]
    fn answers_are_read_as_the_driver_reads_them() {
        let read = |text: &str| value(&mut text.as_bytes(), 0, &mut 100);
        for text in [
            "+OK\r\n",
            "+PONG\r\n",
            ":-7\r\n",
            "$-1\r\n",
            "$0\r\n\r\n",
            "$3\r\na\r\n\r\n",
            "*-1\r\n",
            "*0\r\n",
            "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
            "-WRONGPASS no\r\n",
            "-ERR no\r\n",
            "-MOVED 1 a:1\r\n",
        ] {
            assert_eq!(read(text).unwrap(), redis::parse_redis_value(text.as_bytes()).unwrap(), "{text:?}");
        }
        for text in [
            "",
            "+OK",
            "+OK\n",
            "$3\r\nab\r\n",
            "$2\r\nabc\r\n",
            "$99999999999999\r\n",
            "*200\r\n",
            "?\r\n",
            ":x\r\n",
            "HTTP/1.1 200 OK\r\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
        assert!(read(&"*1\r\n".repeat(40)).is_err());
    }
}
