//! SHA-256 digests: how everything in the house is named.

use std::fmt;

use crate::Fault;

/// A SHA-256 digest (FIPS 180-4), 32 bytes. Computing one is the business of `seal`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// 32 zero bytes: the predecessor of the first link of every chain.
    pub const ZERO: Digest = Digest([0; 32]);

    /// A digest from its 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Digest(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hex digits of either case, with or without the prefix `sha256:`.
    ///
    /// # Errors
    /// `bad-digest` when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        crate::unhex(text.strip_prefix("sha256:").unwrap_or(text)).map(Digest).ok_or_else(|| {
            Fault::bad_input("bad-digest", format!("{text:?} is not a SHA-256 digest"))
                .advise("Give 64 hexadecimal digits, as sha256sum prints them.")
        })
    }

    /// 64 lower-case hex digits, as `sha256sum` prints them.
    pub fn hex(&self) -> String {
        crate::hex(&self.0)
    }

    /// The first 12 hex digits: enough for a person to compare, never for a machine.
    pub fn short(&self) -> String {
        self.hex()[..12].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(Digest::parse(text).ok().map(|digest| digest.hex()).as_deref(), expect, "{text}");
    }

    #[test]
    fn hex_reads_back_as_printed() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        check(hex, Some(hex));
        check(&format!("sha256:{}", hex.to_uppercase()), Some(hex));
        check(&hex[1..], None);
        check(&hex.replace('e', "g"), None);
        check("", None);
    }
}
