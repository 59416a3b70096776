//! What stands between the program and a store: which host is asked, how often, and what happens when it fails.
//!
//! - Reads are asked again when they may have another answer, after waits that double and are spread by chance; what was
//!   told before is not told again. Writes are never repeated: only whoever knows what was planned can do that.
//! - A store that fails five times in a row is left alone for half a minute.
//! - Of several hosts the first is used that answers and can be written to; when it goes, the next is.
//! - A replica is read from until the first transaction begins, or what was erased is looked for again; then the host that is
//!   written to. The residual scan never looks at a replica. How far a replica is behind is a gap of the catalog.
//!
//! How long a question may take is the connector's own matter ([`Access`]).

mod berth;
mod careful;
mod patience;
mod rate;
mod told;

pub use rate::Rate;

use std::time::Instant;

use model::{Fault, Progress};
use privacy::catalog::Catalog;
use privacy::map::Dataset;
use privacy::row::{FieldPath, Key};
use privacy::store::{
    Abilities, Along, Before, DataStore, EachRow, Find, Fold, Hit, Needles, Scanned, Standing, Transaction,
};

use crate::Access;
use berth::Berth;
use careful::Careful;
use patience::{Breaker, Chance, is_broken, may_pass};
use rate::Bucket;
use told::{ToldHits, ToldRows};

/// Values that connectors put into one question.
const VALUES_OF_A_QUESTION: usize = 2_000;

/// The way to one store.
#[derive(Clone, Debug)]
pub struct Route {
    /// Addresses of hosts of the same store, in the order in which they are tried.
    pub hosts: Vec<String>,
    /// A replica that is read from instead.
    pub replica: Option<String>,
    /// What lets us in.
    pub access: Access,
    /// How many questions are asked at most.
    pub rate: Option<Rate>,
    /// How often a question that was not answered is asked again.
    pub retries: u32,
    /// Spreads the waits of several runs over time.
    pub seed: u64,
}

/// Opens a store by its `route`: the first host that answers and can be written to, or else the first that answers.
///
/// # Errors
/// As [`crate::open`]: of the last host that was tried.
pub fn open(route: &Route, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let replica = |url: &String| Berth::new(vec![url.clone()], Access { read_only: true, ..route.access.clone() });
    let mut guarded = Guarded {
        hosts: Berth::new(route.hosts.clone(), route.access.clone()),
        replica: route.replica.as_ref().map(replica),
        dataset: dataset.clone(),
        watch: Watch {
            bucket: route.rate.map(|rate| Bucket::new(rate, Instant::now())),
            breaker: Breaker::default(),
            chance: Chance(route.seed),
            retries: route.retries,
        },
        abilities: Abilities { transactions: false, versions: false },
    };
    guarded.abilities = guarded.read(1, |store| Ok(store.abilities()))?;
    Ok(Box::new(guarded))
}

struct Guarded {
    hosts: Berth,
    replica: Option<Berth>,
    dataset: Dataset,
    watch: Watch,
    abilities: Abilities,
}

/// What was seen of the store so far.
struct Watch {
    bucket: Option<Bucket>,
    breaker: Breaker,
    chance: Chance,
    retries: u32,
}

/// Why a question broke off.
enum Broke {
    /// The store's fault.
    Store(Fault),
    /// The fault of whoever receives the answer, or one that must not be repeated.
    Final(Fault),
}

impl From<Fault> for Broke {
    fn from(fault: Fault) -> Self {
        Broke::Store(fault)
    }
}

impl Watch {
    /// Waits for the tokens of so many questions.
    fn slow_down(&mut self, questions: u32) {
        let wait = self.bucket.as_mut().map(|bucket| bucket.take(questions, Instant::now()));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            std::thread::sleep(wait);
        }
    }

    /// What comes after attempt `number` (from 1) ended with `fault`: a wait and another attempt, or the end.
    fn failed(&mut self, fault: Fault, number: u32) -> Result<(), Fault> {
        if !may_pass(&fault, number) {
            return Err(fault);
        }
        let rests = is_broken(&fault) && self.breaker.failed(&fault, Instant::now());
        if rests || number > self.retries {
            return Err(fault);
        }
        std::thread::sleep(self.chance.wait(number));
        Ok(())
    }
}

impl Guarded {
    /// Asks the replica, if there is one and nothing was written yet, or else the hosts.
    fn read<T>(
        &mut self,
        questions: u32,
        mut act: impl FnMut(&mut dyn DataStore) -> Result<T, Broke>,
    ) -> Result<T, Fault> {
        if let Some(replica) = &mut self.replica {
            self.watch.slow_down(questions);
            match replica.store(&self.dataset).map_err(Broke::Store).and_then(&mut act) {
                Ok(answer) => return Ok(answer),
                Err(Broke::Final(fault)) => return Err(fault),
                Err(Broke::Store(fault)) if is_broken(&fault) => self.replica = None,
                Err(Broke::Store(fault)) if may_pass(&fault, 1) => {}
                Err(Broke::Store(fault)) => return Err(fault),
            }
        }
        self.ask(questions, act)
    }

    /// Asks the hosts, as often as patience has it.
    fn ask<T>(
        &mut self,
        questions: u32,
        mut act: impl FnMut(&mut dyn DataStore) -> Result<T, Broke>,
    ) -> Result<T, Fault> {
        for number in 1.. {
            self.watch.breaker.check(Instant::now())?;
            self.watch.slow_down(questions);
            match self.hosts.store(&self.dataset).map_err(Broke::Store).and_then(&mut act) {
                Ok(answer) => {
                    self.watch.breaker.answered();
                    return Ok(answer);
                }
                Err(Broke::Final(fault)) => return Err(fault),
                Err(Broke::Store(fault)) => {
                    if is_broken(&fault) {
                        self.hosts.leave();
                    }
                    self.watch.failed(fault, number)?;
                }
            }
        }
        Err(Fault::internal("internal", "A store was asked more often than can be counted"))
    }

    /// Asks for rows: a question that breaks off is repeated, and each row comes once all the same.
    fn each_once<T>(
        &mut self,
        questions: u32,
        limit: Option<u64>,
        each: &mut EachRow<'_>,
        mut question: impl FnMut(&mut dyn DataStore, &mut EachRow<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut told = ToldRows::default();
        let mut left = limit;
        self.read(questions, |store| {
            told.again();
            let mut refused = false;
            let done = question(store, &mut |row| {
                if left == Some(0) || !told.is_new(&row.key) {
                    return Ok(());
                }
                left = left.map(|left| left - 1);
                each(row).inspect_err(|_| refused = true)
            });
            done.map_err(|fault| if refused || !told.is_whole() { Broke::Final(fault) } else { Broke::Store(fault) })
        })
    }

    /// Makes sure that a transaction can begin: with the host at hand, or with one that can be written to.
    fn make_writable(&mut self) -> Result<(), Fault> {
        self.replica = None;
        let begins = |store: &mut dyn DataStore| store.begin().map(drop).map_err(Broke::Store);
        match self.ask(1, begins) {
            Err(fault) if fault.code() == "store-read-only" && self.hosts.has_several() => {
                // It was demoted since it was opened: its successor is among the others.
                self.hosts.leave();
                self.ask(1, begins)
            }
            outcome => outcome,
        }
    }
}

impl DataStore for Guarded {
    fn abilities(&self) -> Abilities {
        self.abilities
    }

    fn standing(&mut self) -> Result<Standing, Fault> {
        self.ask(1, |store| Ok(store.standing()?))
    }

    fn version(&mut self) -> Result<String, Fault> {
        self.read(1, |store| Ok(store.version()?))
    }

    fn describe(&mut self) -> Result<Catalog, Fault> {
        let mut catalog = self.read(1, |store| Ok(store.describe()?))?;
        if let Some(replica) = &mut self.replica {
            let unknown = Standing { read_only: true, behind: None };
            let standing = replica.store(&self.dataset).and_then(|store| store.standing());
            catalog.passing.extend(lag(standing.unwrap_or(unknown)));
        }
        Ok(catalog)
    }

    fn index_statement(&self, collection: &str, fields: &[FieldPath], fold: Fold) -> Option<String> {
        let at_hand = [self.replica.as_ref(), Some(&self.hosts)];
        at_hand.into_iter().flatten().find_map(Berth::at_hand)?.index_statement(collection, fields, fold)
    }

    fn find(&mut self, find: &Find<'_>, each: &mut EachRow<'_>) -> Result<(), Fault> {
        let batches = |values: usize| values.div_ceil(VALUES_OF_A_QUESTION).max(1);
        let questions = find.any.iter().map(|condition| batches(condition.values.len())).sum::<usize>().max(1);
        let questions = u32::try_from(questions).unwrap_or(u32::MAX);
        self.each_once(questions, find.limit, each, |store, each| store.find(find, each))
    }

    fn find_before(&mut self, find: &Find<'_>, before: Before<'_>, each: &mut EachRow<'_>) -> Result<bool, Fault> {
        self.each_once(1, find.limit, each, |store, each| store.find_before(find, before, each))
    }

    fn content(&mut self, collection: &str, key: &Key) -> Result<Option<Box<dyn std::io::Read>>, Fault> {
        self.read(1, |store| Ok(store.content(collection, key)?))
    }

    fn goes_along(&mut self, collection: &str, keys: &[Key]) -> Result<Along, Fault> {
        self.read(1, |store| Ok(store.goes_along(collection, keys)?))
    }

    fn leave_replicas(&mut self) {
        self.replica = None;
    }

    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>, Fault> {
        self.make_writable()?;
        let inner = self.hosts.store(&self.dataset)?.begin()?;
        Ok(Box::new(Careful::new(inner, &mut self.watch)))
    }

    fn scan(
        &mut self,
        needles: &dyn Needles,
        hit: &mut dyn FnMut(Hit) -> Result<(), Fault>,
        progress: &dyn Progress,
    ) -> Result<Scanned, Fault> {
        let mut told = ToldHits::default();
        self.ask(1, |store| {
            let mut refused = false;
            let mut new = |found: Hit| match told.is_new(&found) {
                true => hit(found).inspect_err(|_| refused = true),
                false => Ok(()),
            };
            let scanned = store.scan(needles, &mut new, progress);
            scanned.map_err(|fault| if refused { Broke::Final(fault) } else { Broke::Store(fault) })
        })
    }

    fn compact(&mut self, collections: &[&str]) -> Result<Vec<String>, Fault> {
        self.ask(1, |store| store.compact(collections).map_err(Broke::Final))
    }
}

/// What a replica does not show, as a gap.
fn lag(standing: Standing) -> Option<String> {
    if !standing.read_only {
        return None;
    }
    match standing.behind {
        Some(behind) if behind.is_zero() => None,
        Some(behind) => Some(format!(
            "It is read from a replica that is {:.1} s behind: what was written since is not seen.",
            behind.as_secs_f64()
        )),
        None => Some("It is read from a replica that cannot say how far it is behind.".to_owned()),
    }
}
