//! `verify`: check a package, or anything that is signed and stamped in a form of others.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use evidence::foreign::{self, Data, Form};
use evidence::package::{Ask, Outcome, Question, Verification};
use model::{Fault, Progress};
use seal::PublicKey;
use serde_json::Value;

use super::Done;
use crate::cli::blocks::BlockArgs;
use crate::cli::certificates::Trusted;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Show};
use crate::cli::progress::Count;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Is the package what was sealed?", line: "probity verify c42.asice" },
    Example {
        about: "And was it sealed and stamped by somebody I trust?",
        line: "probity verify c42.asice --trust examiner.pub --trust authority.pem",
    },
    Example {
        about: "What somebody signed beside a file that I have",
        line: "probity verify contract.p7s --data contract.pdf --trust authority.pem",
    },
    Example { about: "A bag that an archive sent", line: "probity verify accession-17" },
];

/// Check a package, container, bag, PDF, time stamp or signature: intact, by whom, when
///
/// What it is shows in its content, whatever its name: a package of probity; an ASiC-E or ASiC-S container; a BagIt bag, as
/// a folder or zipped; a PDF with signatures; a time stamp (.tsr, .tst), a CMS signature (.p7s, .p7m) or an OpenTimestamps
/// proof (.ots). Nothing is unpacked to the disk, and nothing is fetched but blocks from the node that you name.
///
/// A container or PDF in which nothing is signed does not hold. A bag has no signature by nature: it holds when every file is
/// as it is listed and nobody asks for a signer (--trust, --require-signers).
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// What to check: a file, or the folder of a bag
    file: PathBuf,
    /// The file that a time stamp, signature or proof is about [default: its own name without the ending]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Certificate (PEM, DER) or public key (OpenSSH, PEM) that you trust (can be repeated)
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// Say no when fewer different signers that you trust have signed
    #[arg(long, value_name = "N", default_value_t = 0)]
    require_signers: usize,
    #[command(flatten)]
    blocks: BlockArgs,
}

pub(crate) fn run(context: &mut Context, args: VerifyArgs) -> Result<Done, Fault> {
    #[cfg(feature = "house")]
    context.trace.begin(crate::cli::journal::Wanted::WhereThere, "verify.checked");
    let trusted = Trusted::read(&args.trust)?;
    let blocks = args.blocks.open()?;
    let ask = Ask {
        keys: &trusted.keys,
        anchors: &trusted.anchors,
        now: context.now(),
        blocks: &blocks,
        pdf: &pades::Reader,
        signers: args.require_signers,
    };
    let progress = context.progress(Count::Bytes);
    let found = judge(&args, &ask, &*progress).map_err(|fault| fault.in_file(&args.file))?;
    let exit = if found.holds() { Exit::Done } else { Exit::No };
    #[cfg(feature = "house")]
    trace(context, &found);
    Ok(Done::showing(exit, Checked { found }))
}

fn judge(args: &VerifyArgs, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    if args.file.is_dir() {
        no_data(args, "A folder")?;
        return foreign::verify_folder(&args.file, ask, progress);
    }
    let file = open(&args.file)?;
    let form = foreign::recognise(&file)?;
    let data = match data_of(args, form)? {
        Some(path) => Some((open(&path)?, path.display().to_string())),
        None => None,
    };
    let data = data.as_ref().map(|(bytes, name)| Data { name, bytes });
    foreign::verify(form, &file, data, ask, progress)
}

/// The file that something is about: the one that the user names, or the one beside it.
fn data_of(args: &VerifyArgs, form: Form) -> Result<Option<PathBuf>, Fault> {
    if !form.needs_data() {
        no_data(args, &format!("A file of the form {:?}", form.word()))?;
        return Ok(None);
    }
    let beside = args.file.with_extension("");
    Ok(args.data.clone().or_else(|| (beside != args.file && beside.is_file()).then_some(beside)))
}

fn no_data(args: &VerifyArgs, what: &str) -> Result<(), Fault> {
    match args.data {
        None => Ok(()),
        Some(_) => Err(Fault::usage("data-not-needed", format!("{what} holds its own data"))
            .advise("Leave out --data: it is for time stamps, signatures and proofs that lie beside their file.")),
    }
}

fn open(path: &Path) -> Result<File, Fault> {
    let failed = |error| Fault::io("open", path, error);
    // A pipe would be waited for, and none of this can be read from the middle.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(Fault::bad_input("not-seekable", format!("{} is no file", path.display()))
            .advise("Save it to a file first."));
    }
    File::open(path).map_err(failed)
}

#[cfg(feature = "house")]
fn trace(context: &mut Context, found: &Verification) {
    if let Some(manifest) = found.manifest {
        context.trace.digest("manifest", manifest);
    }
    let word = |question| match found.answer(question).0 {
        Outcome::Passed => "yes",
        Outcome::Failed => "no",
        Outcome::NotChecked => "not checked",
    };
    context.trace.word("intact", word(Question::Intact));
    context.trace.word("trusted", word(Question::SignerTrusted));
}

struct Checked {
    found: Verification,
}

impl Show for Checked {
    fn json(&self) -> Value {
        // The room writes this document itself; it is JSON by construction.
        let bytes = self.found.to_json().unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["check", "result", "detail"]);
        for check in &self.found.checks {
            table.row([check.name.as_str().into(), check.verdict.word().into(), check.detail.as_str().into()]);
        }
        page.table(&table);
        for check in self.found.checks.iter().filter(|check| check.verdict == Outcome::Failed) {
            for place in check.places.iter().skip(1) {
                page.line(format!("  {}: {place}", check.name));
            }
        }
        page.gap();
        page.field("form", self.found.form);
        for (question, label) in [
            (Question::Intact, "intact"),
            (Question::SignerTrusted, "signer trusted"),
            (Question::TimeTrusted, "time source trusted"),
            (Question::Anchored, "anchored"),
            (Question::Custody, "custody unbroken"),
        ] {
            let (outcome, why) = self.found.answer(question);
            let word = match outcome {
                Outcome::Passed => "yes",
                Outcome::Failed => "NO",
                Outcome::NotChecked => "not checked",
            };
            page.field(label, format!("{word}: {why}"));
        }
        if self.found.form == Form::Package.word() {
            let key = self.found.signer.as_ref().map(PublicKey::fingerprint);
            page.field("sealed with", key.unwrap_or_else(|| "no key whose signature is good".to_owned()));
        }
        self.found.signers.iter().for_each(|(name, _)| page.field("signed by", name.clone()));
        page.line("A seal shows that nothing changed since sealing. It does not show that what was sealed is true.");
    }
}
