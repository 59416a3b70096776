//! The facts `datamap` and `stores`: what the map says, and what the stores hold beside it.

use std::collections::BTreeSet;

use model::Fault;
use privacy::map::check::{self, Level, Part};
use privacy::map::credential::{Kept, kept};
use privacy::map::{DataMap, Dataset, MappedCollection, MappedField, taxonomy};
use rules::{Gap, Source};
use serde_json::{Value, json};

use super::{Collected, Context, Found, gap};
use crate::cli::classify::Classifier;
use crate::cli::survey::{self, Look, Survey};
use crate::cli::{data_map, files, stores};

/// Rows of each collection that are looked at.
const SAMPLED: u64 = 200;

/// `datamap` and `stores`, whichever is wanted.
pub(super) fn collect(context: &Context, wanted: &BTreeSet<&str>) -> Found {
    let map = match data_map::load_or_none(context) {
        Ok(Some(reading)) => reading.map,
        Ok(None) => {
            let why = "there is no data map here; `probity map scan` proposes one";
            return wanted
                .iter()
                .filter_map(|name| named(name))
                .map(|name| (name, Collected::not_given(why)))
                .collect();
        }
        Err(fault) => {
            let failed = |name| (name, Collected::failed("the data map", &fault));
            return wanted.iter().filter_map(|name| named(name)).map(failed).collect();
        }
    };
    let mut found = Vec::new();
    if wanted.contains("datamap") {
        found.push(("datamap", Collected::now(context, of_map(&map), sources(context), vec![])));
    }
    if wanted.contains("stores") {
        found
            .push(("stores", of_stores(context, &map).unwrap_or_else(|fault| Collected::failed("the stores", &fault))));
    }
    found
}

fn named(name: &str) -> Option<&'static str> {
    ["datamap", "stores"].into_iter().find(|known| *known == name)
}

fn sources(context: &Context) -> Vec<Source> {
    let one = |path: std::path::PathBuf| {
        let digest = files::read(&path, model::ByteSize(256 << 20)).ok().map(|bytes| seal::sha256(&bytes));
        Some(Source { name: data_map::shown(context, &path).display().to_string(), digest: Some(digest?) })
    };
    data_map::paths(context).into_iter().filter_map(one).collect()
}

fn of_map(map: &DataMap) -> Value {
    let all = || map.datasets.iter().flat_map(|dataset| dataset.collections.iter().map(move |one| (dataset, one)));
    json!({
        "collections": all().map(|(dataset, one)| collection(dataset, one)).collect::<Vec<_>>(),
        "fields": all().flat_map(|(dataset, one)| fields(dataset, one)).collect::<Vec<_>>(),
    })
}

fn personal<'d>(dataset: &'d Dataset, one: &'d MappedCollection) -> BTreeSet<&'d str> {
    let all = one.fields.iter().flat_map(|field| dataset.categories(one, field));
    all.filter(|category| taxonomy::is_personal(category)).collect()
}

fn collection(dataset: &Dataset, one: &MappedCollection) -> Value {
    let categories = personal(dataset, one);
    json!({
        "name": format!("{}.{}", dataset.key, one.name),
        "dataset": dataset.key,
        "collection": one.name,
        "personal": one.fields.iter().any(|field| dataset.is_personal(one, field)),
        "sensitive": categories.iter().any(|category| taxonomy::is_sensitive(category)),
        "special": categories.iter().any(|category| taxonomy::is_special(category)),
        "categories": categories,
        "purposes": dataset.list(one, "purposes"),
        "uses": dataset.uses(one),
        "basis": dataset.list(one, "legal_basis"),
        "recipients": dataset.list(one, "recipients"),
        "transfers": dataset.list(one, "transfers"),
        "retention": dataset.word(one, "retention"),
        "source": dataset.word(one, "source"),
        "provided": one.settings.flag("provided").or_else(|| dataset.settings.flag("provided")),
        "automated_decisions": dataset.word(one, "automated_decisions"),
        "place": one.place.to_string(),
    })
}

fn fields<'d>(dataset: &'d Dataset, one: &'d MappedCollection) -> impl Iterator<Item = Value> + 'd {
    let held = one.fields.iter().filter(|field| dataset.is_personal(one, field));
    held.map(move |field| {
        let categories: Vec<&str> = dataset.categories(one, field).collect();
        json!({
            "name": format!("{}.{}.{}", dataset.key, one.name, field.path),
            "collection": format!("{}.{}", dataset.key, one.name),
            "dataset": dataset.key,
            "sensitive": categories.iter().any(|category| taxonomy::is_sensitive(category)),
            "special": categories.iter().any(|category| taxonomy::is_special(category)),
            "categories": categories,
            "identity": field.identity,
            "place": field.place.to_string(),
        })
    })
}

fn of_stores(context: &Context, map: &DataMap) -> Result<Collected, Fault> {
    let classifier = Classifier::new()?;
    let fleet = match stores::open(context, map, &[]) {
        Err(fault) if fault.code() == "no-stores" => return Ok(Collected::not_given("probity.toml names no store")),
        fleet => fleet?,
    };
    let mut gaps: Vec<Gap> = fleet.unreachable.iter().map(|(name, fault)| gap(name, fault)).collect();
    let surveys = survey::take(context, fleet.members, Look::Rows(SAMPLED))?;
    let parts: Vec<Part<'_>> = surveys.iter().map(Survey::part).collect();
    let drift = check::check(map, &parts, &|names, values| classifier.guess(names, values))?;
    let unseen = |survey: &Survey| {
        survey.gaps.clone().into_iter().map(|what| Gap { what: "the catalog".to_owned(), why: what, remedy: None })
    };
    gaps.extend(surveys.iter().flat_map(unseen));
    let value = json!({
        "stores": surveys.iter().map(|survey| store(context, survey)).collect::<Vec<_>>(),
        "drift": drift.iter().map(difference).collect::<Vec<_>>(),
        "columns": surveys.iter().flat_map(|survey| columns(map, survey)).collect::<Vec<_>>(),
    });
    let source = |survey: &Survey| Source { name: format!("the store {}", survey.store), digest: None };
    Ok(Collected::now(context, value, surveys.iter().map(source).collect(), gaps))
}

fn store(context: &Context, survey: &Survey) -> Value {
    json!({
        "dataset": survey.dataset, "countries": countries(context, &survey.store),
        "name": survey.store, "collections": survey.catalog.collections.len(), "sampled": survey.rows(),
        "rows": survey.rows_estimated(), "place": format!("stores.{}", survey.store),
    })
}

fn difference(finding: &check::Finding) -> Value {
    let (dataset, collection, field) = &finding.about;
    let about = [Some(dataset), collection.as_ref(), field.as_ref()].into_iter().flatten();
    json!({
        "rule": finding.rule,
        "level": match finding.level { Level::Error => "error", Level::Warning => "warning" },
        "about": about.map(String::as_str).collect::<Vec<_>>().join("."),
        "message": finding.message, "advice": finding.advice, "place": finding.place.to_string(),
    })
}

/// Columns in the order of the catalog; fields within documents are not among them.
fn columns<'s>(map: &'s DataMap, survey: &'s Survey) -> impl Iterator<Item = Value> + 's {
    let dataset = map.dataset(&survey.dataset);
    survey.samples.iter().flat_map(move |sample| {
        let mapped = dataset.and_then(|dataset| dataset.of_catalog(&sample.collection));
        let whole = sample.fields.iter().filter(|field| field.path.0.len() == 1 && !field.is_object);
        whole.map(move |field| {
            let name = format!("{}.{}.{}", survey.store, sample.collection, field.path);
            let described =
                dataset.zip(mapped).and_then(|(dataset, mapped)| Some((dataset, mapped, mapped.field(&field.path)?)));
            let is_credential = described.is_some_and(|(dataset, mapped, field)| is_credential(dataset, mapped, field));
            let kept_so = |wanted: Kept| match is_credential {
                true => json!(field.values.iter().filter(|value| kept(value) == wanted).count()),
                false => Value::Null,
            };
            json!({
                "personal": described.is_some_and(|(dataset, mapped, field)| dataset.is_personal(mapped, field)),
                "credential": is_credential, "clear": kept_so(Kept::Clear), "opaque": kept_so(Kept::Opaque),
                "dataset": survey.dataset, "sampled": sample.rows, "filled": field.values.len(),
                "place": name, "name": name,
            })
        })
    })
}

fn is_credential(dataset: &Dataset, mapped: &MappedCollection, field: &MappedField) -> bool {
    dataset.categories(mapped, field).any(|category| taxonomy::within(category, "user.authorization"))
}

/// The countries that the addresses and the region of a store name.
fn countries(context: &Context, store: &str) -> BTreeSet<&'static str> {
    let is_of = |name: &str| name.split('/').next() == Some(store);
    let servers = stores::servers(context).into_iter().filter(|server| is_of(&server.name));
    let texts = servers.flat_map(|server| {
        let access = server.access().unwrap_or_default();
        [Some(server.url), access.endpoint, access.region]
    });
    texts.flatten().filter_map(|text| facts::region::country(host(&text))).collect()
}

/// The host of an address; of a name without a scheme the name.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or(rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    rest.split(':').next().unwrap_or(rest)
}
