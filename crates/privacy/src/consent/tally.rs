//! How many consents there are and how they stand, by purpose; and what is wrong with those that hold.

use std::collections::{BTreeMap, HashMap};

use model::{Digest, Instant};

use super::line::{Act, Entry, Kind, Line, Notice};
use super::mark::{Channel, Key};

/// What is on record for one purpose. An act of several identities counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurposeTally {
    /// Consents that hold.
    pub given: u64,
    /// Consents that have ended.
    pub expired: u64,
    /// Withdrawals that stand.
    pub withdrawn: u64,
    /// Refusals that stand.
    pub refused: u64,
    /// Objections that stand.
    pub objected: u64,
    /// Of those that hold: without a notice whose text is known, or without a method.
    pub without_proof: u64,
    /// Of those that hold: there is a newer version of what was shown.
    pub outdated_notice: u64,
    /// Of those that hold: without a last day.
    pub endless: u64,
    /// Of those that hold: of a child, without somebody who holds parental responsibility, verified (Art. 8).
    pub child_without_guardian: u64,
    /// Of those that hold: of a child.
    pub children: u64,
    /// The longest time between an act and its entry, of withdrawals, in seconds.
    pub withdrawal_delay: u64,
    /// When the last act was done.
    pub last: Option<Instant>,
}

/// One consent that holds and has something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The number of its line.
    pub number: u64,
    /// The digest of its line.
    pub digest: Digest,
    /// Its purpose.
    pub purpose: String,
    /// `without-proof`, `outdated-notice`, `child-without-guardian`, `expired`.
    pub flaw: &'static str,
}

/// So many flaws are listed; the others are counted.
const FLAWS_MAX: usize = 1_000;

/// What the whole log comes to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    purposes: Vec<String>,
    numbers: HashMap<String, usize>,
    last: HashMap<(Key, Channel), Record>,
    delays: Vec<u64>,
    notices: BTreeMap<u64, Notice>,
}

/// The last act of an identity, a purpose and a channel.
#[derive(Clone, Copy, Debug)]
struct Record {
    time: Instant,
    number: u64,
    expires: Option<Instant>,
    digest: Digest,
    purpose: u32,
    notice: Option<u32>,
    kind: Kind,
    method: bool,
    child: bool,
    child_in_order: bool,
}

impl Tally {
    /// Takes in a line.
    pub fn add(&mut self, line: &Line, digest: &Digest) {
        match &line.entry {
            Entry::Begun { .. } | Entry::Scope(_) => {}
            Entry::Notice(notice) => drop(self.notices.insert(line.number, notice.clone())),
            Entry::Act(act) => self.act(line, act, digest),
        }
    }

    /// Every notice by the number of its line.
    pub fn notices(&self) -> &BTreeMap<u64, Notice> {
        &self.notices
    }

    fn act(&mut self, line: &Line, act: &Act, digest: &Digest) {
        let purpose = self.purpose(&act.purpose);
        if act.kind == Kind::Withdrawn {
            let delay = (line.at.nanos() - line.done_at().nanos()).max(0) as u64 / 1_000_000_000;
            self.delays[purpose] = self.delays[purpose].max(delay);
        }
        let record = Record {
            time: line.done_at(),
            number: line.number,
            expires: act.expires,
            digest: *digest,
            // There are fewer than 2^32 of either in any file that can be read.
            purpose: purpose as u32,
            notice: act.notice.map(|number| number as u32),
            kind: act.kind,
            method: act.method.is_some(),
            child: act.age.as_ref().is_some_and(super::Age::is_child),
            child_in_order: act.age.as_ref().is_none_or(super::Age::is_in_order),
        };
        let channel = Channel::of_act(act);
        for one in &act.subject {
            let known = self.last.entry((Key::of(&one.digest, &act.purpose), channel)).or_insert(record);
            if (record.time, record.number) >= (known.time, known.number) {
                *known = record;
            }
        }
    }

    fn purpose(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.purposes.push(name.to_owned());
        self.delays.push(0);
        self.numbers.insert(name.to_owned(), self.purposes.len() - 1);
        self.purposes.len() - 1
    }

    /// How it stands `now`: every purpose with its tally, and the flaws of what holds, the first thousand.
    pub fn finish(self, now: Instant) -> (BTreeMap<String, PurposeTally>, Vec<Flaw>) {
        let mut tallies: Vec<PurposeTally> = self
            .delays
            .iter()
            .map(|delay| PurposeTally { withdrawal_delay: *delay, ..PurposeTally::default() })
            .collect();
        let mut flaws = BTreeMap::new();
        for (number, record) in self.standing() {
            let tally = &mut tallies[record.purpose as usize];
            tally.last = tally.last.max(Some(record.time));
            for flaw in tally.count(&record, now, |notice| self.is_outdated(notice), |notice| self.is_proof(notice)) {
                let purpose = self.purposes[record.purpose as usize].clone();
                flaws.insert((number, flaw), Flaw { number, digest: record.digest, purpose, flaw });
                if flaws.len() > FLAWS_MAX {
                    flaws.pop_last();
                }
            }
        }
        (self.purposes.iter().cloned().zip(tallies).collect(), flaws.into_values().collect())
    }

    /// The acts that stand, each once: what a later act on all channels overrules does not.
    fn standing(&self) -> HashMap<u64, Record> {
        let stands = |((key, channel), record): &(&(Key, Channel), &Record)| {
            let is_later = |over: &&Record| (over.time, over.number) > (record.time, record.number);
            let all = self.last.get(&(*key, Channel::ALL)).filter(|_| *channel != Channel::ALL).filter(is_later);
            match record.kind.is_objection() {
                // A consent ends an objection, a withdrawal does not.
                true => all.is_none_or(|over| over.kind != Kind::Given),
                false => {
                    let objection = self.last.get(&(*key, Channel::OBJECTION)).filter(is_later);
                    all.is_none() && objection.is_none_or(|over| over.kind != Kind::Objected)
                }
            }
        };
        self.last.iter().filter(stands).map(|(_, record)| (record.number, *record)).collect()
    }

    fn is_outdated(&self, notice: Option<u32>) -> bool {
        let shown = notice.and_then(|number| self.notices.get_key_value(&u64::from(number)));
        shown.is_some_and(|(number, shown)| {
            let newer = self.notices.range(number + 1..).map(|(_, newer)| newer);
            newer.into_iter().any(|newer| newer.id == shown.id && newer.language == shown.language)
        })
    }

    fn is_proof(&self, notice: Option<u32>) -> bool {
        notice.and_then(|number| self.notices.get(&u64::from(number))).is_some_and(|notice| notice.digest.is_some())
    }
}

impl PurposeTally {
    fn count(
        &mut self,
        record: &Record,
        now: Instant,
        is_outdated: impl Fn(Option<u32>) -> bool,
        is_proof: impl Fn(Option<u32>) -> bool,
    ) -> Vec<&'static str> {
        match record.kind {
            Kind::Withdrawn => self.withdrawn += 1,
            Kind::Refused => self.refused += 1,
            Kind::Objected => self.objected += 1,
            Kind::Lifted => {}
            Kind::Given if record.expires.is_some_and(|end| end <= now) => {
                self.expired += 1;
                return vec!["expired"];
            }
            Kind::Given => {
                self.given += 1;
                self.endless += u64::from(record.expires.is_none());
                self.children += u64::from(record.child);
                let flaws = [
                    ("without-proof", !record.method || !is_proof(record.notice), &mut self.without_proof),
                    ("outdated-notice", is_outdated(record.notice), &mut self.outdated_notice),
                    ("child-without-guardian", !record.child_in_order, &mut self.child_without_guardian),
                ];
                let mut found = Vec::new();
                for (flaw, holds, count) in flaws {
                    if holds {
                        *count += 1;
                        found.push(flaw);
                    }
                }
                return found;
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Age, Append, Pseudonym, Tip};
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    fn who(names: &[&str]) -> Vec<Pseudonym> {
        let one = |name: &&str| Pseudonym { kind: "email".to_owned(), digest: seal::sha256(name.as_bytes()) };
        names.iter().map(one).collect()
    }

    fn act(kind: Kind, names: &[&str], channel: Option<&str>) -> Act {
        let mut act = Act::new(kind, who(names), "newsletter", "uid-0");
        act.channel = channel.map(str::to_owned);
        act.method = Some("web-form".to_owned());
        act.notice = Some(1);
        act
    }

    fn notice(version: &str) -> Entry {
        let digest = Some(seal::sha256(version.as_bytes()));
        Entry::Notice(Notice { id: "news".to_owned(), version: version.to_owned(), language: None, digest })
    }

    #[test]
    fn what_stands_is_counted_and_what_is_wrong_is_named() {
        let mut log = Append::behind(Tip::start());
        log.add(Entry::Begun { key: "k".to_owned(), normalisation: 1 }, at(0));
        log.add(notice("1"), at(1));
        let mut add = |act: Act, seconds| log.add(Entry::Act(Box::new(act)), at(seconds));
        add(act(Kind::Given, &["ann", "ann-2"], None), 2);
        add(act(Kind::Given, &["bob"], Some("sms")), 3);
        add(Act { time: Some(at(4)), ..act(Kind::Withdrawn, &["bob"], None) }, 10);
        add(Act { expires: Some(at(20)), ..act(Kind::Given, &["cyd"], None) }, 11);
        add(Act { notice: None, ..act(Kind::Given, &["dan"], None) }, 12);
        let age = Age { years: 12, threshold: 16, country: None, guardian: Vec::new(), verified_by: None };
        add(Act { age: Some(age), ..act(Kind::Given, &["eve"], None) }, 13);
        add(act(Kind::Refused, &["fay"], None), 14);
        // Who objects before consenting has consented; who objects after that, or to what was never asked, has objected.
        add(Act { time: Some(at(1)), ..act(Kind::Objected, &["dan"], None) }, 14);
        add(act(Kind::Objected, &["gus"], None), 14);
        add(act(Kind::Lifted, &["fay"], None), 14);
        log.add(notice("2"), at(15));
        let mut tally = Tally::default();
        log.lines().iter().for_each(|(line, digest)| tally.add(line, digest));
        let (purposes, flaws) = tally.finish(at(30));
        let expect = PurposeTally {
            given: 3,
            expired: 1,
            withdrawn: 1,
            objected: 1,
            refused: 1,
            without_proof: 1,
            outdated_notice: 2,
            endless: 3,
            child_without_guardian: 1,
            children: 1,
            withdrawal_delay: 6,
            last: Some(at(14)),
        };
        assert_eq!(purposes["newsletter"], expect);
        let flaws: Vec<(u64, &str)> = flaws.iter().map(|flaw| (flaw.number, flaw.flaw)).collect();
        let expect = [
            (2, "outdated-notice"),
            (5, "expired"),
            (6, "without-proof"),
            (7, "child-without-guardian"),
            (7, "outdated-notice"),
        ];
        assert_eq!(flaws, expect);
    }
}
