//! probity's own record of a restore drill, read strictly: it is written by hand.

use model::{Fault, Instant};
use serde_json::{Value, json};
use yaml::{Fields, Node};

use crate::tree::{open, place};
use crate::{File, Gap};

/// A restore that was tried.
pub(super) struct Drill {
    pub(super) backup: String,
    started: Instant,
    pub(super) finished: Instant,
    pub(super) restored: bool,
    newest: Option<Instant>,
    pub(super) place: String,
}

const KEYS: &[&str] = &["restore_drill", "backup", "started", "finished", "outcome", "newest", "evidence"];

/// Every drill of the files; one that is not written as it should be is a gap.
pub(super) fn read(files: &[File<'_>], gaps: &mut Vec<Gap>) -> Vec<Drill> {
    let (documents, unread) = open(files);
    gaps.extend(unread);
    let mut drills = Vec::new();
    for document in &documents {
        match one(&document.node, place(document.file, &document.node)) {
            Ok(drill) => drills.push(drill),
            Err(fault) => gaps.push(Gap::of(File { name: document.file, text: "" }, &fault)),
        }
    }
    drills
}

fn one(node: &Node, place: String) -> Result<Drill, Fault> {
    let fields = Fields::of(node, "", KEYS)?;
    let bad = |key: &str, why: &str, advice: &str| {
        let place = fields.node(key).map_or_else(|| fields.place.clone(), |node| node.place.clone());
        Fault::bad_input("bad-drill", why).advise(advice).at(place)
    };
    if fields.required_text("restore_drill")? != "1" {
        return Err(bad("restore_drill", "The record is of a version that is not known", "Write restore_drill: 1."));
    }
    let time = |key: &str, text: &str| {
        let advice = "Write it as RFC 3339, for example 2026-01-31T09:00:00Z.";
        Instant::parse(text).map_err(|_| bad(key, &format!("{key} is no time"), advice))
    };
    let (started, finished) = (fields.required_text("started")?, fields.required_text("finished")?);
    let (started, finished) = (time("started", started)?, time("finished", finished)?);
    if finished < started {
        return Err(bad("finished", "The drill ends before it begins", "Mend one of the times."));
    }
    let restored = match fields.required_text("outcome")? {
        "restored" => true,
        "failed" => false,
        _ => return Err(bad("outcome", "The outcome is none that is known", "Write restored or failed.")),
    };
    Ok(Drill {
        backup: fields.required_text("backup")?.to_owned(),
        started,
        finished,
        restored,
        newest: fields.text("newest")?.map(|text| time("newest", text)).transpose()?,
        place,
    })
}

impl Drill {
    /// How long it took.
    pub(super) fn seconds(&self) -> i64 {
        self.finished.seconds().saturating_sub(self.started.seconds())
    }

    pub(super) fn value(&self) -> Value {
        // What was lost is what had happened since the newest thing that came back.
        let lost = self.newest.map(|newest| self.started.seconds().saturating_sub(newest.seconds()));
        json!({
            "backup": self.backup,
            "finished": self.finished.to_string(),
            "restored": self.restored,
            "restore_time": self.seconds(),
            "lost": lost,
            "place": self.place,
        })
    }
}
