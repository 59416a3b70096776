//! Containers of EN 319 162-1: which files are signed, by whom, and which are not.

mod cades;
mod content;
mod xades;

use std::collections::{BTreeMap, BTreeSet};

use model::{Fault, Progress};

use super::archive::{Archive, MIMETYPE};
use super::hash::Algorithm;
use super::tree::{Digests, Tree, hash_all};
use super::{Form, answer, unreadable};
use crate::Limits;
use crate::package::people::People;
use crate::package::{Ask, Check, Verification};

const META_INF: &str = "META-INF/";
const ASIC_E: &[u8] = b"application/vnd.etsi.asic-e+zip";
const ASIC_S: &[u8] = b"application/vnd.etsi.asic-s+zip";

/// The checks without which a container is not intact.
const NEEDED: &[&str] =
    &["zip-structure", "zip-names", "zip-contents", "container", crate::package::people::SIGNATURES, "coverage"];

/// The form that a file `mimetype` states.
pub(super) fn form_of(mimetype: &[u8]) -> Option<Form> {
    match mimetype.trim_ascii_end() {
        ASIC_E => Some(Form::AsicE),
        ASIC_S => Some(Form::AsicS),
        _ => None,
    }
}

/// The form that a container states, of which only the first bytes can be read.
pub(super) fn form_at(bytes: &[u8]) -> Option<Form> {
    [ASIC_E, ASIC_S].iter().find(|kind| bytes.starts_with(kind)).and_then(|kind| form_of(kind))
}

/// The form of a container that does not state it: the file `mimetype` may be missing (EN 319 162-1, 4.3.3.1 and
/// 4.4.3.1).
pub(super) fn form_by_names(names: &BTreeMap<String, u64>) -> Option<Form> {
    let roles: Vec<Role> = names.keys().filter_map(|name| Role::of(name)).collect();
    if !roles.iter().any(|role| *role != Role::Unknown) {
        return None;
    }
    let simple = roles.iter().any(|role| matches!(role, Role::Simple(_)));
    let listed = names.contains_key("META-INF/manifest.xml") || roles.contains(&Role::Manifest);
    let is_simple = simple && !listed && names.keys().filter(|name| is_object(name)).count() == 1;
    Some(if is_simple { Form::AsicS } else { Form::AsicE })
}

/// Whether a file is data rather than about data.
fn is_object(name: &str) -> bool {
    name != MIMETYPE && !name.starts_with(META_INF)
}

/// What a file in `META-INF/` is for, by its name (EN 319 162-1, 4.3.3.2, 4.4.3.2 and A.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The one signature or time stamp of an ASiC-S.
    Simple(Simple),
    /// `*signatures*.xml`.
    Xades,
    /// `ASiCManifest*.xml`, `ASiCArchiveManifest*.xml`.
    Manifest,
    /// `*signature*.p7s`, `*timestamp*.tst`: what a manifest names.
    Named,
    /// An evidence record or the list of one: not read.
    Record,
    /// The ODF manifest: it lists media types, and nothing signs it.
    Odf,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Simple {
    Xades,
    Cades,
    Stamp,
}

impl Role {
    /// `None` for what does not stand directly in `META-INF/`.
    fn of(name: &str) -> Option<Role> {
        let name = name.strip_prefix(META_INF)?;
        let is = |begin: &str, end: &str| name.starts_with(begin) && name.ends_with(end);
        Some(match name {
            "signatures.xml" => Role::Simple(Simple::Xades),
            "signature.p7s" => Role::Simple(Simple::Cades),
            "timestamp.tst" => Role::Simple(Simple::Stamp),
            "manifest.xml" => Role::Odf,
            _ if is("ASiCManifest", ".xml") || is("ASiCArchiveManifest", ".xml") => Role::Manifest,
            _ if is("ASiCEvidenceRecordManifest", ".xml") || name.contains("evidencerecord") => Role::Record,
            _ if name.ends_with(".ers") => Role::Record,
            _ if name.contains("signatures") && name.ends_with(".xml") => Role::Xades,
            _ if name.ends_with(".p7s") || name.ends_with(".tst") => Role::Named,
            _ => Role::Unknown,
        })
    }
}

/// A container whose signatures are being judged.
struct Container<'a> {
    form: Form,
    archive: &'a Archive<'a>,
    ask: &'a Ask<'a>,
    /// What stands in `META-INF/`, but for what is not read.
    beside: BTreeMap<&'a str, Vec<u8>>,
    /// The digests that signatures ask for, of what is there.
    digests: BTreeMap<String, Digests>,
    people: People,
    /// The files that a good signature or time stamp is over.
    covered: BTreeSet<String>,
}

/// Checks a container.
pub(super) fn verify(
    form: Form,
    archive: &Archive<'_>,
    ask: &Ask,
    progress: &dyn Progress,
) -> Result<Verification, Fault> {
    let size = (archive.files().len() as u64, archive.bytes());
    let mut checks = archive.checks();
    if !archive.is_sound() {
        checks.push(Check::not_checked("zip-contents", "Nothing is unpacked from a zip with such flaws."));
        return Ok(answer(form, checks, NEEDED, size));
    }
    let mut container = Container {
        form,
        archive,
        ask,
        beside: BTreeMap::new(),
        digests: BTreeMap::new(),
        people: People::default(),
        covered: BTreeSet::new(),
    };
    let unread = container.read().map_err(unreadable)?;
    container.digests = hash_all(archive, &container.wanted(), progress).map_err(unreadable)?;
    checks.push(container.contents());
    checks.push(container.shape().map_err(unreadable)?);
    container.judge().map_err(unreadable)?;
    unread.iter().for_each(|why| container.people.unreadable("signatures", why));
    checks.append(&mut container.people.checks);
    checks.push(container.people.all());
    checks.push(container.coverage());
    checks.extend(container.strangers());
    checks.extend(container.people.enough(ask, 0));
    let signers = std::mem::take(&mut container.people.signers);
    Ok(Verification { signers, ..answer(form, checks, NEEDED, size) })
}

impl<'a> Container<'a> {
    /// Reads what stands in `META-INF/`. What is too large is named.
    fn read(&mut self) -> std::io::Result<Vec<String>> {
        let mut unread = Vec::new();
        let mut left = Limits::HELD_BYTES;
        let names = self.archive.files().iter().filter(|(name, _)| Role::of(name).is_some_and(Role::is_read));
        for (number, (name, size)) in names.enumerate() {
            if number >= Limits::FOREIGN_SIGNATURES || *size > left {
                unread.push(format!("{name}: there are more signatures than are read."));
                continue;
            }
            left -= size;
            match self.archive.held(name, Limits::FOREIGN_SIGNATURE_BYTES)? {
                Ok(bytes) => drop(self.beside.insert(name, bytes)),
                Err(why) => unread.push(format!("{why}.")),
            }
        }
        Ok(unread)
    }

    /// Which digests of which files it takes. The content of every data object is read, for its CRC.
    fn wanted(&self) -> BTreeMap<String, BTreeSet<Algorithm>> {
        let objects = self.archive.files().keys().filter(|name| is_object(name));
        let mut wanted: BTreeMap<String, BTreeSet<Algorithm>> =
            objects.map(|name| (name.clone(), BTreeSet::new())).collect();
        let mut want = |path: String, algorithm| _ = wanted.entry(path).or_default().insert(algorithm);
        for (name, bytes) in &self.beside {
            match Role::of(name) {
                Some(Role::Xades | Role::Simple(Simple::Xades)) => {
                    // What is no document of signatures is named when it is judged.
                    let references = seal::xades::references(bytes).unwrap_or_default();
                    references.into_iter().for_each(|(path, hash)| want(path, hash.into()));
                }
                Some(Role::Manifest) => {
                    let files = seal::xades::manifest(bytes).map(|manifest| manifest.files).unwrap_or_default();
                    files.into_iter().for_each(|file| _ = file.hash.map(|hash| want(file.path, hash.into())));
                }
                _ => {}
            }
        }
        wanted
    }

    fn contents(&self) -> Check {
        let broken = self.digests.iter().filter_map(|(name, read)| Some(format!("{name}: {}", read.as_ref().err()?)));
        Check::of("zip-contents", "Every file unpacks to the size and CRC that the zip states.", broken.collect())
    }

    /// What it says it is, and whether it has the files for that.
    fn shape(&self) -> std::io::Result<Check> {
        let mut places = Vec::new();
        let objects = self.archive.files().keys().filter(|name| is_object(name)).count();
        let mut said = format!("It is an {}", self.form.word());
        if self.archive.files().contains_key(MIMETYPE) {
            match self.archive.held(MIMETYPE, 1024)? {
                Ok(bytes) if form_of(&bytes) == Some(self.form) => {}
                // A document that is also a container keeps its own type (EN 319 162-1, A.1).
                Ok(_) => said.push_str(", and its mimetype names the document that it also is"),
                Err(why) => places.push(why),
            }
            if let Some(flaw) = self.archive.mimetype_flaw() {
                said.push_str(&format!(" (against EN 319 162-1, A.1, of its mimetype: {flaw})"));
            }
        } else {
            said.push_str(", though no mimetype says so");
        }
        if objects == 0 {
            places.push("the container: it holds no data".to_owned());
        }
        if self.form == Form::AsicS {
            let simple = self.beside.keys().filter(|name| matches!(Role::of(name), Some(Role::Simple(_)))).count();
            if objects > 1 {
                places.push(format!("the container: an ASiC-S holds one file of data, this one {objects}"));
            }
            if simple > 1 {
                places.push(format!("the container: an ASiC-S has one signature file, this one {simple}"));
            }
        }
        Ok(Check::of("container", format!("{said}."), places))
    }

    /// Every file of data is under a good signature or time stamp.
    fn coverage(&self) -> Check {
        if self.people.is_empty() {
            return Check::not_checked("coverage", "Nothing in it is signed.");
        }
        let objects: Vec<&String> = self.archive.files().keys().filter(|name| is_object(name)).collect();
        let open = objects.iter().filter(|name| !self.covered.contains(**name));
        let places = open.map(|name| format!("{name}: no good signature or time stamp is over it")).collect();
        Check::of("coverage", format!("Each of the {} files of data is signed or stamped.", objects.len()), places)
    }

    /// Files in `META-INF/` that are not read. Nothing signs what stands there.
    fn strangers(&self) -> Vec<Check> {
        let names = self.archive.files().keys().filter(|name| Role::of(name) == Some(Role::Unknown));
        let why = "It stands in META-INF, nothing signs it, and it is not read.";
        names.take(Limits::PLACES).map(|name| Check::not_checked(format!("stranger: {name}"), why)).collect()
    }

    /// What a signature is over, for people: all files of data, or which.
    fn scope(&mut self, name: &str, paths: &BTreeSet<String>) {
        let objects: Vec<&String> = self.archive.files().keys().filter(|name| is_object(name)).collect();
        let there: Vec<&String> = objects.iter().copied().filter(|object| paths.contains(*object)).collect();
        let said = match there.len() {
            all if all == objects.len() => format!("It is over all {all} files of data."),
            0 => "It is over no file of data.".to_owned(),
            some => {
                let first: Vec<&str> = there.iter().take(3).map(|name| name.as_str()).collect();
                let more = if some > 3 { ", …" } else { "" };
                format!("It is over {some} of {} files of data: {}{more}", objects.len(), first.join(", "))
            }
        };
        self.people.checks.push(Check::passed(format!("scope: {name}"), said));
    }
}

impl Role {
    fn is_read(self) -> bool {
        !matches!(self, Role::Unknown | Role::Odf | Role::Record)
    }
}
