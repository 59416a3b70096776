//! A message to a subject, acknowledged where a stream keeps it.

use model::Fault;
use serde_json::{Value, json};

use super::wire::Wire;
use crate::Access;
use crate::web_address::Address;

/// Whose word is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// That of a stream, which has to be there.
    Always,
    /// That of a stream where one keeps the subject, else that of the server.
    #[default]
    WhereThere,
    /// That of the server: it took the message, and may have had nobody to give it to.
    Never,
}

/// A message. The subject and the id have no blanks and no line ends.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where to.
    pub subject: &'a str,
    /// By which a stream tells that it has the message already (`Nats-Msg-Id`).
    pub id: &'a str,
    /// What it says.
    pub body: &'a [u8],
    /// The stream takes it only as the first one of its subject: another one there is this one, which came before.
    pub is_only: bool,
}

/// Hands a message to the server at `url`. Where a stream acknowledged it, it is kept; otherwise the server took it.
///
/// # Errors
/// `store-refused` where the stream or the server does not take it, or a stream has to be there and is not;
/// `store-unreachable`, `store-login-refused`, `store-timeout`, `store-permission`, `store-endless`.
pub fn publish(url: &str, access: &Access, message: &Message<'_>, acknowledge: Acknowledge) -> Result<(), Fault> {
    let mut wire = Wire::open(&Address::parse(url)?, access)?;
    let is_kept = match acknowledge {
        Acknowledge::Never => false,
        _ => has_stream(&mut wire, message.subject)?,
    };
    match (is_kept, acknowledge) {
        (true, _) => acknowledged(&mut wire, message),
        (false, Acknowledge::Always) => Err(refused(&wire, "no stream keeps this subject")),
        (false, _) => wire.tell(message.subject, &headers(message), message.body),
    }
}

/// Whether a stream keeps what goes to this subject. A server without JetStream has none.
fn has_stream(wire: &mut Wire, subject: &str) -> Result<bool, Fault> {
    if wire.greeting["jetstream"].as_bool() != Some(true) {
        return Ok(false);
    }
    match wire.api("STREAM.NAMES", &json!({"subject": subject}))? {
        Ok(answer) => Ok(answer["streams"].as_array().is_some_and(|streams| !streams.is_empty())),
        // JetStream is there, and this account has none of it.
        Err((10_039 | 10_076, _)) => Ok(false),
        Err(error) => Err(wire.fault(&error, "to say which stream keeps the subject")),
    }
}

fn acknowledged(wire: &mut Wire, message: &Message<'_>) -> Result<(), Fault> {
    let (head, body) = wire.ask(message.subject, &headers(message), message.body)?;
    if head.starts_with("NATS/1.0 503") {
        return Err(refused(wire, "no stream keeps this subject any more"));
    }
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    // What a stream does not take it answers with its name as well, and with an error.
    // "wrong last sequence": there is a message of this subject.
    if message.is_only && answer["error"]["err_code"] == 10_071 {
        return Ok(());
    }
    let is_kept = answer["error"].is_null() && answer["stream"].is_string() && answer["seq"].as_u64() > Some(0);
    if is_kept {
        return Ok(());
    }
    let why = answer["error"]["description"].as_str().unwrap_or("it answers something else than a stream does");
    Err(refused(wire, why))
}

fn headers(message: &Message<'_>) -> String {
    let only = if message.is_only { "\r\nNats-Expected-Last-Subject-Sequence: 0" } else { "" };
    format!("Nats-Msg-Id: {}{only}", message.id)
}

fn refused(wire: &Wire, why: &str) -> Fault {
    super::wire::refused(wire.host(), why)
}
