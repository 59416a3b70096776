//! A look into the stores: catalogs, and samples of values where these are wanted. Read only, bounded.

use model::Fault;
use privacy::catalog::Catalog;
use privacy::map::check::Part;
use privacy::map::propose::{self, Party, Undeclared};
use privacy::map::sample::{self, Limits, Sample};

use super::context::Context;
use super::store_keys;
use super::toml_file::Value;
use privacy::discover::Member;
use privacy::store::DataStore;

/// What was seen of one store; the shards of a store are seen as one.
pub(crate) struct Survey {
    /// The name in probity.toml.
    pub(crate) store: String,
    /// The dataset that describes it.
    pub(crate) dataset: String,
    /// Every collection of every shard.
    pub(crate) catalog: Catalog,
    /// Empty where no values were wanted.
    pub(crate) samples: Vec<Sample>,
    /// Columns that look like references.
    pub(crate) undeclared: Vec<Undeclared>,
    /// The store has a catalog that names every column.
    pub(crate) is_complete: bool,
    /// What could not be seen, a sentence each.
    pub(crate) gaps: Vec<String>,
}

impl Survey {
    /// Rows that were looked at.
    pub(crate) fn rows(&self) -> u64 {
        self.samples.iter().map(|sample| sample.rows).sum()
    }

    /// As the check of the map takes it.
    pub(crate) fn part(&self) -> Part<'_> {
        Part {
            store: &self.store,
            dataset: &self.dataset,
            catalog: &self.catalog,
            samples: &self.samples,
            is_complete: self.is_complete,
        }
    }

    /// Rows that the store believes to have in the collections that were looked at, but never fewer than were read.
    pub(crate) fn rows_estimated(&self) -> Option<u64> {
        let one = |sample: &Sample| {
            let estimated = self.catalog.collection(&sample.collection)?.rows_estimated?;
            Some(estimated.max(sample.rows))
        };
        self.samples.iter().map(one).sum()
    }
}

/// How closely stores are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Catalogs only.
    Catalogs,
    /// So many rows of each collection too.
    Rows(u64),
    /// And whether columns look like references, which asks the store about each that might be one.
    Links(u64),
}

impl Look {
    fn rows(self) -> Option<u64> {
        match self {
            Look::Catalogs => None,
            Look::Rows(rows) | Look::Links(rows) => Some(rows),
        }
    }
}

/// Looks into every member.
///
/// # Errors
/// What a store says in the midst of it.
pub(crate) fn take(context: &Context, members: Vec<Member>, look: Look) -> Result<Vec<Survey>, Fault> {
    let mut surveys: Vec<Survey> = Vec::new();
    let mut stores = Vec::new();
    for mut member in members {
        let store = member.name.split('/').next().unwrap_or_default().to_owned();
        let gaps = member.catalog.gaps.iter().chain(&member.catalog.passing);
        let mut seen = Survey {
            dataset: member.dataset.clone(),
            samples: vec![],
            is_complete: has_catalog(context, &store),
            undeclared: vec![],
            gaps: gaps.map(|gap| format!("{}: {gap}", member.name)).collect(),
            catalog: member.catalog,
            store,
        };
        if let Some(rows) = look.rows() {
            let limits = Limits { rows, ..Limits::default() };
            let (samples, gaps) = sample::take_all(&mut *member.store, &seen.catalog, &limits);
            seen.gaps.extend(gaps.into_iter().map(|gap| format!("{}: {gap}", member.name)));
            if matches!(look, Look::Links(_)) {
                seen.undeclared = propose::undeclared(&mut *member.store, &seen.catalog, &samples)?;
            }
            seen.samples = samples;
        }
        match surveys.iter_mut().find(|known| known.store == seen.store) {
            Some(known) => join(known, seen),
            None => {
                // One of several shards will do to look for values of other stores.
                stores.push(member.store);
                surveys.push(seen);
            }
        }
    }
    if matches!(look, Look::Links(_)) {
        between(&mut surveys, &mut stores)?;
    }
    Ok(surveys)
}

/// Adds the links that lead from one store to another.
fn between(surveys: &mut [Survey], stores: &mut [Box<dyn DataStore>]) -> Result<(), Fault> {
    let party = |(survey, store)| {
        let (survey, store): (&_, &mut Box<dyn DataStore>) = (survey, store);
        let Survey { dataset, catalog, samples, .. } = survey;
        Party { dataset, store: &mut **store, catalog, samples }
    };
    let mut parties: Vec<Party<'_>> = surveys.iter().zip(stores).map(party).collect();
    let (across, by_value) = (propose::across(&mut parties)?, propose::by_value(&mut parties)?);
    for (at, link) in across {
        surveys[at].undeclared.push(link);
    }
    for (at, link) in by_value {
        // A column beside it that says what each row refers to knows better; a name knows less.
        let known = &mut surveys[at].undeclared;
        if !known.iter().any(|one| one.from == link.from && one.when.is_some()) {
            known.retain(|one| one.from != link.from);
            known.push(link);
        }
    }
    Ok(())
}

/// Whether the store's kind keeps a catalog; of documents only the fields that were seen are known.
fn has_catalog(context: &Context, store: &str) -> bool {
    let first = |key: &str| -> Option<String> {
        let setting = context.config.given(&store_keys::key(store, key))?;
        match &setting.value {
            Value::List(items) => items.first().map(|item| item.item.plain().to_owned()),
            other => Some(other.plain().to_owned()).filter(|text| !text.is_empty()),
        }
    };
    let url = ["url", "urls", "shards"].into_iter().find_map(first).unwrap_or_default();
    ["postgres:", "postgresql:", "mysql:", "mariadb:", "sqlite:"].iter().any(|scheme| url.starts_with(scheme))
}

fn join(known: &mut Survey, other: Survey) {
    for collection in other.catalog.collections {
        match known.catalog.collections.iter_mut().find(|one| one.name == collection.name) {
            None => known.catalog.collections.push(collection),
            Some(one) => {
                one.rows_estimated = one.rows_estimated.zip(collection.rows_estimated).map(|(a, b)| a + b);
                let new = collection.columns.into_iter().filter(|column| one.column(&column.name).is_none());
                let new: Vec<_> = new.collect();
                one.columns.extend(new);
            }
        }
    }
    known.samples = sample::join(std::mem::take(&mut known.samples), other.samples);
    // A link holds where every shard says so.
    known.undeclared.retain(|link| other.undeclared.iter().any(|same| same.from == link.from && same.to == link.to));
    known.gaps.extend(other.gaps);
}
