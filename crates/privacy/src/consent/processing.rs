//! A log of processing, judged: was there consent when it was done?

use std::collections::{HashMap, HashSet};

use model::{Digest, Instant};

use super::line::{Entry, Line};
use super::mark::{Channel, Key, Mark, Marks, Standing, decide};

/// Something that was done on the strength of a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// With whose data, by every identity that was named.
    pub subject: Vec<Digest>,
    /// What for.
    pub purpose: String,
    /// On which channel.
    pub channel: Option<String>,
    /// When.
    pub time: Instant,
}

/// What came of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There was consent.
    Compliant,
    /// There was none.
    Violation(Standing),
    /// The log begins later: what was given before that is not in it.
    BeforeLog,
    /// Nobody was ever asked for this purpose: it rests on something else, or was named differently.
    UnknownPurpose,
}

impl Finding {
    /// `compliant`, `violation`, `gap`.
    pub fn word(self) -> &'static str {
        match self {
            Finding::Compliant => "compliant",
            Finding::Violation(_) => "violation",
            Finding::BeforeLog | Finding::UnknownPurpose => "gap",
        }
    }

    /// Why, in a word.
    pub fn reason(self) -> &'static str {
        match self {
            Finding::Compliant => Standing::Given.word(),
            Finding::Violation(standing) => standing.word(),
            Finding::BeforeLog => "before-log",
            Finding::UnknownPurpose => "unknown-purpose",
        }
    }
}

/// The finding, and the line of the log that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processed {
    /// What came of it.
    pub finding: Finding,
    /// The number of the line that decides.
    pub line: Option<u64>,
    /// When what that line says was done.
    pub since: Option<Instant>,
}

/// The marks of those who are asked about, over the whole time.
#[derive(Clone, Debug, Default)]
pub struct Timelines {
    marks: HashMap<Key, Vec<Mark>>,
    purposes: HashSet<String>,
    /// The earliest act: entered late, it can lie before the log was begun.
    began: Option<Instant>,
}

impl Timelines {
    /// Of everybody in `uses`; nobody else's are kept.
    pub fn about<'u>(uses: impl IntoIterator<Item = &'u Use>) -> Self {
        let mut timelines = Timelines::default();
        for one in uses {
            timelines.marks.extend(one.subject.iter().map(|who| (Key::of(who, &one.purpose), Vec::new())));
        }
        timelines
    }

    /// Takes in a line of the log.
    pub fn add(&mut self, line: &Line, digest: &Digest) {
        let done = line.done_at();
        if self.began.is_none_or(|began| done < began) {
            self.began = Some(done);
        }
        let Entry::Act(act) = &line.entry else { return };
        if !self.purposes.contains(&act.purpose) {
            self.purposes.insert(act.purpose.clone());
        }
        for (key, mark) in Marks::of(line, digest, 0, 0) {
            if let Some(marks) = self.marks.get_mut(&key) {
                marks.push(mark);
            }
        }
    }

    /// Whether there was consent for `one`.
    pub fn judge(&self, one: &Use) -> Processed {
        let keys = one.subject.iter().map(|who| Key::of(who, &one.purpose));
        let marks: Vec<Mark> = keys.filter_map(|key| self.marks.get(&key)).flatten().copied().collect();
        let (standing, mark) = decide(&marks, Channel::of(one.channel.as_deref()), one.time);
        let finding = match standing {
            Standing::Given => Finding::Compliant,
            Standing::Never if !self.purposes.contains(&one.purpose) => Finding::UnknownPurpose,
            Standing::Never if self.began.is_none_or(|began| one.time < began) => Finding::BeforeLog,
            standing => Finding::Violation(standing),
        };
        Processed { finding, line: mark.map(|mark| mark.number), since: mark.map(|mark| mark.time) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Act, Append, Kind, Pseudonym, Tip};
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    /// What was done is judged by what was on record when it was done, not by what is now.
    #[test]
    fn what_was_done_is_judged_by_its_time() {
        let who = |name: &str| seal::sha256(name.as_bytes());
        let ann = vec![Pseudonym { kind: "email".to_owned(), digest: who("ann") }];
        let mut log = Append::behind(Tip::start());
        log.add(Entry::Begun { key: "k".to_owned(), normalisation: 1 }, at(10));
        let mut given = Act::new(Kind::Given, ann.clone(), "newsletter", "uid-0");
        given.expires = Some(at(50));
        log.add(Entry::Act(Box::new(given)), at(20));
        log.add(Entry::Act(Box::new(Act::new(Kind::Withdrawn, ann, "newsletter", "uid-0"))), at(30));
        let check = |name: &str, purpose: &str, seconds: i64, expect: Finding, line: Option<u64>| {
            let one = Use { subject: vec![who(name)], purpose: purpose.to_owned(), channel: None, time: at(seconds) };
            let mut timelines = Timelines::about([&one]);
            log.lines().iter().for_each(|(line, digest)| timelines.add(line, digest));
            let done = timelines.judge(&one);
            assert_eq!((done.finding, done.line), (expect, line), "{name} {purpose} {seconds}");
        };
        check("ann", "newsletter", 25, Finding::Compliant, Some(1));
        check("ann", "newsletter", 35, Finding::Violation(Standing::Withdrawn), Some(2));
        check("ann", "newsletter", 15, Finding::Violation(Standing::Never), None);
        check("ann", "newsletter", 5, Finding::BeforeLog, None);
        check("ann", "payment", 25, Finding::UnknownPurpose, None);
        check("bob", "newsletter", 25, Finding::Violation(Standing::Never), None);
    }
}
