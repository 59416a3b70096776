//! Rows that discovery found → the export.

use model::{Fault, Kind, Progress};

use super::{Export, Role};
use crate::discover::{self, Found, FoundRow, Member};
use crate::graph::{Graph, Node};
use crate::row::{FieldPath, Key, Row};

/// Reads every row that was found and takes it in. A store that fails meanwhile becomes a gap; the others are read. Says how
/// many collections were not read to the end.
///
/// # Errors
/// What the spool says, and faults of stores that are not about reaching them.
pub fn gather(
    export: &mut Export<'_>,
    graph: &Graph,
    members: &mut [Member],
    found: &Found,
    progress: &dyn Progress,
) -> Result<u64, Fault> {
    let mut lost = 0;
    progress.start("read", found.rows.iter().map(|rows| rows.len() as u64).sum());
    for (number, rows) in found.rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        let node = &graph.nodes[number];
        let table = export.table(&node.dataset, &node.collection);
        let fields = export.fields(table);
        let name = node.member_name.as_str();
        let is_file = node.collection.words.iter().any(|(word, text)| word == "format" && text == "whole");
        let (mut files, mut others) = (Vec::new(), 0_u64);
        let mut each = |row: &FoundRow, cells| {
            let role = role(graph, row);
            let whole = Row { key: row.key.clone(), cells };
            progress.advance(1);
            // Equal rows of a collection without a key come once.
            if is_file && role == Role::Own {
                files.push((export.rows_in(table), row.key.clone()));
            } else if is_file {
                others += 1;
            }
            (0..row.count.max(1)).try_for_each(|_| export.row(table, name, &whole, &role))
        };
        let read = discover::rows(graph, &mut members[node.member], number, rows, &fields, &mut each);
        let read = read.and_then(|()| older(&mut members[node.member], &node.collection.name, rows));
        let read = read.map(|older| {
            if older > 0 {
                let older = model::counted(older, "older version stands", "older versions stand");
                export.gap(format!("{}: {older} behind these records, and nothing of it is shown here.", node.name()));
            }
        });
        if others > 0 {
            let many = model::counted(others, "file is", "files are");
            export.gap(format!("{}: {many} somebody else's as well, and named only.", node.name()));
        }
        let read = read.and_then(|()| take_files(export, table, &mut members[node.member], node, &files));
        match read.map(|unread| lost += unread) {
            Err(fault) if fault.kind() == Kind::Unavailable && fault.code() != "spool-lost" => {
                lost += 1;
                export.gap(format!("{} could not be read to the end: {}", node.name(), fault.message()));
            }
            other => other?,
        }
    }
    progress.finish();
    Ok(lost + part_strangers(export, graph, members, found)?)
}

/// Takes in the files that rows stand for; says how many could not be read.
fn take_files(
    export: &mut Export<'_>,
    table: usize,
    member: &mut Member,
    node: &Node,
    files: &[(usize, Key)],
) -> Result<u64, Fault> {
    if !export.takes_files() && !files.is_empty() {
        let many = model::counted(files.len() as u64, "file is", "files are");
        export.gap(format!("{}: {many} named only; an export as zip holds them.", node.name()));
        return Ok(0);
    }
    let mut unread = 0;
    for (row, key) in files {
        let path = key.0.first().and_then(Option::as_deref).unwrap_or_default();
        let name = path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or(path);
        let why = match member.store.content(&node.collection.name, key) {
            Ok(None) => continue,
            Ok(Some(mut input)) => match export.file(table, *row, name, &mut *input)? {
                Ok(()) => continue,
                Err(error) => error.to_string(),
            },
            Err(fault) if fault.kind() == Kind::Unavailable => fault.message().to_owned(),
            Err(fault) => return Err(fault),
        };
        unread += 1;
        export.gap(format!("{}: the file {path} could not be read: {why}", node.name()));
    }
    Ok(unread)
}

/// Finds out which addresses in the person's rows the stores know other people by. Where a store does not say, all of them are
/// taken for others': what is left out can be handed over later. Says how much was not found out.
fn part_strangers(export: &mut Export<'_>, graph: &Graph, members: &mut [Member], found: &Found) -> Result<u64, Fault> {
    let strangers = export.strangers()?;
    match discover::named(graph, members, found, &strangers) {
        Ok(others) => export.others_are(others),
        Err(fault) if fault.kind() == Kind::Unavailable => {
            let reached = strangers.iter().filter(|one| one.kind() != "name");
            let all = reached.map(|one| (one.kind().to_owned(), one.normalised().to_owned()));
            export.others_are(all.collect());
            export.gap(format!(
                "Whose some addresses are was not found out, and they were left out: {}",
                fault.message()
            ));
            return Ok(1);
        }
        Err(fault) => return Err(fault),
    }
    Ok(0)
}

/// How many versions stand behind rows.
fn older(member: &mut Member, collection: &str, rows: &[FoundRow]) -> Result<u64, Fault> {
    if !member.store.abilities().versions {
        return Ok(0);
    }
    let keys: Vec<Key> = rows.iter().map(|row| row.key.clone()).collect();
    Ok(member.store.goes_along(collection, &keys)?.versions)
}

fn role(graph: &Graph, row: &FoundRow) -> Role {
    match row.role {
        discover::Role::Owned | discover::Role::Up { .. } => Role::Own,
        discover::Role::Shared => Role::Shared,
        discover::Role::Points => {
            let fields = row.ties.iter().flat_map(|edge| &graph.edges[*edge].child_fields);
            Role::Other(fields.map(|field| FieldPath::column(field.root())).collect())
        }
    }
}
