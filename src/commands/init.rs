//! `init`: make a project folder.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use model::Fault;
use serde_json::{Value, json};

use super::Done;
use crate::cli::config;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::{self, Wanted};
use crate::cli::keys::{Keyring, Naming, Role};
use crate::cli::output::{Page, Show};
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::project::{CONFIG_FILE, Project, STATE_FOLDER};

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Make a project in a new folder", line: "probity init evidence" },
    Example {
        about: "Protect the evidence key with a passphrase from descriptor 3",
        line: "probity init evidence --passphrase-fd 3 3<passphrase.txt",
    },
];

const RULE: &str = include_str!("init/availability.yaml");
const JOB: &str = include_str!("init/nightly.toml");

/// Make a project folder: settings, keys, example rules
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The folder; made when it does not exist
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(crate) fn run(context: &mut Context, args: InitArgs) -> Result<Done, Fault> {
    refuse_existing(&args.dir)?;
    let passphrase = args.passphrase.given()?;
    let project = Project::at(&args.dir, Some(args.dir.join(CONFIG_FILE)))?;
    let mut made = vec![args.dir.join(CONFIG_FILE)];
    // All state is made beside its place and moved there whole: a run that finds no room does not keep the next one out.
    let draft = draft(&args.dir)?;
    context.project = Project::at(draft.path(), Some(draft.path().join(CONFIG_FILE)))?;
    for role in Role::ALL {
        let secret = passphrase.as_ref().filter(|_| role == Role::Evidence);
        let key = Keyring::of(context).create(role, Naming::Own, secret)?;
        made.push(project.root().join(key.strip_prefix(context.project.root()).unwrap_or(&key)));
    }
    for (name, text) in [("rules/availability.yaml", RULE), ("jobs/nightly.toml", JOB)] {
        made.push(write_example(&args.dir, name, text)?);
    }
    context.trace.begin(Wanted::Always, "init.created");
    context.trace.word("passphrase", if passphrase.is_some() { "yes" } else { "no" });
    // The ledger begins in the draft as well: there is no project whose first entry is missing.
    journal::record(context, &Ok(Exit::Done))?;
    finish(draft.path(), &args.dir)?;
    context.project = project;
    let fingerprint = Keyring::of(context).public(Role::Evidence)?.fingerprint();
    Ok(Done::showing(Exit::Done, Created { made, fingerprint }))
}

fn draft(dir: &Path) -> Result<tempfile::TempDir, Fault> {
    fs::create_dir_all(dir).map_err(|error| Fault::io("create the folder", dir, error))?;
    let draft = tempfile::Builder::new().prefix(".probity-").tempdir_in(dir);
    draft.map_err(|error| Fault::io("create a folder in", dir, error))
}

/// The configuration comes last: a folder with it is a finished project. Where it finds no room the state goes back.
fn finish(draft: &Path, dir: &Path) -> Result<(), Fault> {
    let (drafted, state) = (draft.join(STATE_FOLDER), dir.join(STATE_FOLDER));
    fs::rename(&drafted, &state).map_err(|error| match refuse_existing(dir) {
        // Another run was quicker.
        Err(fault) => fault,
        Ok(()) => Fault::io("create the folder", &state, error),
    })?;
    let written = files::write(&dir.join(CONFIG_FILE), config::commented_defaults().as_bytes(), Existing::Keep);
    // Nobody has used it yet; if it stays, the next run says so.
    written.inspect_err(|_| drop(fs::rename(&state, &drafted)))
}

fn refuse_existing(dir: &Path) -> Result<(), Fault> {
    // A store and a ledger that were begun with demo keys stay theirs: keys of one's own could not go on with them.
    match [CONFIG_FILE, STATE_FOLDER]
        .map(|name| dir.join(name))
        .into_iter()
        .find(|path| path.symlink_metadata().is_ok())
    {
        Some(path) => Err(Fault::refused("project-exists", format!("{} exists already", path.display()))
            .advise("Choose another folder; a project is never overwritten, nor one that was begun with demo keys.")),
        None => Ok(()),
    }
}

/// Examples do not replace what is there already.
fn write_example(dir: &Path, name: &str, text: &str) -> Result<PathBuf, Fault> {
    let path = dir.join(name);
    if !path.exists() {
        files::write(&path, text.as_bytes(), Existing::Keep)?;
    }
    Ok(path)
}

struct Created {
    made: Vec<PathBuf>,
    fingerprint: String,
}

impl Show for Created {
    fn json(&self) -> Value {
        let files: Vec<String> = self.made.iter().map(|path| path.display().to_string()).collect();
        json!({"schema": "project/1", "files": files, "evidence_key": self.fingerprint})
    }

    fn human(&self, page: &mut Page) {
        for path in &self.made {
            page.field("made", path.display().to_string());
        }
        page.field("evidence key", &self.fingerprint);
        page.gap();
        page.line("Next: probity ingest PATH… then probity evaluate");
    }
}
