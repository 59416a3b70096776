//! Evaluations.

use super::{Xml, judgement};
use crate::wire::{ObjectiveWire, RecordedWire};

pub(super) fn write_evaluation(xml: &mut Xml, evaluation: &RecordedWire) {
    let size = evaluation.size.to_string();
    xml.start(
        "evaluation",
        &[
            ("file", Some(&evaluation.file)),
            ("size", Some(&size)),
            ("sha256", Some(&evaluation.sha256)),
            ("recorded", Some(&evaluation.recorded)),
            ("at", Some(&evaluation.at)),
            ("verdict", Some(&evaluation.verdict)),
        ],
    );
    xml.text("recordedBy", &evaluation.recorded_by);
    if let Some(store) = &evaluation.store {
        let version = store.version.to_string();
        xml.empty("store", &[("version", Some(&version)), ("head", Some(&store.head))]);
    }
    evaluation.objectives.iter().for_each(|objective| write_objective(xml, objective));
    for warning in &evaluation.warnings {
        xml.start("warning", &[("code", Some(&warning.code))]);
        xml.text("message", &warning.message);
        xml.maybe("place", warning.place.as_deref());
        xml.end();
    }
    if let Some(judged) = &evaluation.judgement {
        judgement::write_judgement(xml, judged);
    }
    xml.end();
}

fn write_objective(xml: &mut Xml, objective: &ObjectiveWire) {
    let number = |n: &Option<u64>| n.map(|n| n.to_string());
    let (good, total) = (objective.good.to_string(), objective.total.to_string());
    let (needed, bad) = (number(&objective.needed), number(&objective.bad));
    xml.start(
        "objective",
        &[
            ("rule", Some(&objective.rule)),
            ("objective", Some(&objective.objective)),
            ("service", objective.service.as_deref()),
            ("pack", objective.pack.as_deref()),
            ("severity", objective.severity.as_deref()),
            ("verdict", Some(&objective.verdict)),
            ("target", Some(&objective.target)),
            ("good", Some(&good)),
            ("total", Some(&total)),
            ("needed", needed.as_deref()),
            ("bad", bad.as_deref()),
            ("ratio", objective.ratio.as_deref()),
            ("burnRate", objective.burn_rate.as_deref()),
            ("first", objective.first.as_deref()),
            ("last", objective.last.as_deref()),
        ],
    );
    xml.maybe("title", objective.title.as_deref());
    let window = &objective.window;
    let bounds = [("from", Some(window.from.as_str())), ("to", Some(&window.to)), ("length", window.length.as_deref())];
    xml.empty("window", &bounds);
    if let Some(budget) = &objective.budget {
        let parts = [
            ("allowed", Some(budget.allowed.as_str())),
            ("spent", Some(&budget.spent)),
            ("remaining", Some(&budget.remaining)),
        ];
        xml.empty("budget", &parts);
    }
    xml.maybe("condition", objective.condition.as_deref());
    xml.maybe("source", objective.source.as_deref());
    for shown in &objective.shown {
        let value =
            [("name", Some(shown.name.as_str())), ("value", Some(&shown.value)), ("unit", shown.unit.as_deref())];
        xml.start("shown", &value);
        xml.maybe("definition", shown.definition.as_deref());
        xml.end();
    }
    xml.text("reason", &objective.reason);
    xml.end();
}
