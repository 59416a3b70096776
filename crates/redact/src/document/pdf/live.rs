//! Which content streams somebody shows, once everything is taken out: the next reader of the file finds them the same way.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};

use super::objects::{array, dictionary, of};
use super::streams_of;
use super::work::Work;

/// Every stream that pages and the pictures of their annotations lead to.
pub(super) fn streams(work: &Work<'_>, pages: &[ObjectId]) -> HashSet<ObjectId> {
    let mut found = Found { work, streams: HashSet::new(), fonts: HashSet::new(), open: Vec::new() };
    for page in pages {
        let Ok(dict) = work.document.get_dictionary(*page) else { continue };
        let contents = dict.get(b"Contents").and_then(Object::as_reference);
        let several = array(&work.document, dict, b"Contents");
        found.open.extend(several.iter().filter_map(|part| part.as_reference().ok()).chain(contents));
        found.resources(dict);
        for annotation in array(&work.document, dict, b"Annots") {
            let own = work.document.dereference(&annotation).ok().and_then(|(_, object)| of(object));
            let pictures = own.and_then(|own| dictionary(&work.document, own, b"AP"));
            let pictures = pictures.into_iter().flatten().flat_map(|(_, picture)| streams_of(work, picture));
            found.open.extend(pictures);
        }
    }
    while let Some(id) = found.open.pop() {
        if let Some(Object::Stream(stream)) = work.document.objects.get(&id).filter(|_| found.streams.insert(id)) {
            found.resources(&stream.dict);
        }
    }
    found.streams
}

struct Found<'a, 'l> {
    work: &'a Work<'l>,
    streams: HashSet<ObjectId>,
    fonts: HashSet<ObjectId>,
    open: Vec<ObjectId>,
}

impl Found<'_, '_> {
    /// What the resources of a page, a stream or a font lead to.
    fn resources(&mut self, owner: &Dictionary) {
        let document = &self.work.document;
        let Some(resources) = dictionary(document, owner, b"Resources") else { return };
        for category in [&b"XObject"[..], b"Pattern"] {
            let entries = dictionary(document, resources, category).into_iter().flatten();
            self.open.extend(entries.filter_map(|(_, entry)| entry.as_reference().ok()));
        }
        for (_, state) in dictionary(document, resources, b"ExtGState").into_iter().flatten() {
            let Some(state) = document.dereference(state).ok().and_then(|(_, state)| of(state)) else { continue };
            let mask = dictionary(document, state, b"SMask").and_then(|mask| mask.get(b"G").ok());
            self.open.extend(mask.and_then(|group| group.as_reference().ok()));
            let font = array(document, state, b"Font").first().and_then(|font| font.as_reference().ok());
            font.into_iter().for_each(|font| self.font(font));
        }
        for (_, font) in dictionary(document, resources, b"Font").into_iter().flatten() {
            font.as_reference().into_iter().for_each(|font| self.font(font));
        }
    }

    /// The glyphs of a Type 3 font.
    fn font(&mut self, id: ObjectId) {
        let Ok(font) = self.work.document.get_dictionary(id) else { return };
        if self.fonts.insert(id) {
            let procedures = dictionary(&self.work.document, font, b"CharProcs").into_iter().flatten();
            self.open.extend(procedures.filter_map(|(_, procedure)| procedure.as_reference().ok()));
            self.resources(font);
        }
    }
}
