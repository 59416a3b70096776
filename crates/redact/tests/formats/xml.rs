//! XML and HTML. The judge of well-formed XML is quick-xml.

use probity_redact::format::xml::{rewrite, rewrite_html};
use proptest::prelude::*;

use crate::kit::{laws, laws_apart, redacted, samples};

#[test]
fn samples_show_and_lose_what_is_expected() {
    samples("xml", rewrite, &[]);
    samples("html", rewrite_html, &['"']);
}

fn check(input: &str, expect: &str) {
    let output = redacted(rewrite, input.as_bytes()).unwrap();
    assert_eq!(str::from_utf8(&output).unwrap(), expect);
}

fn check_html(input: &str, expect: &str) {
    let output = redacted(rewrite_html, input.as_bytes()).unwrap();
    assert_eq!(str::from_utf8(&output).unwrap(), expect);
}

#[test]
fn only_the_value_changes() {
    check("<a b = 'Jan Muster' >Jan&#32;Muster &amp; x</a >", "<a b = '[PERSON]' >[PERSON] &amp; x</a >");
    check("<a>Jan <![CDATA[Muster & <x>]]></a>", "<a>[PERSON]<![CDATA[ & <x>]]></a>");
    check("<a>Jan<!-- Jan Muster --> Muster</a>", "<a>[PERSON]<!-- [PERSON] --></a>");
    check("<a>Jan</a>\n", "<a>Jan</a>\n");
    check("<?xml version=\"1.0\"?><!DOCTYPE a><a/>", "<?xml version=\"1.0\"?><!DOCTYPE a><a/>");
    check("<?x Jan Muster?><a/>", "<?x [PERSON]?><a/>");
}

#[test]
fn replacements_are_escaped() {
    let escaped = "a &quot;b&quot; &#39;c&#39;, d\\e;f&amp;&lt;g&gt;: #h\ti";
    check("<a b='quote'>quote</a>", &format!("<a b='{escaped}'>{escaped}</a>"));
    check("<a><![CDATA[quote]]></a>", "<a><![CDATA[a \"b\" 'c', d\\e;f&<g>: #h\ti]]></a>");
    check_html("<a href=quote>x", &format!("<a href=\"{escaped}\">x"));
}

/// A browser takes these for odd attributes; a person reads what is there.
#[test]
fn a_tag_with_stray_quotes_is_one_text() {
    check_html("<meta name=a content\"Jan Muster\">x", "<meta name=a content\"[PERSON]\">x");
    check_html("<meta name=a_ontent=\"Jan Muster\">x", "<meta name=a_ontent=\"[PERSON]\">x");
    check_html("<br title='a'\"Jan Muster\"/>x", "<br title='a'\"[PERSON]\"/>x");
    check_html("<p x\"Jan Muster", "<p x\"[PERSON]");
    check_html("<!doctype html><p>Jan Muster", "<!doctype html><p>[PERSON]");
}

/// What stands in an end tag is read together with its name.
#[test]
fn an_end_tag_is_one_text() {
    check_html("<p>x</p Jan Muster>", "<p>x</p [PERSON]>");
    for text in ["x</jan@example.org>", "x</jan@example.org..\u{e9}jan@example.org", "<p>x</b2jan@example.org x"] {
        assert_eq!(redacted(rewrite_html, text.as_bytes()).unwrap_err().code(), "xml-name", "{text}");
    }
    let invalid = redacted(rewrite_html, b"x</rjan@example.org..\xC1jan@example.org.").unwrap_err();
    assert_eq!(invalid.code(), "xml-name");
}

/// Words in a tag that are no attributes of a page's author.
#[test]
fn words_in_a_tag_are_one_text() {
    check_html("<body onload='a'><'!-- Jan Muster -->x", "<body onload='a'><'!-- [PERSON] -->x");
    check_html("<meta name=author content=Jan Muster>x", "<meta name=author content=[PERSON]>x");
    check_html("<meta content=Jan Muster=2>x", "<meta content=[PERSON]=2>x");
    check_html("<p Jan Muster>x</p>", "<p [PERSON]>x</p>");
    check_html("<a jan@example.org>x", "<a [EMAIL]>x");
    assert_eq!(redacted(rewrite_html, b"<p>x <Jan Muster> y").unwrap_err().code(), "xml-name");
    // These are attributes: what is found in them is found in their values.
    let plain = "<input TYPE=text name=\"x\" required v-cloak @click='f()' :class=\"{a: b}\" [prop]=x disabled>";
    check_html(plain, plain);
}

#[test]
fn html_text_goes_on_through_inline_elements() {
    check_html("<p><b>Jan</b> <i>Muster</i></p>", "<p><b>[PERSON]</b><i></i></p>");
    check_html("<p>Jan&nbsp;x<P>Jan <a title='Jan Muster'>Muster", "<p>Jan&nbsp;x<P>[PERSON]<a title='[PERSON]'>");
    check_html("<td>Jan<td>Muster", "<td>Jan<td>Muster");
    check_html("<script>var a = '<b>Jan Muster</b>' & 1;</script>", "<script>var a = '<b>[PERSON]</b>' & 1;</script>");
    check_html("jan&commat;example&period;org < & <3 </p <!-- Jan Muster", "[EMAIL] < & <3 </p <!-- [PERSON]");
    check_html("<input value=jan@example.org disabled>", "<input value=\"[EMAIL]\" disabled>");
}

#[test]
fn a_name_that_would_have_to_go_refuses_the_document() {
    assert_eq!(redacted(rewrite, b"<a><t31612345678/></a>").unwrap_err().code(), "xml-name");
    assert_eq!(redacted(rewrite_html, b"<p>x</b31612345678l></p>").unwrap_err().code(), "xml-name");
}

#[test]
fn too_deep_is_refused_in_xml_and_flat_in_html() {
    let deep = "<a>".repeat(300);
    assert_eq!(redacted(rewrite, deep.as_bytes()).unwrap_err().code(), "xml-too-deep");
    laws(rewrite_html, "<div>Jan Muster".repeat(300).as_bytes(), 1).unwrap();
}

/// Names of the elements in order, if it is well-formed.
fn elements(xml: &[u8]) -> Option<Vec<String>> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(xml);
    let mut names = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) => {
                tag.attributes().all(|attribute| attribute.is_ok()).then_some(())?;
                names.push(tag.name().as_ref().to_owned());
            }
            Event::Eof => return Some(names),
            _ => {}
        }
    }
}

fn element() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z é]{0,12}".prop_map(|text| text),
        Just("&amp;&#233;&lt;".to_owned()),
        "[a-z<>& ]{0,8}".prop_map(|text| format!("<![CDATA[{text}]]>")),
        "[a-z<>& ]{0,8}".prop_map(|text| format!("<!-- {text} -->")),
        "[a-z]{1,8}".prop_map(|text| format!("<?pi {text}?>")),
        "[a-z &;]{0,8}".prop_map(|text| format!("<br title=\"{}\"/>", text.replace('&', "&amp;"))),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        ("[abp]|div", "[a-z ']{0,6}", prop::collection::vec(inner, 0..5))
            .prop_map(|(name, value, inner)| format!("<{name} v=\"{value}\">{}</{name}>", inner.concat()))
    })
}

proptest! {
    #[test]
    fn the_laws_hold(inner in prop::collection::vec(element(), 0..5), seed: u64) {
        let input = format!("<?xml version='1.0'?>\n<root>{}</root>\n", inner.concat());
        prop_assume!(elements(input.as_bytes()).is_some());
        let output = laws(rewrite, input.as_bytes(), seed).unwrap();
        prop_assert_eq!(elements(&output), elements(input.as_bytes()));
        laws(rewrite_html, input.as_bytes(), seed).unwrap();
    }

    #[test]
    fn anything_at_all_ends_in_output_or_a_fault(
        text in "[<>/a-c1=\"'&;!?\\[\\]# -]{0,40}",
        tags in "(<a>|</a>|<b x='y'>|</b>|<!--|-->|<p>|x|<!\\[CDATA\\[|\\]\\]>|<script>|</script>|<\\?|\\?>|&amp;|&|=|>){0,16}",
        bytes: Vec<u8>,
    ) {
        for input in [text.as_bytes(), tags.as_bytes(), &bytes] {
            if laws(rewrite, input, 1).is_ok() {
                prop_assert!(input.is_ascii() && elements(input).is_some(), "quick-xml refuses it");
            }
            // A value without quotes gets them, and may hold them.
            if !(input.contains(&b'"') && input.contains(&b'\'')) {
                let _ = laws_apart(rewrite_html, input, 1, &['"', '\'']);
            }
        }
    }
}
