//! `sampler --push` to receivers that need TLS or a protocol of their own: real servers, and what networks do to them. Whatever
//! happens, in the end a receiver has every line once, and `ingest` finds no hole.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::house::{House, Ran, fit_their_schemas, judge, python};
use super::proxy::{Cut, PASS, Proxy, REFUSE, STALL};
use super::sampler::{machine, run};

/// A device with three segments, and how many samples are in them.
fn device() -> (House, u64) {
    let house = House::initialised();
    machine(&house);
    let lines: Vec<_> = (0..3).flat_map(|_| run(&house, 3, &["--interval", "10ms"])).collect();
    let samples = lines.iter().filter(|line| line["m"].is_array()).count() as u64;
    house.shell("mkdir received").expect(0);
    (house, samples)
}

fn flush(house: &House, target: &str) -> Ran {
    house.run(&["sampler", "flush", "--output", "samples", "--push", target])
}

/// What came to the folder `received` is what was measured: each sample once, and no piece missing.
fn is_whole(house: &House, samples: u64) {
    let document = house.json(&["ingest", "received", "--any-time"], 0);
    let device = &document["devices"][0];
    assert_eq!((device["samples"].as_u64(), device["segments"].as_u64()), (Some(samples), Some(3)), "{document}");
    let holes = device["holes"].as_array().unwrap();
    assert!(holes.iter().all(|hole| hole["why"] != "missing"), "{holes:?}");
}

/// A server that is gone, one that takes a segment and whose answer is lost, one that hears half of it, one that is slow.
fn through_faults(house: &House, proxy: &Proxy, target: &str, word: &'static str) {
    let fails = || flush(house, target).expect(8).code("push-failed");
    proxy.mode(REFUSE);
    fails();
    proxy.mode(PASS);
    proxy.cut(Cut { word, pieces: 1, heard: true, then: PASS });
    fails();
    proxy.cut(Cut { word, pieces: 1, heard: false, then: PASS });
    fails();
    assert!(!proxy.is_armed());
    let before = proxy.connections();
    proxy.mode(STALL);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| flush(house, target));
        while proxy.connections() == before {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(500));
        proxy.mode(PASS);
        let page = slow.join().unwrap().expect(0).stdout;
        assert!(page.contains("\t0 lines behind\n"), "{page}");
    });
    // Once more, as if nobody had written down how far it had come.
    house.shell("rm samples/*.receiver").expect(0);
    flush(house, target).expect(0);
}

/// A server that says one thing to everybody.
fn says(answer: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 1 << 16]);
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    address
}

#[test]
fn a_bucket_receives() {
    let Ok(url) = std::env::var("PROBITY_TEST_S3_URL") else { return eprintln!("SKIPPED: tests/services s3 -- …") };
    let (key, secret) =
        (std::env::var("PROBITY_TEST_S3_ACCESS_KEY").unwrap(), std::env::var("PROBITY_TEST_S3_SECRET_KEY").unwrap());
    let (house, samples) = device();
    let bucket = format!("samples-{}", std::process::id());
    let boto = |script: &str| {
        let head = format!(
            "import boto3\nB = {bucket:?}\ns3 = boto3.client('s3', endpoint_url={url:?}, aws_access_key_id={key:?}, aws_secret_access_key={secret:?}, region_name='us-east-1')\n"
        );
        let python = std::env::var("PROBITY_TEST_MOTO").unwrap().replace("moto_server", "python");
        let mut command = Command::new(python);
        Ran::of(command.current_dir(house.root()).args(["-c", &(head + script)]).output().unwrap()).expect(0).stdout
    };
    boto(
        "s3.create_bucket(Bucket=B)\ns3.put_bucket_versioning(Bucket=B, VersioningConfiguration={'Status': 'Enabled'})",
    );
    house.write("keys", format!("[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"));
    let proxy = Proxy::to(&url);
    let target = |port: u16| format!("s3://{bucket}/devices?endpoint=http://127.0.0.1:{port}&credentials=keys");
    through_faults(&house, &proxy, &target(proxy.port), "PUT /");
    let busy = says("HTTP/1.1 503 Slow Down\r\nContent-Length: 42\r\n\r\n<Error><Code>SlowDown</Code></Error>      ");
    let busy = target(busy.rsplit(':').next().unwrap().parse().unwrap());
    let ran = flush(&house, &busy).expect(8).code("push-failed");
    assert!(ran.stderr.contains("503 SlowDown"), "{ran:?}");
    // Every version counts: a segment that was put twice would have two.
    let names = boto(
        "for v in s3.list_object_versions(Bucket=B)['Versions']:\n print(v['Key'])\n s3.download_file(B, v['Key'], 'received/' + v['Key'].split('/')[1])",
    );
    let all: Vec<&str> = names.lines().collect();
    assert_eq!(all.len(), 3, "{names}");
    assert!(all.iter().all(|name| name.starts_with("devices/") && name.ends_with(".segment")), "{names}");
    is_whole(&house, samples);
    house.write("keys", "aws_access_key_id = x\n");
    flush(&house, &target(proxy.port).replace("devices", "other")).expect(7).code("bad-push-credentials");
    let typed = flush(&house, &format!("s3://{bucket}")).expect(2);
    assert!(typed.stderr.contains("needs a key"), "{typed:?}");
}

#[test]
fn a_stream_receives() {
    let Ok(url) = std::env::var("PROBITY_TEST_NATS_URL") else {
        return eprintln!("SKIPPED: tests/services nats -- …");
    };
    let (house, samples) = device();
    let subject = format!("devices{}", std::process::id());
    let nats = |script: &str| {
        let head = format!(
            "import asyncio, nats, sys\nS = {subject:?}\nasync def main():\n nc = await nats.connect({url:?})\n js = nc.jetstream()\n"
        );
        let python = std::env::var("PROBITY_TEST_NATS_PYTHON").unwrap();
        let script = head + script + "\n await nc.close()\nasyncio.run(main())\n";
        Ran::of(Command::new(python).current_dir(house.root()).args(["-c", &script]).output().unwrap()).expect(0).stdout
    };
    let proxy = Proxy::to(&url);
    let target = format!("nats://127.0.0.1:{}/{subject}", proxy.port);
    let ran = flush(&house, &target).expect(8).code("push-failed");
    assert!(ran.stderr.contains("no stream keeps this subject"), "{ran:?}");
    // Its own window for doubles is shorter than the time between two flushes: what keeps them away is not the window.
    nats(" await js.add_stream(name=S, subjects=[S + '.>'], duplicate_window=0.1)");
    through_faults(&house, &proxy, &target, "HPUB");
    // A segment that is larger than a message goes in parts.
    house.shell("mv samples small").expect(0);
    run(&house, 1_500, &["--interval", "1ms"]);
    assert!(house.path("samples/00000000000000000000.segment").metadata().unwrap().len() > 512 << 10);
    flush(&house, &target).expect(0);
    let script = " info = await js.stream_info(S)
 print(info.state.messages)
 for seq in range(1, info.state.messages + 1):
  m = await js.get_msg(S, seq)
  _, device, first, digest, part = m.subject.split('.')
  open('received/' + device + '-' + first + '-' + digest + '.segment', 'ab').write(m.data)
  print(m.subject)";
    let said = nats(script);
    let subjects: BTreeSet<&str> = said.lines().skip(1).collect();
    assert_eq!(said.lines().next().unwrap().parse::<usize>().unwrap(), subjects.len(), "{said}");
    assert!(subjects.iter().any(|subject| subject.contains(".2-")), "{said}");
    let is_large =
        |line: &&str| line.contains(".00000000000000000000.") && line.contains(".1-") && !line.ends_with("1-1");
    let large = said.lines().find(is_large).unwrap().split('.').skip(1).take(3).collect::<Vec<_>>().join("-");
    assert!(house.read("samples/00000000000000000000.segment") == house.read(&format!("received/{large}.segment")));
    house.shell(&format!("rm received/{}-*", large.split('-').next().unwrap())).expect(0);
    is_whole(&house, samples);
    // The same by ourselves, twice; then a message that is nobody's, and a part that was taken away.
    let fetch = || house.run(&["sampler", "fetch", &target, "--output", "fetched", "--json"]);
    fetch().expect(0);
    nats(" await js.publish(S + '.note', b'hello')");
    let document: serde_json::Value = serde_json::from_str(&fetch().expect(0).stdout).unwrap();
    fit_their_schemas(std::slice::from_ref(&document));
    let kept: BTreeSet<&str> = subjects.iter().map(|subject| subject.rsplit_once('.').unwrap().0).collect();
    assert_eq!((&document["segments"], &document["others"]), (&kept.len().into(), &1.into()));
    house
        .shell(&format!(
            "cmp fetched/{large}.segment samples/00000000000000000000.segment; rm fetched/{}-*",
            large.split('-').next().unwrap()
        ))
        .expect(0);
    house.shell("diff -r fetched received").expect(0);
    let subject = large.replace('-', ".");
    nats(&format!(
        " info = await js.stream_info(S)\n for seq in range(1, info.state.messages + 1):\n  m = await js.get_msg(S, seq)\n  if m.subject.startswith(S + '.{subject}.1-'): await js.delete_msg(S, seq)"
    ));
    fetch().expect(5).code("stream-incomplete");
    house.run(&["sampler", "fetch", "s3://bucket", "--output", "fetched"]).expect(2).code("bad-fetch-source");
    flush(&house, &format!("nats://127.0.0.1:{}", proxy.port)).expect(2);
    flush(&house, &format!("nats://127.0.0.1:{}/a.*", proxy.port)).expect(2);
}

/// A receiver over TLS, in Python: refuses, cuts before and after it has taken, is slow, and keeps what it has under a name.
const RECEIVER: &str = r#"
import http.server, os, ssl, sys, time
number = 0
class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def fate(self):
        global number
        number += 1
        return ["503", "cut", "mute", "slow"][number - 1] if number <= 4 else "ok"
    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def cut(self):
        self.close_connection = True
        self.connection.close()
    def do_PUT(self):
        fate = self.fate()
        if fate == "cut":
            self.rfile.read(10)
            return self.cut()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if fate == "503":
            return self.answer(503)
        if fate == "slow":
            time.sleep(1)
        path = "received/" + os.path.basename(self.path)
        if os.path.exists(path) and self.headers["If-None-Match"] == "*":
            return self.answer(412)
        with open("times", "a") as log:
            log.write(path + "\n")
        with open(path, "wb") as file:
            file.write(body)
        if fate == "mute":
            return self.cut()
        self.answer(201)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("posted", "ab") as file:
            file.write(body + b"\n")
        self.answer(200)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_over_tls_receives() {
    let Some(python) = python().filter(|_| judge("openssl")) else { return };
    let (house, samples) = device();
    house
        .shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 1 2>/dev/null
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj /CN=localhost 2>/dev/null
            printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE' > ext
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 1 -extfile ext 2>/dev/null",
        )
        .expect(0);
    let mut child =
        Command::new(python).current_dir(house.root()).args(["-c", RECEIVER]).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut port).unwrap();
    let _server = Server(child);
    let address = format!("127.0.0.1:{}", port.trim());
    let trusting = |target: &str, ca: &str| {
        let mut command = house.command(&["sampler", "flush", "--output", "samples", "--push", target]);
        Ran::of(command.env("SSL_CERT_FILE", house.path(ca)).output().unwrap())
    };
    let target = format!("https://{address}/in");
    // An authority that nobody has told of, a refusal, a cut, an answer that is lost; then one that is slow.
    house.shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x -out other.pem -subj /CN=x -days 1 2>/dev/null").expect(0);
    trusting(&target, "other.pem").expect(8).code("push-failed");
    let refused = trusting(&target, "ca.pem").expect(8).code("push-failed");
    assert!(refused.stderr.contains("status 503"), "{refused:?}");
    trusting(&target, "ca.pem").expect(8).code("push-failed");
    trusting(&target, "ca.pem").expect(8).code("push-failed");
    trusting(&target, "ca.pem").expect(0);
    assert_eq!(house.read("times").lines().count(), 3);
    is_whole(&house, samples);
    trusting(&format!("otlps-json://{address}/v1/metrics"), "ca.pem").expect(0);
    let posted: serde_json::Value = serde_json::from_str(house.read("posted").lines().next().unwrap()).unwrap();
    assert!(posted["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].is_array());
    house.run(&["sampler", "flush", "--output", "samples", "--push", "https://user:secret@host/"]).expect(2);
}

/// A receiver that wants to know who comes: it asks for a certificate, and for a token or a user with a password.
const DOORKEEPER: &str = r#"
import base64, http.server, os, ssl
good = ["Bearer t0ken", "Basic " + base64.b64encode(b"device:pass word").decode()]
class Doorkeeper(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path, _, query = self.path.partition("?")
        known = self.headers["Authorization"] in good and query == "tenant=7"
        if known:
            open("received/" + os.path.basename(path), "wb").write(body)
        self.send_response(201 if known else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Doorkeeper)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
context.load_verify_locations("ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

/// Only who shows a certificate and a token is let in; nothing secret is in what is said.
#[test]
fn a_server_asks_who_comes() {
    let Some(python) = python().filter(|_| judge("openssl")) else { return };
    let (house, samples) = device();
    house
        .shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 1 2>/dev/null
            printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE' > ext
            for who in server device; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $who.key -out $who.csr -subj /CN=$who 2>/dev/null
            openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $who.pem -days 1 -extfile ext 2>/dev/null
            done; cat device.pem device.key > both.pem; echo 'bearer t0ken' > token; echo 'bearer other' > wrong; echo x > none",
        )
        .expect(0);
    let mut child =
        Command::new(python).current_dir(house.root()).args(["-c", DOORKEEPER]).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut port).unwrap();
    let _server = Server(child);
    let push = |options: &str| {
        let target = format!("https://127.0.0.1:{}/in?tenant=7&ca=ca.pem{options}", port.trim());
        let mut command = house.command(&["sampler", "flush", "--output", "samples", "--push", &target]);
        let ran = Ran::of(command.env("SAMPLER_SECRET", "basic device:pass word").output().unwrap());
        assert!(!ran.stderr.contains("t0ken") && !ran.stderr.contains("pass word"), "{ran:?}");
        ran
    };
    push("&credentials=token").expect(8).code("push-failed");
    let shown = "&certificate=device.pem&key=device.key";
    let refused = push(shown).expect(8).code("push-failed");
    assert!(refused.stderr.contains("status 401"), "{refused:?}");
    push(&format!("{shown}&credentials=wrong")).expect(8).code("push-failed");
    push(&format!("{shown}&credentials=none")).expect(7).code("bad-push-credentials");
    push(&format!("{shown}&credentials=env:SAMPLER_OTHER")).expect(7).code("bad-push-credentials");
    push("&certificate=device.pem&credentials=token").expect(7).code("bad-client-certificate");
    push("&certificate=none&credentials=token").expect(7).code("bad-client-certificate");
    push(&format!("{shown}&credentials=token")).expect(0);
    is_whole(&house, samples);
    house.shell("rm received/*").expect(0);
    push("&certificate=both.pem&credentials=env:SAMPLER_SECRET").expect(0);
    is_whole(&house, samples);
}
