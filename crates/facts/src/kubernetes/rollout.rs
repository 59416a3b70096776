//! Canary and blue-green: how a new version takes over, step by step, and what can stop it.
//!
//! Source: Argo Rollouts v1.8, `Rollout.spec.strategy`; Flagger v1.42, `Canary.spec.analysis`.

use serde_json::{Value, json};
use yaml::Node;

use super::Object;
use crate::tree::{at, flag, integer, list, text};

/// How far a new version goes before it is everything, and what it must pass.
struct Rollout {
    way: &'static str,
    staged: bool,
    gated: bool,
}

/// The object as a rollout, if it is one.
pub(super) fn of(object: &Object<'_>) -> Option<Value> {
    let from = |group: &str| text(object.node, &["apiVersion"]).is_some_and(|version| version.starts_with(group));
    let rollout = match object.kind() {
        "Rollout" if from("argoproj.io/") => argo(object.node)?,
        "Canary" if from("flagger.app/") => flagger(object.node),
        _ => return None,
    };
    Some(json!({
        "name": format!("{}/{}", object.kind(), object.name()),
        "way": rollout.way,
        "staged": rollout.staged,
        "gated": rollout.gated,
        "place": object.place(object.node),
    }))
}

fn argo(node: &Node) -> Option<Rollout> {
    if let Some(canary) = at(node, &["spec", "strategy", "canary"]) {
        let steps = list(canary, &["steps"]);
        let partial = |step: &Node| integer(step, &["setWeight"]).is_some_and(|weight| weight < 100);
        // A pause without an end waits for a person.
        let waits = |step: &Node| step.entry("pause").is_some() && text(step, &["pause", "duration"]).is_none();
        let measures = |step: &Node| at(step, &["analysis"]).or(at(step, &["experiment"])).is_some();
        return Some(Rollout {
            way: "canary",
            staged: steps.iter().any(|step| partial(step) || at(step, &["setCanaryScale"]).is_some()),
            gated: at(canary, &["analysis"]).is_some() || steps.iter().any(|step| waits(step) || measures(step)),
        });
    }
    let blue_green = at(node, &["spec", "strategy", "blueGreen"])?;
    let (active, preview) = (text(blue_green, &["activeService"]), text(blue_green, &["previewService"]));
    Some(Rollout {
        way: "blue-green",
        staged: active.is_some() && preview.is_some() && active != preview,
        gated: at(blue_green, &["prePromotionAnalysis"]).is_some()
            || flag(blue_green, &["autoPromotionEnabled"]) == Some(false),
    })
}

fn flagger(node: &Node) -> Rollout {
    // `canaryAnalysis` was its name before v1.0.
    let analysis = at(node, &["spec", "analysis"]).or(at(node, &["spec", "canaryAnalysis"]));
    let has = |key: &str| analysis.is_some_and(|analysis| at(analysis, &[key]).is_some());
    let all = |key: &str| analysis.map(|analysis| list(analysis, &[key])).unwrap_or_default();
    let confirms = all("webhooks").iter().any(|hook| text(hook, &["type"]) == Some("confirm-promotion"));
    let weighted = has("stepWeight") || has("stepWeights");
    Rollout {
        way: if weighted { "canary" } else { "blue-green" },
        staged: weighted || has("iterations"),
        gated: !all("metrics").is_empty() && has("threshold") || confirms,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{File, Kind, read};

    #[test]
    fn rollouts_are_staged_and_gated() {
        let check = |kind: &str, spec: &str, staged: bool, gated: bool| {
            let text = format!("{kind}\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n");
            let read = read(Kind::Kubernetes, &[File { name: "a.yaml", text: &text }]);
            let one: &Value = &read.value["rollouts"][0];
            assert_eq!((&one["staged"], &one["gated"]), (&json!(staged), &json!(gated)), "{spec}");
        };
        let argo = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout";
        check(argo, "{strategy: {canary: {}}}", false, false);
        check(argo, "{strategy: {canary: {steps: [{setWeight: 20}, {pause: {duration: 1h}}]}}}", true, false);
        check(argo, "{strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}}", true, true);
        check(argo, "{strategy: {canary: {analysis: {templates: []}, steps: [{setWeight: 100}]}}}", false, true);
        check(argo, "{strategy: {blueGreen: {activeService: a, previewService: a}}}", false, false);
        check(
            argo,
            "{strategy: {blueGreen: {activeService: a, previewService: b, autoPromotionEnabled: false}}}",
            true,
            true,
        );
        let flagger = "apiVersion: flagger.app/v1beta1\nkind: Canary";
        check(flagger, "{}", false, false);
        check(flagger, "{analysis: {stepWeight: 10, threshold: 5, metrics: [{name: latency}]}}", true, true);
        check(flagger, "{analysis: {iterations: 10, threshold: 5}}", true, false);
    }
}
