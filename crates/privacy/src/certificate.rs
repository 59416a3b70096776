//! The certificate of an erase: what it covered and what it did not, first; then what became of the data.
//!
//! One content in three forms: canonical JSON (`erase-certificate/1`), which is what is signed; XML with a schema; and pages
//! for people, which the edge composes. No form names the person: the subject stands in it as pseudonyms, rows as counts and
//! digests.

mod json;
mod supplement;
mod xml;

use model::{Digest, Fault, Instant};
use serde_json::Value;

use crate::apply::{Applied, State, StepApplied};
use crate::plan::{Outcome, PASSING, Plan, Step};
use crate::register::Recipient;
use crate::row::digest as row_digest;
use crate::verify::{StoreVerified, Verified};
pub use supplement::Supplement;

/// The schema of [`Certificate::to_xml`], as it stands in `schemas/`.
pub const XSD: &[u8] = include_bytes!("../../../schemas/erase-certificate.v1.xsd");

/// What an erase came to.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Who, when, by what.
    pub about: About,
    /// The law, as the plan names it.
    pub regime: String,
    /// `17`.
    pub article: String,
    /// `17-1-b`.
    pub ground: Option<String>,
    /// Kind and pseudonym of each identity.
    pub subject: Vec<(String, String)>,
    /// How it ended.
    pub result: Outcomes,
    /// What was covered.
    pub scope: Vec<Scope>,
    /// What was not covered, a sentence each.
    pub gaps: Vec<String>,
    /// What happened on the side, or is worth knowing, a sentence each.
    pub remarks: Vec<String>,
    /// What was done, a line for each step of the plan.
    pub done: Vec<Line>,
    /// What stays by law.
    pub retained: Vec<Retained>,
    /// What stays because it is others' too.
    pub shared: Vec<SharedRows>,
    /// What failed.
    pub failed: Vec<Failed>,
    /// What was looked for afterwards.
    pub verification: Vec<Looked>,
    /// Rows that a new search still finds: store, collection, rows.
    pub found_again: Vec<(String, String, u64)>,
    /// What remains physically: store and sentence.
    pub physical: Vec<(String, String)>,
    /// Who is to be told (Art. 19), and who was when the certificate was made.
    pub recipients: Vec<Recipient>,
    /// Until when backups hold the data, store by store.
    pub backups: Vec<Backup>,
}

/// Who, when, by what.
#[derive(Clone, Debug)]
pub struct About {
    /// `req-0007`.
    pub request: String,
    /// When the request came in.
    pub received: Instant,
    /// When the first act was done.
    pub started: Instant,
    /// When the verification ended.
    pub finished: Instant,
    /// Who carried it out.
    pub operator: String,
    /// Who approved it besides: fingerprints of their keys.
    pub approvers: Vec<String>,
    /// How it was verified that whoever asked is the person.
    pub identified_by: Option<String>,
    /// Program and version.
    pub tool: String,
    /// `plan`, `journal`, `datamap`, `config`.
    pub digests: Vec<(String, Digest)>,
    /// Whom the register names as recipients, and what it knows of them.
    pub recipients: Vec<Recipient>,
    /// What was kept so that a backup that comes back can be erased again: how many pseudonyms.
    pub tombstones: u64,
}

/// How the erase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcomes {
    /// Everything of the plan was done, and nothing was found afterwards.
    Complete,
    /// Everything of the plan was done, and something of the person was found afterwards.
    Residual,
    /// Some stores are not done.
    Incomplete,
}

impl Outcomes {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Outcomes::Complete => "complete",
            Outcomes::Residual => "residual-found",
            Outcomes::Incomplete => "incomplete",
        }
    }
}

/// One store that was covered.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Its name.
    pub store: String,
    /// Its dataset in the map.
    pub dataset: String,
    /// Kind, server and version.
    pub version: String,
    /// Whether all happened in one transaction.
    pub transactional: bool,
    /// How it ended.
    pub state: &'static str,
    /// Collections that were searched.
    pub collections: u64,
}

/// What came of one step.
#[derive(Clone, Debug)]
pub struct Line {
    /// The step.
    pub step: u64,
    /// The store.
    pub store: String,
    /// The collection.
    pub collection: String,
    /// What it is called.
    pub outcome: &'static str,
    /// Fields, where some were set.
    pub fields: Vec<String>,
    /// Rows that the plan named.
    pub planned: u64,
    /// Rows that were changed.
    pub rows: u64,
    /// Rows that were as they should be already.
    pub already: u64,
    /// SHA-256 over the digests of the rows, as they were.
    pub digest: Digest,
    /// Why.
    pub reason: String,
}

/// Rows that stay by law.
#[derive(Clone, Debug)]
pub struct Retained {
    /// The store.
    pub store: String,
    /// The collection.
    pub collection: String,
    /// How many.
    pub rows: u64,
    /// `17-3-b`.
    pub code: String,
    /// The law.
    pub law: String,
    /// The last day.
    pub until: Option<String>,
    /// Who decided.
    pub approver: Option<String>,
    /// The hold.
    pub hold: Option<String>,
    /// Fields that were anonymised all the same.
    pub anonymised: Vec<String>,
}

/// Rows that are others' too.
#[derive(Clone, Debug)]
pub struct SharedRows {
    /// The store.
    pub store: String,
    /// The collection.
    pub collection: String,
    /// How many.
    pub rows: u64,
    /// Why they stay.
    pub reason: String,
}

/// A store that is not done.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The store.
    pub store: String,
    /// The code of the fault; `not-begun` where an earlier store failed.
    pub code: String,
    /// In words.
    pub message: String,
}

/// What was looked at in one store.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The store.
    pub store: String,
    /// Collections that were read to the end.
    pub collections: u64,
    /// Rows, objects, messages.
    pub rows: u64,
    /// Bytes of text.
    pub bytes: u64,
    /// Places in which an identity still stands.
    pub places: Vec<Place>,
}

/// A place in which an identity still stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// The collection.
    pub collection: String,
    /// The field; `None`: in a key or name.
    pub field: Option<String>,
    /// SHA-256 of the row's key, to find it again.
    pub key: Digest,
    /// How it is written there.
    pub forms: Vec<&'static str>,
    /// Why it may be there: the code of what keeps the row.
    pub explained: Option<String>,
}

/// Backups of one store that were made before the erase.
#[derive(Clone, Debug)]
pub struct Backup {
    /// The store.
    pub store: String,
    /// How long one is kept; none: nothing says so.
    pub kept: Option<String>,
    /// The last day on which one may hold the data.
    pub until: Option<String>,
    /// Where they are.
    pub place: Option<String>,
}

impl Certificate {
    /// Of what was done and found. `versions` are those of the stores, in the order of the plan's.
    pub fn new(about: About, plan: &Plan, versions: &[String], applied: &Applied, verified: Option<&Verified>) -> Self {
        let whole = applied.is_whole();
        let result = match verified {
            Some(verified) if whole && verified.is_clean() => Outcomes::Complete,
            Some(verified) if whole && verified.fault().is_none() => Outcomes::Residual,
            _ => Outcomes::Incomplete,
        };
        let stores = verified.map(|verified| verified.stores.as_slice()).unwrap_or_default();
        let physical = stores.iter().flat_map(|it| it.physical.iter().map(|text| (it.member.clone(), text.clone())));
        Certificate {
            recipients: recipients(&about.recipients, plan),
            backups: plan.stores.iter().map(|store| backup(&store.member, plan, about.finished)).collect(),
            about,
            regime: plan.regime.clone(),
            article: plan.article.clone(),
            ground: plan.ground.clone(),
            subject: plan.subject.clone(),
            result,
            scope: scope(plan, versions, applied),
            gaps: gaps(plan, verified),
            remarks: plan.traps.iter().map(|it| format!("{}.{}: {}", it.member, it.collection, it.text)).collect(),
            done: plan.steps.iter().map(|step| line(step, applied)).collect(),
            retained: plan.kept.iter().map(retained).collect(),
            shared: plan.shared.iter().map(shared).collect(),
            failed: failed(applied, stores),
            verification: stores.iter().filter(|store| store.fault.is_none()).map(looked).collect(),
            found_again: verified.map(found_again).unwrap_or_default(),
            physical: physical.collect(),
        }
    }

    /// How many rows came to this end.
    pub fn rows(&self, outcome: Outcome) -> u64 {
        self.done.iter().filter(|line| line.outcome == outcome.word()).map(|line| line.rows).sum()
    }

    /// As `erase-certificate/1`.
    pub fn to_json(&self) -> Value {
        json::document(self)
    }

    /// The bytes that are signed: canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// `integer-not-canonical` for counts beyond 2⁵³.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        seal::canonical::to_bytes(&self.to_json())
    }

    /// As XML, in the namespace `urn:probity:erase-certificate:1`.
    pub fn to_xml(&self) -> String {
        xml::document(self)
    }
}

fn scope(plan: &Plan, versions: &[String], applied: &Applied) -> Vec<Scope> {
    let state = |member: &str| match applied.stores.iter().find(|store| store.member == member).map(|it| it.state) {
        Some(State::Before | State::Done) => "done",
        Some(State::Failed) => "failed",
        Some(State::Unsure) => "unsure",
        Some(State::Untouched) | None => "not-begun",
    };
    let one = |(at, store): (usize, &crate::plan::StorePlan)| Scope {
        store: store.member.clone(),
        dataset: store.dataset.clone(),
        version: versions.get(at).cloned().unwrap_or_default(),
        transactional: store.transactional,
        state: state(&store.member),
        collections: store.collections,
    };
    plan.stores.iter().enumerate().map(one).collect()
}

/// Those whom the plan names and those whom the register names, each once; the register knows who was told.
fn recipients(known: &[Recipient], plan: &Plan) -> Vec<Recipient> {
    let is_new = |name: &String| !known.iter().any(|one| one.name == *name);
    let planned = plan.recipients.iter().filter(|one| is_new(&one.name));
    known.iter().cloned().chain(planned.map(|one| Recipient::new(&one.name, &one.collections))).collect()
}

/// A backup that was made right before the erase is the last to go.
fn backup(store: &str, plan: &Plan, finished: Instant) -> Backup {
    let said = plan.backups.iter().find(|it| it.member == store);
    Backup {
        store: store.to_owned(),
        kept: said.map(|it| it.kept.to_string()),
        until: said.and_then(|it| Some(finished.plus(it.kept)?.date())),
        place: said.and_then(|it| it.place.clone()),
    }
}

/// What the plan could not see, and what the scan did not read.
fn gaps(plan: &Plan, verified: Option<&Verified>) -> Vec<String> {
    let place = |member: Option<&String>, collection: Option<&String>| match (member, collection) {
        (Some(member), Some(collection)) => format!("{member}.{collection}: "),
        (Some(member), None) => format!("{member}: "),
        _ => String::new(),
    };
    // What passes was looked at again since.
    let lasting = plan.gaps.iter().filter(|gap| gap.kind != PASSING || verified.is_none());
    let planned = lasting.map(|gap| place(gap.member.as_ref(), gap.collection.as_ref()) + &gap.text);
    let mut gaps: Vec<String> = planned.collect();
    match verified {
        None => gaps.push("It was not verified that the data is gone, because not every store is done.".to_owned()),
        Some(verified) => {
            let unread = verified
                .stores
                .iter()
                .flat_map(|store| store.scanned.unread.iter().map(|text| format!("{}: {text}", store.member)));
            gaps.extend(unread);
            gaps.extend(verified.unsearched.iter().cloned());
            let faults = verified.stores.iter().filter_map(|store| Some((&store.member, store.fault.as_ref()?)));
            gaps.extend(faults.map(|(member, fault)| format!("{member}: not scanned: {}", fault.message())));
        }
    }
    gaps
}

fn line(step: &Step, applied: &Applied) -> Line {
    let steps = applied.stores.iter().flat_map(|store| &store.steps);
    let none = StepApplied { number: step.number, rows: 0, already: 0 };
    let applied = steps.into_iter().find(|it| it.number == step.number).copied().unwrap_or(none);
    let cells: Vec<Option<String>> = step.targets.iter().map(|target| Some(target.digest.hex())).collect();
    let fields = match &step.action {
        crate::plan::Action::Delete => Vec::new(),
        crate::plan::Action::Set(fields) => fields.iter().map(ToString::to_string).collect(),
    };
    Line {
        step: step.number,
        store: step.member.clone(),
        collection: step.collection.clone(),
        outcome: step.outcome.word(),
        fields,
        planned: step.rows,
        rows: applied.rows,
        already: applied.already,
        digest: row_digest(&cells),
        reason: step.reason.clone(),
    }
}

fn retained(kept: &crate::plan::Kept) -> Retained {
    Retained {
        store: kept.member.clone(),
        collection: kept.collection.clone(),
        rows: kept.rows.len() as u64,
        code: kept.code.clone(),
        law: kept.law.clone(),
        until: kept.until.clone(),
        approver: kept.approver.clone(),
        hold: kept.hold.clone(),
        anonymised: kept.anonymise.clone(),
    }
}

fn shared(shared: &crate::plan::Shared) -> SharedRows {
    SharedRows {
        store: shared.member.clone(),
        collection: shared.collection.clone(),
        rows: shared.rows.len() as u64,
        reason: shared.reason.clone(),
    }
}

fn failed(applied: &Applied, verified: &[StoreVerified]) -> Vec<Failed> {
    let fault = |store: &str, fault: &Fault| Failed {
        store: store.to_owned(),
        code: fault.code().to_owned(),
        message: fault.message().to_owned(),
    };
    let mut failed: Vec<Failed> = Vec::new();
    for store in &applied.stores {
        match (store.state, &applied.fault) {
            (State::Failed | State::Unsure, Some(why)) => failed.push(fault(&store.member, why)),
            (State::Untouched, _) => failed.push(Failed {
                store: store.member.clone(),
                code: "not-begun".to_owned(),
                message: "An earlier store failed".to_owned(),
            }),
            _ => {}
        }
    }
    failed.extend(verified.iter().filter_map(|store| Some(fault(&store.member, store.fault.as_ref()?))));
    failed
}

fn looked(store: &StoreVerified) -> Looked {
    let place = |place: &crate::residual::Remain, explained: Option<&String>| Place {
        collection: place.collection.clone(),
        field: place.field.clone(),
        key: row_digest(&place.key.0),
        forms: place.forms.iter().map(|form| form.word()).collect(),
        explained: explained.cloned(),
    };
    let open = store.hits.iter().map(|hit| place(hit, None));
    Looked {
        store: store.member.clone(),
        collections: store.scanned.collections,
        rows: store.scanned.rows,
        bytes: store.scanned.bytes,
        places: open.chain(store.explained.iter().map(|(hit, why)| place(hit, Some(why)))).collect(),
    }
}

fn found_again(verified: &Verified) -> Vec<(String, String, u64)> {
    let left = verified.left.iter();
    left.map(|left| (left.member.clone(), left.collection.clone(), left.rows.len() as u64)).collect()
}
