//! `restic snapshots --json`: one list of snapshots of one repository.

use std::collections::BTreeMap;

use yaml::Node;

use super::Set;
use crate::Gap;
use crate::tree::{Document, list, place, text, texts, time};

/// One set for each host with its paths.
pub(super) fn sets(document: &Document<'_>, gaps: &mut Vec<Gap>) -> Vec<Set> {
    let mut sets: BTreeMap<String, Set> = BTreeMap::new();
    for snapshot in list(&document.node, &[]) {
        let here = place(document.file, snapshot);
        let Some(taken) = time(snapshot, &["time"]) else {
            gaps.push(Gap::at(here, "The snapshot has no time", "Run `restic snapshots --json` again."));
            continue;
        };
        let set = sets.entry(name(snapshot)).or_insert_with_key(|name| Set {
            tool: "restic",
            name: name.clone(),
            // restic has no repositories that are not encrypted (restic, «Design»).
            encrypted: Some(true),
            newest: None,
            count: 0,
            place: here.clone(),
        });
        set.count += 1;
        if set.newest < Some(taken) {
            (set.newest, set.place) = (Some(taken), here);
        }
    }
    sets.into_values().collect()
}

/// `HOST:PATH,PATH`
fn name(snapshot: &Node) -> String {
    format!("{}:{}", text(snapshot, &["hostname"]).unwrap_or_default(), texts(snapshot, &["paths"]).join(","))
}
