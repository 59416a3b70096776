//! What redaction logs and AI-reasoning records say.

use super::Xml;
use crate::wire::{ReasonedWire, RedactionsWire};

pub(super) fn write_redactions(xml: &mut Xml, redactions: &RedactionsWire) {
    let total = redactions.total.to_string();
    xml.start(
        "log",
        &[
            ("exhibit", Some(&redactions.log)),
            ("of", redactions.of.as_deref()),
            ("copy", redactions.copy.as_deref()),
            ("time", redactions.time.as_deref()),
            ("total", Some(&total)),
        ],
    );
    xml.maybe("problem", redactions.problem.as_deref());
    xml.maybe("actor", redactions.actor.as_deref());
    xml.maybe("tool", redactions.tool.as_deref());
    xml.maybe("profile", redactions.profile.as_deref());
    xml.maybe("basis", redactions.basis.as_deref());
    for count in &redactions.counts {
        let number = count.count.to_string();
        xml.empty("count", &[("type", Some(&count.r#type)), ("op", Some(&count.op)), ("count", Some(&number))]);
    }
    for removed in &redactions.removed {
        xml.start("removed", &[]);
        xml.text("what", &removed.what);
        xml.text("why", &removed.why);
        xml.end();
    }
    redactions.unscanned.iter().for_each(|part| xml.text("unscanned", part));
    xml.end();
}

pub(super) fn write_reasoned(xml: &mut Xml, record: &ReasonedWire) {
    let size = record.size.to_string();
    xml.start(
        "record",
        &[
            ("file", Some(&record.file)),
            ("size", Some(&size)),
            ("sha256", Some(&record.sha256)),
            ("recorded", Some(&record.recorded)),
            ("time", Some(&record.time)),
        ],
    );
    xml.text("disclaimer", &record.disclaimer);
    xml.text("recordedBy", &record.recorded_by);
    let model = &record.model;
    xml.start("model", &[("sha256", model.sha256.as_deref())]);
    xml.text("name", &model.name);
    xml.maybe("version", model.version.as_deref());
    xml.maybe("provider", model.provider.as_deref());
    xml.end();
    for message in &record.prompt {
        xml.text_with("prompt", &[("role", Some(&message.role))], &message.text);
    }
    for input in &record.inputs {
        let attributes = [("exhibit", input.exhibit.as_deref()), ("sha256", Some(input.sha256.as_str()))];
        xml.text_with("input", &attributes, input.name.as_deref().unwrap_or_default());
    }
    for parameter in &record.parameters {
        xml.text_with("parameter", &[("name", Some(&parameter.name))], &parameter.value);
    }
    xml.text("output", &record.output);
    if let Some(review) = &record.review {
        xml.start("review", &[("decision", Some(&review.decision)), ("time", Some(&review.time))]);
        xml.text("reviewer", &review.reviewer);
        xml.maybe("role", review.role.as_deref());
        xml.text("reason", &review.reason);
        xml.end();
    }
    xml.maybe("errorRates", record.error_rates.as_deref());
    record.limits.iter().for_each(|limit| xml.text("limit", limit));
    xml.end();
}
