//! Character references of XML and HTML.

/// The character that the reference at the beginning stands for, and the reference's length. HTML knows more names, and
/// is read as browsers read it: a number, and the oldest names, need no semicolon.
pub(crate) fn decode(reference: &[u8], is_html: bool) -> Option<(char, usize)> {
    let rest = reference.strip_prefix(b"&")?;
    match rest.strip_prefix(b"#") {
        Some(number) => by_number(number, is_html).map(|(character, length)| (character, length + 2)),
        None => by_name(rest, is_html).map(|(character, length)| (character, length + 1)),
    }
}

/// `64;`, `x40;`, with zeros before as many as one likes.
fn by_number(number: &[u8], is_html: bool) -> Option<(char, usize)> {
    let (radix, sign) = if matches!(number, [b'x' | b'X', ..]) { (16, 1) } else { (10, 0) };
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let end = sign + number[sign..].iter().take_while(is_digit).count();
    let is_closed = number.get(end) == Some(&b';');
    if end == sign || !is_closed && !is_html {
        return None;
    }
    let digits = str::from_utf8(&number[sign..end]).ok()?.trim_start_matches('0');
    // A number with too many digits is no character.
    let code = if digits.is_empty() { 0 } else { u32::from_str_radix(digits, radix).unwrap_or(u32::MAX) };
    let character = char::from_u32(code).filter(|character| *character != '\0');
    let character = if is_html { of_1252(character.unwrap_or('\u{FFFD}')) } else { character? };
    Some((character, end + usize::from(is_closed)))
}

/// Numbers 128 to 159 mean what they mean in windows-1252 (HTML 13.2.5.80).
fn of_1252(character: char) -> char {
    match u8::try_from(u32::from(character)) {
        Ok(byte @ 0x80..=0x9F) => {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            text.chars().next().unwrap_or(character)
        }
        _ => character,
    }
}

fn by_name(rest: &[u8], is_html: bool) -> Option<(char, usize)> {
    /// Longer than every name in the tables.
    const LENGTH_MAX: usize = 32;
    let length = rest.iter().take(LENGTH_MAX).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = str::from_utf8(&rest[..length]).ok()?;
    if rest.get(length) == Some(&b';')
        && let Some(character) = named(name, is_html)
    {
        return Some((character, length + 1));
    }
    // The oldest names need no semicolon (HTML 13.5).
    let (old, character) = OLD.iter().find(|(old, _)| is_html && name.starts_with(old))?;
    Some((*character, old.len()))
}

const OLD: [(&str, char); 11] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("AMP", '&'),
    ("LT", '<'),
    ("GT", '>'),
    ("QUOT", '"'),
    ("nbsp", '\u{A0}'),
    ("copy", '©'),
    ("reg", '®'),
];

fn named(name: &str, is_html: bool) -> Option<char> {
    match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ if !is_html => return None,
        _ => {}
    }
    if let Some(position) = LATIN_1.iter().position(|other| *other == name) {
        return char::from_u32(0xA0 + position as u32);
    }
    OTHERS.iter().find(|(other, _)| *other == name).map(|(_, character)| *character)
}

/// U+00A0 to U+00FF (HTML 4.01 §24.2).
#[rustfmt::skip]
const LATIN_1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy",
    "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm",
    "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig",
    "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
    "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc",
    "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
    "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// What else stands in letters, and the ASCII characters that addresses and numbers are made of.
#[rustfmt::skip]
const OTHERS: &[(&str, char)] = &[
    ("AMP", '&'), ("LT", '<'), ("GT", '>'), ("QUOT", '"'), ("Tab", '\t'), ("NewLine", '\n'), ("excl", '!'),
    ("num", '#'), ("dollar", '$'), ("percnt", '%'), ("lpar", '('), ("rpar", ')'), ("ast", '*'), ("plus", '+'),
    ("comma", ','), ("period", '.'), ("sol", '/'), ("colon", ':'), ("semi", ';'), ("equals", '='), ("quest", '?'),
    ("commat", '@'), ("lsqb", '['), ("lbrack", '['), ("bsol", '\\'), ("rsqb", ']'), ("rbrack", ']'), ("Hat", '^'),
    ("lowbar", '_'), ("UnderBar", '_'), ("grave", '`'), ("lcub", '{'), ("lbrace", '{'), ("verbar", '|'),
    ("vert", '|'), ("rcub", '}'), ("rbrace", '}'), ("NonBreakingSpace", '\u{A0}'), ("OElig", 'Œ'), ("oelig", 'œ'),
    ("Scaron", 'Š'), ("scaron", 'š'), ("Yuml", 'Ÿ'), ("ensp", '\u{2002}'), ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'), ("zwnj", '\u{200C}'), ("zwj", '\u{200D}'), ("lrm", '\u{200E}'), ("rlm", '\u{200F}'),
    ("hyphen", '\u{2010}'), ("dash", '\u{2010}'), ("ndash", '–'), ("mdash", '—'), ("lsquo", '‘'), ("rsquo", '’'),
    ("sbquo", '‚'), ("ldquo", '“'), ("rdquo", '”'), ("bdquo", '„'), ("bull", '•'), ("hellip", '…'), ("prime", '′'),
    ("euro", '€'), ("trade", '™'), ("minus", '−'), ("rarr", '→'), ("larr", '←'), ("Lstrok", 'Ł'), ("lstrok", 'ł'),
    ("Ccaron", 'Č'), ("ccaron", 'č'), ("Zcaron", 'Ž'), ("zcaron", 'ž'), ("Sacute", 'Ś'), ("sacute", 'ś'),
    ("Cacute", 'Ć'), ("cacute", 'ć'), ("Nacute", 'Ń'), ("nacute", 'ń'), ("Zdot", 'Ż'), ("zdot", 'ż'), ("aogon", 'ą'),
    ("eogon", 'ę'), ("ecaron", 'ě'), ("rcaron", 'ř'), ("uring", 'ů'), ("odblac", 'ő'), ("udblac", 'ű'),
    ("inodot", 'ı'), ("scedil", 'ş'), ("gbreve", 'ğ'), ("Idot", 'İ'), ("abreve", 'ă'), ("midast", '*'),
    ("DiacriticalGrave", '`'), ("VerticalLine", '|'), ("lsaquo", '‹'), ("rsaquo", '›'),
    ("ZeroWidthSpace", '\u{200b}'), ("NoBreak", '\u{2060}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded() {
        let cases = [
            ("&amp;x", false, Some(('&', 5))),
            ("&#64;", false, Some(('@', 5))),
            ("&#x1F600;", false, Some(('😀', 9))),
            ("&#00000000000000000064;", false, Some(('@', 23))),
            ("&#xD800;", false, None),
            ("&#0;", false, None),
            ("&#+5;", false, None),
            ("&#64", false, None),
            ("&amp", false, None),
            ("&eacute;", false, None),
            ("&eacute;", true, Some(('é', 8))),
            ("&commat;", true, Some(('@', 8))),
            ("&yuml;", true, Some(('ÿ', 6))),
            ("&ZeroWidthSpace;", true, Some(('\u{200B}', 16))),
            ("&ampx", true, Some(('&', 4))),
            ("&#64example", true, Some(('@', 4))),
            ("&#00000000000064;", true, Some(('@', 17))),
            ("&#x80;", true, Some(('€', 6))),
            ("&#xD800;", true, Some(('\u{FFFD}', 8))),
            ("&#99999999999;", true, Some(('\u{FFFD}', 14))),
            ("&unknown;", true, None),
            ("&#;", true, None),
            ("&;", true, None),
        ];
        for (text, is_html, expect) in cases {
            assert_eq!(decode(text.as_bytes(), is_html), expect, "{text}");
        }
    }
}
