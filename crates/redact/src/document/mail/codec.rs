//! Content transfer encodings (RFC 2045 §6).

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use model::Fault;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
const LINE: usize = 76;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    Identity,
    Quoted,
    Base64,
}

impl Transfer {
    /// # Errors
    /// `unsupported-encoding` for any other name.
    pub(super) fn parse(name: &str) -> Result<Transfer, Fault> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" => Ok(Transfer::Identity),
            "quoted-printable" => Ok(Transfer::Quoted),
            "base64" => Ok(Transfer::Base64),
            _ => Err(unsupported("a part is encoded in a way that is not known")),
        }
    }

    /// # Errors
    /// `unsupported-encoding` when base64 holds anything else.
    pub(super) fn decode<'a>(self, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Fault> {
        match self {
            Transfer::Identity => Ok(Cow::Borrowed(body)),
            Transfer::Quoted => Ok(Cow::Owned(unquote(body))),
            Transfer::Base64 => {
                let packed: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                let bytes = BASE64.decode(packed);
                Ok(Cow::Owned(bytes.map_err(|_| unsupported("a part holds more than the base64 that it says"))?))
            }
        }
    }

    /// `like` is the body that was decoded: its last line ends are kept.
    pub(super) fn encode(self, bytes: &[u8], like: &[u8], eol: &str) -> Vec<u8> {
        match self {
            Transfer::Identity => bytes.to_vec(),
            Transfer::Quoted => quote(bytes, eol),
            Transfer::Base64 => {
                let end = like.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
                let text = BASE64.encode(bytes);
                let lines: Vec<&str> =
                    text.as_bytes().chunks(LINE).map(|line| str::from_utf8(line).unwrap_or_default()).collect();
                [lines.join(eol).as_bytes(), &like[end..]].concat()
            }
        }
    }
}

fn unsupported(why: &str) -> Fault {
    Fault::bad_input("unsupported-encoding", format!("The mail cannot be read safely: {why}."))
        .advise("Save the message again in a current mail program.")
}

/// RFC 2045 §6.7, leniently: what is no escape stands for itself.
pub(super) fn unquote(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while at < body.len() {
        if body[at] != b'=' {
            out.push(body[at]);
            at += 1;
            continue;
        }
        let rest = &body[at + 1..];
        // A soft line break; some programs leave blanks before the line's end.
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if let Some(length) = line_end(&rest[blanks..]) {
            at += 1 + blanks + length;
        } else if let Some(byte) = escape(rest) {
            out.push(byte);
            at += 3;
        } else {
            out.push(b'=');
            at += 1;
        }
    }
    out
}

fn line_end(text: &[u8]) -> Option<usize> {
    match text {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n', ..] => Some(1),
        _ => None,
    }
}

pub(super) fn escape(text: &[u8]) -> Option<u8> {
    let [high, low, ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

fn quote(bytes: &[u8], eol: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    let mut column = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(length) = line_end(&bytes[at..]) {
            out.extend_from_slice(&bytes[at..at + length]);
            at += length;
            column = 0;
            continue;
        }
        let byte = bytes[at];
        at += 1;
        let ends = at == bytes.len() || line_end(&bytes[at..]).is_some();
        let plain = (b'!'..=b'~').contains(&byte) && byte != b'=' || matches!(byte, b' ' | b'\t') && !ends;
        let width = if plain { 1 } else { 3 };
        if column + width > LINE - 1 {
            out.push(b'=');
            out.extend_from_slice(eol.as_bytes());
            column = 0;
        }
        column += width;
        if plain {
            out.push(byte);
        } else {
            out.extend(format!("={byte:02X}").into_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is encoded decodes to the same bytes, in lines that mail may have.
        #[test]
        fn encodings_round_trip(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for transfer in [Transfer::Quoted, Transfer::Base64] {
                let encoded = transfer.encode(&bytes, b"x\r\n", "\r\n");
                let decoded = transfer.decode(&encoded).unwrap();
                prop_assert_eq!(decoded.as_ref(), bytes.as_slice());
                prop_assert!(encoded.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            }
        }
    }

    #[test]
    fn soft_breaks_and_damage_are_read() {
        for (body, expect) in [("a=\r\nb", "ab"), ("a= \nb", "ab"), ("a=3Db", "a=b"), ("a=zz", "a=zz"), ("=", "=")] {
            assert_eq!(unquote(body.as_bytes()), expect.as_bytes(), "{body:?}");
        }
        assert!(Transfer::Base64.decode(b"YWJj--footer").is_err());
        assert!(Transfer::parse("x-uuencode").is_err());
    }
}
