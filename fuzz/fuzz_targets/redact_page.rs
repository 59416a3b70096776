//! PDF: a page, a form, a character map, an annotation and an outline that the fuzzer writes, in a sound file.

#![no_main]

mod document_kit;

use redact::document::pdf;

/// Between the parts: a byte that stands in no operator.
const BETWEEN: u8 = 0xFF;

libfuzzer_sys::fuzz_target!(|data: &[u8]| document_kit::check(pdf::rewrite, holds, &file(data)));

fn holds(bytes: &[u8], value: &str) -> bool {
    pdf::survivors(bytes, &[value.as_bytes()]).expect("the output is read again").len() == 1
}

/// `page FF form FF map FF annotation FF outline FF font`; what is missing is empty.
fn file(data: &[u8]) -> Vec<u8> {
    let mut parts = data.split(|byte| *byte == BETWEEN);
    let mut part = || parts.next().unwrap_or_default();
    let stream = |dict: &str, content: &[u8]| {
        let head = format!("<< {dict} /Length {} >>\nstream\n", content.len());
        [head.as_bytes(), content, b"\nendstream"].concat()
    };
    let dict = |head: &str, content: &[u8]| [b"<< ", head.as_bytes(), content, b" >>"].concat();
    let resources = "/Resources << /Font << /F1 6 0 R /F2 7 0 R >> /XObject << /Fm 5 0 R >> >>";
    let (page, form, map, annotation, outline, font) = (part(), part(), part(), part(), part(), part());
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 9 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Annots [10 0 R] {resources} >>")
            .into_bytes(),
        stream("", page),
        stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 300 300] {resources}"), form),
        dict("/Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding ", font),
        b"<< /Type /Font /Subtype /TrueType /BaseFont /X /ToUnicode 8 0 R /FirstChar 32 /LastChar 33 /Widths [500 600] >>"
            .to_vec(),
        stream("", map),
        b"<< /Type /Outlines /First 11 0 R /Last 11 0 R >>".to_vec(),
        dict("/Type /Annot /Rect [0 0 10 10] ", annotation),
        dict("/Parent 9 0 R ", outline),
    ];
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        table.push(bytes.len());
        bytes.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let start = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    bytes.extend(table.iter().flat_map(|at| format!("{at:010} 00000 n \n").into_bytes()));
    bytes
        .extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1).bytes());
    bytes
}
