//! One rule: one YAML file.
//!
//! ```yaml
//! id: kubernetes-non-root
//! title: Containers do not run as root
//! law: [{article: "GDPR Art. 32(1)(b)", link: "https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_32"}]
//! severity: high
//! needs: [kubernetes]
//! each: kubernetes.containers
//! as: container
//! when: container.workload_kind != "Job"
//! known: container.runs_as_non_root != null
//! unknown: "neither the container nor its pod says so"
//! expect: container.runs_as_non_root
//! subject: "{container.workload}/{container.name}"
//! message: "the container may run as root"
//! place: container.place
//! fix: Set securityContext.runAsNonRoot to true.
//! since: 0.1.0
//! references: ["https://kubernetes.io/docs/concepts/security/pod-security-standards/"]
//! ```

use std::path::Path;

use model::{Fault, Place, Severity};
use yaml::{Fields, Node};

use crate::check::Scope;
use crate::expression::Expression;
use crate::limits::Limits;
use crate::shape::{Catalogue, Shape};
use crate::template::Template;

const KEYS: &[&str] = &[
    "id",
    "title",
    "law",
    "severity",
    "needs",
    "each",
    "as",
    "none",
    "when",
    "known",
    "unknown",
    "expect",
    "subject",
    "message",
    "place",
    "fix",
    "since",
    "references",
    "person",
];

/// Where a demand comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Law {
    /// Law and article, or framework and control: `GDPR Art. 32(1)(b)`, `SOC 2 CC6.1`.
    pub article: String,
    /// Where to read it.
    pub link: String,
}

/// A rule, its expressions compiled and checked.
#[derive(Debug)]
pub struct Rule {
    /// Pack and name: `infrastructure.kubernetes-non-root`.
    pub id: String,
    /// What must be so, in a sentence.
    pub title: String,
    /// Where the demand comes from.
    pub law: Vec<Law>,
    /// How much a breach matters.
    pub severity: Severity,
    /// The facts it needs.
    pub needs: Vec<String>,
    /// What to do about a breach.
    pub fix: String,
    /// The version of the pack that brought it.
    pub since: String,
    /// Further reading.
    pub references: Vec<String>,
    /// What a person must still judge, where a machine sees only part of the demand.
    pub person: Option<String>,
    /// The rule file.
    pub place: Place,
    pub(crate) test: Test,
}

/// What tells whether all is as it must be.
#[derive(Debug)]
pub(crate) enum Test {
    Cel(Box<Cel>),
    #[cfg(feature = "rego")]
    Rego(Box<crate::rego::Policy>),
}

/// The expressions of a rule.
#[derive(Debug)]
pub(crate) struct Cel {
    pub(crate) each: Option<(String, Expression)>,
    /// The list is one of what is wrong: where it is empty, all is well.
    pub(crate) none_is_met: bool,
    pub(crate) when: Option<Expression>,
    pub(crate) known: Option<Expression>,
    pub(crate) unknown: Option<Template>,
    pub(crate) expect: Expression,
    pub(crate) subject: Option<Template>,
    pub(crate) message: Template,
    pub(crate) at: Option<Expression>,
}

/// What a rule file is read against.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'r> {
    pub(crate) pack: &'r str,
    pub(crate) catalogue: &'r Catalogue,
    pub(crate) parameters: &'r Shape,
    pub(crate) limits: &'r Limits,
}

/// CEL's `now` is a time.
static TIME: Shape = Shape::Time;

impl Rule {
    /// Reads a rule file.
    ///
    /// # Errors
    /// What [`yaml::read`], [`Fields`] and [`Expression::compile`] say, and `bad-rule`: each with file, line and column.
    pub(crate) fn read(path: &Path, text: &str, reading: Reading<'_>) -> Result<Self, Fault> {
        Self::parse(path, text, reading).map_err(|fault| fault.in_file(path))
    }

    fn parse(path: &Path, text: &str, reading: Reading<'_>) -> Result<Self, Fault> {
        let bytes = yaml::Limits { bytes: reading.limits.rule_bytes, nodes: 10_000, depth: 16 };
        let nodes = yaml::read(text, &bytes)?;
        let [node] = nodes.as_slice() else {
            return Err(bad_rule(
                "A rule file holds one rule",
                "Write each rule into a file of its own.",
                Place::line(1, 1),
            ));
        };
        let fields = Fields::of(node, "", KEYS)?;
        let needs = needs(&fields, reading.catalogue)?;
        let scope = scope(&needs, reading);
        let (each, scope) = each(&fields, scope, reading.limits)?;
        let expression = |key: &str, wanted: Option<&Shape>| expression(&fields, key, &scope, wanted, reading.limits);
        let template = |key: &str| -> Result<Option<Template>, Fault> {
            let Some(node) = fields.node(key) else { return Ok(None) };
            Template::read(yaml::text(node, key)?, &node.place, &scope, reading.limits).map(Some)
        };
        Ok(Rule {
            id: format!("{}.{}", reading.pack, name(&fields)?),
            title: fields.required_text("title")?.to_owned(),
            law: law(&fields)?,
            severity: severity(&fields)?,
            fix: fields.required_text("fix")?.to_owned(),
            since: fields.required_text("since")?.to_owned(),
            references: texts(&fields, "references")?,
            person: fields.text("person")?.map(str::to_owned),
            place: Place { file: Some(path.to_path_buf()), ..fields.place.clone() },
            test: Test::Cel(Box::new(Cel {
                when: expression("when", Some(&Shape::Flag))?,
                known: expression("known", Some(&Shape::Flag))?,
                unknown: template("unknown")?,
                expect: expression("expect", Some(&Shape::Flag))?.ok_or_else(|| missing(&fields, "expect"))?,
                subject: template("subject")?,
                message: template("message")?.ok_or_else(|| missing(&fields, "message"))?,
                at: expression("place", None)?,
                none_is_met: none_is_met(&fields, each.is_some())?,
                each,
            })),
            needs,
        })
    }
}

impl Cel {
    /// How deep its loops stand in one another; `each` is not one of them.
    pub(crate) fn loops(&self) -> usize {
        let all =
            [self.when.as_ref(), self.known.as_ref(), Some(&self.expect), self.each.as_ref().map(|(_, each)| each)];
        all.into_iter().flatten().map(|expression| expression.loops).max().unwrap_or(0)
    }
}

/// The facts that a rule needs; each is one of the catalogue.
pub(crate) fn needs(fields: &Fields<'_>, catalogue: &Catalogue) -> Result<Vec<String>, Fault> {
    let needs = texts(fields, "needs")?;
    let Some(name) = needs.iter().find(|name| catalogue.find(name).is_none()) else { return Ok(needs) };
    let advice = match model::nearest(name, catalogue.all().map(|fact| fact.name.as_str())) {
        Some(near) => format!("Did you mean {near:?}?"),
        None => "`probity facts` lists the facts there are.".to_owned(),
    };
    let place = fields.node("needs").map_or_else(Place::default, |node| node.place.clone());
    Err(bad_rule(&format!("There is no fact named {name:?}"), &advice, place))
}

fn scope<'r>(needs: &[String], reading: Reading<'r>) -> Scope<'r> {
    let scope = Scope::default().with("now", Some(&TIME)).with("parameters", Some(reading.parameters));
    let facts = needs.iter().filter_map(|name| reading.catalogue.find(name));
    facts.fold(scope, |scope, fact| scope.with(&fact.name, Some(&fact.shape)))
}

/// `each` and the name that `as` gives its items. The shape of an item is known when `each` names a list of a fact.
fn each<'r>(
    fields: &Fields<'_>,
    scope: Scope<'r>,
    limits: &Limits,
) -> Result<(Option<(String, Expression)>, Scope<'r>), Fault> {
    let Some(expression) = expression(fields, "each", &scope, None, limits)? else {
        return Ok((None, scope));
    };
    let name = fields.required_text("as")?.to_owned();
    let place = fields.required("each")?.place.clone();
    let item = match &expression.shape {
        Some(Shape::List(_)) => expression.item(&scope),
        None => None,
        Some(other) => {
            let message = format!("`each` gives a {} where a list is wanted", other.word());
            return Err(bad_rule(&message, "Name a list of a fact.", place));
        }
    };
    let scope = scope.with(&name, item);
    Ok((Some((name, expression)), scope))
}

/// `none: met` of a rule over a list of what is wrong.
fn none_is_met(fields: &Fields<'_>, has_each: bool) -> Result<bool, Fault> {
    match fields.text("none")? {
        None => Ok(false),
        Some("met") if has_each => Ok(true),
        Some(_) => {
            let place = fields.required("none")?.place.clone();
            let advice = "Write `none: met` beside an `each` that lists what is wrong, or leave it out.";
            Err(bad_rule("`none` says what an empty list of `each` comes to, and can only be `met`", advice, place))
        }
    }
}

fn expression(
    fields: &Fields<'_>,
    key: &str,
    scope: &Scope<'_>,
    wanted: Option<&Shape>,
    limits: &Limits,
) -> Result<Option<Expression>, Fault> {
    let Some(node) = fields.node(key) else { return Ok(None) };
    let expression = Expression::compile(yaml::text(node, key)?, &node.place, scope, limits)?;
    match (wanted, &expression.shape) {
        (Some(wanted), Some(found)) if wanted != found => {
            let message = format!("`{key}` gives a {} where a {} is wanted", found.word(), wanted.word());
            Err(bad_rule(&message, "Compare it with something.", node.place.clone()))
        }
        _ => Ok(Some(expression)),
    }
}

pub(crate) fn name<'f>(fields: &Fields<'f>) -> Result<&'f str, Fault> {
    let name = fields.required_text("id")?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits) && name.len() <= 80 {
        return Ok(name);
    }
    let place = fields.required("id")?.place.clone();
    Err(bad_rule(&format!("{name:?} is no id"), "Write lower-case letters, digits and hyphens, a letter first.", place))
}

pub(crate) fn severity(fields: &Fields<'_>) -> Result<Severity, Fault> {
    let word = fields.required_text("severity")?;
    Severity::parse(word).ok_or_else(|| {
        let place = fields.node("severity").map_or_else(Place::default, |node| node.place.clone());
        bad_rule(&format!("{word:?} is no severity"), "The severities are low, medium, high and critical.", place)
    })
}

pub(crate) fn law(fields: &Fields<'_>) -> Result<Vec<Law>, Fault> {
    let read = |(path, node): (String, &Node)| -> Result<Law, Fault> {
        let law = Fields::of(node, path, &["article", "link"])?;
        Ok(Law { article: law.required_text("article")?.to_owned(), link: law.required_text("link")?.to_owned() })
    };
    let law = fields.list("law")?.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if law.is_empty() { Err(missing(fields, "law")) } else { Ok(law) }
}

pub(crate) fn texts(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, Fault> {
    fields.list(key)?.into_iter().map(|(path, node)| yaml::text(node, &path).map(str::to_owned)).collect()
}

fn missing(fields: &Fields<'_>, key: &str) -> Fault {
    match fields.required(key) {
        Err(fault) => fault,
        Ok(node) => bad_rule(&format!("`{key}` is empty"), "Write at least one.", node.place.clone()),
    }
}

fn bad_rule(message: &str, advice: &str, place: Place) -> Fault {
    Fault::bad_config("bad-rule", message).advise(advice).at(place)
}
