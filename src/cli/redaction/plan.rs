//! What was typed → what is needed.

use std::cell::OnceCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;
use model::{ByteSize, Digest, Fault};
use redact::format::detect::Kind;
use redact::{Detector, Limits, Names, Operator, Party, Profile, Scanner};
use zeroize::Zeroizing;

use super::{Decided, Plan};
use crate::cli::toml_file;
use crate::cli::{files, keys};

const FILE_MAX: ByteSize = ByteSize(1 << 20);
const KEY_MAX: ByteSize = ByteSize(4096);

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
    /// File with a detector of your own (can be repeated): `probity util explain bad-detector` says what it holds
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
    /// Parties of the case.
    #[arg(
        long,
        value_name = "FILE",
        help = "Parties of the case, found in every form everywhere: one name a line, or [[party]] tables in a .toml"
    )]
    known: Option<PathBuf>,
    /// Replay what was decided on the page of --preview
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Threads that scan; otherwise one for each processor. What is found does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: Option<u8>,
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
            known: self.known.as_deref().map(known).transpose()?.unwrap_or_default(),
            kind: self.format.as_deref().map(Kind::parse).transpose()?,
            limits: Limits::default(),
            reversible: false,
            jobs: self.jobs.map_or_else(processors, usize::from),
            profile,
        })
    }
}

/// One where nobody can tell.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get().min(JOBS_MAX))
}

/// More threads than this wait for each other.
const JOBS_MAX: usize = 8;

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

/// The parties of a case: a list of names, or a table for each.
fn known(path: &Path) -> Result<Vec<Party>, Fault> {
    let text = files::read_text(path, FILE_MAX)?;
    let is_table = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
    let parties = if is_table { Party::table(&text) } else { Party::list(&text) };
    // The line is not shown: it can hold a name.
    parties.map_err(|fault| fault.in_file(path))
}

/// The detectors that the profile has a use for, and the user's own, whose examples are run.
fn scanner(args: &PlanArgs, profile: &Profile) -> Result<Scanner, Fault> {
    let mut detectors = Detector::built_in()?;
    let is_named = |one: &Detector, name: &String| *one.id == **name || *one.kind == **name;
    let is_chosen = |one: &Detector| args.detector.iter().any(|name| is_named(one, name));
    let is_asked = |one: &Detector| profile.asks_for(&one.kind, &one.id) || is_chosen(one);
    let (asked, unasked): (Vec<Detector>, Vec<Detector>) = Detector::requested()?.into_iter().partition(is_asked);
    detectors.extend(asked);
    let known: Vec<String> = detectors.iter().flat_map(|one| [one.id.to_string(), one.kind.to_string()]).collect();
    let own = args.own.iter().map(|path| own(path)).collect::<Result<Vec<_>, _>>()?;
    detectors.extend(own);
    for name in args.detector.iter().chain(&args.exclude) {
        if !detectors.iter().chain(&unasked).any(|one| is_named(one, name)) && !NAME_TYPES.contains(&name.as_str()) {
            let near = model::nearest(name, known.iter().map(String::as_str));
            let hint = near.map(|near| format!("{near:?} is near. ")).unwrap_or_default();
            return Err(Fault::usage("unknown-detector", format!("there is no detector or type {name:?}"))
                .advise(format!("{hint}`probity redact --list` shows them all.")));
        }
    }
    detectors.retain(|one| (args.detector.is_empty() || is_chosen(one)) && profile.concerns(&one.kind, &one.id));
    Scanner::unproven(detectors)
}

/// Types that no detector of tier 1 finds.
const NAME_TYPES: [&str; 5] = ["person", "place", "organisation", "address", "personal-number"];

fn own(path: &Path) -> Result<Detector, Fault> {
    let text = files::read_text(path, FILE_MAX)?;
    let detector = Detector::parse(&text).map_err(|fault| toml_file::show_line(&fault, path))?;
    Scanner::new(vec![detector.clone()]).map_err(|fault| fault.in_file(path))?;
    Ok(detector)
}

/// 32 bytes in hexadecimal, readable by their owner alone.
fn key(path: Option<&Path>) -> Result<[u8; 32], Fault> {
    let Some(path) = path else { return Ok(*keys::random()?) };
    if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        let key = keys::random()?;
        keys::write_secret(path, format!("{}\n", Digest::new(*key).hex()).as_bytes())?;
        return Ok(*key);
    }
    let text = Zeroizing::new(files::read_text(path, KEY_MAX)?);
    Digest::parse(text.trim()).map(|key| *key.as_bytes()).map_err(|_| {
        Fault::bad_input("bad-key-file", "this is no key: 64 hexadecimal digits are expected")
            .in_file(path)
            .advise("Give the file that an earlier run made, or a name that does not exist yet.")
    })
}
