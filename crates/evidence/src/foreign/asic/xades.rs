//! Signatures in `META-INF/*signatures*.xml`.

use std::collections::BTreeSet;

use seal::x509::Hash;
use seal::{Revocations, xades};

use super::super::hash::Algorithm;
use super::Container;
use crate::package::people::People;

impl Container<'_> {
    /// Judges every signature of one document.
    pub(super) fn xades(&mut self, name: &str) {
        let xml = self.beside.get(name).map(Vec::as_slice).unwrap_or_default();
        let files = |path: &str, hash: Hash| {
            let digests = self.digests.get(path)?.as_ref().ok()?;
            digests.get(&Algorithm::from(hash)).cloned()
        };
        let found = xades::verify(xml, &files, &People::trust(self.ask), &Revocations::default());
        let label = format!("xades-signature: {name}");
        let found = match found {
            Ok(found) => found,
            Err(fault) => return self.people.unreadable(&label, &format!("{}.", fault.message())),
        };
        let is_alone = found.len() == 1;
        for (number, one) in found.iter().enumerate() {
            let label = if is_alone { label.clone() } else { format!("{label} ({})", number + 1) };
            let paths: BTreeSet<String> = one.covered.iter().cloned().collect();
            let is_intact = self.people.signed(&label, &one.signed, self.ask);
            self.scope(&label, &paths);
            if is_intact {
                self.covered.extend(paths);
            }
        }
    }
}
