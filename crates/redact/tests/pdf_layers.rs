//! Where an author can put a value so that nobody sees it on the page and everybody finds it in the file.

mod pdf_kit;

use pdf_kit::whole::{gone, redacted};
use pdf_kit::{RESOURCES, document, file, stream};
use probity_redact::document::pdf::survivors;

const NAME: &str = "Ada Muster";
const CARD: &str = "4111 1111 1111 1111";
const MAIL: &str = "jan.kowalski@example.org";
/// All three, as they stand in a text.
const ALL: &str = "Ada Muster, 4111 1111 1111 1111, jan.kowalski@example.org";
const VALUES: [&str; 3] = [NAME, CARD, MAIL];

/// What hides, and the document it hides in: none of the values is in the output.
#[track_caller]
fn check(what: &str, input: &[u8]) {
    gone(what, input, &VALUES);
}

/// The values shown by one operator in font `F`.
fn shown(around: &str) -> String {
    around.replace("ALL", &format!("BT /F 12 Tf 72 700 Td ({ALL}) Tj ET"))
}

#[test]
fn text_on_the_page_that_nobody_sees() {
    for (what, content) in [
        ("invisible", "3 Tr ALL"),
        ("as a clip", "7 Tr ALL 0 0 600 800 re f"),
        ("white", "1 g ALL"),
        ("transparent", "/G gs ALL"),
        ("outside of the clip", "q 0 0 1 1 re W n ALL Q"),
        ("an empty clip", "q W n ALL Q"),
        ("outside of the page", "q 1 0 0 1 9000 -9000 cm ALL Q"),
        ("tiny", "q .001 0 0 .001 0 0 cm ALL Q"),
        ("of no size", "q 0 0 0 0 0 0 cm ALL Q"),
        ("mirrored", "q -1 0 0 1 600 0 cm ALL Q"),
        ("upside down", "q 1 0 0 -1 0 800 cm ALL Q"),
        ("in a layer", "/OC /Off BDC ALL EMC"),
        ("an artifact", "/Artifact <</Type /Pagination>> BDC ALL EMC"),
        ("under a box", "ALL 0 g 0 690 600 30 re f"),
    ] {
        let group = b"<< /Type /OCG /Name (Off) >>".to_vec();
        let state = b"<< /Type /ExtGState /ca 0 /CA 0 >>".to_vec();
        let resources = "/Resources << /Font << /F 5 0 R >> /ExtGState << /G 7 0 R >> /Properties << /Off 6 0 R >> >>";
        let layers = "/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>";
        check(what, &document(&shown(content), layers, resources, &[group, state]));
    }
}

/// The same string in every way that content and objects can write it.
#[test]
fn strings_in_every_spelling() {
    let wide = |order: fn(u16) -> [u8; 2], mark: &[u8]| {
        let bytes = mark.iter().copied().chain(ALL.encode_utf16().flat_map(order));
        format!("<{}>", bytes.map(|byte| format!("{byte:02x}")).collect::<String>())
    };
    let octal: String = ALL.bytes().map(|byte| format!("\\{byte:03o}")).collect();
    let broken: String = ALL.chars().map(|c| format!("{c}\\\n")).collect();
    let spaced: String = ALL.bytes().map(|byte| format!("{byte:02X} \n")).collect();
    let language = "\u{1b}en\u{1b}".encode_utf16().flat_map(u16::to_be_bytes);
    let tagged = [0xfe, 0xff].into_iter().chain(language).chain(ALL.encode_utf16().flat_map(u16::to_be_bytes));
    let tagged = tagged.map(|byte| format!("{byte:02x}")).collect::<String>();
    let inside: String = ALL.replace("Muster", "\u{1b}de\u{1b}Muster");
    let inside = [0xfe, 0xff].into_iter().chain(inside.encode_utf16().flat_map(u16::to_be_bytes));
    let inside = inside.map(|byte| format!("{byte:02x}")).collect::<String>();
    for (what, string) in [
        ("plain", format!("({ALL})")),
        ("octal", format!("({octal})")),
        ("line feeds", format!("({})", ALL.replace("Mus", "Mus\n").replace("11,", "\\r11,").replace('@', "\\t@"))),
        ("zeros between", format!("({})", ALL.chars().map(|c| format!("\\000{c}")).collect::<String>())),
        ("broken lines", format!("({broken})")),
        ("hexadecimal", format!("<{spaced}>")),
        ("big-endian", wide(u16::to_be_bytes, &[0xfe, 0xff])),
        ("little-endian", wide(u16::to_le_bytes, &[0xff, 0xfe])),
        ("UTF-8", format!("<efbbbf{}>", ALL.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())),
        ("with a language", format!("<{tagged}>")),
        ("with a language inside", format!("<{inside}>")),
    ] {
        let note = format!("<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents {string} >>").into_bytes();
        // In a note a line feed ends a line.
        if what != "line feeds" {
            check(what, &document("", "", "/Annots [6 0 R]", &[note]));
        }
        if string.starts_with('(') || what == "hexadecimal" {
            check(what, &document(&format!("BT /F 12 Tf 72 700 Td {string} Tj ET"), "", "", &[]));
        }
    }
}

#[test]
fn entries_of_annotations() {
    for entry in [
        "/Contents (ALL)",
        "/T (ALL) /Subj (ALL) /NM (ALL)",
        "/Subtype /FreeText /DS (font: 12pt; ALL) /RC (<body>ALL</body>)",
        "/Subtype /Link /A << /S /URI /URI (https://example.org/?q=ALL) >>",
        "/Subtype /Link /A << /S /URI /URI (mailto:jan.kowalski@example.org?subject=ALL) >>",
        "/Subtype /Link /A << /S /JavaScript /JS (app.alert('ALL')) >>",
        "/Subtype /Link /A << /S /GoTo /D (x) /Next << /S /JavaScript /JS (app.alert('ALL')) >> >>",
        "/Subtype /Link /A << /S /Launch /F (ALL) >>",
        "/Subtype /Link /A << /S /SubmitForm /F << /FS /URL /F (http://example.org/ALL) >> >>",
        "/Subtype /Link /A << /S /GoToR /F << /F (ALL) /UF (ALL) /Desc (ALL) >> /D (ALL) >>",
        "/Subtype /Link /PA << /S /URI /URI (http://example.org/ALL) >> /AA << /E << /S /JavaScript /JS (ALL) >> >>",
        "/Subtype /Widget /FT /Tx /T (ALL) /TU (ALL) /TM (ALL) /V (ALL) /DV (ALL) /DA (/F 0 Tf)",
        "/Subtype /Widget /FT /Tx /T (t) /V 7 0 R /RV (ALL) /DA (/F 0 Tf)",
        "/Subtype /Widget /FT /Ch /T (t) /Opt [(ALL) [(1) (ALL)]] /I [0] /DA (/F 0 Tf)",
        "/Subtype /Widget /FT /Btn /T (t) /MK << /CA (ALL) /RC (ALL) /AC (ALL) >>",
        "/Subtype /Redact /OverlayText (ALL) /RO 7 0 R",
        "/Subtype /FileAttachment /FS << /Type /Filespec /F (ALL) /Desc (ALL) /EF << /F 7 0 R >> >>",
        "/Subtype /Screen /MK << /CA (ALL) >> /A << /S /Rendition /JS (ALL) >>",
        "/Subtype /Stamp /Name /Draft /IT /ALL_ /Subj (ALL)",
        "/Subtype /Popup /Parent << /Contents (ALL) >>",
        "/Subtype /3D /3DD 7 0 R /Contents (ALL)",
    ] {
        let own = format!("<< /Type /Annot /Rect [0 0 9 9] {} >>", entry.replace("ALL", ALL).replace("ALL_", "x"));
        let more = [own.into_bytes(), stream("", ALL)];
        check(entry, &document("", "/AcroForm << /Fields [6 0 R] /DA (/F 0 Tf) >>", "/Annots [6 0 R]", &more));
    }
}

#[test]
fn every_picture_of_an_annotation() {
    let form = |content: &str| stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 9 9] {RESOURCES}"), content);
    let texts = [shown("ALL"), String::new(), String::new()];
    for pictures in [
        "/N 7 0 R",
        "/N 8 0 R /R 7 0 R",
        "/N 8 0 R /D 7 0 R",
        "/N << /On 7 0 R /Off 8 0 R >>",
        "/N << /On 8 0 R /Off 7 0 R >> /AS_ /On",
        "/N 8 0 R /D << /On 7 0 R >>",
        "/N 8 0 R /X 7 0 R",
        "/N 8 0 R /D << /On << /Deeper 7 0 R >> >>",
    ] {
        for kind in ["Stamp", "Widget", "Square", "Unheard"] {
            let own =
                format!("<< /Type /Annot /Subtype /{kind} /Rect [0 0 9 9] /F 2 /AP << {pictures} >> >>").into_bytes();
            let more = [own, form(&texts[0]), form(&texts[1])];
            check(&format!("{kind} {pictures}"), &document("", "", "/Annots [6 0 R]", &more));
        }
    }
}

/// A form with text that needs a font.
fn form(entries: &str, content: &str) -> Vec<u8> {
    stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 9 9] {entries}"), content)
}

/// A document whose page has these resources, and font `T`, which is object 8.
fn showing(content: &str, resources: &str, more: &[Vec<u8>]) -> Vec<u8> {
    document(content, "", &format!("/Resources << /Font << /F 5 0 R /T 8 0 R >> {resources} >>"), more)
}

/// Streams that something else shows: a form, a pattern, a mask.
#[test]
fn content_within_content() {
    let tile = |content: &str, resources: &str| {
        let entries = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9";
        stream(&format!("{entries} {resources}"), content)
    };
    let mask = |kind: &str| format!("<< /Type /ExtGState /SMask << /Type /Mask /S /{kind} /G 6 0 R >> >>").into_bytes();
    let (text, script) = (shown("ALL"), format!("({ALL}) show"));
    let nested = "/Resources << /XObject << /X 6 0 R >> >>";
    for (what, content, resources, more) in [
        ("a form", "/X Do", "/XObject << /X 6 0 R >>", vec![form(RESOURCES, &text)]),
        ("a form in the page's font", "/X Do", "/XObject << /X 6 0 R >>", vec![form("", &text)]),
        ("a pattern", "/Pattern cs /P scn 0 0 9 9 re f", "/Pattern << /P 6 0 R >>", vec![tile(&text, RESOURCES)]),
        ("a stroke", "/Pattern CS /P SCN 0 0 m 9 9 l S", "/Pattern << /P 6 0 R >>", vec![tile(&text, RESOURCES)]),
        ("a pattern that nobody uses", "", "/Pattern << /P 6 0 R >>", vec![tile(&text, RESOURCES)]),
        (
            "a form in a pattern",
            "/Pattern cs /P scn 0 0 9 9 re f",
            "/Pattern << /P 7 0 R >>",
            vec![form(RESOURCES, &text), tile("/X Do", nested)],
        ),
        ("a mask", "/G gs", "/ExtGState << /G 7 0 R >>", vec![form(RESOURCES, &text), mask("Alpha")]),
        ("a mask of light", "/G gs", "/ExtGState << /G 7 0 R >>", vec![form(RESOURCES, &text), mask("Luminosity")]),
        ("a mask that nobody uses", "", "/ExtGState << /G 7 0 R >>", vec![form(RESOURCES, &text), mask("Alpha")]),
        ("PostScript", "/X Do", "/XObject << /X 6 0 R >>", vec![stream("/Type /XObject /Subtype /PS", &script)]),
    ] {
        check(what, &showing(content, resources, &more));
    }
}

/// Glyphs of a Type 3 font are content, and two of them share the font's resources.
#[test]
fn content_of_glyphs() {
    let drawn = |glyphs: &str, resources: &str| {
        let entries =
            "/Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 /LastChar 66";
        let names = "/Widths [1 1] /Encoding << /Differences [65 /A /B] >>";
        format!("<< {entries} {names} /CharProcs << {glyphs} >> {resources} >>").into_bytes()
    };
    let glyph = || stream("", &shown("1 0 d0 ALL"));
    let nothing = || b"null".to_vec();
    let nested = "/Resources << /XObject << /X 6 0 R >> >>";
    let use_form = || stream("", "1 0 d0 /X Do");
    for (what, content, more) in [
        ("a glyph", "(A)", [glyph(), nothing(), drawn("/A 6 0 R", RESOURCES)]),
        ("in the page's font", "(A)", [glyph(), nothing(), drawn("/A 6 0 R", "")]),
        ("a glyph that nobody shows", "()", [glyph(), nothing(), drawn("/A 6 0 R", RESOURCES)]),
        ("two glyphs", "(AB)", [glyph(), glyph(), drawn("/A 6 0 R /B 7 0 R", RESOURCES)]),
        ("two names of one", "(AB)", [glyph(), nothing(), drawn("/A 6 0 R /B 6 0 R", RESOURCES)]),
        ("a form in a glyph", "(A)", [form(RESOURCES, &shown("ALL")), use_form(), drawn("/A 7 0 R", nested)]),
    ] {
        check(what, &showing(&format!("BT /T 9 Tf {content} Tj ET"), "", &more));
    }
}

#[test]
fn entries_of_the_catalog() {
    for entry in [
        "/PageLabels << /Nums [0 << /P (ALL) >>] >>",
        "/Names << /Dests << /Names [(ALL) [3 0 R /Fit]] >> >>",
        "/Names << /Dests << /Kids [<< /Limits [(ALL) (ALL)] /Names [(ALL) << /D [3 0 R /Fit] >>] >>] >> >>",
        "/Names << /JavaScript << /Names [(ALL) << /S /JavaScript /JS (ALL) >>] >> >>",
        "/Names << /JavaScript << /Names [(x) << /S /JavaScript /JS 6 0 R >>] >> >>",
        "/Names << /AP << /Names [(ALL) 6 0 R] >> /Pages << /Names [(ALL) 3 0 R] >> >>",
        "/Names << /EmbeddedFiles << /Names [(ALL) << /Type /Filespec /F (ALL) /Desc (ALL) /EF << /F 9 0 R >> >>] >> >>",
        "/OpenAction << /S /JavaScript /JS (ALL) >>",
        "/OpenAction << /S /URI /URI (http://example.org/ALL) >>",
        "/AA << /WC << /S /JavaScript /JS (ALL) >> >>",
        "/URI << /Base (http://example.org/ALL) >>",
        "/Lang (ALL) /Extensions << /ADBE << /URL (ALL) >> >>",
        "/OutputIntents [<< /S /GTS_PDFX /Info (ALL) /OutputCondition (ALL) /OutputConditionIdentifier (ALL) /RegistryName (ALL) >>]",
        "/OCProperties << /OCGs [7 0 R] /D << /Name (ALL) /Creator (ALL) /Order [(ALL) 7 0 R] >> >>",
        "/StructTreeRoot << /K [<< /S /P /T (ALL) /Alt (ALL) /E (ALL) /ActualText (ALL) /ID (ALL) /A << /Summary (ALL) >> >>] >>",
        "/StructTreeRoot << /IDTree << /Names [(ALL) 8 0 R] >> /K 8 0 R >>",
        "/Threads [<< /I << /Title (ALL) /Author (ALL) >> /F << /P 3 0 R /R [0 0 1 1] >> >>]",
        "/AcroForm << /Fields [] /XFA 6 0 R >>",
        "/AcroForm << /Fields [] /XFA [(preamble) 6 0 R (datasets) 6 0 R] >>",
        "/AcroForm << /Fields [<< /T (ALL) /FT /Tx /V 6 0 R >>] /DA (/F 0 Tf) >>",
        "/Collection << /Schema << /A << /N (ALL) /Subtype /S >> >> /D (ALL) >>",
        "/SpiderInfo << /C [<< /AU (ALL) >>] >> /PieceInfo << /X << /Private 6 0 R >> >>",
        "/Metadata 6 0 R",
        "/Metadata 10 0 R",
        "/Metadata 11 0 R",
        "/Outlines << /First 8 0 R /Last 8 0 R /Count 1 >>",
        "/Requirements [<< /S /EnableJavaScripts /RH << /Script (ALL) >> >>]",
        "/DPartRoot << /DPartRootNode << /DPM << /Customer (ALL) >> >> >>",
        "/Unheard << /Of [<< /Deep (ALL) >> 6 0 R (ALL)] >>",
    ] {
        let own = entry.replace("ALL", ALL);
        let xml = format!("<?xpacket?><x:xmpmeta><rdf:li>{ALL}</rdf:li></x:xmpmeta>");
        let more = [
            stream("/Type /Metadata /Subtype /XML", &xml),
            format!("<< /Type /OCG /Name ({ALL}) >>").into_bytes(),
            format!("<< /Title ({ALL}) /S /P /T ({ALL}) /Parent 1 0 R /A << /S /URI /URI (x:{ALL}) >> >>").into_bytes(),
            stream("", &format!("GIF89a\u{1}\0\u{1}\0{ALL}")),
            stream("/Type /Metadata /Subtype /XML", &format!("<a><b lang=\"x\" {ALL}</b></a>")),
            stream("/Type /Metadata /Subtype /XML", &format!("<a><b lang=\"x>{ALL}</b></a>")),
        ];
        check(entry, &document("", &own, "", &more));
    }
}

#[test]
fn entries_of_the_page() {
    for entry in [
        "/PieceInfo << /X << /Private (ALL) >> >>",
        "/Metadata 6 0 R",
        "/Thumb 6 0 R",
        "/AA << /O << /S /JavaScript /JS (ALL) >> >>",
        "/LastModified (ALL) /ID (ALL) /PZ 1",
        "/Tabs /S /Unheard (ALL)",
        "/SeparationInfo << /DeviceColorant (ALL) >>",
        "/VP [<< /Name (ALL) /Measure << /Subtype /RL /R (ALL) /X [<< /U (ALL) >>] >> >>]",
        "/B [<< /R [0 0 1 1] /Note (ALL) >>]",
        "/PresSteps << /NA << /S /URI /URI (http://example.org/ALL) >> >>",
        "/AF [<< /Type /Filespec /F (ALL) /EF << /F 6 0 R >> >>]",
    ] {
        check(entry, &document("", "", &entry.replace("ALL", ALL), &[stream("", ALL)]));
    }
}

/// A string that begins in one content stream and ends in the next is read in several ways, and refused.
#[test]
fn a_string_over_two_content_streams() {
    let page = "/Contents [4 0 R 6 0 R]";
    let of = |first: &str, second: &str| {
        let input = document(first, "", "", &[stream("", second)]);
        String::from_utf8(input).expect("it is ASCII").replacen("/Contents 4 0 R", page, 1).into_bytes()
    };
    let broken = of("BT /F 12 Tf 72 700 Td (Ada Mus", "ter) Tj ET");
    assert_eq!(redacted(&broken).map(|done| done.values).expect_err("it is refused").code(), "pdf-broken");
    assert!(redacted(&of("BT /F 12 Tf 72 700 Td (Ada", ") Tj ET")).is_err());
    let sound = of("BT /F 12 Tf 72 700 Td [(Ada Mus) 0", &format!("(ter, {CARD}, {MAIL})] TJ ET"));
    assert!(sound.windows(page.len()).any(|window| window == page.as_bytes()));
}

/// Text in content that is not shown, and beside what is.
#[test]
fn content_that_shows_nothing() {
    for content in [
        "% ALL\nq Q",
        "(ALL) nonsense q Q",
        "(ALL) q Q",
        "BT /F 12 Tf (ALL) (shown) Tj ET",
        "BT /F 12 Tf [(shown) << /A (ALL) >>] TJ ET",
        "/Span << /ActualText (ALL) >> BDC BT /F 12 Tf (x) Tj ET EMC",
        "/Span << /Alt (ALL) /E (ALL) /Lang (ALL) >> BDC EMC",
        "/Span << /Deep << /Deeper [(ALL)] >> >> DP",
        "BI /W 1 /H 1 /BPC 8 /CS /G /Hidden (ALL) ID x EI q Q",
        "BX (ALL) unheard EX",
        "q Q (ALL",
        "q Q <41646120",
        "q Q [(ALL)]",
    ] {
        check(content, &document(&content.replace("ALL", ALL), "", "", &[]));
    }
}

/// Bytes of the file that belong to no object, to an older one, or to one that nothing leads to.
#[test]
fn bytes_between_and_behind_objects() {
    let plain = document("BT /F 12 Tf (shown) Tj ET", "", "", &[stream("", ALL), format!("({ALL})").into_bytes()]);
    check("objects that nothing leads to", &plain);
    check("behind the end", &[plain.as_slice(), ALL.as_bytes()].concat());
    let text = String::from_utf8(plain.clone()).expect("it is ASCII");
    check("a comment", text.replace("\ntrailer", &format!("\n% {ALL}\ntrailer")).as_bytes());
    check("in the trailer", text.replace("/Root", &format!("/Hidden ({ALL}) /ID [({ALL}) ({ALL})] /Root")).as_bytes());
    check(
        "in the information",
        text.replace("/Root", &format!("/Info << /Title ({ALL}) /Own ({ALL}) /{} ({ALL}) >> /Root", "Key")).as_bytes(),
    );
    // A second revision says something else.
    let older = document(&shown("ALL"), "", "", &[]);
    let at = older.len();
    let object = "4 0 obj\n<< /Length 2 >>\nstream\nq Q\nendstream\nendobj\n".replace("/Length 2", "/Length 3");
    let start = String::from_utf8_lossy(&older).rfind("xref\n0").expect("a table");
    let (table, tail) = (at + object.len(), format!("trailer\n<< /Size 6 /Root 1 0 R /Prev {start} >>\n"));
    let newer = format!("{object}xref\n4 1\n{at:010} 00000 n \n{tail}startxref\n{table}\n%%EOF\n");
    check("an older revision", &[older.as_slice(), newer.as_bytes()].concat());
}

/// Streams of data that no text is in, or ought not to be: profiles, functions, programs and maps of fonts.
#[test]
fn streams_of_data() {
    let profile = format!("{}desc\0\0\0\0{ALL}\0\0", "\0".repeat(128));
    let wide: Vec<u8> = ALL.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide = String::from_utf8(wide).expect("it is ASCII");
    let function = format!("{{ % {ALL}\n 0 exch pop }}");
    let program = format!(
        "%!PS-AdobeFont-1.0: X\n/Notice ({ALL}) readonly def\n/Encoding StandardEncoding def\ncurrentfile eexec\n"
    );
    let map = format!("% {ALL}\n1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <0041> endbfchar");
    let font = |entries: &str| {
        let widths = "/FirstChar 65 /LastChar 65 /Widths [600]";
        format!("<< /Type /Font /Subtype /Type1 /BaseFont /X {widths} /FontDescriptor 7 0 R {entries} >>").into_bytes()
    };
    let space = "/ColorSpace << /S [/ICCBased 6 0 R] >>";
    let tinted = "/ColorSpace << /S [/Separation /Spot /DeviceGray 6 0 R] >>";
    let nothing = || b"<< /Type /FontDescriptor /FontName /X >>".to_vec();
    let embedded = || b"<< /Type /FontDescriptor /FontName /X /FontFamily (x) /FontFile 6 0 R >>".to_vec();
    for (what, content, resources, more) in [
        ("a profile", "/S cs 0 sc", space, vec![stream("/N 1 /Alternate /DeviceGray", &profile)]),
        ("a profile in wide letters", "/S cs 0 sc", space, vec![stream("/N 1", &format!("desc{wide}"))]),
        ("a function", "/S cs 0 sc", tinted, vec![stream("/FunctionType 4 /Domain [0 1] /Range [0 1]", &function)]),
        (
            "samples",
            "/S cs 0 sc",
            tinted,
            vec![stream("/FunctionType 0 /Domain [0 1] /Range [0 1] /Size [2] /BitsPerSample 8", ALL)],
        ),
        (
            "a program",
            "BT /X 9 Tf (A) Tj ET",
            "/Font << /X 8 0 R >>",
            vec![stream(&format!("/Length1 {} /Length2 0 /Length3 0", program.len()), &program), embedded(), font("")],
        ),
        (
            "a program behind its end",
            "BT /X 9 Tf (A) Tj ET",
            "/Font << /X 8 0 R >>",
            vec![
                stream("/Length1 9", &format!("{program}\u{1}\u{2}{ALL}")),
                embedded(),
                font("/Encoding /WinAnsiEncoding"),
            ],
        ),
        (
            "a map",
            "BT /X 9 Tf (A) Tj ET",
            "/Font << /X 8 0 R >>",
            vec![stream("", &map), nothing(), font("/Encoding /WinAnsiEncoding /ToUnicode 6 0 R")],
        ),
        (
            "a map that nobody uses",
            "",
            "/Font << /X 8 0 R >>",
            vec![stream("/Type /CMap /CMapName /X", &map), nothing(), font("/ToUnicode 6 0 R")],
        ),
    ] {
        // In data names are not looked for: makers of fonts and profiles put theirs there. Those of the document are known.
        check(what, &document(content, "/Unheard (Ada Muster)", &format!("/Resources << {resources} >>"), &more));
    }
}

/// Words in the bytes of pictures: beside the pixels of a codec, around them, and where no codec is.
#[test]
fn words_in_the_bytes_of_pictures() {
    let jpeg = format!("\u{1}JFIF\0 {ALL} \0");
    let hex: String = jpeg.bytes().map(|byte| format!("{byte:02x}")).collect();
    let wide: String = ALL.chars().flat_map(|c| ['\0', c]).collect();
    for (filter, content) in [
        ("/DCTDecode", jpeg.as_str()),
        ("[/ASCIIHexDecode /DCTDecode]", &format!("{hex}>")),
        ("[/AHx /DCT]", &format!("{hex}>{ALL}")),
        ("/JPXDecode", &jpeg),
        ("/JPXDecode", &wide),
        ("/JBIG2Decode", &jpeg),
        ("/CCITTFaxDecode /DecodeParms << /K -1 /Columns 9 >>", &jpeg),
        ("/ASCIIHexDecode", &hex),
        ("null", &jpeg),
        ("/Unheard", &jpeg),
        ("[/DCTDecode /ASCIIHexDecode]", &jpeg),
        ("[/Unheard /DCTDecode]", &jpeg),
    ] {
        let entries = "/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray";
        let image = stream(&format!("{entries} /Filter {filter}"), content);
        // Names are known from the document, and not looked for in data.
        let page = "/Resources << /XObject << /I 6 0 R >> >>";
        let input = document("q 9 0 0 9 72 700 cm /I Do Q", "/Unheard (Ada Muster)", page, &[image]);
        // No picture at all: other readers would stumble over it.
        let done = redacted(&input).unwrap_or_else(|fault| panic!("{filter}: {fault}"));
        let values = VALUES.map(str::as_bytes);
        assert_eq!(survivors(&done.bytes, &values).expect("it is read again"), [0usize; 0], "{filter}");
        let again = redacted(&done.bytes).expect("it is read again");
        assert!(again.values.is_empty() && again.bytes == done.bytes, "{filter}: a second time changes the file");
    }
}

/// What a font maps its letters to, and what they are.
#[test]
fn letters_that_are_said_to_be_others() {
    let map = |turned: bool| {
        let pairs: String = (33..127u8)
            .map(|code| {
                let other = 33 + (code - 33 + 1) % 94;
                let (from, to) = if turned { (other, code) } else { (code, other) };
                format!("<{from:02x}> <{to:04x}>\n")
            })
            .collect();
        stream("", &format!("1 begincodespacerange <00> <ff> endcodespacerange 94 beginbfchar\n{pairs}endbfchar"))
    };
    let font =
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 6 0 R >>".to_vec();
    let page = "/Resources << /Font << /F 7 0 R >> >>";
    check("shown as it is", &document(&shown("ALL"), "", page, &[map(false), font.clone()]));
    let coded: String = ALL
        .bytes()
        .map(|byte| if byte == b' ' { b' ' } else { 33 + (byte - 33 + 1) % 94 })
        .map(|byte| format!("{byte:02x}"))
        .collect();
    check("said to be", &document(&format!("BT /F 12 Tf 72 700 Td <{coded}> Tj ET"), "", page, &[map(true), font]));
}

/// Names cannot be changed: a document with a value in one is refused, or the name goes.
#[test]
fn names_of_things() {
    let name: String = ALL
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("#{byte:02x}") })
        .collect();
    for (what, content, catalog, page) in [
        ("a destination", "", "/Dests << /NAME [3 0 R /Fit] >>", ""),
        ("a resource", "/NAME gs", "", "/Resources << /ExtGState << /NAME << /LW 1 >> >> >>"),
        ("a key", "", "/Unheard << /NAME 1 >>", ""),
        ("a tag", "/NAME BMC EMC /NAME MP", "", ""),
        ("a property", "/Span << /NAME 1 /A /NAME >> BDC EMC", "", ""),
        ("an operand", "/NAME 1 w /NAME q Q", "", ""),
        (
            "a colour",
            "/S cs 0 sc",
            "",
            "/Resources << /ColorSpace << /S [/Separation /NAME /DeviceGray << /FunctionType 2 /N 1 /Domain [0 1] >>] >> >>",
        ),
        (
            "a font",
            "BT /X 9 Tf (x) Tj ET",
            "",
            "/Resources << /Font << /X << /Type /Font /Subtype /Type1 /BaseFont /NAME >> >> >>",
        ),
        ("a resource that nobody uses", "", "", "/Resources << /ExtGState << /NAME << /LW 1 >> >> >>"),
    ] {
        let [content, catalog, page] = [content, catalog, page].map(|text| text.replace("NAME", &name));
        let input = document(&content, &catalog, &page, &[]);
        match redacted(&input) {
            Ok(_) => check(what, &input),
            Err(fault) => assert_eq!(fault.code(), "pdf-personal-name", "{what}"),
        }
    }
    assert!(redacted(&file(&[])).is_err());
}
