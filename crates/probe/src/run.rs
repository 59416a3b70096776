//! A journey, walked.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Instant;
use serde_json::Value;

use crate::expect::written;
use crate::jar::Jar;
use crate::journey::{Extraction, Journey, Step};
use crate::limits;
use crate::redirect;
use crate::report::{Report, StepReport};

/// The first wait between two attempts; each that follows is twice as long.
const WAIT: Duration = Duration::from_millis(500);

/// One request, as it goes out.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Whether it goes to the origin of the base: only there a certificate of ours is shown.
    pub is_home: bool,
    /// The most bytes that the body of the answer may have.
    pub body_bytes: u64,
}

/// An answer, read to its end.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long each part took.
    pub phases: Phases,
    /// Until when the server's certificate is good; nothing without TLS.
    pub certificate_expires: Option<Instant>,
}

/// How long each part of an exchange took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Finding the address of the name.
    pub dns: Duration,
    /// Connecting.
    pub connect: Duration,
    /// Agreeing on TLS.
    pub tls: Duration,
    /// Until the head of the answer was there.
    pub first_byte: Duration,
    /// Until its body was there.
    pub transfer: Duration,
}

impl Phases {
    /// All of it.
    pub fn total(&self) -> Duration {
        self.dns + self.connect + self.tls + self.first_byte + self.transfer
    }

    fn and(self, other: Phases) -> Phases {
        Phases {
            dns: self.dns + other.dns,
            connect: self.connect + other.connect,
            tls: self.tls + other.tls,
            first_byte: self.first_byte + other.first_byte,
            transfer: self.transfer + other.transfer,
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A stable word: `timeout`, `unreachable`, `certificate`, `too-large`, `bad-answer`, `bad-address`, `redirect-refused`.
    pub code: &'static str,
    /// What happened, in words that hold nothing of addresses, headers and bodies.
    pub message: String,
}

/// How the network is reached.
pub trait Browser {
    /// Sends a request and reads the answer to its end, within a time. A redirect is an answer.
    ///
    /// # Errors
    /// Why there is none.
    fn fetch(&mut self, request: &Request, within: Duration) -> Result<Answer, Trouble>;

    /// Waits before another attempt; false when it is to be given up.
    fn wait(&mut self, time: Duration) -> bool;
}

/// Walks a journey at `now`. `secrets` are the values of [`Journey::secrets`], in their order.
pub fn run(journey: &Journey, secrets: &[String], now: Instant, browser: &mut dyn Browser) -> Report {
    let mut values: BTreeMap<String, String> = journey.variables.iter().cloned().collect();
    values.extend(journey.secrets.iter().map(|(name, _)| name.clone()).zip(secrets.iter().cloned()));
    let base = journey.base.as_ref().map(|base| base.fill(&values));
    let mut keeping;
    let browser = match journey.cookies {
        true => {
            keeping = Keeping { browser, jar: Jar::default(), now };
            &mut keeping as &mut dyn Browser
        }
        false => browser,
    };
    let mut steps = vec![];
    let mut goes_on = true;
    for step in &journey.steps {
        let report = match goes_on {
            true => walk(step, base.as_deref(), &mut values, now, browser),
            false => StepReport::skipped(&step.name),
        };
        goes_on = report.passed;
        steps.push(report);
    }
    Report { journey: journey.name.clone(), service: journey.service.clone(), at: now, steps }
}

/// A browser that keeps cookies. A request that brings a header of its own gets none besides.
struct Keeping<'b> {
    browser: &'b mut dyn Browser,
    jar: Jar,
    now: Instant,
}

impl Browser for Keeping<'_> {
    fn fetch(&mut self, request: &Request, within: Duration) -> Result<Answer, Trouble> {
        let has_own = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        let header = self.jar.header(&request.url, self.now).filter(|_| !has_own);
        let mut with = request.clone();
        with.headers.extend(header.map(|header| ("Cookie".to_owned(), header)));
        let answer = self.browser.fetch(&with, within)?;
        self.jar.take(&request.url, &answer.headers, self.now);
        Ok(answer)
    }

    fn wait(&mut self, time: Duration) -> bool {
        self.browser.wait(time)
    }
}

/// A step, with its attempts.
fn walk(
    step: &Step,
    base: Option<&str>,
    values: &mut BTreeMap<String, String>,
    now: Instant,
    browser: &mut dyn Browser,
) -> StepReport {
    let mut wait = WAIT;
    let mut attempts = 1;
    loop {
        let mut report = attempt(step, base, values, now, browser);
        report.attempts = attempts;
        if report.passed || attempts > step.retries || !browser.wait(wait) {
            return report;
        }
        (attempts, wait) = (attempts + 1, wait * 2);
    }
}

fn attempt(
    step: &Step,
    base: Option<&str>,
    values: &mut BTreeMap<String, String>,
    now: Instant,
    browser: &mut dyn Browser,
) -> StepReport {
    let mut report = StepReport::begun(&step.name);
    let answer = match exchange(step, base, values, &mut report, browser) {
        Ok(answer) => answer,
        Err(trouble) => return report.failed(trouble.code, trouble.message),
    };
    report.answered(&answer);
    for expectation in &step.expect {
        if let Some(why) = expectation.failure(&answer, values, now) {
            report = report.failed("assertion", why);
        }
    }
    for (name, extraction) in &step.extract {
        match value(extraction, &answer).filter(|value| value.chars().count() <= limits::VALUE_CHARS) {
            Some(found) => drop(values.insert(name.clone(), found)),
            None => report = report.failed("extraction", format!("the answer does not hold what {name} is taken from")),
        }
    }
    report
}

/// The request and what redirects lead to, within the time of the step.
fn exchange(
    step: &Step,
    base: Option<&str>,
    values: &BTreeMap<String, String>,
    report: &mut StepReport,
    browser: &mut dyn Browser,
) -> Result<Answer, Trouble> {
    let (url, is_home) = address(base, step.url.is_address(), &step.url.fill(values))?;
    let mut request = Request {
        method: step.method.clone(),
        url,
        is_home,
        headers: step.headers.iter().map(|(name, value)| (name.clone(), value.fill(values))).collect(),
        body: step.body.as_ref().map(|body| body.fill(values).into_bytes()),
        body_bytes: step.body_bytes,
    };
    let mut spent = Phases::default();
    loop {
        let within = step.timeout.saturating_sub(spent.total());
        let mut answer = browser.fetch(&request, within)?;
        spent = spent.and(answer.phases);
        answer.phases = spent;
        let Some(next) = redirect::next(&request, &answer)?.filter(|_| step.redirects > 0) else { return Ok(answer) };
        report.redirects += 1;
        if report.redirects > step.redirects {
            let message = format!("more than {} redirects", step.redirects);
            return Err(Trouble { code: "too-many-redirects", message });
        }
        if spent.total() >= step.timeout {
            let message = format!("took longer than {} ms", step.timeout.as_millis());
            return Err(Trouble { code: "timeout", message });
        }
        request = next;
    }
}

/// The whole address, and whether it is at the origin of the base. What a server said may be in it, so it leads away from the base only where the file itself says so: headers
/// with secrets go along.
fn address(base: Option<&str>, is_whole: bool, url: &str) -> Result<(String, bool), Trouble> {
    let bad = |message: &str| Trouble { code: "bad-address", message: message.to_owned() };
    let none = |_| bad("the address is no web address");
    let base = base.map(url::Url::parse).transpose().map_err(none)?;
    let whole = base.as_ref().map_or_else(|| url::Url::parse(url), |base| base.join(url)).map_err(none)?;
    if !["http", "https"].contains(&whole.scheme()) || whole.host_str().is_none() {
        return Err(bad("the address is no web address"));
    }
    let is_home = base.as_ref().is_some_and(|base| base.origin() == whole.origin());
    if base.is_some() && !is_home && !is_whole {
        return Err(bad("a value in the address leads away from the base"));
    }
    Ok((whole.into(), is_home))
}

fn value(extraction: &Extraction, answer: &Answer) -> Option<String> {
    match extraction {
        Extraction::Header(name) => answer.header(name).map(str::to_owned),
        Extraction::Json(pointer) => {
            let document: Value = serde_json::from_slice(&answer.body).ok()?;
            document.pointer(pointer).map(written)
        }
        Extraction::Pattern(pattern) => {
            let body = String::from_utf8_lossy(&answer.body);
            let found = pattern.captures(&body)?;
            found.get(1).or(found.get(0)).map(|part| part.as_str().to_owned())
        }
    }
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_said_leads_nowhere_else() {
        let check = |is_whole: bool, url: &str, expect: Option<&str>| {
            let found = address(Some("https://a.example/x/"), is_whole, url).ok();
            assert_eq!(found.as_ref().map(|(url, _)| url.as_str()), expect, "{url}");
            assert!(found.is_none_or(|(url, is_home)| is_home == url.starts_with("https://a.example/")), "{url}");
        };
        check(false, "y", Some("https://a.example/x/y"));
        check(false, "/y?z=//b.example", Some("https://a.example/y?z=//b.example"));
        check(false, "https://a.example/y", Some("https://a.example/y"));
        check(false, "//b.example/y", None);
        check(false, "https://b.example/y", None);
        check(false, "http://a.example/y", None);
        check(false, "https://a.example:444/y", None);
        check(false, "\\\\b.example", None);
        check(true, "https://b.example/y", Some("https://b.example/y"));
        check(true, "file:///etc/passwd", None);
        assert!(address(None, false, "y").is_err());
    }
}
