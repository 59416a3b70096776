//! What is on record of one person.

use std::collections::{BTreeMap, HashMap};

use model::{Digest, Fault, Instant};
use privacy::consent::{Channel, Entry, Line, Mark, Marks, Notice, Pseudonym, Scope, Standing, decide};
use serde_json::{Value, json};

use super::{Consents, shown};
use crate::cli::context::Context;

/// How it stands now with every purpose and channel that is on record.
fn standing(marks: &BTreeMap<(String, Option<String>), Vec<Mark>>, now: Instant) -> Vec<Stands> {
    let of = |(purpose, channel): &(String, Option<String>)| {
        let all = marks.iter().filter(|((other, _), _)| other == purpose).flat_map(|(_, marks)| marks).copied();
        let all: Vec<Mark> = all.collect();
        let (standing, mark) = decide(&all, Channel::of(channel.as_deref()), now);
        Stands { purpose: purpose.clone(), channel: channel.clone(), standing, since: mark.map(|mark| mark.time) }
    };
    marks.keys().map(of).collect()
}

/// How it stands with a purpose and a channel.
pub(crate) struct Stands {
    pub(crate) purpose: String,
    pub(crate) channel: Option<String>,
    pub(crate) standing: Standing,
    pub(crate) since: Option<Instant>,
}

/// What is on record of a person.
#[derive(Default)]
pub(crate) struct Person {
    pub(crate) standing: Vec<Stands>,
    pub(crate) lines: Vec<(Line, Digest)>,
    pub(crate) notices: HashMap<u64, Notice>,
    pub(crate) scopes: HashMap<u64, Scope>,
}

impl Person {
    /// Of whoever has one of these pseudonyms; of the purposes that are wanted.
    ///
    /// # Errors
    /// As `Consents::read`.
    pub(crate) fn of(
        context: &Context,
        consents: &Consents,
        subject: &[Pseudonym],
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, Fault> {
        let mut person = Person::default();
        let mut marks: BTreeMap<(String, Option<String>), Vec<Mark>> = BTreeMap::new();
        let tip = consents.read(context, &mut |line, digest, offset, length| {
            match &line.entry {
                Entry::Notice(notice) => drop(person.notices.insert(line.number, notice.clone())),
                Entry::Scope(scope) => drop(person.scopes.insert(line.number, (**scope).clone())),
                Entry::Act(act) if wanted(&act.purpose) && act.subject.iter().any(|one| subject.contains(one)) => {
                    let mark = Marks::of(line, digest, offset, length).first().map(|(_, mark)| *mark);
                    marks.entry((act.purpose.clone(), act.channel.clone())).or_default().extend(mark);
                    person.lines.push((line.clone(), *digest));
                }
                _ => {}
            }
            Ok(())
        })?;
        person.standing = standing(&marks, tip.now(context.now()));
        Ok(person)
    }

    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// As `consent-person/1`.
    pub(crate) fn json(&self) -> Value {
        let stands = self.standing.iter().map(|one| {
            json!({
                "purpose": one.purpose, "channel": one.channel, "standing": one.standing.word(),
                "since": one.since.map(|time| time.to_string()),
            })
        });
        let records = self.lines.iter().filter_map(|(line, digest)| {
            let act = shown::act_of(line)?;
            let notice = act.notice.and_then(|number| self.notices.get(&number));
            let scope = act.covers.and_then(|number| self.scopes.get(&number));
            Some(shown::act(line, act, digest, notice, scope))
        });
        let (stands, records) = (stands.collect::<Vec<_>>(), records.collect::<Vec<_>>());
        json!({"schema": "consent-person/1", "standing": stands, "records": records})
    }
}
