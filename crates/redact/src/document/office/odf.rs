//! A cell of an OpenDocument table: its value stands in an attribute and, as readers see it, in its text.

use std::ops::Range;

use model::Fault;

use super::super::joined::{Coding, Joined, ask, edited};
use super::part::Walk;
use super::xml::{Attribute, decode};
use crate::Edit;

/// A cell that is open.
#[derive(Default)]
pub(super) struct OdfCell {
    /// Values of the attributes that name the type.
    kinds: Vec<Range<usize>>,
    /// Attributes that go with the value.
    values: Vec<Range<usize>>,
    formula: Option<Range<usize>>,
    formula_goes: bool,
    /// The value after its edits.
    value: Option<String>,
    /// The text, and whether something in it changed.
    paragraphs: Vec<(Joined, bool)>,
}

impl<'a> Walk<'a, '_> {
    pub(super) fn begin_odf_cell(&mut self, here: &str, attributes: &[Attribute<'a>]) {
        if !is_cell(here) {
            return;
        }
        let mut cell = OdfCell::default();
        for attribute in attributes {
            match attribute.local() {
                "value-type" => cell.kinds.push(attribute.value.clone()),
                "formula" => cell.formula = Some(attribute.whole.clone()),
                "currency" => cell.values.push(attribute.whole.clone()),
                local if is_value(local) => cell.values.push(attribute.whole.clone()),
                _ => {}
            }
        }
        self.odf_cells.push(cell);
    }

    /// Decides the value or the formula of a cell; says whether the attribute was one of them.
    pub(super) fn odf_attribute(
        &mut self,
        here: &str,
        attribute: &Attribute<'a>,
        names: &[String],
        path: &str,
    ) -> Result<bool, Fault> {
        let local = attribute.local();
        if !is_cell(here) || !is_value(local) && local != "formula" {
            return Ok(false);
        }
        let mut joined = Joined::default();
        decode(self.xml, attribute.value.clone(), Coding::Attribute, &mut joined)?;
        let names: Vec<_> = names.iter().map(|name| name.as_str().into()).collect();
        let spot = self.spot(path.to_owned());
        let edits = ask(self.decide, joined.text(), &names, spot, local == "string-value")?;
        if let Some(cell) = self.odf_cells.last_mut().filter(|_| !edits.is_empty()) {
            if local == "formula" {
                cell.formula_goes = true;
            } else {
                cell.value = Some(edited(joined.text(), &edits));
            }
        }
        Ok(true)
    }

    pub(super) fn note_odf_text(&mut self, joined: Joined, changed: bool) {
        if let Some(cell) = self.odf_cells.last_mut() {
            cell.paragraphs.push((joined, changed));
        }
    }

    /// A cell of which anything changed becomes a text, so that neither the old value nor the formula brings it back.
    pub(super) fn end_odf_cell(&mut self) {
        let Some(cell) = self.odf_cells.pop() else { return };
        let shown = cell.paragraphs.iter().any(|(_, changed)| *changed);
        if shown || cell.value.is_some() {
            for kind in cell.kinds {
                self.splices.put(kind, b"string".to_vec());
            }
            for value in cell.values {
                self.splices.put(value, Vec::new());
            }
        }
        if shown || cell.value.is_some() || cell.formula_goes {
            self.splices.put(cell.formula.unwrap_or_default(), Vec::new());
        }
        if let Some(value) = cell.value.filter(|_| !shown) {
            let mut with = Some(value);
            for (joined, _) in cell.paragraphs {
                let edit = Edit { range: 0..joined.text().len(), with: with.take().unwrap_or_default() };
                joined.splice(&[edit], &mut self.splices);
            }
        }
    }
}

pub(super) fn is_cell(local: &str) -> bool {
    matches!(local, "table-cell" | "covered-table-cell")
}

fn is_value(local: &str) -> bool {
    matches!(local, "value" | "date-value" | "time-value" | "boolean-value" | "string-value")
}
