//! Backups: `pgbackrest info --output=json`, `restic snapshots --json`, and probity's own record of a restore drill.
//!
//! Source: pgBackRest User Guide, «info»; restic, «Scripting», `snapshots`. A record of a drill is
//!
//! ```yaml
//! restore_drill: 1                        # the version of this form
//! backup: main                            # the stanza of pgBackRest, or HOST:PATH[,PATH…] of restic
//! started: 2026-11-01T10:00:00Z
//! finished: 2026-11-01T11:10:00Z
//! outcome: restored                       # or failed
//! newest: 2026-11-01T09:50:00Z            # the newest thing that was there afterwards (optional)
//! evidence: drills/2026-11-01.log         # (optional)
//! ```

mod drill;
mod pgbackrest;
mod restic;

use model::Instant;
use serde_json::{Value, json};

use self::drill::Drill;
use crate::tree::{at, begins, ends, mentions, open};
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let has = |key| mentions(file.text, key);
    let pgbackrest = has("archive") && has("backup") && has("cipher");
    let restic = has("short_id") && has("tree") && has("paths");
    ends(file, &[".json"]) && (pgbackrest || restic) || is_drill(file)
}

fn is_drill(file: File<'_>) -> bool {
    ends(file, &[".yaml", ".yml"]) && begins(file.text, "restore_drill")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (drills, reports): (Vec<File<'_>>, Vec<File<'_>>) = files.iter().copied().partition(|file| is_drill(*file));
    let (documents, mut gaps) = open(&reports);
    let mut sets: Vec<Set> = Vec::new();
    for document in &documents {
        let is_restic = crate::tree::list(&document.node, &[]).iter().any(|one| at(one, &["short_id"]).is_some());
        let read = if is_restic { restic::sets } else { pgbackrest::sets };
        sets.extend(read(document, &mut gaps));
    }
    let drills = drill::read(&drills, &mut gaps);
    for drill in drills.iter().filter(|drill| sets.iter().all(|set| set.name != drill.backup)) {
        let why = format!("The drill restored {:?}, and no report of such a backup was given", drill.backup);
        gaps.push(Gap::at(drill.place.clone(), why, "Give what pgBackRest or restic says of it, or mend its name."));
    }
    let told = sets.iter().map(|set| set.value(&drills)).collect::<Vec<_>>();
    Read { value: json!({"sets": told, "drills": drills.iter().map(Drill::value).collect::<Vec<_>>()}), gaps }
}

/// Backups of one thing.
struct Set {
    tool: &'static str,
    name: String,
    encrypted: Option<bool>,
    newest: Option<Instant>,
    count: usize,
    place: String,
}

impl Set {
    fn value(&self, drills: &[Drill]) -> Value {
        // Only what could be restored proves anything; of those the newest.
        let own = drills.iter().filter(|drill| drill.backup == self.name && drill.restored);
        let drill = own.max_by_key(|drill| drill.finished);
        json!({
            "tool": self.tool,
            "name": self.name,
            "encrypted": self.encrypted,
            "newest": self.newest.map(|time| time.to_string()),
            "count": self.count,
            "restored": drill.map(|drill| drill.finished.to_string()),
            "restore_time": drill.map(Drill::seconds),
            "place": self.place,
        })
    }
}

#[cfg(test)]
mod tests;
