//! `case add`: files become exhibits.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use evidence::{Act, Case, Exhibit, NewExhibit};
use model::{Fault, Progress};

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
    #[arg(long, default_value = "taken into the case")]
    purpose: String,
    /// What they are
    #[arg(long, default_value = "")]
    description: String,
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
    let by = context.actor();
    let progress = context.progress(Count::Bytes);
    let mut added = Added::to(&args.id);
    for (index, path) in args.file.iter().enumerate() {
        let act = Act { time: context.now(), by: &by, purpose: &args.purpose };
        match one(&mut case, path, args, &act, &*progress) {
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

fn one(case: &mut Case, path: &Path, args: &AddArgs, act: &Act<'_>, progress: &dyn Progress) -> Result<One, Fault> {
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
    let new = NewExhibit { name: &name, description: &args.description };
    case.add(&mut open()?, new, act, progress).map(One::Added)
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
