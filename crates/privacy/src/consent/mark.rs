//! Marks: what an act leaves for the question whether somebody consents, without the words around it.

use model::{Digest, Instant};

use super::line::{Act, Entry, Kind, Line};

/// Of one identity and one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(super) [u8; 16]);

impl Key {
    /// Of the identity with this pseudonym.
    pub fn of(pseudonym: &Digest, purpose: &str) -> Self {
        Key(cut(&[&pseudonym.as_bytes()[..], purpose.as_bytes()].concat()))
    }

    /// Of the notice with this id: its last text in each language is found like the last act on each channel.
    pub fn of_notice(id: &str) -> Self {
        Key::of(&seal::sha256(b"probity notice"), id)
    }

    /// Of the notice whose line has this number.
    pub fn of_notice_line(number: u64) -> Self {
        Key::of(&seal::sha256(b"probity notice line"), &number.to_string())
    }

    /// Of what consents for this purpose cover: the last line that says it.
    pub fn of_scope(purpose: &str) -> Self {
        Key::of(&seal::sha256(b"probity scope"), purpose)
    }
}

/// Which channel a mark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(pub(super) [u8; 8]);

impl Channel {
    /// All of them.
    pub const ALL: Channel = Channel([0; 8]);

    /// None of them: the place of an objection, beside what is said of consents. No name of a channel leads here.
    pub(super) const OBJECTION: Channel = Channel([0xff; 8]);

    /// Where the mark of an act is kept.
    pub(super) fn of_act(act: &Act) -> Self {
        if act.kind.is_objection() { Channel::OBJECTION } else { Channel::of(act.channel.as_deref()) }
    }

    /// By its name; all of them where there is none.
    pub fn of(name: Option<&str>) -> Self {
        name.map_or(Channel::ALL, |name| Channel(cut(format!("channel {name}").as_bytes())))
    }
}

fn cut<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = seal::sha256(bytes);
    std::array::from_fn(|at| digest.as_bytes()[at])
}

/// What is left of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// On which channel.
    pub channel: Channel,
    /// What was done.
    pub kind: Kind,
    /// When it was done.
    pub time: Instant,
    /// When it ends.
    pub expires: Option<Instant>,
    /// The number of its line.
    pub number: u64,
    /// Where its line begins.
    pub offset: u64,
    /// How many bytes the line has.
    pub length: u32,
    /// The first half of the line's digest.
    pub digest: [u8; 16],
}

impl Mark {
    /// What decides which of two is later.
    pub fn order(&self) -> (Instant, u64) {
        (self.time, self.number)
    }

    /// Whether the line with this digest is the one that left it.
    pub fn is_of(&self, digest: &Digest) -> bool {
        digest.as_bytes()[..16] == self.digest
    }
}

/// The marks that a line leaves: one for each identity; of a notice one under its id,
/// its language in place of the channel, and one under its number; of a scope one under its purpose.
#[derive(Clone, Debug)]
pub struct Marks;

impl Marks {
    /// Of the line that begins at `offset` and has `length` bytes without its end.
    pub fn of(line: &Line, digest: &Digest, offset: u64, length: usize) -> Vec<(Key, Mark)> {
        let mark = |kind, channel: Option<&str>, expires| Mark {
            channel: Channel::of(channel),
            kind,
            time: line.done_at(),
            expires,
            number: line.number,
            offset,
            // A line has at most 64 KiB.
            length: length as u32,
            digest: std::array::from_fn(|at| digest.as_bytes()[at]),
        };
        match &line.entry {
            Entry::Begun { .. } => Vec::new(),
            Entry::Notice(notice) => {
                let by_id = mark(Kind::Given, notice.language.as_deref(), None);
                vec![
                    (Key::of_notice(&notice.id), by_id),
                    (Key::of_notice_line(line.number), mark(Kind::Given, None, None)),
                ]
            }
            Entry::Scope(scope) => vec![(Key::of_scope(&scope.purpose), mark(Kind::Given, None, None))],
            Entry::Act(act) => {
                let mark = Mark { channel: Channel::of_act(act), ..mark(act.kind, None, act.expires) };
                act.subject.iter().map(|one| (Key::of(&one.digest, &act.purpose), mark)).collect()
            }
        }
    }
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// They agreed, and that holds.
    Given,
    /// They agreed, and that has ended.
    Expired,
    /// They took it back.
    Withdrawn,
    /// They were asked and did not agree.
    Refused,
    /// They agreed, and took it back for some channel: whoever names no channel may use none.
    WithdrawnInPart,
    /// They agreed for other channels than this one.
    OtherChannel,
    /// Nothing is on record.
    Never,
    /// They objected, and that stands: consent that was given before does not help, one that is given later does.
    Objected,
}

impl Standing {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Given => "given",
            Standing::Expired => "expired",
            Standing::Withdrawn => "withdrawn",
            Standing::Refused => "refused",
            Standing::WithdrawnInPart => "withdrawn-in-part",
            Standing::OtherChannel => "other-channel",
            Standing::Never => "never-given",
            Standing::Objected => "objected",
        }
    }

    /// Why nothing may be done on it, in a phrase.
    pub fn reason(self) -> &'static str {
        match self {
            Standing::Given => "consent was given and holds",
            Standing::Expired => "the consent has ended",
            Standing::Withdrawn => "the consent was withdrawn",
            Standing::Refused => "the person was asked and did not agree",
            Standing::WithdrawnInPart => "the consent was withdrawn for a channel, and no channel was named",
            Standing::OtherChannel => "there is consent for other channels only",
            Standing::Never => "no consent is on record",
            Standing::Objected => "the person has objected (Art. 21)",
        }
    }
}

/// How it stands at a time, by the marks of one person and one purpose; and the mark that decides.
pub fn decide(marks: &[Mark], channel: Channel, at: Instant) -> (Standing, Option<&Mark>) {
    let done = || marks.iter().filter(|mark| mark.time <= at);
    let known = || done().filter(|mark| !mark.kind.is_objection());
    let last =
        known().filter(|mark| mark.channel == Channel::ALL || mark.channel == channel).max_by_key(|mark| mark.order());
    let objection = done().filter(|mark| mark.kind.is_objection()).max_by_key(|mark| mark.order());
    if let Some(objection) = objection.filter(|mark| mark.kind == Kind::Objected)
        && last.is_none_or(|last| last.kind != Kind::Given || last.order() < objection.order())
    {
        return (Standing::Objected, Some(objection));
    }
    let Some(last) = last else {
        let elsewhere = known().max_by_key(|mark| mark.order());
        let standing = elsewhere.map_or(Standing::Never, |_| Standing::OtherChannel);
        return (standing, elsewhere);
    };
    let standing = match last.kind {
        Kind::Withdrawn => Standing::Withdrawn,
        Kind::Refused => Standing::Refused,
        Kind::Given if last.expires.is_some_and(|end| end <= at) => Standing::Expired,
        // Objections are not among them.
        Kind::Given | Kind::Objected | Kind::Lifted => Standing::Given,
    };
    if standing == Standing::Given && channel == Channel::ALL {
        let in_part = known().filter(|mark| mark.kind != Kind::Given && mark.order() > last.order());
        if let Some(mark) = in_part.max_by_key(|mark| mark.order()) {
            return (Standing::WithdrawnInPart, Some(mark));
        }
    }
    (standing, Some(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    /// `(kind, channel, time, expires)`; the order is that of the lines.
    type Told = (Kind, Option<&'static str>, i64, Option<i64>);

    fn check(told: &[Told], channel: Option<&str>, now: i64, expect: Standing) {
        let mark = |(number, (kind, channel, time, expires)): (usize, &Told)| Mark {
            channel: if kind.is_objection() { Channel::OBJECTION } else { Channel::of(*channel) },
            kind: *kind,
            time: at(*time),
            expires: expires.map(at),
            number: number as u64,
            offset: 0,
            length: 0,
            digest: [0; 16],
        };
        let marks: Vec<Mark> = told.iter().enumerate().map(mark).collect();
        assert_eq!(decide(&marks, Channel::of(channel), at(now)).0, expect, "{told:?} {channel:?} {now}");
        // The order in which they are asked does not matter.
        let turned: Vec<Mark> = marks.into_iter().rev().collect();
        assert_eq!(decide(&turned, Channel::of(channel), at(now)).0, expect, "{told:?} {channel:?} {now}");
    }

    #[test]
    fn the_last_act_before_the_time_decides() {
        use Kind::{Given, Refused, Withdrawn};
        check(&[], None, 9, Standing::Never);
        check(&[(Given, None, 1, None)], None, 9, Standing::Given);
        check(&[(Given, None, 5, None)], None, 4, Standing::Never);
        check(&[(Given, None, 1, Some(9))], None, 8, Standing::Given);
        check(&[(Given, None, 1, Some(9))], None, 9, Standing::Expired);
        check(&[(Given, None, 1, None), (Withdrawn, None, 5, None)], None, 4, Standing::Given);
        check(&[(Given, None, 1, None), (Withdrawn, None, 5, None)], None, 5, Standing::Withdrawn);
        // At one time the later line decides; an act that was told late counts from when it was done.
        check(&[(Given, None, 1, None), (Withdrawn, None, 1, None)], None, 1, Standing::Withdrawn);
        check(&[(Withdrawn, None, 5, None), (Given, None, 1, None)], None, 9, Standing::Withdrawn);
        check(&[(Given, None, 1, None), (Refused, None, 2, None)], None, 9, Standing::Refused);
    }

    /// An objection stands until it is lifted or the person consents; then it stands as before.
    #[test]
    fn an_objection_stands_beside_consents() {
        use Kind::{Given, Lifted, Objected, Withdrawn};
        let objected = (Objected, None, 5, None);
        check(&[objected], None, 4, Standing::Never);
        check(&[objected], Some("sms"), 5, Standing::Objected);
        check(&[objected, (Lifted, None, 7, None)], None, 9, Standing::Never);
        check(&[(Given, None, 1, None), objected], None, 9, Standing::Objected);
        check(&[(Given, None, 1, None), objected, (Lifted, None, 7, None)], None, 9, Standing::Given);
        check(&[objected, (Given, None, 6, None)], None, 9, Standing::Given);
        check(&[objected, (Given, Some("sms"), 6, None)], Some("post"), 9, Standing::Objected);
        check(&[objected, (Given, None, 6, None), (Withdrawn, None, 7, None)], None, 9, Standing::Objected);
    }

    #[test]
    fn a_channel_narrows_and_is_never_widened() {
        use Kind::{Given, Withdrawn};
        check(&[(Given, None, 1, None)], Some("sms"), 9, Standing::Given);
        check(&[(Given, Some("sms"), 1, None)], Some("sms"), 9, Standing::Given);
        check(&[(Given, Some("sms"), 1, None)], Some("post"), 9, Standing::OtherChannel);
        check(&[(Given, Some("sms"), 1, None)], None, 9, Standing::OtherChannel);
        check(&[(Given, Some("sms"), 1, None), (Withdrawn, None, 2, None)], Some("sms"), 9, Standing::Withdrawn);
        let in_part = [(Given, None, 1, None), (Withdrawn, Some("sms"), 2, None)];
        check(&in_part, Some("sms"), 9, Standing::Withdrawn);
        check(&in_part, Some("post"), 9, Standing::Given);
        check(&in_part, None, 9, Standing::WithdrawnInPart);
        check(&[in_part[0], in_part[1], (Given, None, 3, None)], None, 9, Standing::Given);
    }
}
