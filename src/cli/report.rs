//! The report as a PDF that each signer has signed.

use std::path::PathBuf;

use evidence::Renderer;
use evidence::package::{Keeper, TimeSource};
use evidence::report::{Report, signature_field};
use model::{Digest, Fault, Instant};
use seal::Revocations;
use seal::x509::Signer;

/// Where fonts lie on most systems, for scripts that the built-in fonts do not have.
const FONT_FOLDERS: [&str; 3] = ["/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts"];

/// Renders reports with the fonts of `given`, and then with those of the system.
pub(crate) fn renderer(given: &[PathBuf]) -> pdf::Pdf {
    let system = FONT_FOLDERS.iter().map(PathBuf::from);
    let own = crate::cli::context::user_font_folder();
    let folders: Vec<PathBuf> = given.iter().cloned().chain(own).chain(system).collect();
    pdf::Pdf::new(pdf::Fonts::with_folders(&folders))
}

/// Renders the report and signs it: PAdES B-B, or B-T where an authority answers.
pub(crate) struct SignedReport<'s> {
    pub(crate) pdf: pdf::Pdf,
    pub(crate) signers: &'s [&'s dyn Signer],
    pub(crate) time: &'s dyn TimeSource,
    pub(crate) keeper: Option<&'s dyn Keeper>,
    pub(crate) created: Instant,
}

impl Renderer for SignedReport<'_> {
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        let mut bytes = self.pdf.render(report)?;
        let mut kept = Revocations::default();
        for (number, signer) in self.signers.iter().enumerate() {
            let field = pades::Field {
                // A frame in the report has this name where signatures are to be seen.
                name: &signature_field(number + 1),
                page: 1,
                rect: None,
                reason: &format!("Sealing the report of case {}", report.case),
                location: "",
                time: self.created,
            };
            let mut last = None;
            bytes = pades::sign(&bytes, &field, *signer, &mut |imprint| self.stamp(imprint, &mut last))?;
            if let Some(keeper) = self.keeper {
                kept = kept.and(&keeper.keep(*signer, last.as_deref())?);
            }
        }
        if self.keeper.is_some() {
            bytes = pades::extend(&bytes, &kept, &mut |imprint| self.stamp(imprint, &mut None))?;
        }
        Ok(bytes)
    }

    fn render_unsigned(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        self.pdf.render(report)
    }

    fn pages(&self, file: &[u8]) -> Option<u64> {
        self.pdf.pages(file)
    }
}

impl SignedReport<'_> {
    /// A token over `imprint`, which is left in `last` as well.
    fn stamp(&self, imprint: &Digest, last: &mut Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Fault> {
        let token = self.time.stamp(imprint)?.map(|stamp| stamp.token);
        last.clone_from(&token);
        Ok(token)
    }
}
