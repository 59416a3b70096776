//! Fills a project's ledger, so that something can be measured over a long one.
//!
//! ```text
//! cargo run --release -p probity-ledger --example fill -- PROJECT ENTRIES
//! ```
//! PROJECT is a folder that `probity init` made, with the default origin. Entries have about 300 bytes and lie a second apart,
//! the last of them now.

use std::path::Path;

use model::{Fault, Instant, Span, Unit};
use probity_ledger::{Entry, Fact, Identity, Log};
use seal::SigningKey;

const GROUP: u64 = 1_000;

fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let project = arguments.next().unwrap_or_else(|| ".".to_owned());
    let count: u64 = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let state = Path::new(&project).join(".probity");
    let path = state.join("keys/ledger.key");
    let pem = std::fs::read_to_string(&path).map_err(|error| Fault::io("read", &path, error))?;
    let key = SigningKey::from_pem(&pem)?;
    let origin = format!("probity.local/{}", key.public().short_id());
    let identity = Identity { origin: &origin, key: &key };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let now = Instant::from_nanos(i64::try_from(now).unwrap_or(i64::MAX));
    let first = now.minus(seconds(count)).unwrap_or(now);
    let mut log = Log::open(&state.join("ledger"), &identity, now)?;
    for group in 0..count.div_ceil(GROUP) {
        let numbers = group * GROUP..((group + 1) * GROUP).min(count);
        log.append(&numbers.map(|number| entry(first, number)).collect::<Vec<_>>())?;
    }
    log.seal()?;
    println!("{} entries", log.size());
    Ok(())
}

fn entry(first: Instant, number: u64) -> Entry {
    Entry {
        time: first.plus(seconds(number)).unwrap_or(first),
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

fn seconds(count: u64) -> Span {
    Span::new(u32::try_from(count).unwrap_or(u32::MAX), Unit::Second)
}
