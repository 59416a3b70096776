//! What a court wants beside the package: files for filing, made from the same document as the report.
//!
//! | profile | files below `data/filing/` |
//! |---|---|
//! | `plain` | none |
//! | `eu` | none: container, signatures and provenance are in every package; an X.509 signer is demanded |
//! | `us-ecf` | the report on Letter, flattened and split, detached signatures, a filing message, a draft certification |
//! | `uk-bundle` | one paginated bundle, the draft of a statement, a schedule |
//!
//! `docs/court-profiles.md` says which rule each item follows, and what is not checked.
//!
//! Invariants:
//! - nothing here is signed in anybody's name: a draft says on each page that it is one, and has blanks;
//! - a file name holds nothing that comes from the case, a title or bookmark nothing but the title and the number of the case;
//! - an exhibit is never copied: a bundle prints text, within limits, and names the file for everything else;
//! - the texts are files of their own (`texts/`), so that a lawyer can read and mend them.

use model::{Digest, Fault, Instant, counted};
use seal::x509::Certificate;

use crate::Limits;
use crate::document::Document;
use crate::report::{Bates, Block, Paper, Renderer, Text};

mod draft;
mod ecf;
mod eu;
mod schedule;
mod split;
#[cfg(test)]
mod tests;
mod uk;
mod us;

/// For which courts a package is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// No court in particular.
    #[default]
    Plain,
    /// The European Union: ASiC-E, PAdES, CASE/UCO.
    Eu,
    /// Federal courts of the United States: CM/ECF and OASIS ECF 5.
    UsEcf,
    /// England and Wales: an electronic bundle.
    UkBundle,
}

impl Profile {
    /// Every profile and its word.
    pub const ALL: [(Profile, &'static str); 4] =
        [(Profile::Plain, "plain"), (Profile::Eu, "eu"), (Profile::UsEcf, "us-ecf"), (Profile::UkBundle, "uk-bundle")];

    /// The word that people and scripts write.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(profile, _)| *profile == self).map_or("", |(_, word)| word)
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(profile, _)| *profile)
    }

    /// The sheets of all that the package holds for people.
    pub fn paper(self) -> Paper {
        if self == Profile::UsEcf { Paper::Letter } else { Paper::A4 }
    }
}

/// How the files of a profile are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For which courts.
    pub profile: Profile,
    /// How large a file for filing may be; a larger one is split. Only `us-ecf` splits.
    pub file_bytes: u64,
    /// Numbers on the pages of the copies for filing.
    pub bates: Option<Bates>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { profile: Profile::Plain, file_bytes: Limits::FILING_BYTES, bates: None }
    }
}

/// Gives the first bytes of an exhibit, at most as many as asked for; the path is that below the package's bag.
pub(crate) type Read<'d> = &'d dyn Fn(&str, u64) -> Result<Vec<u8>, Fault>;
/// A detached CMS signature of bytes; `None` where nobody signs with a certificate.
pub(crate) type Sign<'d> = &'d dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, Fault>;
/// A time stamp (the response, DER) over a digest; `None` where no authority answers.
pub(crate) type Stamp<'d> = &'d dyn Fn(&Digest) -> Result<Option<Vec<u8>>, Fault>;

/// What the files of a profile are made from.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'d> {
    /// What the package says.
    pub(crate) document: &'d Document,
    /// When the package is made.
    pub(crate) created: Instant,
    /// Who signs with a certificate.
    pub(crate) certificates: &'d [Certificate],
    pub(crate) read: Read<'d>,
    pub(crate) sign: Sign<'d>,
    pub(crate) stamp: Stamp<'d>,
    pub(crate) renderer: &'d dyn Renderer,
}

/// The files of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filings {
    /// Path in the bag (`data/filing/…`) and bytes.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What whoever files should know, one sentence or two each.
    pub(crate) warnings: Vec<String>,
}

/// Makes the files of a profile.
///
/// # Errors
/// `court-signer-missing`, `filing-limit`, `filing-too-large`, `filing-name`, what the renderer cannot show, or what reading an
/// exhibit says.
pub(crate) fn filings(settings: &Settings, desk: &Desk) -> Result<Filings, Fault> {
    if settings.file_bytes < Limits::FILING_BYTES_LEAST {
        return Err(Fault::usage(
            "filing-limit",
            format!("Files for filing cannot be held below {} bytes", settings.file_bytes),
        )
        .advise("A page and its fonts take about 50 kB: allow at least 100 kB."));
    }
    let mut made = match settings.profile {
        Profile::Plain => return Ok(Filings::default()),
        Profile::Eu => eu::filings(desk)?,
        Profile::UsEcf => us::filings(settings, desk)?,
        Profile::UkBundle => uk::filings(desk)?,
    };
    if !made.files.is_empty() {
        let title = crate::names::quote(&desk.document.wire.title);
        made.warnings.push(format!(
            "The title of the case, {title}, stands in the titles of the files for filing, which courts publish: it should name nobody."
        ));
    }
    for (path, _) in &made.files {
        check_name(path)?;
    }
    Ok(made)
}

/// Where the files for filing stand in the bag.
const FILING: &str = "data/filing/";

/// The path of a file for filing.
fn filing(name: &str) -> String {
    format!("{FILING}{name}")
}

/// A file that is filed has a name of letters, digits and underscores and one period (N.D. Cal.: periods, parentheses and other
/// punctuation cause errors). What stands beside it has another ending behind that.
fn check_name(path: &str) -> Result<(), Fault> {
    let name = path.strip_prefix(FILING).unwrap_or_default();
    let filed = name.strip_suffix(".p7s").or_else(|| name.strip_suffix(".tsr")).unwrap_or(name);
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let fits = filed.len() <= Limits::FILING_NAME_BYTES
        && filed.split_once('.').is_some_and(|(stem, ending)| plain(stem) && plain(ending));
    match fits {
        true => Ok(()),
        false => Err(Fault::internal("filing-name", format!("{path:?} is no name for a file that is filed"))),
    }
}

/// What every draft may say of the case.
fn values(desk: &Desk) -> Vec<draft::Value<'static>> {
    let wire = &desk.document.wire;
    vec![
        ("CASE", wire.id.clone()),
        ("TITLE", wire.title.clone()),
        ("CREATED", crate::report::to_seconds(desk.created)),
        ("TOOL", format!("{} {}", wire.tool.name, wire.tool.version)),
    ]
}

/// What a draft says about reasoning of machines, where the case has records of it.
fn reasoning(desk: &Desk) -> Vec<Block> {
    let records = desk.document.wire.reasoning.len() as u64;
    if records == 0 {
        return Vec::new();
    }
    let said = format!(
        "The report also holds {} of what a language model was asked and answered, apart from the facts. Each names the model, its \
         input, and who reviewed the answer, if anybody did. Nothing in this document says that such an answer is right.",
        counted(records, "record", "records")
    );
    vec![Block::Paragraph(Text::plain(said))]
}

/// A text in one line, with everything shown that could move a cursor or reorder what is read.
fn shown(text: &str) -> String {
    let show = |c: char| match c {
        '\n' | '\r' | '\t' => " ".to_owned(),
        _ if c.is_control() || reorders(c) => format!("<U+{:04X}>", u32::from(c)),
        _ => c.to_string(),
    };
    text.chars().map(show).collect()
}

/// Unicode `Bidi_Control`.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
