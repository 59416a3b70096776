//! Letters: composed, folded, and how else the same word may stand in a store.

use unicode_normalization::UnicodeNormalization;

/// So many letters outside ASCII are tried in either case, each on its own; more than that, all together.
const CASES_MAX: usize = 4;

/// Canonical composition (Unicode NFC).
pub(crate) fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Canonical decomposition (Unicode NFD).
pub(super) fn nfd(text: &str) -> String {
    text.nfd().collect()
}

/// Lower case letter by letter, as stores do it: a sigma at the end of a word is no special case.
pub(crate) fn lower(text: &str) -> String {
    text.chars().map(|letter| if letter == 'ς' { 'σ' } else { letter }).flat_map(char::to_lowercase).collect()
}

/// Without blanks, marks of byte order and other signs of no width around.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|sign: char| {
        sign.is_whitespace() || matches!(sign, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
    })
}

/// The spellings of a lower-case word in a store that folds ASCII alone: composed, decomposed, other letters in either case.
pub(super) fn spellings(word: &str) -> Vec<String> {
    let composed = nfc(word);
    let mut found = cases(&composed);
    let decomposed = nfd(word);
    for spelling in cases(&decomposed) {
        if !found.contains(&spelling) {
            found.push(spelling);
        }
    }
    // A sigma that ends a word has a letter of its own, which `lower` took away.
    if let Some(stem) = composed.strip_suffix('σ') {
        found.push(format!("{stem}ς"));
    }
    found
}

fn cases(word: &str) -> Vec<String> {
    let wide: Vec<(usize, char)> =
        word.char_indices().filter(|(_, letter)| !letter.is_ascii() && upper(*letter) != *letter).collect();
    let masks: Vec<usize> = match wide.len() {
        0 => vec![0],
        count if count <= CASES_MAX => (0..1 << count).collect(),
        _ => vec![0, usize::MAX],
    };
    let spell = |mask: usize| {
        let mut nth = 0;
        word.char_indices()
            .map(|(at, letter)| match wide.get(nth).filter(|(wide, _)| *wide == at) {
                None => letter,
                Some(_) => {
                    nth += 1;
                    if mask >> (nth - 1).min(usize::BITS as usize - 1) & 1 == 1 { upper(letter) } else { letter }
                }
            })
            .collect()
    };
    masks.into_iter().map(spell).collect()
}

/// The capital of a letter that has exactly one, which leads back to it.
fn upper(letter: char) -> char {
    let mut capitals = letter.to_uppercase();
    match (capitals.next(), capitals.next()) {
        (Some(capital), None) if capital.to_lowercase().eq([letter]) => capital,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_outside_ascii_are_tried_in_either_case() {
        assert_eq!(spellings("ann"), ["ann"]);
        assert_eq!(spellings("añn"), ["añn", "aÑn", "an\u{303}n"]);
        assert_eq!(spellings("öü").len(), 5);
        assert_eq!(spellings("ααααα")[1], "ΑΑΑΑΑ");
        assert_eq!(lower("ΟΔΟΣ"), lower("οδος"));
    }
}
