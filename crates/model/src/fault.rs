//! One way to say that something went wrong, for every room.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of failure it is. The edge turns it into an exit code, in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The command line was wrong.
    Usage,
    /// There was not enough data to answer.
    NoVerdict,
    /// Confirmation or permission is missing; nothing was changed.
    Refused,
    /// Some steps are done, some are not; safe to run again.
    Partial,
    /// An input is malformed or missing.
    BadInput,
    /// Configuration, rule or data map is wrong.
    BadConfig,
    /// A store, disk or network failed; a retry may help.
    Unavailable,
    /// Evidence does not verify.
    Unverified,
    /// Our bug.
    Internal,
    /// Stopped by the user after a clean stop.
    Interrupted,
}

/// Where in an input something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, or `None` for standard input or a value given on the command line.
    pub file: Option<PathBuf>,
    /// Line, from 1; 0 when the input has no lines.
    pub line: u64,
    /// Column in bytes, from 1; 0 when the whole line is meant.
    pub column: u64,
}

impl Place {
    /// A whole file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Place { file: Some(path.into()), line: 0, column: 0 }
    }

    /// A line and column of an input whose file is not known here; see [`Place::in_file`].
    pub fn line(line: u64, column: u64) -> Self {
        Place { file: None, line, column }
    }

    /// The same place, in `path`, unless a file is named already.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.file.get_or_insert_with(|| path.to_path_buf());
        self
    }
}

impl fmt::Display for Place {
    /// `file:line:column`, as compilers print it, so that editors can jump there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}", file.display())?,
            None => f.write_str("-")?,
        }
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// A failure: what is wrong and what to do about it are two sentences, never one.
///
/// `code` is stable and kebab-case; `probity util explain CODE` prints the long text.
pub struct Fault(Box<Inner>);

struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    advice: Option<String>,
    place: Option<Place>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(code: &'static str, message: impl Into<String>) -> Self {
            Fault::new(Kind::$kind, code, message)
        })*
    };
}

impl Fault {
    /// A failure of `kind`. Prefer the constructor named after the kind.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Fault(Box::new(Inner { kind, code, message: message.into(), advice: None, place: None, source: None }))
    }

    constructors! {
        /// The command line was wrong: exit 2.
        usage => Usage;
        /// Not enough data to answer: exit 3.
        no_verdict => NoVerdict;
        /// Confirmation or permission is missing: exit 4.
        refused => Refused;
        /// Some steps done, some not: exit 5.
        partial => Partial;
        /// An input is malformed or missing: exit 6.
        bad_input => BadInput;
        /// Configuration, rule or data map is wrong: exit 7.
        bad_config => BadConfig;
        /// A store, disk or network failed: exit 8.
        unavailable => Unavailable;
        /// Evidence does not verify: exit 1.
        unverified => Unverified;
        /// Our bug: exit 70.
        internal => Internal;
        /// Stopped by the user: exit 130.
        interrupted => Interrupted;
    }

    /// An I/O failure while doing `act` (a phrase such as `"read"`) to `path`.
    pub fn io(act: &str, path: &Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let is_loop = error.raw_os_error() == Some(LINK_LOOP);
        let (code, advice): (_, &str) = match error.kind() {
            _ if is_loop => ("link-loop", "Name the file itself: these symbolic links only point to each other."),
            ErrorKind::InvalidFilename => ("bad-file-name", "Name the file by a name that the file system takes."),
            ErrorKind::NotFound => ("not-found", "Check the path; nothing was changed."),
            ErrorKind::PermissionDenied => ("no-permission", "Give this user access to it, or run as one who has it."),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                ("disk-full", "Free some space and run the same command again; nothing is lost or done twice.")
            }
            ErrorKind::ReadOnlyFilesystem => ("read-only", "Choose a folder that can be written to."),
            ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
                ("wrong-file-type", "Name a file where a file is meant, and a folder where a folder is meant.")
            }
            _ => ("io-failed", "Run the command again; if it fails again, check the disk."),
        };
        let kind = match error.kind() {
            _ if is_loop => Kind::BadInput,
            ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => Kind::BadInput,
            ErrorKind::InvalidFilename => Kind::BadInput,
            _ => Kind::Unavailable,
        };
        Fault::new(kind, code, format!("Could not {act} {}: {}", path.display(), plain(&error)))
            .advise(advice)
            .caused_by(error)
    }

    /// Adds the recommendation: a sentence that says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Names the file in the place, if the place has none yet.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.0.place = Some(self.0.place.take().unwrap_or_default().in_file(path));
        self
    }

    /// The same, of a value that stands in an input and not on the command line.
    #[must_use]
    pub fn of_input(mut self) -> Self {
        if self.0.kind == Kind::Usage {
            self.0.kind = Kind::BadInput;
        }
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// Where it is.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }
}

/// ELOOP, too many levels of symbolic links; `ErrorKind::FilesystemLoop` is not stable yet.
const LINK_LOOP: i32 = if cfg!(target_os = "linux") { 40 } else { 62 };

/// The operating system's words without Rust's `(os error N)`, which says nothing to a compliance officer.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {self}", self.0.code)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_prints_as_editors_read_it() {
        let place = Place::line(3, 7).in_file(Path::new("a.log"));
        assert_eq!(place.to_string(), "a.log:3:7");
        assert_eq!(Place::line(3, 0).to_string(), "-:3");
        assert_eq!(Place::file("a.log").to_string(), "a.log");
    }

    #[test]
    fn an_io_failure_names_act_and_path_in_plain_words() {
        let error = std::io::Error::from_raw_os_error(28);
        let fault = Fault::io("write", Path::new("out.zip"), error);
        assert_eq!(fault.message(), "Could not write out.zip: no space left on device");
        assert_eq!((fault.kind(), fault.code()), (Kind::Unavailable, "disk-full"));
        let check = |number, kind, code| {
            let fault = Fault::io("open", Path::new("a.log"), std::io::Error::from_raw_os_error(number));
            assert_eq!((fault.kind(), fault.code()), (kind, code), "{fault}");
        };
        check(2, Kind::BadInput, "not-found");
        check(5, Kind::Unavailable, "io-failed");
        check(13, Kind::Unavailable, "no-permission");
        check(LINK_LOOP, Kind::BadInput, "link-loop");
        #[cfg(target_os = "linux")]
        check(36, Kind::BadInput, "bad-file-name");
    }
}
