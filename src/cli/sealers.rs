//! Who seals a package: the project's keys, or the keys that the command line names.

use std::path::PathBuf;

use clap::Args;
use model::{Fault, Instant};
use seal::x509::{FileSigner, Signer, self_signed};

use super::context::Context;
use super::keys::{self, Key, Keyring, Role};
use super::passphrase::PassphraseArgs;
use super::{certificates, files};

/// From when to when a certificate says it holds that nobody vouches for: always the same, so that it follows from its key.
const FROM: &str = "2020-01-01T00:00:00Z";
const UNTIL: &str = "2200-01-01T00:00:00Z";

/// Whose keys.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SignerArgs {
    /// Private key that signs with a certificate: a PEM file, P-256 (can be repeated, with a certificate for each)
    #[arg(long, value_name = "KEY", requires = "certificate")]
    pub(crate) signer: Vec<PathBuf>,
    /// The signer's certificate, and behind it those that lead to its authority
    #[arg(long, value_name = "PEM", requires = "signer")]
    pub(crate) certificate: Vec<PathBuf>,
    /// Refuse to seal with fewer different signers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) require_signers: usize,
}

/// Who seals a package.
pub(crate) struct Sealers {
    /// Signs as OpenSSH, minisign and DSSE do.
    pub(crate) key: Key,
    /// Who signs with certificates.
    pub(crate) people: Vec<Box<dyn Signer>>,
    /// Nobody was named, so that the project's own certificate stands for it.
    pub(crate) own: bool,
}

impl Sealers {
    /// Opens all keys.
    ///
    /// # Errors
    /// `too-few-signers`, `signer-without-certificate`, `bad-signing-key`, `certificate-mismatch`, `bad-certificate`,
    /// `key-mode`; what the keyring says; I/O faults.
    pub(crate) fn open(context: &Context, args: &SignerArgs, secret: &PassphraseArgs) -> Result<Self, Fault> {
        let key = Keyring::of(context).open(context, Role::Evidence, secret)?;
        let own = args.signer.is_empty();
        let people = if own { vec![own_signer(context, &key)?] } else { named(context, args, secret)? };
        enough(&people, args.require_signers)?;
        Ok(Sealers { key, people, own })
    }
}

/// The signers that the command line names.
///
/// # Errors
/// As [`Sealers::open`].
pub(crate) fn named(
    context: &Context,
    args: &SignerArgs,
    secret: &PassphraseArgs,
) -> Result<Vec<Box<dyn Signer>>, Fault> {
    if args.signer.len() != args.certificate.len() {
        let message = format!("{} keys and {} certificates were named", args.signer.len(), args.certificate.len());
        return Err(Fault::usage("signer-without-certificate", message)
            .advise("Name a certificate for each signer, in the same order."));
    }
    let mut people: Vec<Box<dyn Signer>> = Vec::new();
    for (key, certificate) in args.signer.iter().zip(&args.certificate) {
        let pem = keys::read_secret(context, key, secret)?;
        let signer = FileSigner::new(&pem, certificates::read(certificate)?);
        people.push(Box::new(signer.map_err(|fault| fault.in_file(key))?));
    }
    Ok(people)
}

/// Two seals of one person are one signer.
fn enough(people: &[Box<dyn Signer>], wanted: usize) -> Result<(), Fault> {
    let mut different: Vec<_> = people.iter().map(|signer| signer.certificate().sha256()).collect();
    different.sort();
    different.dedup();
    match different.len() >= wanted {
        true => Ok(()),
        false => {
            let message = format!("{wanted} different signers are required, {} were named", different.len());
            Err(Fault::refused("too-few-signers", message)
                .advise("Name each with --signer and --certificate, or add a signature later with package sign."))
        }
    }
}

/// The P-256 key that follows from the project's key, with a certificate that it signs itself. Nobody vouches for it, but the
/// signatures have the forms that other programs check. The certificate lies beside the key, to be given to whom it may
/// concern.
fn own_signer(context: &Context, key: &Key) -> Result<Box<dyn Signer>, Fault> {
    let name = format!("probity evidence key {}", key.secret.public().short_id());
    let day = |text| Instant::parse(text);
    let seed = key.secret.derive("probity evidence x509 1");
    let (pem, certificate) = self_signed(&seed, &name, day(FROM)?, day(UNTIL)?)?;
    let file = if key.demo { "demo-evidence.pem" } else { "evidence.pem" };
    let path = context.project.state("keys").join(file);
    if !path.is_file() {
        files::write(&path, certificate.to_pem().as_bytes(), files::Existing::Replace)?;
    }
    Ok(Box::new(FileSigner::new(&pem, vec![certificate])?))
}
