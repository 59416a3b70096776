//! The report as a PDF that each signer has signed.

use evidence::package::TimeSource;
use std::path::PathBuf;

use evidence::Renderer;
use evidence::report::Report;
use model::{Digest, Fault, Instant};
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
    pub(crate) created: Instant,
}

impl Renderer for SignedReport<'_> {
    fn render(&self, report: &Report) -> Result<Vec<u8>, Fault> {
        let mut bytes = self.pdf.render(report)?;
        for (number, signer) in self.signers.iter().enumerate() {
            let field = pades::Field {
                name: &format!("Signature{}", number + 1),
                page: 1,
                rect: None,
                reason: &format!("Sealing the report of case {}", report.case),
                location: "",
                time: self.created,
            };
            let mut stamp = |imprint: &Digest| self.time.stamp(imprint).map(|stamp| stamp.map(|stamp| stamp.token));
            bytes = pades::sign(&bytes, &field, *signer, &mut stamp)?;
        }
        Ok(bytes)
    }
}
