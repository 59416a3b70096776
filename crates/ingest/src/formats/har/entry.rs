//! One request and its answer.

use model::{Body, Log};

use super::{Reader, milliseconds};
use crate::node::{Fields, Node};
use crate::number;
use crate::output::{Bad, Stop};
use crate::row;

/// The phases of the spec; `ssl` is also part of `connect`.
const PHASES: [(&str, &str); 7] = [
    ("blocked", "blocked_ms"),
    ("dns", "dns_ms"),
    ("connect", "connect_ms"),
    ("ssl", "ssl_ms"),
    ("send", "send_ms"),
    ("wait", "wait_ms"),
    ("receive", "receive_ms"),
];

/// What browsers add and what is worth asking for: as text.
const ADDED: [(&str, &str); 3] =
    [("_resourceType", "resource_type"), ("_error", "error"), ("_fromCache", "from_cache")];

impl<'t> Reader<'_, 't, '_> {
    pub(super) fn entry(&mut self, node: Node<'t>) -> Result<(), Stop> {
        let fields = Fields::read(node, self.depth())?;
        let asked = self.object(&fields, "request")?;
        let answer = self.object(&fields, "response")?;
        let url = asked.text("url")?.ok_or_else(|| Bad::new("missing-field", asked.at("url"), "There is no url"))?;
        let Some(address) = Address::of(&url) else { return self.no_traffic(&fields) };
        let reading = self.start(&fields)?;
        let mut attributes: Vec<(&str, String)> = vec![("url.scheme", address.scheme.to_ascii_lowercase())];
        attributes.push(("server.address", address.host.to_ascii_lowercase()));
        attributes.extend(address.port.map(|port| ("server.port", port.to_owned())));
        self.add_phases(&fields, &mut attributes)?;
        add_texts(&fields, &asked, &answer, &mut attributes)?;
        let content = self.object(&answer, "content")?.text("mimeType")?;
        let essence = content.as_deref().map(|kind| kind.split(';').next().unwrap_or_default().trim());
        attributes
            .extend(essence.filter(|kind| !kind.is_empty()).map(|kind| ("content_type", kind.to_ascii_lowercase())));
        let method = asked.text("method")?;
        let mut log = Log { method: method.as_deref(), path: Some(address.path), ..Log::default() };
        if let Some(node) = fields.find("time") {
            log.latency_ms = milliseconds(node, "time")?.and_then(|digits| number::scaled(digits.as_bytes(), 0));
        }
        log.bytes = bytes(&answer)?;
        // 0 is an answer that never came; what is no status of HTTP is told beside.
        match answer.find("status").map(|node| node.text) {
            None | Some("0" | "-1") => {}
            Some(text) => match row::status(text) {
                Some(status) => log.status = Some(status),
                None if number::integer(text.as_bytes()).is_some() => attributes.push(("status", text.to_owned())),
                None => return Err(Bad::new("bad-field", answer.at("status"), "status is a number").into()),
            },
        }
        let attributes: Vec<(&str, &str)> = attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.hand_on(&fields, reading.instant, &attributes, Body::Log(log))
    }

    /// What never left the browser (`data:`, `blob:`, an extension's own) is no request.
    fn no_traffic(&mut self, fields: &Fields<'t>) -> Result<(), Stop> {
        let line = self.lines.line(fields.at("request"));
        self.output.absent();
        let message = "Entries whose address is not HTTP or WebSocket (data:, blob:, an extension's own) never left the browser; they are not stored";
        self.output.warn("no-traffic", line, message);
        Ok(())
    }

    fn add_phases(&self, fields: &Fields<'t>, attributes: &mut Vec<(&str, String)>) -> Result<(), Bad> {
        let timings = self.object(fields, "timings")?;
        for (key, name) in PHASES {
            let digits = timings.find(key).map(|node| milliseconds(node, key)).transpose()?.flatten();
            attributes.extend(digits.map(|digits| (name, digits.to_owned())));
        }
        Ok(())
    }
}

fn add_texts(
    fields: &Fields<'_>,
    asked: &Fields<'_>,
    answer: &Fields<'_>,
    attributes: &mut Vec<(&str, String)>,
) -> Result<(), Bad> {
    let protocol = answer.text("httpVersion")?.filter(|text| !text.is_empty()).or(asked.text("httpVersion")?);
    let added = ADDED.iter().map(|(key, name)| Ok((*name, fields.text(key)?)));
    let texts = [Ok(("page", fields.text("pageref")?)), Ok(("protocol", protocol))];
    for text in texts.into_iter().chain(added) {
        let (name, value) = text?;
        attributes.extend(value.filter(|value| !value.is_empty()).map(|value| (name, value)));
    }
    Ok(())
}

/// The size of the body as it was sent; browsers that do not know it may know what was transferred.
fn bytes(answer: &Fields<'_>) -> Result<Option<u64>, Bad> {
    for key in ["bodySize", "_transferSize"] {
        let size = answer.integer(key)?.and_then(|size| u64::try_from(size).ok());
        if size.is_some() {
            return Ok(size);
        }
    }
    Ok(None)
}

/// What may be kept of an address.
struct Address<'u> {
    scheme: &'u str,
    host: &'u str,
    port: Option<&'u str>,
    path: &'u str,
}

impl<'u> Address<'u> {
    /// `None` for what does not go over the network.
    fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let goes = ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest[..end].split_at(rest[..end].find('/').unwrap_or(end));
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        // The colons inside brackets are those of an address of IPv6.
        let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (place, None),
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        goes.then_some(Address { scheme, host, port, path: if path.is_empty() { "/" } else { path } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_loses_what_may_be_secret() {
        let check = |url: &str, expect: Option<(&str, &str, Option<&str>, &str)>| {
            let found = Address::of(url).map(|a| (a.scheme, a.host, a.port, a.path));
            assert_eq!(found, expect, "{url}");
        };
        check("https://ann:pw@shop.example:8443/a/b?t=1#x", Some(("https", "shop.example", Some("8443"), "/a/b")));
        check("http://shop.example?token=1", Some(("http", "shop.example", None, "/")));
        check("http://shop.example#/secret", Some(("http", "shop.example", None, "/")));
        check("wss://[2001:db8::1]:443/s", Some(("wss", "2001:db8::1", Some("443"), "/s")));
        check("wss://[::1]/s", Some(("wss", "::1", None, "/s")));
        check("https://h/a?next=https://ann:pw@b/", Some(("https", "h", None, "/a")));
        check("data:text/plain,secret", None);
        check("blob:https://shop.example/1", None);
        check("chrome-extension://abc/x.js", None);
        check("", None);
    }
}
