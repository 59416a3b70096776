//! Changed objects, written as a revision that is appended (ISO 32000-1, 7.5.6), or into the only revision of a new file.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object, ObjectId, StringFormat};
use model::Fault;

use super::bytes;
use super::store::Store;
use crate::read::{Broken, File, Kind, View};

/// Objects that are new or changed.
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
            Kind::Table => {
                table(&mut out, &places);
                end(&mut out, trailer, start);
            }
            Kind::Stream => {
                let (index, data) = packed(&places);
                trailer.set("Type", "XRef");
                trailer.set("Index", index);
                trailer.set("W", vec![Object::Integer(1), 8.into(), 2.into()]);
                write_object(&mut out, own, &Object::Stream(lopdf::Stream::new(trailer, data)));
                out.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
            }
        }
        out
    }

    /// A file of one revision: what is unchanged keeps its number. PDF/A has rules for the white space around objects and
    /// streams (ISO 19005-3, 6.1.7, 6.1.9), which what is read need not keep.
    pub(crate) fn finish_whole(self) -> Result<Vec<u8>, Fault> {
        let mut out = header(self.file.bytes);
        let mut places: BTreeMap<u32, (usize, u16)> = BTreeMap::new();
        let mut ids: BTreeMap<u32, u16> = self.view.ids().collect();
        ids.extend(self.objects.keys().copied());
        for (number, generation) in ids {
            let (id, start) = ((number, generation), out.len());
            if let Some(object) = self.objects.get(&id) {
                write_object(&mut out, id, object);
            } else {
                let item = self.file.get(self.view, id).map_err(Broken::fault)?;
                let kind = item.dictionary().filter(|_| item.data.is_some());
                if kind.is_some_and(|dict| dict.has_type(b"XRef") || dict.has_type(b"ObjStm")) {
                    continue;
                }
                match (&item.value, &item.data) {
                    (Object::Dictionary(dict), Some(_)) => {
                        let data = self.file.data(&item).to_vec();
                        write_object(&mut out, id, &Object::Stream(lopdf::Stream::new(dict.clone(), data)));
                    }
                    (value, _) => {
                        let written = self.file.bytes.get(item.span.clone()).unwrap_or_default();
                        let head = format!("{number} {generation} obj\n");
                        if written.starts_with(head.as_bytes()) && written.ends_with(b"\nendobj") {
                            out.extend_from_slice(written);
                            out.push(b'\n');
                        } else {
                            write_object(&mut out, id, value);
                        }
                    }
                }
            }
            places.insert(number, (start, generation));
        }
        let start = out.len();
        let mut trailer = self.kept();
        let size = places.keys().max().map_or(1, |number| number + 1);
        trailer.set("Size", i64::from(size));
        // ISO 32000-1, 7.5.4: a file of one revision has one subsection, from 0; what is in no use is free.
        out.extend_from_slice(format!("xref\n0 {size}\n").as_bytes());
        for number in 0..size {
            match places.get(&number) {
                Some((offset, generation)) => entry(&mut out, *offset, *generation),
                None => out.extend_from_slice(b"0000000000 65535 f\r\n"),
            }
        }
        end(&mut out, trailer, start);
        Ok(out)
    }

    /// What a trailer keeps of the one before.
    fn kept(&self) -> Dictionary {
        let mut trailer = Dictionary::new();
        for (key, value) in self.view.trailer().iter() {
            let own: [&[u8]; 9] =
                [b"Type", b"Index", b"W", b"Filter", b"DecodeParms", b"Length", b"XRefStm", b"Prev", b"Size"];
            if !own.contains(&key.as_slice()) {
                trailer.set(key.clone(), value.clone());
            }
        }
        trailer
    }

    /// The trailer of the newest revision, with what a new one changes.
    fn trailer(&self, written: &[u8]) -> Dictionary {
        let mut trailer = self.kept();
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

fn table(out: &mut Vec<u8>, places: &BTreeMap<u32, (usize, u16)>) {
    out.extend_from_slice(b"xref\n");
    for (first, run) in runs(places) {
        out.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
        for (offset, generation) in run {
            entry(out, offset, generation);
        }
    }
}

fn entry(out: &mut Vec<u8>, offset: usize, generation: u16) {
    out.extend_from_slice(format!("{offset:010} {generation:05} n\r\n").as_bytes());
}

fn end(out: &mut Vec<u8>, trailer: Dictionary, start: usize) {
    out.extend_from_slice(b"trailer\n");
    bytes::write(out, &Object::Dictionary(trailer));
    out.extend_from_slice(format!("\nstartxref\n{start}\n%%EOF\n").as_bytes());
}

/// The header: 1.7 at least, for ISO 32000-1 knows `ETSI.CAdES.detached` through an extension of it; and a comment of bytes
/// above 127, so that nobody takes the file for text.
fn header(pdf: &[u8]) -> Vec<u8> {
    let version =
        pdf.get(5..8).filter(|version| *version > b"1.7".as_slice() && version.iter().all(u8::is_ascii_graphic));
    let mut out = b"%PDF-".to_vec();
    out.extend_from_slice(version.unwrap_or(b"1.7"));
    out.extend_from_slice(b"\n%\xe2\xe3\xcf\xd3\n");
    out
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
