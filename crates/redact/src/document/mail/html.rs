//! HTML, read as leniently as browsers do: no tag is trusted to be closed, everything between is text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use model::Fault;

use super::super::Rewritten;
use super::super::joined::{Coding, Joined, Splices, ask};
use super::super::table::Tables;
use crate::format::entities;
use crate::{Decide, Spot};

/// Visits the text, attributes and comments of a page; `None` when nothing changed.
///
/// # Errors
/// `unsupported-charset` when it is not UTF-8; what `decide` returns.
pub(in crate::document) fn rewrite_bytes(
    bytes: &[u8],
    part: &str,
    decide: &mut dyn Decide,
    notes: &mut Rewritten,
) -> Result<Option<Vec<u8>>, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| {
        Fault::bad_input("unsupported-charset", "A page of HTML in the container is not UTF-8.")
            .advise("Take it out and convert it, or save the document again.")
    })?;
    Ok(rewrite(text, part, decide, notes)?.map(String::into_bytes))
}

/// The same over text.
///
/// # Errors
/// What `decide` returns.
pub(in crate::document) fn rewrite(
    text: &str,
    part: &str,
    decide: &mut dyn Decide,
    notes: &mut Rewritten,
) -> Result<Option<String>, Fault> {
    let mut walk = Walk {
        text,
        part,
        decide,
        notes,
        paragraph: Joined::default(),
        tables: Tables::default(),
        counts: HashMap::new(),
        splices: Splices::default(),
    };
    walk.page()?;
    if walk.splices.is_empty() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&walk.splices.apply(text.as_bytes())).into_owned()))
}

struct Walk<'a, 'd> {
    text: &'a str,
    part: &'a str,
    decide: &'d mut dyn Decide,
    notes: &'d mut Rewritten,
    /// The text since the last block began.
    paragraph: Joined,
    tables: Tables,
    counts: HashMap<String, u32>,
    splices: Splices,
}

/// An attribute as it stands.
struct Attribute {
    name: String,
    value: Range<usize>,
    quoted: bool,
}

/// Elements within a line: a value may be split over them.
const INLINE: [&str; 32] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "o:p", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
    "wbr",
];
/// Elements whose content is no markup.
const RAW: [&str; 7] = ["script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"];
/// Elements whose content is text with references.
const TEXT_ONLY: [&str; 2] = ["title", "textarea"];

impl<'a> Walk<'a, '_> {
    fn page(&mut self) -> Result<(), Fault> {
        let mut at = 0;
        while at < self.text.len() {
            let rest = &self.text[at..];
            let next = rest.as_bytes().get(1).copied().unwrap_or_default();
            at = if !rest.starts_with('<') {
                let end = rest.find('<').map_or(self.text.len(), |end| at + end);
                self.words(at..end);
                end
            } else if next == b'!' || next == b'?' || next == b'/' && !rest[2..].starts_with(is_letter) {
                self.declared(at)?
            } else if (next.is_ascii_alphabetic() || next == b'/') && self.is_tag(at) {
                self.tag(at)?
            } else {
                self.words(at..at + 1);
                at + 1
            };
        }
        self.end_paragraph()
    }

    /// Text with references resolved and white space made one blank.
    fn words(&mut self, range: Range<usize>) {
        let mut at = range.start;
        let mut blank = self.paragraph.text().ends_with(' ');
        while let Some(letter) = self.text[at..range.end].chars().next() {
            let next = at + letter.len_utf8();
            if letter == '&'
                && let Some((meaning, length)) = entities::decode(&self.text.as_bytes()[at..range.end], true)
            {
                self.paragraph.atom(meaning.encode_utf8(&mut [0; 4]), at..at + length, Coding::Text);
                at += length;
                blank = false;
                continue;
            }
            if letter.is_ascii_whitespace() {
                self.paragraph.literal_as(if blank { "" } else { " " }, at..next, Coding::Text);
                blank = true;
            } else {
                self.paragraph.literal(&self.text[at..next], at, Coding::Text);
                blank = false;
            }
            at = next;
        }
    }

    fn end_paragraph(&mut self) -> Result<(), Fault> {
        let paragraph = std::mem::take(&mut self.paragraph);
        if paragraph.is_blank() {
            return Ok(());
        }
        let names = self.tables.names();
        self.tables.text(paragraph.text());
        self.piece(&paragraph, &names, "text", "", true)
    }

    fn piece(&mut self, joined: &Joined, names: &[String], what: &str, tail: &str, prose: bool) -> Result<(), Fault> {
        if joined.is_blank() {
            return Ok(());
        }
        let count = self.counts.entry(format!("{what}{tail}")).or_default();
        *count += 1;
        let path = format!("{what}[{count}]{tail}");
        let names: Vec<Cow<'_, str>> = names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
        let spot = Spot::Part { part: Cow::Borrowed(self.part), path: Cow::Owned(path) };
        let edits = ask(self.decide, joined.text(), &names, spot, prose)?;
        joined.splice(&edits, &mut self.splices);
        Ok(())
    }

    /// `<!-- … -->`, `<!…>`, `<?…>`, `</…>` without a name: comments, all of them, to a browser.
    fn declared(&mut self, at: usize) -> Result<usize, Fault> {
        let rest = &self.text[at..];
        let (skip, end) = if rest.starts_with("<!--") { (4, "-->") } else { (2, ">") };
        // `<!-->` and `<!--->` are whole comments.
        let from = if end == "-->" { at + 2 } else { at + skip };
        let stop =
            self.text.get(from..).and_then(|inside| inside.find(end)).map_or(self.text.len(), |found| from + found);
        let start = (at + skip).min(stop);
        let mut joined = Joined::default();
        joined.literal(&self.text[start..stop], start, Coding::Comment);
        self.piece(&joined, &[], "comment()", "", true)?;
        Ok((stop + end.len()).min(self.text.len()))
    }

    /// A tag from `<`; gives the byte after it, or after the content that belongs to it alone.
    /// Whether a tag has a name such as tags have. `<jan@example.org>` is none, whatever browsers take it for: somebody
    /// forgot that it is not shown.
    fn is_tag(&self, at: usize) -> bool {
        let (_, name) = self.tag_name(at);
        self.text[name].bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte))
    }

    /// Whether the tag closes an element, and where its name stands.
    fn tag_name(&self, at: usize) -> (bool, Range<usize>) {
        let closing = self.text[at + 1..].starts_with('/');
        let start = at + 1 + usize::from(closing);
        let length = self.text[start..].find(|letter: char| letter.is_ascii_whitespace() || "/>".contains(letter));
        (closing, start..length.map_or(self.text.len(), |length| start + length))
    }

    fn tag(&mut self, at: usize) -> Result<usize, Fault> {
        let (closing, name) = self.tag_name(at);
        let (attributes, end) = self.attributes(name.end);
        let name = self.text[name].to_ascii_lowercase();
        if name == "br" {
            self.paragraph.markup(" ", at..at);
        } else if !INLINE.contains(&name.as_str()) {
            self.end_paragraph()?;
        }
        let value_of = |wanted: &str| {
            let found = attributes.iter().find(|attribute| attribute.name == wanted)?;
            Some(self.text[found.value.clone()].to_owned())
        };
        let label = value_of("name").filter(|label| label.len() <= 64);
        if closing {
            self.tables.end(&name);
        } else {
            self.tables.start(&name, value_of);
        }
        for attribute in &attributes {
            self.attribute(&name, attribute, label.as_deref())?;
        }
        if closing { Ok(end) } else { self.content(&name, end) }
    }

    /// The content of an element that holds no markup.
    fn content(&mut self, name: &str, at: usize) -> Result<usize, Fault> {
        let (is_raw, is_text) = (RAW.contains(&name), TEXT_ONLY.contains(&name));
        if !is_raw && !is_text {
            return Ok(at);
        }
        let is_end = |tail: &str| tail.get(2..2 + name.len()).is_some_and(|tail| tail.eq_ignore_ascii_case(name));
        let mut ends = memchr::memmem::find_iter(&self.text.as_bytes()[at..], b"</").map(|end| at + end);
        let end = ends.find(|end| is_end(&self.text[*end..])).unwrap_or(self.text.len());
        if is_text {
            self.words(at..end);
            self.end_paragraph()?;
            return Ok(end);
        }
        let mut start = at;
        for line in self.text[at..end].split_inclusive('\n') {
            let mut joined = Joined::default();
            joined.literal(line, start, Coding::Raw);
            start += line.len();
            self.piece(&joined, &[], name, "", false)?;
        }
        Ok(end)
    }

    /// Attributes from `at`, and the byte after the tag.
    fn attributes(&self, mut at: usize) -> (Vec<Attribute>, usize) {
        let bytes = self.text.as_bytes();
        let mut attributes = Vec::new();
        loop {
            while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
                at += 1;
            }
            if at >= bytes.len() || bytes[at] == b'>' {
                return (attributes, (at + 1).min(bytes.len()));
            }
            let start = at;
            at += 1;
            at = self.find(at, |byte| byte.is_ascii_whitespace() || b"/>=".contains(&byte));
            let name = self.text[start..at].to_ascii_lowercase();
            let equals = self.find(at, |byte| !byte.is_ascii_whitespace());
            if bytes.get(equals) != Some(&b'=') {
                attributes.push(Attribute { value: start..at, name, quoted: false });
                continue;
            }
            let open = self.find(equals + 1, |byte| !byte.is_ascii_whitespace());
            let quote = bytes.get(open).copied().filter(|byte| b"\"'".contains(byte));
            let value = match quote {
                Some(quote) => open + 1..self.find(open + 1, |byte| byte == quote),
                None => open..self.find(open, |byte| byte.is_ascii_whitespace() || byte == b'>'),
            };
            at = (value.end + usize::from(quote.is_some())).min(bytes.len());
            attributes.push(Attribute { name, value, quoted: quote.is_some() });
        }
    }

    fn find(&self, from: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes();
        bytes.iter().skip(from).position(|&byte| wanted(byte)).map_or(bytes.len(), |at| at + from)
    }

    fn attribute(&mut self, element: &str, attribute: &Attribute, label: Option<&str>) -> Result<(), Fault> {
        let raw = &self.text[attribute.value.clone()];
        let is_address = ["href", "src", "action", "cite", "background", "data", "formaction", "longdesc"]
            .contains(&attribute.name.as_str());
        if raw.trim_ascii_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
            return self.embedded(element, attribute);
        }
        let coding = match attribute.quoted {
            _ if is_address => Coding::Address,
            true => Coding::Attribute,
            false => Coding::Bare,
        };
        let mut joined = Joined::default();
        let mut at = attribute.value.start;
        while let Some(letter) = self.text[at..attribute.value.end].chars().next() {
            let reference = entities::decode(&self.text.as_bytes()[at..attribute.value.end], true);
            if let Some((meaning, length)) = reference.filter(|_| letter == '&') {
                joined.atom(meaning.encode_utf8(&mut [0; 4]), at..at + length, coding);
                at += length;
            } else {
                joined.literal(&self.text[at..at + letter.len_utf8()], at, coding);
                at += letter.len_utf8();
            }
        }
        if is_address {
            joined = joined.percent_decoded(self.text);
        }
        let names: Vec<String> = match attribute.name.as_str() {
            "value" | "content" => label.map(str::to_owned).into_iter().collect(),
            _ => Vec::new(),
        };
        let prose = matches!(attribute.name.as_str(), "alt" | "title" | "value" | "content" | "summary" | "label");
        self.piece(&joined, &names, element, &format!("/@{}", attribute.name), prose)
    }

    /// A file within an address: pictures stay, the rest cannot be read.
    fn embedded(&mut self, element: &str, attribute: &Attribute) -> Result<(), Fault> {
        let raw = self.text[attribute.value.clone()].trim_ascii_start();
        let place = format!("{}: {element} {}", self.part, attribute.name);
        if raw.get(5..11).is_some_and(|kind| kind.eq_ignore_ascii_case("image/"))
            && !raw[..raw.len().min(40)].contains("svg")
        {
            self.notes.unscanned.push(format!("{place}: a picture"));
        } else if raw.len() > 6 {
            let why = "a file within an address, which cannot be read";
            self.notes.removed.push(super::super::Removed { what: place, why });
            self.splices.put(attribute.value.clone(), b"data:,".to_vec());
        }
        Ok(())
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Edit, Piece};

    /// Takes out one value; remembers the texts.
    struct Taker(&'static str, Vec<String>);

    impl Decide for Taker {
        fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
            let text = String::from_utf8_lossy(piece.text).into_owned();
            let found = text.match_indices(self.0).filter(|(_, found)| !found.is_empty());
            let edits = found.map(|(at, found)| Edit { range: at..at + found.len(), with: "[X]".to_owned() }).collect();
            self.1.push(text);
            Ok(edits)
        }
    }

    fn walk(page: &str, value: &'static str) -> (Option<String>, Vec<String>) {
        let mut taker = Taker(value, Vec::new());
        let new = rewrite(page, "1", &mut taker, &mut Rewritten::default()).unwrap();
        (new, taker.1)
    }

    /// Each page loses `a@b.c`, wherever and however it is written.
    #[test]
    fn a_page_loses_its_value() {
        for (page, expect) in [
            ("<p>a@b.c</p>", "<p>[X]</p>"),
            ("a&commat;b&period;c", "[X]"),
            ("<b>a</b>@<i>b.</i>c", "<b>[X]</b><i></i>"),
            ("<a href=mailto:a%40b.c>x", "<a href=mailto:%5BX%5D>x"),
            ("<a title='a&#64;b.c'>x", "<a title='[X]'>x"),
            ("<!-- a@b.c -->", "<!-- [X] -->"),
            ("<script>'a@b.c'</script>", "<script>'[X]'</script>"),
            ("<title>a@b.c</title>", "<title>[X]</title>"),
            ("<textarea>a@b.c", "<textarea>[X]"),
            ("</ a@b.c>", "</[X]>"),
            ("<p title=a@b.c", "<p title=[X]"),
            ("<!a@b.c>", "<![X]>"),
        ] {
            let (new, _) = walk(page, "a@b.c");
            let new = new.unwrap_or_else(|| panic!("{page} was not changed"));
            assert_eq!(new.replace(' ', ""), expect.replace(' ', ""), "{page}");
            assert!(!walk(&new, "a@b.c").1.iter().any(|text| text.contains("a@b.c")), "{new}");
        }
        assert_eq!(walk("<p>Jan\n   <b>Mus</b>ter &lt;x&gt; 1<br>2", "").1, ["Jan Muster <x> 1 2"]);
    }

    proptest! {
        /// No page makes the walk panic, and what was taken out is not found again.
        #[test]
        fn hostile_pages_are_walked(page in "(<|>|/|!|--|\"|'|=|&|;|#|x|é|zz|b|a href|script|title|table|tr|td| |\n){0,60}") {
            let (new, _) = walk(&page, "zz");
            if let Some(new) = new {
                prop_assert!(!walk(&new, "zz").1.iter().any(|text| text.contains("zz")), "{} became {}", page, new);
            } else {
                prop_assert!(!walk(&page, "zz").1.iter().any(|text| text.contains("zz")));
            }
        }
    }
}
