//! What an address gives away: to whoever keeps a log of it, to the next page by `Referer`, to the history of a browser.

use std::collections::BTreeSet;

use crate::Detect;
use crate::secret;

/// Names of parameters that carry what opens something, beside those that [`secret::is_name`] knows.
const KEYS: [&str; 9] = ["access_token", "auth", "code", "jwt", "jsessionid", "key", "phpsessid", "session", "sid"];

/// Where in the address something stands that does not belong there, and what it is; never the value.
///
/// `query` are names and values as the recorder understood them, which stand beside what the address itself says.
pub(super) fn revealed(url: &str, query: &[(&str, &str)], detect: &Detect<'_>) -> BTreeSet<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, string) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = path.split_once('/').unwrap_or((path, ""));
    let mut found = BTreeSet::new();
    if authority.split_once('@').is_some_and(|(user, _)| user.contains(':')) {
        found.insert("before the host: passwords or keys".to_owned());
    }
    for segment in path.split('/') {
        found.extend(detect(&[], &decoded(segment)).into_iter().map(|kind| format!("path: {kind}")));
    }
    let own = string.split(['&', ';']).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    for (name, value) in own.chain(query.iter().copied()) {
        found.extend(of_parameter(&decoded(name), &decoded(value), detect));
    }
    found
}

fn of_parameter(name: &str, value: &str, detect: &Detect<'_>) -> Vec<String> {
    // A name can be the value itself: `?ann@example.org`.
    if let Some(kind) = detect(&[], name).into_iter().next() {
        return vec![format!("the name of a parameter: {kind}")];
    }
    let mut kinds = detect(std::slice::from_ref(&name.to_owned()), value);
    let lower = name.to_ascii_lowercase().replace('-', "_");
    if !value.is_empty() && (secret::is_name(name) || KEYS.contains(&lower.as_str())) {
        kinds.insert("passwords or keys".to_owned());
    }
    kinds.into_iter().map(|kind| format!("{name}: {kind}")).collect()
}

/// Percent-encoding taken off (RFC 3986 §2.1), with `+` as a space; what is no encoding stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        let pair = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        match (byte, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(value)) => {
                plain.push(value);
                at += 3;
                continue;
            }
            (b'+', _) => plain.push(b' '),
            _ => plain.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_looked_into_and_values_stay() {
        let mail =
            |_: &[String], text: &str| BTreeSet::from_iter(text.contains('@').then(|| "e-mail addresses".to_owned()));
        let check = |url: &str, query: &[(&str, &str)], expect: &[&str]| {
            let found = revealed(url, query, &mail);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expect, "{url}");
            assert!(!format!("{found:?}").contains("ann"), "{found:?}");
        };
        check("https://shop.example/a/b?page=2#ann@example.org", &[], &[]);
        check("https://shop.example/u?mail=ann%40example.org&page=2", &[], &["mail: e-mail addresses"]);
        check("https://shop.example/u/ann@example.org", &[], &["path: e-mail addresses"]);
        check("https://shop.example/?ann@example.org", &[], &["the name of a parameter: e-mail addresses"]);
        check("https://ann:pw@shop.example/", &[], &["before the host: passwords or keys"]);
        check("https://shop.example/?access_token=x7", &[], &["access_token: passwords or keys"]);
        check("https://shop.example/?reset-token=x7&sid=", &[], &["reset-token: passwords or keys"]);
        check("https://shop.example/", &[("m", "ann@example.org")], &["m: e-mail addresses"]);
        check("https://shop.example/?q=100%&%=%4&r=%+40", &[], &[]);
    }
}
