//! The keys of a project: one per purpose, each an Ed25519 key in a file of mode 0600.
//!
//! One key, one purpose: a signature of one kind can then never be passed off as one of another.
//! The ledger's and the store's keys open without a passphrase, because every run needs them; the evidence key may have one.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use model::{ByteSize, Fault};
use seal::{PublicKey, SigningKey};
use zeroize::Zeroizing;

use super::context::Context;
use super::files;
use super::passphrase::{Passphrase, PassphraseArgs};

const KEY_FILE_MAX: ByteSize = ByteSize(64 << 10);

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Signs packages.
    Evidence,
    /// Signs checkpoints of the ledger.
    Ledger,
    /// Signs commits of the store.
    Store,
}

impl Role {
    pub(crate) const ALL: [Role; 3] = [Role::Evidence, Role::Ledger, Role::Store];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::Evidence => "evidence",
            Role::Ledger => "ledger",
            Role::Store => "store",
        }
    }
}

/// A key that is open.
pub(crate) struct Key {
    pub(crate) secret: SigningKey,
    /// Made for a demonstration, and named as such wherever it appears.
    pub(crate) demo: bool,
}

/// The folder of keys of a project.
pub(crate) struct Keyring {
    folder: PathBuf,
    initialised: bool,
}

impl Keyring {
    pub(crate) fn of(context: &Context) -> Self {
        Keyring { folder: context.project.state("keys"), initialised: context.project.is_initialised() }
    }

    /// Opens the key for `role`. In a folder where `init` has not been, a demo key is made and named as such.
    ///
    /// # Errors
    /// `no-key` in a project whose key is gone; `key-mode` when others can read it; `passphrase-needed`,
    /// `wrong-passphrase`, `bad-key-file`; I/O faults.
    pub(crate) fn open(&self, context: &Context, role: Role, secret: &PassphraseArgs) -> Result<Key, Fault> {
        match self.existing(role) {
            Some((path, demo)) => {
                let key = load(&path, demo, role, context.may_ask, secret)?;
                complete(&path, &key, role)?;
                Ok(key)
            }
            None if self.initialised => Err(Fault::unavailable(
                "no-key",
                format!("The {} key of this project is not in {}", role.word(), self.folder.display()),
            )
            .advise("Restore it from your backup. A new key would start a new history, so probity does not make one.")),
            None => {
                match self.create(role, Naming::Demo, None) {
                    // Another run was quicker; its key is ours.
                    Err(fault) if fault.code() == "output-exists" => return self.open(context, role, secret),
                    made => made?,
                };
                context.output.note(&format!(
                    "made a demo key for the {0}: {1}. `probity init` makes keys of your own, in a new folder.",
                    role.word(),
                    self.folder.join(file_name(role, Naming::Demo)).display()
                ));
                self.open(context, role, secret)
            }
        }
    }

    /// The public half, without opening the secret.
    ///
    /// # Errors
    /// `no-key` when there is none; `bad-key-file`; I/O faults.
    pub(crate) fn public(&self, role: Role) -> Result<PublicKey, Fault> {
        let (path, _) = self.existing(role).ok_or_else(|| {
            Fault::bad_input("no-key", format!("There is no {} key in {}", role.word(), self.folder.display()))
                .advise("Work in the folder of a project, or name it with --project.")
        })?;
        let path = path.with_extension("pub");
        PublicKey::from_openssh(&files::read_text(&path, KEY_FILE_MAX)?).map_err(|fault| fault.in_file(&path))
    }

    /// Makes a key: secret half of mode 0600 in a folder of mode 0700, public half beside it.
    ///
    /// # Errors
    /// `output-exists`; I/O faults.
    pub(crate) fn create(&self, role: Role, naming: Naming, passphrase: Option<&Passphrase>) -> Result<PathBuf, Fault> {
        private_folder(&self.folder)?;
        let seed = random()?;
        let key = SigningKey::from_seed(*seed);
        let path = self.folder.join(file_name(role, naming));
        let public = public_line(&key, role, naming);
        write_secret(&path, &secret_bytes(&key, passphrase)?)?;
        files::write(&path.with_extension("pub"), public.as_bytes(), files::Existing::Keep)?;
        Ok(path)
    }

    /// Every key that is there: what for, its file, and whether it was made for a demonstration.
    #[cfg(feature = "rules")]
    pub(crate) fn files(&self) -> Vec<(Role, PathBuf, bool)> {
        let file = |role| self.existing(role).map(|(path, demo)| (role, path, demo));
        Role::ALL.into_iter().filter_map(file).collect()
    }

    /// Whether the key is there, private, and the other half of its public one, as far as that shows without its passphrase;
    /// true for one that was made for a demonstration.
    ///
    /// # Errors
    /// `no-key`, `key-mode`, `bad-key-file`; I/O faults.
    pub(crate) fn look(&self, role: Role) -> Result<bool, Fault> {
        let public = self.public(role)?;
        let Some((path, demo)) = self.existing(role) else { return Ok(false) };
        refuse_shared(&path)?;
        let bytes = Zeroizing::new(files::read(&path, KEY_FILE_MAX)?);
        if bytes.starts_with(b"age-encryption.org") {
            return Ok(demo);
        }
        let secret = SigningKey::from_pem(&as_text(&bytes)?).map_err(|fault| fault.in_file(&path))?;
        match secret.public() == public {
            true => Ok(demo),
            false => Err(Fault::bad_config("bad-key-file", "The public half beside it belongs to another key")
                .in_file(&path)
                .advise("Restore both halves from your backup.")),
        }
    }

    fn existing(&self, role: Role) -> Option<(PathBuf, bool)> {
        [(Naming::Own, false), (Naming::Demo, true)]
            .into_iter()
            .map(|(naming, demo)| (self.folder.join(file_name(role, naming)), demo))
            .find(|(path, _)| path.is_file())
    }
}

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    Own,
    Demo,
}

/// Writes the public half where a run was stopped between the two halves.
fn complete(path: &Path, key: &Key, role: Role) -> Result<(), Fault> {
    let path = path.with_extension("pub");
    if path.exists() {
        return Ok(());
    }
    let naming = if key.demo { Naming::Demo } else { Naming::Own };
    match files::write(&path, public_line(&key.secret, role, naming).as_bytes(), files::Existing::Keep) {
        // The run that makes the key has just written it.
        Err(fault) if fault.code() == "output-exists" => Ok(()),
        written => written,
    }
}

fn public_line(key: &SigningKey, role: Role, naming: Naming) -> String {
    key.public().openssh(&comment(role, naming)) + "\n"
}

fn file_name(role: Role, naming: Naming) -> String {
    match naming {
        Naming::Own => format!("{}.key", role.word()),
        Naming::Demo => format!("demo-{}.key", role.word()),
    }
}

fn comment(role: Role, naming: Naming) -> String {
    match naming {
        Naming::Own => format!("probity-{}", role.word()),
        Naming::Demo => format!("probity-DEMO-{}", role.word()),
    }
}

#[cfg(feature = "passphrase")]
fn secret_bytes(key: &SigningKey, passphrase: Option<&Passphrase>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let pem = key.to_pem();
    match passphrase {
        Some(passphrase) => seal::protect(&pem, passphrase, seal::Limits::WORK_FACTOR).map(Zeroizing::new),
        None => Ok(Zeroizing::new(pem.as_bytes().to_vec())),
    }
}

#[cfg(not(feature = "passphrase"))]
fn secret_bytes(key: &SigningKey, passphrase: Option<&Passphrase>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    match passphrase {
        Some(_) => Err(no_passphrases()),
        None => Ok(Zeroizing::new(key.to_pem().as_bytes().to_vec())),
    }
}

#[cfg(not(feature = "passphrase"))]
fn no_passphrases() -> Fault {
    Fault::usage("not-built-in", "This probity was built without passphrases").advise("Use the full build.")
}

fn load(path: &Path, demo: bool, role: Role, may_ask: bool, secret: &PassphraseArgs) -> Result<Key, Fault> {
    refuse_shared(path)?;
    let bytes = Zeroizing::new(files::read(path, KEY_FILE_MAX)?);
    let pem = open_bytes(&bytes, role, may_ask, secret).map_err(|fault| fault.in_file(path))?;
    let secret = SigningKey::from_pem(&pem).map_err(|fault| fault.in_file(path))?;
    Ok(Key { secret, demo })
}

#[cfg(feature = "passphrase")]
fn open_bytes(bytes: &[u8], role: Role, may_ask: bool, secret: &PassphraseArgs) -> Result<Zeroizing<String>, Fault> {
    if seal::is_protected(bytes) {
        let passphrase = secret.required(may_ask, &format!("the {} key", role.word()))?;
        return seal::unprotect(bytes, &passphrase);
    }
    as_text(bytes)
}

#[cfg(not(feature = "passphrase"))]
fn open_bytes(bytes: &[u8], _: Role, _: bool, _: &PassphraseArgs) -> Result<Zeroizing<String>, Fault> {
    if bytes.starts_with(b"age-encryption.org") { Err(no_passphrases()) } else { as_text(bytes) }
}

fn as_text(bytes: &[u8]) -> Result<Zeroizing<String>, Fault> {
    std::str::from_utf8(bytes)
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| Fault::bad_input("bad-key-file", "This is not a key file").advise("Give a PEM file (PKCS#8)."))
}

/// A secret key that others can read is no secret; ssh refuses such keys too.
fn refuse_shared(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = fs::metadata(path).map_err(|error| Fault::io("open", path, error))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("The key file {} can be read by others (mode {mode:04o})", path.display());
        return Err(Fault::refused("key-mode", message).advise(format!("chmod 600 {}", path.display())));
    }
    Ok(())
}

/// Makes a folder that only its owner can enter.
///
/// # Errors
/// I/O faults.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Fault> {
    let fault = |error| Fault::io("create the folder", folder, error);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fault)
}

/// A private key in PEM that the user names, opened with its passphrase where it has one.
///
/// # Errors
/// `key-mode`, `passphrase-needed`, `wrong-passphrase`, `bad-key-file`; I/O faults.
pub(crate) fn read_secret(context: &Context, path: &Path, secret: &PassphraseArgs) -> Result<Zeroizing<String>, Fault> {
    refuse_shared(path)?;
    let bytes = Zeroizing::new(files::read(path, KEY_FILE_MAX)?);
    open_bytes(&bytes, Role::Evidence, context.may_ask, secret).map_err(|fault| fault.in_file(path))
}

/// The seed of a key, from the operating system.
///
/// # Errors
/// `no-randomness`.
pub(crate) fn random() -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *seed).map_err(|error| {
        Fault::unavailable("no-randomness", format!("The system gives no randomness: {error}"))
            .advise("Run the command again.")
    })?;
    Ok(seed)
}

/// A secret appears whole or not at all; two runs at once make one key, and the second sees it.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    use std::io::Write as _;
    let fault = |error| Fault::io("write", path, error);
    // The temporary file has mode 0600 from its first byte.
    let mut file = tempfile::NamedTempFile::new_in(files::folder_of(path)).map_err(fault)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(fault)?;
    file.persist_noclobber(path).map(drop).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => files::exists(path),
        _ => fault(error.error),
    })
}
