//! A TimeStampToken (RFC 3161 §2.4.2): signed data around a TSTInfo.

use std::fmt;

use model::{Fault, Instant, hex};

use crate::Limits;
use crate::answer::Answer;
use crate::asn1::{Element, Reader, ber, oid, tag, time};
use crate::cms::{self, Content, Rules, SignedData};
use crate::x509::{AlgorithmId, Certificate, Hash};

/// A token, with the bytes it came as (BER of others becomes DER). That it could be read says nothing about its truth.
#[derive(Clone)]
pub struct Token {
    der: Vec<u8>,
    time: Instant,
    imprint_algorithm: Vec<u8>,
    imprint: Vec<u8>,
    policy: String,
    serial: Vec<u8>,
    nonce: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
    certificate: Option<Certificate>,
}

impl Token {
    /// Reads a token alone.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let malformed = || bad_token("This is not a time stamp token");
        if bytes.len() > Limits::CMS_BYTES {
            return Err(malformed());
        }
        let der = ber::to_der(bytes).ok_or_else(malformed)?;
        read(&der).ok_or_else(malformed)
    }

    /// TimeStampToken in DER: what goes into a signature.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The time that the authority says.
    pub fn time(&self) -> Instant {
        self.time
    }

    /// What was stamped: the digest algorithm (`None` for one that does not count), and the digest.
    pub fn imprint(&self) -> (Option<Hash>, &[u8]) {
        (Hash::from_oid(&self.imprint_algorithm), &self.imprint)
    }

    /// The policy of the authority, dotted.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The number of the token at its authority, in lower-case hexadecimal.
    pub fn serial_hex(&self) -> String {
        hex(&self.serial)
    }

    /// The certificate of the authority, if the token brings it.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// All certificates that the token brings.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether the token is over these bytes.
    pub fn is_over(&self, bytes: &[u8]) -> bool {
        matches!(self.imprint(), (Some(hash), imprint) if hash.of(bytes) == imprint)
    }

    /// The bytes of the nonce without leading zeros.
    pub(super) fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    pub(super) fn by(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, {})", self.time, self.serial_hex())
    }
}

fn read(der: &[u8]) -> Option<Token> {
    let data = SignedData::read(der)?;
    let content = data.content.filter(|_| data.content_type == oid::TST_INFO)?;
    let mut reader = Element::only(content, tag::SEQUENCE)?.inside();
    let version = reader.take(tag::INTEGER)?.small()?;
    let policy = oid::dotted(reader.oid()?);
    let mut imprint = reader.sequence()?.inside();
    let imprint_algorithm = AlgorithmId::read(&mut imprint)?.oid.to_vec();
    let digest = imprint.take(tag::OCTET_STRING)?.content.to_vec();
    imprint.end()?;
    let serial = reader.take(tag::INTEGER)?.content.to_vec();
    let time = time::read(reader.take(tag::GENERALIZED_TIME)?)?;
    let nonce = rest(&mut reader)?;
    let certificate = data
        .signer()
        .and_then(|signer| data.certificates.iter().find(|certificate| signer.names(certificate)).cloned());
    (version == 1).then(|| Token {
        der: der.to_vec(),
        time,
        imprint_algorithm,
        imprint: digest,
        policy,
        serial,
        nonce,
        certificates: data.certificates.clone(),
        certificate,
    })
}

/// What may follow the time in TSTInfo; the nonce is what counts. Critical extensions are none that we know.
fn rest(reader: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    reader.optional(tag::SEQUENCE)?;
    reader.optional(tag::BOOLEAN)?;
    let nonce = match reader.optional(tag::INTEGER)? {
        Some(element) => Some(element.natural()?.to_vec()),
        None => None,
    };
    reader.optional(tag::constructed(0))?;
    if let Some(extensions) = reader.optional(tag::constructed(1))? {
        for extension in extensions.each(tag::SEQUENCE, Limits::EXTENSIONS)? {
            let mut inside = extension.inside();
            inside.oid()?;
            (!crate::x509::read_critical(&mut inside)?).then_some(())?;
        }
    }
    reader.end()?;
    Some(nonce)
}

/// Whether the token is what its authority signed, and whose key that was. `pool` is where the authority's certificate
/// may be when the token does not bring it.
pub(super) fn check(token: &Token, pool: &[Certificate]) -> (Answer, Option<Certificate>) {
    let no = |reason: &str| (Answer::No(reason.to_owned()), None);
    let Some(data) = SignedData::read(&token.der) else { return no("The time stamp is not well-formed.") };
    let (Some(signer), Some(content)) = (data.signer(), data.content) else {
        return no("A time stamp has exactly one signer, this one has another number.");
    };
    let pool: Vec<Certificate> = data.certificates.iter().chain(pool).cloned().collect();
    let content: &dyn Content = &content;
    let intact = cms::check(signer, oid::TST_INFO, content, &pool, Rules::Ades);
    let Some(certificate) = intact.certificate.filter(|_| intact.answer.is_yes()) else {
        return (told_of_stamp(intact.answer), None);
    };
    match purpose_refuses(&certificate) {
        Some(reason) => (Answer::No(reason), Some(certificate)),
        None => (Answer::Yes("The time stamp is what its authority signed.".to_owned()), Some(certificate)),
    }
}

/// The answer about a signature as one about the stamp.
fn told_of_stamp(answer: Answer) -> Answer {
    let told = |reason: String| format!("The time stamp is not good: {}", first_lower(&reason));
    match answer {
        Answer::Yes(reason) => Answer::Yes(reason),
        Answer::No(reason) => Answer::No(told(reason)),
        Answer::NotChecked(reason) => Answer::NotChecked(format!("The time stamp: {}", first_lower(&reason))),
    }
}

fn first_lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// RFC 3161 §2.3: the one purpose is timeStamping, and the extension is critical.
fn purpose_refuses(certificate: &Certificate) -> Option<String> {
    let usage = certificate.extended_key_usage();
    let is_authority = usage.is_some_and(|usage| usage.critical && usage.is_only(oid::EKU_TIME_STAMPING));
    (!is_authority)
        .then(|| format!("The certificate of {} is not one for time stamps and nothing else.", certificate.subject()))
}

/// A fault about a token.
pub(crate) fn bad_token(message: &str) -> Fault {
    Fault::bad_input("bad-timestamp-token", message).advise("Ask the authority again, or another one.")
}
