//! What a judge will need when the authorities are gone: answers about revocation, collected while they can be had.

use std::path::PathBuf;

use clap::Args;
use evidence::package::Keeper;
use model::{ByteSize, Fault, Instant};
use seal::ocsp::Status;
use seal::x509::{Certificate, Signer};
use seal::{Revocations, crl, ocsp, tsp};

use super::context::Context;
use super::{certificates, files, http, keys};

const ANSWER_MAX: u64 = 16 << 20;

/// Whether to keep answers, and where they come from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LongTermArgs {
    /// Keep certificates and answers about revocation in report and container, and stamp the report once more (B-LT, B-LTA)
    #[arg(long)]
    pub(crate) long_term: bool,
    /// Responder to ask instead of those that certificates name
    #[arg(long, value_name = "URL", requires = "long_term")]
    ocsp: Option<String>,
    /// OCSP response or revocation list at hand, DER (can be repeated)
    #[arg(long, value_name = "FILE", requires = "long_term")]
    revocation: Vec<PathBuf>,
    /// Certificate of an issuer that neither signer nor time stamp brings along (can be repeated)
    #[arg(long, value_name = "PEM", requires = "long_term")]
    issuer: Vec<PathBuf>,
}

/// Collects answers. Each signature gets its own: an answer has to be younger than the time stamp that it goes with.
pub(crate) struct Collector {
    responder: Option<String>,
    at_hand: Vec<Vec<u8>>,
    issuers: Vec<Certificate>,
    now: Instant,
}

impl Collector {
    /// What `args` asks for; `None` without `--long-term`.
    ///
    /// # Errors
    /// `bad-url`, `bad-certificate`; I/O faults.
    pub(crate) fn new(context: &Context, args: &LongTermArgs) -> Result<Option<Self>, Fault> {
        if !args.long_term {
            return Ok(None);
        }
        args.ocsp.as_deref().map(http::host).transpose()?;
        let at_hand = args.revocation.iter().map(|path| files::read(path, ByteSize(ANSWER_MAX)));
        Ok(Some(Collector {
            responder: args.ocsp.clone(),
            at_hand: at_hand.collect::<Result<_, _>>()?,
            issuers: certificates::read_all(&args.issuer)?,
            now: context.now(),
        }))
    }

    /// What says that `certificate` is not revoked.
    fn about(&self, certificate: &Certificate, pool: &[Certificate]) -> Result<Revocations, Fault> {
        let issuer = pool.iter().find(|one| certificate.is_issued_by(one)).ok_or_else(|| {
            Fault::usage("no-issuer", format!("The certificate of the issuer of {} is missing", certificate.subject()))
                .advise("Name it with --issuer, or put it behind the signer's own in its file.")
        })?;
        let mut found = self.ask(certificate, issuer)?;
        found.certificates.push(issuer.der().to_vec());
        Ok(found)
    }

    fn ask(&self, certificate: &Certificate, issuer: &Certificate) -> Result<Revocations, Fault> {
        for bytes in &self.at_hand {
            if let Ok(status) = ocsp::check(bytes, certificate, issuer, self.now) {
                return answered(status, certificate).map(|()| by_ocsp(bytes));
            }
            if let Ok(status) = crl::check(bytes, certificate, issuer, self.now) {
                return answered(status, certificate).map(|()| by_list(bytes));
            }
        }
        let mut failures = Vec::new();
        let responders = self.responder.iter().chain(certificate.ocsp_urls());
        for url in responders {
            match self.respond(url, certificate, issuer) {
                Ok((status, bytes)) => return answered(status, certificate).map(|()| by_ocsp(&bytes)),
                Err(fault) => failures.push(fault.message().to_owned()),
            }
        }
        for url in certificate.crl_urls() {
            match fetch(url).and_then(|bytes| Ok((crl::check(&bytes, certificate, issuer, self.now)?, bytes))) {
                Ok((status, bytes)) => return answered(status, certificate).map(|()| by_list(&bytes)),
                Err(fault) => failures.push(fault.message().to_owned()),
            }
        }
        let why =
            if failures.is_empty() { "it names no responder and no list".to_owned() } else { failures.join("; ") };
        let message = format!("Nobody says whether the certificate of {} was revoked: {why}", certificate.subject());
        Err(Fault::unavailable("no-revocation-answer", message)
            .advise("Name a responder with --ocsp, give an answer with --revocation, or build without --long-term."))
    }

    fn respond(&self, url: &str, certificate: &Certificate, issuer: &Certificate) -> Result<(Status, Vec<u8>), Fault> {
        let nonce = keys::random()?;
        let body = ocsp::request(certificate, issuer, &nonce[..16]);
        let answer = http::ask(&http::Ask {
            url,
            body: Some(("application/ocsp-request", &body)),
            accept: "application/ocsp-response",
            login: None,
            most: ANSWER_MAX,
        })?;
        let bytes = answer.ok_or_else(|| nothing(url))?;
        // A responder that repeats no nonce answers everybody alike; one that repeats another answers somebody else.
        if ocsp::nonce(&bytes).is_some_and(|repeated| repeated != nonce[..16]) {
            return Err(
                Fault::unavailable("server-failed", "The OCSP responder answers another question").advise("Try again.")
            );
        }
        Ok((ocsp::check(&bytes, certificate, issuer, self.now)?, bytes))
    }
}

impl Keeper for Collector {
    fn keep(&self, signer: &dyn Signer, token: Option<&[u8]>) -> Result<Revocations, Fault> {
        let token = token.map(tsp::read_token_or_response).transpose()?;
        let stamped = token.iter().flat_map(|token| token.certificates().iter().cloned());
        let pool: Vec<Certificate> =
            signer.chain().iter().cloned().chain(stamped).chain(self.issuers.iter().cloned()).collect();
        let authority = token.as_ref().and_then(|token| token.certificate());
        let mut all = Revocations::default();
        for certificate in [Some(signer.certificate()), authority].into_iter().flatten() {
            if certificate.is_self_signed() {
                continue;
            }
            let found = self.about(certificate, &pool)?;
            add(&mut all.ocsp, found.ocsp);
            add(&mut all.crls, found.crls);
            add(&mut all.certificates, found.certificates);
        }
        Ok(all)
    }
}

fn add(all: &mut Vec<Vec<u8>>, more: Vec<Vec<u8>>) {
    more.into_iter().for_each(|one| {
        if !all.contains(&one) {
            all.push(one);
        }
    });
}

fn by_ocsp(bytes: &[u8]) -> Revocations {
    let certificates = ocsp::certificates(bytes).iter().map(|one| one.der().to_vec()).collect();
    Revocations { ocsp: vec![bytes.to_vec()], certificates, ..Revocations::default() }
}

fn by_list(bytes: &[u8]) -> Revocations {
    Revocations { crls: vec![bytes.to_vec()], ..Revocations::default() }
}

/// Nothing is sealed with a certificate that was revoked.
fn answered(status: Status, certificate: &Certificate) -> Result<(), Fault> {
    let said = match status {
        Status::Good { .. } => return Ok(()),
        Status::Revoked { at, .. } => format!("was revoked on {at}"),
        Status::Unknown => "is not known to the responder".to_owned(),
    };
    Err(Fault::refused("certificate-revoked", format!("The certificate of {} {said}", certificate.subject()))
        .advise("Seal with another certificate."))
}

fn fetch(url: &str) -> Result<Vec<u8>, Fault> {
    let ask = http::Ask { url, body: None, accept: "application/pkix-crl", login: None, most: ANSWER_MAX };
    http::ask(&ask)?.ok_or_else(|| nothing(url))
}

fn nothing(url: &str) -> Fault {
    let host = http::host(url).unwrap_or_default();
    Fault::unavailable("server-failed", format!("{host} has nothing at this address")).advise("Check the address.")
}
