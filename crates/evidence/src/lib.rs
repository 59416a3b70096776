//! Cases and the packages that leave the house.
//!
//! A *case* is a folder: exhibits, evaluations, and a custody log that says who did what, when and why. A *package* is one
//! zip file around a BagIt bag (RFC 8493): the exhibits, the same report as PDF, JSON and XML, the custody log, digests of
//! everything, and signatures that `ssh-keygen` and `minisign` check. `man probity-package` writes the format down.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Case`] | the folder: create, add, record, note; every act is one custody entry |
//! | [`custody`] | the hash chain over the exact bytes of each line |
//! | [`judgement`] | what the rules of packs came to, as a report of its own |
//! | [`report`] | the same for people, as headings, paragraphs and tables; [`Renderer`] turns it into a file |
//! | [`court`] | files for filing, as courts of several countries want them |
//! | [`package`] | build and verify |
//! | [`foreign`] | verify what others made: containers, bags, PDFs, time stamps |
//!
//! Invariants:
//! - the custody log is the truth about a case: an exhibit without its line is not in the case;
//! - same case and same [`package::Build`] give the same bytes, to the last byte;
//! - a package has one form: every byte of the zip is either content that a digest covers, or follows from the content;
//! - exhibits are streamed, never held; everything that is held has a limit ([`Limits`]);
//! - names inside a package are made of `[A-Za-z0-9._-]`; the names people gave are data.
//!
//! Deliberately absent: page layout (the PDF room implements [`Renderer`]), the clock, terminals, trust decisions
//! (verify is told which keys are trusted).

pub mod court;
pub mod custody;
pub mod foreign;
pub mod judgement;
pub mod package;
pub mod report;

mod bytes;
mod case;
mod contents;
mod document;
mod files;
mod json;
mod limits;
mod names;
mod provenance;
mod reasoning;
mod redactions;
mod wire;
mod xml;
mod zip;

pub use bytes::Bytes;
pub use case::{
    Act, Case, Exhibit, Handling, NewExhibit, Origin, Provenance, REDACTION_LOG, Receipt, Recorded, Transfer,
};
pub use limits::Limits;
pub use names::{check_case_id, safe_name};
pub use reasoning::DISCLAIMER;
pub use report::Renderer;
