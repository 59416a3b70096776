//! `case add`: files become exhibits.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use evidence::{Case, Exhibit, NewExhibit, Origin, Provenance};
use model::{Fault, Instant, Progress};

use super::handling::{KeptArgs, People, WhoArgs};
use super::shown::Added;
use crate::cli::context::Context;
use crate::cli::failure::Unfinished;
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct AddArgs {
    /// The case
    id: String,
    /// The files
    #[arg(required = true)]
    file: Vec<PathBuf>,
    /// Why they are taken in
    #[arg(long, alias = "reason", default_value = "taken into the case", value_name = "TEXT")]
    purpose: String,
    /// What they are
    #[arg(long, default_value = "", value_name = "TEXT")]
    description: String,
    /// The host, device or person they come from
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// The time that their content covers
    #[arg(long, value_name = "TEXT")]
    period: Option<String>,
    /// The exhibit that the file is a copy of: it is hashed again, and must be the same
    #[arg(long, value_name = "EXHIBIT", conflicts_with = "derived_from")]
    copy_of: Option<String>,
    /// The exhibit that the file was made from
    #[arg(long, value_name = "EXHIBIT", requires = "how")]
    derived_from: Option<String>,
    /// How it was made: the program, its version, what it was told
    #[arg(long, value_name = "TEXT", requires = "derived_from")]
    how: Option<String>,
    #[command(flatten)]
    who: WhoArgs,
    #[command(flatten)]
    kept: KeptArgs,
    /// Pass over a file that is an exhibit already: same name, same bytes
    #[arg(long)]
    if_absent: bool,
}

/// What became of one file.
enum One {
    Added(Exhibit),
    Present(Exhibit),
}

pub(super) fn run(context: &mut Context, args: &AddArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.collected");
    args.file.iter().try_for_each(|path| check_readable(path))?;
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let progress = context.progress(Count::Bytes);
    let mut added = Added::to(&args.id);
    for (index, path) in args.file.iter().enumerate() {
        match one(context, &mut case, path, args, &people, &*progress) {
            Ok(One::Added(exhibit)) => added.exhibits.push(exhibit),
            Ok(One::Present(exhibit)) => added.present.push(exhibit),
            Err(fault) if added.exhibits.is_empty() => return Err(fault),
            Err(fault) => {
                let fault = fault.advise(AGAIN);
                added.unfinished = Some(Unfinished { fault, left: args.file.len() - index });
                break;
            }
        }
    }
    added.trace(context, &case);
    added.complain(&context.output);
    Ok(Done::showing(added.exit(), added))
}

const AGAIN: &str = "Mend that and run the same command with --if-absent: it takes in what is not there yet.";

fn one(
    context: &Context,
    case: &mut Case,
    path: &Path,
    args: &AddArgs,
    people: &People,
    progress: &dyn Progress,
) -> Result<One, Fault> {
    let open = || File::open(path).map_err(|error| Fault::io("open", path, error));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if args.if_absent {
        let mut hasher = seal::Hasher::new();
        std::io::copy(&mut open()?, &mut hasher).map_err(|error| Fault::io("read", path, error))?;
        let digest = hasher.finish();
        let same = |exhibit: &Exhibit| exhibit.original_name == name && exhibit.sha256 == digest;
        if let Some(exhibit) = case.exhibits().into_iter().find(same) {
            return Ok(One::Present(exhibit));
        }
    }
    let mut file = open()?;
    let whole_path = path.to_string_lossy();
    let origin = Origin {
        provenance: args.provenance(),
        path: Some(&whole_path),
        source: args.source.as_deref(),
        modified: modified(&file),
        period: args.period.as_deref(),
        handling: args.who.handling(people, Some(&args.kept)),
    };
    let new = NewExhibit { name: &name, description: &args.description };
    case.take_in(&mut file, new, &origin, &people.act(context, &args.purpose), progress).map(One::Added)
}

impl AddArgs {
    fn provenance(&self) -> Provenance<'_> {
        match (&self.copy_of, &self.derived_from, &self.how) {
            (Some(id), _, _) => Provenance::CopyOf(id),
            (_, Some(from), Some(how)) => Provenance::Derived { from, how },
            _ => Provenance::Original,
        }
    }
}

/// When a file was last modified, as its file system says.
fn modified(file: &File) -> Option<Instant> {
    let since = file.metadata().ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_nanos()).ok().map(Instant::from_nanos)
}

/// All of them or none: a folder or a name that is wrong is found before the first file is taken in.
fn check_readable(path: &Path) -> Result<(), Fault> {
    let metadata = path.metadata().map_err(|error| Fault::io("open", path, error))?;
    if !metadata.is_file() {
        return Err(Fault::bad_input("exhibit-not-a-file", format!("{} is not a file", path.display()))
            .advise("Name files; pack a folder into an archive first, so that it is one exhibit."));
    }
    File::open(path).map(drop).map_err(|error| Fault::io("open", path, error))
}
