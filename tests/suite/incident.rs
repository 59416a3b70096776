//! Incidents: the 72 hours, phases and delays, drafts that invent nothing, a register that nobody changes unnoticed.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::house::{House, fit_their_schemas, judge};

/// A breach of which somebody became aware on the evening before Christmas.
fn opened() -> House {
    let house = House::initialised();
    at(
        &house,
        "2026-12-24T18:00:00Z",
        &["incident", "open", "--title", "Laptop stolen", "--occurred", "2026-12-24T12:00:00Z"],
        0,
    );
    house
}

fn at(house: &House, time: &str, args: &[&str], exit: i32) -> Value {
    house.json(&[&["--time", time], args].concat(), exit)
}

/// Everything that Art. 33(3) asks for of the incident itself.
const KNOWN: &[&str] = &[
    "--nature",
    "a laptop <with> customers' data was stolen",
    "--people",
    "about 1200",
    "--people-categories",
    "customers",
    "--records",
    "about 3000",
    "--record-categories",
    "addresses",
    "--consequences",
    "identity fraud",
    "--measures",
    "remote wipe",
    "--risk",
    "high",
    "--risk-reason",
    "the disk was not encrypted",
    "--kind",
    "confidentiality",
];

/// The clock runs over holidays; every list says the hours; when they are over the list says no.
#[test]
fn the_clock_runs_over_holidays_and_says_no_when_it_is_over() {
    let house = opened();
    let due = |time: &str, exit: i32| at(&house, time, &["incident", "list", "--due"], exit)["incidents"][0].clone();
    let first = due("2026-12-25T18:30:00Z", 0);
    assert_eq!(
        (&first["due"], &first["hours_left"], &first["clock"]),
        (&"2026-12-27T18:00:00Z".into(), &47.into(), &"running".into())
    );
    assert_eq!(due("2026-12-27T18:00:00Z", 0)["hours_left"], 0);
    let over = due("2026-12-27T18:00:01Z", 1);
    assert_eq!((&over["hours_left"], &over["clock"]), (&(-1).into(), &"over".into()));
    at(&house, "2026-12-28T00:00:00Z", &["incident", "list"], 0);
    let late = ["incident", "notify", "inc-0001", "--sent", "2026-12-28T09:00:00Z"];
    let now = ["--time", "2026-12-28T10:00:00Z"];
    // Nobody is told of what nobody knows, and who told people first told the authority no earlier for that.
    let before = ["incident", "notify", "inc-0001", "--sent", "2026-12-24T17:00:00Z"];
    house.run(&[&now[..], &before].concat()).expect(2).code("told-before-aware");
    house.run(&[&now[..], &["incident", "open", "--title", " "]].concat()).expect(2).code("no-title");
    let people = ["incident", "notify", "inc-0001", "--to", "people", "--sent", "2026-12-25T09:00:00Z"];
    for phase in ["first", "further"] {
        let told = at(&house, now[1], &people, 0)["told"].as_array().unwrap().clone();
        assert_eq!(told.last().unwrap()["phase"], phase, "{told:?}");
    }
    house.run(&[&now[..], &late].concat()).expect(4).code("delay-without-reason");
    house.run(&[&["--time", "2026-12-28T08:00:00Z"], &late[..]].concat()).expect(2).code("time-to-come");
    let told = at(&house, now[1], &[&late[..], &["--delay", "the log had to be restored first"]].concat(), 0);
    assert_eq!((&told["clock"], &told["hours_left"]), (&"late".into(), &Value::Null));
    assert!(due_list(&house, now[1]).is_empty());
}

fn due_list(house: &House, time: &str) -> Vec<Value> {
    at(house, time, &["incident", "list", "--due"], 0)["incidents"].as_array().unwrap().clone()
}

/// A draft says what is known and names what is not; in HTML nothing that was said is markup.
#[test]
fn a_draft_names_what_is_missing() {
    let house = opened();
    let time = "2026-12-25T08:00:00Z";
    let draft = at(&house, time, &["incident", "notify", "inc-0001", "--draft"], 0);
    let missing: Vec<&str> = draft["missing"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(
        missing,
        [
            "nature",
            "people-categories",
            "people",
            "record-categories",
            "records",
            "contact",
            "consequences",
            "measures"
        ]
    );
    let text = house.run(&["--time", time, "incident", "notify", "inc-0001", "--draft"]).expect(0).stdout;
    assert_eq!(text.matches("[MISSING: nobody has said it]").count(), 9, "{text}");
    at(&house, time, &[&["incident", "update", "inc-0001"], KNOWN].concat(), 0);
    house.write("probity.toml", house.read("probity.toml").replace("officer = \"\"", "officer = \"dpo@shop.example\""));
    let draft = at(
        &house,
        time,
        &["incident", "notify", "inc-0001", "--draft", "--format", "html", "--output", "draft.html"],
        0,
    );
    assert_eq!(draft["hours_left"], 58);
    let html = house.read("draft.html");
    assert!(html.contains("&lt;with&gt;") && !html.contains("<with>"), "{html}");
    if judge("xmllint") {
        house.shell("xmllint --html --noout draft.html").expect(0);
    }
    // Art. 33(1): what comes later than 72 hours says why.
    let late = at(&house, "2027-01-10T08:00:00Z", &["incident", "notify", "inc-0001", "--draft"], 0);
    assert_eq!((&late["missing"], &late["sections"][4]["code"]), (&serde_json::json!(["delay"]), &"33-1".into()));
    fit_their_schemas(&[draft, late]);
}

/// From awareness to lessons: nothing is closed before it is told and known; every act is in register and ledger.
#[test]
fn an_incident_from_awareness_to_lessons() {
    let house = opened();
    let day = |day: u32| format!("2026-12-{day}T09:00:00Z");
    let close = ["incident", "close", "inc-0001", "--summary", "the laptop was found"];
    house.run(&[&["--time", &day(25)], &close[..]].concat()).expect(4).code("incident-unfinished");
    at(&house, &day(25), &[&["incident", "update", "inc-0001"], KNOWN].concat(), 0);
    at(&house, &day(26), &["incident", "notify", "inc-0001", "--sent", &day(26), "--reference", "LDA-1"], 0);
    house.run(&[&["--time", &day(26)], &close[..]].concat()).expect(4).code("incident-unfinished");
    let exempt =
        ["incident", "update", "inc-0001", "--exemption", "34-3-b", "--exemption-reason", "it was wiped in time"];
    assert_eq!(at(&house, &day(27), &exempt, 0)["owes_people"], false);
    let action =
        ["incident", "update", "inc-0001", "--action", "encrypt disks", "--owner", "IT", "--due", "2027-01-31"];
    at(&house, &day(27), &action, 0);
    at(
        &house,
        &day(27),
        &["incident", "update", "inc-0001", "--done", "1", "--cause", "no policy", "--lessons", "disks are encrypted"],
        0,
    );
    house.run(&["--time", &day(27), "incident", "update", "inc-0001", "--done", "2"]).expect(2).code("no-action");
    house.run(&["--time", &day(27), "incident", "update", "inc-0001"]).expect(2).code("nothing-said");
    let closed = at(&house, &day(28), &close, 0);
    assert_eq!((&closed["closed"], &closed["actions"][0]["done"]), (&day(28).into(), &day(27).into()));
    house
        .run(&["--time", &day(29), "incident", "update", "inc-0001", "--note", "more"])
        .expect(4)
        .code("incident-closed");
    house.run(&["case", "new", "theft", "--title", "Theft"]).expect(0);
    let report =
        at(&house, &day(29), &["incident", "report", "inc-0001", "--format", "json", "--output", "report.json"], 0);
    let sources: Vec<&str> =
        report["timeline"].as_array().unwrap().iter().filter_map(|it| it["source"].as_str()).collect();
    assert_eq!(sources.iter().filter(|source| **source == "register").count(), 8, "{report}");
    let markdown =
        house.run(&["--time", &day(29), "incident", "report", "inc-0001", "--case", "theft"]).expect(0).stdout;
    assert!(markdown.contains("theft"), "{markdown}");
    let case = house.json(&["case", "show", "theft"], 0);
    assert!(case.to_string().contains("inc-0001.md"), "{case}");
    let listed = at(&house, &day(29), &["incident", "list"], 0);
    let shown = at(&house, &day(29), &["incident", "show", "inc-0001"], 0);
    fit_their_schemas(&[closed, report, listed, shown]);
    house.run(&["--time", &day(29), "audit", "verify"]).expect(0);
}

/// The timeline has what the project did meanwhile, from its ledger.
#[test]
fn the_timeline_has_what_the_ledger_has() {
    let house = opened();
    house
        .run(&[
            "--time",
            "2026-12-24T20:00:00Z",
            "hold",
            "add",
            "--collection",
            "shop",
            "--law",
            "police",
            "--approver",
            "cfo",
        ])
        .expect(0);
    let report = at(&house, "2026-12-25T09:00:00Z", &["incident", "report", "inc-0001"], 0);
    let acts = report["timeline"].as_array().unwrap().iter().filter(|it| it["source"] == "ledger");
    let texts: Vec<&str> = acts.filter_map(|it| it["text"].as_str()).collect();
    assert!(texts.iter().any(|text| text.starts_with("hold.added by ")), "{texts:?}");
    assert!(texts.iter().all(|text| !text.starts_with("incident.")), "{texts:?}");
}

/// Whoever changes a line, or takes one out, is found out, and rules say so.
#[test]
fn nobody_changes_the_register_unnoticed() {
    let house = opened();
    at(&house, "2026-12-24T19:00:00Z", &["incident", "update", "inc-0001", "--risk", "high"], 0);
    let register = house.read(".probity/incidents.jsonl");
    let judge = || house.json(&["evaluate", "--pack", "gdpr", "--only", "gdpr.a33-register-sound"], 1).to_string();
    // The last line has none behind it that would tell: its digest stands in the ledger.
    for cut in [register.replace("high", "none"), register.lines().next().unwrap().to_owned() + "\n", String::new()] {
        house.write(".probity/incidents.jsonl", cut);
        assert!(judge().contains("Lines are missing at its end"));
    }
    house.write(".probity/incidents.jsonl", register.replace("stolen", "mislaid"));
    house.run(&["incident", "list"]).expect(1).code("incidents-broken");
    assert!(judge().contains("The line does not follow from the one before it"));
    house.write(".probity/incidents.jsonl", &register);
    house.run(&["--time", "2026-12-25T00:00:00Z", "incident", "list"]).expect(0);
}

/// Two who enter at once both do, and the chain stays whole.
#[test]
fn two_at_once_both_enter() {
    let house = opened();
    let children: Vec<_> = (0..8)
        .map(|number| {
            let note = format!("note {number}");
            let mut command: Command =
                house.command(&["--time", "2026-12-24T19:00:00Z", "incident", "update", "inc-0001", "--note", &note]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let entered =
        children.into_iter().filter_map(|mut child| child.wait().unwrap().code()).filter(|code| *code == 0).count();
    let shown = at(&house, "2026-12-24T20:00:00Z", &["incident", "show", "inc-0001"], 0);
    assert!(entered > 0);
    assert!(shown["history"].as_array().unwrap().len() > entered, "{entered}: {shown}");
}
