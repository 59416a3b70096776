//! Who is told: targets and routes of `alerts.yaml`.

use std::fmt;

use model::{Fault, Span, Unit};
use yaml::{Fields, Node};

use super::network::{self, LINK_KEYS, Mail, Nats};
use super::read::{matchers, number, time};
use crate::matcher::{Matcher, Subject, all_hold};

/// Somebody or something that alerts are told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// How it is spoken to.
    pub kind: TargetKind,
    /// How long one attempt may take.
    pub timeout: Span,
    /// How often one delivery is attempted.
    pub tries: u64,
    /// So many deliveries in a minute at most.
    pub rate: u64,
    /// So many deliveries that fail, one after the other, and it is left alone
    pub failures: u64,
    /// for so long.
    pub rest: Span,
    /// What still fires is told again after so long; nothing: once.
    pub repeat: Option<Span>,
    /// Who is told when it cannot be.
    pub fallback: Option<String>,
    /// Alerts that agree on these labels are told together.
    pub group_by: Vec<String>,
    /// How long the first of a group waits for others; nothing: not at all.
    pub group_wait: Option<Span>,
    /// How long those that come later wait after the group was told; nothing: not at all.
    pub group_interval: Option<Span>,
}

/// How a target is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A line of JSON for each alert, at the end of a file.
    File {
        /// The file.
        path: String,
    },
    /// A program that reads the delivery from its standard input.
    Command {
        /// The program and its arguments.
        run: Vec<String>,
    },
    /// JSON to an address, signed with a secret that both know.
    Webhook(Address),
    /// The webhook of Alertmanager, version 4.
    WebhookV4(Address),
    /// The API of Alertmanager, version 2.
    Alertmanager(Address),
    /// An incoming webhook of Slack.
    Slack(Address),
    /// The events of PagerDuty, version 2.
    PagerDuty(Address),
    /// A receiver of syslog (RFC 5424), one message for each alert.
    Syslog {
        /// Where it listens.
        receiver: Receiver,
        /// The number of the facility.
        facility: u8,
        /// Certificates that are trusted instead of those of the system: a file, PEM.
        ca: Option<String>,
    },
    /// A mail for each alert.
    Email(Mail),
    /// A message of NATS.
    Nats(Nats),
}

/// Where a receiver of syslog listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// A datagram to host and port (RFC 5426).
    Udp(String),
    /// A connection to host and port (RFC 6587, octets counted).
    Tcp(String),
    /// An encrypted connection to host and port (RFC 5425).
    Tls(String),
    /// A datagram to a socket of this machine.
    Unix(String),
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Receiver::Udp(address) => write!(f, "udp://{address}"),
            Receiver::Tcp(address) => write!(f, "tcp://{address}"),
            Receiver::Tls(address) => write!(f, "tls://{address}"),
            Receiver::Unix(path) => write!(f, "unix://{path}"),
        }
    }
}

/// An address, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where to; the first line of a file where the address is a secret.
    pub url: Source,
    /// The file with the secret: of the signature, or the routing key.
    pub secret_file: Option<String>,
}

/// Where an address stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Here.
    Text(String),
    /// In the first line of this file.
    File(String),
}

/// Which alerts go to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which alerts.
    pub matchers: Vec<Matcher>,
    /// The names of targets.
    pub to: Vec<String>,
    /// Whether routes after it are asked as well.
    pub go_on: bool,
}

/// What every target can say.
const KEYS: [&str; 11] = [
    "kind",
    "timeout",
    "tries",
    "rate",
    "failures",
    "rest",
    "repeat",
    "fallback",
    "group_by",
    "group_wait",
    "group_interval",
];
const KINDS: [&str; 10] =
    ["file", "command", "webhook", "webhook-v4", "alertmanager", "slack", "pagerduty", "syslog", "email", "nats"];
/// RFC 5424 §6.2.1, by their numbers.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// `names`, and the targets that a route names for an alert, without doubles.
pub(crate) fn routed<'p>(routes: &'p [Route], subject: &Subject<'_>, mut names: Vec<&'p str>) -> Vec<&'p str> {
    for route in routes.iter().filter(|route| all_hold(&route.matchers, subject)) {
        let new: Vec<&str> = route.to.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
        names.extend(new);
        if !route.go_on {
            break;
        }
    }
    names
}

pub(super) fn targets(fields: &Fields<'_>) -> Result<Vec<Target>, Fault> {
    let Some(node) = fields.node("targets") else { return Ok(vec![]) };
    let open = Fields::open(node, fields.path_of("targets"))?;
    let all = open.entries().iter().map(|(key, node)| target(&key.text, node, &open.path_of(&key.text)));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    for target in &all {
        let fallback = target.fallback.as_deref();
        if let Some(name) = fallback.filter(|name| *name == target.name || all.iter().all(|one| one.name != **name)) {
            return Err(no_target(name).at(node.place.clone()));
        }
    }
    Ok(all)
}

pub(super) fn routes(fields: &Fields<'_>, targets: &[Target]) -> Result<Vec<Route>, Fault> {
    let route = |(path, node): (String, &Node)| {
        let fields = Fields::of(node, path, &["match", "to", "continue"])?;
        let to = texts(&fields, "to")?;
        if let Some(name) = to.iter().find(|name| targets.iter().all(|target| target.name != **name)) {
            return Err(no_target(name).at(node.place.clone()));
        }
        Ok(Route { matchers: matchers(&fields)?, to, go_on: fields.flag("continue")?.unwrap_or(false) })
    };
    fields.list("routes")?.into_iter().map(route).collect()
}

fn no_target(name: &str) -> Fault {
    Fault::bad_config("no-target", format!("There is no other target {name:?}"))
        .advise("Write it under targets, or correct the name.")
}

pub(super) fn texts(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, Fault> {
    let list = fields.list(key)?;
    list.iter().map(|(path, node)| yaml::text(node, path).map(str::to_owned)).collect()
}

/// What a target of this kind can say.
fn keys(kind: &str) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        "file" => &["path"],
        "command" => &["run"],
        "syslog" => &["address", "facility", "ca"],
        "email" => &["from", "to"],
        "nats" => &["subject", "credentials", "acknowledge"],
        _ => &["url", "url_file", "secret_file"],
    };
    let link = if ["email", "nats"].contains(&kind) { &LINK_KEYS[..] } else { &[] };
    [&KEYS, own, link].concat()
}

fn target(name: &str, node: &Node, path: &str) -> Result<Target, Fault> {
    let word = Fields::open(node, path)?.text("kind")?.unwrap_or_default();
    let fields = Fields::of(node, path, &keys(word))?;
    let span = |key: &str, default: Span| match fields.node(key) {
        Some(_) => time(&fields, key),
        None => Ok(default),
    };
    let count = |key: &str, default: u64| Ok::<_, Fault>(number(&fields, key)?.unwrap_or(default).max(1));
    Ok(Target {
        name: name.to_owned(),
        kind: kind(&fields)?,
        timeout: span("timeout", Span::new(10, Unit::Second))?,
        tries: count("tries", 3)?,
        rate: count("rate", 60)?,
        failures: count("failures", 3)?,
        rest: span("rest", Span::new(5, Unit::Minute))?,
        repeat: fields.node("repeat").map(|_| time(&fields, "repeat")).transpose()?,
        group_by: group_by(&fields)?,
        group_wait: fields.node("group_wait").map(|_| time(&fields, "group_wait")).transpose()?,
        group_interval: fields.node("group_interval").map(|_| time(&fields, "group_interval")).transpose()?,
        fallback: fields.text("fallback")?.map(str::to_owned),
    })
}

fn group_by(fields: &Fields<'_>) -> Result<Vec<String>, Fault> {
    let names = texts(fields, "group_by")?;
    match names.iter().find(|name| Matcher::new(name, true, "").is_none()) {
        Some(name) => Err(Fault::bad_config("bad-alert-match", format!("group_by has {name:?}, which names no label"))
            .advise("Write names of labels, severity or kind: [service, severity].")
            .at(fields.required("group_by")?.place.clone())),
        None => Ok(names),
    }
}

fn kind(fields: &Fields<'_>) -> Result<TargetKind, Fault> {
    let word = fields.required_text("kind")?;
    let found = match word {
        "file" => TargetKind::File { path: fields.required_text("path")?.to_owned() },
        "command" => {
            fields.required("run")?;
            TargetKind::Command { run: texts(fields, "run")? }
        }
        "webhook" => TargetKind::Webhook(address(fields, true, None)?),
        "webhook-v4" => TargetKind::WebhookV4(address(fields, false, None)?),
        "alertmanager" => TargetKind::Alertmanager(address(fields, false, None)?),
        "slack" => TargetKind::Slack(address(fields, false, None)?),
        "pagerduty" => TargetKind::PagerDuty(address(fields, true, Some("https://events.pagerduty.com/v2/enqueue"))?),
        "syslog" => TargetKind::Syslog {
            receiver: receiver(fields)?,
            facility: facility(fields)?,
            ca: fields.text("ca")?.map(str::to_owned),
        },
        "email" => TargetKind::Email(network::mail(fields)?),
        "nats" => TargetKind::Nats(network::nats(fields)?),
        _ => {
            return Err(Fault::bad_config("unknown-word", format!("{} is {word:?}", fields.path_of("kind")))
                .advise(format!("Write one of {}.", KINDS.join(", ")))
                .at(fields.required("kind")?.place.clone()));
        }
    };
    Ok(found)
}

fn receiver(fields: &Fields<'_>) -> Result<Receiver, Fault> {
    let text = fields.required_text("address")?;
    let has_port = |address: &str| {
        address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    let found = match text.split_once("://") {
        Some(("udp", address)) if has_port(address) => Receiver::Udp(address.to_owned()),
        Some(("tcp", address)) if has_port(address) => Receiver::Tcp(address.to_owned()),
        Some(("tls", address)) if has_port(address) => Receiver::Tls(address.to_owned()),
        Some(("unix", path)) if path.starts_with('/') => Receiver::Unix(path.to_owned()),
        _ => {
            return Err(Fault::bad_config("bad-syslog-address", format!("{text:?} is no address of syslog"))
                .advise("Write udp://HOST:514, tcp://HOST:601, tls://HOST:6514 or unix:///dev/log.")
                .at(fields.required("address")?.place.clone()));
        }
    };
    Ok(found)
}

fn facility(fields: &Fields<'_>) -> Result<u8, Fault> {
    let Some(word) = fields.text("facility")? else { return Ok(16) };
    let number = FACILITIES.iter().position(|known| *known == word).and_then(|number| u8::try_from(number).ok());
    number.ok_or_else(|| {
        let fault = Fault::bad_config("unknown-word", format!("{} is {word:?}", fields.path_of("facility")));
        let advised = fault.advise(format!("Write one of {}.", FACILITIES.join(", ")));
        match fields.node("facility") {
            Some(node) => advised.at(node.place.clone()),
            None => advised,
        }
    })
}

fn address(fields: &Fields<'_>, needs_secret: bool, default: Option<&str>) -> Result<Address, Fault> {
    let url = match (fields.text("url")?, fields.text("url_file")?, default) {
        (Some(url), ..) => Source::Text(url.to_owned()),
        (None, Some(file), _) => Source::File(file.to_owned()),
        (None, None, Some(url)) => Source::Text(url.to_owned()),
        (None, None, None) => Source::Text(fields.required_text("url")?.to_owned()),
    };
    let secret_file = match needs_secret {
        true => Some(fields.required_text("secret_file")?),
        false => fields.text("secret_file")?,
    };
    Ok(Address { url, secret_file: secret_file.map(str::to_owned) })
}
