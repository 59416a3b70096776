//! The judgement for people: one page, no script, nothing from the network, everything escaped.
//!
//! WCAG 2.1 AAA: landmarks and headings in order (1.3.1), a language (3.1.1), a skip link (2.4.1), tables with captions and
//! headers, regions that scroll and take the keyboard (2.1.1), contrast above 7:1 (1.4.6), nothing said by colour alone
//! (1.4.1), reflow at 320 px (1.4.10).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{counted, xml_text};

use crate::answer::{Answer, Basis, Finding, Judgement, Outcome};
use crate::control::Coverage;
use crate::trend::{Line, Trend};

/// The judgement as an HTML document, with what changed since an earlier one.
pub fn to_html(judgement: &Judgement, trend: Option<&Trend>, version: &str) -> String {
    let mut html = head(judgement);
    summary(&mut html, judgement);
    if let Some(trend) = trend {
        changed(&mut html, trend);
    }
    let of = |word: &str| judgement.outcomes.iter().filter(|one| one.answer.word() == word).collect::<Vec<_>>();
    details(&mut html, "broken", "What is broken", &by_severity(of("broken")));
    stale(&mut html, judgement);
    details(&mut html, "open", "What could not be judged", &by_severity(of("not judged")));
    missing(&mut html, &of("not given"));
    kept(&mut html, &of("met"), &of("not applicable"));
    people(&mut html, judgement);
    controls(&mut html, judgement);
    facts(&mut html, judgement);
    // Writing into a string cannot fail; the results are dropped on purpose throughout.
    let _ = write!(html, "</main>\n<footer>\n<p>Written by probity {version}.</p>\n</footer>\n</body>\n</html>\n");
    html
}

fn head(judgement: &Judgement) -> String {
    let packs: Vec<String> = judgement.packs.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let title = format!("Judgement: {}", xml_text(&packs.join(", ")));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n\
         <header>\n<h1>{title}</h1>\n<p class=\"soft\">As of <time>{}</time>.</p>\n</header>\n<main id=\"main\" tabindex=\"-1\">\n",
        model::PAGE_STYLE,
        include_str!("page.css"),
        judgement.at,
    )
}

/// Word of an answer, class of its colour.
const ANSWERS: [(&str, &str); 5] =
    [("broken", "broken"), ("not judged", "open"), ("not given", "open"), ("met", "met"), ("not applicable", "soft")];

fn summary(html: &mut String, judgement: &Judgement) {
    let all = judgement.outcomes.len() as u64;
    let judged = judgement.count("met") + judgement.count("broken") + judgement.count("not applicable");
    let verdict = judgement.verdict().word();
    let class = ANSWERS.iter().find(|(word, _)| *word == verdict).map_or("open", |(_, class)| class);
    let rules = counted(all, "rule", "rules");
    let _ = writeln!(
        html,
        "<p>The verdict is <span class=\"word {class}\">{verdict}</span>. {judged} of {rules} could be judged.</p>\n<ul class=\"counts\">",
    );
    for (word, class) in ANSWERS {
        let _ = writeln!(html, "<li class=\"{class}\"><b>{}</b> {word}</li>", judgement.count(word));
    }
    html.push_str("</ul>\n");
    bar(html, judgement, all.max(1));
}

/// The shares as a picture; its words stand above it already.
fn bar(html: &mut String, judgement: &Judgement, all: u64) {
    html.push_str("<svg class=\"bar\" viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut at = 0;
    for (word, class) in ANSWERS {
        let width = judgement.count(word) * 1000 / all;
        let colour = match class {
            "soft" => "line",
            class => class,
        };
        let _ = write!(html, "<rect x=\"{at}\" width=\"{width}\" height=\"16\" fill=\"var(--{colour})\"/>");
        at += width;
    }
    html.push_str("</svg>\n");
}

fn changed(html: &mut String, trend: &Trend) {
    let _ = writeln!(
        html,
        "<section aria-labelledby=\"changed\">\n<h2 id=\"changed\">What changed</h2>\n<p>Since {}, when the verdict was {}: \
         {} new, {} gone, {} as before.</p>",
        xml_text(&trend.since),
        xml_text(&trend.before),
        trend.new.len(),
        trend.gone.len(),
        trend.still,
    );
    for (title, lines) in [("New", &trend.new), ("Gone", &trend.gone)] {
        if !lines.is_empty() {
            let _ = writeln!(html, "<h3>{title}</h3>\n<ul>");
            for Line { rule, subject, message } in lines {
                let [rule, subject, message] = [rule, subject, message].map(|text| xml_text(text));
                let _ = writeln!(html, "<li><code>{rule}</code> {subject}: {message}</li>");
            }
            html.push_str("</ul>\n");
        }
    }
    if !trend.lost.is_empty() {
        let lost = xml_text(&trend.lost.join(", "));
        let _ = writeln!(html, "<p>Judged then and not now: {lost}.</p>");
    }
    html.push_str("</section>\n");
}

fn by_severity(mut outcomes: Vec<&Outcome>) -> Vec<&Outcome> {
    outcomes.sort_by_key(|outcome| std::cmp::Reverse(outcome.severity));
    outcomes
}

fn details(html: &mut String, id: &str, title: &str, outcomes: &[&Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    let _ = writeln!(html, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>");
    outcomes.iter().for_each(|outcome| detail(html, id, outcome));
    html.push_str("</section>\n");
}

fn detail(html: &mut String, class: &str, outcome: &Outcome) {
    let _ = writeln!(
        html,
        "<h3>{}</h3>\n<p><span class=\"word {class}\">{}</span>, severity {}, <code>{}</code></p>\n<p>{}</p>",
        xml_text(&outcome.title),
        outcome.answer.word(),
        outcome.severity.word(),
        xml_text(&outcome.rule),
        law(outcome),
    );
    if let Answer::NotJudged(why) = &outcome.answer {
        let _ = writeln!(html, "<p>{}</p>", xml_text(why));
    }
    if !outcome.findings.is_empty() {
        let caption = match outcome.findings.len() as u64 {
            shown if shown < outcome.broken => format!("{}: {shown} of {} findings", outcome.rule, outcome.broken),
            shown => format!("{}: {}", outcome.rule, counted(shown, "finding", "findings")),
        };
        table(html, &caption, &["Where", "What", "Finding"], outcome.findings.iter().map(row));
    }
    if !outcome.suppressed.is_empty() {
        let accepted = outcome.suppressed.iter().map(|one| {
            let why = format!("until {} by {}: {}", one.until, one.by, one.reason);
            [one.finding.subject.clone(), one.finding.message.clone(), why]
        });
        table(html, &format!("{}: accepted", outcome.rule), &["What", "Finding", "Accepted"], accepted);
    }
    let _ = writeln!(html, "<p><b>To do:</b> {}</p>", xml_text(&outcome.fix));
}

fn law(outcome: &Outcome) -> String {
    let one = |law: &crate::rule::Law| {
        let article = xml_text(&law.article);
        match law.link.starts_with("https://") {
            true => format!("<a href=\"{}\" rel=\"noreferrer\">{article}</a>", xml_text(&law.link)),
            false => article,
        }
    };
    outcome.law.iter().map(one).collect::<Vec<_>>().join(" · ")
}

fn row(finding: &Finding) -> [String; 3] {
    [finding.place.clone().unwrap_or_default(), finding.subject.clone(), finding.message.clone()]
}

fn table<const N: usize>(html: &mut String, caption: &str, heads: &[&str; N], rows: impl Iterator<Item = [String; N]>) {
    let caption = xml_text(caption);
    let _ = write!(
        html,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
    );
    for head in heads {
        let _ = write!(html, "<th scope=\"col\">{head}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in &row {
            let _ = write!(html, "<td>{}</td>", xml_text(cell));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
}

fn stale(html: &mut String, judgement: &Judgement) {
    if !judgement.stale.is_empty() {
        html.push_str("<section aria-labelledby=\"stale\">\n<h2 id=\"stale\">Acceptances that no longer hold</h2>\n");
        table(html, "Accepted findings to look at again", &["Where", "What", "Why"], judgement.stale.iter().map(row));
        html.push_str("</section>\n");
    }
}

/// Rules without facts, under what is missing.
fn missing(html: &mut String, outcomes: &[&Outcome]) {
    let mut by_reason: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        if let Answer::NotGiven(why) = &outcome.answer {
            by_reason.entry(why).or_default().push(outcome);
        }
    }
    if by_reason.is_empty() {
        return;
    }
    html.push_str("<section aria-labelledby=\"missing\">\n<h2 id=\"missing\">Rules without facts</h2>\n");
    for (why, outcomes) in by_reason {
        let caption = format!("{}: {why}", counted(outcomes.len() as u64, "rule", "rules"));
        let rows = outcomes.iter().map(|one| [one.rule.clone(), one.title.clone(), law_words(one)]);
        table(html, &caption, &["Rule", "What must be so", "Law"], rows);
    }
    html.push_str("</section>\n");
}

fn law_words(outcome: &Outcome) -> String {
    outcome.law.iter().map(|law| law.article.as_str()).collect::<Vec<_>>().join(" · ")
}

fn kept(html: &mut String, met: &[&Outcome], not_applicable: &[&Outcome]) {
    if met.is_empty() && not_applicable.is_empty() {
        return;
    }
    html.push_str("<section aria-labelledby=\"met\">\n<h2 id=\"met\">What is as it must be</h2>\n");
    let row = |one: &&Outcome| {
        let things = match one.answer {
            Answer::Met => counted(one.met, "thing", "things"),
            _ => "nothing here it is about".to_owned(),
        };
        [one.rule.clone(), one.title.clone(), law_words(one), things]
    };
    let rows = met.iter().chain(not_applicable).map(row);
    table(
        html,
        "Rules that are met, and rules that are about nothing here",
        &["Rule", "What must be so", "Law", "Judged"],
        rows,
    );
    html.push_str("</section>\n");
}

/// What no program can judge, of rules that are met as well: otherwise they would look as if nothing were left.
fn people(html: &mut String, judgement: &Judgement) {
    let row = |one: &Outcome| {
        let person = one.person.clone()?;
        Some([one.rule.clone(), one.title.clone(), one.answer.word().to_owned(), person])
    };
    let rows: Vec<_> = judgement.outcomes.iter().filter_map(row).collect();
    if rows.is_empty() {
        return;
    }
    html.push_str("<section aria-labelledby=\"people\">\n<h2 id=\"people\">What a person must still judge</h2>\n");
    let heads = ["Rule", "What must be so", "Answer", "For a person"];
    table(html, "What a person must still judge, by rule", &heads, rows.into_iter());
    html.push_str("</section>\n");
}

/// Every control of a framework: what is seen of it, and what is left to a person.
fn controls(html: &mut String, judgement: &Judgement) {
    if judgement.controls.is_empty() {
        return;
    }
    html.push_str(
        "<section aria-labelledby=\"controls\">\n<h2 id=\"controls\">Controls</h2>\n\
         <p>No control is met by what a machine sees alone. Evidence is what rules found as it must be.</p>\n",
    );
    let row = |one: &Coverage| {
        let control = &one.control;
        [control.article.clone(), control.title.clone(), one.sight.word().to_owned(), one.rules(), one.person()]
    };
    let heads = ["Control", "What it asks", "Seen", "Rules", "Left to a person"];
    table(html, "Controls, and how far machines see them", &heads, judgement.controls.iter().map(row));
    html.push_str("</section>\n");
}

fn facts(html: &mut String, judgement: &Judgement) {
    html.push_str("<section aria-labelledby=\"facts\">\n<h2 id=\"facts\">What it was judged from</h2>\n");
    let row = |(name, basis): &(String, Basis)| {
        let source = |source: &crate::facts::Source| match source.digest {
            Some(digest) => format!("{} (SHA-256 {})", source.name, digest.hex()),
            None => source.name.clone(),
        };
        let gap = |gap: &crate::facts::Gap| format!("{}: {}", gap.what, gap.why);
        let sources = basis.sources.iter().map(source).collect::<Vec<_>>().join("; ");
        let gaps = basis.gaps.iter().map(gap).collect::<Vec<_>>().join("; ");
        [name.clone(), basis.as_of(), sources, gaps]
    };
    table(
        html,
        "Facts, with their sources",
        &["Fact", "Collected", "From", "Not read"],
        judgement.facts.iter().map(row),
    );
    html.push_str("</section>\n");
}
