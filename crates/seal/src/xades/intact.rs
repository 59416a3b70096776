//! Whether a signature is over these files: its value, its digests, and the certificate that it names.

use super::document::Parts;
use super::read::{self, Digesting, Info, Reference, Target};
use crate::Answer;
use crate::x509::{Algorithm, Certificate, Hash, Refusal, ecdsa_from_raw};
use crate::xml::{Document, canonical};

/// The digest of a file of the container, by path; `None` when there is no such file.
pub type Files<'f> = dyn Fn(&str, Hash) -> Option<Vec<u8>> + 'f;

/// What was found out about one signature.
pub(super) struct Intact {
    pub(super) certificate: Option<Certificate>,
    pub(super) answer: Answer,
    /// The files that the signature lists, whether or not they are as they were.
    pub(super) covered: Vec<String>,
}

/// Checks one signature. `more` are certificates that the signature brings elsewhere.
pub(super) fn check(document: &Document<'_>, parts: &Parts, more: &[Certificate], files: &Files<'_>) -> Intact {
    let mut candidates = read::certificates(document, parts.key);
    candidates.extend_from_slice(more);
    let mut intact = Intact { certificate: candidates.first().cloned(), answer: no(""), covered: Vec::new() };
    let info = match Info::read(document, parts) {
        Ok(info) => info,
        Err(reason) => {
            intact.answer = no(format!("The signature is not well-formed: {reason}."));
            return intact;
        }
    };
    intact.covered = info.references.iter().filter_map(Reference::path).map(str::to_owned).collect();
    let certificate = match signer(document, parts, &candidates) {
        Ok(certificate) => certificate,
        Err(answer) => {
            intact.answer = answer;
            return intact;
        }
    };
    intact.answer = answer(document, parts, &info, certificate, files).unwrap_or_else(|answer| answer);
    intact.certificate = Some(certificate.clone());
    intact
}

/// The certificate that is named in what is signed.
fn signer<'c>(
    document: &Document<'_>,
    parts: &Parts,
    candidates: &'c [Certificate],
) -> Result<&'c Certificate, Answer> {
    if candidates.is_empty() {
        return Err(Answer::NotChecked("The certificate of the signer is not at hand.".to_owned()));
    }
    let missing = || no("The signature does not name its certificate among what it signs, which XAdES asks for.");
    let named = read::named(document, parts.signed).ok_or_else(missing)?;
    let hash = match named.digesting {
        Digesting::By(hash) => hash,
        Digesting::Weak(name) => {
            return Err(no(format!("The signer's certificate is named by its {name}, which is too weak to count.")));
        }
        Digesting::Unknown(name) => {
            return Err(Answer::NotChecked(format!("The digest algorithm {name:?} is not supported.")));
        }
    };
    let is_named = |certificate: &&Certificate| hash.of(certificate.der()) == named.digest;
    candidates
        .iter()
        .find(is_named)
        .ok_or_else(|| no("The signature names another certificate as the signer's than the one that it brings."))
}

fn answer(
    document: &Document<'_>,
    parts: &Parts,
    info: &Info,
    certificate: &Certificate,
    files: &Files<'_>,
) -> Result<Answer, Answer> {
    let signed = canonical(document, parts.info, &info.method).map_err(unread)?;
    let is_ecdsa = matches!(info.algorithm, Algorithm::Ecdsa(_));
    let value = if is_ecdsa { ecdsa_from_raw(&info.value) } else { Some(info.value.clone()) };
    let value = value.ok_or(Refusal::Wrong);
    let words = value.and_then(|value| certificate.check_signature(&info.algorithm, &signed, &value));
    let words = words.map_err(|refusal| match refusal {
        Refusal::Wrong => no("The list of what is signed was changed, or another key signed it."),
        Refusal::Weak(reason) => no(format!("The signature does not count: {reason}.")),
        Refusal::NotUnderstood(reason) => Answer::NotChecked(format!("The signature was not checked: {reason}.")),
    })?;
    properties_are_signed(document, parts, info)?;
    own_parts(document, info)?;
    let number = listed_files(info, files)?;
    let files = if number == 1 { "The file is".to_owned() } else { format!("All {number} files are") };
    Ok(Answer::Yes(format!("{files} what was signed ({words}).")))
}

/// Exactly one reference is to the signed properties, and it is to those of this very signature.
fn properties_are_signed(document: &Document<'_>, parts: &Parts, info: &Info) -> Result<(), Answer> {
    let is_ours = |reference: &&Reference| matches!(&reference.target, Target::Part(id, _) if *id == parts.signed);
    let typed = info.references.iter().filter(|reference| reference.is_properties);
    if info.references.iter().filter(is_ours).count() != 1
        || typed.clone().count() != 1
        || !typed.clone().all(|one| is_ours(&one))
    {
        return Err(no("The signed properties are not those of this signature."));
    }
    debug_assert!(document.element(parts.signed).is_some());
    Ok(())
}

/// The digests of the parts of the document that are signed.
fn own_parts(document: &Document<'_>, info: &Info) -> Result<(), Answer> {
    for reference in &info.references {
        let Target::Part(id, method) = &reference.target else { continue };
        let hash = reference.hash()?;
        let bytes = canonical(document, *id, method).map_err(unread)?;
        if hash.of(&bytes) != reference.digest {
            let local = document.element(*id).map_or("", |element| element.local());
            return Err(no(format!("What is signed was changed: the part {local:?} is not the one that was signed.")));
        }
    }
    Ok(())
}

/// The digests of the files: how many there are.
fn listed_files(info: &Info, files: &Files<'_>) -> Result<usize, Answer> {
    let mut number = 0;
    let mut changed = Vec::new();
    let mut missing = Vec::new();
    for reference in &info.references {
        let path = match &reference.target {
            Target::File(path) => path,
            Target::Part(..) => continue,
            Target::Beyond(reason) => return Err(Answer::NotChecked(format!("{reason}."))),
        };
        number += 1;
        match files(path, reference.hash()?) {
            Some(digest) if digest == reference.digest => {}
            Some(_) => changed.push(path.as_str()),
            None => missing.push(path.as_str()),
        }
    }
    match (changed.as_slice(), missing.as_slice()) {
        ([], []) if number == 0 => Err(no("The signature is over no file.")),
        ([], []) => Ok(number),
        ([], missing) => Err(no(format!("{} signed and not there.", some(missing)))),
        (changed, _) => Err(no(format!("{} not what was signed.", some(changed)))),
    }
}

impl Reference {
    /// The file that it is to.
    pub(super) fn path(&self) -> Option<&str> {
        match &self.target {
            Target::File(path) => Some(path),
            _ => None,
        }
    }

    fn hash(&self) -> Result<Hash, Answer> {
        match &self.digesting {
            Digesting::By(hash) => Ok(*hash),
            Digesting::Weak(name) => Err(no(format!("A part was signed by its {name}, which is too weak to count."))),
            Digesting::Unknown(name) => {
                Err(Answer::NotChecked(format!("The digest algorithm {name:?} is not supported.")))
            }
        }
    }
}

/// The first three of some paths, as the beginning of a sentence.
fn some(paths: &[&str]) -> String {
    let shown: Vec<String> = paths.iter().take(3).map(|path| format!("{path:?}")).collect();
    match paths.len() {
        1 => format!("{} is", shown.join(", ")),
        2 | 3 => format!("{} are", shown.join(", ")),
        number => format!("{} and {} more files are", shown.join(", "), number - 3),
    }
}

fn unread(reason: &str) -> Answer {
    Answer::NotChecked(format!("The signature was not checked: {reason}."))
}

fn no(reason: impl Into<String>) -> Answer {
    Answer::No(reason.into())
}
