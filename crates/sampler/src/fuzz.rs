//! What applications say, for the fuzzer alone: the parsers of hostile input without their sockets.

use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use crate::application::{Applications, answer};
use crate::openmetrics;
use crate::shared::Shared;

/// A request as it comes to `--receive`.
pub fn request(bytes: &[u8]) {
    let shared = Shared::default();
    let Ok((mut sender, stream)) = UnixStream::pair() else { return };
    // A socket holds this much without anybody who reads.
    if bytes.len() > 64 << 10 || sender.write_all(bytes).is_err() {
        return;
    }
    let _ = sender.shutdown(Shutdown::Write);
    let served = answer(stream, &shared);
    let mut said = Vec::new();
    let _ = std::io::Read::read_to_end(&mut sender, &mut said);
    assert!(served.is_err() || said.starts_with(b"HTTP/1.1 "), "{served:?}");
    check(&shared);
}

/// The body of a request that was read.
pub fn body(is_json: bool, bytes: &[u8]) {
    let media_type = if is_json { "application/json" } else { "application/x-protobuf" };
    let head =
        format!("POST /v1/metrics HTTP/1.1\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n", bytes.len());
    request(&[head.as_bytes(), bytes].concat());
}

/// Lines of statsd.
pub fn lines(bytes: &[u8]) {
    let shared = Shared::default();
    shared.lock().applications.take(bytes);
    check(&shared);
}

/// Whatever was said: a line stays within its bound and is JSON, and no two samples of the page have one name.
fn check(shared: &Shared) {
    let state = shared.lock();
    let members = state.applications.members();
    assert!(members.len() < Applications::BYTES_MAX + 256);
    if let Some((_, members)) = members.split_first() {
        let line = [b"{", members, b"}"].concat();
        let said: serde_json::Value = serde_json::from_slice(&line).unwrap_or_default();
        assert!(said.is_object(), "{}", String::from_utf8_lossy(&line));
        let lists = said.as_object().into_iter().flatten().flat_map(|(_, list)| list.as_array().into_iter().flatten());
        lists.for_each(|series| assert!(series[0].is_string() && series[1].is_number(), "{series}"));
    }
    let page = openmetrics::page(&state);
    let mut names: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).filter_map(name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{page}");
    assert!(page.ends_with("# EOF\n") && page.matches("# EOF").count() == 1 + page.matches("\"# EOF").count());
}

/// A sample without its value.
fn name(line: &str) -> Option<&str> {
    line.rsplit_once(' ').map(|(name, _)| name)
}
