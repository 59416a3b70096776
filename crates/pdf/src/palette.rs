//! The colours: every text on everything that can lie under it has a contrast of at least 7:1 (WCAG 2.1, 1.4.6; level AAA).

use evidence::report::Tone;

/// Red, green, blue, 0 to 1; sRGB.
pub(crate) type Color = [f32; 3];

pub(crate) const PAPER: Color = [1.0, 1.0, 1.0];
pub(crate) const INK: Color = [0.09, 0.11, 0.14];
pub(crate) const GREY: Color = [0.25, 0.28, 0.32];
pub(crate) const NAVY: Color = [0.08, 0.20, 0.36];
/// Rules: no text, and nothing that must be seen.
pub(crate) const RULE: Color = [0.76, 0.79, 0.83];
/// Under the head of a table, and under code.
pub(crate) const HEAD: Color = [0.90, 0.92, 0.95];
/// Pale enough to keep the contrast of the text above it.
pub(crate) const WATERMARK: Color = [0.935, 0.943, 0.955];

/// The colour of words in a tone.
pub(crate) fn ink(tone: Tone) -> Color {
    match tone {
        Tone::Plain => NAVY,
        Tone::Good => [0.03, 0.32, 0.15],
        Tone::Bad => [0.55, 0.06, 0.08],
        Tone::Open => [0.38, 0.26, 0.0],
    }
}

/// What lies under words in a tone.
pub(crate) fn tint(tone: Tone) -> Color {
    match tone {
        Tone::Plain => HEAD,
        Tone::Good => [0.90, 0.96, 0.92],
        Tone::Bad => [0.99, 0.92, 0.92],
        Tone::Open => [0.99, 0.96, 0.87],
    }
}

/// The parts of a chart. Beside each other and on paper they differ by at least 3:1 (WCAG 2.1, 1.4.11).
pub(crate) fn bar(tone: Tone) -> Color {
    match tone {
        Tone::Plain => [0.36, 0.50, 0.68],
        Tone::Good => [0.27, 0.55, 0.38],
        Tone::Bad => [0.70, 0.16, 0.16],
        Tone::Open => [0.62, 0.47, 0.12],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.1).
    fn luminance(color: Color) -> f64 {
        let linear = |c: f32| match f64::from(c) {
            c if c <= 0.03928 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2])
    }

    fn contrast(one: Color, other: Color) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    const TONES: [Tone; 4] = [Tone::Plain, Tone::Good, Tone::Bad, Tone::Open];

    #[test]
    fn every_text_on_everything_that_lies_under_it_has_seven_to_one() {
        let texts = [INK, GREY, NAVY].into_iter().chain(TONES.map(ink));
        for text in texts {
            for under in [PAPER, HEAD, WATERMARK].into_iter().chain(TONES.map(tint)) {
                let contrast = contrast(text, under);
                assert!(contrast >= 7.0, "{text:?} on {under:?}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn parts_of_a_chart_are_seen_on_paper_and_over_the_watermark() {
        for tone in TONES {
            for under in [PAPER, WATERMARK] {
                let contrast = contrast(bar(tone), under);
                assert!(contrast >= 3.0, "{tone:?} on {under:?}: {contrast:.2}");
            }
        }
    }
}
