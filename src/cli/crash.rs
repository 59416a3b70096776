//! A bug in probity: one message that can be reported, exit 70, no backtrace for users.

use std::io::Write;
use std::panic::PanicHookInfo;

use super::exit::Exit;
use super::output::plain;

/// Turns every panic, on any thread, into a message and exit 70.
///
/// Leaving at once is safe because output appears whole or not at all: what is not yet renamed into place does not exist.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let message = describe(info);
        // Standard error may be closed; there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "{}", plain(&message));
        std::process::exit(Exit::Internal.code().into());
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
    let what = info.payload_as_str().unwrap_or("no message");
    format!(
        "error: probity {} has a bug: {what} ({place})\n  \
         hint: Nothing half-written is left behind. Please report this message, with the command that you ran, to those who \
         gave you probity.",
        env!("CARGO_PKG_VERSION")
    )
}
