//! Questions to an API: limits are kept to, pages are turned.

use std::time::Duration;

use model::Fault;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::Access;
use crate::bounds::{Turns, endless};
use crate::document::json::{self, Node, Value};
use crate::document::record::reach;
use crate::web::{self, Sent, encoded};

use super::api::{Api, List, Pages};
use super::token::Tokens;

const ANSWER_BYTES_MAX: u64 = 64 << 20;
const PAGES_MAX: u64 = 1_000_000;
/// Pages in a row that may have nothing on them.
const EMPTY_PAGES_MAX: u64 = 1_000;
/// How often a server may say "later" to the same question, and how long we wait at most each time.
const LATER_MAX: u32 = 8;
const WAIT_MAX: Duration = Duration::from_secs(120);

/// The way to an API.
pub(super) struct Client {
    agent: Agent,
    /// Without a slash at its end.
    base: String,
    headers: Vec<(String, String)>,
    tokens: Option<Tokens>,
}

/// An answer: a status below 300 with its JSON (null when it has none), or the status.
pub(super) type Answer = Result<(Node, Option<String>), u16>;

impl Client {
    pub(super) fn of(url: &str, api: &Api, access: &Access) -> Result<Self, Fault> {
        let base = url.trim_end_matches('/').to_owned();
        let mut headers = api.headers.clone();
        if headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("accept")) {
            headers.push(("Accept".to_owned(), "application/json".to_owned()));
        }
        let tokens = api.oauth2.clone().map(|asked| Tokens::of(&base, asked, access)).transpose()?;
        Ok(Client { agent: web::agent(&base, access)?, base, headers, tokens })
    }

    pub(super) fn host(&self) -> &str {
        web::host(&self.base)
    }

    /// Asks for a path of the API, or for an address of the same server. Only what may be repeated is sent here.
    pub(super) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, Fault> {
        let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let mut headers = self.headers.clone();
        if body.is_some() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let mut is_fresh = false;
        for _ in 0..LATER_MAX {
            let sent = body.map_or(Sent::Nothing, |body| Sent::Bytes(body.as_bytes()));
            let login = self.tokens.as_ref().map(Tokens::header).transpose()?;
            let headers: Vec<_> = headers.iter().cloned().chain(login).collect();
            let answer = web::send(&self.agent, method, &url, &headers, sent)?;
            let status = answer.status().as_u16();
            match (status, wait(&answer)) {
                (429 | 503, Some(wait)) if wait <= WAIT_MAX => std::thread::sleep(wait),
                // A token can end before its time: one more is fetched.
                (401, _) if !is_fresh && self.tokens.as_ref().is_some_and(Tokens::forget) => is_fresh = true,
                (200..=299, _) => return self.content(&url, answer).map(Ok),
                (404 | 410, _) => return Ok(Err(status)),
                _ => return Err(self.fault(status)),
            }
        }
        Err(self.fault(429))
    }

    fn content(&self, url: &str, answer: Response<Body>) -> Result<(Node, Option<String>), Fault> {
        let link = answer.headers().get_all("link").iter().filter_map(|value| value.to_str().ok()).find_map(next_link);
        let bytes = web::bytes(url, answer, ANSWER_BYTES_MAX)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| self.no_json())?;
        if text.trim().is_empty() {
            return Ok((Node::of(Value::Null), link));
        }
        json::parse_answer(text).map(|node| (node, link)).map_err(|_| self.no_json())
    }

    fn no_json(&self) -> Fault {
        Fault::unavailable("store-refused", format!("{} answers with no JSON", self.host()))
            .advise("Check the address of the store and the paths of its description.")
    }

    pub(super) fn fault(&self, status: u16) -> Fault {
        let told = format!("{} answers with status {status}", self.host());
        match status {
            401 => Fault::unavailable("store-login-refused", told)
                .advise("Check the secret of the store, and `headers` of its description."),
            403 => Fault::unavailable("store-permission", told)
                .advise("Give this account the right to read and delete these rows."),
            408 | 425 | 429 | 500..=599 => {
                Fault::unavailable("store-busy", told).advise("Run the command again later.")
            }
            _ => Fault::unavailable("store-refused", told).advise("Check the paths of the description of the API."),
        }
    }

    /// Shows every row that a list has, with more `query`, page by page, until `each` says no.
    pub(super) fn list(
        &self,
        list: &List,
        more: &[(&str, &str)],
        each: &mut dyn FnMut(Node) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let mut turn = Turn { number: 0, rows: 0, cursor: None, link: None, turns: Turns::of(0, EMPTY_PAGES_MAX) };
        while turn.number < PAGES_MAX {
            let path = turn.path(list, more);
            let (page, link) = match self.ask("GET", &path, None)? {
                Ok(answer) => answer,
                // Some say so after the last page.
                Err(404) if turn.number > 0 => return Ok(()),
                Err(status) => return Err(self.fault(status)),
            };
            let mut found = Vec::new();
            reach(&page, &list.rows, &mut found);
            let rows: Vec<Node> = found
                .into_iter()
                .flat_map(|node| match &node.value {
                    Value::List(rows) => rows.clone(),
                    _ => Vec::new(),
                })
                .collect();
            let count = rows.len() as u64;
            if count > 0 && matches!(list.pages, Pages::Number { .. } | Pages::Offset { .. }) {
                // A server that knows nothing of pages gives the first one for each.
                let all: String = rows.iter().map(Node::compact).collect();
                turn.turns.turn(self.host(), all, true)?;
            }
            for row in rows {
                if !each(row)? {
                    return Ok(());
                }
            }
            if !self.turn(&mut turn, list, count, &page, link)? {
                return Ok(());
            }
        }
        Err(endless(self.host(), "its list has too many pages; check `pages` of the description of the API"))
    }

    /// Whether there is a page after this one.
    fn turn(&self, turn: &mut Turn, list: &List, count: u64, page: &Node, link: Option<String>) -> Result<bool, Fault> {
        turn.number += 1;
        turn.rows += count;
        match &list.pages {
            Pages::One => Ok(false),
            // A page may be shorter than asked for, where a server has a limit of its own: only an empty one is the last.
            Pages::Number { .. } | Pages::Offset { .. } => Ok(count > 0),
            Pages::Cursor { next, .. } => {
                let mut found = Vec::new();
                reach(page, next, &mut found);
                let cursor = found.first().and_then(|node| node.cell()).filter(|cursor| !cursor.is_empty());
                if let Some(cursor) = &cursor {
                    turn.turns.turn(self.host(), cursor, count > 0)?;
                }
                turn.cursor = cursor;
                Ok(turn.cursor.is_some())
            }
            Pages::Link => {
                let Some(link) = link else { return Ok(false) };
                let is_own = link.starts_with('/') && !link.starts_with("//");
                if !is_own && origin(&link) != origin(&self.base) {
                    return Err(Fault::unavailable(
                        "store-refused",
                        format!("{} leads to another server", self.host()),
                    )
                    .advise("A secret is sent to the server of the store alone."));
                }
                turn.turns.turn(self.host(), &link, count > 0)?;
                turn.link = Some(if is_own { format!("{}{link}", origin(&self.base)) } else { link });
                Ok(true)
            }
        }
    }
}

struct Turn {
    number: u64,
    rows: u64,
    cursor: Option<String>,
    link: Option<String>,
    turns: Turns,
}

impl Turn {
    fn path(&self, list: &List, more: &[(&str, &str)]) -> String {
        if let Some(link) = &self.link {
            return link.clone();
        }
        let mut query: Vec<(String, String)> = list.query.clone();
        query.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        query.extend(list.size.as_ref().map(|(parameter, rows)| (parameter.clone(), rows.to_string())));
        match &list.pages {
            Pages::Number { parameter, first } => query.push((parameter.clone(), (first + self.number).to_string())),
            Pages::Offset { parameter } => query.push((parameter.clone(), self.rows.to_string())),
            Pages::Cursor { parameter, .. } => {
                query.extend(self.cursor.iter().map(|cursor| (parameter.clone(), cursor.clone())))
            }
            Pages::One | Pages::Link => {}
        }
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", encoded(name, false), encoded(value, false))).collect();
        let glue = if query.is_empty() {
            ""
        } else if list.path.contains('?') {
            "&"
        } else {
            "?"
        };
        format!("{}{glue}{}", list.path, query.join("&"))
    }
}

/// `Retry-After` in seconds; without one a server that says "later" means a second.
fn wait(answer: &Response<Body>) -> Option<Duration> {
    let text = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    match text {
        None => Some(Duration::from_secs(1)),
        Some(text) => text.trim().parse().ok().map(Duration::from_secs),
    }
}

/// `<https://…?page=2>; rel="next"` among others.
fn next_link(header: &str) -> Option<String> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|word| ["rel=\"next\"", "rel=next"].contains(&word.trim()));
        is_next.then(|| target.to_owned())
    })
}

/// Scheme, host and port.
pub(super) fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url[start..].find(['/', '?', '#']).map_or(url, |end| &url[..start + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found() {
        let check = |header: &str, expect: Option<&str>| assert_eq!(next_link(header).as_deref(), expect, "{header}");
        check("<https://a/?p=1>; rel=\"prev\", </x?p=3>; rel=\"next\"", Some("/x?p=3"));
        check("<https://a/?p=1>; rel=\"last\"", None);
        check("nonsense", None);
        assert_eq!(origin("https://a.b:1/c?d"), "https://a.b:1");
        assert_ne!(origin("https://a.b@evil/c"), origin("https://a.b/c"));
    }
}
