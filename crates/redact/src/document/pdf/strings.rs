//! Every string of every object outside content: annotations, fields, outlines, metadata, structure and the rest.
//!
//! No list of known places: whatever is reachable is visited, so that a place nobody thought of is visited too.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};

use lopdf::{Dictionary, Object, ObjectId, StringFormat};
use model::Fault;

use super::erase::{Counter, changed};
use super::objects::{array, dictionary, entry, name, of};
use super::text;
use super::work::Work;
use super::write::references;
use crate::Decide;

/// Where a walk begins and what it calls what it finds.
#[derive(Clone, Copy)]
pub(super) struct Root {
    pub(super) id: ObjectId,
    pub(super) page: u32,
    pub(super) layer: &'static str,
}

/// Visits every string that is reachable. Each root is walked under its own name, and no other walk enters it.
pub(super) fn visit(work: &mut Work<'_>, roots: &[Root], decide: &mut dyn Decide) -> Result<(), Fault> {
    let own: HashSet<ObjectId> = roots.iter().map(|root| root.id).collect();
    let mut seen: HashSet<ObjectId> = HashSet::new();
    for root in roots {
        let mut queue = VecDeque::from([root.id]);
        while let Some(id) = queue.pop_front() {
            if !seen.insert(id) {
                continue;
            }
            let Some(slot) = work.document.objects.get_mut(&id) else { continue };
            let mut object = std::mem::replace(slot, Object::Null);
            let mut found = Vec::new();
            references(&object, 0, &mut found)?;
            queue.extend(found.into_iter().filter(|id| !own.contains(id)));
            let mut walk = Walk { work: &mut *work, root: *root, id, decide: &mut *decide, names: Vec::new() };
            let done = walk.object(&mut object);
            work.document.objects.insert(id, object);
            done?;
        }
    }
    Ok(())
}

struct Walk<'a, 'l> {
    work: &'a mut Work<'l>,
    root: Root,
    id: ObjectId,
    decide: &'a mut dyn Decide,
    names: Vec<String>,
}

impl Walk<'_, '_> {
    fn object(&mut self, object: &mut Object) -> Result<(), Fault> {
        match object {
            Object::String(bytes, format) => self.string(bytes, format),
            Object::Name(name) => self.name(name),
            // The table of an indexed colour space is a string without text.
            Object::Array(items) if matches!(items.first(), Some(Object::Name(n)) if n == b"Indexed") => Ok(()),
            Object::Array(items) => items.iter_mut().try_for_each(|item| self.object(item)),
            Object::Dictionary(dict) | Object::Stream(lopdf::Stream { dict, .. }) => self.dictionary(dict),
            _ => Ok(()),
        }
    }

    fn dictionary(&mut self, dict: &mut Dictionary) -> Result<(), Fault> {
        let depth = self.names.len();
        if let Some(title) = field_name(dict) {
            let mut parents = self.parents(dict);
            self.names.append(&mut parents);
            self.names.push(title);
        }
        for (key, value) in dict.iter_mut() {
            self.name(key)?;
            self.names.push(String::from_utf8_lossy(key).into_owned());
            let done = self.object(value);
            self.names.pop();
            done?;
        }
        self.names.truncate(depth);
        Ok(())
    }

    /// Names of the fields around a field, outermost first.
    fn parents(&self, dict: &Dictionary) -> Vec<String> {
        let mut names = Vec::new();
        let mut next = dictionary(&self.work.document, dict, b"Parent");
        // Parents may run in a circle.
        for _ in 0..16 {
            let Some(parent) = next else { break };
            names.extend(field_name(parent));
            next = dictionary(&self.work.document, parent, b"Parent");
        }
        names.reverse();
        names
    }

    fn string(&mut self, bytes: &mut Vec<u8>, format: &mut StringFormat) -> Result<(), Fault> {
        let text = text::decode(bytes);
        if let Some(after) = self.ask(&text)? {
            *bytes = text::encode(&after);
            *format = StringFormat::Literal;
            let key = self.names.last().map(String::as_str);
            if matches!(key, Some("V" | "DV" | "Opt" | "I" | "CA" | "AC" | "RC")) {
                self.work.stale.insert(self.id);
            }
        }
        Ok(())
    }

    fn ask(&mut self, text: &str) -> Result<Option<String>, Fault> {
        let names: Vec<Cow<'_, str>> = self.names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
        let spots = &mut self.work.spots;
        let mut counter = Counter { page: self.root.page, layer: self.root.layer, spots };
        changed(text, &names, &mut counter, self.decide)
    }

    /// A name cannot be changed: it may be known by it elsewhere. One that reads like text is asked about.
    fn name(&mut self, name: &[u8]) -> Result<(), Fault> {
        if !reads_like_text(name) {
            return Ok(());
        }
        let text = String::from_utf8_lossy(name).into_owned();
        if self.ask(&text)?.is_some() {
            return Err(Fault::bad_input(
                "pdf-personal-name",
                "A name inside the PDF is personal data: of a target, a colour or a field's state.",
            )
            .advise("Print the document to a new PDF, which keeps no such names; nothing was written."));
        }
        Ok(())
    }
}

/// Blanks, `@`, letters beyond ASCII or six digits in a row: no name of the format has them.
pub(super) fn reads_like_text(name: &[u8]) -> bool {
    let unusual = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"_+.,*:-'/".contains(byte);
    let digits = name.split(|byte| !byte.is_ascii_digit()).any(|run| run.len() >= 6);
    digits || name.iter().any(unusual)
}

fn field_name(dict: &Dictionary) -> Option<String> {
    let field = dict.has(b"FT") || dict.has(b"Kids") || dict.has(b"V");
    let title = dict.get(b"T").ok()?.as_str().ok().filter(|_| field)?;
    Some(text::decode(title))
}

/// The roots: annotations of each page, then the pages, then what belongs to no page.
pub(super) fn roots(work: &Work<'_>, pages: &[ObjectId]) -> Vec<Root> {
    let document = &work.document;
    let mut roots = Vec::new();
    let mut push = |id: Option<ObjectId>, page: u32, layer| {
        if let Some(id) = id {
            roots.push(Root { id, page, layer });
        }
    };
    for (number, page) in (1..).zip(pages) {
        let Ok(dict) = document.get_dictionary(*page) else { continue };
        for annotation in array(document, dict, b"Annots") {
            let own = document.dereference(&annotation).ok().and_then(|(_, object)| of(object));
            let widget = own.is_some_and(|own| name(document, own, b"Subtype").as_deref() == Some(b"Widget"));
            push(annotation.as_reference().ok(), number, if widget { "field" } else { "annotation" });
        }
    }
    for (number, page) in (1..).zip(pages) {
        push(Some(*page), number, "structure");
    }
    let empty = Dictionary::new();
    let catalog = document.catalog().unwrap_or(&empty);
    let of_catalog = |key: &[u8]| catalog.get(key).ok().and_then(|object| object.as_reference().ok());
    push(of_catalog(b"AcroForm"), 0, "field");
    push(of_catalog(b"Outlines"), 0, "outline");
    push(of_catalog(b"StructTreeRoot"), 0, "structure");
    push(document.trailer.get(b"Info").and_then(Object::as_reference).ok(), 0, "metadata");
    push(document.trailer.get(b"Root").and_then(Object::as_reference).ok(), 0, "structure");
    roots
}

/// Fields whose value changed lose the picture of their old value; viewers draw a new one.
pub(super) fn drop_stale(work: &mut Work<'_>) {
    let mut queue: Vec<ObjectId> = work.stale.iter().copied().collect();
    let mut seen = HashSet::new();
    let any = !queue.is_empty();
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Ok(dict) = work.document.get_dictionary(id) else { continue };
        let kids = array(&work.document, dict, b"Kids");
        let parent = dict.get(b"Parent").ok().filter(|_| !dict.has(b"T"));
        queue.extend(kids.iter().chain(parent).filter_map(|object| object.as_reference().ok()));
        if let Ok(dict) = work.document.get_dictionary_mut(id)
            && dict.has_type(b"Annot") | dict.has(b"FT") | dict.has(b"Rect")
        {
            dict.remove(b"AP");
        }
    }
    if any {
        work.remove("the appearance of fields whose value changed", "it shows the old value");
        need_appearances(work);
    }
}

fn need_appearances(work: &mut Work<'_>) {
    let Ok(catalog) = work.document.catalog() else { return };
    let form = catalog.get(b"AcroForm").ok().and_then(|form| form.as_reference().ok());
    if let Some(form) = form.and_then(|id| work.document.get_dictionary_mut(id).ok()) {
        form.set("NeedAppearances", true);
    } else if let Ok(catalog) = work.document.catalog_mut()
        && let Ok(Object::Dictionary(form)) = catalog.get_mut(b"AcroForm")
    {
        form.set("NeedAppearances", true);
    }
}

/// Takes the spoken text of structure elements whose content was taken out.
pub(super) fn silence(work: &mut Work<'_>, pages: &[ObjectId]) {
    if work.silenced.is_empty() {
        return;
    }
    let ids: Vec<ObjectId> = work.document.objects.keys().copied().collect();
    for id in ids {
        if !holds_silenced(work, id, pages) {
            continue;
        }
        let mut next = Some(id);
        for _ in 0..100 {
            let Some(dict) = next.and_then(|id| work.document.get_dictionary_mut(id).ok()) else { break };
            let spoken = [&b"ActualText"[..], b"Alt", b"E"].map(|key| dict.remove(key).is_some());
            next = dict.get(b"P").ok().and_then(|parent| parent.as_reference().ok());
            if spoken.contains(&true) {
                work.remove("ActualText, Alt or E of the structure", "text under it was taken out");
            }
        }
    }
}

fn holds_silenced(work: &Work<'_>, id: ObjectId, pages: &[ObjectId]) -> bool {
    let document = &work.document;
    let Ok(dict) = document.get_dictionary(id) else { return false };
    if !dict.has(b"S") || !dict.has(b"K") {
        return false;
    }
    let page_of = |dict: &Dictionary| {
        let page = dict.get(b"Pg").ok()?.as_reference().ok()?;
        pages.iter().position(|id| *id == page).map(|at| at as u32 + 1)
    };
    let own = page_of(dict);
    let silenced = |page: Option<u32>, number: i64| match page {
        Some(page) => work.silenced.contains(&(page, number)),
        // Without a page any page may be meant.
        None => work.silenced.iter().any(|(_, silenced)| *silenced == number),
    };
    let Some(content) = entry(document, dict, b"K") else { return false };
    let items = content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice);
    items.iter().any(|item| match document.dereference(item) {
        Ok((_, Object::Integer(number))) => silenced(own, *number),
        Ok((_, Object::Dictionary(part))) if part.has(b"MCID") => {
            let number = part.get(b"MCID").and_then(Object::as_i64).unwrap_or(-1);
            silenced(page_of(part).or(own), number)
        }
        _ => false,
    })
}
