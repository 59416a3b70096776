//! Text of mail, decoded and encoded again.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use model::Fault;

/// Text and how it was written.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    encoding: &'static Encoding,
    has_mark: bool,
    /// Whether it is not what its label says; it was read byte by byte then, which loses nothing.
    pub(super) mislabelled: bool,
}

/// Reads `bytes` by the name of their charset.
///
/// # Errors
/// `unsupported-charset` names a charset that is not known, or that the bytes do not fit.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> Result<Decoded, Fault> {
    let label = label.map(|label| label.trim().to_ascii_lowercase()).unwrap_or_default();
    let encoding = match label.as_str() {
        "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "x-unknown" | "_iso-8859-1" => {
            if let Ok(text) = str::from_utf8(bytes) {
                return Ok(Decoded { text: text.to_owned(), encoding: UTF_8, has_mark: false, mislabelled: false });
            }
            return Ok(in_bytes(bytes));
        }
        "utf-16" if bytes.starts_with(b"\xfe\xff") => UTF_16BE,
        // RFC 2781 §4.3: without a mark it is big-endian.
        "utf-16" if !bytes.starts_with(b"\xff\xfe") => UTF_16BE,
        _ => Encoding::for_label(label.as_bytes())
            .filter(|known| *known != REPLACEMENT)
            .ok_or_else(|| unsupported(&label))?,
    };
    let mark: &[u8] = if encoding == UTF_16BE { b"\xfe\xff" } else { b"\xff\xfe" };
    let has_mark = (encoding == UTF_16BE || encoding == UTF_16LE) && bytes.starts_with(mark);
    let (text, broken) = encoding.decode_without_bom_handling(if has_mark { &bytes[2..] } else { bytes });
    if broken {
        return Err(unsupported(&label));
    }
    Ok(Decoded { text: text.into_owned(), encoding, has_mark, mislabelled: false })
}

/// Every byte is a letter: what is not UTF-8 although it should be is nearly always this.
fn in_bytes(bytes: &[u8]) -> Decoded {
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), encoding: WINDOWS_1252, has_mark: false, mislabelled: true }
}

impl Decoded {
    /// Other text in the same charset. Letters that it does not have become numeric references.
    pub(super) fn encode(&self, text: &str) -> Vec<u8> {
        let big = self.encoding == UTF_16BE;
        if !big && self.encoding != UTF_16LE {
            return self.encoding.encode(text).0.into_owned();
        }
        let mark = if self.has_mark { "\u{feff}" } else { "" };
        let units = mark.encode_utf16().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }
}

fn unsupported(label: &str) -> Fault {
    // The name comes from the input: only what a name may hold is repeated.
    let name: String =
        label.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_:".contains(*letter)).collect();
    let name = &name[..name.len().min(40)];
    Fault::bad_input("unsupported-charset", format!("Text in the mail is not readable as charset {name:?}."))
        .advise("Save the message again in a current mail program, which writes UTF-8.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every charset gives back the bytes that it was read from.
    #[test]
    fn charsets_round_trip() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"J\xf6rg", "iso-8859-1", "Jörg"),
            (b"J\xf6rg \x80", "windows-1252", "Jörg €"),
            (b"J\xf6rg", "utf-8", "Jörg"),
            ("Jörg".as_bytes(), "", "Jörg"),
            (b"\xff\xfeJ\0\xf6\0", "utf-16", "Jö"),
            (b"\xfe\xff\0J\0\xf6", "utf-16", "Jö"),
            (b"\0J\0\xf6", "utf-16be", "Jö"),
            (b"\xb5\xeb", "koi8-r", "ӺМ"),
        ];
        for (bytes, label, expect) in cases {
            let decoded = decode(bytes, Some(label)).unwrap();
            if label != "koi8-r" {
                assert_eq!(decoded.text, expect);
            }
            assert_eq!(decoded.encode(&decoded.text), bytes, "{label}");
        }
        for label in ["utf-7", "iso-2022-kr", "nonsense"] {
            assert_eq!(decode(b"x", Some(label)).unwrap_err().code(), "unsupported-charset");
        }
    }
}
