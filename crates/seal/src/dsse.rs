//! Attestations: an in-toto Statement v1 inside a DSSE envelope, signed with Ed25519.
//!
//! ```text
//! {"payload":"<base64 of the body>","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"SHA256:…","sig":"…"}]}
//! signed: "DSSEv1" SP length(type) SP type SP length(body) SP body          lengths in decimal bytes
//! ```
//!
//! The signature is over type and body together, so that a body cannot be passed off as one of another type. Whoever
//! verifies uses the body that [`verify`] returns, never one that was parsed before.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use model::{Digest, Fault};
use serde_json::{Value, json};

use crate::{Ed25519Signer, Limits, PublicKey, armour, canonical};

/// The payload type of an in-toto Statement.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What somebody says about some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The files that it is about: name and SHA-256. Never empty.
    pub subjects: Vec<(String, Digest)>,
    /// A URI that says how to read the predicate.
    pub predicate_type: String,
    /// What is said. Floats have no place in it.
    pub predicate: Value,
}

impl Statement {
    /// Canonical JSON.
    ///
    /// # Errors
    /// What [`canonical::to_bytes`] refuses in the predicate.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        let subjects = self.subjects.iter();
        let subjects = subjects.map(|(name, digest)| json!({ "name": name, "digest": { "sha256": digest.hex() } }));
        canonical::to_bytes(&json!({
            "_type": STATEMENT_TYPE,
            "subject": subjects.collect::<Vec<_>>(),
            "predicateType": self.predicate_type,
            "predicate": self.predicate,
        }))
    }

    /// Reads a statement, the body of an envelope that was verified.
    ///
    /// # Errors
    /// `bad-attestation` when it is no in-toto Statement v1, or a subject has no name or no SHA-256.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        let value: Value = serde_json::from_slice(body).map_err(|_| refuse("its body is not JSON"))?;
        if value["_type"] != STATEMENT_TYPE {
            return Err(refuse("its body is no in-toto Statement v1"));
        }
        let subjects = value["subject"].as_array().filter(|subjects| !subjects.is_empty());
        let subjects = subjects.ok_or_else(|| refuse("it is about nothing"))?.iter().map(subject);
        Ok(Statement {
            subjects: subjects.collect::<Option<_>>().ok_or_else(|| refuse("a subject has no name or no SHA-256"))?,
            predicate_type: value["predicateType"]
                .as_str()
                .ok_or_else(|| refuse("it has no predicateType"))?
                .to_owned(),
            predicate: value["predicate"].clone(),
        })
    }
}

fn subject(subject: &Value) -> Option<(String, Digest)> {
    let hex = subject["digest"]["sha256"].as_str().filter(|hex| hex.len() == 64)?;
    Some((subject["name"].as_str()?.to_owned(), Digest::parse(hex).ok()?))
}

/// The bytes that are signed: the pre-authentication encoding of DSSE v1. `openssl pkeyutl -verify -rawin` takes them.
pub fn pre_authentication(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The envelope around `body`, signed by each of `signers`. Canonical JSON in one line, without a line feed.
///
/// # Errors
/// What a signer says.
pub fn sign(payload_type: &str, body: &[u8], signers: &[&dyn Ed25519Signer]) -> Result<Vec<u8>, Fault> {
    let signed = pre_authentication(payload_type, body);
    let signature = |signer: &&dyn Ed25519Signer| {
        let signature = signer.sign(&signed)?;
        Ok(json!({ "keyid": signer.public().fingerprint(), "sig": armour::encode(signature) }))
    };
    canonical::to_bytes(&json!({
        "payload": armour::encode(body),
        "payloadType": payload_type,
        "signatures": signers.iter().map(signature).collect::<Result<Vec<Value>, Fault>>()?,
    }))
}

/// An envelope that one key at least has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the body is.
    pub payload_type: String,
    /// The bytes that were signed.
    pub body: Vec<u8>,
    /// Who signed them, each once, in the order of the keys that were given.
    pub signers: Vec<PublicKey>,
}

/// Checks an envelope with `keys`. A key id inside it is not believed: every key is tried on every signature.
///
/// # Errors
/// `bad-attestation` when it cannot be read, `wrong-signature` when none of `keys` has signed it.
pub fn verify(envelope: &[u8], keys: &[PublicKey]) -> Result<Verified, Fault> {
    let Envelope { payload_type, body, signatures } = Envelope::parse(envelope)?;
    let signed = pre_authentication(&payload_type, &body);
    let has_signed = |key: &&PublicKey| signatures.iter().any(|signature| key.verify(&signed, signature));
    let signers: Vec<PublicKey> = keys.iter().filter(has_signed).copied().collect();
    if signers.is_empty() {
        return Err(Fault::unverified("wrong-signature", "None of the keys has signed this attestation as it is")
            .advise("The attestation was changed after signing, or somebody else signed it; ask for the original."));
    }
    Ok(Verified { payload_type, body, signers })
}

/// An envelope as it was read: nothing in it is believed yet.
struct Envelope {
    payload_type: String,
    body: Vec<u8>,
    /// Those that can be Ed25519 ones: others may sign with other algorithms beside ours.
    signatures: Vec<[u8; 64]>,
}

impl Envelope {
    fn parse(envelope: &[u8]) -> Result<Self, Fault> {
        if envelope.len() > Limits::ATTESTATION_BYTES {
            return Err(refuse("it is longer than 16 MiB"));
        }
        let value: Value = serde_json::from_slice(envelope).map_err(|_| refuse("it is not JSON"))?;
        let payload_type = value["payloadType"].as_str().ok_or_else(|| refuse("it has no payloadType"))?.to_owned();
        let body = value["payload"].as_str().and_then(decode).ok_or_else(|| refuse("it has no payload"))?;
        let signatures = value["signatures"].as_array().ok_or_else(|| refuse("it has no signatures"))?;
        if signatures.len() > Limits::NOTE_SIGNATURES {
            return Err(refuse("it has more than 256 signatures"));
        }
        let signatures = signatures.iter().filter_map(|one| decode(one["sig"].as_str()?)?.try_into().ok()).collect();
        Ok(Envelope { payload_type, body, signatures })
    }
}

/// "Either standard or URL-safe encoding is allowed" (DSSE v1).
fn decode(base64: &str) -> Option<Vec<u8>> {
    armour::decode(base64).or_else(|| URL_SAFE.decode(base64).ok())
}

fn refuse(reason: &str) -> Fault {
    Fault::bad_input("bad-attestation", format!("This attestation cannot be read: {reason}"))
        .advise("It must be a DSSE envelope in JSON, around an in-toto Statement v1.")
}
