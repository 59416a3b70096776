//! One file: a PDF, or a time stamp, signature or proof of another file.

use std::cell::RefCell;
use std::io;
use std::path::Path;

use model::{Fault, hex};
use seal::cms::{self, Content, Rules};
use seal::ots::{FileHash, Proof};
use seal::x509::Hash;
use seal::{Revocations, armour, tsp};

use super::hash::{Algorithm, Hasher};
use super::{Beside, Data, Form, answer, ssh, unreadable};
use crate::Limits;
use crate::bytes::{Bytes, take};
use crate::package::people::{People, SIGNATURES};
use crate::package::{Ask, Check, Verification};

/// The check of a proof of OpenTimestamps.
const PROOF: &str = "proof";
/// How much is read at once.
const BLOCK: usize = 1 << 18;

/// Checks a file that is no container.
pub(super) fn verify(form: Form, input: &dyn Bytes, beside: Beside<'_>, ask: &Ask) -> Result<Verification, Fault> {
    let data = beside.data;
    if form == Form::SshSignature {
        return ssh::verify(input, needed(form, data)?, beside, ask);
    }
    let len = input.size().map_err(unreadable)?;
    let most = if form == Form::Pdf { Limits::REPORT_BYTES } else { Limits::FOREIGN_SIGNATURE_BYTES };
    if len > most {
        return Err(Fault::bad_input(
            "foreign-too-large",
            format!("A {} of more than {most} bytes is not read", form.word()),
        )
        .advise("Give the file itself, as it was sent."));
    }
    let bytes = take(input, 0, len as usize).map_err(unreadable)?;
    if form == Form::Pdf {
        return pdf(&bytes, ask);
    }
    if form == Form::Cms {
        let bytes = unwrapped(&bytes).unwrap_or(bytes);
        return match (data, cms::attached(&bytes)) {
            (None, Some(own)) => Ok(signature(&bytes, &own.as_slice(), (1, own.len() as u64), ask)),
            (data, _) => over(form, data, |streamed, size| Ok(signature(&bytes, streamed, size, ask))),
        };
    }
    over(form, data, |streamed, size| match form {
        Form::TimeStamp => Ok(stamp(&bytes, streamed, size, ask)),
        _ => Ok(answer(form, proof(&bytes, streamed, ask)?, &[PROOF], size)),
    })
}

/// Judges over the file that something is about.
fn over(
    form: Form,
    data: Option<Data<'_>>,
    judge: impl FnOnce(&Streamed<'_>, (u64, u64)) -> Result<Verification, Fault>,
) -> Result<Verification, Fault> {
    let data = needed(form, data)?;
    let failed = |error| Fault::io("read", Path::new(data.name), error);
    let streamed = Streamed::new(data);
    let found = judge(&streamed, (1, data.bytes.size().map_err(failed)?))?;
    streamed.settle().map(|()| found)
}

/// The file that something is about.
fn needed(form: Form, data: Option<Data<'_>>) -> Result<Data<'_>, Fault> {
    data.ok_or_else(|| {
        Fault::bad_input(
            "data-missing",
            format!("A {} is about another file, which is needed to verify it", form.word()),
        )
        .advise("Name that file with --data, or put it beside this one under the same name without its ending.")
    })
}

fn pdf(bytes: &[u8], ask: &Ask) -> Result<Verification, Fault> {
    let mut people = People::default();
    for found in ask.pdf.signatures(bytes, &People::trust(ask))? {
        people.pdf("pdf-signature", &found, ask);
    }
    Ok(of(people, Form::Pdf, (1, bytes.len() as u64), ask))
}

fn of(mut people: People, form: Form, size: (u64, u64), ask: &Ask) -> Verification {
    let mut checks = std::mem::take(&mut people.checks);
    checks.push(people.all());
    checks.extend(people.enough(ask, 0));
    Verification { signers: people.signers, ..answer(form, checks, &[SIGNATURES], size) }
}

fn stamp(bytes: &[u8], data: &dyn Content, size: (u64, u64), ask: &Ask) -> Verification {
    let mut people = People::default();
    match tsp::read_token_or_response(bytes) {
        Ok(token) => {
            let judged = tsp::verify(&token, data, &People::trust(ask), &Revocations::default());
            people.stamp("time-stamp", token.time(), &judged, ask);
        }
        Err(fault) => people.unreadable("time-stamp", &format!("{}.", fault.message())),
    }
    of(people, Form::TimeStamp, size, ask)
}

fn signature(bytes: &[u8], data: &dyn Content, size: (u64, u64), ask: &Ask) -> Verification {
    let mut people = People::default();
    let found = cms::verify_each(bytes, data, Rules::Plain, &People::trust(ask), &Revocations::default());
    for (number, signed) in found.iter().enumerate() {
        let name = if found.len() == 1 { "cms-signature".to_owned() } else { format!("cms-signature: {}", number + 1) };
        people.signed(&name, signed, ask);
    }
    of(people, Form::Cms, size, ask)
}

/// A signature in PEM.
fn unwrapped(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    ["CMS", "PKCS7"].iter().find_map(|label| {
        let body = text.strip_prefix(&format!("-----BEGIN {label}-----"))?;
        let body: String = body.strip_suffix(&format!("-----END {label}-----"))?.split_ascii_whitespace().collect();
        armour::decode(&body)
    })
}

/// A proof of OpenTimestamps.
fn proof(bytes: &[u8], streamed: &Streamed<'_>, ask: &Ask) -> Result<Vec<Check>, Fault> {
    let (name, data) = (PROOF, streamed.data);
    let proof = match Proof::parse(bytes) {
        Ok(proof) => proof,
        Err(fault) => return Ok(vec![Check::failed(name, format!("{}.", fault.message()))]),
    };
    let (hash, digest) = proof.file_digest();
    let there = match hash {
        FileHash::Sha256 => streamed.digest(Hash::Sha256),
        FileHash::Sha1 => streamed.hash(Algorithm::Sha1),
        _ => {
            return Ok(vec![Check::not_checked(
                name,
                format!("It begins with {}, which is not made here.", hash.name()),
            )]);
        }
    };
    let Some(there) = there else { return Ok(Vec::new()) };
    if there != digest {
        let why = format!(
            "It is about another file: its {} is {}, that of {} is {}.",
            hash.name(),
            hex(digest),
            data.name,
            hex(&there)
        );
        return Ok(vec![Check::failed(name, why)]);
    }
    let mut checks = vec![Check::passed(name, format!("It is about {}, {}:{}.", data.name, hash.name(), hex(&there)))];
    if hash == FileHash::Sha1 {
        let why = "It begins with SHA-1: whoever made the file can have made another one with the same digest.";
        checks.push(Check::not_checked("weak-digests", why));
    }
    checks.extend(crate::package::attested(name, &proof, ask)?);
    Ok(checks)
}

/// Content that is digested when somebody asks.
pub(super) struct Streamed<'d> {
    data: Data<'d>,
    failed: RefCell<Option<io::Error>>,
}

impl<'d> Streamed<'d> {
    pub(super) fn new(data: Data<'d>) -> Self {
        Streamed { data, failed: RefCell::new(None) }
    }

    /// What the disk said meanwhile.
    pub(super) fn settle(self) -> Result<(), Fault> {
        let error = self.failed.into_inner();
        error.map_or(Ok(()), |error| Err(Fault::io("read", Path::new(self.data.name), error)))
    }

    pub(super) fn hash(&self, algorithm: Algorithm) -> Option<Vec<u8>> {
        let read = || -> io::Result<Vec<u8>> {
            let (size, mut at, mut block) = (self.data.bytes.size()?, 0, vec![0; BLOCK]);
            let mut hasher = Hasher::new(algorithm);
            while at < size {
                let want = block.len().min((size - at).try_into().unwrap_or(usize::MAX));
                self.data.bytes.read_at(at, &mut block[..want])?;
                hasher.update(&block[..want]);
                at += want as u64;
            }
            Ok(hasher.finish())
        };
        read().map_err(|error| *self.failed.borrow_mut() = Some(error)).ok()
    }
}

impl Content for Streamed<'_> {
    fn digest(&self, hash: Hash) -> Option<Vec<u8>> {
        self.hash(hash.into())
    }
}
