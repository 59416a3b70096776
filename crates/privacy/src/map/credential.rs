//! Whether a value that opens an account is kept so that whoever reads it cannot use it, as far as its look tells.

/// How a credential is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A salted hash of a password, or something encrypted, by the marks that such things begin with.
    Protected,
    /// Digits of a digest or of random bytes: a digest, something encrypted – or a token in clear.
    Opaque,
    /// Anything else.
    Clear,
}

/// Beginnings of what is hashed with a salt or encrypted: LDAP (RFC 2307), PostgreSQL, Django, Werkzeug, HashiCorp Vault, Rails,
/// Fernet, Ansible, age, OpenPGP, JSON Web Encryption in compact form is told apart by its five parts.
const MARKS: &[&str] = &[
    "{ssha",
    "{smd5}",
    "{crypt}",
    "{pbkdf2",
    "{argon2",
    "{bcrypt}",
    "{scrypt}",
    "scram-sha-",
    "pbkdf2_sha",
    "pbkdf2:sha",
    "pbkdf2-sha",
    "argon2",
    "bcrypt",
    "scrypt:",
    "vault:v",
    "enc[",
    "enc:",
    "gaaaaa",
    "$ansible_vault;",
    "age-encryption.org/",
    "-----begin age encrypted file-----",
    "-----begin pgp message-----",
];

/// Letters of a digest or of random bytes; shorter ones may be chosen by a person.
const OPAQUE_MIN: usize = 22;

/// Judges one value by its look. Empty ones open nothing.
pub fn kept(value: &str) -> Kept {
    let text = value.trim();
    let lower = text.to_ascii_lowercase();
    if text.is_empty() || MARKS.iter().any(|mark| lower.starts_with(mark)) || is_crypt(text) {
        return Kept::Protected;
    }
    match is_random(text) {
        true => Kept::Opaque,
        false => Kept::Clear,
    }
}

/// `$id$…$…`, as crypt(5) writes it: an identifier, then at least two more parts.
fn is_crypt(text: &str) -> bool {
    let mut parts = text.split('$');
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    parts.next() == Some("")
        && parts.next().is_some_and(is_word)
        && parts.clone().count() >= 2
        && text.len() > OPAQUE_MIN
}

/// Hexadecimal digits, or Base64 of either alphabet with letters of both cases and digits; nothing that people write.
fn is_random(text: &str) -> bool {
    let text = text.strip_prefix("\\x").or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    let body = text.trim_end_matches('=');
    let is_hex = body.bytes().all(|byte| byte.is_ascii_hexdigit()) && body.bytes().any(|byte| byte.is_ascii_digit());
    let is_base64 = body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_.".contains(&byte));
    let mixes = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    let is_mixed = mixes.iter().all(|kind| body.bytes().any(|byte| kind(&byte)));
    body.len() >= OPAQUE_MIN && (is_hex || is_base64 && is_mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_told_by_their_look() {
        let check = |value: &str, expect| assert_eq!(kept(value), expect, "{value}");
        check("$2b$12$C6UzMDM.H6dfI/f/IKcEeO3bGxm1FzWvN1Z0nT0aQn0uC0wKqQH6e", Kept::Protected);
        check("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$hVRoz0c4f2q3", Kept::Protected);
        check("pbkdf2_sha256$600000$salt$hash=", Kept::Protected);
        check("{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", Kept::Protected);
        check("vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9g==", Kept::Protected);
        check("", Kept::Protected);
        check("5f4dcc3b5aa765d61d8327deb882cf99", Kept::Opaque);
        check("\\x5f4dcc3b5aa765d61d8327deb882cf99", Kept::Opaque);
        check("W6ph5Mm5Pz8GgiULbPgzG37mj9gQ", Kept::Opaque);
        check("hunter2", Kept::Clear);
        check("correct horse battery staple", Kept::Clear);
        check("$ecret$and$more", Kept::Clear);
        check("Summer2026!", Kept::Clear);
        check("12345678", Kept::Clear);
    }
}
