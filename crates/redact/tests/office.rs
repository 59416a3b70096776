//! Office documents: every layer is visited, every value goes, the package stays valid.

mod container;

use container::{Finder, docx, odf, package, unzip, xlsx, zip};
use model::Fault;
use probity_redact::document::{Rewritten, office};
use probity_redact::{Decide, Edit, Limits, Piece};

fn rewrite(bytes: &[u8], decide: &mut dyn Decide) -> Rewritten {
    office::rewrite(bytes, decide, &Limits::default()).unwrap()
}

/// Takes `values` out of a package, looks for them in every part, and walks the output again.
fn check(files: &[(String, Vec<u8>)], values: &[&str]) -> (Finder, Rewritten, Vec<(String, Vec<u8>)>) {
    let input = zip(files);
    let mut finder = Finder::new(values);
    let output = rewrite(&input, &mut finder);
    for value in values {
        assert!(finder.seen.iter().any(|seen| seen.2.contains(value)), "{value} was never shown");
    }
    let parts = unzip(&output.bytes);
    for (name, content) in &parts {
        let text = String::from_utf8_lossy(content);
        for value in values {
            assert!(!text.contains(value), "{value} survives in {name}:\n{text}");
        }
    }
    let mut again = Finder::new(values);
    let twice = rewrite(&output.bytes, &mut again);
    assert!(twice.bytes == output.bytes, "redacting twice is not redacting once");
    for (part, path, text, _) in &again.seen {
        assert!(!values.iter().any(|value| text.contains(value)), "{part} {path} still shows a value");
    }
    (finder, output, parts)
}

/// A sheet with a person's name gets another; what named it in formulas goes, so that the workbook still opens.
#[test]
fn a_sheet_with_a_name_is_renamed() {
    let mut files = xlsx();
    for (name, content) in &mut files {
        if name == "xl/workbook.xml" || name.ends_with("sheet1.xml") {
            let text = String::from_utf8(content.clone()).unwrap();
            let text = text.replace("name=\"People\"", "name=\"Ada Muster\"").replace("B4*2", "'Ada Muster'!B4*2");
            *content = text.replace("\"boss@muster.example\"", "'Ada Muster'!$A$1").into_bytes();
        }
    }
    let (_, _, parts) = check(&files, &["Ada Muster", "bob@muster.example"]);
    let book = part(&parts, "xl/workbook.xml");
    assert!(book.contains("<sheet name=\"(X) 1\"") && book.contains("<definedName name=\"Boss\">#REF!<"), "{book}");
    assert!(part(&parts, "xl/worksheets/sheet1.xml").contains("<c r=\"C4\"><v>34</v></c>"));
}

fn part<'a>(parts: &'a [(String, Vec<u8>)], name: &str) -> &'a str {
    let (_, content) = parts.iter().find(|(part, _)| part == name).unwrap_or_else(|| panic!("{name} is missing"));
    std::str::from_utf8(content).unwrap()
}

const DOCX: [&str; 28] = [
    "123-45-6789",
    "987-65-4321",
    "hidden-5550177",
    "A&B Q&A o\u{2019}neil-7",
    "field@muster.example",
    "mail@muster.example",
    "tip@muster.example",
    "555-0199",
    "00112233",
    "alt@muster.example",
    "box-7788",
    "comment@muster.example",
    "Ada Muster",
    "Bob Beispiel",
    "AMU7",
    "remark-4455",
    "head@muster.example",
    "note@muster.example",
    "title-9911",
    "cached@muster.example",
    "4111111111111111",
    "Muster AG",
    "0445556677",
    "attribute@muster.example",
    "CH9300762011623852957",
    "content-3344",
    "secret@muster.example",
    "shared@muster.example",
];

/// Every layer of a text document loses its values, and what is no text goes or becomes an empty one.
#[test]
fn a_text_document_loses_its_values() {
    let (finder, output, parts) = check(&docx(), &DOCX);
    let document = part(&parts, "word/document.xml");
    assert!(document.contains("The number is [X]</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t></w:t>"), "{document}");
    assert!(
        document.contains("<w:t xml:space=\"preserve\"> and</w:t></w:r><w:r><w:t xml:space=\"preserve\"> stays."),
        "{document}"
    );
    assert!(!document.contains("gfxdata") && !document.contains("4321") && !document.contains("noBreakHyphen"));
    assert!(part(&parts, "word/_rels/document.xml.rels").contains("mailto:%5BX%5D?subject=Hello"));
    assert!(!part(&parts, "[Content_Types].xml").contains("thumbnail"));
    assert!(!part(&parts, "_rels/.rels").contains("thumbnail"));
    assert!(!parts.iter().any(|(name, _)| name == "docProps/thumbnail.jpeg"));
    let (_, object) = parts.iter().find(|(name, _)| name.ends_with("oleObject1.bin")).unwrap();
    assert_eq!(object.len(), 1536);
    assert_eq!(finder.names_of("00112233"), ["First", "Account number"]);
    assert_eq!(finder.names_of("0445556677"), ["Client phone", "lpwstr"]);
    assert_eq!(finder.names_of("Muster AG"), ["Company"]);
    assert!(finder.saw("100200"), "attributes of custom XML are shown, whatever they look like");
    let removed: Vec<&str> = output.removed.iter().map(|removed| removed.what.as_str()).collect();
    assert!(removed.contains(&"docProps/thumbnail.jpeg"), "{removed:?}");
    assert!(removed.contains(&"word/embeddings/oleObject1.bin"), "{removed:?}");
    assert!(output.unscanned.iter().any(|part| part.starts_with("word/media/image1.png: a picture")));
}

/// A header of a sheet is read as it is printed, without its codes.
#[test]
fn codes_of_a_header_hide_nothing() {
    let mut files = xlsx();
    let sheet = files.iter_mut().find(|(name, _)| name == "xl/worksheets/sheet1.xml").unwrap();
    let text = String::from_utf8(sheet.1.clone()).unwrap();
    let header = "<headerFooter><oddHeader>&amp;LPage&amp;RQu&amp;Bux17</oddHeader></headerFooter></worksheet>";
    sheet.1 = text.replace("</worksheet>", header).into_bytes();
    let (_, _, parts) = check(&files, &["Quux17"]);
    let sheet = part(&parts, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<oddHeader>&amp;LPage&amp;R[X]&amp;B</oddHeader>"), "{sheet}");
}

/// Cells lose their values whatever form they are stored in; formulas that would bring them back go.
#[test]
fn a_workbook_loses_its_values() {
    let values = [
        "Ada Muster",
        "Bob Beispiel",
        "4111111111111111",
        "4111111111111000",
        "1985-03-01",
        "1985-03-02",
        "5500000000000004",
        "11000000000000008",
        "bob@muster.example",
        "boss@muster.example",
        "shared@muster.example",
        "secret@muster.example",
        "note-6655",
    ];
    let (finder, _, parts) = check(&xlsx(), &values);
    let sheet = part(&parts, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains(r#"<c t="str" r="B2"><v>[X]</v></c>"#), "{sheet}");
    assert!(sheet.contains(r#"<c r="D3" t="str"><v>[X]</v></c>"#), "{sheet}");
    // The shared formula of C4 and C5 went with C5's value.
    assert!(sheet.contains(r#"<c r="C4"><v>34</v></c>"#), "{sheet}");
    assert!(sheet.contains(r#"<c r="B4"><v>17</v></c>"#) && !sheet.contains("<f"), "{sheet}");
    assert!(!sheet.contains("31107") && !sheet.contains("E+15"), "{sheet}");
    assert!(sheet.contains(r#"<pageSetup orientation="portrait"/>"#), "{sheet}");
    for gone in ["calcChain", "printerSettings1.bin"] {
        for (name, content) in &parts {
            assert!(!name.contains(gone) && !String::from_utf8_lossy(content).contains(gone), "{name} names {gone}");
        }
    }
    assert_eq!(finder.names_of("4111111111111111"), ["Ada Muster", "Card"]);
    assert_eq!(finder.names_of("1985-03-01"), ["Ada Muster", "Born"]);
    assert_eq!(finder.names_of("shared@muster.example"), ["Ada Muster", "Mail", "plain"]);
}

/// The same for OpenDocument text.
#[test]
fn an_open_text_document_loses_its_values() {
    let values = [
        "123-45-6789",
        "deleted-4321",
        "Ada Muster",
        "Bob Beispiel",
        "remark-4455",
        "mail@muster.example",
        "note@muster.example",
        "5550199",
        "0445556677",
        "printer-of-ada-3322",
    ];
    let (finder, _, parts) = check(&odf("odt"), &values);
    assert!(finder.saw("First  second third 5550199"));
    assert_eq!(finder.names_of("0445556677"), ["Client phone", "user-defined"]);
    assert!(!part(&parts, "META-INF/manifest.xml").contains("thumbnail"));
    assert!(!part(&parts, "settings.xml").contains("cHJpbnRlciBvZiBhZGE="));
    assert_eq!(parts[0].0, "mimetype");
}

/// The same for OpenDocument cells: the value in the attribute goes with the value that is shown.
#[test]
fn an_open_workbook_loses_its_values() {
    let values = ["Ada Muster", "4111 1111 1111 1111", "1985-03-01", "5500000000000004", "secret@muster.example"];
    let (finder, _, parts) = check(&odf("ods"), &values);
    let content = part(&parts, "content.xml");
    assert!(
        content.contains(r#"<table:table-cell office:value-type="string"><text:p>[X]</text:p></table:table-cell>"#)
    );
    for gone in ["4111", "01/03/85", "formula", "office:value=", "office:date-value="] {
        assert!(!content.contains(gone), "{gone} survives: {content}");
    }
    assert_eq!(finder.names_of("1985-03-01"), ["Ada Muster", "Born"]);
}

/// Without an edit the compressed bytes of a part are the input's own, and a package that has nothing to lose is
/// returned as it came.
#[test]
fn what_has_no_edit_is_the_same() {
    let files: Vec<_> = package("docx")
        .into_iter()
        .filter(|(name, _)| !name.contains("rels/document") && !name.ends_with("word/document.xml"))
        .collect();
    let input = zip(&files);
    let output = rewrite(&input, &mut Finder::default());
    assert!(output.bytes == input);
    let input = zip(&docx());
    let output = rewrite(&input, &mut Finder::new(&["head@muster.example"]));
    for (name, content) in unzip(&input) {
        let after = unzip(&output.bytes).into_iter().find(|(after, _)| *after == name);
        let touched = ["header1", "Types", "_rels/.rels", "thumbnail", "document.xml", "oleObject", "sheet.xlsx"];
        if !touched.iter().any(|touched| name.contains(touched)) {
            assert!(after.is_some_and(|(_, after)| after == content), "{name} changed");
        }
    }
}

fn with(name: &str, content: &[u8]) -> Vec<u8> {
    let mut files = package("docx");
    files.retain(|(existing, _)| existing != name);
    files.push((name.to_owned(), content.to_vec()));
    zip(&files)
}

/// An instruction whose name holds a value goes whole; of the others the value alone.
#[test]
fn an_instruction_keeps_a_name() {
    let mut files = package("docx");
    let header = files.iter_mut().find(|(name, _)| name == "word/header1.xml").unwrap();
    let text = String::from_utf8(header.1.clone()).unwrap();
    let end = text.rfind("</").unwrap();
    header.1 = format!("{}<?Quux17 by?><?keep Quux17 here?>{}", &text[..end], &text[end..]).into_bytes();
    let (_, _, parts) = check(&files, &["Quux17"]);
    let header = part(&parts, "word/header1.xml");
    assert!(!header.contains(" by?>") && header.contains("<?keep ") && header.contains(" here?>"), "{header}");
}

/// Whatever could hide text, or cost without end, is refused by name.
#[test]
fn hostile_documents_are_refused() {
    let laughs = br#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
    let deep = [b"<a>".repeat(300), b"</a>".repeat(300)].concat();
    let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cfb = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice();
    let manifest = br#"<m:manifest xmlns:m="x"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"#;
    let cases: [(Vec<u8>, &str); 15] = [
        (with("word/header1.xml", laughs), "xml-doctype"),
        (with("word/header1.xml", b"<a>&unknown;</a>"), "bad-xml"),
        (with("word/header1.xml", b"<a><b></a>"), "bad-xml"),
        (with("word/header1.xml", b"<a/><b/>"), "bad-xml"),
        (with("word/header1.xml", b"<a b='1' b='2'/>"), "bad-xml"),
        (with("word/header1.xml", b"<?xml version='1.0' encoding='utf-7'?><a/>"), "bad-xml"),
        (with("word/header1.xml", b"<a>\xff</a>"), "bad-xml"),
        (with("word/header1.xml", &deep), "xml-too-deep"),
        (with("word/bomb.xml", &b" ".repeat(8 << 20)), "expands-too-much"),
        (with("META-INF/manifest.xml", manifest), "office-encrypted"),
        ([cfb, &[0; 504], &encrypted].concat(), "office-encrypted"),
        ([cfb, &[0; 504]].concat(), "office-legacy"),
        (zip(&[("a.txt".to_owned(), b"x".to_vec())]), "not-office"),
        (b"PK\x03\x04".to_vec(), "bad-zip"),
        (Vec::new(), "bad-zip"),
    ];
    for (number, (input, code)) in cases.iter().enumerate() {
        let fault = office::rewrite(input, &mut Finder::default(), &Limits::default()).unwrap_err();
        assert_eq!(fault.code(), *code, "case {number}");
    }
    let mut inner = zip(&package("xlsx"));
    for _ in 0..9 {
        inner = with("word/embeddings/inner.docx", &inner);
    }
    let fault = office::rewrite(&inner, &mut Finder::default(), &Limits::default()).unwrap_err();
    assert_eq!(fault.code(), "nested-too-deep");
    let named = with("word/media/ada@muster.example.txt", b"x");
    let fault = office::rewrite(&named, &mut Finder::new(&["ada@muster.example"]), &Limits::default()).unwrap_err();
    assert_eq!(fault.code(), "personal-part-name");
    // With its ending it is no address.
    struct Whole;
    impl Decide for Whole {
        fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
            let is_address = piece.text.ends_with(b"ada@muster.example");
            Ok(is_address.then(|| Edit { range: 0..piece.text.len(), with: "[X]".to_owned() }).into_iter().collect())
        }
    }
    let fault = office::rewrite(&named, &mut Whole, &Limits::default()).unwrap_err();
    assert_eq!(fault.code(), "personal-part-name");
}

/// No damage to a document makes the walk panic.
#[test]
fn damage_never_panics() {
    let files = docx();
    let mut state = 7_u64;
    for _ in 0..400 {
        let mut files = files.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (_, content) = &mut files[(state >> 33) as usize % 14];
            let at = (state >> 20) as usize % content.len();
            content[at] = b"<>&\"'/;=- \x00\xffa0"[(state >> 50) as usize % 14];
        }
        let _ = office::rewrite(&zip(&files), &mut Finder::new(&["Muster", "4", "@"]), &Limits::default());
    }
}

/// A media type that is no text is a hiding place.
#[test]
fn a_media_type_that_is_no_text_is_refused() {
    let mut files = package("odt");
    let kind = files.iter_mut().find(|(name, _)| name == "mimetype").unwrap();
    kind.1.extend(b" ada@muster.example \xFF");
    let fault = office::rewrite(&zip(&files), &mut Finder::new(&[]), &Limits::default()).unwrap_err();
    assert_eq!(fault.code(), "not-office");
}
