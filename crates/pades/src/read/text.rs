//! Text strings (ISO 32000-1, 7.9.2.2, annex D.3): one text can be written in three ways.

/// Bytes 0x18 to 0x1F of PDFDocEncoding.
const LOW: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];

/// Bytes 0x80 to 0xA0 of PDFDocEncoding; one of them is not in use.
const HIGH: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ', 'Ł', 'Œ',
    'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
];

/// The text; `None` when the bytes are no text.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xfe, 0xff, units @ ..] => {
            let units: Vec<u16> = units
                .chunks(2)
                .map(|pair| Some([*pair.first()?, *pair.get(1)?]))
                .map(|pair| pair.map(u16::from_be_bytes))
                .collect::<Option<_>>()?;
            String::from_utf16(&units).ok()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        other => other.iter().map(|byte| Some(sign(*byte)).filter(|sign| *sign != '\u{fffd}')).collect(),
    }
}

fn sign(byte: u8) -> char {
    match byte {
        0x18..=0x1f => LOW[usize::from(byte - 0x18)],
        0x80..=0xa0 => HIGH[usize::from(byte - 0x80)],
        0x7f | 0xad => '\u{fffd}',
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_in_three_ways() {
        let check = |bytes: &[u8], expect: Option<&str>| assert_eq!(text(bytes).as_deref(), expect, "{bytes:?}");
        check(b"\x80 \xe9 \x84", Some("• é —"));
        check(b"\xfe\xff\x20\x22\0 \0\xe9", Some("• é"));
        check("\u{feff}• é".as_bytes(), Some("• é"));
        check(b"\xfe\xff\0", None);
        check(b"\x9f", None);
    }
}
