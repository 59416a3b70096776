//! Parts that are no text: which are kept, which become an empty one of their kind.

/// What a part is, by its first bytes and, where those say nothing, its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// XML in UTF-8 or UTF-16.
    Xml,
    /// A page of HTML.
    Html,
    /// Plain text.
    Text,
    /// A ZIP file: perhaps a document.
    Archive,
    /// A picture of pixels: kept.
    Picture,
    /// A font: kept.
    Font,
    /// Has to go whole, with what refers to it.
    Gone(&'static str),
    /// Becomes these bytes, so that what refers to it still finds something.
    Emptied(&'static str, Blank),
}

/// An empty file of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blank {
    CompoundFile,
    EnhancedMetafile,
    Metafile,
    RichText,
    Nothing,
}

impl Blank {
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Blank::CompoundFile => compound_file(),
            Blank::EnhancedMetafile => enhanced_metafile(),
            Blank::Metafile => metafile(),
            Blank::RichText => b"{\\rtf1}".to_vec(),
            Blank::Nothing => Vec::new(),
        }
    }
}

/// What `bytes` under `name` are.
pub(super) fn nature(name: &str, bytes: &[u8]) -> Nature {
    let lower = name.to_ascii_lowercase();
    let file = lower.rsplit('/').next().unwrap_or_default();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    if let Some(why) = unreadable_by_name(&lower, file) {
        return Nature::Gone(why);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    match ending {
        "xml" | "rels" | "vml" | "rdf" | "svg" | "xhtml" | "xsl" | "xsd" => return Nature::Xml,
        "htm" | "html" => return Nature::Html,
        "txt" | "csv" | "tsv" | "json" | "css" if str::from_utf8(bytes).is_ok() => return Nature::Text,
        "odttf" | "ttf" | "otf" | "fntdata" => return Nature::Font,
        _ => {}
    }
    if lower == "mimetype" {
        return Nature::Text;
    }
    if text.starts_with(b"<") || is_wide {
        return Nature::Xml;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Nature::Archive;
    }
    if is_picture(bytes) {
        return Nature::Picture;
    }
    emptied(ending, bytes)
}

fn unreadable_by_name(lower: &str, file: &str) -> Option<&'static str> {
    if file.starts_with("vbaproject") || file.starts_with("vbaprojectsignature") {
        return Some("a compiled program");
    }
    if lower.contains("thumbnail") && !file.ends_with(".xml") && !file.ends_with(".rels") {
        return Some("a picture of the page before redaction");
    }
    if lower.starts_with("_xmlsignatures/") || lower.ends_with("signatures.xml") && lower.starts_with("meta-inf/") {
        return Some("a signature over the document before redaction");
    }
    if lower.starts_with("objectreplacements/") {
        return Some("a picture of an embedded object before redaction");
    }
    if file.starts_with("printersettings") || file == "layout-cache" {
        return Some("settings in a form that cannot be read");
    }
    None
}

pub(in crate::document) fn is_picture(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 7] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*"];
    starts.iter().any(|start| bytes.starts_with(start))
        || bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

/// Drawings and objects can hold text that is not read here.
fn emptied(ending: &str, bytes: &[u8]) -> Nature {
    match ending {
        _ if bytes.starts_with(CFB) => Nature::Emptied("an embedded object", Blank::CompoundFile),
        "emf" => Nature::Emptied("a drawing that can hold text", Blank::EnhancedMetafile),
        "wmf" => Nature::Emptied("a drawing that can hold text", Blank::Metafile),
        "rtf" => Nature::Emptied("an embedded document of a format that is not read", Blank::RichText),
        _ if bytes.is_empty() => Nature::Text,
        _ => Nature::Emptied("bytes of a format that is not read", Blank::Nothing),
    }
}

/// First bytes of a compound file ([MS-CFB] 2.2).
pub(super) const CFB: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A compound file with nothing in it ([MS-CFB] 2.2–2.6): header, one FAT sector, one directory sector.
fn compound_file() -> Vec<u8> {
    const FREE: u32 = 0xffff_ffff;
    const END: u32 = 0xffff_fffe;
    let mut bytes = CFB.to_vec();
    bytes.resize(24, 0);
    for half in [0x3e_u16, 3, 0xfffe, 9, 6] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.resize(44, 0);
    // One FAT sector, the directory in sector 1, no small streams, no more FAT sectors.
    for word in [1, 1, 0, 4096, END, 0, END, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    while bytes.len() < 512 {
        bytes.extend(FREE.to_le_bytes());
    }
    for word in [0xffff_fffd, END] {
        bytes.extend(u32::to_le_bytes(word));
    }
    while bytes.len() < 1024 {
        bytes.extend(FREE.to_le_bytes());
    }
    let mut root: Vec<u8> = "Root Entry".encode_utf16().flat_map(u16::to_le_bytes).collect();
    root.resize(64, 0);
    root.extend(22_u16.to_le_bytes());
    root.extend([5, 1]);
    root.extend([0xff; 12]);
    root.resize(116, 0);
    root.extend(END.to_le_bytes());
    root.resize(128, 0);
    bytes.extend(root);
    for _ in 0..3 {
        let mut unused = vec![0; 68];
        unused.extend([0xff; 12]);
        unused.resize(128, 0);
        bytes.extend(unused);
    }
    bytes
}

/// An enhanced metafile that draws nothing ([MS-EMF] 2.3.4): header and end.
fn enhanced_metafile() -> Vec<u8> {
    let mut bytes = Vec::new();
    let size = 88 + 20;
    // Type and size; bounds; frame; signature, version; bytes, records; one handle; description, palette; device.
    for word in [1, 88, 0, 0, 1, 1, 0, 0, 100, 100, 0x464d_4520, 0x1_0000, size, 2, 1, 0, 0, 0, 1024, 768, 320, 240] {
        bytes.extend(u32::to_le_bytes(word));
    }
    for word in [14, 20, 0, 16, 20] {
        bytes.extend(u32::to_le_bytes(word));
    }
    bytes
}

/// A placeable metafile that draws nothing ([MS-WMF] 2.3.2).
fn metafile() -> Vec<u8> {
    let placeable: [u16; 10] = [0xcdd7, 0x9ac6, 0, 0, 0, 1, 1, 1440, 0, 0];
    let checksum = placeable.iter().fold(0, |sum, word| sum ^ word);
    let header: [u16; 9] = [1, 9, 0x300, 12, 0, 0, 3, 0, 0];
    let end: [u16; 3] = [3, 0, 0];
    placeable.into_iter().chain([checksum]).chain(header).chain(end).flat_map(u16::to_le_bytes).collect()
}

/// A picture without what is written in it: EXIF, XMP, comments. `None` when there is nothing of the kind.
pub(in crate::document) fn without_words(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return png_without_words(bytes);
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return jpeg_without_words(bytes);
    }
    None
}

/// PNG chunks that hold words or EXIF go (PNG 11.3.3).
fn png_without_words(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes[..8].to_vec();
    let mut rest = &bytes[8..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let chunk = rest.get(..length.checked_add(12)?)?;
        let kind = after.get(..4)?;
        if ![b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"].iter().any(|word| kind == *word) {
            out.extend_from_slice(chunk);
        }
        rest = &rest[chunk.len()..];
        if kind == b"IEND" {
            break;
        }
    }
    (out.len() != bytes.len()).then_some(out)
}

/// JPEG segments APP1 (EXIF, XMP), APP13 (IPTC) and COM go (ITU-T T.81, B.1.1.3).
fn jpeg_without_words(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes[..2].to_vec();
    let mut at = 2;
    loop {
        let [0xff, marker] = *bytes.get(at..at + 2)? else { return None };
        // The scan begins: the rest is pixels.
        if marker == 0xda {
            out.extend_from_slice(&bytes[at..]);
            break;
        }
        let [high, low] = *bytes.get(at + 2..at + 4)? else { return None };
        let segment = bytes.get(at..at + 2 + usize::from(u16::from_be_bytes([high, low])))?;
        if !matches!(marker, 0xe1 | 0xed | 0xfe) {
            out.extend_from_slice(segment);
        }
        at += segment.len();
    }
    (out.len() != bytes.len()).then_some(out)
}
