//! The progress bar: on standard error, on a terminal only, and only for work that takes longer than a blink.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::Progress;

const PATIENCE: Duration = Duration::from_millis(250);

/// What the numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Bytes,
    Items,
}

/// A bar that appears after [`PATIENCE`].
pub(crate) struct Bar {
    count: Count,
    state: Mutex<State>,
}

struct State {
    what: String,
    total: u64,
    done: u64,
    since: Instant,
    bar: Option<ProgressBar>,
}

/// A bar on a terminal, unless output is quiet; otherwise nothing.
pub(crate) fn bar(count: Count, quiet: bool) -> Box<dyn Progress> {
    if quiet || !std::io::stderr().is_terminal() {
        return Box::new(model::Hidden);
    }
    let state = State { what: String::new(), total: 0, done: 0, since: Instant::now(), bar: None };
    Box::new(Bar { count, state: Mutex::new(state) })
}

impl Bar {
    fn with(&self, act: impl FnOnce(&mut State)) {
        // A panic elsewhere ends the process, so the lock is never poisoned.
        if let Ok(mut state) = self.state.lock() {
            act(&mut state);
        }
    }

    fn open(&self, state: &State) -> ProgressBar {
        let (known, unknown) = match self.count {
            Count::Bytes => (
                "{msg} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
                "{msg} {spinner} {decimal_bytes} {decimal_bytes_per_sec}",
            ),
            Count::Items => ("{msg} [{bar:30}] {pos}/{len} {eta}", "{msg} {spinner} {pos}"),
        };
        let template = if state.total > 0 { known } else { unknown };
        // The templates are constants; a default bar is the harmless answer to a typing error in them.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = if state.total > 0 { ProgressBar::new(state.total) } else { ProgressBar::new_spinner() };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.set_style(style);
        bar.set_message(state.what.clone());
        bar
    }
}

impl Progress for Bar {
    fn start(&self, what: &str, total: u64) {
        self.with(|state| {
            if let Some(bar) = state.bar.take() {
                bar.finish_and_clear();
            }
            *state = State { what: what.to_owned(), total, done: 0, since: Instant::now(), bar: None };
        });
    }

    fn advance(&self, done: u64) {
        self.with(|state| {
            state.done += done;
            if state.bar.is_none() && state.since.elapsed() > PATIENCE {
                state.bar = Some(self.open(state));
            }
            if let Some(bar) = &state.bar {
                bar.set_position(state.done);
            }
        });
    }

    fn finish(&self) {
        self.with(|state| {
            if let Some(bar) = state.bar.take() {
                bar.finish_and_clear();
            }
        });
    }
}
