//! How parts refer to each other: relationships, content types, the manifest of OpenDocument.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model::Fault;

use super::super::joined::{Coding, Joined, Splices};
use super::xml::{Attribute, Reader, Token, decode, local};
use crate::Limits;

/// For each part the relationships that name one of the `gone` parts.
///
/// # Errors
/// Those of reading XML.
pub(super) fn gone_relationships(
    rels: &[(String, Vec<u8>)],
    gone: &HashSet<String>,
    limits: &Limits,
) -> Result<HashMap<String, Vec<String>>, Fault> {
    let mut ids: HashMap<String, Vec<String>> = HashMap::new();
    for (name, xml) in rels {
        let Some(source) = source_of(name) else { continue };
        entries(xml, "Relationship", limits, |attributes, text, _| {
            if gone.contains(&resolve(&source, &attribute(attributes, text, "Target")).to_lowercase()) {
                ids.entry(source.clone()).or_default().push(attribute(attributes, text, "Id"));
            }
        })?;
    }
    Ok(ids)
}

/// The listing part `name` without the entries about `gone` parts; `None` when it has none.
///
/// # Errors
/// Those of reading XML.
pub(super) fn prune(name: &str, xml: &[u8], gone: &HashSet<String>, limits: &Limits) -> Result<Option<Vec<u8>>, Fault> {
    let source = source_of(name);
    let (element, address) = match name {
        "[Content_Types].xml" => ("Override", "PartName"),
        "META-INF/manifest.xml" => ("file-entry", "full-path"),
        _ if source.is_some() => ("Relationship", "Target"),
        _ => return Ok(None),
    };
    let mut splices = Splices::default();
    entries(xml, element, limits, |attributes, text, range| {
        let part = resolve(source.as_deref().unwrap_or_default(), &attribute(attributes, text, address));
        if gone.contains(&part.to_lowercase()) {
            splices.put(range, Vec::new());
        }
    })?;
    Ok((!splices.is_empty()).then(|| splices.apply(xml)))
}

/// Whether the manifest says that parts are encrypted.
///
/// # Errors
/// Those of reading XML.
pub(super) fn is_encrypted(manifest: &[u8], limits: &Limits) -> Result<bool, Fault> {
    let mut found = false;
    entries(manifest, "encryption-data", limits, |_, _, _| found = true)?;
    Ok(found)
}

/// `word/_rels/document.xml.rels` is about `word/document.xml`; `_rels/.rels` about the package.
fn source_of(rels: &str) -> Option<String> {
    let name = rels.strip_suffix(".rels")?;
    let (folder, file) = name.rsplit_once('/')?;
    let folder = folder.strip_suffix("_rels")?;
    Some(format!("{folder}{file}"))
}

/// The name of the relationships part of a part.
pub(super) fn rels_of(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/_rels/{file}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}

/// The part that `target` names, seen from `source` (ECMA-376 part 2, 6.4).
fn resolve(source: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut steps: Vec<&str> = source.split('/').collect();
    steps.pop();
    for step in target.split('/') {
        match step {
            "." => {}
            ".." => drop(steps.pop()),
            _ => steps.push(step),
        }
    }
    steps.join("/")
}

fn attribute(attributes: &[Attribute<'_>], source: &str, name: &str) -> String {
    let mut joined = Joined::default();
    if let Some(attribute) = attributes.iter().find(|attribute| attribute.local() == name) {
        // What does not decode is refused when the part is walked.
        let _ = decode(source, attribute.value.clone(), Coding::Attribute, &mut joined);
    }
    joined.text().to_owned()
}

/// Hands on every element of a local name with its attributes and all its bytes.
fn entries(
    xml: &[u8],
    name: &str,
    limits: &Limits,
    mut take: impl FnMut(&[Attribute<'_>], &str, Range<usize>),
) -> Result<(), Fault> {
    let text = str::from_utf8(xml).unwrap_or_default();
    let mut reader = Reader::new(xml, limits.depth)?;
    let mut open = Vec::new();
    while let Some((token, range)) = reader.next()? {
        match token {
            Token::Start { name: here, attributes, empty: true } if local(here) == name => {
                take(&attributes, text, range)
            }
            Token::Start { empty: true, .. } => {}
            Token::Start { name: here, attributes, .. } => open.push((local(here) == name, attributes, range.start)),
            Token::End => {
                if let Some((true, attributes, start)) = open.pop() {
                    take(&attributes, text, start..range.end);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_resolve_as_the_standard_says() {
        for (source, target, part) in [
            ("word/document.xml", "media/a.png", "word/media/a.png"),
            ("word/document.xml", "../docProps/app.xml", "docProps/app.xml"),
            ("word/document.xml", "/word/b.xml", "word/b.xml"),
            ("", "word/document.xml", "word/document.xml"),
            ("a.xml", "../../b", "b"),
        ] {
            assert_eq!(resolve(source, target), part);
        }
        assert_eq!(source_of("word/_rels/document.xml.rels").as_deref(), Some("word/document.xml"));
        assert_eq!(source_of("_rels/.rels").as_deref(), Some(""));
        assert_eq!(rels_of("word/document.xml"), "word/_rels/document.xml.rels");
    }
}
