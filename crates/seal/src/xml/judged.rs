//! Goal: the canonical form of any element of any document is the one that Apache Santuario makes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Document, Method, canonical, read};
use crate::armour;

const METHODS: [&str; 6] = [
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
];
const PREFIXES: [&str; 4] = ["", "p", "#default q", "p q unknown"];

/// Numbers that look random and are the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

/// An element and what is in it; `known` are the prefixes that are declared around it, and the `xml:` attributes that are
/// there. No such attribute stands inside another of its name: there Santuario takes the outermost, and the standard wants
/// "the nearest occurrences" (Canonical XML 1.0 §2.4).
fn element(draw: &mut Draw, depth: usize, known: &[&'static str], out: &mut String) {
    let mut known = known.to_vec();
    let mut tag = String::new();
    for prefix in ["p", "q"] {
        if draw.below(3) == 0 {
            tag.push_str(&format!(" xmlns:{prefix}='{}'", draw.one(&["u:1", "u:2", "u:3&amp;&quot;"])));
            known.push(prefix);
        }
    }
    if draw.below(3) == 0 {
        tag.push_str(&format!(" xmlns=\"{}\"", draw.one(&["", "u:1", "u:4"])));
    }
    for name in ["b", "a", "Id"] {
        let value = draw.one(&["", "1", "&lt;&amp;&#9;&#10;&#13;'", "a\tb\r\nc", "ä > &quot;", "  x  "]);
        match draw.below(6) {
            0 | 1 => tag.push_str(&format!("\n{name} = \"{value}\"")),
            2 if known.contains(&"p") => tag.push_str(&format!(" p:{name}=\"{value}\"")),
            _ => {}
        }
    }
    for (name, attribute) in [("lang", " xml:lang='de'"), ("space", " xml:space='preserve'"), ("id", " xml:id='x'")] {
        if draw.below(6) == 0 && !known.contains(&name) {
            tag.push_str(attribute);
            known.push(name);
        }
    }
    let choices: Vec<&str> =
        ["", "p:", "q:"].into_iter().filter(|p| p.is_empty() || known.contains(&&p[..1])).collect();
    let name = format!("{}{}", draw.one(&choices), draw.one(&["e", "f"]));
    let children = if depth == 0 { 0 } else { draw.below(5) };
    if children == 0 && draw.below(2) == 0 {
        return out.push_str(&format!("<{name}{tag}/>"));
    }
    out.push_str(&format!("<{name}{tag} >"));
    for _ in 0..children {
        match draw.below(4) {
            0 => out.push_str(draw.one(&["text", "&gt;&#13;\r\n\t", "<![CDATA[<&>\"]]>", "\r", "&#x1F600;'\""])),
            1 => out.push_str(draw.one(&["<!-- a\r\nb -->", "<?p?>", "<?p  a b ?>", "<!---->"])),
            _ => element(draw, depth - 1, &known, out),
        }
    }
    out.push_str(&format!("</{name}>"));
}

fn number_of_elements(document: &Document<'_>) -> usize {
    document.elements().count()
}

#[test]
fn canonical_forms_are_those_of_santuario() {
    let required = std::env::var_os("PROBITY_TEST_JUDGES").is_some();
    let is_there =
        Command::new("java").arg("-version").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    assert!(is_there || !required, "a required judge is missing: java");
    if !is_there {
        return eprintln!("skipped: java is not installed");
    }
    let mut draw = Draw(7);
    let (mut lines, mut expected) = (String::new(), Vec::new());
    for _ in 0..150 {
        let mut text = String::new();
        element(&mut draw, 4, &[], &mut text);
        let document = read(text.as_bytes()).unwrap_or_else(|reason| panic!("{reason}: {text}"));
        let elements: Vec<_> = document.elements().collect();
        for method in METHODS {
            let at = draw.below(number_of_elements(&document));
            let mut prefixes = "";
            let mut form = Method::of(method).expect("a method");
            if method.contains("exc") {
                prefixes = draw.one(&PREFIXES);
                form = form.with_prefixes(prefixes).expect("the exclusive form has such a list");
            }
            let ours = canonical(&document, elements[at], &form).expect("no xml:base");
            lines.push_str(&format!("{method}\t{prefixes}\t{at}\t{}\n", armour::encode(&text)));
            expected.push((ours, method, prefixes, at, text.clone()));
        }
    }
    let theirs = santuario(&lines);
    assert_eq!(theirs.lines().count(), expected.len(), "{theirs}");
    for (theirs, (ours, method, prefixes, at, text)) in theirs.lines().zip(expected) {
        let theirs = armour::decode(theirs).expect("base64");
        let (ours, theirs) = (String::from_utf8(ours).expect("text"), String::from_utf8(theirs).expect("text"));
        assert_eq!(ours, theirs, "element {at} by {method} with {prefixes:?} of {text}");
    }
}

fn santuario(lines: &str) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/xml/Canonical.java");
    let mut child = Command::new("java")
        .args(["--add-exports", "java.xml.crypto/com.sun.org.apache.xml.internal.security.c14n=ALL-UNNAMED"])
        .args(["--add-exports", "java.xml.crypto/com.sun.org.apache.xml.internal.security=ALL-UNNAMED"])
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java runs");
    let mut input = child.stdin.take().expect("piped");
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads");
    String::from_utf8(output.stdout).expect("base64")
}
