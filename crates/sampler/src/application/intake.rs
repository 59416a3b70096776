//! Where applications send OTLP/HTTP to: TCP on loopback, or a Unix socket. One request at a time, each within a bound and a time.

use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};

use model::Fault;
use serde_json::Value;

use super::socket::Socket;
#[cfg(unix)]
use super::socket::free;
use super::{otlp, protobuf};
use crate::os::{self, Stream};
use crate::push::protobuf as writer;
use crate::request::{self, Answer, Request};
use crate::shared::Shared;

/// A body of more bytes is refused: what a program says of itself in an interval has some thousand.
const BODY_MAX: usize = 256 << 10;
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

enum Open {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Takes the address, and gives what is to be done with it until the process ends.
///
/// # Errors
/// I/O faults.
pub(crate) fn receive(socket: &Socket) -> Result<impl FnOnce(&Shared) + Send + 'static, Fault> {
    let open = match socket {
        Socket::Internet(address) => TcpListener::bind(address)
            .map(Open::Tcp)
            .map_err(|error| Fault::io("listen on", address.to_string().as_ref(), error))?,
        #[cfg(unix)]
        Socket::Unix(path) => {
            free(path, |path| UnixStream::connect(path).is_ok());
            UnixListener::bind(path).map(Open::Unix).map_err(|error| Fault::io("listen on", path, error))?
        }
    };
    Ok(move |shared: &Shared| {
        loop {
            let stream = match &open {
                Open::Tcp(listener) => listener.accept().map(|(stream, _)| os::of_tcp(stream)),
                #[cfg(unix)]
                Open::Unix(listener) => listener.accept().map(|(stream, _)| stream),
            };
            // Whoever hangs up has no use for an answer.
            let _ = stream.and_then(|stream| answer(stream, shared));
        }
    })
}

/// One request, and what is said to it.
pub(crate) fn answer(stream: Stream, shared: &Shared) -> std::io::Result<()> {
    request::serve(stream, BODY_MAX, |asked| reply(asked, shared))
}

fn reply(asked: Result<Request, Answer>, shared: &Shared) -> Answer {
    let answer = asked.and_then(|asked| take(&asked, shared));
    answer.unwrap_or_else(|refused| {
        shared.lock().applications.refuse(1);
        refused
    })
}

fn take(asked: &Request, shared: &Shared) -> Result<Answer, Answer> {
    if asked.path != "/v1/metrics" {
        return Err(Answer::text("404 Not Found", "There is /v1/metrics.\n"));
    }
    if asked.method != "POST" {
        return Err(Answer::text("405 Method Not Allowed", "Only POST.\n"));
    }
    let (media_type, said) = match asked.media_type.as_str() {
        JSON => (JSON, serde_json::from_slice(&asked.body).map_err(|error| error.to_string())),
        PROTOBUF => {
            (PROTOBUF, protobuf::read(&asked.body).map_err(|at| format!("no protobuf of metrics at byte {at}")))
        }
        _ => {
            return Err(Answer::text(
                "415 Unsupported Media Type",
                "Send application/x-protobuf or application/json.\n",
            ));
        }
    };
    let is_json = media_type == JSON;
    let said: Value =
        said.map_err(|why: String| Answer { status: "400 Bad Request", media_type, body: status(is_json, &why) })?;
    let refused = otlp::take(&said, &mut shared.lock().applications);
    // `ExportMetricsServiceResponse`, with a partial success where points were refused.
    let body = match (is_json, refused) {
        (true, 0) => b"{}".to_vec(),
        (true, _) => {
            format!("{{\"partialSuccess\":{{\"rejectedDataPoints\":\"{refused}\",\"errorMessage\":\"{WHY}\"}}}}")
                .into_bytes()
        }
        (false, 0) => Vec::new(),
        (false, _) => writer::message(1, &[writer::varint(1, refused), writer::message(2, WHY.as_bytes())].concat()),
    };
    Ok(Answer { status: "200 OK", media_type, body })
}

const WHY: &str =
    "too many series, a name or label that is too long, or a kind that is not kept; see probity-segment(5)";

/// `google.rpc.Status`: INVALID_ARGUMENT.
fn status(is_json: bool, why: &str) -> Vec<u8> {
    match is_json {
        true => format!("{{\"code\":3,\"message\":{}}}", Value::from(why)).into_bytes(),
        false => [writer::varint(1, 3), writer::message(2, why.as_bytes())].concat(),
    }
}
