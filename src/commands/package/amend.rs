//! `package sign`, `timestamp`, `anchor`: what may come to a package after it was made.

use std::path::{Path, PathBuf};

use clap::Args;
use evidence::package::{Amendment, Anchored, Ask, NoBlocks};
use model::Fault;
use serde_json::{Value, json};

use crate::cli::authority::{Authorities, TimeArgs};
use crate::cli::calendars::Servers;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing, NewFile};
use crate::cli::journal::Wanted;
use crate::cli::keys;
use crate::cli::output::{Page, Show};
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::progress::Count;
use crate::cli::sealers::{SignerArgs, named};
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct SignArgs {
    /// The package
    package: PathBuf,
    #[command(flatten)]
    signers: SignerArgs,
    #[command(flatten, next_help_heading = "Time")]
    time: TimeArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Args, Debug)]
pub(super) struct TimestampArgs {
    /// The package
    package: PathBuf,
    #[command(flatten)]
    time: TimeArgs,
}

#[derive(Args, Debug)]
pub(super) struct AnchorArgs {
    /// The package
    package: PathBuf,
    /// Ask for what came to the proof, and add it
    #[arg(long)]
    upgrade: bool,
    /// Calendar of OpenTimestamps (can be repeated)
    #[arg(long, value_name = "URL")]
    calendar: Vec<String>,
}

pub(super) fn sign(context: &mut Context, args: &SignArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "package.signed");
    let people = named(context, &args.signers, &args.passphrase)?;
    if people.is_empty() {
        return Err(Fault::usage("no-signer", "Nobody was named who signs").advise("Give --signer and --certificate."));
    }
    let time = Authorities::new(context, &args.time)?;
    let created = context.now();
    amend(context, &args.package, "signed", |package| {
        let added = people.iter().map(|signer| package.sign(created, &**signer, &time));
        let added = added.collect::<Result<Vec<_>, _>>()?;
        Ok((Exit::Done, Came { added, failures: time.failures(), pending: package.pending()?, proof: None }))
    })
}

pub(super) fn timestamp(context: &mut Context, args: &TimestampArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "package.stamped");
    let time = Authorities::new(context, &args.time)?;
    if !time.are_named() {
        return Err(Fault::usage("no-authority", "No time stamp authority was named")
            .advise("Give --tsa URL, or set package.tsa in probity.toml."));
    }
    amend(context, &args.package, "stamped", |package| {
        let added = package.timestamp(&time)?;
        let pending = package.pending()?;
        if added.is_empty() && pending > 0 {
            let why = time.failures().join("; ");
            return Err(Fault::unavailable("no-time-stamp", format!("No authority gave a time stamp: {why}"))
                .advise("Try again later, or name another with --tsa; the package is unchanged."));
        }
        let exit = if pending > 0 { Exit::Partial } else { Exit::Done };
        Ok((exit, Came { added, failures: time.failures(), pending, proof: None }))
    })
}

pub(super) fn anchor(context: &mut Context, args: &AnchorArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "package.anchored");
    let servers = Servers::new(context, &args.calendar)?;
    let seed = keys::random()?;
    let nonce = std::array::from_fn(|at| seed[at]);
    amend(context, &args.package, "anchored", |package| {
        let proof = package.anchor(nonce, &servers, args.upgrade)?;
        let failures = proof.failures.clone();
        Ok((Exit::Done, Came { added: Vec::new(), failures, pending: package.pending()?, proof: Some(proof) }))
    })
}

/// What came to a package.
struct Came {
    added: Vec<String>,
    failures: Vec<String>,
    /// How many signatures have no time stamp.
    pending: usize,
    proof: Option<Anchored>,
}

/// Opens a package, lets `change` add to it, and puts the new one in its place: whole, or not at all.
fn amend(
    context: &mut Context,
    path: &Path,
    act: &'static str,
    change: impl FnOnce(&mut Amendment) -> Result<(Exit, Came), Fault>,
) -> Result<Done, Fault> {
    let input = std::fs::File::open(path).map_err(|error| Fault::io("open", path, error))?;
    let progress = context.progress(Count::Bytes);
    let pdf = pades::Reader;
    let ask = Ask { keys: &[], anchors: &[], now: context.now(), blocks: &NoBlocks, pdf: &pdf, signers: 0 };
    let mut package = Amendment::open(&input, &ask, &*progress).map_err(|fault| fault.in_file(path))?;
    let (exit, came) = change(&mut package).map_err(|fault| fault.in_file(path))?;
    for failure in &came.failures {
        context.output.warn(failure);
    }
    if !package.is_empty() {
        let mut file = NewFile::create(&files::resolved(path)?, Existing::Replace)?;
        let mut out = std::io::BufWriter::with_capacity(1 << 20, file.file());
        package.write(&mut out, &*progress)?;
        drop(out);
        file.finish()?;
    }
    context.trace.digest("manifest", package.manifest());
    context.trace.count("added", came.added.len() as u64);
    let changed = !package.is_empty();
    Ok(Done::showing(exit, Amended { path: path.to_path_buf(), act, changed, came }))
}

struct Amended {
    path: PathBuf,
    act: &'static str,
    changed: bool,
    came: Came,
}

impl Show for Amended {
    fn json(&self) -> Value {
        let proof = self.came.proof.as_ref().map(|proof| {
            json!({
                "file": proof.file,
                "sha256": proof.digest.hex(),
                "pending": proof.pending,
                "blocks": proof.blocks,
            })
        });
        json!({
            "schema": "package-amended/1",
            "package": self.path.display().to_string(),
            "act": self.act,
            "changed": self.changed,
            "added": self.came.added,
            "without_time_stamp": self.came.pending,
            "proof": proof,
            "failures": self.came.failures,
        })
    }

    fn human(&self, page: &mut Page) {
        page.field("package", self.path.display().to_string());
        self.came.added.iter().for_each(|name| page.field(self.act, name.clone()));
        if let Some(proof) = &self.came.proof {
            page.field("proof of", format!("{}, sha256:{}", proof.file, proof.digest));
            proof.blocks.iter().for_each(|height| page.field("in block", format!("{height} of Bitcoin")));
            proof.pending.iter().for_each(|calendar| page.field("pending at", calendar.clone()));
        }
        match (self.changed, self.came.pending) {
            (false, 0) => page.line("Nothing was missing; the package is unchanged."),
            (false, _) => page.line("The package is unchanged."),
            (true, 0) => {}
            (true, count) => page.line(format!("{count} signatures are still without a time stamp.")),
        }
    }
}
