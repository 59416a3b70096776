//! The routes and targets of `alerts.yaml` as a configuration for Alertmanager.
//!
//! Alertmanager routes by the labels of an alert, and the rules that `util prometheus-rules` writes carry those of probity's own
//! alerts, so that the same routes fit. What it cannot do (sign, write files, start programs, escalate, change the severity of
//! an alert) is a fault or a warning, and never left out silently.

use std::fmt::Write as _;
use std::path::Path;

use alerts::{Address, Encryption, Inhibition, Mail, Matcher, Policy, Route, Secret, Source, Target, TargetKind};
use model::{Fault, Severity};
use serde_json::Value;

/// How long Alertmanager remembers what it told: what is to be told once is told again after that.
const ONCE: &str = "120h";
const SEVERITIES: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

/// What was written, and what Alertmanager cannot do.
pub(crate) struct Written {
    pub(crate) text: String,
    /// Why a target or a part of the policy is not in it: what it would have done is done by nobody.
    pub(crate) left_out: Vec<Fault>,
    /// What is done differently.
    pub(crate) warnings: Vec<Fault>,
}

/// Writes the configuration. Paths of secrets are resolved in `root`.
pub(crate) fn write(policy: &Policy, root: &Path) -> Written {
    let (mut left_out, mut warnings) = (vec![], vec![]);
    if policy.terms.iter().any(|(_, terms)| terms.severity.is_some() || terms.kind.is_some() || terms.hold.is_some()) {
        left_out.push(cannot("change the severity, the kind or the patience of an alert (terms)", TERMS));
    }
    differences(policy, &mut warnings);
    let nobody = nobody(policy);
    let mut text = format!(
        "route:\n  receiver: {}\n  group_by: [alertname, service, rule, objective]\n  group_wait: 10s\n  group_interval: 1m\n  \
         repeat_interval: {ONCE}\n  routes:\n",
        quoted(&nobody)
    );
    routes(policy, &mut text, &mut warnings);
    if policy.routes.is_empty() {
        text = text.replace("  routes:\n", "  routes: []\n");
    }
    let _ = writeln!(text, "receivers:\n- name: {}", quoted(&nobody));
    for target in &policy.targets {
        let _ = writeln!(text, "- name: {}", quoted(&target.name));
        match integration(target, root) {
            Ok(lines) => text.push_str(&lines),
            Err(fault) => left_out.push(fault),
        }
    }
    inhibitions(&policy.inhibit, &mut text);
    Written { text, left_out, warnings }
}

const TERMS: &str = "Write severities into the OpenSLO files, or keep telling with `probity alert notify`.";

fn cannot(what: &str, advice: &str) -> Fault {
    Fault::bad_config("not-in-alertmanager", format!("Alertmanager cannot {what}")).advise(advice)
}

fn differences(policy: &Policy, warnings: &mut Vec<Fault>) {
    let keep = "Keep telling with `probity alert notify` where it matters.";
    let mut warn = |is_there: bool, what: &str| {
        if is_there {
            warnings.push(cannot(what, keep));
        }
    };
    warn(!policy.escalate.is_empty(), "raise the severity of what nobody answers (escalate)");
    warn(policy.flapping.is_some(), "hold on to what comes and goes (flapping)");
    for target in &policy.targets {
        let name = &target.name;
        warn(target.fallback.is_some(), &format!("tell somebody else when {name:?} cannot be told (fallback)"));
        let is_once = target.repeat.is_none();
        warn(is_once, &format!("tell {name:?} only once: it is told again after {ONCE} (repeat)"));
    }
}

/// A name that no target has.
fn nobody(policy: &Policy) -> String {
    let mut name = "nobody".to_owned();
    while policy.target(&name).is_some() {
        name.push('-');
    }
    name
}

fn routes(policy: &Policy, text: &mut String, warnings: &mut Vec<Fault>) {
    for (number, route) in policy.routes.iter().enumerate() {
        if let Some(name) = route.to.iter().find(|name| twice(&policy.routes[..number], name)) {
            warnings.push(cannot(
                &format!("tell {name:?} once of an alert that two routes lead to it"),
                "Let the first of the two routes not continue, or give them conditions that exclude each other.",
            ));
        }
        let matchers: Vec<String> = route.matchers.iter().map(|one| quoted(&matcher(one))).collect();
        let last = route.to.len().saturating_sub(1);
        for (at, name) in route.to.iter().enumerate() {
            let goes_on = at < last || route.go_on;
            let repeat = policy.target(name).and_then(|target| target.repeat);
            let _ = writeln!(
                text,
                "  - receiver: {}\n    matchers: [{}]\n    continue: {goes_on}\n    repeat_interval: {}",
                quoted(name),
                matchers.join(", "),
                repeat.map_or_else(|| ONCE.to_owned(), |repeat| repeat.to_string()),
            );
            policy.target(name).into_iter().for_each(|target| grouping(target, text));
        }
        if route.to.is_empty() {
            // A route to nobody ends the way of its alerts.
            let (nobody, goes_on) = (quoted(&nobody(policy)), route.go_on);
            let matchers = matchers.join(", ");
            let _ = writeln!(text, "  - receiver: {nobody}\n    matchers: [{matchers}]\n    continue: {goes_on}");
        }
    }
}

/// Where a target says how alerts are told together.
fn grouping(target: &Target, text: &mut String) {
    if !target.group_by.is_empty() {
        let labels: Vec<String> = target.group_by.iter().map(|label| quoted(label)).collect();
        let _ = writeln!(text, "    group_by: [{}]", labels.join(", "));
    }
    for (key, span) in [("group_wait", target.group_wait), ("group_interval", target.group_interval)] {
        if let Some(span) = span {
            let _ = writeln!(text, "    {key}: {span}");
        }
    }
}

fn twice(before: &[Route], name: &str) -> bool {
    before.iter().any(|route| route.go_on && route.to.iter().any(|known| known == name))
}

/// A condition as Alertmanager writes it; a `*` at the end becomes a pattern.
fn matcher(matcher: &Matcher) -> String {
    let (sign, value) = match (matcher.value.strip_suffix('*'), matcher.equal) {
        (None, true) => ("=", matcher.value.clone()),
        (None, false) => ("!=", matcher.value.clone()),
        (Some(stem), true) => ("=~", format!("(?s){}.*", pattern(stem))),
        (Some(stem), false) => ("!~", format!("(?s){}.*", pattern(stem))),
    };
    format!("{}{sign}{}", matcher.name, quoted(&value))
}

/// A pattern that matches this text alone.
fn pattern(text: &str) -> String {
    let escaped = text.chars().map(|c| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() });
    escaped.collect()
}

/// How a target is spoken to.
fn integration(target: &Target, root: &Path) -> Result<String, Fault> {
    let name = &target.name;
    let file = |path: &str| quoted(&root.join(path).to_string_lossy());
    let url = |address: &Address, plain: &str, from_file: &str| match &address.url {
        Source::Text(url) => format!("{plain}: {}", quoted(url)),
        Source::File(path) => format!("{from_file}: {}", file(path)),
    };
    match &target.kind {
        TargetKind::WebhookV4(Address { url: Source::Text(url), secret_file }) => {
            if secret_file.is_some() {
                return Err(cannot(&format!("sign what it tells {name:?}"), "Leave secret_file out, or keep probity."));
            }
            Ok(format!("  webhook_configs:\n  - url: {}\n    send_resolved: true\n", quoted(url)))
        }
        TargetKind::WebhookV4(_) => Err(cannot(
            &format!("read the address of {name:?} from a file before version 0.26"),
            "Write url, or give this target to Alertmanager by hand.",
        )),
        TargetKind::Slack(address) => {
            Ok(format!("  slack_configs:\n  - {}\n    send_resolved: true\n", url(address, "api_url", "api_url_file")))
        }
        TargetKind::PagerDuty(Address { url: Source::Text(url), secret_file: Some(secret) }) => Ok(format!(
            "  pagerduty_configs:\n  - url: {}\n    routing_key_file: {}\n    send_resolved: true\n",
            quoted(url),
            file(secret)
        )),
        TargetKind::Email(mail) => email(name, mail, &file),
        _ => Err(cannot(
            &format!("tell {name:?}: it knows no target of that kind"),
            "Use webhook-v4, slack, pagerduty or email, or keep telling this one with `probity alert notify`.",
        )),
    }
}

fn email(name: &str, mail: &Mail, file: &dyn Fn(&str) -> String) -> Result<String, Fault> {
    let link = &mail.link;
    // It takes TLS from the first byte for what the port 465 means, and STARTTLS for every other.
    if (link.scheme == "smtps") != (link.port == 465) {
        let what = format!("tell {name:?}: its port 465 alone is encrypted from the first byte");
        return Err(cannot(&what, "Use smtp://HOST:587, or smtps://HOST:465."));
    }
    let mut text = format!(
        "  email_configs:\n  - to: {}\n    from: {}\n    smarthost: {}\n    require_tls: {}\n    send_resolved: true\n",
        quoted(&mail.to.join(", ")),
        quoted(&mail.from),
        quoted(&format!("{}:{}", link.host, link.port)),
        link.scheme == "smtps" || link.encryption != Encryption::Never,
    );
    if let Some(user) = &link.user {
        let _ = writeln!(text, "    auth_username: {}", quoted(user));
    }
    match &link.secret {
        None => {}
        Some(Secret::File(path)) => {
            let _ = writeln!(text, "    auth_password_file: {}", file(path));
        }
        Some(Secret::Variable(_)) => {
            let what = format!("read the password of {name:?} from a variable");
            return Err(cannot(&what, "Write password_file."));
        }
    }
    if let Some(ca) = &link.ca {
        let _ = writeln!(text, "    tls_config: {{ca_file: {}}}", file(ca));
    }
    Ok(text)
}

/// The gravest alone is told: of each severity those below it are silent.
fn inhibitions(inhibit: &[Inhibition], text: &mut String) {
    let _ = writeln!(text, "inhibit_rules:{}", if inhibit.is_empty() { " []" } else { "" });
    for inhibition in inhibit {
        let own: Vec<String> = inhibition.matchers.iter().map(|one| quoted(&matcher(one))).collect();
        let side = |severities: &[&str]| {
            let severity = quoted(&format!("severity=~{}", quoted(&severities.join("|"))));
            [own.as_slice(), &[severity]].concat().join(", ")
        };
        for (number, gravest) in SEVERITIES.iter().enumerate().take(SEVERITIES.len() - 1) {
            let lower: Vec<&str> = SEVERITIES[number + 1..].iter().map(|severity| severity.word()).collect();
            let equal: Vec<String> = inhibition.equal.iter().map(|label| quoted(label)).collect();
            let _ = writeln!(
                text,
                "- source_matchers: [{}]\n  target_matchers: [{}]\n  equal: [{}]",
                side(&[gravest.word()]),
                side(&lower),
                equal.join(", ")
            );
        }
    }
}

/// A text in double quotes, as YAML and Alertmanager's matchers read it back.
fn quoted(text: &str) -> String {
    model::harmless_json(&Value::from(text).to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_say_the_same_there() {
        let check = |text: &str, expect: &str| {
            assert_eq!(Matcher::parse(text).map(|one| matcher(&one)).ok().as_deref(), Some(expect), "{text}");
        };
        check("rule=web", "rule=\"web\"");
        check("severity!=low", "severity!=\"low\"");
        check("rule=gdpr.*", "rule=~\"(?s)gdpr\\\\..*\"");
        check("rule!=*", "rule!~\"(?s).*\"");
        check("team=", "team=\"\"");
    }
}
