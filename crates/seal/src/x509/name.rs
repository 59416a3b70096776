//! Distinguished names as text (RFC 4514).

use std::fmt::Write as _;

use crate::asn1::{Element, oid, tag};

/// Names of attribute types: those of RFC 4514 §3, and more that certificates of signers have (as OpenSSL says them).
const TYPES: &[(&[u8], &str)] = &[
    (oid::COMMON_NAME, "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 42], "GN"),
    (&[0x55, 4, 65], "pseudonym"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
];

/// How many relative names, and how many attributes in one of them.
const PARTS_MAX: usize = 64;

/// Characters of a name as text: longer ones would hide the sentence that they stand in.
const TEXT_MAX: usize = 1000;

/// One attribute: the identifier of its type, and its value.
type Attribute<'a> = (&'a [u8], Element<'a>);

/// The relative names of a Name in DER, outermost first. `None` when it is not well-formed.
pub(crate) fn parts(name: &[u8]) -> Option<Vec<Vec<Attribute<'_>>>> {
    let sets = Element::only(name, tag::SEQUENCE)?.each(tag::SET, PARTS_MAX)?;
    sets.into_iter().map(|set| set.each(tag::SEQUENCE, PARTS_MAX)?.into_iter().map(attribute).collect()).collect()
}

fn attribute(element: Element<'_>) -> Option<Attribute<'_>> {
    let mut reader = element.inside();
    let found = (reader.oid()?, reader.any()?);
    reader.end()?;
    Some(found)
}

/// The name as one line, the innermost part first: `CN=Examiner,O=Laboratory,C=XX`.
pub(crate) fn text(name: &[u8]) -> String {
    let parts = parts(name).unwrap_or_default();
    let parts: Vec<String> = parts.iter().rev().map(|part| part_text(part)).collect();
    let text = if parts.is_empty() { "(no name)".to_owned() } else { parts.join(",") };
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn part_text(part: &[Attribute<'_>]) -> String {
    let attributes: Vec<String> = part
        .iter()
        .map(|(kind, value)| {
            let known = TYPES.iter().find(|(content, _)| content == kind).map(|(_, name)| *name);
            let kind = known.map_or_else(|| oid::dotted(kind), str::to_owned);
            match string(*value) {
                Some(text) => format!("{kind}={}", escaped(&text)),
                None => format!("{kind}=#{}", model::hex(value.whole)),
            }
        })
        .collect();
    attributes.join("+")
}

/// The last common name in a Name.
pub(crate) fn common_name(name: &[u8]) -> Option<String> {
    let parts = parts(name)?;
    let attributes = parts.iter().rev().flatten();
    attributes.filter(|(kind, _)| *kind == oid::COMMON_NAME).find_map(|(_, value)| string(*value))
}

/// The characters of one of the string types.
fn string(element: Element<'_>) -> Option<String> {
    let bytes = element.content;
    match element.tag {
        tag::UTF8_STRING => String::from_utf8(bytes.to_vec()).ok(),
        tag::PRINTABLE_STRING | tag::IA5_STRING | tag::NUMERIC_STRING | tag::VISIBLE_STRING => {
            bytes.is_ascii().then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        // In practice Latin-1, whatever the standard says.
        tag::TELETEX_STRING => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        tag::BMP_STRING if bytes.len().is_multiple_of(2) => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// RFC 4514 §2.4. Control characters and marks of direction are written in hexadecimal: names are hostile text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (at, c) in text.chars().enumerate() {
        let is_edge = at == 0 && (c == '#' || c == ' ') || at == last && c == ' ';
        if is_edge || matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            out.push('\\');
            out.push(c);
        } else if is_hidden(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "\\{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character would act on the terminal or the line instead of being seen.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::write;

    fn name(parts: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let sets: Vec<Vec<u8>> = parts
            .iter()
            .map(|(kind, tag, value)| {
                let attribute = write::sequence(&[&write::oid(kind), &write::element(*tag, &[value])]);
                write::set_of(tag::SET, vec![attribute])
            })
            .collect();
        write::sequence(&sets.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn names_read_from_the_inside_out_and_hold_no_surprise() {
        let check = |parts: &[(&[u8], u8, &[u8])], expect: &str| assert_eq!(text(&name(parts)), expect);
        let (c, o, cn) = (&[0x55, 4, 6][..], &[0x55, 4, 10][..], oid::COMMON_NAME);
        check(&[(c, tag::PRINTABLE_STRING, b"XX"), (cn, tag::UTF8_STRING, "Müller".as_bytes())], "CN=Müller,C=XX");
        check(&[(o, tag::UTF8_STRING, b"A, B + C"), (cn, tag::UTF8_STRING, b" #x ")], "CN=\\ #x\\ ,O=A\\, B \\+ C");
        check(&[(cn, tag::BMP_STRING, &[0, 0x41, 4, 0x14])], "CN=AД");
        check(&[(cn, tag::UTF8_STRING, b"a\x1b[2J\n")], "CN=a\\1B[2J\\0A");
        check(&[(cn, tag::UTF8_STRING, "a\u{202e}b".as_bytes())], "CN=a\\E2\\80\\AEb");
        check(&[(&[0x2a, 3], tag::OCTET_STRING, &[1])], "1.2.3=#040101");
        check(&[], "(no name)");
        let long = text(&name(&[(cn, tag::UTF8_STRING, &[b'n'; 5000])]));
        assert!(long.chars().count() == TEXT_MAX + 1 && long.ends_with("n…"));
        assert_eq!(common_name(&name(&[(cn, tag::UTF8_STRING, b"One")])).as_deref(), Some("One"));
        assert_eq!(common_name(b"nonsense"), None);
    }
}
