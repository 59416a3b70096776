//! The one table of exit codes. Help, man pages and reference print it from here.

use std::process::ExitCode;

use model::{Kind, Verdict};

/// How a run ended. A verdict never shares a number with a failure to reach one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Exit {
    Done,
    No,
    Usage,
    NoVerdict,
    Refused,
    Partial,
    BadInput,
    BadConfig,
    Unavailable,
    Internal,
    Interrupted,
}

impl Exit {
    /// Every exit, in the order of its code.
    pub(crate) const ALL: [Exit; 11] = [
        Exit::Done,
        Exit::No,
        Exit::Usage,
        Exit::NoVerdict,
        Exit::Refused,
        Exit::Partial,
        Exit::BadInput,
        Exit::BadConfig,
        Exit::Unavailable,
        Exit::Internal,
        Exit::Interrupted,
    ];

    /// The number, the name and the meaning.
    const fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            Exit::Done => (0, "done", "finished; where there was a question, the answer is yes"),
            Exit::No => (
                1,
                "no",
                "finished; the answer is no: a rule is broken, evidence does not verify, personal data remains",
            ),
            Exit::Usage => (2, "usage", "the command line was wrong"),
            Exit::NoVerdict => (3, "no-verdict", "finished, but there was not enough data to answer"),
            Exit::Refused => (4, "refused", "confirmation or permission is missing; nothing was changed"),
            Exit::Partial => (5, "partial", "some steps done, some not; the ledger says which; safe to run again"),
            Exit::BadInput => (6, "bad-input", "an input is malformed or missing"),
            Exit::BadConfig => (7, "bad-config", "configuration, rule or data map is wrong"),
            Exit::Unavailable => (8, "unavailable", "a store, disk or network failed; a retry may help"),
            Exit::Internal => (70, "internal", "a bug in probity; the message says how to report it"),
            Exit::Interrupted => (130, "interrupted", "stopped by the user after a clean stop"),
        }
    }

    pub(crate) const fn code(self) -> u8 {
        self.row().0
    }

    pub(crate) const fn name(self) -> &'static str {
        self.row().1
    }

    pub(crate) const fn meaning(self) -> &'static str {
        self.row().2
    }

    /// The worse of two: a failure outweighs a "no", which outweighs "not enough data". Used where one run has several.
    pub(crate) fn worse(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Done => 0,
            Exit::NoVerdict => 1,
            Exit::No => 2,
            Exit::Partial => 3,
            Exit::Refused => 4,
            Exit::BadInput => 5,
            Exit::BadConfig => 6,
            Exit::Usage => 7,
            Exit::Unavailable => 8,
            Exit::Internal => 9,
            Exit::Interrupted => 10,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// Whether the run reached an answer.
    pub(crate) fn is_answer(self) -> bool {
        matches!(self, Exit::Done | Exit::No | Exit::NoVerdict)
    }
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Exit {
        match kind {
            Kind::Usage => Exit::Usage,
            Kind::NoVerdict => Exit::NoVerdict,
            Kind::Refused => Exit::Refused,
            Kind::Partial => Exit::Partial,
            Kind::BadInput => Exit::BadInput,
            Kind::BadConfig => Exit::BadConfig,
            Kind::Unavailable => Exit::Unavailable,
            Kind::Unverified => Exit::No,
            Kind::Internal => Exit::Internal,
            Kind::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Exit {
        match verdict {
            Verdict::Met => Exit::Done,
            Verdict::Broken => Exit::No,
            Verdict::NoData => Exit::NoVerdict,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// The table as help shows it, in a hundred columns.
pub(crate) fn table() -> String {
    const MEANING: usize = 80;
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        text.push_str(&format!("  {:>3}  {:<12}", exit.code(), exit.name()));
        let mut used = 0;
        for word in exit.meaning().split(' ') {
            if used + word.len() >= MEANING {
                text.push_str(&format!("\n{:19}", ""));
                used = 0;
            }
            text.push_str(&format!(" {word}"));
            used += word.len() + 1;
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_architecture_and_distinct() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 70, 130]);
    }

    #[test]
    fn a_failure_outweighs_a_no_outweighs_no_data() {
        assert_eq!(Exit::NoVerdict.worse(Exit::No), Exit::No);
        assert_eq!(Exit::No.worse(Exit::NoVerdict), Exit::No);
        assert_eq!(Exit::No.worse(Exit::BadInput), Exit::BadInput);
        assert_eq!(Exit::Done.worse(Exit::Done), Exit::Done);
    }
}
