//! A file and what it says at one of its revisions.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use lopdf::{Dictionary, Object, ObjectId};

use super::sections::{self, Entry, Section, tail};
use super::syntax::{self, Lexer};
use super::{Broken, decode};
use crate::Limits;

/// References to references, streams whose length lies in streams.
const CHAIN_MAX: usize = 16;

/// Where an object stands. Two revisions that have an object at one location have the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Location {
    /// Its number stands at this byte.
    At(usize),
    /// It is one of those in the object stream whose number stands at this byte.
    In(usize, usize),
}

/// An object and the bytes it stands in.
#[derive(Debug)]
pub(crate) struct Item {
    /// The object; the dictionary of a stream.
    pub(crate) value: Object,
    /// The data of a stream, as they stand in the file.
    pub(crate) data: Option<Range<usize>>,
    /// From the object's number to after `endobj`; empty in an object stream.
    pub(crate) span: Range<usize>,
}

impl Item {
    /// The dictionary, of a stream too.
    pub(crate) fn dictionary(&self) -> Option<&Dictionary> {
        self.value.as_dict().ok()
    }
}

/// The bytes, and what was read of them so far.
pub(crate) struct File<'a> {
    pub(crate) bytes: &'a [u8],
    sections: RefCell<HashMap<usize, Rc<Section>>>,
    items: RefCell<HashMap<Location, Rc<Item>>>,
    packed: RefCell<HashMap<usize, Rc<Packed>>>,
    entries: Cell<usize>,
    expanded: Cell<usize>,
}

/// The objects of an object stream: number and value.
type Packed = Vec<(u32, Object)>;

/// What the file says at one revision.
pub(crate) struct View {
    /// Where the revision ends. What stands behind it is not read: at the time it was not there.
    pub(crate) end: usize,
    /// Newest first.
    pub(crate) sections: Vec<Rc<Section>>,
    entries: HashMap<u32, Entry>,
}

impl<'a> File<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Broken> {
        if bytes.len() > Limits::FILE_BYTES {
            return Err(Broken("it is larger than the limit".to_owned()));
        }
        if !bytes.starts_with(b"%PDF-") {
            return Err(Broken("it does not begin with %PDF-".to_owned()));
        }
        Ok(File {
            bytes,
            sections: RefCell::default(),
            items: RefCell::default(),
            packed: RefCell::default(),
            entries: Cell::new(0),
            expanded: Cell::new(0),
        })
    }

    /// What the file says if it ends at `end`.
    pub(crate) fn view_to(&self, end: usize) -> Result<View, Broken> {
        let bytes = self.bytes.get(..end).ok_or_else(|| Broken("it is shorter than it should be".to_owned()))?;
        let (offset, word) = tail(bytes)?;
        let mut chain: Vec<Rc<Section>> = Vec::new();
        let mut entries: HashMap<u32, Entry> = HashMap::new();
        let (mut next, mut seen) = (Some(offset), HashSet::new());
        while let Some(offset) = next {
            if !seen.insert(offset) || seen.len() > Limits::SECTIONS {
                return Err(Broken("its cross-reference sections run in a circle, or are too many".to_owned()));
            }
            let section = self.section(offset)?;
            if section.end > word {
                return Err(Broken("a cross-reference section lies behind its end".to_owned()));
            }
            for (number, entry) in &section.entries {
                entries.entry(*number).or_insert(*entry);
            }
            next = section.previous;
            chain.push(section);
        }
        let view = View { end, sections: chain, entries };
        if view.trailer().has(b"Encrypt") {
            return Ok(view);
        }
        view.catalog(self)?;
        Ok(view)
    }

    fn section(&self, offset: usize) -> Result<Rc<Section>, Broken> {
        if let Some(section) = self.sections.borrow().get(&offset) {
            return Ok(section.clone());
        }
        let mut section = sections::section(self.bytes, offset)?;
        if let Some(hybrid) = section.hybrid {
            let other = sections::section(self.bytes, hybrid)?;
            for (number, entry) in other.entries {
                // ISO 32000-1, 7.5.8.4: what the table calls free may be in the stream.
                let slot = section.entries.entry(number).or_insert(Entry::Free);
                if *slot == Entry::Free {
                    *slot = entry;
                }
            }
        }
        self.entries.set(self.entries.get() + section.entries.len());
        if self.entries.get() > Limits::ENTRIES {
            return Err(Broken("it has too many objects".to_owned()));
        }
        let section = Rc::new(section);
        self.sections.borrow_mut().insert(offset, section.clone());
        Ok(section)
    }

    /// The object with its number at `offset`.
    fn item_at(&self, view: &View, offset: usize, id: ObjectId, depth: usize) -> Result<Rc<Item>, Broken> {
        let bad = |what: &str| Broken(format!("object {} at byte {offset} {what}", id.0));
        let inside = |item: Rc<Item>| {
            if item.span.end > view.end { Err(bad("lies behind the end of its revision")) } else { Ok(item) }
        };
        if let Some(item) = self.items.borrow().get(&Location::At(offset)) {
            return inside(item.clone());
        }
        let mut lexer = Lexer::new(self.bytes, offset);
        while lexer.peek().is_some_and(syntax::is_space) {
            lexer.at += 1;
        }
        let (number, generation) = (lexer.number(), lexer.number());
        if number != Some(id.0 as usize) || generation != Some(usize::from(id.1)) || !lexer.take(b"obj") {
            return Err(bad("is not where the cross-reference table says"));
        }
        let value = lexer.object()?;
        let mut data = None;
        let before = lexer.at;
        if lexer.take(b"stream") {
            lexer.at = before;
            let length = value.as_dict().and_then(|dict| dict.get(b"Length")).map_err(|_| bad("has no length"))?;
            let length = self.resolve_nested(view, length, depth + 1)?;
            let length = length.value.as_i64().ok().and_then(|length| usize::try_from(length).ok());
            data = Some(stream_data(&mut lexer, length.ok_or_else(|| bad("has no length"))?)?);
        }
        if !lexer.take(b"endobj") {
            return Err(bad("does not end with endobj"));
        }
        let item = Rc::new(Item { value, data, span: offset..lexer.at });
        self.items.borrow_mut().insert(Location::At(offset), item.clone());
        inside(item)
    }

    fn packed(&self, view: &View, stream: u32, depth: usize) -> Result<(usize, Rc<Packed>), Broken> {
        let Some(Entry::At { offset, generation: 0 }) = view.entries.get(&stream).copied() else {
            return Err(Broken(format!("the object stream {stream} is missing")));
        };
        let bad = || Broken(format!("the object stream {stream} is damaged"));
        let item = self.item_at(view, offset, (stream, 0), depth)?;
        if let Some(packed) = self.packed.borrow().get(&offset) {
            return Ok((offset, packed.clone()));
        }
        let dict = item.dictionary().filter(|dict| dict.has_type(b"ObjStm")).ok_or_else(bad)?;
        let data = item.data.clone().ok_or_else(bad)?;
        let bytes = decode(dict, &self.bytes[data])?;
        self.expanded.set(self.expanded.get() + bytes.len());
        if self.expanded.get() > Limits::EXPANDED_BYTES {
            return Err(Broken("its object streams grow beyond the limit".to_owned()));
        }
        let whole = |key: &[u8]| dict.get(key).ok().and_then(|n| usize::try_from(n.as_i64().ok()?).ok());
        let (count, first) = (whole(b"N").ok_or_else(bad)?, whole(b"First").ok_or_else(bad)?);
        let mut header = Lexer::new(&bytes, 0);
        let mut objects = Vec::new();
        for _ in 0..count {
            let (Some(number), Some(place)) = (header.number(), header.number()) else { return Err(bad()) };
            let place = first.checked_add(place).ok_or_else(bad)?;
            let value = Lexer::new(&bytes, place).object()?;
            objects.push((u32::try_from(number).map_err(|_| bad())?, value));
        }
        let packed = Rc::new(objects);
        self.packed.borrow_mut().insert(offset, packed.clone());
        Ok((offset, packed))
    }

    /// What an object is; what it refers to, if it is a reference.
    pub(crate) fn resolve(&self, view: &View, object: &Object) -> Result<Rc<Item>, Broken> {
        self.resolve_nested(view, object, 0)
    }

    fn resolve_nested(&self, view: &View, object: &Object, depth: usize) -> Result<Rc<Item>, Broken> {
        if depth > CHAIN_MAX {
            return Err(Broken("references run in a circle".to_owned()));
        }
        match object {
            Object::Reference(id) => {
                let item = self.get_nested(view, *id, depth)?;
                match &item.value {
                    Object::Reference(_) => self.resolve_nested(view, &item.value, depth + 1),
                    _ => Ok(item),
                }
            }
            other => Ok(Rc::new(Item { value: other.clone(), data: None, span: 0..0 })),
        }
    }

    /// The object of a number; null if there is none (ISO 32000-1, 7.3.10).
    pub(crate) fn get(&self, view: &View, id: ObjectId) -> Result<Rc<Item>, Broken> {
        self.get_nested(view, id, 0)
    }

    fn get_nested(&self, view: &View, id: ObjectId, depth: usize) -> Result<Rc<Item>, Broken> {
        let null = || Ok(Rc::new(Item { value: Object::Null, data: None, span: 0..0 }));
        match view.entries.get(&id.0).copied() {
            None | Some(Entry::Free) => null(),
            Some(Entry::At { offset, generation }) => {
                if generation != id.1 {
                    return Err(Broken(format!("object {} is referred to by a wrong generation", id.0)));
                }
                self.item_at(view, offset, id, depth)
            }
            Some(Entry::In { stream, index }) => {
                let (offset, packed) = self.packed(view, stream, depth + 1)?;
                let location = Location::In(offset, index);
                if let Some(item) = self.items.borrow().get(&location) {
                    return Ok(item.clone());
                }
                match packed.get(index) {
                    Some((number, value)) if *number == id.0 && id.1 == 0 => {
                        let item = Rc::new(Item { value: value.clone(), data: None, span: 0..0 });
                        self.items.borrow_mut().insert(location, item.clone());
                        Ok(item)
                    }
                    _ => Err(Broken(format!("object {} is not in the object stream that should hold it", id.0))),
                }
            }
        }
    }

    /// The bytes of a stream, as they stand in the file.
    pub(crate) fn data(&self, item: &Item) -> &'a [u8] {
        item.data.clone().and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    /// Whether two objects say the same, streams with their data.
    pub(crate) fn same(&self, a: &Item, b: &Item) -> bool {
        syntax::same(&a.value, &b.value) && a.data.is_some() == b.data.is_some() && self.data(a) == self.data(b)
    }
}

impl View {
    /// The trailer of the newest section.
    pub(crate) fn trailer(&self) -> &Dictionary {
        // There is always one: `view_at` puts it there.
        &self.sections[0].trailer
    }

    /// The number of the catalog.
    pub(crate) fn root(&self) -> Result<ObjectId, Broken> {
        let root = self.trailer().get(b"Root").and_then(Object::as_reference);
        root.map_err(|_| Broken("it has no catalog".to_owned()))
    }

    /// The catalog.
    pub(crate) fn catalog(&self, file: &File<'_>) -> Result<Dictionary, Broken> {
        let item = file.get(self, self.root()?)?;
        let catalog = item.dictionary().filter(|_| item.data.is_none());
        catalog.cloned().ok_or_else(|| Broken("it has no catalog".to_owned()))
    }

    /// Where the object of a number stands; `None` if there is none.
    pub(crate) fn location(&self, number: u32) -> Option<Location> {
        match self.entries.get(&number)? {
            Entry::Free => None,
            Entry::At { offset, .. } => Some(Location::At(*offset)),
            Entry::In { stream, index } => match self.entries.get(stream)? {
                Entry::At { offset, .. } => Some(Location::In(*offset, *index)),
                _ => None,
            },
        }
    }

    /// Every number that has an object, in order.
    pub(crate) fn numbers(&self) -> BTreeMap<u32, Location> {
        self.entries.keys().filter_map(|number| Some((*number, self.location(*number)?))).collect()
    }

    /// Every number that has an object, with its generation.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.entries.iter().filter_map(|(number, entry)| match entry {
            Entry::Free => None,
            Entry::At { generation, .. } => Some((*number, *generation)),
            Entry::In { .. } => Some((*number, 0)),
        })
    }

    /// How many numbers it knows.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The first number that nobody uses.
    pub(crate) fn next_number(&self) -> u32 {
        let size = self.trailer().get(b"Size").and_then(Object::as_i64).unwrap_or(0);
        let used = self.entries.keys().max().map_or(1, |number| number.saturating_add(1));
        used.max(u32::try_from(size).unwrap_or(0))
    }
}

/// The data of a stream: `lexer` stands before `stream`, and then after `endstream`.
pub(super) fn stream_data(lexer: &mut Lexer<'_>, length: usize) -> Result<Range<usize>, Broken> {
    let bad = |lexer: &Lexer<'_>| Broken(format!("a stream is damaged at byte {}", lexer.at));
    if !lexer.take(b"stream") {
        return Err(bad(lexer));
    }
    // ISO 32000-1, 7.3.8.1: a line feed, or carriage return and line feed.
    if lexer.peek() == Some(b'\r') {
        lexer.at += 1;
    }
    if lexer.peek() != Some(b'\n') {
        return Err(bad(lexer));
    }
    let start = lexer.at + 1;
    let end = start.checked_add(length).filter(|end| *end <= lexer.bytes.len()).ok_or_else(|| bad(lexer))?;
    lexer.at = end;
    while lexer.peek().is_some_and(syntax::is_space) {
        lexer.at += 1;
    }
    if !lexer.bytes[lexer.at..].starts_with(b"endstream") {
        return Err(bad(lexer));
    }
    lexer.at += 9;
    Ok(start..end)
}
