//! Scripts: which characters are whose, how they are shaped, and which font has them.

/// A script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// Its name in English.
    pub(crate) name: &'static str,
    /// Its OpenType tag.
    pub(crate) tag: &'static [u8; 4],
    /// The language that is written in it (BCP 47), or that nobody can say which: `und-Arab`.
    pub(crate) language: &'static str,
    /// The font to install; its files begin with the same words without spaces.
    pub(crate) family: &'static str,
    /// The Debian package of that font.
    pub(crate) package: &'static str,
    /// Whether letters change with their neighbours, so that each word must be shaped.
    pub(crate) shaped: bool,
    ranges: &'static [(u32, u32)],
}

const CORE: &str = "fonts-noto-core";
const CJK: &str = "fonts-noto-cjk";

const fn script(
    name: &'static str,
    tag: &'static [u8; 4],
    language: &'static str,
    family: &'static str,
    shaped: bool,
    ranges: &'static [(u32, u32)],
) -> Script {
    Script { name, tag, language, family, package: CORE, shaped, ranges }
}

const fn east(
    name: &'static str,
    tag: &'static [u8; 4],
    language: &'static str,
    ranges: &'static [(u32, u32)],
) -> Script {
    Script { name, tag, language, family: "Noto Sans CJK", package: CJK, shaped: false, ranges }
}

/// What no other script has: Latin, Greek, Cyrillic, punctuation, symbols.
pub(crate) static COMMON: Script = script("symbols", b"latn", "", "Noto Sans Symbols2", false, &[]);

/// The others, in the order of their characters (Unicode 15, Blocks.txt).
static SCRIPTS: [Script; 34] = [
    script("Armenian", b"armn", "hy", "Noto Sans Armenian", false, &[(0x530, 0x58f), (0xfb13, 0xfb17)]),
    script("Hebrew", b"hebr", "he", "Noto Sans Hebrew", true, &[(0x590, 0x5ff), (0xfb1d, 0xfb4f)]),
    script(
        "Arabic",
        b"arab",
        "und-Arab",
        "Noto Sans Arabic",
        true,
        &[(0x600, 0x6ff), (0x750, 0x77f), (0x870, 0x8ff), (0xfb50, 0xfdff), (0xfe70, 0xfefe)],
    ),
    script("Syriac", b"syrc", "syr", "Noto Sans Syriac", true, &[(0x700, 0x74f), (0x860, 0x86f)]),
    script("Thaana", b"thaa", "dv", "Noto Sans Thaana", true, &[(0x780, 0x7bf)]),
    script("NKo", b"nko ", "nqo", "Noto Sans NKo", true, &[(0x7c0, 0x7ff)]),
    script("Devanagari", b"deva", "und-Deva", "Noto Sans Devanagari", true, &[(0x900, 0x97f), (0xa8e0, 0xa8ff)]),
    script("Bengali", b"beng", "und-Beng", "Noto Sans Bengali", true, &[(0x980, 0x9ff)]),
    script("Gurmukhi", b"guru", "pa", "Noto Sans Gurmukhi", true, &[(0xa00, 0xa7f)]),
    script("Gujarati", b"gujr", "gu", "Noto Sans Gujarati", true, &[(0xa80, 0xaff)]),
    script("Oriya", b"orya", "or", "Noto Sans Oriya", true, &[(0xb00, 0xb7f)]),
    script("Tamil", b"taml", "ta", "Noto Sans Tamil", true, &[(0xb80, 0xbff)]),
    script("Telugu", b"telu", "te", "Noto Sans Telugu", true, &[(0xc00, 0xc7f)]),
    script("Kannada", b"knda", "kn", "Noto Sans Kannada", true, &[(0xc80, 0xcff)]),
    script("Malayalam", b"mlym", "ml", "Noto Sans Malayalam", true, &[(0xd00, 0xd7f)]),
    script("Sinhala", b"sinh", "si", "Noto Sans Sinhala", true, &[(0xd80, 0xdff)]),
    script("Thai", b"thai", "th", "Noto Sans Thai", true, &[(0xe00, 0xe7f)]),
    script("Lao", b"lao ", "lo", "Noto Sans Lao", true, &[(0xe80, 0xeff)]),
    script("Tibetan", b"tibt", "bo", "Noto Serif Tibetan", true, &[(0xf00, 0xfff)]),
    script(
        "Myanmar",
        b"mymr",
        "my",
        "Noto Sans Myanmar",
        true,
        &[(0x1000, 0x109f), (0xa9e0, 0xa9ff), (0xaa60, 0xaa7f)],
    ),
    script(
        "Georgian",
        b"geor",
        "ka",
        "Noto Sans Georgian",
        false,
        &[(0x10a0, 0x10ff), (0x1c90, 0x1cbf), (0x2d00, 0x2d2f)],
    ),
    script(
        "Ethiopic",
        b"ethi",
        "und-Ethi",
        "Noto Sans Ethiopic",
        false,
        &[(0x1200, 0x139f), (0x2d80, 0x2ddf), (0xab00, 0xab2f)],
    ),
    script("Cherokee", b"cher", "chr", "Noto Sans Cherokee", false, &[(0x13a0, 0x13ff), (0xab70, 0xabbf)]),
    script(
        "Canadian syllabics",
        b"cans",
        "und-Cans",
        "Noto Sans Canadian Aboriginal",
        false,
        &[(0x1400, 0x167f), (0x18b0, 0x18ff)],
    ),
    script("Khmer", b"khmr", "km", "Noto Sans Khmer", true, &[(0x1780, 0x17ff), (0x19e0, 0x19ff)]),
    script("Mongolian", b"mong", "mn", "Noto Sans Mongolian", true, &[(0x1800, 0x18af)]),
    script("Javanese", b"java", "jv", "Noto Sans Javanese", true, &[(0xa980, 0xa9df)]),
    script("Tifinagh", b"tfng", "und-Tfng", "Noto Sans Tifinagh", false, &[(0x2d30, 0x2d7f)]),
    script("Yi", b"yi  ", "ii", "Noto Sans Yi", false, &[(0xa000, 0xa4cf)]),
    script("Adlam", b"adlm", "und-Adlm", "Noto Sans Adlam", true, &[(0x1e900, 0x1e95f)]),
    east("Hangul", b"hang", "ko", &[(0x1100, 0x11ff), (0x3130, 0x318f), (0xa960, 0xa97f), (0xac00, 0xd7ff)]),
    east("Kana", b"kana", "ja", &[(0x3041, 0x30ff), (0x31f0, 0x31ff), (0xff66, 0xff9f), (0x1b000, 0x1b16f)]),
    east("Bopomofo", b"bopo", "und-Bopo", &[(0x3100, 0x312f), (0x31a0, 0x31bf)]),
    east(
        "Han",
        b"hani",
        "und-Hani",
        &[
            (0x2e80, 0x303f),
            (0x3190, 0x319f),
            (0x31c0, 0x31ef),
            (0x3200, 0x4dbf),
            (0x4e00, 0x9fff),
            (0xf900, 0xfaff),
            (0xfe30, 0xfe4f),
            (0xff00, 0xff65),
            (0xffa0, 0xffef),
            (0x20000, 0x3ffff),
        ],
    ),
];

/// The script of a character.
pub(crate) fn script_of(c: char) -> &'static Script {
    let c = u32::from(c);
    if c < 0x530 {
        return &COMMON;
    }
    let has = |script: &&Script| script.ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
    SCRIPTS.iter().find(has).unwrap_or(&COMMON)
}

impl Script {
    /// Chinese, Japanese, Korean: a line may end between any two characters.
    pub(crate) fn is_east_asian(&self) -> bool {
        self.package == CJK
    }
}

/// Marks that stand on or under the character before them, in the scripts that need no shaping otherwise.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff
        | 0xfe20..=0xfe2f | 0x302a..=0x302f | 0x3099..=0x309a)
}

/// What `(` looks like where the text runs from right to left (Unicode, BidiMirroring.txt; the common ones).
pub(crate) fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 12] = [
        ('(', ')'),
        ('[', ']'),
        ('{', '}'),
        ('<', '>'),
        ('«', '»'),
        ('‹', '›'),
        ('≤', '≥'),
        ('⟨', '⟩'),
        ('「', '」'),
        ('『', '』'),
        ('〈', '〉'),
        ('《', '》'),
    ];
    let other = |(one, two): &(char, char)| match c {
        _ if c == *one => Some(*two),
        _ if c == *two => Some(*one),
        _ => None,
    };
    PAIRS.iter().find_map(other).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_the_script_that_unicode_gives_them() {
        let check = |c, name: &str| assert_eq!(script_of(c).name, name, "{c}");
        check('a', "symbols");
        check('Ж', "symbols");
        check('ω', "symbols");
        check('א', "Hebrew");
        check('ﷲ', "Arabic");
        check('ग', "Devanagari");
        check('日', "Han");
        check('、', "Han");
        check('の', "Kana");
        check('한', "Hangul");
        check('→', "symbols");
        assert!(SCRIPTS.iter().all(|script| script.ranges.iter().all(|(from, to)| from <= to)));
    }
}
