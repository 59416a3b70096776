//! The files for filing of a package: what the court's profile makes, with the case, the keys and the clock of this package.

use model::{Digest, Fault};
use seal::{cms, sha256};

use super::paths::DATA;
use super::seals::Seals;
use super::{Build, container};
use crate::case::Case;
use crate::court::{self, Desk, Filings};
use crate::document::Document;
use crate::files;
use crate::report::Renderer;

/// Makes them.
///
/// # Errors
/// As [`court::filings`]; what the keys and the source of time say.
pub(super) fn filings(
    case: &Case,
    build: &Build,
    seals: &Seals,
    document: &Document,
    renderer: &dyn Renderer,
) -> Result<Filings, Fault> {
    let read = |path: &str, most: u64| {
        let path = path.strip_prefix(DATA).unwrap_or(path);
        files::read_begin(&case.folder().join(path), most)
    };
    let stamp = |digest: &Digest| Ok(seals.time.stamp(digest)?.map(|stamp| stamp.response));
    let sign = |bytes: &[u8]| match seals.signers.first() {
        Some(signer) => {
            let signature = container::detached(bytes, build.created, *signer)?;
            match seals.time.stamp(&sha256(&cms::signature_value(&signature)?))? {
                Some(stamp) => Ok(Some(cms::with_timestamp(&signature, &stamp.token)?)),
                None => Ok(Some(signature)),
            }
        }
        None => Ok(None),
    };
    let certificates: Vec<_> = seals.signers.iter().map(|signer| signer.certificate().clone()).collect();
    let desk = Desk {
        document,
        created: build.created,
        certificates: &certificates,
        read: &read,
        sign: &sign,
        stamp: &stamp,
        renderer,
    };
    court::filings(&build.court, &desk)
}
