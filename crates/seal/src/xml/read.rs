//! Reading a document: XML 1.0 with namespaces, in UTF-8, without a document type.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::chars::{is_char, is_name, is_name_start, is_space};
use super::escape::{Ends, lines, unescape};
use super::names::{Space, Spaces};
use super::{Attribute, Document, Element, Id, Kind, Node, Refusal, XML};
use crate::Limits;

/// Reads `bytes`.
pub(crate) fn read(bytes: &[u8]) -> Result<Document<'_>, Refusal> {
    if bytes.len() > Limits::XML_BYTES {
        return Err("it is longer than 32 MiB");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    if !text.chars().all(is_char) {
        return Err("it has a character that XML does not allow");
    }
    let mut reader =
        Reader { text, at: 0, nodes: Vec::new(), spaces: Spaces::new(), open: Vec::new(), scope: Vec::new() };
    reader.document()
}

struct Reader<'x> {
    text: &'x str,
    at: usize,
    nodes: Vec<Node<'x>>,
    spaces: Spaces,
    /// Elements whose end tag is to come, with the length of `scope` before them.
    open: Vec<(Id, usize)>,
    /// The declarations in force, innermost last.
    scope: Vec<(&'x str, Space)>,
}

/// A name as it stands there, taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name<'x> {
    prefix: &'x str,
    local: &'x str,
}

impl<'x> Reader<'x> {
    fn document(&mut self) -> Result<Document<'x>, Refusal> {
        self.skip("\u{feff}");
        if self.rest().starts_with("<?xml") && self.rest().as_bytes().get(5).is_some_and(|byte| is_space(*byte)) {
            self.declaration()?;
        }
        let mut root = None;
        while !self.rest().is_empty() {
            match self.markup()? {
                Some(id) if root.is_none() => root = Some(id),
                Some(_) => return Err("it has two outermost elements"),
                None => {}
            }
            while !self.open.is_empty() {
                self.markup()?;
            }
        }
        let root = root.ok_or("it has no element")?;
        let spaces = std::mem::replace(&mut self.spaces, Spaces::new());
        let nodes = std::mem::take(&mut self.nodes);
        let identified = identified(&nodes);
        Ok(Document { nodes, spaces, root, identified })
    }

    /// Whatever comes next; the number of an element that begins here outside of all others.
    fn markup(&mut self) -> Result<Option<Id>, Refusal> {
        let rest = self.rest();
        if rest.is_empty() {
            return Err("it ends inside an element");
        }
        if !rest.starts_with('<') {
            self.characters()?;
        } else if rest.starts_with("</") {
            self.end_tag()?;
        } else if self.skip("<!--") {
            self.comment()?;
        } else if self.skip("<![CDATA[") {
            self.section()?;
        } else if rest.starts_with("<!") {
            return Err("it has a document type, which could hold anything");
        } else if self.skip("<?") {
            self.instruction()?;
        } else {
            let is_outermost = self.open.is_empty();
            return self.start_tag().map(|id| is_outermost.then_some(id));
        }
        Ok(None)
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`.
    fn declaration(&mut self) -> Result<(), Refusal> {
        let end = self.rest().find("?>").ok_or("its declaration does not end")?;
        let words = self.rest()[5..end].replace('\'', "\"");
        self.at += end + 2;
        let mut words = words.split_ascii_whitespace();
        let is_version = words.next() == Some("version=\"1.0\"");
        let mut next = words.next();
        if let Some(encoding) = next.and_then(|word| word.strip_prefix("encoding=")) {
            if !encoding.eq_ignore_ascii_case("\"utf-8\"") {
                return Err("it is not UTF-8");
            }
            next = words.next();
        }
        let is_standalone = matches!(next, None | Some("standalone=\"yes\"" | "standalone=\"no\""));
        if is_version && is_standalone && words.next().is_none() {
            Ok(())
        } else {
            Err("its declaration is not understood")
        }
    }

    fn characters(&mut self) -> Result<(), Refusal> {
        let length = self.rest().find('<').unwrap_or(self.rest().len());
        let raw = self.take(length);
        if self.open.is_empty() {
            let is_blank = raw.bytes().all(is_space);
            return if is_blank { Ok(()) } else { Err("it has text outside of its elements") };
        }
        if raw.contains("]]>") {
            return Err("it has ]]> in its text");
        }
        let text = unescape(raw, Ends::Lines)?;
        self.push(Kind::Text(text)).map(|_| ())
    }

    fn comment(&mut self) -> Result<(), Refusal> {
        let text = self.until("-->")?;
        if text.contains("--") || text.ends_with('-') {
            return Err("it has -- in a comment");
        }
        self.push(Kind::Comment(lines(text))).map(|_| ())
    }

    fn section(&mut self) -> Result<(), Refusal> {
        if self.open.is_empty() {
            return Err("it has text outside of its elements");
        }
        let text = self.until("]]>")?;
        self.push(Kind::Text(lines(text))).map(|_| ())
    }

    fn instruction(&mut self) -> Result<(), Refusal> {
        let target = self.word()?;
        if target.contains(':') || target.eq_ignore_ascii_case("xml") {
            return Err("it has a processing instruction with a name that is not allowed");
        }
        let data = self.until("?>")?;
        if !data.is_empty() && !data.starts_with(|c: char| c.is_ascii_whitespace()) {
            return Err("it has a processing instruction that is not understood");
        }
        let data = lines(data.trim_start_matches([' ', '\t', '\n', '\r']));
        self.push(Kind::Instruction(target, data)).map(|_| ())
    }

    fn start_tag(&mut self) -> Result<Id, Refusal> {
        if self.open.len() >= Limits::XML_DEPTH {
            return Err("it has more than 100 elements inside one another");
        }
        let start = self.at;
        self.at += 1;
        let name = self.name()?;
        let scope = self.scope.len();
        let mut raw = Vec::new();
        let is_empty = loop {
            let is_apart = self.white();
            if self.skip("/>") {
                break true;
            }
            if self.skip(">") {
                break false;
            }
            if !is_apart || raw.len() >= Limits::XML_ATTRIBUTES {
                return Err("it has a tag that is not understood");
            }
            raw.push(self.attribute()?);
        };
        let declarations = self.declare(&raw)?;
        let attributes = self.attributes(raw)?;
        let element = Element {
            prefix: name.prefix,
            local: name.local,
            space: self.resolve(name.prefix)?,
            declarations,
            attributes,
            children: Vec::new(),
            span: start..self.at,
            inside: self.at..self.at,
        };
        let id = self.push(Kind::Element(element))?;
        if is_empty {
            self.scope.truncate(scope);
        } else {
            self.open.push((id, scope));
        }
        Ok(id)
    }

    fn end_tag(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        self.at += 2;
        let name = self.name()?;
        self.white();
        if !self.skip(">") {
            return Err("it has a tag that is not understood");
        }
        let (id, scope) = self.open.pop().ok_or("it has an end tag without a beginning")?;
        self.scope.truncate(scope);
        let Kind::Element(element) = &mut self.nodes[id].kind else {
            return Err("it has a tag that is not understood");
        };
        if (element.prefix, element.local) != (name.prefix, name.local) {
            return Err("it has an end tag for another element");
        }
        element.inside.end = start;
        element.span.end = self.at;
        Ok(())
    }

    /// Name and value, which is normalised as one of no particular type (§3.3.3).
    fn attribute(&mut self) -> Result<(Name<'x>, Cow<'x, str>), Refusal> {
        let name = self.name()?;
        self.white();
        if !self.skip("=") {
            return Err("it has an attribute without a value");
        }
        self.white();
        let quote = match self.rest().bytes().next() {
            Some(b'"') => "\"",
            Some(b'\'') => "'",
            _ => return Err("it has an attribute without a value"),
        };
        self.at += 1;
        let raw = self.until(quote)?;
        if raw.contains('<') {
            return Err("it has < in an attribute");
        }
        if raw.len() > Limits::XML_ATTRIBUTE_BYTES {
            return Err("it has an attribute of more than 64 KiB");
        }
        Ok((name, unescape(raw, Ends::Spaces)?))
    }

    /// Brings the declarations among `raw` into force (Namespaces in XML 1.0 §3).
    fn declare(&mut self, raw: &[(Name<'x>, Cow<'x, str>)]) -> Result<Vec<(&'x str, Space)>, Refusal> {
        const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
        let mut declarations = Vec::new();
        for (name, value) in raw {
            let prefix = match (name.prefix, name.local) {
                ("", "xmlns") => "",
                ("xmlns", local) => local,
                _ => continue,
            };
            let is_xml = value == XML;
            if prefix == "xmlns"
                || value == XMLNS
                || is_xml != (prefix == "xml")
                || value.is_empty() && !prefix.is_empty()
            {
                return Err("it declares a namespace that cannot be declared");
            }
            if declarations.iter().any(|(known, _)| *known == prefix) {
                return Err("it has an attribute twice");
            }
            if !is_xml {
                declarations.push((prefix, self.spaces.number(value)));
            }
        }
        self.scope.extend_from_slice(&declarations);
        if self.scope.len() > Limits::XML_ATTRIBUTES {
            Err("it declares too many namespaces")
        } else {
            Ok(declarations)
        }
    }

    /// The attributes that declare nothing, none of them twice.
    fn attributes(&self, raw: Vec<(Name<'x>, Cow<'x, str>)>) -> Result<Vec<Attribute<'x>>, Refusal> {
        let mut seen = HashSet::new();
        let mut attributes = Vec::new();
        for (name, value) in raw {
            if name.prefix == "xmlns" || name == (Name { prefix: "", local: "xmlns" }) {
                continue;
            }
            // An attribute without a prefix has no namespace, whatever the default one is.
            let space = if name.prefix.is_empty() { Space::NONE } else { self.resolve(name.prefix)? };
            if !seen.insert((space, name.local)) {
                return Err("it has an attribute twice");
            }
            attributes.push(Attribute { prefix: name.prefix, local: name.local, space, value });
        }
        Ok(attributes)
    }

    fn resolve(&self, prefix: &str) -> Result<Space, Refusal> {
        if prefix == "xml" {
            return Ok(Space::XML);
        }
        let declared = self.scope.iter().rev().find(|(known, _)| *known == prefix).map(|(_, space)| *space);
        declared.or(prefix.is_empty().then_some(Space::NONE)).ok_or("it uses a prefix that it does not declare")
    }

    fn push(&mut self, kind: Kind<'x>) -> Result<Id, Refusal> {
        let id = self.nodes.len();
        if id >= Limits::XML_NODES {
            return Err("it has more than a million parts");
        }
        let parent = self.open.last().map(|(id, _)| *id);
        self.nodes.push(Node { parent, kind });
        if let Some(Kind::Element(element)) = parent.map(|parent| &mut self.nodes[parent].kind) {
            element.children.push(id);
        }
        Ok(id)
    }

    fn name(&mut self) -> Result<Name<'x>, Refusal> {
        let word = self.word()?;
        let (prefix, local) = word.split_once(':').unwrap_or(("", word));
        let is_name = |part: &str| part.starts_with(is_name_start) && !part.contains(':');
        let sound = is_name(local) && (word.len() == local.len() || is_name(prefix));
        sound.then_some(Name { prefix, local }).ok_or("it has a name that is not allowed")
    }

    /// Characters of a name, colons included.
    fn word(&mut self) -> Result<&'x str, Refusal> {
        let rest = self.rest();
        let length = rest.find(|c: char| !is_name(c) && c != ':').unwrap_or(rest.len());
        let word = self.take(length);
        word.starts_with(is_name_start).then_some(word).ok_or("it has a name that is not allowed")
    }

    fn until(&mut self, end: &str) -> Result<&'x str, Refusal> {
        let length = self.rest().find(end).ok_or("it ends inside something")?;
        let text = self.take(length);
        self.at += end.len();
        Ok(text)
    }

    fn take(&mut self, length: usize) -> &'x str {
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        text
    }

    fn skip(&mut self, what: &str) -> bool {
        let is_there = self.rest().starts_with(what);
        self.at += if is_there { what.len() } else { 0 };
        is_there
    }

    fn white(&mut self) -> bool {
        let length = self.rest().bytes().take_while(|byte| is_space(*byte)).count();
        self.at += length;
        length > 0
    }

    fn rest(&self) -> &'x str {
        &self.text[self.at..]
    }
}

/// Which element has which identifier.
fn identified(nodes: &[Node<'_>]) -> HashMap<String, Option<Id>> {
    let mut identified = HashMap::new();
    for (id, node) in nodes.iter().enumerate() {
        let Kind::Element(element) = &node.kind else { continue };
        for attribute in element.attributes.iter().filter(|attribute| attribute.local.eq_ignore_ascii_case("id")) {
            let entry = identified.entry(attribute.value.to_string()).or_insert(Some(id));
            if *entry != Some(id) {
                *entry = None;
            }
        }
    }
    identified
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Refusal {
        read(text.as_bytes()).err().unwrap_or("it was read")
    }

    #[test]
    fn what_is_no_document_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "no element"),
            ("text", "outside"),
            ("<a/>text", "outside"),
            ("<a/><b/>", "two outermost"),
            ("<a>", "ends inside"),
            ("<a></b>", "another element"),
            ("</a>", "without a beginning"),
            ("<a><b></a></b>", "another element"),
            ("<!DOCTYPE a><a/>", "document type"),
            ("<a><!ENTITY b 'c'></a>", "document type"),
            ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "document type"),
            ("<a>&b;</a>", "fetch"),
            ("<a>&amp</a>", "does not end"),
            ("<a>&#0;</a>", "does not allow"),
            ("<a>&#xd800;</a>", "does not allow"),
            ("<a>&#x+41;</a>", "does not allow"),
            ("<a>&#xffffffffff;</a>", "does not allow"),
            ("<a>\u{1}</a>", "does not allow"),
            ("<a>]]></a>", "]]>"),
            ("<a b='<'/>", "< in an attribute"),
            ("<a b='1'c='2'/>", "not understood"),
            ("<a b=1/>", "without a value"),
            ("<a b/>", "without a value"),
            ("<a b='1' b='2'/>", "twice"),
            ("<a xmlns='u' xmlns='v'/>", "twice"),
            ("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "twice"),
            ("<p:a/>", "does not declare"),
            ("<a p:b='1'/>", "does not declare"),
            ("<a><b xmlns:p='u'/><p:c/></a>", "does not declare"),
            ("<a xmlns:p=''/>", "cannot be declared"),
            ("<a xmlns:xml='u'/>", "cannot be declared"),
            ("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "cannot be declared"),
            ("<a xmlns:xmlns='u'/>", "cannot be declared"),
            ("<1a/>", "name"),
            ("<a:b:c xmlns:a='u'/>", "name"),
            ("<:a/>", "name"),
            ("<a:/>", "name"),
            ("<a><!-- -- --></a>", "comment"),
            ("<a><?xml version='1.0'?></a>", "not allowed"),
            ("<?xml version='1.1'?><a/>", "declaration"),
            ("<?xml version='1.0' encoding='UTF-16'?><a/>", "UTF-8"),
            ("<a", "not understood"),
            ("<a b='", "ends inside"),
            ("<a><![CDATA[x</a>", "ends inside"),
        ] {
            assert!(refused(text).contains(why), "{text}: {}", refused(text));
        }
        assert_eq!(
            refused(&("<a>".repeat(101) + &"</a>".repeat(101))),
            "it has more than 100 elements inside one another"
        );
        assert_eq!(read(b"<a>\xff</a>").err(), Some("it is not UTF-8"));
        assert_eq!(refused(&format!("<a b='{}'/>", "x".repeat(65 << 10))), "it has an attribute of more than 64 KiB");
        for sound in [
            "<a/>",
            "\u{feff}<?xml version='1.0' encoding=\"utf-8\" standalone='no'?>\n<!-- x --><a/><?p?>\n",
            "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='de'/>",
            "<ä ö='ü'>&#228;&#xe4;<![CDATA[<&]]></ä>",
        ] {
            assert_eq!(refused(sound), "it was read", "{sound}");
        }
    }

    #[test]
    fn elements_know_their_place_in_the_bytes() {
        let text = "<a><b c='1'>x<!-- -->y</b ><d/></a>";
        let document = read(text.as_bytes()).expect("XML");
        let ids: Vec<Id> = document.children(document.root()).collect();
        let [b, d] = ids.as_slice() else { panic!("two children") };
        let (b_element, d_element) = (document.element(*b).expect("b"), document.element(*d).expect("d"));
        assert_eq!(&text[b_element.span()], "<b c='1'>x<!-- -->y</b >");
        assert_eq!(&text[b_element.end_tag().expect("it has one")..], "</b ><d/></a>");
        assert_eq!((&text[d_element.span()], d_element.end_tag()), ("<d/>", None));
        assert_eq!((document.text(*b).as_deref(), document.text(document.root())), (Some("xy"), None));
        assert_eq!((document.attribute(*b, "c"), document.attribute(*b, "d")), (Some("1"), None));
    }

    #[test]
    fn references_and_line_ends_are_read_as_the_standard_says() {
        let document = read("<a b='1\t2\r\n3&#9;&#xA;'>1\r\n2\r3&#13;&lt;&quot;</a>".as_bytes()).expect("XML");
        assert_eq!(document.attribute(document.root(), "b"), Some("1 2 3\t\n"));
        assert_eq!(document.text(document.root()).as_deref(), Some("1\n2\n3\r<\""));
    }
}
