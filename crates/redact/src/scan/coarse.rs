//! Patterns that tell no digit from another.
//!
//! Numbers are what logs are full of, and an automaton that has a state for every date in every number has more of them
//! than a processor's cache has room. So all digits are one to it, it finds a little more than it should, and what it
//! finds is matched once more by the detector's own pattern.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

/// The same pattern with any digit where it has one. What it matches matches here too.
pub(super) fn coarse(pattern: &Hir) -> Hir {
    match pattern.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(literal) => Hir::concat(literal.0.iter().map(|byte| byte_of(*byte)).collect()),
        HirKind::Class(Class::Bytes(class)) => Hir::class(Class::Bytes(with_digits(class))),
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(class.clone())),
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(coarse(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Capture(capture) => coarse(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(coarse).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(coarse).collect()),
    }
}

fn byte_of(byte: u8) -> Hir {
    match byte.is_ascii_digit() {
        true => Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(b'0', b'9')]))),
        false => Hir::literal([byte]),
    }
}

fn with_digits(class: &ClassBytes) -> ClassBytes {
    let mut class = class.clone();
    if class.iter().any(|range| range.start() <= b'9' && range.end() >= b'0') {
        class.push(ClassBytesRange::new(b'0', b'9'));
    }
    class
}

/// `0` for each digit.
#[inline(always)]
pub(super) fn fold_digits(bytes: [u8; 8]) -> [u8; 8] {
    let bytes = u64::from_le_bytes(bytes);
    let zeros = u64::MAX / 255 * u64::from(b'0');
    (bytes & !digits(bytes) | zeros & digits(bytes)).to_le_bytes()
}

/// All bits of the bytes that are digits.
#[inline(always)]
fn digits(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // Digits are now 0 to 9, and nothing else is.
    let from_zero = bytes ^ (ONES * 0x30);
    let others = (((from_zero & !HIGH) + ONES * 0x76) | from_zero) & HIGH;
    ((others ^ HIGH) >> 7) * 0xFF
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place.
    #[test]
    fn digits_become_zeros() {
        for byte in 0..=255_u8 {
            for at in 0..8 {
                let mut bytes = *b"a9\xB1~/:0\0";
                bytes[at] = byte;
                let fold = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
                assert_eq!(fold_digits(bytes), bytes.map(fold), "{bytes:?}");
            }
        }
    }

    /// Digits are all one, everything else is what it was.
    #[test]
    fn only_digits_are_one() {
        for (pattern, expected) in [
            (r"[0-3]\d[01]-?AB{2,3}", r"\d\d\d-?AB{2,3}"),
            (r"(?P<value>9[A-F1]|x|(?:42)+)", r"(?:\d[A-F0-9]|x|(?:\d\d)+)"),
            (r"[^\s1]", r"[^\s]"),
            (r"[^0-9a]", r"[^0-9a]"),
        ] {
            let parse = |pattern: &str| {
                regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
            };
            assert_eq!(coarse(&parse(pattern)), coarse(&parse(expected)), "{pattern}");
            assert_eq!(coarse(&parse(expected)), parse(&expected.replace("(?P<value>", "(?:")), "{expected}");
        }
    }
}
