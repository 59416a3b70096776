//! Canonical XML: 1.0 and 1.1 (inclusive), and Exclusive 1.0, of one element and everything in it.
//!
//! What stands around the element counts: inclusive forms take over the namespaces and the `xml:` attributes of the elements
//! around it, the exclusive one only namespaces that are used.

use super::names::Space;
use super::{Attribute, Document, Element, Id, Kind, Refusal};
use crate::Limits;

/// Which standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Canonical XML 1.0.
    Inclusive,
    /// Canonical XML 1.1: other rules for `xml:id` and `xml:base`.
    Inclusive11,
    /// Exclusive XML Canonicalization 1.0.
    Exclusive,
}

/// A form and what it leaves in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    form: Form,
    comments: bool,
    /// Prefixes that the exclusive form treats as the inclusive ones do; the empty one is the default namespace.
    prefixes: Vec<String>,
}

impl Method {
    /// Without comments.
    pub(crate) const fn new(form: Form) -> Self {
        Method { form, comments: false, prefixes: Vec::new() }
    }

    /// The method with this identifier.
    pub(crate) fn of(algorithm: &str) -> Option<Self> {
        let (form, comments) = match algorithm {
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => (Form::Inclusive, false),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" => (Form::Inclusive, true),
            "http://www.w3.org/2006/12/xml-c14n11" => (Form::Inclusive11, false),
            "http://www.w3.org/2006/12/xml-c14n11#WithComments" => (Form::Inclusive11, true),
            "http://www.w3.org/2001/10/xml-exc-c14n#" => (Form::Exclusive, false),
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => (Form::Exclusive, true),
            _ => return None,
        };
        Some(Method { form, comments, prefixes: Vec::new() })
    }

    /// The same without comments: they are no part of what a reference by identifier means (XML Signature §4.4.3.3).
    pub(crate) fn without_comments(self) -> Self {
        Method { comments: false, ..self }
    }

    /// With the prefixes of a `PrefixList`. `None` when there are too many, or the form has no such list.
    pub(crate) fn with_prefixes(mut self, list: &str) -> Option<Self> {
        let prefixes = list.split_ascii_whitespace().map(|prefix| if prefix == "#default" { "" } else { prefix });
        self.prefixes = prefixes.map(str::to_owned).collect();
        (self.form == Form::Exclusive && self.prefixes.len() <= Limits::XML_ATTRIBUTES).then_some(self)
    }
}

/// The canonical form of the element `id`.
pub(crate) fn canonical(document: &Document<'_>, id: Id, method: &Method) -> Result<Vec<u8>, Refusal> {
    let mut around = Vec::new();
    let mut at = document.parent(id);
    while let Some(parent) = at {
        around.extend(document.element(parent));
        at = document.parent(parent);
    }
    around.reverse();
    let scope = around.iter().flat_map(|element| element.declarations.iter().copied()).collect();
    let inherited = if method.form == Form::Exclusive { Vec::new() } else { inherited(&around, method.form)? };
    let mut writer = Writer { document, method, scope, rendered: Vec::new(), out: Vec::new(), longest: 0 };
    let apex = document.element(id).ok_or("it is no element")?;
    // Declarations may be written again and again in the exclusive form. In honest documents the result is hardly longer.
    writer.longest = 2 * apex.span().len() + (1 << 20);
    writer.element(apex, Some(&inherited))?;
    Ok(writer.out)
}

/// The `xml:` attributes that the element gets from those around it.
fn inherited<'d, 'x>(around: &[&'d Element<'x>], form: Form) -> Result<Vec<&'d Attribute<'x>>, Refusal> {
    let mut found: Vec<&Attribute<'x>> = Vec::new();
    for attribute in around.iter().flat_map(|element| &element.attributes) {
        let is_xml = attribute.space == Space::XML;
        match attribute.local {
            _ if !is_xml => continue,
            // Canonical XML 1.1 §2.4 joins what the elements around say: nobody signs such documents.
            "base" if form == Form::Inclusive11 => return Err("it has an xml:base around what is signed"),
            "lang" | "space" => {}
            _ if form == Form::Inclusive11 => continue,
            _ => {}
        }
        found.retain(|known| known.local != attribute.local);
        found.push(attribute);
    }
    Ok(found)
}

struct Writer<'d, 'x> {
    document: &'d Document<'x>,
    method: &'d Method,
    /// Declarations in force in the document, innermost last.
    scope: Vec<(&'x str, Space)>,
    /// Declarations in force in what was written, innermost last.
    rendered: Vec<(&'x str, Space)>,
    out: Vec<u8>,
    longest: usize,
}

impl<'d, 'x> Writer<'d, 'x> {
    /// `apex` is there for the outermost element: what it inherits.
    fn element(&mut self, element: &'d Element<'x>, apex: Option<&[&'d Attribute<'x>]>) -> Result<(), Refusal> {
        let (scope, rendered) = (self.scope.len(), self.rendered.len());
        self.scope.extend_from_slice(&element.declarations);
        self.out.push(b'<');
        self.name(element.prefix, element.local);
        self.declarations(element, apex.is_some());
        self.attributes(element, apex.unwrap_or_default());
        self.out.push(b'>');
        for child in &element.children {
            match &self.document.nodes[*child].kind {
                Kind::Element(child) => self.element(child, None)?,
                Kind::Text(text) => self.text(text),
                Kind::Comment(text) if self.method.comments => self.around("<!--", text, "-->"),
                Kind::Comment(_) => {}
                Kind::Instruction(target, data) if data.is_empty() => self.around("<?", target, "?>"),
                Kind::Instruction(target, data) => self.around("<?", &format!("{target} {data}"), "?>"),
            }
        }
        self.out.extend_from_slice(b"</");
        self.name(element.prefix, element.local);
        self.out.push(b'>');
        self.scope.truncate(scope);
        self.rendered.truncate(rendered);
        if self.out.len() > self.longest { Err("its canonical form is far longer than it is") } else { Ok(()) }
    }

    /// Those declarations that are due here and not yet in force, sorted by prefix.
    fn declarations(&mut self, element: &Element<'x>, is_apex: bool) {
        let mut prefixes: Vec<&'x str> = match self.method.form {
            Form::Exclusive => {
                let used =
                    element.attributes.iter().map(|attribute| attribute.prefix).filter(|prefix| !prefix.is_empty());
                // As in the inclusive forms: what is in force at the beginning, and what changes later.
                let due = if is_apex { &self.scope } else { &element.declarations };
                let listed = due.iter().map(|(prefix, _)| *prefix);
                let listed = listed.filter(|prefix| self.method.prefixes.iter().any(|listed| listed == prefix));
                used.chain([element.prefix]).chain(listed).collect()
            }
            _ if is_apex => self.scope.iter().map(|(prefix, _)| *prefix).collect(),
            _ => element.declarations.iter().map(|(prefix, _)| *prefix).collect(),
        };
        prefixes.sort_unstable();
        prefixes.dedup();
        for prefix in prefixes {
            let space = meaning(&self.scope, prefix);
            if prefix == "xml" || meaning(&self.rendered, prefix) == space {
                continue;
            }
            self.rendered.push((prefix, space));
            self.out.extend_from_slice(b" xmlns");
            if !prefix.is_empty() {
                self.out.push(b':');
            }
            self.out.extend_from_slice(prefix.as_bytes());
            self.value(self.document.space(space));
        }
    }

    /// Sorted by namespace, then by name.
    fn attributes(&mut self, element: &'d Element<'x>, inherited: &[&'d Attribute<'x>]) {
        let is_own = |inherited: &Attribute<'x>| {
            element.attributes.iter().any(|own| own.space == Space::XML && own.local == inherited.local)
        };
        let inherited = inherited.iter().copied().filter(|attribute| !is_own(attribute));
        let mut attributes: Vec<&Attribute<'x>> = element.attributes.iter().chain(inherited).collect();
        attributes.sort_by_key(|attribute| (self.document.space(attribute.space), attribute.local));
        for attribute in attributes {
            self.out.push(b' ');
            self.name(attribute.prefix, attribute.local);
            self.value(&attribute.value);
        }
    }

    fn name(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.out.extend_from_slice(prefix.as_bytes());
            self.out.push(b':');
        }
        self.out.extend_from_slice(local.as_bytes());
    }

    fn value(&mut self, value: &str) {
        self.out.extend_from_slice(b"=\"");
        for byte in value.bytes() {
            match byte {
                b'&' => self.out.extend_from_slice(b"&amp;"),
                b'<' => self.out.extend_from_slice(b"&lt;"),
                b'"' => self.out.extend_from_slice(b"&quot;"),
                b'\t' => self.out.extend_from_slice(b"&#x9;"),
                b'\n' => self.out.extend_from_slice(b"&#xA;"),
                b'\r' => self.out.extend_from_slice(b"&#xD;"),
                byte => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'&' => self.out.extend_from_slice(b"&amp;"),
                b'<' => self.out.extend_from_slice(b"&lt;"),
                b'>' => self.out.extend_from_slice(b"&gt;"),
                b'\r' => self.out.extend_from_slice(b"&#xD;"),
                byte => self.out.push(byte),
            }
        }
    }

    fn around(&mut self, before: &str, text: &str, after: &str) {
        for piece in [before, text, after] {
            self.out.extend_from_slice(piece.as_bytes());
        }
    }
}

/// What a prefix stands for; nothing is declared for the default namespace of most documents, which is none.
fn meaning(declarations: &[(&str, Space)], prefix: &str) -> Space {
    declarations.iter().rev().find(|(known, _)| *known == prefix).map_or(Space::NONE, |(_, space)| *space)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::read;

    fn form(text: &str, at: usize, algorithm: &str) -> Result<String, &'static str> {
        let document = read(text.as_bytes()).expect("XML");
        let id = document.elements().nth(at).expect("as many elements");
        let bytes = canonical(&document, id, &Method::of(algorithm).expect("a method"))?;
        Ok(String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn the_nearest_xml_attribute_counts() {
        let text = "<e xml:id='a' xml:lang='de'><e xml:id='b' xml:lang='en'><f xml:space='default'/></e></e>";
        let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
        let expected = r#"<f xml:id="b" xml:lang="en" xml:space="default"></f>"#;
        assert_eq!(form(text, 2, inclusive).as_deref(), Ok(expected));
        let later = "http://www.w3.org/2006/12/xml-c14n11";
        assert_eq!(form(text, 2, later).as_deref(), Ok(r#"<f xml:lang="en" xml:space="default"></f>"#));
        assert_eq!(
            form(text, 2, "http://www.w3.org/2001/10/xml-exc-c14n#").as_deref(),
            Ok(r#"<f xml:space="default"></f>"#)
        );
        assert!(form("<e xml:base='a'><f/></e>", 1, later).is_err());
    }

    #[test]
    fn a_form_far_longer_than_the_document_is_refused() {
        let long = "u".repeat(60 << 10);
        let text = format!("<a xmlns:p='{long}'>{}</a>", "<p:b/>".repeat(200));
        assert!(form(&text, 0, "http://www.w3.org/2001/10/xml-exc-c14n#").is_err());
        assert!(form(&text, 0, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315").is_ok());
    }

    #[test]
    fn methods_are_known_by_their_identifiers() {
        assert!(Method::of("http://www.w3.org/2001/10/xml-exc-c14n").is_none());
        assert!(Method::of("http://www.w3.org/2000/09/xmldsig#enveloped-signature").is_none());
        assert!(Method::new(Form::Inclusive).with_prefixes("p").is_none());
        let exclusive = Method::of("http://www.w3.org/2001/10/xml-exc-c14n#WithComments").expect("a method");
        assert!(exclusive.clone().with_prefixes(&"p ".repeat(65)).is_none());
        assert_eq!(exclusive.without_comments(), Method::new(Form::Exclusive));
    }
}
