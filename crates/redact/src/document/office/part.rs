//! One XML part: every text, attribute, comment and instruction of it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use model::Fault;

use super::super::joined::{Coding, Joined, Splices, ask, edited};
use super::super::table::Tables;
use super::super::{Removed, Rewritten};
use super::odf::OdfCell;
use super::paragraph::{Flags, Paragraph};
use super::vocabulary::{self, Role, role};
use super::xml::{Attribute, Reader, Token, decode, local};
use super::{cell::Cell, header, odf, sheet::Sheet};
use crate::{Decide, Edit, Limits, Spot};

/// A part to walk.
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) xml: &'a [u8],
    /// Which names exist in the package: an address that is one of them is no text.
    pub(super) parts: &'a [String],
    /// Relationships of this part that go: attributes that name one go as well.
    pub(super) gone: &'a [String],
    /// Names of sheets that are not called so any more: formulas that use them go.
    pub(super) renamed: &'a [String],
    /// What is known of a worksheet, or of the shared strings.
    pub(super) sheet: Sheet<'a>,
}

/// What a part became.
#[derive(Default)]
pub(super) struct Walked {
    /// New bytes, when something changed.
    pub(super) bytes: Option<Vec<u8>>,
    /// A formula had to go, so that the order in which formulas are computed is void.
    pub(super) formula_dropped: bool,
    /// Names that sheets had before.
    pub(super) renamed: Vec<String>,
}

/// Visits everything in a part.
///
/// # Errors
/// `bad-xml`, `xml-doctype`, `xml-too-deep`, `personal-part-name`, and what `decide` returns.
pub(super) fn walk(
    part: Part<'_>,
    decide: &mut dyn Decide,
    limits: &Limits,
    notes: &mut Rewritten,
) -> Result<Walked, Fault> {
    let owners = owners(part.xml, limits)?;
    let xml = str::from_utf8(part.xml).unwrap_or_default();
    let mut reader = Reader::new(part.xml, limits.depth)?;
    let mut walk = Walk {
        part: &part,
        xml,
        decide,
        notes,
        owners,
        open: Vec::new(),
        paragraphs: Vec::new(),
        counts: HashMap::new(),
        elements: 0,
        tables: Tables::default(),
        cells: Vec::new(),
        odf_cells: Vec::new(),
        splices: Splices::default(),
        shared_formulas: Vec::new(),
        dropped: Vec::new(),
        renamed: Vec::new(),
    };
    while let Some((token, range)) = reader.next()? {
        walk.token(token, range)?;
    }
    walk.finish()
}

/// Which elements, in their order, hold text of their own besides white space. Also proves that the part is well-formed
/// before anything is decided.
fn owners(xml: &[u8], limits: &Limits) -> Result<Vec<bool>, Fault> {
    let mut reader = Reader::new(xml, limits.depth)?;
    let mut owners = Vec::new();
    let mut open = Vec::new();
    while let Some((token, range)) = reader.next()? {
        match token {
            Token::Start { empty, .. } => {
                if !empty {
                    open.push(owners.len());
                }
                owners.push(false);
            }
            Token::End => drop(open.pop()),
            Token::Text | Token::Cdata => {
                if let Some(&element) = open.last()
                    && !xml[range].trim_ascii().is_empty()
                {
                    owners[element] = true;
                }
            }
            Token::Comment | Token::Instruction => {}
        }
    }
    Ok(owners)
}

/// An element that is open.
pub(super) struct Open<'a> {
    pub(super) local: &'a str,
    /// The paragraph that takes the text within.
    owner: Option<usize>,
    /// Whether the paragraph ends with this element.
    ends: bool,
    flags: Flags,
    /// What its `name` attribute says.
    label: Option<String>,
    /// Bytes as base64.
    binary: bool,
    /// Where `xml:space` would have to stand to keep blanks.
    trims_at: Option<usize>,
}

pub(super) struct Walk<'a, 'd> {
    part: &'a Part<'a>,
    pub(super) xml: &'a str,
    pub(super) decide: &'d mut dyn Decide,
    notes: &'d mut Rewritten,
    owners: Vec<bool>,
    open: Vec<Open<'a>>,
    paragraphs: Vec<Paragraph>,
    counts: HashMap<&'a str, u32>,
    elements: usize,
    tables: Tables,
    pub(super) cells: Vec<Cell>,
    pub(super) odf_cells: Vec<OdfCell>,
    pub(super) splices: Splices,
    /// Number and place of every shared formula.
    pub(super) shared_formulas: Vec<(String, Range<usize>)>,
    /// Numbers of the shared formulas that have to go; the empty one stands for a formula of its own.
    pub(super) dropped: Vec<String>,
    renamed: Vec<String>,
}

impl<'a> Walk<'a, '_> {
    fn token(&mut self, token: Token<'a>, range: Range<usize>) -> Result<(), Fault> {
        match token {
            Token::Start { name, attributes, empty } => {
                self.start(name, &attributes, &range, empty)?;
                if empty {
                    self.end(range.end)?;
                }
                Ok(())
            }
            Token::End => self.end(range.end),
            Token::Text => self.text(range, Coding::Text),
            Token::Cdata => self.text(range, Coding::Cdata),
            Token::Comment => self.aside("comment()", range, Coding::Comment),
            Token::Instruction => self.instruction(range),
        }
    }

    fn start(
        &mut self,
        name: &'a str,
        attributes: &[Attribute<'a>],
        range: &Range<usize>,
        empty: bool,
    ) -> Result<(), Fault> {
        let here = local(name);
        let path = self.path(here);
        let ordinal = self.elements;
        self.elements += 1;
        let parent = self.open.last();
        let mut flags = parent.map_or(Flags::default(), |parent| parent.flags);
        flags.deleted |= vocabulary::is_deletion(here);
        flags.inserted |= vocabulary::is_insertion(here);
        let mut owner = parent.and_then(|parent| parent.owner);
        self.mark(here, parent.map_or("", |parent| parent.local), owner, flags, attributes, range);
        self.tables.start(here, |local| value_of(self.xml, attributes, local));
        let role = role(here);
        if role == Role::Island {
            owner = None;
            flags = Flags::default();
        }
        let ends = role == Role::Paragraph || owner.is_none() && self.owners.get(ordinal) == Some(&true);
        if ends {
            owner = Some(self.paragraphs.len());
            self.paragraphs.push(Paragraph::new(path.clone(), role == Role::Paragraph));
        }
        let kind = self.value_of(attributes, "type");
        let binary = vocabulary::is_binary(here, kind.as_deref());
        let label = self.value_of(attributes, "name").filter(|label| label.len() <= 64);
        let keeps = attributes.iter().any(|attribute| attribute.name == "xml:space");
        let trims_at = (vocabulary::trims_space(name) && !keeps).then_some(range.start + 1 + name.len());
        self.open.push(Open { local: here, owner, ends, flags, label, binary, trims_at });
        self.hide(attributes);
        self.begin_odf_cell(here, attributes);
        self.begin_cell(here, &path, attributes, range, empty);
        self.attributes(here, &path, attributes)
    }

    /// `w:vanish` in the properties of a run hides the rest of the run.
    fn hide(&mut self, attributes: &[Attribute<'a>]) {
        let [.., run, properties, vanish] = &mut self.open[..] else { return };
        if vanish.local != "vanish" || properties.local != "rPr" || run.local != "r" {
            return;
        }
        let off = attributes.iter().any(|attribute| {
            attribute.local() == "val" && ["0", "false", "off"].contains(&&self.xml[attribute.value.clone()])
        });
        run.flags.hidden |= !off;
    }

    /// Markup that stands for a character.
    fn mark(
        &mut self,
        here: &str,
        parent: &str,
        owner: Option<usize>,
        flags: Flags,
        attributes: &[Attribute<'a>],
        range: &Range<usize>,
    ) {
        let Some(paragraph) = owner.and_then(|owner| self.paragraphs.get_mut(owner)) else { return };
        if here == "fldChar" {
            paragraph.next_field();
        }
        let Some((text, goes)) = vocabulary::mark(here, parent) else { return };
        let is_alone = self.xml[range.clone()].ends_with("/>");
        let source = if goes && is_alone { range.clone() } else { range.start..range.start };
        // text:s with text:c: so many spaces.
        let count = attributes.iter().find(|attribute| here == "s" && attribute.local() == "c");
        let count = count.and_then(|count| self.xml[count.value.clone()].parse().ok()).unwrap_or(1_usize).clamp(1, 64);
        paragraph.at(flags).markup(&text.repeat(count), source);
    }

    fn text(&mut self, range: Range<usize>, coding: Coding) -> Result<(), Fault> {
        let Some(open) = self.open.last() else { return Ok(()) };
        let text = &self.xml[range.clone()];
        if open.binary {
            if !text.trim_ascii().is_empty() {
                self.splices.put(range, Vec::new());
                let what = format!("{}: {}", self.part.name, open.local);
                self.notes.removed.push(Removed { what, why: "bytes as base64, which cannot be read" });
            }
            return Ok(());
        }
        let Some(paragraph) = open.owner.and_then(|owner| self.paragraphs.get_mut(owner)) else { return Ok(()) };
        // White space between elements is layout of the XML; a blank between two spans is one.
        if text.trim_ascii().is_empty() && text.contains('\n') && !vocabulary::keeps_space(open.local) {
            return Ok(());
        }
        paragraph.trimmed.extend(open.trims_at.map(|at| (at, range.clone())));
        let is_code = vocabulary::is_field_code(open.local);
        let into = if is_code { paragraph.field() } else { paragraph.at(open.flags) };
        match coding {
            Coding::Cdata => into.literal(text, range.start, coding),
            _ => decode(self.xml, range, coding, into)?,
        }
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if open.ends
            && let Some(paragraph) = self.paragraphs.pop()
            && !self.take_into_cell(&open, &paragraph)
        {
            self.emit(&open, &paragraph)?;
        }
        match open.local {
            "f" => self.end_formula(end),
            "c" => self.end_cell()?,
            local if odf::is_cell(local) => self.end_odf_cell(),
            _ => {}
        }
        self.tables.end(open.local);
        Ok(())
    }

    /// Every reading of a paragraph, and the field codes in it.
    fn emit(&mut self, open: &Open<'a>, paragraph: &Paragraph) -> Result<(), Fault> {
        let names = self.names(open);
        if vocabulary::is_formula(open.local) {
            return self.formula(paragraph, &names);
        }
        let before = self.splices.count();
        let final_text = paragraph.readings().next().map(|(_, joined)| joined);
        if let Some(joined) = &final_text {
            self.tables.text(joined.text());
        }
        for (suffix, joined) in paragraph.readings() {
            let path = format!("{}{suffix}", paragraph.path);
            let changed = self.piece(&joined, &names, path, paragraph.is_prose || is_prose(joined.text()))?;
            self.note_odf_text(joined, changed);
        }
        if header::is_header(open.local)
            && let Some(printed) = final_text.as_ref().and_then(|text| header::printed(text, self.xml))
        {
            self.piece(&printed, &names, format!("{}/printed", paragraph.path), true)?;
        }
        for (number, code) in paragraph.fields().enumerate() {
            self.piece(code, &names, format!("{}/field[{}]", paragraph.path, number + 1), false)?;
        }
        for (at, content) in &paragraph.trimmed {
            if self.splices.touch(before, content) && self.xml[content.clone()].contains(' ') {
                self.splices.put(*at..*at, b" xml:space=\"preserve\"".to_vec());
            }
        }
        Ok(())
    }

    /// A formula outside of cells: where it must change, an error stands in its place, which every program accepts.
    fn formula(&mut self, paragraph: &Paragraph, names: &[String]) -> Result<(), Fault> {
        for (_, joined) in paragraph.readings().take(1).filter(|(_, joined)| !joined.is_blank()) {
            let names: Vec<Cow<'_, str>> = names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
            let spot = self.spot(paragraph.path.clone());
            let edits = ask(self.decide, joined.text(), &names, spot, false)?;
            if !edits.is_empty() || self.uses_renamed(joined.text()) {
                let edit = Edit { range: 0..joined.text().len(), with: "#REF!".to_owned() };
                joined.splice(&[edit], &mut self.splices);
            }
        }
        Ok(())
    }

    /// Whether a formula names a sheet that has another name now.
    pub(super) fn uses_renamed(&self, formula: &str) -> bool {
        self.part.renamed.iter().any(|name| formula.contains(name.as_str()))
    }

    /// Names of the fields around a text: those of the table it stands in, a label, the element.
    fn names(&self, open: &Open<'a>) -> Vec<String> {
        if let Some(names) = self.part.sheet.names(&self.counts) {
            return names.to_vec();
        }
        if let Some(cell) = self.cells.last() {
            return cell.names.clone();
        }
        let names = self.tables.names();
        if !names.is_empty() || role(open.local) == Role::Paragraph {
            return names;
        }
        let label = open.label.clone().or_else(|| self.open.iter().rev().take(2).find_map(|open| open.label.clone()));
        label.into_iter().chain([open.local.to_owned()]).collect()
    }

    /// Asks about a text and writes the answer back. Says whether something changed.
    pub(super) fn piece(
        &mut self,
        joined: &Joined,
        names: &[String],
        path: String,
        prose: bool,
    ) -> Result<bool, Fault> {
        if joined.is_blank() {
            return Ok(false);
        }
        let names: Vec<Cow<'_, str>> = names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
        let spot = self.spot(path);
        let edits = ask(self.decide, joined.text(), &names, spot, prose)?;
        joined.splice(&edits, &mut self.splices);
        Ok(!edits.is_empty())
    }

    pub(super) fn spot(&self, path: String) -> Spot<'a> {
        Spot::Part { part: Cow::Borrowed(self.part.name), path: Cow::Owned(path) }
    }

    /// Without its name, an instruction is none any more: then all of it goes.
    fn instruction(&mut self, range: Range<usize>) -> Result<(), Fault> {
        let mut joined = Joined::default();
        joined.literal(&self.xml[range.clone()], range.start, Coding::Instruction);
        let text = joined.text();
        let target = text.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(text.len());
        let path = self.path("processing-instruction()");
        let spot = self.spot(path);
        let edits = ask(self.decide, text, &[], spot, is_prose(text))?;
        match edits.iter().any(|edit| edit.range.start < target) {
            true => self.splices.put(range.start - "<?".len()..range.end + "?>".len(), Vec::new()),
            false => joined.splice(&edits, &mut self.splices),
        }
        Ok(())
    }

    fn aside(&mut self, what: &'static str, range: Range<usize>, coding: Coding) -> Result<(), Fault> {
        let mut joined = Joined::default();
        joined.literal(&self.xml[range.clone()], range.start, coding);
        let path = self.path(what);
        self.piece(&joined, &[], path, is_prose(joined.text())).map(drop)
    }

    fn attributes(&mut self, here: &str, path: &str, attributes: &[Attribute<'a>]) -> Result<(), Fault> {
        // What a company stores beside the document: no attribute of it is known.
        let is_own = self.part.name.starts_with("customXml/");
        for attribute in attributes {
            let raw = &self.xml[attribute.value.clone()];
            if attribute.name.contains(':') && self.part.gone.iter().any(|id| id == raw) {
                self.splices.put(attribute.whole.clone(), Vec::new());
            } else if vocabulary::is_binary_attribute(attribute.name) {
                self.splices.put(attribute.whole.clone(), Vec::new());
                let what = format!("{}: attribute {}", self.part.name, attribute.name);
                self.notes.removed.push(Removed { what, why: "bytes as base64, which cannot be read" });
            } else if is_own && !attribute.name.starts_with("xmlns")
                || !vocabulary::is_structural(here, attribute.name, raw)
            {
                self.attribute(here, path, attribute)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, element: &str, path: &str, attribute: &Attribute<'a>) -> Result<(), Fault> {
        let here = attribute.local();
        let is_address = vocabulary::is_address(here);
        if is_address && self.is_part(&self.xml[attribute.value.clone()]) {
            return Ok(());
        }
        let coding = if is_address { Coding::Address } else { Coding::Attribute };
        let mut joined = Joined::default();
        decode(self.xml, attribute.value.clone(), coding, &mut joined)?;
        if is_address {
            joined = joined.percent_decoded(self.xml);
        }
        let mut names = self.cells.last().map_or_else(|| self.tables.names(), |cell| cell.names.clone());
        names.extend(self.open.iter().rev().take(2).find_map(|open| open.label.clone()).filter(|_| here != "name"));
        let speaks = vocabulary::speaks(here);
        if speaks || self.part.name.starts_with("customXml/") {
            names.push(here.to_owned());
        }
        let path = format!("{path}/@{}", attribute.name);
        if self.odf_attribute(element, attribute, &names, &path)? {
            return Ok(());
        }
        if element == "sheet" && here == "name" {
            return self.sheet_name(&joined, &names, path);
        }
        let changed = self.piece(&joined, &names, path, speaks || is_prose(joined.text()))?;
        if changed && (attribute.name == "xmlns" || attribute.name.starts_with("xmlns:")) {
            return Err(Fault::bad_input("personal-part-name", "The name of a namespace holds personal data.")
                .advise("Rename it in the program that made the document; a namespace cannot be redacted."));
        }
        Ok(())
    }

    /// The name of a sheet may not hold brackets, nor more than 31 letters (ECMA-376 part 1, 18.2.19).
    fn sheet_name(&mut self, joined: &Joined, names: &[String], path: String) -> Result<(), Fault> {
        let names: Vec<Cow<'_, str>> = names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
        let spot = self.spot(path);
        let edits = ask(self.decide, joined.text(), &names, spot, true)?;
        if edits.is_empty() {
            return Ok(());
        }
        self.renamed.push(joined.text().to_owned());
        // Two sheets must not have one name: the number tells them apart.
        let number = format!(" {}", self.renamed.len());
        let plain = edited(joined.text(), &edits).replace('[', "(").replace(']', ")");
        let plain = plain.chars().filter(|letter| !":*?/\\'".contains(*letter)).take(31 - number.len());
        let edit = Edit { range: 0..joined.text().len(), with: plain.chain(number.chars()).collect() };
        joined.splice(&[edit], &mut self.splices);
        Ok(())
    }

    /// Whether an address names a part of the package: parts are visited under their own names.
    fn is_part(&self, address: &str) -> bool {
        let mut tail = address.trim_start_matches('/');
        while let Some(rest) = tail.strip_prefix("./").or_else(|| tail.strip_prefix("../")) {
            tail = rest;
        }
        !tail.is_empty()
            && self
                .part
                .parts
                .iter()
                .any(|part| part.strip_suffix(tail).is_some_and(|before| before.is_empty() || before.ends_with('/')))
    }

    fn path(&mut self, local: &'a str) -> String {
        let count = self.counts.entry(local).or_default();
        *count += 1;
        format!("{local}[{count}]")
    }

    pub(super) fn value_of(&self, attributes: &[Attribute<'a>], local: &str) -> Option<String> {
        value_of(self.xml, attributes, local)
    }

    pub(super) fn sheet(&self) -> &'a Sheet<'a> {
        &self.part.sheet
    }

    fn finish(mut self) -> Result<Walked, Fault> {
        let formula_dropped = !self.dropped.is_empty();
        for (number, range) in &self.shared_formulas {
            if self.dropped.contains(number) {
                self.splices.put(range.clone(), Vec::new());
            }
        }
        let bytes = if self.splices.is_empty() { None } else { Some(self.splices.apply(self.part.xml)) };
        Ok(Walked { bytes, formula_dropped, renamed: self.renamed })
    }
}

/// The value of the attribute of that local name.
fn value_of(xml: &str, attributes: &[Attribute<'_>], local: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.local() == local)?;
    let mut joined = Joined::default();
    decode(xml, attribute.value.clone(), Coding::Attribute, &mut joined).ok()?;
    Some(joined.text().to_owned())
}

/// Whether a text may be a sentence or a name: letters and a space.
pub(super) fn is_prose(text: &str) -> bool {
    text.contains(' ') && text.chars().any(char::is_alphabetic)
}
