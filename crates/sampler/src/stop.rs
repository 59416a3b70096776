//! Waiting for the next sample, or for somebody who wants the sampler to stop. For the edge; without a thread of its own.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::Stop;
#[cfg(windows)]
pub use windows::Stop;
