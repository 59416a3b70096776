//! Bodies made of parts (RFC 2046 §5.1).

use std::ops::Range;

use model::Fault;

use super::codec::Transfer;
use super::entity::{Body, Walk};
use super::headers::Kind;

/// Visits the parts and what stands around them.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    body: &[u8],
    kind: &Kind,
    new_boundary: Option<&str>,
    part: &str,
    depth: u32,
) -> Result<Body, Fault> {
    if kind.transfer != Transfer::Identity {
        return Err(bad("is encoded as a whole, which no mail program does"));
    }
    let boundary = kind.boundary.as_deref().map(str::trim_end).filter(|boundary| !boundary.is_empty());
    let boundary = boundary.ok_or_else(|| bad("names no boundary between its parts"))?;
    let lines = delimiters(body, boundary.as_bytes());
    if lines.is_empty() {
        return Err(bad("holds no boundary between its parts"));
    }
    let prefix = part.strip_suffix("message").map_or_else(|| format!("{part}."), str::to_owned);
    let default = if kind.media == "multipart/digest" { "message/rfc822" } else { "text/plain" };
    let mut out = Vec::with_capacity(body.len());
    let mut changed = new_boundary.is_some();
    let mut at = 0;
    for number in 0..=lines.len() {
        let end = lines.get(number).map_or(body.len(), |line| line.line.start);
        let inside = &body[at..end];
        let closed = number > 0 && lines[number - 1].closes;
        let new = match number {
            0 => walk.outside(inside, part, "preamble")?,
            _ if closed => walk.outside(inside, part, &format!("epilogue[{number}]"))?,
            _ => walk.entity(inside, &format!("{prefix}{number}"), default, depth + 1)?,
        };
        changed |= new.is_some();
        out.extend_from_slice(new.as_deref().unwrap_or(inside));
        if let Some(line) = lines.get(number) {
            match new_boundary {
                Some(new) => {
                    out.extend_from_slice(&body[line.line.start..line.name.start]);
                    out.extend_from_slice(new.as_bytes());
                    out.extend_from_slice(&body[line.name.end..line.line.end]);
                }
                None => out.extend_from_slice(&body[line.line.clone()]),
            }
            at = line.line.end;
        }
    }
    Ok(if changed { Body::New(out) } else { Body::Same })
}

/// A line between parts.
struct Delimiter {
    /// With the line end before it, which is its own (RFC 2046 §5.1.1), and the one behind it.
    line: Range<usize>,
    /// The boundary in it.
    name: Range<usize>,
    closes: bool,
}

fn delimiters(body: &[u8], boundary: &[u8]) -> Vec<Delimiter> {
    let mut found: Vec<Delimiter> = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |length| at + length + 1);
        let line = &body[at..end];
        if let Some(rest) = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary)) {
            let closes = rest.starts_with(b"--");
            if rest[if closes { 2 } else { 0 }..].trim_ascii().is_empty() {
                let before = found.last().map_or(0, |last| last.line.end);
                let mut start = at;
                for end in [b'\n', b'\r'] {
                    if start > before && body[start - 1] == end {
                        start -= 1;
                    }
                }
                found.push(Delimiter { line: start..end, name: at + 2..at + 2 + boundary.len(), closes });
            }
        }
        at = end;
    }
    found
}

fn bad(why: &str) -> Fault {
    Fault::bad_input("bad-mail", format!("A part of the mail {why}."))
        .advise("Check that the file is complete, or save the message again in a current mail program.")
}
