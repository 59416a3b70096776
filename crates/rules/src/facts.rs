//! What was collected, and what was not.

use std::collections::BTreeMap;

use model::{Digest, Fault, Instant};
use serde_json::Value;

use crate::shape::Catalogue;

/// A fact as it was collected.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Its value, of the declared shape.
    pub value: Value,
    /// When it was collected.
    pub collected: Instant,
    /// What it was read from.
    pub sources: Vec<Source>,
    /// What could not be read, though asked for.
    pub gaps: Vec<Gap>,
    /// It was collected by an earlier run and kept.
    pub cached: bool,
}

/// Something a fact was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File, store or end point.
    pub name: String,
    /// SHA-256 of the bytes read, where there are bytes.
    pub digest: Option<Digest>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// File, store, table or setting.
    pub what: String,
    /// Why not.
    pub why: String,
    /// What would make it readable: a grant, a flag.
    pub remedy: Option<String>,
}

/// Why there is no fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nobody gave anything to collect it from.
    NotGiven(String),
    /// It was asked for and could not be collected.
    Failed(Gap),
}

/// All facts of a run.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    found: BTreeMap<String, Fact>,
    missing: BTreeMap<String, Missing>,
}

impl Facts {
    /// Takes a fact, held against its shape.
    ///
    /// # Errors
    /// `fact-out-of-shape`, `unknown-fact`: the collector and the catalogue disagree.
    pub fn insert(&mut self, name: &str, fact: Fact, catalogue: &Catalogue) -> Result<(), Fault> {
        let shape = catalogue.find(name).ok_or_else(|| {
            Fault::bad_input("unknown-fact", format!("There is no fact named {name:?}"))
                .advise("`probity facts` lists the facts there are.")
        })?;
        if let Some(misfit) = shape.misfit(&fact.value) {
            return Err(Fault::bad_input("fact-out-of-shape", misfit)
                .advise(format!("`probity facts {name} --shape` shows what is wanted.")));
        }
        self.missing.remove(name);
        self.found.insert(name.to_owned(), fact);
        Ok(())
    }

    /// Notes that a fact is not there, and why.
    pub fn lacks(&mut self, name: &str, why: Missing) {
        if !self.found.contains_key(name) {
            self.missing.insert(name.to_owned(), why);
        }
    }

    /// The fact named `name`.
    pub fn find(&self, name: &str) -> Option<&Fact> {
        self.found.get(name)
    }

    /// Why there is no such fact.
    pub fn why_missing(&self, name: &str) -> Missing {
        self.missing.get(name).cloned().unwrap_or_else(|| Missing::NotGiven("nothing was given to read it from".into()))
    }

    /// Every fact found, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.found.iter().map(|(name, fact)| (name.as_str(), fact))
    }
}
