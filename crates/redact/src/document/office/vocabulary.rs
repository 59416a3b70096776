//! What element and attribute names mean, in OOXML (ECMA-376) and OpenDocument (ISO/IEC 26300) together.
//!
//! Names are compared without prefix: a document may bind any prefix it likes.

/// What an element does to the text within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Its runs are joined to one text.
    Paragraph,
    /// Begins anew: a text box or a note within a paragraph is no part of its sentence.
    Island,
    /// Hands its text to the paragraph around it; outside of paragraphs an element with text of its own is one.
    Inline,
}

pub(super) fn role(local: &str) -> Role {
    match local {
        // w:p a:p text:p, text:h, a shared or inline string, the text of a sheet's comment
        "p" | "h" | "si" | "is" | "text" => Role::Paragraph,
        "txbxContent" | "note" | "annotation" | "frame" | "text-box" | "custom-shape" | "drawing" | "pict"
        | "object" | "AlternateContent" | "rPh" | "tracked-changes" | "table" | "tbl" => Role::Island,
        _ => Role::Inline,
    }
}

/// Markup that readers see as a character, and whether it may go when a value around it goes.
pub(super) fn mark(local: &str, parent: &str) -> Option<(&'static str, bool)> {
    match local {
        "tab" if parent != "tabs" => Some((" ", false)),
        "ptab" | "br" | "cr" | "line-break" | "s" => Some((" ", false)),
        "noBreakHyphen" => Some(("-", true)),
        // Shown only at a line's end: nothing to the eye, and nothing to the scan.
        "softHyphen" | "soft-page-break" => Some(("", true)),
        _ => None,
    }
}

/// Elements whose white space is text.
pub(super) fn keeps_space(local: &str) -> bool {
    matches!(local, "t" | "delText" | "instrText" | "delInstrText" | "v" | "f")
}

/// Formulas outside of cells: names, rules, ranges of charts. A formula cannot hold a placeholder.
pub(super) fn is_formula(local: &str) -> bool {
    matches!(local, "f" | "definedName" | "formula" | "formula1" | "formula2" | "calculatedColumnFormula" | "sqref")
}

/// Text elements whose outer blanks are lost without `xml:space` (w:t; t of a spreadsheet).
pub(super) fn trims_space(name: &str) -> bool {
    matches!(name, "w:t" | "t" | "w:delText")
}

/// Field codes: apart from the text that readers see.
pub(super) fn is_field_code(local: &str) -> bool {
    matches!(local, "instrText" | "delInstrText")
}

/// Where a tracked change puts its text.
pub(super) fn is_deletion(local: &str) -> bool {
    matches!(local, "del" | "moveFrom" | "delText" | "delInstrText")
}

pub(super) fn is_insertion(local: &str) -> bool {
    matches!(local, "ins" | "moveTo")
}

/// Elements that hold bytes as base64: nobody can read them piece by piece.
pub(super) fn is_binary(local: &str, kind: Option<&str>) -> bool {
    matches!(local, "binData" | "fldData" | "binary-data" | "oleObjectData") || kind == Some("base64Binary")
}

/// Attributes that hold bytes as base64.
pub(super) fn is_binary_attribute(name: &str) -> bool {
    matches!(name, "o:gfxdata" | "gfxdata" | "o:oleicon")
}

/// Attributes that hold an address.
pub(super) fn is_address(local: &str) -> bool {
    matches!(local, "Target" | "href" | "src" | "action" | "PartName" | "full-path" | "location")
}

/// Attributes whose name says what kind of text they hold; the others' names would mislead (`name` of a style).
pub(super) fn speaks(local: &str) -> bool {
    let local = local.to_ascii_lowercase();
    const WORDS: [&str; 13] = [
        "author",
        "creator",
        "initials",
        "user",
        "displayname",
        "mail",
        "phone",
        "company",
        "manager",
        "address",
        "person",
        "contact",
        "password",
    ];
    WORDS.iter().any(|word| local.contains(word))
}

/// Values that are of the format and not of a person: written by programs, in a shape that holds nothing else.
pub(super) fn is_structural(element: &str, name: &str, value: &str) -> bool {
    let local = super::xml::local(name);
    if value.len() <= 3 {
        return true;
    }
    // Values of pivot caches.
    if local == "v" {
        return false;
    }
    if name == "xmlns" || name.starts_with("xmlns:") || local == "Type" || local == "uri" || local == "ContentType" {
        return is_known_name(value) || is_guid(value);
    }
    if local.starts_with("rsid") || matches!(local, "paraId" | "textId" | "durableId" | "paraIdParent") {
        return value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if matches!(element, "c" | "row" | "f") && matches!(local, "r" | "s" | "t" | "ref" | "spans") {
        return value.len() <= 24 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':');
    }
    is_length(value) || is_guid(value) || value.strip_prefix("rId").is_some_and(|number| is_digits(number, 6))
}

fn is_digits(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `12`, `-3.5`, `1.27cm`: at most six digits, so no number of a person.
fn is_length(value: &str) -> bool {
    let number = value.trim_end_matches(|letter: char| letter.is_ascii_lowercase() || letter == '%');
    let unit = &value[number.len()..];
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    ["", "pt", "in", "cm", "mm", "px", "pc", "em", "%"].contains(&unit)
        && (1..=6).contains(&digits)
        && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}

/// `{8-4-4-4-12}`.
fn is_guid(value: &str) -> bool {
    value.len() == 38
        && value.starts_with('{')
        && value.ends_with('}')
        && value[1..37].bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Names of namespaces and content types that the standards and the two big office programs use.
fn is_known_name(value: &str) -> bool {
    const STARTS: [&str; 16] = [
        "http://schemas.openxmlformats.org/",
        "http://purl.oclc.org/ooxml/",
        "http://schemas.microsoft.com/",
        "urn:schemas-microsoft-com:",
        "http://www.w3.org/",
        "http://purl.org/dc/",
        "urn:oasis:names:tc:opendocument:",
        "urn:org:documentfoundation:names:",
        "http://openoffice.org/",
        "https://openoffice.org/",
        "http://docs.oasis-open.org/ns/",
        "application/vnd.openxmlformats-",
        "application/vnd.ms-",
        "application/xml",
        "application/vnd.oasis.opendocument",
        "image/",
    ];
    STARTS.iter().any(|start| value.starts_with(start))
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_#+".contains(&byte))
        && value.bytes().filter(u8::is_ascii_digit).nth(12).is_none()
}
