//! Ctrl-C and termination: the first asks for a clean stop, the second stops now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use model::Fault;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Takes note of SIGINT, SIGTERM and SIGHUP, without a thread: a command that answers in milliseconds would wait for it.
pub(crate) fn install() {
    for signal in SIGNALS {
        // The order counts: the second signal finds the flag that the first has set. Only signals that nobody may handle are
        // refused, and these are none.
        let _ = flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), shared());
        let _ = flag::register(signal, shared());
    }
}

/// The flag that long work looks at between steps.
pub(crate) fn shared() -> Arc<AtomicBool> {
    Arc::clone(&STOP)
}

/// An error once the user has asked to stop.
///
/// # Errors
/// `interrupted`.
pub(crate) fn check() -> Result<(), Fault> {
    if STOP.load(Ordering::SeqCst) {
        return Err(Fault::interrupted("interrupted", "Stopped; what was finished is kept")
            .advise("Run the same command again to continue."));
    }
    Ok(())
}
