//! A revision that is appended (ISO 32000-1, 7.5.6). What stands before it stays byte for byte.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object, ObjectId, StringFormat};
use model::Fault;

use super::bytes;
use super::store::Store;
use crate::read::{Broken, File, Kind, View};

/// The objects of a new revision.
pub(crate) struct Update<'f, 'a> {
    file: &'f File<'a>,
    view: &'f View,
    objects: BTreeMap<ObjectId, Object>,
    next: u32,
}

impl<'f, 'a> Update<'f, 'a> {
    pub(crate) fn new(file: &'f File<'a>, view: &'f View) -> Self {
        Update { file, view, objects: BTreeMap::new(), next: view.next_number() }
    }

    /// The file with the new revision at its end.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let kind = self.view.sections[0].kind;
        let mut out = self.file.bytes.to_vec();
        // PDF/A (ISO 19005-3, 6.1.9): an end of line stands before every object.
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        let mut places: BTreeMap<u32, (usize, u16)> = BTreeMap::new();
        for (id, object) in &self.objects {
            places.insert(id.0, (out.len(), id.1));
            write_object(&mut out, *id, object);
        }
        let start = out.len();
        let own = (self.next, 0);
        if kind == Kind::Stream {
            places.insert(own.0, (start, 0));
            self.next += 1;
        }
        let mut trailer = self.trailer(&out);
        match kind {
            Kind::Table => table(&mut out, &places, trailer),
            Kind::Stream => {
                let (index, data) = packed(&places);
                trailer.set("Type", "XRef");
                trailer.set("Index", index);
                trailer.set("W", vec![Object::Integer(1), 8.into(), 2.into()]);
                write_object(&mut out, own, &Object::Stream(lopdf::Stream::new(trailer, data)));
            }
        }
        out.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        out
    }

    /// The trailer of the newest revision, with what a new one changes.
    fn trailer(&self, written: &[u8]) -> Dictionary {
        let mut trailer = Dictionary::new();
        for (key, value) in self.view.trailer().iter() {
            let own: [&[u8]; 9] =
                [b"Type", b"Index", b"W", b"Filter", b"DecodeParms", b"Length", b"XRefStm", b"Prev", b"Size"];
            if !own.contains(&key.as_slice()) {
                trailer.set(key.clone(), value.clone());
            }
        }
        trailer.set("Size", i64::from(self.next));
        trailer.set("Prev", self.view.sections[0].offset as i64);
        // ISO 32000-1, 14.4: the first half of the identifier names the document, the second the revision.
        if let Ok(Object::Array(id)) = trailer.get_mut(b"ID")
            && let Some(second) = id.get_mut(1)
        {
            let digest = seal::sha256(&written[self.file.bytes.len()..]);
            *second = Object::String(digest.as_bytes()[..16].to_vec(), StringFormat::Hexadecimal);
        }
        trailer
    }
}

impl Store for Update<'_, '_> {
    fn root(&self) -> Result<ObjectId, Fault> {
        self.view.root().map_err(Broken::fault)
    }

    fn resolve(&self, object: &Object) -> Result<Object, Fault> {
        if let Object::Reference(id) = object
            && let Some(staged) = self.objects.get(id)
        {
            return Ok(staged.clone());
        }
        let item = self.file.resolve(self.view, object).map_err(Broken::fault)?;
        Ok(match (&item.value, &item.data) {
            (Object::Dictionary(dict), Some(_)) => {
                Object::Stream(lopdf::Stream::new(dict.clone(), self.file.data(&item).to_vec()))
            }
            (value, _) => value.clone(),
        })
    }

    fn set(&mut self, id: ObjectId, object: Object) {
        self.objects.insert(id, object);
    }

    fn add(&mut self, object: Object) -> ObjectId {
        let id = (self.next, 0);
        self.next += 1;
        self.objects.insert(id, object);
        id
    }
}

fn write_object(out: &mut Vec<u8>, id: ObjectId, object: &Object) {
    out.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
    bytes::write(out, object);
    out.extend_from_slice(b"\nendobj\n");
}

/// Numbers that follow one another.
fn runs(places: &BTreeMap<u32, (usize, u16)>) -> Vec<(u32, Vec<(usize, u16)>)> {
    let mut runs: Vec<(u32, Vec<(usize, u16)>)> = Vec::new();
    for (number, place) in places {
        match runs.last_mut() {
            Some((first, run)) if *first as usize + run.len() == *number as usize => run.push(*place),
            _ => runs.push((*number, vec![*place])),
        }
    }
    runs
}

fn table(out: &mut Vec<u8>, places: &BTreeMap<u32, (usize, u16)>, trailer: Dictionary) {
    out.extend_from_slice(b"xref\n");
    for (first, run) in runs(places) {
        out.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
        for (offset, generation) in run {
            out.extend_from_slice(format!("{offset:010} {generation:05} n\r\n").as_bytes());
        }
    }
    out.extend_from_slice(b"trailer\n");
    bytes::write(out, &Object::Dictionary(trailer));
    out.push(b'\n');
}

/// `/Index` and the rows of a cross-reference stream of widths 1, 8 and 2.
fn packed(places: &BTreeMap<u32, (usize, u16)>) -> (Vec<Object>, Vec<u8>) {
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for (first, run) in runs(places) {
        index.extend([Object::Integer(i64::from(first)), Object::Integer(run.len() as i64)]);
        for (offset, generation) in run {
            data.push(1);
            data.extend_from_slice(&(offset as u64).to_be_bytes());
            data.extend_from_slice(&generation.to_be_bytes());
        }
    }
    (index, data)
}
