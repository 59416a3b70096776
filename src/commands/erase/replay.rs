//! `erase replay STORE`: a backup came back, and with it people who were erased. They are found by their tombstones and
//! erased again, by a plan like any other.

use std::collections::BTreeSet;

use clap::Args;
use model::Fault;
use privacy::identity::{self, Identity, Rules};
use privacy::store::Find;
use serde_json::{Value, json};

use super::{Done, HowArgs, Scene};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::requests;

/// Which store came back.
#[derive(Args, Clone, Debug)]
pub(super) struct ReplayArgs {
    /// The store, as probity.toml names it
    store: String,
    #[command(flatten)]
    how: HowArgs,
}

pub(super) fn run(context: &mut Context, args: &ReplayArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "erase.replayed");
    let mut scene = Scene::open(context, Vec::new(), std::slice::from_ref(&args.store))?;
    let stones = requests::stones(context)?;
    let strange = stones.strange(&scene.secret, identity::VERSION);
    if strange > 0 {
        context.output.warn(&format!(
            "{strange} tombstones were made with another secret or an older normalisation: they find nobody"
        ));
    }
    let (back, looked) = came_back(&mut scene, &stones)?;
    context.trace.count("tombstones", stones.len() as u64);
    context.trace.count("came_back", back.len() as u64);
    if back.is_empty() {
        return Ok(Done::showing(Exit::Done, Nobody { store: args.store.clone(), tombstones: stones.len(), looked }));
    }
    scene.identities = back.into_iter().collect();
    super::erase(context, &mut scene, &args.how)
}

/// The identities of the store that have a tombstone, and how many values were looked at.
fn came_back(scene: &mut Scene, stones: &privacy::tombstone::Tombstones) -> Result<(BTreeSet<Identity>, u64), Fault> {
    let (mut back, mut looked, rules) = (BTreeSet::new(), 0_u64, Rules::default());
    for node in &scene.graph.nodes {
        for (field, kind) in &node.identities {
            let store = &mut scene.members[node.member].store;
            let fields = [field.clone()];
            let find = Find { collection: &node.collection.name, fields: &fields, any: &[], limit: None };
            let word = identity::canonical_kind(kind).unwrap_or_else(|| kind.clone());
            store.find(&find, &mut |row| {
                let Some(cell) = row.cells.into_iter().next().flatten() else { return Ok(()) };
                looked += 1;
                let erased = identity::normalise(kind, &cell, &rules)
                    .is_some_and(|normalised| stones.of(&scene.secret, &word, &normalised).is_some());
                if erased {
                    back.insert(Identity::new(kind, &cell, &rules)?);
                }
                Ok(())
            })?;
        }
    }
    Ok((back, looked))
}

struct Nobody {
    store: String,
    tombstones: usize,
    looked: u64,
}

impl Show for Nobody {
    fn json(&self) -> Value {
        json!({"schema": "erase-replay/1", "store": self.store, "came_back": 0, "tombstones": self.tombstones, "values": self.looked})
    }

    fn human(&self, page: &mut Page) {
        page.line(format!(
            "Nobody came back in {}: {} identities looked at, {} tombstones.",
            self.store,
            model::grouped(self.looked),
            model::grouped(self.tombstones as u64)
        ));
    }
}
