//! Finds every signature of a file and says what each is worth.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::{Dictionary, Object};
use model::{Fault, Instant};
use seal::{Answer, Revocations, Signed, Trust};

use crate::changes::{Change, Lock, Permission, SHOWS, changes};
use crate::form::{Field, fields, text};
use crate::range::{self, Place};
use crate::read::{Broken, File, Item, Location, View, decode};
use crate::revision::{Revision, Revisions, revisions};
use crate::{Limits, crypto, date};

/// What a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody signed.
    Signature,
    /// An authority stamped the document.
    DocumentTimestamp,
}

/// A signature that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name of its field.
    pub field: String,
    /// What it is.
    pub kind: Kind,
    /// What it is worth. `intact` is no when the document was changed after signing in a way that is not accepted.
    pub signed: Signed,
    /// The revision that it signs, from 1; 0 if it signs none.
    pub revision: usize,
    /// How many revisions the file has.
    pub revisions: usize,
    /// Whether nothing follows after what it signs.
    pub covers_whole_file: Answer,
    /// What later revisions did.
    pub changes_after: Vec<Change>,
    /// Why it was signed, as the signer says.
    pub reason: String,
    /// Where it was signed, as the signer says.
    pub location: String,
}

/// Every signature of a PDF in the order of what they sign. Nothing signed is an empty list: that is not "verified".
///
/// Signatures that a later revision took out of the form are found as well. An encrypted file gives one answer that says so.
///
/// # Errors
/// `pdf-broken` when no part of the file can be read as a PDF.
pub fn signatures(pdf: &[u8], trust: &Trust<'_>) -> Result<Vec<Found>, Fault> {
    let file = File::new(pdf).map_err(Broken::fault)?;
    let Revisions { all, unread } = revisions(&file).map_err(Broken::fault)?;
    if all.iter().any(|revision| revision.view.trailer().has(b"Encrypt")) {
        return Ok(vec![encrypted(all.len())]);
    }
    let mut judge = Judge { file: &file, all: &all, unread, compared: HashMap::new() };
    let evidence = all.last().map(|newest| evidence(&file, &newest.view)).unwrap_or_default();
    let mut open = judge.find()?;
    // The newest first: the time of a stamp that is trusted is the time at which what it covers is judged.
    open.sort_by_key(|found| std::cmp::Reverse(found.revision));
    let mut at = *trust;
    let mut stamp: Option<(usize, Instant, String)> = None;
    let mut judged = Vec::new();
    for raw in open {
        let covered = stamp.as_ref().filter(|(revision, _, _)| *revision > raw.revision);
        if let Some((_, time, _)) = covered {
            at.now = *time;
        }
        let mut found = judge.judge(raw, &at, &evidence);
        if let Some((_, time, name)) = covered {
            found.signed.was_there(*time, name);
        }
        let signed = &found.signed;
        let good = signed.intact.is_yes() && signed.time_trusted.is_yes() && found.kind == Kind::DocumentTimestamp;
        if let Some(time) = signed.stamped.filter(|_| good) {
            stamp = Some((found.revision, time, found.field.clone()));
        }
        judged.push(found);
    }
    judged.reverse();
    Ok(judged)
}

fn encrypted(revisions: usize) -> Found {
    let answer = || Answer::NotChecked("The PDF is encrypted: what is signed in it was not looked at.".to_owned());
    Found {
        field: String::new(),
        kind: Kind::Signature,
        signed: Signed { intact: answer(), signer_trusted: answer(), time_trusted: answer(), ..Signed::unreadable("") },
        revision: 0,
        revisions,
        covers_whole_file: answer(),
        changes_after: Vec::new(),
        reason: String::new(),
        location: String::new(),
    }
}

/// A signature field with its signature dictionary.
struct Raw {
    field: Field,
    dict: Dictionary,
    /// The revision in which it appeared, from 1.
    appeared: usize,
    /// What it covers, or what is wrong with that.
    place: Result<Place, String>,
    /// The revision that it signs, from 1; 0 for none.
    revision: usize,
}

struct Judge<'f, 'a> {
    file: &'f File<'a>,
    all: &'f [Revision],
    unread: Option<Broken>,
    /// What was compared already: the later of two revisions, and the permission.
    compared: HashMap<(usize, String), Vec<Change>>,
}

impl Judge<'_, '_> {
    /// The signatures of every revision, each once.
    fn find(&self) -> Result<Vec<Raw>, Fault> {
        let mut found: Vec<(Location, Raw)> = Vec::new();
        for (number, revision) in (1..).zip(self.all) {
            let listed = match fields(self.file, &revision.view) {
                Ok(listed) => listed,
                // A later revision that broke the form is found as a change.
                Err(_) if !found.is_empty() => continue,
                Err(broken) => return Err(broken.fault()),
            };
            for field in listed.into_iter().filter(|field| field.is_signature() && field.is_filled()) {
                let (location, read) = self.dictionary(&revision.view, &field, number);
                if found.iter().any(|(known, raw)| *known == location && raw.field.name == field.name) {
                    continue;
                }
                if found.len() >= Limits::SIGNATURES {
                    return Err(Broken("it has too many signatures".to_owned()).fault());
                }
                let place = read.as_ref().map_err(Clone::clone).and_then(|item| range::read(self.file, item));
                let dict = read.ok().and_then(|item| item.dictionary().cloned()).unwrap_or_default();
                let signs = place.as_ref().ok().and_then(|place| {
                    self.all.iter().position(|revision| revision.ends_at(self.file, place.end)).map(|at| at + 1)
                });
                let raw = Raw { field, dict, appeared: number, place, revision: signs.unwrap_or(0) };
                found.push((location, raw));
            }
        }
        Ok(found.into_iter().map(|(_, raw)| raw).collect())
    }

    /// The signature dictionary of a field and where it stands. Only an object of its own can be signed around.
    fn dictionary(&self, view: &View, field: &Field, number: usize) -> (Location, Result<Rc<Item>, String>) {
        let inline = || "The signature is no object of its own.".to_owned();
        let Some(id) = field.value() else { return (Location::In(number, usize::MAX), Err(inline())) };
        let location = view.location(id.0).unwrap_or(Location::In(number, id.0 as usize));
        let item = self.file.get(view, id);
        (location, item.map_err(|broken| format!("The signature dictionary cannot be read: {}.", broken.0)))
    }

    fn judge(&mut self, raw: Raw, trust: &Trust<'_>, evidence: &Revocations) -> Found {
        let dict = raw.dict.clone();
        let word = |key: &[u8]| dict.get(key).map(text).unwrap_or_default();
        let sub_filter = dict.get(b"SubFilter").and_then(Object::as_name).unwrap_or_default().to_vec();
        let stamp = sub_filter == b"ETSI.RFC3161" || dict.has_type(b"DocTimeStamp");
        let kind = if stamp { Kind::DocumentTimestamp } else { Kind::Signature };
        let mut signed = match self.checked_place(&raw) {
            Ok(place) => crypto::verify(&sub_filter, place, self.file.bytes, trust, evidence),
            Err(reason) => Signed::unreadable(reason),
        };
        if signed.claimed.is_none() {
            signed.claimed = date::read(&word(b"M"));
        }
        let mut changes_after = if raw.revision > 0 { self.after(&raw, &dict) } else { Vec::new() };
        let covers_whole_file = self.coverage(&raw, &mut changes_after);
        for change in changes_after.iter().filter(|change| change.accepted && change.what.contains(SHOWS)) {
            signed.notes.push(format!("In revision {}: {}", change.revision, change.what));
        }
        let refused: Vec<&Change> = changes_after.iter().filter(|change| !change.accepted).collect();
        if let (Some(first), true) = (refused.first(), signed.intact.is_yes()) {
            let more = match refused.len() - 1 {
                0 => String::new(),
                more => format!(" ({more} more)"),
            };
            signed.intact = Answer::No(format!("The document was changed after signing: {}{more}", first.what));
        }
        Found {
            field: raw.field.name,
            kind,
            signed,
            revision: raw.revision,
            revisions: self.all.len(),
            covers_whole_file,
            changes_after,
            reason: word(b"Reason"),
            location: word(b"Location"),
        }
    }

    /// The place of a signature that signs the revision it came with.
    fn checked_place<'r>(&self, raw: &'r Raw) -> Result<&'r Place, String> {
        let place = raw.place.as_ref().map_err(Clone::clone)?;
        if raw.revision == 0 {
            return Err(format!("The signed bytes end at byte {}, where no revision ends.", place.end));
        }
        if raw.revision != raw.appeared {
            return Err(format!("It was put into revision {} and signs revision {}.", raw.appeared, raw.revision));
        }
        Ok(place)
    }

    fn coverage(&self, raw: &Raw, changes: &mut Vec<Change>) -> Answer {
        let Ok(place) = &raw.place else { return Answer::NotChecked("What it signs could not be read.".to_owned()) };
        let rest = self.file.bytes.len() - place.end;
        if rest == 0 {
            return Answer::Yes("It signs the whole file.".to_owned());
        }
        if let Some(broken) = &self.unread {
            let what = format!("What follows cannot be read as a revision: {}.", broken.0);
            changes.push(Change { revision: self.all.len() + 1, what, accepted: false });
        } else if raw.revision == self.all.len() {
            let what = format!("{rest} bytes of white space were appended.");
            changes.push(Change { revision: raw.revision, what, accepted: false });
        }
        let later = self.all.len() - raw.revision;
        let revisions = if later == 1 { "1 later revision".to_owned() } else { format!("{later} later revisions") };
        Answer::No(format!("After what it signs follow {rest} bytes, in {revisions}."))
    }

    /// What the revisions after the signed one did.
    fn after(&mut self, raw: &Raw, dict: &Dictionary) -> Vec<Change> {
        let signed = &self.all[raw.revision - 1];
        let permission = permission(self.file, &signed.view, raw, dict);
        let mut found = Vec::new();
        for later in raw.revision..self.all.len() {
            let key = (later, format!("{permission:?}"));
            let (file, all) = (self.file, self.all);
            let step = self.compared.entry(key).or_insert_with(|| {
                let (old, new) = (&all[later - 1].view, &all[later]);
                let mut step = changes(file, old, &new.view, &permission, later + 1);
                if let Err(broken) = new.is_tidy(file) {
                    step.push(Change { revision: later + 1, what: format!("In it, {}.", broken.0), accepted: false });
                }
                step
            });
            found.extend(step.iter().cloned());
            found.truncate(Limits::CHANGES * 2);
        }
        found
    }
}

/// What a signature allows (ISO 32000-1, 12.8.2): its own words, and those of a certifying signature.
fn permission(file: &File<'_>, view: &View, raw: &Raw, dict: &Dictionary) -> Permission {
    let mut permission = Permission::default();
    let certifying = || -> Option<Rc<Item>> {
        let catalog = view.catalog(file).ok()?;
        let rights = file.resolve(view, catalog.get(b"Perms").ok()?).ok()?;
        file.resolve(view, rights.dictionary()?.get(b"DocMDP").ok()?).ok()
    };
    let certifying = certifying();
    let dicts = [Some(dict), certifying.as_ref().and_then(|item| item.dictionary())];
    for dict in dicts.into_iter().flatten() {
        let Ok(list) = dict.get(b"Reference") else { continue };
        let Ok(list) = file.resolve(view, list) else { continue };
        for reference in list.value.as_array().into_iter().flatten() {
            let Ok(reference) = file.resolve(view, reference) else { continue };
            if let Some(reference) = reference.dictionary() {
                transform(file, view, reference, &mut permission);
            }
        }
    }
    if let Ok(lock) = raw.field.dict.get(b"Lock")
        && let Ok(lock) = file.resolve(view, lock)
        && let Some(lock) = lock.dictionary()
    {
        permission.locks.extend(self::lock(file, view, lock));
    }
    permission
}

fn transform(file: &File<'_>, view: &View, reference: &Dictionary, permission: &mut Permission) {
    let method = reference.get(b"TransformMethod").and_then(Object::as_name).unwrap_or_default();
    let parameters = reference.get(b"TransformParams").ok().and_then(|object| file.resolve(view, object).ok());
    let empty = Dictionary::new();
    let parameters = parameters.as_ref().and_then(|item| item.dictionary()).unwrap_or(&empty);
    if method == b"DocMDP" {
        // ISO 32000-1, table 254: 2 if nothing is said.
        let level = parameters.get(b"P").and_then(Object::as_i64).unwrap_or(2);
        permission.certified = Some(permission.certified.map_or(level, |known| known.min(level)));
    } else if method == b"FieldMDP" {
        permission.locks.extend(lock(file, view, parameters));
    }
}

fn lock(file: &File<'_>, view: &View, dict: &Dictionary) -> Option<Lock> {
    let names = || {
        let list = dict.get(b"Fields").ok().and_then(|object| file.resolve(view, object).ok());
        let items = list.as_ref().and_then(|item| item.value.as_array().ok());
        items.into_iter().flatten().map(text).collect()
    };
    match dict.get(b"Action").and_then(Object::as_name).ok()? {
        b"All" => Some(Lock::All),
        b"Include" => Some(Lock::These(names())),
        b"Exclude" => Some(Lock::AllBut(names())),
        _ => None,
    }
}

/// The validation data of the document (`/DSS`). What cannot be read is left out: it proves nothing.
fn evidence(file: &File<'_>, view: &View) -> Revocations {
    let dss = || -> Option<Rc<Item>> { file.resolve(view, view.catalog(file).ok()?.get(b"DSS").ok()?).ok() };
    let Some(dss) = dss() else { return Revocations::default() };
    let list = |key: &[u8]| -> Vec<Vec<u8>> {
        let list = dss.dictionary().and_then(|dict| file.resolve(view, dict.get(key).ok()?).ok());
        let items = list.as_ref().and_then(|item| item.value.as_array().ok());
        let read = |object: &Object| -> Option<Vec<u8>> {
            let item = file.resolve(view, object).ok()?;
            decode(item.dictionary()?, file.data(&item)).ok()
        };
        items.into_iter().flatten().take(Limits::SIGNATURES).filter_map(read).collect()
    };
    Revocations { ocsp: list(b"OCSPs"), crls: list(b"CRLs"), certificates: list(b"Certs") }
}
