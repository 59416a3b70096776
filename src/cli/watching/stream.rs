//! Events to a subject of NATS, one after the other: how far it came is kept in a file, so that none is left out when the
//! server, or the watch, is down for a while. Twice is once for a stream: the id of a message is the digest of its line.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alerts::Policy;
use model::Fault;

use super::hub::{Hub, Next};
use crate::cli::context::Context;
use crate::cli::delivery::{self, Subject};
use crate::cli::files::{self, Existing};

const TURN: Duration = Duration::from_millis(500);
/// The first wait after a fault, and the longest.
const WAIT: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// How long the last events are tried for, at the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Who publishes.
pub(super) struct Stream {
    handle: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
}

impl Stream {
    /// Publishes what follows the last event that was published before, or what is new. `name`: a target of the kind `nats`.
    ///
    /// # Errors
    /// `no-target`; `no-password`; I/O faults of secrets and of the file.
    pub(super) fn begin(context: &Context, policy: &Policy, name: &str, hub: &Arc<Hub>) -> Result<Self, Fault> {
        let subject = policy.target(name).map(|target| delivery::subject(context, target)).transpose()?.flatten();
        let subject = subject.ok_or_else(|| {
            Fault::usage("no-target", format!("There is no target {name:?} of the kind nats"))
                .advise("Write it under targets in alerts.yaml.")
        })?;
        let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let digest = seal::sha256(name.as_bytes());
        let place = context.project.state("run").join(format!("alert-stream-{safe}-{}", digest.short()));
        let after = match std::fs::read_to_string(&place) {
            // A register that was put back from a backup is shorter.
            Ok(text) => text.trim().parse().ok().filter(|after| *after <= hub.last()).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let last = hub.last();
                remember(&place, last)?;
                last
            }
            Err(error) => return Err(Fault::io("read", &place, error)),
        };
        let (hub, is_over) = (Arc::clone(hub), Arc::new(AtomicBool::new(false)));
        let over = Arc::clone(&is_over);
        let handle = std::thread::spawn(move || publish(&hub, &subject, &place, after, &over));
        Ok(Stream { handle, is_over })
    }

    /// Waits for the last events, for as long as is reasonable; what is left follows with the next watch.
    pub(super) fn end(self) {
        let begun = Instant::now();
        self.is_over.store(true, Ordering::SeqCst);
        while !self.handle.is_finished() && begun.elapsed() < FAREWELL {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn publish(hub: &Hub, subject: &Subject, place: &Path, mut after: u64, over: &AtomicBool) {
    let mut wait = WAIT;
    loop {
        let lines = match hub.next(after, TURN) {
            Next::Lines(lines) => lines,
            Next::Quiet => continue,
            Next::Ended => return,
        };
        for news in lines {
            let id = news.document["line"].as_str().unwrap_or_default();
            let told = subject.publish(id, &news.document.to_string()).and_then(|()| remember(place, news.id));
            match told {
                Ok(()) => (after, wait) = (news.id, WAIT),
                Err(_) if over.load(Ordering::SeqCst) => return,
                Err(fault) => {
                    // Said once, until it goes well again.
                    if wait == WAIT {
                        eprintln!("warning: {}; events wait", crate::cli::output::plain(fault.message()));
                    }
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(WAIT_MAX);
                    break;
                }
            }
        }
    }
}

fn remember(place: &Path, id: u64) -> Result<(), Fault> {
    files::write(place, format!("{id}\n").as_bytes(), Existing::Replace)
}
