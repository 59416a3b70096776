//! The XML that buckets answer with.

use quick_xml::Reader;
use quick_xml::events::Event;

/// The texts of every `item` element below the root, each with the name of its element: `Version/Key`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Element {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

/// Elements below the root: those with elements inside by their fields, those with text as a field of the first one.
///
/// `None` when it is no XML.
pub(crate) fn elements(xml: &[u8]) -> Option<(Element, Vec<Element>)> {
    let mut reader = Reader::from_str(std::str::from_utf8(xml).ok()?);
    let mut path: Vec<String> = Vec::new();
    let mut root = Element::default();
    let mut found: Vec<Element> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
                match path.len() {
                    1 => root.name.clone_from(&path[0]),
                    2 => found.push(Element { name: path[1].clone(), fields: Vec::new() }),
                    _ => {}
                }
            }
            Event::Empty(element) if path.is_empty() => element.local_name().as_ref().clone_into(&mut root.name),
            Event::Text(part) => text.push_str(&part),
            Event::CData(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push(letter(&name)?),
            Event::End(_) => {
                let name = path.pop()?;
                let element = found.last_mut();
                match (path.len(), element) {
                    (1, Some(element)) if element.fields.is_empty() => {
                        found.pop();
                        root.fields.push((name, std::mem::take(&mut text)));
                    }
                    (2, Some(element)) => element.fields.push((name, std::mem::take(&mut text))),
                    _ => text.clear(),
                }
            }
            // Without a root it is nothing: an empty answer is no empty listing.
            Event::Eof => return (path.is_empty() && !root.name.is_empty()).then_some((root, found)),
            _ => {}
        }
    }
}

/// `amp`, `#38`, `#x26`.
fn letter(name: &str) -> Option<char> {
    let number = name.strip_prefix('#');
    match (name, number) {
        ("amp", _) => Some('&'),
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(number)) => {
            let hex = number.strip_prefix('x');
            char::from_u32(hex.map_or(number.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok())?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_taken_apart() {
        let xml = b"<?xml version=\"1.0\"?><R xmlns=\"x\"><Name>b</Name><Version><Key>a&amp;b&#x41;</Key><Owner><ID>1</ID></Owner></Version><Marker/></R>";
        let (root, found) = elements(xml).unwrap();
        assert_eq!((root.name.as_str(), root.field("Name")), ("R", Some("b")));
        assert_eq!(found[0].field("Key"), Some("a&bA"));
        assert_eq!(elements(b"<a><b></a>"), None);
        assert_eq!(elements(b"<a/>").map(|(root, _)| root.name).as_deref(), Some("a"));
        assert_eq!(elements(b""), None);
        assert_eq!(elements(b"{}"), None);
    }
}
