//! Confirmation: the digest of the plan that was looked at. A bare yes is not enough.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use model::{ByteSize, Digest, Fault};
use privacy::plan::Plan;

use super::CarryArgs;
use crate::cli::context::Context;
use crate::cli::files;

/// A plan of a million rows has 200 MB.
const PLAN_MAX: ByteSize = ByteSize(256 << 20);
/// So many digits of the digest are typed at a terminal.
const TYPED: usize = 12;

/// Goes on only when this very plan was confirmed.
///
/// # Errors
/// `bad-digest`, `plan-changed`, `not-confirmed`; `bad-plan` and I/O faults for the file of a plan.
pub(super) fn confirmed(context: &Context, how: &CarryArgs, plan: &Plan) -> Result<(), Fault> {
    let digest = plan.digest()?;
    if let Some(path) = &how.plan {
        let given = Plan::parse(&files::read(path, PLAN_MAX)?).map_err(|fault| fault.in_file(path))?;
        same(&given.digest()?, &digest)?;
    }
    match &how.confirm {
        Some(text) => same(&Digest::parse(text)?, &digest),
        None if context.may_ask && io::stdin().is_terminal() && io::stderr().is_terminal() => ask(&digest, plan),
        None => Err(Fault::refused("not-confirmed", "The erase was not confirmed, so nothing was changed")
            .advise(format!("Look at the plan with --dry-run, then confirm it: --confirm {digest}"))),
    }
}

/// What was confirmed must be what is found now.
fn same(confirmed: &Digest, now: &Digest) -> Result<(), Fault> {
    match confirmed == now {
        true => Ok(()),
        false => Err(Fault::refused(
            "plan-changed",
            format!("The plan has another digest now, sha256:{now}: stores, map, holds or identities have changed"),
        )
        .advise("Look at it once more with --dry-run, and confirm the digest that it shows then.")),
    }
}

fn ask(digest: &Digest, plan: &Plan) -> Result<(), Fault> {
    let rows: u64 = plan.steps.iter().map(|step| step.rows).sum();
    let wanted = &digest.hex()[..TYPED];
    eprint!("{rows} rows are deleted or changed for good. Type {wanted} to go on: ");
    let _ = io::stderr().flush();
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| Fault::io("read", "the terminal".as_ref(), error))?;
    match line.trim() == wanted {
        true => Ok(()),
        false => Err(Fault::refused("not-confirmed", "The erase was not confirmed, so nothing was changed")
            .advise(format!("Confirm it with --confirm {digest}"))),
    }
}
