//! A cell of an XLSX worksheet: formula, cached value, type.

use std::ops::Range;

use model::Fault;

use super::super::joined::{Coding, Joined, ask, edited, encode};
use super::paragraph::Paragraph;
use super::part::{Open, Walk, is_prose};
use super::sheet::{Sheet, column_of};
use super::xml::Attribute;

/// A cell that is open.
pub(super) struct Cell {
    path: String,
    /// What the column's header and the row's label say.
    pub(super) names: Vec<String>,
    /// `s`, `str`, `n` …; empty when there is none.
    kind: String,
    is_date: bool,
    /// The attribute that says the type, or where it would stand.
    kind_place: Range<usize>,
    formula: Option<Formula>,
    value: Joined,
}

struct Formula {
    text: Joined,
    element: Range<usize>,
    shared: String,
}

impl<'a> Walk<'a, '_> {
    /// Notes a cell, or the formula within one.
    pub(super) fn begin_cell(
        &mut self,
        here: &str,
        path: &str,
        attributes: &[Attribute<'a>],
        range: &Range<usize>,
        empty: bool,
    ) {
        let Sheet::Worksheet(study) = self.sheet() else { return };
        if here == "c" {
            let kind = self.value_of(attributes, "t").unwrap_or_default();
            let style = self.value_of(attributes, "s").and_then(|style| style.parse().ok()).unwrap_or(0_usize);
            let reference = self.value_of(attributes, "r").unwrap_or_default();
            let inside = &self.xml[range.start..range.end];
            let name_end = inside.find(|letter: char| letter.is_ascii_whitespace() || "/>".contains(letter));
            let name_end = range.start + name_end.unwrap_or(inside.len());
            let kind_place = attributes.iter().find(|attribute| attribute.local() == "t");
            self.cells.push(Cell {
                names: study.names(&reference),
                path: column_of(&reference).map_or_else(|| path.to_owned(), |_| format!("{path}/{reference}")),
                is_date: study.is_date(style),
                kind_place: kind_place.map_or(name_end..name_end, |attribute| attribute.whole.clone()),
                kind,
                formula: None,
                value: Joined::default(),
            });
        }
        if here == "f" && !self.cells.is_empty() {
            let shared = match self.value_of(attributes, "t").as_deref() {
                Some("shared") => self.value_of(attributes, "si").unwrap_or_default(),
                _ => String::new(),
            };
            let end = if empty { range.end } else { range.start };
            let formula = Formula { text: Joined::default(), element: range.start..end, shared };
            if let Some(cell) = self.cells.last_mut() {
                cell.formula = Some(formula);
            }
        }
    }

    /// Takes the text of `f` and `v`, which are decided together at the end of the cell.
    pub(super) fn take_into_cell(&mut self, open: &Open<'_>, paragraph: &Paragraph) -> bool {
        let Some(cell) = self.cells.last_mut() else { return false };
        let text = paragraph.readings().next().map(|(_, joined)| joined).unwrap_or_default();
        match (open.local, &mut cell.formula) {
            ("f", Some(formula)) => formula.text = text,
            ("v", _) => cell.value = text,
            _ => return false,
        }
        true
    }

    /// The element of a formula ended at `end`.
    pub(super) fn end_formula(&mut self, end: usize) {
        if let Some(formula) = self.cells.last_mut().and_then(|cell| cell.formula.as_mut()) {
            formula.element.end = end;
            if !formula.shared.is_empty() {
                self.shared_formulas.push((formula.shared.clone(), formula.element.clone()));
            }
        }
    }

    /// Decides a cell. A formula that holds or computes something personal goes: its value stays, redacted.
    pub(super) fn end_cell(&mut self) -> Result<(), Fault> {
        let Some(cell) = self.cells.pop() else { return Ok(()) };
        let names: Vec<_> = cell.names.iter().map(|name| name.as_str().into()).collect();
        let mut formula_goes = false;
        if let Some(formula) = cell.formula.as_ref().filter(|formula| !formula.text.is_blank()) {
            let spot = self.spot(format!("{}/f", cell.path));
            formula_goes = !ask(self.decide, formula.text.text(), &names, spot, false)?.is_empty()
                || self.uses_renamed(formula.text.text());
        }
        // Shared strings are visited where they stand.
        if cell.kind != "s" && !cell.value.is_blank() {
            let text = cell.shown(self.sheet());
            let spot = self.spot(format!("{}/v", cell.path));
            let edits = ask(self.decide, &text, &names, spot, is_prose(&text))?;
            if let Some(source) = cell.value.source().filter(|_| !edits.is_empty()) {
                formula_goes = true;
                self.splices.put(source, encode(&edited(&text, &edits), Coding::Text));
                if cell.kind != "str" {
                    self.splices.put(cell.kind_place.clone(), b" t=\"str\"".to_vec());
                }
            }
        }
        if let Some(formula) = cell.formula.filter(|_| formula_goes) {
            if formula.shared.is_empty() {
                self.splices.put(formula.element, Vec::new());
            }
            self.dropped.push(formula.shared);
        }
        Ok(())
    }
}

impl Cell {
    /// The value as readers see it: a date as a date, a long number without an exponent.
    fn shown(&self, sheet: &Sheet<'_>) -> String {
        let text = self.value.text();
        let is_number = matches!(self.kind.as_str(), "" | "n");
        let Some(number) = is_number.then(|| text.trim().parse::<f64>().ok()).flatten() else { return text.to_owned() };
        let date = if self.is_date { sheet.date(number) } else { None };
        match date {
            Some(date) => date,
            None if text.contains(['E', 'e']) && number.fract() == 0.0 && number.abs() < 1e18 => {
                format!("{}", number as i64)
            }
            None => text.to_owned(),
        }
    }
}
