//! `erase replay STORE`: a backup came back, and with it people who were erased. They are found by their tombstones and
//! erased again, by a plan like any other.
//!
//! A value of the store is read as it was read when people were erased: in the regions and with the folding that their
//! tombstones tell; rows that name nobody and hang on a row of another store are known by tombstones of the value by which
//! they do ([`privacy::hanging`]). What cannot be compared is told, and stops the replay: "nobody came back" would be a guess.

use std::collections::BTreeSet;

use clap::Args;
use model::{Fault, counted};
use privacy::discover::is_of;
use privacy::hanging::{self, Hanging};
use privacy::identity::{self, Identity, Region, Rules};
use privacy::store::Find;
use privacy::tombstone::{Read, Secret, Tombstones};
use serde_json::{Value, json};

use super::{Done, HowArgs, Scene};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::{requests, subject};

/// Which store came back.
#[derive(Args, Clone, Debug)]
pub(super) struct ReplayArgs {
    /// The store, as probity.toml names it
    store: String,
    /// Where telephone numbers without a calling code are dialled, besides the regions that the tombstones tell
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Take ann+shop@example.org for ann@example.org where a tombstone of an earlier version does not say how it was read
    #[arg(long)]
    fold_plus: bool,
    /// Go on although values or tombstones cannot be compared; they are counted, and the exit status is 5
    #[arg(long)]
    leave_undecided: bool,
    #[command(flatten)]
    how: HowArgs,
}

pub(super) fn run(context: &mut Context, args: &ReplayArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "erase.replayed");
    let mut scene = Scene::open(context, Vec::new(), std::slice::from_ref(&args.store))?;
    let can_hang = hanging::can_be(&scene.graph.map, &args.store);
    if can_hang {
        scene = Scene::open(context, Vec::new(), &[])?;
    }
    let stones = requests::stones(context)?;
    let readings = Readings::of(&stones, subject::region(context, args.region.as_deref())?, args.fold_plus)?;
    let mut came = came_back(&mut scene, &args.store, &stones, &readings)?;
    if can_hang {
        came.take(hanging::look(&mut scene.hanging(&stones), &args.store)?);
        scene.only(&args.store);
    }
    came.strange = stones.strange(&scene.secret, identity::VERSION) as u64;
    context.trace.count("tombstones", stones.len() as u64);
    context.trace.count("came_back", came.back.len() as u64);
    context.trace.count("undecided", came.undecided());
    if let Some(why) = came.why().filter(|_| !args.leave_undecided) {
        return Err(Fault::refused("replay-undecided", format!("Whether people came back cannot be decided: {why}"))
            .advise("Say where numbers are dialled (--region DE, or privacy.region), whether addresses with a plus are folded \
                     (--fold-plus), restore keys/tombstone.key, or look at the rows that hang on other stores by hand; \
                     --leave-undecided goes on without them."));
    }
    if let Some(why) = came.why() {
        context.output.warn(&format!("not decided: {why}"));
    }
    if came.back.is_empty() {
        let exit = if came.undecided() == 0 { Exit::Done } else { Exit::Partial };
        return Ok(Done::showing(exit, Nobody { store: args.store.clone(), tombstones: stones.len(), came }));
    }
    let undecided = came.undecided();
    scene.identities = came.back.into_iter().collect();
    let mut done = super::erase(context, &mut scene, &args.how)?;
    if undecided > 0 && done.exit == Exit::Done {
        done.exit = Exit::Partial;
    }
    Ok(done)
}

/// How values are read: as they were when people were erased.
struct Readings {
    /// Where numbers were dialled, nowhere first.
    regions: Vec<Option<Region>>,
    /// A number without a calling code can be that of somebody who was erased, and nobody says in which region.
    needs_region: bool,
    fold_plus: bool,
}

impl Readings {
    fn of(stones: &Tombstones, given: Option<Region>, fold_plus: bool) -> Result<Self, Fault> {
        let mut regions = vec![None];
        let told: BTreeSet<&str> =
            stones.of_kind(PHONE).filter_map(|stone| stone.read.as_ref()?.region.as_deref()).collect();
        for region in told {
            regions.push(Some(Region::parse(region)?));
        }
        // Of those that tell no region nobody knows in which country their numbers stand in the store.
        let open = stones.of_kind(PHONE).any(|stone| stone.read.as_ref().is_none_or(|read| read.region.is_none()));
        if let Some(region) = given {
            regions.push(Some(region));
        }
        Ok(Readings { regions, needs_region: open && given.is_none(), fold_plus })
    }

    /// The identity that a cell is, when it was erased; [`Verdict::Open`] when nobody can say.
    fn look(&self, kind: &str, word: &str, cell: &str, stones: &Tombstones, secret: &Secret) -> Verdict {
        let erased = |rules: &Rules| {
            let normal = identity::normalise(kind, cell, rules)?;
            Some((stones.of(secret, word, &normal)?, normal))
        };
        let mut readable = false;
        for region in &self.regions {
            let rules = Rules { region: *region, fold_plus: false };
            readable |= identity::normalise(kind, cell, &rules).is_some();
            if let Some((stone, _)) = erased(&rules) {
                let fold_plus = stone.read.as_ref().is_some_and(|read| read.fold_plus);
                return Verdict::Erased(Rules { fold_plus, ..rules });
            }
        }
        if word == EMAIL {
            let folded = Rules { region: None, fold_plus: true };
            return match erased(&folded).map(|(stone, _)| stone.read.as_ref()) {
                Some(Some(Read { fold_plus: true, .. })) => Verdict::Erased(folded),
                None | Some(Some(_)) => Verdict::Other,
                Some(None) if self.fold_plus => Verdict::Erased(folded),
                Some(None) => Verdict::Open,
            };
        }
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        match word == PHONE && !readable && self.needs_region && digits >= DIGITS {
            true => Verdict::Open,
            false => Verdict::Other,
        }
    }
}

const PHONE: &str = "phone_number";
const EMAIL: &str = "email";
/// Fewer digits are no telephone number in any country.
const DIGITS: usize = 5;

enum Verdict {
    /// Somebody who was erased, read by these rules.
    Erased(Rules),
    /// Somebody else, or nobody.
    Other,
    /// It cannot be said.
    Open,
}

/// Who came back, and what could not be compared.
#[derive(Default)]
struct Came {
    back: BTreeSet<Identity>,
    looked: u64,
    phones: u64,
    addresses: u64,
    strange: u64,
    again: u64,
    unknown: u64,
    lost: u64,
}

impl Came {
    fn take(&mut self, hanging: Hanging) {
        self.looked += hanging.looked;
        self.back.extend(hanging.back);
        (self.again, self.unknown, self.lost) = (hanging.again, hanging.unknown, hanging.lost);
    }

    fn undecided(&self) -> u64 {
        self.phones + self.addresses + self.strange + self.again + self.unknown + self.lost
    }

    fn why(&self) -> Option<String> {
        let parts = [
            (self.phones, "telephone number without calling code", "telephone numbers without calling code"),
            (self.addresses, "address with a plus", "addresses with a plus"),
            (
                self.strange,
                "tombstone of another secret or normalisation",
                "tombstones of another secret or normalisation",
            ),
            (
                self.again,
                "value of rows that were erased and that somebody has again in another store",
                "values of rows that were erased and that somebody has again in another store",
            ),
            (
                self.unknown,
                "value that leads to no row of another store, where tombstones of earlier versions do not say whose it was",
                "values that lead to no row of another store, where tombstones of earlier versions do not say whose they were",
            ),
            (self.lost, "reference that leads to no store", "references that lead to no store"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| counted(*count, one, many))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// The identities of the store that have a tombstone.
fn came_back(scene: &mut Scene, store: &str, stones: &Tombstones, readings: &Readings) -> Result<Came, Fault> {
    let mut came = Came::default();
    for node in scene.graph.nodes.iter().filter(|node| is_of(store, &node.member_name)) {
        for (field, kind) in &node.identities {
            let store = &mut scene.members[node.member].store;
            let fields = [field.clone()];
            let find = Find { collection: &node.collection.name, fields: &fields, any: &[], limit: None };
            let word = identity::canonical_kind(kind).unwrap_or_else(|| kind.clone());
            store.find(&find, &mut |row| {
                let Some(cell) = row.cells.into_iter().next().flatten() else { return Ok(()) };
                came.looked += 1;
                match readings.look(kind, &word, &cell, stones, &scene.secret) {
                    Verdict::Erased(rules) => drop(came.back.insert(Identity::new(kind, &cell, &rules)?)),
                    Verdict::Open if word == EMAIL => came.addresses += 1,
                    Verdict::Open => came.phones += 1,
                    Verdict::Other => {}
                }
                Ok(())
            })?;
        }
    }
    Ok(came)
}

struct Nobody {
    store: String,
    tombstones: usize,
    came: Came,
}

impl Show for Nobody {
    fn json(&self) -> Value {
        json!({
            "schema": "erase-replay/1", "store": self.store, "came_back": 0, "tombstones": self.tombstones,
            "values": self.came.looked, "undecided": self.came.undecided(),
        })
    }

    fn human(&self, page: &mut Page) {
        page.line(format!(
            "Nobody came back in {}: {} identities looked at, {} tombstones.",
            self.store,
            model::grouped(self.came.looked),
            model::grouped(self.tombstones as u64)
        ));
        if let Some(why) = self.came.why() {
            page.line(format!("Not decided: {why}."));
        }
    }
}
