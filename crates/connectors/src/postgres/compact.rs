//! After a deletion: VACUUM and ANALYZE, views that hold copies, and what remains elsewhere.

use model::Fault;
use privacy::catalog::Collection;

use super::Postgres;
use crate::sql::{Bind, Engine as _, Statement};

/// Materialized views over a table, directly or through other views.
const COPIES: &str = "WITH RECURSIVE above(oid) AS (
    SELECT to_regclass($1)::oid UNION
    SELECT r.ev_class FROM above a JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.oid
      AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite r ON r.oid = d.objid)
  SELECT DISTINCT format('%I.%I', n.nspname, c.relname) FROM above a JOIN pg_class c ON c.oid = a.oid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' ORDER BY 1";

/// Whether VACUUM would pass the table by: it only warns when this user may not.
const OWNER: &str =
    "SELECT (pg_has_role(c.relowner, 'USAGE') OR pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared)::text
  FROM pg_class c, pg_database d WHERE c.oid = to_regclass($1) AND d.datname = current_database()";

const ELSEWHERE: &str = "SELECT current_setting('archive_mode'), (SELECT count(*) FROM pg_replication_slots)::text,
  (SELECT count(*) FROM pg_stat_replication)::text";

pub(super) fn compact(store: &mut Postgres, collections: &[&Collection]) -> Result<Vec<String>, Fault> {
    let (mut done, mut said, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    for collection in collections {
        let Some(table) = store.tables.get(&collection.name).filter(|table| matches!(table.kind, 'r' | 'p')) else {
            continue;
        };
        let name = table.qualified();
        for view in ask(store, COPIES, &name)? {
            if !copies.contains(&view) {
                copies.push(view);
            }
        }
        if ask(store, OWNER, &name)?.first().is_none_or(|is| is != "true") {
            said.push(format!(
                "{} was not vacuumed: only its owner may, and deleted rows stay on disk until then.",
                collection.name
            ));
            continue;
        }
        match store.session.run_long(&format!("VACUUM (ANALYZE) {name}")) {
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
    let facts = store.session.rows(ELSEWHERE, 3)?;
    let fact = |at: usize| facts.first().and_then(|row| row[at].as_deref()).unwrap_or("?").to_owned();
    said.push(format!(
        "The write-ahead log holds the deleted values until it is recycled, and so do its archive (archive_mode {}), base backups, {} replication slots and {} connected replicas.",
        fact(0), fact(1), fact(2)
    ));
    Ok(said)
}

/// The first column of a short question about one table.
fn ask(store: &mut Postgres, sql: &str, table: &str) -> Result<Vec<String>, Fault> {
    let statement = Statement { sql: sql.to_owned(), binds: vec![Bind::Text(table.to_owned())] };
    let mut rows = Vec::new();
    store.query(&statement, 1, &mut |row| {
        rows.extend(row.into_iter().flatten());
        Ok(())
    })?;
    Ok(rows)
}
