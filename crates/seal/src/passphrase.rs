//! Key files behind a passphrase: age with one scrypt stanza, which `age -d` opens.

use age::DecryptError;
use age::secrecy::SecretString;
use model::Fault;
use zeroize::Zeroizing;

use crate::Limits;

/// What every age file begins with.
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// Whether `bytes` are an age file, so that a passphrase must be asked for.
pub fn is_protected(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Encrypts the text of a key file (PEM) with `passphrase`. `work_factor` is log₂ N of scrypt, from 1 to
/// [`Limits::WORK_FACTOR_MAX`]: [`Limits::WORK_FACTOR`] for real keys, a small one in tests only.
///
/// The bytes differ each time: the age crate draws salt and file key from the operating system.
///
/// # Errors
/// `empty-passphrase` when it is empty, `key-protection-failed` when the machine has not enough memory (128 × 2ⁿ × 8 bytes).
pub fn protect(pem: &str, passphrase: &str, work_factor: u8) -> Result<Vec<u8>, Fault> {
    if passphrase.is_empty() {
        return Err(Fault::refused("empty-passphrase", "An empty passphrase protects nothing")
            .advise("Choose several words that nobody would guess."));
    }
    // The crate would time the machine and pick its own factor, which other machines may refuse to read.
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(work_factor.clamp(1, Limits::WORK_FACTOR_MAX));
    age::encrypt(&recipient, pem.as_bytes()).map_err(|error| {
        Fault::unavailable("key-protection-failed", "The key could not be encrypted with its passphrase")
            .advise("Encrypting a key takes 256 MiB of memory; free some and run the command again.")
            .caused_by(error)
    })
}

/// Decrypts what [`protect`] or `age -p` wrote.
///
/// # Errors
/// `wrong-passphrase`; `bad-key-file` when the file is damaged, is no passphrase file, holds no text or asks for a
/// work factor above [`Limits::WORK_FACTOR_MAX`].
pub fn unprotect(bytes: &[u8], passphrase: &str) -> Result<Zeroizing<String>, Fault> {
    if bytes.len() > Limits::KEY_FILE_BYTES {
        return Err(refuse("The key file is larger than any key"));
    }
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(Limits::WORK_FACTOR_MAX);
    let plain = Zeroizing::new(age::decrypt(&identity, bytes).map_err(explain)?);
    let text = std::str::from_utf8(&plain).map_err(|_| refuse("The key file holds something other than a PEM key"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn explain(error: DecryptError) -> Fault {
    match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            Fault::refused("wrong-passphrase", "The passphrase does not open this key file")
                .advise("Check the keyboard layout and try again.")
        }
        DecryptError::NoMatchingKeys => refuse("The key file is not protected by a passphrase but by another key"),
        DecryptError::ExcessiveWork { required, .. } => {
            refuse(&format!("The key file asks for 2^{required} steps of scrypt; more than 2^22 is not tried"))
        }
        other => refuse("The key file is damaged or not an age file").caused_by(other),
    }
}

fn refuse(message: &str) -> Fault {
    Fault::bad_input("bad-key-file", message).advise("Give the file that `probity key new` or `age -p` wrote.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    #[test]
    fn a_protected_key_opens_with_its_passphrase_only() {
        let pem = SigningKey::from_seed([7; 32]).to_pem();
        let file = protect(&pem, "open sesame", 2).expect("four steps fit in memory");
        assert!(is_protected(&file) && !is_protected(pem.as_bytes()));
        assert_eq!(*unprotect(&file, "open sesame").expect("the same passphrase"), *pem);

        let code = |bytes: &[u8], passphrase: &str| unprotect(bytes, passphrase).expect_err("must fail").code();
        assert_eq!(code(&file, "open sesame "), "wrong-passphrase");
        assert_eq!(code(&file[..file.len() - 1], "open sesame"), "bad-key-file");
        assert_eq!(code(pem.as_bytes(), "open sesame"), "bad-key-file");
        assert_eq!(protect(&pem, "", 2).expect_err("nothing").code(), "empty-passphrase");
    }

    #[test]
    fn a_hostile_work_factor_is_refused_before_any_work() {
        let file = protect("x", "p", 9).expect("small");
        let file = String::from_utf8_lossy(&file).replacen(" 9\n", " 40\n", 1);
        assert_eq!(unprotect(file.as_bytes(), "p").expect_err("40").code(), "bad-key-file");
    }
}
