//! Measures append, sealing, one-shot cycles, verification and search on the file system of a folder.
//!
//! ```text
//! cargo run --release -p probity-ledger --example rates -- FOLDER [ENTRIES]
//! ```
//! FOLDER is made and must not hold a ledger. Entries have about 300 bytes.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant as Stopwatch;

use model::{Fault, Hidden, Instant};
use probity_ledger::{Entry, Fact, Filter, Identity, Log, View, verify};
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
    groups(&mut log, 1, 2_000)?;
    groups(&mut log, 100, count)?;
    groups(&mut log, 1000, count / 2)?;
    drop(log);
    one_shot(folder, &identity)?;
    verification(folder, &key)?;
    searches(folder)
}

fn groups(log: &mut Log, size: u64, count: u64) -> Result<(), Fault> {
    let batch: Vec<Entry> = (0..size).map(entry).collect();
    let (watch, mut slowest) = (Stopwatch::now(), 0.0_f64);
    for _ in 0..count / size {
        let one = Stopwatch::now();
        log.append(&batch)?;
        slowest = slowest.max(one.elapsed().as_secs_f64());
    }
    let appended = watch.elapsed().as_secs_f64();
    log.seal()?;
    let sealed = watch.elapsed().as_secs_f64();
    println!(
        "groups of {size}: {:.0} entries/s durable ({:.0} with the last seal), slowest group {:.1} ms",
        count as f64 / appended,
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
        let watch = Stopwatch::now();
        let verified = verify(folder, &known, &[], &Hidden)?;
        let seconds = watch.elapsed().as_secs_f64();
        println!("verify: {:.0} entries/s ({} in {seconds:.2} s)", verified.size as f64 / seconds, verified.size);
    }
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
