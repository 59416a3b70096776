//! The register: a chain of lines.

use std::collections::BTreeMap;

use model::{Digest, Fault, Instant, Place};
use seal::{Chain, Links};
use serde_json::{Map, Value, json};

use super::state::Incident;
use crate::Limits;

/// What was entered about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody became aware of it.
    Opened,
    /// More is known, or something else.
    Updated,
    /// The authority or the people concerned were told.
    Notified,
    /// Something is to be done, or was done.
    Action,
    /// It is over.
    Closed,
}

const EVENTS: [(Event, &str); 5] = [
    (Event::Opened, "opened"),
    (Event::Updated, "updated"),
    (Event::Notified, "notified"),
    (Event::Action, "action"),
    (Event::Closed, "closed"),
];

impl Event {
    /// In a word.
    pub fn word(self) -> &'static str {
        EVENTS.iter().find(|(event, _)| *event == self).map_or("", |(_, word)| word)
    }
}

/// One line of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `inc-0001`.
    pub incident: String,
    /// When it was entered.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// What it is.
    pub event: Event,
    /// What was said, by the words of the register.
    pub said: BTreeMap<String, String>,
}

/// Every incident of a project.
#[derive(Clone, Debug)]
pub struct Register {
    entries: Vec<Entry>,
    chain: Chain,
}

const BEGINNING: &[u8] = b"probity incidents 1\n";

impl Default for Register {
    fn default() -> Self {
        Register { entries: Vec::new(), chain: Chain::new(BEGINNING) }
    }
}

impl Register {
    /// Reads the lines of a register. The second is how many bytes are whole: a last line without its end was not promised
    /// to anybody.
    ///
    /// # Errors
    /// `incidents-broken` with the line: it does not follow from the one before it, or cannot be read.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Fault> {
        let Links { chain, lines, whole } = Chain::read(BEGINNING, bytes, Limits::LINE_BYTES).map_err(broken)?;
        let mut register = Register { entries: Vec::new(), chain };
        for (number, line) in (1..).zip(&lines) {
            let entry = register.parse(line).ok_or_else(|| broken(number))?;
            register.entries.push(entry);
        }
        Ok((register, whole))
    }

    /// Enters `entry`; gives its line, with its end.
    pub fn enter(&mut self, entry: Entry) -> Vec<u8> {
        let line = Map::from_iter([
            ("at".to_owned(), entry.at.to_string().into()),
            ("by".to_owned(), entry.by.clone().into()),
            ("event".to_owned(), entry.event.word().into()),
            ("incident".to_owned(), entry.incident.clone().into()),
            ("said".to_owned(), json!(entry.said)),
        ]);
        self.entries.push(entry);
        self.chain.extend(line)
    }

    /// The digest of the last line, which stands for all.
    pub fn head(&self) -> Digest {
        self.chain.head()
    }

    /// Whether a line with this digest is in it: one that is known elsewhere and is not in it was cut off.
    pub fn holds(&self, line: &Digest) -> bool {
        self.chain.holds(line)
    }

    /// Every line.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The next free id.
    pub fn next_id(&self) -> String {
        let opened = self.entries.iter().filter(|entry| entry.event == Event::Opened).count();
        format!("inc-{:04}", opened + 1)
    }

    /// Every incident, as it stands.
    pub fn incidents(&self) -> Vec<Incident> {
        let mut all: Vec<Incident> = Vec::new();
        for entry in &self.entries {
            match all.iter_mut().find(|incident| incident.id == entry.incident) {
                Some(incident) => incident.take(entry),
                None => all.push(Incident::opened(entry)),
            }
        }
        all
    }

    fn parse(&self, line: &Map<String, Value>) -> Option<Entry> {
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let said = line.get("said")?.as_object()?;
        let said = said.iter().map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())));
        let entry = Entry {
            incident: text("incident")?.to_owned(),
            at: Instant::parse(text("at")?).ok()?,
            by: text("by")?.to_owned(),
            event: EVENTS.iter().find(|(_, word)| Some(*word) == text("event")).map(|(event, _)| *event)?,
            said: said.collect::<Option<_>>()?,
        };
        let is_known = self.entries.iter().any(|other| other.incident == entry.incident);
        (is_known == (entry.event != Event::Opened)).then_some(entry)
    }
}

fn broken(line: u64) -> Fault {
    Fault::unverified("incidents-broken", "The line does not follow from the one before it: the register was changed")
        .at(Place::line(line, 0))
        .advise("Restore the register from a backup; the ledger has the digest of the last line after each act.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(incident: &str, event: Event, said: &[(&str, &str)]) -> Entry {
        Entry {
            incident: incident.to_owned(),
            at: Instant::from_nanos(0),
            by: "uid-0".to_owned(),
            event,
            said: said.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        }
    }

    fn written() -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in [
            entry("inc-0001", Event::Opened, &[("title", "lost laptop")]),
            entry("inc-0001", Event::Updated, &[("nature", "a disk without encryption")]),
            entry("inc-0002", Event::Opened, &[("title", "mail to the wrong person")]),
        ] {
            let (mut register, _) = Register::read(&bytes).expect("whole");
            bytes.extend(register.enter(entry));
        }
        bytes
    }

    #[test]
    fn what_was_entered_is_read_again() {
        let (register, whole) = Register::read(&written()).expect("whole");
        assert_eq!((register.entries().len(), whole, register.next_id()), (3, written().len(), "inc-0003".to_owned()));
        let incidents = register.incidents();
        assert_eq!(incidents[0].said("nature"), Some("a disk without encryption"));
        assert_eq!(incidents[1].said("nature"), None);
    }

    /// A line that was changed, left out, doubled or moved is noticed; one that was not finished is known to be torn.
    #[test]
    fn tampering_is_noticed() {
        let whole = written();
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let check = |order: &[usize]| {
            let bytes: Vec<u8> = order.iter().flat_map(|at| lines[*at].to_vec()).collect();
            Register::read(&bytes).map(|(register, _)| register.entries().len()).map_err(|fault| fault.code())
        };
        assert_eq!(check(&[0, 1, 2]), Ok(3));
        for order in [&[1, 2][..], &[0, 2], &[0, 1, 1], &[1, 0, 2]] {
            assert_eq!(check(order), Err("incidents-broken"), "{order:?}");
        }
        let text = String::from_utf8(whole.clone()).expect("JSON").replace("lost", "stolen");
        assert!(Register::read(text.as_bytes()).is_err());
        for end in 0..whole.len() {
            let (register, kept) = Register::read(&whole[..end]).expect("torn, not broken");
            assert_eq!(register.entries().len(), whole[..end].iter().filter(|byte| **byte == b'\n').count());
            assert!(kept <= end);
        }
    }
}
