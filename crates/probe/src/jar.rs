//! Cookies of one journey (RFC 6265): who set them gets them back, and nobody else.
//!
//! Stricter than the RFC where browsers are: what is for encrypted connections alone is neither taken from a clear one nor sent
//! over it. A `Domain` that the host does not belong to, or that has no dot in it, drops the cookie; there is no list of public
//! suffixes here, so that `Domain=co.uk` is believed, by hosts of this journey alone.

use model::Instant;
use url::{Host, Url};

/// Cookies of one journey, at most; of one, name and value together.
const COOKIES_MAX: usize = 200;
const BYTES_MAX: usize = 4096;

/// What servers have set.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    is_host_only: bool,
    path: String,
    is_secure: bool,
    ends: Option<i64>,
}

impl Jar {
    /// Takes what an answer from `url` sets.
    pub(crate) fn take(&mut self, url: &str, headers: &[(String, String)], now: Instant) {
        let Ok(url) = Url::parse(url) else { return };
        for (_, line) in headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let Some(cookie) = Cookie::read(line, &url, now) else { continue };
            let same = |known: &Cookie| {
                (&known.name, &known.domain, &known.path) == (&cookie.name, &cookie.domain, &cookie.path)
            };
            let old = self.cookies.iter().position(same);
            match (cookie.is_over(now), old) {
                (true, Some(old)) => drop(self.cookies.remove(old)),
                (false, Some(old)) => self.cookies[old] = cookie,
                (false, None) if self.cookies.len() < COOKIES_MAX => self.cookies.push(cookie),
                _ => {}
            }
        }
    }

    /// The header for a request to `url`; nothing where no cookie goes there.
    pub(crate) fn header(&self, url: &str, now: Instant) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let mut fitting: Vec<&Cookie> =
            self.cookies.iter().filter(|cookie| cookie.goes_to(&url) && !cookie.is_over(now)).collect();
        // §5.4: longer paths first; of equal ones, those that came first.
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Cookie {
    /// §5.2 and §5.3; `None` for what is no cookie, or not this host's to set.
    fn read(line: &str, url: &Url, now: Instant) -> Option<Self> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let is_harmless = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if name.is_empty() || name.len() + value.len() > BYTES_MAX || !is_harmless(name) || !is_harmless(value) {
            return None;
        }
        let host = url.host_str()?.to_ascii_lowercase();
        let mut cookie = Cookie {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: host.clone(),
            is_host_only: true,
            path: default_path(url.path()),
            is_secure: false,
            ends: None,
        };
        let mut max_age = None;
        for part in parts {
            let (key, value) =
                part.split_once('=').map_or((part.trim(), ""), |(key, value)| (key.trim(), value.trim()));
            match key.to_ascii_lowercase().as_str() {
                "secure" => cookie.is_secure = true,
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "path" => cookie.path = default_path(url.path()),
                "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
                "expires" => cookie.ends = date(value).or(cookie.ends),
                "domain" if !value.is_empty() => {
                    cookie.domain = value.trim_start_matches('.').to_ascii_lowercase();
                    cookie.is_host_only = false;
                }
                _ => {}
            }
        }
        // §5.3: the age goes before the date.
        cookie.ends = max_age.map(|age| now.seconds().saturating_add(age)).or(cookie.ends);
        let is_name = matches!(url.host(), Some(Host::Domain(_)));
        let is_own =
            cookie.domain == host || (is_name && cookie.domain.contains('.') && is_below(&host, &cookie.domain));
        (is_own && (!cookie.is_secure || url.scheme() == "https")).then_some(cookie)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.ends.is_some_and(|ends| ends <= now.seconds())
    }

    fn goes_to(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let is_theirs = host == self.domain || (!self.is_host_only && is_below(&host, &self.domain));
        is_theirs && covers(&self.path, url.path()) && (!self.is_secure || url.scheme() == "https")
    }
}

/// §5.1.3.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

/// §5.1.4: everything before the last slash.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        Some(last) if last > 0 => path[..last].to_owned(),
        _ => "/".to_owned(),
    }
}

/// §5.1.4.
fn covers(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

/// A date in seconds since 1970 (§5.1.1): its parts in any order.
fn date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |c: char| !c.is_ascii_alphanumeric() && c != ':';
    for word in text.split(is_delimiter).filter(|word| !word.is_empty()) {
        let lower = word.to_ascii_lowercase();
        let number = || word.parse::<i64>().ok();
        let named = || MONTHS.iter().position(|name| lower.starts_with(name));
        if time.is_none() && word.contains(':') {
            time = clock(word);
        } else if day.is_none() && word.len() <= 2 && number().is_some() {
            day = number();
        } else if month.is_none() && named().is_some() {
            month = named();
        } else if year.is_none() && (word.len() == 2 || word.len() == 4) {
            year = number();
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let (time, day, month) = (time?, day?, month?);
    let text = format!("{year:04}-{:02}-{day:02}T00:00:00Z", month + 1);
    // What no clock of ours can show is as good as never, or as good as long ago.
    match year {
        1678..=2261 => Some(Instant::parse(&text).ok()?.seconds() + time),
        2262..=9999 => Some(i64::MAX),
        _ => None,
    }
}

/// `12:34:56` as seconds of a day.
fn clock(word: &str) -> Option<i64> {
    let parts: Vec<i64> = word.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [hour @ 0..=23, minute @ 0..=59, second @ 0..=59] => Some(hour * 3600 + minute * 60 + second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        Instant::parse("2026-11-22T12:00:00Z").unwrap()
    }

    #[test]
    fn cookies_go_back_to_whom_they_belong() {
        let check = |from: &str, line: &str, to: &str, expect: bool| {
            let mut jar = Jar::default();
            jar.take(from, &[("Set-Cookie".to_owned(), line.to_owned())], now());
            let header = jar.header(to, now());
            assert_eq!(header.is_some(), expect, "{from} {line} {to}: {header:?}");
        };
        // Host-only unless it says a domain of its own.
        check("https://a.example/", "s=1", "https://a.example/x", true);
        check("https://a.example/", "s=1", "https://b.a.example/", false);
        check("https://a.example/", "s=1", "https://a.example:8443/", true);
        check("https://b.a.example/", "s=1; Domain=a.example", "https://c.a.example/", true);
        check("https://b.a.example/", "s=1; Domain=.A.example", "https://a.example/", true);
        check("https://a.example/", "s=1; Domain=b.a.example", "https://b.a.example/", false);
        check("https://a.example/", "s=1; Domain=evil.example", "https://evil.example/", false);
        check("https://xa.example/", "s=1; Domain=a.example", "https://a.example/", false);
        check("https://a.example/", "s=1; Domain=example", "https://b.example/", false);
        check("http://127.0.0.1/", "s=1; Domain=0.0.1", "http://127.0.0.1/", false);
        check("http://127.0.0.1/", "s=1; Domain=127.0.0.1", "http://127.0.0.1/", true);
        // Paths.
        check("https://a.example/x/y", "s=1", "https://a.example/x/z", true);
        check("https://a.example/x/y", "s=1", "https://a.example/xz", false);
        check("https://a.example/x/y", "s=1", "https://a.example/", false);
        check("https://a.example/x", "s=1; Path=/", "https://a.example/z", true);
        check("https://a.example/x", "s=1; Path=/shop", "https://a.example/shop/1", true);
        check("https://a.example/x", "s=1; Path=/shop", "https://a.example/shopping", false);
        check("https://a.example/x/y", "s=1; Path=nonsense", "https://a.example/x/z", true);
        // Secure.
        check("https://a.example/", "s=1; Secure", "https://a.example/", true);
        check("https://a.example/", "s=1; secure", "http://a.example/", false);
        check("http://a.example/", "s=1; Secure", "https://a.example/", false);
        // What is over, or no cookie.
        check("https://a.example/", "s=1; Max-Age=0", "https://a.example/", false);
        check(
            "https://a.example/",
            "s=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "https://a.example/",
            true,
        );
        check("https://a.example/", "s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://a.example/", false);
        check("https://a.example/", "s=1; Expires=Sun, 22-Nov-26 12:00:01 GMT", "https://a.example/", true);
        check("https://a.example/", "s=1; Expires=whenever", "https://a.example/", true);
        check("https://a.example/", "=1", "https://a.example/", false);
        check("https://a.example/", "s", "https://a.example/", false);
        check("https://a.example/", "s=1\r\nX: y", "https://a.example/", false);
        check("https://a.example/", &format!("s={}", "x".repeat(5000)), "https://a.example/", false);
    }

    #[test]
    fn a_cookie_is_replaced_and_taken_back() {
        let mut jar = Jar::default();
        let mut set =
            |line: &str| jar.take("https://a.example/x/y", &[("set-cookie".to_owned(), line.to_owned())], now());
        set("s=1; Path=/");
        set("t=2");
        set("s=3; Path=/");
        set("u=4; Path=/");
        set("u=; Path=/; Max-Age=-1");
        assert_eq!(jar.header("https://a.example/x/z", now()).as_deref(), Some("t=2; s=3"));
        (0..1000).for_each(|n| jar.take("https://a.example/", &[("Set-Cookie".to_owned(), format!("n{n}=1"))], now()));
        assert_eq!(jar.cookies.len(), COOKIES_MAX);
    }
}
