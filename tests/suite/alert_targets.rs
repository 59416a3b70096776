//! Targets of alerts that are servers of their own protocols: mail, NATS, syslog over TLS; and servers that mean no good.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::house::{House, fit_their_schemas, interpreter, judge, repository};

/// An evaluation in which the objective of `rule` is broken, or met.
pub(crate) fn evaluation(minute: u32, rule: &str, verdict: &str) -> String {
    let objective = json!({
        "rule": rule, "title": rule, "service": "shop", "objective": "fast", "pack": null, "severity": "high",
        "verdict": verdict, "window": {"from": "", "to": "", "length": "1h"}, "bad": 3, "shown": [],
        "reason": "3 of 100 are too slow: größer als 1 s",
    });
    let at = format!("2026-11-01T{:02}:{:02}:00Z", 8 + minute / 60, minute % 60);
    json!({"schema": "evaluation/1", "at": at, "objectives": [objective]}).to_string()
}

/// What `alert eval` and then `alert notify` come to at this minute.
fn tell(house: &House, minute: u32, verdict: &str, exit: i32) -> Value {
    let time = format!("2026-11-01T08:{minute:02}:00Z");
    house.write("e.json", evaluation(minute, "web", verdict));
    house.run(&["--time", &time, "alert", "eval", "e.json"]).expect(i32::from(verdict == "broken"));
    house.json(&["--time", &time, "alert", "notify"], exit)
}

/// An authority and a certificate by it for `localhost`, as server.pem and server.key; the authority is ca.pem.
pub(crate) fn certificate(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tests -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost' >names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -out server.pem -extfile names";
    let made = Command::new("bash").args(["-ec", script]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// aiosmtpd in a folder of the house.
struct MailServer {
    child: Child,
    port: u16,
}

impl MailServer {
    fn start(house: &House, way: &str, login: &[&str]) -> Option<Self> {
        let python = interpreter("PROBITY_TEST_MAIL_PYTHON")?;
        let folder = house.path("mail");
        if !folder.join("ca.pem").is_file() {
            certificate(&folder);
        }
        let _ = fs::remove_file(folder.join("port"));
        let mut command = Command::new(python);
        command.arg(repository("tests/peers/smtp-server")).arg(&folder).arg(way).args(login);
        let child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = MailServer { child, port: 0 };
        for _ in 0..600 {
            if let Ok(port) = fs::read_to_string(folder.join("port")) {
                server.port = port.parse().unwrap();
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the mail server did not come up");
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `alerts.yaml` with one target `people`, and another that is told instead.
fn people(house: &House, address: &str, more: &str) {
    house.write(
        "alerts.yaml",
        format!(
            "schema: alerts/1\nescalate: []\nterms: [{{runbook: \"https://example.org/\\r\\nBcc: x@example.org\"}}]\ntargets:\n  \
             people: {{kind: email, address: \"{address}\", from: probity@example.org, fallback: instead, tries: 2, {more}}}\n  \
             instead: {{kind: file, path: instead.jsonl}}\nroutes: [{{to: [people]}}]\n"
        ),
    );
}

fn mails(house: &House) -> Vec<Value> {
    let text = fs::read_to_string(house.path("mail/mails.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn outcomes(notified: &Value) -> Vec<String> {
    let deliveries = notified["deliveries"].as_array().unwrap().iter();
    deliveries.map(|one| format!("{} {}", one["target"].as_str().unwrap(), one["outcome"].as_str().unwrap())).collect()
}

/// A mail as Python's library reads it: subject, date, references, keys, body.
fn read_by_python(house: &House, mail: &Value) -> Value {
    let python = interpreter("PROBITY_TEST_MAIL_PYTHON").unwrap();
    let script = "import email, email.policy, email.utils, json, sys\n\
        m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
        print(json.dumps({'subject': m['subject'], 'to': [a.addr_spec for a in m['to'].addresses], 'from': m['from'].addresses[0].addr_spec,\n\
          'date': email.utils.parsedate_to_datetime(str(m['date'])).isoformat(), 'thread': str(m['references']), 'id': str(m['message-id']),\n\
          'keys': sorted(m.keys()), 'defects': [str(d) for d in m.defects], 'type': m.get_content_type(), 'text': m.get_content()}))\n";
    let bytes: Vec<u8> = mail["bytes"].as_str().unwrap().chars().map(|letter| letter as u8).collect();
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .current_dir(house.root())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

/// Over STARTTLS with a password: one thread from firing to resolved, which another library reads; nothing in it ends a header.
#[test]
fn mail_is_one_thread_that_a_person_reads() {
    let house = House::initialised();
    let Some(server) = MailServer::start(&house, "starttls", &["ann", "open sesame"]) else { return };
    house.write("secret", "open sesame\n");
    let login =
        "to: [ops@example.org, boss@example.org], user: ann, password_file: secret, ca: mail/ca.pem, tls: always";
    people(&house, &format!("smtp://localhost:{}", server.port), login);
    let first = tell(&house, 0, "broken", 0);
    assert_eq!(outcomes(&first), ["people told"]);
    assert_eq!(outcomes(&tell(&house, 5, "met", 0)), ["people told"]);
    let both = mails(&house);
    assert_eq!(both.len(), 2);
    assert!(both.iter().all(|mail| mail["encrypted"] == true && mail["user"] == "ann"), "{both:?}");
    assert_eq!(both[0]["to"], json!(["ops@example.org", "boss@example.org"]));
    let [fires, over] = [read_by_python(&house, &both[0]), read_by_python(&house, &both[1])];
    assert_eq!(fires["subject"], "[firing high] alert-0001 web: 3 of 100 are too slow: größer als 1 s");
    assert_eq!(over["subject"], "[resolved] alert-0001 web: 3 of 100 are too slow: größer als 1 s");
    assert_eq!((&fires["date"], &fires["type"]), (&"2026-11-01T08:00:00+00:00".into(), &"text/plain".into()));
    assert_eq!((&fires["thread"], fires["id"] == over["id"]), (&over["thread"], false));
    assert_eq!(
        (&fires["to"], &fires["from"]),
        (&json!(["ops@example.org", "boss@example.org"]), &"probity@example.org".into())
    );
    for read in [&fires, &over] {
        assert_eq!(
            (read["defects"].as_array().unwrap().len(), read["keys"].as_array().unwrap().len()),
            (0, 12),
            "{read}"
        );
        assert!(!read["keys"].to_string().contains("Bcc"), "{read}");
    }
    let text = fires["text"].as_str().unwrap().replace("\r\n", "\n");
    assert!(
        text.starts_with(
            "web: 3 of 100 are too slow: größer als 1 s\n\nalert        alert-0001\nstatus       firing\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("runbook      https://example.org/  Bcc: x@example.org\n")
            && text.contains("probity alert ack alert-0001"),
        "{text}"
    );
    fit_their_schemas(&[first]);
}

/// TLS from the first byte; a password out of the environment; on this machine in the clear as well, by PLAIN or LOGIN.
#[test]
fn mail_goes_each_way() {
    let house = House::initialised();
    let login = "to: [ops@example.org], user: ann, password_env: MAIL_SECRET";
    for (way, scheme, more) in
        [("implicit", "smtps", ", ca: mail/ca.pem"), ("clear", "smtp", ""), ("login", "smtp", "")]
    {
        let Some(server) = MailServer::start(&house, way, &["ann", "open sesame"]) else { return };
        people(&house, &format!("{scheme}://localhost:{}", server.port), &format!("{login}{more}"));
        let test = |secret: &str| {
            let mut command = house.command(&["alert", "test", "people"]);
            super::house::Ran::of(command.env("MAIL_SECRET", secret).output().unwrap())
        };
        test("open sesame").expect(0);
        test("sesame, open").expect(8).code("target-refused");
        test("").expect(4).code("no-password");
    }
    let ways: Vec<bool> = mails(&house).iter().map(|mail| mail["encrypted"] == true && mail["user"] == "ann").collect();
    assert_eq!(ways, [true, false, false]);
}

/// A wrong certificate, a wrong password, a server that is down, recipients who are refused: nothing is said in the clear, what
/// may pass is tried again, and what will not is told to somebody else.
#[test]
fn mail_that_does_not_arrive() {
    let house = House::initialised();
    let Some(server) = MailServer::start(&house, "starttls", &["ann", "open sesame"]) else { return };
    house.write("secret", "open sesame\n");
    house.write("wrong", "sesame, open\n");
    certificate(&house.path("other"));
    let test = |address: &str, more: &str, code: &str, words: &str| {
        people(&house, address, more);
        let ran = house.run(&["alert", "test", "people"]).expect(8).code(code);
        assert!(ran.stderr.contains(words) && !ran.stderr.contains("sesame"), "{ran:?}");
    };
    let here = format!("smtp://localhost:{}", server.port);
    let login = |more: &str| format!("to: [ops@example.org], user: ann, tls: always, {more}");
    test(&here, &login("password_file: secret, ca: other/ca.pem"), "target-failed", "No safe connection");
    test(&here, &login("password_file: secret"), "target-failed", "No safe connection");
    // The certificate is for the name.
    test(
        &here.replace("localhost", "127.0.0.1"),
        &login("password_file: secret, ca: mail/ca.pem"),
        "target-failed",
        "No safe connection",
    );
    test(&here, &login("password_file: wrong, ca: mail/ca.pem"), "target-refused", "535");
    let known = "password_file: secret, ca: mail/ca.pem";
    let to = |to: &str| format!("to: [{to}], user: ann, tls: always, {known}");
    test(&here, &to("refused@example.org"), "target-refused", "550");
    test(&here, &to("full@example.org"), "target-refused", "552");
    test(&here, &to("later@example.org"), "target-failed", "451");
    assert_eq!(mails(&house).len(), 0);
    // The second attempt finds them; one who is refused for good holds up nobody, and is named.
    people(&house, &here, &to("once@example.org"));
    house.run(&["alert", "test", "people"]).expect(0);
    people(&house, &here, &to("refused@example.org, ops@example.org"));
    let partly = house.json(&["alert", "test", "people"], 0);
    assert_eq!(partly["deliveries"][0]["why"], "the server took it, but not for refused@example.org");
    assert_eq!(mails(&house).len(), 2);
    people(&house, &here, &to("refused@example.org"));
    let lost = tell(&house, 0, "broken", 5);
    assert_eq!(outcomes(&lost), ["people failed", "instead told"]);
    drop(server);
    test(&here, &login("password_file: secret, ca: mail/ca.pem"), "target-failed", "did not take the mail");
}

/// What a server says that means no good is over in time, and read by nobody.
#[test]
fn servers_that_mean_no_good() {
    let house = House::initialised();
    let check = |what: &'static str, kind: &str, code: &str| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = kind.replace("PORT", &listener.local_addr().unwrap().port().to_string());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || misbehave(what, stream));
            }
        });
        let target = format!("bad: {{{address}, timeout: 1s, tries: 1}}");
        house.write("alerts.yaml", format!("schema: alerts/1\ntargets: {{{target}}}\n"));
        let ran = house.run(&["alert", "test", "bad"]).expect(8).code(code);
        assert!(ran.stderr.len() < 2000 && !ran.stderr.contains('\u{1b}'), "{what} {kind}: {ran:?}");
    };
    let mail = "kind: email, address: \"smtp://127.0.0.1:PORT\", from: a@b, to: [c@d]";
    let nats = "kind: nats, address: \"nats://127.0.0.1:PORT\", subject: alerts";
    for what in ["silence", "endless line", "endless lines", "a byte at a time", "noise", "hangs up", "escapes"] {
        check(what, mail, if what == "escapes" { "target-refused" } else { "target-failed" });
        check(what, nats, "target-failed");
    }
    // Without TLS no password leaves for another machine, whatever the server offers; here it is asked for.
    check("no starttls", &format!("{mail}, tls: always"), "target-refused");
}

fn misbehave(what: &str, mut stream: TcpStream) {
    let piece: &[u8] = match what {
        "endless line" => &[b'x'; 4096],
        "endless lines" => b"220-and so on\r\n",
        "a byte at a time" => b"2",
        "noise" => b"\0\xff\xfe\x16\x03\x01\r\n",
        "escapes" => b"550 \x1b[31m\x07no\r\n",
        "no starttls" => b"220 here\r\n",
        _ => b"",
    };
    match what {
        "silence" => std::thread::sleep(Duration::from_secs(5)),
        "endless line" | "endless lines" => while stream.write_all(piece).is_ok() {},
        "a byte at a time" => {
            while stream.write_all(piece).is_ok() {
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        "no starttls" => {
            let _ = stream.write_all(piece);
            let mut line = String::new();
            let _ = BufReader::new(stream.try_clone().unwrap()).read_line(&mut line);
            let _ = stream.write_all(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n");
            let _ = BufReader::new(stream).read_line(&mut line);
        }
        _ => drop(stream.write_all(piece)),
    }
}

/// Messages of NATS: kept by a stream where there is one, once even when they are said twice; taken by the server where not.
#[test]
fn nats_takes_alerts() {
    let Some(server) = super::whole::judges::Nats::start() else { return };
    let house = House::initialised();
    let target = |more: &str| {
        let target = format!("bus: {{kind: nats, address: \"{}\", subject: probity.alerts{more}}}", server.url());
        house.write(
            "alerts.yaml",
            format!("schema: alerts/1\nescalate: []\ntargets: {{{target}}}\nroutes: [{{to: [bus]}}]\n"),
        );
    };
    target(", acknowledge: always, tries: 1");
    let none = house.run(&["alert", "test", "bus"]).expect(8).code("target-failed");
    assert!(none.stderr.contains("no stream keeps this subject"), "{none:?}");
    target("");
    house.run(&["alert", "test", "bus"]).expect(0);
    server.python("await js.add_stream(name='ALERTS', subjects=['probity.>'])");
    house.run(&["alert", "test", "bus"]).expect(0);
    // The same time gives the same message, which the stream has already.
    house.run(&["alert", "test", "bus"]).expect(0);
    assert_eq!(outcomes(&tell(&house, 0, "broken", 0)), ["bus told"]);
    assert_eq!(outcomes(&tell(&house, 5, "met", 0)), ["bus told"]);
    let kept = server.dump();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(
        kept[1].contains("firing") && kept[2].contains("resolved") && kept[1].contains("alert-delivery/1"),
        "{kept:?}"
    );
}

/// A frame over TLS that Python's library reads (RFC 5425), and nothing where the certificate is another's.
#[test]
fn syslog_is_encrypted() {
    if !judge("openssl") {
        return;
    }
    let house = House::initialised();
    certificate(&house.path("tls"));
    let script = "import socket, ssl, sys
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain('tls/server.pem', 'tls/server.key')
l = socket.create_server(('127.0.0.1', 0))
print(l.getsockname()[1], flush=True)
for _ in range(2):
  s, _ = l.accept()
  try:
    s = c.wrap_socket(s, server_side=True)
    text = b''.join(iter(lambda: s.recv(4096), b''))
    s.unwrap()
    print(text.decode(), flush=True)
  except (ssl.SSLError, OSError) as error:
    print('refused', flush=True)
";
    let mut server = Command::new("python3")
        .args(["-c", script])
        .current_dir(house.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap());
    let mut port = String::new();
    said.read_line(&mut port).unwrap();
    let target = |ca: &str| {
        let target = format!("log: {{kind: syslog, address: \"tls://localhost:{}\"{ca}, tries: 1}}", port.trim());
        house.write("alerts.yaml", format!("schema: alerts/1\ntargets: {{{target}}}\n"));
    };
    target("");
    house.run(&["alert", "test", "log"]).expect(8).code("target-failed");
    target(", ca: tls/ca.pem");
    house.run(&["alert", "test", "log"]).expect(0);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    server.wait().unwrap();
    let (refused, message) = rest.split_once('\n').unwrap();
    let (length, message) = message.trim_end_matches('\n').split_once(' ').unwrap();
    assert_eq!((refused, length.parse::<usize>().unwrap()), ("refused", message.len()), "{rest}");
    assert!(message.starts_with("<133>1 ") && message.contains("alertname=\"Test\""), "{message}");
}

/// A program that takes too long ends with all that it started; one that starts another and ends is done. A line that a full disk
/// cut spoils no other.
#[test]
fn programs_end_and_lines_stay_whole() {
    let house = House::initialised();
    let settings = house.read("probity.toml");
    house.write("probity.toml", settings.replace("commands = []", "commands = [\"/bin/sh\"]"));
    let target = |script: &str| {
        let target = format!("run: {{kind: command, run: [/bin/sh, -c, \"{script}\"], timeout: 1s, tries: 1}}");
        house.write(
            "alerts.yaml",
            format!("schema: alerts/1\ntargets: {{{target}, log: {{kind: file, path: told.jsonl}}}}\n"),
        );
    };
    target("sleep 60 & echo $! >child; wait");
    house.run(&["alert", "test", "run"]).expect(8).code("target-failed");
    let child = house.read("child");
    let state = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
    target("sleep 3 <&0 & exit 0");
    house.run(&["alert", "test", "run"]).expect(0);
    house.write("told.jsonl", "{\"schema\":\"alert-del");
    house.run(&["alert", "test", "log"]).expect(0);
    house.run(&["alert", "test", "log"]).expect(0);
    let lines = house.read("told.jsonl");
    let whole: Vec<bool> = lines.lines().map(|line| serde_json::from_str::<Value>(line).is_ok()).collect();
    assert_eq!(whole, [false, true, true], "{lines}");
}

/// The notification targets of a policy are told of its alerts, besides the routes and without doubles; what nobody has is
/// told with its place, and is not in the way.
#[test]
fn policies_name_who_is_told() {
    let house = House::initialised();
    house.write(
        "alerts.yaml",
        "schema: alerts/1\nescalate: []\ntargets:\n  pager: {kind: file, path: pager.jsonl}\n  log: {kind: file, path: log.jsonl}\n  \
         other: {kind: file, path: other.jsonl}\nroutes: [{match: {severity: critical}, to: [log]}]\n",
    );
    let named = |name: &str, line: u32| json!({"name": name, "place": format!("slo.yaml:{line}:5")});
    let document = |minute: u32, holds: bool, notify: Vec<Value>| {
        let burn = json!({"window": {"from": "", "to": "", "length": "1h"}, "bad": 3, "total": 4, "rate": "20"});
        let alarm = json!({
            "policy": "fast", "severity": "critical", "op": ">", "threshold": "14.4", "after_seconds": 0, "burns": [burn], "holds": holds,
            "when_breaching": true, "when_resolved": true, "when_no_data": false, "targets": ["email"], "notify": notify,
        });
        let mut document: Value = serde_json::from_str(&evaluation(minute, "web", "met")).unwrap();
        document["objectives"][0]["alarms"] = json!([alarm]);
        document.to_string()
    };
    let at = |minute: u32| format!("2026-11-01T08:{minute:02}:00Z");
    house.write("e.json", document(0, true, vec![named("pager", 7), named("log", 8), named("nobody", 9)]));
    let ran = house.run(&["--time", &at(0), "alert", "eval", "e.json", "--json"]).expect(1);
    let told = "slo.yaml:9:5: An alert policy names the target \"nobody\"";
    assert!(ran.stderr.contains(told) && ran.stderr.contains("[unknown-notification-target]"), "{}", ran.stderr);
    let evaluated: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(evaluated["documents"][0]["unknown_targets"], json!([named("nobody", 9)]));
    fit_their_schemas(std::slice::from_ref(&evaluated));
    let routed = house.json(&["--time", &at(0), "alert", "route", "alert-0001"], 0);
    assert_eq!(routed["targets"], json!(["pager", "log"]));
    let notified = house.json(&["--time", &at(0), "alert", "notify"], 0);
    assert_eq!(outcomes(&notified), ["pager told", "log told"], "{notified}");
    // Its end is told to whom its beginning was told, whatever the policy says by then.
    house.write("e.json", document(1, false, vec![]));
    house.run(&["--time", &at(1), "alert", "eval", "e.json"]).expect(0);
    let notified = house.json(&["--time", &at(1), "alert", "notify"], 0);
    assert_eq!(outcomes(&notified), ["pager told", "log told"], "{notified}");
    let lines = |name: &str| fs::read_to_string(house.path(name)).unwrap_or_default().lines().count();
    assert_eq!((lines("pager.jsonl"), lines("log.jsonl"), lines("other.jsonl")), (2, 2, 0));
}

/// From a rule file to the target that its policy names.
#[cfg(feature = "engine")]
#[test]
fn a_policy_of_openslo_is_told_to_its_target() {
    let house = House::initialised();
    house.write(
        "alerts.yaml",
        "schema: alerts/1\nescalate: []\ntargets:\n  pager: {kind: file, path: pager.jsonl}\n  log: {kind: file, path: log.jsonl}\n",
    );
    let lines: String = (0..4)
        .map(|second| {
            format!(
                "{{\"ts\":\"2026-11-22T11:59:0{second}Z\",\"service\":\"web\",\"status\":{}}}\n",
                200 + 100 * second
            )
        })
        .collect();
    house.write("web.jsonl", lines);
    house.run(&["ingest", "web.jsonl"]).expect(0);
    house.write(
        "slo.yaml",
        "apiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: pager}\nspec: {target: webhook}\n---\n\
         apiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: gone}\nspec: {target: email}\n---\n\
         apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: web}\nspec:\n  description: It answers\n  service: web\n  \
         indicator:\n    metadata: {name: i}\n    spec:\n      ratioMetric:\n        \
         good: {metricSource: {type: probity, spec: {table: logs, where: status < 500}}}\n        \
         total: {metricSource: {type: probity, spec: {table: logs}}}\n  timeWindow: [{duration: 30d, isRolling: true}]\n  \
         budgetingMethod: Occurrences\n  objectives: [{displayName: goal, target: 0.5}]\n  alertPolicies:\n  - kind: AlertPolicy\n    \
         metadata: {name: fast, labels: {team: web}}\n    spec:\n      alertWhenBreaching: true\n      conditions:\n      - kind: AlertCondition\n        \
         metadata: {name: c}\n        spec: {severity: critical, condition: {kind: burnrate, op: gte, threshold: 0.4, lookbackWindow: 30d}}\n      \
         notificationTargets: [{targetRef: pager}, {targetRef: gone}]\n",
    );
    house.run(&["evaluate", "--rule", "slo.yaml"]).expect(0);
    let ran = house.run(&["alert", "eval"]).expect(1);
    assert!(ran.stderr.contains("slo.yaml:35:") && ran.stderr.contains("\"gone\""), "{}", ran.stderr);
    let notified = house.json(&["alert", "notify"], 0);
    assert_eq!(outcomes(&notified), ["pager told"], "{notified}");
}
