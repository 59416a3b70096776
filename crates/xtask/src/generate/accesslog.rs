//! An nginx access log: combined, with `$request_time` at the end.

use std::io::Write;

use super::Lines;
use super::clock;
use super::dice::Dice;

pub(crate) const LINE_BYTES: u64 = 200;

const PATHS: [&str; 6] = ["/", "/api/items", "/api/orders", "/assets/app.js", "/images/logo.png", "/api/report"];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "shop-app/3.2 (Android 15)",
];

pub(crate) struct Requests(Dice);

impl Requests {
    pub(crate) fn new(dice: Dice) -> Self {
        Requests(dice)
    }
}

impl Lines for Requests {
    fn line(&mut self, passed: f64, line: &mut Vec<u8>) {
        let dice = &mut self.0;
        let us = dice.latency_us(3.2, 0.8);
        let _ = write!(line, "192.0.2.{} - - [01/Nov/2026:", dice.below(256));
        clock::hms(&clock::at(passed), line);
        let _ = writeln!(
            line,
            " +0000] \"{} {}?id={} HTTP/1.1\" {} {} \"https://shop.example/\" \"{}\" {}.{:03}",
            if dice.below(4) == 0 { "POST" } else { "GET" },
            dice.pick(&PATHS),
            dice.below(1_000_000),
            dice.status(),
            dice.below(65_536),
            dice.pick(&AGENTS),
            us / 1_000_000,
            us / 1000 % 1000,
        );
    }
}
