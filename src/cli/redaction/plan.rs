//! What was typed → what is needed.

use std::cell::OnceCell;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use model::{ByteSize, Fault};
use redact::format::detect::Kind;
use redact::{Detector, Limits, Names, Operator, Profile, Scanner};

use super::{Decided, Plan};
use crate::cli::files;
use crate::cli::toml_file;

const FILE_MAX: ByteSize = ByteSize(1 << 20);

/// What goes, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanArgs {
    /// What goes and how: a built-in profile, or a file
    #[arg(long, value_name = "NAME", default_value = "gdpr-share")]
    profile: String,
    /// Only these types or detectors (can be repeated)
    #[arg(long, value_name = "NAME")]
    detector: Vec<String>,
    /// Leave these types or detectors in (can be repeated)
    #[arg(long, value_name = "NAME")]
    exclude: Vec<String>,
    /// File with a detector of your own (can be repeated)
    #[arg(long, value_name = "FILE")]
    own: Vec<PathBuf>,
    /// One operator for everything that goes
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Where names are looked for: never, prose or always
    #[arg(long, value_name = "WHERE")]
    names: Option<String>,
    /// The format; otherwise the content decides
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Key of tags and pseudonyms, made when it is not there; otherwise a new one that is forgotten
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Replay what was decided on the page of --preview
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
}

impl PlanArgs {
    /// What was typed → what is needed.
    pub(crate) fn plan(&self) -> Result<Plan, Fault> {
        let mut profile = profile(&self.profile)?.without(&self.exclude);
        if let Some(name) = &self.operator {
            profile = profile.with_operator(Operator::parse(name, MASK_LEAVES)?);
        }
        if let Some(place) = &self.names {
            profile.names = Names::parse(place)?;
        }
        Ok(Plan {
            scanner: scanner(self, &profile)?,
            names: OnceCell::new(),
            key: key(self.key.as_deref())?,
            decided: self.decisions.as_deref().map(Decided::read).transpose()?.unwrap_or_default(),
            kind: self.format.as_deref().map(Kind::parse).transpose()?,
            limits: Limits::default(),
            reversible: false,
            profile,
        })
    }
}

/// So much of a value `--operator mask` leaves.
const MASK_LEAVES: u8 = 4;

/// A built-in profile, or the path of one.
fn profile(name: &str) -> Result<Profile, Fault> {
    if !name.contains(['/', '.']) || Profile::all().iter().any(|(known, _)| *known == name) {
        return Profile::built_in(name);
    }
    let path = Path::new(name);
    let text = files::read_text(path, FILE_MAX)?;
    Profile::parse(&text).map_err(|fault| toml_file::show_line(&fault, path))
}

/// The detectors that the profile has a use for, and the user's own, whose examples are run.
fn scanner(args: &PlanArgs, profile: &Profile) -> Result<Scanner, Fault> {
    let mut detectors = Detector::built_in()?;
    let is_asked = |one: &Detector| {
        profile.asks_for(&one.kind, &one.id)
            || args.detector.iter().any(|name| *one.id == **name || *one.kind == **name)
    };
    let (asked, unasked): (Vec<Detector>, Vec<Detector>) = Detector::requested()?.into_iter().partition(is_asked);
    detectors.extend(asked);
    let known: Vec<String> = detectors.iter().flat_map(|one| [one.id.to_string(), one.kind.to_string()]).collect();
    let own = args.own.iter().map(|path| own(path)).collect::<Result<Vec<_>, _>>()?;
    detectors.extend(own);
    for name in args.detector.iter().chain(&args.exclude) {
        let is_known = |one: &Detector| *one.id == **name || *one.kind == **name;
        if !detectors.iter().chain(&unasked).any(is_known) && !NAME_TYPES.contains(&name.as_str()) {
            let near = model::nearest(name, known.iter().map(String::as_str));
            let hint = near.map(|near| format!("{near:?} is near. ")).unwrap_or_default();
            return Err(Fault::usage("unknown-detector", format!("there is no detector or type {name:?}"))
                .advise(format!("{hint}`probity redact --list` shows them all.")));
        }
    }
    let wanted = |one: &Detector| {
        args.detector.is_empty() || args.detector.iter().any(|name| *one.id == **name || *one.kind == **name)
    };
    detectors.retain(|one| wanted(one) && profile.concerns(&one.kind, &one.id));
    Scanner::unproven(detectors)
}

/// Types that no detector of tier 1 finds.
const NAME_TYPES: [&str; 4] = ["person", "place", "organisation", "address"];

fn own(path: &Path) -> Result<Detector, Fault> {
    let text = files::read_text(path, FILE_MAX)?;
    let detector = Detector::parse(&text).map_err(|fault| toml_file::show_line(&fault, path))?;
    Scanner::new(vec![detector.clone()]).map_err(|fault| fault.in_file(path))?;
    Ok(detector)
}

/// 32 bytes in hexadecimal, readable by their owner alone.
fn key(path: Option<&Path>) -> Result<[u8; 32], Fault> {
    let Some(path) = path else { return fresh() };
    match File::open(path) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(|error| Fault::io("read", path, error))?;
            parse_key(text.trim()).ok_or_else(|| {
                Fault::bad_input("bad-key-file", "this is no key: 64 hexadecimal digits are expected")
                    .in_file(path)
                    .advise("Give the file that an earlier run made, or a name that does not exist yet.")
            })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = fresh()?;
            let text: String = key.iter().map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect();
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| Fault::io("write", path, error))?;
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| Fault::io("write", path, error))?;
            Ok(key)
        }
        Err(error) => Err(Fault::io("open", path, error)),
    }
}

fn fresh() -> Result<[u8; 32], Fault> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| {
        Fault::unavailable("no-randomness", format!("The system gives no random numbers: {error}"))
            .advise("Run it again; on a device that has just started, later.")
    })?;
    Ok(key)
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes?.try_into().ok().filter(|_| rest.is_empty())
}
