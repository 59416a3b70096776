//! A signature field with its widget, on a page, in the form and in the structure tree.

use lopdf::{Dictionary, Object, ObjectId, Stream, StringFormat, dictionary};
use model::Fault;

use super::store::{Store, broken};
use crate::Rect;

/// The field to be signed.
pub(crate) struct Value<'a> {
    pub(crate) name: &'a str,
    /// From 1.
    pub(crate) page: usize,
    /// Where it shows itself, and with which content.
    pub(crate) shown: Option<(Rect, Vec<u8>)>,
    /// Whether it gets an element in the structure tree.
    pub(crate) tagged: bool,
    /// What a screen reader says about it.
    pub(crate) described: String,
    /// The signature dictionary.
    pub(crate) signature: Dictionary,
}

/// Puts a signed field into the document. Returns the number of the signature dictionary.
pub(crate) fn attach(store: &mut dyn Store, value: Value<'_>) -> Result<ObjectId, Fault> {
    let root = store.root()?;
    let catalog = store.dictionary(root)?;
    let page = pages(store, &catalog)?.get(value.page.wrapping_sub(1)).copied().ok_or_else(|| {
        Fault::usage("no-such-page", format!("The PDF has no page {}", value.page))
            .advise("Give a page that it has; the first is 1.")
    })?;
    let signature = store.add(Object::Dictionary(value.signature));
    let (sides, picture) = match value.shown {
        Some((rect, content)) => (rect.sides(), Some(store.add(picture(rect, content)))),
        None => (hidden(store, page, value.tagged)?, None),
    };
    let widget = store.add(Object::Null);
    let mut field = dictionary! {
        "Type" => "Annot",
        "Subtype" => "Widget",
        "FT" => "Sig",
        "T" => text(value.name),
        "TU" => text(&value.described),
        // Print and Locked (ISO 32000-1, table 165): PDF/A wants the first, nobody shall move it.
        "F" => 132,
        "Rect" => sides.map(Object::Real).to_vec(),
        "P" => page,
        "V" => signature,
    };
    // What has no area needs no picture (ISO 19005-3, 6.3.3); others count one among the changes that fill in a form.
    if let Some(picture) = picture {
        field.set("AP", dictionary! { "N" => picture });
    }
    if value.tagged
        && let Some(key) = tag(store, &catalog, page, widget)?
    {
        field.set("StructParent", key);
    }
    store.set(widget, Object::Dictionary(field));
    let mut page_dict = store.dictionary(page)?;
    let before = page_dict.clone();
    let mut annotations = store.list(&page_dict, b"Annots")?;
    annotations.push(Object::Reference(widget));
    store.put(&mut page_dict, b"Annots", Object::Array(annotations));
    if page_dict != before {
        store.set(page, Object::Dictionary(page_dict));
    }
    enter(store, widget)?;
    Ok(signature)
}

/// What a widget shows (ISO 32000-1, 12.5.5).
pub(crate) fn picture(rect: Rect, content: Vec<u8>) -> Object {
    let sides = vec![0.into(), 0.into(), Object::Real(rect.width), Object::Real(rect.height)];
    let dict =
        dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => sides, "Resources" => Dictionary::new() };
    let mut stream = Stream::new(dict, content);
    // A stream that does not shrink stays as it is.
    let _ = stream.compress();
    Object::Stream(stream)
}

/// Enters the field into the form.
fn enter(store: &mut dyn Store, widget: ObjectId) -> Result<(), Fault> {
    change_form(store, &mut |store, form| {
        let mut fields = store.list(form, b"Fields")?;
        fields.push(Object::Reference(widget));
        store.put(form, b"Fields", Object::Array(fields));
        Ok(())
    })
}

/// Says in the form that there are signatures.
pub(crate) fn flag(store: &mut dyn Store) -> Result<(), Fault> {
    change_form(store, &mut |_, _| Ok(()))
}

/// Changes the form where it stands, and nothing else.
fn change_form(
    store: &mut dyn Store,
    change: &mut dyn FnMut(&mut dyn Store, &mut Dictionary) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let root = store.root()?;
    let mut catalog = store.dictionary(root)?;
    let mut form = store.inner(&catalog, b"AcroForm")?.unwrap_or_default();
    let was = form.clone();
    change(store, &mut form)?;
    // SignaturesExist and AppendOnly (ISO 32000-1, table 219).
    form.set("SigFlags", 3);
    if form == was {
        return Ok(());
    }
    let before = catalog.clone();
    store.put(&mut catalog, b"AcroForm", Object::Dictionary(form));
    if catalog != before {
        store.set(root, Object::Dictionary(catalog));
    }
    Ok(())
}

/// The pages in order.
pub(super) fn pages(store: &dyn Store, catalog: &Dictionary) -> Result<Vec<ObjectId>, Fault> {
    let root = catalog.get(b"Pages").and_then(Object::as_reference).map_err(|_| broken("it has no pages"))?;
    let (mut open, mut pages, mut seen) = (vec![root], Vec::new(), std::collections::HashSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            return Err(broken("its page tree runs in a circle"));
        }
        let node = store.dictionary(id)?;
        if !node.has(b"Kids") {
            pages.push(id);
            continue;
        }
        for kid in store.list(&node, b"Kids")?.iter().rev() {
            open.push(kid.as_reference().map_err(|_| broken("its page tree is damaged"))?);
        }
    }
    Ok(pages)
}

/// Where a field that shows nothing is. Without an element in the structure tree it has to lie outside of the page, where
/// PDF/UA (ISO 14289-1, 7.18.1) asks for none: a second signature that changed the tree would change what was signed.
fn hidden(store: &dyn Store, page: ObjectId, tagged: bool) -> Result<[f32; 4], Fault> {
    if tagged {
        return Ok([0.0; 4]);
    }
    let (mut left, mut bottom) = (0.0_f32, 0.0_f32);
    let mut node = store.dictionary(page)?;
    for _ in 0..64 {
        for key in [&b"MediaBox"[..], b"CropBox"] {
            let sides: Vec<f32> = store.list(&node, key)?.iter().filter_map(|side| side.as_float().ok()).collect();
            if let [a, b, c, d] = sides[..] {
                left = left.min(a).min(c);
                bottom = bottom.min(b).min(d);
            }
        }
        let Some(above) = store.inner(&node, b"Parent")? else { break };
        node = above;
    }
    let (left, bottom) = (left.floor() - 10.0, bottom.floor() - 10.0);
    Ok([left, bottom, left, bottom])
}

/// A `Form` element with the widget in it (ISO 32000-1, 14.7.4.3, 14.8.4.5). Returns its key in the parent tree; nothing
/// for a document without a structure tree.
fn tag(store: &mut dyn Store, catalog: &Dictionary, page: ObjectId, widget: ObjectId) -> Result<Option<i64>, Fault> {
    let Ok(root) = catalog.get(b"StructTreeRoot").and_then(Object::as_reference) else { return Ok(None) };
    let mut tree = store.dictionary(root)?;
    let mut numbers = store.inner(&tree, b"ParentTree")?.unwrap_or_default();
    let key = match tree.get(b"ParentTreeNextKey").and_then(Object::as_i64) {
        Ok(key) => key,
        Err(_) => largest(store, &numbers, 0)? + 1,
    };
    let kids = store.list(&tree, b"K")?;
    // The document's own element, if the tree has one: else the field stands beside what is there.
    let document = match kids.as_slice() {
        [Object::Reference(only)] => Some(*only),
        _ => None,
    };
    let above = document.unwrap_or(root);
    let element = store.add(Object::Dictionary(dictionary! {
        "Type" => "StructElem",
        "S" => "Form",
        "P" => above,
        "Pg" => page,
        "K" => dictionary! { "Type" => "OBJR", "Obj" => widget, "Pg" => page },
    }));
    match document {
        Some(id) => {
            let mut dict = store.dictionary(id)?;
            let mut kids = store.list(&dict, b"K")?;
            kids.push(Object::Reference(element));
            store.put(&mut dict, b"K", Object::Array(kids));
            store.set(id, Object::Dictionary(dict));
        }
        None => {
            let mut kids = kids;
            kids.push(Object::Reference(element));
            store.put(&mut tree, b"K", Object::Array(kids));
        }
    }
    if numbers.has(b"Kids") {
        let pair = vec![Object::Integer(key), Object::Reference(element)];
        let leaf = dictionary! { "Limits" => vec![Object::Integer(key), key.into()], "Nums" => pair };
        let leaf = store.add(Object::Dictionary(leaf));
        let mut kids = store.list(&numbers, b"Kids")?;
        kids.push(Object::Reference(leaf));
        store.put(&mut numbers, b"Kids", Object::Array(kids));
    } else {
        let mut pairs = store.list(&numbers, b"Nums")?;
        pairs.extend([Object::Integer(key), Object::Reference(element)]);
        store.put(&mut numbers, b"Nums", Object::Array(pairs));
    }
    store.put(&mut tree, b"ParentTree", Object::Dictionary(numbers));
    tree.set("ParentTreeNextKey", key + 1);
    store.set(root, Object::Dictionary(tree));
    Ok(Some(key))
}

/// The largest key of a number tree; -1 if it has none.
fn largest(store: &dyn Store, node: &Dictionary, depth: usize) -> Result<i64, Fault> {
    if depth > 64 {
        return Err(broken("its parent tree runs in a circle"));
    }
    let keys = store.list(node, b"Nums")?;
    let mut largest = keys.iter().step_by(2).filter_map(|key| key.as_i64().ok()).max().unwrap_or(-1);
    for kid in store.list(node, b"Kids")? {
        if let Object::Dictionary(kid) = store.resolve(&kid)? {
            largest = largest.max(self::largest(store, &kid, depth + 1)?);
        }
    }
    Ok(largest)
}

/// A text string (ISO 32000-1, 7.9.2.2): as it is, or UTF-16BE with its mark.
pub(crate) fn text(text: &str) -> Object {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Object::string_literal(text);
    }
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    Object::String(units.flat_map(u16::to_be_bytes).collect(), StringFormat::Hexadecimal)
}
