//! Redacted PDFs: every trap file, judged by readers of PDF that are not ours.

mod pdf_kit;

use std::path::{Path, PathBuf};
use std::process::Command;

use model::Fault;
use pdf_kit::judges::{clean, judge, read, run, squeezed};
use probity_redact::document::pdf::{rewrite, rewrite_with, survivors};
use probity_redact::{Decide, Edit, Limits, Piece};

const NEEDLES: [(&str, &str); 2] = [("Jan Muster", "[PERSON-1]"), ("123-45-6789", "[SSN]")];

/// Takes out the needles, however their blanks run, and remembers where it was asked.
#[derive(Default)]
struct Needles {
    asked: Vec<String>,
    spots: Vec<String>,
    found: usize,
}

impl Decide for Needles {
    fn decide(&mut self, piece: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        let text = std::str::from_utf8(piece.text).expect("PDF pieces are UTF-8");
        self.asked.push(text.to_owned());
        self.spots.push(format!("{:?}", piece.spot));
        let mut edits = Vec::new();
        for (needle, label) in NEEDLES {
            let mut at = 0;
            while let Some(range) = find(text, needle, at) {
                at = range.end;
                edits.push(Edit { range, with: label.to_owned() });
            }
        }
        edits.sort_by_key(|edit| edit.range.start);
        self.found += edits.len();
        Ok(edits)
    }
}

/// The next place of `needle` in `text` from `from` on; a blank stands for any white space.
fn find(text: &str, needle: &str, from: usize) -> Option<std::ops::Range<usize>> {
    text[from..].char_indices().map(|(at, _)| from + at).find_map(|start| {
        let mut end = start;
        for c in needle.chars() {
            let next = text[end..].chars().next()?;
            if c == next {
                end += next.len_utf8();
            } else if c == ' ' && next.is_whitespace() {
                end = text.len() - text[end..].trim_start().len();
            } else {
                return None;
            }
        }
        Some(start..end)
    })
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/redact/pdf").join(name).with_extension("pdf");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Redacts a trap file, holds the output against every judge, and returns what can be read in it.
fn check(name: &str) -> (Needles, Option<String>) {
    let mut needles = Needles::default();
    let limits = Limits::default();
    let done = rewrite(&fixture(name), &mut needles, &limits).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let values: Vec<&[u8]> = NEEDLES.iter().map(|(needle, _)| needle.as_bytes()).collect();
    assert_eq!(survivors(&done.bytes, &values).expect("the output is read again"), [0usize; 0], "{name}");
    assert_eq!(done.bytes.windows(5).filter(|window| *window == b"%%EOF").count(), 1, "{name}: one revision");

    let folder = tempfile::tempdir().expect("a folder");
    let file = match std::env::var_os("PROBITY_TEST_KEEP") {
        Some(kept) => PathBuf::from(kept).join(name).with_extension("pdf"),
        None => folder.path().join("out.pdf"),
    };
    std::fs::write(&file, &done.bytes).expect("the output is written");

    // Redacting twice = once.
    let mut again = Needles::default();
    let twice = rewrite(&done.bytes, &mut again, &limits).expect("the output is read again");
    assert_eq!(again.found, 0, "{name}: {:?}", again.asked);
    if twice.bytes != done.bytes {
        std::fs::write(file.with_extension("twice.pdf"), &twice.bytes).expect("the second output is written");
    }
    assert!(twice.bytes == done.bytes, "{name}: a second run changes the file");
    assert_eq!(twice.removed, [], "{name}: a second run finds something to remove");

    let mut spots = needles.spots.clone();
    spots.sort();
    spots.dedup();
    assert_eq!(spots.len(), needles.spots.len(), "{name}: every piece has a spot of its own");

    if judge("qpdf") {
        let (sound, said) = run(Command::new("qpdf").arg("--check").arg(&file));
        assert!(sound, "{name}: {said}");
    }
    clean(&file, &NEEDLES.map(|(needle, _)| needle));
    let text = read(&file);
    if let Some(text) = &text {
        for (needle, _) in NEEDLES {
            assert!(!text.contains(needle), "{name}: {text}");
        }
    }
    (needles, text)
}

/// The text that has to be readable afterwards.
fn reads(name: &str, wanted: &[&str]) {
    let (needles, text) = check(name);
    assert!(needles.found > 0, "{name}: nothing was found: {:?}", needles.asked);
    for want in text.iter().flat_map(|_| wanted) {
        assert!(text.as_ref().is_some_and(|text| text.contains(want)), "{name}: {want}: {text:?}");
    }
}

#[test]
fn words_on_a_page_give_way_to_labels_and_their_neighbours_stay() {
    reads("plain", &["The witness", "[PERSON-1]", "[SSN]", "Public line.", "Neighbours: before", ", after;"]);
}

#[test]
fn a_form_is_changed_where_it_is_shown() {
    reads("form", &["[PERSON-1]", "[SSN]", "Public line."]);
}

#[test]
fn a_shared_form_stays_as_it_was_on_the_other_page() {
    reads("shared", &["[PERSON-1]", "[SSN]", "Jan van Dam"]);
}

#[test]
fn outlines_and_notes_are_read() {
    reads("side", &["Public line."]);
}

#[test]
fn text_under_a_box_is_taken_out() {
    reads("box", &["Public line."]);
}

#[test]
fn text_that_is_only_covered_is_named() {
    let done = rewrite(&fixture("hidden"), &mut Needles::default(), &Limits::default()).expect("it is read");
    assert_eq!(done.warnings, ["text on page 1 lies under a painted box: it can still be copied"]);
    let done = rewrite(&fixture("box"), &mut Needles::default(), &Limits::default()).expect("it is read");
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
}

#[test]
fn a_font_that_maps_its_letters_to_others_is_named() {
    let done = rewrite(&fixture("lying"), &mut Needles::default(), &Limits::default()).expect("it is read");
    assert_eq!(done.unscanned, ["letters on page 1 that font Helvetica maps to others"]);
}

#[test]
fn a_value_in_several_strings_is_found() {
    reads("split", &["[PERSON-1]", "[SSN]"]);
}

#[test]
fn images_under_a_box_lose_their_pixels_and_others_are_named() {
    reads("image", &["[PERSON-1]", "Public line."]);
    reads("scan", &["[PERSON-1]", "Public line."]);
}

#[test]
fn a_subset_font_forgets_what_is_no_longer_shown() {
    reads("truetype", &["[PERSON-1]", "Open words stay."]);
}

#[test]
fn composite_fonts_are_read_by_their_map_or_their_program_and_lose_what_is_no_longer_shown() {
    for name in ["identity", "identity-plain"] {
        reads(name, &["Public line."]);
        let mut needles = Needles::default();
        let done = rewrite(&fixture(name), &mut needles, &Limits::default()).expect("it is read");
        assert!(needles.asked.iter().any(|text| text.contains("Open words stay.")), "{name}: {:?}", needles.asked);
        let (before, after) = (outlines(&fixture(name)), outlines(&done.bytes));
        assert!(before.contains(&'J') && before.contains(&'9') && before.contains(&'O'), "{name}: {before:?}");
        assert!(!after.contains(&'J') && !after.contains(&'9') && after.contains(&'O'), "{name}: {after:?}");
    }
    refused("cmap", "pdf-unreadable-text");
}

/// Characters for which the document's TrueType program has an outline.
fn outlines(pdf: &[u8]) -> Vec<char> {
    let document = lopdf::Document::load_mem(pdf).expect("it is a PDF");
    let mut streams = document.objects.values().filter_map(|object| object.as_stream().ok());
    let program = streams.find(|stream| stream.dict.has(b"Length1")).expect("a font program");
    let bytes = program.get_plain_content().expect("it can be decoded");
    let face = ttf_parser::Face::parse(&bytes, 0).expect("it is a font");
    let shows = |c: &char| face.glyph_index(*c).is_some_and(|glyph| face.glyph_bounding_box(glyph).is_some());
    ('!'..='~').filter(shows).collect()
}

#[test]
fn pixels_under_a_box_are_gone_and_the_others_stay() {
    let done = rewrite(&fixture("scan"), &mut Needles::default(), &Limits::default()).expect("it is read");
    let (before, after) = (pixels(&fixture("scan")), pixels(&done.bytes));
    assert_eq!(before.len(), after.len());
    let words = |image: &[u8], rows: std::ops::Range<usize>| {
        let row = |y: usize| image[y * 600 + 42..y * 600 + 150].to_vec();
        rows.flat_map(row).collect::<std::collections::BTreeSet<u8>>()
    };
    assert!(words(&before, 92..100).len() > 1, "the words are there");
    assert_eq!(words(&after, 92..100).into_iter().collect::<Vec<_>>(), [0], "only black");
    assert_eq!(before[130 * 600..], after[130 * 600..], "the rest of the picture is as it was");
    assert!(done.unscanned.iter().any(|part| part == "image on page 1"), "{:?}", done.unscanned);
}

/// The scan with more painted over it.
fn scan_under(painted: &str) -> Vec<u8> {
    let mut document = lopdf::Document::load_mem(&fixture("scan")).expect("it is a PDF");
    let page = *document.get_pages().get(&1).expect("a page");
    let content = document.get_page_content(page);
    let content = [b"q ", content.as_slice(), b" Q\n", painted.as_bytes()].concat();
    document.change_page_content(page, content).expect("it is changed");
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("it is written");
    bytes
}

/// Shows what is asked and takes nothing.
struct Nothing;

impl Decide for Nothing {
    fn decide(&mut self, _: &Piece<'_>) -> Result<Vec<Edit>, Fault> {
        Ok(Vec::new())
    }
}

/// What somebody covered with a black box is still in the picture's pixels; it goes from there, and the rest stays.
#[test]
fn pixels_under_a_painted_box_are_gone() {
    let clean = |bytes: &[u8]| rewrite(bytes, &mut Nothing, &Limits::default()).expect("it is read");
    let before = pixels(&fixture("scan"));
    let done = clean(&scan_under("q 0 g 0 0 2000 2000 re W n 80 505 200 25 re f Q"));
    let after = pixels(&done.bytes);
    let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
    assert!(changed < before.len() / 3, "{changed}");
    assert!(changed > 0 && after.iter().zip(&before).all(|(after, before)| after == before || *after == 0));
    assert!(done.removed.iter().any(|removed| removed.what == "part of an image on page 1"), "{:?}", done.removed);
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
    if judge("pdfimages") {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("out.pdf");
        std::fs::write(&file, &done.bytes).expect("the output is written");
        assert!(run(Command::new("pdfimages").arg(&file).arg(folder.path().join("i"))).0);
        let taken = ["i-000.pgm", "i-000.ppm"].iter().find_map(|name| std::fs::read(folder.path().join(name)).ok());
        let taken = taken.expect("an image");
        let size = before.len() * if taken.starts_with(b"P6") { 3 } else { 1 };
        let taken = taken[taken.len() - size..].chunks(size / before.len()).map(|pixel| pixel[0]);
        assert!(taken.eq(after.iter().copied()), "another reader takes the same pixels out");
    }
    let twice = clean(&done.bytes);
    assert!(twice.bytes == done.bytes && twice.removed.is_empty(), "a second run changes the file");
    // A box that may be cut, shine through or be hidden takes nothing away, and is named.
    let boxes = [
        "q 100 100 m 300 300 l 100 500 l W n 80 505 200 25 re f Q",
        "/OC /Layer BDC 80 505 200 25 re f EMC",
        "/Pattern cs /P scn 80 505 200 25 re f",
        "q 0.99 0.01 -0.01 0.99 0 0 cm 90 505 200 20 re f Q",
    ];
    for unsure in boxes {
        let done = clean(&scan_under(unsure));
        assert!(pixels(&done.bytes) == before, "{unsure}");
        let warning = "an image on page 1 lies under a painted box: what is under it can still be seen";
        assert_eq!(done.warnings, [warning], "{unsure}");
    }
}

/// The pixels of the document's one grey image.
fn pixels(pdf: &[u8]) -> Vec<u8> {
    let document = lopdf::Document::load_mem(pdf).expect("it is a PDF");
    let mut streams = document.objects.values().filter_map(|object| object.as_stream().ok());
    let image = streams.find(|stream| stream.dict.has(b"Width")).expect("an image");
    let bytes = image.get_plain_content().expect("it can be decoded");
    let components = bytes.len() / (600 * 200);
    bytes.chunks(components).map(|pixel| pixel[0]).collect()
}

#[test]
fn jpeg_pictures_lose_their_pixels_or_go_whole_and_lose_their_comments() {
    check("jpeg");
    let done = rewrite(&fixture("jpeg"), &mut Needles::default(), &Limits::default()).expect("it is read");
    let document = lopdf::Document::load_mem(&done.bytes).expect("it is a PDF");
    let streams = document.objects.values().filter_map(|object| object.as_stream().ok());
    let of_width =
        |width: i64| move |s: &&lopdf::Stream| s.dict.get(b"Width").and_then(|w| w.as_i64()).is_ok_and(|w| w == width);
    let images: Vec<_> = streams.clone().filter(of_width(200)).collect();
    assert_eq!(images.len(), 2, "the grey ones");
    assert_eq!(streams.filter(of_width(1)).count(), 1, "the one in four colours");
    let changed = images.iter().find(|image| image.filters().is_ok_and(|f| f == [b"FlateDecode"])).expect("rewritten");
    let pixels = changed.get_plain_content().expect("Flate");
    // The words on the page stand 10 units from the picture's left and from its foot, 10 to 20 rows from its top.
    assert!(pixels[22 * 200 + 12..22 * 200 + 60].iter().all(|pixel| *pixel == 0), "black under the box");
    assert!(pixels[5 * 200..6 * 200].iter().all(|pixel| *pixel > 200), "white above it");
    assert!(done.removed.iter().any(|removed| removed.what == "an image on page 1"), "{:?}", done.removed);
    assert!(done.removed.iter().any(|removed| removed.what.contains("JPEG")), "{:?}", done.removed);
}

#[test]
fn a_signature_becomes_void_and_is_said_to() {
    check("signed");
    let done = rewrite(&fixture("signed"), &mut Needles::default(), &Limits::default()).expect("it is read");
    assert!(done.warnings.iter().any(|warning| warning.contains("signature became void")), "{:?}", done.warnings);
}

#[test]
fn attachments_go() {
    check("attachment");
}

/// The contents of the files that a PDF embeds, by their names.
fn embedded(pdf: &[u8]) -> Vec<(String, Vec<u8>)> {
    let document = lopdf::Document::load_mem(pdf).expect("it is a PDF");
    let specifications = document.objects.values().filter_map(|object| object.as_dict().ok());
    let file = |dict: &lopdf::Dictionary| {
        let (_, files) = document.dereference(dict.get(b"EF").ok()?).ok()?;
        let (_, file) = document.dereference(files.as_dict().ok()?.get(b"F").ok()?).ok()?;
        let name = String::from_utf8_lossy(dict.get(b"UF").ok()?.as_str().ok()?).into_owned();
        Some((name, file.as_stream().ok()?.get_plain_content().ok()?))
    };
    specifications.filter_map(file).collect()
}

/// An embedded file that somebody reads is cleaned and stays; what nobody reads goes, with its entry in the list.
#[test]
fn attachments_that_are_read_stay() {
    let mut read = |bytes: &[u8], name: &str, _: &str, decide: &mut dyn Decide| {
        assert_eq!(name, "Jan Muster.txt");
        let (spot, offsets) = (probity_redact::Spot::Text, probity_redact::Offsets::Straight { start: 0, line: 1 });
        let mut text = String::from_utf8(bytes.to_vec()).expect("it is text");
        let edits = decide.decide(&Piece { text: bytes, names: &[], spot, offsets, prose: true })?;
        edits.into_iter().rev().for_each(|edit| text.replace_range(edit.range, &edit.with));
        Ok(Some(text.into_bytes()))
    };
    let (input, limits) = (fixture("attachment"), Limits::default());
    let mut needles = Needles::default();
    let done = rewrite_with(&input, &mut read, &mut needles, &limits).expect("it is read");
    let files = [("[PERSON-1].txt".to_owned(), b"secret: [PERSON-1] [SSN]".to_vec())];
    assert_eq!(embedded(&done.bytes), files);
    assert!(!done.removed.iter().any(|removed| removed.what.contains("embedded")), "{:?}", done.removed);
    assert!(needles.spots.iter().any(|spot| spot.contains("attachment[1]")), "{:?}", needles.spots);

    let mut same = |bytes: &[u8], _: &str, _: &str, _: &mut dyn Decide| Ok(Some(bytes.to_vec()));
    let twice = rewrite_with(&done.bytes, &mut same, &mut Needles::default(), &limits).expect("it is read again");
    assert!(twice.bytes == done.bytes, "a second run changes the file");
    assert_eq!(twice.removed, []);

    let gone = rewrite(&input, &mut Needles::default(), &limits).expect("it is read");
    assert_eq!(embedded(&gone.bytes), []);
    assert!(gone.removed.iter().any(|removed| removed.what == "an embedded file"), "{:?}", gone.removed);
    if judge("qpdf") {
        let folder = tempfile::tempdir().expect("a folder");
        for (bytes, wanted) in [(&done.bytes, "[PERSON-1]"), (&gone.bytes, "no embedded files")] {
            let file = folder.path().join("out.pdf");
            std::fs::write(&file, bytes).expect("the output is written");
            let (_, said) = run(Command::new("qpdf").arg("--list-attachments").arg(&file));
            assert!(said.contains(wanted), "{said}");
        }
    }
}

#[test]
fn an_older_revision_goes() {
    check("revision");
    check("compressed");
}

#[test]
fn fields_are_read_with_their_names() {
    reads("field", &["Name:"]);
}

#[test]
fn hidden_layers_are_read() {
    reads("layer", &["Public line."]);
}

#[test]
fn spoken_text_goes_with_what_it_speaks_of() {
    // `pdftotext` reads the spoken text where there is one.
    reads("actualtext", &["[PERSON-1] [SSN] Public line. [PERSON-1]"]);
}

#[test]
fn every_other_hiding_place_is_read_or_removed() {
    reads("extras", &["Public line."]);
}

#[test]
fn a_redaction_that_was_only_marked_is_applied() {
    check("marked");
}

/// Two values painted one over the other are two values, not one tangle of letters.
#[test]
fn words_painted_over_words_are_read_apart() {
    let mut document = lopdf::Document::load_mem(&fixture("plain")).expect("it is a PDF");
    let page = *document.get_pages().get(&1).expect("a page");
    let words = b"BT /F1 12 Tf 72 500 Td (Jan Muster) Tj ET BT /F1 12 Tf 73 500 Td (Case 123-45-6789) Tj ET";
    document.change_page_content(page, words.to_vec()).expect("it is changed");
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("it is written");
    let mut needles = Needles::default();
    let done = rewrite(&bytes, &mut needles, &Limits::default()).expect("it is read");
    let read: Vec<String> = needles.asked.iter().map(|text| squeezed(text)).collect();
    assert!(read.iter().any(|text| text == "Jan Muster Case 123-45-6789"), "{read:?}");
    let values: Vec<&[u8]> = NEEDLES.iter().map(|(needle, _)| needle.as_bytes()).collect();
    assert_eq!(survivors(&done.bytes, &values).expect("the output is read again"), [0usize; 0]);
}

#[test]
fn values_over_line_ends_are_found() {
    reads(
        "lines",
        &["among them", "and others, whose number", "was noted", "left.", "Right one, which has", "nothing to hide"],
    );
}

#[test]
fn tilted_text_is_text() {
    reads("rotated", &["[PERSON-1]"]);
}

#[test]
fn digits_in_cells_and_letters_spaced_out_are_words() {
    let (needles, _) = check("cells");
    assert_eq!(needles.found, 3, "{:?}", needles.asked);
}

#[test]
fn words_that_stay_stand_where_they_stood() {
    if !judge("pdftotext") {
        return;
    }
    for name in ["plain", "lines", "truetype", "identity"] {
        let done = rewrite(&fixture(name), &mut Needles::default(), &Limits::default()).expect("it is read");
        let (before, after) = (places(&fixture(name)), places(&done.bytes));
        let stays = |word: &str| !["Jan", "Mus", "ter", "123", "6789"].iter().any(|part| word.contains(part));
        for (word, at) in before.iter().filter(|(word, _)| stays(word)) {
            let near = |there: &[f64; 2]| (there[0] - at[0]).abs() < 0.01 && (there[1] - at[1]).abs() < 0.01;
            assert!(
                after.iter().any(|(other, there)| other == word && near(there)),
                "{name}: {word} at {at:?}: {after:?}"
            );
        }
    }
}

/// Words and the left upper corners of their boxes, as `pdftotext` sees them.
fn places(pdf: &[u8]) -> Vec<(String, [f64; 2])> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("in.pdf");
    std::fs::write(&file, pdf).expect("it is written");
    let (_, said) = run(Command::new("pdftotext").args(["-bbox".as_ref(), file.as_os_str(), "-".as_ref()]));
    let word = |line: &str| {
        let mut parts = line.trim().strip_prefix("<word ")?.split('"');
        let (x, y) = (parts.nth(1)?.parse().ok()?, parts.nth(1)?.parse().ok()?);
        let text = line.split_once('>')?.1.strip_suffix("</word>")?;
        Some((text.to_owned(), [x, y]))
    };
    said.lines().filter_map(word).collect()
}

#[test]
fn every_text_operator_is_understood() {
    reads("operators", &["Tj:", "one", "TJ:", "two", "quote:", "three", "double:", "four", "five", "raised"]);
}

#[test]
fn a_form_that_shows_itself_is_shown_once() {
    check("loop");
}

#[test]
fn drawn_glyphs_are_read_by_their_names_or_refused() {
    let (needles, _) = check("type3");
    assert!(needles.asked.iter().any(|text| text == "Jan"), "{:?}", needles.asked);
    refused("type3-unreadable", "pdf-unreadable-text");
}

#[test]
fn what_cannot_be_read_is_refused() {
    refused("encrypted", "pdf-encrypted");
    let whole = fixture("plain");
    for length in [0, 1, 9, 100, whole.len() / 2] {
        let fault = rewrite(&whole[..length], &mut Needles::default(), &Limits::default()).expect_err("it is cut");
        assert_eq!(fault.code(), "pdf-broken", "{length}");
    }
    let small = Limits { document_bytes: 100, ..Limits::default() };
    let fault = rewrite(&whole, &mut Needles::default(), &small).expect_err("it is too large");
    assert_eq!(fault.code(), "pdf-too-large");
}

fn refused(name: &str, code: &str) {
    let fault = rewrite(&fixture(name), &mut Needles::default(), &Limits::default()).expect_err(name);
    assert_eq!(fault.code(), code, "{name}");
    assert!(NEEDLES.iter().all(|(needle, _)| !fault.to_string().contains(needle)), "{name}");
}

/// A document of one page in Helvetica.
fn page(content: &str) -> Vec<u8> {
    let mut document = lopdf::Document::with_version("1.7");
    let font = document.add_object(lopdf::dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding"
    });
    let content = document.add_object(lopdf::Stream::new(lopdf::Dictionary::new(), content.as_bytes().to_vec()));
    let page = document.add_object(lopdf::dictionary! {
        "Type" => "Page", "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()], "Contents" => content,
        "Resources" => lopdf::dictionary! { "Font" => lopdf::dictionary! { "F" => font } }
    });
    let kids = vec![page.into()];
    let pages = document.add_object(lopdf::dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => 1 });
    document.get_dictionary_mut(page).expect("it was added").set("Parent", pages);
    let root = document.add_object(lopdf::dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", root);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("it is written");
    bytes
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    /// However a line is cut into strings and kerned, the values go and every other word stays.
    #[test]
    fn a_line_in_any_cut_loses_its_values_and_nothing_else(
        words in proptest::collection::vec("[a-z]{2,9}|Jan Muster|123-45-6789", 1..9),
        cuts in proptest::collection::vec((1usize..7, -60i32..60), 1..20),
    ) {
        let line = words.join(" ");
        let (mut rest, mut array) = (line.as_str(), String::new());
        for (length, kern) in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, after) = rest.split_at((*length).min(rest.len()));
            array += &format!("({part}) {kern} ");
            rest = after;
        }
        let input = page(&format!("BT /F 9 Tf 40 700 Td [{array}] TJ ET"));
        let done = rewrite(&input, &mut Needles::default(), &Limits::default()).expect("it is read");
        let values: Vec<&[u8]> = NEEDLES.iter().map(|(needle, _)| needle.as_bytes()).collect();
        proptest::prop_assert_eq!(survivors(&done.bytes, &values).expect("it is read"), [0usize; 0]);
        let mut after = Needles::default();
        let twice = rewrite(&done.bytes, &mut after, &Limits::default()).expect("it is read");
        proptest::prop_assert!(twice.bytes == done.bytes);
        let wanted = NEEDLES.iter().fold(line.clone(), |line, (needle, label)| line.replace(needle, label));
        // A row that a box has cut into blocks is asked about once more as a row.
        let sorted = |text: &str| text.split_whitespace().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        proptest::prop_assert_eq!(sorted(&after.asked.join(" ")), sorted(&wanted));
    }
}

#[test]
fn damaged_files_are_refused_or_read_and_never_a_panic() {
    let limits = Limits { expanded_bytes: 16 << 20, ..Limits::default() };
    for name in ["extras", "field", "form", "image", "operators", "scan", "type3"] {
        let whole = fixture(name);
        for seed in 1..60u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut next = |below: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % below as u64) as usize
            };
            let mut damaged = whole.clone();
            for _ in 0..1 + next(4) {
                let at = next(damaged.len());
                damaged[at] = if next(2) == 0 { b"0123456789/<>[]() R"[next(19)] } else { next(256) as u8 };
            }
            let Ok(done) = rewrite(&damaged, &mut Needles::default(), &limits) else { continue };
            let twice = rewrite(&done.bytes, &mut Needles::default(), &limits);
            let twice = twice.unwrap_or_else(|fault| panic!("{name} {seed}: {fault}"));
            assert!(twice.bytes == done.bytes, "{name} {seed}: a second run changes the file");
        }
    }
}

#[test]
fn survivors_are_found_wherever_they_are() {
    for name in
        ["plain", "form", "side", "box", "split", "field", "layer", "actualtext", "extras", "revision", "truetype"]
    {
        let found = survivors(&fixture(name), &[b"no such words", b"Jan Muster"]).expect("it is read");
        assert_eq!(found, [1], "{name}");
    }
}
