//! What others made: containers, bags, time stamps, signatures and PDFs that no version of this program wrote.
//!
//! [`recognise`] says what a file is, by its content and never by its name; [`verify`] and [`verify_folder`] answer the same
//! questions about it as [`crate::package::verify`] does about a package.
//!
//! | form | standard | what is signed or listed |
//! |---|---|---|
//! | ASiC-E, ASiC-S | EN 319 162-1 | the data objects of a zip, by XAdES, CAdES or a time stamp |
//! | BagIt bag | RFC 8493 | the files of a folder or zip, by lists of digests; nobody signs them |
//! | PDF | EN 319 142-1, ISO 32000 | the file, by signatures in it |
//! | export, certificate of erasure and its supplements | `export-package/1`, `erase-certificate/1`, `erase-supplement/1` | the list of its files; the document, by a signature beside it |
//! | time stamp, CMS or SSH signature, OpenTimestamps proof | RFC 3161, RFC 5652, PROTOCOL.sshsig, OpenTimestamps | another file, which the user has |
//!
//! Invariants:
//! - what cannot be understood in one way only is not read: a zip whose structure or names two readers could take
//!   differently has failed, and nothing is unpacked from it;
//! - nothing is written, nothing is fetched, no link is followed; contents are streamed, and what is held has a limit;
//! - whom to trust comes from the user alone.
//!
//! Deliberately absent: evidence records (RFC 4998, RFC 6283), OpenDocument and OOXML signatures, S/MIME messages.

mod archive;
mod asic;
mod bag;
mod certificate;
mod export;
mod folder;
mod hash;
mod limits;
mod recognise;
mod single;
mod ssh;
mod supplement;
mod tree;

use std::path::Path;

use model::{Fault, Progress};

use crate::bytes::Bytes;
use crate::package::{self, Ask, Check, Verification};
use archive::Archive;
pub use recognise::{Form, recognise};

/// The file that a time stamp, signature or proof is about.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    /// Its name, for people.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a dyn Bytes,
}

/// What is needed besides the file itself.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The file that a time stamp, signature or proof is about.
    pub data: Option<Data<'a>>,
    /// The plan of the erasure that a certificate is about.
    pub plan: Option<Data<'a>>,
    /// The certificate that a supplement continues, and the supplements between them.
    pub earlier: &'a [Data<'a>],
}

/// Checks a file of the form that [`recognise`] found. What does not hold is an answer (`Ok`), not a fault.
///
/// # Errors
/// `data-missing` when a form needs the file that it is about ([`Form::needs_data`]) and there is none; `not-a-package`,
/// `bad-pdf`, `foreign-too-large`; what the disk says, or the network that block headers come from.
pub fn verify(
    form: Form,
    input: &dyn Bytes,
    beside: Beside<'_>,
    ask: &Ask,
    progress: &dyn Progress,
) -> Result<Verification, Fault> {
    if form == Form::Package {
        return package::verify(input, ask, progress);
    }
    let start = |total| progress.start("verify", total);
    let found = match form {
        Form::AsicE | Form::AsicS | Form::ZippedBag | Form::Export => {
            let archive = open(input)?;
            start(tree::Tree::files(&archive).values().fold(0, |sum: u64, size| sum.saturating_add(*size)));
            match form {
                Form::ZippedBag => bag::verify_zip(&archive, ask, progress),
                Form::Export => export::verify_zip(&archive, ask, progress),
                _ => asic::verify(form, &archive, ask, progress),
            }
        }
        _ => {
            start(0);
            single::verify(form, input, beside, ask)
        }
    };
    progress.finish();
    found
}

/// Checks a folder: it has to be a BagIt bag, or an export that was unpacked.
///
/// # Errors
/// `not-verifiable` when it is none; what the disk says.
pub fn verify_folder(folder: &Path, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    let failed = |error| Fault::io("read", folder, error);
    let is_bag = folder.join(bag::DECLARATION).try_exists().map_err(failed)?;
    let tree = folder::Folder::open(folder).map_err(failed)?;
    if !is_bag && !export::is_one(tree::Tree::files(&tree)) {
        return Err(recognise::not_verifiable(
            "This folder is neither a BagIt bag (it has no bagit.txt) nor an export that was unpacked",
        ));
    }
    progress.start("verify", tree::Tree::files(&tree).values().sum());
    let found = match is_bag {
        true => bag::verify_folder(&tree, ask, progress),
        false => export::verify_folder(&tree, ask, progress),
    };
    progress.finish();
    found
}

fn open(input: &dyn Bytes) -> Result<Archive<'_>, Fault> {
    let archive = Archive::open(input).map_err(unreadable)?;
    archive.ok_or_else(|| recognise::not_verifiable("This is no zip file"))
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::io("read", Path::new("the input"), error)
}

/// An answer about what has no case, no custody and no Ed25519 signature.
fn answer(form: Form, checks: Vec<Check>, needed: &'static [&'static str], (files, bytes): (u64, u64)) -> Verification {
    Verification {
        form: form.word(),
        checks,
        needed,
        signer: None,
        signers: Vec::new(),
        case: None,
        created: None,
        manifest: None,
        files,
        bytes,
    }
}
