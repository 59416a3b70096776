//! What verify of a package asks about PDFs.

use evidence::package::{PdfReader, PdfSignature};
use lopdf::{Dictionary, Object};
use model::Fault;
use seal::{Answer, Trust};

use crate::Limits;
use crate::form::text;
use crate::judge::{Found, Kind, signatures};
use crate::read::{Broken, File, View, decode};
use crate::revision::revisions;

/// Reads PDFs for the room of evidence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader;

impl PdfReader for Reader {
    fn signatures(&self, pdf: &[u8], trust: &Trust<'_>) -> Result<Vec<PdfSignature>, Fault> {
        Ok(signatures(pdf, trust)?.into_iter().map(entry).collect())
    }

    fn attachments(&self, pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        attachments(pdf).map_err(Broken::fault)
    }
}

fn entry(found: Found) -> PdfSignature {
    let whole = match found.covers_whole_file {
        Answer::No(reason) => match found.changes_after.iter().find(|change| !change.accepted) {
            Some(refused) => Answer::No(refused.what.clone()),
            None if found.revision > 0 => Answer::Yes(format!("{reason} They may add what they added.")),
            None => Answer::No(reason),
        },
        other => other,
    };
    PdfSignature { field: found.field, is_stamp: found.kind == Kind::DocumentTimestamp, signed: found.signed, whole }
}

/// The files inside a PDF (ISO 32000-1, 7.11.4): those of the name tree, in its order.
fn attachments(pdf: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Broken> {
    let file = File::new(pdf)?;
    let mut revisions = revisions(&file)?;
    if let Some(broken) = revisions.unread {
        return Err(broken);
    }
    let Some(newest) = revisions.all.pop() else { return Ok(Vec::new()) };
    if newest.view.trailer().has(b"Encrypt") {
        return Err(Broken("it is encrypted".to_owned()));
    }
    let names = inner(&file, &newest.view, &newest.view.catalog(&file)?, b"Names")?;
    let Some(root) = inner(&file, &newest.view, &names, b"EmbeddedFiles").ok().filter(|dict| !dict.is_empty()) else {
        return Ok(Vec::new());
    };
    let mut walk = Walk { file: &file, view: &newest.view, nodes: 0, bytes: 0, found: Vec::new() };
    walk.node(&root, 0)?;
    Ok(walk.found)
}

/// The dictionary that an entry holds or refers to; empty if there is none.
fn inner(file: &File<'_>, view: &View, dict: &Dictionary, key: &[u8]) -> Result<Dictionary, Broken> {
    let Ok(object) = dict.get(key) else { return Ok(Dictionary::new()) };
    Ok(file.resolve(view, object)?.dictionary().cloned().unwrap_or_default())
}

struct Walk<'f, 'a> {
    file: &'f File<'a>,
    view: &'f View,
    nodes: usize,
    bytes: usize,
    found: Vec<(String, Vec<u8>)>,
}

impl Walk<'_, '_> {
    fn list(&self, dict: &Dictionary, key: &[u8]) -> Result<Vec<Object>, Broken> {
        let Ok(object) = dict.get(key) else { return Ok(Vec::new()) };
        Ok(self.file.resolve(self.view, object)?.value.as_array().cloned().unwrap_or_default())
    }

    fn node(&mut self, node: &Dictionary, depth: usize) -> Result<(), Broken> {
        self.nodes += 1;
        if depth > 32 || self.nodes > Limits::FIELDS {
            return Err(Broken("its list of files runs in a circle, or is too long".to_owned()));
        }
        for pair in self.list(node, b"Names")?.chunks(2) {
            if let [name, specification] = pair {
                self.embedded(name, specification)?;
            }
        }
        for kid in self.list(node, b"Kids")? {
            let kid = self.file.resolve(self.view, &kid)?;
            if let Some(kid) = kid.dictionary() {
                self.node(kid, depth + 1)?;
            }
        }
        Ok(())
    }

    fn embedded(&mut self, name: &Object, specification: &Object) -> Result<(), Broken> {
        let specification = self.file.resolve(self.view, specification)?;
        let Some(dict) = specification.dictionary() else { return Ok(()) };
        let files = inner(self.file, self.view, dict, b"EF")?;
        let Ok(stream) = files.get(b"UF").or_else(|_| files.get(b"F")) else { return Ok(()) };
        let stream = self.file.resolve(self.view, stream)?;
        let Some(parameters) = stream.dictionary() else { return Ok(()) };
        let bytes = decode(parameters, self.file.data(&stream))?;
        self.bytes += bytes.len();
        if self.bytes > Limits::EXPANDED_BYTES {
            return Err(Broken("its files grow beyond the limit".to_owned()));
        }
        let own = dict.get(b"UF").or_else(|_| dict.get(b"F")).unwrap_or(name);
        self.found.push((text(&self.file.resolve(self.view, own)?.value), bytes));
        Ok(())
    }
}
