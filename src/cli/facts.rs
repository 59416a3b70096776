//! Facts, collected once per run: from files that are given, from facts of an earlier run, and from what the project has.
//!
//! Whoever collects something live stands in [`LIVE`]. What cannot be read is a gap with what would make it readable; no
//! collector ends the run, and nothing is asked for that no rule needs.

#[cfg(feature = "alerts")]
mod alerts;
#[cfg(feature = "privacy")]
mod consent;
#[cfg(feature = "privacy")]
mod endpoints;
mod evaluations;
mod given;
#[cfg(feature = "privacy")]
mod incidents;
mod ingested;
mod kept;
mod keys;
mod ledger;
mod own;
#[cfg(feature = "privacy")]
mod queries;
#[cfg(feature = "privacy")]
mod register;
#[cfg(feature = "privacy")]
mod retention;
#[cfg(feature = "privacy")]
mod servers;
pub(crate) mod sheet;
#[cfg(feature = "privacy")]
mod stores;

use std::collections::BTreeSet;
use std::path::PathBuf;

use model::{Fault, Span};
use rules::{Fact, Facts, Gap, Missing, Source};
use serde_json::Value;

use super::context::Context;
pub(crate) use own::Known;

/// What facts are wanted, and what was given to read them from.
pub(crate) struct Asked<'a> {
    /// Names of facts; nothing else is collected.
    pub(crate) needs: BTreeSet<&'a str>,
    /// Files and folders.
    pub(crate) inputs: &'a [PathBuf],
    /// Files with facts of earlier runs; they go before what is live.
    pub(crate) sheets: &'a [PathBuf],
    /// How old a fact may be that an earlier run of this project collected; otherwise everything is asked for again.
    pub(crate) age_max: Option<Span>,
}

/// What became of a fact.
pub(crate) enum Collected {
    Fact(Fact),
    Missing(Missing),
}

impl Collected {
    /// A fact, read now.
    pub(super) fn now(context: &Context, value: Value, sources: Vec<Source>, gaps: Vec<Gap>) -> Self {
        Collected::Fact(Fact { value, collected: context.now(), sources, gaps, cached: false })
    }

    /// It is there, and could not be read.
    pub(super) fn failed(what: &str, fault: &Fault) -> Self {
        Collected::Missing(Missing::Failed(gap(what, fault)))
    }

    /// There is nothing to read it from.
    pub(super) fn not_given(why: &str) -> Self {
        Collected::Missing(Missing::NotGiven(why.to_owned()))
    }
}

/// A fault as a gap.
pub(super) fn gap(what: &str, fault: &Fault) -> Gap {
    let remedy = fault.advice().map(str::to_owned);
    Gap { what: what.to_owned(), why: fault.message().to_owned(), remedy }
}

/// Facts by name, as they came out.
pub(crate) type Found = Vec<(&'static str, Collected)>;

/// Somebody who collects facts.
struct Collector {
    /// Their names.
    facts: &'static [&'static str],
    /// Collects those of them that are wanted; may give others too.
    collect: fn(&Context, &BTreeSet<&str>) -> Found,
}

/// Everybody who collects from something other than files that are given.
const LIVE: &[Collector] = &[
    Collector { facts: ingested::FACTS, collect: ingested::collect },
    Collector { facts: &["keys"], collect: keys::collect },
    Collector { facts: &["ledger"], collect: ledger::collect },
    Collector { facts: &["evaluations"], collect: evaluations::collect },
    #[cfg(feature = "alerts")]
    Collector { facts: &["alerts"], collect: alerts::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["consent"], collect: consent::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["requests", "holds"], collect: register::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["datamap", "stores"], collect: stores::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["retention"], collect: retention::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["incidents"], collect: incidents::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: servers::FACTS, collect: servers::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["queries"], collect: queries::collect },
    #[cfg(feature = "privacy")]
    Collector { facts: &["endpoints"], collect: endpoints::collect },
];

/// Collects what is wanted.
///
/// # Errors
/// What the paths, the sheets and facts of one's own say, and `fact-out-of-shape`; what cannot be read into a fact is a gap
/// of it, not an error.
pub(crate) fn gather(context: &Context, asked: &Asked<'_>, known: &Known) -> Result<Facts, Fault> {
    let catalogue = &known.catalogue;
    let mut facts = Facts::default();
    for path in asked.sheets {
        sheet::read(path, catalogue, &mut facts)?;
    }
    given::gather(context, asked, catalogue, &mut facts)?;
    let shelf = kept::Shelf::of(context, known);
    if let (Some(shelf), Some(age)) = (&shelf, asked.age_max) {
        cached(asked, shelf, age, known, &mut facts)?;
    }
    for collector in LIVE {
        let is_open = |name: &&&str| asked.needs.contains(**name) && facts.find(name).is_none();
        let open: BTreeSet<&str> = collector.facts.iter().filter(is_open).copied().collect();
        if open.is_empty() {
            continue;
        }
        for (name, collected) in (collector.collect)(context, &open) {
            match collected {
                Collected::Missing(why) => facts.lacks(name, why),
                // A fact that was given goes before what is there.
                Collected::Fact(_) if facts.find(name).is_some() => {}
                Collected::Fact(fact) => {
                    keep(context, shelf.as_ref(), name, &fact);
                    facts.insert(name, fact, catalogue)?;
                }
            }
        }
    }
    for (name, collected) in known.collect(context, asked, &facts)? {
        match collected {
            Collected::Missing(why) => facts.lacks(name, why),
            Collected::Fact(fact) => {
                keep(context, shelf.as_ref(), name, &fact);
                facts.insert(name, fact, catalogue)?;
            }
        }
    }
    Ok(facts)
}

/// Takes what was collected lately, of what would be collected live: files that are given are read, whatever was kept.
fn cached(
    asked: &Asked<'_>,
    shelf: &kept::Shelf<'_>,
    age: Span,
    known: &Known,
    facts: &mut Facts,
) -> Result<(), Fault> {
    let live = LIVE.iter().flat_map(|collector| collector.facts).copied().chain(known.names());
    for name in live.filter(|name| asked.needs.contains(name)) {
        if facts.find(name).is_none()
            && let Some(fact) = shelf.young(name, age)?
        {
            facts.insert(name, fact, &known.catalogue)?;
        }
    }
    Ok(())
}

/// A fact that cannot be kept is a fact all the same.
fn keep(context: &Context, shelf: Option<&kept::Shelf<'_>>, name: &str, fact: &Fact) {
    if let Some(Err(fault)) = shelf.map(|shelf| shelf.keep(name, fact)) {
        context.output.warn(&format!("The fact {name:?} was not kept: {}", fault.message()));
    }
}
