//! The operators of a page (ISO 32000-1, annex A), as bytes.

use std::io::Write as _;

use crate::font::FaceId;
use crate::page::{Dots, Fill};
use crate::palette::Color;

/// Bytes of a content stream; what is set already is not set again.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    font: Option<(FaceId, f32)>,
    color: Option<Color>,
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A number with at most three places, and a space.
    pub(super) fn number(&mut self, number: f32) {
        let thousandths = (f64::from(number) * 1000.0).round() as i64;
        if thousandths < 0 {
            self.bytes.push(b'-');
        }
        let (whole, mut rest) = (thousandths.unsigned_abs() / 1000, thousandths.unsigned_abs() % 1000);
        // Writing into memory does not fail.
        let _ = write!(self.bytes, "{whole}");
        if rest > 0 {
            self.bytes.push(b'.');
            let mut places = 100;
            while rest > 0 {
                self.bytes.push(b'0' + (rest / places) as u8);
                (rest, places) = (rest % places, places / 10);
            }
        }
        self.bytes.push(b' ');
    }

    fn numbers(&mut self, numbers: &[f32]) {
        numbers.iter().for_each(|number| self.number(*number));
    }

    pub(super) fn fill_color(&mut self, color: Color) {
        if self.color != Some(color) {
            self.numbers(&color);
            self.raw("rg\n");
            self.color = Some(color);
        }
    }

    pub(super) fn fill(&mut self, fill: &Fill) {
        self.fill_color(fill.color);
        self.numbers(&[fill.x, fill.y, fill.width, fill.height]);
        self.raw("re f\n");
    }

    pub(super) fn boxes(&mut self, boxes: &[[f32; 4]], color: Color) {
        self.fill_color(color);
        for corners in boxes {
            self.numbers(corners);
            self.raw("re\n");
        }
        self.raw("f\n");
    }

    pub(super) fn dots(&mut self, dots: &Dots, color: Color) {
        self.numbers(&color);
        self.raw("RG .7 w[.7 3.3]0 d ");
        self.numbers(&[dots.from, dots.y]);
        self.raw("m ");
        self.numbers(&[dots.to, dots.y]);
        self.raw("l S\n");
    }

    pub(super) fn curve(&mut self, points: &[(f32, f32)], width: f32, color: Color) {
        self.numbers(&color);
        self.raw("RG 1 j []0 d ");
        self.number(width);
        self.raw("w\n");
        for (at, (x, y)) in points.iter().enumerate() {
            self.numbers(&[*x, *y]);
            self.raw(if at == 0 { "m\n" } else { "l\n" });
        }
        self.raw("S\n");
    }

    pub(super) fn begin_text(&mut self, x: f32, y: f32) {
        self.raw("BT ");
        self.numbers(&[x, y]);
        self.raw("Td\n");
    }

    pub(super) fn font(&mut self, face: FaceId, size: f32) {
        if self.font != Some((face, size)) {
            let _ = write!(self.bytes, "/{} ", face.resource());
            self.number(size);
            self.raw("Tf\n");
            self.font = Some((face, size));
        }
    }

    /// Raises what follows, in thousandths of the font size.
    pub(super) fn rise(&mut self, thousandths: f32) {
        let size = self.font.map_or(0.0, |(_, size)| size);
        self.number(thousandths * size / 1000.0);
        self.raw("Ts\n");
    }

    /// One glyph in a string of hexadecimal digits.
    pub(super) fn code(&mut self, code: u16) {
        let digit = |shift: u16| HEX[usize::from((code >> shift) & 15)];
        self.bytes.extend_from_slice(&[digit(12), digit(8), digit(4), digit(0)]);
    }

    /// Begins a span that says what its glyphs do not (ISO 32000-1, 14.9.4).
    pub(super) fn begin_actual(&mut self, text: &str) {
        self.raw("/Span<</ActualText<FEFF");
        text.encode_utf16().for_each(|unit| self.code(unit));
        self.raw(">>>BDC\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact_to_a_thousandth() {
        let check = |number: f32, expect: &str| {
            let mut writer = Writer::default();
            writer.number(number);
            assert_eq!(String::from_utf8(writer.finish()).unwrap(), format!("{expect} "));
        };
        check(0.0, "0");
        check(56.0, "56");
        check(-1.5, "-1.5");
        check(0.005, "0.005");
        check(0.0004, "0");
        check(841.89, "841.89");
        check(-0.25, "-0.25");
    }
}
