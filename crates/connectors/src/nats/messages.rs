//! Streams and their messages through the JetStream API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Fault;
use serde_json::{Value, json};

use crate::bounds::{Turns, endless};
use crate::document::json::{self, Member, Node};
use crate::document::record::Record;

use super::wire::Wire;

/// "No message found", "message not found".
const NOT_FOUND: &[u64] = &[10037, 10043, 10057];
const STREAM_NOT_FOUND: u64 = 10059;
/// Pages of a listing.
const PAGES_MAX: u64 = 100_000;

/// A stream, or what lies under a KV bucket.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) name: String,
    /// Single messages are not deleted (KV buckets): only a subject is, from its first message on.
    pub(super) denies_delete: bool,
    pub(super) denies_purge: bool,
    pub(super) on_disk: bool,
}

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) seq: u64,
    pub(super) data: Vec<u8>,
    pub(super) headers: Vec<(String, String)>,
}

impl Message {
    /// A marker of a KV bucket: the key was deleted, its name is still there.
    pub(super) fn is_marker(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == "KV-Operation" && ["DEL", "PURGE"].contains(&value.as_str()))
    }

    /// The row that it is.
    pub(super) fn record(&self, stream: &str, variables: &[(String, String)]) -> Record {
        let mut around = vec![("stream".to_owned(), stream.to_owned()), ("seq".to_owned(), self.seq.to_string())];
        around.push(("subject".to_owned(), self.subject.clone()));
        around.extend(variables.iter().cloned());
        let parsed = std::str::from_utf8(&self.data).ok().and_then(|text| json::parse_answer(text).ok());
        let mut members = match parsed {
            Some(Node { value: json::Value::Object(members), .. }) => members,
            _ if self.is_marker() => Vec::new(),
            _ => vec![Member { name: "value".to_owned(), node: Node::text(Some(shown(&self.data))) }],
        };
        if !self.headers.is_empty() && members.iter().all(|member| member.name != "headers") {
            let headers = self
                .headers
                .iter()
                .map(|(name, value)| Member { name: name.clone(), node: Node::text(Some(value.clone())) });
            let node = Node::of(json::Value::Object(headers.collect()));
            members.push(Member { name: "headers".to_owned(), node });
        }
        Record { around, body: Node::of(json::Value::Object(members)) }
    }
}

fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// All streams of the account.
pub(super) fn streams(wire: &mut Wire) -> Result<Vec<Stream>, Fault> {
    let mut streams: Vec<Stream> = Vec::new();
    let mut turns = Turns::of(0, 0);
    for _ in 0..PAGES_MAX {
        let page = match wire.api("STREAM.LIST", &json!({"offset": streams.len()}))? {
            Ok(page) => page,
            Err(error) => return Err(wire.fault(&error, "to list its streams")),
        };
        let part = page["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(first) = part.first() {
            turns.turn(wire.host(), first["config"]["name"].as_str(), true)?;
        }
        streams.extend(part.iter().map(|stream| {
            let config = &stream["config"];
            Stream {
                name: config["name"].as_str().unwrap_or_default().to_owned(),
                denies_delete: config["deny_delete"].as_bool().unwrap_or(false),
                denies_purge: config["deny_purge"].as_bool().unwrap_or(false)
                    || config["sealed"].as_bool().unwrap_or(false),
                on_disk: config["storage"].as_str() != Some("memory"),
            }
        }));
        if part.is_empty() || streams.len() as u64 >= page["total"].as_u64().unwrap_or(0) {
            streams.sort_by(|one, other| one.name.cmp(&other.name));
            return Ok(streams);
        }
    }
    Err(endless(wire.host(), "its list of streams has too many pages"))
}

/// Subjects that fit `filter`, with the number of their messages.
pub(super) fn subjects(wire: &mut Wire, stream: &str, filter: &str) -> Result<Vec<(String, u64)>, Fault> {
    let mut subjects: Vec<(String, u64)> = Vec::new();
    let mut turns = Turns::of(0, 0);
    for _ in 0..PAGES_MAX {
        let question = json!({"subjects_filter": filter, "offset": subjects.len()});
        let info = match wire.api(&format!("STREAM.INFO.{stream}"), &question)? {
            Ok(info) => info,
            Err((STREAM_NOT_FOUND, _)) => return Ok(subjects),
            Err(error) => return Err(wire.fault(&error, "to show a stream")),
        };
        let Some(part) = info["state"]["subjects"].as_object() else { return Ok(subjects) };
        if let Some(first) = part.keys().next() {
            turns.turn(wire.host(), first, true)?;
        }
        subjects.extend(part.iter().map(|(subject, count)| (subject.clone(), count.as_u64().unwrap_or(0))));
        let total = info["total"].as_u64().unwrap_or(0);
        if part.is_empty() || subjects.len() as u64 >= total {
            return Ok(subjects);
        }
    }
    Err(endless(wire.host(), "its list of subjects has too many pages"))
}

/// The first message from `seq` on whose subject fits `filter`.
pub(super) fn next(wire: &mut Wire, stream: &str, filter: &str, seq: u64) -> Result<Option<Message>, Fault> {
    let found = get(wire, stream, &json!({"seq": seq, "next_by_subj": filter}))?;
    match found {
        // A walk over messages goes on with the number after this one.
        Some(message) if message.seq < seq || message.seq == u64::MAX => {
            Err(endless(wire.host(), "it shows a message again that was shown before"))
        }
        found => Ok(found),
    }
}

/// The message with that number.
pub(super) fn message(wire: &mut Wire, stream: &str, seq: u64) -> Result<Option<Message>, Fault> {
    get(wire, stream, &json!({"seq": seq}))
}

fn get(wire: &mut Wire, stream: &str, question: &Value) -> Result<Option<Message>, Fault> {
    let answer = match wire.api(&format!("STREAM.MSG.GET.{stream}"), question)? {
        Ok(answer) => answer,
        Err((code, _)) if NOT_FOUND.contains(&code) || code == STREAM_NOT_FOUND => return Ok(None),
        Err(error) => return Err(wire.fault(&error, "to show a message")),
    };
    let message = &answer["message"];
    let bytes = |name: &str| message[name].as_str().and_then(|text| BASE64.decode(text).ok()).unwrap_or_default();
    let head = String::from_utf8_lossy(&bytes("hdrs")).into_owned();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    Ok(Some(Message {
        subject: message["subject"].as_str().unwrap_or_default().to_owned(),
        seq: message["seq"].as_u64().unwrap_or(0),
        data: bytes("data"),
        headers: headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect(),
    }))
}

/// Deletes one message and overwrites its bytes; false when it was not there.
pub(super) fn delete(wire: &mut Wire, stream: &str, seq: u64) -> Result<bool, Fault> {
    match wire.api(&format!("STREAM.MSG.DELETE.{stream}"), &json!({"seq": seq, "no_erase": false}))? {
        Ok(answer) => Ok(answer["success"].as_bool().unwrap_or(false)),
        Err((code, _)) if [10037, 10043, STREAM_NOT_FOUND].contains(&code) => Ok(false),
        // A server says "deletion failed" of a message that is gone.
        Err(_) if message(wire, stream, seq)?.is_none() => Ok(false),
        Err(error) => Err(wire.fault(&error, "to delete a message")),
    }
}

/// Takes the messages of a subject away, those before `keep` alone when it is given, the name of the key with the last one.
pub(super) fn purge(wire: &mut Wire, stream: &str, subject: &str, keep: Option<u64>) -> Result<u64, Fault> {
    let question = match keep {
        Some(seq) => json!({"filter": subject, "seq": seq}),
        None => json!({"filter": subject}),
    };
    match wire.api(&format!("STREAM.PURGE.{stream}"), &question)? {
        Ok(answer) => Ok(answer["purged"].as_u64().unwrap_or(0)),
        Err(error) => Err(wire.fault(&error, "to purge a subject")),
    }
}

/// Writes a new revision, if `seq` is still the last of its subject; its number.
pub(super) fn put(wire: &mut Wire, subject: &str, seq: u64, data: &[u8]) -> Result<Option<u64>, Fault> {
    let headers = format!("Nats-Expected-Last-Subject-Sequence: {seq}");
    let (_, bytes) = wire.ask(subject, &headers, data)?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(answer["seq"].as_u64().filter(|_| answer.get("error").is_none()))
}

/// The names of the consumers of a stream.
pub(super) fn consumers(wire: &mut Wire, stream: &str) -> Result<Vec<String>, Fault> {
    let answer = wire.api(&format!("CONSUMER.NAMES.{stream}"), &json!({"offset": 0}))?;
    let names = answer.ok().and_then(|answer| answer["consumers"].as_array().cloned()).unwrap_or_default();
    Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
