//! The package: every file of it, in order, and the plain forms `json` and `fides`.

use std::io::Write as _;

use model::{Digest, Fault, Instant};
use serde_json::{Value, json};

use super::archive::{FileOut, WrittenFile};
use super::entries::Names;
use super::others::{Listed, Showing, Shown};
use super::table::Table;
use super::{Archive, Controller, Export, Others, Role, Scope, Written, csv, html, information, prose, schema, value};
use crate::catalog::ColumnKind;
use crate::identity::Identity;

/// What stands on the package besides the data.
#[derive(Clone, Debug)]
pub struct Cover<'a> {
    /// `req-0007`.
    pub request: &'a str,
    /// When the data were read.
    pub created: Instant,
    /// `probity 0.1.0`.
    pub tool: &'a str,
    /// Whom it is about.
    pub subject: &'a [Identity],
    /// Who answers.
    pub controller: &'a Controller,
    /// Address in the signature, `exporter@probity`, and its namespace.
    pub signer: &'a str,
    /// Fingerprint of the key that signs.
    pub fingerprint: &'a str,
    /// Since when the processing of these data is restricted (Art. 18), where it is.
    pub restricted: Option<&'a str>,
    /// What is on record of the person's consents (`consent-person/1`), where there is anything.
    pub consents: Option<&'a Value>,
}

/// Signs `SHA256SUMS`.
pub type Signature<'a> = dyn Fn(&[u8]) -> Result<Signed, Fault> + 'a;

/// Files of a signature: name and content.
pub type Signed = Vec<(&'static str, Vec<u8>)>;

/// What all files say alike.
struct Ready {
    tables: Vec<Table>,
    listed: Listed,
    rows: u64,
}

impl Export<'_> {
    /// Writes the package.
    ///
    /// # Errors
    /// What archive, spool and signer say.
    pub fn package(
        &mut self,
        cover: &Cover<'_>,
        sign: &Signature<'_>,
        archive: &mut dyn Archive,
    ) -> Result<Written, Fault> {
        let mut ready = self.prepare()?;
        let (information, missing) = information::information(&ready.tables, cover.controller);
        let mut files = Vec::new();
        let mut names = Names::default();
        let mut stems = Vec::new();
        for table in &mut ready.tables {
            let stem = names.stem(&table.dataset, &table.collection);
            files.push(self.table_json(table, &format!("{stem}.json"), archive)?);
            files.push(self.table_csv(table, &format!("{stem}.csv"), archive)?);
            self.contents(table, &stem, &mut names, archive, &mut files)?;
            stems.push(stem);
        }
        files.push(self.data_json(&ready, archive)?);
        let page = html::Page {
            cover,
            scope: self.scope,
            gaps: &self.gaps,
            information: &information,
            listed: &ready.listed,
            searched: self.searches(),
            stems: &stems,
        };
        files.push(html::write(&page, &ready.tables, &mut self.shelf, archive)?);
        let documents = [
            ("information.json", information),
            ("schema.json", schema::schema(&ready.tables, self.scope)),
            ("third_party.json", self.third_party(&ready.listed)),
        ];
        for (name, document) in documents {
            files.push(whole(archive, name, &pretty(&document))?);
        }
        if let Some(consents) = cover.consents {
            files.push(whole(archive, "consents.json", &pretty(consents))?);
        }
        let verify =
            include_str!("VERIFY.txt").replace("@FINGERPRINT@", cover.fingerprint).replace("@SIGNER@", cover.signer);
        files.push(whole(archive, "VERIFY.txt", verify.as_bytes())?);
        let manifest = pretty(&self.manifest(cover, &files, &ready, &missing));
        let entry = whole(archive, "manifest.json", &manifest)?;
        let digest = entry.sha256;
        files.push(entry);
        let sums = sums(&files);
        for (name, content) in [("SHA256SUMS", sums.clone())].into_iter().chain(sign(&sums)?) {
            files.push(whole(archive, name, &content)?);
        }
        Ok(Written { files, rows: ready.rows, taken: ready.listed.total(), missing, manifest: Some(digest) })
    }

    /// One JSON document: `export/1`.
    ///
    /// # Errors
    /// As [`Export::package`].
    pub fn document(&mut self, cover: &Cover<'_>, archive: &mut dyn Archive) -> Result<Written, Fault> {
        let ready = self.prepare()?;
        let (information, missing) = information::information(&ready.tables, cover.controller);
        let mut out = FileOut::begin(archive, "export.json")?;
        let mut head = json!({
            "schema": "export/1",
            "request_id": cover.request,
            "created": cover.created.to_string(),
            "tool": cover.tool,
            "article": article(self.scope),
            "subject": subject(cover.subject),
            "restricted_since": cover.restricted,
            "signature": {
                "lies": "beside this document, under its name and .sig",
                "namespace": cover.signer,
                "key": cover.fingerprint,
                "check": format!("ssh-keygen -Y check-novalidate -n {} -s FILE.sig < FILE", cover.signer),
            },
            "gaps": self.gaps,
            "information": information,
            "third_party": self.third_party(&ready.listed),
        });
        if let Some(consents) = cover.consents {
            head["consents"] = consents.clone();
        }
        let head = head.to_string();
        out.text(head.strip_suffix('}').unwrap_or(&head))?;
        out.text(",\"data\":")?;
        self.data(&ready, &mut out)?;
        out.text("}\n")?;
        let file = out.end(Some(ready.rows))?;
        Ok(Written { files: vec![file], rows: ready.rows, taken: ready.listed.total(), missing, manifest: None })
    }

    /// What Fides writes: `{"dataset:collection": [rows]}`.
    ///
    /// # Errors
    /// As [`Export::package`].
    pub fn fides(&mut self, archive: &mut dyn Archive) -> Result<Written, Fault> {
        let ready = self.prepare()?;
        let file = self.data_json(&ready, archive)?;
        let taken = ready.listed.total();
        Ok(Written { files: vec![file], rows: ready.rows, taken, missing: Vec::new(), manifest: None })
    }

    /// Decides on every cell once, and lists what goes.
    fn prepare(&mut self) -> Result<Ready, Fault> {
        self.settle()?;
        let mut tables = std::mem::take(&mut self.tables);
        if self.scope == Scope::Portability {
            for table in &mut tables {
                table.rows.retain(|entry| !matches!(entry.role, Role::Other(_)));
            }
            tables.retain(|table| !table.rows.is_empty() && table.columns.iter().any(|column| column.is_portable));
        }
        let Export { own, others, scope, detect, met, shelf, .. } = self;
        let showing = Showing { own, others: *others, scope: *scope, detect: *detect, met };
        let mut listed = Listed::default();
        let mut rows = 0;
        for table in &mut tables {
            let mut entries = std::mem::take(&mut table.rows);
            let name = table.name();
            for (number, entry) in entries.iter_mut().enumerate() {
                let shown = showing.row(table, entry, shelf.cells(entry.place)?);
                for (column, shown) in table.columns.iter().zip(&shown) {
                    if let Some(taken) = shown.taken() {
                        listed.note(&name, &column.name, taken, number as u64 + 1);
                    }
                }
                let cells: Vec<_> = shown.iter().map(Shown::to_cell).collect();
                entry.place = shelf.put(&cells)?;
            }
            rows += entries.len() as u64;
            table.rows = entries;
        }
        Ok(Ready { tables, listed, rows })
    }

    /// The files that rows stand for.
    fn contents(
        &mut self,
        table: &mut Table,
        stem: &str,
        names: &mut Names,
        archive: &mut dyn Archive,
        files: &mut Vec<WrittenFile>,
    ) -> Result<(), Fault> {
        let name = table.name();
        for (number, entry) in table.rows.iter_mut().enumerate() {
            let Some(content) = &mut entry.content else { continue };
            content.path = names.file(stem, &content.name);
            let mut out = FileOut::begin(archive, &content.path)?;
            self.shelf.kept(content.bytes, &mut |piece| out.bytes(piece))?;
            let mut file = out.end(None)?;
            file.of_row = Some((name.clone(), number as u64 + 1));
            files.push(file);
        }
        Ok(())
    }

    fn data_json(&mut self, ready: &Ready, archive: &mut dyn Archive) -> Result<WrittenFile, Fault> {
        let mut out = FileOut::begin(archive, "data.json")?;
        self.data(ready, &mut out)?;
        out.text("\n")?;
        out.end(Some(ready.rows))
    }

    fn data(&mut self, ready: &Ready, out: &mut FileOut<'_>) -> Result<(), Fault> {
        out.text("{")?;
        for (at, table) in ready.tables.iter().enumerate() {
            let mut name = String::from(if at == 0 { "\n" } else { ",\n" });
            value::string(&mut name, &table.name());
            out.text(&name)?;
            out.text(": ")?;
            self.rows_of(table, out)?;
        }
        out.text("\n}")
    }

    fn rows_of(&mut self, table: &Table, out: &mut FileOut<'_>) -> Result<(), Fault> {
        out.text("[")?;
        let mut line = String::new();
        for (at, entry) in table.rows.iter().enumerate() {
            line.clear();
            line.push_str(if at == 0 { "\n{" } else { ",\n{" });
            let mut first = true;
            let cells = self.shelf.cells(entry.place)?.into_iter().map(Shown::of_cell);
            for (column, shown) in table.columns.iter().zip(cells) {
                let Some((kind, text)) = shown.written(column.kind) else { continue };
                if !std::mem::take(&mut first) {
                    line.push(',');
                }
                value::string(&mut line, &column.name);
                line.push(':');
                match text {
                    Some(text) => value::json(&mut line, kind, text),
                    None => line.push_str("null"),
                }
            }
            line.push('}');
            out.text(&line)?;
        }
        out.text("\n]")
    }

    fn table_json(&mut self, table: &Table, name: &str, archive: &mut dyn Archive) -> Result<WrittenFile, Fault> {
        let mut out = FileOut::begin(archive, name)?;
        self.rows_of(table, &mut out)?;
        out.text("\n")?;
        out.end(Some(table.rows.len() as u64))
    }

    fn table_csv(&mut self, table: &Table, name: &str, archive: &mut dyn Archive) -> Result<WrittenFile, Fault> {
        let mut out = FileOut::begin(archive, name)?;
        let scope = self.scope;
        let columns = table.columns.iter().filter(|column| scope == Scope::Access || column.is_portable);
        let mut line = String::new();
        let mut neutralised = csv::row(&mut line, columns.map(|column| (ColumnKind::Text, Some(column.name.as_str()))));
        for entry in &table.rows {
            let cells: Vec<Shown> = self.shelf.cells(entry.place)?.into_iter().map(Shown::of_cell).collect();
            let written = table.columns.iter().zip(&cells).filter_map(|(column, shown)| shown.written(column.kind));
            neutralised += csv::row(&mut line, written);
            out.text(&line)?;
            line.clear();
        }
        out.text(&line)?;
        let mut file = out.end(Some(table.rows.len() as u64))?;
        file.neutralised = neutralised;
        Ok(file)
    }

    /// `third-party/1`: what was taken out, where and why.
    fn third_party(&self, listed: &Listed) -> Value {
        let entries: Vec<Value> = listed
            .by_field
            .iter()
            .map(|((collection, field, taken), (count, rows))| {
                json!({
                    "collection": collection, "field": field, "reason": taken.word(), "text": taken.sentence(),
                    "count": count, "rows": rows,
                })
            })
            .collect();
        json!({
            "schema": "third-party/1",
            "law": "Regulation (EU) 2016/679, Article 15(4): a copy must not adversely affect the rights of others",
            "other_people": if self.others == Others::Keep { "kept" } else { "redacted" },
            "searched_text": self.searches(),
            "limits": if self.searches() { prose::LIMITS } else { &[] },
            "entries": entries,
        })
    }

    /// Whether free text was searched for other people.
    fn searches(&self) -> bool {
        self.detect.is_some() && self.others == Others::Redact
    }

    fn manifest(&self, cover: &Cover<'_>, files: &[WrittenFile], ready: &Ready, missing: &[String]) -> Value {
        let mut sorted: Vec<&WrittenFile> = files.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let file = |file: &&WrittenFile| {
            let mut entry = json!({"path": file.name, "size": file.size, "sha256": file.sha256.hex()});
            if let Some(rows) = file.rows {
                entry["rows"] = rows.into();
            }
            if let Some((collection, row)) = &file.of_row {
                entry["of_row"] = json!({"collection": collection, "row": row});
            } else if file.name.ends_with(".csv") {
                entry["neutralised_cells"] = file.neutralised.into();
            }
            entry
        };
        json!({
            "schema": "export-package/1",
            "request_id": cover.request,
            "created": cover.created.to_string(),
            "tool": cover.tool,
            "article": article(self.scope),
            "subject": subject(cover.subject),
            "restricted_since": cover.restricted,
            "rows": ready.rows,
            "collections": ready.tables.iter().map(|table| json!({"name": table.name(), "rows": table.rows.len()})).collect::<Vec<_>>(),
            "gaps": self.gaps,
            "missing_information": missing,
            "taken_out": ready.listed.total(),
            "files": sorted.iter().map(file).collect::<Vec<_>>(),
        })
    }
}

fn article(scope: Scope) -> &'static str {
    match scope {
        Scope::Access => "15",
        Scope::Portability => "20",
    }
}

fn subject(identities: &[Identity]) -> Value {
    identities.iter().map(|one| json!({"kind": one.kind(), "value": one.given()})).collect()
}

fn pretty(document: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_string_pretty(document).unwrap_or_default();
    bytes.push('\n');
    model::harmless_json(&bytes).into_owned().into_bytes()
}

fn whole(archive: &mut dyn Archive, name: &str, content: &[u8]) -> Result<WrittenFile, Fault> {
    let mut out = FileOut::begin(archive, name)?;
    let _ = out.write_all(content);
    out.end(None)
}

/// As `sha256sum` writes and checks it.
fn sums(files: &[WrittenFile]) -> Vec<u8> {
    let mut sorted: Vec<(&str, Digest)> = files.iter().map(|file| (file.name.as_str(), file.sha256)).collect();
    sorted.sort();
    sorted.iter().map(|(name, digest)| format!("{}  {name}\n", digest.hex())).collect::<String>().into_bytes()
}
