//! `map scan`: catalogs, samples and detectors → what the map does not say yet.

use model::{Fault, counted, grouped};
use privacy::map::merge::{self, Added};
use privacy::map::propose::{self, Undeclared};
use privacy::map::write::Comments;
use privacy::map::{DataMap, MappedField};
use serde_json::{Value, json};

use super::ScanArgs;
use crate::cli::classify::Classifier;
use crate::cli::context::Context;
use crate::cli::data_map::{self, Saved};
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::survey::{self, Look, Survey};
use crate::cli::{stores, table};
use crate::commands::Done;

pub(super) fn run(context: &mut Context, args: &ScanArgs) -> Result<Done, Fault> {
    context.trace.begin(if args.dry_run { Wanted::WhereThere } else { Wanted::Always }, "map.scanned");
    let classifier = Classifier::new()?;
    let before = data_map::load_or_none(context)?.unwrap_or_default();
    let fleet = stores::open(context, &before.map, &args.name)?;
    for (_, fault) in &fleet.unreachable {
        context.output.error(fault);
    }
    let rows = Some(args.sample.rows).filter(|rows| *rows > 0 && !args.sample.no_sample);
    let surveys = survey::take(context, fleet.members, rows.map_or(Look::Catalogs, Look::Links))?;
    let mut scanned = Scanned { dry_run: args.dry_run, unreachable: fleet.unreachable.len(), ..Scanned::default() };
    let mut map = before.map.clone();
    let mut comments = Comments::default();
    for survey in &surveys {
        scanned.stores.push(one(survey, &classifier, args.links, &mut map, &mut comments));
    }
    if !args.dry_run && scanned.stores.iter().any(|store| !store.added.is_empty()) {
        scanned.files = data_map::save(context, &before, &map, &vec![], &comments)?;
    }
    for file in &scanned.files {
        context.trace.digest("map", file.digest);
        if file.anew {
            context.output.warn(&format!("{} was written anew: its own comments are gone", file.path.display()));
        }
    }
    context.trace.count("stores", scanned.stores.len() as u64);
    context.trace.count("fields_added", scanned.stores.iter().map(|store| store.fields as u64).sum());
    let exit = match (scanned.unreachable, scanned.stores.len()) {
        (0, _) => Exit::Done,
        (_, 0) => Exit::Unavailable,
        _ => Exit::Partial,
    };
    Ok(Done::showing(exit, scanned))
}

/// What one store adds.
fn one(survey: &Survey, classifier: &Classifier, links: bool, map: &mut DataMap, comments: &mut Comments) -> Store {
    let mut proposal = propose::propose(&survey.dataset, &survey.catalog, &survey.samples, &|names, values| {
        classifier.guess(names, values)
    });
    proposal.dataset.store.clone_from(&survey.store);
    // What says whose a row is comes before what stands aside of it.
    let (aside, plain): (Vec<_>, Vec<_>) = survey.undeclared.iter().partition(|link| link.is_aside);
    for link in plain.into_iter().chain(aside) {
        proposal.take(link, links || link.is_sure);
    }
    let added = merge::merge(map, &proposal);
    let new: Vec<(String, &MappedField)> = proposal
        .dataset
        .collections
        .iter()
        .flat_map(|collection| collection.fields.iter().map(|field| (collection.name.clone(), field)))
        .filter(|(collection, field)| is_new(&added, collection, field))
        .collect();
    let personal = |field: &MappedField| field.categories.iter().any(|name| privacy::map::taxonomy::is_personal(name));
    let store = Store {
        name: survey.store.clone(),
        fields: new.len(),
        personal: new
            .iter()
            .filter(|(_, field)| personal(field))
            .map(|(c, f)| (format!("{c}.{}", f.path), f.categories.join(", ")))
            .collect(),
        identities: new
            .iter()
            .filter_map(|(c, f)| Some(format!("{c}.{} ({})", f.path, f.identity.as_ref()?)))
            .collect(),
        undecided: new
            .iter()
            .filter(|(_, f)| {
                f.categories.is_empty() && !f.data_type.as_deref().is_some_and(|kind| kind.starts_with("object"))
            })
            .count(),
        undeclared: survey.undeclared.clone(),
        collections: proposal.dataset.collections.len(),
        rows: survey.rows(),
        rows_estimated: survey.rows_estimated(),
        left_out: proposal.left_out.clone(),
        gaps: survey.gaps.clone(),
        added,
    };
    comments.extend(proposal.comments);
    store
}

fn is_new(added: &Added, collection: &str, field: &MappedField) -> bool {
    !added.datasets.is_empty()
        || added.collections.iter().any(|(_, name)| name == collection)
        || added.fields.iter().any(|(_, name, path)| name == collection && *path == field.path.to_string())
}

#[derive(Default)]
struct Scanned {
    stores: Vec<Store>,
    files: Vec<Saved>,
    unreachable: usize,
    dry_run: bool,
}

struct Store {
    name: String,
    added: Added,
    fields: usize,
    personal: Vec<(String, String)>,
    identities: Vec<String>,
    undecided: usize,
    undeclared: Vec<Undeclared>,
    collections: usize,
    rows: u64,
    rows_estimated: Option<u64>,
    left_out: Vec<String>,
    gaps: Vec<String>,
}

impl Store {
    /// How much was looked at: `200 of 2,240 rows (8.9 %)`.
    fn looked_at(&self) -> String {
        let rows = grouped(self.rows);
        match self.rows_estimated.filter(|all| *all > 0) {
            Some(all) => {
                let permille = self.rows.min(all) * 1000 / all;
                format!("{rows} of about {} rows ({}.{} %)", grouped(all), permille / 10, permille % 10)
            }
            None => format!("{rows} rows"),
        }
    }

    fn human(&self, page: &mut Page) {
        let many = counted(self.collections as u64, "collection", "collections");
        page.heading(&format!("{}: {many}, {} looked at", self.name, self.looked_at()));
        if self.added.is_empty() {
            page.line("The map says everything already.");
        } else {
            let fields = counted(self.fields as u64, "field", "fields");
            page.line(format!(
                "Added: {fields}, {} of them personal, {} undecided.",
                self.personal.len(),
                self.undecided
            ));
        }
        if !self.personal.is_empty() {
            let mut table = table::Table::new(&["field", "category"]);
            for (field, category) in &self.personal {
                table.row([field.as_str().into(), category.as_str().into()]);
            }
            page.table(&table);
        }
        for identity in &self.identities {
            page.line(format!("Identity: {identity}"));
        }
        for link in &self.undeclared {
            page.line(format!("{}.{}: {} {}", link.from.0, link.from.1, link.looks(), link.evidence()));
        }
        if !self.left_out.is_empty() {
            page.line(format!("Left out, as they show rows of others: {}", self.left_out.join(", ")));
        }
        self.gaps.iter().for_each(|gap| page.line(format!("Not seen: {gap}")));
    }

    fn json(&self) -> Value {
        let triple = |(dataset, collection, field): &(String, String, String)| json!([dataset, collection, field]);
        json!({
            "store": self.name,
            "collections": self.collections,
            "rows": self.rows,
            "rows_estimated": self.rows_estimated,
            "added": {
                "datasets": self.added.datasets,
                "collections": self.added.collections.iter().map(|(dataset, name)| json!([dataset, name])).collect::<Vec<_>>(),
                "fields": self.added.fields.iter().map(triple).collect::<Vec<_>>(),
                "all_fields": self.fields,
            },
            "personal": self.personal.iter().map(|(field, category)| json!({"field": field, "category": category})).collect::<Vec<_>>(),
            "identities": self.identities,
            "undecided": self.undecided,
            "undeclared": self.undeclared.iter().map(|link| json!({
                "from": format!("{}.{}", link.from.0, link.from.1),
                "to": format!("{}.{}", link.to.0, link.to.1),
                "dataset": link.dataset,
                "when": link.when.as_ref().map(|(field, word)| json!({"field": field, "is": word})),
                "values": link.values,
                "found": link.found,
                "score": link.score,
                "by_value": link.by_value,
                "sure": link.is_sure,
            })).collect::<Vec<_>>(),
            "left_out": self.left_out,
            "gaps": self.gaps,
        })
    }
}

impl Show for Scanned {
    fn json(&self) -> Value {
        json!({
            "schema": "map-scan/1",
            "dry_run": self.dry_run,
            "unreachable": self.unreachable,
            "stores": self.stores.iter().map(Store::json).collect::<Vec<_>>(),
            "files": self.files.iter().map(|file| json!({
                "path": file.path.display().to_string(), "anew": file.anew, "sha256": file.digest.to_string(),
            })).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        for store in &self.stores {
            store.human(page);
            page.gap();
        }
        for file in &self.files {
            page.line(format!("Wrote {}. Look through it: a proposal is not a decision.", file.path.display()));
        }
        if self.files.is_empty() {
            page.line(if self.dry_run { "Nothing was written (--dry-run)." } else { "Nothing was written." });
        }
    }
}
