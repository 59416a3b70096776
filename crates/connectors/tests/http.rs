//! An API described in YAML, against a real HTTP server of another language; its own log says what was asked.
#![cfg(feature = "http")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{delete, equals, find, keys, scan, set, texts};
use privacy::store::{DataStore, Fold};
use probity_connectors::Access;

const API: &str = "
version: 1
headers:
  Authorization: Bearer {password}
collections:
  people:
    key: [id]
    list:
      path: /people
      rows: data.items
      pages: PAGES
      size: {parameter: size, rows: 50}
      search: {mail: q}
    get: {path: '/people/{id}', row: data}
    delete: {path: '/people/{id}'}
    set: {path: '/people/{id}', row: data}
  orders:
    key: [no]
    list: {path: /orders, rows: data.items, pages: {by: link}}
    delete: {path: '/orders/{no}'}
";

struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        Server::start_with(&["s3cret"])
    }

    fn start_with(words: &[&str]) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/people-api");
        let mut child = Command::new("python3").arg(program).args(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Server { child, port: line.trim().parse().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn access(&self, api: &str, password: &str) -> Access {
        fs::write(self.folder.path().join("api.yaml"), api).unwrap();
        Access {
            folder: self.folder.path().to_path_buf(),
            api: Some("api.yaml".into()),
            password: Some(password.to_owned().into()),
            ..Access::default()
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    fn store(&self, pages: &str) -> Box<dyn DataStore> {
        common::open(&self.url(), &self.access(&API.replace("PAGES", pages), "s3cret"), Vec::new())
    }

    /// What the server was asked, without what it put off.
    fn log(&self) -> String {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"GET /log HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Each kind of page is turned to the end, although the server gives less than it is asked for and puts off every fifth question.
#[test]
fn pages_are_turned_to_the_end() {
    let server = Server::start();
    for pages in [
        "{by: number, parameter: page}",
        "{by: offset, parameter: offset}",
        "{by: cursor, parameter: after, next: meta.next}",
        "{by: link}",
    ] {
        let mut store = server.store(pages);
        assert_eq!(find(&mut *store, "people", &["id"], &[]).unwrap().len(), 30, "{pages}");
        assert_eq!(find(&mut *store, "orders", &["no"], &[]).unwrap().len(), 25, "{pages}");
    }
}

/// Rows are found by what the server can look for, by key, or by reading all; deleted twice without an error; set in place.
#[test]
fn rows_are_found_deleted_and_set() {
    let server = Server::start();
    let mut store = server.store("{by: cursor, parameter: after, next: meta.next}");
    assert!(store.version().unwrap().starts_with("HTTP API of 127.0.0.1:"));
    let catalog = store.describe().unwrap();
    let people = catalog.collection("people").unwrap();
    let columns: Vec<String> =
        people.columns.iter().map(|column| format!("{}:{}", column.name, column.type_name)).collect();
    assert_eq!(columns, ["id:integer", "mail:string", "tags:list", "home:object"]);

    let rows = find(&mut *store, "people", &["id", "home.city"], &[equals("mail", Fold::Lower, &["ann@example.org"])])
        .unwrap();
    assert_eq!(texts(&rows), ["7|Oslo"]);
    let exact = find(&mut *store, "people", &["id"], &[equals("mail", Fold::Exact, &["p3@example.org"])]).unwrap();
    assert_eq!(texts(&exact), ["3"]);
    assert!(server.log().contains("q=p3%40example.org"), "the server was asked to look");
    let some = find(&mut *store, "people", &["id"], &[equals("id", Fold::Exact, &["8", "99"])]).unwrap();
    assert_eq!(texts(&some), ["8"]);

    let new = [("mail", None), ("home.zip", Some("0")), ("tags", Some("[]"))];
    assert_eq!(set(&mut *store, "people", &keys(&exact), &new).unwrap(), 1);
    let after = find(&mut *store, "people", &["mail", "home", "tags"], &[equals("id", Fold::Exact, &["3"])]).unwrap();
    assert_eq!(texts(&after), ["∅|{\"city\":\"Oslo\",\"zip\":0}|[]"]);

    assert_eq!(delete(&mut *store, "people", &keys(&rows)).unwrap(), 1);
    assert_eq!(delete(&mut *store, "people", &keys(&rows)).unwrap(), 0, "gone already is no error");
    let orders = find(&mut *store, "orders", &["no"], &[equals("person", Fold::Exact, &["7"])]).unwrap();
    assert_eq!(texts(&orders), ["o/17", "o/7"]);
    assert_eq!(delete(&mut *store, "orders", &keys(&orders)).unwrap(), 2, "a slash in a key stays in the key");
    assert_eq!(find(&mut *store, "orders", &["no"], &[]).unwrap().len(), 23);
    assert_eq!(set(&mut *store, "orders", &keys(&orders), &[("total", None)]).unwrap_err().code(), "api-lacks-act");
    let mut acts = store.begin().unwrap();
    let mut seen = 0;
    acts.reread("orders", &[], &keys(&orders), &mut |_| {
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 0);
}

/// Every row of every list is searched.
#[test]
fn the_scan_reads_every_list() {
    let server = Server::start();
    let (hits, scanned) = scan(&mut *server.store("{by: link}"), &["ann@example.org", "o/17"]);
    assert_eq!(hits, ["orders no o/17", "people mail 7"]);
    assert_eq!((scanned.collections, scanned.rows), (2, 55));
}

/// Wrong secrets, wrong descriptions, links to other servers: each by its name.
#[test]
fn faults_have_names() {
    let server = Server::start();
    let check = |api: &str, password: &str, code: &str| {
        let opened =
            probity_connectors::open(&server.url(), &server.access(api, password), &common::dataset(Vec::new()));
        let fault = match opened {
            Err(fault) => fault,
            Ok(mut store) => find(&mut *store, "people", &["id"], &[]).unwrap_err(),
        };
        assert_eq!(fault.code(), code, "{fault}");
        assert!(!format!("{fault:?} {:?}", fault.advice()).contains("s3cret"));
    };
    let good = API.replace("PAGES", "{by: link}");
    check(&good, "wrong", "store-login-refused");
    check(&good.replace("/people\n", "/elsewhere\n"), "s3cret", "store-refused");
    check(&good.replace("by: link", "by: luck"), "s3cret", "bad-api");
    check(&good.replace("search:", "serach:"), "s3cret", "unknown-key");
    check(&good.replace("people:", "persons:"), "s3cret", "unknown-collection");
    let access = server.access(&good, "s3cret");
    let fault =
        probity_connectors::open("http://api.example.org", &access, &common::dataset(Vec::new())).err().unwrap();
    assert_eq!(fault.code(), "bad-store-address", "a secret does not go over the network in the clear");
    let mut store = probity_connectors::open("http://127.0.0.1:9", &access, &common::dataset(Vec::new())).unwrap();
    assert_eq!(find(&mut *store, "people", &[], &[]).unwrap_err().code(), "store-unreachable");
}

/// Client credentials of OAuth 2.0: the token is fetched by header or body, fetched anew when the server takes it no longer,
/// and a client that is not known is told apart from one that may not.
#[test]
fn tokens_are_fetched_and_renewed() {
    let server = Server::start_with(&["unguessable", "the client", "s3cret/=§"]);
    let api = |login: &str, scope: &str| {
        let oauth2 = format!("oauth2: {{token: /token, login: {login}, parameters: {{scope: {scope}}}}}");
        let pages = API.replace("PAGES", "{by: number, parameter: page}");
        pages.replace("headers:\n  Authorization: Bearer {password}", &oauth2)
    };
    let access = |login: &str, scope: &str, password: &str| Access {
        user: Some("the client".to_owned()),
        ..server.access(&api(login, scope), password)
    };
    for login in ["header", "body"] {
        let mut store = common::open(&server.url(), &access(login, "people", "s3cret/=§"), Vec::new());
        assert_eq!(find(&mut *store, "people", &["id"], &[]).unwrap().len(), 30, "{login}");
    }
    let log = server.log();
    assert!(log.matches("POST /token Basic people").count() > 1, "a token is good for three questions: {log}");
    assert!(log.matches("POST /token body people").count() > 1, "{log}");
    assert!(log.matches("POST /token").count() < log.matches("GET /people").count(), "{log}");
    for (scope, password, says) in [("people", "wrong", "invalid_client"), ("orders", "s3cret/=§", "invalid_scope")] {
        let mut store = common::open(&server.url(), &access("header", scope, password), Vec::new());
        let fault = find(&mut *store, "people", &["id"], &[]).unwrap_err();
        assert_eq!(fault.code(), "store-login-refused");
        assert!(fault.message().contains(says) && !fault.message().contains(password), "{fault}");
    }
}
