//! Objections (Art. 21 GDPR) in the log of consents: what is objected to ends for the person at once, whatever it rests on.

use model::{Digest, Fault, Instant};
use privacy::consent::{Act, Kind, words};
use privacy::identity::Identity;

use super::Consents;
use crate::cli::context::Context;

/// What is entered, and on whose request.
pub(crate) struct Objection<'o> {
    /// The person.
    pub(crate) identities: &'o [Identity],
    /// What they object to.
    pub(crate) purposes: &'o [String],
    /// The request of the register.
    pub(crate) request: &'o str,
    /// [`Kind::Objected`], or [`Kind::Lifted`].
    pub(crate) kind: Kind,
    /// When that was done.
    pub(crate) at: Instant,
}

/// Enters it: a line for each purpose, under every identity that stands beside those named in a consent that holds. Comes back
/// with the digest of the last line.
///
/// # Errors
/// As `Consents::or_new` and `Consents::write`.
pub(crate) fn enter(context: &mut Context, objection: &Objection<'_>) -> Result<Digest, Fault> {
    let consents = Consents::or_new(context)?;
    let subject = consents.pseudonyms(objection.identities);
    let mut writing = consents.write(context)?;
    let method = words("method", &format!("request {}", objection.request))?;
    let by = context.actor();
    for purpose in objection.purposes {
        let subject = writing.whole_person(context, &subject, purpose)?;
        let act = Act {
            time: Some(objection.at).filter(|at| *at < context.now()),
            method: Some(method.clone()),
            ..Act::new(objection.kind, subject, purpose, &by)
        };
        writing.add(context, act);
    }
    writing.finish(context).map(|tip| tip.digest)
}
