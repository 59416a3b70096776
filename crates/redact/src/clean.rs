//! Whole inputs: look at one, or take out, audit, and only then call it done.

use std::io::{self, Read, Write};

use model::Fault;

use crate::audit::{Auditor, across};
use crate::document::{Attachments, Removed, Rewritten, mail, office, pdf};
use crate::format::detect::{self, Kind};
use crate::format::encoding::{self, Rewrite};
use crate::format::{self, csv, env, json, sql, text, toml_text, xml, yaml};
use crate::lore::Lessons;
use crate::memory::Memory;
use crate::redactor::{Act, Case, Means, Redactor, Witness};
use crate::restore::Removal;
use crate::{Decide, Limits, Names};

/// Something that can be read again from its beginning.
pub trait Source {
    /// Begins to read.
    ///
    /// # Errors
    /// Whatever opening says.
    fn open(&self) -> Result<Box<dyn Read + '_>, Fault>;
}

/// Where an output is written, and read again for the audit. Nobody sees it before the audit is over.
pub trait Vessel: Source {
    /// Begins to write, with nothing in it.
    ///
    /// # Errors
    /// Whatever opening says.
    fn create(&mut self) -> Result<Box<dyn Write + '_>, Fault>;
}

/// What a walk through an input did besides its edits.
#[derive(Debug, Default)]
pub struct Walked {
    /// Parts that were left out of the output whole.
    pub removed: Vec<Removed>,
    /// What the reader has to know.
    pub warnings: Vec<String>,
    /// Parts that could not be looked into: images.
    pub unscanned: Vec<String>,
    /// What was taken out where, when that was asked for.
    pub removals: Vec<Removal>,
}

/// How often an output in which known values remain is made again with all of them known.
pub(crate) const ROUNDS: usize = 8;

/// The redaction of one input: what it is, what is worked with, who is told.
pub struct Redaction<'a> {
    /// What the input is.
    pub kind: Kind,
    /// What is worked with; the same for all inputs.
    pub means: Means<'a>,
    /// What the inputs of a case share.
    pub case: &'a mut Case,
    /// What [`learn`] has learned from this input, where that was done before.
    pub lessons: Option<Lessons>,
    /// Who is told of what is found and taken out.
    pub witness: &'a mut dyn Witness,
    /// What the input may cost.
    pub limits: &'a Limits,
}

/// Looks for personal data and tells the witness. Nothing is written.
///
/// # Errors
/// Faults of the format; whatever the witness says.
pub fn look(source: &mut dyn Read, redaction: Redaction<'_>) -> Result<Walked, Fault> {
    let Redaction { kind, means, case, witness, limits, .. } = redaction;
    let memory = Memory::of(case);
    let mut redactor = Redactor::new(means, Act::Look, memory, &mut case.numbers, witness);
    walk(source, &mut io::sink(), kind, &mut redactor, limits)
}

/// Learns what an input can teach: who is named in it, and which values stand in a context that tells what they are, so
/// that they are known in other inputs that do not tell. Nobody is told and nothing written.
///
/// # Errors
/// Faults of the format.
pub fn learn(source: &mut dyn Read, redaction: Redaction<'_>) -> Result<Lessons, Fault> {
    let Redaction { kind, means, case, witness, limits, .. } = redaction;
    let memory = Memory::of(case);
    let mut redactor = Redactor::new(means, Act::Learn, memory, &mut case.numbers, witness);
    walk(source, &mut io::sink(), kind, &mut redactor, limits)?;
    Ok(redactor.into_memory().lessons)
}

/// Copies a stream, less what has to go. Each piece is scanned again before it is let out; what a later piece teaches
/// about an earlier one comes too late for it.
///
/// # Errors
/// `redaction-incomplete`, when something survives; faults of the format; whatever the witness says.
pub fn pass(source: &mut dyn Read, output: &mut dyn Write, redaction: Redaction<'_>) -> Result<Walked, Fault> {
    let Redaction { kind, means, case, witness, limits, .. } = redaction;
    let memory = Memory::of(case);
    let mut redactor = Redactor::new(means, Act::TakeAndAudit, memory, &mut case.numbers, witness);
    walk(source, output, kind, &mut redactor, limits)
}

/// Takes out of `source` what has to go, reads the output again, and scans every layer of it with all detectors and for
/// every value that was taken out. A value that remains, because only elsewhere its context told what it is, is taken
/// out in another round; what still remains then is a fault, and the vessel's content is not to be used.
///
/// # Errors
/// `redaction-incomplete`, when something survives; faults of the format; whatever the witness says.
pub fn take(source: &dyn Source, vessel: &mut dyn Vessel, redaction: Redaction<'_>) -> Result<Walked, Fault> {
    let Redaction { kind, means, case, lessons, witness, limits } = redaction;
    let mut memory = Memory::of(case);
    // What stays by a decision may well stand across pieces.
    memory.seams = if means.decisions.is_empty() { kind.seams() } else { b"" };
    memory.removals = means.reversible.then(Vec::new);
    if means.names.is_some() && means.profile.names != Names::Never {
        match lessons {
            Some(lessons) => memory.draft.extend(&lessons.names),
            None => {
                let mut learner = Redactor::new(means, Act::Learn, memory, &mut case.numbers, witness);
                walk(&mut *source.open()?, &mut io::sink(), kind, &mut learner, limits)?;
                memory = learner.into_memory();
            }
        }
        memory.roster = Some(std::mem::take(&mut memory.draft).settle());
    }
    let mut left = ROUNDS;
    loop {
        left -= 1;
        memory.forget_places();
        let mut redactor = Redactor::new(means, Act::Take, memory, &mut case.numbers, witness);
        let mut walked = walk(&mut *source.open()?, &mut *vessel.create()?, kind, &mut redactor, limits)?;
        memory = redactor.into_memory();
        let mut auditor = Auditor::new(means, &memory);
        walk(&mut *vessel.open()?, &mut io::sink(), kind, &mut auditor, limits)?;
        let (survivors, fault) = auditor.end();
        match fault {
            None => {
                if let Some(fault) = across(&mut *vessel.open()?, &memory)? {
                    return Err(fault);
                }
                walked.removals = memory.removals.unwrap_or_default();
                return Ok(walked);
            }
            Some(fault) if left == 0 => return Err(fault),
            Some(_) => {
                survivors.iter().for_each(|survivor| memory.learn(&survivor.value, &survivor.kind));
                witness.again()?;
            }
        }
    }
}

/// One walk through an input of some kind.
pub(crate) fn walk(
    input: &mut dyn Read,
    output: &mut dyn Write,
    kind: Kind,
    decide: &mut dyn Decide,
    limits: &Limits,
) -> Result<Walked, Fault> {
    walk_within(input, output, kind, decide, limits, 0)
}

/// `depth` counts the mails and PDFs around an attachment.
fn walk_within(
    input: &mut dyn Read,
    output: &mut dyn Write,
    kind: Kind,
    decide: &mut dyn Decide,
    limits: &Limits,
    depth: u32,
) -> Result<Walked, Fault> {
    let format: Rewrite<'_> = match kind {
        Kind::Pdf => return document(input, output, limits, |bytes| pdf(bytes, decide, limits, depth)),
        Kind::Office => return document(input, output, limits, |bytes| office::rewrite(bytes, decide, limits)),
        Kind::Eml | Kind::Mbox => return document(input, output, limits, |bytes| mail(bytes, decide, limits, depth)),
        Kind::Unknown(_) => return Err(refused(kind)),
        Kind::Text => &|input, output, decide, limits| text::rewrite(input, output, decide, false, limits),
        Kind::Prose => &|input, output, decide, limits| text::rewrite(input, output, decide, true, limits),
        Kind::Json | Kind::JsonLines => &json::rewrite,
        Kind::Csv => &csv::rewrite,
        Kind::Xml => &xml::rewrite,
        Kind::Html => &xml::rewrite_html,
        Kind::Yaml => &yaml::rewrite,
        Kind::Toml => &toml_text::rewrite,
        Kind::Env => &env::rewrite,
        Kind::Sql => &sql::rewrite,
    };
    let mut prefix = Vec::new();
    input.take(ENCODING_PREFIX).read_to_end(&mut prefix).map_err(format::read_failed)?;
    let encoding = encoding::detect(&prefix);
    encoding::rewrite(encoding, format, &mut prefix.as_slice().chain(input), output, decide, limits)?;
    Ok(Walked::default())
}

/// So many bytes say in which encoding a text is.
const ENCODING_PREFIX: u64 = 4096;

fn mail(bytes: &[u8], decide: &mut dyn Decide, limits: &Limits, depth: u32) -> Result<Rewritten, Fault> {
    with_attachments(limits, depth, |attachments| {
        mail::rewrite(bytes, mail::Unknown::Remove, attachments, decide, limits)
    })
}

fn pdf(bytes: &[u8], decide: &mut dyn Decide, limits: &Limits, depth: u32) -> Result<Rewritten, Fault> {
    with_attachments(limits, depth, |attachments| pdf::rewrite_with(bytes, attachments, decide, limits))
}

/// Attachments of every kind that can be cleaned are cleaned; the others are taken out.
fn with_attachments(
    limits: &Limits,
    depth: u32,
    rewrite: impl FnOnce(&mut Attachments<'_>) -> Result<Rewritten, Fault>,
) -> Result<Rewritten, Fault> {
    let mut inner = Rewritten::default();
    let mut rewritten = rewrite(&mut |bytes: &[u8], name: &str, _: &str, decide: &mut dyn Decide| {
        let kind = detect::detect((!name.is_empty()).then_some(name), bytes);
        if matches!(kind, Kind::Unknown(_)) || depth >= limits.nesting {
            return Ok(None);
        }
        let mut clean = Vec::new();
        let walked = walk_within(&mut &*bytes, &mut clean, kind, decide, limits, depth + 1)?;
        inner.removed.extend(walked.removed);
        inner.warnings.extend(walked.warnings);
        inner.unscanned.extend(walked.unscanned);
        Ok(Some(clean))
    })?;
    rewritten.removed.extend(inner.removed);
    rewritten.warnings.extend(inner.warnings);
    rewritten.unscanned.extend(inner.unscanned);
    Ok(rewritten)
}

/// A document is held in memory, and written whole.
fn document(
    input: &mut dyn Read,
    output: &mut dyn Write,
    limits: &Limits,
    rewrite: impl FnOnce(&[u8]) -> Result<Rewritten, Fault>,
) -> Result<Walked, Fault> {
    let mut bytes = Vec::new();
    input.take(limits.document_bytes + 1).read_to_end(&mut bytes).map_err(format::read_failed)?;
    if bytes.len() as u64 > limits.document_bytes {
        return Err(Fault::bad_input("too-large", "the document is larger than what is held in memory at once")
            .advise("Split it, or redact its parts."));
    }
    let Rewritten { bytes, removed, warnings, unscanned } = rewrite(&bytes)?;
    output.write_all(&bytes).map_err(format::write_failed)?;
    Ok(Walked { removed, warnings, unscanned, ..Walked::default() })
}

fn refused(kind: Kind) -> Fault {
    Fault::bad_input("format-not-cleaned", format!("this is {}, which cannot be cleaned completely", kind.name()))
        .advise("Unpack or convert it first, or leave it out. `--format text` reads any bytes as text, at your own judgement.")
}
