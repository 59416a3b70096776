//! What a journey file says.

use std::time::Duration;

use model::{ByteSize, Fault, Place, Span};
use regex::Regex;
use yaml::{Fields, Node};

use crate::expect::Expectation;
use crate::limits;
use crate::template::Template;

/// A journey.
#[derive(Debug)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// The service that it is about; its name where the file says none.
    pub service: String,
    /// Values that the file says.
    pub(crate) variables: Vec<(String, String)>,
    /// Values that it does not.
    pub secrets: Vec<(String, SecretSource)>,
    pub(crate) base: Option<Template>,
    /// Who we are to the servers of the base; nothing: nobody.
    pub client: Option<Client>,
    /// Whether cookies that servers set go back to them.
    pub(crate) cookies: bool,
    /// What is done, in this order.
    pub steps: Vec<Step>,
}

/// A certificate of ours: files, PEM, beside the journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The certificate, and those of its issuers behind it.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In this variable of the environment.
    Environment(String),
    /// In the first line of this file.
    File(String),
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its name, one of its own.
    pub name: String,
    pub(crate) method: String,
    pub(crate) url: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Template>,
    pub(crate) timeout: Duration,
    pub(crate) body_bytes: u64,
    pub(crate) redirects: u64,
    pub(crate) retries: u64,
    pub(crate) extract: Vec<(String, Extraction)>,
    pub(crate) expect: Vec<Expectation>,
}

/// Where a value of an answer is.
#[derive(Debug)]
pub(crate) enum Extraction {
    Json(String),
    Pattern(Regex),
    Header(String),
}

const KEYS: &[&str] = &[
    "schema",
    "name",
    "service",
    "base",
    "variables",
    "secrets",
    "client",
    "cookies",
    "timeout",
    "body_limit",
    "redirects",
    "retries",
    "steps",
];
const STEP_KEYS: &[&str] = &["name", "request", "timeout", "body_limit", "redirects", "retries", "extract", "expect"];
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What holds for a step that says nothing.
#[derive(Clone, Copy)]
struct Terms {
    timeout: Duration,
    body_bytes: u64,
    redirects: u64,
    retries: u64,
}

impl Journey {
    /// Reads a file.
    ///
    /// # Errors
    /// What YAML says, and what is wrong with the journey, located.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let [node] = nodes.as_slice() else {
            return Err(Fault::bad_config("wrong-type", "The file holds no single document")
                .advise("Write one mapping that begins with schema: probe/1."));
        };
        let fields = Fields::of(node, "", KEYS)?;
        if fields.required_text("schema")? != "probe/1" {
            return Err(Fault::bad_config("unknown-word", "The schema is not probe/1")
                .advise("Write schema: probe/1.")
                .at(fields.required("schema")?.place.clone()));
        }
        let name = fields.required_text("name")?.to_owned();
        let variables = pairs(&fields, "variables")?;
        let secrets = secrets(&fields)?;
        let mut known: Vec<String> = variables.iter().map(|(name, _)| name.clone()).collect();
        for (name, _) in &secrets {
            fresh(name, &mut known, fields.required("secrets")?)?;
        }
        let base = template(&fields, "base", &known)?;
        let client = client(&fields, base.is_some())?;
        let own = Terms { timeout: Duration::from_secs(10), body_bytes: 1 << 20, redirects: 5, retries: 0 };
        let own = terms(&fields, own)?;
        let list = fields.list("steps")?;
        if list.is_empty() || list.len() > limits::STEPS {
            let message = format!("The journey has {} steps", list.len());
            return Err(Fault::bad_config("bad-journey", message)
                .advise(format!("Write between 1 and {} steps.", limits::STEPS))
                .at(node.place.clone()));
        }
        let mut names = vec![];
        let mut steps = vec![];
        for (path, node) in list {
            let step = step(node, &path, &own, &mut known)?;
            fresh(&step.name, &mut names, node)?;
            steps.push(step);
        }
        let service = fields.text("service")?.unwrap_or(&name).to_owned();
        let cookies = fields.flag("cookies")?.unwrap_or(false);
        Ok(Journey { name, service, variables, secrets, base, client, cookies, steps })
    }
}

/// A certificate is shown to the origin of the base alone.
fn client(fields: &Fields<'_>, has_base: bool) -> Result<Option<Client>, Fault> {
    let Some(client) = fields.child("client", &["certificate", "key"])? else { return Ok(None) };
    if !has_base {
        return Err(Fault::bad_config(
            "bad-journey",
            "The journey has a certificate of ours and no base to show it to",
        )
        .advise("Write base: and the address of the server.")
        .at(client.place.clone()));
    }
    let text = |key: &str| client.required_text(key).map(str::to_owned);
    Ok(Some(Client { certificate: text("certificate")?, key: text("key")? }))
}

/// A name that nothing before it has.
fn fresh(name: &str, known: &mut Vec<String>, node: &Node) -> Result<(), Fault> {
    if known.iter().any(|one| one == name) {
        return Err(Fault::bad_config("duplicate-name", format!("{name:?} is there twice"))
            .advise("Give each a name of its own.")
            .at(node.place.clone()));
    }
    known.push(name.to_owned());
    Ok(())
}

fn pairs(fields: &Fields<'_>, key: &str) -> Result<Vec<(String, String)>, Fault> {
    let Some(node) = fields.node(key) else { return Ok(vec![]) };
    let open = Fields::open(node, fields.path_of(key))?;
    let pair = |(key, node): &(yaml::Key, Node)| {
        Ok((key.text.clone(), yaml::text(node, &open.path_of(&key.text))?.to_owned()))
    };
    open.entries().iter().map(pair).collect()
}

fn secrets(fields: &Fields<'_>) -> Result<Vec<(String, SecretSource)>, Fault> {
    let Some(node) = fields.node("secrets") else { return Ok(vec![]) };
    let open = Fields::open(node, fields.path_of("secrets"))?;
    let mut found = vec![];
    for (key, node) in open.entries() {
        let one = Fields::of(node, open.path_of(&key.text), &["env", "file"])?;
        let source = match (one.text("env")?, one.text("file")?) {
            (Some(name), None) => SecretSource::Environment(name.to_owned()),
            (None, Some(file)) => SecretSource::File(file.to_owned()),
            _ => {
                return Err(Fault::bad_config("bad-journey", format!("{} names no single source", one.path))
                    .advise("Write either env and the name of a variable, or file and its path.")
                    .at(node.place.clone()));
            }
        };
        found.push((key.text.clone(), source));
    }
    Ok(found)
}

fn template(fields: &Fields<'_>, key: &str, known: &[String]) -> Result<Option<Template>, Fault> {
    let Some(text) = fields.text(key)? else { return Ok(None) };
    Template::read(text, known, &fields.required(key)?.place).map(Some)
}

fn terms(fields: &Fields<'_>, default: Terms) -> Result<Terms, Fault> {
    let place = |key: &str| fields.node(key).map(|node| node.place.clone()).unwrap_or_default();
    let timeout = match fields.text("timeout")? {
        Some(text) => duration(text).map_err(|fault| fault.at(place("timeout")))?,
        None => default.timeout,
    };
    let body_bytes = match fields.text("body_limit")? {
        Some(text) => ByteSize::parse(text).map_err(|fault| in_file(fault).at(place("body_limit")))?.0,
        None => default.body_bytes,
    };
    let body_bytes = at_most(fields, "body_limit", body_bytes, limits::BODY_BYTES)?;
    let count = |key: &str, default: u64, most: u64| match fields.text(key)? {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(count) => at_most(fields, key, count, most),
            Err(_) => Err(yaml::wrong_type(&fields.path_of(key), fields.required(key)?, "a whole number")),
        },
    };
    let redirects = count("redirects", default.redirects, limits::REDIRECTS)?;
    Ok(Terms { timeout, body_bytes, redirects, retries: count("retries", default.retries, limits::RETRIES)? })
}

fn at_most(fields: &Fields<'_>, key: &str, count: u64, most: u64) -> Result<u64, Fault> {
    if count <= most {
        return Ok(count);
    }
    let place = fields.node(key).map(|node| node.place.clone()).unwrap_or_default();
    Err(Fault::bad_config("bad-journey", format!("{} is {count}, and at most {most} is allowed", fields.path_of(key)))
        .advise("Write a smaller number.")
        .at(place))
}

pub(crate) fn duration(text: &str) -> Result<Duration, Fault> {
    let span = Span::parse(text).map_err(in_file)?;
    Ok(Duration::from_nanos(u64::try_from(span.nanos()).unwrap_or(u64::MAX)))
}

/// What would be wrong on a command line is wrong in a file here.
fn in_file(fault: Fault) -> Fault {
    Fault::bad_config(fault.code(), fault.message()).advise(fault.advice().unwrap_or_default())
}

fn step(node: &Node, path: &str, own: &Terms, known: &mut Vec<String>) -> Result<Step, Fault> {
    let fields = Fields::of(node, path, STEP_KEYS)?;
    let terms = terms(&fields, *own)?;
    let request = fields.required_child("request", &["method", "url", "headers", "body", "json", "form"])?;
    let method = request.text("method")?.unwrap_or("GET").to_owned();
    if !METHODS.contains(&method.as_str()) {
        return Err(Fault::bad_config("unknown-word", format!("{} is {method:?}", request.path_of("method")))
            .advise(format!("Write one of {}.", METHODS.join(", ")))
            .at(request.required("method")?.place.clone()));
    }
    request.required("url")?;
    let url = template(&request, "url", known)?.unwrap_or(Template::read("", known, &Place::default())?);
    let mut headers = vec![];
    for (name, value) in pairs(&request, "headers")? {
        headers.push((name, Template::read(&value, known, &request.required("headers")?.place)?));
    }
    let body = body(&request, known, &mut headers)?;
    let expect = match fields.node("expect") {
        Some(node) => Expectation::read_all(node, &fields.path_of("expect"), known)?,
        None => Expectation::of_success(),
    };
    let extract = extractions(&fields, known)?;
    let Terms { timeout, body_bytes, redirects, retries } = terms;
    let name = fields.required_text("name")?.to_owned();
    Ok(Step { name, method, url, headers, body, timeout, body_bytes, redirects, retries, extract, expect })
}

/// A body, and the header that says what it is.
fn body(
    request: &Fields<'_>,
    known: &[String],
    headers: &mut Vec<(String, Template)>,
) -> Result<Option<Template>, Fault> {
    let given: Vec<&str> = ["body", "json", "form"].into_iter().filter(|key| request.node(key).is_some()).collect();
    let kind = match given[..] {
        [] => return Ok(None),
        [kind] => kind,
        _ => {
            return Err(Fault::bad_config("bad-journey", format!("{} has {}", request.path, given.join(" and ")))
                .advise("Write one of body, json and form.")
                .at(request.place.clone()));
        }
    };
    let place = &request.required(kind)?.place;
    let media_type = match kind {
        "json" => "application/json",
        "form" => "application/x-www-form-urlencoded",
        _ => "text/plain; charset=utf-8",
    };
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), Template::read(media_type, known, place)?));
    }
    let text = request.required_text(kind)?;
    Template::read(text, known, place).map(Some)
}

fn extractions(fields: &Fields<'_>, known: &mut Vec<String>) -> Result<Vec<(String, Extraction)>, Fault> {
    let Some(node) = fields.node("extract") else { return Ok(vec![]) };
    let open = Fields::open(node, fields.path_of("extract"))?;
    let mut found = vec![];
    for (key, node) in open.entries() {
        let one = Fields::of(node, open.path_of(&key.text), &["json", "regex", "header"])?;
        let extraction = match (one.text("json")?, one.text("regex")?, one.text("header")?) {
            (Some(pointer), None, None) => Extraction::Json(pointer_at(pointer, &one.required("json")?.place)?),
            (None, Some(pattern), None) => Extraction::Pattern(pattern_at(pattern, &one.required("regex")?.place)?),
            (None, None, Some(header)) => Extraction::Header(header.to_owned()),
            _ => {
                return Err(Fault::bad_config("bad-journey", format!("{} names no single place", one.path))
                    .advise("Write one of json (a pointer), regex and header.")
                    .at(node.place.clone()));
            }
        };
        fresh(&key.text, known, node)?;
        found.push((key.text.clone(), extraction));
    }
    Ok(found)
}

/// A pointer of RFC 6901: empty, or beginning with a slash.
pub(crate) fn pointer_at(pointer: &str, place: &Place) -> Result<String, Fault> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok(pointer.to_owned());
    }
    Err(Fault::bad_config("bad-pointer", format!("{pointer:?} is no pointer into JSON"))
        .advise(format!("Write /{}.", pointer.trim_start_matches("$.").replace('.', "/")))
        .at(place.clone()))
}

pub(crate) fn pattern_at(pattern: &str, place: &Place) -> Result<Regex, Fault> {
    Regex::new(pattern).map_err(|error| {
        let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Fault::bad_config("bad-pattern", format!("{pattern:?} is no pattern: {why}"))
            .advise("Write a regular expression without look-around and back references.")
            .at(place.clone())
    })
}
