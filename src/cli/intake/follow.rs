//! Files that grow and are rotated: each line is taken once, whatever is killed when.
//!
//! A turn looks at each followed file and at what rotation left beside it, takes the whole lines that are new, and commits them
//! together with how far each file has come (see [`chain`]). A file is the same file while device and inode are, what was
//! taken still stands in it, and it is no shorter. Renamed, it is read to its end under its new name; shorter or
//! changed, it is another one at the same place, read from its beginning; and a file beside it that is a copy of what was taken
//! is read from where the original had come, once that is gone.

mod chain;
mod family;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Moment};

use ingest::{Format, Request, Tally};
use model::{Fault, Hidden, Instant, Kind};
use rustix::fs::{FlockOperation, flock};
use seal::Hasher;
use store::{Batch, Commit, CommitNotes, OriginalKey, Store};

use super::{Input, Intake, Plan, State, Taken, concerns_all, read_into, reading, remember};
use crate::cli::signals;
use chain::{Chains, Id, Likeness};
use family::Member;

/// Most bytes of one file that are taken at once. A line that is longer than half of it is rejected by its reader anyway.
const PIECE_MAX: u64 = 32 << 20;
/// How much a file has to agree with what was taken before it is believed to be the same under another inode.
const SAME_MIN: u64 = 1 << 10;
/// How long a file that is gone from its folder is looked at: its writer may still have it open.
const GONE: Duration = Duration::from_secs(60);
/// How much of a file says what its format is.
const DETECTED: usize = 64 << 10;
const NAP: Duration = Duration::from_millis(20);

/// The formats whose lines say the same wherever they stand.
const BY_LINE: [Format; 8] = [
    Format::AccessLog,
    Format::Text,
    Format::Syslog,
    Format::JsonLines,
    Format::JournaldJson,
    Format::Logfmt,
    Format::Statsd,
    Format::OtlpJson,
];

/// How files are to be followed.
pub(crate) struct Settings<'s> {
    pub(crate) paths: &'s [PathBuf],
    /// How long a turn waits for the next.
    pub(crate) every: Duration,
    /// End when nothing is new.
    pub(crate) once: bool,
    pub(crate) clock: Box<dyn Fn() -> Instant>,
}

/// Follows until somebody says stop. What was committed stays whatever ends it; `entered` is told of each commit.
///
/// # Errors
/// `not-a-file` for a folder or a pipe, `not-followable`; what the store and the disk say.
pub(crate) fn follow(
    settings: &Settings<'_>,
    plan: &mut Plan,
    store: &Store<'_>,
    notes: &CommitNotes,
    entered: &mut dyn FnMut(&Commit) -> Result<(), Fault>,
) -> Result<Intake, Fault> {
    if let Some(format) = plan.format.filter(|format| !BY_LINE.contains(format)) {
        return Err(not_followable(format));
    }
    settings.paths.iter().try_for_each(|path| check(path))?;
    let mut follower = Follower { chains: Chains::read(store)?, ..Follower::default() };
    let mut intake = Intake::default();
    loop {
        plan.now = (settings.clock)();
        for path in settings.paths {
            follower.look(path)?;
        }
        let is_more = match follower.new_lines()? {
            false => false,
            true => {
                let mut batch = store.begin(plan.now, &Hidden)?;
                let is_more = follower.take(plan, &mut batch)?;
                if let Some(commit) = batch.commit(notes)? {
                    entered(&commit)?;
                    intake.commits = vec![commit];
                }
                is_more
            }
        };
        let is_over = settings.once && !is_more;
        if is_over || signals::check().is_err() || (!is_more && nap(settings.every)) {
            break;
        }
    }
    intake.taken = follower.taken();
    Ok(intake)
}

/// A file, or one that is still to come.
fn check(path: &Path) -> Result<(), Fault> {
    let is_other = path.metadata().is_ok_and(|metadata| !metadata.is_file());
    if is_other || path.as_os_str() == "-" {
        return Err(Fault::usage("not-a-file", format!("{} is no file that could be followed", path.display()))
            .advise("Name log files; what their rotation leaves beside them is found."));
    }
    Ok(())
}

/// Keeps others from following in this project as long as it lives: two would take each line twice.
///
/// # Errors
/// `follow-running`; I/O faults.
pub(crate) fn lock(folder: &Path) -> Result<File, Fault> {
    let path = folder.join("follow.lock");
    let fault = |error| Fault::io("lock", &path, error);
    let file = File::options().create(true).read(true).write(true).truncate(false).open(&path).map_err(fault)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(Fault::refused("follow-running", "Another run follows files for this project")
                .advise("Give one run all the files, or stop the other one first."))
        }
        Err(error) => Err(fault(error.into())),
    }
}

/// Waits; true when somebody says stop.
fn nap(length: Duration) -> bool {
    let begun = Moment::now();
    while begun.elapsed() < length {
        if signals::check().is_err() {
            return true;
        }
        std::thread::sleep(NAP.min(length));
    }
    false
}

fn not_followable(format: Format) -> Fault {
    let names: Vec<&str> = BY_LINE.iter().map(|format| format.name()).collect();
    Fault::usage("not-followable", format!("A file of the format {} means something only as a whole", format.name()))
        .advise(format!("Ingest it when it is finished. Formats that can be followed: {}.", names.join(", ")))
}

/// A file that is being followed.
struct Followed {
    path: PathBuf,
    file: File,
    chain: Id,
    /// How much of it was taken, the digest of that, and its last bytes.
    end: u64,
    hasher: Hasher,
    tail: Vec<u8>,
    gone: Option<Moment>,
}

#[derive(Default)]
struct Follower {
    chains: Chains,
    files: BTreeMap<(u64, u64), Followed>,
    /// Files that are copies of what was taken, with the size they had when they were looked at.
    copies: BTreeMap<(u64, u64), u64>,
    /// Files that nobody can read: what is wrong with them.
    refused: BTreeSet<(u64, u64)>,
    totals: BTreeMap<PathBuf, Taken>,
}

impl Follower {
    /// Finds out which files there are, and which each of them is.
    fn look(&mut self, main: &Path) -> Result<(), Fault> {
        let members = family::members(main)?;
        self.forget(main, &members);
        // Those that are known by their place first: a copy counts only where the original is gone.
        for member in &members {
            if self.files.contains_key(&member.place) {
                self.again(member)?;
            } else if self.is_open_question(member) && self.chains.newest(member.place.0, member.place.1).is_some() {
                self.by_place(member)?;
            }
        }
        for member in &members {
            let is_known = self.files.contains_key(&member.place);
            if !is_known && member.size > 0 && self.is_open_question(member) {
                self.by_content(member)?;
            }
        }
        Ok(())
    }

    /// A copy is looked at again when it has grown.
    fn is_open_question(&self, member: &Member) -> bool {
        self.copies.get(&member.place) != Some(&member.size)
    }

    /// Files that are gone from the folder are let go after a while.
    fn forget(&mut self, main: &Path, members: &[Member]) {
        let folder = main.parent();
        for (place, followed) in &mut self.files {
            if followed.path.parent() != folder {
                continue;
            }
            let is_there = members.iter().any(|member| member.place == *place) || !is_of(main, &followed.path);
            followed.gone = if is_there { None } else { followed.gone.or_else(|| Some(Moment::now())) };
        }
        let before = self.files.len();
        self.files.retain(|_, followed| followed.gone.is_none_or(|since| since.elapsed() < GONE));
        if self.files.len() < before {
            // What was a copy may now be all that is left.
            self.copies.clear();
        }
    }

    /// A file that is followed already: it has another name perhaps, or was cut.
    fn again(&mut self, member: &Member) -> Result<(), Fault> {
        let Some(followed) = self.files.get_mut(&member.place) else { return Ok(()) };
        followed.path.clone_from(&member.path);
        if followed.is_same()? {
            return Ok(());
        }
        self.copies.clear();
        if member.is_main {
            let chain = self.chains.next(member.place.0, member.place.1);
            followed.begin_anew(chain);
            self.chains.all.entry(chain).or_default();
        } else {
            // Overwritten with a copy perhaps: what stands in it says so.
            self.files.remove(&member.place);
        }
        Ok(())
    }

    /// A file at whose place a chain began: that chain goes on, or the file is another one.
    fn by_place(&mut self, member: &Member) -> Result<(), Fault> {
        let Some(id) = self.chains.newest(member.place.0, member.place.1) else { return Ok(()) };
        let Some(mut file) = open(&member.path, member.place)? else { return Ok(()) };
        let is_held = self.files.values().any(|followed| followed.chain == id);
        let verified = if is_held { None } else { self.chains.verify(id, &mut file).map_err(failed(&member.path))? };
        match verified {
            Some(hasher) => self.hold(member, file, id, hasher),
            // A file beside the followed one may be a copy that got an inode of old.
            None if member.is_main => {
                let id = self.chains.next(member.place.0, member.place.1);
                self.hold(member, file, id, Hasher::new())
            }
            None => Ok(()),
        }
    }

    /// A file at a place that nobody knows: a copy of what was taken, or a new one.
    fn by_content(&mut self, member: &Member) -> Result<(), Fault> {
        let Some(mut file) = open(&member.path, member.place)? else { return Ok(()) };
        let likeness = self.chains.likeness(&mut file).map_err(failed(&member.path))?;
        let is_held = |id: Id| self.files.values().any(|followed| followed.chain == id);
        match likeness {
            Likeness::Whole(id, hasher) if !is_held(id) && (!member.is_main || self.chains.end(id) >= SAME_MIN) => {
                self.hold(member, file, id, hasher)
            }
            Likeness::Whole(..) | Likeness::Part if !member.is_main => {
                self.copies.insert(member.place, member.size);
                Ok(())
            }
            _ => {
                let id = self.chains.next(member.place.0, member.place.1);
                self.hold(member, file, id, Hasher::new())
            }
        }
    }

    fn hold(&mut self, member: &Member, file: File, chain: Id, hasher: Hasher) -> Result<(), Fault> {
        let end = self.chains.all.entry(chain).or_default().end();
        let mut tail = vec![0; end.min(4_096) as usize];
        let from = end - tail.len() as u64;
        file.read_exact_at(&mut tail, from).map_err(failed(&member.path))?;
        let followed = Followed { path: member.path.clone(), file, chain, end, hasher, tail, gone: None };
        self.copies.remove(&member.place);
        self.files.insert(member.place, followed);
        Ok(())
    }

    /// Whether there is anything to take. Costs no look into the store.
    fn new_lines(&self) -> Result<bool, Fault> {
        for (place, followed) in &self.files {
            if !self.refused.contains(place) && followed.new_bytes()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes a piece of each file that has one; true when there is more.
    fn take(&mut self, plan: &Plan, batch: &mut Batch<'_>) -> Result<bool, Fault> {
        let mut is_more = false;
        let places: Vec<_> = self.files.keys().filter(|place| !self.refused.contains(*place)).copied().collect();
        for place in places {
            let Some(followed) = self.files.get_mut(&place) else { continue };
            let Some(bytes) = followed.new_bytes()? else { continue };
            let chain = self.chains.all.entry(followed.chain).or_default();
            let total = self.totals.entry(followed.path.clone()).or_insert_with(|| nothing_yet(&followed.path));
            match piece(followed, chain, &bytes, plan, batch, total) {
                Ok(()) => is_more |= bytes.len() as u64 > PIECE_MAX / 2,
                Err(fault) if fault.kind() == Kind::Interrupted => return Ok(false),
                Err(fault) if concerns_all(&fault) => return Err(fault),
                Err(fault) => {
                    // More lines may tell the format; anything else is wrong for good.
                    let is_early = fault.code() == "unrecognised-format" && bytes.len() < DETECTED;
                    if !is_early {
                        self.refused.insert(place);
                    }
                    total.state = State::Refused(fault.in_file(&followed.path));
                }
            }
        }
        Ok(is_more)
    }

    /// What became of each file, for showing.
    fn taken(self) -> Vec<Taken> {
        self.totals.into_values().collect()
    }
}

fn nothing_yet(path: &Path) -> Taken {
    Taken {
        input: Input::at(path.to_path_buf()),
        format: None,
        compression: None,
        digest: None,
        tally: Tally::default(),
        rejections: Vec::new(),
        rejected_file: None,
        state: State::Empty,
    }
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Fault {
    let path = path.to_path_buf();
    move |error| Fault::io("read", &path, error)
}

/// Whether a name belongs to the family of the followed file.
fn is_of(main: &Path, path: &Path) -> bool {
    let own = path.file_name().unwrap_or_default().as_encoded_bytes();
    own.starts_with(main.file_name().unwrap_or_default().as_encoded_bytes())
}

/// Opens what lies at a path, if it is still that file.
fn open(path: &Path, place: (u64, u64)) -> Result<Option<File>, Fault> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| Fault::io("open", path, error))?,
    };
    let metadata = file.metadata().map_err(failed(path))?;
    Ok(((metadata.dev(), metadata.ino()) == place).then_some(file))
}

impl Followed {
    /// Whether what was taken last still stands where it stood.
    fn is_same(&self) -> Result<bool, Fault> {
        let mut tail = vec![0; self.tail.len()];
        let from = self.end - tail.len() as u64;
        match self.file.read_exact_at(&mut tail, from) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(failed(&self.path)(error)),
            Ok(()) => Ok(tail == self.tail),
        }
    }

    fn begin_anew(&mut self, chain: Id) {
        (self.chain, self.end, self.hasher, self.tail) = (chain, 0, Hasher::new(), Vec::new());
    }

    /// The whole lines behind what was taken, as many as one piece may hold; nothing when there are none, or when the file
    /// is no longer the same: then the next look sees it.
    fn new_bytes(&self) -> Result<Option<Vec<u8>>, Fault> {
        let size = self.file.metadata().map_err(failed(&self.path))?.len();
        if size <= self.end {
            return Ok(None);
        }
        let from = self.end - self.tail.len() as u64;
        let mut file = &self.file;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from)).map_err(failed(&self.path))?;
        // What was taken last is read again with what is new: between two reads the file could become another one.
        file.take(self.tail.len() as u64 + PIECE_MAX).read_to_end(&mut bytes).map_err(failed(&self.path))?;
        if !bytes.starts_with(&self.tail) {
            return Ok(None);
        }
        bytes.drain(..self.tail.len());
        if (bytes.len() as u64) < PIECE_MAX || bytes.contains(&b'\n') {
            bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        }
        Ok((!bytes.is_empty()).then_some(bytes))
    }
}

/// Reads a piece into the batch.
fn piece(
    followed: &mut Followed,
    chain: &mut chain::Chain,
    bytes: &[u8],
    plan: &Plan,
    batch: &mut Batch<'_>,
    total: &mut Taken,
) -> Result<(), Fault> {
    let request = request(followed, chain, bytes, plan)?;
    total.format = Some(request.format);
    let mut hasher = followed.hasher.clone();
    hasher.update(bytes);
    let through = hasher.clone().finish();
    let mut writer = batch.original()?;
    writer.write_all(bytes).map_err(|error| Fault::io("write to", Path::new("the store"), error))?;
    let mut input = bytes;
    let (tally, late, rejections) = read_into(batch, &mut input, &request)?;
    let original = writer.finish()?;
    let way = reading::reader(&request, plan, total) + &chain::mark(followed.chain, followed.end, &through);
    let key = OriginalKey { digest: original.digest, reader: way };
    let finished = batch.finish_original(original, &key)?;
    rejections.into_iter().for_each(|rejection| remember(&mut total.rejections, rejection));
    total.rejected_file = finished.rejected.or(total.rejected_file.take());
    add(&mut total.tally, tally, late);
    total.state = State::Ingested;
    followed.tail = chain::tail(&followed.tail, bytes);
    followed.end += bytes.len() as u64;
    followed.hasher = hasher;
    chain.add(followed.end, through);
    Ok(())
}

fn add(total: &mut Tally, tally: Tally, late: u64) {
    total.records += tally.records - late;
    total.rejected += tally.rejected + late;
    total.absent += tally.absent;
    total.lines += tally.lines;
    total.bytes += tally.bytes;
    for warning in tally.warnings {
        if total.warnings.iter().all(|known| known.code != warning.code) {
            total.warnings.push(warning);
        }
    }
}

/// The format stays what it was for the first piece of a file, unless the user names one.
fn request(followed: &Followed, chain: &mut chain::Chain, bytes: &[u8], plan: &Plan) -> Result<Request, Fault> {
    let detected = || ingest::detect(&bytes[..bytes.len().min(DETECTED)]);
    let format = plan.format.or(chain.format).or_else(detected).ok_or_else(|| {
        let message = format!("The first lines of {} fit none of the known formats", followed.path.display());
        Fault::bad_input("unrecognised-format", message).advise("Name the format with --format.")
    })?;
    if !BY_LINE.contains(&format) {
        return Err(not_followable(format));
    }
    chain.format = Some(format);
    let mut request = Request::new(format, plan.now);
    request.kind = plan.kind;
    request.map = plan.map.as_ref().map(|(map, _)| map.clone());
    request.stamp = plan.stamp.or(Some(plan.now));
    request.any_time = plan.any_time;
    Ok(request)
}
