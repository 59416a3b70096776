//! BagIt bags (RFC 8493): every file that is listed is there as it was, and every file that is there is listed.
//!
//! A bag is intact or not; nobody signs it. Whoever can change a file can change the lists as well, unless they are kept or
//! signed elsewhere: verify says so by leaving the signer unanswered.

pub(super) mod lists;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use model::{Fault, Progress};

use super::archive::Archive;
use super::folder::{Folder, shown};
use super::hash::Algorithm;
use super::tree::{Digests, Tree, hash_all};
use super::{Form, answer, unreadable};
use crate::Limits;
use crate::package::people::People;
use crate::package::{Ask, Check, Question, Verification};
use lists::{List, Version};

/// The file that makes a folder a bag.
pub(super) const DECLARATION: &str = "bagit.txt";
const INFO: &str = "bag-info.txt";
const FETCH: &str = "fetch.txt";
const PAYLOAD: &str = "data/";

const NEEDED: &[&str] = &["bag", "payload-manifest"];
const NEEDED_ZIPPED: &[&str] = &["zip-structure", "zip-names", "bag", "payload-manifest"];

/// The folder in a zip that is a bag, with its slash; empty when the zip itself is one.
pub(super) fn root_of(names: &BTreeMap<String, u64>) -> Option<String> {
    if names.contains_key(DECLARATION) {
        return Some(String::new());
    }
    let roots = names.keys().filter_map(|name| name.strip_suffix(DECLARATION));
    let mut roots = roots.filter(|root| root.matches('/').count() == 1 && root.ends_with('/'));
    let root = roots.next()?;
    roots.next().is_none().then(|| root.to_owned())
}

/// Checks a bag in a zip.
pub(super) fn verify_zip(archive: &Archive<'_>, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    let mut checks = archive.checks();
    let size = (archive.files().len() as u64, archive.bytes());
    let root = root_of(archive.files()).filter(|_| archive.is_sound());
    let Some(root) = root else {
        checks.push(Check::not_checked("bag", "Nothing is unpacked from a zip with such flaws."));
        return Ok(answer(Form::ZippedBag, checks, NEEDED_ZIPPED, size));
    };
    // RFC 8493 §4: a bag is packed from the folder above it, alone.
    let beside = archive.files().keys().filter(|name| !name.starts_with(&root));
    let places: Vec<String> = beside.map(|name| format!("{}: it lies beside the bag", shown(name))).collect();
    let mut notes = Vec::new();
    if root.is_empty() {
        notes.push("it was packed without the folder around it".to_owned());
    }
    let bag = Bag { tree: archive, root };
    checks.extend(bag.verify(places, notes, progress).map_err(unreadable)?);
    checks.extend(nobody(ask));
    Ok(answer(Form::ZippedBag, checks, NEEDED_ZIPPED, size))
}

/// Checks a bag in a folder.
pub(super) fn verify_folder(folder: &Folder, ask: &Ask, progress: &dyn Progress) -> Result<Verification, Fault> {
    let bag = Bag { tree: folder, root: String::new() };
    let mut checks = bag.verify(folder.flaws.clone(), Vec::new(), progress).map_err(unreadable)?;
    checks.extend(nobody(ask));
    let size = (folder.files().len() as u64, folder.files().values().sum());
    Ok(answer(Form::Bag, checks, NEEDED, size))
}

/// Who names people to trust, or asks for signers, must not take a bag for an answer.
fn nobody(ask: &Ask) -> Option<Check> {
    if ask.anchors.is_empty() && ask.keys.is_empty() {
        return People::default().enough(ask, 0);
    }
    let why = "You named whom you trust, and nobody signed this: a bag has no signature.";
    Some(Check::failed("signer", why).about(Question::SignerTrusted))
}

struct Bag<'t> {
    tree: &'t dyn Tree,
    /// What stands before every path of the bag.
    root: String,
}

/// The lists of one kind, by name; those in digests that are not known have none.
type Lists = BTreeMap<String, Option<(Algorithm, List)>>;

/// What was read of a bag.
struct Seen {
    version: Version,
    payload: Lists,
    tags: Lists,
    /// Path in the bag → its digests.
    digests: BTreeMap<String, Digests>,
    /// What `fetch.txt` says may be had elsewhere.
    elsewhere: BTreeSet<String>,
}

impl Bag<'_> {
    /// `places` is what is wrong before anything was read, `notes` what is unusual.
    fn verify(
        &self,
        mut places: Vec<String>,
        mut notes: Vec<String>,
        progress: &dyn Progress,
    ) -> io::Result<Vec<Check>> {
        let declared = self.held(DECLARATION, 1 << 16)?.and_then(|bytes| lists::declaration(&bytes));
        let version = match declared {
            Ok((version, more)) => {
                notes.extend(more);
                version
            }
            Err(why) => {
                places.insert(0, format!("{DECLARATION}: {why}"));
                return Ok(vec![Check::of("bag", "", places)]);
            }
        };
        let fetch = self.fetch(version)?;
        let (payload, tags) = (self.lists("manifest-", version)?, self.lists("tagmanifest-", version)?);
        let wanted = self.wanted(&payload, &tags);
        let digests = hash_all(self.tree, &wanted, progress)?;
        let digests = digests.into_iter().map(|(path, read)| (path[self.root.len()..].to_owned(), read)).collect();
        let elsewhere = fetch.iter().flatten().flatten().cloned().collect();
        let seen = Seen { version, payload, tags, digests, elsewhere };
        let oxum = self.oxum()?;
        let of_lists = seen.payload.values().chain(seen.tags.values()).flatten();
        notes.extend(of_lists.flat_map(|(_, list)| list.notes.clone()));
        notes.sort();
        notes.dedup();
        let mut said = format!("It is a bag of BagIt {}.{}", version.0, version.1);
        if !notes.is_empty() {
            said.push_str(&format!(" ({})", notes.join("; ")));
        }
        let mut checks = vec![Check::of("bag", format!("{said}."), places)];
        checks.push(self.payload_check(&seen));
        checks.push(self.tag_check(&seen));
        checks.push(oxum);
        checks.extend(fetch.map(|fetch| fetch_check(fetch, self)));
        checks.extend(weak_check(&seen));
        Ok(checks)
    }

    /// The paths of the files in the bag.
    fn paths(&self) -> impl Iterator<Item = &str> {
        self.tree.files().keys().filter_map(|path| path.strip_prefix(&self.root))
    }

    fn has(&self, path: &str) -> bool {
        self.tree.files().contains_key(&format!("{}{path}", self.root))
    }

    fn held(&self, path: &str, most: u64) -> io::Result<Result<Vec<u8>, String>> {
        self.tree.held(&format!("{}{path}", self.root), most)
    }

    /// The lists whose names begin so, read.
    fn lists(&self, begin: &str, version: Version) -> io::Result<Lists> {
        let mut lists = Lists::new();
        for name in self.paths().filter(|path| !path.contains('/')) {
            let Some(word) = name.strip_prefix(begin).and_then(|rest| rest.strip_suffix(".txt")) else { continue };
            let Some(algorithm) = Algorithm::named(word) else {
                lists.insert(name.to_owned(), None);
                continue;
            };
            let list = match self.held(name, Limits::FOREIGN_MANIFEST_BYTES)? {
                Ok(bytes) => lists::list(&bytes, algorithm, version),
                Err(why) => List { faults: vec![why], ..List::default() },
            };
            lists.insert(name.to_owned(), Some((algorithm, list)));
        }
        Ok(lists)
    }

    /// The digests that the lists name, of what is there. All of the payload is read.
    fn wanted(&self, payload: &Lists, tags: &Lists) -> BTreeMap<String, BTreeSet<Algorithm>> {
        let all = self.paths().filter(|path| path.starts_with(PAYLOAD));
        let mut wanted: BTreeMap<String, BTreeSet<Algorithm>> =
            all.map(|path| (format!("{}{path}", self.root), BTreeSet::new())).collect();
        for (algorithm, list) in payload.values().chain(tags.values()).flatten() {
            for path in list.files.keys().filter(|path| self.has(path)) {
                wanted.entry(format!("{}{path}", self.root)).or_default().insert(*algorithm);
            }
        }
        wanted
    }

    fn payload_check(&self, seen: &Seen) -> Check {
        let name = "payload-manifest";
        let known: Vec<&str> = known(&seen.payload);
        if seen.payload.is_empty() {
            return Check::failed(name, "The bag has no list of its payload (manifest-….txt).");
        }
        if known.is_empty() {
            let names: Vec<&str> = seen.payload.keys().map(String::as_str).collect();
            return Check::not_checked(name, format!("{} lists digests that are not made here.", names.join(", ")));
        }
        let mut places = Vec::new();
        let payload: Vec<&str> = self.paths().filter(|path| path.starts_with(PAYLOAD)).collect();
        let mut listed: BTreeSet<&str> = BTreeSet::new();
        for (name, (algorithm, list)) in entries(&seen.payload) {
            places.extend(list.faults.iter().map(|fault| format!("{name}: {fault}")));
            let outside = list.files.keys().filter(|path| !path.starts_with(PAYLOAD));
            places.extend(outside.map(|path| format!("{name}: {} is not payload (data/…)", shown(path))));
            places.extend(compare(name, *algorithm, list, seen));
            listed.extend(list.files.keys().map(String::as_str));
            // §2.1.3: since 1.0 each list is complete; before, all of them together were.
            if seen.version.is_strict() {
                let open = payload.iter().filter(|path| !list.files.contains_key(**path));
                places.extend(open.map(|path| format!("{}: added ({name} does not list it)", shown(path))));
            }
        }
        if !seen.version.is_strict() {
            let open = payload.iter().filter(|path| !listed.contains(**path));
            places.extend(open.map(|path| format!("{}: added (no list has it)", shown(path))));
        }
        let passed =
            format!("The {} files that {} lists are there, unchanged, and no other.", listed.len(), known.join(", "));
        Check::of(name, passed, places)
    }

    fn tag_check(&self, seen: &Seen) -> Check {
        let name = "tag-manifest";
        let known = known(&seen.tags);
        if known.is_empty() {
            let why = "No list covers the files about the bag (tagmanifest-….txt): a change of them would not be seen.";
            return Check::not_checked(name, why);
        }
        let mut places = Vec::new();
        let mut listed: BTreeSet<&str> = BTreeSet::new();
        for (name, (algorithm, list)) in entries(&seen.tags) {
            places.extend(list.faults.iter().map(|fault| format!("{name}: {fault}")));
            places.extend(compare(name, *algorithm, list, seen));
            listed.extend(list.files.keys().map(String::as_str));
            // §2.2.1: it lists every list of the payload, and no list of tags.
            let missing = seen.payload.keys().filter(|manifest| !list.files.contains_key(*manifest));
            places.extend(missing.map(|manifest| format!("{manifest}: {name} does not list it")));
            let own = list.files.keys().filter(|path| seen.tags.contains_key(*path));
            places.extend(own.map(|path| format!("{name}: it lists {path}, which it must not")));
        }
        let open: Vec<String> = self
            .paths()
            .filter(|path| !path.starts_with(PAYLOAD) && !listed.contains(path) && !seen.tags.contains_key(*path))
            .map(shown)
            .collect();
        let mut passed =
            format!("The {} files about the bag that {} lists are unchanged.", listed.len(), known.join(", "));
        if !open.is_empty() {
            let first: Vec<&str> = open.iter().take(3).map(String::as_str).collect();
            passed.push_str(&format!(" Not listed there: {} ({} in all).", first.join(", "), open.len()));
        }
        Check::of(name, passed, places)
    }

    /// `Payload-Oxum`: how many files and bytes the payload has.
    fn oxum(&self) -> io::Result<Check> {
        let name = "payload-oxum";
        if !self.has(INFO) {
            return Ok(Check::not_checked(name, format!("The bag has no {INFO}.")));
        }
        let stated = self.held(INFO, 1 << 24)?.and_then(|bytes| lists::oxum(&bytes));
        let payload = self
            .tree
            .files()
            .iter()
            .filter(|(path, _)| path.strip_prefix(&self.root).is_some_and(|path| path.starts_with(PAYLOAD)));
        let there = payload.fold((0_u64, 0_u64), |(bytes, files), (_, size)| (bytes.saturating_add(*size), files + 1));
        Ok(match stated {
            Err(why) => Check::failed(name, format!("{INFO}: {why}")),
            Ok(None) => Check::not_checked(name, format!("{INFO} does not state the size of the payload.")),
            Ok(Some(stated)) if stated == there => Check::passed(
                name,
                format!("The payload has {} bytes in {} files, as {INFO} states.", there.0, there.1),
            ),
            Ok(Some((bytes, files))) => Check::failed(
                name,
                format!("{INFO} states {bytes} bytes in {files} files; the payload has {} in {}", there.0, there.1),
            ),
        })
    }

    /// `fetch.txt`, if there is one.
    fn fetch(&self, version: Version) -> io::Result<Option<Result<Vec<String>, String>>> {
        if !self.has(FETCH) {
            return Ok(None);
        }
        Ok(Some(self.held(FETCH, 1 << 24)?.and_then(|bytes| lists::fetch(&bytes, version))))
    }
}

fn entries(lists: &Lists) -> impl Iterator<Item = (&String, &(Algorithm, List))> {
    lists.iter().filter_map(|(name, list)| Some((name, list.as_ref()?)))
}

fn known(lists: &Lists) -> Vec<&str> {
    entries(lists).map(|(name, _)| name.as_str()).collect()
}

/// What a list says against what is there.
fn compare(name: &str, algorithm: Algorithm, list: &List, seen: &Seen) -> Vec<String> {
    let judge = |(path, digest): (&String, &Vec<u8>)| {
        let what = match seen.digests.get(path) {
            None if seen.elsewhere.contains(path) => {
                format!("missing ({FETCH} says where it may be had; nothing is fetched here)")
            }
            None => format!("missing ({name} lists it)"),
            Some(Err(why)) => why.clone(),
            Some(Ok(digests)) if digests.get(&algorithm) == Some(digest) => return None,
            Some(Ok(_)) => format!("changed (its {} digest is not the one in {name})", algorithm.name()),
        };
        Some(format!("{}: {what}", shown(path)))
    };
    list.files.iter().filter_map(judge).collect()
}

fn fetch_check(fetch: Result<Vec<String>, String>, bag: &Bag<'_>) -> Check {
    match fetch {
        Err(why) => Check::failed("fetch", format!("{FETCH}: {why}")),
        Ok(paths) => {
            let absent = paths.iter().filter(|path| !bag.has(path)).count();
            let why = match absent {
                0 => format!("{FETCH} names {} files, all of which are there.", paths.len()),
                _ => {
                    format!("{FETCH} names {} files, of which {absent} are not there. Nothing is fetched.", paths.len())
                }
            };
            Check::not_checked("fetch", why)
        }
    }
}

/// Digests that do not withstand intent.
fn weak_check(seen: &Seen) -> Option<Check> {
    let all: Vec<Algorithm> = entries(&seen.payload).map(|(_, (algorithm, _))| *algorithm).collect();
    let names: Vec<&str> = all.iter().map(|algorithm| algorithm.name()).collect();
    let why = format!(
        "The payload is listed by {} alone: that shows accidents, and not that nobody changed it on purpose.",
        names.join(" and ")
    );
    (!all.is_empty() && all.iter().all(|one| one.is_weak())).then(|| Check::not_checked("weak-digests", why))
}
