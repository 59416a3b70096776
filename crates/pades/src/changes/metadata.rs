//! Dates and producers may change; what else the metadata say is part of the document.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Object};

use super::Comparison;
use crate::read::{Broken, decode, same_dictionary};

/// Elements of XMP that say when and with what a file was saved.
const PASSING: [&str; 7] =
    ["ModifyDate", "MetadataDate", "Producer", "CreatorTool", "InstanceID", "History", "x:xmptk"];

impl Comparison<'_, '_> {
    /// The document information (ISO 32000-1, 14.3.3).
    pub(super) fn information(&mut self) -> Result<(), Broken> {
        let (before, after) = (self.old.trailer().get(b"Info").ok(), self.new.trailer().get(b"Info").ok());
        let (before, after) = (before.cloned(), after.cloned());
        if self.untouched(before.as_ref(), after.as_ref()) {
            return Ok(());
        }
        let read = |view, object: Option<&Object>| -> Result<Dictionary, Broken> {
            let item = object.map(|object| self.file.resolve(view, object)).transpose()?;
            Ok(item.and_then(|item| item.dictionary().cloned()).unwrap_or_default())
        };
        let (old, new) = (read(self.old, before.as_ref())?, read(self.new, after.as_ref())?);
        self.explain(before.as_ref());
        if same_dictionary(&old, &new, &[]) {
            return Ok(());
        }
        if same_dictionary(&old, &new, &[b"ModDate", b"Producer"]) {
            self.accept("The date of the last change and the producer were written anew.");
        } else {
            self.refuse("The document information was changed.");
        }
        Ok(())
    }

    /// The XMP metadata of the document (ISO 32000-1, 14.3.2).
    pub(super) fn metadata(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), Broken> {
        let (before, after) = (old.get(b"Metadata").ok(), new.get(b"Metadata").ok());
        if self.untouched(before, after) {
            return Ok(());
        }
        let Some(after) = after else {
            self.refuse("The metadata were removed.");
            return Ok(());
        };
        let read = |view, object: &Object| -> Result<BTreeMap<String, Vec<String>>, Broken> {
            let item = self.file.resolve(view, object)?;
            let dict = item.dictionary().ok_or_else(|| Broken("the metadata are no stream".to_owned()))?;
            facts(&decode(dict, self.file.data(&item))?)
        };
        let old_facts = before.map(|object| read(self.old, object)).transpose()?.unwrap_or_default();
        let new_facts = read(self.new, after)?;
        self.explain(before);
        if old_facts == new_facts {
            self.accept("The metadata were written anew; they say the same but for dates and producers.");
        } else if before.is_none() && new_facts.is_empty() {
            self.accept("Metadata were added; they say dates and producers only.");
        } else {
            self.refuse("What the metadata say was changed.");
        }
        Ok(())
    }
}

/// What XMP says: texts by the element they stand in, and attributes. Passing facts are left out.
///
/// This is no XML reader: it takes the two ways in which XMP writes a value, and what it does not understand differs.
fn facts(xmp: &[u8]) -> Result<BTreeMap<String, Vec<String>>, Broken> {
    let text = String::from_utf8_lossy(xmp);
    if text.contains("<!") {
        return Err(Broken("the metadata declare something that metadata have no use for".to_owned()));
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    let mut pieces = text.split('<');
    pieces.next();
    for piece in pieces {
        let Some((tag, content)) = piece.split_once('>') else {
            return Err(Broken("the metadata are no XML".to_owned()));
        };
        if tag.starts_with('?') {
            continue;
        }
        if tag.starts_with('/') {
            open.pop();
        } else {
            let closed = tag.ends_with('/');
            let tag = tag.trim_end_matches('/');
            let name = tag.split_whitespace().next().unwrap_or_default();
            open.push(name.to_owned());
            for (key, value) in attributes(tag) {
                add(&mut found, &open, key, value);
            }
            if closed {
                open.pop();
            }
        }
        add(&mut found, &open, "", content.trim());
    }
    for values in found.values_mut() {
        values.sort_unstable();
    }
    Ok(found)
}

fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut rest = tag;
    let mut found = Vec::new();
    while let Some((before, after)) = rest.split_once('=') {
        let key = before.split_whitespace().last().unwrap_or_default();
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|sign| *sign == '"' || *sign == '\'') else { break };
        let Some((value, behind)) = after[1..].split_once(quote) else { break };
        if !key.starts_with("xmlns") && key != "rdf:about" {
            found.push((key, value));
        }
        rest = behind;
    }
    found
}

/// Notes a value under the last name that is its own, not one of the frame's.
fn add(found: &mut BTreeMap<String, Vec<String>>, open: &[String], key: &str, value: &str) {
    let frame = |name: &str| name.starts_with("rdf:") || name.starts_with("x:");
    let passing = |name: &str| PASSING.iter().any(|own| name.ends_with(own));
    if value.is_empty() || key == "xml:lang" && value == "x-default" || frame(key) && key != "rdf:resource" {
        return;
    }
    if passing(key) || open.iter().any(|name| passing(name)) {
        return;
    }
    let mut path: Vec<&str> = open.iter().map(String::as_str).filter(|name| !frame(name)).collect();
    if !key.is_empty() && key != "rdf:resource" {
        path.push(key);
    }
    found.entry(path.join("/")).or_default().push(unescaped(value));
}

/// The five entities that XML has by itself; everything else stays as it is written.
fn unescaped(value: &str) -> String {
    let plain = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_producers_are_no_facts_and_titles_are() {
        let xmp = |title: &str, date: &str, attribute: bool| {
            let date = if attribute {
                format!("<rdf:Description rdf:about=\"\" xmp:ModifyDate=\"{date}\"/>")
            } else {
                format!("<rdf:Description rdf:about=''><xmp:ModifyDate>{date}</xmp:ModifyDate></rdf:Description>")
            };
            let text = format!(
                "<?xpacket?><x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='some'><rdf:RDF>{date}<rdf:Description>\
                 <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
                 </rdf:Description></rdf:RDF></x:xmpmeta>"
            );
            facts(text.as_bytes()).unwrap()
        };
        assert_eq!(xmp("A", "2026", true), xmp("A", "2027", false));
        assert_ne!(xmp("A", "2026", true), xmp("B", "2026", true));
        assert!(facts(b"<!DOCTYPE x><x/>").is_err());
        assert!(facts(b"<x").is_err());
    }
}
