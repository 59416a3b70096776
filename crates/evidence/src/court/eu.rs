//! The European Union: container (EN 319 162-1), signatures (EN 319 132, EN 319 142) and provenance (CASE) are in every package;
//! what is left is to see whether those who sign can be identified.

use model::Fault;
use seal::x509::Certificate;

use super::{Desk, Filings};
use crate::names::quote;

/// The statement that a certificate is qualified (EN 319 412-5, 4.2.1: id-etsi-qcs-QcCompliance, 0.4.0.1862.1.1), DER.
const QUALIFIED: &[u8] = &[0x06, 0x06, 0x04, 0x00, 0x8e, 0x46, 0x01, 0x01];

pub(super) fn filings(desk: &Desk) -> Result<Filings, Fault> {
    if desk.certificates.is_empty() {
        return Err(Fault::usage("court-signer-missing", "The profile eu needs somebody who signs with a certificate")
            .advise(
                "Give --signer and --certificate: without an X.509 certificate nobody in the container can be identified \
                 (Regulation (EU) No 910/2014, Article 26(b)).",
            ));
    }
    let warnings = desk.certificates.iter().flat_map(|certificate| doubts(certificate, desk)).collect();
    Ok(Filings { files: Vec::new(), warnings })
}

/// What a court may ask about a certificate.
fn doubts(certificate: &Certificate, desk: &Desk) -> Vec<String> {
    let name = quote(&certificate.common_name().unwrap_or_else(|| certificate.subject()));
    let mut doubts = Vec::new();
    if desk.created < certificate.not_before() || desk.created > certificate.not_after() {
        doubts.push(format!(
            "The certificate of {name} is valid from {} to {}, and not now: no verifier will accept its signature.",
            certificate.not_before(),
            certificate.not_after()
        ));
    }
    if certificate.is_self_signed() {
        doubts.push(format!(
            "The certificate of {name} is signed by itself: nobody vouches for it, and no trusted list will lead to it."
        ));
    } else if !is_qualified(certificate) {
        doubts.push(format!(
            "The certificate of {name} does not say that it is qualified: its signature is admissible (Regulation (EU) No 910/2014, \
             Article 25(1)) but has not the effect of a handwritten one (Article 25(2))."
        ));
    }
    if certificate.key_usage().is_some_and(|usage| !usage.non_repudiation()) {
        doubts.push(format!(
            "The certificate of {name} is not for content commitment (non-repudiation); some verifiers ask for it."
        ));
    }
    doubts
}

/// Whether the certificate claims to be qualified. Whether that is true is what trusted lists are for.
fn is_qualified(certificate: &Certificate) -> bool {
    certificate.der().windows(QUALIFIED.len()).any(|window| window == QUALIFIED)
}
