//! The fact `retention`: how long each collection is kept, and how many rows are past their time.

use std::collections::BTreeSet;

use model::Fault;
use privacy::graph::{Graph, Part};
use privacy::retention::Tally;
use rules::Source;
use serde_json::{Value, json};

use super::{Collected, Context, Found};
use crate::cli::retention::Retention;
use crate::cli::{data_map, requests, stores};

/// Reads the dates of every row that can be over; changes nothing.
pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let collected = match data_map::load_or_none(context) {
        Ok(None) => Collected::not_given("there is no data map here; `probity map scan` makes one"),
        Ok(Some(map)) => read(context, &map.map).unwrap_or_else(|fault| Collected::failed("the dates of rows", &fault)),
        Err(fault) => Collected::failed("the data map", &fault),
    };
    vec![("retention", collected)]
}

fn read(context: &Context, map: &privacy::map::DataMap) -> Result<Collected, Fault> {
    let mut fleet = stores::open(context, map, &[])?;
    let parts: Vec<Part<'_>> = fleet
        .members
        .iter()
        .map(|member| Part { member: &member.name, dataset: &member.dataset, catalog: &member.catalog })
        .collect();
    let (mut graph, _) = Graph::new(map, &parts)?;
    let mut retention = Retention::open(context, &mut graph, None)?;
    let secret = requests::known_secret(context)?;
    if let Some(secret) = &secret {
        retention.learn_holds(context, &graph, &mut fleet.members, secret)?;
    }
    let selected = retention.select(context, &graph, &mut fleet.members, secret.as_ref(), 0)?;
    let lines: Vec<Value> = retention
        .terms
        .iter()
        .flatten()
        .map(|term| {
            let node = &graph.nodes[term.node];
            let tally = selected.tallies.get(&term.node).cloned().unwrap_or_else(Tally::default);
            let place = term.place.as_ref().map_or_else(|| node.name(), ToString::to_string);
            json!({
                "store": node.member_name, "collection": node.collection.name,
                "period": term.period().map(|period| period.iso()), "terms": term.words(),
                "action": term.ending.word(), "defined": term.undefined.is_none(), "undefined": term.undefined,
                "rows_over": tally.over, "rows_held": tally.held, "rows_undated": tally.undated,
                "oldest": tally.oldest, "place": place,
            })
        })
        .collect();
    let value = json!({"as_of": retention.today.to_string(), "collections": lines});
    let unreachable = fleet.unreachable.iter().map(|(store, fault)| super::gap(&format!("the store {store}"), fault));
    let source = Source { name: "the stores".to_owned(), digest: Some(super::sheet::digest(&value)) };
    Ok(Collected::now(context, value, vec![source], unreachable.collect()))
}
