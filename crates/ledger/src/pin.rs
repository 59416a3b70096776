//! What a verifier remembers: a checkpoint it has seen, kept away from the log.

use model::{Digest, Fault, Place};
use seal::armour;
use seal::note::{self, Verifier};

use crate::checkpoint::parse_number;
use crate::{Checkpoint, Limits};

/// A remembered checkpoint. Its text form is the signed note itself, so that it convinces others too.
///
/// Size alone would miss a rewrite of equal length: a pin holds size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin(Checkpoint);

impl Pin {
    /// Remembers `checkpoint`.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Pin(checkpoint.clone())
    }

    /// Reads a pin. The log's key must have signed it: a forged pin would accuse an honest log.
    ///
    /// # Errors
    /// `bad-pin` with the line when it is malformed: that is no word against the log. `wrong-signature`,
    /// `unknown-signer`.
    pub fn parse(text: &str, known: &[Verifier]) -> Result<Self, Fault> {
        Checkpoint::open(text.as_bytes(), known).map(Pin).map_err(|fault| match fault.code() {
            "bad-checkpoint" => malformed(text, &fault),
            _ => fault,
        })
    }

    /// The signed note.
    pub fn to_text(&self) -> &str {
        self.0.note()
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.0
    }

    /// Whether the log whose checkpoint is `now` continues what was pinned. `root_at` answers with the root of its
    /// first so many entries; it is asked for the pinned size at most.
    ///
    /// # Errors
    /// `ledger-other-origin`, `ledger-rolled-back` (fewer entries than pinned), `ledger-forked` (the same entries no
    /// longer have the same root), or whatever `root_at` answers.
    pub fn check(&self, now: &Checkpoint, root_at: impl FnOnce(u64) -> Result<Digest, Fault>) -> Result<(), Fault> {
        self.check_head(now)?;
        let pinned = &self.0;
        if root_at(pinned.size)? == pinned.root {
            return Ok(());
        }
        Err(Fault::unverified(
            "ledger-forked",
            format!("The first {} entries are not those that were signed before", pinned.size),
        )
        .advise("History was rewritten and signed again. Keep this copy and the pin: together they prove it."))
    }

    /// The part of [`Pin::check`] that needs no tile: origin and size.
    pub(crate) fn check_head(&self, now: &Checkpoint) -> Result<(), Fault> {
        let pinned = &self.0;
        if now.origin != pinned.origin {
            return Err(Fault::unverified(
                "ledger-other-origin",
                format!("This is the ledger {}, but {} was pinned", now.origin, pinned.origin),
            )
            .advise("Verify each ledger with its own pin."));
        }
        if now.size < pinned.size {
            return Err(Fault::unverified(
                "ledger-rolled-back",
                format!("The ledger has {} signed entries, but {} were signed before", now.size, pinned.size),
            )
            .advise(
                "An older copy was put back or entries were cut off. Find the newer copy; keep this one as evidence.",
            ));
        }
        Ok(())
    }
}

fn malformed(text: &str, fault: &Fault) -> Fault {
    Fault::bad_input("bad-pin", format!("The pin is malformed. {}", fault.message()))
        .advise("Give a checkpoint exactly as the ledger wrote it; nothing was compared.")
        .at(Place::line(first_bad_line(text), 0))
}

/// The line, from 1, that no checkpoint could have there, or the last when the end is missing; 0 when each is right by
/// itself.
fn first_bad_line(text: &str) -> u64 {
    let fits = |(at, line): (usize, &str)| match at {
        0 => !line.is_empty() && !line.contains(char::is_control),
        1 => parse_number(line).is_some_and(|size| size <= Limits::ENTRIES),
        2 => armour::decode(line).is_some_and(|root| root.len() == 32),
        3 => line.is_empty(),
        _ => note::parse(format!("text\n\n{line}\n").as_bytes()).is_ok(),
    };
    let whole = text.strip_suffix('\n');
    let lines = || whole.unwrap_or(text).split('\n');
    let count = lines().count();
    let is_cut = whole.is_none() || count < 5;
    let at = lines().enumerate().position(|line| !fits(line)).map(|at| at + 1);
    at.or(is_cut.then_some(count)).unwrap_or(0) as u64
}

#[cfg(test)]
mod tests {
    use model::Kind;
    use seal::SigningKey;
    use seal::note::Signer;

    use super::*;

    /// A malformed pin is refused as input, at `line`.
    fn check(text: &str, line: u64) {
        let key = SigningKey::from_seed([7; 32]);
        let known = [Verifier::new("pin.example", &key.public()).expect("a name")];
        let fault = Pin::parse(text, &known).expect_err("malformed");
        assert_eq!((fault.kind(), fault.code()), (Kind::BadInput, "bad-pin"), "{text:?}: {fault}");
        assert_eq!(fault.place(), Some(&Place::line(line, 0)), "{text:?}: {fault}");
    }

    #[test]
    fn a_malformed_pin_is_located() {
        let key = SigningKey::from_seed([7; 32]);
        let signer = Signer::new("pin.example", &key).expect("a name");
        let note = Checkpoint::sign("pin.example", 0, seal::sha256(b""), signer).expect("signed").note().to_owned();
        check("", 1);
        check("{\"ts\":1}\n{\"ts\":2}\n", 2);
        check(&note.replace("\n0\n", "\n00\n"), 2);
        check(&note.replace("\n0\n", "\n0\nx"), 3);
        check(&note.replace("\n\n", "\nextension\n\n"), 4);
        check(&note.replace('\u{2014}', "-"), 5);
        check(&note.replace('\n', "\r\n"), 1);
        check(note.trim_end(), 5);
        check(&note[..note.len() - 10], 5);
        // No line is wrong, but a key signed twice.
        check(&format!("{note}{}\n", note.lines().last().expect("a signature")), 0);
    }
}
