//! Where a redirect leads, and what may go along.

use url::Url;

use crate::run::{Answer, Request, Trouble};

/// The next request; `None` where the answer is no redirect.
pub(crate) fn next(request: &Request, answer: &Answer) -> Result<Option<Request>, Trouble> {
    if ![301, 302, 303, 307, 308].contains(&answer.status) {
        return Ok(None);
    }
    let Some(location) = answer.header("location") else { return Ok(None) };
    let from = Url::parse(&request.url).map_err(|_| refused("from an address that is none"))?;
    let to = from.join(location).map_err(|_| refused("to an address that is none"))?;
    if !["http", "https"].contains(&to.scheme()) || to.host_str().is_none() {
        return Err(refused("to something that is no web address"));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(refused("from HTTPS to HTTP"));
    }
    let is_same = from.origin() == to.origin();
    let keeps_method = matches!(answer.status, 307 | 308) || matches!(request.method.as_str(), "GET" | "HEAD");
    if !is_same && keeps_method && request.body.is_some() {
        return Err(refused("to another origin, which the body would go to"));
    }
    let method = if keeps_method { request.method.clone() } else { "GET".to_owned() };
    let body = request.body.clone().filter(|_| keeps_method && is_same);
    let mut headers = if is_same { request.headers.clone() } else { vec![] };
    if body.is_none() {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    }
    let is_home = request.is_home && is_same;
    Ok(Some(Request { method, url: to.into(), headers, body, is_home, body_bytes: request.body_bytes }))
}

fn refused(why: &str) -> Trouble {
    Trouble { code: "redirect-refused", message: format!("a redirect {why} is not followed") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(from: &str, method: &str, body: Option<&str>, status: u16, to: &str) -> Result<Option<Request>, Trouble> {
        let request = Request {
            method: method.to_owned(),
            url: from.to_owned(),
            headers: vec![("X-Key".to_owned(), "secret".to_owned()), ("Content-Type".to_owned(), "a/b".to_owned())],
            body: body.map(|body| body.as_bytes().to_vec()),
            is_home: true,
            body_bytes: 9,
        };
        let headers = vec![("Location".to_owned(), to.to_owned())];
        next(&request, &Answer { status, headers, ..Answer::default() })
    }

    #[test]
    fn secrets_stay_with_their_origin() {
        let check = |from: &str, method: &str, body: Option<&str>, status: u16, to: &str, expect: &str| {
            let said = match follow(from, method, body, status, to) {
                Ok(None) => "none".to_owned(),
                Ok(Some(next)) => {
                    let kept = if next.headers.is_empty() { "" } else { " with headers" };
                    let body = if next.body.is_some() { " and body" } else { "" };
                    format!("{} {}{kept}{body}", next.method, next.url)
                }
                Err(trouble) => trouble.code.to_owned(),
            };
            assert_eq!(said, expect, "{method} {from} {status} {to}");
        };
        check("https://a/x", "GET", None, 302, "/y", "GET https://a/y with headers");
        check("https://a/x", "GET", None, 302, "https://a:444/y", "GET https://a:444/y");
        check("https://a/x", "GET", None, 302, "//b/y", "GET https://b/y");
        check("https://a/x", "POST", Some("p"), 303, "/y", "GET https://a/y with headers");
        check("https://a/x", "POST", Some("p"), 302, "https://b/", "GET https://b/");
        check("https://a/x", "POST", Some("p"), 307, "/y", "POST https://a/y with headers and body");
        check("https://a/x", "POST", Some("p"), 308, "https://b/", "redirect-refused");
        check("https://a/x", "GET", None, 302, "http://a/x", "redirect-refused");
        check("https://a/x", "GET", None, 302, "file:///etc/passwd", "redirect-refused");
        check("https://a/x", "GET", None, 302, "javascript:alert(1)", "redirect-refused");
        check("https://a/x", "GET", None, 304, "/y", "none");
    }
}
