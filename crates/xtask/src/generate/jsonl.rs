//! JSON Lines: one request of a service a line.

use std::io::Write;

use super::Lines;
use super::clock;
use super::dice::Dice;

pub(crate) const LINE_BYTES: u64 = 370;

const METHODS: [&str; 4] = ["GET", "GET", "GET", "POST"];
const PATHS: [&str; 6] =
    ["/api/v1/orders", "/api/v1/items", "/api/v1/basket", "/api/v1/search", "/api/v1/users", "/api/v1/report"];
const SENTENCES: [&str; 4] = [
    "order answered from the replica in time",
    "cache missed, the store answered instead",
    "retry was not needed for this request",
    "answered by the edge node of the region",
];

/// Twenty services on two hundred hosts.
pub(crate) struct Requests(Dice);

impl Requests {
    pub(crate) fn new(dice: Dice) -> Self {
        Requests(dice)
    }
}

impl Lines for Requests {
    fn line(&mut self, passed: f64, line: &mut Vec<u8>) {
        let dice = &mut self.0;
        let (status, us) = (dice.status(), dice.latency_us(3.2, 0.8));
        let level = if status >= 500 { "error" } else { "info" };
        line.extend_from_slice(b"{\"ts\":\"");
        clock::rfc3339(&clock::at(passed), line);
        let _ = writeln!(
            line,
            "\",\"level\":\"{level}\",\"service\":\"svc-{:02}\",\"host\":\"node-{:03}.example\",\
             \"method\":\"{}\",\"path\":\"{}/{}\",\"status\":{status},\
             \"latency_ms\":{}.{:03},\"bytes\":{},\"offloaded\":{},\"trace_id\":\"{:016x}{:016x}\",\"span_id\":\"{:016x}\",\
             \"user\":{{\"id\":\"u-{}\",\"ip\":\"192.0.2.{}\"}},\"msg\":\"{}\"}}",
            dice.below(20),
            dice.below(200),
            dice.pick(&METHODS),
            dice.pick(&PATHS),
            dice.below(1_000_000),
            us / 1000,
            us % 1000,
            dice.below(65_536),
            dice.below(10) < 3,
            dice.next(),
            dice.next(),
            dice.next(),
            dice.below(10_000_000),
            dice.below(256),
            dice.pick(&SENTENCES),
        );
    }
}
