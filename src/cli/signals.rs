//! Ctrl-C and termination: the first asks for a clean stop, the second stops now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use model::Fault;

use super::exit::Exit;

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Listens for SIGINT, SIGTERM and SIGHUP.
pub(crate) fn install() {
    // Installing fails only when a handler is set already, which is the state we want.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(Exit::Interrupted.code().into());
        }
    });
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
