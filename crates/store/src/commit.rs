//! The commit: everything durable first, then one atomic link that makes all of it visible.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Instant, hex, unhex};
use seal::{Hasher, PublicKey, SigningKey};

use crate::batch::{Batch, State};
use crate::layout::{self, Layout, Placed, create_file};
use crate::manifest::FEATURE;
use crate::parts::{ClosedPart, placeholder};
use crate::rewrite::without;
use crate::schema::{PARTITIONS, delta_schema};
use crate::wire::{Action, Add, CommitInfo, Format, MetaData, OriginalLine, Protocol, Stats, Tags, TimeStat};
use crate::{OriginalKey, SCHEMA_ID};

/// What a commit says about itself. Nothing personal: a commit outlives every erasure. Who ran it stands in the ledger.
#[derive(Clone, Debug)]
pub struct CommitNotes {
    /// The program and its version: `probity 0.1.0`.
    pub tool: String,
}

/// A commit that is durable and visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its number.
    pub version: u64,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// The commit before it.
    pub previous: Digest,
    /// Records added.
    pub records: u64,
    /// Lines of its originals that were not understood.
    pub rejected: u64,
    /// Data files added.
    pub files: u64,
    /// Bytes of the data files.
    pub bytes: u64,
    /// The originals it brought in, in the order they were read.
    pub originals: Vec<OriginalKey>,
    /// Originals that another process committed while this batch was under way: dropped from this one.
    pub overtaken: Vec<OriginalKey>,
}

/// A data file that is durable and has its final bytes.
struct SealedPart {
    part: ClosedPart,
    sha256: Digest,
    size: u64,
}

impl Batch<'_> {
    /// Commits the batch. `None` when there was nothing to add: every original was abandoned, known, or committed by
    /// another process meanwhile; whatever this batch has finished is in the store all the same.
    ///
    /// When it returns `Some`, everything is durable and visible to every reader. When it fails, or the process dies,
    /// nothing is visible; the same ingestion can simply run again. The one exception is a failing fsync after the
    /// commit became visible: running again then finds the originals known.
    ///
    /// # Errors
    /// `disk-full`, `io-failed`, `no-hard-links`, `store-busy`; the errors of [`crate::Store::snapshot`].
    pub fn commit(mut self, notes: &CommitNotes) -> Result<Option<Commit>, Fault> {
        self.expect_no_original()?;
        self.close_parts()?;
        let sealed = self.seal_parts();
        self.progress.finish();
        let mut sealed = sealed?;
        let overtaken = self.drop_known(&mut sealed)?;
        self.link_commit(notes, sealed, overtaken)
    }

    fn link_commit(
        &mut self,
        notes: &CommitNotes,
        mut sealed: Vec<SealedPart>,
        mut overtaken: Vec<OriginalKey>,
    ) -> Result<Option<Commit>, Fault> {
        // Rubbish is not removed while files lie in place that no commit names yet.
        let _lock = commit_lock(&self.layout)?;
        let mut placed = false;
        for _ in 0..self.limits.commit_tries_max {
            if self.kept().next().is_none() {
                return Ok(None);
            }
            if !placed {
                self.place_files(&sealed)?;
            }
            let version = self.manifest.next;
            let bytes = self.commit_bytes(notes, &sealed)?;
            let temp = self.fresh("json");
            write_durable(&temp, &bytes)?;
            if layout::place(&temp, &self.layout.commit(version))? == Placed::Now {
                layout::sync_folder(&self.layout.log())?;
                return Ok(Some(self.describe(version, &bytes, &sealed, overtaken)));
            }
            // Somebody was faster: what they brought is theirs.
            let theirs = self.drop_known(&mut sealed)?;
            placed = theirs.is_empty();
            overtaken.extend(theirs);
        }
        Err(Fault::unavailable("store-busy", "Other processes kept committing while this one tried")
            .advise("Run the same command again; nothing was stored."))
    }

    /// Names the originals in every data file, without the rows of dropped originals; hashes, makes durable.
    fn seal_parts(&mut self) -> Result<Vec<SealedPart>, Fault> {
        let parts = std::mem::take(&mut self.closed);
        self.progress.start("store", parts.len() as u64);
        let dropped = self.dropped();
        let mut sealed = Vec::new();
        for part in parts {
            sealed.extend(self.seal_part(part, &dropped)?);
            self.progress.advance(1);
        }
        sealed.sort_by_key(SealedPart::path);
        Ok(sealed)
    }

    fn seal_part(&mut self, part: ClosedPart, dropped: &BTreeSet<u32>) -> Result<Option<SealedPart>, Fault> {
        let is_dropped = |origin: &u32| dropped.contains(origin);
        let part = match part.about.origins.keys().filter(|origin| is_dropped(origin)).count() {
            0 => part,
            all if all == part.about.origins.len() => return Ok(None),
            _ => {
                let (copy, target) = (self.fresh("copy"), self.fresh("parquet"));
                without(&part, dropped, copy, target)?
            }
        };
        part.name_originals(|origin| self.raw_name(origin))?;
        let (sha256, size) = hash_file(&part.about.path)?;
        Ok(Some(SealedPart { part, sha256, size }))
    }

    fn raw_name(&self, origin: u32) -> String {
        match self.origins.get(origin as usize).map(|origin| &origin.state) {
            Some(State::Kept { key, .. }) => key.digest.hex(),
            _ => placeholder(origin),
        }
    }

    /// Takes in the commits of others, and drops what they have brought from this batch.
    fn drop_known(&mut self, sealed: &mut Vec<SealedPart>) -> Result<Vec<OriginalKey>, Fault> {
        self.manifest.advance()?;
        let known = &self.manifest.originals;
        let mut overtaken = Vec::new();
        for origin in &mut self.origins {
            if let State::Kept { key, .. } = &origin.state
                && known.contains_key(key)
            {
                overtaken.push(key.clone());
                origin.state = State::Dropped;
            }
        }
        if !overtaken.is_empty() {
            let dropped = self.dropped();
            let mut kept = Vec::new();
            for file in std::mem::take(sealed) {
                let touched = file.part.about.origins.keys().any(|origin| dropped.contains(origin));
                if touched { kept.extend(self.seal_part(file.part, &dropped)?) } else { kept.push(file) }
            }
            kept.sort_by_key(SealedPart::path);
            *sealed = kept;
        }
        Ok(overtaken)
    }

    fn dropped(&self) -> BTreeSet<u32> {
        let dropped = self.origins.iter().enumerate().filter(|(_, origin)| matches!(origin.state, State::Dropped));
        dropped.map(|(ordinal, _)| ordinal as u32).collect()
    }

    fn kept(&self) -> impl Iterator<Item = (&OriginalKey, u64, u64, u64, &Path)> {
        self.origins.iter().filter_map(|origin| match &origin.state {
            State::Kept { key, size, rejected, path } => Some((key, *size, origin.records, *rejected, path.as_path())),
            _ => None,
        })
    }

    /// Originals and data files get their names, durably, before the commit that names them.
    fn place_files(&self, sealed: &[SealedPart]) -> Result<(), Fault> {
        let mut folders = BTreeSet::new();
        for (key, .., path) in self.kept() {
            let target = self.layout.original(&key.digest);
            if !target.exists() {
                layout::sync_file(path)?;
                make_read_only(path)?;
            }
            place_in(&mut folders, path, &target)?;
        }
        for file in sealed {
            place_in(&mut folders, &file.part.about.path, &self.layout.data().join(file.path()))?;
        }
        layout::make_folder(&self.layout.log())?;
        folders.iter().try_for_each(|folder| layout::sync_folder(folder))
    }

    fn commit_bytes(&self, notes: &CommitNotes, sealed: &[SealedPart]) -> Result<Vec<u8>, Fault> {
        let mut actions = vec![Action { commit_info: Some(self.info(notes)), ..Action::default() }];
        if self.manifest.next == 0 {
            actions.push(Action { protocol: Some(protocol()), ..Action::default() });
            actions.push(Action { meta_data: Some(meta_data(self.key, self.now)), ..Action::default() });
        }
        actions.extend(sealed.iter().map(|file| Action { add: Some(file.add(self.now)), ..Action::default() }));
        sign(&actions, self.key)
    }

    fn info(&self, notes: &CommitNotes) -> CommitInfo {
        let line = |(key, size, records, rejected, _): (&OriginalKey, u64, u64, u64, &Path)| OriginalLine {
            sha256: key.digest.hex(),
            size,
            reader: key.reader.clone(),
            records,
            rejected,
        };
        CommitInfo {
            timestamp: self.now.millis(),
            operation: "WRITE".into(),
            operation_parameters: BTreeMap::new(),
            x_schema: Some(SCHEMA_ID.into()),
            x_prev_sha256: Some(self.manifest.head.hex()),
            x_tool: Some(notes.tool.clone()),
            x_originals: self.kept().map(line).collect(),
            x_removed: Vec::new(),
            x_key: Some(key_name(&self.key.public())),
            x_sig: Some(String::new()),
        }
    }

    fn describe(&self, version: u64, bytes: &[u8], sealed: &[SealedPart], overtaken: Vec<OriginalKey>) -> Commit {
        Commit {
            version,
            digest: seal::sha256(bytes),
            previous: self.manifest.head,
            records: self.kept().map(|(_, _, records, ..)| records).sum(),
            rejected: self.kept().map(|(_, _, _, rejected, _)| rejected).sum(),
            files: sealed.len() as u64,
            bytes: sealed.iter().map(|file| file.size).sum(),
            originals: self.kept().map(|(key, ..)| key.clone()).collect(),
            overtaken,
        }
    }
}

impl SealedPart {
    fn path(&self) -> String {
        Layout::data_path(self.part.about.kind, &self.part.about.date, &self.sha256)
    }

    fn add(&self, now: Instant) -> Add {
        let about = &self.part.about;
        // A data file has at least one row, hence a span.
        let (first, last) = about.span.unwrap_or((now, now));
        let stats = Stats {
            num_records: about.rows,
            min_values: TimeStat { ts: first.to_millis() },
            // Delta readers know milliseconds: round away from the rows.
            max_values: TimeStat { ts: ceil_millis(last).to_millis() },
            null_count: TimeStat { ts: 0 },
        };
        let values = [about.kind.word().to_owned(), about.date.clone()];
        Add {
            path: self.path(),
            partition_values: PARTITIONS.iter().map(|name| (*name).to_owned()).zip(values.map(Some)).collect(),
            size: self.size,
            modification_time: now.millis(),
            data_change: true,
            stats: serde_json::to_string(&stats).ok(),
            tags: Some(Tags {
                sha256: self.sha256.hex(),
                first_ns: first.nanos().to_string(),
                last_ns: last.nanos().to_string(),
            }),
        }
    }
}

fn ceil_millis(time: Instant) -> Instant {
    let millis = Instant::from_millis(time.millis()).unwrap_or(time);
    let next = || Instant::from_millis(time.millis() + 1).unwrap_or(time);
    if millis == time { time } else { next() }
}

fn protocol() -> Protocol {
    Protocol { min_reader_version: 1, min_writer_version: 7, writer_features: vec![FEATURE.into()] }
}

fn meta_data(key: &SigningKey, now: Instant) -> MetaData {
    // Log clean-up by another writer would cut the chain.
    let configuration = BTreeMap::from([("delta.enableExpiredLogCleanup".to_owned(), "false".to_owned())]);
    MetaData {
        id: table_id(&key.public(), now),
        format: Format { provider: "parquet".into(), options: BTreeMap::new() },
        schema_string: delta_schema(),
        partition_columns: PARTITIONS.map(str::to_owned).into(),
        configuration,
        created_time: now.millis(),
    }
}

/// A UUID (RFC 9562 version 8) from key and time: the same call gives the same id.
fn table_id(key: &PublicKey, now: Instant) -> String {
    let mut hasher = Hasher::new();
    hasher.update(b"probity store table id");
    hasher.update(key.as_bytes());
    hasher.update(&now.nanos().to_be_bytes());
    let mut hex = hasher.finish().hex();
    hex.replace_range(12..13, "8");
    hex.replace_range(16..17, "a");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

/// How a commit names the key that signed it: the digest of the 32 bytes of the public key.
pub(crate) fn key_name(key: &PublicKey) -> String {
    format!("ed25519:{}", seal::sha256(key.as_bytes()))
}

const EMPTY_SIGNATURE: &str = r#""x_sig":""}}"#;
const SIGNATURE_START: &str = r#""x_sig":"ed25519:"#;
const SIGNATURE_END: &str = r#""}}"#;

/// The bytes of a commit: signed with an empty `x_sig`, which then takes the signature.
pub(crate) fn sign(actions: &[Action], key: &SigningKey) -> Result<Vec<u8>, Fault> {
    let lines: Result<Vec<String>, _> = actions.iter().map(serde_json::to_string).collect();
    let lines = lines
        .map_err(|error| Fault::internal("bad-commit", "A commit could not be written as JSON").caused_by(error))?;
    let mut text = lines.join("\n") + "\n";
    let first_line = lines.first().map_or(0, String::len);
    debug_assert!(text[..first_line].ends_with(EMPTY_SIGNATURE), "x_sig is the last member of the first line");
    let signature = key.sign(text.as_bytes());
    text.insert_str(first_line - SIGNATURE_END.len(), &format!("ed25519:{}", hex(&signature)));
    Ok(text.into_bytes())
}

/// Whether `key` signed the commit. `None` when it bears no signature of our form.
pub(crate) fn is_signed_by(bytes: &[u8], key: &PublicKey) -> Option<bool> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let digits = line.strip_suffix(SIGNATURE_END)?;
    let start = digits.len().checked_sub(128)?;
    let signature: [u8; 64] = unhex(digits.get(start..).filter(|digits| *digits == digits.to_ascii_lowercase())?)?;
    let before =
        digits.get(..start)?.strip_suffix("ed25519:").filter(|_| digits[..start].ends_with(SIGNATURE_START))?;
    let unsigned = [before.as_bytes(), &bytes[end - SIGNATURE_END.len()..]].concat();
    Some(key.verify(&unsigned, &signature))
}

pub(crate) fn commit_lock(layout: &Layout) -> Result<File, Fault> {
    let path = layout.lock();
    let fail = |error| Fault::io("lock", &path, error);
    let file = File::options().create(true).append(true).open(&path).map_err(fail)?;
    file.lock_shared().map_err(fail)?;
    Ok(file)
}

pub(crate) fn write_durable(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let mut file = create_file(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| Fault::io("write", path, error))
}

fn place_in(folders: &mut BTreeSet<PathBuf>, from: &Path, to: &Path) -> Result<(), Fault> {
    let folder = to.parent().unwrap_or(Path::new(".")).to_path_buf();
    layout::make_folder(&folder)?;
    folders.insert(folder);
    layout::place(from, to).map(|_| ())
}

fn make_read_only(path: &Path) -> Result<(), Fault> {
    let fail = |error| Fault::io("write", path, error);
    let mut permissions = fs::metadata(path).map_err(fail)?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).map_err(fail)
}

/// Digest and size of a file.
pub(crate) fn hash_file(path: &Path) -> Result<(Digest, u64), Fault> {
    let fail = |error| Fault::io("read", path, error);
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Hasher::new();
    let size = std::io::copy(&mut file, &mut hasher).map_err(fail)?;
    Ok((hasher.finish(), size))
}
