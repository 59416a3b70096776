//! What looks like a secret rather than like a word, an identifier or a placeholder.
//!
//! Prefixes of vendors stand in the patterns; here is the rest: a token's body varies as chance does, a header decodes,
//! a password is not the name of the variable that holds it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The body of a vendor's token: as many different signs as chance gives, no `xxxxxxxx`, no `…`.
pub(super) fn random(bytes: &[u8]) -> bool {
    distinct(bytes) >= 6.max(bytes.len().min(40) / 4) && longest_run(bytes) <= 5 && !is_sequence(bytes)
}

/// A GitHub token: its last six signs are the CRC-32 of the thirty before, in base 62; those without one look random.
pub(super) fn github(bytes: &[u8]) -> bool {
    checksum(bytes) || random(bytes)
}

/// The same for npm, whose tokens are made alike.
pub(super) fn npm(bytes: &[u8]) -> bool {
    checksum(bytes) || random(bytes)
}

fn checksum(bytes: &[u8]) -> bool {
    let Some((head, sum)) = bytes.split_last_chunk::<6>() else { return false };
    let Some(body) = head.last_chunk::<30>() else { return false };
    let mut rest = crc32fast::hash(body);
    sum.iter().rev().all(|digit| {
        let expected = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(rest % 62) as usize];
        rest /= 62;
        *digit == expected
    })
}

/// RFC 7519 §7.2: header and claims are base64url of a JSON object; of an encrypted one (RFC 7516) the header is.
pub(super) fn jwt(bytes: &[u8]) -> bool {
    let mut parts = bytes.split(|byte| *byte == b'.');
    let Some(header) = parts.next().and_then(object) else { return false };
    if !["alg", "typ", "enc", "kid"].iter().any(|name| header.contains_key(*name)) {
        return false;
    }
    let Some(claims) = parts.next() else { return false };
    header.contains_key("enc") || object(claims).is_some()
}

fn object(part: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    let part = part.strip_suffix(b"==").or(part.strip_suffix(b"=")).unwrap_or(part);
    let text = URL_SAFE_NO_PAD.decode(part).ok()?;
    match serde_json::from_slice(&text).ok()? {
        serde_json::Value::Object(object) => Some(object),
        _ => None,
    }
}

/// RFC 7617 §2: base64 of `user:password`.
pub(super) fn basic(bytes: &[u8]) -> bool {
    let text = bytes.strip_suffix(b"==").or(bytes.strip_suffix(b"=")).unwrap_or(bytes);
    STANDARD_NO_PAD.decode(text).is_ok_and(|pair| {
        pair.contains(&b':') && std::str::from_utf8(&pair).is_ok_and(|pair| !pair.chars().any(char::is_control))
    })
}

/// The value of a labelled token: long, of letters and digits, and no identifier, path, version or date.
pub(super) fn opaque(bytes: &[u8]) -> bool {
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
    let cases = bytes.iter().any(u8::is_ascii_uppercase) && bytes.iter().any(u8::is_ascii_lowercase);
    bytes.len() >= 12
        // A sixth of random letters and digits are digits; `standard_b64encode` is a name.
        && (cases || digits * 8 >= bytes.len())
        && (!is_hex || bytes.len() >= 20)
        && digits >= 2
        && (letters >= 3 || is_hex && bytes.len() >= 32)
        && random(bytes)
        && entropy(bytes) >= if is_hex { 2.8 } else { 3.0 }
        && !is_compound(bytes)
        && !is_path(bytes)
        && !is_stand_in(bytes)
}

/// A password in quotes: whatever it is, unless it plainly stands for one.
pub(super) fn quoted(bytes: &[u8]) -> bool {
    let is_word = bytes.iter().all(|byte| byte.is_ascii_alphabetic() || b"_-.".contains(byte));
    (3..=128).contains(&bytes.len())
        && !is_stand_in(bytes)
        && longest_run(bytes) < bytes.len()
        && (!bytes.contains(&b' ') || bytes.iter().any(u8::is_ascii_digit))
        && !(is_word && names_itself(bytes))
}

/// A password without quotes: it must not be taken for code.
pub(super) fn bare(bytes: &[u8]) -> bool {
    let digits = bytes.iter().any(u8::is_ascii_digit);
    let letters = bytes.iter().any(u8::is_ascii_alphabetic);
    let signs = bytes.iter().any(|byte| b"!@#^~?%+&".contains(byte));
    quoted(bytes) && letters && (digits || signs) && !is_compound(bytes) && !is_path(bytes) && !names_itself(bytes)
}

/// A password that is a plain word: `password=geheim` in a query or a log.
pub(super) fn word(bytes: &[u8]) -> bool {
    quoted(bytes) && !names_itself(bytes) && bytes.iter().all(u8::is_ascii_alphabetic)
}

/// `<password>`, `${VAR}`, `{{ secret }}`, `%s`, `***`, `your-token-here`.
fn is_stand_in(bytes: &[u8]) -> bool {
    const PARTS: &[&str] = &["${", "{{", "{}", "$(", "%(", "%s", "%d", "%v", "...", "***", "<", ">", "\\u", "=="];
    const WORDS: &[&str] = &[
        "your",
        "placeholder",
        "redacted",
        "insert",
        "replace",
        "enter",
        "please",
        "undefined",
        "required",
        "process.env",
        "os.environ",
        "getenv",
        "secrets.",
        "dummy",
        "xxxx",
        "todo",
    ];
    let first = bytes.first().copied().unwrap_or(b' ');
    let folded = bytes.to_ascii_lowercase();
    let has = |part: &&str| memchr::memmem::find(&folded, part.as_bytes()).is_some();
    b"$%{<[(*&/\\:".contains(&first) || PARTS.iter().any(has) || WORDS.iter().any(has)
}

/// Within the name of a thing.
const NAME_PARTS: &[&str] =
    &["password", "passwd", "passphrase", "passwort", "kennwort", "contrase", "secret", "token", "credential", "pwd"];

/// Names of things, and of nothing.
const NAME_WORDS: &[&str] = &[
    "pass",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "str",
    "string",
    "text",
    "type",
    "hidden",
    "input",
    "key",
    "value",
    "yes",
    "no",
    "on",
    "off",
    "empty",
    "required",
    "optional",
    "unknown",
    "default",
    "disabled",
    "enabled",
    "prompt",
    "self",
    "this",
    "bytes",
    "char",
    "bool",
    "boolean",
    "int",
    "object",
    "any",
    "auto",
    "ask",
    "file",
    "env",
    "basic",
    "bearer",
    "invalid",
    "missing",
    "expired",
    "incorrect",
    "changed",
    "accepted",
    "failed",
    "success",
    "error",
    "option",
    "field",
    "and",
    "the",
    "for",
    "not",
    "with",
    "plain",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "bcrypt",
    "utf8",
    "utf-8",
    "base64",
    "const",
    "static",
    "return",
    "void",
    "user",
    "username",
    "login",
];

/// `db_password`, `Passwort`, `NULL`: the name of the thing, or of nothing.
fn names_itself(bytes: &[u8]) -> bool {
    let folded = bytes.to_ascii_lowercase();
    NAME_PARTS.iter().any(|part| memchr::memmem::find(&folded, part.as_bytes()).is_some())
        || NAME_WORDS.iter().any(|word| folded == word.as_bytes())
}

/// Words put together: `config.get_password`, `sha256_hex`, `my-secret-2`, `fooBarBaz`, `arg1`.
fn is_compound(bytes: &[u8]) -> bool {
    let parts = bytes.split(|byte| b"_-.:/".contains(byte)).filter(|part| !part.is_empty());
    let (mut words, mut others) = (0_usize, 0_usize);
    for part in parts {
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        let capitals = part.iter().skip(1).filter(|byte| byte.is_ascii_uppercase()).count();
        let trailing = part.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let is_word = digits == trailing && digits <= 3 && capitals * 4 <= part.len() && part.len() <= 16;
        let is_constant = digits == trailing && digits <= 3 && !part.iter().any(u8::is_ascii_lowercase);
        match is_word || is_constant {
            true => words += 1,
            false => others += 1,
        }
    }
    others == 0 && (words > 1 || bytes.len() < 6 || bytes.len() > 24)
}

/// `/var/lib/x`, `../x`, `C:\x`, `https://…`.
fn is_path(bytes: &[u8]) -> bool {
    let slashes = bytes.iter().filter(|byte| b"/\\".contains(byte)).count();
    memchr::memmem::find(bytes, b"://").is_some()
        || bytes.starts_with(b"./")
        || bytes.starts_with(b"../")
        || slashes >= 2
            && bytes.split(|byte| b"/\\".contains(byte)).all(|part| part.iter().all(|b| !b.is_ascii_digit()))
}

/// `abcdefgh`, `0123456789`: each sign follows the one before.
fn is_sequence(bytes: &[u8]) -> bool {
    let follows = bytes.windows(2).filter(|two| two[1] == two[0].wrapping_add(1)).count();
    follows * 3 > bytes.len() * 2
}

fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().filter(|byte| !std::mem::replace(&mut seen[usize::from(**byte)], true)).count()
}

fn longest_run(bytes: &[u8]) -> usize {
    bytes.chunk_by(|a, b| a == b).map(<[u8]>::len).max().unwrap_or(0)
}

/// Shannon's, in bits a byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len().max(1) as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::known;

    #[test]
    fn bodies_of_tokens() {
        known(
            random,
            &["AKIAIOSFODNN7EXAMPLE", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"],
            &["xxxxxxxxxxxxxxxxxxxx", "AKIAXXXXXXXXXXXXXXXX", "abcdefghijklmnop"],
        );
        assert!(
            checksum(b"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"),
            "published with GitHub's description of the format"
        );
        assert!(!checksum(b"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18"));
        assert!(!checksum(b""));
    }

    #[test]
    fn web_tokens() {
        let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
        known(
            jwt,
            &[&format!("{header}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U")],
            &[&format!("{header}.bm90IGpzb24.x"), "eyJh.eyJh.x", "a.b.c", ""],
        );
    }

    #[test]
    fn basic_headers() {
        known(basic, &["QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "amFuOmh1bnRlcjI="], &["authentication", "QWxhZGRpbg==", ""]);
    }

    #[test]
    fn labelled_values() {
        known(
            opaque,
            &["9f86d081884c7d659a2feaa0c55ad015", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLKEY1", "s3cr3t-Kq9-11zPq0"],
            &[
                "config.get_secret_2",
                "your-api-key-1234",
                "${API_KEY_123456}",
                "xxxxxxxxxxxxxxxx",
                "authentication_token",
                "/var/lib/x/y1/z2",
                "1234567890123456",
            ],
        );
    }

    #[test]
    fn passwords() {
        known(
            quoted,
            &["changeme", "hunter2", "correct horse 7"],
            &["<password>", "${DB_PASSWORD}", "password", "Enter your password", "****", "db_password"],
        );
        known(
            bare,
            &["hunter2", "Tr0ub4dor&3", "s3cret!"],
            &["password", "None", "config.get", "passwd2", "request.form.pw1", "self.x1", "$PASS1"],
        );
        known(word, &["geheim"], &["password", "none", "hunter2"]);
    }
}
