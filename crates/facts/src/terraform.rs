//! Terraform (and OpenTofu): a plan as `terraform show -json` prints it, and configuration where it says things outright.
//!
//! A plan knows every value; configuration knows those that are written out. What a variable, a module from elsewhere or a
//! function decides is not known here, and a rule that needs it is not judged.

mod body;
mod bucket;
mod hcl;
mod kinds;
mod opening;
mod plan;
mod refer;
mod rotation;

use serde_json::{Value, json};

use self::body::Resource;
use self::kinds::{KINDS, Kind};
use crate::tree::{self, ends, mentions};
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let has = |key| mentions(file.text, key);
    let shown = has("format_version") && has("terraform_version") && (has("planned_values") || has("values"));
    ends(file, &[".json"]) && shown || is_configuration(file)
}

const WORDS: [&str; 10] =
    ["resource", "module", "provider", "variable", "terraform", "output", "data", "locals", "moved", "import"];

fn is_configuration(file: File<'_>) -> bool {
    let begins = |line: &str| {
        WORDS.iter().any(|word| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '{', '"'])))
    };
    ends(file, &[".tf", ".tofu"]) && file.text.lines().any(begins)
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (written, shown): (Vec<File<'_>>, Vec<File<'_>>) =
        files.iter().copied().partition(|file| is_configuration(*file));
    let (documents, mut gaps) = tree::open(&shown);
    let mut all: Vec<Resource> = documents.iter().flat_map(plan::resources).collect();
    let mut data = Vec::new();
    for file in written {
        configuration(file, &mut all, &mut data, &mut gaps);
    }
    let stores = all.iter().filter_map(|one| {
        let kind = KINDS.iter().find(|kind| kind.name == one.kind)?;
        Some(store(one, kind, &all, &data))
    });
    let value =
        json!({"stores": stores.collect::<Vec<_>>(), "openings": opening::all(&all), "keys": rotation::all(&all)});
    Read { value, gaps }
}

/// The resources and data sources of a file of configuration.
fn configuration(file: File<'_>, all: &mut Vec<Resource>, data: &mut Vec<Resource>, gaps: &mut Vec<Gap>) {
    let blocks = match hcl::read(file.text) {
        Ok(blocks) => blocks,
        Err(fault) => return gaps.push(Gap::of(file, &fault)),
    };
    for block in blocks {
        let place = format!("{}:{}:{}", file.name, block.line, block.column);
        match (block.word.as_str(), block.labels.as_slice()) {
            ("module", [name, ..]) => {
                // A module of the same files is among them, or is given beside them.
                let source = block.body.written("source").unwrap_or_default();
                if !source.starts_with("./") && !source.starts_with("../") {
                    let why = format!("The module {name} comes from elsewhere, so that its resources are not seen");
                    gaps.push(Gap::at(place, why, "Give the plan: terraform show -json PLAN."));
                }
            }
            (word @ ("resource" | "data"), [kind, name, ..]) => {
                let prefix = if word == "data" { "data." } else { "" };
                let address = format!("{prefix}{kind}.{name}");
                let list = if word == "data" { &mut *data } else { &mut *all };
                list.push(Resource { address, kind: kind.clone(), name: name.clone(), body: block.body, place });
            }
            _ => {}
        }
    }
}

/// Demands that a kind of resource can keep, in the words of the fact.
const DEMANDS: [&str; 5] = ["at_rest", "in_transit", "private", "backups", "zones"];

fn store(one: &Resource, kind: &Kind, all: &[Resource], data: &[Resource]) -> Value {
    let bucket = (kind.name == "aws_s3_bucket").then(|| bucket::Bucket::of(one, all));
    let redirects = kind.what == "listener" && opening::redirects(&one.body);
    let applies = [
        kind.at_rest.applies(),
        (kind.in_transit.applies() || bucket.is_some()) && !redirects,
        kind.private.applies() || bucket.is_some(),
        kind.backups.applies(),
        kind.zones.applies(),
    ];
    let demands = DEMANDS.into_iter().zip(applies).filter(|(_, applies)| *applies).map(|(demand, _)| demand);
    json!({
        "address": one.address,
        "kind": kind.what,
        "demands": demands.collect::<Vec<_>>(),
        "encrypted_at_rest": kind.at_rest.kept(&one.body),
        "encrypted_in_transit": bucket.as_ref().map_or_else(|| kind.in_transit.kept(&one.body), |bucket| bucket.demands_tls(data)),
        "private": bucket.as_ref().map_or_else(|| kind.private.kept(&one.body), bucket::Bucket::is_private),
        "backup_days": kind.backups.kept(&one.body),
        "several_zones": kind.zones.kept(&one.body),
        "place": one.place,
    })
}

#[cfg(test)]
mod tests;
