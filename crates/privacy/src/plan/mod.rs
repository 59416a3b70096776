//! The plan of an erase: which rows go, which fields change, what stays and why. Nothing is done without one.
//!
//! ```text
//!  found rows ─▶ what stays (holds, Art. 17(3), shared) ─▶ links cut ─▶ replacements checked ─▶ order ─▶ Plan
//! ```
//!
//! The plan object has one sequence of bytes (RFC 8785) and one digest. Nothing in it depends on the clock, on the name of the
//! request or on the order in which rows were found: two plans over the same contents are the same plan, so that a
//! digest which was confirmed yesterday says whether anything has changed since.
//!
//! A plan names rows by their keys and is personal data itself: whoever keeps it keeps it encrypted.

pub(crate) mod blank;
mod build;
mod check;
mod cycles;
mod fates;
mod order;
mod replace;
mod retain;
mod steps;
mod traps;
mod wire;

use std::collections::BTreeMap;
use std::fmt;

use model::{Digest, Fault, Span};

use crate::row::{Cell, FieldPath, Key};

pub use build::{Policy, plan, recipients};

/// What is to be done to the data of one person, store by store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// `gdpr`, `ccpa`: under which law the request was made.
    pub regime: String,
    /// `17`.
    pub article: String,
    /// `17-1-a` … `17-1-f`, when the request names one.
    pub ground: Option<String>,
    /// The day for which ages were counted, where rows go because of their age.
    pub as_of: Option<String>,
    /// Kind and pseudonym of each identity: `email`, `hmac-sha256:<key id>:<hex>`. Never a value.
    pub subject: Vec<(String, String)>,
    /// Digests of what the plan was made from: `datamap`, `config`.
    pub inputs: BTreeMap<String, Digest>,
    /// In the order in which they are worked on.
    pub stores: Vec<StorePlan>,
    /// In the order in which they are done, store after store.
    pub steps: Vec<Step>,
    /// Rows that the law or a hold keeps.
    pub kept: Vec<Kept>,
    /// Rows that belong to other people too.
    pub shared: Vec<Shared>,
    /// What the plan cannot see or reach.
    pub gaps: Vec<Gap>,
    /// What may go wrong, or happens on the side.
    pub traps: Vec<Trap>,
    /// Who is to be told (Art. 19).
    pub recipients: Vec<Recipient>,
    /// Backups that hold the data until they are gone, as far as it is known how long they are kept.
    pub backups: Vec<Backups>,
    /// What the search costs. Not part of the plan object: statistics change while the data stay the same.
    pub estimates: Estimates,
}

/// What the search costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates {
    /// Per store, how many rows it had to read, as far as its statistics tell.
    pub rows_read: Vec<(String, u64)>,
    /// Indexes that would make the search cheap.
    pub indexes: Vec<MissingIndex>,
}

/// One store's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePlan {
    /// As in `Member::name`.
    pub member: String,
    /// Its dataset in the map.
    pub dataset: String,
    /// Everything happens in one transaction.
    pub transactional: bool,
    /// Constraints are to be checked at the end of the transaction.
    pub defer: bool,
    /// Collections that were looked at.
    pub collections: u64,
}

/// One act on rows of one collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// From 1, over all stores.
    pub number: u64,
    /// The store.
    pub member: String,
    /// The collection, as the catalog names it.
    pub collection: String,
    /// What is done.
    pub action: Action,
    /// What that is called in the certificate.
    pub outcome: Outcome,
    /// Why, a sentence.
    pub reason: String,
    /// The links over which the rows were found: `parcel.person_id → person.id`; `person.mail (email)` for a seed.
    pub via: Vec<String>,
    /// The columns of each target's key, in the order of its cells.
    pub key: Vec<String>,
    /// The columns whose cells make each target's digest, in that order.
    pub digest_of: Vec<String>,
    /// How many rows: the sum of the targets' counts.
    pub rows: u64,
    /// In the order of their keys.
    pub targets: Vec<Target>,
}

/// What is done to rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// They go.
    Delete,
    /// These fields get the cells that stand in each target.
    Set(Vec<FieldPath>),
}

/// What became of rows, in the words of the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Gone.
    Deleted,
    /// A link between rows that both go was taken out first; they are counted where they are deleted.
    Loosened,
    /// A link to the person was taken out; the row stays as it was otherwise.
    Unlinked,
    /// Fields that held personal data hold none any more.
    Anonymised,
    /// Fields hold something that can be led back with a key or by guessing: not erased.
    Pseudonymised,
    /// Fields hold what is right now (Art. 16), or a flag of restriction (Art. 18).
    Rectified,
}

impl Outcome {
    /// Every outcome of an erase.
    pub const ALL: [Outcome; 5] =
        [Outcome::Deleted, Outcome::Loosened, Outcome::Unlinked, Outcome::Anonymised, Outcome::Pseudonymised];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Deleted => "deleted",
            Outcome::Loosened => "loosened",
            Outcome::Unlinked => "unlinked",
            Outcome::Anonymised => "anonymised",
            Outcome::Pseudonymised => "pseudonymised",
            Outcome::Rectified => "rectified",
        }
    }
}

/// One row of a step.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// What names it.
    pub key: Key,
    /// [`crate::row::digest`] of its cells in `digest_of`, right before this step. Where an earlier step of the plan changes the
    /// row, it is the digest after that step.
    pub digest: Digest,
    /// How many rows it stands for: 1, or more where a collection has no key and rows are equal.
    pub count: u64,
    /// For [`Action::Set`]: the new cells, in the order of its fields. Empty for a deletion.
    pub cells: Vec<Cell>,
}

/// Keys and cells name people.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target(×{})", self.count)
    }
}

/// Rows of the person that stay because the law or a hold says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The store.
    pub member: String,
    /// The collection.
    pub collection: String,
    /// The columns of the keys.
    pub key: Vec<String>,
    /// In their order.
    pub rows: Vec<Key>,
    /// `17-3-a` … `17-3-e`, or `hold`.
    pub code: String,
    /// The law, or what the hold is for.
    pub law: String,
    /// The last day on which they may be kept (`2033-12-31`); none: until the hold is lifted.
    pub until: Option<String>,
    /// Who decided it.
    pub approver: Option<String>,
    /// The hold, when it is one.
    pub hold: Option<String>,
    /// Fields that are anonymised all the same.
    pub anonymise: Vec<String>,
}

/// Rows that concern the person and others, or others only: they stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The store.
    pub member: String,
    /// The collection.
    pub collection: String,
    /// The columns of the keys.
    pub key: Vec<String>,
    /// In their order.
    pub rows: Vec<Key>,
    /// Why they stay, a sentence.
    pub reason: String,
    /// What to write into the map to decide otherwise.
    pub advice: String,
}

/// The kind of gaps that are other ones a moment later: shown beside the plan, and no part of its digest.
pub const PASSING: &str = "passing";

/// Something that the plan cannot see, reach or treat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// `unmapped`, `dangling-reference`, `unreachable`, `read-only`, …
    pub kind: String,
    /// The store, when it concerns one.
    pub member: Option<String>,
    /// The collection, when it concerns one.
    pub collection: Option<String>,
    /// A sentence.
    pub text: String,
    /// `map.yml:12:7`.
    pub place: Option<String>,
}

/// Something that happens on the side, or would without the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trap {
    /// `trigger`, `not-transactional`, `cascade`, `not-null`, `cycle`, …
    pub kind: String,
    /// The store.
    pub member: String,
    /// The collection.
    pub collection: String,
    /// A sentence.
    pub text: String,
}

/// An index that no collection of that size should be without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingIndex {
    /// The store.
    pub member: String,
    /// The collection.
    pub collection: String,
    /// The columns that were asked for.
    pub columns: Vec<String>,
    /// How many rows have to be read without it.
    pub rows: u64,
    /// The statement that makes it, in the store's words.
    pub statement: Option<String>,
}

/// Somebody to whom data were disclosed (Art. 19).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    /// As the map names them.
    pub name: String,
    /// `dataset.collection` of the rows that they had.
    pub collections: Vec<String>,
}

/// Backups of a store. They are not touched: what is in them goes when they are gone, and whoever comes back with one is known
/// by the tombstones and erased again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    /// The store.
    pub member: String,
    /// How long one is kept.
    pub kept: Span,
    /// Where, in words.
    pub place: Option<String>,
}

impl Plan {
    /// The plan object and its digest: `{"schema": "erase-plan/1", "plan": {…}, "digest": "sha256:…", "estimates": {…}}`.
    ///
    /// # Errors
    /// `integer-not-canonical` when a count is beyond 2⁵³.
    pub fn to_json(&self) -> Result<serde_json::Value, Fault> {
        wire::document(self)
    }

    /// Reads what [`Plan::to_json`] wrote. Members that it did not write (a signature, the name of the request) are allowed
    /// beside the plan object, never inside it.
    ///
    /// # Errors
    /// `bad-plan` with what is wrong, also when the digest is not that of the plan.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        wire::parse(bytes)
    }

    /// SHA-256 over the canonical form of the plan object.
    ///
    /// # Errors
    /// As [`Plan::to_json`].
    pub fn digest(&self) -> Result<Digest, Fault> {
        Ok(seal::sha256(&seal::canonical::to_bytes(&wire::plan(self))?))
    }

    /// The steps of one store, in their order.
    pub fn steps_of<'p>(&'p self, member: &'p str) -> impl Iterator<Item = &'p Step> {
        self.steps.iter().filter(move |step| step.member == member)
    }

    /// How many rows come to that end.
    pub fn rows(&self, outcome: Outcome) -> u64 {
        self.steps.iter().filter(|step| step.outcome == outcome).map(|step| step.rows).sum()
    }

    /// Nothing of the person was found.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.kept.is_empty() && self.shared.is_empty()
    }
}

/// Who says which rows must stay. Asked while planning and again right before each store's commit; an error there stops
/// everything ("could not ask" is never "no hold").
pub trait Holds: Sync {
    /// For each key the hold that keeps its row, if any. `keys` are rows of `collection` (as the catalog names it) in `member`.
    ///
    /// # Errors
    /// Whatever kept the answer from coming: nothing is deleted then.
    fn on(&self, member: &str, dataset: &str, collection: &str, keys: &[Key]) -> Result<Vec<Option<Hold>>, Fault>;
}

/// Why a row must stay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// Its name.
    pub id: String,
    /// `17-3-e`, or another reason.
    pub code: String,
    /// What it is for.
    pub law: String,
    /// The last day; none: until it is lifted.
    pub until: Option<String>,
    /// Who decided it.
    pub approver: Option<String>,
    /// Fields to anonymise all the same; none said: nothing is changed.
    pub anonymise: Vec<String>,
}

/// No holds at all.
#[derive(Clone, Copy, Debug)]
pub struct NoHolds;

impl Holds for NoHolds {
    fn on(&self, _: &str, _: &str, _: &str, keys: &[Key]) -> Result<Vec<Option<Hold>>, Fault> {
        Ok(vec![None; keys.len()])
    }
}
