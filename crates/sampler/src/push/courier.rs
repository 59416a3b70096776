//! Hands over while the sampler runs: one thread, so that a slow receiver delays no sample.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Backoff, Target, push};
use crate::shared::Shared;

/// Without anything new nobody is woken sooner.
const IDLE: Duration = Duration::from_secs(3_600);

/// Runs until the process ends. Each receiver waits by itself after a failure; the others go on.
pub(crate) fn carry(folder: &Path, targets: &[Target], shared: &Shared, mut random: u64) {
    let mut standing = vec![Standing::default(); targets.len()];
    loop {
        let (open, durable) = {
            let state = shared.lock();
            (state.open, state.durable)
        };
        for (target, standing) in targets.iter().zip(&mut standing) {
            if standing.until.is_some_and(|until| until > Instant::now()) {
                continue;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match push(folder, target, open, durable) {
                Ok(next) => {
                    if standing.until.take().is_some() {
                        shared.lock().notes.push(format!("{target} takes samples again."));
                    }
                    standing.backoff.reset();
                    standing.next = next;
                }
                Err(fault) => {
                    if standing.until.is_none() {
                        shared.lock().notes.push(format!("{fault}; it is tried again."));
                    }
                    standing.until = Some(Instant::now() + standing.backoff.next(random >> 33));
                }
            }
        }
        // What one receiver does not have may not go as acknowledged.
        shared.lock().acknowledged = standing.iter().map(|standing| standing.next).min().unwrap_or_default();
        let soonest = standing.iter().filter_map(|standing| standing.until).min();
        let pause = soonest.map_or(IDLE, |until| until.saturating_duration_since(Instant::now()));
        shared.wait(durable, pause);
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    next: u64,
    backoff: Backoff,
    /// After a failure.
    until: Option<Instant>,
}
