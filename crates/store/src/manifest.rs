//! Reading the log: commits in order, each tied to the one before.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use model::{Digest, Fault, Instant, Place, RecordKind};

use crate::layout::Layout;
use crate::wire::{Action, Add, CommitInfo, OriginalLine, RemovedLine, Stats};
use crate::{DataFile, Limits, OriginalFile, OriginalKey, SCHEMA_ID};

/// The writer feature that keeps other Delta writers out: they refuse tables with features they do not know.
pub(crate) const FEATURE: &str = "x-probity-chain";

/// The state of the store after its commits up to `next`, exclusive.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    layout: Layout,
    limits: Limits,
    pub(crate) next: u64,
    pub(crate) head: Digest,
    /// Data files by their path relative to `data`.
    pub(crate) files: BTreeMap<String, DataFile>,
    pub(crate) originals: BTreeMap<OriginalKey, OriginalFile>,
    /// Paths of data files that were removed, also of those that came again.
    pub(crate) removed: BTreeSet<String>,
    sizes: HashSet<u64>,
}

/// One commit as it was read.
pub(crate) struct ReadCommit {
    pub(crate) info: CommitInfo,
    pub(crate) actions: Vec<Action>,
}

impl Manifest {
    /// Before the first commit.
    pub(crate) fn empty(layout: &Layout, limits: Limits) -> Self {
        Manifest {
            layout: layout.clone(),
            limits,
            next: 0,
            head: Digest::ZERO,
            files: BTreeMap::new(),
            originals: BTreeMap::new(),
            removed: BTreeSet::new(),
            sizes: HashSet::new(),
        }
    }

    /// Every commit there is.
    pub(crate) fn read(layout: &Layout, limits: Limits) -> Result<Self, Fault> {
        let listed = versions(layout)?;
        let mut manifest = Self::empty(layout, limits);
        manifest.advance()?;
        match listed.last() {
            Some(last) if *last >= manifest.next => Err(missing_commit(layout, manifest.next)),
            _ => Ok(manifest),
        }
    }

    /// Reads the commits that have appeared since.
    pub(crate) fn advance(&mut self) -> Result<(), Fault> {
        loop {
            let path = self.layout.commit(self.next);
            let bytes = match read_commit_file(&path, self.limits) {
                Ok(bytes) => bytes,
                Err(fault) if fault.code() == "not-found" => return Ok(()),
                Err(fault) => return Err(fault),
            };
            self.apply(&bytes).map_err(|fault| fault.in_file(&path))?;
        }
    }

    /// Takes in the next commit.
    ///
    /// # Errors
    /// `bad-commit`, `foreign-commit`, `broken-chain`, `newer-store`.
    pub(crate) fn apply(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let commit = parse(bytes)?;
        check_link(&commit.info, self.next, self.head)?;
        self.take_in(commit, bytes)
    }

    /// Takes in a commit that somebody has judged. Counts it even when it fails.
    pub(crate) fn take_in(&mut self, commit: ReadCommit, bytes: &[u8]) -> Result<(), Fault> {
        let taken = self.act_all(commit);
        self.skip(seal::sha256(bytes));
        taken
    }

    /// Goes past a commit.
    pub(crate) fn skip(&mut self, head: Digest) {
        self.head = head;
        self.next += 1;
    }

    fn act_all(&mut self, commit: ReadCommit) -> Result<(), Fault> {
        let time = Instant::from_millis(commit.info.timestamp).unwrap_or(Instant::from_nanos(0));
        for (index, action) in commit.actions.into_iter().enumerate() {
            let place = || Place::line(index as u64 + 1, 0);
            self.act(action).map_err(|fault| fault.at(place()))?;
        }
        for line in commit.info.x_originals {
            self.original(line, time)?;
        }
        for line in commit.info.x_removed {
            self.let_go(&line)?;
        }
        Ok(())
    }

    fn act(&mut self, action: Action) -> Result<(), Fault> {
        if let Some(protocol) = action.protocol {
            let known = protocol.min_reader_version <= 1 && protocol.writer_features.iter().all(|name| name == FEATURE);
            known.then_some(()).ok_or_else(|| newer("a Delta protocol that this version does not know"))?;
        }
        if let Some(remove) = action.remove
            && let Some(gone) = self.files.remove(&remove.path)
        {
            self.removed.insert(remove.path);
            let of_it = self.originals.values_mut().filter(|original| original.version == gone.version);
            of_it.for_each(|original| original.gone = original.gone.max(Some(gone.last)));
        }
        if let Some(add) = action.add {
            let file = self.data_file(&add)?;
            self.files.insert(add.path, file);
        }
        Ok(())
    }

    fn data_file(&self, add: &Add) -> Result<DataFile, Fault> {
        let refuse = |what: &str| bad_commit(format!("The data file {:?} has {what}", add.path));
        let value = |name: &str| add.partition_values.get(name).cloned().flatten();
        let kind = value("kind").and_then(|word| RecordKind::parse(&word).ok()).ok_or_else(|| refuse("no kind"))?;
        let date = value("dt").ok_or_else(|| refuse("no dt"))?;
        let tags = add.tags.as_ref().ok_or_else(|| refuse("no digest"))?;
        let stats = add.stats.as_deref().and_then(|stats| serde_json::from_str::<Stats>(stats).ok());
        let sha256 = Digest::parse(&tags.sha256).map_err(|_| refuse("no digest"))?;
        let nanos = |text: &str| text.parse().map(Instant::from_nanos).map_err(|_| refuse("no time range"));
        // The name follows from the rest, so that a commit cannot point outside the store.
        if add.path != Layout::data_path(kind, &date, &sha256) || !is_date(&date) {
            return Err(refuse("a name that does not follow from its content"));
        }
        Ok(DataFile {
            path: self.layout.data().join(&add.path),
            kind,
            date,
            rows: stats.ok_or_else(|| refuse("no number of rows"))?.num_records,
            bytes: add.size,
            sha256,
            first: nanos(&tags.first_ns)?,
            last: nanos(&tags.last_ns)?,
            version: self.next,
        })
    }

    fn original(&mut self, line: OriginalLine, brought: Instant) -> Result<(), Fault> {
        let digest = Digest::parse(&line.sha256).map_err(|_| bad_commit("An original has no digest"))?;
        self.sizes.insert(line.size);
        let original = OriginalFile {
            path: self.layout.original(&digest),
            size: line.size,
            records: line.records,
            rejected: line.rejected,
            version: self.next,
            brought,
            removed: None,
            gone: None,
        };
        self.originals.insert(OriginalKey { digest, reader: line.reader }, original);
        Ok(())
    }

    fn let_go(&mut self, line: &RemovedLine) -> Result<(), Fault> {
        let digest = Digest::parse(&line.sha256).map_err(|_| bad_commit("A removed original has no digest"))?;
        let key = OriginalKey { digest, reader: line.reader.clone() };
        let known = self.originals.get_mut(&key).filter(|original| original.removed.is_none());
        let original = known.ok_or_else(|| bad_commit("The commit removes an original that is not there"))?;
        original.removed = Some(self.next);
        Ok(())
    }

    /// The originals whose bytes are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = (&OriginalKey, &OriginalFile)> {
        self.originals.iter().filter(|(_, original)| original.removed.is_none())
    }

    /// Some original has this many bytes, uncompressed.
    pub(crate) fn knows_size(&self, size: u64) -> bool {
        self.sizes.contains(&size)
    }
}

/// The numbers of the commits that are there, in order; none when there is no log.
pub(crate) fn versions(layout: &Layout) -> Result<BTreeSet<u64>, Fault> {
    let folder = layout.log();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(Fault::io("list", &folder, error)),
    };
    let mut found = BTreeSet::new();
    for entry in entries {
        let name = entry.map_err(|error| Fault::io("list", &folder, error))?.file_name();
        found.extend(name.to_str().and_then(version_of));
    }
    Ok(found)
}

fn version_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json").filter(|digits| digits.len() == 20)?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The bytes of a commit, within the limit.
pub(crate) fn read_commit_file(path: &PathBuf, limits: Limits) -> Result<Vec<u8>, Fault> {
    let size = fs::metadata(path).map_err(|error| Fault::io("read", path, error))?.len();
    if size > limits.commit_size_max.0 {
        let message = format!("The commit has {size} bytes; more than {} is not read", limits.commit_size_max);
        return Err(Fault::unverified("bad-commit", message).at(Place::file(path)));
    }
    fs::read(path).map_err(|error| Fault::io("read", path, error))
}

/// Takes a commit apart, without judging what it follows.
pub(crate) fn parse(bytes: &[u8]) -> Result<ReadCommit, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| bad_commit("The commit is not UTF-8"))?;
    let mut info = None;
    let mut actions = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut action: Action = serde_json::from_str(line).map_err(|error| {
            let place = Place::line(index as u64 + 1, error.column() as u64);
            bad_commit("The commit is not a list of Delta actions").at(place).caused_by(error)
        })?;
        info = info.or(action.commit_info.take());
        actions.push(action);
    }
    let info = info.ok_or_else(|| foreign("has no commitInfo"))?;
    Ok(ReadCommit { info, actions })
}

/// Does the commit follow the one before it?
pub(crate) fn check_link(info: &CommitInfo, version: u64, head: Digest) -> Result<(), Fault> {
    let Some(previous) = &info.x_prev_sha256 else {
        return Err(foreign("does not say what it follows"));
    };
    if info.x_schema.as_deref() != Some(SCHEMA_ID) {
        return Err(newer(info.x_schema.as_deref().unwrap_or("a layout without a name")));
    }
    if Digest::parse(previous).ok() != Some(head) {
        let message = format!("Commit {version} does not follow the commit before it: one of the two was changed");
        return Err(Fault::unverified("broken-chain", message)
            .advise("Compare with a backup or with the digests that the ledger holds."));
    }
    Ok(())
}

pub(crate) fn missing_commit(layout: &Layout, version: u64) -> Fault {
    Fault::unverified("missing-commit", format!("Commit {version} is missing from the log, and later ones are there"))
        .advise("Restore the file from a backup; without it the state of the store is unknown.")
        .at(Place::file(layout.commit(version)))
}

fn bad_commit(message: impl Into<String>) -> Fault {
    Fault::unverified("bad-commit", message).advise("Restore the file from a backup.")
}

pub(crate) fn foreign(what: &str) -> Fault {
    Fault::unverified("foreign-commit", format!("The commit {what}: another program wrote it"))
        .advise("Find out which program writes into this table, and restore the log from a backup.")
}

fn newer(what: &str) -> Fault {
    Fault::bad_config("newer-store", format!("The store uses {what}; this version reads {SCHEMA_ID}"))
        .advise("Use the version of probity that wrote it, or a newer one.")
}

fn is_date(text: &str) -> bool {
    let shape = |(index, byte): (usize, u8)| if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}
