//! The files of a certificate: JSON and its signature, XML, PDF.

use evidence::Renderer as _;
use evidence::package::IDENTITY;
use model::{Digest, Fault};
use privacy::certificate::Certificate;
use seal::sshsig;

use super::{CarryArgs, pages};
use crate::cli::authority::Authorities;
use crate::cli::context::Context;
use crate::cli::report::{SignedReport, renderer};
use crate::cli::requests::Dossier;
use crate::cli::sealers::Sealers;

/// The namespace of the signature of certificates.
pub(super) const NAMESPACE: &str = "erase-certificate@probity";

/// Keys and time, opened before anything is changed: an erase without a certificate would be one that nobody can prove.
pub(super) struct Means {
    sealers: Sealers,
    time: Authorities,
}

impl Means {
    /// Opens the keys.
    ///
    /// # Errors
    /// Those of [`Sealers::open`] and [`Authorities::new`].
    pub(super) fn open(context: &Context, how: &CarryArgs) -> Result<Self, Fault> {
        let sealers = Sealers::open(context, &how.key, &how.signers, &how.passphrase)?;
        Ok(Means { sealers, time: Authorities::new(context, &how.time)? })
    }

    /// Writes the certificate in all its forms. The digest is that of the JSON, which is what is signed.
    ///
    /// # Errors
    /// What signing, rendering and the disk say.
    pub(super) fn write(&self, context: &Context, dossier: &Dossier, of: &Certificate) -> Result<Digest, Fault> {
        let json = of.to_bytes()?;
        let digest = seal::sha256(&json);
        let key = &*self.sealers.key;
        let line = key.public().openssh("");
        let allowed = format!("{IDENTITY} namespaces=\"{NAMESPACE}\" {}\n", line.trim_end());
        let xml = of.to_xml();
        let signers: Vec<_> = self.sealers.people.iter().map(|signer| &**signer).collect();
        let created = of.about.finished;
        let report = pages::report(of, &digest, &key.public().fingerprint(), self.sealers.demo, &json, &xml);
        let signed = SignedReport { pdf: renderer(&[]), signers: &signers, time: &self.time, keeper: None, created };
        dossier.write("certificate.json.sig", sshsig::sign(&json, NAMESPACE, key)?.as_bytes())?;
        dossier.write("allowed_signers", allowed.as_bytes())?;
        dossier.write("certificate.xml", xml.as_bytes())?;
        dossier.write("certificate.xml.sig", sshsig::sign(xml.as_bytes(), NAMESPACE, key)?.as_bytes())?;
        dossier.write("certificate.pdf", &signed.render(&report)?)?;
        // Last: where it is, the others are.
        dossier.write("certificate.json", &json)?;
        for failure in self.time.failures() {
            context.output.warn(&format!("no time stamp from {failure}"));
        }
        Ok(digest)
    }
}
