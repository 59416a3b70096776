//! What stands in boxes and columns: notices, facts, lines of code.

use evidence::report::{Text, Tone};
use model::Fault;

use super::{LEFT, Pen, height};
use crate::font::FaceId;
use crate::palette::{GREY, HEAD, INK, ink, tint};
use crate::text::{Line, Style, break_lines, plain_width};

/// Above and below lines of code.
pub(super) const EDGE: f32 = 5.0;
/// From one line of facts to the next, and from one fact to the next.
pub(super) const FACT: (f32, f32) = (14.0, 15.5);

impl Pen<'_> {
    /// What must be read: in a tinted box with a bar in its tone.
    pub(super) fn notice(&mut self, texts: &[Text], size: f32) -> Result<(), Fault> {
        let paragraphs = self.notice_lines(texts, size)?;
        let tone = texts.first().map_or(Tone::Plain, |text| text.tone);
        let height = self.notice_height(&paragraphs);
        let whole = height <= self.top - self.bottom;
        if whole {
            self.need(height)?;
            self.notice_box(height, tone);
            self.y -= 10.0;
        }
        let last = paragraphs.len().saturating_sub(1);
        for (at, lines) in paragraphs.into_iter().enumerate() {
            let tag = self.tag(Some(0), "P");
            for line in lines {
                let leading = line.leading;
                if !whole {
                    self.need(leading)?;
                    self.notice_box(leading, tone);
                }
                self.flow(LEFT + 18.0, self.width - 30.0, vec![line], tag)?;
            }
            if at < last {
                if !whole && self.y - 5.0 > self.bottom {
                    self.notice_box(5.0, tone);
                }
                self.y -= 5.0;
            }
        }
        self.y -= 20.0;
        Ok(())
    }

    fn notice_box(&mut self, height: f32, tone: Tone) {
        self.fill(LEFT, self.y - height, self.width, height, tint(tone));
        self.fill(LEFT, self.y - height, 5.0, height, ink(tone));
    }

    pub(super) fn notice_lines(&self, texts: &[Text], size: f32) -> Result<Vec<Vec<Line>>, Fault> {
        texts.iter().map(|text| self.lines(text, size, self.width - 30.0)).collect()
    }

    pub(super) fn notice_height(&self, paragraphs: &[Vec<Line>]) -> f32 {
        paragraphs.iter().map(height).sum::<f32>() + 5.0 * paragraphs.len().saturating_sub(1) as f32 + 20.0
    }

    pub(super) fn facts(&mut self, facts: &[(String, Text)]) -> Result<(), Fault> {
        const LABEL: f32 = 118.0;
        let mut tag = 0;
        for (label, value) in facts {
            let named = Style { face: FaceId::REGULAR, size: 9.0, color: GREY };
            let label = break_lines(self.faces, named, label, LABEL - 8.0)?;
            let value = self.lines(value, 9.5, self.width - LABEL)?;
            // A value without a label belongs to the one above.
            if label.iter().any(|line| !line.is_empty()) || tag == 0 {
                tag = self.tag(Some(0), "P");
            }
            // Each line of a fact is as high as the next, so that the labels stand at one distance.
            let (mut label, mut value) = (label.into_iter(), value.into_iter());
            while label.len().max(value.len()) > 0 {
                self.need(FACT.0)?;
                let baseline = self.y - 9.5;
                self.y -= FACT.0;
                let lines = [(LEFT, label.next()), (LEFT + LABEL, value.next())];
                lines.into_iter().for_each(|(x, line)| {
                    if let Some(line) = line {
                        self.place(x, baseline, line, Some(tag));
                    }
                });
            }
            self.y -= FACT.1 - FACT.0;
        }
        self.y -= 6.0;
        Ok(())
    }

    /// Lines on a tint. A block of more than half a page breaks between any two of them.
    pub(super) fn code(&mut self, lines: &[String]) -> Result<(), Fault> {
        let all = self.code_lines(lines)?;
        let whole = height(&all) + 2.0 * EDGE;
        if whole < (self.top - self.bottom) / 2.0 {
            self.need(whole)?;
        }
        let tag = self.tag(Some(0), "P");
        let last = all.len().saturating_sub(1);
        for (at, line) in all.into_iter().enumerate() {
            let (above, below) = (if at == 0 { EDGE } else { 0.0 }, if at == last { EDGE } else { 0.0 });
            let height = line.leading + above + below;
            self.need(height)?;
            self.fill(LEFT, self.y - height, self.width, height, HEAD);
            let baseline = self.y - above - line.size;
            self.place(LEFT + 12.0, baseline, line, Some(tag));
            self.y -= height;
        }
        self.y -= 9.0;
        Ok(())
    }

    pub(super) fn code_lines(&self, lines: &[String]) -> Result<Vec<Line>, Fault> {
        /// Where a line is too long, the rest of it stands further in.
        const HANG: &str = "    ";
        let look = Style { face: FaceId::MONO, size: 8.0, color: INK };
        let hang = plain_width(self.faces, look, HANG);
        let mut all = Vec::new();
        for text in lines {
            let mut parts = break_lines(self.faces, look, text, self.width - 24.0 - hang)?;
            parts.iter_mut().skip(1).for_each(|part| part.push_in(HANG, hang));
            all.extend(parts);
        }
        Ok(all)
    }
}
