//! Character references of HTML and XML: by number, and those names that writers use for signs of addresses and Latin letters.

/// U+00A0 to U+00FF in their order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

const SIGNS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("commat", '@'),
    ("period", '.'),
    ("plus", '+'),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("minus", '-'),
    ("num", '#'),
    ("sol", '/'),
    ("colon", ':'),
    ("equals", '='),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("scaron", 'š'),
    ("Scaron", 'Š'),
    ("ccaron", 'č'),
    ("Ccaron", 'Č'),
    ("zcaron", 'ž'),
    ("Zcaron", 'Ž'),
    ("lstrok", 'ł'),
    ("Lstrok", 'Ł'),
    ("oelig", 'œ'),
    ("OElig", 'Œ'),
];

/// The longest reference that is read.
const LONGEST: usize = 12;

/// The reference that `text` begins with: how long it is, and its letter. A number needs no `;`, as browsers have it.
pub(super) fn read(text: &[u8]) -> Option<(usize, Option<char>)> {
    let text = &text[..text.len().min(LONGEST)];
    let (body, number) = match text.get(1)? {
        b'#' => (&text[2..], true),
        _ => (&text[1..], false),
    };
    let (body, base) = match (number, body.first()) {
        (true, Some(b'x' | b'X')) => (&body[1..], 16),
        _ => (body, 10),
    };
    let is_part = |byte: &&u8| if base == 16 { byte.is_ascii_hexdigit() } else { byte.is_ascii_alphanumeric() };
    let length = match number && base == 10 {
        true => body.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        false => body.iter().take_while(is_part).count(),
    };
    let word = std::str::from_utf8(&body[..length]).ok().filter(|word| !word.is_empty())?;
    let closed = body.get(length) == Some(&b';');
    let before = text.len() - body.len();
    let letter = match number {
        true => char::from_u32(u32::from_str_radix(word, base).ok()?)?,
        false if closed => named(word)?,
        false => return None,
    };
    Some((before + length + usize::from(closed), Some(letter)))
}

fn named(word: &str) -> Option<char> {
    let sign = SIGNS.iter().find(|(name, _)| *name == word).map(|(_, letter)| *letter);
    let latin = || LATIN.split(' ').position(|name| name == word).and_then(|at| char::from_u32(0xa0 + at as u32));
    sign.or_else(latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_browsers_do() {
        assert_eq!(LATIN.split(' ').count(), 96);
        for (text, expect) in [
            ("&#64;x", Some((5, Some('@')))),
            ("&#64x", Some((4, Some('@')))),
            ("&#x40;", Some((6, Some('@')))),
            ("&uuml;", Some((6, Some('ü')))),
            ("&yuml;", Some((6, Some('ÿ')))),
            ("&commat;", Some((8, Some('@')))),
            ("&nope;", None),
            ("&amp", None),
            ("&", None),
            ("&#;", None),
            ("&#xffffffff;", None),
        ] {
            assert_eq!(read(text.as_bytes()), expect, "{text}");
        }
    }
}
