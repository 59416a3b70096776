//! What lies in the zip is what the manifests list: form, names, digests, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use model::Digest;

use super::super::bag;
use super::super::container::{MEDIA_TYPE, ODF_MANIFEST, odf_manifest};
use super::super::intake::{Package, Seen};
use super::super::manifest::Manifest;
use super::super::paths::*;
use super::super::texts::TIME_PENDING;
use super::super::verification::Check;
use crate::zip::MIMETYPE;

pub(super) fn zip_checks(package: &Package) -> Vec<Check> {
    let flaws = |name: bool| {
        let flaws = package.directory.flaws.iter().filter(|flaw| flaw.name == name);
        flaws.map(|flaw| format!("{}: {}", flaw.place, flaw.what)).collect()
    };
    vec![
        Check::of("zip-structure", "Every byte of the zip outside the files is as it must be.", flaws(false)),
        Check::of("zip-names", "Every name is safe, and stands once.", flaws(true)),
        Check::of("zip-contents", "Every file has the CRC that the zip states.", package.crc.clone()),
    ]
}

/// `mimetype`, the ODF manifest, and nothing in `META-INF/` that has no place there.
pub(super) fn container_check(package: &Package) -> Check {
    let mut places = Vec::new();
    if package.beside.get(MIMETYPE).map(Vec::as_slice) != Some(MEDIA_TYPE.as_bytes()) {
        places.push(format!("{MIMETYPE}: it is missing or does not say {MEDIA_TYPE}"));
    }
    let mut bag: Vec<String> = package.seen.keys().map(|path| format!("{BAG}{path}")).collect();
    bag.sort();
    if package.beside.get(ODF_MANIFEST).map(Vec::as_slice) != Some(odf_manifest(bag.iter()).as_bytes()) {
        places.push(format!("{ODF_MANIFEST}: it does not list the files of the package as probity writes it"));
    }
    let has_cades = package.held(CADES).is_ok();
    let numbers = package.beside.keys().filter(|name| signature_number(name).is_some()).count();
    let unknown = package.beside.keys().filter(|name| !is_beside(name, has_cades, numbers));
    places.extend(unknown.map(|name| format!("{name}: added (a package has no such file beside its bag)")));
    if package.beside.get(PENDING).is_some_and(|text| text != TIME_PENDING) {
        places.push(format!("{PENDING}: it does not say what such a file says"));
    }
    Check::of("container", "The container says what it is, and holds nothing that has no place in it.", places)
}

/// Whether a package may have a file of this name beside its bag. What no check would read has no place there: time stamps
/// and proofs of a signature that is not the one they are made over, signatures behind a gap in their numbers.
fn is_beside(name: &str, has_cades: bool, signatures: usize) -> bool {
    let over = if has_cades { [CADES_STAMP, CADES_ANCHOR] } else { [SSH_STAMP, SSH_ANCHOR] };
    [MIMETYPE, ODF_MANIFEST, PENDING, REPORT_STAMP].contains(&name)
        || over.contains(&name)
        || signature_number(name).is_some_and(|number| usize::from(number) < signatures)
}

/// The number of a XAdES signature.
fn signature_number(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("META-INF/signatures")?.strip_suffix(".xml")?;
    digits.parse().ok().filter(|number: &u8| number.to_string() == digits)
}

/// `bagit.txt` and `bag-info.txt` say what they must.
pub(super) fn bag_check(package: &Package, manifest: Result<&Manifest, &String>) -> Check {
    let mut places = Vec::new();
    if package.held(BAGIT) != Ok(bag::DECLARATION) {
        places.push(format!("{BAGIT}: it is missing or does not say BagIt 1.0, UTF-8"));
    }
    if let Ok(manifest) = manifest {
        let payload: Vec<&Seen> =
            package.seen.iter().filter(|(path, _)| is_payload(path)).map(|(_, seen)| seen).collect();
        let bytes = payload.iter().map(|seen| seen.size).sum();
        let expect = bag::info(&manifest.case, manifest.created, bytes, payload.len() as u64);
        if package.held(BAG_INFO) != Ok(&expect) {
            places.push(format!("{BAG_INFO}: it does not state this case, date, and size and number of payload files"));
        }
    }
    Check::of("bag", "The bag is declared as BagIt 1.0, and its size and number of files are as stated.", places)
}

/// A manifest of the bag lists every file it must, with its digest, and no other.
pub(super) fn list_check(package: &Package, name: &'static str, list: &str, belongs: impl Fn(&str) -> bool) -> Check {
    let listed =
        match package.held(list).and_then(|bytes| bag::read_manifest(bytes).map_err(|why| format!("{list}: {why}"))) {
            Ok(listed) => listed,
            Err(why) => return Check::failed(name, why),
        };
    let there = package.seen.iter().filter(|(path, _)| belongs(path)).map(|(path, seen)| (path, seen.sha256));
    let places = compare(listed.iter().map(|(path, digest)| (path, *digest)).collect(), there.collect(), list);
    Check::of(name, format!("The {} files that {list} lists are there, unchanged, and no other.", listed.len()), places)
}

/// Names what was changed, removed, added and renamed.
fn compare(listed: BTreeMap<&String, Digest>, there: BTreeMap<&String, Digest>, list: &str) -> Vec<String> {
    let mut places = Vec::new();
    let added: BTreeMap<Digest, &String> =
        there.iter().filter(|(path, _)| !listed.contains_key(*path)).map(|(path, digest)| (*digest, *path)).collect();
    let mut renamed = BTreeSet::new();
    for (path, digest) in &listed {
        match (there.get(path), added.get(digest)) {
            (Some(found), _) if found == digest => {}
            (Some(_), _) => places.push(format!("{path}: changed (its digest is not the one in {list})")),
            (None, Some(other)) => {
                renamed.insert(*other);
                places.push(format!("{path}: renamed to {other}"));
            }
            (None, None) => places.push(format!("{path}: missing ({list} lists it)")),
        }
    }
    let unlisted = added.values().filter(|path| !renamed.contains(*path));
    places.extend(unlisted.map(|path| format!("{path}: added ({list} does not list it)")));
    places
}

/// `manifest.json` lists every file but itself and what stands over it, with size and digest.
pub(super) fn manifest_check(package: &Package, manifest: Result<&Manifest, &String>) -> Check {
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(why) => return Check::failed("manifest", why.clone()),
    };
    let sealed = package.seen.iter().filter(|(path, _)| is_sealed(path));
    let there: BTreeMap<_, _> = sealed.clone().map(|(path, seen)| (path, seen.sha256)).collect();
    let listed = manifest.files.iter().map(|(path, (_, digest))| (path, *digest)).collect();
    let mut places = compare(listed, there, MANIFEST);
    for (path, seen) in sealed {
        if manifest.files.get(path).is_some_and(|(size, _)| *size != seen.size) {
            places.push(format!("{path}: it has {} bytes, {MANIFEST} says otherwise", seen.size));
        }
    }
    Check::of("manifest", format!("{MANIFEST} lists {} files, each as it is there.", manifest.files.len()), places)
}
