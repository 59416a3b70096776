//! The protocol of NATS, as much of it as questions and answers need: lines of text over TCP or TLS.
//!
//! One question at a time, so that no runtime and no second thread is needed.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::time::Duration;

use model::Fault;
use serde_json::{Value, json};

use crate::Access;
use crate::bounds::{endless, harmless};
use crate::channel::Channel;
use crate::web_address::Address;

use super::login::Login;

/// The most bytes that one message may have.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
const LINE_BYTES_MAX: u64 = 1 << 20;
/// The most bytes that a server may send before the answer to a question is there.
const ANSWER_BYTES_MAX: u64 = 128 << 20;
/// Lines and messages that nobody asked for and that are passed over before the answer.
const STRAY_MAX: u32 = 10_000;

/// A connection, logged in.
pub(super) struct Wire {
    stream: BufReader<Channel>,
    patience: Option<Duration>,
    host: String,
    inbox: String,
    asked: u64,
    pub(super) server: String,
    /// What the server said first.
    pub(super) greeting: Value,
    pub(super) is_encrypted: bool,
}

impl Wire {
    /// Connects and logs in.
    pub(super) fn open(address: &Address, access: &Access) -> Result<Self, Fault> {
        let host = address.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let login = Login::of(address, access)?;
        let lost = |error: std::io::Error| unreachable(&host, &error);
        let port = address.port.unwrap_or(4222);
        let mut channel = Channel::connect(&host, port, access.connect_timeout).map_err(lost)?;
        let patience = (!access.statement_timeout.is_zero()).then_some(access.statement_timeout);
        channel.expect(Some(access.connect_timeout), LINE_BYTES_MAX);
        let hello = channel.line().map_err(lost)?;
        let info: Value = hello
            .strip_prefix("INFO ")
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| refused(&host, "it speaks no NATS"))?;
        let is_encrypted =
            address.scheme == "tls" || access.tls.wanted(&address.host) || info["tls_required"].as_bool() == Some(true);
        let channel = if is_encrypted { channel.encrypted(access)? } else { channel };
        let number = |salt: u64| {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u64(salt);
            hasher.finish()
        };
        let mut wire = Wire {
            stream: BufReader::with_capacity(1 << 16, channel),
            patience,
            inbox: format!("_INBOX.{:016x}{:016x}", number(1), number(2)),
            asked: 0,
            server: harmless(info["version"].as_str().unwrap_or_default()),
            host,
            greeting: info,
            is_encrypted,
        };
        let nonce = wire.greeting["nonce"].as_str().map(str::to_owned);
        wire.log_in(&login, nonce.as_deref())?;
        Ok(wire)
    }

    fn log_in(&mut self, login: &Login, nonce: Option<&str>) -> Result<(), Fault> {
        let mut hello = json!({
            "verbose": false, "pedantic": false, "lang": "rust", "version": env!("CARGO_PKG_VERSION"),
            "protocol": 1, "headers": true, "no_responders": true, "name": "probity",
        });
        if let Some(words) = hello.as_object_mut() {
            login.tell(&self.host, nonce, words)?;
        }
        let inbox = self.inbox.clone();
        self.send(format!("CONNECT {hello}\r\nSUB {inbox}.* 1\r\nPING\r\n").as_bytes())?;
        for _ in 0..STRAY_MAX {
            let line = self.line()?;
            match line.split(' ').next().unwrap_or_default() {
                "PONG" => return Ok(()),
                "+OK" | "INFO" => {}
                _ => return Err(refused(&self.host, "it answers a login with something else")),
            }
        }
        Err(endless(&self.host, "it says everything but that the login is done"))
    }

    /// Asks `subject` and waits for the answer: its headers and its bytes.
    pub(super) fn ask(&mut self, subject: &str, headers: &str, payload: &[u8]) -> Result<(String, Vec<u8>), Fault> {
        self.asked += 1;
        let reply = format!("{}.{}", self.inbox, self.asked);
        self.stream.get_ref().expect(self.patience, ANSWER_BYTES_MAX);
        self.send(&publication(&format!("{subject} {reply}"), headers, payload))?;
        for _ in 0..STRAY_MAX {
            let line = self.line()?;
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words.as_slice() {
                ["PING"] => self.send(b"PONG\r\n")?,
                ["MSG" | "HMSG", to, _, rest @ ..] => {
                    let Some((head, whole)) = sizes(words[0] == "HMSG", rest) else {
                        return Err(refused(&self.host, "a message is too large, or does not say how large it is"));
                    };
                    let is_ours = *to == reply;
                    let mut bytes = vec![0; whole + 2];
                    self.stream.read_exact(&mut bytes).map_err(|error| self.lost(&error))?;
                    bytes.truncate(whole);
                    if is_ours {
                        let body = bytes.split_off(head);
                        return Ok((String::from_utf8_lossy(&bytes).into_owned(), body));
                    }
                }
                _ => {}
            }
        }
        Err(endless(&self.host, "it sends what nobody asked for instead"))
    }

    /// Hands a message over that nobody answers; on return the server has taken it.
    pub(super) fn tell(&mut self, subject: &str, headers: &str, payload: &[u8]) -> Result<(), Fault> {
        self.stream.get_ref().expect(self.patience, ANSWER_BYTES_MAX);
        let mut said = publication(subject, headers, payload);
        said.extend_from_slice(b"PING\r\n");
        self.send(&said)?;
        for _ in 0..STRAY_MAX {
            match self.line()?.as_str() {
                "PONG" => return Ok(()),
                "PING" => self.send(b"PONG\r\n")?,
                _ => {}
            }
        }
        Err(endless(&self.host, "it says everything but that it took the message"))
    }

    /// Asks the JetStream API; an error of the API is the inner one: its number and its words.
    pub(super) fn api(&mut self, what: &str, question: &Value) -> Result<Result<Value, (u64, String)>, Fault> {
        let payload = if question.is_null() { Vec::new() } else { question.to_string().into_bytes() };
        let (headers, bytes) = self.ask(&format!("$JS.API.{what}"), "", &payload)?;
        if headers.starts_with("NATS/1.0 503") {
            return Err(refused(&self.host, "JetStream is not enabled for this account"));
        }
        let answer: Value = serde_json::from_slice(&bytes).map_err(|_| refused(&self.host, "its answer is no JSON"))?;
        match answer.get("error") {
            Some(error) => {
                let words = error["description"].as_str().unwrap_or_default().to_owned();
                Ok(Err((error["err_code"].as_u64().unwrap_or(0), words)))
            }
            None => Ok(Ok(answer)),
        }
    }

    /// The fault of an error that nobody reckoned with.
    pub(super) fn fault(&self, error: &(u64, String), what: &str) -> Fault {
        refused(&self.host, &format!("it refuses {what}: {} ({})", error.1, error.0))
    }

    /// The server, for messages.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).and_then(|()| stream.flush()).map_err(|error| self.lost(&error))
    }

    fn lost(&self, error: &std::io::Error) -> Fault {
        match self.stream.get_ref().is_exhausted() {
            true => endless(&self.host, "an answer has more bytes than any may have"),
            false => unreachable(&self.host, error),
        }
    }

    /// The next line of the server; what it calls an error is a fault.
    fn line(&mut self) -> Result<String, Fault> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.map_err(|error| self.lost(&error))? == 0 {
            return Err(unreachable(&self.host, &std::io::ErrorKind::UnexpectedEof.into()));
        }
        if !line.ends_with(b"\n") {
            return Err(refused(&self.host, "a line of it has no end"));
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let Some(error) = line.strip_prefix("-ERR") else { return Ok(line) };
        let words = error.trim().trim_matches('\'').to_ascii_lowercase();
        Err(match words.as_str() {
            words if words.contains("authorization") || words.contains("authentication") => {
                Fault::unavailable("store-login-refused", format!("{} does not let this user in", self.host))
                    .advise("Check user and password, the token or the credentials of the store.")
            }
            words if words.contains("permissions") => {
                Fault::unavailable("store-permission", format!("{} does not let this user ask JetStream", self.host))
                    .advise("Give this user $JS.API.> to publish to, and _INBOX.> to listen to.")
            }
            words => refused(&self.host, words),
        })
    }
}

/// A message on the wire; `to` is its subject, and where an answer goes.
fn publication(to: &str, headers: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = match headers {
        "" => format!("PUB {to} {}\r\n", payload.len()).into_bytes(),
        headers => {
            let head = format!("NATS/1.0\r\n{headers}\r\n\r\n");
            format!("HPUB {to} {} {}\r\n{head}", head.len(), head.len() + payload.len()).into_bytes()
        }
    };
    message.extend_from_slice(payload);
    message.extend_from_slice(b"\r\n");
    message
}

/// The lengths of the headers and of the whole, which a message says last. Both are within limits.
fn sizes(has_headers: bool, words: &[&str]) -> Option<(usize, usize)> {
    let mut sizes = words.iter().rev();
    let whole = sizes.next()?.parse().ok().filter(|size| *size <= MESSAGE_BYTES_MAX)?;
    let head = if has_headers { sizes.next()?.parse().ok().filter(|head| *head <= whole)? } else { 0 };
    Some((head, whole))
}

fn unreachable(host: &str, error: &std::io::Error) -> Fault {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    match error.kind() {
        TimedOut | WouldBlock => Fault::unavailable("store-timeout", format!("{host} did not answer in time"))
            .advise("Run the command again; a longer `timeout` in the configuration of the store may help."),
        _ => Fault::unavailable("store-unreachable", format!("{host} cannot be reached: {error}"))
            .advise("Check the address of the store and that its server runs."),
    }
}

pub(super) fn refused(host: &str, why: &str) -> Fault {
    Fault::unavailable("store-refused", format!("{host}: {}", harmless(why))).advise("See the log of the server.")
}
