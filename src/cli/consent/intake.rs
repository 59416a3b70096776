//! Records that were kept elsewhere, entered: each once, and a withdrawal for whoever stands beside whom it names.

use std::collections::{HashMap, HashSet};

use model::{Digest, Fault, Place};
use privacy::consent::{Act, Entry, Key, Kind, Line, Notice, Pseudonym, Record, Scope};
use privacy::identity::{self, Rules};

use super::Writing;
use crate::cli::context::Context;

/// What is known of the log, and what was taken in.
#[derive(Default)]
pub(crate) struct Intake {
    sources: HashSet<Digest>,
    notices: HashMap<NoticeKey, u64>,
    scopes: HashMap<Scope, u64>,
    /// Who stands beside whom in a consent: whoever takes it back takes it back for all of them.
    beside: HashMap<Key, Vec<Pseudonym>>,
    /// How many were of each kind.
    pub(crate) told: [u64; Kind::ALL.len()],
    /// How many were there already.
    pub(crate) already: u64,
    /// How many notices were new.
    pub(crate) new_notices: u64,
}

impl Intake {
    /// Takes note of a line of the log.
    pub(crate) fn know(&mut self, line: &Line) {
        match &line.entry {
            Entry::Notice(notice) => drop(self.notices.insert(key_of(notice), line.number)),
            Entry::Act(act) => {
                self.sources.extend(act.source.as_ref().map(|source| source.digest));
                self.know_act(act);
            }
            Entry::Scope(scope) => drop(self.scopes.insert((**scope).clone(), line.number)),
            Entry::Begun { .. } => {}
        }
    }

    fn know_act(&mut self, act: &Act) {
        if act.kind == Kind::Given && act.subject.len() > 1 {
            for one in &act.subject {
                self.beside.entry(Key::of(&one.digest, &act.purpose)).or_default().extend(act.subject.iter().cloned());
            }
        }
    }

    /// Enters a record.
    ///
    /// # Errors
    /// `consent-other-key`; as [`people`].
    pub(crate) fn take(
        &mut self,
        context: &Context,
        writing: &mut Writing<'_>,
        record: Record,
        rules: &Rules,
    ) -> Result<(), Fault> {
        if record.act.source.as_ref().is_some_and(|source| !self.sources.insert(source.digest)) {
            self.already += 1;
            return Ok(());
        }
        let subject = match &record.known {
            Some((key, _)) if key != writing.consents.secret_id() => return Err(other_project(&record)),
            Some((_, known)) => known.clone(),
            None => writing.consents.pseudonyms(&people(&record, rules)?),
        };
        let notice = record.notice.map(|notice| match self.notices.get(&key_of(&notice)) {
            Some(number) => *number,
            None => {
                self.new_notices += 1;
                let number = writing.lines.add(Entry::Notice(notice.clone()), context.now());
                self.notices.insert(key_of(&notice), number);
                number
            }
        });
        let covers = record.scope.map(|scope| match self.scopes.get(&scope) {
            Some(number) => *number,
            None => {
                let number = writing.lines.add(Entry::Scope(Box::new(scope.clone())), context.now());
                self.scopes.insert(scope, number);
                number
            }
        });
        let mut act = Act { subject, notice, covers, ..record.act };
        if matches!(act.kind, Kind::Withdrawn | Kind::Objected) {
            self.widen(&mut act);
        }
        self.know_act(&act);
        self.told[act.kind as usize] += 1;
        writing.add(context, act);
        Ok(())
    }

    fn widen(&self, act: &mut Act) {
        let mut at = 0;
        while at < act.subject.len() {
            for one in self.beside.get(&Key::of(&act.subject[at].digest, &act.purpose)).into_iter().flatten() {
                if !act.subject.contains(one) {
                    act.subject.push(one.clone());
                }
            }
            at += 1;
        }
    }
}

/// What makes two notices one.
type NoticeKey = (String, String, Option<String>, Option<Digest>);

fn key_of(notice: &Notice) -> NoticeKey {
    (notice.id.clone(), notice.version.clone(), notice.language.clone(), notice.digest)
}

fn other_project(record: &Record) -> Fault {
    Fault::bad_input("consent-other-key", "The pseudonyms of the record were made with another project's secret")
        .at(Place::line(record.place, 0))
        .advise("Only a log of this project can be read back; from elsewhere import identities, as KEY=VALUE.")
}

/// Whom a record names.
///
/// # Errors
/// As `identity::parse_all`.
pub(crate) fn people(record: &Record, rules: &Rules) -> Result<Vec<identity::Identity>, Fault> {
    if record.known.is_some() {
        Ok(Vec::new())
    } else {
        identity::parse_all(&record.subject, rules).map_err(Fault::of_input)
    }
}
