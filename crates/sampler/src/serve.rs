//! `/metrics` and `/healthz` for whoever asks on this machine.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use model::Fault;

use crate::openmetrics;
use crate::os;
use crate::request::{self, Answer, Request};
use crate::shared::{Shared, State};

/// Takes the address.
///
/// # Errors
/// `not-loopback`: what a device says of itself is nobody else's; I/O faults.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, Fault> {
    if !address.ip().is_loopback() {
        return Err(not_loopback(address));
    }
    TcpListener::bind(address).map_err(|error| Fault::io("listen on", address.to_string().as_ref(), error))
}

/// Why an address is refused.
pub(crate) fn not_loopback(address: SocketAddr) -> Fault {
    Fault::refused("not-loopback", format!("{address} is reached from other machines"))
        .advise("Listen on 127.0.0.1 or [::1]; a proxy with certificates can stand in front.")
}

/// Answers until the process ends, one at a time.
pub(crate) fn answer(listener: &TcpListener, shared: &Shared, interval: Duration) {
    for stream in listener.incoming().flatten() {
        // Whoever hangs up has no use for an answer.
        let _ = request::serve(os::of_tcp(stream), 0, |asked| {
            reply(asked, shared, interval).unwrap_or_else(|refused| refused)
        });
    }
}

fn reply(asked: Result<Request, Answer>, shared: &Shared, interval: Duration) -> Result<Answer, Answer> {
    let asked = asked?;
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/metrics") => Ok(Answer {
            status: "200 OK",
            media_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
            body: openmetrics::page(&shared.lock()).into_bytes(),
        }),
        ("GET", "/healthz") => Ok(match ailment(&shared.lock(), interval) {
            None => Answer::text("200 OK", "ok\n"),
            Some(ailment) => Answer::text("503 Service Unavailable", format!("{ailment}\n")),
        }),
        ("GET", _) => Err(Answer::text("404 Not Found", "There is /metrics and /healthz.\n")),
        _ => Err(Answer::text("405 Method Not Allowed", "Only GET.\n")),
    }
}

/// Why the sampler is not well.
fn ailment(state: &State, interval: Duration) -> Option<String> {
    let is_late = state.taken.is_none_or(|taken| taken.elapsed() > interval * 3);
    if is_late {
        return Some("no sample was taken for three intervals".to_owned());
    }
    (state.waiting > 0).then(|| format!("{} samples wait for the disk, {} are lost", state.waiting, state.lost))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Well, before the first sample, late, and with a disk that takes nothing.
    #[test]
    fn health_is_what_it_is() {
        let interval = Duration::from_secs(30);
        let now = Instant::now();
        let check = |state: State, expect: Option<&str>| {
            assert_eq!(ailment(&state, interval).as_deref(), expect);
        };
        let late = Some("no sample was taken for three intervals");
        check(State { taken: Some(now), ..State::default() }, None);
        check(State::default(), late);
        check(State { taken: now.checked_sub(interval * 4), ..State::default() }, late);
        let waiting = State { taken: Some(now), waiting: 120, lost: 7, ..State::default() };
        check(waiting, Some("120 samples wait for the disk, 7 are lost"));
    }
}
