//! The digests that others use, several of one content in one pass.

use md5::Md5;
use seal::x509::Hash;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    /// Anybody can make two contents with one digest.
    Md5,
    /// The same, at some cost.
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    const ALL: [(Algorithm, &'static str); 5] = [
        (Algorithm::Md5, "md5"),
        (Algorithm::Sha1, "sha1"),
        (Algorithm::Sha256, "sha256"),
        (Algorithm::Sha384, "sha384"),
        (Algorithm::Sha512, "sha512"),
    ];

    /// The algorithm that a bag calls `name` (RFC 8493 §2.4), in any case and with or without hyphens.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = name.to_ascii_lowercase().replace('-', "");
        Self::ALL.iter().find(|(_, known)| *known == plain).map(|(algorithm, _)| *algorithm)
    }

    /// Its name in a bag.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// Whether somebody who wants to can make another content with the same digest.
    pub(super) fn is_weak(self) -> bool {
        matches!(self, Algorithm::Md5 | Algorithm::Sha1)
    }

    /// How many bytes a digest has.
    pub(super) fn length(self) -> usize {
        match self {
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha384 => 48,
            Algorithm::Sha512 => 64,
        }
    }
}

impl From<seal::sshsig::Hash> for Algorithm {
    fn from(hash: seal::sshsig::Hash) -> Self {
        match hash {
            seal::sshsig::Hash::Sha256 => Algorithm::Sha256,
            seal::sshsig::Hash::Sha512 => Algorithm::Sha512,
        }
    }
}

impl From<Hash> for Algorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Algorithm::Sha256,
            Hash::Sha384 => Algorithm::Sha384,
            Hash::Sha512 => Algorithm::Sha512,
        }
    }
}

/// One digest in the making.
pub(super) enum Hasher {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Hasher::Md5(Md5::default()),
            Algorithm::Sha1 => Hasher::Sha1(Sha1::default()),
            Algorithm::Sha256 => Hasher::Sha256(Sha256::default()),
            Algorithm::Sha384 => Hasher::Sha384(Sha384::default()),
            Algorithm::Sha512 => Hasher::Sha512(Sha512::default()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        use sha2::Digest as _;
        match self {
            Hasher::Md5(hasher) => hasher.update(bytes),
            Hasher::Sha1(hasher) => sha1::Digest::update(hasher, bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha384(hasher) => hasher.update(bytes),
            Hasher::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        use sha2::Digest as _;
        match self {
            Hasher::Md5(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha1(hasher) => sha1::Digest::finalize(hasher).to_vec(),
            Hasher::Sha256(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha384(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_of_abc_are_those_of_the_standards() {
        for (name, begins) in [
            ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223"),
            ("sha384", "cb00753f45a35e8bb5a03d699ac65007"),
            ("sha512", "ddaf35a193617abacc417349ae204131"),
        ] {
            let algorithm = Algorithm::named(name).expect(name);
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            let digest = hasher.finish();
            assert!(digest.len() == algorithm.length() && model::hex(&digest).starts_with(begins), "{name}");
        }
        assert_eq!(Algorithm::named("sha3-256"), None);
    }
}
