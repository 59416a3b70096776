//! The life of alerts, from documents as `evaluate` writes them.

use model::{Instant, Severity};
use probity_alerts::{Actor, Changes, Event, Matcher, Observed, Policy, Register, Status, Voice, observe};
use serde_json::{Value, json};

const QUICK: &str = "schema: alerts/1\nno_data: false\nflapping: false\nescalate: []\n";

fn at(minute: i64) -> Instant {
    Instant::from_seconds(1_767_225_600 + minute * 60).expect("a time")
}

fn objective(rule: &str, objective: &str, verdict: &str, bad: u64) -> Value {
    json!({
        "rule": rule, "title": rule, "service": "shop", "objective": objective, "pack": null, "severity": "high",
        "verdict": verdict, "window": {"from": "", "to": "", "length": "30d"}, "bad": bad, "shown": [],
        "reason": format!("{bad} are bad"),
    })
}

fn evaluation(minute: i64, objectives: &[Value]) -> Observed {
    let document = json!({"schema": "evaluation/1", "at": at(minute).to_string(), "objectives": objectives});
    Observed::read(&document.to_string()).expect("an evaluation")
}

/// A project: its policy and its register.
struct Project {
    policy: Policy,
    register: Register,
}

impl Project {
    fn new(policy: &str) -> Self {
        Project { policy: Policy::read(policy).expect("a policy"), register: Register::default() }
    }

    /// What the verdict of one objective at this minute changes.
    fn see(&mut self, minute: i64, verdict: &str) -> Changes {
        self.take(&evaluation(minute, &[objective("web", "main", verdict, 7)]), minute)
    }

    fn take(&mut self, observed: &Observed, minute: i64) -> Changes {
        let changes = observe(&mut self.register, &self.policy, observed, "uid-0", at(minute)).expect("observed");
        self.register.escalate(&self.policy, "uid-0", at(minute)).expect("escalated");
        changes
    }

    fn statuses(&self) -> Vec<Status> {
        self.register.alerts().iter().map(|alert| alert.status).collect()
    }

    fn events(&self) -> Vec<&'static str> {
        let events = self.register.lines().map(|(entry, _)| entry.event);
        events.filter(|event| *event != Event::Observed).map(Event::word).collect()
    }
}

fn actor(minute: i64) -> Actor<'static> {
    Actor { by: "ann", now: at(minute) }
}

/// Without `for` it fires at once; well again it is resolved at once; what returns is a new alert.
#[test]
fn fires_is_resolved_and_returns_as_another() {
    let mut project = Project::new(QUICK);
    for (minute, verdict) in [(0, "met"), (1, "broken"), (2, "broken"), (3, "met"), (4, "met"), (5, "broken")] {
        project.see(minute, verdict);
    }
    assert_eq!(project.events(), ["pending", "fired", "resolved", "pending", "fired"]);
    assert_eq!(project.statuses(), [Status::Resolved, Status::Firing]);
    let [first, second] = project.register.alerts() else { panic!("two") };
    assert_eq!((first.fired, first.resolved, first.breaches), (Some(at(1)), Some(at(3)), 2));
    assert_eq!((&*second.id, second.active, second.count), ("alert-0002", at(5), 7));
    assert_eq!(first.labels.fingerprint(), second.labels.fingerprint());
}

/// With `for` it is pending until it lasted, even where observations are further apart than that; what goes away before is
/// withdrawn and never fired.
#[test]
fn pending_until_it_lasted() {
    let policy = format!("{QUICK}terms:\n- {{for: 5m}}\n");
    let check = |seen: &[(i64, &str)], expect: &[&str]| {
        let mut project = Project::new(&policy);
        seen.iter().for_each(|(minute, verdict)| assert!(project.see(*minute, verdict).stale == 0));
        assert_eq!(project.events(), expect, "{seen:?}");
    };
    check(&[(0, "broken"), (4, "broken")], &["pending"]);
    check(&[(0, "broken"), (4, "broken"), (5, "broken")], &["pending", "fired"]);
    check(&[(0, "broken"), (60, "broken")], &["pending", "fired"]);
    check(&[(0, "broken"), (4, "met"), (5, "broken")], &["pending", "withdrawn", "pending"]);
}

/// It is kept firing until it was clear for long enough; trouble in between starts that anew.
#[test]
fn kept_firing_until_it_stays_clear() {
    let mut project = Project::new(&format!("{QUICK}terms:\n- {{keep_firing_for: 10m}}\n"));
    for (minute, verdict) in [(0, "broken"), (1, "met"), (9, "met"), (10, "broken"), (11, "met"), (20, "met")] {
        project.see(minute, verdict);
    }
    assert_eq!(project.statuses(), [Status::Firing]);
    project.see(21, "met");
    assert_eq!(project.statuses(), [Status::Resolved]);
}

/// What nobody could judge resolves nothing, and is an alert of its own when it lasts.
#[test]
fn blindness_is_no_health() {
    let mut project = Project::new("schema: alerts/1\nno_data: {severity: low, for: 30m}\n");
    assert_eq!(project.see(0, "broken"), Changes { wrong: 1, ..Changes::default() });
    assert_eq!(project.see(10, "no data"), Changes { unknown: 1, ..Changes::default() });
    assert_eq!(project.statuses(), [Status::Firing, Status::Pending]);
    project.see(40, "no data");
    assert_eq!(project.statuses(), [Status::Firing, Status::Firing]);
    let blind = &project.register.alerts()[1];
    assert_eq!((blind.labels.value("alertname"), blind.severity), ("NoData", Severity::Low));
    project.see(41, "met");
    assert_eq!(project.statuses(), [Status::Resolved, Status::Resolved]);
}

/// A document that was read before, or is older than what is known, changes nothing; nor does one about something else.
#[test]
fn what_is_old_or_about_something_else_changes_nothing() {
    let mut project = Project::new(QUICK);
    project.see(10, "broken");
    let lines = project.register.lines().len();
    assert!(project.see(10, "broken").known);
    assert_eq!(project.register.lines().len(), lines);
    assert_eq!(project.see(5, "met").stale, 1);
    project.take(&evaluation(20, &[objective("mail", "main", "met", 0)]), 20);
    assert_eq!(project.statuses(), [Status::Firing]);
    // What a person resolved is not raised by what was judged before.
    project.register.resolve("alert-0001", "replaced the disk", actor(30)).expect("open");
    project.see(29, "broken");
    assert_eq!(project.statuses(), [Status::Resolved]);
    project.see(31, "broken");
    assert_eq!(project.statuses(), [Status::Resolved, Status::Firing]);
    let later = evaluation(50, &[]);
    let fault = observe(&mut project.register, &project.policy, &later, "uid-0", at(40)).expect_err("to come");
    assert_eq!(fault.code(), "time-to-come");
}

/// What fired so often is resolved only when it was quiet for longer.
#[test]
fn what_flaps_stays_firing() {
    let policy = "schema: alerts/1\nno_data: false\nescalate: []\nflapping: {times: 3, within: 1h, quiet: 20m}\n";
    let mut project = Project::new(policy);
    for minute in [0, 2, 4] {
        project.see(minute, "broken");
        project.see(minute + 1, "met");
    }
    assert_eq!(project.statuses(), [Status::Resolved, Status::Resolved, Status::Firing]);
    assert!(project.register.alerts()[2].flapping);
    project.see(24, "met");
    assert_eq!(project.statuses()[2], Status::Firing);
    project.see(25, "met");
    assert_eq!(project.statuses()[2], Status::Resolved);
}

/// By severity, age and count, one step at a time, until somebody knows of it.
#[test]
fn what_nobody_answers_becomes_graver() {
    let policy = "schema: alerts/1\nno_data: false\nflapping: false\nterms: [{severity: medium}]\n\
                  escalate: [{from: medium, to: high, after: 10m}, {from: high, to: critical, breaches: 3}]\n";
    let check = |acknowledged: Option<i64>, expect: &[Severity]| {
        let mut project = Project::new(policy);
        let mut found = Vec::new();
        for minute in [0, 9, 10, 20] {
            project.see(minute, "broken");
            found.push(project.register.alerts()[0].severity);
            if acknowledged == Some(minute) {
                project.register.acknowledge("alert-0001", Some("on it"), actor(minute)).expect("open");
            }
        }
        assert_eq!(found, expect, "{acknowledged:?}");
        assert_eq!(project.register.alerts()[0].base, Severity::Medium);
    };
    use Severity::{Critical, High, Medium};
    check(None, &[Medium, Medium, High, Critical]);
    check(Some(10), &[Medium, Medium, High, High]);
    check(Some(0), &[Medium, Medium, Medium, Medium]);
}

/// A silence holds until it ends, is ended, or what it is about is something else; the alert lives on.
#[test]
fn silences_end() {
    let mut project = Project::new(QUICK);
    project.see(0, "broken");
    let matchers = [Matcher::parse("rule=web*").expect("one"), Matcher::parse("severity=high").expect("one")];
    let id = project.register.silence(&matchers, at(60), "maintenance", actor(1)).expect("to come");
    let voice = |project: &Project, minute| project.register.standings(&project.policy, at(minute))[0].voice.clone();
    assert_eq!(voice(&project, 59), Voice::Silenced(id.clone()));
    assert_eq!(voice(&project, 60), Voice::Told);
    assert_eq!(project.statuses(), [Status::Firing]);
    project.register.unsilence(&id, actor(30)).expect("holds");
    assert_eq!(voice(&project, 59), Voice::Told);
    assert_eq!(project.register.unsilence(&id, actor(31)).expect_err("ended").code(), "no-silence");
    let other = [Matcher::parse("rule=mail").expect("one")];
    project.register.silence(&other, at(60), "elsewhere", actor(31)).expect("to come");
    assert_eq!(voice(&project, 59), Voice::Told);
    for minute in [31, 30, 31 + 400 * 1_440] {
        let fault = project.register.silence(&other, at(minute), "?", actor(31)).expect_err("no length");
        assert_eq!(fault.code(), "silence-length");
    }
}

/// Of alerts that agree on labels the gravest is told.
#[test]
fn a_graver_alert_inhibits() {
    let policy = format!(
        "{QUICK}terms: [{{match: {{objective: fast}}, severity: critical}}]\ninhibit: [{{match: {{rule: web}}, equal: [rule]}}]\n"
    );
    let mut project = Project::new(&policy);
    let both = [objective("web", "slow", "broken", 1), objective("web", "fast", "broken", 1)];
    let other = [objective("mail", "slow", "broken", 1)];
    project.take(&evaluation(0, &[&both[..], &other].concat()), 0);
    let standings = project.register.standings(&project.policy, at(0));
    let voices: Vec<&Voice> = standings.iter().map(|standing| &standing.voice).collect();
    assert_eq!(voices, [&Voice::Inhibited("alert-0002".to_owned()), &Voice::Told, &Voice::Told]);
    project.take(&evaluation(1, &[objective("web", "fast", "met", 0)]), 1);
    assert!(project.register.standings(&project.policy, at(1))[0].speaks());
}

/// Burn rates of tiers are alerts of their own; of those that fire the gravest is told, and `after` is what they wait for.
#[test]
fn of_burn_rates_the_gravest_is_told() {
    let alarm = |policy: &str, severity: &str, holds: Value, after: u64| {
        json!({
            "policy": policy, "severity": severity, "op": ">", "threshold": "14.4", "after_seconds": after, "holds": holds,
            "burns": [{"window": {"length": "1h"}, "bad": 30, "rate": "20.00"}, {"window": {"length": "5m"}, "bad": 9, "rate": null}],
            "when_breaching": true, "when_resolved": policy != "burn-fast", "when_no_data": false,
        })
    };
    let document = |minute: i64, fast: Value| {
        let mut objective = objective("web", "main", "met", 3);
        objective["alarms"] =
            json!([alarm("burn-fast", "page", fast, 0), alarm("burn-slow", "medium", true.into(), 120)]);
        evaluation(minute, &[objective])
    };
    let mut project = Project::new(
        "schema: alerts/1\nescalate: []\ntargets: {log: {kind: file, path: log}}\nroutes: [{to: [log]}]\n",
    );
    project.take(&document(0, true.into()), 0);
    assert_eq!(project.statuses(), [Status::Firing, Status::Pending]);
    project.take(&document(2, true.into()), 2);
    let fast = &project.register.alerts()[0];
    assert_eq!((fast.severity, fast.count, fast.labels.value("window")), (Severity::Critical, 30, "1h/5m"));
    assert!(fast.summary.starts_with("burn-fast: burn rate 20.00/no data over 1h/5m, > 14.4."), "{}", fast.summary);
    let voices = |project: &Project| {
        let standings = project.register.standings(&project.policy, at(2));
        standings.iter().map(|standing| standing.voice.clone()).collect::<Vec<_>>()
    };
    assert_eq!(voices(&project), [Voice::Told, Voice::Inhibited("alert-0001".to_owned())]);
    // Without data nothing is resolved; well again the slower one is told.
    project.take(&document(3, Value::Null), 3);
    assert_eq!(project.statuses(), [Status::Firing, Status::Firing]);
    project.take(&document(4, false.into()), 4);
    assert_eq!((project.statuses()[0], voices(&project)[1].clone()), (Status::Resolved, Voice::Told));
    // The end of the first is nobody's business; that of the second is, once its beginning was told.
    let due = |project: &Project| -> Vec<(String, String)> {
        project.register.due(&project.policy, at(5)).iter().flat_map(|due| due.words()).collect()
    };
    let pair = |id: &str, word: &str| (id.to_owned(), word.to_owned());
    project.register.told("log", "", &[pair("alert-0001", "firing critical")], None, actor(4)).expect("told");
    assert_eq!(due(&project), [pair("alert-0002", "firing medium")]);
    let words = due(&project);
    project.register.told("log", "", &words, None, actor(4)).expect("told");
    project.register.resolve("alert-0002", "over", actor(5)).expect("open");
    assert_eq!(due(&project), [pair("alert-0002", "resolved")]);
}

/// What was entered is read again, whole or cut anywhere; a run that was cut is done again and enters nothing twice.
#[test]
fn a_cut_register_is_gone_on_with() {
    let mut project = Project::new(QUICK);
    let document = evaluation(1, &[objective("web", "a", "broken", 1), objective("web", "b", "broken", 2)]);
    project.take(&document, 1);
    let bytes = project.register.fresh().to_vec();
    let (whole, length) = Register::read(&bytes).expect("ours");
    assert_eq!((whole.alerts(), length), (project.register.alerts(), bytes.len()));
    for end in 0..bytes.len() {
        let (register, kept) = Register::read(&bytes[..end]).expect("cut, not broken");
        let mut again = Project { policy: project.policy.clone(), register };
        again.take(&document, 1);
        assert_eq!(again.register.alerts(), project.register.alerts(), "{end}");
        assert_eq!([&bytes[..kept], again.register.fresh()].concat(), bytes, "{end}");
    }
    let text = String::from_utf8(bytes).expect("JSON").replace("\"count\":1", "\"count\":3");
    assert_eq!(Register::read(text.as_bytes()).expect_err("changed").code(), "alerts-broken");
}

/// What is not open cannot be answered; what is not known cannot be named.
#[test]
fn only_open_alerts_are_answered() {
    let mut project = Project::new(QUICK);
    project.see(0, "broken");
    let key = project.register.alerts()[0].labels.fingerprint().to_string();
    project.register.acknowledge(&key, None, actor(5)).expect("by its key");
    assert_eq!(project.register.alerts()[0].answered(), Some(at(5)));
    project.register.link("alert-0001", "inc-0001", actor(6)).expect("known");
    project.register.resolve("alert-0001", "rolled back", actor(7)).expect("open");
    assert_eq!(project.register.acknowledge("alert-0001", None, actor(8)).expect_err("over").code(), "alert-over");
    assert_eq!(project.register.link("alert-0009", "inc-0001", actor(8)).expect_err("none").code(), "no-alert");
    let words: Vec<&str> = project.register.alerts()[0].history.iter().map(|moment| moment.event.word()).collect();
    assert_eq!(words, ["pending", "fired", "acknowledged", "linked", "resolved"]);
}

/// Documents that are none of ours are named, and so are doubles.
#[test]
fn what_is_no_document_is_refused() {
    let check = |text: &str, code: &str| assert_eq!(Observed::read(text).expect_err(text).code(), code, "{text}");
    check("", "bad-observation");
    check("{}", "bad-observation");
    check(r#"{"schema":"facts/1"}"#, "bad-observation");
    check(r#"{"schema":"judgement/1","at":"2026-01-01T00:00:00Z"}"#, "bad-observation");
    check(r#"{"schema":"evaluation/1","at":"yesterday","objectives":[]}"#, "bad-observation");
    let twice = json!({
        "schema": "evaluation/1", "at": "2026-01-01T00:00:00Z",
        "objectives": [objective("web", "a", "met", 0), objective("web", "a", "broken", 1)],
    });
    check(&twice.to_string(), "duplicate-alert");
}

/// Whatever is changed in a document, a policy or a register, the answer is a fault or something that was read.
#[test]
fn hostile_bytes_are_answered() {
    let mut whole = objective("web", "main", "broken", 3);
    whole["alarms"] = json!([{
        "policy": "p", "severity": "page", "op": ">", "threshold": "2", "after_seconds": 60, "holds": true, "when_breaching": true,
        "when_resolved": true, "when_no_data": true, "burns": [{"window": {"length": "1h"}, "bad": 1, "rate": "3.00"}],
    }]);
    let document = json!({"schema": "evaluation/1", "at": at(1).to_string(), "objectives": [whole]}).to_string();
    let mut project = Project::new(QUICK);
    project.take(&Observed::read(&document).expect("ours"), 1);
    let register = project.register.fresh().to_vec();
    let policy = Policy::built_in_text().to_owned()
        + "targets: {a: {kind: webhook, url: \"http://x/\", secret_file: s}}\nroutes: [{match: {rule: a*}, to: [a]}]\n";
    let each = |text: &[u8], read: &dyn Fn(&[u8])| {
        for place in 0..text.len() {
            for byte in [b'"', b'{', b'\n', b'9', b'-', 0, 0xFF] {
                let mut changed = text.to_vec();
                changed[place] = byte;
                read(&changed);
            }
            read(&text[..place]);
        }
    };
    each(document.as_bytes(), &|bytes| {
        if let Ok(observed) = Observed::read(&String::from_utf8_lossy(bytes)) {
            let mut register = Register::default();
            // What was read can be entered, or is of a time to come.
            let entered = observe(&mut register, &Policy::built_in(), &observed, "uid-0", at(1));
            assert!(entered.is_ok() || observed.at > at(1), "{observed:?}");
            assert!(Register::read(register.fresh()).is_ok());
        }
    });
    each(policy.as_bytes(), &|bytes| drop(Policy::read(&String::from_utf8_lossy(bytes))));
    each(&register, &|bytes| drop(Register::read(bytes)));
}

/// Rules of packs: broken, clear, blind, and without facts.
#[test]
fn a_judgement_is_read() {
    let rule = |id: &str, answer: &str| {
        json!({
            "rule": id, "title": "Keys are young", "severity": "high", "answer": answer, "broken": 2,
            "findings": [{"verdict": "broken", "subject": "k", "message": "the key is\n400 days old", "place": null}],
        })
    };
    let rules = [
        rule("soc2.a", "broken"),
        rule("soc2.b", "not judged"),
        rule("infrastructure.c", "broken"),
        rule("d", "not given"),
    ];
    let document = json!({"schema": "judgement/1", "at": at(0).to_string(), "rules": rules});
    let observed = Observed::read(&document.to_string()).expect("a judgement");
    let mut project = Project::new("schema: alerts/1\nno_data: {severity: low}\n");
    let changes = project.take(&observed, 1);
    assert_eq!(changes, Changes { wrong: 2, unknown: 1, ..Changes::default() });
    let told: Vec<String> = project
        .register
        .alerts()
        .iter()
        .map(|alert| format!("{} {} {} {}", alert.labels, alert.kind.word(), alert.severity, alert.summary))
        .collect();
    assert_eq!(
        told,
        [
            "{alertname=\"RuleBroken\",pack=\"soc2\",rule=\"soc2.a\"} compliance high Keys are young: the key is 400 days old",
            "{alertname=\"NoData\",pack=\"soc2\",rule=\"soc2.b\"} compliance low Keys are young",
            "{alertname=\"RuleBroken\",pack=\"infrastructure\",rule=\"infrastructure.c\"} security high Keys are young: the key is 400 days old",
        ]
    );
}

fn second(seconds: i64) -> Instant {
    Instant::from_seconds(1_767_225_600 + seconds).expect("a time")
}

/// What is due to the one target after so many seconds, group by group: `rule word`, and a `+` before what waits.
fn groups(project: &Project, seconds: i64) -> Vec<String> {
    let due = project.register.due(&project.policy, second(seconds));
    due.iter()
        .map(|due| {
            let rules: Vec<&str> = due.letters.iter().map(|letter| letter.alert.labels.value("rule")).collect();
            format!("{}{}", if due.held.is_some() { "+" } else { "" }, rules.join(" "))
        })
        .collect()
}

/// Tells the target everything that it may be told.
fn tell(project: &mut Project, seconds: i64) {
    let due = project.register.due(&project.policy, second(seconds));
    let words: Vec<_> = due.iter().filter(|due| due.held.is_none()).map(|due| due.words()).collect();
    let actor = Actor { by: "ann", now: second(seconds) };
    words.iter().for_each(|words| project.register.told("log", "", words, None, actor).expect("told"));
}

/// The first of a group waits for others, later ones for the interval; who is critical waits ten seconds at most; a group all of
/// which is over begins anew; what is repeated waits as well.
#[test]
fn alerts_wait_for_their_group_over_several_runs() {
    let mut project = Project::new(&format!(
        "{QUICK}terms: [{{match: {{rule: grave*}}, severity: critical}}]\ntargets:\n  log: {{kind: file, path: log, rate: 100, group_by: \
         [service], group_wait: 30s, group_interval: 5m, repeat: 1h}}\nroutes: [{{to: [log]}}]\n"
    ));
    let see = |project: &mut Project, seconds: i64, rule: &str, service: &str, verdict: &str| {
        let mut one = objective(rule, "main", verdict, 1);
        one["service"] = service.into();
        let document = json!({"schema": "evaluation/1", "at": second(seconds).to_string(), "objectives": [one]});
        let observed = Observed::read(&document.to_string()).expect("an evaluation");
        observe(&mut project.register, &project.policy, &observed, "uid-0", second(seconds)).expect("observed");
    };
    see(&mut project, 0, "a", "shop", "broken");
    see(&mut project, 10, "b", "shop", "broken");
    see(&mut project, 20, "m", "mail", "broken");
    assert_eq!(groups(&project, 29), ["+m", "+a b"]);
    assert_eq!(groups(&project, 30), ["+m", "a b"]);
    tell(&mut project, 30);
    assert_eq!(groups(&project, 49), ["+m"]);
    tell(&mut project, 50);
    // Of the told group: five minutes, or ten seconds where it is critical.
    see(&mut project, 60, "c", "shop", "broken");
    assert_eq!((groups(&project, 329), groups(&project, 330)), (vec!["+c".to_owned()], vec!["c".to_owned()]));
    see(&mut project, 70, "grave", "shop", "broken");
    assert_eq!((groups(&project, 79), groups(&project, 80)), (vec!["+grave c".to_owned()], vec!["grave c".to_owned()]));
    tell(&mut project, 80);
    // Alone and critical: ten seconds, not thirty.
    see(&mut project, 90, "grave-pay", "pay", "broken");
    assert_eq!(
        (groups(&project, 99), groups(&project, 100)),
        (vec!["+grave-pay".to_owned()], vec!["grave-pay".to_owned()])
    );
    tell(&mut project, 100);
    // What is over waits for the interval; then the group is gone, and begins anew.
    see(&mut project, 110, "m", "mail", "met");
    assert_eq!((groups(&project, 349), groups(&project, 350)), (vec!["+m".to_owned()], vec!["m".to_owned()]));
    tell(&mut project, 350);
    see(&mut project, 360, "m", "mail", "broken");
    assert_eq!((groups(&project, 389), groups(&project, 390)), (vec!["+m".to_owned()], vec!["m".to_owned()]));
    tell(&mut project, 390);
    assert_eq!(groups(&project, 3629), Vec::<String>::new());
    // An hour after each was told; those told later are not yet due.
    assert_eq!(groups(&project, 3630), ["a b"]);
}

/// A group is its own delivery: so many go in a minute, and no more.
#[test]
fn each_group_counts_as_a_delivery() {
    let project = |rate: u64| {
        let mut project = Project::new(&format!(
            "{QUICK}targets: {{log: {{kind: file, path: log, rate: {rate}, group_by: [rule]}}}}\nroutes: [{{to: [log]}}]\n"
        ));
        let three = ["a", "b", "c"].map(|rule| objective(rule, "main", "broken", 1));
        project.take(&evaluation(0, &three), 0);
        project
    };
    assert_eq!(groups(&project(2), 0), ["a", "b", "+c"]);
    assert_eq!(groups(&project(9), 0), ["a", "b", "c"]);
}
