//! JetStream streams and KV buckets, on the server of `tests/services nats`; nats-py, the client of the project itself, judges.
#![cfg(feature = "nats")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{collection, delete, equals, find, keys, open, scan, set, texts};
use privacy::map::MappedCollection;
use privacy::store::{DataStore, Fold};
use probity_connectors::{Access, Tls};

fn service(name: &str) -> String {
    std::env::var(format!("PROBITY_TEST_{name}"))
        .expect("tests/services nats -- cargo test -p probity-connectors --features nats --test nats")
}

/// What a script of nats-py prints; `js` is JetStream, `nc` the connection.
fn py(script: &str) -> String {
    let body: String = script.lines().map(|line| format!("  {line}\n")).collect();
    let script = format!(
        "import asyncio, nats, json\nasync def main():\n  nc = await nats.connect({:?})\n  js = nc.jetstream()\n{body}  await nc.close()\nasyncio.run(main())\n",
        service("NATS_URL")
    );
    let python = std::env::var("PROBITY_TEST_NATS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(python)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn fill(tag: &str) {
    py(&format!(
        r#"
await js.add_stream(name='ORD{tag}', subjects=['ord{tag}.>'])
await js.publish('ord{tag}.ann.new', b'{{"mail":"ann@example.org","n":1.50}}')
await js.publish('ord{tag}.bob.new', b'{{"mail": "bob@example.org"}}', headers={{'From': 'ann@example.org'}})
await js.publish('ord{tag}.ann.paid.late', b'plain text')
kv = await js.create_key_value(bucket='P{tag}', history=10)
await kv.put('ann', b'{{"mail":"ann@example.org"}}')
await kv.put('ann', b'{{"mail":"a2@example.org"}}')
await kv.put('bob', b'{{"mail":"ann@example.org"}}')
await kv.put('bob', b'{{"mail":"bob@example.org"}}')
await kv.put('eve', b'{{"mail":"eve@example.org"}}')
await kv.delete('eve')"#
    ));
}

fn mapped(tag: &str) -> Vec<MappedCollection> {
    let orders = format!("ord{tag}.{{customer}}.>");
    let people = format!("$KV.P{tag}.{{id}}");
    vec![collection("orders", &[("keys", &orders)], &["mail"]), collection("people", &[("keys", &people)], &["mail"])]
}

fn store(tag: &str) -> Box<dyn DataStore> {
    open(&service("NATS_URL"), &Access::default(), mapped(tag))
}

fn history(tag: &str) -> String {
    py(&format!(
        r#"
info = await js.stream_info('KV_P{tag}', subjects_filter='>')
print(sorted((s.removeprefix('$KV.P{tag}.'), n) for s, n in (info.state.subjects or {{}}).items()))"#
    ))
}

/// Messages are rows; they are found by subject, payload and header, deleted one by one, and the others stay.
#[test]
fn messages_of_a_stream_are_found_and_deleted() {
    fill("A");
    let mut store = store("A");
    assert!(store.version().unwrap().starts_with("NATS 2."));
    let catalog = store.describe().unwrap();
    let orders = catalog.collection("orders").unwrap();
    let columns: Vec<&str> = orders.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["stream", "seq", "subject", "customer", "mail", "n", "headers", "value"]);
    assert_eq!((orders.key.join(","), orders.rows_estimated), ("stream,seq".to_owned(), Some(3)));
    let rows =
        find(&mut *store, "orders", &["seq", "n"], &[equals("mail", Fold::Lower, &["ann@example.org"])]).unwrap();
    assert_eq!(texts(&rows), ["1|1.50"]);
    let rows =
        find(&mut *store, "orders", &["seq", "value"], &[equals("customer", Fold::Exact, &["ann", "no.body", "*"])])
            .unwrap();
    assert_eq!(texts(&rows), ["1|∅", "3|plain text"]);
    assert_eq!(set(&mut *store, "orders", &keys(&rows), &[("mail", None)]).unwrap_err().code(), "field-not-set");
    assert_eq!(delete(&mut *store, "orders", &keys(&rows)).unwrap(), 2);
    assert_eq!(delete(&mut *store, "orders", &keys(&rows)).unwrap(), 0);
    let left = py(
        "info = await js.stream_info('ORDA')\nm = await js.get_msg('ORDA', seq=2)\nprint(info.state.messages, m.data, m.headers)",
    );
    assert_eq!(left, "1 b'{\"mail\": \"bob@example.org\"}' {'From': 'ann@example.org'}");
}

/// Every revision of a key is a row; the key goes with its name, a key of another person keeps its last revision.
#[test]
fn revisions_of_a_bucket_are_purged() {
    fill("B");
    let mut store = store("B");
    let rows = find(&mut *store, "people", &["id", "mail"], &[equals("id", Fold::Exact, &["ann"])]).unwrap();
    assert_eq!(texts(&rows), ["ann|a2@example.org", "ann|ann@example.org"]);
    let others =
        find(&mut *store, "people", &["id", "seq"], &[equals("mail", Fold::Exact, &["ann@example.org"])]).unwrap();
    assert_eq!(texts(&others), ["ann|1", "bob|3"]);
    assert_eq!(delete(&mut *store, "people", &keys(&rows)).unwrap(), 2);
    assert_eq!(history("B"), "[('bob', 2), ('eve', 2)]");
    assert_eq!(delete(&mut *store, "people", &keys(&others)).unwrap(), 1);
    assert_eq!(history("B"), "[('bob', 1), ('eve', 2)]");
    assert_eq!(
        py("kv = await js.key_value('PB')\nprint((await kv.get('bob')).value)"),
        "b'{\"mail\":\"bob@example.org\"}'"
    );
    let eve = find(&mut *store, "people", &["seq", "mail"], &[equals("id", Fold::Exact, &["eve"])]).unwrap();
    assert_eq!(texts(&eve), ["5|eve@example.org", "6|∅"], "what was deleted before is still there to be found");
    assert_eq!(delete(&mut *store, "people", &keys(&eve)).unwrap(), 2);
    assert_eq!(history("B"), "[('bob', 1)]");
}

/// Older revisions of a key are versions of the same row, and go with its last one; when the key has become somebody else's
/// since, nobody knows whose the older ones were, and nothing goes.
#[test]
fn older_revisions_go_with_the_last_one() {
    py(
        "kv = await js.create_key_value(bucket='PC', history=10)\nfor key, mails in (('x', 'old ann eve'), ('y', 'old ann')):\n  for mail in mails.split(): await kv.put(key, ('{\"mail\":\"' + mail + '@example.org\"}').encode())",
    );
    let mut store = store("C");
    let rows = find(&mut *store, "people", &[], &[equals("mail", Fold::Exact, &["ann@example.org"])]).unwrap();
    assert_eq!(delete(&mut *store, "people", &keys(&rows)[..1]).unwrap_err().code(), "revision-not-deletable");
    assert_eq!(history("C"), "[('x', 3), ('y', 2)]");
    assert_eq!(delete(&mut *store, "people", &keys(&rows)[1..]).unwrap(), 1);
    assert_eq!(history("C"), "[('x', 3)]");
}

/// A key of a bucket is set by a new revision, and the old ones go.
#[test]
fn a_key_of_a_bucket_is_set() {
    fill("D");
    let mut store = store("D");
    let rows = find(&mut *store, "people", &["mail"], &[equals("id", Fold::Exact, &["ann"])]).unwrap();
    assert_eq!(set(&mut *store, "people", &keys(&rows), &[("mail", Some("erased"))]).unwrap(), 2);
    assert_eq!(history("D"), "[('ann', 1), ('bob', 2), ('eve', 2)]");
    assert_eq!(py("kv = await js.key_value('PD')\nprint((await kv.get('ann')).value)"), "b'{\"mail\":\"erased\"}'");
}

/// Subjects, payloads, headers and revisions of every stream are searched.
#[test]
fn the_scan_reads_every_stream() {
    py(r#"
await js.add_stream(name='SCAN', subjects=['scan.>'])
await js.publish('scan.zoe@example_net', b'x')
await js.publish('scan.1', b'{"a":{"m":"zoe\\u0040example_net"}}')
await js.publish('scan.2', b'', headers={'Who': 'zoe@example_net'})
kv = await js.create_key_value(bucket='SCANKV', history=5)
await kv.put('k', b'zoe@example_net')
await kv.put('k', b'nothing')"#);
    let (hits, scanned) = scan(&mut *store("E"), &["zoe@example_net"]);
    assert_eq!(
        hits,
        [
            "$KV_SCANKV_k value KV_SCANKV|1",
            "scan_part2 (name) SCAN|1",
            "scan_part2 a.m SCAN|2",
            "scan_part2 headers.Who SCAN|3",
        ]
    );
    assert!(scanned.rows >= 5);
}

/// A wrong password, a missing server, an authority that is not known: each by its name; TLS with the right one works.
#[test]
fn faults_have_names() {
    let check = |url: &str, access: Access, code: &str| {
        let fault = probity_connectors::open(url, &access, &common::dataset(Vec::new())).err().expect("refused");
        assert_eq!((fault.code(), fault.kind()), (code, model::Kind::Unavailable), "{fault}");
    };
    check("nats://127.0.0.1:9", Access::default(), "store-unreachable");
    let url = service("NATS_TLS_URL");
    let encrypted = |ca: Option<String>| Access { ca: ca.map(Into::into), tls: Tls::Always, ..Access::default() };
    check(&url, encrypted(None), "store-unreachable");
    let mut store = open(&url, &encrypted(Some(service("CA"))), Vec::new());
    assert!(store.version().unwrap().starts_with("NATS 2."));
}
