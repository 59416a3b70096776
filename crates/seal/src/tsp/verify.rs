//! Whether a token is good, and whether its authority is to be trusted.

use super::Token;
use super::token;
use crate::answer::{Answer, Revocations, Trust};
use crate::cms::{self, Content};
use crate::trust;
use crate::x509::Certificate;

/// What is known about one token.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The token is what its authority signed, over this very content.
    pub intact: Answer,
    /// The authority leads to an anchor, now, and could stamp at that time.
    pub trusted: Answer,
    /// What was not checked.
    pub notes: Vec<String>,
}

/// Judges `token` over `content` at [`Trust::now`]: once the authority's own certificate has expired, only a later time
/// stamp over this one helps; then judge at the time of that one.
pub fn verify(token: &Token, content: &dyn Content, trust: &Trust<'_>, evidence: &Revocations) -> Judged {
    verify_with(token, content, &[], trust, evidence)
}

/// The same, where `pool` may have certificates that the token lacks.
pub(crate) fn verify_with(
    token: &Token,
    content: &dyn Content,
    pool: &[Certificate],
    trust: &Trust<'_>,
    evidence: &Revocations,
) -> Judged {
    verify_from(token, content, pool, trust, &[evidence])
}

/// The same with evidence from several sources, of which none is copied.
pub(crate) fn verify_from(
    token: &Token,
    content: &dyn Content,
    pool: &[Certificate],
    trust: &Trust<'_>,
    evidence: &[&Revocations],
) -> Judged {
    let own = cms::evidence_in(token.der());
    let all: Vec<&Revocations> = evidence.iter().copied().chain([&own]).collect();
    let known = pool.iter().chain(token.certificates()).chain(trust.anchors).cloned();
    let pool: Vec<Certificate> = known.chain(trust::helpers(&all)).collect();
    let (answer, certificate) = token::check(token, &pool);
    let intact = match imprint_refuses(token, content) {
        Some(refusal) => refusal,
        None => answer,
    };
    let (trusted, notes) = match certificate.filter(|_| intact.is_yes()) {
        Some(certificate) => trust::judge_authority(&certificate, &pool, token.time(), trust, &all),
        None => {
            (Answer::NotChecked("Whose time stamp it is was not asked, for it is not good.".to_owned()), Vec::new())
        }
    };
    Judged { intact, trusted, notes }
}

/// Why the token is not over `content`.
fn imprint_refuses(token: &Token, content: &dyn Content) -> Option<Answer> {
    let (Some(hash), imprint) = token.imprint() else {
        return Some(Answer::No("The time stamp is over a digest that is too weak to count, or not known.".to_owned()));
    };
    match content.digest(hash) {
        None => Some(Answer::NotChecked(format!("No {} of what was stamped is at hand.", hash.name()))),
        Some(digest) if digest != imprint => {
            Some(Answer::No("The time stamp is over something else: its imprint does not fit.".to_owned()))
        }
        Some(_) => None,
    }
}
