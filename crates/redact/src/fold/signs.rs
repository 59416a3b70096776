//! One character: what it is read as, wherever it stands.

/// What a character is to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Nothing is seen of it.
    Nothing,
    /// It is seen as this ASCII character.
    Ascii(u8),
    /// What follows stands in the other direction (U+202E), until the direction is given back.
    Turn,
    /// It is itself.
    Itself,
}

/// The character at the beginning, and how many bytes it has. A byte that is no UTF-8 is read as the old 8-bit encodings
/// have it, as far as they agree: ISO 8859-1 and windows-1252.
pub(super) fn sign(text: &[u8]) -> (Sign, usize) {
    match decoded(text) {
        Some((char, size)) => (of(char), size),
        None => (of_byte(text[0]), 1),
    }
}

/// The character at the beginning, if it is UTF-8 and not ASCII, and its size.
pub(super) fn decoded(text: &[u8]) -> Option<(u32, usize)> {
    let low = |byte: u8| (byte & 0xC0 == 0x80).then_some(u32::from(byte & 0x3F));
    Some(match *text {
        [a @ 0xC2..=0xDF, b, ..] => (u32::from(a & 0x1F) << 6 | low(b)?, 2),
        [a @ 0xE0..=0xEF, b, c, ..] => (u32::from(a & 0x0F) << 12 | low(b)? << 6 | low(c)?, 3),
        [a @ 0xF0..=0xF4, b, c, d, ..] => (u32::from(a & 0x07) << 18 | low(b)? << 12 | low(c)? << 6 | low(d)?, 4),
        _ => return None,
    })
}

fn of_byte(byte: u8) -> Sign {
    match byte {
        0xA0 => Sign::Ascii(b' '),
        0xAD => Sign::Nothing,
        0x96 | 0x97 => Sign::Ascii(b'-'),
        _ => Sign::Itself,
    }
}

fn of(char: u32) -> Sign {
    match char {
        // Latin letters with accents, and the letters of Greek, Cyrillic, Hebrew, Han: what most text is made of.
        0xC0..=0x2FF | 0x370..=0x588 | 0x5D0..=0x5F4 | 0x3400..=0x9FFF | 0xAC00..=0xD7A3 => Sign::Itself,
        0x202E => Sign::Turn,
        _ if is_unseen(char) => Sign::Nothing,
        _ => match ascii(char) {
            Some(byte) => Sign::Ascii(byte),
            None => digit(char).map_or(Sign::Itself, Sign::Ascii),
        },
    }
}

/// Marks of format, fillers, variation selectors, tags, and accents that stand upon the letter before.
fn is_unseen(char: u32) -> bool {
    matches!(char,
        0xAD | 0x300..=0x36F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x200B..=0x200F | 0x202A..=0x202D | 0x2060..=0x206F
        | 0x20D0..=0x20FF | 0x3164 | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Blanks, hyphens and dashes (Unicode categories Zs, Zl, Zp, Pd), other forms of signs, and letters of mathematics.
fn ascii(char: u32) -> Option<u8> {
    Some(match char {
        0x85 | 0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x2800 | 0x3000 => b' ',
        0x58A
        | 0x5BE
        | 0x1400
        | 0x1806
        | 0x2010..=0x2015
        | 0x2043
        | 0x207B
        | 0x208B
        | 0x2212
        | 0x2796
        | 0x2E17
        | 0x2E1A
        | 0x2E3A
        | 0x2E3B
        | 0x2E40
        | 0x2E5D
        | 0x301C
        | 0x3030
        | 0x30A0
        | 0xFE31
        | 0xFE32
        | 0xFE58
        | 0xFE63
        | 0x10EAD => b'-',
        0x2024 | 0x3002 | 0xFE52 | 0xFF61 => b'.',
        0x2044 | 0x2215 => b'/',
        0x2236 | 0xA789 | 0xFE55 => b':',
        0xFE33 | 0xFE34 | 0xFE4D..=0xFE4F => b'_',
        0xFE59 => b'(',
        0xFE5A => b')',
        0xFE62 => b'+',
        0xFE6B => b'@',
        0xFF01..=0xFF5E => (char - 0xFF01) as u8 + b'!',
        0x1D400..=0x1D6A3 => letter((char - 0x1D400) % 52),
        0x24B6..=0x24E9 => letter(char - 0x24B6),
        0x1F110..=0x1F129 => letter(char - 0x1F110),
        0x1F130..=0x1F149 => letter(char - 0x1F130),
        0x1F150..=0x1F169 => letter(char - 0x1F150),
        0x1F170..=0x1F189 => letter(char - 0x1F170),
        0x1D7CE..=0x1D7FF => b'0' + ((char - 0x1D7CE) % 10) as u8,
        _ => return None,
    })
}

/// `A` to `Z`, then `a` to `z`.
fn letter(number: u32) -> u8 {
    let number = number as u8;
    if number < 26 { b'A' + number } else { b'a' + number - 26 }
}

/// A digit of any script (Unicode category Nd).
fn digit(char: u32) -> Option<u8> {
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= char)].last()?;
    (char - zero < 10).then(|| b'0' + (char - zero) as u8)
}

/// Where the ten digits of each script begin (Unicode 16, category Nd, without ASCII, full-width and mathematics).
const ZEROS: [u32; 69] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
    0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0,
    0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50,
    0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1,
    0x1E950, 0x1FBF0,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Sign) {
        assert_eq!(sign(text.as_bytes()), (expect, text.len()), "{text:?}");
    }

    /// Each class of characters by one of its members, and what stays itself.
    #[test]
    fn characters_are_read() {
        for nothing in ["\u{200F}", "\u{301}", "\u{FE0F}", "\u{E0041}", "\u{2066}", "\u{3164}"] {
            check(nothing, Sign::Nothing);
        }
        for (text, expect) in [
            ("\u{2009}", b' '),
            ("\u{202F}", b' '),
            ("–", b'-'),
            ("−", b'-'),
            ("﹫", b'@'),
            ("。", b'.'),
            ("Ｚ", b'Z'),
            ("𝐀", b'A'),
            ("𝔷", b'z'),
            ("𝚣", b'z'),
            ("ⓙ", b'j'),
            ("🅰", b'A'),
            ("𝟏", b'1'),
            ("𝟿", b'9'),
            ("٣", b'3'),
            ("९", b'9'),
            ("๐", b'0'),
            ("𞥙", b'9'),
        ] {
            check(text, Sign::Ascii(expect));
        }
        for itself in ["é", "о", "ß", "漢", "한", "’", "…", "€", "😀"] {
            check(itself, Sign::Itself);
        }
        check("\u{202E}", Sign::Turn);
        assert_eq!(sign(b"\xAD\xE9"), (Sign::Nothing, 1));
        assert_eq!(sign(b"\xE9 x"), (Sign::Itself, 1));
    }

    /// The list is sorted, and the ten digits of two scripts never overlap.
    #[test]
    fn digits_lie_apart() {
        assert!(ZEROS.windows(2).all(|pair| pair[0] + 10 <= pair[1]));
    }
}
