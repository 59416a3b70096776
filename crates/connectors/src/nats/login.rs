//! Who somebody is to a NATS server: user and password, token, the seed of an nkey, or credentials (a JWT and a seed).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use model::Fault;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::Access;
use crate::crc16::crc16;
use crate::web_address::Address;

/// What the first byte of an nkey says: that it is a seed, and whose (a user's).
const SEED: u8 = 18 << 3;
const USER: u8 = 20 << 3;
const CREDENTIALS_BYTES_MAX: u64 = 1 << 20;

/// How a server is told who asks.
pub(super) enum Login {
    Nobody,
    User {
        name: String,
        password: Zeroizing<String>,
    },
    Token(Zeroizing<String>),
    /// Signs what the server makes up; with a JWT where an operator's key vouches for accounts and users.
    Key {
        key: SigningKey,
        jwt: Option<Zeroizing<String>>,
    },
}

impl Login {
    /// # Errors
    /// `bad-credentials`; I/O faults of the file of credentials.
    pub(super) fn of(address: &Address, access: &Access) -> Result<Self, Fault> {
        if let Some(path) = &access.credentials {
            let path = access.folder.join(path);
            let wrong = |error| Fault::io("read", &path, error);
            let size = std::fs::metadata(&path).map_err(wrong)?.len();
            let text = if size > CREDENTIALS_BYTES_MAX {
                String::new()
            } else {
                std::fs::read_to_string(&path).map_err(wrong)?
            };
            let text = Zeroizing::new(text);
            return Login::of_credentials(&text).map_err(|fault| fault.in_file(&path));
        }
        let user = access.user.clone().or_else(|| address.user.clone());
        Ok(match (user, access.password.clone()) {
            (Some(name), password) => Login::User { name, password: password.unwrap_or_default() },
            (None, Some(secret)) => match seed(&secret) {
                Some(key) => Login::Key { key, jwt: None },
                None => Login::Token(secret),
            },
            (None, None) => Login::Nobody,
        })
    }

    /// The text of a file: what `nsc` writes, or a seed alone.
    fn of_credentials(text: &str) -> Result<Self, Fault> {
        let after = |heading: &str| {
            let mut lines = text.lines().map(str::trim).skip_while(|line| !line.contains(heading));
            lines.next().and_then(|_| lines.find(|line| !line.is_empty()))
        };
        let key = seed(after("BEGIN USER NKEY SEED").unwrap_or(text.trim())).ok_or_else(|| {
            Fault::bad_config("bad-credentials", "The credentials of the store hold no seed of a user's nkey").advise(
                "Name a .creds file as `nsc generate creds` writes it, or a file with a seed that begins with SU.",
            )
        })?;
        Ok(Login::Key { key, jwt: after("BEGIN NATS USER JWT").map(|jwt| jwt.to_owned().into()) })
    }

    /// What CONNECT says of it; `nonce` is what the server wants signed.
    ///
    /// # Errors
    /// `store-login-refused` when there is nothing to sign: the server takes no keys.
    pub(super) fn tell(&self, host: &str, nonce: Option<&str>, hello: &mut Map<String, Value>) -> Result<(), Fault> {
        let mut say = |name: &str, value: &str| drop(hello.insert(name.to_owned(), value.into()));
        match self {
            Login::Nobody => {}
            Login::User { name, password } => {
                say("user", name);
                say("pass", password);
            }
            Login::Token(token) => say("auth_token", token),
            Login::Key { key, jwt } => {
                let nonce = nonce.ok_or_else(|| {
                    Fault::unavailable("store-login-refused", format!("{host} lets nobody in by a key"))
                        .advise("Give user and password, or a token, or ask for a server with nkeys or accounts.")
                })?;
                say("sig", &URL_SAFE_NO_PAD.encode(key.sign(nonce.as_bytes()).to_bytes()));
                match jwt {
                    Some(jwt) => say("jwt", jwt),
                    None => say("nkey", &public(key)),
                }
            }
        }
        Ok(())
    }
}

/// The key that a user's seed stands for: `SU…`, base 32, two bytes that say what it is, the seed, a checksum.
fn seed(text: &str) -> Option<SigningKey> {
    let bytes = Zeroizing::new(base32(text.trim())?);
    let (body, check) = bytes.split_last_chunk::<2>()?;
    let [first, second, seed @ ..] = body else { return None };
    let is_seed = first & 0xf8 == SEED && ((first & 7) << 5 | (second & 0xf8) >> 3) == USER;
    let is_whole = crc16(body) == u16::from_le_bytes(*check);
    let seed: &[u8; 32] = seed.try_into().ok()?;
    (is_seed && is_whole).then(|| SigningKey::from_bytes(seed))
}

/// The name of a key: `U…`.
fn public(key: &SigningKey) -> String {
    let mut bytes = vec![USER];
    bytes.extend_from_slice(key.verifying_key().as_bytes());
    bytes.extend_from_slice(&crc16(&bytes).to_le_bytes());
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    text
}

/// RFC 4648 §6, without padding.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        held = held << 5 | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed and name from the manual of NATS (nkeys of a user).
    const SEED_TEXT: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    const NAME: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

    #[test]
    fn a_seed_tells_the_name_of_its_key() {
        assert_eq!(seed(SEED_TEXT).map(|key| public(&key)).as_deref(), Some(NAME));
        let check = |text: &str| assert!(seed(text).is_none(), "{text}");
        check("");
        check("SU");
        check("a token");
        check(NAME);
        // One letter that is wrong.
        check(&SEED_TEXT.replace("SSL3", "SSL4"));
        // The seed of an account is nobody's login.
        check(&SEED_TEXT.replacen("SU", "SA", 1));
    }

    #[test]
    fn credentials_hold_a_token_and_a_seed() {
        let text = format!(
            "-----BEGIN NATS USER JWT-----\ne30.e30.sig\n------END NATS USER JWT------\n\n*** IMPORTANT ***\n\n\
             -----BEGIN USER NKEY SEED-----\n{SEED_TEXT}\n------END USER NKEY SEED------\n"
        );
        let check = |text: &str, expect: Option<&str>| {
            let Ok(Login::Key { jwt, .. }) = Login::of_credentials(text) else { panic!("{text}") };
            assert_eq!(jwt.as_ref().map(|jwt| jwt.as_str()), expect);
        };
        check(&text, Some("e30.e30.sig"));
        check(&text.replace('\n', "\r\n"), Some("e30.e30.sig"));
        check(&format!("{SEED_TEXT}\n"), None);
        for wrong in ["", "SU", "-----BEGIN USER NKEY SEED-----", &text.replace(SEED_TEXT, "SUAA")] {
            assert_eq!(Login::of_credentials(wrong).err().expect(wrong).code(), "bad-credentials");
        }
    }
}
