//! Bytes as text: base64 and PEM.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Standard alphabet, padded.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// The bytes, or `None` unless `text` is the one canonical, padded form.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// `der` between `-----BEGIN label-----` and `-----END label-----`, `width` columns a line (RFC 7468 §3).
pub(crate) fn wrap(label: &str, der: &[u8], width: usize) -> String {
    let base64 = encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(width.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = tail;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The bytes of the one block with `label`. Space around it and at the ends of its lines is allowed, text is not.
pub(crate) fn unwrap(label: &str, text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let body = body.strip_suffix(&format!("-----END {label}-----"))?;
    let base64: String = body.split_ascii_whitespace().collect();
    decode(&base64)
}

/// The bytes of every block with `label`, in order; text between the blocks is skipped (RFC 7468 §2). `None` when a block
/// has no end, has headers, or is no base64.
#[cfg(feature = "x509")]
pub(crate) fn blocks(label: &str, text: &str) -> Option<Vec<Vec<u8>>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, body)) = rest.split_once(&begin) {
        let (body, after) = body.split_once(&end)?;
        let base64: String = body.split_ascii_whitespace().collect();
        found.push(decode(&base64)?);
        rest = after;
    }
    Some(found)
}
