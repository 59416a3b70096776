//! The loop: measure, write down, wait.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use model::Fault;

use crate::application::{self, Tail};
use crate::clock::Now;
use crate::device;
use crate::point::Points;
use crate::push;
use crate::sample;
use crate::serve;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::spool::{About, Kept, Spool};
use crate::{Readers, Root};

/// What the loop needs of the world around it.
pub trait Edge {
    /// The clocks.
    fn now(&self) -> Now;
    /// Waits; true as soon as somebody wants the sampler to stop.
    fn wait(&mut self, time: Duration) -> bool;
    /// These lines are on the disk.
    fn written(&mut self, lines: &[u8]);
    /// Something that whoever looks after the device should know.
    fn note(&mut self, text: &str);
}

/// Measures until it is told to stop. On return what was measured is on the disk, or was said not to be.
///
/// # Errors
/// What keeps it from starting: `not-built-in`, `sampler-running`, `key-mode`, `bad-key-file`, I/O faults. A running one has none.
pub fn run(settings: &Settings, edge: &mut dyn Edge) -> Result<(), Fault> {
    if settings.receive.is_some() && cfg!(not(feature = "receive")) {
        let advice = "Use `probity sampler`, or build probity-sampler with `--features receive`.";
        return Err(Fault::usage("not-built-in", "--receive is not built into this program").advise(advice));
    }
    let key = device::key(&settings.output)?;
    let root = Root::new(&settings.root);
    let interval_ms = u64::try_from(settings.interval.as_millis()).unwrap_or(u64::MAX);
    let about = About { host: root.host(), boot: root.boot_id(), interval_ms };
    let public = key.public();
    let mut rhythm = Rhythm::new(settings.interval, public.as_bytes());
    let mut spool = Spool::open(settings.output.clone(), key, about, settings.limits.clone())?;
    let mut readers = Readers::new(root, settings.processes.clone());
    let mut is_waiting = false;
    let shared = Arc::new(Shared::default());
    helpers(settings, &shared, public.as_bytes())?;
    let mut tails: Vec<Tail> = settings.follow.iter().cloned().map(Tail::new).collect();
    // What is there already is not of this run.
    said(&mut tails, &shared);
    loop {
        let now = edge.now();
        let points = readers.read(&now);
        spool.acknowledge(shared.lock().acknowledged);
        let mut says = sample::members(&points);
        says.extend(said(&mut tails, &shared));
        let kept = spool.append(&now, says);
        tell(&shared, &spool, points);
        report(&kept, &mut is_waiting, edge);
        let notes = std::mem::take(&mut shared.lock().notes);
        notes.iter().for_each(|note| edge.note(note));
        if edge.wait(rhythm.until_next(&edge.now())) {
            break;
        }
    }
    let kept = spool.stop(&edge.now());
    report(&kept, &mut is_waiting, edge);
    if let Kept::Waiting(why) = kept {
        let (waiting, lost) = spool.waiting();
        let message =
            format!("{} samples are lost with this stop, and nothing tells of them: {why}", waiting as u64 + lost);
        return Err(Fault::unavailable("samples-lost", message).advise("Make room on the disk."));
    }
    Ok(())
}

/// What applications have said until now.
fn said(tails: &mut [Tail], shared: &Shared) -> Vec<u8> {
    let applications = &mut shared.lock().applications;
    tails.iter_mut().for_each(|tail| tail.read(applications));
    applications.members()
}

/// Starts those who hand over and who answer, where they are wanted. They end with the process.
fn helpers(settings: &Settings, shared: &Arc<Shared>, device: &[u8; 32]) -> Result<(), Fault> {
    const STACK: usize = 128 << 10;
    // A receiver that is brought in may speak TLS, and JSON of an application may be deep. What is not used costs nothing.
    const DEEP_STACK: usize = 2 << 20;
    let failed = |error| Fault::io("start", "a thread".as_ref(), error);
    let start = |stack: usize, work: Box<dyn FnOnce() + Send>| {
        thread::Builder::new().stack_size(stack).spawn(work).map(drop).map_err(failed)
    };
    if let Some(address) = settings.listen {
        let (listener, shared, interval) = (serve::bind(address)?, Arc::clone(shared), settings.interval);
        start(STACK, Box::new(move || serve::answer(&listener, &shared, interval)))?;
    }
    if let Some(socket) = &settings.statsd {
        let (listen, shared) = (application::listen(socket)?, Arc::clone(shared));
        start(STACK, Box::new(move || listen(&shared)))?;
    }
    #[cfg(feature = "receive")]
    if let Some(socket) = &settings.receive {
        let (receive, shared) = (application::receive(socket)?, Arc::clone(shared));
        start(DEEP_STACK, Box::new(move || receive(&shared)))?;
    }
    if !settings.push.is_empty() {
        let (folder, targets, shared) = (settings.output.clone(), settings.push.clone(), Arc::clone(shared));
        let mut seed = [0; 8];
        seed.copy_from_slice(&device[8..16]);
        let carry = move || push::carry(&folder, &targets, &shared, u64::from_le_bytes(seed));
        start(DEEP_STACK, Box::new(carry))?;
    }
    Ok(())
}

/// What happened, for the helpers.
fn tell(shared: &Shared, spool: &Spool, points: Points) {
    let mut state = shared.lock();
    (state.durable, state.open) = spool.place();
    (state.waiting, state.lost) = spool.waiting();
    (state.points, state.taken) = (points, Some(Instant::now()));
    drop(state);
    shared.tell();
}

/// A disk that takes nothing is said once, and that it takes something again.
fn report(kept: &Kept, is_waiting: &mut bool, edge: &mut dyn Edge) {
    match kept {
        Kept::Written(lines) => {
            if std::mem::take(is_waiting) {
                edge.note("The disk takes samples again.");
            }
            edge.written(lines);
        }
        Kept::Waiting(why) => {
            if !std::mem::replace(is_waiting, true) {
                edge.note(&format!("Samples wait in memory: {why}"));
            }
        }
    }
}

/// Measures twice, a second apart: what is a difference to the sample before is there as well.
pub fn once(root: Root, processes: Vec<String>, edge: &mut dyn Edge) -> Points {
    let mut readers = Readers::new(root, processes);
    readers.read(&edge.now());
    edge.wait(Duration::from_secs(1));
    readers.read(&edge.now())
}

/// When samples are taken: each device at its own point of the interval, and a little to and fro, so that a thousand devices
/// that got their power back together do not stay together.
#[derive(Debug)]
struct Rhythm {
    interval_ns: i64,
    next_ns: Option<i64>,
    state: u64,
}

/// Samples come this part of an interval early or late at most.
const JITTER: i64 = 20;

impl Rhythm {
    fn new(interval: Duration, device: &[u8; 32]) -> Self {
        let interval_ns = i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX / 4).clamp(1, i64::MAX / 4);
        let mut seed = [0; 8];
        seed.copy_from_slice(&device[..8]);
        Rhythm { interval_ns, next_ns: None, state: u64::from_le_bytes(seed) | 1 }
    }

    /// The first sample is taken at once, the second at the device's own point.
    fn until_next(&mut self, now: &Now) -> Duration {
        let random = self.random();
        let due = match self.next_ns {
            None => now.boot_ns + (random % self.interval_ns.unsigned_abs()) as i64,
            Some(due) => due + self.interval_ns,
        };
        // After a sleep the rhythm goes on; what was slept through is not made up for.
        let late = (now.boot_ns - due).max(0);
        let due = due + (late + self.interval_ns - 1) / self.interval_ns * self.interval_ns;
        self.next_ns = Some(due);
        let span = (self.interval_ns / JITTER).max(1);
        let jitter = (self.random() % (2 * span).unsigned_abs()) as i64 - span;
        Duration::from_nanos((due + jitter - now.boot_ns).max(0).unsigned_abs())
    }

    /// Xorshift: it has to be spread, not secret.
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{HOUR_NS, MINUTE_NS};
    use crate::read::fixture::Machine;
    use crate::verify::{Segment, Why, join};

    /// A world in which time passes by itself while the machine changes.
    struct Hours<'m> {
        machine: &'m Machine,
        now: Now,
        lines: Vec<serde_json::Value>,
    }

    impl Edge for Hours<'_> {
        fn now(&self) -> Now {
            self.now
        }

        /// The battery loses 6 % an hour, the network carries 100 MB an hour over a counter of 32 bits, half of what it processes
        /// is offloaded. After an hour somebody sets the clock; after two the sampler is stopped.
        fn wait(&mut self, time: Duration) -> bool {
            let step = i64::try_from(time.as_nanos()).unwrap();
            let before = self.now.boot_ns;
            for clock in [&mut self.now.wall_ns, &mut self.now.boot_ns, &mut self.now.mono_ns] {
                *clock += step;
            }
            if before < HOUR_NS && self.now.boot_ns >= HOUR_NS {
                self.now.wall_ns -= HOUR_NS;
            }
            let hours = self.now.boot_ns as f64 / HOUR_NS as f64;
            let energy = 50_000_000.0 * (0.8 - 0.06 * hours);
            self.machine.write("sys/class/power_supply/BAT0/energy_now", &format!("{}\n", energy as u64));
            let bytes = (4_250_000_000_u64 + (100e6 * hours) as u64) % (1 << 32);
            let packets = (1e6 * hours) as u64;
            let line = format!("h\nh\n  eth0: {bytes} {packets} 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
            self.machine.write("proc/net/dev", &line);
            let asked = (1_000.0 * hours) as u64 * 2;
            let said = format!("requests:{asked}|g\noffloaded:{}|g\n", asked / 2);
            let path = self.machine.root().path("app.statsd");
            let file = std::fs::File::options().append(true).create(true).open(path).unwrap();
            std::io::Write::write_all(&mut &file, said.as_bytes()).unwrap();
            hours >= 2.0
        }

        fn written(&mut self, lines: &[u8]) {
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            self.lines.extend(lines.map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap()));
        }

        fn note(&mut self, text: &str) {
            panic!("{text}");
        }
    }

    /// Two hours of a device, from its files to segments that verify: drain, bytes an hour, offload rate, a clock that was set.
    #[test]
    fn two_hours_of_a_device() {
        let machine = Machine::new();
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            output: folder.path().join("samples"),
            root: machine.root().path(""),
            interval: Duration::from_secs(30),
            processes: Vec::new(),
            limits: crate::Limits::default(),
            push: Vec::new(),
            listen: None,
            statsd: None,
            receive: None,
            follow: vec![machine.root().path("app.statsd")],
        };
        let now = Now { wall_ns: 1_790_000_000_000_000_000, ..Now::default() };
        let mut world = Hours { machine: &machine, now, lines: Vec::new() };
        run(&settings, &mut world).unwrap();
        let last = world.lines.iter().rfind(|line| line["m"].is_array()).unwrap();
        let value = |member: &str, name: &str, label: &str| {
            let series = last[member].as_array().unwrap().iter();
            let mut named =
                series.filter(|one| one[0] == name && (label.is_empty() || one[2].to_string().contains(label)));
            named.next().unwrap_or_else(|| panic!("{name}: {last}"))[1].as_f64().unwrap()
        };
        assert!((value("m", "probity.battery.drain_rate", "") - 6.0).abs() < 0.01, "{last}");
        assert!((value("m", "probity.network.rate", "receive") - 100e6).abs() < 1e5, "{last}");
        assert_eq!(value("gauges", "offloaded", "") / value("gauges", "requests", ""), 0.5);
        let jumps: Vec<_> = world.lines.iter().filter(|line| line["event"] == "clock").collect();
        assert!(jumps.len() == 1 && jumps[0]["delta_ms"] == -3_600_000, "{jumps:?}");
        let files = crate::spool::list(&settings.output).unwrap();
        let read = |name: &String| Segment::read(&std::fs::read(settings.output.join(name)).unwrap()).unwrap();
        let device = join(files.iter().map(|file| read(&file.name)).collect()).remove(0);
        assert!(device.samples >= 2 * HOUR_NS as u64 / MINUTE_NS as u64 * 2 - 2, "{}", device.samples);
        assert!(device.holes.iter().all(|hole| hole.why != Why::Missing), "{:?}", device.holes);
    }

    /// Every sample is within a twentieth of its point, and a sleep moves no point.
    #[test]
    fn the_rhythm_is_kept() {
        let interval = Duration::from_secs(30);
        let mut rhythm = Rhythm::new(interval, &[7; 32]);
        let mut now = Now::default();
        let first = rhythm.until_next(&now);
        assert!(first < interval + interval / 20);
        let point = rhythm.next_ns.unwrap();
        for round in 1..100_i64 {
            let asleep = if round == 50 { 3_605_000_000_000 } else { 0 };
            now.boot_ns = rhythm.next_ns.unwrap() + asleep;
            let wait = rhythm.until_next(&now);
            let due = now.boot_ns + wait.as_nanos() as i64;
            let off = (due - point).rem_euclid(30_000_000_000);
            assert!(off <= 1_500_000_000 || off >= 28_500_000_000, "{round}: {off}");
            assert!(wait.as_secs_f64() <= 31.5, "{round}");
        }
    }
}
