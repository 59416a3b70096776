//! Files for the holder of a key: age with one X25519 stanza, which `age -d -i key.txt` opens.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret as _;
use age::x25519::{Identity, Recipient};
use model::Fault;
use zeroize::Zeroizing;

/// Encrypts `bytes` to an age recipient, `age1…`.
///
/// The bytes differ each time: the age crate draws the file key from the operating system.
///
/// # Errors
/// `bad-recipient`.
pub fn encrypt_to(recipient: &str, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let recipient = parse(recipient)?;
    age::encrypt(&recipient, bytes)
        .map_err(|error| Fault::internal("encryption-failed", "The file could not be encrypted").caused_by(error))
}

/// A new key: the secret, `AGE-SECRET-KEY-1…`, and the recipient that belongs to it, `age1…`.
///
/// The age crate draws it from the operating system.
pub fn new_holder() -> (Zeroizing<String>, String) {
    let identity = Identity::generate();
    (Zeroizing::new(identity.to_string().expose_secret().to_owned()), identity.to_public().to_string())
}

/// Decrypts what [`encrypt_to`] or `age -r` wrote. `identity` is the text of a file of `age-keygen`.
///
/// # Errors
/// `bad-identity`; `wrong-identity` when the file is for somebody else; `bad-age-file` when it is damaged.
pub fn decrypt_with(identity: &str, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    age::decrypt(&holder(identity)?, bytes).map(Zeroizing::new).map_err(explain)
}

fn holder(identity: &str) -> Result<Identity, Fault> {
    let line = identity.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    line.and_then(|line| Identity::from_str(line).ok()).ok_or_else(|| {
        Fault::bad_input("bad-identity", "this is no secret key of age")
            .advise("Give the file that `age-keygen -o FILE` wrote; it holds a line that begins with AGE-SECRET-KEY-1.")
    })
}

fn explain(error: age::DecryptError) -> Fault {
    match error {
        age::DecryptError::NoMatchingKeys => Fault::refused("wrong-identity", "The file was encrypted to another key")
            .advise("Ask whoever holds the key to it."),
        other => Fault::bad_input("bad-age-file", "The file is damaged or no file of age")
            .advise("Take a fresh copy of it.")
            .caused_by(other),
    }
}

/// What an encrypted file holds, read at any place. Nothing of it is written anywhere, and 64 KiB of it are in memory.
///
/// Each piece is authenticated before a byte of it is given; that the file was cut shows when its end is asked for.
pub struct Opened<R>(age::stream::StreamReader<BufReader<R>>);

impl<R: Read + Seek> Opened<R> {
    /// Opens what [`encrypt_to`], [`Sealing`] or `age -r` wrote. `identity` is the text of a file of `age-keygen`.
    ///
    /// # Errors
    /// As [`decrypt_with`].
    pub fn new(identity: &str, input: R) -> Result<Self, Fault> {
        let holder = holder(identity)?;
        let decryptor = age::Decryptor::new_buffered(BufReader::new(input)).map_err(explain)?;
        decryptor.decrypt(std::iter::once(&holder as &dyn age::Identity)).map(Opened).map_err(explain)
    }
}

impl<R: Read + Seek> Read for Opened<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<R: Read + Seek> Seek for Opened<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// A file for the holders of several keys, written as a stream.
pub struct Sealing<W: Write>(age::stream::StreamWriter<W>);

impl<W: Write> Sealing<W> {
    /// Begins a file that each of `recipients`, `age1…`, can open.
    ///
    /// # Errors
    /// `bad-recipient`, or what `out` says.
    pub fn begin(recipients: &[String], out: W) -> Result<Self, Fault> {
        let known = recipients.iter().map(|recipient| parse(recipient)).collect::<Result<Vec<_>, _>>()?;
        let encryptor =
            age::Encryptor::with_recipients(known.iter().map(|one| one as &dyn age::Recipient)).map_err(|why| {
                Fault::usage("bad-recipient", why.to_string()).advise("Name at least one recipient of age.")
            })?;
        let writer = encryptor.wrap_output(out);
        writer.map(Sealing).map_err(|error| Fault::io("write", Path::new("the encrypted file"), error))
    }

    /// Writes the last block. Without it the file cannot be opened.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish()
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn parse(recipient: &str) -> Result<Recipient, Fault> {
    Recipient::from_str(recipient.trim()).map_err(|why| {
        Fault::usage("bad-recipient", format!("this is no recipient of age: {why}"))
            .advise("Give the public key that `age-keygen` printed; it begins with age1.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The holder of the key opens it, nobody else, and not when a byte is missing.
    #[test]
    fn only_the_holder_opens_it() {
        let (holder, other) = (Identity::generate(), Identity::generate());
        let text = |identity: &Identity| format!("# created: now\n{}\n", identity.to_string().expose_secret());
        let file = encrypt_to(&holder.to_public().to_string(), b"secret").expect("a recipient");
        assert_eq!(&**decrypt_with(&text(&holder), &file).expect("the holder"), b"secret");
        let code = |identity: &str, file: &[u8]| decrypt_with(identity, file).expect_err("must fail").code();
        assert_eq!(code(&text(&other), &file), "wrong-identity");
        assert_eq!(code(&text(&holder), &file[..file.len() - 1]), "bad-age-file");
        assert_eq!(code("hello", &file), "bad-identity");
        let (secret, recipient) = new_holder();
        let file = encrypt_to(&recipient, b"secret").expect("a recipient");
        assert_eq!(&**decrypt_with(&secret, &file).expect("the holder"), b"secret");
        assert_eq!(encrypt_to("age1nobody", b"").expect_err("no key").code(), "bad-recipient");
    }
}
