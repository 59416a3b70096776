//! The journal of a request: what is about to be done, and what came of it, as a chain of lines.
//!
//! Each line is canonical JSON (RFC 8785) and holds the SHA-256 of the line before it, so that none can be changed, left out
//! or put in. It holds counts, numbers of steps and digests, never a key and never a value: it outlives the request.
//!
//! A line that was not finished when the power went is cut off, kept apart, and told: what it announced was not done, because
//! nothing is done before its line is whole.

use std::collections::BTreeMap;

use model::{Digest, Fault, Instant};
use serde_json::{Value, json};

use crate::Limits;

/// Enters what is done. Every implementation keeps this promise: when `enter` returns, the lines are on the disk.
pub trait Journal {
    /// Enters `acts`, all together.
    ///
    /// # Errors
    /// What the disk says; then nothing of what was announced may be done.
    fn enter(&mut self, acts: &[Act]) -> Result<(), Fault>;

    /// What was entered so far, by earlier runs too.
    fn acts(&self) -> &[Act];
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// How far it is.
    pub phase: Phase,
    /// In which store, where it is about one.
    pub store: Option<String>,
    /// The number of the plan's step, where it is about one.
    pub step: Option<u64>,
    /// How many rows.
    pub rows: u64,
    /// Of the plan, the certificate, the residual report: what the phase is about.
    pub digest: Option<Digest>,
    /// The code of the fault that ended it.
    pub code: Option<String>,
}

impl Act {
    /// An act of the whole request.
    pub fn of(phase: Phase) -> Self {
        Act { phase, store: None, step: None, rows: 0, digest: None, code: None }
    }

    /// The same, in a store.
    #[must_use]
    pub fn in_store(self, store: &str) -> Self {
        Act { store: Some(store.to_owned()), ..self }
    }

    /// The same, about a step and so many rows.
    #[must_use]
    pub fn at(self, step: u64, rows: u64) -> Self {
        Act { step: Some(step), rows, ..self }
    }

    /// The same, about something with this digest.
    #[must_use]
    pub fn about(self, digest: Digest) -> Self {
        Act { digest: Some(digest), ..self }
    }

    /// The same, ended by a fault.
    #[must_use]
    pub fn because(self, code: &str) -> Self {
        Act { code: Some(code.to_owned()), ..self }
    }
}

/// How far an act is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The plan was confirmed; its digest.
    Confirmed,
    /// Another person approved the plan.
    Approved,
    /// A run goes on where an earlier one ended.
    Resumed,
    /// A step is about to be done.
    Intent,
    /// A step was done, inside the store's transaction where it has them; `rows` were changed by this request. Without
    /// transactions it is entered after each batch: the last line of an attempt has all of them.
    Done,
    /// Rows of a step were not there any more.
    Absent,
    /// The store has it all.
    Committed,
    /// The connection broke while the store was asked to keep it: nobody knows, and the store is asked again.
    Unknown,
    /// The store is as it was before the attempt.
    RolledBack,
    /// An attempt ended in a store without transactions: what was done of it stays done.
    Stopped,
    /// The store had it all, and rows of the plan are there again: a fail-over lost it, or a backup came back.
    CameBack,
    /// Everything was looked for again; the digest of what was found.
    Verified,
    /// The certificate was written; its digest.
    Certified,
    /// Key and identities are gone.
    Closed,
}

const PHASES: [(Phase, &str); 14] = [
    (Phase::Confirmed, "confirmed"),
    (Phase::Approved, "approved"),
    (Phase::Resumed, "resumed"),
    (Phase::Intent, "intent"),
    (Phase::Done, "done"),
    (Phase::Absent, "absent"),
    (Phase::Committed, "committed"),
    (Phase::Unknown, "unknown"),
    (Phase::RolledBack, "rolled-back"),
    (Phase::Stopped, "stopped"),
    (Phase::CameBack, "came-back"),
    (Phase::Verified, "verified"),
    (Phase::Certified, "certified"),
    (Phase::Closed, "closed"),
];

impl Phase {
    /// In a word.
    pub fn word(self) -> &'static str {
        PHASES.iter().find(|(phase, _)| *phase == self).map_or("", |(_, word)| word)
    }

    fn parse(word: &str) -> Option<Self> {
        PHASES.iter().find(|(_, known)| *known == word).map(|(phase, _)| *phase)
    }
}

/// A journal as it stands.
#[derive(Clone, Debug)]
pub struct Chain {
    acts: Vec<Act>,
    began: Option<Instant>,
    last: Digest,
}

/// A journal that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// What is whole.
    pub chain: Chain,
    /// How many bytes of the file are whole.
    pub whole: usize,
    /// Whether an unfinished line follows them.
    pub torn: bool,
}

impl Chain {
    /// A journal without lines, of the request with this id.
    pub fn new(request: &str) -> Self {
        Chain {
            acts: Vec::new(),
            began: None,
            last: seal::sha256(format!("probity journal 1\n{request}\n").as_bytes()),
        }
    }

    /// Reads the lines of a journal of `request`.
    ///
    /// # Errors
    /// `journal-broken` with the line: it does not follow from the one before it.
    pub fn read(request: &str, bytes: &[u8]) -> Result<Read, Fault> {
        let mut chain = Chain::new(request);
        let mut whole = 0;
        for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            let parsed = parse(text).filter(|(at, previous, ..)| *at == number as u64 && *previous == chain.last);
            let Some((_, _, time, act)) = parsed else {
                // A disk can lose the end of the last write and keep its length: zeros up to the end are no line.
                if bytes[whole..].iter().all(|byte| *byte == 0) {
                    break;
                }
                return Err(broken(number as u64 + 1));
            };
            chain.acts.push(act);
            chain.began.get_or_insert(time);
            chain.last = seal::sha256(text);
            whole += line.len();
        }
        Ok(Read { chain, whole, torn: whole < bytes.len() })
    }

    /// What was entered so far.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// When the first line was entered.
    pub fn began(&self) -> Option<Instant> {
        self.began
    }

    /// The digest of the last line, which stands for all of them.
    pub fn head(&self) -> Digest {
        self.last
    }

    /// Adds `acts`, done at `time`. What comes back is to be appended to the file and synced before anything else is done.
    pub fn add(&mut self, acts: &[Act], time: Instant) -> Vec<u8> {
        let mut lines = Vec::new();
        for act in acts {
            let line = line(self.acts.len() as u64, &self.last, time, act);
            self.last = seal::sha256(&line);
            self.acts.push(act.clone());
            self.began.get_or_insert(time);
            lines.extend(line);
            lines.push(b'\n');
        }
        lines
    }
}

/// The stores that are done, in the order in which they were.
pub fn committed(acts: &[Act]) -> Vec<String> {
    let mut stores: Vec<String> = Vec::new();
    for store in acts.iter().filter(|act| act.phase == Phase::Committed).filter_map(|act| act.store.as_ref()) {
        if standing(acts, store) == Some(Phase::Committed) && !stores.contains(store) {
            stores.push(store.clone());
        }
    }
    stores
}

/// Where each store stands, by what was entered: the last of its phases that says so.
pub fn standing(acts: &[Act], store: &str) -> Option<Phase> {
    let decides = |phase| {
        use Phase::{CameBack, Committed, Done, Intent, RolledBack, Stopped, Unknown};
        matches!(phase, Intent | Done | Committed | Unknown | RolledBack | Stopped | CameBack)
    };
    acts.iter().rev().find(|act| act.store.as_deref() == Some(store) && decides(act.phase)).map(|act| act.phase)
}

/// Rows by step that attempts in `store` changed, where nothing was entered of their being taken back. Without transactions
/// what one attempt changed stays, however early a later one ended.
pub fn doubtful(acts: &[Act], store: &str, transactional: bool) -> BTreeMap<u64, u64> {
    let (mut doubtful, mut attempt): (BTreeMap<u64, u64>, BTreeMap<u64, u64>) = Default::default();
    let mut end = |attempt: &mut BTreeMap<u64, u64>| {
        if transactional && !attempt.is_empty() {
            doubtful.clear();
        }
        for (step, rows) in std::mem::take(attempt) {
            let known = doubtful.entry(step).or_default();
            *known = rows.max(*known);
        }
    };
    for act in acts.iter().filter(|act| act.store.as_deref() == Some(store)) {
        match (act.phase, act.step) {
            (Phase::Intent | Phase::Unknown | Phase::Stopped, _) => end(&mut attempt),
            (Phase::Done, Some(step)) => drop(attempt.insert(step, act.rows)),
            (Phase::RolledBack, _) => attempt.clear(),
            _ => {}
        }
    }
    end(&mut attempt);
    doubtful
}

/// Whether a part of `store` may be done, though it is not known to be whole: an attempt ended in the middle, or nobody told
/// how it ended. With transactions only those count that had come to their end.
pub fn is_unsure(acts: &[Act], store: &str, transactional: bool) -> bool {
    let (mut pending, mut unsure) = (false, false);
    for act in acts {
        match (act.phase, act.store.as_deref() == Some(store)) {
            (Phase::Resumed, _) => unsure |= std::mem::take(&mut pending),
            (Phase::Intent, true) => pending |= !transactional,
            (Phase::RolledBack, true) => pending = false,
            (Phase::Stopped | Phase::Unknown | Phase::Committed, true) => unsure = true,
            _ => {}
        }
    }
    unsure || pending || !doubtful(acts, store, transactional).is_empty()
}

fn line(number: u64, previous: &Digest, time: Instant, act: &Act) -> Vec<u8> {
    let mut value = json!({
        "at": time.to_string(), "n": number, "phase": act.phase.word(), "previous": previous.hex(), "rows": act.rows,
    });
    let mut put = |name: &str, text: Option<Value>| {
        if let Some(text) = text {
            value[name] = text;
        }
    };
    put("store", act.store.as_deref().map(Value::from));
    put("step", act.step.map(Value::from));
    put("digest", act.digest.map(|digest| digest.hex().into()));
    put("code", act.code.as_deref().map(Value::from));
    // There is no float in it, and nothing else can be refused.
    seal::canonical::to_bytes(&value).unwrap_or_default()
}

fn parse(line: &[u8]) -> Option<(u64, Digest, Instant, Act)> {
    if line.len() > Limits::LINE_BYTES {
        return None;
    }
    let value: Value = serde_json::from_slice(line).ok()?;
    // One line has one text: what was written differently was not written by us.
    (seal::canonical::to_bytes(&value).ok()? == line).then_some(())?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let act = Act {
        phase: Phase::parse(text("phase")?)?,
        store: text("store").map(str::to_owned),
        step: value.get("step").and_then(Value::as_u64),
        rows: value.get("rows")?.as_u64()?,
        digest: text("digest").map(Digest::parse).transpose().ok()?,
        code: text("code").map(str::to_owned),
    };
    let time = Instant::parse(text("at")?).ok()?;
    Some((value.get("n")?.as_u64()?, Digest::parse(text("previous")?).ok()?, time, act))
}

fn broken(line: u64) -> Fault {
    Fault::unverified("journal-broken", "The line does not follow from the one before it: the journal was changed")
        .at(model::Place::line(line, 0))
        .advise("Restore the folder of the request from a backup. Nothing is erased on the word of a journal that was changed.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts() -> Vec<Act> {
        let plan = seal::sha256(b"plan");
        vec![
            Act::of(Phase::Confirmed).about(plan),
            Act::of(Phase::Intent).in_store("shop").at(1, 38),
            Act::of(Phase::Done).in_store("shop").at(1, 38),
            Act::of(Phase::RolledBack).in_store("shop").because("plan-drift"),
        ]
    }

    fn written() -> Vec<u8> {
        let mut chain = Chain::new("req-0001");
        acts().iter().flat_map(|act| chain.add(std::slice::from_ref(act), Instant::from_nanos(0))).collect()
    }

    /// What was entered comes back, and a chain goes on where it ended.
    #[test]
    fn what_was_entered_is_read_again() {
        let read = Chain::read("req-0001", &written()).expect("whole");
        assert_eq!(read.chain.acts(), acts());
        assert_eq!((read.whole, read.torn), (written().len(), false));
        let (mut one, mut two) = (Chain::new("req-0001"), Chain::new("req-0001"));
        let together = one.add(&acts(), Instant::from_nanos(0));
        assert_eq!(together, written());
        two.add(&acts(), Instant::from_nanos(0));
        assert_eq!(read.chain.head(), two.head());
        assert_eq!(standing(&acts(), "shop"), Some(Phase::RolledBack));
        assert_eq!(standing(&acts(), "crm"), None);
    }

    /// What an attempt changed is in doubt until it is known to be taken back; a later attempt that failed says nothing of it.
    #[test]
    fn doubt_lasts_until_it_is_settled() {
        let check = |phases: &[(Phase, u64)], expect: &[(u64, u64)]| {
            let act = |(phase, rows): &(Phase, u64)| Act::of(*phase).in_store("shop").at(1, *rows);
            let acts: Vec<Act> = phases.iter().map(act).collect();
            assert_eq!(doubtful(&acts, "shop", true).into_iter().collect::<Vec<_>>(), expect, "{phases:?}");
            assert!(doubtful(&acts, "crm", true).is_empty());
        };
        use Phase::{Done, Intent, RolledBack, Stopped, Unknown};
        check(&[(Intent, 3)], &[]);
        check(&[(Intent, 3), (Done, 3)], &[(1, 3)]);
        check(&[(Intent, 3), (Done, 3), (RolledBack, 0)], &[]);
        check(&[(Intent, 3), (Done, 3), (Unknown, 0), (Intent, 3), (RolledBack, 0)], &[(1, 3)]);
        check(&[(Intent, 3), (Done, 3), (Intent, 3), (Done, 2), (RolledBack, 0)], &[(1, 3)]);
        check(&[(Intent, 3), (Done, 2), (Stopped, 0)], &[(1, 2)]);
        // Without transactions nothing is taken back: a later attempt that ended earlier says nothing of the rest.
        let act = |phase, step, rows| Act::of(phase).in_store("bucket").at(step, rows);
        let acts = [
            act(Intent, 1, 5),
            act(Done, 1, 5),
            act(Done, 2, 2_000),
            act(Done, 2, 4_000),
            act(Stopped, 0, 0),
            act(Intent, 1, 5),
            act(Done, 1, 5),
            act(Done, 2, 2_000),
            act(Stopped, 0, 0),
        ];
        assert_eq!(doubtful(&acts, "bucket", false).into_iter().collect::<Vec<_>>(), [(1, 5), (2, 4_000)]);
    }

    /// What may be done in part is not called untouched, however often a later attempt did nothing.
    #[test]
    fn what_may_be_done_is_unsure() {
        use Phase::{Committed, Done, Intent, Resumed, RolledBack, Stopped};
        let check = |phases: &[Phase], keys: bool, rows: bool| {
            let act = |phase: &Phase| Act::of(*phase).at(1, 3).in_store("shop");
            let acts: Vec<Act> = phases.iter().map(act).collect();
            assert_eq!((is_unsure(&acts, "shop", false), is_unsure(&acts, "shop", true)), (keys, rows), "{phases:?}");
        };
        check(&[], false, false);
        check(&[Intent], true, false);
        check(&[Intent, RolledBack], false, false);
        check(&[Intent, Resumed, Intent, RolledBack], true, false);
        check(&[Intent, Done, Resumed, Intent, RolledBack], true, true);
        check(&[Intent, Stopped, Resumed, Intent, RolledBack], true, true);
        check(&[Intent, Done, Committed], true, true);
    }

    /// Wherever the power went during a write: the lines before it are whole, and the rest is known to be torn.
    #[test]
    fn a_torn_tail_is_cut_at_every_byte() {
        let whole = written();
        for end in 0..whole.len() {
            let read = Chain::read("req-0001", &whole[..end]).expect("torn, not broken");
            let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(read.chain.acts(), &acts()[..lines]);
            assert_eq!(read.torn, read.whole < end);
            let zeros = [&whole[..end], &[0; 40][..]].concat();
            assert!(Chain::read("req-0001", &zeros).expect("torn").torn);
        }
    }

    /// A line that was changed, left out, doubled, moved or taken from another request is noticed.
    #[test]
    fn tampering_is_noticed() {
        let whole = written();
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let check = |request: &str, order: &[usize]| {
            let bytes: Vec<u8> = order.iter().flat_map(|at| lines[*at].to_vec()).collect();
            Chain::read(request, &bytes).map(|read| read.chain.acts().len()).map_err(|fault| fault.code())
        };
        assert_eq!(check("req-0001", &[0, 1, 2, 3]), Ok(4));
        for order in [&[0, 2, 3][..], &[1, 2, 3], &[0, 1, 1, 2], &[1, 0, 2, 3]] {
            assert_eq!(check("req-0001", order), Err("journal-broken"), "{order:?}");
        }
        assert_eq!(check("req-0002", &[0, 1, 2, 3]), Err("journal-broken"));
        let text = String::from_utf8(whole.clone()).expect("JSON").replace("\"rows\":38", "\"rows\":39");
        assert!(Chain::read("req-0001", text.as_bytes()).is_err());
    }
}
