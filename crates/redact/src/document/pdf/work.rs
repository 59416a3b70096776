//! What the steps of one rewrite share: the document, its fonts, and how much has been spent.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use model::Fault;

use super::Removed;
use super::erase::Spots;
use super::filter::{self, Undecoded};
use super::font::Fonts;
use super::lex::{self, Program};
use crate::Limits;

/// Operations and glyphs of all pages, forms counted each time they are shown.
const STEPS_MAX: u64 = 50_000_000;
/// Forms in one another.
pub(super) const FORMS_MAX: usize = 24;

/// The rewrite in progress.
pub(super) struct Work<'l> {
    pub(super) document: Document,
    pub(super) fonts: Fonts,
    pub(super) limits: &'l Limits,
    pub(super) removed: Vec<Removed>,
    pub(super) warnings: Vec<String>,
    pub(super) unscanned: Vec<String>,
    /// Content streams that were scanned where they stand.
    pub(super) scanned: HashSet<ObjectId>,
    /// Embedded files and the metadata packet that were cleaned, maps of fonts that were written anew.
    pub(super) files: HashSet<ObjectId>,
    /// Content that is shown through something else: patterns, soft masks, glyphs of Type 3 fonts.
    pub(super) later: VecDeque<Later>,
    /// Fields and annotations whose appearance has to go, because their value did.
    pub(super) stale: BTreeSet<ObjectId>,
    /// Marked content, by page and number, under which text was taken out.
    pub(super) silenced: BTreeSet<(u32, i64)>,
    /// The font of the labels, once one was painted.
    pub(super) label_font: Option<ObjectId>,
    /// How many resources were given a name.
    pub(super) fresh_names: usize,
    /// Tables of fonts.
    pub(super) tables: HashSet<ObjectId>,
    /// Pieces so far.
    pub(super) spots: Spots,
    asked: HashSet<ObjectId>,
    programs: HashMap<ObjectId, Rc<Source>>,
    expanded: u64,
    steps: u64,
}

/// A content stream that is scanned after the pages.
pub(super) struct Later {
    /// The stream.
    pub(super) id: ObjectId,
    /// Resources, where the stream has none of its own.
    pub(super) resources: Dictionary,
    /// Page on which it was met first.
    pub(super) page: u32,
}

/// A content stream, read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) bytes: Vec<u8>,
    pub(super) program: Program,
}

impl Source {
    /// Reads a content stream.
    pub(super) fn read(bytes: Vec<u8>) -> Rc<Source> {
        let program = lex::read(&bytes);
        Rc::new(Source { bytes, program })
    }
}

impl<'l> Work<'l> {
    /// Starts on a document.
    pub(super) fn new(document: Document, limits: &'l Limits) -> Self {
        Work {
            document,
            fonts: Fonts::default(),
            limits,
            removed: Vec::new(),
            warnings: Vec::new(),
            unscanned: Vec::new(),
            scanned: HashSet::new(),
            files: HashSet::new(),
            later: VecDeque::new(),
            stale: BTreeSet::new(),
            silenced: BTreeSet::new(),
            label_font: None,
            fresh_names: 0,
            tables: HashSet::new(),
            spots: Spots::default(),
            asked: HashSet::new(),
            programs: HashMap::new(),
            expanded: 0,
            steps: 0,
        }
    }

    /// Notes that something was taken out whole.
    pub(super) fn remove(&mut self, what: impl Into<String>, why: &'static str) {
        let removed = Removed { what: what.into(), why };
        if !self.removed.contains(&removed) {
            self.removed.push(removed);
        }
    }

    /// Notes something the caller has to know.
    pub(super) fn warn(&mut self, message: impl Into<String>) {
        let message = message.into();
        if !self.warnings.contains(&message) {
            self.warnings.push(message);
        }
    }

    /// Notes something that nobody could look into.
    pub(super) fn leave_unscanned(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.unscanned.contains(&what) {
            self.unscanned.push(what);
        }
    }

    /// Counts `steps` of work.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Fault> {
        self.steps += steps;
        if self.steps > STEPS_MAX {
            return Err(too_large("it draws more than 50 million times"));
        }
        Ok(())
    }

    /// Counts bytes that came out of a filter.
    pub(super) fn expand(&mut self, bytes: usize) -> Result<(), Fault> {
        self.expanded += bytes as u64;
        if self.expanded > self.limits.expanded_bytes {
            return Err(too_large("its streams grow beyond the limit"));
        }
        Ok(())
    }

    /// Bytes that one stream may grow to.
    pub(super) fn stream_max(&self) -> usize {
        usize::try_from(self.limits.expanded_bytes).unwrap_or(usize::MAX)
    }

    /// The decoded bytes of a content stream.
    pub(super) fn decoded(&mut self, stream: &Stream) -> Result<Vec<u8>, Fault> {
        let bytes = match filter::decode(&self.document, stream, self.stream_max()) {
            Ok(bytes) => bytes,
            Err(Undecoded::TooLarge) => return Err(too_large("one of its streams grows beyond the limit")),
            Err(Undecoded::Filter(_) | Undecoded::Broken) => {
                return Err(broken("a content stream cannot be decoded"));
            }
        };
        self.expand(bytes.len())?;
        Ok(bytes)
    }

    /// The content stream of an object, read once.
    pub(super) fn source(&mut self, id: ObjectId) -> Result<Rc<Source>, Fault> {
        if let Some(known) = self.programs.get(&id) {
            return Ok(Rc::clone(known));
        }
        let Some(Object::Stream(stream)) = self.document.objects.get(&id).cloned() else {
            return Err(broken("a content stream is missing"));
        };
        let source = Source::read(self.decoded(&stream)?);
        self.programs.insert(id, Rc::clone(&source));
        Ok(source)
    }

    /// Forgets what was read of an object that has changed.
    pub(super) fn forget(&mut self, id: ObjectId) {
        self.programs.remove(&id);
    }

    /// Asks for a stream to be scanned after the pages, once.
    pub(super) fn ask(&mut self, id: ObjectId, resources: &Dictionary, page: u32) {
        if self.asked.insert(id) {
            self.later.push_back(Later { id, resources: resources.clone(), page });
        }
    }

    /// The resources of a stream or page with every category a dictionary in place.
    pub(super) fn resources(&self, dict: Option<&Dictionary>) -> Dictionary {
        let mut own = Dictionary::new();
        for (category, object) in dict.into_iter().flatten() {
            if let Ok((_, Object::Dictionary(entries))) = self.document.dereference(object) {
                own.set(category.clone(), entries.clone());
            }
        }
        own
    }
}

/// The document is broken; `why` completes "it cannot be read:".
pub(super) fn broken(why: &str) -> Fault {
    Fault::bad_input("pdf-broken", format!("The PDF cannot be read: {why}."))
        .advise("Repair it first, for example with `qpdf IN OUT`; nothing was written.")
}

/// The document costs too much.
pub(super) fn too_large(why: &str) -> Fault {
    Fault::bad_input("pdf-too-large", format!("The PDF is beyond a limit: {why}."))
        .advise("Split the document, or take out what makes it so large.")
}
