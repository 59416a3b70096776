//! Cuts text into the tokens that the model was trained on: spaCy's English tokenizer, rule for rule.
//!
//! A chunk between white space is looked up among the exceptions; else prefixes and suffixes are taken off one at a
//! time, with another look after each; what is left is an exception, a URL, or is cut at its infixes. Last,
//! exceptions that those rules broke apart (`(-:`) are put together again. The patterns have look-arounds and are
//! written out by hand; the characters and texts in them come from the model's file.

use std::collections::HashMap;

use model::Fault;

use super::characters::Set;
use super::container::Container;
use super::url::Urls;

/// A token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// First byte in the text.
    pub(super) start: usize,
    /// The byte after its last.
    pub(super) end: usize,
    /// Its normal form where an exception names one: 1 more than the index into [`Tokenizer::norms`].
    pub(super) norm: u16,
}

/// What a chunk is read as: length in bytes and normal form of each token.
type Reading = Vec<(usize, u16)>;

/// A text that tokens add up to, cut as the affix rules cut it.
struct Phrase {
    pieces: Vec<Box<str>>,
    text: Box<str>,
}

/// The tokenizer's rules.
pub(super) struct Tokenizer {
    exceptions: HashMap<Box<str>, Reading>,
    norms: Vec<Box<str>>,
    phrases: HashMap<Box<str>, Vec<Phrase>>,
    prefixes: HashMap<char, Vec<Box<str>>>,
    suffixes: HashMap<char, Vec<Box<str>>>,
    amounts: HashMap<char, Vec<Box<str>>>,
    hyphens: Vec<Box<str>>,
    icon: Set,
    alpha: Set,
    alpha_or_digit: Set,
    before_dot: Set,
    after_dot: Set,
    before_last_dot: Set,
    upper: Set,
    pub(super) space: Set,
    urls: Urls,
}

impl Tokenizer {
    pub(super) fn read(container: &Container) -> Result<Self, Fault> {
        let set = |tag| Set::read(container, tag);
        let mut amounts = container.texts(b"CURR")?;
        amounts.extend(container.texts(b"UNIT")?);
        let mut tokenizer = Tokenizer {
            exceptions: HashMap::new(),
            norms: Vec::new(),
            phrases: HashMap::new(),
            prefixes: by_char(&container.texts(b"PREF")?, |text| text.chars().next()),
            suffixes: by_char(&container.texts(b"SUFF")?, |text| text.chars().next_back()),
            amounts: by_char(&amounts, |text| text.chars().next_back()),
            hyphens: container.texts(b"HYPH")?.into_iter().map(Box::from).collect(),
            icon: set(b"icon")?,
            alpha: set(b"alph")?,
            alpha_or_digit: set(b"aldi")?,
            before_dot: set(b"dotl")?,
            after_dot: set(b"dotr")?,
            before_last_dot: set(b"sdot")?,
            upper: set(b"uppe")?,
            space: set(b"pysp")?,
            urls: Urls::read(container)?,
        };
        tokenizer.read_exceptions(container)?;
        Ok(tokenizer)
    }

    fn read_exceptions(&mut self, container: &Container) -> Result<(), Fault> {
        let mut cursor = container.section(b"EXCP")?;
        for _ in 0..cursor.u16()? {
            let text = cursor.string()?;
            let mut reading = Reading::new();
            for _ in 0..cursor.u8()? {
                let (token, norm) = (cursor.string()?, cursor.string()?);
                reading.push((token.len(), self.norm(norm)));
            }
            self.exceptions.insert(text.into(), reading);
            let pieces =
                (0..cursor.u8()?).map(|_| Ok(cursor.string()?.into())).collect::<Result<Vec<Box<str>>, Fault>>()?;
            if let Some(first) = pieces.first() {
                self.phrases.entry(first.clone()).or_default().push(Phrase { pieces, text: text.into() });
            }
        }
        Ok(())
    }

    fn norm(&mut self, norm: &str) -> u16 {
        if norm.is_empty() {
            return 0;
        }
        let known = self.norms.iter().position(|known| **known == *norm);
        let index = known.unwrap_or_else(|| {
            self.norms.push(norm.into());
            self.norms.len() - 1
        });
        index as u16 + 1
    }

    /// The normal forms that exceptions name.
    pub(super) fn norms(&self) -> impl Iterator<Item = &str> {
        self.norms.iter().map(|norm| &**norm)
    }

    /// The tokens of `text`, in order. One blank between two tokens is none; every other white space is.
    pub(super) fn tokens(&self, text: &str) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(text.len() / 4);
        let mut start = 0;
        let mut in_space = text.chars().next().is_some_and(|char| self.space.has(char));
        for (at, char) in text.char_indices() {
            if self.space.has(char) == in_space {
                continue;
            }
            if start < at {
                self.chunk(&text[start..at], start, &mut tokens);
            }
            start = if char == ' ' { at + 1 } else { at };
            in_space = !in_space;
        }
        if start < text.len() {
            self.chunk(&text[start..], start, &mut tokens);
        }
        self.mend(text, tokens)
    }

    fn chunk(&self, chunk: &str, at: usize, tokens: &mut Vec<Token>) {
        let mut suffixes = Vec::new();
        let mut rest = chunk;
        let mut at = at;
        let mut size_before = 0;
        while !rest.is_empty() && rest.len() != size_before && !self.exceptions.contains_key(rest) {
            size_before = rest.len();
            let prefix = self.prefix(rest);
            let after = &rest[prefix..];
            let prefix_first = prefix > 0 && self.exceptions.contains_key(after);
            let suffix = if prefix_first { 0 } else { self.suffix(after) };
            if suffix > 0 && self.exceptions.contains_key(&rest[..rest.len() - suffix]) {
                suffixes.push(suffix);
                rest = &rest[..rest.len() - suffix];
                break;
            }
            if prefix > 0 {
                tokens.push(Token { start: at, end: at + prefix, norm: 0 });
                at += prefix;
            }
            if suffix > 0 {
                suffixes.push(suffix);
            }
            rest = &after[..after.len() - suffix];
            if prefix_first {
                break;
            }
        }
        self.middle(rest, at, tokens);
        at += rest.len();
        for suffix in suffixes.into_iter().rev() {
            tokens.push(Token { start: at, end: at + suffix, norm: 0 });
            at += suffix;
        }
    }

    /// What is left between prefixes and suffixes.
    fn middle(&self, text: &str, at: usize, tokens: &mut Vec<Token>) {
        if text.is_empty() {
            return;
        }
        if let Some(reading) = self.exceptions.get(text) {
            return push_reading(reading, at, tokens);
        }
        let mut start = 0;
        // ASCII letters and digits alone hold neither a URL nor an infix.
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !self.urls.has(text) {
            self.infixes(text, |from, to| {
                // An infix at the very start stays with what follows.
                if from == 0 {
                    return;
                }
                if from > start {
                    tokens.push(Token { start: at + start, end: at + from, norm: 0 });
                }
                tokens.push(Token { start: at + from, end: at + to, norm: 0 });
                start = to;
            });
        }
        if start < text.len() {
            tokens.push(Token { start: at + start, end: at + text.len(), norm: 0 });
        }
    }

    /// Length of the prefix of `text`, 0 when it has none.
    fn prefix(&self, text: &str) -> usize {
        let Some(first) = text.chars().next() else { return 0 };
        // `US$` and its like are the only ones that begin with a letter.
        if first.is_ascii_lowercase() {
            return 0;
        }
        if text.starts_with("..") {
            return dots(text);
        }
        if first == '+' {
            return usize::from(!text[1..].starts_with(|next: char| next.is_ascii_digit()));
        }
        let texts = self.prefixes.get(&first).map(Vec::as_slice).unwrap_or_default();
        match texts.iter().find(|prefix| text.starts_with(&***prefix)) {
            Some(prefix) => prefix.len(),
            None if self.icon.has(first) => first.len_utf8(),
            None => 0,
        }
    }

    /// Length of the longest suffix of `text`, 0 when it has none.
    fn suffix(&self, text: &str) -> usize {
        let Some(last) = text.chars().next_back() else { return 0 };
        let plain = longest(self.suffixes.get(&last), text, |_| true);
        let is_digit = |before: &str| before.ends_with(|char: char| char.is_ascii_digit());
        let amount = longest(self.amounts.get(&last), text, is_digit);
        let before = &text[..text.len() - last.len_utf8()];
        let single = match last {
            '.' if before.ends_with('.') => text.len() - text.trim_end_matches('.').len(),
            '.' => usize::from(self.ends_sentence(before)),
            '+' => usize::from(is_digit(before)),
            _ if self.icon.has(last) => last.len_utf8(),
            _ => 0,
        };
        plain.max(amount).max(single)
    }

    /// Whether a full stop after `before` is a token of its own.
    fn ends_sentence(&self, before: &str) -> bool {
        let mut back = before.chars().rev();
        let Some(last) = back.next() else { return false };
        let second = back.next();
        let degrees = second == Some('°') && "FfCcKk".contains(last);
        let capitals = self.upper.has(last) && second.is_some_and(|second| self.upper.has(second));
        degrees || capitals || self.before_last_dot.has(last)
    }

    /// Calls `found` with the place of every infix, from left to right.
    fn infixes(&self, text: &str, mut found: impl FnMut(usize, usize)) {
        let mut before = None;
        let mut from = 0;
        while let Some(char) = text[from..].chars().next() {
            let length = self.infix(before, char, &text[from..]);
            if length > 0 {
                found(from, from + length);
            }
            let to = from + length.max(char.len_utf8());
            before = text[..to].chars().next_back();
            from = to;
        }
    }

    /// Length of the infix at the beginning of `rest`, which begins with `char` after `before`; 0 when there is none.
    fn infix(&self, before: Option<char>, char: char, rest: &str) -> usize {
        let next = |length: usize| rest[length..].chars().next();
        let follows = |set: &Set, length: usize| next(length).is_some_and(|next| set.has(next));
        let after = |set: &Set| before.is_some_and(|before| set.has(before));
        if rest.starts_with("..") {
            return dots(rest);
        }
        if char == '…' || self.icon.has(char) {
            return char.len_utf8();
        }
        let digits = before.is_some_and(|before| before.is_ascii_digit())
            && next(char.len_utf8()).is_some_and(|next| next.is_ascii_digit() || next == '-');
        let one = match char {
            '+' | '-' | '*' | '^' if digits => true,
            '.' => after(&self.before_dot) && follows(&self.after_dot, 1),
            ',' => after(&self.alpha) && follows(&self.alpha, 1),
            ':' | '<' | '>' | '=' | '/' => after(&self.alpha_or_digit) && follows(&self.alpha, 1),
            _ => false,
        };
        if one {
            return 1;
        }
        if !after(&self.alpha_or_digit) {
            return 0;
        }
        let hyphens = self.hyphens.iter().filter(|hyphen| rest.starts_with(&***hyphen));
        hyphens.map(|hyphen| hyphen.len()).find(|length| follows(&self.alpha, *length)).unwrap_or(0)
    }

    /// Puts exceptions together again that were cut apart: longest first, then the earlier.
    fn mend(&self, text: &str, tokens: Vec<Token>) -> Vec<Token> {
        let mut matches = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let Some(phrases) = self.phrases.get(&text[token.start..token.end]) else { continue };
            let is_here = |phrase: &&Phrase| {
                let window = tokens.get(at..at + phrase.pieces.len());
                window.is_some_and(|window| {
                    window.iter().zip(&phrase.pieces).all(|(token, piece)| text[token.start..token.end] == **piece)
                })
            };
            matches.extend(phrases.iter().filter(is_here).map(|phrase| (at, phrase)));
        }
        if matches.is_empty() {
            return tokens;
        }
        matches.sort_by_key(|(at, phrase)| (std::cmp::Reverse(phrase.pieces.len()), *at));
        let mut taken = vec![false; tokens.len()];
        let mut mends = HashMap::new();
        for (at, phrase) in matches {
            let last = at + phrase.pieces.len() - 1;
            if !taken[at] && !taken[last] {
                mends.insert(at, phrase);
            }
            taken[at..=last].fill(true);
        }
        self.rebuild(text, &tokens, &mends)
    }

    fn rebuild(&self, text: &str, tokens: &[Token], mends: &HashMap<usize, &Phrase>) -> Vec<Token> {
        let mut mended = Vec::with_capacity(tokens.len());
        let mut at = 0;
        while at < tokens.len() {
            let length = mends.get(&at).map_or(1, |phrase| phrase.pieces.len());
            let span = tokens[at].start..tokens[at + length - 1].end;
            // Blanks between the tokens make it another text, which no exception is about.
            match mends.get(&at).filter(|phrase| *phrase.text == text[span.clone()]) {
                Some(phrase) => push_reading(&self.exceptions[&phrase.text], span.start, &mut mended),
                None => mended.extend_from_slice(&tokens[at..at + length]),
            }
            at += length;
        }
        mended
    }
}

fn push_reading(reading: &Reading, mut at: usize, tokens: &mut Vec<Token>) {
    for (length, norm) in reading {
        tokens.push(Token { start: at, end: at + length, norm: *norm });
        at += length;
    }
}

/// Length of the run of full stops that `text` begins with.
fn dots(text: &str) -> usize {
    text.len() - text.trim_start_matches('.').len()
}

/// Length of the longest of `texts` that ends `text` where `accepts` what stands before it.
fn longest(texts: Option<&Vec<Box<str>>>, text: &str, accepts: impl Fn(&str) -> bool) -> usize {
    let texts = texts.map(Vec::as_slice).unwrap_or_default();
    let lengths = texts.iter().filter(|end| text.strip_suffix(&***end).is_some_and(&accepts)).map(|end| end.len());
    lengths.max().unwrap_or(0)
}

/// Texts under the character that `key` takes of them, in their order.
fn by_char(texts: &[&str], key: impl Fn(&str) -> Option<char>) -> HashMap<char, Vec<Box<str>>> {
    let mut map: HashMap<char, Vec<Box<str>>> = HashMap::new();
    for text in texts {
        if let Some(char) = key(text) {
            map.entry(char).or_default().push((*text).into());
        }
    }
    map
}
