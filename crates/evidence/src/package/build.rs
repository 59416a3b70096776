//! Building: everything small is made first, the exhibits are streamed, each byte read once.

use model::{Digest, Fault, Progress};
use seal::{Ed25519Signer, PublicKey, dsse, minisign, sha256, sshsig};

use super::manifest::Manifest;
use super::paths::*;
use super::seals::Seals;
use super::source::{Source, Sources};
use super::write::write;
use super::{Build, Built, audit, bag, container, filing, texts};
use crate::case::{Case, changed};
use crate::contents::Contents;
use crate::custody;
use crate::document::Document;
use crate::names::{check_text, is_safe_path};
use crate::report::{self, Attachment, Renderer};
use crate::zip::Out;
use crate::{Limits, files, provenance};

/// Builds the package of a case into `out`, which begins empty. Same case, same `build`, same key: same bytes. When this fails,
/// what stands in `out` is no package; the caller drops it.
///
/// # Errors
/// `exhibit-changed` when a file of the case is not what was collected, `text-too-long`, `package-too-large`, what the
/// renderer cannot show, or what the disk says.
pub fn build(
    case: &Case,
    build: &Build,
    seals: &Seals,
    renderer: &dyn Renderer,
    out: &mut dyn Out,
    progress: &dyn Progress,
) -> Result<Built, Fault> {
    for (what, text) in [("The marking", &build.marking), ("The watermark", &build.watermark)] {
        if !text.is_empty() {
            check_text(what, text, Limits::LINE_BYTES)?;
        }
    }
    let key = seals.key.public();
    let (mut sources, warnings) = payload(case, build, seals, renderer)?;
    add_tags(&mut sources, case, build, &key);
    let manifest = seal(&mut sources, case, build, seals)?;
    let sources = container::close(sources, build.created, seals)?;
    let (files, bytes) = write(&sources, out, progress)?;
    Ok(Built { manifest, files, bytes, warnings })
}

/// Everything under `data/`, and what whoever files should know.
fn payload(
    case: &Case,
    build: &Build,
    seals: &Seals,
    renderer: &dyn Renderer,
) -> Result<(Sources, Vec<String>), Fault> {
    let mut sources = Sources::new();
    let contents = Contents::read(case)?;
    let certificates: Vec<_> = seals.signers.iter().map(|signer| signer.certificate().clone()).collect();
    let signer = seals.key.public().fingerprint();
    let document = Document::compose(case, build, (&signer, &certificates), &contents)?;
    let (json, xml) = (document.to_json()?, document.to_xml());
    let attachments = vec![
        attachment("case.json", "application/json", "The content of this report as JSON", &json),
        attachment("case.xml", "application/xml", "The content of this report as XML", &xml),
    ];
    let held = [
        (CASE_JSON, json),
        (CASE_XML, xml),
        (CASE_XSD, texts::CASE_XSD.to_vec()),
        (PROVENANCE, provenance::write(&document)?),
    ];
    for (path, bytes) in held {
        sources.insert(path.to_owned(), Source::Held(bytes));
    }
    sources.insert(CUSTODY.to_owned(), Source::Held(custody_log(case)?));
    for (recorded, bytes) in contents.evaluations.into_iter().chain(contents.reasoning) {
        sources.insert(format!("{DATA}{}", recorded.file), Source::Held(bytes));
    }
    for (name, bytes) in case.custody().countersigned_files(case.id())? {
        sources.insert(format!("{COUNTERSIGNATURES}{name}"), Source::Held(bytes));
    }
    let proofs = audit::files(build.ledger.as_ref());
    sources.extend(proofs.into_iter().map(|(path, bytes)| (path, Source::Held(bytes))));
    let gone = case.custody().destroyed();
    for exhibit in case.exhibits().into_iter().filter(|exhibit| !gone.contains_key(exhibit.id.as_str())) {
        let source =
            Source::Exhibit { path: case.folder().join(&exhibit.file), size: exhibit.size, sha256: exhibit.sha256 };
        sources.insert(format!("{DATA}{}", exhibit.file), source);
    }
    let court = filing::filings(case, build, seals, &document, renderer)?;
    sources.extend(court.files.into_iter().map(|(path, bytes)| (path, Source::Held(bytes))));
    // The report comes last: it says what the digest of everything else is.
    let mut report = report::compose(&document, attachments, build.created);
    report.paper = build.court.profile.paper();
    if build.visible_signature && !certificates.is_empty() {
        let names: Vec<String> = certificates.iter().map(|certificate| certificate.name()).collect();
        report.blocks.extend(report::signatures(names.iter().map(String::as_str)));
    }
    report.blocks.extend(report::content_code(case.id(), &digest_of(&sources)));
    sources.insert(REPORT.to_owned(), Source::Held(renderer.render(&report)?));
    match sources.keys().find(|path| !is_safe_path(path)) {
        Some(path) => Err(Fault::internal("unsafe-path", format!("{path:?} cannot stand in a package"))),
        None => Ok((sources, court.warnings)),
    }
}

/// The digest of the lines of the payload manifest for these files.
fn digest_of(sources: &Sources) -> Digest {
    let files = sources.iter().map(|(path, source)| (path.clone(), source.sha256())).collect();
    sha256(&bag::manifest(&files))
}

fn attachment(name: &str, media_type: &str, description: &str, bytes: &[u8]) -> Attachment {
    Attachment {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        description: description.to_owned(),
        bytes: bytes.to_vec(),
    }
}

/// The custody log as far as this value of the case has read it.
fn custody_log(case: &Case) -> Result<Vec<u8>, Fault> {
    let path = case.folder().join("custody.jsonl");
    let mut log = files::read_bounded(&path, Limits::HELD_BYTES)?;
    log.truncate(case.custody().bytes as usize);
    let chain = custody::read(&log).map_err(|fault| fault.in_file(&path))?;
    match chain.head == case.custody().head {
        true => Ok(log),
        false => Err(changed("custody.jsonl")),
    }
}

/// Everything that stands beside `data/`, but for the manifests and signatures.
fn add_tags(sources: &mut Sources, case: &Case, build: &Build, key: &PublicKey) {
    let payload_bytes = sources.values().map(Source::size).sum();
    let info = bag::info(case.id(), build.created, payload_bytes, sources.len() as u64);
    let payload = sources.iter().map(|(path, source)| (path.clone(), source.sha256())).collect();
    let tags = [
        (BAGIT, bag::DECLARATION.to_vec()),
        (BAG_INFO, info),
        (PAYLOAD_MANIFEST, bag::manifest(&payload)),
        (VERIFY_TXT, texts::verify_txt(key)),
        (VERIFY_SH, texts::VERIFY_SH.to_vec()),
        (VERIFY_HTML, texts::VERIFY_HTML.to_vec()),
        (SIGNER, texts::signer(key)),
        (ALLOWED_SIGNERS, texts::allowed_signers(key)),
    ];
    for (path, bytes) in tags {
        sources.insert(path.to_owned(), Source::Held(bytes));
    }
}

/// `manifest.json`, its signatures, and the tag manifest over all of them. Returns the digest of `manifest.json`.
fn seal(sources: &mut Sources, case: &Case, build: &Build, seals: &Seals) -> Result<Digest, Fault> {
    let key = seals.key;
    let public = key.public();
    let files = sources.iter().map(|(path, source)| (path.clone(), (source.size(), source.sha256())));
    let manifest = Manifest {
        case: case.id().to_owned(),
        created: build.created,
        custody_entries: case.custody().entries.len() as u64,
        custody_head: case.custody().head,
        files: files.collect(),
        signer: public.fingerprint(),
        signers: seals.signers.iter().map(|signer| signer.certificate().sha256()).collect(),
        tool: build.tool.clone(),
    };
    let bytes = manifest.to_bytes()?;
    let digest = sha256(&bytes);
    let comment = trusted_comment(&manifest);
    let minisignature = minisign::sign(&bytes, key, minisign::key_id(&public), &comment)?;
    let mut proofs = vec![
        (SSH_SIGNATURE, sshsig::sign(&bytes, NAMESPACE, key)?.into_bytes()),
        (MINISIGNATURE, minisignature.into_bytes()),
        (MINISIGN_KEY, texts::minisign_key(&public)),
        (DSSE, statement(&manifest, digest, key)?),
    ];
    if let Some(signer) = seals.signers.first() {
        proofs.push((CADES, container::detached(&bytes, build.created, *signer)?));
    }
    proofs.push((MANIFEST, bytes));
    for (path, bytes) in proofs {
        sources.insert(path.to_owned(), Source::Held(bytes));
    }
    let tags = sources.iter().filter(|(path, _)| !is_payload(path));
    let tags = tags.map(|(path, source)| (path.clone(), source.sha256())).collect();
    sources.insert(TAG_MANIFEST.to_owned(), Source::Held(bag::manifest(&tags)));
    Ok(digest)
}

/// `proofs/manifest.dsse.json`: an in-toto statement about `manifest.json`.
fn statement(manifest: &Manifest, digest: Digest, key: &dyn Ed25519Signer) -> Result<Vec<u8>, Fault> {
    let statement = dsse::Statement {
        subjects: vec![("manifest.json".to_owned(), digest)],
        predicate_type: PREDICATE.to_owned(),
        predicate: serde_json::json!({
            "case": manifest.case,
            "created": manifest.created.to_string(),
            "custody": { "entries": manifest.custody_entries, "head": manifest.custody_head.hex() },
            "tool": { "name": manifest.tool.name, "version": manifest.tool.version },
        }),
    };
    dsse::sign(dsse::IN_TOTO, &statement.to_bytes()?, &[key])
}

/// What the minisign signature says besides; it is signed too.
pub(super) fn trusted_comment(manifest: &Manifest) -> String {
    format!("case {} sealed {}", manifest.case, manifest.created)
}
