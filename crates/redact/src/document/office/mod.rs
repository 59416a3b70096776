//! Office documents: DOCX, XLSX, PPTX (ECMA-376) and ODT, ODS, ODP (ISO/IEC 26300).
//!
//! Every part of the package is visited: paragraphs with their runs joined, attributes, comments, tracked changes, hidden
//! text and sheets, field codes, cached values, metadata, addresses, documents within documents. What is no text goes or
//! becomes an empty one of its kind; pictures and fonts stay and are named in a warning. A part without an edit keeps
//! its compressed bytes.

pub(super) mod binary;
mod cell;
mod header;
mod odf;
mod package;
mod paragraph;
mod part;
mod sheet;
mod vocabulary;
mod xml;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use model::Fault;

use self::binary::Nature;
use self::part::{Part, Walked};
use self::sheet::{Sheet, Study};
use super::archive::{Archive, Budget, Entry, Writer};
use super::joined::{Coding, Joined, Splices, ask};
use super::mail::html;
use super::nested::Nested;
use super::{Removed, Rewritten};
use crate::{Decide, Limits, Spot};

/// Visits everything in an office document and writes the edits back.
///
/// Pieces stand at [`Spot::Part`]: the part's name (`word/document.xml`, an embedded one as
/// `word/embeddings/a.xlsx!xl/workbook.xml`) and a path such as `p[3]` or `c[7]/B2/v`.
///
/// # Errors
/// `bad_input`: `not-office`, `office-legacy`, `office-encrypted`, `bad-zip`, `bad-part-name`, `duplicate-part`,
/// `encrypted-part`, `too-many-parts`, `document-too-large`, `expands-too-much`, `nested-too-deep`, `bad-xml`,
/// `xml-doctype`, `xml-too-deep`, `personal-part-name`. And what `decide` returns.
pub fn rewrite(input: &[u8], decide: &mut dyn Decide, limits: &Limits) -> Result<Rewritten, Fault> {
    rewrite_within(input, decide, limits, &mut Budget::new(limits))
}

fn rewrite_within(
    input: &[u8],
    decide: &mut dyn Decide,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Rewritten, Fault> {
    check_outside(input, limits)?;
    let archive = Archive::read(input, budget, limits)?;
    let mut package = Package::load(&archive, limits)?;
    package.visit_names(decide)?;
    package.find_gone()?;
    package.study_workbook()?;
    for number in package.order()? {
        package.visit(number, decide, budget)?;
    }
    package.prune()?;
    Ok(package.write(input))
}

/// What can be said before the container is opened.
fn check_outside(input: &[u8], limits: &Limits) -> Result<(), Fault> {
    if input.len() as u64 > limits.document_bytes {
        return Err(Fault::bad_input("document-too-large", "The document is larger than the limit allows.")
            .advise("Split it, or raise the limit."));
    }
    if !input.starts_with(binary::CFB) {
        return Ok(());
    }
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if memchr::memmem::find(input, &name).is_some() {
        return Err(encrypted());
    }
    Err(Fault::bad_input("office-legacy", "The document is of an old binary format (.doc, .xls, .ppt, .msg).").advise(
        "Save it as .docx, .xlsx, .pptx or .eml first; the old formats keep removed text in places of their own.",
    ))
}

fn personal_name(number: usize) -> Fault {
    Fault::bad_input("personal-part-name", format!("The name of part {number} of the container holds personal data."))
        .advise("Rename what is embedded in the program that made the document, and save it again.")
}

fn encrypted() -> Fault {
    Fault::bad_input("office-encrypted", "The document is protected with a password.")
        .advise("Save it without the password first; what cannot be read cannot be redacted.")
}

/// One part and what became of it.
struct Loaded {
    entry: Entry,
    /// The content; XML in UTF-8.
    bytes: Vec<u8>,
    nature: Nature,
    /// New content.
    new: Option<Vec<u8>>,
    gone: bool,
}

struct Package<'a> {
    archive: &'a Archive<'a>,
    limits: &'a Limits,
    parts: Vec<Loaded>,
    names: Vec<String>,
    /// Names, in lower case, of parts that go.
    gone: HashSet<String>,
    gone_ids: HashMap<String, Vec<String>>,
    studies: HashMap<usize, Study>,
    strings: Option<(usize, Vec<Vec<String>>)>,
    notes: Rewritten,
    formula_dropped: bool,
    /// Names that sheets had before.
    renamed: Vec<String>,
}

impl<'a> Package<'a> {
    fn load(archive: &'a Archive<'a>, limits: &'a Limits) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        for entry in &archive.entries {
            let bytes = archive.bytes(entry)?;
            let nature = binary::nature(&entry.name, &bytes);
            let bytes = if nature == Nature::Xml { xml::in_utf8(bytes)? } else { bytes };
            parts.push(Loaded { entry: entry.clone(), bytes, nature, new: None, gone: false });
        }
        let names = parts.iter().map(|part| part.entry.name.clone()).collect();
        let package = Package {
            archive,
            limits,
            parts,
            names,
            gone: HashSet::new(),
            gone_ids: HashMap::new(),
            studies: HashMap::new(),
            strings: None,
            notes: Rewritten::default(),
            formula_dropped: false,
            renamed: Vec::new(),
        };
        package.check_kind()?;
        Ok(package)
    }

    fn content(&self, name: &str) -> Option<&[u8]> {
        self.parts.iter().find(|part| part.entry.name == name).map(|part| part.bytes.as_slice())
    }

    fn check_kind(&self) -> Result<(), Fault> {
        if self.content("META-INF/manifest.xml").map_or(Ok(false), |xml| package::is_encrypted(xml, self.limits))? {
            return Err(encrypted());
        }
        let is_open = self.content("mimetype").is_some_and(|kind| kind.starts_with(b"application/vnd.oasis."));
        if is_open || self.content("[Content_Types].xml").is_some() {
            return Ok(());
        }
        Err(Fault::bad_input("not-office", "The ZIP file is no office document.")
            .advise("Unpack it and give the files within; DOCX, XLSX, PPTX, ODT, ODS and ODP are read."))
    }

    /// Names of parts are text as well, but other programs refer to them: they cannot be rewritten.
    fn visit_names(&self, decide: &mut dyn Decide) -> Result<(), Fault> {
        for (number, name) in self.names.iter().enumerate() {
            // `jan@example.org.xml` is no address, and without its ending it is.
            let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
            for (what, text) in [("name", name.as_str()), ("stem", stem)] {
                let path = Cow::Owned(format!("{what}[{}]", number + 1));
                let spot = Spot::Part { part: Cow::Borrowed("/"), path };
                if !text.is_empty() && !ask(decide, text, &[], spot, false)?.is_empty() {
                    return Err(personal_name(number + 1));
                }
            }
        }
        Ok(())
    }

    /// Parts that go whole, their relationships, and where those are used.
    fn find_gone(&mut self) -> Result<(), Fault> {
        for part in &mut self.parts {
            let Nature::Gone(why) = part.nature else { continue };
            part.gone = true;
            self.gone.insert(part.entry.name.to_lowercase());
            self.gone.insert(package::rels_of(&part.entry.name).to_lowercase());
            self.notes.removed.push(Removed { what: part.entry.name.clone(), why });
            if why.starts_with("a signature") {
                self.notes.warnings.push("The document was signed; the redacted one is not.".to_owned());
            }
        }
        self.notes.warnings.dedup();
        let rels = self.parts.iter().filter(|part| part.entry.name.ends_with(".rels"));
        let rels: Vec<_> = rels.map(|part| (part.entry.name.clone(), part.bytes.clone())).collect();
        self.gone_ids = package::gone_relationships(&rels, &self.gone, self.limits)?;
        for part in &mut self.parts {
            part.gone |= self.gone.contains(&part.entry.name.to_lowercase());
        }
        Ok(())
    }

    /// Headers, uses of shared strings, formats of dates.
    fn study_workbook(&mut self) -> Result<(), Fault> {
        let (limits, mut sheets, mut strings) = (self.limits, Vec::new(), Vec::new());
        let (mut dates, mut from_1904, mut strings_at) = (Vec::new(), false, None);
        for (number, part) in self.parts.iter().enumerate().filter(|(_, part)| part.nature == Nature::Xml) {
            match xml::root(&part.bytes, limits)? {
                "worksheet" => sheets.push(number),
                "sst" => {
                    strings = sheet::shared_strings(&part.bytes, limits)?;
                    strings_at = Some(number);
                }
                "styleSheet" => dates = sheet::date_styles(&part.bytes, limits)?,
                "workbook" => from_1904 = sheet::counts_from_1904(&part.bytes, limits)?,
                _ => {}
            }
        }
        let mut studies = Vec::new();
        for &number in &sheets {
            let mut study = Study::new(&dates, from_1904);
            let uses = study.read(&self.parts[number].bytes, &strings, limits)?;
            studies.push((study, uses));
        }
        self.strings = strings_at.map(|number| (number, sheet::names_of_strings(strings.len(), &studies)));
        self.studies = sheets.into_iter().zip(studies.into_iter().map(|(study, _)| study)).collect();
        Ok(())
    }

    /// The order of the container, but a workbook before its sheets: formulas name sheets.
    fn order(&self) -> Result<Vec<usize>, Fault> {
        let mut order = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let is_book = part.nature == Nature::Xml && xml::root(&part.bytes, self.limits)? == "workbook";
            order.push((!is_book, number));
        }
        order.sort_unstable();
        Ok(order.into_iter().map(|(_, number)| number).collect())
    }

    fn visit(&mut self, number: usize, decide: &mut dyn Decide, budget: &mut Budget) -> Result<(), Fault> {
        let part = &self.parts[number];
        if part.gone || part.entry.is_folder() {
            return Ok(());
        }
        let name = part.entry.name.clone();
        let new = match part.nature {
            Nature::Xml => {
                let walked = self.visit_xml(number, &name, decide)?;
                self.formula_dropped |= walked.formula_dropped;
                self.renamed.extend(walked.renamed);
                walked.bytes
            }
            Nature::Html => html::rewrite_bytes(&part.bytes, &name, decide, &mut self.notes)?,
            Nature::Text => visit_text(&part.bytes, &name, decide)?,
            Nature::Archive => self.visit_nested(number, &name, decide, budget)?,
            Nature::Picture | Nature::Font => {
                let what = if part.nature == Nature::Font { "a font" } else { "a picture" };
                let new = binary::without_words(&part.bytes);
                self.notes.unscanned.push(format!("{name}: {what}"));
                if new.is_some() {
                    self.removed(format!("{name}: metadata"), "words within a picture that nobody sees");
                }
                new
            }
            Nature::Gone(_) => None,
            Nature::Emptied(why, empty) => {
                let empty = empty.bytes();
                if empty == part.bytes {
                    return Ok(());
                }
                self.removed(name, why);
                Some(empty)
            }
        };
        self.parts[number].new = new;
        Ok(())
    }

    fn removed(&mut self, what: String, why: &'static str) {
        self.notes.removed.push(Removed { what, why });
    }

    fn visit_xml(&mut self, number: usize, name: &str, decide: &mut dyn Decide) -> Result<Walked, Fault> {
        let sheet = match (&self.strings, self.studies.get(&number)) {
            (_, Some(study)) => Sheet::Worksheet(study),
            (Some((at, names)), None) if *at == number => Sheet::Strings(names),
            _ => Sheet::None,
        };
        let part = Part {
            name,
            xml: &self.parts[number].bytes,
            parts: &self.names,
            gone: self.gone_ids.get(name).map_or(&[], Vec::as_slice),
            renamed: &self.renamed,
            sheet,
        };
        part::walk(part, decide, self.limits, &mut self.notes)
    }

    /// A document within the document.
    fn visit_nested(
        &mut self,
        number: usize,
        name: &str,
        decide: &mut dyn Decide,
        budget: &mut Budget,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some(nesting) = self.limits.nesting.checked_sub(1) else {
            return Err(Fault::bad_input("nested-too-deep", "Documents are nested deeper than the limit allows.")
                .advise("Take the inner documents out and redact them apart."));
        };
        let limits = Limits { nesting, ..*self.limits };
        let bytes = &self.parts[number].bytes;
        match rewrite_within(bytes, &mut Nested { part: name, decide }, &limits, budget) {
            Ok(inner) => {
                let named = |removed: Removed| Removed { what: format!("{name}!{}", removed.what), ..removed };
                self.notes.removed.extend(inner.removed.into_iter().map(named));
                self.notes.warnings.extend(inner.warnings.iter().map(|warning| format!("{name}: {warning}")));
                self.notes.unscanned.extend(inner.unscanned.iter().map(|part| format!("{name}: {part}")));
                Ok((inner.bytes != *bytes).then_some(inner.bytes))
            }
            Err(fault) if fault.code() == "not-office" => {
                self.removed(name.to_owned(), "an archive that is no document");
                Ok(Some(Vec::new()))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Takes what is gone out of the lists of parts.
    fn prune(&mut self) -> Result<(), Fault> {
        if self.formula_dropped {
            // The order of computation names cells that have no formula any more; it is made anew on opening.
            for part in self.parts.iter_mut().filter(|part| part.entry.name.ends_with("/calcChain.xml")) {
                part.gone = true;
                self.gone.insert(part.entry.name.to_lowercase());
            }
        }
        for part in self.parts.iter_mut().filter(|part| !part.gone && part.nature == Nature::Xml) {
            let bytes = part.new.as_ref().unwrap_or(&part.bytes);
            if let Some(pruned) = package::prune(&part.entry.name, bytes, &self.gone, self.limits)? {
                part.new = Some(pruned);
            }
        }
        Ok(())
    }

    fn write(mut self, input: &[u8]) -> Rewritten {
        let changed = self.parts.iter().any(|part| part.gone || part.new.is_some());
        if self.archive.has_hidden {
            self.removed("container".to_owned(), "comments and bytes between the parts");
        }
        if !changed && !self.archive.has_hidden {
            return Rewritten { bytes: input.to_vec(), ..self.notes };
        }
        let mut writer = Writer::default();
        for part in self.parts.iter().filter(|part| !part.gone) {
            match &part.new {
                Some(bytes) => writer.add(&part.entry.name, part.entry.time, part.entry.deflated, bytes),
                None => writer.copy(&part.entry, self.archive.compressed(&part.entry)),
            }
        }
        Rewritten { bytes: writer.finish(), ..self.notes }
    }
}

/// Plain text, line by line.
fn visit_text(bytes: &[u8], name: &str, decide: &mut dyn Decide) -> Result<Option<Vec<u8>>, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| {
        Fault::bad_input("not-office", format!("Part {name} is no text, as it would be in an office document."))
            .advise("Save the document again in the program that made it.")
    })?;
    let mut splices = Splices::default();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let mut joined = Joined::default();
        joined.literal(line, start, Coding::Plain);
        start += line.len();
        if joined.is_blank() {
            continue;
        }
        let path = Cow::Owned(format!("line {}", number + 1));
        let edits = ask(decide, line, &[], Spot::Part { part: Cow::Borrowed(name), path }, true)?;
        joined.splice(&edits, &mut splices);
    }
    Ok((!splices.is_empty()).then(|| splices.apply(bytes)))
}
