//! A second redaction finds nothing and changes nothing, however damaged the first one's input was.

mod pdf_kit;

use pdf_kit::whole::gone;
use pdf_kit::{RESOURCES, document, stream};

/// A picture whose coding is written anew has its entries in the same order the second time.
#[test]
fn entries_of_pictures_stay_in_order() {
    let entries =
        "/Filter [/AHx /DCT] /Subtype /Image /DecodeParms [null << /ColorTransform 0 >>] /Width 9 /Own 1 /Height 9";
    let image = stream(entries, "ffd8ffd9>");
    let page = "/Resources << /XObject << /I 6 0 R >> >>";
    let done = pdf_kit::whole::redacted(&document("/I Do", "", page, &[image])).expect("it is read");
    let again = pdf_kit::whole::redacted(&done.bytes).expect("it is read again");
    assert!(again.bytes == done.bytes, "a second time changes the file");
}

/// A map of a font that cannot be decoded is none.
#[test]
fn a_broken_map_is_no_map() {
    let font = "/Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 7 0 R";
    let map = "1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <0042> endbfchar";
    let page = "/Resources << /Font << /F 6 0 R >> >>";
    for broken in ["/Filter /Unheard", "/Filter /FlateDecode", "/Filter [/ASCIIHexDecode /FlateDecode]", ""] {
        let more = [format!("<< {font} >>").into_bytes(), stream(broken, map)];
        gone(broken, &document("BT /F 12 Tf 72 700 Td (by Ada Muster) Tj ET", "", page, &more), &["Ada Muster"]);
    }
}

/// A field's picture is dropped with its value. That something else leads to it as well does not make it a picture again.
#[test]
fn a_picture_that_was_dropped_is_no_picture() {
    let picture = |text: &str| {
        let content = format!("/Tx BMC BT /F 12 Tf 2 5 Td ({text}) Tj ET EMC");
        stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 200 20] {RESOURCES}"), &content)
    };
    let field = |more: &str| {
        let own = "/Type /Annot /Subtype /Widget /FT /Tx /T (who) /DA (/F 12 Tf) /V (Ada Muster) /Rect [72 600 272 620] /AP << /N 7 0 R >>";
        format!("<< {own} {more} >>").into_bytes()
    };
    for (more, catalog) in
        [("/P 7 0 R", ""), ("/MK << /I 7 0 R >>", ""), ("", "/Legacy 7 0 R"), ("", "/Legacy << /N [7 0 R] >>")]
    {
        for text in ["Ada Muster", "nothing"] {
            let form = format!("{catalog} /AcroForm << /Fields [6 0 R] >>");
            let input = document("", &form, "/Annots [6 0 R]", &[field(more), picture(text)]);
            gone(&format!("{more} {catalog} {text}"), &input, &["Ada Muster"]);
        }
    }
    // One that the page shows as well stays.
    let resources = "/Resources << /Font << /F 5 0 R >> /XObject << /X 7 0 R >> >>";
    let page = format!("/Annots [6 0 R] {resources}");
    let form = "/AcroForm << /Fields [6 0 R] >>";
    let input = document("q 1 0 0 1 72 500 cm /X Do Q", form, &page, &[field(""), picture("nothing")]);
    let done = gone("shown twice", &input, &["Ada Muster"]);
    if pdf_kit::judges::judge("pdftotext") {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("out.pdf");
        std::fs::write(&file, done.bytes).expect("it is written");
        assert_eq!(pdf_kit::judges::read(&file).as_deref(), Some("[PERSON] nothing"));
    }
}
