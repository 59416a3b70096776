//! `package`: build what leaves the house.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use evidence::package::{Build, Built, LedgerAnchor, Tool, build};
use evidence::{Act, Case};
use model::{ByteSize, Fault};
use seal::PublicKey;
use serde_json::{Value, json};

use super::{Done, case};
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::journal::{self, Wanted};
use crate::cli::keys::{Keyring, Role};
use crate::cli::output::{Page, Show};
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::progress::Count;

pub(crate) const EXAMPLES: &[Example] =
    &[Example { about: "Build and sign the package of a case", line: "probity package build c42 --output c42.zip" }];

/// Build the sealed package of a case
#[derive(Args, Debug)]
pub(crate) struct PackageArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Build and sign the package of a case
    Build(BuildArgs),
}

#[derive(Args, Debug)]
struct BuildArgs {
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
    /// Why the package leaves the house, for the custody record
    #[arg(long, default_value = "package built")]
    purpose: String,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(crate) fn run(context: &mut Context, args: PackageArgs) -> Result<Done, Fault> {
    let Verb::Build(args) = args.verb;
    context.trace.begin(Wanted::Always, "package.built");
    let mut case = Case::open(&case::folder(context), &args.case)?;
    case::compare_with_ledger(context, &case)?;
    let key = Keyring::of(context).open(context, Role::Evidence, &args.passphrase)?;
    let build_of = order(context, &args, key.demo)?;
    let existing = Existing::from_flag(args.overwrite);
    let mut file = NewFile::create(&args.output, existing)?;
    let progress = context.progress(Count::Bytes);
    let built = build(&case, &build_of, &key.secret, &pdf::Pdf::default(), BufWriter::new(file.file()), &*progress)?;
    file.finish()?;
    let by = context.actor();
    case.record_export(built.manifest, &Act { time: context.now(), by: &by, purpose: &args.purpose })?;
    context.trace.digest("manifest", built.manifest);
    context.trace.custody(&case);
    context.trace.count("files", built.files);
    context.trace.word("demo_key", if key.demo { "yes" } else { "no" });
    let signer = key.secret.public();
    Ok(Done::showing(Exit::Done, Packed { path: args.output, built, signer, demo: key.demo }))
}

fn order(context: &Context, args: &BuildArgs, demo: bool) -> Result<Build, Fault> {
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
        tool: Tool { name: "probity".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        ledger: anchor(context)?,
    })
}

/// The newest signed state of the ledger: it shows which acts came before the package.
fn anchor(context: &Context) -> Result<Option<LedgerAnchor>, Fault> {
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
    }))
}

struct Packed {
    path: PathBuf,
    built: Built,
    signer: PublicKey,
    demo: bool,
}

impl Packed {
    fn path(&self) -> &Path {
        &self.path
    }
}

impl Show for Packed {
    fn json(&self) -> Value {
        json!({
            "schema": "package/1",
            "package": self.path().display().to_string(),
            "manifest_sha256": self.built.manifest.hex(),
            "files": self.built.files,
            "bytes": self.built.bytes,
            "signer": self.signer.fingerprint(),
            "demo_key": self.demo,
        })
    }

    fn human(&self, page: &mut Page) {
        page.field("package", self.path().display().to_string());
        page.field("size", format!("{} in {} files", ByteSize(self.built.bytes), self.built.files));
        page.field("manifest", format!("sha256:{}", self.built.manifest));
        let demo = if self.demo { " (a DEMO key: it proves nothing about you)" } else { "" };
        page.field("signed by", format!("{}{demo}", self.signer.fingerprint()));
        page.gap();
        page.line(format!("Check it: probity verify {}", self.path().display()));
        page.line("Without probity: unzip it and run sh bag/verify.sh; VERIFY.txt inside says how.");
    }
}
