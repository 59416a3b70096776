//! What a package says, as one value: `data/case.json`. The XML and the report are made from it and from nothing else, so
//! they cannot say anything different.

use std::collections::{BTreeMap, BTreeSet};

use model::{Fault, Verdict};
use seal::x509::Certificate;

use crate::case::{Case, Evaluated, Exhibit, Recorded, exhibit_of, read_evaluation};
use crate::contents::Contents;
use crate::custody::{Chain, Countersigned, Deed, Entry, Status};
use crate::package::Build;
use crate::wire::{
    ActWire, CertificateWire, CustodyLine, CustodyWire, DocumentWire, ExhibitWire, HistoryWire, LedgerWire,
    ReasonedWire, RecordedWire, ToolWire,
};
use crate::{json, reasoning, xml};

/// What a package says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) wire: DocumentWire,
}

impl Document {
    /// The document of a case and of what its files say. `signer` is the fingerprint of the key that seals, beside those whose
    /// certificates sign as well.
    pub(crate) fn compose(
        case: &Case,
        build: &Build,
        (signer, certificates): (&str, &[Certificate]),
        contents: &Contents,
    ) -> Result<Document, Fault> {
        let recorded = contents.evaluations.iter().map(|(at, bytes)| recorded(at, bytes));
        let recorded = recorded.collect::<Result<Vec<_>, _>>()?;
        let reasoning = contents.reasoning.iter().map(|(at, bytes)| reasoned(at, bytes)).collect::<Result<_, _>>()?;
        let words = recorded.iter().map(|evaluation| verdict(&evaluation.verdict)).collect::<Vec<_>>();
        let verdict = (!words.is_empty()).then(|| Verdict::of_all(words).word().to_owned());
        Ok(Document {
            wire: DocumentWire {
                schema: "case/2".to_owned(),
                id: case.id().to_owned(),
                title: case.title().to_owned(),
                opened: case.opened().to_string(),
                opened_by: case.opened_by().to_owned(),
                marking: build.marking.clone(),
                watermark: build.watermark.clone(),
                created: build.created.to_string(),
                tool: ToolWire { name: build.tool.name.clone(), version: build.tool.version.clone() },
                signer: signer.to_owned(),
                certificates: certificates.iter().map(certificate).collect(),
                verdict,
                evaluations: recorded,
                exhibits: case.exhibits().iter().map(exhibit).collect(),
                redactions: contents.redactions.clone(),
                reasoning,
                custody: custody(case.custody(), case.id()),
                ledger: build.ledger.as_ref().map(|anchor| LedgerWire {
                    origin: anchor.origin.clone(),
                    size: anchor.size,
                    root: anchor.root.hex(),
                    proof: anchor.proof_text.clone(),
                    acts: anchor.proofs.iter().map(|proof| proof.line).collect(),
                }),
            },
        })
    }

    /// `data/case.json`.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, Fault> {
        json::to_pretty(&self.wire)
    }

    /// `data/case.xml`.
    pub(crate) fn to_xml(&self) -> Vec<u8> {
        xml::write(&self.wire)
    }

    /// Reads `data/case.json`; the error is a sentence.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Document, String> {
        let wire: DocumentWire = json::read(bytes)?;
        match wire.schema.as_str() {
            "case/2" => Ok(Document { wire }),
            other => Err(format!("its schema is {}", crate::names::quote(other))),
        }
    }
}

/// A certificate as the document says it.
fn certificate(certificate: &Certificate) -> CertificateWire {
    CertificateWire { subject: certificate.subject(), issuer: certificate.issuer(), sha256: certificate.sha256().hex() }
}

/// An evaluation as the document says it.
pub(crate) fn recorded(at: &Recorded, bytes: &[u8]) -> Result<RecordedWire, Fault> {
    let evaluation = read_evaluation(bytes).map_err(|why| {
        Fault::bad_input("bad-evaluation", format!("{} is not the outcome of an evaluation: {why}", at.file))
            .advise("Restore the file from a backup; its digest is in the custody log.")
    })?;
    let mut wire = RecordedWire {
        file: format!("data/{}", at.file),
        size: at.size,
        sha256: at.sha256.hex(),
        recorded: at.time.to_string(),
        recorded_by: at.by.clone(),
        at: String::new(),
        store: None,
        verdict: String::new(),
        objectives: Vec::new(),
        warnings: Vec::new(),
        judgement: None,
    };
    match evaluation {
        Evaluated::Objectives(file) => {
            (wire.at, wire.verdict, wire.store) = (file.at, file.verdict, file.store);
            (wire.objectives, wire.warnings) = (file.objectives, file.warnings);
        }
        Evaluated::Rules(judgement) => {
            (wire.at, wire.verdict) = (judgement.at.clone(), judgement.verdict.clone());
            wire.judgement = Some(judgement);
        }
    }
    Ok(wire)
}

/// An AI-reasoning record as the document says it.
pub(crate) fn reasoned(at: &Recorded, bytes: &[u8]) -> Result<ReasonedWire, Fault> {
    reasoning::document(at, bytes).map_err(|why| {
        Fault::bad_input("bad-reasoning", format!("{} is not the record of what a model said: {why}", at.file))
            .advise("Restore the file from a backup; its digest is in the custody log.")
    })
}

/// An exhibit as the document says it.
pub(crate) fn exhibit(exhibit: &Exhibit) -> ExhibitWire {
    ExhibitWire {
        id: exhibit.id.clone(),
        status: exhibit.status.map(Status::word).map(str::to_owned),
        parent: exhibit.parent.clone(),
        derivation: exhibit.derivation.clone(),
        file: format!("data/{}", exhibit.file),
        original_name: exhibit.original_name.clone(),
        original_path: exhibit.original_path.clone(),
        source: exhibit.source.clone(),
        modified: exhibit.modified.map(|modified| modified.to_string()),
        period: exhibit.period.clone(),
        description: exhibit.description.clone(),
        size: exhibit.size,
        sha256: exhibit.sha256.hex(),
        collected: exhibit.collected.to_string(),
        collected_by: exhibit.collected_by.clone(),
    }
}

/// The custody log of a case as the document says it.
pub(crate) fn custody(chain: &Chain, case: &str) -> CustodyWire {
    let act = |entry: &Entry| ActWire {
        seq: entry.seq,
        hash_match: entry.hash_match(),
        countersigned: match entry.countersigned(case) {
            Some(Countersigned::By(fingerprint)) => Some(fingerprint),
            _ => None,
        },
    };
    // One pass over the log, not one for each exhibit: a case can have many thousands of both.
    let mut of: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &chain.entries {
        let both: BTreeSet<&str> = [&entry.exhibit, &entry.parent].into_iter().flatten().map(String::as_str).collect();
        both.into_iter().for_each(|id| of.entry(id).or_default().push(entry));
    }
    let history = |exhibit: Exhibit| {
        let acts = of.get(exhibit.id.as_str()).map_or(&[][..], Vec::as_slice);
        let own = acts.iter().filter(|entry| entry.exhibit.as_ref() == Some(&exhibit.id));
        let holder = own.filter(|entry| entry.changes_holder()).filter_map(|entry| entry.to.clone()).next_back();
        HistoryWire {
            holder: holder.unwrap_or(exhibit.collected_by),
            transfers: acts.iter().filter(|entry| entry.deed == Deed::Transferred).count() as u64,
            acts: acts.iter().map(|entry| act(entry)).collect(),
            exhibit: exhibit.id,
        }
    };
    CustodyWire {
        entries: chain.entries.len() as u64,
        head: chain.head.hex(),
        exhibits: chain.entries.iter().filter_map(exhibit_of).map(history).collect(),
        case: chain.entries.iter().filter(|entry| entry.exhibit.is_none()).map(act).collect(),
        log: chain.entries.iter().map(CustodyLine::from).collect(),
    }
}

/// The verdict behind a word; `read_evaluation` let no other word pass.
pub(crate) fn verdict(word: &str) -> Verdict {
    [Verdict::Met, Verdict::Broken].into_iter().find(|verdict| verdict.word() == word).unwrap_or(Verdict::NoData)
}
