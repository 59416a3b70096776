//! Controls of frameworks as taxonomies (SARIF 2.1.0 §3.14.8, §3.19.3): every control is a taxon, a rule is related to those
//! it gives evidence for, and each of its results names them (§3.27.8).
//!
//! A control is never a `pass`: what is left to a person is a result of the kind `review` (§3.27.9).

use serde_json::{Value, json};

use crate::control::Coverage;

/// The frameworks of a judgement, and their controls.
pub(super) struct Taxonomies<'j> {
    all: Vec<&'j [Coverage]>,
    /// Each control, with a reference to its taxon.
    taxa: Vec<(&'j Coverage, Value)>,
}

impl<'j> Taxonomies<'j> {
    pub(super) fn of(controls: &'j [Coverage]) -> Self {
        let all: Vec<&[Coverage]> = controls.chunk_by(|a, b| framework(a) == framework(b)).collect();
        let taxa = all.iter().enumerate().flat_map(|(component, controls)| {
            controls.iter().enumerate().map(move |(index, one)| (one, reference(one, component, index)))
        });
        Self { taxa: taxa.collect(), all }
    }

    /// `run.taxonomies`.
    pub(super) fn components(&self) -> Vec<Value> {
        let component = |controls: &&[Coverage]| {
            json!({
                "name": framework(&controls[0]),
                "shortDescription": {"text": "Controls, in words of our own, and how far rules see them."},
                "isComprehensive": true,
                "taxa": controls.iter().map(taxon).collect::<Vec<_>>(),
            })
        };
        self.all.iter().map(component).collect()
    }

    /// `tool.driver.supportedTaxonomies`.
    pub(super) fn supported(&self) -> Vec<Value> {
        self.all.iter().enumerate().map(|(index, controls)| component(&controls[0], index)).collect()
    }

    /// The controls that a rule gives evidence for, as references to taxa.
    pub(super) fn of_rule(&self, rule: &str) -> Vec<Value> {
        let is_evidence = |one: &Coverage| one.evidence.iter().any(|(name, _)| name == rule);
        self.taxa.iter().filter(|(one, _)| is_evidence(one)).map(|(_, taxon)| taxon.clone()).collect()
    }

    /// What a person must look at: one result for each control.
    pub(super) fn reviews(&self) -> impl Iterator<Item = Value> {
        self.taxa.iter().map(|(one, taxon)| {
            let text = format!("{}: {}; {}", one.control.article, one.sight.word(), one.person());
            json!({
                "ruleId": format!("{}.{}", one.pack, one.control.id),
                "kind": "review",
                "level": "none",
                "message": {"text": text},
                "taxa": [taxon],
            })
        })
    }
}

fn reference(one: &Coverage, at: usize, index: usize) -> Value {
    json!({"id": one.control.id, "index": index, "toolComponent": component(one, at)})
}

fn component(one: &Coverage, index: usize) -> Value {
    json!({"name": framework(one), "index": index})
}

fn framework(one: &Coverage) -> &str {
    &one.control.framework
}

fn taxon(one: &Coverage) -> Value {
    json!({
        "id": one.control.id,
        "shortDescription": {"text": one.control.title},
        "help": {"text": one.person()},
        "properties": {"seen": one.sight.word(), "rules": one.rules()},
    })
}
