//! After a deletion: VACUUM and ANALYZE, views that hold copies, and what remains elsewhere.

use std::collections::HashMap;

use model::Fault;
use privacy::catalog::Collection;
use privacy::row::Cell;

use super::Postgres;
use super::session::Session;
use crate::sql::{self, Bind, Engine as _, Statement, elements};

/// Of each table: whether VACUUM would do it (it only warns when this user may not), and the materialized views over it,
/// directly or through other views.
const TABLES: &str = "WITH RECURSIVE wanted(name, oid) AS (SELECT name, to_regclass(name)::oid FROM unnest($1::text[]) w(name)),
  above(name, oid) AS (
    SELECT name, oid FROM wanted UNION
    SELECT a.name, r.ev_class FROM above a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.oid
      AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite r ON r.oid = d.objid)
  SELECT w.name, (SELECT pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared
      FROM pg_class c, pg_database d WHERE c.oid = w.oid AND d.datname = current_database())::text,
    (SELECT to_json(array_agg(format('%I.%I', n.nspname, c.relname) ORDER BY n.nspname, c.relname))::text
      FROM above a JOIN pg_class c ON c.oid = a.oid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE a.name = w.name AND c.relkind = 'm') FROM wanted w";

const ELSEWHERE: &str = "SELECT current_setting('archive_mode'), (SELECT count(*) FROM pg_replication_slots)::text,
  (SELECT count(*) FROM pg_stat_replication)::text";

pub(super) fn compact(store: &mut Postgres, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
    let (mut done, mut said, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    let mut facts = facts(store, collections)?;
    let mut tables = Vec::new();
    for collection in collections {
        let Some(table) = store.tables.get(&collection.name).filter(|table| matches!(table.kind, 'r' | 'p')) else {
            continue;
        };
        let name = table.qualified();
        let (is_owner, views) = facts.remove(&name).unwrap_or_default();
        copies.extend(views);
        match is_owner {
            true => tables.push((*collection, name)),
            false => said.push(format!(
                "{} was not vacuumed: only its owner may, and deleted rows stay on disk until then.",
                collection.name
            )),
        }
    }
    copies.sort();
    copies.dedup();
    let rows = tables.iter().filter_map(|(collection, _)| collection.rows_estimated).sum();
    let vacuum = |session: &mut Session, (_, name): &(&Collection, String)| match session
        .run_long(&format!("VACUUM (ANALYZE) {name}"))
    {
        Err(fault) if fault.code() == "store-unreachable" => Err(fault),
        outcome => Ok(outcome),
    };
    let outcomes = sql::side_by_side(&mut store.session, &tables, rows, vacuum)?;
    for ((collection, _), outcome) in tables.iter().zip(outcomes) {
        match outcome {
            Ok(()) => done.push(collection.name.clone()),
            Err(fault) => said.push(format!("{} was not vacuumed: {}", collection.name, fault.message())),
        }
    }
    for view in copies {
        store.session.look_as_the_role_does(false)?;
        let done = store.session.run_long(&format!("REFRESH MATERIALIZED VIEW {view}"));
        store.session.look_nowhere()?;
        match done {
            Ok(()) => said.push(format!("{view}, which holds a copy, was refreshed.")),
            Err(fault) => said.push(format!("{view} holds a copy and was not refreshed: {}", fault.message())),
        }
    }
    if !done.is_empty() {
        said.insert(0, format!(
            "{}: VACUUM and ANALYZE were run; rows that older transactions or replication slots still see stay until these end.",
            done.join(", ")
        ));
    }
    let elsewhere = store.session.rows(ELSEWHERE, 3)?;
    let fact = |at: usize| elsewhere.first().and_then(|row| row[at].as_deref()).unwrap_or("?").to_owned();
    said.push(format!(
        "The write-ahead log holds the deleted values until it is recycled, and so do its archive (archive_mode {}), base backups, {} replication slots and {} connected replicas.",
        fact(0), fact(1), fact(2)
    ));
    Ok(said)
}

/// Of each table, by its qualified name: whether this user may vacuum it, and the materialized views over it.
type Facts = HashMap<String, (bool, Vec<String>)>;

fn facts(store: &mut Postgres, collections: &[&Collection]) -> Result<Facts, Fault> {
    let tables = collections.iter().filter_map(|collection| store.tables.get(&collection.name));
    let names = tables.map(|table| Some(table.qualified())).collect();
    let statement = Statement { sql: TABLES.to_owned(), binds: vec![Bind::Texts(names)] };
    let mut facts = HashMap::new();
    store.query(&statement, 3, &mut |row| {
        let [name, is_owner, views] = <[Cell; 3]>::try_from(row).unwrap_or_default();
        let views = views.and_then(|views| elements(&views)).unwrap_or_default().into_iter().flatten().collect();
        facts.insert(name.unwrap_or_default(), (is_owner.as_deref() == Some("true"), views));
        Ok(())
    })?;
    Ok(facts)
}
