//! Server-sent events for whoever asks on this machine: `GET /events`, from `Last-Event-ID` on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use model::{Fault, harmless_json};

use super::hub::{Hub, Next};

/// Who listens at once, at most.
const CLIENTS_MAX: usize = 32;
/// A question that is longer is none of ours.
const HEAD_MAX: u64 = 16 << 10;
/// How long a question may take, and how long somebody may not read.
const WAIT: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_millis(500);
/// Something is said at least so often, so that both sides know that the other is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Takes the address, and answers from a thread of its own until the process ends.
///
/// # Errors
/// `not-loopback`; I/O faults.
pub(super) fn begin(address: SocketAddr, hub: &Arc<Hub>) -> Result<SocketAddr, Fault> {
    if !address.ip().is_loopback() {
        return Err(Fault::refused("not-loopback", format!("{address} is reached from other machines"))
            .advise("Listen on 127.0.0.1 or [::1]; a proxy with certificates can stand in front."));
    }
    let fault = |error| Fault::io("listen on", address.to_string().as_ref(), error);
    let listener = TcpListener::bind(address).map_err(fault)?;
    let own = listener.local_addr().map_err(fault)?;
    let (hub, clients) = (Arc::clone(hub), Arc::new(AtomicUsize::new(0)));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (hub, clients) = (Arc::clone(&hub), Arc::clone(&clients));
            if clients.fetch_add(1, Ordering::SeqCst) >= CLIENTS_MAX {
                clients.fetch_sub(1, Ordering::SeqCst);
                let _ = refuse(stream, "503 Service Unavailable", "Too many listen already.");
                continue;
            }
            std::thread::spawn(move || {
                // Whoever hangs up, or does not read, has no use for more.
                let _ = one(stream, &hub);
                clients.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    Ok(own)
}

/// A question, as far as it counts.
struct Question {
    method: String,
    path: String,
    host: String,
    after: Option<String>,
}

fn one(mut stream: TcpStream, hub: &Hub) -> std::io::Result<()> {
    stream.set_write_timeout(Some(WAIT))?;
    let Some(question) = question(&stream)? else {
        return refuse(stream, "400 Bad Request", "This is no question of HTTP.");
    };
    // A page of a browser reaches this machine under a name of its own making.
    if !is_here(&question.host) {
        return refuse(stream, "403 Forbidden", "Ask for 127.0.0.1 or localhost.");
    }
    match (question.method.as_str(), question.path.as_str()) {
        ("GET", "/events") => {}
        ("GET", _) => return refuse(stream, "404 Not Found", "There is /events."),
        _ => return refuse(stream, "405 Method Not Allowed", "Only GET."),
    }
    let last = hub.last();
    let after = match question.after.as_deref().map(str::parse) {
        None => last,
        Some(Ok(after)) if after <= last => after,
        Some(_) => return refuse(stream, "400 Bad Request", "No event has this Last-Event-ID."),
    };
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\
          X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n: probity\n\n",
    )?;
    follow(&mut stream, hub, after)
}

fn follow(stream: &mut TcpStream, hub: &Hub, mut after: u64) -> std::io::Result<()> {
    let mut spoken = Instant::now();
    loop {
        match hub.next(after, TURN) {
            Next::Lines(lines) => {
                for news in &lines {
                    // JSON of ours is on one line.
                    let data = harmless_json(&news.document.to_string()).into_owned();
                    stream.write_all(format!("id: {}\nevent: {}\ndata: {data}\n\n", news.id, news.word).as_bytes())?;
                    after = news.id;
                }
                spoken = Instant::now();
            }
            Next::Quiet if spoken.elapsed() >= HEARTBEAT => {
                stream.write_all(b":\n\n")?;
                spoken = Instant::now();
            }
            Next::Quiet => {}
            Next::Ended => return Ok(()),
        }
    }
}

/// The head of a question; nothing where it is none, or too long. It is whole within a time, however slowly it comes.
fn question(stream: &TcpStream) -> std::io::Result<Option<Question>> {
    let begun = Instant::now();
    let mut reader = BufReader::new(stream.try_clone()?.take(HEAD_MAX));
    let mut lines: Vec<String> = Vec::new();
    let mut line = Vec::new();
    loop {
        let left = WAIT.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left))?;
        // One piece at a time, so that the clock is looked at.
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(None);
        }
        let end = piece.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(piece.len(), |end| end + 1);
        line.extend_from_slice(&piece[..used]);
        reader.consume(used);
        if end.is_none() {
            continue;
        }
        let text = String::from_utf8_lossy(&std::mem::take(&mut line)).trim_end().to_owned();
        if text.is_empty() {
            break;
        }
        lines.push(text);
    }
    let mut words = lines.first().map_or("", String::as_str).split(' ');
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    if !words.next().unwrap_or_default().starts_with("HTTP/1.") {
        return Ok(None);
    }
    let header = |name: &str| {
        let mut headers = lines.iter().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    Ok(Some(Question { method, path, host: header("host").unwrap_or_default(), after: header("last-event-id") }))
}

fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|number| number.is_loopback())
}

fn refuse(mut stream: TcpStream, status: &str, why: &str) -> std::io::Result<()> {
    stream.set_write_timeout(Some(WAIT))?;
    let length = why.len() + 1;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{why}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let check = |host: &str, expect: bool| assert_eq!(is_here(host), expect, "{host}");
        check("127.0.0.1:8080", true);
        check("localhost", true);
        check("[::1]:8080", true);
        check("evil.example:8080", false);
        check("127.0.0.1.evil.example", false);
        check("", false);
    }
}
