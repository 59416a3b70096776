//! The log of a shop's services: requests as nginx writes them, application lines without personal data and some with.
//!
//! A record is decided first and written afterwards, as a line of text or as a line of JSON: both files of a seed tell the
//! same story.

use std::io::Write;

use super::Lines;
use super::clock::{self, Time};
use super::dice::Dice;
use super::people;
use super::story::{self, Story};

pub(crate) const LINE_BYTES: u64 = 173;

/// Which records, out of a hundred: so many requests, so many without and so many with personal data.
#[derive(Clone, Copy)]
pub(crate) struct Mix {
    requests: u64,
    plain: u64,
}

impl Mix {
    /// 35, 35, 30.
    pub(crate) const SHOP: Mix = Mix { requests: 35, plain: 35 };
    /// Nothing personal at all.
    pub(crate) const PLAIN: Mix = Mix { requests: 0, plain: 100 };
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// Records without end.
pub(crate) struct Records {
    dice: Dice,
    mix: Mix,
    form: Form,
}

impl Records {
    pub(crate) fn new(dice: Dice, mix: Mix, form: Form) -> Self {
        Records { dice, mix, form }
    }
}

impl Lines for Records {
    fn line(&mut self, passed: f64, line: &mut Vec<u8>) {
        let (dice, time) = (&mut self.dice, clock::at(passed));
        let drawn = dice.below(100);
        if drawn < self.mix.requests {
            let request = Request::drawn(dice);
            return if self.form == Form::Text { request.text(&time, line) } else { request.json(&time, line) };
        }
        let entry = Entry::drawn(dice, drawn >= self.mix.requests + self.mix.plain);
        if self.form == Form::Text { entry.text(&time, line) } else { entry.json(&time, line) }
    }
}

const PATHS: [&str; 10] = [
    "/",
    "/api/v1/items",
    "/api/v1/orders",
    "/api/v2/basket",
    "/assets/app.3f9c2e.js",
    "/assets/fonts/inter.woff2",
    "/images/catalogue/large",
    "/api/v1/search",
    "/healthz",
    "/api/v1/report",
];
const REFERERS: [&str; 4] =
    ["-", "https://shop.example/", "https://shop.example/catalogue?page=2", "https://www.search.example/"];
const AGENTS: [&str; 7] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "shop-app/3.2 (Android 15)",
    "curl/8.14.1",
    "kube-probe/1.33",
    "Go-http-client/2.0",
];

/// One request as the proxy saw it.
struct Request {
    address: String,
    method: &'static str,
    path: String,
    status: u64,
    bytes: u64,
    referer: &'static str,
    agent: &'static str,
    us: u64,
}

impl Request {
    fn drawn(dice: &mut Dice) -> Self {
        let path = dice.pick(&PATHS);
        let path = match dice.below(4) {
            0 => path.to_owned(),
            1 => format!("{path}?id={}&page={}", dice.below(1_000_000), 1 + dice.below(40)),
            2 => format!("{path}/{}", dice.below(10_000_000)),
            _ => format!("{path}/{}", people::uuid(dice)),
        };
        Request {
            address: if dice.below(20) == 0 { people::ipv6(dice) } else { people::ipv4(dice) },
            method: dice.pick(&["GET", "GET", "GET", "GET", "POST", "PUT", "HEAD"]),
            path,
            status: dice.status(),
            bytes: dice.below(65_536),
            referer: dice.pick(&REFERERS),
            agent: dice.pick(&AGENTS),
            us: dice.latency_us(3.2, 0.8),
        }
    }

    /// nginx combined with `$request_time`.
    fn text(&self, time: &Time, line: &mut Vec<u8>) {
        let Request { address, method, path, status, bytes, referer, agent, us } = self;
        let _ = write!(line, "{address} - - [01/Nov/2026:");
        clock::hms(time, line);
        let (seconds, millis) = (us / 1_000_000, us / 1000 % 1000);
        let _ = writeln!(
            line,
            " +0000] \"{method} {path} HTTP/1.1\" {status} {bytes} \"{referer}\" \"{agent}\" {seconds}.{millis:03}"
        );
    }

    fn json(&self, time: &Time, line: &mut Vec<u8>) {
        let Request { address, method, path, status, bytes, referer, agent, us } = self;
        line.extend_from_slice(b"{\"ts\":\"");
        clock::rfc3339(time, line);
        let (seconds, millis) = (us / 1_000_000, us / 1000 % 1000);
        let _ = writeln!(
            line,
            "\",\"remote_addr\":\"{address}\",\"method\":\"{method}\",\"path\":\"{path}\",\"status\":{status},\
             \"bytes\":{bytes},\"referer\":\"{referer}\",\"agent\":\"{agent}\",\"request_time\":{seconds}.{millis:03}}}"
        );
    }
}

const LEVELS: [&str; 8] = ["INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"];
const SERVICES: [&str; 8] = ["orders", "basket", "payment", "search", "catalogue", "mailer", "ledger", "gateway"];
const LOGGERS: [&str; 6] = ["Handler", "store.Pool", "queue.Consumer", "http.Client", "cache.Shard", "jobs.Scheduler"];

/// One line of an application.
struct Entry {
    level: &'static str,
    service: &'static str,
    logger: &'static str,
    thread: u64,
    node: u64,
    story: Story,
    /// Which of the three ways of writing text the service has.
    layout: u64,
}

impl Entry {
    fn drawn(dice: &mut Dice, personal: bool) -> Self {
        let service = dice.below(SERVICES.len() as u64);
        Entry {
            level: dice.pick(&LEVELS),
            service: SERVICES[service as usize],
            logger: dice.pick(&LOGGERS),
            thread: dice.below(64),
            node: dice.below(200),
            story: if personal { story::personal(dice) } else { story::plain(dice) },
            layout: service % 3,
        }
    }

    fn text(&self, time: &Time, line: &mut Vec<u8>) {
        let Entry { level, service, logger, thread, node, story, .. } = self;
        match self.layout {
            0 => {
                clock::rfc3339(time, line);
                let _ = write!(line, " {level:5} [worker-{thread}] {service}.{logger} - {}", story.message);
            }
            1 => {
                line.extend_from_slice(b"time=");
                clock::rfc3339(time, line);
                let level = level.to_ascii_lowercase();
                let _ = write!(line, " level={level} service={service} msg=\"{}\"", story.message);
            }
            _ => {
                line.extend_from_slice(b"Nov  1 ");
                clock::hms(time, line);
                let _ = write!(line, " node-{node:03} {service}[{}]: {level}: {}", 2000 + thread, story.message);
            }
        }
        for (key, value) in &story.fields {
            let _ = write!(line, " {key}={value}");
        }
        line.push(b'\n');
    }

    fn json(&self, time: &Time, line: &mut Vec<u8>) {
        let Entry { level, service, logger, thread, node, story, .. } = self;
        line.extend_from_slice(b"{\"ts\":\"");
        clock::rfc3339(time, line);
        let _ = write!(
            line,
            "\",\"level\":\"{level}\",\"service\":\"{service}\",\"logger\":\"{logger}\",\"thread\":{thread},\
             \"node\":\"node-{node:03}\",\"msg\":\"{}\"",
            story.message
        );
        for (key, value) in &story.fields {
            let number = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
            let quote = if number { "" } else { "\"" };
            let _ = write!(line, ",\"{key}\":{quote}{value}{quote}");
        }
        line.extend_from_slice(b"}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mix: Mix, form: Form) -> Vec<String> {
        let mut records = Records::new(Dice::new(11), mix, form);
        let mut file = Vec::new();
        (0..4000).for_each(|_| records.line(0.5, &mut file));
        String::from_utf8(file).unwrap().lines().map(str::to_owned).collect()
    }

    /// The log has its three parts in their shares, and lines of the usual length.
    #[test]
    fn the_mix_is_kept() {
        let lines = file(Mix::SHOP, Form::Text);
        let requests = lines.iter().filter(|line| line.contains(" HTTP/1.1\" ")).count();
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        assert!((1320..=1480).contains(&requests), "{requests}");
        assert!(bytes.abs_diff(lines.len() * LINE_BYTES as usize) < bytes / 20, "{bytes}");
        let different: std::collections::HashSet<_> = lines.iter().collect();
        assert!(different.len() * 100 > lines.len() * 99, "{}", different.len());
        assert!(file(Mix::PLAIN, Form::Text).iter().all(|line| !line.contains('@') && !line.contains(" HTTP/1.1\" ")));
    }

    /// A line of JSON holds what the line of text at its place holds.
    #[test]
    fn both_forms_tell_the_same() {
        for (text, json) in file(Mix::SHOP, Form::Text).iter().zip(file(Mix::SHOP, Form::Json)) {
            let record: serde_json::Value = serde_json::from_str(&json).unwrap();
            let told = |key: &str| record[key].as_str().map(str::to_owned);
            let key = if record["msg"].is_string() { "msg" } else { "remote_addr" };
            let what = told(key).unwrap();
            assert!(text.contains(&what), "{text}\n{json}");
            assert!(told("request_id").is_none_or(|id| text.contains(&id)));
        }
    }
}
