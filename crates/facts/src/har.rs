//! Recordings of a browser's traffic: HAR 1.2.
//!
//! Source: «HAR 1.2 Spec»; RFC 6265 §5.2 (Set-Cookie), RFC 6797 (Strict-Transport-Security). A recording is full of personal
//! data, so that nothing but hosts, names of cookies and places leave this module.

mod address;

use serde_json::{Value, json};
use yaml::Node;

use crate::tree::{at, ends, flag, integer, list, mentions, open, place, text};
use crate::{Detect, File, Gap, Read};

pub(crate) fn recognise(file: File<'_>) -> bool {
    let has = |key| mentions(file.text, key);
    ends(file, &[".har", ".json"]) && has("log") && has("entries") && has("request")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    read_with(files, None)
}

/// With what tells personal data in addresses.
pub(crate) fn read_with(files: &[File<'_>], detect: Option<&Detect<'_>>) -> Read {
    let (documents, mut gaps) = open(files);
    let (mut exchanges, mut cookies) = (Vec::new(), Vec::new());
    for document in &documents {
        for entry in list(&document.node, &["log", "entries"]) {
            let Some(url) = text(entry, &["request", "url"]) else {
                gaps.push(Gap::at(place(document.file, entry), "The entry has no address", "Record it again."));
                continue;
            };
            // What never left the browser (`data:`, `blob:`, an extension's own) is no traffic.
            if let Some(exchange) = Exchange::of(document.file, entry, url) {
                exchanges.push(exchange.value(url, detect));
                cookies.extend(exchange.cookies());
            }
        }
    }
    Read { value: json!({"exchanges": exchanges, "cookies": cookies}), gaps }
}

/// A request and what came back.
struct Exchange<'n> {
    file: &'n str,
    entry: &'n Node,
    host: &'n str,
    encrypted: bool,
}

impl<'n> Exchange<'n> {
    fn of(file: &'n str, entry: &'n Node, url: &'n str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let encrypted = match scheme.to_ascii_lowercase().as_str() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Some(Exchange { file, entry, host, encrypted })
    }

    /// Nobody listens between a browser and its own machine.
    fn is_local(&self) -> bool {
        let host = self.host.rsplit_once(':').map_or(self.host, |(host, _)| host);
        matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
    }

    /// The values of a header of the response.
    fn headers(&self, name: &'n str) -> impl Iterator<Item = &'n str> {
        let is = move |node: &&Node| text(node, &["name"]).is_some_and(|known| known.eq_ignore_ascii_case(name));
        list(self.entry, &["response", "headers"]).iter().filter(is).filter_map(|node| text(node, &["value"]))
    }

    fn is_page(&self) -> bool {
        let kind = text(self.entry, &["response", "content", "mimeType"]).or(self.headers("content-type").next());
        let answered = integer(self.entry, &["response", "status"]).is_some_and(|status| (200..300).contains(&status));
        answered && kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
    }

    fn value(&self, url: &str, detect: Option<&Detect<'_>>) -> Value {
        let has = |name: &'static str| self.headers(name).next().is_some();
        let query: Vec<(&str, &str)> = list(self.entry, &["request", "queryString"])
            .iter()
            .filter_map(|one| Some((text(one, &["name"])?, text(one, &["value"]).unwrap_or_default())))
            .collect();
        // A name that is a value itself is not told.
        let is_harmless = |name: &&str| detect.is_none_or(|detect| detect(&[], name).is_empty());
        let names = query.iter().map(|(name, _)| *name).filter(is_harmless);
        json!({
            "host": self.host,
            "method": text(self.entry, &["request", "method"]).unwrap_or_default(),
            "status": integer(self.entry, &["response", "status"]).unwrap_or(0),
            "encrypted": self.encrypted,
            "local": self.is_local(),
            "page": self.is_page(),
            "hsts": self.headers("strict-transport-security").any(is_lasting),
            "content_security_policy": has("content-security-policy"),
            "no_sniff": self.headers("x-content-type-options").any(|value| value.trim().eq_ignore_ascii_case("nosniff")),
            "referrer_policy": has("referrer-policy"),
            "query_names": names.collect::<Vec<_>>(),
            "revealed": detect.map(|detect| address::revealed(url, &query, detect)),
            "place": place(self.file, at(self.entry, &["request"]).unwrap_or(self.entry)),
        })
    }

    /// The cookies it sets: by the headers as they came, else as the recorder understood them.
    fn cookies(&self) -> Vec<Value> {
        let headers: Vec<&str> = self.headers("set-cookie").collect();
        let one = |name: &str, secure: bool, http_only: bool, same_site: Option<&str>| {
            json!({
                "host": self.host,
                "name": name,
                "secure": secure,
                "http_only": http_only,
                "same_site": same_site,
                "local": self.is_local(),
                "place": place(self.file, at(self.entry, &["response"]).unwrap_or(self.entry)),
            })
        };
        if headers.is_empty() {
            return list(self.entry, &["response", "cookies"])
                .iter()
                .map(|node| {
                    let is = |key| flag(node, &[key]).unwrap_or(false);
                    let name = text(node, &["name"]).unwrap_or_default();
                    one(name, is("secure"), is("httpOnly"), text(node, &["sameSite"]))
                })
                .collect();
        }
        // Some recorders join several headers by line breaks.
        let lines = headers.into_iter().flat_map(str::lines);
        lines
            .map(|line| {
                let (name, attributes) = (line.split('=').next().unwrap_or_default().trim(), attributes(line));
                let has = |name: &str| attributes.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
                let same = attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case("samesite"));
                one(name, has("secure"), has("httponly"), same.map(|(_, value)| *value))
            })
            .collect()
    }
}

/// The attributes after a cookie's name and value.
fn attributes(line: &str) -> Vec<(&str, &str)> {
    line.split(';')
        .skip(1)
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(a, b)| (a.trim(), b.trim()))
        .collect()
}

/// `max-age` of more than nothing (RFC 6797 §6.1.1: zero takes the promise back).
fn is_lasting(value: &str) -> bool {
    value.split(';').filter_map(|part| part.split_once('=')).any(|(name, age)| {
        let age = age.trim().trim_matches('"').parse::<u64>();
        name.trim().eq_ignore_ascii_case("max-age") && age.is_ok_and(|age| age > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entries: Value) -> Read {
        let text = json!({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}}).to_string();
        let file = File { name: "shop.har", text: &text };
        assert!(recognise(file));
        read(&[file])
    }

    #[test]
    fn exchanges_are_told_without_what_is_in_them() {
        let read = told(
            json!([{"request": {"method": "GET", "url": "http://ann:pw@shop.example:8080/u/ann?mail=ann@example.org",
            "queryString": [{"name": "mail", "value": "ann@example.org"}]},
            "response": {"status": 200, "content": {"mimeType": "text/html; charset=utf-8"},
            "headers": [{"name": "Strict-Transport-Security", "value": "max-age=0"}]}}]),
        );
        let one = &read.value["exchanges"][0];
        assert_eq!(
            (&one["host"], &one["encrypted"], &one["page"], &one["hsts"]),
            (&json!("shop.example:8080"), &json!(false), &json!(true), &json!(false))
        );
        assert_eq!(one["query_names"], json!(["mail"]));
        assert!(!read.value.to_string().contains("ann"), "{}", read.value);
    }

    #[test]
    fn cookies_are_told_by_their_headers() {
        let check = |response: Value, expect: &[(&str, bool, bool)]| {
            let read = told(json!([{"request": {"url": "https://shop.example/"}, "response": response}]));
            let cookies = read.value["cookies"].as_array().unwrap();
            let found: Vec<(&str, bool, bool)> = cookies
                .iter()
                .map(|one| (one["name"].as_str().unwrap(), one["secure"] == true, one["http_only"] == true))
                .collect();
            assert_eq!(found, expect);
        };
        let header = |value: &str| json!({"headers": [{"name": "set-cookie", "value": value}]});
        check(header("sid=secure; Path=/; HttpOnly"), &[("sid", false, true)]);
        check(header("sid=1; secure; httponly\nb=2"), &[("sid", true, true), ("b", false, false)]);
        check(json!({"cookies": [{"name": "c", "secure": true}]}), &[("c", true, false)]);
    }

    #[test]
    fn an_entry_without_an_address_is_a_gap() {
        assert_eq!(told(json!([{"request": {}}])).gaps.len(), 1);
        assert_eq!(told(json!([{"request": {"url": "blob:https://shop.example/1"}}])).gaps, []);
    }
}
