//! More time, and time that stands still: what the law lets whoever answers take, and what it does not.

use model::{Fault, Instant};

use super::{Request, Status};
use crate::deadline::{self, Calendar, Duty, Regime};

/// More time to answer (Art. 12(3): two months, told with the reason within the first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Why.
    pub reason: String,
    /// When the person was told.
    pub notified: Instant,
}

/// A time in which the clock stood still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// From when.
    pub from: Instant,
    /// Until when; still, where there is none.
    pub until: Option<Instant>,
    /// Why.
    pub reason: String,
    /// What is waited for.
    pub cause: Cause,
}

/// What the person was asked for. EDPB Guidelines 01/2022 (version 2.1, § 157 and the following) let the term stand still for
/// these two and nothing else, and only when it was asked without undue delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// To show who they are (Art. 12(6)).
    Identity,
    /// To say which of very many data they mean (recital 63).
    Scope,
}

impl Cause {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Identity => "identity",
            Cause::Scope => "scope",
        }
    }

    /// The other way round.
    pub fn parse(word: &str) -> Option<Self> {
        [Cause::Identity, Cause::Scope].into_iter().find(|cause| cause.word() == word)
    }
}

impl Regime {
    /// By its word in settings and requests.
    ///
    /// # Errors
    /// `unknown-regime`.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        match word {
            "gdpr" => Ok(Regime::Gdpr),
            "ccpa" => Ok(Regime::Ccpa),
            _ => Err(Fault::bad_config("unknown-regime", format!("There are no terms under {word:?}"))
                .advise("Set privacy.regime to \"gdpr\" or \"ccpa\".")),
        }
    }
}

impl Request {
    /// Whether the term stands still.
    pub fn is_paused(&self) -> bool {
        self.pauses.iter().any(|pause| pause.until.is_none())
    }

    /// When `duty` is due, as things stand at `now`.
    ///
    /// # Errors
    /// `unknown-regime`, `term-out-of-range`.
    pub fn term(&self, duty: Duty, calendar: &Calendar, now: Instant) -> Result<Option<deadline::Due>, Fault> {
        let pause = |pause: &Pause| deadline::Pause { from: pause.from, until: pause.until };
        let counted = deadline::Request {
            regime: Regime::parse(&self.regime)?,
            extended: self.extension.is_some(),
            pauses: self.pauses.iter().map(pause).collect(),
        };
        deadline::due(duty, self.received, &counted, calendar, now)
    }

    /// Takes more time: once, and only when the person was told, with the reason, before the first term ended (Art. 12(3);
    /// Cal. Civ. Code § 1798.130(a)(2)(A)).
    ///
    /// # Errors
    /// `request-answered`, `not-extendable`, `time-outside-request`; those of [`Request::term`].
    pub fn extend(&mut self, reason: &str, told: Instant, calendar: &Calendar, now: Instant) -> Result<(), Fault> {
        self.still_open()?;
        if let Some(known) = &self.extension {
            let message = format!("The term of {} was extended already, told {}", self.id, known.notified.date());
            return Err(
                not_extendable(message).advise("The law knows one extension. Answer within the term that there is.")
            );
        }
        self.within_the_request(told, now)?;
        let last = self.term(Duty::Extend, calendar, told)?;
        if let Some(last) = last.filter(|last| told > last.at) {
            let message = format!("The person had to be told by {} that it takes longer", last.day);
            return Err(not_extendable(message).advise(
                "Answer now. An extension that is told after the first term has no effect; --told says when the person was told.",
            ));
        }
        self.extension = Some(Extension { reason: reason.to_owned(), notified: told });
        Ok(())
    }

    /// Lets the term stand still from `asked` on.
    ///
    /// # Errors
    /// `request-answered`, `not-pausable`, `time-outside-request`; those of [`Request::term`].
    pub fn pause(
        &mut self,
        cause: Cause,
        reason: &str,
        asked: Instant,
        calendar: &Calendar,
        now: Instant,
    ) -> Result<(), Fault> {
        self.still_open()?;
        let refuse = |message: String| {
            Err(Fault::refused("not-pausable", message).advise("The term goes on; answer within it."))
        };
        if Regime::parse(&self.regime)? == Regime::Ccpa {
            return refuse("Under the CCPA the 45 days run from receipt, whatever the verification takes".to_owned());
        }
        if self.is_paused() {
            return refuse(format!("The term of {} stands still already", self.id));
        }
        self.within_the_request(asked, now)?;
        if let Some(last) = self.term(Duty::Answer, calendar, asked)?.filter(|last| asked > last.at) {
            return refuse(format!("The term of {} had ended on {} already", self.id, last.day));
        }
        if self.pauses.iter().any(|pause| pause.until.is_some_and(|until| asked < until)) {
            return refuse("The times of two pauses would overlap".to_owned());
        }
        self.pauses.push(Pause { from: asked, until: None, reason: reason.to_owned(), cause });
        if cause == Cause::Identity {
            self.status = Status::NeedsVerification;
        }
        Ok(())
    }

    /// The answer of the person came `at` this time: the term runs again.
    ///
    /// # Errors
    /// `request-answered`, `not-paused`, `time-outside-request`.
    pub fn resume(&mut self, at: Instant, now: Instant) -> Result<(), Fault> {
        self.still_open()?;
        let from = self.pauses.iter().find(|pause| pause.until.is_none()).map(|pause| pause.from);
        let Some(from) = from else {
            return Err(Fault::refused("not-paused", format!("The term of {} does not stand still", self.id))
                .advise("`probity request list` shows which do."));
        };
        if at < from || at > now {
            return Err(outside(at, "lies before the person was asked, or in the future"));
        }
        self.pauses.iter_mut().filter(|pause| pause.until.is_none()).for_each(|pause| pause.until = Some(at));
        self.status = Status::InProgress;
        Ok(())
    }

    /// Nothing more can be done with a request that was answered.
    ///
    /// # Errors
    /// `request-answered`.
    pub fn still_open(&self) -> Result<(), Fault> {
        match self.status.is_open() {
            true => Ok(()),
            false => {
                Err(Fault::refused("request-answered", format!("The request {} is {}", self.id, self.status.words().0))
                    .advise("Its term is over. A new request of the person is opened with `probity request open`."))
            }
        }
    }

    fn within_the_request(&self, time: Instant, now: Instant) -> Result<(), Fault> {
        match time < self.received || time > now {
            true => Err(outside(time, "lies before the request came in, or in the future")),
            false => Ok(()),
        }
    }
}

fn not_extendable(message: String) -> Fault {
    Fault::refused("not-extendable", message)
}

fn outside(time: Instant, why: &str) -> Fault {
    Fault::usage("time-outside-request", format!("{time} {why}"))
        .advise("Give the time as it was: 2026-11-22 or 2026-11-22T09:00:00Z.")
}

#[cfg(test)]
mod tests {
    use super::super::Right;
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).expect("a time")
    }

    fn request(regime: &str) -> Request {
        let mut request = Request::new("req-0001", Right::Access, at("2027-01-31T10:00:00Z"));
        request.regime = regime.to_owned();
        request
    }

    fn day(request: &Request, now: &str) -> String {
        let due = request.term(Duty::Answer, &Calendar::default(), at(now)).expect("it counts").expect("it is due");
        due.day
    }

    /// The table of the reference: a month, cut short and moved by a Sunday, and two more counted from receipt.
    #[test]
    fn more_time_is_taken_once_and_told_in_time() {
        let calendar = Calendar::default();
        let mut one = request("gdpr");
        assert_eq!(day(&one, "2027-02-01"), "2027-03-01");
        let late = one.extend("many", at("2027-03-02T00:00:00Z"), &calendar, at("2027-03-03")).expect_err("late");
        assert_eq!(late.code(), "not-extendable");
        assert_eq!(
            one.extend("many", at("2027-03-05"), &calendar, at("2027-03-03")).expect_err("future").code(),
            "time-outside-request"
        );
        assert_eq!(
            one.extend("many", at("2027-01-30"), &calendar, at("2027-03-03")).expect_err("early").code(),
            "time-outside-request"
        );
        one.extend("many", at("2027-03-01T23:00:00Z"), &calendar, at("2027-03-03")).expect("on the last day");
        assert_eq!(day(&one, "2027-03-03"), "2027-04-30");
        let again = one.extend("many", at("2027-03-01"), &calendar, at("2027-03-03")).expect_err("once");
        assert_eq!(again.code(), "not-extendable");
        one.status = Status::Fulfilled;
        assert_eq!(
            one.extend("many", at("2027-03-01"), &calendar, at("2027-03-03")).expect_err("over").code(),
            "request-answered"
        );
        let mut two = request("ccpa");
        assert_eq!(day(&two, "2027-02-01"), "2027-03-17");
        two.extend("many", at("2027-03-17T20:00:00Z"), &calendar, at("2027-03-18")).expect("on day 45");
        assert_eq!(day(&two, "2027-03-18"), "2027-05-01");
        assert_eq!(
            request("ccpa").extend("x", at("2027-03-18"), &calendar, at("2027-03-18")).expect_err("day 46").code(),
            "not-extendable"
        );
    }

    /// The clock stands still while the person is asked, for a reason that the authority names, and only then.
    #[test]
    fn the_term_stands_still_while_the_person_is_asked() {
        let calendar = Calendar::default();
        let mut one = request("gdpr");
        one.pause(
            Cause::Identity,
            "asked for the customer number",
            at("2027-02-01T09:00:00Z"),
            &calendar,
            at("2027-02-01T10:00:00Z"),
        )
        .expect("in time");
        assert_eq!((one.status, one.is_paused()), (Status::NeedsVerification, true));
        assert_eq!(
            one.pause(Cause::Scope, "x", at("2027-02-02"), &calendar, at("2027-02-02")).expect_err("twice").code(),
            "not-pausable"
        );
        // 28 February and ten days: 10 March.
        assert_eq!(day(&one, "2027-02-11T09:00:00Z"), "2027-03-10");
        assert_eq!(
            one.resume(at("2027-01-31T12:00:00Z"), at("2027-02-12")).expect_err("before").code(),
            "time-outside-request"
        );
        one.resume(at("2027-02-11T09:00:00Z"), at("2027-02-12")).expect("it came");
        assert_eq!((one.status, day(&one, "2027-06-01").as_str()), (Status::InProgress, "2027-03-10"));
        assert_eq!(one.resume(at("2027-02-11"), at("2027-02-12")).expect_err("not paused").code(), "not-paused");
        // A pause moves the day by which an extension is told as well.
        one.extend("many", at("2027-03-10T12:00:00Z"), &calendar, at("2027-03-10T12:00:00Z"))
            .expect("the month stood still");
        assert_eq!(
            request("ccpa")
                .pause(Cause::Identity, "x", at("2027-02-01"), &calendar, at("2027-02-01"))
                .expect_err("ccpa")
                .code(),
            "not-pausable"
        );
        assert_eq!(
            request("gdpr")
                .pause(Cause::Identity, "x", at("2027-03-02"), &calendar, at("2027-03-02"))
                .expect_err("over")
                .code(),
            "not-pausable"
        );
    }
}
