//! `consent receipt`: what a person gets of their consents, signed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use model::Fault;
use privacy::consent::{Entry, Known, Records};
use seal::sshsig;
use serde_json::{Value, json};

use crate::cli::consent::scopes::setting;
use crate::cli::consent::{Consents, PersonArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::handover::beside;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::sealers::{KeyArgs, Sealers, SignerArgs};
use crate::commands::Done;

/// The namespace of the signature.
const NAMESPACE: &str = "consent-receipt@probity";

#[derive(Args, Debug)]
pub(super) struct ReceiptArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Only this purpose (can be repeated)
    #[arg(long, value_name = "NAME")]
    purpose: Vec<String>,
    /// The file to write; its signature goes beside it, as FILE.sig
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the files when they exist
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(super) fn run(context: &mut Context, args: &ReceiptArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "consent.receipt");
    let identities = args.person.identities(context)?;
    let nothing = || {
        Fault::bad_input("no-consent", "Nothing is on record of this person")
            .advise("Name the person as they stand in the record: `probity consent show --subject KEY=VALUE`.")
    };
    let consents = Consents::known(context)?.ok_or_else(nothing)?;
    let subject = consents.pseudonyms(&identities);
    let (mut records, mut notices, mut scopes) = (Records::default(), BTreeMap::new(), BTreeMap::new());
    let tip = consents.read(context, &mut |line, digest, _, _| {
        match &line.entry {
            Entry::Notice(notice) => drop(notices.insert(line.number, notice.clone())),
            Entry::Scope(scope) => drop(scopes.insert(line.number, (**scope).clone())),
            Entry::Act(act) => {
                let wanted = args.purpose.is_empty() || args.purpose.contains(&act.purpose);
                if wanted && act.subject.iter().any(|one| subject.contains(one)) {
                    records.add(line, act, digest);
                }
            }
            Entry::Begun { .. } => {}
        }
        Ok(())
    })?;
    if records.is_empty() {
        return Err(nothing());
    }
    let (controller, contact) = (setting(context, "privacy.controller"), setting(context, "privacy.contact"));
    let known = Known {
        key: consents.secret_id(),
        controller: controller.as_deref(),
        contact: contact.as_deref(),
        notices: &notices,
        scopes: &scopes,
    };
    let (receipt, missing) = records.to_receipt(&known, context.now(), &tip.digest);
    let sealers = Sealers::open(context, &args.key, &SignerArgs::default(), &args.passphrase)?;
    let bytes = seal::canonical::to_bytes(&receipt)?;
    write(args, &bytes, &sealers)?;
    let digest = seal::sha256(&bytes);
    context.trace.digest("receipt", digest);
    context.trace.word("demo_key", if sealers.demo { "yes" } else { "no" });
    let records = receipt["dpv:hasRecordOfActivity"].as_array().map_or(0, Vec::len) as u64;
    let signer = sealers.key.public().fingerprint();
    Ok(Done::showing(Exit::Done, Handed { path: args.output.clone(), records, missing, signer, digest: digest.hex() }))
}

fn write(args: &ReceiptArgs, bytes: &[u8], sealers: &Sealers) -> Result<(), Fault> {
    let existing = Existing::from_flag(args.overwrite);
    let signature = sshsig::sign(bytes, NAMESPACE, &*sealers.key)?;
    let mut receipt = NewFile::create(&args.output, existing)?;
    let path = beside(&args.output);
    let mut sig = NewFile::create(&path, existing)?;
    receipt.file().write_all(bytes).map_err(|error| Fault::io("write", &args.output, error))?;
    sig.file().write_all(signature.as_bytes()).map_err(|error| Fault::io("write", &path, error))?;
    // The signature first: where the receipt is, it is.
    sig.finish()?;
    receipt.finish()
}

struct Handed {
    path: PathBuf,
    records: u64,
    missing: Vec<&'static str>,
    signer: String,
    digest: String,
}

impl Show for Handed {
    fn json(&self) -> Value {
        json!({
            "schema": "consent-receipt/1", "output": self.path.display().to_string(),
            "signature": beside(&self.path).display().to_string(), "digest": self.digest, "signer": self.signer,
            "records": self.records, "complete": self.missing.is_empty(), "missing": self.missing,
        })
    }

    fn human(&self, page: &mut Page) {
        let path = self.path.display();
        page.line(format!("{} in {path}, signed.", model::counted(self.records, "record", "records")));
        page.field("signer", &self.signer);
        if !self.missing.is_empty() {
            page.field("not said", self.missing.join(", "));
        }
        page.field("check", format!("probity verify {path}"));
        page.field("or", format!("ssh-keygen -Y check-novalidate -n {NAMESPACE} -s {path}.sig < {path}"));
    }
}
