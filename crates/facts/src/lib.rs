//! Files that say how things are set up → facts that rules judge.
//!
//! One module per kind of file. [`recognise`] tells by name and content what a file is; [`read`] puts all files of a kind
//! together into one value, in the shape that the catalogue of facts declares. A file that cannot be read is a [`Gap`],
//! so that nothing is judged on half of what was given.
//!
//! Deliberately absent: files themselves (text arrives with its name), judging, live servers.

mod kubernetes;
mod tree;

use model::Fault;
use serde_json::Value;

/// A file as it was given.
#[derive(Clone, Copy, Debug)]
pub struct File<'f> {
    /// Its name, as messages should show it.
    pub name: &'f str,
    /// Its text.
    pub text: &'f str,
}

/// A kind of file, by the fact it is read into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Kubernetes manifests, Helm output.
    Kubernetes,
}

/// Part of what was given that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file, with line and column where there are some.
    pub place: String,
    /// Why.
    pub why: String,
    /// What would help.
    pub remedy: Option<String>,
}

/// What the files of a kind hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The fact's value.
    pub value: Value,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 1] = [Kind::Kubernetes];

    /// The name of the fact.
    pub fn fact(self) -> &'static str {
        match self {
            Kind::Kubernetes => "kubernetes",
        }
    }
}

/// What kind of file it is, if it is one that facts are read from.
pub fn recognise(file: File<'_>) -> Option<Kind> {
    kubernetes::recognise(file).then_some(Kind::Kubernetes)
}

/// All files of `kind`, put together.
pub fn read(kind: Kind, files: &[File<'_>]) -> Read {
    match kind {
        Kind::Kubernetes => kubernetes::read(files),
    }
}

impl Gap {
    /// A file that could not be read, and why.
    fn of(file: File<'_>, fault: &Fault) -> Self {
        let place = match fault.place() {
            Some(place) if place.line > 0 => format!("{}:{}:{}", file.name, place.line, place.column),
            _ => file.name.to_owned(),
        };
        Gap { place, why: fault.message().to_owned(), remedy: fault.advice().map(str::to_owned) }
    }
}
