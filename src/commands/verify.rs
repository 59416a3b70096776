//! `verify`: check a package, or anything that is signed and stamped in a form of others.

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use evidence::package::{Ask, Outcome, Question, Verification, verify};
use model::Fault;
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
];

/// Check a package: intact, by whom, when, and what was not checked
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The package
    package: PathBuf,
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
    let file = File::open(&args.package).map_err(|error| Fault::io("open", &args.package, error))?;
    let progress = context.progress(Count::Bytes);
    let found = verify(&file, &ask, &*progress).map_err(|fault| fault.in_file(&args.package))?;
    let exit = if found.holds() { Exit::Done } else { Exit::No };
    #[cfg(feature = "house")]
    trace(context, &found);
    Ok(Done::showing(exit, Checked { found }))
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
        let key = self.found.signer.as_ref().map(PublicKey::fingerprint);
        page.field("sealed with", key.unwrap_or_else(|| "no key whose signature is good".to_owned()));
        self.found.signers.iter().for_each(|(name, _)| page.field("signed by", name.clone()));
        page.line("A seal shows that nothing changed since sealing. It does not show that what was sealed is true.");
    }
}
