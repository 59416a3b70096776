//! Whoever signs with Ed25519: a key in a file, an ssh-agent, a person with a device.

use model::Fault;

use crate::{PublicKey, SigningKey};

/// Signs with one Ed25519 key. The key itself may be elsewhere, and whoever holds it may say no.
///
/// A signature is that of RFC 8032 over exactly the bytes given: what is signed is never hashed or framed on the way. It
/// verifies under [`Ed25519Signer::public`]; an implementation that gets signatures from outside checks that before it
/// returns one. Equal inputs give equal bytes. Signing may take as long as a person needs to confirm it.
pub trait Ed25519Signer {
    /// The public half of the key.
    fn public(&self) -> PublicKey;

    /// The 64-byte signature (R ‖ S) of `message`.
    ///
    /// # Errors
    /// What the holder of the key says: it is locked, gone, or was not allowed to.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault>;
}

impl Ed25519Signer for SigningKey {
    fn public(&self) -> PublicKey {
        SigningKey::public(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Fault> {
        Ok(SigningKey::sign(self, message))
    }
}
