//! Measures append, sealing, one-shot cycles, verification and search on the file system of a folder.
//!
//! ```text
//! cargo run --release -p probity-ledger --example rates -- FOLDER [ENTRIES]
//! ```
//! FOLDER is made and must not hold a ledger. Entries have about 300 bytes.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant as Stopwatch;

use model::{Fault, Hidden, Instant};
use probity_ledger::{Entry, Fact, Filter, Identity, Log, View, tree, verify};
use seal::SigningKey;
use seal::note::Verifier;

const ORIGIN: &str = "ledger.example/rates";

fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "rates".to_owned());
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let folder = Path::new(&folder);
    let key = SigningKey::from_seed([42; 32]);
    let identity = Identity { origin: ORIGIN, key: &key };
    let mut log = Log::create(folder, &identity)?;
    println!("entry: {} bytes", entry(0).to_bytes()?.len());
    for (size, count) in [(1, count / 500), (100, count), (1000, count / 2)] {
        plain(folder, size, count)?;
        groups(&mut log, size, count)?;
    }
    drop(log);
    one_shot(folder, &identity)?;
    hashing()?;
    verification(folder, &key)?;
    searches(folder)
}

fn groups(log: &mut Log, size: u64, count: u64) -> Result<(), Fault> {
    let batch: Vec<Entry> = (0..size).map(entry).collect();
    let (cpu, watch, mut slowest) = (cpu_seconds(), Stopwatch::now(), 0.0_f64);
    for _ in 0..count / size {
        let one = Stopwatch::now();
        log.append(&batch)?;
        slowest = slowest.max(one.elapsed().as_secs_f64());
    }
    let appended = watch.elapsed().as_secs_f64();
    log.seal()?;
    let sealed = watch.elapsed().as_secs_f64();
    println!(
        "groups of {size}: {:.0} entries/s durable, {:.0} per CPU-second ({:.0} with the last seal), slowest {:.1} ms",
        count as f64 / appended,
        count as f64 / (cpu_seconds() - cpu),
        count as f64 / sealed,
        slowest * 1e3,
    );
    Ok(())
}

fn one_shot(folder: &Path, identity: &Identity<'_>) -> Result<(), Fault> {
    let mut times = Vec::new();
    for number in 0..200 {
        let watch = Stopwatch::now();
        let mut log = Log::open(folder, identity, now())?;
        log.append(&[entry(number), entry(number + 1)])?;
        log.seal()?;
        drop(log);
        times.push(watch.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("open, append two, seal, close: median {:.2} ms, 95 % {:.2} ms", times[100], times[190]);
    Ok(())
}

fn verification(folder: &Path, key: &SigningKey) -> Result<(), Fault> {
    let known = [Verifier::new(ORIGIN, &key.public())?];
    for _ in 0..3 {
        let (watch, cpu) = (Stopwatch::now(), cpu_seconds());
        let size = verify(folder, &known, &[], &Hidden)?.size as f64;
        let (seconds, cpu) = (watch.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        println!(
            "verify: {:.0} entries/s, {:.0} per CPU-second ({size} in {seconds:.2} s)",
            size / seconds,
            size / cpu
        );
    }
    Ok(())
}

/// Rebuilding a tree in memory: what the processor can do at all.
fn hashing() -> Result<(), Fault> {
    let entries: Vec<Vec<u8>> = (0..256).map(|number| entry(number).to_bytes()).collect::<Result<_, _>>()?;
    let cpu = cpu_seconds();
    let mut edge = tree::Edge::new();
    for _ in 0..4000 {
        entries.iter().for_each(|entry| edge.push(tree::leaf(entry)));
    }
    println!(
        "hashing alone: {:.0} entries per CPU-second ({})",
        256.0 * 4000.0 / (cpu_seconds() - cpu),
        edge.root().short()
    );
    Ok(())
}

fn searches(folder: &Path) -> Result<(), Fault> {
    let view = View::open(folder)?;
    let absent = Filter { actor: Some("nobody".to_owned()), ..Filter::default() };
    let words = Filter { text: Some("nobody".to_owned()), ..Filter::default() };
    for (what, filter) in [("one field", absent), ("free text", words)] {
        let watch = Stopwatch::now();
        let searched = view.search(&filter, |_| ControlFlow::Continue(()))?;
        println!("search {what}: {:.0} entries/s", searched.range.end as f64 / watch.elapsed().as_secs_f64());
    }
    Ok(())
}

/// The same bytes written and synced by a plain loop: what the disk can do at all.
fn plain(folder: &Path, size: u64, count: u64) -> Result<(), Fault> {
    let path = folder.with_extension("plain");
    let failed = |error| Fault::io("write", &path, error);
    let mut file = std::fs::File::create(&path).map_err(failed)?;
    let group = vec![b'x'; 300 * size as usize];
    let watch = Stopwatch::now();
    for _ in 0..count / size {
        file.write_all(&group).and_then(|()| file.sync_data()).map_err(failed)?;
    }
    println!("plain write and fdatasync, groups of {size}: {:.0}/s", count as f64 / watch.elapsed().as_secs_f64());
    std::fs::remove_file(&path).map_err(failed)
}

/// Processor time of all threads so far, from the kernel's count of 10 ms ticks.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn entry(number: u64) -> Entry {
    Entry {
        time: now(),
        actor: "ops-1+1a2b3c4d".to_owned(),
        command: "ingest".to_owned(),
        act: "ingest.committed".to_owned(),
        outcome: "done".to_owned(),
        code: 0,
        digests: vec![("original".to_owned(), seal::sha256(&number.to_be_bytes()))],
        facts: vec![
            ("records".to_owned(), Fact::Integer(number as i64)),
            ("tool".to_owned(), Fact::from("probity 0.1.0")),
        ],
    }
}

fn now() -> Instant {
    Instant::from_nanos(1_767_225_600_123_456_789)
}
