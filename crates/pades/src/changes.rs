//! What a later revision changed, and whether a signature allows it.
//!
//! A number whose object stands elsewhere than before, and that the earlier revision can reach, has changed. Either it says
//! the same as before, or one of the rules here explains the difference, or the document was changed after signing. What the
//! earlier revision cannot reach is new, and is reachable only through a difference that a rule explained.
//!
//! Rules: validation data (`DSS`), further signatures and time stamps in fields of the form (`form`), their elements in the
//! structure tree (`tree`), and dates and producers (`metadata`). Shadow attacks, incremental saving and evil annotations are
//! all differences that no rule explains.

mod form;
mod metadata;
mod tree;

use std::collections::{BTreeSet, HashSet};

use lopdf::{Dictionary, Object, ObjectId};

use crate::Limits;
use crate::read::{Broken, File, View, same, same_dictionary};

/// One thing that a later revision did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision that did it, from 1 for the first.
    pub revision: usize,
    /// What it did, in a sentence.
    pub what: String,
    /// Whether a signed document may be changed so.
    pub accepted: bool,
}

/// What a change that is seen on a page has in its sentence.
pub(crate) const SHOWS: &str = "it shows something on a page";

/// What a signature says about later changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permission {
    /// `P` of a certifying signature (`/DocMDP`): 1 allows nothing but validation data and time stamps.
    pub(crate) certified: Option<i64>,
    /// Fields that a signature locks (`/FieldMDP`).
    pub(crate) locks: Vec<Lock>,
}

/// Which fields a signature locks.
#[derive(Clone, Debug)]
pub(crate) enum Lock {
    All,
    These(Vec<String>),
    AllBut(Vec<String>),
}

impl Lock {
    fn covers(&self, name: &str) -> bool {
        let within = |names: &[String]| {
            names.iter().any(|own| name == own || name.strip_prefix(own).is_some_and(|rest| rest.starts_with('.')))
        };
        match self {
            Lock::All => true,
            Lock::These(names) => within(names),
            Lock::AllBut(names) => !within(names),
        }
    }
}

/// Two revisions, and what is known about their difference so far.
pub(crate) struct Comparison<'f, 'a> {
    file: &'f File<'a>,
    old: &'f View,
    new: &'f View,
    permission: &'f Permission,
    revision: usize,
    /// Numbers whose objects moved.
    moved: BTreeSet<u32>,
    /// Of those, the ones that a rule has explained.
    explained: HashSet<u32>,
    /// Widgets of new signatures, with the names of their fields.
    widgets: Vec<(ObjectId, String)>,
    changes: Vec<Change>,
}

/// What `new` changed of `old`.
pub(crate) fn changes(
    file: &File<'_>,
    old: &View,
    new: &View,
    permission: &Permission,
    revision: usize,
) -> Vec<Change> {
    let (before, after) = (old.numbers(), new.numbers());
    let numbers = before.keys().chain(after.keys());
    let moved = numbers.filter(|number| before.get(number) != after.get(number)).copied().collect();
    let mut comparison = Comparison {
        file,
        old,
        new,
        permission,
        revision,
        moved,
        explained: HashSet::new(),
        widgets: Vec::new(),
        changes: Vec::new(),
    };
    if let Err(broken) = comparison.run() {
        comparison.refuse(format!("It cannot be compared with the revision before: {}.", broken.0));
    }
    comparison.changes
}

impl Comparison<'_, '_> {
    fn run(&mut self) -> Result<(), Broken> {
        if self.old.root()? != self.new.root()? {
            self.refuse("The document has another catalog.");
            return Ok(());
        }
        if self.old.trailer().has(b"Encrypt") || self.new.trailer().has(b"Encrypt") {
            self.refuse("The document was encrypted.");
            return Ok(());
        }
        self.catalog()?;
        self.information()?;
        let mut pages = None;
        for number in self.reachable()? {
            if self.explained.contains(&number.0) {
                continue;
            }
            let old = self.file.get(self.old, number)?;
            let equal = match self.file.get(self.new, number) {
                Ok(new) => self.file.same(&old, &new),
                Err(broken) => {
                    self.refuse(format!("Object {} cannot be read any more: {}.", number.0, broken.0));
                    continue;
                }
            };
            if !equal {
                let pages = pages.get_or_insert_with(|| self.pages().unwrap_or_default());
                let what = self.describe(pages, number);
                self.refuse(what);
            }
        }
        Ok(())
    }

    fn note(&mut self, what: impl Into<String>, accepted: bool) {
        let change = Change { revision: self.revision, what: what.into(), accepted };
        if self.changes.contains(&change) {
            return;
        }
        match self.changes.len() {
            count if count < Limits::CHANGES => self.changes.push(change),
            Limits::CHANGES => {
                let what = "There are more changes than are listed.".to_owned();
                self.changes.push(Change { what, accepted: false, ..change });
            }
            _ => {}
        }
    }

    fn accept(&mut self, what: impl Into<String>) {
        self.note(what, true);
    }

    fn refuse(&mut self, what: impl Into<String>) {
        self.note(what, false);
    }

    /// A rule has looked at what `object` refers to.
    fn explain(&mut self, object: Option<&Object>) {
        if let Some(Object::Reference(id)) = object {
            self.explained.insert(id.0);
        }
    }

    /// Whether an entry says the same in both, down to the objects it refers to directly.
    fn untouched(&self, old: Option<&Object>, new: Option<&Object>) -> bool {
        match (old, new) {
            (None, None) => true,
            (Some(Object::Reference(old)), Some(Object::Reference(new))) if old == new => !self.moved.contains(&old.0),
            (Some(old), Some(new)) => !matches!(old, Object::Reference(_)) && same(old, new),
            _ => false,
        }
    }

    fn catalog(&mut self) -> Result<(), Broken> {
        let (old, new) = (self.old.catalog(self.file)?, self.new.catalog(self.file)?);
        self.explained.insert(self.old.root()?.0);
        self.form(&old, &new)?;
        self.tree(&old, &new)?;
        self.metadata(&old, &new)?;
        self.validation_data(&old, &new)?;
        self.extensions(&old, &new)?;
        if !same(old.get(b"Version").unwrap_or(&Object::Null), new.get(b"Version").unwrap_or(&Object::Null)) {
            self.accept("It names another version of PDF.");
        }
        let ruled: [&[u8]; 6] = [b"AcroForm", b"StructTreeRoot", b"Metadata", b"DSS", b"Extensions", b"Version"];
        if !same_dictionary(&old, &new, &ruled) {
            let mut keys: BTreeSet<&Vec<u8>> = old.iter().chain(new.iter()).map(|(key, _)| key).collect();
            keys.retain(|key| !ruled.contains(&key.as_slice()));
            for key in keys {
                let entry = |dict: &Dictionary| dict.get(key).cloned().unwrap_or(Object::Null);
                if !same(&entry(&old), &entry(&new)) {
                    self.refuse(format!("The entry /{} of the catalog was changed.", String::from_utf8_lossy(key)));
                }
            }
        }
        Ok(())
    }

    /// `/DSS` (EN 319 142-1, 5.4.2): certificates, OCSP answers and revocation lists. They are judged by themselves.
    fn validation_data(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Broken> {
        let (before, after) = (old.get(b"DSS").ok(), new.get(b"DSS").ok());
        let Some(after) = after else {
            if before.is_some() {
                self.accept("The validation data (DSS) were removed.");
            }
            return Ok(());
        };
        let dss = self.file.resolve(self.new, after)?;
        let known: [&[u8]; 5] = [b"Type", b"VRI", b"Certs", b"OCSPs", b"CRLs"];
        match dss.dictionary() {
            Some(dict) if dict.iter().all(|(key, _)| known.contains(&key.as_slice())) => {
                let moved = matches!(after, Object::Reference(id) if self.moved.contains(&id.0));
                if moved || before.is_none_or(|before| !same(before, after)) {
                    self.accept("Validation data (DSS) were added.");
                }
            }
            _ => self.refuse("The validation data (DSS) hold something else than validation data."),
        }
        Ok(())
    }

    /// `/Extensions` (ISO 32000-1, 7.12): names and numbers of extensions, which show nothing.
    fn extensions(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Broken> {
        let (before, after) = (old.get(b"Extensions").ok(), new.get(b"Extensions").ok());
        if self.untouched(before, after) {
            return Ok(());
        }
        let Some(after) = after else { return Ok(()) };
        let found = self.file.resolve(self.new, after)?;
        let mut references = Vec::new();
        collect(&found.value, &mut references);
        if references.is_empty() && found.dictionary().is_some() && found.data.is_none() {
            self.explain(before);
            self.accept("It names extensions of PDF that it uses.");
        } else {
            self.refuse("The entry /Extensions of the catalog was changed.");
        }
        Ok(())
    }

    /// Of the numbers that moved, those that the earlier revision can reach without going through `/DSS`.
    fn reachable(&self) -> Result<Vec<ObjectId>, Broken> {
        if self.moved.is_empty() {
            return Ok(Vec::new());
        }
        let root = self.old.root()?;
        let mut catalog = self.old.catalog(self.file)?;
        catalog.remove(b"DSS");
        let mut found = Vec::new();
        collect(&Object::Dictionary(catalog), &mut found);
        for (key, value) in self.old.trailer().iter() {
            if key != b"Root" && key != b"Prev" && key != b"XRefStm" {
                collect(value, &mut found);
            }
        }
        let mut seen: HashSet<ObjectId> = HashSet::from([root]);
        let mut reached: Vec<ObjectId> = Vec::new();
        while let Some(id) = found.pop() {
            if !seen.insert(id) {
                continue;
            }
            if self.moved.contains(&id.0) {
                reached.push(id);
            }
            collect(&self.file.get(self.old, id)?.value, &mut found);
        }
        if self.moved.contains(&root.0) {
            reached.push(root);
        }
        reached.sort_unstable();
        Ok(reached)
    }

    /// The pages of the earlier revision.
    fn pages(&self) -> Result<Vec<ObjectId>, Broken> {
        let catalog = self.old.catalog(self.file)?;
        let Ok(root) = catalog.get(b"Pages").and_then(Object::as_reference) else { return Ok(Vec::new()) };
        let (mut open, mut pages, mut seen) = (vec![root], Vec::new(), HashSet::new());
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let item = self.file.get(self.old, id)?;
            let Some(dict) = item.dictionary() else { continue };
            if dict.has(b"Kids") {
                let mut kids = crate::form::references(self.file, self.old, dict, b"Kids")?;
                kids.reverse();
                open.extend(kids);
            } else {
                pages.push(id);
            }
        }
        Ok(pages)
    }

    /// What an object is, for people.
    fn describe(&self, pages: &[ObjectId], id: ObjectId) -> String {
        for (number, page) in (1..).zip(pages) {
            let Ok(item) = self.file.get(self.old, *page) else { continue };
            let Some(dict) = item.dictionary() else { continue };
            if *page == id {
                return format!("Page {number} was changed.");
            }
            for (key, what) in [
                (&b"Contents"[..], "The content"),
                (b"Annots", "A note, link or field"),
                (b"Resources", "A font or picture"),
            ] {
                let mut found = Vec::new();
                if let Ok(object) = dict.get(key) {
                    collect(object, &mut found);
                }
                let below: Vec<ObjectId> = found.clone();
                for id in below {
                    if let Ok(item) = self.file.get(self.old, id) {
                        collect(&item.value, &mut found);
                    }
                }
                found.retain(|id| !pages.contains(id));
                if found.contains(&id) {
                    return format!("{what} of page {number} was changed (object {}).", id.0);
                }
            }
        }
        let item = self.file.get(self.old, id).ok();
        let kind =
            item.as_ref().and_then(|item| item.dictionary()?.get(b"Type").ok()?.as_name().ok().map(<[u8]>::to_vec));
        match kind {
            Some(kind) => format!("Object {} ({}) was changed.", id.0, String::from_utf8_lossy(&kind)),
            None => format!("Object {} was changed.", id.0),
        }
    }
}

/// Every reference in an object. The parser bounds how deep it is.
pub(crate) fn collect(object: &Object, found: &mut Vec<ObjectId>) {
    match object {
        Object::Reference(id) => found.push(*id),
        Object::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Object::Dictionary(dict) => dict.iter().for_each(|(_, value)| collect(value, found)),
        _ => {}
    }
}
