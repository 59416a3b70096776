//! Who seals a package: the project's keys, or the keys that the command line names.

use std::path::PathBuf;

use clap::Args;
use model::{Fault, Instant};
use seal::Ed25519Signer;
use seal::x509::{Certificate, FileSigner, Signer, self_signed};

use super::context::Context;
use super::keys::{self, Key, Keyring, Role};
use super::passphrase::PassphraseArgs;
use super::{certificates, files, sealing_key};

/// From when to when a certificate says it holds that nobody vouches for: always the same, so that it follows from its key.
const FROM: &str = "2020-01-01T00:00:00Z";
const UNTIL: &str = "2200-01-01T00:00:00Z";
/// What the URI of a key in a token begins with (RFC 7512).
const TOKEN: &str = "pkcs11:";

/// Whose keys.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SignerArgs {
    /// Private key that signs with a certificate: a PEM file, P-256, or the pkcs11: URI of one in a token (can be repeated)
    #[arg(long, value_name = "KEY")]
    pub(crate) signer: Vec<String>,
    /// The signer's certificate, and behind it those that lead to its authority; not needed where the token holds them
    #[arg(long, value_name = "PEM", requires = "signer")]
    pub(crate) certificate: Vec<PathBuf>,
    /// Refuse to seal with fewer different signers
    #[arg(long, value_name = "N")]
    pub(crate) require_signers: Option<usize>,
}

/// The key that seals.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeyArgs {
    /// Ed25519 key that seals instead of the project's: agent:SHA256:FINGERPRINT, agent:COMMENT, or a file (PKCS#8 PEM, OpenSSH)
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// Who seals a package.
pub(crate) struct Sealers {
    /// Signs as OpenSSH, minisign and DSSE do.
    pub(crate) key: Box<dyn Ed25519Signer>,
    /// It was made for a demonstration.
    pub(crate) demo: bool,
    /// Who signs with certificates. Nobody, where `--key` named another key than the project's and no signer was named:
    /// the certificate of its own follows from the project's key.
    pub(crate) people: Vec<Box<dyn Signer>>,
    /// Nobody was named, so that the project's own certificate stands for it.
    pub(crate) own: bool,
}

impl Sealers {
    /// Opens all keys.
    ///
    /// # Errors
    /// As [`named`] and [`sealing_key::open`]; `too-few-signers`; what the keyring says.
    pub(crate) fn open(
        context: &Context,
        key: &KeyArgs,
        args: &SignerArgs,
        secret: &PassphraseArgs,
    ) -> Result<Self, Fault> {
        let people = || named(context, args, secret);
        let sealers = match &key.key {
            Some(name) => {
                let key = sealing_key::open(context, name, secret)?;
                Sealers { key, demo: false, people: people()?, own: false }
            }
            None => {
                let key = Keyring::of(context).open(context, Role::Evidence, secret)?;
                let own = args.signer.is_empty();
                let people = if own { vec![own_signer(context, &key)?] } else { people()? };
                Sealers { key: Box::new(key.secret), demo: key.demo, people, own }
            }
        };
        enough(&sealers.people, args.require_signers.unwrap_or_default())?;
        Ok(sealers)
    }
}

/// The signers that the command line names.
///
/// # Errors
/// `signer-without-certificate`, `bad-signing-key`, `certificate-mismatch`, `bad-certificate`, `key-mode`; those of
/// tokens; I/O faults.
pub(crate) fn named(
    context: &Context,
    args: &SignerArgs,
    secret: &PassphraseArgs,
) -> Result<Vec<Box<dyn Signer>>, Fault> {
    let files = args.signer.iter().filter(|key| !key.starts_with(TOKEN)).count();
    // Either everybody brings a certificate, or those do whose key is in a file.
    let everybody = args.signer.len() == args.certificate.len();
    if !everybody && files != args.certificate.len() {
        let message = format!("{} keys and {} certificates were named", args.signer.len(), args.certificate.len());
        return Err(Fault::usage("signer-without-certificate", message)
            .advise("Name a certificate for each signer, in the same order; for those in tokens all or none."));
    }
    let mut given = args.certificate.iter();
    let mut people: Vec<Box<dyn Signer>> = Vec::new();
    for key in &args.signer {
        let uri = key.strip_prefix(TOKEN);
        let certificate = if uri.is_some() && !everybody { None } else { given.next() };
        let certificates = certificate.map(|path| certificates::read(path)).transpose()?;
        people.push(match uri {
            Some(uri) => in_token(context, uri, certificates, secret)?,
            None => in_file(context, key, certificates.unwrap_or_default(), secret)?,
        });
    }
    Ok(people)
}

fn in_file(
    context: &Context,
    path: &str,
    certificates: Vec<Certificate>,
    secret: &PassphraseArgs,
) -> Result<Box<dyn Signer>, Fault> {
    let pem = keys::read_secret(context, path.as_ref(), secret)?;
    let signer = FileSigner::new(&pem, certificates).map_err(|fault| fault.in_file(path.as_ref()))?;
    Ok(Box::new(signer))
}

#[cfg(feature = "pkcs11")]
fn in_token(
    context: &Context,
    uri: &str,
    certificates: Option<Vec<Certificate>>,
    secret: &PassphraseArgs,
) -> Result<Box<dyn Signer>, Fault> {
    Ok(Box::new(super::token::open(context, uri, certificates, secret)?))
}

#[cfg(not(feature = "pkcs11"))]
fn in_token(_: &Context, _: &str, _: Option<Vec<Certificate>>, _: &PassphraseArgs) -> Result<Box<dyn Signer>, Fault> {
    Err(Fault::usage("not-built-in", "This probity was built without tokens (PKCS#11)").advise("Use the full build."))
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
                .advise("Name each with --signer and --certificate, or add a signature later with `package sign`."))
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
