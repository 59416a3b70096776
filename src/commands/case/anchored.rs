//! What the ledger says about a custody record: the chain cannot protect its own last lines, the ledger does.

use evidence::Case;
use model::Fault;

use crate::cli::context::Context;
use crate::cli::journal::{self, Head};

/// Opens a case, lets `check` look at it, and compares its custody record with the ledger, which has its end after each act.
///
/// # Errors
/// As [`Case::open`]; what `check` says; `custody-not-as-in-ledger` when lines that the ledger knows are not in the record any more; what the ledger
/// says.
pub(crate) fn open(context: &Context, id: &str, check: impl FnOnce(&Case) -> Result<(), Fault>) -> Result<Case, Fault> {
    // The ledger first: a line is on the disk before the ledger is told, so that what it knows of is there to be found.
    let heads = journal::custody_heads(context, id)?;
    let case = Case::open(&super::folder(context), id)?;
    check(&case)?;
    compare(context, &case, &heads)?;
    Ok(case)
}

fn compare(context: &Context, case: &Case, heads: &[Head]) -> Result<(), Fault> {
    let lines = case.custody().entries.len() as u64;
    let known = heads.iter().find_map(|head| case.custody().line_of(&head.digest));
    let begins = format!("the ledger knows another end of the custody record of {}", case.id());
    match (heads.first(), known) {
        (None, _) => context.output.warn(&format!(
            "{begins}: none. The ledger is not that of this case, or a run was killed before its entry"
        )),
        (Some(last), Some(line)) if case.custody().line_of(&last.digest) == Some(line) => {
            if line < lines {
                context.output.warn(&format!(
                    "{begins}: line {line}. {} not in the ledger: put in by somebody, or by a run that was killed",
                    if line + 1 == lines {
                        format!("Line {lines} is")
                    } else {
                        format!("Lines {} to {lines} are", line + 1)
                    }
                ));
            }
        }
        (Some(last), _) => return Err(differs(&begins, last, known.unwrap_or(0), lines)),
    }
    Ok(())
}

/// `known` is the last line that the ledger confirms.
fn differs(begins: &str, last: &Head, known: u64, lines: u64) -> Fault {
    let what = match last.lines {
        Some(had) if lines < had && known == lines => format!(
            "it had {had} lines, now it has {lines}: {} cut off",
            if had == lines + 1 { format!("line {had} was") } else { format!("lines {} to {had} were", lines + 1) }
        ),
        Some(had) if had == known + 1 => format!("line {had} was altered"),
        Some(had) => format!("it had {had} lines; of the {lines} that are there it confirms the first {known}"),
        None => format!("it confirms the first {known} of {lines} lines"),
    };
    Fault::unverified("custody-not-as-in-ledger", format!("{begins}: {what}")).advise(
        "Compare the log with a package that was built before; `probity audit search` lists the acts on the case.",
    )
}
