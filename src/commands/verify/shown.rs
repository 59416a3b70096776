//! What `verify` says.

use evidence::foreign::Form;
use evidence::package::{Outcome, Question, Verification};
use seal::PublicKey;
use serde_json::Value;

use crate::cli::output::{Page, Show};
use crate::cli::table::Table;

/// What was checked.
pub(super) struct Checked {
    pub(super) found: Verification,
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
        let key = self.found.signer.as_ref().map(PublicKey::fingerprint);
        match (self.found.form == Form::Package.word(), key) {
            (true, key) => {
                page.field("sealed with", key.unwrap_or_else(|| "no key whose signature is good".to_owned()))
            }
            (false, Some(key)) => page.field("signed with", key),
            (false, None) => {}
        }
        self.found.signers.iter().for_each(|(name, _)| page.field("signed by", name.clone()));
        page.line("A seal shows that nothing changed since sealing. It does not show that what was sealed is true.");
    }
}
