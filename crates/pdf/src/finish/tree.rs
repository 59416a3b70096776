//! The structure tree (ISO 32000-1, 14.7), its parent tree, and what each page says about it; links.

use evidence::report::{Link, Signatory};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::text;
use crate::page::{Active, Area, Kid, Layout, Says, Tag};

/// What the catalog points to.
pub(super) struct Added {
    pub(super) root: ObjectId,
    /// The fields that wait for a signature.
    pub(super) fields: Vec<Object>,
}

/// Adds the tree, the links and the fields.
pub(super) fn add(document: &mut Document, layout: &Layout, pages: &[ObjectId]) -> Result<Added, lopdf::Error> {
    let root = document.new_object_id();
    let mut ids: Vec<ObjectId> = layout.tags.iter().map(|_| document.new_object_id()).collect();
    let areas: Vec<Vec<ObjectId>> =
        layout.pages.iter().map(|page| page.areas.iter().map(|_| document.new_object_id()).collect()).collect();
    let mut tree = Tree { document, layout, pages, root, ids: std::mem::take(&mut ids), areas };
    let parents = tree.elements();
    let numbers = tree.pages_and_links(parents)?;
    let next = (numbers.len() / 2) as i64;
    let first = tree.ids.first().copied().unwrap_or(root);
    let fields = tree.fields();
    let parents = document.add_object(dictionary! { "Nums" => numbers });
    document.set_object(
        root,
        dictionary! {
            "Type" => "StructTreeRoot",
            "K" => vec![Object::Reference(first)],
            "ParentTree" => parents,
            "ParentTreeNextKey" => next,
        },
    );
    Ok(Added { root, fields })
}

struct Tree<'d> {
    document: &'d mut Document,
    layout: &'d Layout,
    pages: &'d [ObjectId],
    root: ObjectId,
    /// Of each tag.
    ids: Vec<ObjectId>,
    /// Of each link, page by page.
    areas: Vec<Vec<ObjectId>>,
}

impl Tree<'_> {
    /// Writes the elements; which of them each mark of each page belongs to.
    fn elements(&mut self) -> Vec<Vec<Object>> {
        let layout = self.layout;
        let mut parents: Vec<Vec<Object>> = layout.pages.iter().map(|page| vec![Object::Null; page.marks]).collect();
        let mut above = vec![self.root; layout.tags.len()];
        let scopes =
            ["Column", "Row"].map(|scope| self.document.add_object(dictionary! { "O" => "Table", "Scope" => scope }));
        for (index, tag) in layout.tags.iter().enumerate() {
            let id = self.ids[index];
            // The page of the first content; content of other pages says its own.
            let own =
                tag.kids.iter().find_map(|kid| if let Kid::Content { page, .. } = kid { Some(*page) } else { None });
            let mut element = dictionary! { "S" => tag.name, "P" => above[index] };
            if let Some(own) = own {
                element.set("Pg", self.pages[own]);
            }
            let mut kids = Vec::with_capacity(tag.kids.len());
            for kid in &tag.kids {
                kids.push(match *kid {
                    Kid::Tag(kid) => {
                        above[kid] = id;
                        Object::Reference(self.ids[kid])
                    }
                    Kid::Content { page, mark } => {
                        parents[page][mark] = Object::Reference(id);
                        self.content(page, mark, own)
                    }
                    Kid::Area { page, area } => Object::Dictionary(dictionary! {
                        "Type" => "OBJR", "Pg" => self.pages[page], "Obj" => self.areas[page][area],
                    }),
                });
            }
            match kids.len() {
                1 => element.set("K", kids.swap_remove(0)),
                _ => element.set("K", kids),
            }
            self.says(tag, &mut element, scopes);
            self.document.set_object(id, element);
        }
        parents
    }

    fn content(&self, page: usize, mark: usize, own: Option<usize>) -> Object {
        match own == Some(page) {
            true => Object::Integer(mark as i64),
            false => {
                Object::Dictionary(dictionary! { "Type" => "MCR", "Pg" => self.pages[page], "MCID" => mark as i64 })
            }
        }
    }

    fn says(&self, tag: &Tag, element: &mut Dictionary, [column, row]: [ObjectId; 2]) {
        match &tag.says {
            Says::Nothing => {}
            Says::Scope(scope) => element.set("A", if *scope == "Row" { row } else { column }),
            Says::Summary(summary) => {
                element.set("A", dictionary! { "O" => "Table", "Summary" => text(short(summary)) })
            }
            Says::Numbering(how) => element.set("A", dictionary! { "O" => "List", "ListNumbering" => *how }),
            Says::Words { words, language } => {
                words.iter().for_each(|words| element.set("ActualText", text(words)));
                language.iter().for_each(|language| element.set("Lang", Object::string_literal(*language)));
            }
            Says::Alternative(alt, frame) => {
                element.set("Alt", text(short(&crate::text::neutralise(alt))));
                let frame: Vec<Object> = frame.iter().map(|side| Object::Real(*side)).collect();
                element.set("A", dictionary! { "O" => "Layout", "Placement" => "Block", "BBox" => frame });
            }
        }
    }

    /// What pages say, and their links; the numbers of the parent tree.
    fn pages_and_links(&mut self, parents: Vec<Vec<Object>>) -> Result<Vec<Object>, lopdf::Error> {
        let mut numbers = Vec::with_capacity(2 * self.pages.len());
        for (number, parents) in parents.into_iter().enumerate() {
            numbers.push(Object::Integer(number as i64));
            numbers.push(Object::Reference(self.document.add_object(parents)));
            let annotations: Vec<Object> = self.areas[number].iter().copied().map(Object::Reference).collect();
            let page = self.document.get_object_mut(self.pages[number])?.as_dict_mut()?;
            page.set("StructParents", number as i64);
            page.set("Tabs", "S");
            match annotations.is_empty() {
                true => drop(page.remove(b"Annots")),
                false => page.set("Annots", annotations),
            }
        }
        for (page, ids) in self.layout.pages.iter().zip(&self.areas) {
            for (area, id) in page.areas.iter().zip(ids) {
                let key = (numbers.len() / 2) as i64;
                numbers.extend([Object::Integer(key), Object::Reference(self.ids[area.tag])]);
                let mut annotation = match &area.what {
                    Active::Link(to) => link(to, self.layout, self.pages),
                    Active::Signature(signatory) => field(signatory, area, self.document),
                };
                let rect: Vec<Object> =
                    area.rect.iter().map(|side| Object::Real((side * 100.0).round() / 100.0)).collect();
                annotation.set("Type", "Annot");
                annotation.set("Rect", rect);
                annotation.set("StructParent", key);
                self.document.set_object(*id, annotation);
            }
        }
        Ok(numbers)
    }

    fn fields(&self) -> Vec<Object> {
        let areas = self.layout.pages.iter().zip(&self.areas).flat_map(|(page, ids)| page.areas.iter().zip(ids));
        let fields = areas.filter(|(area, _)| matches!(area.what, Active::Signature(_)));
        fields.map(|(_, id)| Object::Reference(*id)).collect()
    }
}

/// A link (PDF/UA-1, 7.18.5: it says in words where it leads; PDF/A-3, 6.3: it is printed as what it is).
fn link(to: &Link, layout: &Layout, pages: &[ObjectId]) -> Dictionary {
    let mut link = dictionary! { "Subtype" => "Link", "Border" => vec![0.into(), 0.into(), 0.into()], "F" => 4 };
    match to {
        Link::Web(address) => {
            link.set("Contents", text(&format!("Open {address}")));
            let uri = Object::string_literal(ascii(address));
            link.set("A", dictionary! { "Type" => "Action", "S" => "URI", "URI" => uri });
        }
        Link::Place(name) | Link::PageOf(name) => {
            // The layout refuses a place that is nowhere.
            let (page, top) = layout.anchors.get(name).copied().unwrap_or_default();
            link.set("Contents", text(&format!("Go to page {}", page + 1)));
            let place = [Object::Reference(pages[page]), "XYZ".into(), Object::Null, Object::Real(top), Object::Null];
            link.set("Dest", place.to_vec());
        }
    }
    link
}

/// A signature field that nobody has signed yet. It shows nothing, and says so with a picture (ISO 19005-3, 6.3.3); the page
/// has a frame there. It has words for those who hear it (PDF/UA-1, 7.18.1).
fn field(signatory: &Signatory, area: &Area, document: &mut Document) -> Dictionary {
    let [left, bottom, right, top] = area.rect;
    let sides = vec![0.into(), 0.into(), Object::Real(right - left), Object::Real(top - bottom)];
    let nothing = dictionary! {
        "Type" => "XObject", "Subtype" => "Form", "BBox" => sides, "Resources" => dictionary! {},
    };
    let picture = document.add_object(Stream::new(nothing, Vec::new()));
    let name = crate::text::neutralise(&signatory.name);
    dictionary! {
        "Subtype" => "Widget", "FT" => "Sig", "T" => text(&signatory.field),
        "TU" => text(short(&format!("Signature of {name}"))),
        // Print and Locked (ISO 32000-1, table 165).
        "F" => 132,
        "AP" => dictionary! { "N" => picture },
    }
}

/// A text that a string can hold (ISO 19005-3, 6.1.13: 32,767 bytes; a character has up to four of them).
fn short(words: &str) -> &str {
    let units = words.char_indices().scan(0, |units, (at, c)| {
        *units += c.len_utf16();
        Some((at, *units))
    });
    let cut = units.into_iter().find(|(_, units)| *units > 16_000).map(|(at, _)| at);
    cut.map_or(words, |at| &words[..at])
}

/// An address in ASCII (ISO 32000-1, 12.6.4.7): every other byte as `%XX`.
fn ascii(address: &str) -> String {
    let byte = |byte: u8| match byte {
        b'!'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    address.bytes().map(byte).collect()
}
