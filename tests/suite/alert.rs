//! Alerts: from a judgement to its end, what nobody answers, silences, a register that nobody changes unnoticed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::house::{House, fit_their_schemas};

/// A project with a Dockerfile whose user is root, or is not.
fn project() -> House {
    let house = House::initialised();
    house.write("alerts.yaml", "schema: alerts/1\nescalate: [{from: high, to: critical, after: 4h}]\n");
    house
}

fn at(house: &House, time: &str, args: &[&str], exit: i32) -> Value {
    house.json(&[&["--time", time], args].concat(), exit)
}

const ROOT: &str =
    "FROM debian@sha256:0000000000000000000000000000000000000000000000000000000000000000\nCMD [\"true\"]\n";

/// Judges the Dockerfile at this time, and makes alerts of what the project keeps.
fn judge(house: &House, time: &str, dockerfile: &str, exit: i32) -> Value {
    house.write("image/Dockerfile", dockerfile);
    let rule =
        ["evaluate", "--pack", "infrastructure", "--only", "infrastructure.dockerfile-non-root", "--input", "image"];
    at(house, time, &rule, if dockerfile == ROOT { 1 } else { 0 });
    at(house, time, &["alert", "eval"], exit)
}

fn transitions(evaluated: &Value) -> Vec<&str> {
    evaluated["transitions"].as_array().unwrap().iter().filter_map(|one| one["event"].as_str()).collect()
}

fn acts(house: &House) -> Vec<String> {
    let ran = house.run(&["audit", "search", "--json", "--command", "alert"]).expect(0).stdout;
    let acts = ran.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    acts.filter_map(|entry| entry["entry"]["act"].as_str().or(entry["act"].as_str()).map(str::to_owned)).collect()
}

/// A rule is broken, somebody knows of it, it is mended, and it is broken again: two alerts; every step is in the ledger.
#[test]
fn from_a_judgement_to_its_end() {
    let house = project();
    let fired = judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    assert_eq!(transitions(&fired), ["pending", "fired"]);
    let alert = &fired["alerts"][0];
    assert_eq!(
        (&alert["id"], &alert["labels"]["rule"]),
        (&"alert-0001".into(), &"infrastructure.dockerfile-non-root".into())
    );
    // The same document again changes nothing.
    assert_eq!(at(&house, "2026-11-01T08:10:00Z", &["alert", "eval"], 1)["documents"][0]["known"], true);
    let due = at(&house, "2026-11-01T08:10:00Z", &["alert", "list", "--due"], 1);
    let key = alert["fingerprint"].as_str().unwrap();
    let known = at(&house, "2026-11-01T08:20:00Z", &["alert", "ack", key, "--note", "on it"], 0);
    assert_eq!(known["alerts"][0]["acknowledged"]["note"], "on it");
    at(&house, "2026-11-01T08:20:00Z", &["alert", "list", "--due"], 0);
    let mended = judge(&house, "2026-11-01T09:00:00Z", &format!("{ROOT}USER 1000\n"), 0);
    assert_eq!((transitions(&mended), &mended["firing"]), (vec!["resolved"], &0.into()));
    house.run(&["alert", "ack", "alert-0001"]).expect(4).code("alert-over");
    let again = judge(&house, "2026-11-01T10:00:00Z", ROOT, 1);
    assert_eq!(again["alerts"][0]["id"], "alert-0002");
    assert_eq!(again["alerts"][0]["fingerprint"], key);
    let over =
        at(&house, "2026-11-01T10:30:00Z", &["alert", "resolve", "alert-0002", "--reason", "image withdrawn"], 0);
    assert_eq!(over["alerts"][0]["status"], "resolved");
    let shown = at(&house, "2026-11-01T11:00:00Z", &["alert", "show", "alert-0001"], 0);
    let events: Vec<&str> = shown["history"].as_array().unwrap().iter().filter_map(|it| it["event"].as_str()).collect();
    assert_eq!(events, ["pending", "fired", "acknowledged", "resolved"]);
    let acts = acts(&house);
    for act in ["alert.pending", "alert.fired", "alert.acknowledged", "alert.resolved", "alert.observed"] {
        assert!(acts.iter().any(|known| known == act), "{act}: {acts:?}");
    }
    let all = at(&house, "2026-11-01T11:00:00Z", &["alert", "list", "--all"], 0);
    fit_their_schemas(&[fired, due, known, mended, shown, all]);
    house.run(&["--time", "2026-11-01T12:00:00Z", "audit", "verify"]).expect(0);
}

/// Objectives from standard input; what has no data is pending first, and resolves nothing.
#[test]
fn objectives_come_from_a_pipe() {
    let house = project();
    let document = |minute: u32, verdict: &str| {
        let objective = json!({
            "rule": "web", "title": "Web", "service": "shop", "objective": "fast", "pack": null, "severity": "critical",
            "verdict": verdict, "window": {"from": "", "to": "", "length": "1h"}, "bad": 3, "shown": [], "reason": "slow",
        });
        json!({"schema": "evaluation/1", "at": format!("2026-11-01T08:{minute:02}:00Z"), "objectives": [objective]})
    };
    let pipe = |minute: u32, verdict: &str, exit: i32| {
        house.write("doc.json", document(minute, verdict).to_string());
        let line = "probity --json alert eval - <doc.json";
        serde_json::from_str::<Value>(&house.shell(line).expect(exit).stdout).unwrap()
    };
    assert_eq!(transitions(&pipe(0, "met", 0)), Vec::<&str>::new());
    assert_eq!(transitions(&pipe(1, "no data", 3)), ["pending"]);
    assert_eq!(transitions(&pipe(2, "broken", 1)), ["pending", "fired", "withdrawn"]);
    let blind = pipe(3, "no data", 1);
    assert_eq!((transitions(&blind), &blind["unknown"], &blind["firing"]), (vec!["pending"], &1.into(), &1.into()));
    house.write("bad.json", "{\"schema\":\"facts/1\"}");
    house.run(&["alert", "eval", "bad.json"]).expect(6).code("bad-observation");
    House::initialised().run(&["alert", "eval"]).expect(3).code("nothing-to-observe");
    house.write("alerts.yaml", "schema: alerts/1\nflaping: false\n");
    let wrong = house.run(&["alert", "eval", "doc.json"]).expect(7).code("unknown-key");
    assert!(
        wrong.stderr.contains("alerts.yaml:2:1") && wrong.stderr.contains("Did you mean \"flapping\"?"),
        "{wrong:?}"
    );
}

/// What nobody answers becomes graver; a silence lets it be, lists it all the same, and ends.
#[test]
fn silences_and_escalation() {
    let house = project();
    let first = judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    assert_eq!(first["alerts"][0]["severity"], first["alerts"][0]["found_severity"]);
    house.write(
        "alerts.yaml",
        "schema: alerts/1\nescalate: [{from: high, to: critical, after: 4h}, {from: medium, to: high, after: 2h}]\n",
    );
    let raised = at(&house, "2026-11-01T12:00:00Z", &["alert", "eval"], 1);
    assert_eq!(transitions(&raised), ["escalated"]);
    assert_ne!(raised["alerts"][0]["severity"], first["alerts"][0]["severity"]);
    let silence = ["alert", "silence", "--match", "rule=infrastructure.*", "--for", "2h", "--reason", "maintenance"];
    let silenced = at(&house, "2026-11-01T12:10:00Z", &silence, 0);
    assert_eq!(silenced["silences"][0]["until"], "2026-11-01T14:10:00Z");
    let quiet = at(&house, "2026-11-01T12:20:00Z", &["alert", "eval"], 0);
    assert_eq!((&quiet["firing"], &quiet["alerts"][0]["silenced_by"]), (&0.into(), &"silence-0001".into()));
    at(&house, "2026-11-01T12:20:00Z", &["alert", "list", "--due"], 0);
    at(&house, "2026-11-01T14:10:00Z", &["alert", "list", "--due"], 1);
    at(&house, "2026-11-01T12:30:00Z", &["alert", "silence", "--end", "silence-0001"], 0);
    at(&house, "2026-11-01T12:40:00Z", &["alert", "list", "--due"], 1);
    let list = at(&house, "2026-11-01T12:40:00Z", &["alert", "silence", "--list"], 0);
    fit_their_schemas(&[raised, silenced, quiet, list.clone(), list["silences"][0].clone()]);
    house.run(&["alert", "silence", "--match", "rule=x", "--reason", "?"]).expect(2).code("silence-length");
    house.run(&["alert", "silence", "--match", "x", "--for", "1h", "--reason", "?"]).expect(2).code("bad-alert-match");
    house.run(&["alert", "silence", "--end", "silence-0001"]).expect(6).code("no-silence");
    house.run(&["alert", "show", "alert-0099"]).expect(6).code("no-alert");
}

/// Whoever changes a line, or takes one out, is found out; a line that the ledger does not know yet is entered.
#[test]
fn nobody_changes_the_register_unnoticed() {
    let house = project();
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    let register = house.read(".probity/alerts.jsonl");
    let lines: Vec<&str> = register.lines().collect();
    house.write(".probity/alerts.jsonl", register.replace("root", "toor"));
    house.run(&["alert", "list"]).expect(1).code("alerts-broken");
    for cut in [format!("{}\n", lines[0]), String::new()] {
        house.write(".probity/alerts.jsonl", cut);
        house.run(&["alert", "ack", "alert-0001"]).expect(1).code("alerts-broken");
    }
    // A line that was torn by a crash is cut, and what follows stands in its place.
    house.write(".probity/alerts.jsonl", format!("{register}{{\"about\":\"al"));
    at(&house, "2026-11-01T08:30:00Z", &["alert", "ack", "alert-0001"], 0);
    let grown = house.read(".probity/alerts.jsonl");
    assert!(grown.starts_with(&register) && grown.lines().count() == lines.len() + 1, "{grown}");
    assert_eq!(acts(&house).iter().filter(|act| *act == "alert.acknowledged").count(), 1);
    // Killed between the line and its entry: the next run enters both.
    house.shell("cp -a .probity/ledger earlier").expect(0);
    at(&house, "2026-11-01T08:40:00Z", &["alert", "ack", "alert-0001"], 0);
    house.shell("rm -r .probity/ledger && mv earlier .probity/ledger").expect(0);
    at(&house, "2026-11-01T08:50:00Z", &["alert", "ack", "alert-0001"], 0);
    assert_eq!(acts(&house).iter().filter(|act| *act == "alert.acknowledged").count(), 3);
}

/// Killed at whatever moment, a run leaves a register that is gone on with: each line is whole, and each is in the ledger once.
#[test]
fn a_kill_loses_nothing_that_was_said() {
    let house = project();
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    for round in 0..25_u64 {
        let note = format!("note {round}");
        let mut command: Command =
            house.command(&["--time", "2026-11-01T08:30:00Z", "alert", "ack", "alert-0001", "--note", &note]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(round * 3));
        // Whether it was done by then is not asked: what holds, holds either way.
        let _ = child.kill();
        child.wait().unwrap();
    }
    at(&house, "2026-11-01T09:00:00Z", &["alert", "ack", "alert-0001", "--note", "last"], 0);
    let shown = at(&house, "2026-11-01T09:00:00Z", &["alert", "show", "alert-0001"], 0);
    let said = shown["history"].as_array().unwrap().iter().filter(|it| it["event"] == "acknowledged").count();
    assert_eq!(acts(&house).iter().filter(|act| *act == "alert.acknowledged").count(), said);
    house.run(&["--time", "2026-11-01T09:00:00Z", "audit", "verify"]).expect(0);
}

/// The fact `alerts` and the rules over it: answered in time, made often enough, and a register that was changed.
#[cfg(feature = "privacy")]
#[test]
fn alerts_are_judged() {
    let house = project();
    let facts = |time: &str| at(&house, time, &["facts", "alerts"], 0)["facts"][0]["value"].clone();
    let judged = |time: &str, exit: i32| {
        let rules =
            ["evaluate", "--pack", "soc2", "--only", "soc2.cc7-2-alerts", "--only", "soc2.cc7-3-alerts-answered"];
        let judged = at(&house, time, &rules, exit);
        let answers =
            judged["rules"].as_array().unwrap().iter().map(|rule| rule["answer"].as_str().unwrap().to_owned());
        answers.collect::<Vec<_>>()
    };
    assert_eq!(judged("2026-11-01T07:00:00Z", 3), ["not given", "not given"]);
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    let fact = facts("2026-11-01T10:00:00Z");
    let counts =
        ["firing", "acknowledged", "pending", "resolved"].map(|name| fact["registers"][0][name].as_u64().unwrap());
    assert_eq!((counts, &fact["registers"][0]["sound"]), ([1, 0, 0, 0], &true.into()));
    assert_eq!((&fact["severities"][2]["unanswered"], &fact["severities"][2]["oldest"]), (&1.into(), &7200.into()));
    assert_eq!(judged("2026-11-02T08:00:00Z", 0), ["met", "met"]);
    assert_eq!(judged("2026-11-02T08:00:01Z", 1), ["broken", "broken"]);
    at(&house, "2026-11-02T07:00:00Z", &["alert", "ack", "alert-0001"], 0);
    assert_eq!(facts("2026-11-02T07:30:00Z")["severities"][2]["oldest"], Value::Null);
    assert_eq!(judged("2026-11-03T08:00:00Z", 1), ["broken", "met"]);
    let register = house.read(".probity/alerts.jsonl");
    house.write(".probity/alerts.jsonl", register.lines().next().unwrap().to_owned() + "\n");
    let fact = facts("2026-11-02T07:40:00Z");
    assert_eq!(fact["registers"][0]["sound"], false);
    assert!(fact["registers"][0]["fault"].as_str().unwrap().contains("Lines are missing"), "{fact}");
}

/// The timeline of an incident has what happened to the alerts that name it, and to no others.
#[cfg(feature = "privacy")]
#[test]
fn an_incident_has_its_alerts() {
    let house = project();
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    at(&house, "2026-11-01T08:05:00Z", &["incident", "open", "--title", "Break-in"], 0);
    let report = || at(&house, "2026-11-01T09:00:00Z", &["incident", "report", "inc-0001"], 0);
    let of_alerts = |report: &Value| -> Vec<String> {
        let timeline = report["timeline"].as_array().unwrap().iter().filter(|it| it["source"] == "alert");
        timeline.map(|it| it["text"].as_str().unwrap().to_owned()).collect()
    };
    assert!(of_alerts(&report()).is_empty());
    house.run(&["alert", "ack", "alert-0001", "--incident", "inc-0002"]).expect(6).code("no-incident");
    at(&house, "2026-11-01T08:10:00Z", &["alert", "ack", "alert-0001", "--note", "on it", "--incident", "inc-0001"], 0);
    let told = report();
    let texts = of_alerts(&told);
    let about = "alert-0001 RuleBroken infrastructure.dockerfile-non-root";
    for (text, word) in texts.iter().zip(["pending", "fired", "acknowledged", "linked"]) {
        assert!(text.starts_with(&format!("{about}: {word} by ")), "{texts:?}");
    }
    assert_eq!(texts.len(), 4, "{texts:?}");
    fit_their_schemas(&[told]);
}

/// A server that keeps what it is sent: path, headers, body; what it answers follows from the path.
struct Sink {
    port: u16,
    heard: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Sink {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
                let lower = head.to_lowercase();
                let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).unwrap();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let status = if path == "/no" { "403 Forbidden" } else { "202 Accepted" };
                kept.lock().unwrap().push((path, head, String::from_utf8(body).unwrap()));
                let _ = stream.write_all(
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes(),
                );
            }
        });
        Sink { port, heard }
    }

    /// What came to this path: headers and body.
    fn at(&self, path: &str) -> Vec<(String, Value)> {
        let heard = self.heard.lock().unwrap();
        let there = heard.iter().filter(|(known, ..)| known == path);
        there.map(|(_, head, body)| (head.clone(), serde_json::from_str(body).unwrap())).collect()
    }
}

/// Targets of every kind, one that is down, and who is told instead.
fn with_targets(house: &House, sink: &Sink) {
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", sink.port);
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    house.write("secret", "a secret of both\n");
    house.write("slack-url", format!("{}\n", url("/slack")));
    house.write(
        "alerts.yaml",
        format!(
            "schema: alerts/1\nescalate: []\ntargets:\n  hook: {{kind: webhook, url: \"{}\", secret_file: secret}}\n  \
             am: {{kind: alertmanager, url: \"{}\"}}\n  v4: {{kind: webhook-v4, url: \"{}\"}}\n  \
             chat: {{kind: slack, url_file: slack-url}}\n  pager: {{kind: pagerduty, url: \"{}\", secret_file: secret}}\n  \
             log: {{kind: file, path: told.jsonl}}\n  instead: {{kind: file, path: instead.jsonl}}\n  \
             down: {{kind: webhook-v4, url: \"http://127.0.0.1:{closed}/\", tries: 2, failures: 2, rest: 10m, fallback: instead}}\n  \
             no: {{kind: webhook-v4, url: \"{}\"}}\n  slow: {{kind: command, run: [/bin/sleep, \"5\"], timeout: 1s, tries: 1}}\n  \
             tee: {{kind: command, run: [/usr/bin/tee, tee.json]}}\n\
             routes:\n- {{match: {{severity: critical}}, to: [pager]}}\n- {{match: {{rule: \"infrastructure.*\"}}, to: [hook, am, v4, chat, \
             pager, log, down]}}\n",
            url("/hook"),
            url(""),
            url("/v4"),
            url("/pager"),
            url("/no"),
        ),
    );
}

fn outcomes(notified: &Value) -> Vec<String> {
    let deliveries = notified["deliveries"].as_array().unwrap().iter();
    deliveries.map(|one| format!("{} {}", one["target"].as_str().unwrap(), one["outcome"].as_str().unwrap())).collect()
}

/// Every target reads what it knows; one that is down degrades itself alone, is left alone, and is told later.
#[test]
fn targets_are_told() {
    let (house, sink) = (project(), Sink::new());
    with_targets(&house, &sink);
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    let routed = at(&house, "2026-11-01T08:00:00Z", &["alert", "route", "alert-0001"], 0);
    assert_eq!(routed["due"].as_array().unwrap().len(), 7);
    let first = at(&house, "2026-11-01T08:00:10Z", &["alert", "notify"], 5);
    assert_eq!(
        outcomes(&first),
        ["hook told", "am told", "v4 told", "chat told", "pager told", "log told", "down failed", "instead told"]
    );
    let [(head, hook)] = sink.at("/hook").try_into().unwrap();
    let key = hook["alerts"][0]["fingerprint"].as_str().unwrap().to_owned();
    let header =
        |name: &str| head.lines().find_map(|line| line.to_lowercase().strip_prefix(name).map(str::to_owned)).unwrap();
    house.write(
        "signed",
        format!(
            "{}.{}",
            header("x-probity-timestamp: "),
            sink.heard.lock().unwrap().iter().find(|(path, ..)| path == "/hook").unwrap().2
        ),
    );
    let judged = house.shell("openssl dgst -sha256 -hmac \"$(cat secret)\" signed").expect(0).stdout;
    assert!(
        header("x-probity-signature: ").trim_start_matches("sha256=") == judged.trim().rsplit(' ').next().unwrap(),
        "{judged}"
    );
    let [(_, am)] = sink.at("/api/v2/alerts").try_into().unwrap();
    assert_eq!((&am[0]["labels"]["severity"], &am[0]["startsAt"]), (&"high".into(), &"2026-11-01T08:00:00Z".into()));
    let [(_, v4)] = sink.at("/v4").try_into().unwrap();
    assert_eq!(
        (&v4["status"], &v4["version"], &v4["alerts"][0]["fingerprint"]),
        (&"firing".into(), &"4".into(), &key.as_str().into())
    );
    let [(_, pager)] = sink.at("/pager").try_into().unwrap();
    assert_eq!(
        (&pager["event_action"], &pager["dedup_key"], &pager["routing_key"]),
        (&"trigger".into(), &key.as_str().into(), &"a secret of both".into())
    );
    assert!(sink.at("/slack")[0].1["text"].as_str().unwrap().starts_with("[firing high] alert-0001 "));
    assert_eq!(house.read("told.jsonl").lines().count(), 1);
    // Nobody is told twice; who is down is asked again, then left alone.
    assert_eq!(outcomes(&at(&house, "2026-11-01T08:01:00Z", &["alert", "notify"], 8)), ["down failed"]);
    let held = at(&house, "2026-11-01T08:02:00Z", &["alert", "notify"], 8);
    assert_eq!(outcomes(&held), ["down held"]);
    assert_eq!(outcomes(&at(&house, "2026-11-01T08:11:00Z", &["alert", "notify"], 8)), ["down failed"]);
    assert_eq!(house.read("instead.jsonl").lines().count(), 1);
    judge(&house, "2026-11-01T09:00:00Z", &format!("{ROOT}USER 1000\n"), 0);
    let over = at(&house, "2026-11-01T09:00:10Z", &["alert", "notify"], 0);
    assert_eq!(outcomes(&over), ["hook told", "am told", "v4 told", "chat told", "pager told", "log told"]);
    assert_eq!(sink.at("/pager")[1].1["event_action"], "resolve");
    assert_eq!(sink.at("/api/v2/alerts")[1].1[0]["endsAt"], "2026-11-01T09:00:00Z");
    assert_eq!(sink.at("/v4")[1].1["status"], "resolved");
    let acts = acts(&house);
    assert!(["alert.told", "alert.untold"].iter().all(|act| acts.iter().any(|known| known == act)), "{acts:?}");
    fit_their_schemas(&[first, held, over, routed, hook]);
}

/// A real Alertmanager takes what fires and what is over.
#[test]
fn alertmanager_takes_them() {
    if !super::house::judge("prometheus-alertmanager") || !super::house::judge("amtool") {
        return;
    }
    let house = project();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    house.write("am.yml", "route: {receiver: nobody, group_wait: 0s}\nreceivers: [{name: nobody}]\n");
    let address = format!("127.0.0.1:{port}");
    let mut server = Command::new("prometheus-alertmanager")
        .current_dir(house.path("."))
        .args(["--config.file=am.yml", "--storage.path=am-data", "--cluster.listen-address="])
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    house.shell(&format!("curl -sf --retry 60 --retry-connrefused --retry-delay 1 http://{address}/-/ready")).expect(0);
    let target = format!("am: {{kind: alertmanager, url: \"http://{address}/\"}}");
    house.write(
        "alerts.yaml",
        format!("schema: alerts/1\nescalate: []\ntargets: {{{target}}}\nroutes: [{{to: [am]}}]\n"),
    );
    let known = |query: &str| -> Value {
        let line = format!("amtool --alertmanager.url=http://{address} alert query --output=json {query}");
        serde_json::from_str(&house.shell(&line).expect(0).stdout).unwrap()
    };
    // Alertmanager has a clock of its own: what is over for it ended before now.
    let (fires, ends) = ("2100-01-01T08:00:00Z", "2026-11-01T08:00:00Z");
    judge(&house, ends, ROOT, 1);
    at(&house, fires, &["alert", "notify"], 0);
    let alerts = known("rule=infrastructure.dockerfile-non-root severity=high");
    assert_eq!((alerts.as_array().unwrap().len(), &alerts[0]["status"]["state"]), (1, &"active".into()));
    assert_eq!(alerts[0]["startsAt"].as_str().map(|time| &time[..19]), Some("2026-11-01T08:00:00"));
    judge(&house, "2026-11-01T08:30:00Z", &format!("{ROOT}USER 1000\n"), 0);
    at(&house, fires, &["alert", "notify"], 0);
    assert_eq!(known("rule=infrastructure.dockerfile-non-root").as_array().unwrap().len(), 0);
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A silenced alert is told to nobody; too many in a minute wait for the next.
#[test]
fn silence_and_rate_hold_back() {
    let (house, sink) = (project(), Sink::new());
    house.write("alerts.yaml", "schema: alerts/1\nescalate: []\ntargets: {log: {kind: file, path: told.jsonl, rate: 1}}\nroutes: [{to: [log]}]\n");
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    at(
        &house,
        "2026-11-01T08:00:00Z",
        &["alert", "silence", "--match", "rule=*", "--for", "1h", "--reason", "test"],
        0,
    );
    assert!(outcomes(&at(&house, "2026-11-01T08:30:00Z", &["alert", "notify"], 0)).is_empty());
    assert_eq!(outcomes(&at(&house, "2026-11-01T09:00:00Z", &["alert", "notify"], 0)), ["log told"]);
    judge(&house, "2026-11-01T09:00:10Z", &format!("{ROOT}USER 1000\n"), 0);
    assert_eq!(outcomes(&at(&house, "2026-11-01T09:00:20Z", &["alert", "notify"], 8)), ["log held"]);
    assert_eq!(outcomes(&at(&house, "2026-11-01T09:01:00Z", &["alert", "notify"], 0)), ["log told"]);
    assert!(sink.heard.lock().unwrap().is_empty());
}

/// As a job: an alert that fires is an answer, and whoever is to know of it is told all the same.
#[test]
fn a_job_makes_alerts_and_tells_them() {
    let house = project();
    house.write(
        "alerts.yaml",
        "schema: alerts/1\ntargets: {log: {kind: file, path: told.jsonl}}\nroutes: [{to: [log]}]\n",
    );
    house.write("image/Dockerfile", ROOT);
    let judged = [
        "\"evaluate\", \"--pack\", \"infrastructure\", \"--input\", \"image\"",
        "\"alert\", \"eval\"",
        "\"alert\", \"notify\"",
    ];
    let steps: String = judged.iter().map(|words| format!("[[step]]\nrun = [{words}]\n")).collect();
    house.write("alerts.toml", format!("every = \"5m\"\n{steps}"));
    house.run(&["run", "alerts.toml"]).expect(1);
    let told = house.read("told.jsonl");
    assert!(told.contains("infrastructure.dockerfile-non-root") && told.lines().count() == 1, "{told}");
}

/// A target is tried alone; programs start only when the settings allow them, and not for longer than they may.
#[test]
fn targets_are_tried() {
    let (house, sink) = (project(), Sink::new());
    with_targets(&house, &sink);
    let tried = house.json(&["alert", "test", "hook"], 0);
    assert_eq!(sink.at("/hook")[0].1["alerts"][0]["labels"]["alertname"], "Test");
    house.run(&["alert", "test", "no"]).expect(8).code("target-refused");
    assert_eq!(sink.at("/no").len(), 1, "what is refused is not tried again");
    house.run(&["alert", "test", "down"]).expect(8).code("target-failed");
    house.run(&["alert", "test", "hok"]).expect(2).code("no-target");
    house.run(&["alert", "test", "tee"]).expect(4).code("command-not-allowed");
    let settings = house.read("probity.toml");
    house.write("probity.toml", settings.replace("commands = []", "commands = [\"/usr/bin/tee\", \"/bin/sleep\"]"));
    house.run(&["alert", "test", "tee"]).expect(0);
    assert!(house.read("tee.json").contains("alert-delivery/1"));
    let slow = house.run(&["alert", "test", "slow"]).expect(8).code("target-failed");
    assert!(slow.stderr.contains("took longer than 1 s"), "{slow:?}");
    house.write("alerts.yaml", "schema: alerts/1\nroutes: [{to: [nobody]}]\n");
    house.run(&["alert", "notify"]).expect(7).code("no-target");
    fit_their_schemas(&[tried]);
}

/// Two who answer at once both do, and the chain stays whole.
#[test]
fn two_at_once_both_enter() {
    let house = project();
    judge(&house, "2026-11-01T08:00:00Z", ROOT, 1);
    let children: Vec<_> = (0..8)
        .map(|number| {
            let note = format!("note {number}");
            let args = ["--time", "2026-11-01T08:30:00Z", "alert", "ack", "alert-0001", "--note", &note];
            let mut command: Command = house.command(&args);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let entered =
        children.into_iter().filter_map(|mut child| child.wait().unwrap().code()).filter(|code| *code == 0).count();
    let shown = at(&house, "2026-11-01T09:00:00Z", &["alert", "show", "alert-0001"], 0);
    let known = shown["history"].as_array().unwrap().iter().filter(|it| it["event"] == "acknowledged").count();
    assert!(entered > 0);
    assert_eq!(known, entered);
    assert_eq!(acts(&house).iter().filter(|act| *act == "alert.acknowledged").count(), entered);
}

/// Receivers of syslog hear one message for each alert, on each way; a text with line ends stays one message.
#[test]
fn syslog_hears_of_alerts() {
    let house = project();
    let wait = Some(std::time::Duration::from_secs(20));
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let unix = UnixDatagram::bind(house.path("log.sock")).unwrap();
    udp.set_read_timeout(wait).unwrap();
    unix.set_read_timeout(wait).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |address: std::net::SocketAddr| address.port();
    let targets = |udp_address: &str| {
        house.write(
            "alerts.yaml",
            format!(
                "schema: alerts/1\ntargets:\n  udp: {{kind: syslog, address: \"{udp_address}\", facility: daemon}}\n  \
                 tcp: {{kind: syslog, address: \"tcp://localhost:{}\"}}\n  unix: {{kind: syslog, address: \"unix://{}\"}}\n  \
                 gone: {{kind: syslog, address: \"unix:///nowhere/log\", tries: 1}}\n",
                port(tcp.local_addr().unwrap()),
                house.path("log.sock").display(),
            ),
        )
    };
    targets(&format!("udp://127.0.0.1:{}", port(udp.local_addr().unwrap())));
    let heard = |text: &str, priority: u16| {
        let head =
            format!("<{priority}>1 2026-11-22T12:00:00Z - probity - firing [origin software=\"probity\" swVersion=\"");
        assert!(text.starts_with(&head) && text.contains("\"] \u{feff}[firing "), "{text:?}");
        assert!(text.contains("alertname=\"Test\"") && !text.contains('\n') && text.len() <= 2048, "{text:?}");
    };
    let mut bytes = [0; 4096];
    house.run(&["alert", "test", "udp"]).expect(0);
    let length = udp.recv(&mut bytes).unwrap();
    // daemon is 3, and a test is of low severity: a notice.
    heard(std::str::from_utf8(&bytes[..length]).unwrap(), 3 * 8 + 5);
    house.run(&["alert", "test", "unix"]).expect(0);
    let length = unix.recv(&mut bytes).unwrap();
    heard(std::str::from_utf8(&bytes[..length]).unwrap(), 16 * 8 + 5);
    house.run(&["alert", "test", "tcp"]).expect(0);
    let mut text = String::new();
    tcp.accept().unwrap().0.read_to_string(&mut text).unwrap();
    let (length, message) = text.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), message.len());
    heard(message, 16 * 8 + 5);
    house.run(&["alert", "test", "gone"]).expect(8).code("target-failed");
    for wrong in ["udp://127.0.0.1", "127.0.0.1:514", "tls://a", "unix://relative"] {
        targets(wrong);
        let ran = house.run(&["alert", "test", "tcp"]).expect(7).code("bad-syslog-address");
        assert!(ran.stderr.contains("alerts.yaml:3:"), "{ran:?}");
    }
}
