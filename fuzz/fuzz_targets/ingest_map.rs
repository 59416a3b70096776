//! Mapping files: any text is read or refused at a place; what is read can be used.

#![no_main]

use ingest::{Format, Map, Request, Sink};
use model::{Fault, Instant, Record, Rejection};

struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: Record<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn reject(&mut self, _: Rejection) -> Result<(), Fault> {
        Ok(())
    }
}

const LINES: &[u8] = b"{\"t\":\"2026-01-31T09:00:00Z\",\"n\":\"x\",\"v\":1,\"a\":{\"b\":\"c\"}}\n";

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Map::parse(text) {
        Err(fault) => assert!(fault.place().is_some_and(|place| place.line > 0)),
        Ok(map) => {
            let now = Instant::from_nanos(1_780_272_000_000_000_000);
            let request = Request { map: Some(map), ..Request::new(Format::JsonLines, now) };
            let mut input = LINES;
            assert!(ingest::read(&mut input, &request, &mut Nothing).is_ok());
        }
    }
});
