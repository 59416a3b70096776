//! `erase_after` that names nothing: the order that somebody wanted would not be kept, and nobody would know.

use super::{Node, Part, gap};
use crate::map::DataMap;
use crate::plan::Gap;

/// A gap for each name that neither map nor stores have.
pub(super) fn lost(map: &DataMap, parts: &[Part<'_>], nodes: &[Node], gaps: &mut Vec<Gap>) {
    for node in nodes {
        let Some(mapped) = &node.mapped else { continue };
        for name in mapped.erase_after.iter().filter(|name| !is_known(map, parts, name)) {
            let text = format!(
                "{} is to be erased after {name:?} (erase_after), which neither the map nor a store has",
                mapped.name
            );
            let (member, collection) = (Some(&*node.member_name), Some(&*node.collection.name));
            gaps.push(gap("dangling-order", member, collection, text, Some(&mapped.place)));
        }
    }
}

fn is_known(map: &DataMap, parts: &[Part<'_>], name: &str) -> bool {
    let below = |dataset: &str| name.strip_prefix(dataset)?.strip_prefix('.');
    let in_map = map.datasets.iter().any(|it| below(&it.key).is_some_and(|rest| it.of_catalog(rest).is_some()));
    in_map || parts.iter().any(|it| below(it.dataset).is_some_and(|rest| it.catalog.collection(rest).is_some()))
}
