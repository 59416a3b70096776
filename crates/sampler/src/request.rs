//! One request of HTTP/1.1 to this sampler: read within bounds and a time, answered, closed.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::os::Stream;

/// A head that is longer is none of ours.
const HEAD_MAX: usize = 8 << 10;
/// Within this time a request is whole, however slowly its bytes come: nobody keeps others waiting.
const WAIT: Duration = Duration::from_secs(5);

/// What was asked.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Without parameters, in small letters.
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

/// What is said to it.
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
}

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

impl Answer {
    pub(crate) fn text(status: &'static str, text: impl Into<String>) -> Self {
        Answer { status, media_type: TEXT, body: text.into().into_bytes() }
    }
}

/// Reads one request with a body of `most` bytes at most, and says what `reply` makes of it; what is no request gets an answer
/// of its own, which `reply` hears of as well.
pub(crate) fn serve(
    mut stream: Stream,
    most: usize,
    reply: impl FnOnce(Result<Request, Answer>) -> Answer,
) -> io::Result<()> {
    let until = Instant::now() + WAIT;
    stream.set_write_timeout(Some(WAIT))?;
    let answer = reply(read(&stream, most, until)?);
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.media_type,
        answer.body.len()
    );
    stream.write_all(&[head.into_bytes(), answer.body].concat())?;
    stream.shutdown(Shutdown::Write)?;
    // A connection that is closed over unread bytes loses the answer.
    while some(&stream, &mut [0; 4 << 10], until)? > 0 {}
    Ok(())
}

fn read(stream: &Stream, most: usize, until: Instant) -> io::Result<Result<Request, Answer>> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4 << 10]);
    let refused = |status, text: &str| Ok(Err(Answer::text(status, format!("{text}\n"))));
    let end = loop {
        match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            Some(end) => break end,
            None if bytes.len() > HEAD_MAX => {
                return refused("431 Request Header Fields Too Large", "The head has no end.");
            }
            None => {}
        }
        match some(stream, &mut buffer, until)? {
            0 => return refused("400 Bad Request", "The head has no end."),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let mut request = Request {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        ..Request::default()
    };
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => match value.parse::<usize>() {
                Ok(count) if count <= most => length = count,
                Ok(_) => return refused("413 Content Too Large", &format!("More than {most} bytes.")),
                Err(_) => return refused("400 Bad Request", "The length is no number."),
            },
            "transfer-encoding" => return refused("411 Length Required", "Say how long it is."),
            "content-encoding" if value != "identity" => {
                return refused("415 Unsupported Media Type", "Send it without compression.");
            }
            "content-type" => {
                request.media_type = value.split(';').next().unwrap_or_default().trim_end().to_ascii_lowercase();
            }
            _ => {}
        }
    }
    while body.len() < length {
        match some(stream, &mut buffer, until)? {
            0 => return refused("400 Bad Request", "The body is cut off."),
            count => body.extend_from_slice(&buffer[..count]),
        }
    }
    body.truncate(length);
    request.body = body;
    Ok(Ok(request))
}

/// What comes next, as long as there is time.
fn some(mut stream: &Stream, buffer: &mut [u8], until: Instant) -> io::Result<usize> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    stream.read(buffer)
}
