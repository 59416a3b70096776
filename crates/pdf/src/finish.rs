//! lopdf adds what an archive (PDF/A-3a, ISO 19005-3) and a screen reader (PDF/UA-1, ISO 14289-1) need.
//!
//! A signature field (PAdES) belongs here too, into this first revision: `AcroForm` in the catalog, the widget on a page, a `Form`
//! element in the tree.

use evidence::report::{Attachment, Report};
use lopdf::{Document, Object, ObjectId, Stream, StringFormat, dictionary};
use model::Fault;

use crate::layout::{Kid, Layout};

/// sRGB, 480 bytes, CC0.
const SRGB: &[u8] = include_bytes!("../res/sRGB-v4.icc");

/// The finished file.
pub(crate) fn finish(report: &Report, layout: &Layout, drawn: &[u8]) -> Result<Vec<u8>, Fault> {
    let broken =
        |error: lopdf::Error| Fault::internal("pdf-not-written", "The report could not be finished").caused_by(error);
    let mut document = Document::load_mem(drawn).map_err(broken)?;
    document.version = "1.7".to_owned();
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    let root = add_tree(&mut document, layout, &pages).map_err(broken)?;
    let outlines = add_bookmarks(&mut document, layout, &pages);
    let (files, names) = add_attachments(&mut document, report);
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
    let catalog = document.catalog_mut().map_err(broken)?;
    catalog.set("OutputIntents", vec![Object::Dictionary(intent)]);
    catalog.set("Metadata", metadata);
    catalog.set("Lang", Object::string_literal(report.language.as_str()));
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    catalog.set("ViewerPreferences", dictionary! { "DisplayDocTitle" => true });
    catalog.set("StructTreeRoot", root);
    catalog.set("PageMode", "UseOutlines");
    catalog.set("Outlines", outlines);
    catalog.set("AF", files);
    catalog.set("Names", dictionary! { "EmbeddedFiles" => dictionary! { "Names" => names } });
    let info = document.add_object(dictionary! { "Title" => text(&report.title) });
    document.trailer.set("Info", info);
    let id = Object::String(identity(report).to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    document.prune_objects();
    document.renumber_objects();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).map_err(|error| broken(error.into()))?;
    Ok(bytes)
}

/// The structure tree (ISO 32000-1, 14.7), its parent tree, and what each page says about it.
fn add_tree(document: &mut Document, layout: &Layout, pages: &[ObjectId]) -> Result<ObjectId, lopdf::Error> {
    let root = document.new_object_id();
    let ids: Vec<ObjectId> = layout.tags.iter().map(|_| document.new_object_id()).collect();
    let mut parents: Vec<Vec<Object>> = layout.pages.iter().map(|page| vec![Object::Null; page.marks]).collect();
    let mut above = vec![root; layout.tags.len()];
    for (index, tag) in layout.tags.iter().enumerate() {
        let mut element = dictionary! { "Type" => "StructElem", "S" => tag.name, "P" => above[index] };
        let mut kids = Vec::with_capacity(tag.kids.len());
        for kid in &tag.kids {
            match *kid {
                Kid::Tag(kid) => {
                    above[kid] = ids[index];
                    kids.push(Object::Reference(ids[kid]));
                }
                Kid::Content { page, mark } => {
                    parents[page][mark] = Object::Reference(ids[index]);
                    kids.push(Object::Dictionary(
                        dictionary! { "Type" => "MCR", "Pg" => pages[page], "MCID" => mark as i64 },
                    ));
                }
            }
        }
        element.set("K", kids);
        if let Some(scope) = tag.scope {
            element.set("A", dictionary! { "O" => "Table", "Scope" => scope });
        }
        if let Some(summary) = &tag.summary {
            element.set("A", dictionary! { "O" => "Table", "Summary" => text(summary) });
        }
        document.set_object(ids[index], element);
    }
    let mut numbers = Vec::with_capacity(2 * pages.len());
    for (number, parents) in parents.into_iter().enumerate() {
        numbers.push(Object::Integer(number as i64));
        numbers.push(Object::Reference(document.add_object(parents)));
        let page = document.get_object_mut(pages[number])?.as_dict_mut()?;
        page.set("StructParents", number as i64);
        page.set("Tabs", "S");
        page.remove(b"Annots");
    }
    let tree = document.add_object(dictionary! { "Nums" => numbers });
    let first = ids.first().copied().unwrap_or(root);
    document.set_object(
        root,
        dictionary! {
            "Type" => "StructTreeRoot",
            "K" => vec![Object::Reference(first)],
            "ParentTree" => tree,
            "ParentTreeNextKey" => pages.len() as i64,
        },
    );
    Ok(root)
}

/// One bookmark for each heading.
fn add_bookmarks(document: &mut Document, layout: &Layout, pages: &[ObjectId]) -> ObjectId {
    let outlines = document.new_object_id();
    let ids: Vec<ObjectId> = layout.bookmarks.iter().map(|_| document.new_object_id()).collect();
    for (index, bookmark) in layout.bookmarks.iter().enumerate() {
        let top = vec![
            Object::Reference(pages[bookmark.page]),
            "XYZ".into(),
            Object::Null,
            Object::Real(bookmark.top),
            Object::Null,
        ];
        let mut item = dictionary! { "Title" => text(&bookmark.title), "Parent" => outlines, "Dest" => top };
        if index > 0 {
            item.set("Prev", ids[index - 1]);
        }
        if let Some(next) = ids.get(index + 1) {
            item.set("Next", *next);
        }
        document.set_object(ids[index], item);
    }
    let mut all = dictionary! { "Type" => "Outlines", "Count" => ids.len() as i64 };
    if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
        all.set("First", *first);
        all.set("Last", *last);
    }
    document.set_object(outlines, all);
    outlines
}

/// Files inside the file (ISO 19005-3, 6.8): the `AF` array and the name tree.
fn add_attachments(document: &mut Document, report: &Report) -> (Vec<Object>, Vec<Object>) {
    let mut sorted: Vec<&Attachment> = report.attachments.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut files, mut names) = (Vec::new(), Vec::new());
    for attachment in sorted {
        let mut stream = Stream::new(
            dictionary! {
                "Type" => "EmbeddedFile",
                "Subtype" => Object::Name(attachment.media_type.clone().into_bytes()),
                "Params" => dictionary! {
                    "Size" => attachment.bytes.len() as i64,
                    "ModDate" => Object::string_literal(pdf_date(report)),
                },
            },
            attachment.bytes.clone(),
        );
        // A stream that does not shrink is stored as it is.
        let _ = stream.compress();
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
    (files, names)
}

/// XMP with the identification of both standards; PDF/A-3 does not know `pdfuaid`, so its schema travels along.
fn xmp(report: &Report) -> String {
    let title = escape(&report.title);
    let created = escape(&report.created.to_string());
    include_str!("../res/metadata.xml").replace("@TITLE@", &title).replace("@CREATED@", &created)
}

fn escape(text: &str) -> String {
    let shown = crate::text::neutralise(&text.replace(['\n', '\r'], " "));
    shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
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
    let parts =
        report.attachments.iter().map(|attachment| attachment.bytes.as_slice()).chain([report.title.as_bytes()]);
    let hash = parts.flatten().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    hash.to_be_bytes()
}
