//! What courts ask of the file: pages that are called what they show, links and bookmarks, copies to be filed, pictures that
//! can be heard.

use std::path::Path;
use std::process::Command;

use evidence::Renderer;
use evidence::report::{
    Bates, Block, Cell, Chart, Code2d, Column, Left, Paper, Plot, Report, Signatory, Table, Text, Tone, Window,
    signature_field,
};
use lopdf::{Dictionary, Document, Object};
use probity_pdf::Pdf;

use crate::support::{at, report, run, words};

fn heading(level: u8, text: &str) -> Block {
    Block::Heading(level, text.to_owned())
}

fn filler(lines: usize) -> Block {
    Block::Paragraph(Text::plain("filler\n".repeat(lines)))
}

/// A bundle of sections that begin on known pages, with links to and fro.
fn bundle() -> Vec<Block> {
    let column = |title: &str, share| Column { title: title.to_owned(), share, number: true };
    let row = |name: &str| {
        let cells = [Text::strong(name).to(name), Text::page_of(name)];
        cells.into_iter().map(|text| Cell(vec![text])).collect()
    };
    let index = Table {
        summary: "Index".to_owned(),
        columns: vec![column("Exhibit", 60), column("Page", 40)],
        rows: ["EX-001", "EX-002"].map(row).to_vec(),
    };
    let mut blocks = vec![heading(1, "Bundle"), heading(2, "Contents"), Block::Contents(3), Block::Table(index)];
    blocks.push(Block::Paragraph(Text::plain("The guidance").to_web("https://example.org/bündle?a=1")));
    for (number, name) in ["EX-001", "EX-002"].into_iter().enumerate() {
        blocks.extend([
            Block::PageBreak,
            heading(2, &format!("Section {}", number + 1)),
            heading(3, &format!("Part {name}")),
        ]);
        blocks.push(Block::Paragraph(Text::plain(format!("This is {name}.")).named(name)));
        blocks.push(filler(60));
    }
    blocks.push(Block::Paragraph(Text::plain("Back to the first").to("Section 1")));
    blocks
}

/// Keys of a dictionary behind a reference or not.
pub(crate) fn dictionary<'d>(document: &'d Document, object: &'d Object) -> &'d Dictionary {
    match object {
        Object::Reference(id) => document.get_dictionary(*id).unwrap(),
        other => other.as_dict().unwrap(),
    }
}

/// The page, counted from 1, of a destination.
pub(crate) fn page_of(document: &Document, place: &Object) -> u32 {
    let page = place.as_array().unwrap()[0].as_reference().unwrap();
    document.get_pages().into_iter().find(|(_, id)| *id == page).unwrap().0
}

pub(crate) fn said(text: &Object) -> String {
    lopdf::decode_text_string(text).unwrap()
}

/// The title and page of each bookmark below an object, in their order, with their depth.
pub(crate) fn bookmarks(document: &Document, parent: &Dictionary, depth: usize, found: &mut Vec<(usize, String, u32)>) {
    let mut next = parent.get(b"First").ok();
    while let Some(item) = next.map(|item| dictionary(document, item)) {
        found.push((depth, said(item.get(b"Title").unwrap()), page_of(document, item.get(b"Dest").unwrap())));
        bookmarks(document, item, depth + 1, found);
        next = item.get(b"Next").ok();
    }
}

#[test]
fn contents_bookmarks_labels_and_links_name_the_pages_where_things_are() {
    let bytes = Pdf::default().render(&report(bundle())).unwrap();
    let text = words(&bytes, "bundle.pdf");
    let pages: Vec<&str> = text.split('\u{c}').collect();
    let shows = |needle: &str| pages.iter().skip(1).position(|page| page.contains(needle)).unwrap() as u32 + 2;
    let (first, second) = (shows("This is EX-001"), shows("This is EX-002"));
    assert_eq!((first, second), (2, 4));
    let line = |needle: &str| pages[0].lines().find(|line| line.trim_start().starts_with(needle)).unwrap().to_owned();
    for (entry, page) in [("Section 1", first), ("Part EX-001", first), ("Section 2", second), ("EX-002", second)] {
        assert!(line(entry).trim_end().ends_with(&format!(" {page}")), "{}", line(entry));
    }
    let document = Document::load_mem(&bytes).unwrap();
    let catalog = document.catalog().unwrap();
    let labels = catalog.get(b"PageLabels").and_then(Object::as_dict).and_then(|labels| labels.get(b"Nums")).unwrap();
    let [from, style] = labels.as_array().unwrap().as_slice() else { panic!("{labels:?}") };
    assert_eq!(
        (from, style.as_dict().unwrap().get(b"S").unwrap()),
        (&Object::Integer(0), &Object::Name(b"D".to_vec()))
    );
    let mut found = Vec::new();
    bookmarks(&document, dictionary(&document, catalog.get(b"Outlines").unwrap()), 0, &mut found);
    let expect = [
        (0, "Bundle, page 1".to_owned(), 1),
        (1, "Contents, page 1".to_owned(), 1),
        (1, format!("Section 1, page {first}"), first),
        (2, format!("Part EX-001, page {first}"), first),
        (1, format!("Section 2, page {second}"), second),
        (2, format!("Part EX-002, page {second}"), second),
    ];
    assert_eq!(found, expect);
    links_lead_where_they_say(&document, first, second);
}

fn links_lead_where_they_say(document: &Document, first: u32, second: u32) {
    let mut places = Vec::new();
    let mut addresses = Vec::new();
    for id in document.get_pages().into_values() {
        for link in document.get_page_annotations(id).unwrap() {
            let contents = said(link.get(b"Contents").unwrap());
            match link.get(b"Dest") {
                Ok(place) => {
                    let page = page_of(document, place);
                    assert_eq!(contents, format!("Go to page {page}"));
                    places.push(page);
                }
                Err(_) => {
                    let address = link.get(b"A").unwrap().as_dict().unwrap().get(b"URI").unwrap();
                    addresses.push(String::from_utf8(address.as_str().unwrap().to_vec()).unwrap());
                }
            }
            let flags = link.get(b"F").unwrap().as_i64().unwrap();
            assert_eq!(flags, 4, "printed, never hidden");
        }
    }
    // Each entry of the contents has two areas (words and number), each row of the index as well.
    let expect = [vec![first; 4], vec![second; 4], vec![first; 2], vec![second; 2], vec![first]].concat();
    let (mut found, mut expect) = (places, expect);
    found.sort_unstable();
    expect.sort_unstable();
    assert_eq!(found, expect);
    assert_eq!(addresses, ["https://example.org/b%C3%BCndle?a=1"]);
}

#[test]
fn a_link_to_nowhere_is_a_fault() {
    let fault = Pdf::default().render(&report(vec![Block::Paragraph(Text::plain("x").to("nowhere"))])).unwrap_err();
    assert_eq!(fault.code(), "broken-link");
    let fault = Pdf::default().render(&report(vec![Block::Paragraph(Text::page_of("nowhere"))])).unwrap_err();
    assert_eq!(fault.code(), "broken-link");
}

#[test]
fn a_copy_to_be_filed_has_letter_pages_bates_numbers_and_nothing_to_click() {
    let bates = Some(Bates { prefix: "ACME-".to_owned(), first: 998, digits: 6 });
    let filed = Report { paper: Paper::Letter, bates, flattened: true, ..report(bundle()) };
    let bytes = Pdf::default().render(&filed).unwrap();
    let text = words(&bytes, "filed.pdf");
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    for (number, page) in pages.iter().enumerate() {
        let said = usize::from(page.contains("Every page of this report"));
        assert_eq!(page.matches(&format!("ACME-{:06}", 998 + number)).count(), 1, "{page}");
        assert_eq!(page.matches("ACME-").count(), 1 + said);
    }
    assert!(pages[0].contains("Section 1") && pages.last().unwrap().contains("numbered, from ACME-000998 on"));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filed.pdf");
    let info = run(Command::new("pdfinfo").arg(&path));
    assert!(info.contains("612 x 792 pts (letter)") && info.contains("Form:            none"), "{info}");
    assert!(run(Command::new("pdfdetach").arg("-list").arg(&path)).starts_with("0 embedded files"));
    let document = Document::load_mem(&bytes).unwrap();
    for key in ["Annots", "A", "AcroForm", "AF", "EmbeddedFiles", "URI"] {
        let has =
            |object: &Object| object.as_dict().is_ok_and(|dictionary| dictionary.has(key.as_bytes()) && key != "A");
        assert!(!document.objects.values().any(has), "{key}");
    }
}

#[test]
fn the_file_has_one_revision_that_a_signature_can_be_appended_to() {
    let bytes = Pdf::default().render(&report(bundle())).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for once in ["startxref", "%%EOF", "\nxref\n", "/Type/Catalog"] {
        assert_eq!(text.matches(once).count(), 1, "{once}");
    }
    assert!(!text.contains("/ObjStm") && text.starts_with("%PDF-1.7\n") && text.ends_with("%%EOF\n"));
}

fn charts() -> Vec<Block> {
    let window = |name: &str, tone, good, spent| Window {
        name: name.to_owned(),
        tone,
        good,
        target: Some(0.995),
        said: format!("{name}-said"),
        spent,
        budget: format!("{name}-budget"),
    };
    let mut windows = vec![
        window("broken", Tone::Bad, Some(0.9), Some(7.5)),
        window("met", Tone::Good, Some(0.999_999), Some(0.0)),
        window("nothing", Tone::Open, None, None),
        window("all", Tone::Good, Some(1.0), Some(1.0)),
    ];
    windows.extend((0..30).map(|n| window(&format!("w{n}"), Tone::Good, Some(0.99), Some(0.5))));
    let chart =
        |title: &str, plot| Block::Chart(Chart { title: title.to_owned(), alt: format!("{title} in words"), plot });
    let left = |day: i64, share| Left { at: at(day * 86_400), share };
    vec![
        heading(1, "Charts"),
        chart("Windows", Plot::Windows(windows)),
        chart("Burning", Plot::BurnDown(vec![left(0, 1.0), left(1, 0.4), left(9, -40.0)])),
        chart("One point", Plot::BurnDown(vec![left(0, 0.5)])),
        chart("No point", Plot::BurnDown(Vec::new())),
    ]
}

#[test]
fn charts_are_pictures_with_words() {
    let bytes = Pdf::default().render(&report(charts())).unwrap();
    let text = words(&bytes, "charts.pdf");
    for said in ["Windows (continued)", "broken-said", "met-budget", "w29-said", "budget left", "-200 %"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let document = Document::load_mem(&bytes).unwrap();
    let figures = document
        .objects
        .values()
        .filter_map(|object| object.as_dict().ok())
        .filter(|element| element.get(b"S").is_ok_and(|name| name.as_name().is_ok_and(|name| name == b"Figure")));
    let mut alternatives: Vec<String> = figures.map(|figure| said(figure.get(b"Alt").unwrap())).collect();
    alternatives.sort();
    let [burning, none, one, windows] =
        ["Burning", "No point", "One point", "Windows"].map(|name| format!("{name} in words"));
    assert_eq!(alternatives, [burning, none, one, windows.clone(), windows.clone(), windows]);
}

#[test]
fn a_text_for_a_picture_stays_within_the_limits_of_strings() {
    let chart = Chart { title: "Long".to_owned(), alt: "wörter ".repeat(9000), plot: Plot::Windows(Vec::new()) };
    let one = Chart { plot: Plot::BurnDown(vec![Left { at: at(0), share: 1.0 }]), ..chart };
    let bytes = Pdf::default().render(&report(vec![heading(1, "Long"), Block::Chart(one)])).unwrap();
    let document = Document::load_mem(&bytes).unwrap();
    let longest = |object: &Object| {
        object.as_dict().ok().and_then(|element| element.get(b"Alt").ok()?.as_str().ok().map(<[u8]>::len))
    };
    let length = document.objects.values().filter_map(longest).max().unwrap();
    assert!((30_000..=32_767).contains(&length), "{length}");
}

#[test]
fn a_code_is_read_by_another_reader_and_said_in_words() {
    let text = "sha256:3b7ced0be0cba2c0911814f05c14bf70dbe64153f05fc6dc9d78914806d0f0e0";
    let long = "https://example.org/".to_owned() + &"0123456789".repeat(60);
    let code =
        |text: &str| Block::Code2d(Code2d { text: text.to_owned(), alt: "The digest of the manifest".to_owned() });
    let blocks = vec![heading(1, "Code"), code(text), Block::PageBreak, code(&long)];
    let bytes = Pdf::default().render(&report(blocks)).unwrap();
    let words = words(&bytes, "code.pdf");
    assert!(words.contains(text) && words.contains("The digest of the manifest"));
    assert!(words.replace(char::is_whitespace, "").contains(&long));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("code.pdf");
    let picture = path.with_extension("");
    run(Command::new("pdftoppm").args(["-r", "300", "-png"]).arg(&path).arg(&picture));
    let mut found = Vec::new();
    for page in 1..=2 {
        let picture = picture.with_file_name(format!("code-{page}.png"));
        let mut read = Command::new("zbarimg");
        found.push(run(read.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(picture)).trim().to_owned());
    }
    assert_eq!(found, [text, &long]);
    let fault = Pdf::default().render(&report(vec![code(&"x".repeat(3000))])).unwrap_err();
    assert_eq!(fault.code(), "code-too-long");
}

#[test]
fn empty_and_endless_blocks_keep_the_file_whole() {
    let column = Column { title: "Head".to_owned(), share: 1, number: false };
    let empty = Table { summary: "Nothing".to_owned(), columns: vec![column], rows: Vec::new() };
    let notice = vec![Text { tone: Tone::Bad, ..Text::strong("Read this") }, Text::plain("long words ".repeat(2000))];
    let blocks = vec![
        Block::Paragraph(Text::plain("before any heading")),
        heading(3, "A level that is left out"),
        Block::Contents(3),
        Block::Table(empty),
        Block::List(Vec::new()),
        Block::Steps(vec![Text::plain("one"), Text::plain("two")]),
        Block::Facts(vec![("A label that is longer than the column of labels".to_owned(), Text::plain("value"))]),
        Block::Facts(Vec::new()),
        Block::Code(Vec::new()),
        Block::Notice(notice),
        Block::Notice(Vec::new()),
        Block::Blanks(vec!["Name".to_owned(), "Executed on (date)".to_owned()]),
        Block::PageBreak,
        Block::PageBreak,
        Block::Paragraph(Text::plain("")),
        Block::Contents(1),
    ];
    let bytes = Pdf::default().render(&report(blocks)).unwrap();
    let text = words(&bytes, "odd.pdf");
    assert_eq!(text.split_whitespace().filter(|word| *word == "long").count(), 2000);
    let dense = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["1. one", "2. two", "A label that is", "column of labels", "Executed on (date)", "Read this"] {
        assert!(dense.contains(said), "{said}: {dense}");
    }
    let nothing =
        Report { attachments: Vec::new(), marking: String::new(), watermark: String::new(), ..report(Vec::new()) };
    words(&Pdf::default().render(&nothing).unwrap(), "nothing.pdf");
}

#[test]
fn ten_thousand_rows_are_all_there() {
    let column = |title: &str| Column { title: title.to_owned(), share: 1, number: false };
    let row = |n: usize| (0..4).map(|cell| Cell(vec![Text::plain(format!("r{n}c{cell}"))])).collect();
    let table = Table {
        summary: "Rows".to_owned(),
        columns: ["A", "B", "C", "D"].map(column).to_vec(),
        rows: (0..10_000).map(row).collect(),
    };
    let bytes = Pdf::default().render(&report(vec![heading(1, "Rows"), Block::Table(table)])).unwrap();
    // veraPDF takes two minutes for these pages; it judges a shorter table elsewhere.
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rows.pdf");
    std::fs::write(&path, bytes).unwrap();
    run(Command::new("qpdf").arg("--check").arg(&path));
    let text = run(Command::new("pdftotext").arg("-layout").arg(&path).arg("-"));
    assert!(text.split('\u{c}').count() > 200);
    let found: std::collections::HashSet<&str> = text.split_whitespace().collect();
    (0..10_000)
        .for_each(|n| (0..4).for_each(|cell| assert!(found.contains(format!("r{n}c{cell}").as_str()), "r{n}c{cell}")));
}

#[test]
fn frames_wait_for_signatures_and_conform_before_there_are_any() {
    let person = |number: usize, name: &str| Signatory { field: signature_field(number), name: name.to_owned() };
    let long = "An Examiner whose name is so long that it needs more than the one line that others have, and more";
    let people = vec![person(1, "R. Müller-Жукова"), person(2, long), person(3, "Third")];
    let whole = report(vec![Block::Heading(2, "Signatures".to_owned()), Block::Signatures(people)]);
    let bytes = Pdf::default().render(&whole).unwrap();
    let text = words(&bytes, "frames.pdf");
    assert!(text.contains("R. Müller-Жукова") && text.contains("Third"), "{text}");
    let fields = |pdf: &[u8]| {
        let document = lopdf::Document::load_mem(pdf).unwrap();
        let form = document.catalog().unwrap().get(b"AcroForm").and_then(lopdf::Object::as_dict);
        form.map_or(0, |form| form.get(b"Fields").and_then(lopdf::Object::as_array).unwrap().len())
    };
    assert_eq!(fields(&bytes), 3);
    // A copy to be filed has frames on paper and nothing to fill in.
    let flat = Pdf::default().render(&Report { flattened: true, ..whole }).unwrap();
    assert_eq!(fields(&flat), 0);
    assert_eq!(words(&flat, "frames-flat.pdf"), text);
}
