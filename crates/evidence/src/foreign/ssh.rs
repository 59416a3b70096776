//! An SSH signature that lies beside its document (OpenSSH PROTOCOL.sshsig): an export that is one document, a certificate
//! of erasure, or whatever somebody signed with `ssh-keygen -Y sign`.

use std::path::Path;

use model::Fault;
use seal::PublicKey;
use seal::sshsig::Signature;

use super::hash::Algorithm;
use super::single::Streamed;
use super::{Beside, Data, Form, answer, certificate, export, supplement, unreadable};
use crate::bytes::{Bytes, take};
use crate::package::people::{People, of_key};
use crate::package::{Ask, Check, Question, Verification};

/// The check without which nothing is intact.
pub(super) const SIGNATURE: &str = "ssh-signature";
/// More is no signature.
const SIGNATURE_MAX: u64 = 64 << 10;

/// Checks `input`, a signature, over `data`; `beside` has what a certificate or a supplement to one is compared with.
pub(super) fn verify(input: &dyn Bytes, data: Data<'_>, beside: Beside<'_>, ask: &Ask) -> Result<Verification, Fault> {
    let failed = |error| Fault::io("read", Path::new(data.name), error);
    let size = data.bytes.size().map_err(failed)?;
    let signature = read(input)?;
    let (signed, key) = match &signature {
        Err(why) => (Check::failed(SIGNATURE, why), None),
        Ok(signature) => {
            let streamed = Streamed::new(data);
            let digest = streamed.hash(Algorithm::from(signature.hash()));
            streamed.settle()?;
            judged(signature, &digest.unwrap_or_default(), data.name, size)
        }
    };
    let namespace = signature.as_ref().map(|it| it.namespace().into_owned()).unwrap_or_default();
    let (form, content) = match namespace.as_str() {
        export::NAMESPACE => (Form::Export, Vec::new()),
        certificate::NAMESPACE => (Form::Certificate, certificate::checks(data, beside.plan, key.is_some())?),
        supplement::NAMESPACE => (Form::Supplement, supplement::checks(data, beside.earlier, key.is_some())?),
        _ => (Form::SshSignature, Vec::new()),
    };
    if !beside.earlier.is_empty() && form != Form::Supplement {
        return Err(Fault::usage("data-not-needed", "Only a supplement continues a certificate of erasure")
            .advise("Leave out --certificate."));
    }
    if beside.plan.is_some() && form != Form::Certificate {
        return Err(Fault::usage("data-not-needed", "Only a certificate of erasure is compared with a plan")
            .advise("Leave out --plan."));
    }
    let mut checks = vec![signed];
    checks.extend(content);
    checks.extend(of_signer(key.as_ref(), ask));
    Ok(Verification { signer: key, ..answer(form, checks, &[SIGNATURE], (1, size)) })
}

fn read(input: &dyn Bytes) -> Result<Result<Signature, String>, Fault> {
    let len = input.size().map_err(unreadable)?.min(SIGNATURE_MAX + 1);
    let bytes = take(input, 0, len as usize).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "The signature is no text.".to_owned());
    Ok(text.and_then(|text| Signature::parse(text).map_err(|fault| format!("{}.", fault.message()))))
}

/// What a signature says about the digest of `name`, and the key that made it where it is good.
pub(super) fn judged(signature: &Signature, digest: &[u8], name: &str, size: u64) -> (Check, Option<PublicKey>) {
    match signature.check(digest) {
        Ok(key) => {
            let size = model::grouped(size);
            let why = format!(
                "The {size} bytes of {name} are signed for {:?} with {}.",
                signature.namespace(),
                key.fingerprint()
            );
            (Check::passed(SIGNATURE, why), Some(key))
        }
        Err(_) => (Check::failed(SIGNATURE, format!("{name}: the signature is not over these bytes.")), None),
    }
}

/// Whether the user trusts the key, and whether enough of those whom they trust have signed.
pub(super) fn of_signer(key: Option<&PublicKey>, ask: &Ask) -> Vec<Check> {
    let least = usize::from(key.is_some_and(|key| ask.keys.contains(key)));
    let signer = match key {
        Some(key) if ask.keys.is_empty() && !ask.anchors.is_empty() => Check::failed(
            "signer",
            format!("You named certificates to trust; this is signed with a key, {}.", key.fingerprint()),
        ),
        _ => of_key(key, ask.keys),
    };
    let signer = signer.about(Question::SignerTrusted);
    std::iter::once(signer).chain(People::default().enough(ask, least)).collect()
}
