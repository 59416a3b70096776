//! Synthetic user journeys: what a user would do over HTTP, step by step, and whether it worked.
//!
//! [`Journey::read`] reads a file strictly: a value that no earlier step gives, or a misspelt key, is an error with its place.
//! [`run`] walks the steps with a [`Browser`], which is how the network is reached, and gives a [`Report`]. The first step that
//! fails ends the journey; those after it are skipped.
//!
//! Invariants:
//! - no value of a secret, no extracted value and nothing of an answer's body is in a [`Report`] or a message;
//! - a redirect to another origin takes no header, no body and no method but GET along, and never goes from HTTPS to HTTP;
//! - cookies are kept where the file says so, for one journey, and go where RFC 6265 lets them;
//! - every answer has a limit of bytes, every step of time, redirects and attempts included.
//!
//! Deliberately absent: sockets, TLS, files, the environment, the clock, scripts.

mod expect;
mod jar;
mod journey;
mod redirect;
mod report;
mod run;
mod template;

pub use journey::{Client, Journey, SecretSource, Step};
pub use report::{Report, StepReport};
pub use run::{Answer, Browser, Phases, Request, Trouble, run};

/// How much a journey may be.
pub(crate) mod limits {
    /// Steps in one journey.
    pub(crate) const STEPS: usize = 1_000;
    /// Redirects that one step may be allowed to follow.
    pub(crate) const REDIRECTS: u64 = 20;
    /// Attempts beyond the first.
    pub(crate) const RETRIES: u64 = 10;
    /// Bytes of one answer that may be asked for.
    pub(crate) const BODY_BYTES: u64 = 256 << 20;
    /// Characters of an extracted value.
    pub(crate) const VALUE_CHARS: usize = 64 << 10;
}
