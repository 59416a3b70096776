//! Older versions behind rows: what goes with them, and shows in no question.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use model::Fault;
use privacy::row::Key;
use privacy::store::Along;

use super::formats::{self, Format};
use super::{Bodies, Entry, Rows, around, by_body, format, options, record, under};

/// What [`privacy::store::DataStore::goes_along`] says of bodies with versions.
pub(super) fn along<B: Bodies>(rows: &mut Rows<B>, collection: &str, keys: &[Key]) -> Result<Along, Fault> {
    let shape = rows.shape(collection)?;
    let own = rows.key(&shape);
    let mut along = Along::default();
    let mut versions: BTreeMap<String, (Entry, HashSet<Key>)> = BTreeMap::new();
    for (id, keys) in by_body(keys) {
        let Some(entry) = rows.bodies.entry(id)? else { continue };
        if format(&shape) == Format::Whole {
            let older = whole(rows, &entry)?;
            along.versions += older;
            along.unread += older;
            continue;
        }
        let older = if shape.key.is_empty() { Vec::new() } else { rows.older(&entry)? };
        let itself = (!entry.is_current()).then_some(entry);
        for version in older.into_iter().chain(itself) {
            let (_, gone) = versions.entry(version.id.clone()).or_insert_with(|| (version.clone(), HashSet::new()));
            gone.extend(keys.iter().map(|key| under(&version.id, key)));
        }
    }
    for (entry, gone) in versions.values() {
        let around = around(rows.bodies.name_column(), &shape, entry);
        let Some(input) = rows.bodies.read(&entry.id)? else { continue };
        let (mut hers, mut others) = (0, 0);
        formats::read(format(&shape), &options(&shape), &entry.name, input, &mut |node, raw| {
            let is_hers = gone.contains(&record(&around, &own, node, raw).key(&own));
            *if is_hers { &mut hers } else { &mut others } += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        // A version in which none of the rows stands stays.
        if hers > 0 {
            along.versions += 1;
            along.others += others;
        }
    }
    Ok(along)
}

/// How many older versions with content a whole body has.
fn whole<B: Bodies>(rows: &Rows<B>, entry: &Entry) -> Result<u64, Fault> {
    let mut older = 0;
    for version in rows.bodies.list(&entry.name) {
        let version = version?;
        older += u64::from(version.name == entry.name && !version.is_current() && !version.is_marker);
    }
    Ok(older)
}
