//! Signatures with certificates, time stamps and anchors: in the container, over `manifest.json`, in the report.
//!
//! Each answers for itself. Where a trusted time stamp says when a signature was made, its certificate is judged at that
//! time.

use std::collections::BTreeSet;
use std::io;

use model::{Digest, Fault, Instant};
use seal::cms::Rules;
use seal::x509::{Certificate, Hash};
use seal::{PublicKey, Revocations, Signed, Trust, cms, ots, sha256, tsp, xades};

use super::super::container::signatures;
use super::super::intake::Package;
use super::super::manifest::Manifest;
use super::super::paths::*;
use super::super::people::People;
use super::super::verification::{Check, Question};
use super::Ask;
use crate::Limits;
use crate::bytes::Bytes;

/// What those who have certificates signed.
#[derive(Default)]
struct Sealers {
    people: People,
    /// Who has signed the container, and who `manifest.json`.
    containers: BTreeSet<Digest>,
    manifests: BTreeSet<Digest>,
}

/// Judges every signature that has a certificate.
pub(super) fn of_people(
    package: &Package,
    manifest: Result<&Manifest, &String>,
    sealer: Option<&PublicKey>,
    input: &dyn Bytes,
    ask: &Ask,
) -> io::Result<People> {
    let people = People::of_package(vouched(manifest, sealer, ask));
    let mut sealers = Sealers { people, ..Sealers::default() };
    if package.beside.contains_key(PENDING) {
        let why =
            "The time is PENDING: no authority answered when it was made; `probity package timestamp` completes it.";
        sealers.people.checks.push(Check::not_checked("time-stamp", why).about(Question::TimeTrusted));
    }
    let stamped = sealers.stamp(package, ask);
    sealers.cades(package, ask, stamped);
    for number in 0..=u8::MAX {
        let name = signatures(usize::from(number));
        match package.beside.get(&name) {
            Some(xml) => sealers.xades(package, ask, &name, xml),
            None => break,
        }
    }
    sealers.report(package, input, ask)?;
    if let Ok(manifest) = manifest {
        sealers.all_have_signed(manifest);
    }
    let mut people = sealers.people;
    // Whoever holds the key that sealed is one signer, also where no certificate says so.
    let least = usize::from(sealer.is_some_and(|key| ask.keys.contains(key)));
    let enough = people.enough(ask, least);
    people.checks.extend(enough);
    Ok(people)
}

impl Sealers {
    /// The time stamp over the CAdES or the SSH signature. Returns its time where the user trusts it.
    fn stamp(&mut self, package: &Package, ask: &Ask) -> Option<Instant> {
        let places = [(CADES_STAMP, CADES), (SSH_STAMP, SSH_SIGNATURE)];
        let (place, file) = places.into_iter().find(|(place, _)| package.beside.contains_key(*place))?;
        self.stamp_over(package, place, package.held(file).unwrap_or_default(), ask)
    }

    /// The time stamp in `place`, over `content`. Returns its time where the user trusts it.
    fn stamp_over(&mut self, package: &Package, place: &str, content: &[u8], ask: &Ask) -> Option<Instant> {
        let name = format!("time-stamp: {place}");
        let bytes = package.beside.get(place)?;
        let token = match tsp::read_token_or_response(bytes) {
            Ok(token) => token,
            Err(fault) => {
                self.people.checks.push(Check::failed(name, fault.message()));
                return None;
            }
        };
        let judged = tsp::verify(&token, &content, &People::trust(ask), &Revocations::default());
        self.people.stamp(&name, token.time(), &judged, ask);
        (judged.intact.is_yes() && judged.trusted.is_yes()).then(|| token.time())
    }

    /// `proofs/manifest.p7s`.
    fn cades(&mut self, package: &Package, ask: &Ask, stamped: Option<Instant>) {
        let Ok(signature) = package.held(CADES) else { return };
        let trust = Trust { anchors: ask.anchors, now: stamped.unwrap_or(ask.now) };
        let manifest = package.held(MANIFEST).unwrap_or_default();
        let signed = cms::verify(signature, &manifest, Rules::Ades, &trust, &Revocations::default());
        self.people.signed(&format!("cades-signature: {CADES}"), &signed, ask);
        self.manifests.extend(good(&signed));
    }

    /// A signature of the container: it has to cover every file of the bag.
    fn xades(&mut self, package: &Package, ask: &Ask, name: &str, xml: &[u8]) {
        let trust = Trust { anchors: ask.anchors, now: ask.now };
        let label = format!("xades-signature: {name}");
        let files = |path: &str, hash: Hash| {
            let seen = package.seen.get(path.strip_prefix(BAG)?)?;
            (hash == Hash::Sha256).then(|| seen.sha256.as_bytes().to_vec())
        };
        let all = match xades::verify(xml, &files, &trust, &Revocations::default()) {
            Ok(all) => all,
            Err(fault) => return self.people.checks.push(Check::failed(label, fault.message())),
        };
        for found in all {
            let covered: BTreeSet<&str> = found.covered.iter().map(String::as_str).collect();
            let open = package.seen.keys().map(|path| format!("{BAG}{path}")).filter(|path| !covered.contains(&**path));
            let open: Vec<String> = open.map(|path| format!("{path}: {name} does not cover it")).collect();
            if open.is_empty() {
                self.people.signed(&label, &found.signed, ask);
                self.containers.extend(good(&found.signed));
            } else {
                self.people.uncounted(|people| {
                    people.signed(&label, &found.signed, ask);
                });
                if found.signed.intact.is_yes() {
                    self.people.checks.push(Check::of(label.clone(), "", open));
                }
            }
        }
    }

    /// The signatures in the report, and the files in it.
    fn report(&mut self, package: &Package, input: &dyn Bytes, ask: &Ask) -> io::Result<()> {
        let Some(report) = package.again(input, REPORT, Limits::REPORT_BYTES)? else {
            let why = format!("{REPORT} is missing or has more than {} bytes.", Limits::REPORT_BYTES);
            self.people.checks.push(Check::not_checked("report", why));
            return Ok(());
        };
        self.people.checks.push(match ask.pdf.attachments(&report) {
            Ok(files) => embedded(package, &files),
            Err(fault) => Check::failed("report", fault.message()),
        });
        // What came later covers the whole file: the signatures in it were there then.
        let stamped = self.stamp_over(package, REPORT_STAMP, &report, ask);
        let trust = Trust { anchors: ask.anchors, now: stamped.unwrap_or(ask.now) };
        match ask.pdf.signatures(&report, &trust) {
            Ok(found) => self.people.uncounted(|people| {
                found.into_iter().for_each(|mut signature| {
                    stamped.iter().for_each(|time| signature.signed.was_there(*time, REPORT_STAMP));
                    people.pdf("report-signature", &signature, ask);
                });
            }),
            Err(fault) => self.people.checks.push(Check::failed("report-signature", fault.message())),
        }
        Ok(())
    }

    /// Nobody whom `manifest.json` names as a signer has been taken away.
    fn all_have_signed(&mut self, manifest: &Manifest) {
        let mut places = Vec::new();
        for (number, certificate) in manifest.signers.iter().enumerate() {
            if !self.containers.contains(certificate) {
                places.push(format!(
                    "META-INF: no good signature of the certificate {certificate}, which {MANIFEST} names"
                ));
            }
            if number == 0 && !self.manifests.contains(certificate) {
                places.push(format!(
                    "{CADES}: no good signature of the certificate {certificate}, which {MANIFEST} names"
                ));
            }
        }
        let passed = match manifest.signers.len() {
            0 => format!("{MANIFEST} names nobody who signs with a certificate."),
            1 => format!("The certificate that {MANIFEST} names has signed."),
            count => format!("The {count} certificates that {MANIFEST} names have signed."),
        };
        self.people.checks.push(Check::of("sealers", passed, places));
    }
}

/// The certificates that `manifest.json` names, where the user trusts the key that sealed it.
fn vouched(manifest: Result<&Manifest, &String>, sealer: Option<&PublicKey>, ask: &Ask) -> BTreeSet<Digest> {
    match (manifest, sealer) {
        (Ok(manifest), Some(key)) if ask.keys.contains(key) => manifest.signers.iter().copied().collect(),
        _ => BTreeSet::new(),
    }
}

/// The certificate behind a signature that is good.
fn good(signed: &Signed) -> Option<Digest> {
    signed.signer.as_ref().filter(|_| signed.intact.is_yes()).map(Certificate::sha256)
}

/// The report holds the very `case.json` and `case.xml` that stand beside it.
fn embedded(package: &Package, files: &[(String, Vec<u8>)]) -> Check {
    let mut places = Vec::new();
    for path in [CASE_JSON, CASE_XML] {
        let name = path.strip_prefix(DATA).unwrap_or(path);
        let inside = files.iter().find(|(inside, _)| inside == name).map(|(_, bytes)| bytes.as_slice());
        if inside.is_none() || inside != package.held(path).ok() {
            places.push(format!("{REPORT}: the {name} inside it is not {path}"));
        }
    }
    Check::of("report", "The report holds the same case.json and case.xml that stand beside it.", places)
}

/// Proofs of OpenTimestamps.
pub(super) fn anchors(package: &Package, ask: &Ask) -> Result<Vec<Check>, Fault> {
    let mut checks = Vec::new();
    for (place, file) in [(CADES_ANCHOR, CADES), (SSH_ANCHOR, SSH_SIGNATURE)] {
        let Some(bytes) = package.beside.get(place) else { continue };
        let digest = package.held(file).map_or(Digest::ZERO, sha256);
        checks.extend(anchor(&format!("anchor: {place}"), bytes, (file, digest), ask)?);
    }
    Ok(checks)
}

/// One proof: that it is about `file`, and what the blocks say that it names.
pub(super) fn anchor(name: &str, bytes: &[u8], (file, digest): (&str, Digest), ask: &Ask) -> Result<Vec<Check>, Fault> {
    let proof = match ots::Proof::parse(bytes) {
        Ok(proof) => proof,
        Err(fault) => return Ok(vec![Check::failed(name, fault.message())]),
    };
    if proof.digest() != Some(digest) {
        return Ok(vec![Check::failed(name, format!("It is about another file than {file}, sha256:{digest}."))]);
    }
    let mut checks = vec![Check::passed(name, format!("It is about {file}, sha256:{digest}."))];
    checks.extend(attested(name, &proof, ask)?);
    Ok(checks)
}

/// What the blocks say that a proof names, or for whom it waits.
pub(crate) fn attested(name: &str, proof: &ots::Proof, ask: &Ask) -> Result<Vec<Check>, Fault> {
    let mut checks = Vec::new();
    let about = |check: Check| check.about(Question::Anchored);
    let heights = proof.heights();
    if heights.is_empty() {
        let waiting: Vec<String> = proof.pending().into_iter().map(|pending| pending.uri).collect();
        let why = format!("It is pending at {}; complete it with package anchor --upgrade.", waiting.join(", "));
        checks.push(about(Check::not_checked(name, why)));
    }
    for height in heights {
        checks.push(about(match ask.blocks.header(height)? {
            None => Check::not_checked(
                name,
                format!("It names block {height} of Bitcoin, which nobody was asked for: give --bitcoin-node or --bitcoin-headers."),
            ),
            Some(header) => match proof.check_header(height, &header) {
                Ok(block) => Check::passed(
                    name,
                    format!("Block {height} of Bitcoin, of {}, holds it, as {} says.", block.time, ask.blocks.name()),
                ),
                Err(fault) => Check::failed(name, fault.message()),
            },
        }));
    }
    Ok(checks)
}
