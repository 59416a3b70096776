//! Consents: recorded, withdrawn, asked, judged, moved; and a log that cannot be changed unnoticed.

#[path = "consent/damage.rs"]
mod damage;
#[path = "consent/exchange.rs"]
mod exchange;
#[path = "consent/objection.rs"]
mod objection;
#[path = "consent/scope.rs"]
mod scope;

use serde_json::Value;

use crate::house::{House, fit_their_schemas};

const ANN: &[&str] = &["--subject", "email=ann@example.org"];
const LOG: &str = ".probity/consent/log.jsonl";

/// A project with the text of a notice.
fn house() -> House {
    let house = House::initialised();
    house.write("notice.md", "We send you a letter each week.\n");
    house
}

fn args<'a>(verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["consent", verb], more].concat()
}

fn record(house: &House, subject: &str, more: &[&str]) -> Value {
    let given = ["--subject", subject, "--purpose", "newsletter", "--notice", "notice.md", "--method", "web-form"];
    house.json(&args("record", &[&given, more].concat()), 0)
}

fn withdraw(house: &House, subject: &str, more: &[&str]) -> Value {
    house.json(&args("withdraw", &[&["--subject", subject, "--purpose", "newsletter"], more].concat()), 0)
}

/// Asks, and says how it stands; the exit is 0 exactly where it is given.
#[track_caller]
fn standing(house: &House, subject: &str, more: &[&str]) -> String {
    let ask = args("check", &[&["--subject", subject, "--purpose", "newsletter", "--json"], more].concat());
    let ran = house.run(&ask);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(ran.exit == 0, answer["given"] == true, "{ran:?}");
    assert!(ran.exit <= 1, "{ran:?}");
    answer["standing"].as_str().unwrap().to_owned()
}

/// Given, expired, given again, withdrawn: asked at each time, under each identity, with the proof; nobody stands there in clear.
#[test]
fn a_consent_is_given_and_taken_back() {
    let house = house();
    assert_eq!(standing(&house, "email=ann@example.org", &[]), "never-given");
    assert!(!house.path(".probity/consent").exists(), "asking leaves nothing behind");
    let both =
        ["--subject", "user_id=7", "--expires", "P30D", "--place", "https://shop.example/join?mail=ann@example.org"];
    let recorded = record(&house, "email=Ann@Example.org", &[&both[..], &["--time", "2026-10-01T10:00:00Z"]].concat());
    let one = &recorded["records"][0];
    assert_eq!((&one["expires"], &one["place"]), (&"2026-10-31T10:00:00Z".into(), &"https://shop.example/join".into()));
    assert_eq!(one["notice"]["digest"], model_digest(&house, "notice.md"));
    let at = |subject, time| standing(&house, subject, &["--time", time]);
    assert_eq!(at("email=ann@example.org", "2026-10-31T09:59:59Z"), "given");
    assert_eq!(at("user_id=7", "2026-10-31T10:00:00Z"), "expired");
    assert_eq!(at("user_id=8", "2026-10-02T10:00:00Z"), "never-given");
    record(&house, "email=ann@example.org", &["--subject", "user_id=7", "--time", "2026-11-01T10:00:00Z"]);
    assert_eq!(at("user_id=7", "2026-11-02T10:00:00Z"), "given");
    // It is taken back under one name, and does not go on under the other.
    let withdrawn = withdraw(&house, "email=ann@example.org", &["--time", "2026-11-03T10:00:00Z"]);
    assert_eq!(withdrawn["records"][0]["subject"].as_array().unwrap().len(), 2);
    assert_eq!(at("user_id=7", "2026-11-04T10:00:00Z"), "withdrawn");
    let shown = house.json(&args("show", ANN), 0);
    assert_eq!(shown["records"].as_array().unwrap().len(), 3);
    let log = house.read(LOG);
    assert!(!log.contains("ann") && !log.contains("example.org"), "{log}");
    house.run(&["audit", "verify"]).expect(0);
    fit_their_schemas(&[recorded, withdrawn, shown]);
}

fn model_digest(house: &House, file: &str) -> Value {
    let output = std::process::Command::new("sha256sum").arg(house.path(file)).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].into()
}

/// By channel and purpose; a refusal is kept; all at once is taken back; a dry run leaves the log as it is.
#[test]
fn purposes_and_channels_are_apart() {
    let house = house();
    record(&house, "email=ann@example.org", &["--channel", "sms", "--channel", "post"]);
    record(&house, "email=ann@example.org", &["--purpose", "profiling"]);
    record(&house, "email=bob@example.org", &["--refused"]);
    let ann = "email=ann@example.org";
    // The last record was for all channels.
    assert_eq!(standing(&house, ann, &["--channel", "sms"]), "given");
    withdraw(&house, ann, &["--channel", "sms"]);
    assert_eq!(standing(&house, ann, &["--channel", "sms"]), "withdrawn");
    assert_eq!(standing(&house, ann, &["--channel", "post"]), "given");
    assert_eq!(standing(&house, ann, &[]), "withdrawn-in-part");
    assert_eq!(standing(&house, "email=bob@example.org", &[]), "refused");
    let before = house.read(LOG);
    let dry = house.json(&args("withdraw", &[ANN, &["--all", "--dry-run"]].concat()), 0);
    assert_eq!((dry["records"].as_array().unwrap().len(), house.read(LOG)), (2, before));
    house.json(&args("withdraw", &[ANN, &["--all"]].concat()), 0);
    assert_eq!(standing(&house, ann, &["--channel", "post"]), "withdrawn");
    let profiling = args("check", &[ANN, &["--purpose", "profiling"]].concat());
    house.run(&profiling).expect(1);
    let summary = house.json(&args("show", &[]), 0);
    let of = |purpose: &str| {
        let all = summary["purposes"].as_array().unwrap();
        all.iter().find(|one| one["purpose"] == purpose).unwrap().clone()
    };
    assert_eq!((&of("newsletter")["withdrawn"], &of("newsletter")["refused"]), (&1.into(), &1.into()));
    assert_eq!((&of("profiling")["withdrawn"], &of("profiling")["given"]), (&1.into(), &0.into()));
    fit_their_schemas(&[dry, summary]);
}

/// A notice has versions by its text; a known one is named by its id; its text is kept.
#[test]
fn what_was_shown_is_kept() {
    let house = house();
    let first = record(&house, "email=ann@example.org", &["--language", "en"]);
    house.write("notice.md", "We send you a letter each day.\n");
    let second = record(&house, "email=bob@example.org", &["--language", "en"]);
    let by_id =
        ["--subject", "email=cyd@example.org", "--purpose", "newsletter", "--notice", "notice", "--language", "en"];
    house.run(&args("record", &by_id)).expect(0);
    let versions = [&first, &second].map(|one| one["records"][0]["notice"]["version"].clone());
    assert_eq!(versions, ["1", "2"]);
    let kept = std::fs::read_dir(house.path(".probity/consent/notices")).unwrap().count();
    assert_eq!(kept, 2);
    let summary = house.json(&args("show", &[]), 0);
    let tally = &summary["purposes"][0];
    // Ann's text has a newer version; nobody said how Cyd expressed it.
    assert_eq!((&tally["outdated_notice"], &tally["without_proof"]), (&1.into(), &1.into()));
    let strange = ["--subject", "email=dan@example.org", "--purpose", "newsletter", "--notice", "terms"];
    house.run(&args("record", &strange)).expect(6).code("unknown-notice");
}

/// A child does not consent alone; who agreed for it is kept as a pseudonym, with how that was verified.
#[test]
fn a_child_does_not_consent_alone() {
    let house = house();
    let kid = |more: &[&'static str]| {
        let base = ["--subject", "user_id=kid", "--purpose", "game", "--notice", "notice.md", "--age"];
        args("record", &[&base, more].concat()).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |more: &[&'static str]| house.run(&kid(more).iter().map(String::as_str).collect::<Vec<_>>());
    run(&["13"]).expect(4).code("guardian-needed");
    run(&["13", "--country", "DE"]).expect(4).code("guardian-needed");
    run(&["13", "--country", "BE"]).expect(0);
    let parent =
        ["12", "--country", "DE", "--guardian", "email=mum@example.org", "--guardian-verified-by", "card payment"];
    run(&parent).expect(0);
    run(&["12", "--guardian", "email=mum@example.org"]).expect(2);
    let shown = house.json(&args("show", &["--subject", "user_id=kid"]), 0);
    let age = &shown["records"][1]["age"];
    assert_eq!((&age["threshold"], age["guardian"].as_array().unwrap().len()), (&16.into(), 1));
    assert!(!house.read(LOG).contains("mum"));
    fit_their_schemas(&[shown]);
}

/// A log of processing is judged by what was on record at each time.
#[test]
fn a_log_of_processing_is_judged() {
    let house = house();
    record(&house, "email=ann@example.org", &["--time", "2026-10-01T10:00:00Z"]);
    withdraw(&house, "email=ann@example.org", &["--time", "2026-10-10T10:00:00Z"]);
    house.write("processing.csv", "subject,purpose,time\nemail=ANN@example.org,newsletter,2026-10-05\n");
    let clean = house.json(&args("check", &["--input", "processing.csv"]), 0);
    assert_eq!(clean["compliant"], 1);
    let lines = "{\"subject\":\"email=ann@example.org\",\"purpose\":\"newsletter\",\"time\":\"2026-10-05\"}\n\
        {\"subject\":\"email=ann@example.org\",\"purpose\":\"newsletter\",\"time\":\"2026-10-15\"}\n\
        {\"subject\":\"email=bob@example.org\",\"purpose\":\"newsletter\",\"time\":\"2026-10-05\"}\n\
        {\"subject\":\"email=bob@example.org\",\"purpose\":\"newsletter\",\"time\":\"2026-09-05\"}\n\
        {\"subject\":\"email=ann@example.org\",\"purpose\":\"payment\",\"time\":\"2026-10-05\"}\n\
        {\"subject\":\"email=ann@example.org\",\"purpose\":\"newsletter\"}\n";
    house.write("processing.jsonl", lines);
    let judged = house.json(&args("check", &["--input", "processing.jsonl"]), 1);
    let findings: Vec<(u64, &str)> = judged["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    let expect = [(2, "withdrawn"), (3, "never-given"), (4, "before-log"), (5, "unknown-purpose"), (6, "no-time")];
    assert_eq!(findings, expect);
    assert_eq!((&judged["violations"], &judged["gaps"]), (&2.into(), &3.into()));
    house.write("gaps.csv", "subject,purpose,time\nemail=ann@example.org,payment,2026-10-05\n");
    house.run(&args("check", &["--input", "gaps.csv"])).expect(3);
    house.write("torn.csv", "subject,purpose,time\n\"email=ann\n");
    house.run(&args("check", &["--input", "torn.csv"])).expect(6).code("bad-consent-row");
    fit_their_schemas(&[clean, judged]);
}

/// The rules judge the consents of the project itself, and the log of processing that the settings name.
#[cfg(feature = "rules")]
#[test]
fn rules_judge_the_consents() {
    let house = house();
    record(&house, "email=ann@example.org", &["--time", "2026-10-01T10:00:00Z", "--expires", "P1Y"]);
    let evaluate = |exit: i32| {
        let only = ["a7-1-proof", "a7-1-current-notice", "a7-3-delay", "a7-3-processing", "a8-guardian"];
        let only: Vec<&str> = only.iter().flat_map(|rule| ["--only", rule]).collect();
        let ran = house.json(&[&["evaluate", "--pack", "gdpr"], &only[..]].concat(), exit);
        let answer =
            |rule: &Value| (rule["rule"].as_str().unwrap().to_owned(), rule["answer"].as_str().unwrap().to_owned());
        ran["rules"].as_array().unwrap().iter().map(answer).collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(evaluate(0)["gdpr.a7-1-proof"], "met");
    withdraw(&house, "email=ann@example.org", &["--time", "2026-10-20T10:00:00Z", "--at", "2026-10-10T10:00:00Z"]);
    house.write("processing.csv", "subject,purpose,time\nemail=ann@example.org,newsletter,2026-10-15\n");
    let settings = house.read("probity.toml").replace("processing = \"\"", "processing = \"processing.csv\"");
    house.write("probity.toml", settings);
    let answers = evaluate(1);
    assert_eq!((&*answers["gdpr.a7-3-processing"], &*answers["gdpr.a7-3-delay"]), ("broken", "broken"));
    let facts = house.json(&["facts", "consent"], 0);
    assert!(!facts.to_string().contains("ann@example.org"));
}
