//! Watching: what was judged becomes alerts at once, targets are told at once, and whoever follows hears of it.
//!
//! Nothing is told before the register has it on the disk that it is about to be told, and what a target was told is entered
//! before anything else is done about that target. A watch that was killed is gone on with by the next: what may have been
//! told is entered as uncertain, and told again.
//! Each target has a thread of its own; none of them, and nobody who follows, holds up the look at the next document.

mod hub;
mod jobs;
mod listen;
mod print;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant as Moment, SystemTime};

use alerts::{Due, Held, Observed, Policy, Register};
use model::{Fault, Instant, Kind};

use super::context::Context;
use super::telling::{self, Task, Told};
use super::{alerts as project, files, judgements, signals};
use hub::Hub;
use jobs::Jobs;
use print::Printer;
use stream::Stream;

/// How often the project is looked at.
const TICK: Duration = Duration::from_millis(100);
/// After a fault of the disk.
const BREATH: Duration = Duration::from_secs(1);

/// What is watched, and who hears of it.
pub(crate) struct Settings {
    pub(crate) policy: Option<PathBuf>,
    /// What has to be done without new documents is done so often, and so are jobs.
    pub(crate) every: Duration,
    /// Jobs that judge.
    pub(crate) jobs: Vec<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    /// Targets of NATS that get every event.
    pub(crate) streams: Vec<String>,
    /// Standard output begins behind this line of the register; nothing: with what is new.
    pub(crate) after: Option<u64>,
}

/// A file, as far as it shows whether it changed.
type Stamp = (PathBuf, Option<SystemTime>, u64);

struct Watch {
    policy_file: Option<PathBuf>,
    policy: Policy,
    hub: Arc<Hub>,
    /// Targets that are being told.
    busy: BTreeSet<String>,
    sender: Sender<Told>,
    receiver: Receiver<Told>,
    /// What was told and is not entered yet.
    unentered: Vec<Told>,
    stamps: Vec<Stamp>,
    /// Documents that were read, with how they were then.
    read: BTreeMap<PathBuf, Stamp>,
    looked: Option<Moment>,
    /// When something that waits is due.
    wake: Option<Instant>,
    /// What was said on standard error last.
    trouble: String,
}

/// Watches until somebody says stop, or the reader of standard output goes away.
///
/// # Errors
/// `watch-running`, `not-loopback`, `no-event`, `no-target`, `no-password`; what the policy says; `alerts-broken`; whatever keeps the first look from being done.
pub(crate) fn watch(context: &Context, settings: &Settings) -> Result<(), Fault> {
    let policy = project::policy(context, settings.policy.as_deref())?;
    let mut jobs = Jobs::of(context, &settings.jobs)?;
    let _lock = telling::lock(context, true)?;
    telling::settle(context)?;
    let register = project::read_whole(context)?;
    let last = register.lines().len() as u64;
    if settings.after.is_some_and(|after| after > last) {
        return Err(Fault::usage("no-event", format!("The register has {last} events"))
            .advise("Name the id of an event that was seen; without --after the watch begins with what is new."));
    }
    let hub = Arc::new(Hub::new(project::path(context), last));
    if let Some(address) = settings.listen {
        let own = listen::begin(address, &hub)?;
        context.output.note(&format!("Events are at http://{own}/events"));
    }
    let streams: Vec<Stream> =
        settings.streams.iter().map(|name| Stream::begin(context, &policy, name, &hub)).collect::<Result<_, _>>()?;
    let is_silent = context.output.is_quiet() && !context.output.is_json();
    let printer = (!is_silent).then(|| Printer::begin(&hub, settings.after.unwrap_or(last), context.output.is_json()));
    let mut watch = Watch::new(settings.policy.clone(), policy, Arc::clone(&hub));
    let ended = watch.turns(context, settings, &mut jobs, printer.as_ref());
    jobs.end();
    hub.end();
    printer.into_iter().for_each(Printer::end);
    streams.into_iter().for_each(Stream::end);
    ended
}

impl Watch {
    fn new(policy_file: Option<PathBuf>, policy: Policy, hub: Arc<Hub>) -> Self {
        let (sender, receiver) = channel();
        Watch {
            policy_file,
            policy,
            hub,
            busy: BTreeSet::new(),
            sender,
            receiver,
            unentered: Vec::new(),
            stamps: Vec::new(),
            read: BTreeMap::new(),
            looked: None,
            wake: None,
            trouble: String::new(),
        }
    }

    /// Turn after turn; the first has to succeed, faults of the disk of later ones pass.
    fn turns(
        &mut self,
        context: &Context,
        settings: &Settings,
        jobs: &mut Jobs,
        printer: Option<&Printer>,
    ) -> Result<(), Fault> {
        let is_over = || signals::check().is_err() || printer.is_some_and(Printer::is_closed);
        let mut is_first = true;
        while !is_over() {
            jobs.turn(context, settings.every);
            match self.turn(context, settings.every) {
                Ok(()) => self.trouble.clear(),
                Err(fault) if is_first || fault.kind() == Kind::Unverified => return Err(fault),
                Err(fault) => {
                    self.say(context, &fault);
                    std::thread::sleep(BREATH);
                }
            }
            is_first = false;
            self.wait(TICK);
        }
        self.farewell(context)
    }

    /// What is being told is told to its end, and entered.
    fn farewell(&mut self, context: &Context) -> Result<(), Fault> {
        while !self.busy.is_empty() {
            self.wait(TICK);
            self.enter(context)?;
        }
        self.show(&project::read(context)?);
        Ok(())
    }

    /// Waits, and takes what became of deliveries meanwhile.
    fn wait(&mut self, time: Duration) {
        match self.receiver.recv_timeout(time) {
            Ok(told) => self.unentered.push(told),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        self.unentered.extend(self.receiver.try_iter());
    }

    fn turn(&mut self, context: &Context, every: Duration) -> Result<(), Fault> {
        let told = self.enter(context)?;
        let stamps = stamps(context, self.policy_file.as_deref())?;
        let is_awake = self.wake.is_some_and(|wake| wake <= context.now());
        let is_due = is_awake || self.looked.is_none_or(|looked| looked.elapsed() >= every);
        if told.is_empty() && stamps == self.stamps && !is_due {
            return Ok(());
        }
        self.looked = Some(Moment::now());
        match project::policy(context, self.policy_file.as_deref()) {
            Ok(policy) => self.policy = policy,
            // Who mends a file writes it in halves: what held before holds until it is read.
            Err(fault) => self.say(context, &fault),
        }
        let register = self.observe(context, &stamps)?;
        self.show(&register);
        self.tell(context, &register, &told)?;
        self.stamps = stamps;
        Ok(())
    }

    /// Reads documents that are new, and enters what they change.
    fn observe(&mut self, context: &Context, stamps: &[Stamp]) -> Result<Register, Fault> {
        let (by, now) = (context.actor(), context.now());
        let (mut documents, mut faults) = (Vec::new(), Vec::new());
        let fresh = stamps.iter().filter(|stamp| is_document(&stamp.0) && self.read.get(&stamp.0) != Some(*stamp));
        let mut fresh: Vec<Stamp> = fresh.cloned().collect();
        fresh.retain(|stamp| {
            let path = &stamp.0;
            let read = files::read_text(path, project::DOCUMENT_MAX)
                .and_then(|text| Observed::read(&text).map_err(|fault| fault.in_file(path)));
            match read {
                Ok(observed) if observed.at <= now => documents.push(observed),
                // Its time is yet to come.
                Ok(_) => return false,
                // Replaced or removed meanwhile, or none of ours: the others count all the same.
                Err(fault) => faults.push(fault),
            }
            true
        });
        faults.iter().for_each(|fault| self.say(context, fault));
        documents.sort_by_key(|observed: &Observed| observed.at);
        project::strangers(&documents, &self.policy).iter().for_each(|sentence| context.output.warn(sentence));
        let (register, ()) = project::change(context, |register| {
            for observed in &documents {
                alerts::observe(register, &self.policy, observed, &by, now)?;
            }
            register.escalate(&self.policy, &by, now).map(drop)
        })?;
        self.read.extend(fresh.into_iter().map(|stamp| (stamp.0.clone(), stamp)));
        Ok(register)
    }

    fn show(&self, register: &Register) {
        self.hub.take(register);
    }

    /// Starts the deliveries that are due, each in a thread of its own; and those instead of `failed` ones.
    fn tell(&mut self, context: &Context, register: &Register, failed: &[Told]) -> Result<(), Fault> {
        let due = register.due(&self.policy, context.now());
        let waits = |due: &Due<'_>| match due.held {
            Some(Held::Group(until) | Held::Open(until)) => Some(until),
            _ => None,
        };
        self.wake = due.iter().filter_map(waits).min();
        let mut tasks: Vec<Task> = Vec::new();
        for due in due.iter().filter(|due| !matches!(due.held, Some(Held::Group(_)))) {
            let own = telling::task(context, due, None);
            let lost = failed.iter().find(|told| told.target == own.told.target && told.outcome == "failed");
            tasks.extend(telling::stand_in(context, &self.policy, register, due, lost.unwrap_or(&own.told)));
            tasks.push(own);
        }
        // What is held has an outcome already, which is no news.
        let mut begun: Vec<Task> = Vec::new();
        for task in tasks.into_iter().filter(|task| task.told.outcome != "held") {
            let is_free = |task: &Task| begun.iter().all(|known| known.told.target != task.told.target);
            if !self.busy.contains(&task.told.target) && is_free(&task) {
                begun.push(task);
            }
        }
        telling::announce(context, begun.iter())?;
        for task in begun {
            self.busy.insert(task.told.target.clone());
            let sender = self.sender.clone();
            // Nobody listens any more when the watch has ended.
            std::thread::spawn(move || drop(sender.send(task.run())));
        }
        Ok(())
    }

    /// Enters what became of deliveries, and gives it.
    fn enter(&mut self, context: &Context) -> Result<Vec<Told>, Fault> {
        if self.unentered.is_empty() {
            return Ok(Vec::new());
        }
        telling::record(context, &self.unentered)?;
        let told = std::mem::take(&mut self.unentered);
        self.busy.retain(|name| told.iter().all(|told| told.target != *name));
        Ok(told)
    }

    /// Once, however often it comes again.
    fn say(&mut self, context: &Context, fault: &Fault) {
        let text = fault.to_string();
        if text != self.trouble {
            context.output.error(fault);
            self.trouble = text;
        }
    }
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "json")
}

/// Everything that a look depends on: the documents, the register, the policy.
fn stamps(context: &Context, policy: Option<&Path>) -> Result<Vec<Stamp>, Fault> {
    let mut paths = [judgements::kept(context)?, judgements::kept_objectives(context)?].concat();
    paths.push(project::path(context));
    paths.push(policy.map_or_else(|| context.project.root().join(project::POLICY), Path::to_path_buf));
    let stamp = |path: PathBuf| {
        let about = path.metadata().ok();
        let length = about.as_ref().map_or(0, std::fs::Metadata::len);
        (path, about.and_then(|about| about.modified().ok()), length)
    };
    Ok(paths.into_iter().map(stamp).collect())
}
