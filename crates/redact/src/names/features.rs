//! The four features by which the model knows a token: normal form, first character, last three, and shape; each as
//! the number of its text.

use std::collections::HashMap;

use model::Fault;

use super::characters::Set;
use super::container::Container;
use super::hash::murmur64a;

/// A shape is cut where it repeats a character this often, and a text this long has none.
const RUN_MAX: usize = 4;
const SHAPE_MAX: usize = 100;

/// What the features are made with.
pub(super) struct Features {
    /// Texts whose number is not their hash.
    symbols: HashMap<Box<str>, u64>,
    /// Number of a text → number of its normal form.
    norms: HashMap<u64, u64>,
    letter: Set,
    capital: Set,
    digit: Set,
}

impl Features {
    pub(super) fn read(container: &Container) -> Result<Self, Fault> {
        let set = |tag| Set::read(container, tag);
        let mut features = Features {
            symbols: HashMap::new(),
            norms: HashMap::new(),
            letter: set(b"pyal")?,
            capital: set(b"pyup")?,
            digit: set(b"pydi")?,
        };
        let mut cursor = container.section(b"SYMB")?;
        for _ in 0..cursor.u16()? {
            features.symbols.insert(cursor.string()?.into(), u64::from(cursor.u16()?));
        }
        // Quotes, dashes and currencies first: a word's own entry overrides them.
        let mut cursor = container.section(b"BASE")?;
        for _ in 0..cursor.u16()? {
            let text = features.number(cursor.string()?);
            let norm = features.number(cursor.string()?);
            features.norms.insert(text, norm);
        }
        let mut cursor = container.section(b"NORM")?;
        for _ in 0..cursor.u16()? {
            let text = cursor.u64()?;
            let norm = features.number(cursor.string()?);
            features.norms.insert(text, norm);
        }
        Ok(features)
    }

    /// The number that stands for a text.
    pub(super) fn number(&self, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        self.symbols.get(text).copied().unwrap_or_else(|| murmur64a(text.as_bytes(), 1))
    }

    /// The features of the token `text`; `norm` is the number of its normal form where an exception gave one.
    pub(super) fn of(&self, text: &str, norm: Option<u64>) -> [u64; 4] {
        let norm = norm.or_else(|| self.norms.get(&self.number(text)).copied());
        let first = text.chars().next().map_or(0, char::len_utf8);
        let last = text.char_indices().rev().nth(2).map_or(0, |(at, _)| at);
        [
            norm.unwrap_or_else(|| self.number(&text.to_lowercase())),
            self.number(&text[..first]),
            self.number(&text[last..]),
            self.number(&self.shape(text)),
        ]
    }

    fn shape(&self, text: &str) -> String {
        if text.chars().nth(SHAPE_MAX - 1).is_some() {
            return "LONG".to_owned();
        }
        let mut shape = String::with_capacity(text.len());
        let mut run = (None, 0);
        for char in text.chars() {
            let mark = match char {
                _ if self.letter.has(char) && self.capital.has(char) => 'X',
                _ if self.letter.has(char) => 'x',
                _ if self.digit.has(char) => 'd',
                _ => char,
            };
            run = if run.0 == Some(mark) { (run.0, run.1 + 1) } else { (Some(mark), 1) };
            if run.1 <= RUN_MAX {
                shape.push(mark);
            }
        }
        shape
    }
}
