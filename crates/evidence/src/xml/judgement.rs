//! What the rules of packs came to.

use super::Xml;
use crate::wire::{ControlWire, FindingWire, JudgementWire, RuleWire, TrendWire};

pub(super) fn write_judgement(xml: &mut Xml, judgement: &JudgementWire) {
    xml.start("judgement", &[]);
    for pack in &judgement.packs {
        xml.empty("pack", &[("name", Some(&pack.name)), ("version", Some(&pack.version))]);
    }
    judgement.rules.iter().for_each(|rule| write_rule(xml, rule));
    judgement.controls.iter().for_each(|control| write_control(xml, control));
    for finding in &judgement.stale_suppressions {
        write_finding(xml, "stale", finding);
    }
    for fact in &judgement.facts {
        let cached = fact.cached.then_some("true");
        xml.start("fact", &[("name", Some(&fact.name)), ("collected", Some(&fact.collected)), ("cached", cached)]);
        for source in &fact.sources {
            xml.empty("source", &[("name", Some(&source.name)), ("sha256", source.sha256.as_deref())]);
        }
        for gap in &fact.gaps {
            xml.start("gap", &[("what", Some(&gap.what))]);
            xml.text("why", &gap.why);
            xml.maybe("remedy", gap.remedy.as_deref());
            xml.end();
        }
        xml.end();
    }
    if let Some(trend) = &judgement.trend {
        write_trend(xml, trend);
    }
    xml.end();
}

fn write_rule(xml: &mut Xml, rule: &RuleWire) {
    let [met, broken, not_applicable, not_judged] =
        [rule.met, rule.broken, rule.not_applicable, rule.not_judged].map(|count| count.to_string());
    xml.start(
        "rule",
        &[
            ("id", Some(&rule.rule)),
            ("severity", Some(&rule.severity)),
            ("answer", Some(&rule.answer)),
            ("met", Some(&met)),
            ("broken", Some(&broken)),
            ("notApplicable", Some(&not_applicable)),
            ("notJudged", Some(&not_judged)),
            ("place", Some(&rule.place)),
        ],
    );
    xml.text("title", &rule.title);
    for law in &rule.law {
        xml.text_with("law", &[("link", Some(&law.link))], &law.article);
    }
    xml.maybe("why", rule.why.as_deref());
    xml.maybe("person", rule.person.as_deref());
    rule.findings.iter().for_each(|finding| write_finding(xml, "finding", finding));
    for one in &rule.suppressed {
        let said = &one.suppressed;
        xml.start("accepted", &[("by", Some(&said.by)), ("until", Some(&said.until))]);
        xml.text("reason", &said.reason);
        write_finding(xml, "finding", &one.finding);
        xml.end();
    }
    xml.text("fix", &rule.fix);
    xml.end();
}

fn write_finding(xml: &mut Xml, name: &'static str, finding: &FindingWire) {
    let (place, since) = (finding.place.as_deref(), finding.since.as_deref());
    xml.start(name, &[("verdict", Some(&finding.verdict)), ("place", place), ("since", since)]);
    xml.text("subject", &finding.subject);
    xml.text("message", &finding.message);
    xml.end();
}

fn write_control(xml: &mut Xml, control: &ControlWire) {
    xml.start(
        "control",
        &[
            ("pack", Some(&control.pack)),
            ("id", Some(&control.control)),
            ("article", Some(&control.article)),
            ("sight", Some(&control.sight)),
        ],
    );
    xml.text("title", &control.title);
    for one in &control.rules {
        xml.empty("by", &[("rule", Some(&one.rule)), ("answer", Some(&one.answer))]);
    }
    xml.text("person", &control.person);
    xml.end();
}

fn write_trend(xml: &mut Xml, trend: &TrendWire) {
    let still = trend.still.to_string();
    let then = [("since", Some(trend.since.as_str())), ("verdict", Some(&trend.verdict)), ("still", Some(&still))];
    xml.start("trend", &then);
    for (name, lines) in [("new", &trend.new), ("gone", &trend.gone)] {
        for line in lines {
            xml.start(name, &[("rule", Some(&line.rule))]);
            xml.text("subject", &line.subject);
            xml.text("message", &line.message);
            xml.end();
        }
    }
    for rule in &trend.no_longer_judged {
        xml.empty("lost", &[("rule", Some(rule))]);
    }
    xml.end();
}
