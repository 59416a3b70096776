//! The structure tree may gain `Form` elements that hold nothing but the widgets of new signatures.

use lopdf::{Dictionary, Object, ObjectId};

use super::Comparison;
use crate::read::{Broken, View, same, same_dictionary};

/// Elements in one another that are looked through.
const DEPTH_MAX: usize = 64;

impl Comparison<'_, '_> {
    /// `/StructTreeRoot` (ISO 32000-1, 14.7.2).
    pub(super) fn tree(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Broken> {
        let (before, after) = (old.get(b"StructTreeRoot").ok(), new.get(b"StructTreeRoot").ok());
        let (Some(Object::Reference(before)), Some(Object::Reference(after))) = (before, after) else {
            if !self.untouched(before, after) {
                self.refuse("The structure tree was changed.");
            }
            return Ok(());
        };
        if before != after {
            self.refuse("The structure tree was exchanged.");
            return Ok(());
        }
        // An element that holds the new one is written anew with it: the root, or what stands first below it.
        if self.element(*before, 0)? {
            self.accept("The structure tree has an element for a new signature field.");
        }
        Ok(())
    }

    /// Explains the additions to an element and to its first kids. Returns whether there were any.
    fn element(&mut self, id: ObjectId, depth: usize) -> Result<bool, Broken> {
        if depth > DEPTH_MAX {
            return Ok(false);
        }
        let (old, new) = (self.file.get(self.old, id)?, self.file.get(self.new, id)?);
        let (Some(old), Some(new)) = (old.dictionary(), new.dictionary()) else { return Ok(false) };
        let mut added = false;
        if self.moved.contains(&id.0) && !self.explained.contains(&id.0) {
            let ruled: [&[u8]; 3] = [b"K", b"ParentTree", b"ParentTreeNextKey"];
            let kept = if depth == 0 { &ruled[..] } else { &ruled[..1] };
            if !same_dictionary(old, new, kept) || !self.kids(old, new)? {
                return Ok(false);
            }
            self.explained.insert(id.0);
            added = true;
        }
        if depth == 0 {
            let (before, after) = (old.get(b"ParentTree").ok(), new.get(b"ParentTree").ok());
            if let (Some(Object::Reference(before)), Some(Object::Reference(after))) = (before, after)
                && before == after
            {
                added |= self.numbers(*before, 0)?;
            } else if !self.untouched(before, after) {
                self.refuse("The parent tree of the structure was exchanged.");
            }
        }
        if depth < 2 {
            for kid in self.list(self.old, old, b"K")? {
                if let Object::Reference(kid) = kid
                    && self.moved.contains(&kid.0)
                {
                    added |= self.element(kid, depth + 1)?;
                }
            }
        }
        Ok(added)
    }

    /// Whether the kids of an element are the old ones and elements for new widgets.
    fn kids(&mut self, old: &Dictionary, new: &Dictionary) -> Result<bool, Broken> {
        let (before, after) = (self.list(self.old, old, b"K")?, self.list(self.new, new, b"K")?);
        let mut rest = before.iter().peekable();
        for kid in &after {
            if rest.peek().is_some_and(|old| same(old, kid)) {
                rest.next();
            } else if !self.is_new_form(kid)? {
                return Ok(false);
            }
        }
        // The array itself may be an object.
        if rest.next().is_none() {
            self.explain(old.get(b"K").ok().filter(|_| before.len() > 1));
            Ok(true)
        } else {
            Ok(false)
        }
    }

    fn list(&self, view: &View, dict: &Dictionary, key: &[u8]) -> Result<Vec<Object>, Broken> {
        let Ok(object) = dict.get(key) else { return Ok(Vec::new()) };
        let item = self.file.resolve(view, object)?;
        Ok(match &item.value {
            Object::Array(items) => items.clone(),
            Object::Null => Vec::new(),
            _ => vec![object.clone()],
        })
    }

    /// Whether an object is a new `Form` element around the widget of a new signature.
    fn is_new_form(&self, object: &Object) -> Result<bool, Broken> {
        let Object::Reference(id) = object else { return Ok(false) };
        if self.old.location(id.0).is_some() {
            return Ok(false);
        }
        let item = self.file.get(self.new, *id)?;
        let Some(dict) = item.dictionary() else { return Ok(false) };
        let allowed: [&[u8]; 6] = [b"Type", b"S", b"P", b"Pg", b"K", b"ID"];
        let form = dict.get(b"S").and_then(Object::as_name).is_ok_and(|name| name == b"Form");
        if !form || !dict.iter().all(|(key, _)| allowed.contains(&key.as_slice())) {
            return Ok(false);
        }
        for kid in self.list(self.new, dict, b"K")? {
            let kid = self.file.resolve(self.new, &kid)?;
            let widget = kid.dictionary().filter(|dict| dict.has_type(b"OBJR")).and_then(|dict| dict.get(b"Obj").ok());
            let Some(Ok(widget)) = widget.map(Object::as_reference) else { return Ok(false) };
            if !self.widgets.iter().any(|(own, _)| *own == widget) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The parent tree, a number tree (ISO 32000-1, 7.9.7): entries may be added for new elements.
    fn numbers(&mut self, id: ObjectId, depth: usize) -> Result<bool, Broken> {
        if !self.moved.contains(&id.0) || depth > DEPTH_MAX {
            return Ok(false);
        }
        let (old, new) = (self.file.get(self.old, id)?, self.file.get(self.new, id)?);
        let (Some(old), Some(new)) = (old.dictionary(), new.dictionary()) else { return Ok(false) };
        let pairs = |view, dict| -> Result<Vec<Object>, Broken> { self.list(view, dict, b"Nums") };
        let (before, after) = (pairs(self.old, old)?, pairs(self.new, new)?);
        let kept = after.len() >= before.len() && before.iter().zip(&after).all(|(old, new)| same(old, new));
        let mut fine = kept && same_dictionary(old, new, &[b"Nums", b"Limits", b"Kids"]);
        for pair in after.get(before.len()..).unwrap_or_default().chunks(2) {
            fine &= pair.len() == 2 && self.is_new_form(&pair[1])?;
        }
        let (before, after) = (self.list(self.old, old, b"Kids")?, self.list(self.new, new, b"Kids")?);
        fine &= after.len() >= before.len() && before.iter().zip(&after).all(|(old, new)| same(old, new));
        for leaf in after.get(before.len()..).unwrap_or_default() {
            let leaf = self.file.resolve(self.new, leaf)?;
            let Some(dict) = leaf.dictionary().filter(|dict| !dict.has(b"Kids")) else { return Ok(false) };
            for pair in self.list(self.new, dict, b"Nums")?.chunks(2) {
                fine &= pair.len() == 2 && self.is_new_form(&pair[1])?;
            }
        }
        if !fine {
            return Ok(false);
        }
        self.explained.insert(id.0);
        self.explain(old.get(b"Nums").ok());
        self.explain(old.get(b"Kids").ok());
        for kid in &before {
            if let Object::Reference(kid) = kid {
                self.numbers(*kid, depth + 1)?;
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::changes::{Change, Permission, changes};
    use crate::read::File;
    use crate::write::{Store, Update, Value, attach, place_holder};

    const REPORT: &[u8] = include_bytes!("../../../../fixtures/pades/report.pdf");

    /// What a revision with a tagged signature field, and with what `more` does to it, changes of the report.
    fn changed(more: &dyn Fn(&mut Update<'_, '_>)) -> Vec<Change> {
        let file = File::new(REPORT).unwrap();
        let view = file.view_to(REPORT.len()).unwrap();
        let mut store = Update::new(&file, &view);
        let value = Value {
            name: "Sig1",
            page: 1,
            shown: None,
            tagged: true,
            described: "Signed".to_owned(),
            signature: place_holder("Sig", "ETSI.CAdES.detached", 8),
        };
        attach(&mut store, value).unwrap();
        more(&mut store);
        let bytes = store.finish();
        let file = File::new(&bytes).unwrap();
        let (old, new) = (file.view_to(REPORT.len()).unwrap(), file.view_to(bytes.len()).unwrap());
        changes(&file, &old, &new, &Permission::default(), 2)
    }

    /// Other programs tag the fields of later signatures: that alone is no change of the document.
    #[test]
    fn the_tree_may_gain_an_element_for_a_new_signature_and_nothing_else() {
        let found = changed(&|_| {});
        assert!(found.iter().all(|change| change.accepted), "{found:#?}");
        assert!(found.iter().any(|change| change.what.contains("structure tree")), "{found:#?}");
        let key = |store: &Update<'_, '_>| {
            let catalog = store.dictionary(store.root().unwrap()).unwrap();
            catalog.get(b"StructTreeRoot").unwrap().as_reference().unwrap()
        };
        let refused = |more: &dyn Fn(&mut Update<'_, '_>)| {
            let found = changed(more);
            assert!(found.iter().any(|change| !change.accepted), "{found:#?}");
        };
        refused(&|store| {
            let root = key(store);
            let mut tree = store.dictionary(root).unwrap();
            tree.set("RoleMap", lopdf::dictionary! { "P" => "H1" });
            store.set(root, lopdf::Object::Dictionary(tree));
        });
        refused(&|store| {
            let tree = store.dictionary(key(store)).unwrap();
            let document = store.list(&tree, b"K").unwrap()[0].as_reference().unwrap();
            let mut dict = store.dictionary(document).unwrap();
            let mut kids = store.list(&dict, b"K").unwrap();
            kids.remove(0);
            dict.set("K", kids);
            store.set(document, lopdf::Object::Dictionary(dict));
        });
        refused(&|store| {
            let tree = store.dictionary(key(store)).unwrap();
            let document = store.list(&tree, b"K").unwrap()[0].as_reference().unwrap();
            let mut dict = store.dictionary(document).unwrap();
            dict.set("ActualText", lopdf::Object::string_literal("Not guilty"));
            store.set(document, lopdf::Object::Dictionary(dict));
        });
    }
}
