//! The signatures of `manifest.json` by an Ed25519 key: OpenSSH, minisign, DSSE.

use model::Digest;
use seal::{PublicKey, dsse, minisign, sha256, sshsig};

use super::super::build::trusted_comment;
use super::super::intake::Package;
use super::super::manifest::Manifest;
use super::super::paths::*;
use super::super::people;
use super::super::texts;
use super::super::verification::{Check, Question};

/// The checks of all of them and of the key; the key, when its SSH signature is good.
pub(super) fn of_key(
    package: &Package,
    manifest: Result<&Manifest, &String>,
    trusted: &[PublicKey],
) -> (Vec<Check>, Option<PublicKey>) {
    let (mut checks, signer) = signature_checks(package, manifest);
    checks.push(match &signer {
        Some(key) => statement_check(package, key),
        None => Check::not_checked("statement", "The key is not known without the SSH signature."),
    });
    checks.push(people::of_key(signer.as_ref(), trusted).about(Question::SignerTrusted));
    (checks, signer)
}

/// The in-toto statement is by the same key, about this `manifest.json`.
fn statement_check(package: &Package, key: &PublicKey) -> Check {
    let statement = package.held(DSSE).and_then(|envelope| {
        let verified = dsse::verify(envelope, &[*key]).map_err(|fault| fault.message().to_owned())?;
        dsse::Statement::parse(&verified.body).map_err(|fault| fault.message().to_owned())
    });
    match (statement, package.held(MANIFEST)) {
        (Err(why), _) | (_, Err(why)) => Check::failed("statement", why),
        (Ok(statement), Ok(manifest)) if is_about(&statement, sha256(manifest)) => {
            Check::passed("statement", format!("{DSSE} states the digest of {MANIFEST}, signed with the same key."))
        }
        (Ok(_), Ok(_)) => Check::failed("statement", format!("{DSSE} is a statement about something else.")),
    }
}

fn is_about(statement: &dsse::Statement, manifest: Digest) -> bool {
    statement.predicate_type == PREDICATE && statement.subjects == [("manifest.json".to_owned(), manifest)]
}

/// Both signatures of `manifest.json`, by one key, which is the key that the other files name.
fn signature_checks(package: &Package, manifest: Result<&Manifest, &String>) -> (Vec<Check>, Option<PublicKey>) {
    let ssh = package.held(MANIFEST).and_then(|message| {
        let armoured = package.held_text(SSH_SIGNATURE)?;
        sshsig::verify(armoured, NAMESPACE, message).map_err(|fault| fault.message().to_owned())
    });
    let key = match ssh {
        Ok(key) => key,
        Err(why) => {
            let unknown = Check::not_checked("minisign-signature", "The key is not known without the SSH signature.");
            return (vec![Check::failed("ssh-signature", why), unknown], None);
        }
    };
    let mut places = Vec::new();
    let forms = [
        (SIGNER, texts::signer(&key)),
        (ALLOWED_SIGNERS, texts::allowed_signers(&key)),
        (MINISIGN_KEY, texts::minisign_key(&key)),
    ];
    for (path, expect) in forms {
        if package.held(path) != Ok(&expect) {
            places.push(format!("{path}: it does not hold the key that signed"));
        }
    }
    if manifest.is_ok_and(|manifest| manifest.signer != key.fingerprint()) {
        places.push(format!("{MANIFEST}: it names another signer than the key that signed it"));
    }
    let passed = format!("{MANIFEST} is signed with {} (ssh-ed25519).", key.fingerprint());
    let checks = vec![Check::of("ssh-signature", passed, places), minisign_check(package, manifest, &key)];
    (checks, Some(key))
}

fn minisign_check(package: &Package, manifest: Result<&Manifest, &String>, key: &PublicKey) -> Check {
    let comment = package.held(MANIFEST).and_then(|message| {
        let text = package.held_text(MINISIGNATURE)?;
        minisign::verify(text, key, message).map_err(|fault| fault.message().to_owned())
    });
    match (comment, manifest) {
        (Err(why), _) => Check::failed("minisign-signature", why),
        (Ok(comment), Ok(manifest)) if comment != trusted_comment(manifest) => {
            Check::failed("minisign-signature", "The comment of the minisign signature belongs to another package.")
        }
        (Ok(_), _) => {
            Check::passed("minisign-signature", format!("{MANIFEST} is signed with the same key (minisign)."))
        }
    }
}
