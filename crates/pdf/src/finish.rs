//! lopdf adds what an archive (PDF/A-3a, ISO 19005-3) and a screen reader (PDF/UA-1, ISO 14289-1) need.

use evidence::report::{Attachment, Report};
use lopdf::{Document, Object, Stream, StringFormat, dictionary};
use model::Fault;

use crate::draw::{Deflate, Drawn};
use crate::page::Layout;

mod outline;
mod tree;

/// sRGB, 480 bytes, CC0.
const SRGB: &[u8] = include_bytes!("../res/sRGB-v4.icc");

/// The finished file.
pub(crate) fn finish(report: &Report, layout: &Layout, drawn: Drawn) -> Result<Vec<u8>, Fault> {
    let broken =
        |error: lopdf::Error| Fault::internal("pdf-not-written", "The report could not be finished").caused_by(error);
    let Drawn { mut document, pages } = drawn;
    document.version = "1.7".to_owned();
    let tree::Added { root, fields } = tree::add(&mut document, layout, &pages).map_err(broken)?;
    let outlines = outline::add(&mut document, layout, &pages);
    let metadata = document.add_object(
        Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, xmp(report).into_bytes())
            .with_compression(false),
    );
    let profile = document.add_object(Stream::new(dictionary! { "N" => 3 }, SRGB.to_vec()));
    let intent = dictionary! {
        "Type" => "OutputIntent",
        "S" => "GTS_PDFA1",
        "OutputConditionIdentifier" => Object::string_literal("sRGB IEC61966-2.1"),
        "Info" => Object::string_literal("sRGB IEC61966-2.1"),
        "DestOutputProfile" => profile,
    };
    // A copy to be filed has no files inside: courts refuse them.
    let attachments: &[Attachment] = if report.flattened { &[] } else { &report.attachments };
    let (files, names) = add_attachments(&mut document, report, attachments)?;
    let catalog = document.catalog_mut().map_err(broken)?;
    catalog.set("OutputIntents", vec![Object::Dictionary(intent)]);
    catalog.set("Metadata", metadata);
    catalog.set("Lang", Object::string_literal(report.language.as_str()));
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    catalog.set("StructTreeRoot", root);
    catalog.set("PageMode", "UseOutlines");
    catalog.set("Outlines", outlines);
    // What a reader calls the page is what the page shows: 1 for the first.
    let decimal = Object::Dictionary(dictionary! { "S" => "D" });
    catalog.set("PageLabels", dictionary! { "Nums" => vec![0.into(), decimal] });
    if let Some(first) = pages.first() {
        // At 100 %, from the top of the first page.
        let top = vec![Object::Reference(*first), "XYZ".into(), Object::Null, Object::Null, 1.into()];
        catalog.set("OpenAction", top);
    }
    if !fields.is_empty() {
        catalog.set("AcroForm", dictionary! { "Fields" => fields });
    }
    if !files.is_empty() {
        catalog.set("AF", files);
        catalog.set("Names", dictionary! { "EmbeddedFiles" => dictionary! { "Names" => names } });
    }
    let info = document.trailer.get(b"Info").and_then(Object::as_reference).map_err(broken)?;
    document.set_object(info, dictionary! { "Title" => text(&shown(&report.title)) });
    let id = Object::String(identity(report).to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).map_err(|error| broken(error.into()))?;
    // Whoever appends a signature begins on a line of its own (ISO 19005-3, 6.1.9).
    bytes.push(b'\n');
    Ok(bytes)
}

/// Files inside the file (ISO 19005-3, 6.8): the `AF` array and the name tree.
fn add_attachments(
    document: &mut Document,
    report: &Report,
    all: &[Attachment],
) -> Result<(Vec<Object>, Vec<Object>), Fault> {
    let mut deflate = Deflate::default();
    let mut sorted: Vec<&Attachment> = all.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut files, mut names) = (Vec::new(), Vec::new());
    for attachment in sorted {
        let stream = Stream::new(
            dictionary! {
                "Type" => "EmbeddedFile",
                "Filter" => "FlateDecode",
                "Subtype" => Object::Name(attachment.media_type.clone().into_bytes()),
                "Params" => dictionary! {
                    "Size" => attachment.bytes.len() as i64,
                    "ModDate" => Object::string_literal(pdf_date(report)),
                },
            },
            deflate.bytes(&attachment.bytes)?,
        );
        let stream = document.add_object(stream);
        let file = document.add_object(dictionary! {
            "Type" => "Filespec",
            "F" => Object::string_literal(attachment.name.as_str()),
            "UF" => text(&attachment.name),
            "Desc" => text(&attachment.description),
            "AFRelationship" => "Source",
            "EF" => dictionary! { "F" => stream, "UF" => stream },
        });
        files.push(Object::Reference(file));
        names.extend([text(&attachment.name), Object::Reference(file)]);
    }
    Ok((files, names))
}

/// XMP with the identification of both standards; PDF/A-3 does not know `pdfuaid`, so its schema travels along.
fn xmp(report: &Report) -> String {
    let title = escape(&report.title);
    let created = escape(&report.created.to_string());
    include_str!("../res/metadata.xml").replace("@CREATED@", &created).replace("@TITLE@", &title)
}

fn escape(text: &str) -> String {
    shown(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A title in one line, without what no title should have.
fn shown(text: &str) -> String {
    crate::text::neutralise(&text.replace(['\n', '\r'], " "))
}

/// A text string (ISO 32000-1, 7.9.2.2): UTF-16BE with its mark.
fn text(text: &str) -> Object {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    Object::String(units.flat_map(u16::to_be_bytes).collect(), StringFormat::Hexadecimal)
}

/// `D:20260103090000Z`.
fn pdf_date(report: &Report) -> String {
    let digits: String = report.created.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("D:{digits}Z")
}

/// What `/ID` is made of: FNV-1a (128 bits) over what the report says. It names the file, it protects nothing.
fn identity(report: &Report) -> [u8; 16] {
    let form = format!("{:?} {:?} {}", report.paper, report.bates, report.flattened);
    let texts = [&report.title, &report.marking, &report.watermark, &form];
    let parts = report.attachments.iter().map(|attachment| attachment.bytes.as_slice());
    let parts = parts.chain(texts.into_iter().map(String::as_bytes));
    let hash = parts.flatten().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    hash.to_be_bytes()
}
