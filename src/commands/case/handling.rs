//! What the acts on exhibits have in common: who, in which role, by what authority, under which seal.

use clap::Args;
use evidence::{Act, Handling};

use crate::cli::context::Context;

#[derive(Args, Debug)]
pub(super) struct WhoArgs {
    /// Who did it, where that is somebody else than you, who write it down
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// In which role
    #[arg(long, value_name = "TEXT")]
    role: Option<String>,
    /// By what authority: a warrant, an order, consent
    #[arg(long, value_name = "TEXT")]
    authority: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct KeptArgs {
    /// The seal it is under: its number and state
    #[arg(long, value_name = "TEXT")]
    seal: Option<String>,
    /// Where it is kept
    #[arg(long, value_name = "TEXT")]
    storage: Option<String>,
}

/// Who acts and who writes it down.
pub(super) struct People {
    by: String,
    recorded_by: Option<String>,
}

impl WhoArgs {
    pub(super) fn people(&self, context: &Context) -> People {
        let actor = context.actor();
        match &self.by {
            Some(by) if *by != actor => People { by: by.clone(), recorded_by: Some(actor) },
            _ => People { by: actor, recorded_by: None },
        }
    }

    pub(super) fn handling<'a>(&'a self, people: &'a People, kept: Option<&'a KeptArgs>) -> Handling<'a> {
        Handling {
            role: self.role.as_deref(),
            recorded_by: people.recorded_by.as_deref(),
            authority: self.authority.as_deref(),
            seal: kept.and_then(|kept| kept.seal.as_deref()),
            storage: kept.and_then(|kept| kept.storage.as_deref()),
        }
    }
}

impl People {
    /// The act, now.
    pub(super) fn act<'a>(&'a self, context: &Context, purpose: &'a str) -> Act<'a> {
        Act { time: context.now(), by: &self.by, purpose }
    }
}
