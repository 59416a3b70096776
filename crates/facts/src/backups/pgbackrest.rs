//! `pgbackrest info --output=json`: stanzas with their repositories and backups.

use model::Instant;
use yaml::Node;

use super::Set;
use crate::Gap;
use crate::tree::{Document, flag, integer, list, place, text};

/// One set for each stanza.
pub(super) fn sets(document: &Document<'_>, gaps: &mut Vec<Gap>) -> Vec<Set> {
    list(&document.node, &[])
        .iter()
        .map(|stanza| {
            let name = text(stanza, &["name"]).unwrap_or("a stanza without a name");
            let here = place(document.file, stanza);
            // 1 (missing stanza path), 3 (missing data), 99 (other) …: what is listed may not be all (2 is «no valid backups»).
            if !matches!(integer(stanza, &["status", "code"]), Some(0 | 2)) {
                let said = text(stanza, &["status", "message"]).unwrap_or("no status");
                let why = format!("pgBackRest says of {name}: {said}");
                gaps.push(Gap::at(here.clone(), why, "See `pgbackrest check`, and give its report again."));
            }
            let good = list(stanza, &["backup"]).iter().filter(|backup| flag(backup, &["error"]) != Some(true));
            Set {
                tool: "pgBackRest",
                name: name.to_owned(),
                encrypted: encrypted(stanza),
                newest: good.clone().filter_map(stopped).max(),
                count: good.count(),
                place: here,
            }
        })
        .collect()
}

/// Every repository has a cipher; where they are not listed, the stanza says it.
fn encrypted(stanza: &Node) -> Option<bool> {
    let cipher = |node| text(node, &["cipher"]);
    let all: Vec<&str> = match list(stanza, &["repo"]) {
        [] => cipher(stanza).into_iter().collect(),
        repositories => repositories.iter().map(cipher).collect::<Option<_>>()?,
    };
    (!all.is_empty()).then(|| all.iter().all(|cipher| *cipher != "none"))
}

fn stopped(backup: &Node) -> Option<Instant> {
    Instant::from_seconds(integer(backup, &["timestamp", "stop"])?)
}
