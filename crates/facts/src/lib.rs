//! Files that say how things are set up → facts that rules judge.
//!
//! One module per kind of file. [`recognise`] tells by name and content what a file is; [`read`] puts all files of a kind
//! together into one value, in the shape that the catalogue of facts declares. A file that cannot be read is a [`Gap`],
//! so that nothing is judged on half of what was given.
//!
//! What live servers said of themselves is put into facts by [`server`].
//!
//! Deliberately absent: files themselves (text arrives with its name), judging, speaking to servers.

mod authority;
mod backups;
mod dockerfiles;
mod flags;
mod har;
mod image;
mod junit;
mod kong;
mod kubernetes;
mod load;
pub mod queries;
pub mod region;
mod reviews;
mod scans;
mod secret;
pub mod server;
mod systems;
mod terraform;
mod tree;
mod workflows;

use std::collections::BTreeSet;

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

/// Declares the kinds: each with the fact it is read into, and the module that knows it.
macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident: $fact:literal from $module:ident,)*) => {
        /// A kind of file, by the fact it is read into.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$about])* $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// The name of the fact.
            pub fn fact(self) -> &'static str {
                match self {
                    $(Kind::$kind => $fact,)*
                }
            }

            fn recognises(self, file: File<'_>) -> bool {
                match self {
                    $(Kind::$kind => $module::recognise(file),)*
                }
            }
        }

        /// All files of `kind`, put together.
        pub fn read(kind: Kind, files: &[File<'_>]) -> Read {
            match kind {
                $(Kind::$kind => $module::read(files),)*
            }
        }
    };
}

kinds! {
    /// Records of what supervisory authorities asked.
    Authority: "authority" from authority,
    /// What pgBackRest and restic say, and records of restore drills.
    Backups: "backups" from backups,
    /// Dockerfiles and Containerfiles.
    Dockerfiles: "dockerfiles" from dockerfiles,
    /// Feature flags of flagd and OpenFeature.
    Flags: "flags" from flags,
    /// Recordings of a browser's traffic.
    Har: "har" from har,
    /// Declarative configuration of Kong Gateway.
    Kong: "kong" from kong,
    /// Kubernetes manifests, Helm output.
    Kubernetes: "kubernetes" from kubernetes,
    /// Statistics of Locust.
    Load: "load" from load,
    /// Reviews of who may get into a store.
    Reviews: "reviews" from reviews,
    /// Reports of scanners: SARIF, CycloneDX.
    Scans: "scans" from scans,
    /// Records of processing: fideslang systems.
    Systems: "records" from systems,
    /// Results of tests: JUnit XML.
    Tests: "tests" from junit,
    /// Plans and configuration of Terraform.
    Terraform: "terraform" from terraform,
    /// Workflows of GitHub Actions.
    Workflows: "workflows" from workflows,
}

/// Names kinds of personal data and secrets in a text that stands under these names: this room has no detectors of its own.
pub type Detect<'d> = dyn Fn(&[String], &str) -> BTreeSet<String> + 'd;

/// [`read`], with what tells personal data in addresses; without it nobody looked, and that is not known.
pub fn read_with(kind: Kind, files: &[File<'_>], detect: &Detect<'_>) -> Read {
    match kind {
        Kind::Har => har::read_with(files, Some(detect)),
        other => read(other, files),
    }
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

const ENDINGS: [&str; 9] = [".yaml", ".yml", ".json", ".sarif", ".har", ".xml", ".csv", ".tf", ".tofu"];

/// Whether facts may be read from a file of this name; what it holds decides in the end.
pub fn may_hold(name: &str) -> bool {
    tree::ends(File { name, text: "" }, &ENDINGS) || dockerfiles::is_named(name)
}

/// What kinds of file it is: one manifest may hold workloads and feature flags. None when no facts are read from it.
pub fn recognise(file: File<'_>) -> Vec<Kind> {
    Kind::ALL.iter().copied().filter(|kind| kind.recognises(file)).collect()
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

    /// Something that stands in a file and says that not everything is there.
    fn at(place: String, why: impl Into<String>, remedy: &str) -> Self {
        Gap { place, why: why.into(), remedy: Some(remedy.to_owned()) }
    }
}
