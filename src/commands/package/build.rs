//! `package build`.

use std::path::PathBuf;

use clap::Args;
use evidence::package::{Build, Keeper, LedgerAnchor, Seals, Tool, build};
use evidence::{Act, Case};
use model::Fault;

use super::shown::{Packed, Timed};
use crate::cli::authority::{Authorities, TimeArgs};
use crate::cli::context::Context;
use crate::cli::court::CourtArgs;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::journal::{self, Wanted};
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::progress::Count;
use crate::cli::report::{SignedReport, renderer};
use crate::cli::revocation::{Collector, LongTermArgs};
use crate::cli::sealers::{KeyArgs, Sealers, SignerArgs};
use crate::cli::vault::Vault;
use crate::commands::{Done, case};

#[derive(Args, Debug)]
pub(super) struct BuildArgs {
    /// The case
    case: String,
    /// The package
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    overwrite: bool,
    /// Confidentiality marking on every page; empty for none
    #[arg(long, value_name = "TEXT")]
    marking: Option<String>,
    /// Watermark across every page; empty for none
    #[arg(long, value_name = "TEXT")]
    watermark: Option<String>,
    /// Folder with fonts for names in other scripts, before those of the system (can be repeated)
    #[arg(long, value_name = "DIR")]
    font_dir: Vec<PathBuf>,
    /// Show each signature of the report in a frame on its last pages
    #[arg(long)]
    visible_signature: bool,
    /// Why the package leaves the house, for the custody record
    #[arg(long, default_value = "package built")]
    purpose: String,
    /// Encrypt the package to this recipient of age (can be repeated)
    #[arg(long, value_name = "AGE1")]
    encrypt_to: Vec<String>,
    /// Build nothing when no authority gives a time stamp
    #[arg(long)]
    require_time: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten, next_help_heading = "Court")]
    court: CourtArgs,
    #[command(flatten, next_help_heading = "Time")]
    time: TimeArgs,
    #[command(flatten, next_help_heading = "Long term")]
    long_term: LongTermArgs,
    #[command(flatten, next_help_heading = "Signers")]
    key: KeyArgs,
    #[command(flatten, next_help_heading = "Signers")]
    signers: SignerArgs,
}

pub(super) fn run(context: &mut Context, args: &BuildArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "package.built");
    let mut case = case::open_as_in_ledger(context, &args.case, |_| Ok(()))?;
    let sealers = Sealers::open(context, &args.key, &args.signers, &args.passphrase)?;
    if args.visible_signature && sealers.people.is_empty() {
        return Err(Fault::usage("no-signer", "Nobody signs the report, so that there is no signature to be seen")
            .advise("Give --signer and --certificate, or leave --visible-signature out."));
    }
    let time = Authorities::new(context, &args.time)?;
    let order = order(context, &case, args, sealers.demo)?;
    let signers: Vec<_> = sealers.people.iter().map(|signer| &**signer).collect();
    let pdf = renderer(&args.font_dir);
    let collector = Collector::new(context, &args.long_term)?;
    let keeper = collector.as_ref().map(|collector| collector as &dyn Keeper);
    let report = SignedReport { pdf, signers: &signers, time: &time, keeper, created: order.created };
    let seals = Seals { key: &*sealers.key, signers: &signers, time: &time, keeper };
    let mut file = NewFile::create(&args.output, Existing::from_flag(args.overwrite))?;
    let progress = context.progress(Count::Bytes);
    let mut vault = Vault::new(file.file(), &args.encrypt_to)?;
    let built = build(&case, &order, &seals, &report, &mut vault, &*progress)?;
    vault.finish()?;
    built.warnings.iter().for_each(|warning| context.output.warn(warning));
    let timed = say_time(context, args, &time)?;
    file.finish()?;
    let by = context.actor();
    case.record_export(built.manifest, &Act { time: context.now(), by: &by, purpose: &args.purpose })?;
    context.trace.digest("manifest", built.manifest);
    context.trace.custody(&case);
    context.trace.count("files", built.files);
    context.trace.word("demo_key", if sealers.demo { "yes" } else { "no" });
    context.trace.word("time", timed.word());
    let people = sealers.people.iter().map(|signer| signer.certificate().subject()).collect();
    let signer = sealers.key.public();
    let path = args.output.clone();
    let (own, demo, encrypted) = (sealers.own, sealers.demo, !args.encrypt_to.is_empty());
    Ok(Done::showing(Exit::Done, Packed { path, built, signer, people, own, demo, encrypted, timed }))
}

fn say_time(context: &Context, args: &BuildArgs, time: &Authorities) -> Result<Timed, Fault> {
    for failure in time.failures() {
        context.output.warn(&format!("no time stamp from {failure}"));
    }
    match (time.are_named(), time.are_silent()) {
        (false, _) => Ok(Timed::Unasked),
        (true, false) => Ok(Timed::Stamped),
        (true, true) if args.require_time => {
            Err(Fault::unavailable("no-time-stamp", "No authority gave a time stamp, so nothing was built")
                .advise("Try again later, name another with --tsa, or build without --require-time."))
        }
        (true, true) => Ok(Timed::Pending),
    }
}

fn order(context: &Context, case: &Case, args: &BuildArgs, demo: bool) -> Result<Build, Fault> {
    let configured = |given: &Option<String>, key| given.clone().unwrap_or_else(|| context.config.text(key).to_owned());
    let marking = configured(&args.marking, "package.marking");
    // A package that anybody could have signed says so on every page.
    let marking = if demo {
        format!("{marking} – signed with a DEMO key").trim_start_matches(" – ").to_owned()
    } else {
        marking
    };
    Ok(Build {
        created: context.now(),
        marking,
        watermark: configured(&args.watermark, "package.watermark"),
        visible_signature: args.visible_signature,
        tool: Tool { name: "probity".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        ledger: anchor(context, case)?,
        court: args.court.settings()?,
    })
}

/// The newest signed state of the ledger, with proofs of its entries about the case: which acts came before the package.
fn anchor(context: &Context, case: &Case) -> Result<Option<LedgerAnchor>, Fault> {
    if !journal::exists(context) {
        return Ok(None);
    }
    let view = ledger::View::open(&journal::folder(context))?;
    let checkpoint = view.checkpoint();
    Ok(Some(LedgerAnchor {
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root,
        proof_text: checkpoint.note().to_owned(),
        proofs: journal::custody_proofs(context, &view, case)?,
    }))
}
