//! Feature flags as flagd reads them: flag files, and OpenFeature's `FeatureFlag` and ConfigMaps that hold them.
//!
//! Source: flagd.dev «Flag definitions» (`https://flagd.dev/schema/v0/flags.json`); OpenFeature Operator `FeatureFlag`
//! v1beta1. flagd knows no end of a flag; it is taken from the flag's `metadata`, which is free: `expires`, `expiry`,
//! `expiresAt`, `expiryDate` or `sunset`, a date or a time.

use serde_json::{Value, json};
use yaml::Node;

use crate::tree::{Document, at, ends, entries, mentions, open, place, text, time};
use crate::{File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let has = |key| mentions(file.text, key);
    ends(file, &[".json", ".yaml", ".yml"]) && has("flags") && has("variants")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (documents, mut gaps) = open(files);
    let mut flags = Vec::new();
    for document in &documents {
        flags.extend(all(document, &document.node).map(|flag| flag.value()));
        for (embedded, name, node) in config_map(document) {
            match yaml::read(embedded, &yaml::Limits::default()) {
                // Lines within a text of a ConfigMap are not lines of the file: the text itself is the place.
                Ok(nodes) => {
                    let place = place(document.file, node);
                    flags.extend(
                        nodes
                            .iter()
                            .flat_map(|root| all(document, root).map(|flag| flag.value_at(&place)).collect::<Vec<_>>()),
                    );
                }
                Err(fault) => {
                    let why = format!("{name} of the ConfigMap: {}", fault.message());
                    gaps.push(Gap::at(place(document.file, node), why, fault.advice().unwrap_or("Mend it.")));
                }
            }
        }
    }
    Read { value: json!({"flags": flags}), gaps }
}

/// Texts of a ConfigMap that are flag files.
fn config_map<'n>(document: &'n Document<'_>) -> impl Iterator<Item = (&'n str, &'n str, &'n Node)> {
    let is_map = text(&document.node, &["kind"]) == Some("ConfigMap");
    let data = if is_map { entries(&document.node, &["data"]) } else { &[] };
    data.iter()
        .filter_map(|(key, node)| Some((node.scalar()?, key.text.as_str(), node)))
        .filter(|(text, _, _)| mentions(text, "flags") && mentions(text, "variants"))
}

/// A flag where it stands.
struct Flag<'n> {
    file: &'n str,
    name: &'n str,
    node: &'n Node,
}

/// The flags of a flag file, or of a `FeatureFlag`.
fn all<'n>(document: &'n Document<'_>, root: &'n Node) -> impl Iterator<Item = Flag<'n>> {
    let lists: [&[&str]; 3] = [&["flags"], &["spec", "flagSpec", "flags"], &["spec", "featureFlagSpec", "flags"]];
    lists
        .into_iter()
        .flat_map(|path| entries(root, path))
        .filter(|(_, node)| at(node, &["variants"]).is_some())
        .map(|(key, node)| Flag { file: document.file, name: &key.text, node })
}

const ENDS: [&str; 5] = ["expires", "expiry", "expiresAt", "expiryDate", "sunset"];

impl Flag<'_> {
    fn value(&self) -> Value {
        self.value_at(&place(self.file, self.node))
    }

    fn value_at(&self, place: &str) -> Value {
        let variants: Vec<&str> = entries(self.node, &["variants"]).iter().map(|(key, _)| key.text.as_str()).collect();
        let default = text(self.node, &["defaultVariant"]);
        let said = ENDS.iter().find_map(|key| text(self.node, &["metadata", key]));
        let end = ENDS.iter().find_map(|key| time(self.node, &["metadata", key]));
        json!({
            "name": self.name,
            "enabled": text(self.node, &["state"]) != Some("DISABLED"),
            "variants": variants,
            "default_variant": default,
            "default_exists": default.is_some_and(|default| variants.contains(&default)),
            "has_end": said.is_some(),
            "expires": end.map(|end| end.to_string()),
            "place": place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, text: &str) -> Read {
        let file = File { name, text };
        assert!(recognise(file));
        read(&[file])
    }

    #[test]
    fn flags_are_read_wherever_they_stand() {
        let flag =
            "{state: ENABLED, variants: {on: true, off: false}, defaultVariant: off, metadata: {expires: 2026-12-01}}";
        let file = format!("flags: {{new: {flag}}}");
        let resource = format!(
            "apiVersion: core.openfeature.dev/v1beta1\nkind: FeatureFlag\nspec: {{flagSpec: {{flags: {{new: {flag}}}}}}}"
        );
        let config = format!("kind: ConfigMap\ndata:\n  flags.json: |\n    flags: {{new: {flag}}}\n");
        for (text, place) in [(file, "a.yaml:1:14"), (resource, "a.yaml:3:32"), (config, "a.yaml:4:5")] {
            let read = told("a.yaml", &text);
            assert_eq!(read.gaps, []);
            let one = &read.value["flags"][0];
            assert_eq!(
                (&one["name"], &one["default_exists"], &one["place"]),
                (&json!("new"), &json!(true), &json!(place))
            );
            assert_eq!((&one["expires"], &one["enabled"]), (&json!("2026-12-01T00:00:00Z"), &json!(true)));
        }
    }

    #[test]
    fn a_default_that_is_no_variant_does_not_exist() {
        let check = |default: &str, expect: bool| {
            let text =
                format!("{{\"flags\": {{\"a\": {{\"variants\": {{\"on\": 1}}, \"defaultVariant\": {default}}}}}}}");
            assert_eq!(told("f.json", &text).value["flags"][0]["default_exists"], expect, "{default}");
        };
        check("\"on\"", true);
        check("\"off\"", false);
        check("null", false);
    }

    #[test]
    fn an_end_that_is_no_time_is_there_and_not_known() {
        let read = told("f.yaml", "flags: {a: {variants: {on: 1}, defaultVariant: on, metadata: {expiry: soon}}}");
        assert_eq!(
            (&read.value["flags"][0]["has_end"], &read.value["flags"][0]["expires"]),
            (&json!(true), &json!(null))
        );
    }
}
