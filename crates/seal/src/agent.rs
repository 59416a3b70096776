//! The ssh-agent protocol (draft-ietf-sshm-ssh-agent) as far as signing with Ed25519 needs it: bytes in, bytes out.
//!
//! ```text
//! every message   uint32 length ‖ byte type ‖ contents
//! 11              which keys are there?        12   uint32 number ‖ (string key blob ‖ string comment)…
//! 13              string key blob ‖ string data ‖ uint32 0      14   string (string "ssh-ed25519" ‖ string signature)
//! 5               no
//! ```
//!
//! The socket belongs to the edge: it opens `SSH_AUTH_SOCK` and lends it to [`ask`]. What an agent answers is checked
//! before it is used: a [`Signer`] returns only signatures that verify.

use std::io::{self, Read, Write};

use model::Fault;

use crate::openssh::{ALGORITHM, push, take};
use crate::{Ed25519Signer, Limits, PublicKey};

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES: u8 = 12;
const REQUEST_SIGNATURE: u8 = 13;
const SIGNATURE: u8 = 14;

/// A key that an agent holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its public half.
    pub key: PublicKey,
    /// What its owner calls it. It comes from outside: neutralise it before it is shown.
    pub comment: String,
}

/// Asks which keys are there. The whole message, its length included.
pub fn request_identities() -> Vec<u8> {
    message(&[REQUEST_IDENTITIES])
}

/// The Ed25519 keys of an answer to [`request_identities`]; keys of other kinds are passed over. `answer` is without its
/// length, as [`ask`] returns it.
///
/// # Errors
/// `agent-refused` when the agent says no (some do when they are locked), `bad-agent-answer` when it says something else.
pub fn read_identities(answer: &[u8]) -> Result<Vec<Identity>, Fault> {
    let mut rest = contents(answer, IDENTITIES, "would not list its keys")?;
    let unreadable = || refuse("its list of keys is cut");
    let (number, tail) = rest.split_first_chunk::<4>().ok_or_else(unreadable)?;
    rest = tail;
    let mut identities = Vec::new();
    for _ in 0..u32::from_be_bytes(*number) {
        let blob = take(&mut rest).ok_or_else(unreadable)?;
        let comment = take(&mut rest).ok_or_else(unreadable)?;
        if let Some(key) = PublicKey::from_blob(blob) {
            identities.push(Identity { key, comment: String::from_utf8_lossy(comment).into_owned() });
        }
    }
    if rest.is_empty() { Ok(identities) } else { Err(refuse("there are bytes behind its list of keys")) }
}

/// Asks for the signature of `key` over `data`. The whole message, its length included.
pub fn request_signature(key: &PublicKey, data: &[u8]) -> Vec<u8> {
    let mut request = vec![REQUEST_SIGNATURE];
    push(&mut request, &key.blob());
    push(&mut request, data);
    request.extend_from_slice(&[0; 4]);
    message(&request)
}

/// The signature in an answer to [`request_signature`], once it was checked.
///
/// # Errors
/// `agent-refused` when the agent, or the person it asked, says no; `bad-agent-answer` when it answers something else, a
/// signature that does not verify included.
pub fn read_signature(answer: &[u8], key: &PublicKey, data: &[u8]) -> Result<[u8; 64], Fault> {
    let mut rest = contents(answer, SIGNATURE, "would not sign")?;
    let signature = take(&mut rest).filter(|_| rest.is_empty()).and_then(|mut blob| {
        let algorithm = take(&mut blob)?;
        let signature: [u8; 64] = take(&mut blob)?.try_into().ok()?;
        (algorithm == ALGORITHM.as_bytes() && blob.is_empty()).then_some(signature)
    });
    let signature = signature.ok_or_else(|| refuse("it is no Ed25519 signature"))?;
    if key.verify(data, &signature) { Ok(signature) } else { Err(refuse("its signature does not verify")) }
}

/// Sends `request` through `stream` and returns the answer without its length.
///
/// # Errors
/// What the stream says, and [`io::ErrorKind::InvalidData`] for an answer longer than 256 KiB: no agent gives one.
pub fn ask(stream: &mut (impl Read + Write), request: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(request)?;
    stream.flush()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > Limits::AGENT_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the agent's answer is longer than 256 KiB"));
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// A key in an agent, as a signer. `ask` takes a request and returns the answer without its length.
pub struct Signer<A> {
    key: PublicKey,
    ask: A,
}

impl<A: Fn(&[u8]) -> Result<Vec<u8>, Fault>> Signer<A> {
    /// Signs with `key`, which the agent holds.
    pub fn new(key: PublicKey, ask: A) -> Self {
        Signer { key, ask }
    }
}

impl<A: Fn(&[u8]) -> Result<Vec<u8>, Fault>> Ed25519Signer for Signer<A> {
    fn public(&self) -> PublicKey {
        self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        read_signature(&(self.ask)(&request_signature(&self.key, message))?, &self.key, message)
    }
}

fn message(contents: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(4 + contents.len());
    push(&mut message, contents);
    message
}

fn contents<'a>(answer: &'a [u8], wanted: u8, refusal: &str) -> Result<&'a [u8], Fault> {
    match answer.split_first() {
        Some((kind, contents)) if *kind == wanted => Ok(contents),
        Some((&FAILURE, _)) => Err(Fault::refused("agent-refused", format!("The ssh-agent {refusal}"))
            .advise("Unlock the agent or load the key with ssh-add; if it asks for a confirmation, give it.")),
        _ => Err(refuse("it is of another kind")),
    }
}

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-agent-answer", format!("The answer of the ssh-agent cannot be used: {reason}"))
        .advise("See that SSH_AUTH_SOCK is the socket of an ssh-agent and that it holds the key: `ssh-add -l`.")
}
