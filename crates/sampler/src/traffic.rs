//! Bytes through each interface, and how many an hour that is, whoever counted them.

use std::collections::{BTreeMap, VecDeque};

use crate::clock::{HOUR_NS, MINUTE_NS};
use crate::names;
use crate::point::Points;

/// What other interfaces carry as well, so that nothing is counted twice, and the loop, which leaves no machine.
#[cfg(target_os = "linux")]
const VIRTUAL: &[&str] =
    &["lo", "veth", "br-", "docker", "virbr", "tun", "tap", "wg", "cni", "flannel", "cali", "vnet", "dummy", "ifb"];
/// The same elsewhere.
#[cfg(not(target_os = "linux"))]
const VIRTUAL: &[&str] = &[
    "lo",
    "lo0",
    "lo1",
    "utun",
    "tun",
    "tap",
    "wg",
    "awdl",
    "llw",
    "anpi",
    "bridge",
    "gif",
    "stf",
    "ap1",
    "epair",
    "vnet",
    "pflog",
    "pfsync",
    "enc0",
    "Loopback",
    "vEthernet",
];
/// A rate of less time would be a guess.
const WINDOW_MIN_NS: i64 = 5 * MINUTE_NS;
/// Counters of 32 bits begin anew here.
const WRAP: u64 = 1 << 32;

/// What each interface had at the sample before.
#[derive(Debug, Default)]
pub(crate) struct Traffic(BTreeMap<(String, &'static str), Counter>);

#[derive(Debug, Default)]
struct Counter {
    bytes: u64,
    packets: u64,
    /// Bytes since we look, over wraps and resets.
    sum: u64,
    resets: u64,
    /// The sums of the last hour.
    window: VecDeque<(i64, u64)>,
}

/// What an interface has counted: bytes and packets, received and sent.
pub(crate) struct Counted<'n> {
    pub(crate) name: &'n str,
    pub(crate) received: (u64, u64),
    pub(crate) sent: (u64, u64),
}

impl Traffic {
    /// Takes what all interfaces have counted until now.
    pub(crate) fn see<'n>(&mut self, at: i64, interfaces: impl Iterator<Item = Counted<'n>>, points: &mut Points) {
        let mut seen = Vec::new();
        for Counted { name, received, sent } in interfaces {
            if VIRTUAL.iter().any(|prefix| name == *prefix || *prefix != "lo" && name.starts_with(prefix)) {
                continue;
            }
            for (direction, (bytes, packets)) in [("receive", received), ("transmit", sent)] {
                let key = (name.to_owned(), direction);
                let counter = self.0.entry(key.clone()).or_insert_with(|| Counter::new(bytes, packets));
                counter.see(at, bytes, packets);
                show(name, direction, counter, points);
                seen.push(key);
            }
        }
        // An interface that comes back is another one.
        self.0.retain(|key, _| seen.contains(key));
    }
}

fn show(name: &str, direction: &str, counter: &Counter, points: &mut Points) {
    let labels = [("network.interface.name", name), ("network.io.direction", direction)];
    points.labelled(names::NETWORK_IO, &labels, counter.bytes);
    if let Some(rate) = counter.an_hour() {
        points.labelled(names::NETWORK_RATE, &labels, rate);
    }
    if counter.resets > 0 {
        points.labelled(names::NETWORK_RESETS, &labels, counter.resets);
    }
}

impl Counter {
    fn new(bytes: u64, packets: u64) -> Self {
        Counter { bytes, packets, ..Counter::default() }
    }

    fn see(&mut self, at: i64, bytes: u64, packets: u64) {
        self.sum += if bytes >= self.bytes {
            bytes - self.bytes
        } else if packets >= self.packets && self.bytes < WRAP {
            // The packets went on: a counter of 32 bits has come round.
            bytes + WRAP - self.bytes
        } else {
            self.resets += 1;
            bytes
        };
        (self.bytes, self.packets) = (bytes, packets);
        self.window.push_back((at, self.sum));
        // One that is an hour old stays, as the beginning of the hour.
        while self.window.get(1).is_some_and(|(second, _)| at - second >= HOUR_NS) {
            self.window.pop_front();
        }
    }

    fn an_hour(&self) -> Option<f64> {
        let ((from, first), (to, last)) = (self.window.front()?, self.window.back()?);
        let passed = to - from;
        (passed >= WINDOW_MIN_NS).then(|| ((last - first) as f64 * HOUR_NS as f64 / passed as f64).round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrap of 32 bits, a reset, and a counter of 64 bits that falls.
    #[test]
    fn counters_that_fall() {
        let check = |from: (u64, u64), to: (u64, u64), sum: u64, resets: u64| {
            let mut counter = Counter::new(from.0, from.1);
            counter.see(1, to.0, to.1);
            assert_eq!((counter.sum, counter.resets), (sum, resets), "{from:?} to {to:?}");
        };
        check((100, 1), (300, 2), 200, 0);
        check((4_294_967_000, 7), (704, 9), 1_000, 0);
        check((4_294_967_000, 7), (704, 2), 704, 1);
        check((5_000_000_000, 7), (704, 9), 704, 1);
    }

    /// Rates are of an hour at most, and of five minutes at least; a hole in between is in the average.
    #[test]
    fn bytes_an_hour() {
        let mut counter = Counter::new(0, 0);
        let mut at = 0;
        for minute in 0..120_u64 {
            at = minute as i64 * MINUTE_NS;
            counter.see(at, minute * 1_000, minute);
            assert_eq!(counter.an_hour().is_some(), minute >= 5, "{minute}");
        }
        assert_eq!(counter.an_hour(), Some(60_000.0));
        counter.see(at + 60 * MINUTE_NS, 120_000, 500);
        assert_eq!(counter.an_hour(), Some(1_000.0));
    }
}
