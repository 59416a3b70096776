//! What the package targets share: the vector, and what verification must never say of anything else.

use std::io::Cursor;
use std::sync::LazyLock;

use model::Hidden;
use seal::{PublicKey, SigningKey};

/// A package that holds.
pub const INTACT: &[u8] = include_bytes!("../../fixtures/vectors/package/intact.zip");
/// The key that sealed it.
static KEY: LazyLock<PublicKey> = LazyLock::new(|| SigningKey::from_seed([7; 32]).public());

/// Verifies `package`: intact and of the trusted key is the vector, byte for byte, and nothing else.
pub fn check(package: &[u8]) {
    let Ok(verification) = evidence::package::verify(Cursor::new(package), &[*KEY], &Hidden) else {
        return assert_ne!(package, INTACT);
    };
    let accepted = verification.is_intact() && verification.signer_trusted;
    assert_eq!(accepted, package == INTACT, "{:?}", verification.checks);
    assert!(verification.to_json().is_ok());
}
