//! What is noted of recipients after a request was answered: signed, and chained to the certificate.

use evidence::package::IDENTITY;
use model::{ByteSize, Digest, Fault};
use privacy::certificate::Supplement;
use seal::sshsig;

use super::ToldArgs;
use crate::cli::context::Context;
use crate::cli::files;
use crate::cli::requests::Dossier;
use crate::cli::sealers::{Sealers, SignerArgs};

/// The namespace of the signature.
const NAMESPACE: &str = "erase-supplement@probity";
/// The last one, in the register.
const DIGEST: &str = "supplement";
const SIZE_MAX: ByteSize = ByteSize(16 << 20);

/// The key that signs, where there is something to continue: a request that is closed and has a certificate.
pub(super) fn means(context: &Context, args: &ToldArgs, dossier: &Dossier) -> Result<Option<(Sealers, Digest)>, Fault> {
    let closed = !dossier.request.status.is_open();
    let Some(certificate) = dossier.request.digest("certificate").filter(|_| closed) else { return Ok(None) };
    let sealers = Sealers::open(context, &args.key, &SignerArgs::default(), &args.passphrase)?;
    Ok(Some((sealers, certificate)))
}

/// Writes the next supplement, and notes it in the register.
pub(super) fn write(
    context: &mut Context,
    dossier: &mut Dossier,
    (sealers, certificate): &(Sealers, Digest),
) -> Result<(), Fault> {
    let (last, follows) = last(dossier, *certificate)?;
    let actor = context.actor();
    let of = Supplement {
        request: &dossier.request.id,
        number: last + 1,
        certificate: *certificate,
        follows,
        made: context.now(),
        operator: &actor,
        tool: concat!("probity ", env!("CARGO_PKG_VERSION")),
        recipients: &dossier.request.recipients,
    };
    let (bytes, name) = (of.to_bytes()?, name(of.number));
    let digest = seal::sha256(&bytes);
    let key = &*sealers.key;
    let allowed = format!("{IDENTITY} namespaces=\"{NAMESPACE}\" {}\n", key.public().openssh("").trim_end());
    dossier.write(&format!("{name}.sig"), sshsig::sign(&bytes, NAMESPACE, key)?.as_bytes())?;
    dossier.write(&format!("{name}.allowed_signers"), allowed.as_bytes())?;
    // Last: where it is, the others are. One that the register does not know is written over.
    dossier.write(&name, &bytes)?;
    dossier.request.set_digest(DIGEST, digest);
    context.trace.digest(DIGEST, digest);
    context.output.note(&format!("{} says so, signed", dossier.path(&name).display()));
    Ok(())
}

fn name(number: u64) -> String {
    format!("supplement-{number:04}.json")
}

/// The number and digest of the document that the next one follows.
fn last(dossier: &Dossier, certificate: Digest) -> Result<(u64, Digest), Fault> {
    let Some(known) = dossier.request.digest(DIGEST) else { return Ok((0, certificate)) };
    for number in 1.. {
        let path = dossier.path(&name(number));
        if !path.is_file() {
            break;
        }
        if seal::sha256(&files::read(&path, SIZE_MAX)?) == known {
            return Ok((number, known));
        }
    }
    Err(Fault::bad_input(
        "bad-request-file",
        format!("The supplement sha256:{known} of {} is missing", dossier.request.id),
    )
    .advise("Restore the folder of the request from a backup."))
}
