//! What an authority answers (RFC 3161 §2.4.2).

use model::Fault;

use super::Request;
use super::token::{self, Token, bad_token};
use crate::Limits;
use crate::asn1::{Element, ber, tag};
use crate::x509::Hash;

/// The token in an answer to `request`, after everything that needs no anchor: status, imprint, nonce, policy, the one
/// signer, its signature, the signing-certificate attribute, and the purpose of its certificate. Whether the authority
/// is to be trusted is another question.
///
/// # Errors
/// `timestamp-refused` with what the authority says; `bad-timestamp-token` with what is wrong about the token.
pub fn read_response(bytes: &[u8], request: &Request) -> Result<Token, Fault> {
    let token = Token::read(&granted(bytes)?)?;
    if token.imprint() != (Some(Hash::Sha256), request.imprint.as_bytes()) {
        return Err(bad_token("The authority stamped something else than what it was asked to"));
    }
    let nonce = request.nonce.to_be_bytes();
    let nonce = &nonce[nonce.iter().position(|byte| *byte != 0).unwrap_or(nonce.len())..];
    if token.nonce() != Some(nonce) {
        return Err(bad_token("The time stamp answers another question: its nonce is not the one that was sent"));
    }
    if request.policy.as_ref().is_some_and(|policy| policy != token.policy()) {
        return Err(bad_token("The time stamp was made under another policy than the one that was asked for"));
    }
    let (answer, certificate) = token::check(&token, &[]);
    match (answer, certificate) {
        (answer, Some(certificate)) if answer.is_yes() => Ok(token.by(certificate)),
        (answer, _) => Err(bad_token(answer.reason().trim_end_matches('.'))),
    }
}

/// The token in a file of others: a response (`.tsr`) or the token alone (`.tst`). Its form is checked, nothing more.
///
/// # Errors
/// As [`read_response`].
pub fn read_token_or_response(bytes: &[u8]) -> Result<Token, Fault> {
    match Token::read(bytes) {
        Ok(token) => Ok(token),
        Err(_) => Token::read(&granted(bytes)?),
    }
}

/// The bytes of the token in a response that says yes.
fn granted(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let malformed = || bad_token("This is neither a time stamp token nor the answer of a time stamp authority");
    if bytes.len() > Limits::CMS_BYTES {
        return Err(malformed());
    }
    let der = ber::to_der(bytes).ok_or_else(malformed)?;
    let mut reader = Element::only(&der, tag::SEQUENCE).ok_or_else(malformed)?.inside();
    let status = reader.sequence().and_then(status).ok_or_else(malformed)?;
    if status.code > 1 {
        return Err(refused(&status));
    }
    let token = reader.sequence().ok_or_else(malformed)?;
    reader.end().ok_or_else(malformed)?;
    Ok(token.whole.to_vec())
}

struct Status {
    code: u64,
    texts: Vec<String>,
    failures: Vec<u8>,
}

/// PKIStatusInfo.
fn status(element: Element<'_>) -> Option<Status> {
    let mut reader = element.inside();
    let code = reader.take(tag::INTEGER)?.small()?;
    let texts = match reader.optional(tag::SEQUENCE)? {
        Some(texts) => texts.each(tag::UTF8_STRING, Limits::EXTENSIONS)?,
        None => Vec::new(),
    };
    let failures = reader.optional(tag::BIT_STRING)?;
    reader.end()?;
    Some(Status {
        code,
        texts: texts.iter().filter_map(|text| String::from_utf8(text.content.to_vec()).ok()).collect(),
        failures: failures.and_then(|bits| bits.content.get(1..)).unwrap_or_default().to_vec(),
    })
}

/// PKIFailureInfo: bit and meaning.
const FAILURES: &[(usize, &str)] = &[
    (0, "it does not know the digest algorithm"),
    (2, "it does not allow this request"),
    (5, "it cannot read the request"),
    (14, "its clock is not available"),
    (15, "it does not offer this policy"),
    (16, "it does not know an extension of the request"),
    (17, "it cannot add what was asked for"),
    (25, "it has a failure of its own"),
];

fn refused(status: &Status) -> Fault {
    let says = match status.code {
        2 => "The time stamp authority refused",
        3 => "The time stamp authority has put the request in a queue, which is not supported",
        4 | 5 => "The time stamp authority says that its certificate is revoked, or about to be",
        _ => "The time stamp authority gave no time stamp",
    };
    let is_set = |bit: usize| status.failures.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
    let why = FAILURES.iter().filter(|(bit, _)| is_set(*bit)).map(|(_, words)| (*words).to_owned());
    // The authority's own words, harmless for a terminal.
    let texts = status.texts.iter().map(|text| format!("{:?}", text.chars().take(200).collect::<String>()));
    let why: Vec<String> = why.chain(texts).collect();
    let message = if why.is_empty() { says.to_owned() } else { format!("{says}: {}", why.join(", ")) };
    Fault::unavailable("timestamp-refused", message).advise("Ask another authority, or try again later.")
}
