//! Character references of HTML.

/// The characters that a reference at the start of `text` stands for, and its length in bytes.
///
/// Named ones: ASCII, Latin-1 and the punctuation that mail programs write; an unknown name is text.
pub(super) fn reference(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix('&')?;
    if let Some(number) = rest.strip_prefix('#') {
        let hex = number.starts_with(['x', 'X']);
        let digits = &number[usize::from(hex)..];
        let length = digits
            .bytes()
            .take(10)
            .take_while(|byte| if hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() });
        let length = length.count();
        let code = u32::from_str_radix(digits.get(..length)?, if hex { 16 } else { 10 }).ok()?;
        let end = 2 + usize::from(hex) + length;
        let letter = char::from_u32(code).filter(|&letter| letter != '\0').unwrap_or('\u{fffd}');
        return Some((letter_of_1252(letter).to_string(), end + usize::from(text[end..].starts_with(';'))));
    }
    let length = rest.bytes().take(32).take_while(u8::is_ascii_alphanumeric).count();
    let name = &rest[..length];
    if rest[length..].starts_with(';')
        && let Some(letter) = named(name)
    {
        return Some((letter.to_string(), length + 2));
    }
    // The oldest names need no semicolon (HTML 13.5).
    let (name, letter) = OLD.iter().find(|(old, _)| name.starts_with(old))?;
    Some((letter.to_string(), name.len() + 1))
}

const OLD: [(&str, char); 7] =
    [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("nbsp", '\u{a0}'), ("copy", '©'), ("reg", '®')];

/// Numbers 128 to 159 mean what they mean in windows-1252 (HTML 13.2.5.80).
fn letter_of_1252(letter: char) -> char {
    match u8::try_from(u32::from(letter)) {
        Ok(byte @ 0x80..=0x9f) => {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            text.chars().next().unwrap_or(letter)
        }
        _ => letter,
    }
}

fn named(name: &str) -> Option<char> {
    if let Some(at) = LATIN_1.split(' ').position(|known| known == name) {
        return char::from_u32(0xa0 + at as u32);
    }
    let found = OTHERS.iter().find(|(known, _)| known.split(' ').any(|known| known == name))?;
    Some(found.1)
}

/// 160 to 255 in their order.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc \
    uuml yacute thorn yuml";

const OTHERS: [(&str, char); 66] = [
    ("amp AMP", '&'),
    ("lt LT", '<'),
    ("gt GT", '>'),
    ("quot QUOT", '"'),
    ("apos", '\''),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb lbrack", '['),
    ("bsol", '\\'),
    ("rsqb rbrack", ']'),
    ("Hat", '^'),
    ("lowbar UnderBar", '_'),
    ("grave DiacriticalGrave", '`'),
    ("lcub lbrace", '{'),
    ("verbar vert VerticalLine", '|'),
    ("rcub rbrace", '}'),
    ("hyphen dash", '‐'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bull", '•'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("NoBreak", '\u{2060}'),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Yuml", 'Ÿ'),
    ("Zcaron", 'Ž'),
    ("zcaron", 'ž'),
    ("Ccaron", 'Č'),
    ("ccaron", 'č'),
    ("minus", '−'),
];
