//! The fonts: Noto Sans and Noto Mono (SIL Open Font License 1.1, `fonts/OFL.txt`) for Latin, Greek and Cyrillic; for every
//! other script what the given folders have.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use model::Fault;

pub(crate) use self::face::{Face, Glyph, Subset};
use self::folder::{Candidate, FontFiles};
use crate::script::{self, Script};

mod face;
mod folder;
mod program;

const MONO: &[u8] = include_bytes!("../fonts/NotoMono-Regular.ttf");

/// Where fonts are found for scripts that the built-in ones do not have.
#[derive(Clone, Debug, Default)]
pub struct Fonts {
    folders: Vec<PathBuf>,
}

impl Fonts {
    /// Looks into these folders and what is in them, in their order, for `.ttf`, `.otf` and `.ttc`; only when a text needs it.
    pub fn with_folders(folders: &[PathBuf]) -> Fonts {
        Fonts { folders: folders.to_vec() }
    }
}

/// Names a face; the first three are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FaceId(pub(crate) usize);

impl FaceId {
    /// Running text.
    pub(crate) const REGULAR: FaceId = FaceId(0);
    /// What stands out.
    pub(crate) const BOLD: FaceId = FaceId(1);
    /// Digests and names of files.
    pub(crate) const MONO: FaceId = FaceId(2);

    /// The name of the resource in the file.
    pub(crate) fn resource(self) -> String {
        format!("F{}", self.0)
    }
}

/// Which of the Chinese characters' forms are wanted. One character has several, and Unicode does not tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    Japan,
    Korea,
    China,
}

impl Region {
    /// Kana is Japanese, Hangul is Korean; the rest is taken for simplified Chinese.
    pub(crate) fn of(text: &str) -> Region {
        let has = |name: &str| text.chars().any(|c| script::script_of(c).name == name);
        match (has("Kana"), has("Hangul")) {
            (true, _) => Region::Japan,
            (_, true) => Region::Korea,
            _ => Region::China,
        }
    }

    /// The language of Chinese characters that stand beside Kana or Hangul (BCP 47).
    pub(crate) fn language(self) -> Option<&'static str> {
        match self {
            Region::Japan => Some("ja"),
            Region::Korea => Some("ko"),
            Region::China => None,
        }
    }

    /// How the family of a font ends that has these forms.
    fn suffix(self) -> &'static str {
        match self {
            Region::Japan => "jp",
            Region::Korea => "kr",
            Region::China => "sc",
        }
    }
}

/// The faces of one report: those that are built in, and those found so far.
pub(crate) struct Faces {
    built_in: [Rc<Face>; 3],
    found: RefCell<Vec<Found>>,
    folders: Vec<PathBuf>,
    files: OnceCell<FontFiles>,
}

struct Found {
    face: Rc<Face>,
    bold: bool,
    region: Region,
}

impl Faces {
    pub(crate) fn load(fonts: &Fonts) -> Result<Faces, Fault> {
        let read = |name: &str, bytes: &'static [u8]| {
            program::Program::read(&face::shared(Cow::Borrowed(bytes)), 0)
                .and_then(|program| Face::read(name.to_owned(), program))
                .map(Rc::new)
                .ok_or_else(|| Fault::internal("bad-font", format!("The built-in font {name} cannot be read")))
        };
        Ok(Faces {
            built_in: [
                read("NotoSans-Regular", notosans::REGULAR_TTF)?,
                read("NotoSans-Bold", notosans::BOLD_TTF)?,
                read("NotoMono-Regular", MONO)?,
            ],
            found: RefCell::default(),
            folders: fonts.folders.clone(),
            files: OnceCell::new(),
        })
    }

    pub(crate) fn face(&self, id: FaceId) -> Rc<Face> {
        match self.built_in.get(id.0) {
            Some(face) => Rc::clone(face),
            // An id is only made by `find`, which put the face there.
            None => Rc::clone(&self.found.borrow()[id.0 - self.built_in.len()].face),
        }
    }

    pub(crate) fn built_in(&self, id: FaceId) -> &Face {
        &self.built_in[id.0]
    }

    /// How many faces there are.
    pub(crate) fn len(&self) -> usize {
        self.built_in.len() + self.found.borrow().len()
    }

    /// The face for a character: the one wanted, else a built-in one, else one from the folders.
    ///
    /// # Errors
    /// `missing-glyph`, which names the font to install.
    pub(crate) fn find(&self, wanted: FaceId, c: char, region: Region) -> Result<FaceId, Fault> {
        if let Some(id) = [wanted, FaceId::REGULAR].into_iter().find(|id| self.face(*id).glyph(c).is_some()) {
            return Ok(id);
        }
        let bold = wanted == FaceId::BOLD;
        let script = script::script_of(c);
        let suits = |found: &Found| {
            let same = found.bold == bold && (found.region == region || !script.is_east_asian());
            same && found.face.glyph(c).is_some()
        };
        if let Some(at) = self.found.borrow().iter().position(suits) {
            return Ok(FaceId(self.built_in.len() + at));
        }
        let files = self.files.get_or_init(|| FontFiles::in_folders(&self.folders));
        let face = files.search(&Candidate { c, script, bold, region: region.suffix() });
        let face = Rc::new(face.ok_or_else(|| missing(c, script))?);
        self.found.borrow_mut().push(Found { face, bold, region });
        Ok(FaceId(self.len() - 1))
    }
}

fn missing(c: char, script: &Script) -> Fault {
    let Script { name, family, package, .. } = script;
    Fault::bad_input(
        "missing-glyph",
        format!("The report cannot show U+{:04X} ({c}): no font for {name} was found", u32::from(c)),
    )
    .advise(format!("Install {family} (Debian: {package}), or name a folder that has it with `--font-dir`."))
}
