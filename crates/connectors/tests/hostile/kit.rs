//! A server that behaves as it is told, and questions to it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use model::Fault;
use privacy::catalog::Catalog;
use privacy::map::MappedCollection;
use privacy::store::DataStore;
use probity_connectors::Access;

use crate::common::{collection, dataset};

/// Each connection on a thread of its own, until the test is over.
pub(crate) fn serve(behave: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let behave = behave.clone();
            std::thread::spawn(move || behave(stream));
        }
    });
    port
}

/// The same bytes until nobody takes them any more.
pub(crate) fn repeat(mut stream: TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

/// Answers each request of HTTP by its path with its query.
pub(crate) fn serve_http(answer: impl Fn(&str) -> String + Clone + Send + 'static) -> u16 {
    serve(move |stream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut stream = stream;
        while let Some(Ok(first)) = lines.next() {
            // None of the questions here has a body.
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let path = first.split(' ').nth(1).unwrap_or_default();
            if stream.write_all(answer(path).as_bytes()).is_err() {
                return;
            }
        }
    })
}

pub(crate) fn ok(body: &str) -> String {
    status("200 OK", "", body)
}

pub(crate) fn status(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// How a store is asked.
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) access: Access,
    pub(crate) collections: Vec<MappedCollection>,
    /// Holds the description of an API.
    _folder: tempfile::TempDir,
}

impl Asked {
    pub(crate) fn of(kind: &str, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut access = Access {
            connect_timeout: Duration::from_millis(600),
            statement_timeout: Duration::from_millis(600),
            folder: folder.path().to_path_buf(),
            user: Some("ann".to_owned()),
            password: Some("s3cret".to_owned().into()),
            ..Access::default()
        };
        let mut url = format!("{kind}://127.0.0.1:{port}/shop");
        let mut collections = Vec::new();
        match kind {
            "redis" => {
                url = format!("redis://127.0.0.1:{port}/0");
                access.password = None;
                collections = vec![collection("people", &[("keys", "person:{id}")], &["mail"])];
            }
            "nats" => collections = vec![collection("people", &[("keys", "people.{id}")], &["mail"])],
            "s3" => {
                url = "s3://shop/".to_owned();
                access.endpoint = Some(format!("http://127.0.0.1:{port}"));
            }
            "http" => access.api = Some(PathBuf::from("api.yaml")),
            _ => {}
        }
        let asked = Asked { url, access, collections, _folder: folder };
        asked.pages("{by: cursor, parameter: after, next: next}")
    }

    /// With an API whose pages go so.
    pub(crate) fn pages(self, pages: &str) -> Self {
        let api = format!(
            "version: 1\ncollections:\n  people:\n    key: [id]\n    list: {{path: /people, rows: rows, pages: {pages}}}\n"
        );
        std::fs::write(self.access.folder.join("api.yaml"), api).unwrap();
        self
    }

    pub(crate) fn open(&self) -> Result<Box<dyn DataStore>, Fault> {
        probity_connectors::open(&self.url, &self.access, &dataset(self.collections.clone()))
    }

    pub(crate) fn describe(&self) -> Result<Catalog, Fault> {
        self.open()?.describe()
    }

    /// Every row of `people`.
    pub(crate) fn rows(&self) -> Result<Vec<String>, Fault> {
        let mut store = self.open()?;
        let rows = crate::common::find(&mut *store, "people", &[], &[])?;
        Ok(rows.into_iter().map(|(key, _)| crate::common::shown(&key.0)).collect())
    }

    /// What the search after an erase reads.
    pub(crate) fn scan(&self) -> Result<u64, Fault> {
        let mut store = self.open()?;
        let needles = crate::common::Plain::of(&["ann@example.org"]);
        store.scan(&needles, &mut |_| Ok(()), &model::Hidden).map(|scanned| scanned.rows)
    }
}

/// It says which server, in a line that no terminal obeys, with what to do.
pub(crate) fn is_presentable(kind: &str, fault: &Fault) {
    let message = fault.message();
    assert!(message.contains("127.0.0.1"), "{kind}: {message}");
    assert!(message.chars().all(|letter| !letter.is_control()), "{kind}: {message:?}");
    assert!(message.len() < 600 && fault.advice().is_some(), "{kind}: {fault}");
}

/// It ends with this fault.
pub(crate) fn ends<T: std::fmt::Debug>(answer: Result<T, Fault>, code: &str, words: &str) {
    let fault = answer.expect_err(words);
    assert!(fault.code() == code && fault.message().contains(words), "{code}, {words}: {} {fault}", fault.code());
    is_presentable(code, &fault);
}
