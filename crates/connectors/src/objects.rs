//! Objects of a bucket: `s3://bucket/prefix`.
//!
//! Every version counts. A whole object goes with all its versions and delete markers, and is listed again afterwards; a
//! row is taken out of the current version by a conditional write, and an older version in which it stands goes as a whole,
//! for a version cannot be changed. What is locked is refused before anything of it is deleted.

mod list;

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::sync::Arc;

use model::Fault;
use privacy::map::Dataset;
use privacy::store::{Abilities, DataStore};

use crate::Access;
use crate::bodies::formats::{Changed, unwritable};
use crate::bodies::{Bodies, Change, Entry, Rows, VERSION};
use crate::bucket::{Client, Refused, header, placed};
use crate::web::Sent;

use list::Listing;

/// One PUT takes no more.
const OBJECT_BYTES_MAX: u64 = 5 << 30;
/// What a new version keeps of the old one.
const KEPT_HEADERS: &[&str] = &[
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
];

/// Opens the bucket that `url` names, and asks whether it keeps versions.
pub(crate) fn open(url: &str, access: &Access, dataset: &Dataset) -> Result<Box<dyn DataStore>, Fault> {
    let (bucket, prefix) = placed(url)?;
    let client = Arc::new(Client::of(bucket, access)?);
    let versions = match client.listing(&[("versioning", "")])? {
        Ok((root, _)) => match root.field("Status") {
            Some("Enabled") => Versions::Kept,
            Some("Suspended") => Versions::Suspended,
            _ => Versions::Never,
        },
        Err(Refused { status: 501, .. }) => Versions::Unknown,
        Err(refused) => return Err(client.fault(&refused, "to say whether it keeps versions")),
    };
    Ok(Box::new(Rows::of(Objects { client, prefix, versions }, dataset)?))
}

/// What a bucket does with old versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Versions {
    Kept,
    Suspended,
    Never,
    /// The server knows nothing of versions.
    Unknown,
}

struct Objects {
    client: Arc<Client>,
    prefix: String,
    versions: Versions,
}

impl Objects {
    /// Key and version of an id.
    fn parts<'a>(&self, id: &'a str) -> (String, Option<&'a str>) {
        let (name, version) = id.rsplit_once(VERSION).map_or((id, None), |(name, version)| (name, Some(version)));
        (format!("{}{name}", self.prefix), version.filter(|version| !version.is_empty()))
    }

    /// Every version and delete marker of exactly this key.
    fn versions_of(&self, name: &str) -> Result<Vec<String>, Fault> {
        let mut versions = Vec::new();
        for item in Listing::of(&self.client, &self.prefix, name, self.versions != Versions::Unknown).items() {
            let item = item?;
            if item.name == name {
                versions.push(item.version.unwrap_or_else(|| "null".to_owned()));
            }
        }
        Ok(versions)
    }

    /// Refuses what a hold or a retention period protects.
    fn check_lock(&self, key: &str, version: Option<&str>) -> Result<(), Fault> {
        let query: Vec<(&str, &str)> = version.map(|version| ("versionId", version)).into_iter().collect();
        let Ok(answer) = self.client.ask("HEAD", Some(key), &query, &[], Sent::Nothing)? else {
            // A delete marker, or gone.
            return Ok(());
        };
        let until = header(&answer, "x-amz-object-lock-retain-until-date").unwrap_or_default();
        let is_held = header(&answer, "x-amz-object-lock-legal-hold") == Some("ON");
        let is_kept = header(&answer, "x-amz-object-lock-mode").is_some() && is_future(until);
        match (is_held, is_kept) {
            (false, false) => Ok(()),
            (true, _) => Err(locked(key, "a legal hold is on it")),
            (false, true) => Err(locked(key, &format!("it is kept until {until}"))),
        }
    }

    fn delete(&self, key: &str, version: Option<&str>) -> Result<bool, Fault> {
        let query: Vec<(&str, &str)> = version.map(|version| ("versionId", version)).into_iter().collect();
        match self.client.ask("DELETE", Some(key), &query, &[], Sent::Nothing)? {
            Ok(_) => Ok(true),
            Err(Refused { status: 404, .. }) => Ok(false),
            Err(refused) if refused.status == 403 && version.is_some() => {
                self.check_lock(key, version)?;
                Err(self.client.fault(&refused, "to delete a version"))
            }
            Err(refused) => Err(self.client.fault(&refused, "to delete an object")),
        }
    }

    fn tags(&self, key: &str) -> Result<Option<String>, Fault> {
        let answer = self.client.ask("GET", Some(key), &[("tagging", "")], &[], Sent::Nothing)?;
        let Ok(answer) = answer else { return Ok(None) };
        let bytes = crate::web::bytes("s3://", answer, 1 << 20)?;
        // Tags lie one level deeper than other answers: each pair of a key and a value in their order.
        let text = String::from_utf8_lossy(&bytes);
        let values = |name: &str| -> Vec<String> {
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            text.split(&open).skip(1).filter_map(|part| part.split(&close).next()).map(str::to_owned).collect()
        };
        let plain =
            |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let pairs: Vec<String> = values("Key")
            .iter()
            .zip(values("Value"))
            .map(|(key, value)| {
                format!("{}={}", crate::web::encoded(&plain(key), false), crate::web::encoded(&plain(&value), false))
            })
            .collect();
        Ok(Some(pairs.join("&")))
    }

    /// Puts `new` in the place of the version with `etag`.
    fn put(&self, key: &str, new: &File, etag: &str, mut headers: Vec<(String, String)>) -> Result<(), Fault> {
        let size = new.metadata().map_err(|error| unwritable(key, error))?.len();
        if size > OBJECT_BYTES_MAX {
            return Err(Fault::refused(
                "object-too-large",
                format!("{key} would have more than {} GiB", OBJECT_BYTES_MAX >> 30),
            )
            .advise("Split the object, or let the data map say that it is deleted as a whole."));
        }
        headers.push(("If-Match".to_owned(), etag.to_owned()));
        match self.client.ask("PUT", Some(key), &[], &headers, Sent::File(new))? {
            Ok(_) => Ok(()),
            Err(Refused { status: 404 | 409 | 412, .. }) => Err(changed_meanwhile(key)),
            Err(refused) => Err(self.client.fault(&refused, "to write an object")),
        }
    }

    fn etag(&self, key: &str) -> Result<Option<String>, Fault> {
        let answer = self.client.ask("HEAD", Some(key), &[], &[], Sent::Nothing)?;
        Ok(answer.ok().and_then(|answer| header(&answer, "etag").map(str::to_owned)))
    }

    /// The successor of the current version; the version itself goes, for the rows that went stand in it.
    fn rewrite_current(&mut self, id: &str, key: &str, change: &mut Change<'_>) -> Result<Changed, Fault> {
        let answer = match self.client.ask("GET", Some(key), &[], &[], Sent::Nothing)? {
            Ok(answer) => answer,
            Err(Refused { status: 404, .. }) => return Ok(Changed::default()),
            Err(refused) => return Err(self.client.fault(&refused, "to read an object")),
        };
        let etag = header(&answer, "etag").unwrap_or_default().to_owned();
        let version = header(&answer, "x-amz-version-id").map(str::to_owned);
        let mut headers: Vec<(String, String)> = KEPT_HEADERS
            .iter()
            .filter_map(|name| header(&answer, name).map(|value| ((*name).to_owned(), value.to_owned())))
            .collect();
        let own = answer.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
        headers
            .extend(own.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))));
        if header(&answer, "x-amz-tagging-count").is_some_and(|count| count != "0") {
            headers.extend(self.tags(key)?.map(|tags| ("x-amz-tagging".to_owned(), tags)));
        }
        let new = tempfile::tempfile().map_err(|error| unwritable(id, error))?;
        let mut output = BufWriter::with_capacity(1 << 18, &new);
        let changed = change(Box::new(crate::web::body(answer)), &mut output)?;
        output.flush().map_err(|error| unwritable(id, error))?;
        drop(output);
        if changed.is_gone {
            return self.remove(id).map(|_| changed);
        }
        if changed.is_different {
            self.check_lock(key, version.as_deref())?;
            if self.etag(key)?.as_deref() != Some(&etag) {
                return Err(changed_meanwhile(id));
            }
            self.put(key, &new, &etag, headers)?;
            if let Some(version) = version.filter(|version| version != "null") {
                self.delete(key, Some(&version))?;
            }
        }
        Ok(changed)
    }
}

impl Bodies for Objects {
    fn version(&mut self) -> Result<String, Fault> {
        let versions = match self.versions {
            Versions::Kept => "with versions",
            Versions::Suspended => "versions suspended",
            Versions::Never => "without versions",
            Versions::Unknown => "the server knows no versions",
        };
        Ok(format!("S3 bucket ({versions})"))
    }

    fn name_column(&self) -> &'static str {
        "key"
    }

    fn abilities(&self) -> Abilities {
        Abilities { transactions: false, versions: self.versions != Versions::Unknown }
    }

    fn id_of(&self, name: &str) -> String {
        Entry::current_id(name)
    }

    fn list(&self, prefix: &str) -> Box<dyn Iterator<Item = Result<Entry, Fault>>> {
        Box::new(Listing::of(&self.client, &self.prefix, prefix, self.versions != Versions::Unknown).entries(VERSION))
    }

    fn entry(&mut self, id: &str) -> Result<Option<Entry>, Fault> {
        let (key, version) = self.parts(id);
        let name = key[self.prefix.len()..].to_owned();
        let query: Vec<(&str, &str)> = version.map(|version| ("versionId", version)).into_iter().collect();
        let entry =
            |size: u64, is_marker: bool| Entry { id: id.to_owned(), name: name.clone(), size, unread: None, is_marker };
        match self.client.ask("HEAD", Some(&key), &query, &[], Sent::Nothing)? {
            Ok(answer) => {
                let size = header(&answer, "content-length").and_then(|size| size.parse().ok()).unwrap_or(0);
                Ok(Some(entry(size, false)))
            }
            // Under a delete marker older versions can lie.
            Err(Refused { status: 404, .. }) if version.is_none() && self.versions != Versions::Unknown => {
                Ok((!self.versions_of(&name)?.is_empty()).then(|| entry(0, true)))
            }
            Err(Refused { status: 400 | 404 | 405, .. }) => Ok(None),
            Err(refused) => Err(self.client.fault(&refused, "to show an object")),
        }
    }

    fn check(&mut self, id: &str) -> Result<(), Fault> {
        let (key, version) = self.parts(id);
        match version {
            Some(version) => self.check_lock(&key, Some(version)),
            None if self.versions == Versions::Unknown => Ok(()),
            None => {
                let name = key[self.prefix.len()..].to_owned();
                self.versions_of(&name)?.iter().try_for_each(|version| self.check_lock(&key, Some(version)))
            }
        }
    }

    fn read(&mut self, id: &str) -> Result<Option<Box<dyn Read>>, Fault> {
        let (key, version) = self.parts(id);
        let query: Vec<(&str, &str)> = version.map(|version| ("versionId", version)).into_iter().collect();
        match self.client.ask("GET", Some(&key), &query, &[], Sent::Nothing)? {
            Ok(answer) => Ok(Some(Box::new(crate::web::body(answer)))),
            Err(Refused { status: 404 | 405, .. }) => Ok(None),
            Err(Refused { code, .. }) if code == "InvalidObjectState" => Err(unread(id, "it lies in an archive")),
            Err(Refused { status: 400, .. }) => Err(unread(id, "it is encrypted with a key of a customer")),
            Err(refused) => Err(self.client.fault(&refused, "to read an object")),
        }
    }

    fn rewrite(&mut self, id: &str, change: &mut Change<'_>) -> Result<Changed, Fault> {
        let (key, version) = self.parts(id);
        let Some(version) = version else { return self.rewrite_current(id, &key, change) };
        let Some(input) = self.read(id)? else { return Ok(Changed::default()) };
        let changed = change(input, &mut std::io::sink())?;
        if changed.is_different {
            self.check_lock(&key, Some(version))?;
            self.delete(&key, Some(version))?;
        }
        Ok(changed)
    }

    fn remove(&mut self, id: &str) -> Result<bool, Fault> {
        let (key, version) = self.parts(id);
        if let Some(version) = version {
            self.check_lock(&key, Some(version))?;
            return self.delete(&key, Some(version));
        }
        if self.versions == Versions::Unknown {
            let is_there = self.entry(id)?.is_some();
            return Ok(is_there && self.delete(&key, None)?);
        }
        let name = key[self.prefix.len()..].to_owned();
        let versions = self.versions_of(&name)?;
        for version in &versions {
            self.check_lock(&key, Some(version))?;
        }
        for version in &versions {
            self.delete(&key, Some(version))?;
        }
        match self.versions_of(&name)?.len() {
            0 => Ok(!versions.is_empty()),
            left => Err(Fault::partial("object-remains", format!("{left} versions of {id} are still there"))
                .advise("Somebody writes to it, or a rule of the bucket keeps them. Run the command again.")),
        }
    }

    fn unfinished(&mut self) -> Result<Vec<String>, Fault> {
        match self.client.listing(&[("uploads", ""), ("prefix", &self.prefix)])? {
            Ok((_, found)) => Ok(found
                .iter()
                .filter(|element| element.name == "Upload")
                .filter_map(|element| Some(element.field("Key")?.strip_prefix(&self.prefix)?.to_owned()))
                .collect()),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn remains(&mut self) -> Result<Vec<String>, Fault> {
        let versions = match self.versions {
            Versions::Unknown => "The server knows no versions.",
            _ => "Every version and delete marker of what was deleted is gone, and listed no more.",
        };
        Ok(vec![format!(
            "{versions} Replicas in other buckets, access logs, inventories and backups of the bucket are not reached from here."
        )])
    }
}

/// RFC 3339 texts in UTC sort as times do; a time that cannot be read is taken as future.
fn is_future(until: &str) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    model::Instant::parse(until).map_or(true, |until| until.seconds() > i64::try_from(now).unwrap_or(0))
}

fn locked(key: &str, why: &str) -> Fault {
    Fault::refused("object-locked", format!("{key} cannot be deleted: {why}"))
        .advise("Nothing of it was deleted. Lift the lock, or let the data map keep it with its legal reason.")
}

fn changed_meanwhile(id: &str) -> Fault {
    Fault::refused("body-changed", format!("{id} was written by somebody else at the same time"))
        .advise("Nothing was changed in it. Run the command again when nobody writes to it.")
}

fn unread(id: &str, why: &str) -> Fault {
    Fault::unavailable("body-not-readable", format!("{id} cannot be read: {why}")).advise(
        "Until it can be read nobody knows whose data is in it. Bring it back, or take it out of the collection.",
    )
}
