//! `data/provenance.jsonld`: exhibits and custody in the words of CASE 1.5.0 and UCO, for tools of forensic laboratories.
//!
//! It is made from the document and from nothing else, as canonical JSON (RFC 8785) with a line feed at its end. Every node
//! has a name that follows from what it is, so that same case, same bytes: the UUID of version 5 (RFC 9562 §5.5; UCO knows
//! no version 8) of `urn:probity:case:<digest of the first custody line>:<kind>:<key>` as a URL. SHA-1 makes names there; it
//! protects nothing.
//!
//! | of the case | is in CASE |
//! |---|---|
//! | case | `investigation:Investigation` |
//! | exhibit | `investigation:ProvenanceRecord` with its number, around an `observable:File` with size, times and digest |
//! | custody entry | `investigation:InvestigativeAction`, informed by the one before |
//! | person | `identity:Identity`: whether a name is that of a person, an office or a machine was not recorded |
//! | program, AI model | `tool:Tool` |
//! | copy of, derived from | `observable:ObservableRelationship` |

use std::collections::{BTreeMap, BTreeSet};

use model::Fault;
use serde_json::{Value, json};

use crate::custody::{Deed, Status};
use crate::document::Document;
use crate::wire::{CustodyLine, DocumentWire, ExhibitWire, ReasonedWire};

/// The bytes of the file.
///
/// # Errors
/// None that an input can cause.
pub(crate) fn write(document: &Document) -> Result<Vec<u8>, Fault> {
    let wire = &document.wire;
    // The second line quotes the digest of the first.
    let first = wire.custody.log.get(1).map_or(wire.custody.head.as_str(), |line| line.prev.as_str());
    let graph = Graph { wire, first };
    // One node after the other: of thousands of exhibits no second tree is made. `@context` sorts before `@graph`.
    let mut bytes = br#"{"@context":"#.to_vec();
    bytes.extend(seal::canonical::to_bytes(&graph.context())?);
    bytes.extend(br#","@graph":["#);
    for (at, node) in graph.nodes().enumerate() {
        bytes.extend(if at > 0 { &b","[..] } else { b"" });
        bytes.extend(seal::canonical::to_bytes(&node)?);
    }
    bytes.extend(b"]}\n");
    Ok(bytes)
}

struct Graph<'w> {
    wire: &'w DocumentWire,
    /// Digest of the first custody line: case ids are the same in many houses, this is not.
    first: &'w str,
}

impl Graph<'_> {
    fn context(&self) -> Value {
        let uco = |name: &str| format!("https://ontology.unifiedcyberontology.org/uco/{name}/");
        json!({
            "kb": format!("urn:probity:case:{}/", self.wire.id),
            "investigation": "https://ontology.caseontology.org/case/investigation/",
            "core": uco("core"), "action": uco("action"), "identity": uco("identity"), "observable": uco("observable"),
            "tool": uco("tool"), "types": uco("types"), "xsd": "http://www.w3.org/2001/XMLSchema#",
        })
    }

    fn nodes(&self) -> impl Iterator<Item = Value> {
        let (log, exhibits) = (&self.wire.custody.log, &self.wire.exhibits);
        let person = |name| json!({"@id": self.id("identity", name), "@type": "identity:Identity", "core:name": name});
        std::iter::once(self.investigation())
            .chain(log.iter().map(|line| self.action(line)))
            .chain(exhibits.iter().flat_map(|exhibit| self.exhibit(exhibit)))
            .chain(log.iter().filter(|line| is_record(line)).map(|line| self.record(line)))
            .chain(exhibits.iter().filter_map(|exhibit| self.relationship(exhibit)))
            .chain(self.people().into_iter().map(person))
            .chain(self.tools())
    }

    /// `kb:<kind>-<uuid>`.
    fn id(&self, kind: &str, key: &str) -> String {
        let name = format!("urn:probity:case:{}:{kind}:{key}", self.first);
        format!("kb:{kind}-{}", seal::uuid(&name))
    }

    fn to(&self, kind: &str, key: &str) -> Value {
        json!({"@id": self.id(kind, key)})
    }

    fn investigation(&self) -> Value {
        let actions = self.wire.custody.log.iter().map(|line| self.to("action", &line.seq.to_string()));
        let records = self.wire.exhibits.iter().map(|exhibit| self.to("provenance", &exhibit.id));
        json!({
            "@id": self.id("investigation", ""), "@type": "investigation:Investigation", "core:name": self.wire.title,
            "core:object": actions.chain(records).collect::<Vec<_>>(),
        })
    }

    fn action(&self, line: &CustodyLine) -> Value {
        let mut node = json!({
            "@id": self.id("action", &line.seq.to_string()), "@type": "investigation:InvestigativeAction",
            "core:name": line.act, "core:description": said(line),
            "action:startTime": time(&line.time), "action:endTime": time(&line.time),
            "action:performer": self.to("identity", &line.by),
        });
        let others: BTreeSet<&String> = [&line.from, &line.to, &line.recorded_by].into_iter().flatten().collect();
        let others = others.into_iter().filter(|name| **name != line.by).map(|name| self.to("identity", name));
        let (objects, results) = self.objects(line);
        let members = [
            ("action:participant", others.collect()),
            ("action:object", objects),
            ("action:result", results),
            ("action:instrument", self.instruments(line)),
        ];
        for (name, values) in members.into_iter().filter(|(_, values): &(_, Vec<Value>)| !values.is_empty()) {
            node[name] = Value::Array(values);
        }
        if line.seq > 1 {
            node["investigation:wasInformedBy"] = self.to("action", &(line.seq - 1).to_string());
        }
        node
    }

    /// What an act was done to, and what came of it.
    fn objects(&self, line: &CustodyLine) -> (Vec<Value>, Vec<Value>) {
        let file = |id: &String| self.to("file", id);
        if line.act == Deed::Collected.word() {
            let new = line.exhibit.as_ref().map(|id| vec![file(id), self.to("provenance", id)]).unwrap_or_default();
            // What was found is the object of its collection; what was made comes from something else.
            let from = line.parent.as_ref().or(line.exhibit.as_ref());
            return (from.map(file).into_iter().collect(), new);
        }
        let made = line.file.as_ref().filter(|_| is_record(line)).map(file);
        let inputs = self.reasoned(line).map(|record| record.inputs.iter().filter_map(|input| input.exhibit.as_ref()));
        let objects = line.exhibit.iter().chain(inputs.into_iter().flatten()).map(file).collect();
        (objects, made.into_iter().collect())
    }

    fn reasoned(&self, line: &CustodyLine) -> Option<&ReasonedWire> {
        let file = line.file.as_ref().filter(|_| line.act == Deed::Reasoned.word())?;
        self.wire.reasoning.iter().find(|record| record.file.strip_prefix("data/") == Some(file))
    }

    fn instruments(&self, line: &CustodyLine) -> Vec<Value> {
        self.reasoned(line).map(|record| self.to("tool", &model_key(record))).into_iter().collect()
    }

    fn exhibit(&self, exhibit: &ExhibitWire) -> [Value; 2] {
        let status = exhibit.status.as_deref().unwrap_or("status not recorded");
        let record = json!({
            "@id": self.id("provenance", &exhibit.id), "@type": "investigation:ProvenanceRecord",
            "investigation:exhibitNumber": exhibit.id, "core:description": format!("{status}. {}", exhibit.description).trim(),
            "core:object": [self.to("file", &exhibit.id)],
        });
        let mut facet = json!({"observable:fileName": exhibit.original_name});
        if let Some(path) = &exhibit.original_path {
            facet["observable:filePath"] = json!(path);
        }
        if let Some(modified) = &exhibit.modified {
            facet["observable:modifiedTime"] = time(modified);
        }
        [record, self.file(&exhibit.id, exhibit.size, &exhibit.sha256, facet)]
    }

    /// An evaluation or an AI-reasoning record.
    fn record(&self, line: &CustodyLine) -> Value {
        let file = line.file.as_deref().unwrap_or_default();
        let facet =
            json!({"observable:fileName": file.rsplit('/').next().unwrap_or(file), "observable:filePath": file});
        self.file(file, line.size.unwrap_or(0), line.sha256_after.as_deref().unwrap_or_default(), facet)
    }

    fn file(&self, key: &str, size: u64, sha256: &str, mut facet: Value) -> Value {
        facet["@id"] = json!(self.id("file-facet", key));
        facet["@type"] = json!("observable:FileFacet");
        facet["observable:sizeInBytes"] = json!({"@type": "xsd:integer", "@value": size.to_string()});
        // A plain string: the typed form draws a warning since UCO 1.4.
        let hash = json!({
            "@id": self.id("hash", key), "@type": "types:Hash", "types:hashMethod": "SHA256",
            "types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256.to_uppercase()},
        });
        let content = json!({
            "@id": self.id("content-facet", key), "@type": "observable:ContentDataFacet", "observable:hash": [hash],
        });
        json!({"@id": self.id("file", key), "@type": "observable:File", "core:hasFacet": [facet, content]})
    }

    fn relationship(&self, exhibit: &ExhibitWire) -> Option<Value> {
        let kind = match Status::parse(exhibit.status.as_deref()?)? {
            Status::Original => return None,
            Status::VerifiedCopy => "Copied_From",
            Status::Derived => "Derived_From",
        };
        let mut node = json!({
            "@id": self.id("relationship", &exhibit.id), "@type": "observable:ObservableRelationship",
            "core:source": self.to("file", &exhibit.id), "core:target": self.to("file", exhibit.parent.as_deref()?),
            "core:kindOfRelationship": kind, "core:isDirectional": true,
        });
        if let Some(how) = &exhibit.derivation {
            node["core:description"] = json!(how);
        }
        Some(node)
    }

    fn people(&self) -> BTreeSet<&str> {
        let of = self.wire.custody.log.iter();
        of.flat_map(|line| [Some(&line.by), line.from.as_ref(), line.to.as_ref(), line.recorded_by.as_ref()])
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// The program that wrote the package, and the models that were asked.
    fn tools(&self) -> Vec<Value> {
        let mut tools = BTreeMap::new();
        let own = &self.wire.tool;
        tools.insert(format!("{}\0{}", own.name, own.version), (own.name.as_str(), Some(own.version.as_str()), None));
        for record in &self.wire.reasoning {
            let about = record.model.sha256.as_ref().map(|digest| format!("AI model, SHA-256 {digest}"));
            let about = about.unwrap_or_else(|| "AI model; its digest was not recorded".to_owned());
            tools.insert(model_key(record), (record.model.name.as_str(), record.model.version.as_deref(), Some(about)));
        }
        let node = |(key, (name, version, about)): (String, (&str, Option<&str>, Option<String>))| {
            let mut node = json!({"@id": self.id("tool", &key), "@type": "tool:Tool", "core:name": name});
            if let Some(version) = version {
                node["tool:version"] = json!(version);
            }
            if let Some(about) = about {
                node["core:description"] = json!(about);
            }
            node
        };
        tools.into_iter().map(node).collect()
    }
}

fn model_key(record: &ReasonedWire) -> String {
    let model = &record.model;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}\0{}\0{}\0{}", model.name, text(&model.version), text(&model.sha256), text(&model.provider))
}

/// Whether a line records a file that is no exhibit.
fn is_record(line: &CustodyLine) -> bool {
    line.file.is_some() && [Deed::Evaluated, Deed::Reasoned].iter().any(|deed| deed.word() == line.act)
}

/// What CASE has no words for: why, by what authority, under which seal, and the digests before and after.
fn said(line: &CustodyLine) -> String {
    let members = [
        ("note", &line.note),
        ("role", &line.role),
        ("recorded by", &line.recorded_by),
        ("from", &line.from),
        ("to", &line.to),
        ("authority", &line.authority),
        ("seal", &line.seal),
        ("storage", &line.storage),
        ("derivation", &line.derivation),
        ("source", &line.source),
        ("period", &line.period),
        ("SHA-256 before", &line.sha256_before),
        ("SHA-256 after", &line.sha256_after),
    ];
    let mut said = vec![line.purpose.clone()];
    let there = members.into_iter().filter(|(_, value)| value.as_ref().is_some_and(|value| !value.trim().is_empty()));
    said.extend(there.filter_map(|(name, value)| Some(format!("{name}: {}", value.as_ref()?))));
    if line.act == Deed::Transferred.word() {
        let signed = if line.countersignature.is_some() { "with a countersignature" } else { "not countersigned" };
        said.push(signed.to_owned());
    }
    if line.act == Deed::Reasoned.word() {
        said.push("the output of an AI model is no fact".to_owned());
    }
    said.join("; ")
}

fn time(text: &str) -> Value {
    json!({"@type": "xsd:dateTime", "@value": text})
}
