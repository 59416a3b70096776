//! Words that mix scripts, read as the Latin words that they look like; and text that is turned round.
//!
//! Only a word that is Latin once its look-alikes are read as such is read so: `jоhn` with a Cyrillic `о`, `DЕ89`, and
//! `ѕсоре`, which has no other letters. `Москва` and `Ελλάδα` have letters that look like no Latin one, and stay.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::letters::look;
use super::signs::{Sign, decoded, sign};
use super::{Folded, next_wide};

/// So far on each side of a word its line is read: as far as the words that tell what a value is.
const REACH: usize = 160;

/// A word that has no Latin letter is read as Latin from so many letters on, or where it is part of an address.
const LETTERS_LEAST: usize = 3;

/// A stretch of a line, as it looks.
#[derive(Debug)]
pub(crate) struct Alike {
    pub(crate) folded: Folded,
    /// Whether the line goes on before it, and after it.
    is_cut: [bool; 2],
}

impl Alike {
    /// The bytes of the original behind a range of the text; `None` where what was found may be cut off.
    pub(crate) fn source(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let is_cut = self.is_cut[0] && range.start == 0 || self.is_cut[1] && range.end == self.folded.text.len();
        (!is_cut && !range.is_empty()).then(|| self.folded.source(range))
    }

    /// Whether it is all of the text.
    pub(crate) fn is_whole(&self, text: &[u8]) -> bool {
        self.is_cut == [false; 2] && self.folded.source(&(0..self.folded.text.len())).len() == text.len()
    }
}

/// What the lines look like in which words mix scripts, or text is turned round.
pub(crate) fn alike(text: &[u8]) -> Vec<Alike> {
    let mut windows: Vec<(Range<usize>, Vec<Range<usize>>)> = Vec::new();
    for word in Words::new(text) {
        let around = around(text, &word);
        match windows.last_mut() {
            Some((window, words)) if around.start < window.end => {
                window.end = window.end.max(around.end);
                words.push(word);
            }
            _ => windows.push((around, vec![word])),
        }
    }
    windows.iter().map(|(window, words)| read(text, window, words)).collect()
}

/// Whether [`alike`] has anything to say.
pub(crate) fn is_alike(text: &[u8]) -> bool {
    Words::new(text).next().is_some()
}

/// A text in which names are looked for: its look-alikes are Latin letters, and nothing unseen stands in it. Signs,
/// blanks and accents are what they were. `None` when that is the text itself.
pub(crate) fn spelled(text: &str) -> Option<Folded> {
    let bytes = text.as_bytes();
    let mut words = Words::new(bytes).peekable();
    let mut folded = Folded::default();
    let (mut at, mut copied) = (0, 0);
    while let Some(next) = next_wide(bytes, at) {
        while words.next_if(|word| word.end <= next).is_some() {}
        let is_mixed = words.peek().is_some_and(|word| word.contains(&next));
        let (read, size) = spelling(&bytes[next..], is_mixed);
        if let Some(read) = read {
            folded.copy(&bytes[copied..next], copied);
            folded.put(read.as_slice(), next..next + size);
            copied = next + size;
        }
        at = next + size;
    }
    if copied == 0 {
        return None;
    }
    folded.copy(&bytes[copied..], copied);
    Some(folded)
}

/// What a character is in a name, when it is not itself; and how many bytes it has.
fn spelling(text: &[u8], is_mixed: bool) -> (Option<Vec<u8>>, usize) {
    let (sign, size) = sign(text);
    let char = decoded(text).map_or(0, |(char, _)| char);
    let is_accent = matches!(char, 0x300..=0x333 | 0x339..=0x36F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0xFE20..=0xFE2F);
    let read = match sign {
        Sign::Nothing | Sign::Turn if !is_accent => Some(Vec::new()),
        Sign::Ascii(byte) if byte.is_ascii_alphabetic() => Some(vec![byte]),
        _ if is_mixed => look(char).map(|byte| vec![byte]),
        _ => None,
    };
    (read, size)
}

/// The line of a word, as far as it reaches; cut at a blank where that is near.
fn around(text: &[u8], word: &Range<usize>) -> Range<usize> {
    let least = word.start.saturating_sub(REACH);
    let most = text.len().min(word.end + REACH);
    let start = match memrchr(b'\n', &text[least..word.start]) {
        Some(at) => least + at + 1,
        None if least == 0 => 0,
        None => memchr(b' ', &text[least..word.start]).map_or(word.start, |at| least + at),
    };
    let end = match memchr(b'\n', &text[word.end..most]) {
        Some(at) => word.end + at,
        None if most == text.len() => most,
        None => memrchr(b' ', &text[word.end..most]).map_or(word.end, |at| word.end + at + 1),
    };
    start..end
}

/// A window with the words in it as they look.
fn read(text: &[u8], window: &Range<usize>, words: &[Range<usize>]) -> Alike {
    let mut folded = Folded::default();
    let mut at = window.start;
    // What stands after an override, each character by itself, to be put the other way round.
    let mut turned: Option<Vec<Range<usize>>> = None;
    let put = |folded: &mut Folded, at: Range<usize>| {
        let word = words.get(words.partition_point(|word| word.end <= at.start));
        put(folded, text, at.clone(), word.is_some_and(|word| word.contains(&at.start)));
    };
    while at < window.end {
        let (what, size) = if text[at] < 0x80 { (Sign::Itself, 1) } else { sign(&text[at..]) };
        let here = at..at + size;
        at = here.end;
        let is_end = matches!(decoded(&text[here.start..]), Some((0x202C | 0x2069, _))) || text[here.start] == b'\n';
        match &mut turned {
            Some(chars) if is_end => {
                chars.drain(..).rev().for_each(|char| put(&mut folded, char));
                turned = None;
            }
            Some(chars) => chars.push(here),
            None if what == Sign::Turn => turned = Some(Vec::new()),
            None => put(&mut folded, here),
        }
    }
    turned.into_iter().flatten().rev().for_each(|char| put(&mut folded, char));
    let goes_on = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| *byte != b'\n');
    Alike { folded, is_cut: [goes_on(window.start.checked_sub(1)), goes_on(Some(window.end))] }
}

/// One character of the text, as it looks.
fn put(folded: &mut Folded, text: &[u8], at: Range<usize>, is_mixed: bool) {
    let char = &text[at.clone()];
    if char[0] < 0x80 {
        return folded.copy(char, at.start);
    }
    let like = if is_mixed { decoded(char).and_then(|(char, _)| look(char)) } else { None };
    match (like, sign(char).0) {
        (Some(byte), _) | (None, Sign::Ascii(byte)) => folded.put(&[byte], at),
        (None, Sign::Itself) => folded.copy(char, at.start),
        (None, Sign::Nothing | Sign::Turn) => {}
    }
}

/// What a character is in a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Latin,
    Like,
    Unseen,
    /// A letter of another script.
    Foreign,
    /// It ends the word.
    Break,
    Turn,
}

fn part(text: &[u8]) -> (Part, usize) {
    if text[0] < 0x80 {
        return (if text[0].is_ascii_alphanumeric() { Part::Latin } else { Part::Break }, 1);
    }
    let Some((char, size)) = decoded(text) else { return (Part::Break, 1) };
    let part = match (look(char), sign(text).0) {
        (_, Sign::Turn) => Part::Turn,
        (Some(_), _) => Part::Like,
        (None, Sign::Nothing) => Part::Unseen,
        (None, Sign::Ascii(byte)) if byte.is_ascii_alphanumeric() => Part::Latin,
        (None, Sign::Ascii(_)) => Part::Break,
        (None, Sign::Itself) => match char {
            0xC0..=0x24F | 0x1E00..=0x1EFF => Part::Latin,
            0x80..=0xBF | 0x2010..=0x2BFF | 0x3000..=0x303F | 0xFF00..=0xFFEF | 0x1_F000..=0x1_FAFF => Part::Break,
            _ => Part::Foreign,
        },
    };
    (part, size)
}

/// The words of a text that are to be read as they look, and the signs that turn text round.
struct Words<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Words<'t> {
    fn new(text: &'t [u8]) -> Self {
        Words { text, at: 0 }
    }

    /// Where the word around `at` begins. What stands before it was looked at, and is ASCII back to its beginning.
    fn start(&self, at: usize) -> usize {
        at - self.text[self.at..at].iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count()
    }
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let wide = next_wide(self.text, self.at)?;
            let start = self.start(wide);
            let (mut end, mut latin, mut like, mut foreign) = (start, 0, 0, 0);
            let ended_by = loop {
                let Some(rest) = self.text.get(end..).filter(|rest| !rest.is_empty()) else { break (Part::Break, 0) };
                let (part, size) = part(rest);
                match part {
                    Part::Break | Part::Turn => break (part, size),
                    Part::Latin => latin += 1,
                    Part::Like => like += 1,
                    Part::Foreign => foreign += 1,
                    Part::Unseen => {}
                }
                end += size;
            };
            let word = start..end;
            self.at = end + ended_by.1;
            if ended_by.0 == Part::Turn {
                return Some(start..self.at);
            }
            let is_latin = || latin > 0 || like >= LETTERS_LEAST || is_joined(self.text, &word);
            if like > 0 && foreign == 0 && is_latin() {
                return Some(word);
            }
        }
    }
}

/// Whether an ASCII letter or digit stands beside the word, with nothing but a sign of addresses between.
fn is_joined(text: &[u8], word: &Range<usize>) -> bool {
    let joins = |sign: Option<&u8>, next: Option<&u8>| {
        sign.is_some_and(|sign| b"@._-+:/".contains(sign)) && next.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = |back: usize| word.start.checked_sub(back).and_then(|at| text.get(at));
    joins(before(1), before(2)) || joins(text.get(word.end), text.get(word.end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let read: Vec<String> =
            alike(text.as_bytes()).into_iter().map(|one| String::from_utf8(one.folded.text).unwrap()).collect();
        assert_eq!(read, expect, "{text:?}");
    }

    /// Words that mix scripts are read as they look, and so is the rest of their line.
    #[test]
    fn mixed_words_are_read() {
        check("one\nmail jоhn@еxample.com – now\ntwo", &["mail john@example.com - now"]);
        check("IBAN DЕ89 3704", &["IBAN DE89 3704"]);
        check("ІВАN ΝL91 аnd 4111¹", &["IBAN NL91 and 41111"]);
        check("раѕѕ, јо@x.example", &["pass, jo@x.example"]);
        check("ＡＢ ①② plain", &[]);
        check("tel ④① 2", &[]);
    }

    /// Other scripts are no look-alikes: not a letter of ordinary text is read as another.
    #[test]
    fn ordinary_text_stays() {
        for text in [
            "Съешь ещё этих мягких французских булок, да выпей чаю.",
            "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
            "Ես կարող եմ ապակի ուտել և ինձի անհանգիստ չըներ։",
            "Grüße aus Köln – 5 µm, naïve façade",
            "他说：「你好」",
            "plain",
            "в 2024 г. о том",
        ] {
            check(text, &[]);
        }
    }

    /// What an override turns round is turned back, up to its end or the line's.
    #[test]
    fn turned_text_is_turned_back() {
        check("to \u{202E}moc.elpmaxe@nhoj\u{202C} now", &["to john@example.com now"]);
        check("\u{202E}7654-321 oo\nnext", &["oo 123-4567"]);
        let text = "to \u{202E}moc.elpmaxe@nhoj\u{202C} now";
        let read = alike(text.as_bytes());
        assert_eq!(&text[read[0].source(&(3..19)).unwrap()], "moc.elpmaxe@nhoj");
        assert_eq!(&text[read[0].source(&(3..7)).unwrap()], "nhoj");
    }

    /// Findings at a cut are none: there may be more of them behind it.
    #[test]
    fn cut_lines_say_so() {
        let text = format!("{} jоhn {}", "x ".repeat(200), "y ".repeat(200));
        let read = &alike(text.as_bytes())[0];
        assert!(read.folded.text.len() < 400 && read.is_cut == [true, true] && !read.is_whole(text.as_bytes()));
        assert_eq!(read.source(&(0..5)), None);
        assert!(alike("jоhn".as_bytes())[0].is_whole("jоhn".as_bytes()));
    }

    /// Names keep their accents and signs; hidden letters and look-alikes are read.
    #[test]
    fn names_are_spelled() {
        let check = |text: &str, expect: Option<&str>| {
            let read = spelled(text).map(|read| String::from_utf8(read.text).unwrap());
            assert_eq!(read.as_deref(), expect, "{text:?}");
        };
        check("Jо\u{200B}hn Smіth – “so”", Some("John Smith – “so”"));
        check("Zoë Müller, José", None);
        check("Jose\u{301} said", None);
        check("𝐉𝐨𝐡𝐧", Some("John"));
        check("Ольга Петрова", None);
    }
}
