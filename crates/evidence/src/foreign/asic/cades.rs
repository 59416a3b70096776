//! Signatures in CMS and time stamps: over one file (ASiC-S), or over a list of files (ASiC-E with ASiCManifest).

use std::collections::BTreeSet;
use std::io;

use seal::cms::{self, Content, Rules};
use seal::xades::Manifest;
use seal::{Revocations, tsp, xades};

use super::super::hash::Algorithm;
use super::super::tree::Tree as _;
use super::content::Streamed;
use super::{Container, Role, Simple, is_object};
use crate::package::Check;
use crate::package::people::People;

/// The media type of a time stamp token (EN 319 162-1, A.7).
const TOKEN: &str = "application/vnd.etsi.timestamp-token";

impl Container<'_> {
    /// Judges everything in `META-INF/`.
    pub(super) fn judge(&mut self) -> io::Result<()> {
        let names: Vec<&str> = self.archive.files().keys().map(String::as_str).collect();
        let mut named = BTreeSet::new();
        for name in names.iter().filter(|name| Role::of(name) == Some(Role::Manifest)) {
            named.extend(self.listed(name));
        }
        for name in names {
            match Role::of(name) {
                Some(Role::Xades | Role::Simple(Simple::Xades)) => self.xades(name),
                Some(Role::Simple(_) | Role::Named) if named.contains(name) => {}
                Some(Role::Simple(kind)) if self.form == super::Form::AsicS => self.simple(name, kind)?,
                Some(Role::Simple(_) | Role::Named) => {
                    self.people.unreadable(&format!("signature: {name}"), "No ASiCManifest says what it is over.");
                }
                Some(Role::Record) => {
                    let why = "Evidence records are not read.";
                    self.people.not_read(&format!("evidence-record: {name}"), why);
                }
                Some(Role::Manifest | Role::Odf | Role::Unknown) | None => {}
            }
        }
        Ok(())
    }

    /// An ASiC-S: the signature or time stamp is over the one file of data.
    fn simple(&mut self, name: &str, kind: Simple) -> io::Result<()> {
        let archive = self.archive;
        let Some(object) = archive.files().keys().find(|name| is_object(name)) else { return Ok(()) };
        let content = Streamed::new(archive, object);
        let (label, is_intact) = self.over(name, kind == Simple::Stamp, &content);
        content.failure()?;
        let paths = BTreeSet::from([object.clone()]);
        self.scope(&label, &paths);
        if is_intact {
            self.covered.extend(paths);
        }
        Ok(())
    }

    /// A list of files and what signs or stamps it. Returns the name of that.
    fn listed(&mut self, name: &str) -> Option<String> {
        let bytes = self.beside.get(name).cloned()?;
        let manifest = match xades::manifest(&bytes) {
            Ok(manifest) => manifest,
            Err(fault) => {
                self.people.unreadable(&format!("signature: {name}"), &format!("{}.", fault.message()));
                return None;
            }
        };
        let is_stamp = manifest.media_type.as_deref() == Some(TOKEN) || manifest.signature.ends_with(".tst");
        let (label, is_intact) = self.over(&manifest.signature, is_stamp, &bytes.as_slice());
        let list = self.list(name, &manifest);
        let is_listed = crate::package::people::passed(&list);
        self.people.checks.push(list);
        let paths: BTreeSet<String> = manifest.files.iter().map(|file| file.path.clone()).collect();
        self.scope(&label, &paths);
        if is_intact && is_listed {
            self.covered.extend(paths);
        }
        Some(manifest.signature)
    }

    /// The files are there with the digests that the list has.
    fn list(&self, name: &str, manifest: &Manifest) -> Check {
        let mut places = Vec::new();
        for file in &manifest.files {
            let path = &file.path;
            let digest = |algorithm: Algorithm| match self.digests.get(path) {
                None => Err("it is missing".to_owned()),
                Some(Err(why)) => Err(why.clone()),
                Some(Ok(digests)) => Ok(digests.get(&algorithm) == Some(&file.digest)),
            };
            match file.hash.clone().map(|hash| digest(hash.into())) {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => places.push(format!("{path}: changed (its digest is not the one in {name})")),
                Ok(Err(why)) => places.push(format!("{path}: {why}; {name} lists it")),
                Err(why) => places.push(format!("{path}: {name} lists it by {why}")),
            }
        }
        Check::of(
            format!("list: {name}"),
            format!("The {} files that it lists are there, unchanged.", manifest.files.len()),
            places,
        )
    }

    /// The signature or time stamp in the file `name`, over `content`: its label, and whether it is intact.
    fn over(&mut self, name: &str, is_stamp: bool, content: &dyn Content) -> (String, bool) {
        let label = format!("{}: {name}", if is_stamp { "time-stamp" } else { "cades-signature" });
        let Some(bytes) = self.beside.get(name) else {
            self.people.unreadable(&label, "It is missing, or stands where no signature is read.");
            return (label, false);
        };
        let trust = People::trust(self.ask);
        let is_intact = match is_stamp {
            true => match tsp::read_token_or_response(bytes) {
                Ok(token) => {
                    let judged = tsp::verify(&token, content, &trust, &Revocations::default());
                    self.people.stamp(&label, token.time(), &judged, self.ask)
                }
                Err(fault) => {
                    self.people.unreadable(&label, &format!("{}.", fault.message()));
                    false
                }
            },
            false => {
                let signed = cms::verify(bytes, content, Rules::Ades, &trust, &Revocations::default());
                self.people.signed(&label, &signed, self.ask)
            }
        };
        (label, is_intact)
    }
}
