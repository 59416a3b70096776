//! From a path to the store: find, open, decode, read, keep. Composes `ingest` and `store`.

mod find;
mod follow;
mod reading;
mod segments;
mod source;

use std::io::Read;
use std::path::{Path, PathBuf};

use ingest::{Format, Map, Request, Sink, Tally};
use model::{Decimal, Digest, Fault, Instant, Kind, Place, Progress, Record, RecordKind, Rejection};
use store::{Batch, Commit, CommitNotes, OriginalKey, Store};

pub(crate) use find::{Input, find};
pub(crate) use follow::{Settings as Following, follow, lock};
pub(crate) use segments::{Known, Segments};
use source::{Source, Tee};

use super::failure::Unfinished;
use super::signals;

/// How many rejections are shown; all of them are kept in the store.
pub(crate) const REJECTIONS_SHOWN: usize = 20;
/// A batch is committed when it has this many originals or decoded bytes, so that a long run loses little when killed.
const BATCH_ORIGINALS: usize = 256;
const BATCH_BYTES: u64 = 1 << 30;

/// What is to be done with every input.
pub(crate) struct Plan {
    pub(crate) format: Option<Format>,
    pub(crate) kind: Option<RecordKind>,
    pub(crate) map: Option<(Map, Digest)>,
    pub(crate) now: Instant,
    /// The time of samples without a timestamp, given by the user.
    pub(crate) stamp: Option<Instant>,
    pub(crate) any_time: bool,
    /// Largest share of rejected lines, as a fraction.
    pub(crate) max_rejected: Decimal,
    /// What is asked of segments of samplers, and what was found out.
    pub(crate) segments: Segments,
}

/// What became of one input.
pub(crate) struct Taken {
    pub(crate) input: Input,
    pub(crate) format: Option<Format>,
    pub(crate) compression: Option<&'static str>,
    pub(crate) digest: Option<Digest>,
    pub(crate) tally: Tally,
    pub(crate) rejections: Vec<Rejection>,
    /// Where the rejected lines are kept.
    pub(crate) rejected_file: Option<PathBuf>,
    pub(crate) state: State,
}

/// The state of one input after a run.
pub(crate) enum State {
    /// Its records are in the store.
    Ingested,
    /// The same bytes were there already, read in the same way by some version of the reader.
    Known,
    /// It was only parsed.
    Checked,
    /// It holds nothing.
    Empty,
    /// It was refused as a whole.
    Refused(Fault),
}

/// Parses every input and keeps nothing.
///
/// # Errors
/// Only what concerns more than one input: interruption.
pub(crate) fn check(inputs: Vec<Input>, plan: &Plan, progress: &dyn Progress) -> Result<Intake, Fault> {
    let taken: Result<_, Fault> = inputs.into_iter().map(|input| one(input, plan, None, progress)).collect();
    Ok(Intake { taken: taken?, ..Intake::default() })
}

/// What a run over all inputs came to.
#[derive(Default)]
pub(crate) struct Intake {
    /// The inputs that are dealt with.
    pub(crate) taken: Vec<Taken>,
    /// What is in the store now and was not before.
    pub(crate) commits: Vec<Commit>,
    /// Why the others are not.
    pub(crate) unfinished: Option<Unfinished>,
}

/// Reads every input into the store. On return what is said to be ingested is durable.
///
/// What ends the run behind a commit, such as a full disk, is told in [`Intake::unfinished`]: some of it is done.
///
/// # Errors
/// What concerns more than one input and left the store as it was: the disk, the store. Interruption, always.
pub(crate) fn take(
    inputs: Vec<Input>,
    plan: &Plan,
    store: &Store<'_>,
    notes: &CommitNotes,
    progress: &dyn Progress,
) -> Result<Intake, Fault> {
    let mut intake = Intake::default();
    let mut left = inputs.into_iter().peekable();
    while left.peek().is_some() {
        let waiting = left.len();
        match batch(&mut left, plan, store, notes, progress) {
            Ok((taken, commit)) => {
                intake.taken.extend(taken);
                intake.commits.extend(commit);
            }
            Err(fault) if fault.kind() != Kind::Interrupted && !intake.commits.is_empty() => {
                intake.unfinished = Some(Unfinished { fault, left: waiting });
                break;
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(intake)
}

/// Reads as many inputs as one commit may hold.
fn batch(
    left: &mut impl Iterator<Item = Input>,
    plan: &Plan,
    store: &Store<'_>,
    notes: &CommitNotes,
    progress: &dyn Progress,
) -> Result<(Vec<Taken>, Option<Commit>), Fault> {
    let mut batch = store.begin(plan.now, progress)?;
    let (mut taken, mut bytes) = (Vec::new(), 0);
    while taken.len() < BATCH_ORIGINALS && bytes < BATCH_BYTES {
        let Some(input) = left.next() else { break };
        let one = match one(input, plan, Some(&mut batch), progress) {
            Err(fault) if fault.kind() == Kind::Interrupted => {
                // What was read to its end is kept; the next run finds it in the store and tells the ledger.
                batch.commit(notes)?;
                return Err(fault);
            }
            one => one?,
        };
        bytes += one.tally.bytes;
        taken.push(one);
    }
    let commit = batch.commit(notes)?;
    overtaken(&mut taken, commit.as_ref());
    Ok((taken, commit))
}

/// Another process has brought the same originals meanwhile: they are in the store once, and it says so. Without a commit
/// that happened to all of them.
fn overtaken(taken: &mut [Taken], commit: Option<&Commit>) {
    for one in taken.iter_mut().filter(|one| matches!(one.state, State::Ingested)) {
        let brought = |digest| commit.is_some_and(|commit| commit.originals.iter().any(|key| key.digest == digest));
        if !one.digest.is_some_and(brought) {
            one.state = State::Known;
        }
    }
}

fn one(input: Input, plan: &Plan, batch: Option<&mut Batch<'_>>, progress: &dyn Progress) -> Result<Taken, Fault> {
    signals::check()?;
    let mut taken = Taken {
        input,
        format: plan.format,
        compression: None,
        digest: None,
        tally: Tally::default(),
        rejections: Vec::new(),
        rejected_file: None,
        state: State::Empty,
    };
    let result = match batch {
        None => parse_only(&mut taken, plan, progress),
        Some(batch) => keep(&mut taken, plan, batch, progress),
    };
    if result.is_err() {
        // A stop shows as a failed read; it is not the input's fault.
        signals::check()?;
    }
    match result {
        Ok(state) => taken.state = state,
        // A line is one of this input; a failure elsewhere has no place in it.
        Err(fault) if concerns_all(&fault) && fault.place().is_some() => return Err(taken.input.name_in(fault)),
        Err(fault) if concerns_all(&fault) => return Err(fault),
        Err(fault) => taken.state = State::Refused(taken.input.name_in(fault)),
    }
    Ok(taken)
}

/// A broken input is a fact about that input; a full disk or Ctrl-C ends the run.
fn concerns_all(fault: &Fault) -> bool {
    matches!(fault.kind(), Kind::Unavailable | Kind::Internal | Kind::Interrupted) && fault.code() != "no-permission"
}

fn parse_only(taken: &mut Taken, plan: &Plan, progress: &dyn Progress) -> Result<State, Fault> {
    let Some(mut source) = Source::open(&taken.input, progress)? else { return Ok(State::Empty) };
    taken.compression = source.compression();
    let request = request(taken, &source, plan)?;
    plan.segments.judge(&request, &mut source)?;
    let mut sink = Counting::default();
    let tally = ingest::read(&mut source, &request, &mut sink)?;
    taken.rejections = sink.rejections;
    taken.tally = tally;
    too_many(taken, plan).map_or(Ok(State::Checked), Err)
}

/// Reads `input` into the original that `batch` has begun, and gives what it held: also how many of its records the store refused.
fn read_into(
    batch: &mut Batch<'_>,
    input: &mut dyn Read,
    request: &Request,
) -> Result<(Tally, u64, Vec<Rejection>), Fault> {
    let mut sink = Keeping { batch, seen: 0, rejected: 0, rejections: Vec::new() };
    let read = ingest::read(input, request, &mut sink);
    let (late, rejections) = (sink.rejected, sink.rejections);
    match read {
        Ok(tally) => Ok((tally, late, rejections)),
        Err(fault) => {
            batch.abandon_original(None)?;
            Err(fault)
        }
    }
}

fn keep(taken: &mut Taken, plan: &Plan, batch: &mut Batch<'_>, progress: &dyn Progress) -> Result<State, Fault> {
    if known_before_reading(taken, plan, batch, progress)? {
        return Ok(State::Known);
    }
    let Some(mut source) = Source::open(&taken.input, progress)? else { return Ok(State::Empty) };
    taken.compression = source.compression();
    let request = request(taken, &source, plan)?;
    plan.segments.judge(&request, &mut source)?;
    let mut tee = Tee { source, writer: batch.original()? };
    let (tally, refused_late, rejections) = read_into(batch, &mut tee, &request)?;
    taken.tally = tally;
    taken.tally.records -= refused_late;
    taken.tally.rejected += refused_late;
    taken.rejections = rejections;
    let original = tee.writer.finish()?;
    taken.digest = Some(original.digest);
    let key = OriginalKey { digest: original.digest, reader: reading::reader(&request, plan, taken) };
    if let Some(warning) = reading::by_another_version(batch, &key) {
        taken.tally.warnings.push(warning);
        // Without the original: the rejected lines that are kept for it are those of the reading that is stored.
        batch.abandon_original(None)?;
        return Ok(State::Known);
    }
    if let Some(fault) = too_many(taken, plan) {
        taken.rejected_file = batch.abandon_original(Some(original))?;
        return Err(match &taken.rejected_file {
            Some(path) => fault.advise(format!("The rejected lines are in {}. {RAISE}", path.display())),
            None => fault,
        });
    }
    let finished = batch.finish_original(original, &key)?;
    taken.rejected_file = finished.rejected;
    Ok(if finished.known { State::Known } else { State::Ingested })
}

/// A plain file whose size is that of a known original is hashed first: an ingestion that is repeated then costs one
/// pass of SHA-256 instead of parsing.
fn known_before_reading(
    taken: &mut Taken,
    plan: &Plan,
    batch: &Batch<'_>,
    progress: &dyn Progress,
) -> Result<bool, Fault> {
    let Some(size) = taken.input.size().filter(|size| batch.size_known(*size)) else { return Ok(false) };
    let Some(mut source) = Source::open(&taken.input, progress)? else { return Ok(false) };
    let request = request(taken, &source, plan)?;
    if request.format == Format::Segment {
        // Whatever the store knows of it, it is a piece of a history that is judged.
        return Ok(false);
    }
    let mut hasher = seal::Hasher::new();
    std::io::copy(&mut source, &mut hasher).map_err(|error| Fault::io("read", taken.input.path(), error))?;
    let digest = hasher.finish();
    let key = OriginalKey { digest, reader: reading::reader(&request, plan, taken) };
    let other = reading::by_another_version(batch, &key);
    let known = batch.known(&key) || other.is_some();
    if known {
        taken.tally.warnings.extend(other);
        taken.digest = Some(digest);
        taken.tally.bytes = size;
    }
    Ok(known)
}

fn request(taken: &mut Taken, source: &Source<'_>, plan: &Plan) -> Result<Request, Fault> {
    let format = match plan.format {
        Some(format) => format,
        None => match source.detect()? {
            // Whoever says what the columns mean knows better than the format.
            Format::Focus if plan.map.is_some() => Format::Csv,
            format => format,
        },
    };
    taken.format = Some(format);
    let mut request = Request::new(format, plan.now);
    request.kind = plan.kind;
    request.map = plan.map.as_ref().map(|(map, _)| map.clone());
    request.stamp =
        plan.stamp.or_else(|| taken.input.stamp_in_name()).or_else(|| taken.input.modified()).or(Some(plan.now));
    request.any_time = plan.any_time;
    Ok(request)
}

const RAISE: &str = "Mend them, name the right --format or --map, or allow more with --max-rejected.";

fn too_many(taken: &Taken, plan: &Plan) -> Option<Fault> {
    let tally = &taken.tally;
    let all = tally.records + tally.rejected;
    if tally.rejected == 0 || plan.max_rejected.compare_fraction(tally.rejected, all).is_le() {
        return None;
    }
    let first = taken.rejections.first();
    let what = first.map(|rejection| format!("; the first: {}", rejection.reason)).unwrap_or_default();
    let message = format!("{} of {all} lines are rejected, more than allowed{what}", tally.rejected);
    let place = first.map(|rejection| rejection.place.clone()).unwrap_or_default();
    Some(Fault::bad_input("too-many-rejected", message).at(place).advise(RAISE))
}

/// Counts, and keeps the first rejections for showing.
#[derive(Default)]
struct Counting {
    seen: u64,
    rejections: Vec<Rejection>,
}

impl Sink for Counting {
    fn record(&mut self, _record: Record<'_>) -> Result<(), Fault> {
        self.seen += 1;
        stop_now_and_then(self.seen)
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        remember(&mut self.rejections, rejection);
        Ok(())
    }
}

/// Hands everything to the store.
struct Keeping<'b, 's> {
    batch: &'b mut Batch<'s>,
    seen: u64,
    /// Records that the store could not take.
    rejected: u64,
    rejections: Vec<Rejection>,
}

impl Sink for Keeping<'_, '_> {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        self.seen += 1;
        stop_now_and_then(self.seen)?;
        match self.batch.push(&record) {
            Err(fault) if fault.kind() == Kind::BadInput => {
                self.rejected += 1;
                let place = fault.place().cloned().unwrap_or_else(|| Place::line(record.line, 0));
                self.reject(Rejection::new(place, fault.code(), fault.message(), b""))
            }
            pushed => pushed,
        }
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        self.batch.reject(&rejection)?;
        remember(&mut self.rejections, rejection);
        Ok(())
    }
}

fn remember(rejections: &mut Vec<Rejection>, rejection: Rejection) {
    if rejections.len() < REJECTIONS_SHOWN {
        rejections.push(rejection);
    }
}

fn stop_now_and_then(seen: u64) -> Result<(), Fault> {
    if seen.is_multiple_of(4096) { signals::check() } else { Ok(()) }
}

/// A path for messages.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
