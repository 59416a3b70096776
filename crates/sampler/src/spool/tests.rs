//! The buffer over crashes, full disks and clocks, judged by the verifier.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::clock::MINUTE_NS;
use crate::verify::{Device, Segment, Why, join};

const SAYS: &[u8] = b",\"m\":[[\"system.cpu.utilization\",0.25]]";

struct Bench {
    folder: tempfile::TempDir,
    now: Now,
    limits: Limits,
    boot: u32,
}

impl Bench {
    fn new() -> Self {
        let now = Now { wall_ns: 1_790_000_000_000_000_000, boot_ns: 42_000_000_000, mono_ns: 42_000_000_000 };
        Bench { folder: tempfile::tempdir().unwrap(), now, limits: Limits::default(), boot: 0 }
    }

    fn spool(&self) -> Spool {
        let about = About { host: "device-7".to_owned(), boot: format!("boot-{}", self.boot), interval_ms: 60_000 };
        let key = SigningKey::from_seed([7; 32]);
        Spool::open(self.folder.path().to_path_buf(), key, about, self.limits.clone()).unwrap()
    }

    /// Time goes by for all clocks, or for some.
    fn pass(&mut self, wall: i64, boot: i64, mono: i64) {
        self.now.wall_ns += wall * MINUTE_NS;
        self.now.boot_ns += boot * MINUTE_NS;
        self.now.mono_ns += mono * MINUTE_NS;
    }

    fn samples(&mut self, spool: &mut Spool, count: usize) -> Vec<Kept> {
        let take = |_| {
            self.pass(1, 1, 1);
            spool.append(&self.now, SAYS.to_vec())
        };
        (0..count).map(take).collect()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

fn read(folder: &Path) -> Vec<Segment> {
    list(folder).unwrap().iter().map(|one| Segment::read(&fs::read(folder.join(&one.name)).unwrap()).unwrap()).collect()
}

fn judged(folder: &Path) -> Device {
    let mut devices = join(read(folder));
    assert_eq!(devices.len(), 1);
    devices.remove(0)
}

#[track_caller]
fn holes(folder: &Path, expect: &[(Why, u64)]) -> Device {
    let device = judged(folder);
    let seen: Vec<_> = device.holes.iter().map(|hole| (hole.why, hole.samples)).collect();
    assert_eq!(seen, expect);
    device
}

#[test]
fn a_whole_run_has_no_hole() {
    let mut bench = Bench::new();
    let mut spool = bench.spool();
    assert!(bench.samples(&mut spool, 150).iter().all(|kept| matches!(kept, Kept::Written(_))));
    spool.stop(&bench.now);
    let device = holes(bench.folder.path(), &[]);
    assert_eq!((device.samples, device.expected, device.segments), (150, 150, 3));
    assert_eq!(device.host, "device-7");
}

/// At whatever byte a crash ends the file: the start succeeds, every whole line is there, the rest is aside, and recorded.
#[test]
fn a_torn_tail_is_cut_and_kept() {
    let mut bench = Bench::new();
    bench.samples(&mut bench.spool(), 3);
    let name = list(bench.folder.path()).unwrap().remove(0).name;
    let whole = fs::read(bench.path(&name)).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').map(|at| at + 1).collect();
    for length in (1..whole.len()).step_by(97).chain(ends.iter().copied()).chain([ends[2] + 1, whole.len() - 1]) {
        for ending in [ENDING, ".torn"] {
            list(bench.folder.path()).unwrap().iter().for_each(|one| fs::remove_file(bench.path(&one.name)).unwrap());
            let _ = fs::remove_file(bench.path(&name).with_extension(&ending[1..]));
        }
        fs::write(bench.path(&name), &whole[..length]).unwrap();
        bench.samples(&mut bench.spool(), 1);
        let good = ends.iter().filter(|end| **end <= length).count();
        let cut = length - ends[..good].last().unwrap_or(&0);
        let aside = fs::read(bench.path(&name).with_extension("torn")).unwrap_or_default();
        assert_eq!(aside.len(), cut, "{length}");
        let device = judged(bench.folder.path());
        assert_eq!(device.samples as usize, good.saturating_sub(1) + 1, "{length}");
        let cuts = device.holes.iter().filter(|hole| hole.why == Why::Cut).count();
        assert_eq!(cuts, usize::from(cut > 0), "{length}");
        assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{length}: {:?}", device.holes);
    }
}

/// Zeros and noise behind the last line, as a power cut leaves them, and damage in the middle, which is named by its line.
#[test]
fn noise_is_cut_and_damage_is_named() {
    let mut bench = Bench::new();
    bench.samples(&mut bench.spool(), 3);
    let path = bench.path(&list(bench.folder.path()).unwrap()[0].name);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(&[0; 4_096]);
    bytes.extend_from_slice(b"\nnoise\n");
    fs::write(&path, &bytes).unwrap();
    bench.samples(&mut bench.spool(), 1);
    assert_eq!(holes(bench.folder.path(), &[(Why::Cut, 0)]).samples, 4);
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 30;
    let mut damaged = fs::read(&path).unwrap();
    damaged[second] ^= 1;
    let fault = Segment::read(&damaged).unwrap_err();
    assert_eq!((fault.code(), fault.place().unwrap().line), ("segment-altered", 2));
    fs::write(&path, &damaged).unwrap();
    assert!(bench.samples(&mut bench.spool(), 1).iter().all(|kept| matches!(kept, Kept::Written(_))));
}

/// A folder that takes nothing: the ring holds what it can, the rest is counted, and all is said once there is room.
#[test]
fn what_the_disk_refuses_waits() {
    let mut bench = Bench::new();
    bench.limits.ring = 5;
    let mut spool = bench.spool();
    bench.samples(&mut spool, 2);
    for (refused, expect) in [(3, &[(Why::Gap, 0)][..]), (12, &[(Why::Gap, 0), (Why::Gap, 7)])] {
        spool.rotate("age");
        // Root may write into any folder: what is no folder takes nothing from anybody.
        let aside = bench.folder.path().with_extension("aside");
        fs::rename(bench.folder.path(), &aside).unwrap();
        fs::write(bench.folder.path(), "").unwrap();
        let kept = bench.samples(&mut spool, refused);
        assert!(kept.iter().all(|kept| matches!(kept, Kept::Waiting(_))));
        fs::remove_file(bench.folder.path()).unwrap();
        fs::rename(&aside, bench.folder.path()).unwrap();
        assert!(matches!(bench.samples(&mut spool, 1)[0], Kept::Written(_)));
        holes(bench.folder.path(), expect);
    }
    let device = judged(bench.folder.path());
    assert_eq!((device.samples, device.expected), (2 + 3 + 1 + 5 + 1, 2 + 3 + 1 + 12 + 1));
}

/// Acknowledged segments go first, and what went is explained by where it began and ended; without the record it is missing.
#[test]
fn what_is_dropped_is_explained() {
    let mut bench = Bench::new();
    bench.limits = Limits { segment_bytes: 10_000, total_bytes: 60_000, ..Limits::default() };
    let mut spool = bench.spool();
    let copy = tempfile::tempdir().unwrap();
    bench.samples(&mut spool, 60);
    let segments = list(bench.folder.path()).unwrap();
    let taken = &segments[..2];
    for one in taken {
        fs::copy(bench.path(&one.name), copy.path().join(&one.name)).unwrap();
    }
    spool.acknowledge(segments[2].first);
    bench.samples(&mut spool, 100);
    let total: u64 = list(bench.folder.path()).unwrap().iter().map(|one| one.bytes).sum();
    assert!(total <= 70_000, "{total}");
    let device = judged(bench.folder.path());
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
    let whys: Vec<Why> = device.holes.iter().map(|hole| hole.why).collect();
    assert!(whys.contains(&Why::Dropped { is_acknowledged: true }), "{whys:?}");
    assert!(whys.contains(&Why::Dropped { is_acknowledged: false }), "{whys:?}");
    // One more that nobody dropped.
    let all = list(bench.folder.path()).unwrap();
    fs::remove_file(bench.path(&all[1].name)).unwrap();
    assert!(judged(bench.folder.path()).holes.iter().any(|hole| hole.why == Why::Missing));
}

/// A day: the clock is set an hour back, the device sleeps, is switched off, its sampler is stopped, and is killed.
#[test]
fn a_day_with_everything() {
    let mut bench = Bench::new();
    let mut spool = bench.spool();
    bench.samples(&mut spool, 120);
    // Somebody takes summer time for the time of the machine.
    bench.pass(-60, 0, 0);
    bench.samples(&mut spool, 120);
    bench.pass(90, 90, 0);
    bench.samples(&mut spool, 60);
    spool.stop(&bench.now);
    drop(spool);
    bench.pass(30, 30, 30);
    spool = bench.spool();
    bench.samples(&mut spool, 60);
    drop(spool);
    bench.pass(120, 0, 0);
    (bench.now.boot_ns, bench.now.mono_ns, bench.boot) = (9_000_000_000, 9_000_000_000, 1);
    spool = bench.spool();
    bench.samples(&mut spool, 600);
    drop(spool);
    bench.pass(10, 10, 10);
    spool = bench.spool();
    bench.samples(&mut spool, 180);
    let device = judged(bench.folder.path());
    let mut seen: Vec<_> = device.holes.iter().map(|hole| (hole.why.word(), hole.samples)).collect();
    seen.sort_unstable();
    let expect = [("asleep", 90), ("clock", 0), ("killed", 10), ("off", 120), ("stopped", 30)];
    assert_eq!(seen, expect);
    assert_eq!((device.samples, device.expected), (1_140, 1_390));
    assert!(device.holes.iter().any(|hole| hole.why == Why::Clock { by_ms: -3_600_000 }));
}

/// A sampler that is told to measure more often has missed nothing before.
#[test]
fn the_interval_may_change() {
    let mut bench = Bench::new();
    bench.samples(&mut bench.spool(), 5);
    let about = About { host: "device-7".to_owned(), boot: "boot-0".to_owned(), interval_ms: 1_000 };
    let folder = bench.folder.path().to_path_buf();
    let mut spool = Spool::open(folder, SigningKey::from_seed([7; 32]), about, Limits::default()).unwrap();
    for second in 0..5 {
        let since = MINUTE_NS + second * 1_000_000_000;
        let Now { wall_ns, boot_ns, mono_ns } = bench.now;
        let now = Now { wall_ns: wall_ns + since, boot_ns: boot_ns + since, mono_ns: mono_ns + since };
        spool.append(&now, SAYS.to_vec());
    }
    let device = holes(bench.folder.path(), &[]);
    assert_eq!((device.samples, device.expected), (10, 10));
}

#[test]
fn pieces_of_another_history_are_told_apart() {
    let mut bench = Bench::new();
    bench.samples(&mut bench.spool(), 3);
    let copy = Bench { folder: tempfile::tempdir().unwrap(), ..Bench::new() };
    let first = list(bench.folder.path()).unwrap().remove(0).name;
    fs::copy(bench.path(&first), copy.path(&first)).unwrap();
    let mut copy = copy;
    copy.now = bench.now;
    bench.samples(&mut bench.spool(), 2);
    copy.pass(1, 1, 1);
    copy.samples(&mut copy.spool(), 2);
    let mut both = read(bench.folder.path());
    both.extend(read(copy.folder.path()));
    let device = join(both).remove(0);
    assert!(device.holes.iter().any(|hole| hole.why == Why::Forked), "{:?}", device.holes);
}

/// One sampler for each folder.
#[test]
fn two_samplers_do_not_share() {
    let bench = Bench::new();
    let first = bench.spool();
    let about = About { host: String::new(), boot: String::new(), interval_ms: 1 };
    let second = Spool::open(
        bench.folder.path().to_path_buf(),
        SigningKey::from_seed([7; 32]),
        about.clone(),
        Limits::default(),
    );
    assert_eq!(second.unwrap_err().code(), "sampler-running");
    drop(first);
    let key = crate::device::key(&bench.path("device")).unwrap();
    assert_eq!(crate::device::key(&bench.path("device")).unwrap().public(), key.public());
    let path = bench.path("device").join(crate::device::KEY_FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(crate::device::key(&bench.path("device")).unwrap_err().code(), "key-mode");
}
