//! `verify`: check a package.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;
use evidence::package::{Outcome, Verification, verify};
use model::{ByteSize, Fault};
use seal::PublicKey;
use serde_json::Value;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::output::{Page, Show};
use crate::cli::progress::Count;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[
    Example { about: "Is the package what was sealed?", line: "probity verify c42.zip" },
    Example { about: "And was it sealed by somebody I trust?", line: "probity verify c42.zip --trust examiner.pub" },
];

const KEY_MAX: ByteSize = ByteSize(64 << 10);

/// Check a package: intact, by whom, and what was not checked
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The package
    package: PathBuf,
    /// Public key that you trust, in OpenSSH or PEM form (can be repeated)
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
}

pub(crate) fn run(context: &mut Context, args: VerifyArgs) -> Result<Done, Fault> {
    #[cfg(feature = "house")]
    context.trace.begin(crate::cli::journal::Wanted::WhereThere, "verify.checked");
    let trusted = args.trust.iter().map(|path| public_key(path)).collect::<Result<Vec<_>, _>>()?;
    let file = File::open(&args.package).map_err(|error| Fault::io("open", &args.package, error))?;
    let progress = context.progress(Count::Bytes);
    let found = verify(BufReader::new(file), &trusted, &*progress).map_err(|fault| fault.in_file(&args.package))?;
    let trust_failed = !trusted.is_empty() && !found.signer_trusted;
    let exit = if found.is_intact() && !trust_failed { Exit::Done } else { Exit::No };
    #[cfg(feature = "house")]
    trace(context, &found);
    Ok(Done::showing(exit, Checked { found, asked_for_trust: !trusted.is_empty() }))
}

fn public_key(path: &std::path::Path) -> Result<PublicKey, Fault> {
    let text = files::read_text(path, KEY_MAX)?;
    let key = if text.starts_with("-----BEGIN") { PublicKey::from_pem(&text) } else { PublicKey::from_openssh(&text) };
    key.map_err(|fault| fault.in_file(path))
}

#[cfg(feature = "house")]
fn trace(context: &mut Context, found: &Verification) {
    if let Some(manifest) = found.manifest {
        context.trace.digest("manifest", manifest);
    }
    context.trace.word("intact", if found.is_intact() { "yes" } else { "no" });
    context.trace.word("trusted", if found.signer_trusted { "yes" } else { "no" });
}

struct Checked {
    found: Verification,
    asked_for_trust: bool,
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
            table.row([check.name.into(), check.verdict.word().into(), check.detail.as_str().into()]);
        }
        page.table(&table);
        for check in self.found.checks.iter().filter(|check| check.verdict == Outcome::Failed) {
            for place in check.places.iter().skip(1) {
                page.line(format!("  {}: {place}", check.name));
            }
        }
        page.gap();
        let intact = self.found.is_intact();
        page.field("intact", if intact { "yes: every byte is as it was sealed" } else { "NO" });
        let signer = self.found.signer.as_ref().map(PublicKey::fingerprint).unwrap_or_else(|| "nobody".to_owned());
        let trust = match (self.found.signer_trusted, self.asked_for_trust) {
            (true, _) => "trusted by you",
            (false, true) => "NOT one of the keys you trust",
            (false, false) => "not checked: give --trust FILE with a key you got another way",
        };
        page.field("signer", format!("{signer} ({trust})"));
        page.line("A seal shows that nothing changed since sealing. It does not show that what was sealed is true.");
    }
}
