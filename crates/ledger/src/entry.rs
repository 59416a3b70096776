//! One line of the ledger: who did what, when, with which outcome, to which bytes.

use model::{Digest, Fault, Instant};
use seal::canonical::{push_integer, push_string};

use crate::{Limits, wire};

/// One act. Carries no personal data: people stand as commitments or key ids, contents as digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened, by the clock of the machine. Order is the index, not this.
    pub time: Instant,
    /// Who did it: an operating-system user or a key id.
    pub actor: String,
    /// The subcommand: `ingest`.
    pub command: String,
    /// What was done, as a stable name: `ingest.committed`.
    pub act: String,
    /// How it ended, as a stable word: `done`, `no`, `refused`.
    pub outcome: String,
    /// The exit code.
    pub code: i32,
    /// Named digests of what was touched; names are unique and ASCII. Read back in the order of their names.
    pub digests: Vec<(String, Digest)>,
    /// Further named facts; names are unique and ASCII. Read back in the order of their names.
    pub facts: Vec<(String, Fact)>,
}

/// A fact about an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Words.
    Text(String),
    /// A count, within ±(2⁵³ − 1).
    Integer(i64),
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Fact::Text(text.to_owned())
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Fact::Text(text)
    }
}

impl From<i64> for Fact {
    fn from(integer: i64) -> Self {
        Fact::Integer(integer)
    }
}

impl Entry {
    /// The entry as canonical JSON (RFC 8785): what is hashed, forever.
    ///
    /// # Errors
    /// `bad-ledger-entry` when a name is not printable ASCII or stands twice, `integer-not-canonical`,
    /// `ledger-entry-too-large`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        let mut out = Vec::with_capacity(320);
        self.push_to(&mut out)?;
        Ok(out)
    }

    /// Reads an entry back. Only canonical bytes are an entry: one entry, one text.
    ///
    /// # Errors
    /// `bad-ledger-entry` when they are anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let entry = wire::parse_entry(bytes).map_err(|reason| refuse(&reason))?;
        match entry.to_bytes() {
            Ok(canonical) if canonical == bytes => Ok(entry),
            _ => Err(refuse("it is not in canonical form")),
        }
    }

    /// Appends the canonical bytes. Written by hand: this is the hot path of `append`.
    pub(crate) fn push_to(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let start = out.len();
        out.extend_from_slice(b"{\"act\":");
        push_string(out, &self.act);
        out.extend_from_slice(b",\"actor\":");
        push_string(out, &self.actor);
        out.extend_from_slice(b",\"code\":");
        push_integer(out, i64::from(self.code))?;
        out.extend_from_slice(b",\"command\":");
        push_string(out, &self.command);
        out.extend_from_slice(b",\"digests\":{");
        push_members(out, &self.digests, |out, digest| {
            push_string(out, &digest.hex());
            Ok(())
        })?;
        out.extend_from_slice(b"},\"facts\":{");
        push_members(out, &self.facts, |out, fact| match fact {
            Fact::Text(text) => {
                push_string(out, text);
                Ok(())
            }
            Fact::Integer(integer) => push_integer(out, *integer),
        })?;
        out.extend_from_slice(b"},\"outcome\":");
        push_string(out, &self.outcome);
        out.extend_from_slice(b",\"time\":");
        push_string(out, &self.time.to_string());
        out.extend_from_slice(b",\"v\":1}");
        if out.len() - start > Limits::ENTRY_BYTES {
            return Err(too_large(out.len() - start));
        }
        Ok(())
    }
}

type PushValue<T> = fn(&mut Vec<u8>, &T) -> Result<(), Fault>;

/// Members sorted by name. Names are ASCII, so that byte order is the UTF-16 order of RFC 8785 §3.2.3.
fn push_members<T>(out: &mut Vec<u8>, members: &[(String, T)], push_value: PushValue<T>) -> Result<(), Fault> {
    let mut sorted: Vec<&(String, T)> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (at, (name, value)) in sorted.iter().enumerate() {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refuse(&format!("the name {name:?} is not printable ASCII")));
        }
        if at > 0 {
            if sorted[at - 1].0 == *name {
                return Err(refuse(&format!("the name {name} stands twice")));
            }
            out.push(b',');
        }
        push_string(out, name);
        out.push(b':');
        push_value(out, value)?;
    }
    Ok(())
}

pub(crate) fn too_large(bytes: usize) -> Fault {
    Fault::bad_input("ledger-entry-too-large", format!("An entry of {bytes} bytes does not fit; 65,535 is the most"))
        .advise("Log the SHA-256 of what is large, and keep the thing itself beside the ledger.")
}

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-ledger-entry", format!("This is not a ledger entry: {reason}"))
        .advise("Entries are canonical JSON as probity writes them; verify the ledger to see whether it is intact.")
}
