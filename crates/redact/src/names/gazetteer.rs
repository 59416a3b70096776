//! Lists of names: which words are given names, family names, places, common words.
//!
//! The lists are a block of the binary that is read where it stands: nothing is unpacked or allocated. SOURCES.md in
//! data/names says where each list comes from.

use std::cmp::Ordering;

/// The file that data/names/gazetteer.py writes; its page says how it is laid out.
const WORDS: &[u8] = include_bytes!("../../data/names/gazetteer.words");
const BLOCK: usize = 16;
const WORD_MAX: usize = 64;

/// What the lists say of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind(u8);

impl Kind {
    /// A given name.
    pub(super) fn is_first(self) -> bool {
        self.0 & 1 != 0
    }

    /// A family name.
    pub(super) fn is_last(self) -> bool {
        self.0 & 2 != 0
    }

    /// A town, region or country.
    pub(super) fn is_place(self) -> bool {
        self.0 & 4 != 0
    }

    /// A frequent word of English, French, Spanish or German.
    pub(super) fn is_common(self) -> bool {
        self.0 & 8 != 0
    }

    /// A given name that many people have.
    pub(super) fn is_known_first(self) -> bool {
        self.0 & 16 != 0
    }

    /// The first word of a name of several.
    pub(super) fn begins(self) -> bool {
        self.0 & 32 != 0
    }

    /// A family name that many people have.
    pub(super) fn is_frequent_last(self) -> bool {
        self.0 & 64 != 0
    }

    /// A name of a person, and no common word.
    pub(super) fn is_plain_name(self) -> bool {
        self.0 & 3 != 0 && !self.is_common()
    }
}

/// What the lists say of `word`, in any case; nothing for a word they do not have.
pub(super) fn look_up(word: &str) -> Kind {
    if word.is_ascii() && word.len() <= WORD_MAX {
        let mut small = [0; WORD_MAX];
        let small = &mut small[..word.len()];
        small.copy_from_slice(word.as_bytes());
        small.make_ascii_lowercase();
        return find(small);
    }
    find(word.to_lowercase().replace('’', "'").as_bytes())
}

fn find(word: &[u8]) -> Kind {
    let count = number(4);
    let mut low = 0;
    let mut high = count;
    while low < high {
        let middle = (low + high) / 2;
        let block = block(middle, count);
        let first = block.get(2..2 + usize::from(block[1])).unwrap_or_default();
        if first <= word { low = middle + 1 } else { high = middle }
    }
    if low == 0 { Kind::default() } else { scan(block(low - 1, count), word) }
}

fn number(at: usize) -> usize {
    u32::from_le_bytes([WORDS[at], WORDS[at + 1], WORDS[at + 2], WORDS[at + 3]]) as usize
}

fn block(index: usize, count: usize) -> &'static [u8] {
    &WORDS[8 + 4 * count + number(8 + 4 * index)..]
}

/// Looks for `word` in a block, whose words are in order.
fn scan(mut block: &[u8], word: &[u8]) -> Kind {
    let mut entry = [0; WORD_MAX];
    for _ in 0..BLOCK {
        let [shared, length, rest @ ..] = block else { break };
        let (shared, length) = (usize::from(*shared), usize::from(*length));
        let Some((suffix, [flags, next @ ..])) = rest.split_at_checked(length) else { break };
        let Some(target) = entry.get_mut(shared..shared + length) else { break };
        target.copy_from_slice(suffix);
        match entry[..shared + length].cmp(word) {
            Ordering::Less => block = next,
            Ordering::Equal => return Kind(*flags),
            Ordering::Greater => break,
        }
    }
    Kind::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of every sort are found in any case, and others are not.
    #[test]
    fn words_have_their_kinds() {
        assert!(look_up("JOHN").is_known_first() && look_up("john").is_plain_name());
        assert!(look_up("Smith").is_last() && look_up("Müller").is_last() && look_up("MÜLLER").is_last());
        assert!(look_up("Mark").is_first() && look_up("Mark").is_common());
        assert!(look_up("New York").is_place() && look_up("new").begins());
        for word in ["", "zzzz", "aaaaaaaa", "\u{10ffff}", "Xqrstv", &"a".repeat(300)] {
            assert_eq!(look_up(word), Kind::default(), "{word}");
        }
    }
}
