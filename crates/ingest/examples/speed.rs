//! Measures parsing alone: `speed FORMAT FILE [REPEAT]` prints MB per second into a sink that only counts.
//!
//! The file is held in memory, so that the disk has no part in it.

use std::time::Instant as Clock;

use model::{Fault, Instant, Record, Rejection};
use probity_ingest::{Format, Request, Sink};

#[derive(Default)]
struct Count {
    records: u64,
    attributes: usize,
    first_rejection: Option<Rejection>,
}

impl Sink for Count {
    fn record(&mut self, record: Record<'_>) -> Result<(), Fault> {
        self.records += 1;
        self.attributes += record.attributes.len();
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Fault> {
        self.first_rejection.get_or_insert(rejection);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, format, path, repeat @ ..] = arguments.as_slice() else {
        return Err("usage: speed FORMAT FILE [REPEAT]".into());
    };
    let bytes = std::fs::read(path)?;
    let mut request = Request::new(Format::parse(format)?, Instant::parse("2030-01-01T00:00:00Z")?);
    request.stamp = Some(request.now);
    for _ in 0..repeat.first().map_or(Ok(3), |repeat| repeat.parse())? {
        let mut sink = Count::default();
        let begun = Clock::now();
        let tally = probity_ingest::read(&mut bytes.as_slice(), &request, &mut sink)?;
        let speed = bytes.len() as f64 / 1e6 / begun.elapsed().as_secs_f64();
        println!(
            "{speed:.0} MB/s, {} records, {} attributes, {} rejected",
            sink.records, sink.attributes, tally.rejected
        );
        sink.first_rejection
            .iter()
            .for_each(|first| println!("  first: {} {} {}", first.place, first.code, first.reason));
    }
    Ok(())
}
