//! What the package targets share: the vector, and what verification must never say of anything else.

use std::sync::LazyLock;

use evidence::package::{Ask, NoBlocks, Outcome, PdfReader, PdfSignature, Question, verify};
use model::{Fault, Hidden, Instant};
use seal::{PublicKey, SigningKey, Trust};

/// A package that holds.
pub const INTACT: &[u8] = include_bytes!("../../fixtures/vectors/package/intact.zip");
/// The key that sealed it.
static KEY: LazyLock<PublicKey> = LazyLock::new(|| SigningKey::from_seed([7; 32]).public());

/// Verifies `package`: intact and of the trusted key is the vector, byte for byte, and nothing else.
pub fn check(package: &[u8]) {
    let now = Instant::from_seconds(1_767_265_200).expect("a time");
    let ask = Ask { keys: &[*KEY], anchors: &[], now, blocks: &NoBlocks, pdf: &Attached, signers: 0 };
    let Ok(verification) = verify(&package, &ask, &Hidden) else {
        return assert_ne!(package, INTACT);
    };
    let accepted = verification.holds() && verification.answer(Question::SignerTrusted).0 == Outcome::Passed;
    assert_eq!(accepted, package == INTACT, "{:?}", verification.checks);
    assert!(verification.to_json().is_ok());
}

/// Reads the stand-in for a report that the vector has: each attachment behind a line with its name and length.
struct Attached;

impl PdfReader for Attached {
    fn signatures(&self, _pdf: &[u8], _trust: &Trust) -> Result<Vec<PdfSignature>, Fault> {
        Ok(Vec::new())
    }

    fn attachments(&self, pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let mut rest = pdf.splitn(3, |byte| *byte == b'\n').nth(2).unwrap_or_default();
        let mut files = Vec::new();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let (name, len) = head.split_once(' ').unwrap_or_default();
            let from = end + 1;
            let to = len.parse().ok().and_then(|len: usize| from.checked_add(len)).unwrap_or(usize::MAX);
            let Some(bytes) = rest.get(from..to) else { break };
            files.push((name.to_owned(), bytes.to_vec()));
            rest = &rest[to..];
        }
        Ok(files)
    }
}
