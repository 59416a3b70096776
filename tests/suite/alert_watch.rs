//! `alert watch`: events as they happen, for several who follow; kills; two at once; whoever means no good.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::alert_targets::evaluation;
use super::house::{House, Ran, fit_their_schemas};

/// A watch, with its events as lines of JSON.
struct Watch {
    child: Child,
    stdout: BufReader<ChildStdout>,
    _stderr: BufReader<ChildStderr>,
    address: String,
}

impl Watch {
    fn start(house: &House, more: &[&str]) -> Self {
        let args = [&["alert", "watch", "--json", "--every", "1s", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = house.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut note = String::new();
        stderr.read_line(&mut note).unwrap();
        let address = note.trim().rsplit_once("http://").unwrap_or_else(|| panic!("{note}")).1.replace("/events", "");
        Watch { child, stdout, _stderr: stderr, address }
    }

    /// The events up to one that happened so to that.
    fn until(&mut self, event: &str, about: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "{event} {about}: {events:?}");
            let one: Value = serde_json::from_str(&line).unwrap();
            let names = [&one["about"], &one["said"]["target"]];
            let is_it = one["event"] == event && (about.is_empty() || names.iter().any(|name| **name == about));
            events.push(one);
            if is_it {
                return events;
            }
        }
    }

    /// What server-sent events follow this one, until so many came.
    fn events_after(&self, id: Option<u64>, count: usize) -> Vec<(u64, String, Value)> {
        let mut curl = Command::new("curl");
        curl.args(["-sN", &format!("http://{}/events", self.address)]).stdout(Stdio::piped());
        if let Some(id) = id {
            curl.args(["-H", &format!("Last-Event-ID: {id}")]);
        }
        let mut child = curl.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut field = |name: &str| loop {
            if let Some(value) = lines.next().expect("an event").strip_prefix(name) {
                return value.to_owned();
            }
        };
        let events = (0..count).map(|_| {
            (field("id: ").parse().unwrap(), field("event: "), serde_json::from_str(&field("data: ")).unwrap())
        });
        let events = events.collect();
        child.kill().unwrap();
        child.wait().unwrap();
        events
    }

    fn terminate(mut self) -> String {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{rest}");
        rest
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Where `evaluate` keeps what it found, put there as whole as it puts it.
fn keep(house: &House, name: &str, document: &str) {
    let folder = house.path(".probity/evaluations/objectives");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("new"), document).unwrap();
    fs::rename(folder.join("new"), folder.join(format!("{name}.json"))).unwrap();
}

fn project(targets: &str) -> House {
    let house = House::initialised();
    house.write("alerts.yaml", format!("schema: alerts/1\nescalate: []\nflapping: false\n{targets}"));
    house
}

const LOG: &str = "targets: {log: {kind: file, path: told.jsonl, rate: 10000}}\nroutes: [{to: [log]}]\n";

/// From a document to who is told, and what several who follow hear; also of what others do, and from where they left off.
#[test]
fn events_as_they_happen() {
    let house = project(LOG);
    let mut watch = Watch::start(&house, &[]);
    keep(&house, "web", &evaluation(0, "web", "broken"));
    let first = watch.until("told", "log");
    let words: Vec<&str> = first.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(words, ["pending", "fired", "observed", "telling", "told"]);
    assert_eq!((&first[1]["id"], &first[1]["severity"]), (&2.into(), &"high".into()));
    assert_eq!(house.read("told.jsonl").lines().count(), 1);
    house.run(&["alert", "ack", "alert-0001", "--note", "on it"]).expect(0);
    watch.until("acknowledged", "alert-0001");
    let all = watch.events_after(Some(0), 6);
    let heard: Vec<(u64, &str)> = all.iter().map(|(id, word, _)| (*id, word.as_str())).collect();
    let words = ["pending", "fired", "observed", "telling", "told", "acknowledged"];
    assert_eq!(heard, (1..).zip(words).collect::<Vec<_>>());
    assert_eq!((&all[3].2, &all[4].2), (&first[3], &first[4]));
    assert_eq!(watch.events_after(Some(5), 1)[0].0, 6);
    std::thread::scope(|scope| {
        let both: Vec<_> = (0..2).map(|_| scope.spawn(|| watch.events_after(Some(6), 2))).collect();
        keep(&house, "web", &evaluation(5, "web", "met"));
        for one in both {
            let words: Vec<String> = one.join().unwrap().into_iter().map(|(_, word, _)| word).collect();
            assert_eq!(words, ["resolved", "observed"]);
        }
    });
    // A policy that is broken is said, and what held before holds.
    house.write("alerts.yaml", "schema: alerts/1\ntargts: {}\n");
    keep(&house, "api", &evaluation(6, "api", "broken"));
    watch.until("told", "log");
    let rest = watch.terminate();
    fit_their_schemas(&first);
    assert!(rest.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{rest}");
    // From where somebody left off.
    house.write("alerts.yaml", format!("schema: alerts/1\nescalate: []\n{LOG}"));
    let mut again = Watch::start(&house, &["--after", "2"]);
    let events = again.until("told", "log");
    assert_eq!((&events[0]["id"], &events[0]["event"]), (&3.into(), &"observed".into()));
    again.terminate();
    assert!(house.run(&["audit", "search", "alert.watched", "--json"]).expect(0).stdout.contains("alert.watched"));
}

/// One watch at a time, and nobody else who tells; it says no to other machines and to events that are not there.
#[test]
fn one_watch_tells() {
    let house = project(LOG);
    house.run(&["alert", "watch", "--listen", "0.0.0.0:0"]).expect(4).code("not-loopback");
    house.run(&["alert", "watch", "--after", "7"]).expect(2).code("no-event");
    house.run(&["alert", "watch", "--job", "nothing.toml"]).expect(6);
    let watch = Watch::start(&house, &[]);
    house.run(&["alert", "watch"]).expect(4).code("watch-running");
    house.run(&["alert", "notify"]).expect(4).code("watch-running");
    watch.kill();
    house.run(&["alert", "notify"]).expect(0);
    Watch::start(&house, &[]).terminate();
}

/// A job judges: what it finds is told.
#[test]
fn a_job_judges_meanwhile() {
    let house = project(LOG);
    house.write("image/Dockerfile", "FROM scratch\nUSER root\nCMD [\"true\"]\n");
    let step = "run = [\"evaluate\", \"--pack\", \"infrastructure\", \"--only\", \"infrastructure.dockerfile-non-root\", \"--input\", \"image\"]";
    house.write("judge.toml", format!("[[step]]\n{step}\n"));
    let mut watch = Watch::start(&house, &["--job", "judge.toml"]);
    watch.until("told", "log");
    watch.terminate();
    assert!(house.read("told.jsonl").contains("infrastructure.dockerfile-non-root"));
}

/// A target that is slow holds up nobody else, and is told by the time that the watch ends.
#[test]
fn a_slow_target_holds_up_nobody() {
    let house = project(
        "targets:\n  slow: {kind: command, run: [/bin/sleep, \"4\"], timeout: 20s, tries: 1}\n  log: {kind: file, path: told.jsonl}\n\
         routes: [{to: [slow, log]}]\n",
    );
    let settings = house.read("probity.toml");
    house.write("probity.toml", settings.replace("commands = []", "commands = [\"/bin/sleep\"]"));
    let mut watch = Watch::start(&house, &[]);
    keep(&house, "web", &evaluation(0, "web", "broken"));
    let first = watch.until("told", "log");
    keep(&house, "api", &evaluation(1, "api", "broken"));
    let second = watch.until("told", "log");
    assert!(first.iter().chain(&second).all(|event| event["event"] != "told" || event["said"]["target"] != "slow"));
    let rest = watch.terminate();
    let told = rest.lines().filter(|line| line.contains("\"event\":\"told\""));
    assert!(told.into_iter().any(|line| line.contains("\"target\":\"slow\"")), "{rest}");
}

/// Alerts that are found by several runs are told together: the first waits for the second, by service.
#[test]
fn alerts_wait_for_their_group() {
    let house = project(
        "targets: {log: {kind: file, path: told.jsonl, group_by: [service], group_wait: 5s}}\nroutes: [{to: [log]}]\n",
    );
    // Time has to pass here, so that none is fixed.
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command
        .args(["alert", "watch", "--json", "--every", "1h"])
        .current_dir(house.root())
        .env_clear()
        .env("HOME", house.root());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |event: &str| lines.find(|line| line.contains(&format!("\"event\":\"{event}\""))).unwrap();
    keep(&house, "web", &evaluation(0, "web", "broken"));
    until("fired");
    keep(&house, "api", &evaluation(1, "api", "broken"));
    until("fired");
    let told: Value = serde_json::from_str(&until("told")).unwrap();
    assert_eq!(told["said"]["letters"].as_object().unwrap().len(), 2, "{told}");
    assert_eq!(house.read("told.jsonl").lines().count(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How often each delivery arrived at the file, by its key; each alert stands in some of them.
fn arrived(house: &House, ids: &[&str]) -> BTreeMap<String, usize> {
    let (mut times, delivered) = (BTreeMap::new(), house.read("told.jsonl"));
    assert!(ids.iter().all(|id| delivered.contains(&format!("\"{id}\""))));
    for line in delivered.lines() {
        let letter: Value = serde_json::from_str(line).unwrap();
        for alert in letter["alerts"].as_array().unwrap() {
            assert!(ids.contains(&alert["id"].as_str().unwrap()), "{alert}");
        }
        *times.entry(letter["delivery"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    times
}

/// How often the register has this event of each delivery.
fn entered(house: &House, event: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in house.read(".probity/alerts.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["event"] == event {
            *times.entry(line["said"]["delivery"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    times
}

/// kill -9 again and again (`PROBITY_TEST_KILLS` says how often): no alert is lost, nothing was told that is not entered in
/// the end, what arrived more than once is entered as uncertain so often, and the ledger has every line.
#[test]
fn kills_lose_no_alert() {
    let house = project(LOG);
    let rounds: u32 = std::env::var("PROBITY_TEST_KILLS").map_or(25, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let watch = Watch::start(&house, &[]);
        keep(&house, &format!("r{round}"), &evaluation(round, &format!("rule-{round}"), "broken"));
        // From before it is seen until after it is told, spread by the number of the round.
        std::thread::sleep(Duration::from_millis(u64::from(round) * 17 % 230));
        watch.kill();
    }
    let mut watch = Watch::start(&house, &["--after", "0"]);
    keep(&house, "last", &evaluation(rounds, "last", "broken"));
    let mut told: Vec<String> = Vec::new();
    while told.len() <= rounds as usize {
        let events = watch.until("told", "log");
        let letters = events.last().unwrap()["said"]["letters"].as_object().unwrap().clone();
        told.extend(letters.keys().cloned());
    }
    watch.terminate();
    told.sort();
    let alerts = house.json(&["alert", "list", "--all"], 0);
    let mut ids: Vec<&str> =
        alerts["alerts"].as_array().unwrap().iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids.len(), rounds as usize + 1);
    assert_eq!(told, ids, "each is entered as told, once");
    let (arrived, begun, uncertain) = (arrived(&house, &ids), entered(&house, "telling"), entered(&house, "uncertain"));
    let count = |times: &BTreeMap<String, usize>, key: &str| times.get(key).copied().unwrap_or(0);
    for (key, times) in &arrived {
        assert!(*times <= count(&begun, key), "{key}: nothing is sent that was not entered before");
        assert!(*times <= 1 + count(&uncertain, key), "{key}: whatever may have arrived twice is entered as uncertain");
    }
    let ends = |key: &str| count(&uncertain, key) + count(&entered(&house, "told"), key);
    assert!(begun.iter().all(|(key, times)| ends(key) == *times), "each beginning has an end");
    let twice = arrived.values().filter(|times| **times > 1).count();
    let doubts: usize = uncertain.values().sum();
    println!("{rounds} kills: {} deliveries, {doubts} uncertain, {twice} arrived more than once", arrived.len());
    house.run(&["audit", "verify"]).expect(0);
}

/// A run that was killed between the beginning of a delivery and its end: the next one says that nobody knows whether it
/// arrived, and makes it again under the same key; what is told anew has another.
#[test]
fn what_may_have_arrived_is_uncertain() {
    let house = project(
        "targets: {slow: {kind: command, run: [/bin/sh, -c, \"cat >>told; echo >>told; sleep $(cat wait)\"], timeout: 60s, repeat: 1h}}\n\
         routes: [{to: [slow]}]\n",
    );
    let settings = house.read("probity.toml");
    house.write("probity.toml", settings.replace("commands = []", "commands = [\"/bin/sh\"]"));
    house.write("wait", "20");
    keep(&house, "web", &evaluation(0, "web", "broken"));
    house.run(&["--time", "2026-11-01T08:00:00Z", "alert", "eval"]).expect(1);
    let mut notify = house.command(&["--time", "2026-11-01T08:00:00Z", "alert", "notify"]).spawn().unwrap();
    while fs::read_to_string(house.path("told")).unwrap_or_default().lines().count() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    notify.kill().unwrap();
    notify.wait().unwrap();
    house.write("wait", "0");
    house.run(&["--time", "2026-11-01T08:00:01Z", "alert", "notify"]).expect(0);
    house.run(&["--time", "2026-11-01T08:30:00Z", "alert", "notify"]).expect(0);
    house.run(&["--time", "2026-11-01T09:30:00Z", "alert", "notify"]).expect(0);
    let keys: Vec<String> = house
        .read("told")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["delivery"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
    let uncertain = entered(&house, "uncertain");
    assert_eq!((uncertain.len(), uncertain.get(&keys[0])), (1, Some(&1)));
    let acts = house.run(&["audit", "search", "--json", "--command", "alert"]).expect(0).stdout;
    assert!(acts.contains("alert.uncertain") && acts.contains("alert.telling"), "{acts}");
    house.run(&["audit", "verify"]).expect(0);
}

/// Events at a subject of NATS, each once in its stream: also those that happened while the server was down, or the watch.
#[test]
fn events_go_to_nats() {
    let Some(mut server) = super::whole::judges::Nats::start() else { return };
    server.python("await js.add_stream(name='EVENTS', subjects=['probity.>'])");
    let house = project(&format!(
        "targets: {{bus: {{kind: nats, address: \"{}\", subject: probity, acknowledge: always, timeout: 2s}}}}\n",
        server.url()
    ));
    house.run(&["alert", "watch", "--nats", "bush"]).expect(2).code("no-target");
    let mut watch = Watch::start(&house, &["--nats", "bus"]);
    keep(&house, "a", &evaluation(0, "a", "broken"));
    watch.until("observed", "");
    server.dies_and_comes_back();
    keep(&house, "b", &evaluation(1, "b", "broken"));
    watch.until("observed", "");
    watch.kill();
    keep(&house, "c", &evaluation(2, "c", "broken"));
    let args = ["alert", "eval"];
    house.run(&args).expect(1);
    let watch = Watch::start(&house, &["--nats", "bus"]);
    let mut kept = server.dump();
    for _ in 0..200 {
        if kept.len() == 9 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        kept = server.dump();
    }
    watch.terminate();
    let ids: Vec<String> = (1..=9).map(|id| format!("\"id\":{id},")).collect();
    assert_eq!(kept.len(), 9, "{kept:?}");
    assert!(
        kept.iter().zip(&ids).all(|(line, id)| line.contains(id.as_str()) && line.contains("probity.events")),
        "{kept:?}"
    );
}

/// Whoever asks without end, from elsewhere, or reads nothing: the events go on.
#[test]
fn whoever_follows_badly_holds_up_nobody() {
    let house = project(LOG);
    let mut watch = Watch::start(&house, &[]);
    let ask = |question: &str| {
        let mut stream = TcpStream::connect(&watch.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let mut line = String::new();
        let _ = BufReader::new(stream).read_line(&mut line);
        line
    };
    let check = |question: &str, status: &str| assert!(ask(question).contains(status), "{question:.80}");
    check("GET /events HTTP/1.1\r\nHost: evil.example\r\n\r\n", " 403 ");
    check("GET /events HTTP/1.1\r\n\r\n", " 403 ");
    check("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 ");
    check("POST /events HTTP/1.1\r\nHost: localhost\r\n\r\n", " 405 ");
    check("GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: x\r\n\r\n", " 400 ");
    check("GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 99\r\n\r\n", " 400 ");
    check("nonsense\r\n\r\n", " 400 ");
    // Forty who say nothing, or never read: more than may listen at once.
    let mut open: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&watch.address).unwrap()).collect();
    open.iter_mut().for_each(|stream| {
        drop(stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n"))
    });
    keep(&house, "web", &evaluation(0, "web", "broken"));
    watch.until("told", "log");
    drop(open);
    watch.terminate();
}

/// Standard output that nobody reads fills up and stops nobody: targets are told all the same, and who reads again misses
/// nothing.
#[test]
fn output_that_nobody_reads_holds_up_nobody() {
    let house = project(LOG);
    let mut watch = Watch::start(&house, &[]);
    // Three events for each objective, of some hundred bytes: more than a pipe holds.
    let mut document: Value = serde_json::from_str(&evaluation(0, "many", "broken")).unwrap();
    let objective = document["objectives"][0].clone();
    let many = (0..300).map(|number| {
        let mut one = objective.clone();
        one["rule"] = format!("many-{number}").into();
        one
    });
    document["objectives"] = many.collect();
    keep(&house, "many", &document.to_string());
    let told = |what: &str| {
        while !fs::read_to_string(house.path("told.jsonl")).unwrap_or_default().contains(what) {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    told("many-299");
    keep(&house, "later", &evaluation(1, "later", "broken"));
    told("\"later\"");
    let mut events = watch.until("told", "log");
    events.extend(watch.until("told", "log"));
    let ids: Vec<u64> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert!(ids.len() > 600 && ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{}", ids.len());
    assert!(events.iter().map(|event| event.to_string().len()).sum::<usize>() > 128 << 10);
    watch.terminate();
}

/// For people a line each; the watch ends with whoever reads it.
#[test]
fn it_ends_with_its_reader() {
    let house = project(LOG);
    keep(&house, "web", &evaluation(0, "web", "broken"));
    let ran: Ran = house.shell("probity alert watch --every 1s --after 0 | head -n 2");
    let ran = ran.expect(0);
    assert_eq!(
        ran.stdout,
        "2026-11-22T12:00:00Z alert-0001 pending (high): web: 3 of 100 are too slow: größer als 1 s\n\
         2026-11-22T12:00:00Z alert-0001 fired (high): web: 3 of 100 are too slow: größer als 1 s\n"
    );
}
