//! Character references of XML and HTML.

/// The character that the reference at the beginning stands for, and the reference's length. HTML knows more names.
pub(super) fn decode(reference: &[u8], is_html: bool) -> Option<(char, usize)> {
    /// Longer than every name in the table and every number with a meaning.
    const LENGTH_MAX: usize = 14;
    let end = reference.iter().take(LENGTH_MAX).position(|byte| *byte == b';')?;
    let name = str::from_utf8(reference.get(1..end)?).ok()?;
    let character = match name.strip_prefix('#') {
        Some(number) => number_of(number)?,
        None => named(name, is_html)?,
    };
    Some((character, end + 1))
}

fn number_of(number: &str) -> Option<char> {
    let is_digit = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) if is_digit(digits, 16) => u32::from_str_radix(digits, 16).ok()?,
        None if is_digit(number, 10) => number.parse().ok()?,
        _ => return None,
    };
    char::from_u32(code).filter(|character| *character != '\0')
}

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
    ("inodot", 'ı'), ("scedil", 'ş'), ("gbreve", 'ğ'), ("Idot", 'İ'), ("abreve", 'ă'),
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
            ("&#xD800;", false, None),
            ("&#0;", false, None),
            ("&#+5;", false, None),
            ("&eacute;", false, None),
            ("&eacute;", true, Some(('é', 8))),
            ("&commat;", true, Some(('@', 8))),
            ("&yuml;", true, Some(('ÿ', 6))),
            ("&amp", true, None),
            ("&;", true, None),
        ];
        for (text, is_html, expect) in cases {
            assert_eq!(decode(text.as_bytes(), is_html), expect, "{text}");
        }
    }
}
