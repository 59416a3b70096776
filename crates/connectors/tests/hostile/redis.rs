//! Servers that speak the protocol of Redis, with evil in mind.

use std::io::{BufRead, BufReader, Read, Write};

use crate::kit::{Asked, ends, serve};

/// Answers each command by its words.
fn redis(answer: impl Fn(&[String]) -> String + Clone + Send + 'static) -> Asked {
    let port = serve(move |stream| {
        let mut input = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        let mut number = |mark: u8| {
            let mut line = String::new();
            input.read_line(&mut line).ok().filter(|read| *read > 0)?;
            assert_eq!(line.as_bytes()[0], mark);
            let number: usize = line[1..].trim().parse().unwrap();
            let mut word = vec![0; if mark == b'$' { number + 2 } else { 0 }];
            input.read_exact(&mut word).ok()?;
            Some((number, String::from_utf8_lossy(&word).trim_end().to_owned()))
        };
        while let Some((count, _)) = number(b'*') {
            let words: Vec<String> = (0..count).map_while(|_| number(b'$')).map(|(_, word)| word).collect();
            if stream.write_all(answer(&words).as_bytes()).is_err() {
                return;
            }
        }
    });
    Asked::of("redis", port)
}

/// A healthy server but for `special`.
fn but(special: impl Fn(&[&str]) -> Option<String> + Clone + Send + 'static) -> Asked {
    redis(move |words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        special(&words).unwrap_or_else(|| match words[0] {
            "INFO" => "$0\r\n\r\n".to_owned(),
            "DBSIZE" | "LLEN" => ":1\r\n".to_owned(),
            "TYPE" => "+hash\r\n".to_owned(),
            "SCAN" => page("0", &["person:1"]),
            "HGETALL" => "*2\r\n$4\r\nmail\r\n$1\r\nx\r\n".to_owned(),
            _ => "+OK\r\n".to_owned(),
        })
    })
}

fn page(cursor: &str, keys: &[&str]) -> String {
    let keys: String = keys.iter().map(|key| format!("${}\r\n{key}\r\n", key.len())).collect();
    format!("*2\r\n${}\r\n{cursor}\r\n*{}\r\n{keys}", cursor.len(), keys.matches("$").count())
}

#[test]
fn a_healthy_server_is_read() {
    assert_eq!(but(|_| None).rows().unwrap(), ["person:1"]);
}

#[test]
fn a_cursor_that_goes_round_ends() {
    let round = |words: &[&str]| {
        let next = if words.get(1) == Some(&"7") { "8" } else { "7" };
        (words[0] == "SCAN").then(|| page(next, &["person:1"]))
    };
    ends(but(round).rows(), "store-endless", "a page that came before");
    ends(but(round).scan(), "store-endless", "a page that came before");
    ends(but(round).describe(), "store-endless", "a page that came before");
}

#[test]
fn a_cursor_that_never_ends_and_shows_nothing_ends() {
    let never = |words: &[&str]| {
        let at: u64 = words.get(1)?.parse().unwrap_or(0);
        (words[0] == "SCAN").then(|| page(&(at + 1).to_string(), &[]))
    };
    ends(but(never).rows(), "store-endless", "nothing in it");
}

#[test]
fn values_that_are_too_large_are_refused_before_they_come() {
    let huge = |words: &[&str]| (words[0] == "HGETALL").then(|| "*1\r\n$99999999999\r\n".to_owned());
    ends(but(huge).rows(), "store-refused", "");
    let many = |words: &[&str]| (words[0] == "HGETALL").then(|| "*2147483647\r\n".to_owned());
    ends(but(many).rows(), "store-refused", "");
    let deep = |words: &[&str]| (words[0] == "HGETALL").then(|| "*1\r\n".repeat(10_000));
    ends(but(deep).rows(), "store-refused", "");
}

#[test]
fn elements_of_one_key_have_an_end() {
    let round = |words: &[&str]| match words[0] {
        "TYPE" => Some("+set\r\n".to_owned()),
        "SSCAN" => Some(page("5", &["a"])),
        _ => None,
    };
    ends(but(round).rows(), "store-endless", "a page that came before");
    let entries = |words: &[&str]| match words[0] {
        "TYPE" => Some("+stream\r\n".to_owned()),
        "XRANGE" => Some("*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n".to_owned()),
        _ => None,
    };
    ends(but(entries).rows(), "store-endless", "a page that came before");
    let list = |words: &[&str]| match words[0] {
        "TYPE" => Some("+list\r\n".to_owned()),
        "LRANGE" => Some("*1\r\n$1\r\na\r\n".to_owned()),
        _ => None,
    };
    assert_eq!(but(list).rows().unwrap(), ["person:1|a"], "as long as it says it is");
}

#[test]
fn what_it_says_is_shown_without_what_a_terminal_obeys() {
    let asked = but(|words| (words[0] == "SCAN").then(|| "-\u{1b}[2JOWNED you\r\n".to_owned()));
    ends(asked.rows(), "store-refused", "OWNED");
}
