//! What may come to a package after it was made: time stamps, further signatures, proofs of OpenTimestamps.
//!
//! All of it stands in `META-INF/`, which nothing covers; every other byte is copied as it is.

use std::collections::BTreeMap;
use std::path::Path;

use model::{Digest, Fault, Instant, Progress};
use seal::x509::{Hash, Signer};
use seal::{Revocations, Trust, ots, sha256, xades};

use super::container::{sign, signatures};
use super::intake::Package;
use super::paths::*;
use super::readers::{PdfReader, PdfSignature};
use super::seals::TimeSource;
use super::verify::{Ask, judge};
use crate::Limits;
use crate::bytes::{Bytes, take};
use crate::zip::{self, Out, Writer, order};

/// One read of what is copied.
const BLOCK: u64 = 1 << 20;

/// A package that is there and intact, and what is to come to it.
pub struct Amendment<'i> {
    input: &'i dyn Bytes,
    package: Package,
    now: Instant,
    pdf: &'i dyn PdfReader,
    /// Name in the zip → content.
    changes: BTreeMap<String, Vec<u8>>,
    /// Nothing is pending any more, and the file that says so goes.
    is_complete: bool,
}

/// What came to the proof of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The file that the proof is about.
    pub file: &'static str,
    /// Its digest.
    pub digest: Digest,
    /// The calendars that have not answered with a block yet.
    pub pending: Vec<String>,
    /// The heights of Bitcoin blocks that attest it.
    pub blocks: Vec<u64>,
    /// Calendars that failed, and why.
    pub failures: Vec<String>,
}

/// Calendars of OpenTimestamps.
pub trait Calendars {
    /// The addresses to which a new digest is sent.
    fn addresses(&self) -> Vec<String>;

    /// Sends a digest; the answer is a serialised time stamp.
    ///
    /// # Errors
    /// What the network says.
    fn submit(&self, address: &str, digest: &[u8; 32]) -> Result<Vec<u8>, Fault>;

    /// Asks for what came to a commitment; `None` while it is pending.
    ///
    /// # Errors
    /// What the network says.
    fn upgrade(&self, address: &str, commitment: &[u8]) -> Result<Option<Vec<u8>>, Fault>;
}

impl<'i> Amendment<'i> {
    /// Opens a package, and checks that it is intact: what is broken is not signed again.
    ///
    /// # Errors
    /// `not-a-package`, `package-not-intact`, or what the disk says.
    pub fn open(input: &'i dyn Bytes, ask: &Ask<'i>, progress: &dyn Progress) -> Result<Self, Fault> {
        let failed = |error| Fault::io("read", Path::new("the package"), error);
        let bytes = input.size().map_err(failed)?;
        let Some(directory) = zip::open(input).map_err(failed)? else {
            return Err(Fault::bad_input("not-a-package", "This is not an evidence package: it is no zip file")
                .advise("Give the file as package build wrote it."));
        };
        progress.start("check the package", bytes);
        let package = Package::read(input, directory, bytes, progress).map_err(failed)?;
        progress.finish();
        let (outcome, why) = judge(&package, input, ask)?.answer(super::Question::Intact);
        if outcome != super::Outcome::Passed {
            return Err(Fault::unverified("package-not-intact", format!("The package is not intact: {why}"))
                .advise("Check it with verify, and take a fresh copy."));
        }
        let (now, pdf) = (ask.now, ask.pdf);
        Ok(Amendment { input, package, now, pdf, changes: BTreeMap::new(), is_complete: false })
    }

    /// Digest of `manifest.json`: it names the package.
    pub fn manifest(&self) -> Digest {
        // It was there when the package was found intact.
        self.package.held(MANIFEST).map_or(Digest::ZERO, sha256)
    }

    /// Whether nothing is to come to it.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.is_complete
    }

    /// The file that proofs are about, and where those stand: the CAdES signature, or else the SSH signature.
    fn signature(&self) -> (&'static str, &'static str, &'static str, &[u8]) {
        match self.package.held(CADES) {
            Ok(bytes) => (CADES, CADES_STAMP, CADES_ANCHOR, bytes),
            Err(_) => (SSH_SIGNATURE, SSH_STAMP, SSH_ANCHOR, self.package.held(SSH_SIGNATURE).unwrap_or_default()),
        }
    }

    fn beside(&self, name: &str) -> Option<&Vec<u8>> {
        self.changes.get(name).or_else(|| self.package.beside.get(name))
    }

    /// The names of the XAdES signatures, in their order.
    fn signature_files(&self) -> Vec<String> {
        (0..=u8::MAX)
            .map(|number| signatures(usize::from(number)))
            .take_while(|name| self.beside(name).is_some())
            .collect()
    }

    /// What is known about the signatures in a file, without anybody to trust.
    fn judged(&self, name: &str) -> Result<Vec<xades::Verified>, Fault> {
        let xml = self.beside(name).map(Vec::as_slice).unwrap_or_default();
        let nothing = |_: &str, _: Hash| None;
        let trust = Trust { anchors: &[], now: self.now };
        xades::verify(xml, &nothing, &trust, &Revocations::default())
    }

    fn is_stamped(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.judged(name)?.iter().all(|found| found.signed.stamped.is_some()))
    }

    /// The report, where a signature in it has no time stamp and none stands beside the bag. It cannot come into the report,
    /// every byte of which is sealed.
    fn report_without_time(&self) -> Result<Option<Vec<u8>>, Fault> {
        if self.beside(REPORT_STAMP).is_some() {
            return Ok(None);
        }
        let read = self.package.again(self.input, REPORT, Limits::REPORT_BYTES);
        let Some(report) = read.map_err(|error| Fault::io("read", Path::new("the package"), error))? else {
            return Ok(None);
        };
        let found = self.pdf.signatures(&report, &Trust { anchors: &[], now: self.now })?;
        let (stamps, signatures): (Vec<_>, Vec<_>) = found.iter().partition(|found| found.is_stamp);
        let is_stamped = |found: &&PdfSignature| found.signed.stamped.is_some();
        // A time stamp of the document covers all that was signed before.
        let waits = !stamps.iter().any(is_stamped) && !signatures.iter().all(is_stamped);
        Ok(waits.then_some(report))
    }

    /// Adds each time stamp that is missing. Returns the names of the files that got one.
    ///
    /// # Errors
    /// What the source of time says.
    pub fn timestamp(&mut self, time: &dyn TimeSource) -> Result<Vec<String>, Fault> {
        let mut added = Vec::new();
        let (file, place, _, signature) = self.signature();
        if self.beside(place).is_none()
            && let Some(stamp) = time.stamp(&sha256(signature))?
        {
            self.changes.insert(place.to_owned(), stamp.response);
            added.push(file.to_owned());
        }
        for name in self.signature_files() {
            let xml = self.beside(&name).cloned().unwrap_or_default();
            if self.is_stamped(&name)? {
                continue;
            }
            let Some(stamp) = time.stamp(&sha256(&xades::signature_value(&xml)?))? else { continue };
            self.changes.insert(name.clone(), xades::with_timestamp(&xml, &stamp.token)?);
            added.push(name);
        }
        if let Some(report) = self.report_without_time()?
            && let Some(stamp) = time.stamp(&sha256(&report))?
        {
            self.changes.insert(REPORT_STAMP.to_owned(), stamp.response);
            added.push(REPORT.to_owned());
        }
        self.is_complete = self.package.beside.contains_key(PENDING) && self.pending()? == 0;
        Ok(added)
    }

    /// How many signatures have no time stamp; those of the report count as one, for one time stamp covers them.
    ///
    /// # Errors
    /// `bad-signature` where a XAdES signature cannot be read, `bad-pdf` where the report cannot.
    pub fn pending(&self) -> Result<usize, Fault> {
        let (_, place, _, _) = self.signature();
        let mut pending = usize::from(self.beside(place).is_none());
        for name in self.signature_files() {
            pending += usize::from(!self.is_stamped(&name)?);
        }
        Ok(pending + usize::from(self.report_without_time()?.is_some()))
    }

    /// Adds a signature over every file of the bag. Returns its name.
    ///
    /// # Errors
    /// `signed-already` by the same certificate; `too-many-signatures`; what key and source of time say.
    pub fn sign(&mut self, created: Instant, signer: &dyn Signer, time: &dyn TimeSource) -> Result<String, Fault> {
        let there = self.signature_files();
        for name in &there {
            let known = self.judged(name)?.into_iter().filter_map(|found| found.signed.signer);
            if known.into_iter().any(|certificate| certificate.der() == signer.certificate().der()) {
                return Err(Fault::refused(
                    "signed-already",
                    format!("This certificate has signed the package in {name}"),
                )
                .advise("Two seals of one person are one: let somebody else sign."));
            }
        }
        if there.len() > usize::from(u8::MAX) {
            return Err(Fault::refused("too-many-signatures", "The package has 256 signatures already")
                .advise("Build a new package."));
        }
        let files: Vec<_> =
            self.package.seen.iter().map(|(path, seen)| (format!("{BAG}{path}"), seen.sha256)).collect();
        let name = signatures(there.len());
        self.changes.insert(name.clone(), sign(&files, created, signer, time, None)?);
        Ok(name)
    }

    /// Begins a proof of OpenTimestamps, or asks for what came to one. `nonce` keeps the digest from the calendars.
    ///
    /// # Errors
    /// `bad-proof` where the proof that is there cannot be read; `no-calendar` where no calendar answers a new digest.
    pub fn anchor(&mut self, nonce: [u8; 16], calendars: &dyn Calendars, upgrade: bool) -> Result<Anchored, Fault> {
        let (file, _, place, signature) = self.signature();
        let digest = sha256(signature);
        let mut failures = Vec::new();
        let proof = match self.beside(place) {
            Some(bytes) => {
                let mut proof = ots::Proof::parse(bytes)?;
                if upgrade {
                    upgrade_all(&mut proof, calendars, &mut failures)?;
                }
                proof
            }
            None => begin(digest, nonce, calendars, &mut failures)?,
        };
        let anchored = Anchored {
            file,
            digest,
            pending: proof.pending().into_iter().map(|pending| pending.uri).collect(),
            blocks: proof.heights(),
            failures,
        };
        let bytes = proof.to_bytes();
        if self.beside(place) != Some(&bytes) {
            self.changes.insert(place.to_owned(), bytes);
        }
        Ok(anchored)
    }

    /// Writes the package with what came to it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write(&self, out: &mut dyn Out, progress: &dyn Progress) -> Result<u64, Fault> {
        let failed = |error| Fault::io("write", Path::new("the package"), error);
        let entries: BTreeMap<&str, _> =
            self.package.directory.entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let mut names: Vec<&str> = entries.keys().copied().chain(self.changes.keys().map(String::as_str)).collect();
        names.sort_by_key(|name| order(name));
        names.dedup();
        names.retain(|name| !(self.is_complete && *name == PENDING));
        progress.start("write the package", self.package.bytes);
        let mut zip = Writer::new(out);
        for name in names {
            if let Some(bytes) = self.changes.get(name) {
                zip.bytes(name, bytes, crc32fast::hash(bytes)).map_err(failed)?;
            } else if let (Some(entry), Some(begins)) = (entries.get(name), self.package.directory.contents.get(name)) {
                let mut content = zip.begin(name, entry.size, Some(entry.crc)).map_err(failed)?;
                for at in (0..entry.size).step_by(BLOCK as usize) {
                    let block = take(self.input, begins + at, BLOCK.min(entry.size - at) as usize).map_err(failed)?;
                    content.put(&block).map_err(failed)?;
                    progress.advance(block.len() as u64);
                }
                content.end(entry.crc).map_err(failed)?;
            }
        }
        let bytes = zip.finish().map_err(failed)?;
        progress.finish();
        Ok(bytes)
    }
}

fn begin(
    digest: Digest,
    nonce: [u8; 16],
    calendars: &dyn Calendars,
    failures: &mut Vec<String>,
) -> Result<ots::Proof, Fault> {
    let request = ots::Proof::begin(digest, nonce);
    let mut proof: Option<ots::Proof> = None;
    for address in calendars.addresses() {
        let answer = calendars.submit(&address, request.commitment().as_bytes());
        let added = answer.and_then(|answer| request.answered(&[answer])).and_then(|one| match &mut proof {
            Some(proof) => proof.merge(one),
            None => {
                proof = Some(one);
                Ok(())
            }
        });
        if let Err(fault) = added {
            failures.push(format!("{address}: {}", fault.message()));
        }
    }
    proof.ok_or_else(|| {
        Fault::unavailable("no-calendar", format!("No calendar answered: {}", failures.join("; ")))
            .advise("Try again later, or name other calendars with --calendar; the package is unchanged.")
    })
}

/// Asks for each commitment that is pending. What is there is never deleted.
fn upgrade_all(proof: &mut ots::Proof, calendars: &dyn Calendars, failures: &mut Vec<String>) -> Result<(), Fault> {
    for ots::Pending { uri, commitment } in proof.pending() {
        match calendars.upgrade(&uri, &commitment) {
            Ok(Some(answer)) => drop(proof.upgrade(&commitment, &answer)?),
            Ok(None) => {}
            Err(fault) => failures.push(format!("{uri}: {}", fault.message())),
        }
    }
    Ok(())
}
