//! `verify`: check a package, or anything that is signed and stamped in a form of others.

mod input;
mod shown;

use std::path::{Path, PathBuf};

use clap::Args;
use evidence::foreign::{self, Beside, Data, Form};
use evidence::package::{Ask, Verification};
#[cfg(feature = "house")]
use evidence::package::{Outcome, Question};
use model::{Fault, Progress};

use super::Done;
use crate::cli::blocks::BlockArgs;
use crate::cli::certificates::Trusted;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::progress::Count;
use input::{Holder, Input};
use shown::Checked;

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
    Example {
        about: "The data that a controller handed over, and whether its key is the one I know",
        line: "probity verify ann.zip --trust controller.pub",
    },
    Example {
        about: "The same, encrypted to me; what is in it stays in memory",
        line: "probity verify ann.zip.age --identity key.txt --trust controller.pub",
    },
    Example {
        about: "A certificate of erasure, and whether it is about the plan that was approved",
        line: "probity verify certificate.json --plan plan.json",
    },
];

/// Check a package, export, bag, PDF, time stamp or signature: intact, by whom, when
///
/// What it is shows in its content, whatever its name: a package of probity; an ASiC-E or ASiC-S container; a BagIt bag, as
/// a folder or zipped; a PDF with signatures; a time stamp (.tsr, .tst), a CMS signature (.p7s, .p7m) or an OpenTimestamps
/// proof (.ots); what `export` wrote, as a zip or unpacked. An export as one document, a certificate of erasure (JSON or
/// XML) and a supplement to one are checked with the SSH signature that lies beside them as FILE.sig, and so is any file that somebody signed with
/// ssh-keygen. Nothing is unpacked to the disk, and nothing is fetched but blocks from the node that you name.
///
/// A container or PDF in which nothing is signed does not hold. A bag has no signature by nature: it holds when every file is
/// as it is listed and nobody asks for a signer (--trust, --require-signers).
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// What to check: a file, or the folder of a bag or export
    file: PathBuf,
    /// The file that a time stamp, signature or proof is about [default: its own name without the ending]
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// The plan that a certificate of erasure is about (`erase --dry-run --plan FILE`), to compare them
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The certificate of erasure that a supplement continues, and the supplements between them (can be repeated)
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,
    /// Secret key of age (the file of age-keygen) to which the file is encrypted; what is in it is not written to the disk
    #[arg(long, value_name = "KEY")]
    identity: Option<PathBuf>,
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
    let holder = Holder::read(args.identity.as_deref())?;
    if args.file.is_dir() {
        no_data(args, "A folder")?;
        return foreign::verify_folder(&args.file, ask, progress);
    }
    let file = holder.open(&args.file)?;
    if args.identity.is_some() && !file.is_sealed() {
        return Err(Fault::usage("data-not-needed", "The file is not encrypted").advise("Leave out --identity."));
    }
    let (form, file, data) = match foreign::recognise(&file) {
        Err(fault) if fault.code() == "not-verifiable" => {
            let beside = signature_of(&args.file, &holder)?.ok_or(fault)?;
            no_data(args, "A file with its signature beside it")?;
            (Form::SshSignature, beside, Some((file, args.file.display().to_string())))
        }
        form => {
            let form = form?;
            let data = data_of(args, form)?;
            (form, file, data.map(|path| holder.named(&path)).transpose()?)
        }
    };
    let plan = args.plan.as_ref().map(|path| holder.named(path)).transpose()?;
    if form != Form::SshSignature && (plan.is_some() || !args.certificate.is_empty()) {
        let message = "Only a certificate of erasure is compared with a plan, and only a supplement with a certificate";
        return Err(Fault::usage("data-not-needed", message).advise("Leave out --plan and --certificate."));
    }
    let earlier = args.certificate.iter().map(|path| holder.named(path)).collect::<Result<Vec<_>, _>>()?;
    let earlier: Vec<Data<'_>> = earlier.iter().map(as_data).collect();
    let beside = Beside { data: data.as_ref().map(as_data), plan: plan.as_ref().map(as_data), earlier: &earlier };
    foreign::verify(form, &file, beside, ask, progress)
}

fn as_data((bytes, name): &(Input, String)) -> Data<'_> {
    Data { name, bytes }
}

/// The SSH signature that lies beside a file; beside an encrypted one it is encrypted too.
fn signature_of(path: &Path, holder: &Holder) -> Result<Option<Input>, Fault> {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    let beside = PathBuf::from(name);
    if !beside.is_file() {
        return Ok(None);
    }
    let file = holder.open(&beside)?;
    Ok(foreign::recognise(&file).is_ok_and(|form| form == Form::SshSignature).then_some(file))
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
