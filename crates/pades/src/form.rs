//! The signature fields of a form (ISO 32000-1, 12.7).

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};

use crate::Limits;
use crate::read::{Broken, File, View};

/// A field that has no fields below it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name with those above it.
    pub(crate) name: String,
    pub(crate) id: ObjectId,
    /// `Sig`, `Tx`, `Btn`, `Ch`, or nothing.
    pub(crate) kind: Vec<u8>,
    /// What the field says itself.
    pub(crate) dict: Dictionary,
    /// Where it shows itself: itself, or its kids.
    pub(crate) widgets: Vec<ObjectId>,
}

impl Field {
    pub(crate) fn is_signature(&self) -> bool {
        self.kind == b"Sig"
    }

    /// Its value, if that is an object of its own.
    pub(crate) fn value(&self) -> Option<ObjectId> {
        self.dict.get(b"V").and_then(Object::as_reference).ok()
    }

    /// Whether it has a value of any kind.
    pub(crate) fn is_filled(&self) -> bool {
        self.dict.get(b"V").is_ok_and(|value| !value.is_null())
    }
}

/// The form's dictionary.
pub(crate) fn form(file: &File<'_>, view: &View) -> Result<Option<Dictionary>, Broken> {
    let catalog = view.catalog(file)?;
    match catalog.get(b"AcroForm") {
        Ok(object) => Ok(file.resolve(view, object)?.dictionary().cloned()),
        Err(_) => Ok(None),
    }
}

/// Every field that has no fields below it, in order.
pub(crate) fn fields(file: &File<'_>, view: &View) -> Result<Vec<Field>, Broken> {
    let Some(form) = form(file, view)? else { return Ok(Vec::new()) };
    let mut walk = Walk { file, view, seen: HashSet::new(), found: Vec::new() };
    for id in references(file, view, &form, b"Fields")? {
        walk.field(id, "", b"", 0)?;
    }
    Ok(walk.found)
}

/// The references of an array; anything else in it is refused.
pub(crate) fn references(file: &File<'_>, view: &View, dict: &Dictionary, key: &[u8]) -> Result<Vec<ObjectId>, Broken> {
    let Ok(object) = dict.get(key) else { return Ok(Vec::new()) };
    match &file.resolve(view, object)?.value {
        Object::Null => Ok(Vec::new()),
        Object::Array(items) => {
            let ids: Option<Vec<ObjectId>> = items.iter().map(|item| item.as_reference().ok()).collect();
            ids.ok_or_else(|| Broken(format!("/{} holds something that is no reference", shown(key))))
        }
        _ => Err(Broken(format!("/{} is no array", shown(key)))),
    }
}

fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

struct Walk<'f, 'a> {
    file: &'f File<'a>,
    view: &'f View,
    seen: HashSet<ObjectId>,
    found: Vec<Field>,
}

impl Walk<'_, '_> {
    fn field(&mut self, id: ObjectId, above: &str, kind: &[u8], depth: usize) -> Result<(), Broken> {
        if depth > 32 || !self.seen.insert(id) || self.seen.len() > Limits::FIELDS {
            return Err(Broken("its form fields run in a circle, or are too many".to_owned()));
        }
        let item = self.file.get(self.view, id)?;
        let Some(dict) = item.dictionary() else { return Err(Broken(format!("form field {} is missing", id.0))) };
        let own = match dict.get(b"T") {
            Ok(name) => text(&self.file.resolve(self.view, name)?.value),
            Err(_) => String::new(),
        };
        let name = match (above.is_empty(), own.is_empty()) {
            (true, _) => own,
            (_, true) => above.to_owned(),
            _ => format!("{above}.{own}"),
        };
        let kind = match dict.get(b"FT") {
            Ok(kind) => self.file.resolve(self.view, kind)?.value.as_name().unwrap_or_default().to_vec(),
            Err(_) => kind.to_vec(),
        };
        let mut widgets = Vec::new();
        let mut below = Vec::new();
        for kid in references(self.file, self.view, dict, b"Kids")? {
            let named = self.file.get(self.view, kid)?.dictionary().is_some_and(|dict| dict.has(b"T"));
            if named { below.push(kid) } else { widgets.push(kid) }
        }
        if below.is_empty() {
            if widgets.is_empty() {
                widgets.push(id);
            }
            self.found.push(Field { name, id, kind, dict: dict.clone(), widgets });
            return Ok(());
        }
        for kid in below {
            self.field(kid, &name, &kind, depth + 1)?;
        }
        Ok(())
    }
}

/// A text string for people: without control characters, and not endless.
pub(crate) fn text(object: &Object) -> String {
    let Ok(bytes) = object.as_str() else { return String::new() };
    let shown = crate::read::text(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    shown.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }).take(200).collect()
}
