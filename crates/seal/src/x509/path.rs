//! Whether a path leads from a certificate to an anchor (RFC 5280 §6), and if not, why.
//!
//! Names are compared byte by byte, as issuers copy them. No policy is asked for, so that none can be missing; critical
//! extensions that constrain policies are refused as not understood.

use std::fmt;

use model::Instant;

use super::{Certificate, Refusal, constraints};
use crate::Limits;
use crate::asn1::oid;

/// What the certificate at the beginning of a path must be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign documents.
    Signing,
    /// To sign time stamps, and nothing else (RFC 3161 §2.3).
    TimeStamping,
    /// To sign answers about revocation (RFC 6960 §4.2.2.2).
    Responding,
}

/// Why no path leads to an anchor. `Display` is one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nobody at hand issued this certificate.
    NoIssuer {
        /// The last certificate of the path.
        subject: String,
        /// Who issued it, by its own words.
        issuer: String,
        /// Whether that is itself.
        is_self: bool,
    },
    /// A certificate was no longer valid.
    Expired {
        /// Whose.
        subject: String,
        /// Since when.
        on: Instant,
    },
    /// A certificate was not yet valid.
    NotYet {
        /// Whose.
        subject: String,
        /// From when on it is.
        from: Instant,
    },
    /// Another rule is broken, as a sentence.
    Broken(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoIssuer { subject, is_self: true, .. } => {
                write!(f, "The certificate of {subject} was issued by its holder, and is not among the trusted ones.")
            }
            Problem::NoIssuer { subject, issuer, .. } => {
                write!(f, "The certificate of {subject} was issued by {issuer}, which does not lead to a trusted one.")
            }
            Problem::Expired { subject, on } => write!(f, "The certificate of {subject} had expired on {on}."),
            Problem::NotYet { subject, from } => write!(f, "The certificate of {subject} was not valid before {from}."),
            Problem::Broken(sentence) => f.write_str(sentence),
        }
    }
}

/// The path from `certificate` to one of `anchors`, both included, valid at `at`. `pool` is where the certificates between
/// them may be; none of it is trusted.
///
/// # Errors
/// The [`Problem`] of the attempt that came closest.
pub fn find_path(
    certificate: &Certificate,
    pool: &[Certificate],
    anchors: &[Certificate],
    at: Instant,
    purpose: Purpose,
) -> Result<Vec<Certificate>, Problem> {
    let mut search = Search { pool, anchors, at, purpose, signatures_left: Limits::PATH_SIGNATURES, closest: None };
    if let Some(problem) = search.leaf_problem(certificate) {
        return Err(problem);
    }
    let mut path = vec![certificate];
    if search.extend(&mut path) {
        return Ok(path.into_iter().cloned().collect());
    }
    Err(search.closest.map_or_else(|| no_issuer(certificate), |(_, problem)| problem))
}

struct Search<'a> {
    pool: &'a [Certificate],
    anchors: &'a [Certificate],
    at: Instant,
    purpose: Purpose,
    signatures_left: usize,
    /// The problem of the longest path so far.
    closest: Option<(usize, Problem)>,
}

impl<'a> Search<'a> {
    /// Whether `path` can be made to end in an anchor; then it does.
    fn extend(&mut self, path: &mut Vec<&'a Certificate>) -> bool {
        let last = path[path.len() - 1];
        if self.anchors.contains(last) {
            return true;
        }
        if path.len() == Limits::PATH_CERTIFICATES {
            self.fail(path.len(), broken("The path of certificates is too long"));
            return false;
        }
        let (anchors, pool) = (self.anchors, self.pool);
        let issuers = anchors.iter().chain(pool).filter(|issuer| issuer.subject_der() == last.issuer_der());
        let mut known = false;
        for issuer in issuers {
            if path.contains(&issuer) {
                continue;
            }
            known = true;
            if let Some(problem) = self.issuer_problem(path, issuer) {
                self.fail(path.len(), problem);
                continue;
            }
            path.push(issuer);
            if self.extend(path) {
                return true;
            }
            path.pop();
        }
        if !known {
            self.fail(path.len(), no_issuer(last));
        }
        false
    }

    /// Keeps the problem of the longest path; of equally long ones the first that is more than an unknown issuer.
    fn fail(&mut self, length: usize, problem: Problem) {
        let is_closer = match &self.closest {
            Some((known, Problem::NoIssuer { .. })) => length >= *known,
            Some((known, _)) => length > *known && !matches!(problem, Problem::NoIssuer { .. }),
            None => true,
        };
        if is_closer {
            self.closest = Some((length, problem));
        }
    }

    fn leaf_problem(&self, leaf: &Certificate) -> Option<Problem> {
        let subject = leaf.subject();
        let signs = leaf.key_usage().is_none_or(|usage| usage.digital_signature() || usage.non_repudiation());
        let usage = leaf.extended_key_usage();
        let purpose = match self.purpose {
            Purpose::Signing => usage.is_none_or(|usage| SIGNING.iter().any(|purpose| usage.has(purpose))),
            Purpose::TimeStamping => usage.is_some_and(|usage| usage.critical && usage.is_only(oid::EKU_TIME_STAMPING)),
            Purpose::Responding => usage.is_some_and(|usage| usage.has(oid::EKU_OCSP_SIGNING)),
        };
        let wants = match self.purpose {
            Purpose::Signing => "is meant for other purposes than signing documents",
            Purpose::TimeStamping => "is not one for time stamps and nothing else",
            Purpose::Responding => "is not one for answers about revocation",
        };
        if !signs {
            return Some(broken(&format!("The key usage of the certificate of {subject} does not allow signing")));
        }
        if !purpose {
            return Some(broken(&format!("The certificate of {subject} {wants}")));
        }
        extension_problem(leaf).or_else(|| self.time_problem(leaf))
    }

    /// Why `issuer` cannot have issued the last certificate of `path`.
    fn issuer_problem(&mut self, path: &[&Certificate], issuer: &Certificate) -> Option<Problem> {
        let last = path[path.len() - 1];
        let (subject, name) = (last.subject(), issuer.subject());
        let is_anchor = self.anchors.contains(issuer);
        // A root of the first version has no extensions to say so: the user says it.
        let may_issue = issuer.is_authority() || is_anchor && issuer.is_first_version();
        if !may_issue {
            return Some(broken(&format!(
                "The certificate of {name} may not issue others, but issued that of {subject}"
            )));
        }
        if issuer.key_usage().is_some_and(|usage| !usage.certificates()) {
            return Some(broken(&format!("The key usage of the certificate of {name} does not allow issuing others")));
        }
        // RFC 5280 §4.2.1.9: certificates between this one and the leaf that were not issued by their own holder.
        let between = path[1..].iter().filter(|between| between.issuer_der() != between.subject_der()).count();
        if issuer.extensions().path_length.is_some_and(|most| between as u64 > most) {
            return Some(broken(&format!("More authorities follow below {name} than its certificate allows")));
        }
        if let Some(below) = outside_constraints(path, issuer) {
            return Some(broken(&format!("{name} may not issue certificates with the names of {below}")));
        }
        if !is_anchor && !self.allows_purpose(issuer) {
            return Some(broken(&format!("The certificate of {name} is for other purposes than the one below it")));
        }
        if self.signatures_left == 0 {
            return Some(broken("There are too many certificates to find a path among"));
        }
        self.signatures_left -= 1;
        match last.is_signed_by(issuer) {
            Ok(_) => extension_problem(issuer).or_else(|| self.time_problem(issuer)),
            Err(Refusal::Wrong) => Some(broken(&format!(
                "The certificate of {subject} claims to be issued by {name}, but the key of the {} did not sign it",
                if is_anchor { "trusted certificate with that name" } else { "certificate with that name" }
            ))),
            Err(refusal) => Some(broken(&format!(
                "The signature under the certificate of {subject} does not count: {}",
                refusal.reason()
            ))),
        }
    }

    /// An authority that is limited to purposes must have that of the leaf: no standard says so, everybody does it.
    fn allows_purpose(&self, issuer: &Certificate) -> bool {
        let Some(usage) = issuer.extended_key_usage() else { return true };
        let wanted: &[&[u8]] = match self.purpose {
            Purpose::Signing => SIGNING,
            Purpose::TimeStamping => &[oid::EKU_TIME_STAMPING, oid::EKU_ANY],
            Purpose::Responding => return true,
        };
        wanted.iter().any(|purpose| usage.has(purpose))
    }

    fn time_problem(&self, certificate: &Certificate) -> Option<Problem> {
        let subject = certificate.subject();
        if self.at > certificate.not_after() {
            return Some(Problem::Expired { subject, on: certificate.not_after() });
        }
        (self.at < certificate.not_before()).then(|| Problem::NotYet { subject, from: certificate.not_before() })
    }
}

/// Purposes under which documents are signed in practice.
const SIGNING: &[&[u8]] =
    &[oid::EKU_ANY, oid::EKU_MAIL, oid::EKU_CLIENT, oid::EKU_DOCUMENT, oid::EKU_MICROSOFT_DOCUMENT, oid::EKU_ADOBE_PDF];

fn extension_problem(certificate: &Certificate) -> Option<Problem> {
    let subject = certificate.subject();
    let id = certificate.extensions().unknown_critical.first()?;
    Some(broken(&format!("The certificate of {subject} has the critical extension {id}, which is not understood here")))
}

/// The first certificate of `path` that has a name which `issuer` may not give, directly or through others.
fn outside_constraints(path: &[&Certificate], issuer: &Certificate) -> Option<String> {
    let constraints = issuer.extensions().name_constraints.as_ref()?;
    // RFC 5280 §6.1.3 (b): an authority that renews its own certificate is left out, but not at the end of the path.
    let below = path.iter().enumerate().filter(|(at, one)| *at == 0 || one.issuer_der() != one.subject_der());
    below.map(|(_, one)| one).find(|one| !constraints::allow(constraints, one)).map(|one| one.subject())
}

fn no_issuer(certificate: &Certificate) -> Problem {
    Problem::NoIssuer {
        subject: certificate.subject(),
        issuer: certificate.issuer(),
        is_self: certificate.issuer_der() == certificate.subject_der(),
    }
}

fn broken(sentence: &str) -> Problem {
    Problem::Broken(format!("{sentence}."))
}
