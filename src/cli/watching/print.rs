//! Events on standard output, from a thread of its own: whoever does not read holds up no alert.

use std::io::{ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use model::harmless_json;
use serde_json::Value;

use super::hub::{Hub, News, Next};
use crate::cli::output::plain;

const TURN: Duration = Duration::from_millis(500);
/// How long the last lines are waited for, at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Who prints.
pub(super) struct Printer {
    handle: JoinHandle<()>,
    is_closed: Arc<AtomicBool>,
}

impl Printer {
    /// Prints what follows line `after`, as JSON Lines or for people.
    pub(super) fn begin(hub: &Arc<Hub>, after: u64, json: bool) -> Self {
        let (hub, is_closed) = (Arc::clone(hub), Arc::new(AtomicBool::new(false)));
        let closed = Arc::clone(&is_closed);
        let handle = std::thread::spawn(move || print(&hub, after, json, &closed));
        Printer { handle, is_closed }
    }

    /// Whether the reader of our output has gone away.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Waits for the last lines, for as long as somebody reads them.
    pub(super) fn end(self) {
        let begun = Instant::now();
        while !self.handle.is_finished() && begun.elapsed() < FAREWELL {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn print(hub: &Hub, mut after: u64, json: bool, closed: &AtomicBool) {
    loop {
        match hub.next(after, TURN) {
            Next::Lines(lines) => {
                let line = |news: &Arc<News>| if json { document(news) } else { sentence(news) };
                let text: String = lines.iter().map(line).collect();
                after = lines.last().map_or(after, |news| news.id);
                let mut stdout = std::io::stdout().lock();
                match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return closed.store(true, Ordering::SeqCst),
                }
            }
            Next::Quiet => {}
            Next::Ended => return,
        }
    }
}

fn document(news: &Arc<News>) -> String {
    format!("{}\n", harmless_json(&news.document.to_string()))
}

/// `2026-11-22T12:00:00Z alert-0001 fired (high): what is wrong`
fn sentence(news: &Arc<News>) -> String {
    let text = |name: &str| news.document.get(name).and_then(Value::as_str).unwrap_or_default();
    let said = |name: &str| news.document["said"].get(name).and_then(Value::as_str).unwrap_or_default();
    let rest = match (text("severity"), said("target")) {
        ("", "") => said("schema").to_owned(),
        ("", target) => format!("{target} {}", said("why")),
        (severity, _) => format!("({severity}): {}", text("summary")),
    };
    let words = [text("at"), text("about"), news.word, rest.trim()];
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    format!("{}\n", plain(&line).replace('\n', " "))
}
