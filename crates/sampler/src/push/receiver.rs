//! What takes segments and samples, whatever it speaks.

use std::fmt;

use model::Fault;

/// A receiver. This room has one of its own, which speaks HTTP without TLS; whoever has more to speak with brings others.
pub trait Receiver: fmt::Debug + Send + Sync {
    /// Hands over a segment under `name`, or with an empty name a request with samples. On return the receiver has all of it,
    /// durably. A name stands for its content: what is there under it is the same and is not written again, and a call
    /// may be repeated after any fault. Waits end.
    ///
    /// # Errors
    /// `push-failed`, and what is wrong with the settings; with the host, without anything secret.
    fn take(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), Fault>;
}

/// Whether a status of HTTP says that the receiver has it.
///
/// # Errors
/// `push-failed`.
pub fn judge(name: &str, host: &str, status: u16) -> Result<(), Fault> {
    match status {
        200..=299 => Ok(()),
        // The condition of the PUT: a file of this name is there, and the name is its content's.
        412 if !name.is_empty() => Ok(()),
        _ => Err(failed(format!("{host} answered with status {status}"))),
    }
}

/// A receiver that did not take it.
pub fn failed(message: String) -> Fault {
    Fault::unavailable("push-failed", message).advise("What was not taken stays here and is sent again.")
}
