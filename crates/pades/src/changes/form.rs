//! Further signatures and time stamps in fields of the form; everything else in the form stays as it was signed.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};

use super::{Comparison, SHOWS};
use crate::form::{Field, fields, references};
use crate::read::{Broken, View, same, same_dictionary};

/// What a signature field and its widget may say (ISO 32000-1, tables 164, 188, 220, 232). No actions.
const FIELD: [&[u8]; 27] = [
    b"Type",
    b"Subtype",
    b"FT",
    b"T",
    b"TU",
    b"TM",
    b"F",
    b"Ff",
    b"Rect",
    b"P",
    b"V",
    b"AP",
    b"AS",
    b"MK",
    b"DA",
    b"Q",
    b"BS",
    b"Border",
    b"StructParent",
    b"Kids",
    b"Parent",
    b"Lock",
    b"SV",
    b"M",
    b"NM",
    b"Lang",
    b"C",
];

/// What signing may change of a field that was there.
const SIGNED: [&[u8]; 6] = [b"V", b"AP", b"AS", b"F", b"M", b"DA"];

impl Comparison<'_, '_> {
    /// The form, its fields, and the pages that show them.
    pub(super) fn form(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Broken> {
        let (before, after) = (old.get(b"AcroForm").ok(), new.get(b"AcroForm").ok());
        let dictionary = |view, object: Option<&Object>| -> Result<Option<Dictionary>, Broken> {
            let item = object.map(|object| self.file.resolve(view, object)).transpose()?;
            Ok(item.and_then(|item| item.dictionary().cloned()))
        };
        let (old_form, new_form) = (dictionary(self.old, before)?, dictionary(self.new, after)?);
        self.explain(before);
        let Some(new_form) = new_form else {
            if old_form.is_some() {
                self.refuse("The form with its signature fields was removed.");
            }
            return Ok(());
        };
        self.defaults(old_form.as_ref(), &new_form);
        let had = old_form.unwrap_or_default();
        self.explain(had.get(b"Fields").ok());
        let listed = references(self.file, self.new, &new_form, b"Fields")?;
        for id in references(self.file, self.old, &had, b"Fields")? {
            if !listed.contains(&id) {
                self.refuse(format!("A field was taken out of the form (object {}).", id.0));
            }
        }
        let had = references(self.file, self.old, &had, b"Fields")?;
        let (old_fields, new_fields) = (fields(self.file, self.old)?, fields(self.file, self.new)?);
        for id in listed.iter().filter(|id| !had.contains(id)) {
            if !new_fields.iter().any(|field| field.id == *id) {
                self.refuse(format!("Fields were put into the form below another (object {}).", id.0));
            }
        }
        for field in &new_fields {
            match old_fields.iter().find(|old| old.id == field.id) {
                Some(old) => self.kept(old, field)?,
                None => self.added(&old_fields, field)?,
            }
        }
        for old in &old_fields {
            if !new_fields.iter().any(|field| field.id == old.id) {
                self.refuse(format!("The field {} was removed.", quoted(&old.name)));
            }
        }
        self.annotations()
    }

    /// The entries of the form itself.
    fn defaults(&mut self, old: Option<&Dictionary>, new: &Dictionary) {
        let Some(old) = old else {
            for key in [&b"XFA"[..], b"NeedAppearances", b"CO"] {
                if new.has(key) {
                    self.refuse(format!("The form has a new entry /{}.", String::from_utf8_lossy(key)));
                }
            }
            return;
        };
        for (key, value) in new.iter() {
            let fine = match key.as_slice() {
                b"Fields" | b"SigFlags" => true,
                b"DR" | b"DA" if !old.has(key) => true,
                _ => old.get(key).is_ok_and(|before| same(before, value)),
            };
            if !fine {
                self.refuse(format!("The entry /{} of the form was changed.", String::from_utf8_lossy(key)));
            }
        }
        if old.iter().any(|(key, _)| key != b"SigFlags" && !new.has(key)) {
            self.refuse("An entry of the form was removed.");
        }
    }

    /// A field that was there before.
    fn kept(&mut self, old: &Field, new: &Field) -> Result<(), Broken> {
        let widgets = old.widgets == new.widgets;
        if same_dictionary(&old.dict, &new.dict, &[]) && old.kind == new.kind && widgets {
            return Ok(());
        }
        let name = quoted(&old.name);
        let filled = old.is_signature() && new.is_signature() && !old.is_filled() && new.is_filled();
        if !filled || !widgets || !same_dictionary(&old.dict, &new.dict, &SIGNED) {
            self.explained.insert(old.id.0);
            let value = |field: &Field| field.dict.get(b"V").cloned().unwrap_or(Object::Null);
            if old.is_signature() && old.is_filled() && !same(&value(old), &value(new)) {
                self.refuse(format!("The signature in the field {name} was removed or replaced."));
            } else if !same(&value(old), &value(new)) {
                self.refuse(format!("The field {name} has another value."));
            } else {
                self.refuse(format!("The field {name} was changed."));
            }
            return Ok(());
        }
        self.explained.insert(old.id.0);
        for widget in &old.widgets {
            let (before, after) = (self.file.get(self.old, *widget)?, self.file.get(self.new, *widget)?);
            if let (Some(before), Some(after)) = (before.dictionary(), after.dictionary())
                && same_dictionary(before, after, &SIGNED)
            {
                self.explained.insert(widget.0);
            }
        }
        if self.permission.locks.iter().any(|lock| lock.covers(&old.name)) {
            self.refuse(format!("The field {name} was signed although a signature locks it."));
            return Ok(());
        }
        self.signature(new, "The empty field")
    }

    /// A field that was not there before.
    fn added(&mut self, before: &[Field], field: &Field) -> Result<(), Broken> {
        let name = quoted(&field.name);
        if self.old.location(field.id.0).is_some() {
            self.refuse(format!("The field {name} takes the place of another object."));
            return Ok(());
        }
        if before.iter().any(|old| old.name == field.name) {
            self.refuse(format!("There is a second field {name}."));
            return Ok(());
        }
        if !field.is_signature() || !field.is_filled() {
            self.refuse(format!("The field {name} was added, which is no signature."));
            return Ok(());
        }
        for widget in field.widgets.iter().chain([&field.id]) {
            let item = self.file.get(self.new, *widget)?;
            let allowed = |key: &[u8]| FIELD.contains(&key) && (key != b"Parent" || *widget != field.id);
            let plain = |dict: &Dictionary| dict.iter().all(|(key, _)| allowed(key));
            if self.old.location(widget.0).is_some() || !item.dictionary().is_some_and(plain) {
                self.refuse(format!("The new field {name} does more than to sign."));
                return Ok(());
            }
        }
        self.signature(field, "The new field")
    }

    /// A signature or a time stamp that came later.
    fn signature(&mut self, field: &Field, which: &str) -> Result<(), Broken> {
        let name = quoted(&field.name);
        let Some(id) = field.value().filter(|id| self.old.location(id.0).is_none()) else {
            self.refuse(format!("{which} {name} is signed with an object that was there before."));
            return Ok(());
        };
        let item = self.file.get(self.new, id)?;
        let Some(dict) = item.dictionary() else {
            self.refuse(format!("{which} {name} has no signature."));
            return Ok(());
        };
        let stamp = dict.has_type(b"DocTimeStamp");
        if self.permission.certified == Some(1) && !stamp {
            self.refuse(format!("{which} {name} was signed although the certifying signature allows no change."));
            return Ok(());
        }
        let shows = self.visible(field)?;
        let what = if stamp { "time stamp of the document" } else { "further signature" };
        let visible = if shows { format!("; {SHOWS}, which only that signature covers") } else { String::new() };
        self.accept(format!("{which} {name} holds a {what}{visible}."));
        self.widgets.extend(field.widgets.iter().map(|widget| (*widget, field.name.clone())));
        Ok(())
    }

    /// Whether a widget has an area.
    fn visible(&self, field: &Field) -> Result<bool, Broken> {
        for widget in &field.widgets {
            let item = self.file.get(self.new, *widget)?;
            let rect = item.dictionary().and_then(|dict| dict.get(b"Rect").ok()?.as_array().ok());
            let sides: Vec<f32> = rect.into_iter().flatten().filter_map(|side| side.as_float().ok()).collect();
            if let [left, bottom, right, top] = sides[..]
                && left != right
                && bottom != top
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Pages may show the widgets of new signatures, and have lost nothing.
    fn annotations(&mut self) -> Result<(), Broken> {
        let widgets: HashSet<ObjectId> = self.widgets.iter().map(|(id, _)| *id).collect();
        if self.moved.is_empty() {
            return Ok(());
        }
        for (number, id) in (1..).zip(self.pages()?) {
            let old = self.file.get(self.old, id)?;
            let Some(old) = old.dictionary() else { continue };
            let array = old.get(b"Annots").and_then(Object::as_reference).ok();
            let moved = [Some(id), array].into_iter().flatten().any(|id| self.moved.contains(&id.0));
            if !moved {
                continue;
            }
            let new = self.file.get(self.new, id)?;
            let Some(new) = new.dictionary().filter(|_| new.data.is_none()) else { continue };
            let (before, after) = (self.annots(self.old, old)?, self.annots(self.new, new)?);
            let mut rest = before.iter().peekable();
            let mut fine = same_dictionary(old, new, &[b"Annots"]);
            for annotation in &after {
                if rest.peek().is_some_and(|old| same(old, annotation)) {
                    rest.next();
                } else if !annotation.as_reference().is_ok_and(|id| widgets.contains(&id)) {
                    fine = false;
                    self.refuse(format!("Page {number} shows a note, link or field that was not there."));
                }
            }
            if rest.next().is_some() {
                fine = false;
                self.refuse(format!("A note, link or field was taken from page {number}."));
            }
            if fine {
                self.explained.insert(id.0);
                self.explain(old.get(b"Annots").ok());
            }
        }
        Ok(())
    }

    fn annots(&self, view: &View, page: &Dictionary) -> Result<Vec<Object>, Broken> {
        let Ok(object) = page.get(b"Annots") else { return Ok(Vec::new()) };
        let item = self.file.resolve(view, object)?;
        Ok(item.value.as_array().cloned().unwrap_or_default())
    }
}

fn quoted(name: &str) -> String {
    format!("{name:?}")
}
