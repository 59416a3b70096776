//! A proof of one entry that stands alone.

use std::path::{Path, PathBuf};

use model::Fault;
use seal::note::Verifier;
use serde_json::{Value, json};

use super::view;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::{self, Wanted};
use crate::cli::output::{Page, Show};
use crate::commands::Done;

pub(super) fn prove(context: &mut Context, index: u64, output: Option<&Path>, overwrite: bool) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "audit.proved");
    context.trace.count("index", index);
    let view = view(context)?;
    let item = view.entry(index)?;
    let proof = view.prove(index)?.to_text();
    // What leaves the house is checked as the receiver will check it.
    ledger::verify_proof(&proof, &item.bytes, &[verifier(context, None)?])?;
    let Some(path) = output else {
        context.output.write(proof.as_bytes())?;
        return Ok(Done::streamed(Exit::Done));
    };
    let entry_path = path.with_extension("entry");
    let existing = Existing::from_flag(overwrite);
    files::write(&entry_path, &item.bytes, existing)?;
    files::write(path, proof.as_bytes(), existing)?;
    Ok(Done::showing(Exit::Done, Proved { proof: path.to_path_buf(), entry: entry_path }))
}

pub(super) fn verifier(context: &Context, vkey: Option<&str>) -> Result<Verifier, Fault> {
    match vkey {
        Some(vkey) => Verifier::parse(vkey),
        None => journal::verifier(context),
    }
}

struct Proved {
    proof: PathBuf,
    entry: PathBuf,
}

impl Show for Proved {
    fn json(&self) -> Value {
        json!({"schema": "proof/1", "proof": self.proof.display().to_string(), "entry": self.entry.display().to_string()})
    }

    fn human(&self, page: &mut Page) {
        page.field("proof", self.proof.display().to_string());
        page.field("entry", self.entry.display().to_string());
        page.line("Anybody with the ledger's key can check the two files with C2SP tlog-proof tools.");
    }
}
