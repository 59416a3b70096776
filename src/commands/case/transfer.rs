//! `case transfer`: an exhibit changes hands, with or without a signature of whoever receives it.

use std::path::{Path, PathBuf};

use clap::Args;
use evidence::{Case, Receipt, Transfer};
use model::{ByteSize, Fault};
use seal::PublicKey;

use super::handling::{KeptArgs, WhoArgs};
use super::shown::{Handled, Stated};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct TransferArgs {
    /// The case
    id: String,
    /// The exhibit, for example EX-001
    exhibit: String,
    /// Who receives it
    #[arg(long, value_name = "NAME", required_unless_present = "countersignature")]
    to: Option<String>,
    /// Why it changes hands
    #[arg(long, alias = "purpose", value_name = "TEXT", required_unless_present = "countersignature")]
    reason: Option<String>,
    #[command(flatten)]
    who: WhoArgs,
    #[command(flatten)]
    kept: KeptArgs,
    /// Write what the receiver has to sign into FILE and record nothing; with --countersignature: what was signed
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// The receiver's signature of the statement, as `ssh-keygen -Y sign -n custody@probity` wrote it
    #[arg(long, value_name = "FILE", requires = "receiver_key", conflicts_with_all = ["to", "reason", "authority", "seal", "storage"])]
    countersignature: Option<PathBuf>,
    /// The receiver's public key, in OpenSSH or PEM form
    #[arg(long, value_name = "FILE", requires = "countersignature")]
    receiver_key: Option<PathBuf>,
}

const SMALL: ByteSize = ByteSize(128 << 10);

pub(super) fn run(context: &mut Context, args: &TransferArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "case.transferred");
    match (&args.countersignature, &args.receiver_key, &args.statement) {
        (Some(signature), Some(key), statement) => countersigned(context, args, signature, key, statement.as_deref()),
        (_, _, Some(statement)) => state(context, args, statement),
        _ => unsigned(context, args),
    }
}

fn transfer<'a>(args: &'a TransferArgs, people: &'a super::handling::People) -> Transfer<'a> {
    // clap has asked for both where they are needed.
    let to = args.to.as_deref().unwrap_or_default();
    Transfer { exhibit: &args.exhibit, to, handling: args.who.handling(people, Some(&args.kept)) }
}

/// Nothing changes hands yet: the receiver gets something to sign.
fn state(context: &mut Context, args: &TransferArgs, path: &Path) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "case.stated");
    let case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let act = people.act(context, args.reason.as_deref().unwrap_or_default());
    let progress = context.progress(Count::Bytes);
    let statement = case.statement(&transfer(args, &people), &act, &*progress)?;
    files::write(path, &statement.to_bytes()?, Existing::Keep)?;
    context.trace.digest(&statement.exhibit, statement.sha256);
    Ok(Done::showing(Exit::Done, Stated { statement, path: path.to_path_buf() }))
}

fn unsigned(context: &mut Context, args: &TransferArgs) -> Result<Done, Fault> {
    let mut case = Case::open(&super::folder(context), &args.id)?;
    let people = args.who.people(context);
    let act = people.act(context, args.reason.as_deref().unwrap_or_default());
    let progress = context.progress(Count::Bytes);
    let entry = case.transfer(&transfer(args, &people), &act, &*progress)?;
    Ok(done(context, &case, entry))
}

fn countersigned(
    context: &mut Context,
    args: &TransferArgs,
    signature: &Path,
    key: &Path,
    statement: Option<&Path>,
) -> Result<Done, Fault> {
    let mut case = Case::open(&super::folder(context), &args.id)?;
    // ssh-keygen writes the signature of FILE into FILE.sig.
    let statement = statement.map_or_else(|| signature.with_extension(""), Path::to_path_buf);
    let signed = files::read(&statement, SMALL)?;
    let signature = files::read_text(signature, SMALL)?;
    let receiver = public_key(key)?;
    let people = args.who.people(context);
    let act = people.act(context, "as the statement says");
    let receipt = Receipt { statement: &signed, signature: &signature, receiver: &receiver };
    let progress = context.progress(Count::Bytes);
    let handling = args.who.handling(&people, None);
    let entry = case.transfer_countersigned(&args.exhibit, &receipt, &handling, &act, &*progress)?;
    Ok(done(context, &case, entry))
}

fn done(context: &mut Context, case: &Case, entry: evidence::custody::Entry) -> Done {
    context.trace.custody(case);
    let countersigned = entry.countersigned(case.id());
    Done::showing(Exit::Done, Handled { case: case.id().to_owned(), entry, countersigned, file: None })
}

fn public_key(path: &Path) -> Result<PublicKey, Fault> {
    let text = files::read_text(path, SMALL)?;
    let key = if text.starts_with("-----BEGIN") { PublicKey::from_pem(&text) } else { PublicKey::from_openssh(&text) };
    key.map_err(|fault| fault.in_file(path))
}
