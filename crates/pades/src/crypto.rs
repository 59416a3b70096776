//! What a signature is worth by its mathematics and its certificates: the room of seals decides, this file asks.

use seal::cms::{self, Content, Rules};
use seal::{Answer, Revocations, Signed, Trust, tsp};

use crate::range::Place;

/// Verifies the signature at `place` of `bytes`.
pub(crate) fn verify(
    sub_filter: &[u8],
    place: &Place,
    bytes: &[u8],
    trust: &Trust<'_>,
    evidence: &Revocations,
) -> Signed {
    let pieces = place.signed(bytes);
    let content: &[&[u8]] = &pieces;
    let Some(signature) = cms::unpadded(&place.contents) else {
        return Signed::unreadable("/Contents holds something else than one signature and zeros after it.");
    };
    match sub_filter {
        b"ETSI.CAdES.detached" => cms::verify(signature, &content, Rules::Ades, trust, evidence),
        b"adbe.pkcs7.detached" => cms::verify(signature, &content, Rules::Plain, trust, evidence),
        b"ETSI.RFC3161" => stamp(signature, &content, trust, evidence),
        b"adbe.pkcs7.sha1" => {
            Signed::unreadable("The content was signed by its SHA-1 digest, which is too weak to count.")
        }
        other => unknown(other),
    }
}

/// A time stamp of the whole document (EN 319 142-1, 5.4.3): the authority is the signer.
fn stamp(token: &[u8], content: &dyn Content, trust: &Trust<'_>, evidence: &Revocations) -> Signed {
    let token = match tsp::read_token_or_response(token) {
        Ok(token) => token,
        Err(fault) => return Signed::unreadable(format!("{}.", fault.message().trim_end_matches('.'))),
    };
    let judged = tsp::verify(&token, content, trust, evidence);
    Signed {
        signer: token.certificate().cloned(),
        claimed: Some(token.time()),
        stamped: judged.intact.is_yes().then(|| token.time()),
        intact: judged.intact,
        signer_trusted: judged.trusted.clone(),
        time_trusted: judged.trusted,
        notes: judged.notes,
    }
}

/// A form of signature that is not read here.
fn unknown(sub_filter: &[u8]) -> Signed {
    let name: String = String::from_utf8_lossy(sub_filter).chars().filter(|sign| !sign.is_control()).take(40).collect();
    let reason = match name.as_str() {
        "" => "The signature does not say what form it has.".to_owned(),
        name => format!("Signatures of the form {name} are not supported."),
    };
    Signed { intact: Answer::NotChecked(reason), ..Signed::unreadable("") }
}
