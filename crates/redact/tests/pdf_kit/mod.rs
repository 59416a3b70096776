//! What the tests of PDF share: readers that are not ours, and files by hand.
#![allow(dead_code)]

pub(crate) mod judges;
#[path = "../memory/mod.rs"]
mod memory;
pub(crate) mod whole;

/// A file of these objects, the first of which is the catalog.
pub(crate) fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = String::new();
    for (number, object) in (1..).zip(objects) {
        table += &format!("{:010} 00000 n \n", bytes.len());
        bytes.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let (start, count) = (bytes.len(), objects.len() + 1);
    let end = format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    bytes.extend(format!("xref\n0 {count}\n0000000000 65535 f \n{table}{end}").bytes());
    bytes
}

/// A stream.
pub(crate) fn stream(entries: &str, content: &str) -> Vec<u8> {
    format!("<< {entries} /Length {} >>\nstream\n{content}\nendstream", content.len()).into_bytes()
}

/// Font `F`, as object 5.
pub(crate) const RESOURCES: &str = "/Resources << /Font << /F 5 0 R >> >>";

/// A document of one page in Helvetica, font `F`: its content, further entries of the catalog and the page, and objects
/// from number 6 on.
pub(crate) fn document(content: &str, catalog: &str, page: &str, more: &[Vec<u8>]) -> Vec<u8> {
    let resources = if page.contains("/Resources") { "" } else { RESOURCES };
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>").into_bytes(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R {resources} {page} >>")
            .into_bytes(),
        stream("", content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    objects.extend(more.iter().cloned());
    file(&objects)
}

/// The content of a page with these lines: size, place and text.
pub(crate) fn lines(lines: &[(f64, f64, &str)]) -> String {
    lines.iter().map(|(x, y, text)| format!("BT /F 12 Tf {x} {y} Td ({text}) Tj ET\n")).collect()
}
