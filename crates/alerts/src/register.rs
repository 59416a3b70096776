//! The register of alerts: a chain of lines, and what it comes to.

use std::collections::BTreeMap;

use model::{Digest, Fault, Instant, Place};
use seal::{Chain, Links};
use serde_json::{Map, Value};

use crate::Limits;
use crate::alert::{Alert, Status};
use crate::delivery::{Log, Unsettled};
use crate::event::{Entry, Event};
use crate::labels::Fingerprint;
use crate::silence::Silence;

const BEGINNING: &[u8] = b"probity alerts 1\n";

/// Every alert and silence of a project, with the lines that say so.
#[derive(Clone, Debug)]
pub struct Register {
    chain: Chain,
    entries: Vec<Entry>,
    alerts: Vec<Alert>,
    silences: Vec<Silence>,
    /// The newest alert of these labels, by its place in `alerts`.
    newest: BTreeMap<Fingerprint, usize>,
    by_id: BTreeMap<String, usize>,
    /// When these labels fired.
    fires: BTreeMap<Fingerprint, Vec<Instant>>,
    documents: BTreeMap<String, Instant>,
    /// How deliveries to each target went.
    logs: BTreeMap<String, Log>,
    fresh: Vec<u8>,
}

impl Default for Register {
    fn default() -> Self {
        Register {
            chain: Chain::new(BEGINNING),
            entries: Vec::new(),
            alerts: Vec::new(),
            silences: Vec::new(),
            newest: BTreeMap::new(),
            by_id: BTreeMap::new(),
            fires: BTreeMap::new(),
            documents: BTreeMap::new(),
            logs: BTreeMap::new(),
            fresh: Vec::new(),
        }
    }
}

impl Register {
    /// Reads the lines of a register. The second is how many bytes are whole: a last line without its end was not promised
    /// to anybody.
    ///
    /// # Errors
    /// `alerts-broken` with the line: it does not follow from the one before it, or makes no sense.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Fault> {
        let Links { chain, lines, whole } = Chain::read(BEGINNING, bytes, Limits::LINE_BYTES).map_err(broken)?;
        let mut register = Register { chain, ..Register::default() };
        for (number, line) in (1..).zip(&lines) {
            let taken = Entry::read(line).and_then(|entry| register.take(entry));
            taken.ok_or_else(|| broken(number))?;
        }
        Ok((register, whole))
    }

    /// Enters a line. It is in [`Register::fresh`] until somebody writes it down.
    ///
    /// # Errors
    /// `internal`: a line that we could not read again. The register is of no use afterwards, and nobody writes it down.
    pub fn enter(&mut self, entry: Entry) -> Result<(), Fault> {
        let line = self.chain.extend(entry.line());
        let fits = !line.is_empty() && line.len() <= Limits::LINE_BYTES;
        let event = entry.event.word();
        match fits.then(|| self.take(entry)).flatten() {
            Some(()) => self.fresh.extend(line),
            None => {
                return Err(Fault::internal("internal", format!("A line {event:?} of the register makes no sense")));
            }
        }
        Ok(())
    }

    /// The bytes of what was entered since the register was read.
    pub fn fresh(&self) -> &[u8] {
        &self.fresh
    }

    /// The digest of the last line, which stands for all.
    pub fn head(&self) -> Digest {
        self.chain.head()
    }

    /// Every line with its digest, in order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = (&Entry, &Digest)> + ExactSizeIterator {
        self.entries.iter().zip(self.chain.digests())
    }

    /// Every alert, the oldest first.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Every silence, the oldest first.
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// The alert of this id, or the newest whose fingerprint is that.
    pub fn alert(&self, name: &str) -> Option<&Alert> {
        let by_id = || self.by_id.get(name).map(|at| &self.alerts[*at]);
        by_id().or_else(|| self.alerts.iter().rev().find(|alert| alert.labels.fingerprint().to_string() == name))
    }

    /// The newest alert with these labels.
    pub(crate) fn newest(&self, fingerprint: Fingerprint) -> Option<&Alert> {
        self.newest.get(&fingerprint).map(|at| &self.alerts[*at])
    }

    /// How often these labels fired since then.
    pub(crate) fn fired_since(&self, fingerprint: Fingerprint, since: Instant) -> usize {
        self.fires.get(&fingerprint).map_or(0, |times| times.iter().filter(|time| **time >= since).count())
    }

    /// Whether the document of this digest was read whole.
    pub fn knows(&self, document: &Digest) -> bool {
        self.documents.contains_key(&document.hex())
    }

    /// The time of the newest document.
    pub fn evaluated(&self) -> Option<Instant> {
        self.documents.values().max().copied()
    }

    /// How deliveries to this target went.
    pub(crate) fn log(&self, target: &str) -> Option<&Log> {
        self.logs.get(target)
    }

    /// Deliveries that were begun and of which no end is known.
    pub fn unsettled(&self) -> Vec<Unsettled> {
        let all = self.logs.iter().flat_map(|(target, log)| log.open().map(move |open| (target, open)));
        all.map(|(target, (key, alerts))| Unsettled {
            target: target.clone(),
            key: key.to_owned(),
            alerts: alerts.to_vec(),
        })
        .collect()
    }

    /// The next free id of an alert.
    pub(crate) fn next_alert(&self) -> String {
        format!("alert-{:04}", self.alerts.len() + 1)
    }

    /// The next free id of a silence.
    pub fn next_silence(&self) -> String {
        format!("silence-{:04}", self.silences.len() + 1)
    }

    fn take(&mut self, entry: Entry) -> Option<()> {
        match entry.event {
            Event::Observed => self.observed(&entry)?,
            Event::Pending => self.opened(&entry)?,
            Event::Telling | Event::Uncertain | Event::Told | Event::Untold => {
                let target = entry.text("target")?.to_owned();
                self.logs.entry(target).or_default().take(&entry)?;
            }
            Event::Silenced => {
                (entry.about == self.next_silence()).then_some(())?;
                self.silences.push(Silence::opened(&entry)?);
            }
            Event::Unsilenced => {
                let silence = self.silences.iter_mut().find(|silence| silence.id == entry.about)?;
                silence.ended = Some(entry.at);
            }
            _ => {
                let alert = &mut self.alerts[*self.by_id.get(&entry.about)?];
                alert.take(&entry)?;
                if entry.event == Event::Fired {
                    self.fires.entry(alert.labels.fingerprint()).or_default().extend(alert.fired);
                }
            }
        }
        self.entries.push(entry);
        Some(())
    }

    fn opened(&mut self, entry: &Entry) -> Option<()> {
        let mut alert = Alert::opened(entry)?;
        let fingerprint = alert.labels.fingerprint();
        let is_double = self.newest(fingerprint).is_some_and(Alert::is_open);
        (entry.about == self.next_alert() && !is_double).then_some(())?;
        alert.take(entry)?;
        self.newest.insert(fingerprint, self.alerts.len());
        self.by_id.insert(alert.id.clone(), self.alerts.len());
        self.alerts.push(alert);
        Some(())
    }

    fn observed(&mut self, entry: &Entry) -> Option<()> {
        let at = entry.time("time")?;
        for id in entry.names("wrong") {
            let alert = &mut self.alerts[*self.by_id.get(&id)?];
            (alert.observed, alert.seen, alert.clear) = (at, at, None);
            alert.breaches += 1;
        }
        for id in entry.names("clear") {
            let alert = &mut self.alerts[*self.by_id.get(&id)?];
            alert.observed = at;
            if alert.status == Status::Firing {
                alert.clear.get_or_insert(at);
            }
        }
        let counts = entry.said.get("counts").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        for (id, count) in &counts {
            self.alerts[*self.by_id.get(id)?].count = count.as_u64()?;
        }
        let summaries = entry.said.get("summaries").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        for (id, summary) in &summaries {
            summary.as_str()?.clone_into(&mut self.alerts[*self.by_id.get(id)?].summary);
        }
        self.documents.insert(entry.text("document")?.to_owned(), at);
        Some(())
    }
}

fn broken(line: u64) -> Fault {
    Fault::unverified("alerts-broken", "The line does not follow from those before it: the register was changed")
        .at(Place::line(line, 0))
        .advise("Restore the register from a backup; the ledger has the digest of each line.")
}
