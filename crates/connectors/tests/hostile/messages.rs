//! Servers that speak the protocol of NATS, with evil in mind.

use std::io::{BufRead, BufReader, Read, Write};

use crate::kit::{Asked, ends, serve};

/// Answers each question to the API by its name and its body; what comes back is sent as it is, the first `{}` is where answers go.
fn nats(answer: impl Fn(&str, &str) -> String + Clone + Send + 'static) -> Asked {
    let port = serve(move |stream| {
        let mut input = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        let mut send = move |text: &str| stream.write_all(text.as_bytes()).is_ok();
        send("INFO {\"version\":\"2.10\\u001b[2J\"}\r\n");
        let mut line = String::new();
        while input.read_line(&mut line).is_ok_and(|read| read > 0) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_sent = match words.as_slice() {
                ["PING"] => send("PONG\r\n"),
                ["PUB", subject, reply, len] => {
                    let mut body = vec![0; len.parse::<usize>().unwrap() + 2];
                    input.read_exact(&mut body).unwrap();
                    let api = subject.trim_start_matches("$JS.API.");
                    send(&answer(api, String::from_utf8_lossy(&body).trim_end()).replacen("{}", reply, 1))
                }
                _ => true,
            };
            if !is_sent {
                return;
            }
            line.clear();
        }
    });
    Asked::of("nats", port)
}

fn message(json: &str) -> String {
    format!("MSG {{}} 1 {}\r\n{json}\r\n", json.len())
}

fn streams(names: &[&str], total: u64) -> String {
    let names: Vec<String> = names.iter().map(|name| format!(r#"{{"config":{{"name":"{name}"}}}}"#)).collect();
    message(&format!(r#"{{"total":{total},"streams":[{}]}}"#, names.join(",")))
}

/// A server with one stream; `special` for everything else, or "not found".
fn but(special: impl Fn(&str, &str) -> Option<String> + Clone + Send + 'static) -> Asked {
    nats(move |api, body| {
        special(api, body).unwrap_or_else(|| match api {
            "STREAM.LIST" => streams(&["S"], 1),
            "STREAM.INFO.S" => message("{}"),
            _ => message(r#"{"error":{"err_code":10037,"description":"no message found"}}"#),
        })
    })
}

#[test]
fn a_healthy_server_is_read() {
    let one = |api: &str, body: &str| {
        (api == "STREAM.MSG.GET.S" && body.contains("\"seq\":1"))
            .then(|| message(r#"{"message":{"subject":"people.7","seq":1,"data":"e30="}}"#))
    };
    assert_eq!(but(one).rows().unwrap(), ["S|1"]);
}

#[test]
fn a_flood_of_what_nobody_asked_for_ends() {
    let flood: [&str; 4] = ["PING\r\n", "+OK\r\n", "MSG other 1 2\r\nxx\r\n", "HMSG other 1 0 0\r\n\r\n"];
    for line in flood {
        let line = line.repeat(20_000);
        ends(nats(move |_, _| line.clone()).rows(), "store-endless", "nobody asked for");
    }
}

#[test]
fn a_message_that_comes_again_and_again_ends() {
    for seq in ["1", "0", "18446744073709551615"] {
        let again = move |api: &str, _: &str| {
            let json = format!(r#"{{"message":{{"subject":"people.7","seq":{seq},"data":"e30="}}}}"#);
            (api == "STREAM.MSG.GET.S").then(|| message(&json))
        };
        ends(but(again).rows(), "store-endless", "shown before");
        ends(but(again).scan(), "store-endless", "shown before");
    }
}

#[test]
fn a_list_that_begins_anew_ends() {
    let list = |api: &str, _: &str| (api == "STREAM.LIST").then(|| streams(&["S", "T"], u64::MAX));
    ends(but(list).rows(), "store-endless", "came before");
    let subjects = |api: &str, _: &str| {
        (api == "STREAM.INFO.S").then(|| message(r#"{"total":99,"state":{"subjects":{"people.1":1}}}"#))
    };
    ends(but(subjects).describe(), "store-endless", "came before");
}

#[test]
fn messages_that_lie_about_their_size_are_refused() {
    for size in ["99999999999", "-1", "x", "", "9223372036854775807"] {
        ends(nats(move |_, _| format!("MSG {{}} 1 {size}\r\n")).rows(), "store-refused", "too large");
    }
    ends(nats(|_, _| "HMSG {} 1 99 5\r\n".to_owned()).rows(), "store-refused", "too large");
    ends(nats(|_, _| "x".repeat(2 << 20)).rows(), "store-refused", "has no end");
    ends(nats(|_, _| "-ERR '\u{1b}[31mowned'\r\n".to_owned()).rows(), "store-refused", "owned");
    ends(nats(|_, _| message("{\"a\":")).rows(), "store-refused", "no JSON");
    ends(nats(|_, _| message(&"[".repeat(100_000))).rows(), "store-refused", "no JSON");
}

#[test]
fn its_version_is_shown_without_what_a_terminal_obeys() {
    assert_eq!(but(|_, _| None).open().unwrap().version().unwrap(), "NATS 2.10[2J");
}
