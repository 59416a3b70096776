//! From an OpenSLO metric source to a question that data can answer.
//!
//! Two types of sources are evaluated: `probity`, whose keys are ours and read strictly, and `Prometheus`, whose query
//! must be a plain vector selector. Everything else is read, and named when a verdict is asked for.

use model::{Fault, RecordKind};
use yaml::{Fields, Key, Value};

use crate::cost::{self, Cost};
use crate::measure::{Selector, Source};
use crate::openslo::MetricSource;

/// The keys of a source of type `probity`.
const KEYS: &[&str] = &["table", "where", "value", "sql", "selector", "increase"];

/// What a source is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Events are counted (ratio); `counter` is OpenSLO's flag of that name.
    Events { counter: Option<bool> },
    /// Values are compared (threshold).
    Values,
}

impl MetricSource {
    /// Is it of our own type, so that whatever is wrong with it is the author's mistake?
    pub(crate) fn is_ours(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("probity"))
    }

    fn is_prometheus(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("prometheus"))
    }

    /// The query text of a Prometheus source.
    pub(crate) fn query(&self) -> Option<&str> {
        self.spec.as_ref().filter(|_| self.is_prometheus())?.entry("query")?.scalar()
    }

    /// Keys of a Prometheus source that nobody reads.
    pub(crate) fn ignored(&self) -> impl Iterator<Item = &Key> {
        let spec = self.spec.as_ref().filter(|_| self.is_prometheus());
        let entries = match spec.map(|spec| &spec.value) {
            Some(Value::Map(entries)) => &entries[..],
            _ => &[],
        };
        entries.iter().map(|(key, _)| key).filter(|key| key.text != "query")
    }

    /// Is it taken for a counter only because of its name?
    pub(crate) fn is_counter_by_name(&self, counter: Option<bool>) -> bool {
        let name = self.query().and_then(|query| Selector::parse(query).ok()).map(|selector| selector.name);
        counter.is_none() && name.is_some_and(|name| counts(&name))
    }

    /// What is asked of charges, where the source is about them.
    ///
    /// # Errors
    /// `bad-source`, `unknown-key`, `missing-key`, `bad-duration`.
    pub(crate) fn cost(&self) -> Result<Option<Cost>, Fault> {
        let spec = self.spec.as_ref().filter(|spec| self.is_ours() && spec.entry("cost").is_some());
        spec.map(|spec| Cost::read(&Fields::of(spec, format!("{}.spec", self.path), cost::KEYS)?)).transpose()
    }

    /// Whether a question can be made of it.
    ///
    /// # Errors
    /// Those of [`MetricSource::cost`] and [`MetricSource::source`].
    pub(crate) fn check(&self, role: Role) -> Result<(), Fault> {
        match role {
            Role::Values if self.cost()?.is_some() => Ok(()),
            _ => self.source(role).map(drop),
        }
    }

    /// The question.
    ///
    /// # Errors
    /// `unknown-source-type`, `empty-source`, `unsupported-query`, `bad-source`, `ratio-without-counter`.
    pub(crate) fn source(&self, role: Role) -> Result<Source, Fault> {
        if !self.is_ours() && !self.is_prometheus() {
            return Err(self.unknown_type());
        }
        let Some(spec) = &self.spec else {
            return Err(Fault::bad_config("empty-source", format!("{}.spec is empty", self.path))
                .advise("Write the query, or the table, it reads.")
                .at(self.place.clone()));
        };
        let path = format!("{}.spec", self.path);
        match self.is_ours() {
            true => probity(&Fields::of(spec, path, KEYS)?, role),
            false => prometheus(&Fields::open(spec, path)?, role),
        }
    }

    fn unknown_type(&self) -> Fault {
        let message = match &self.kind {
            Some(kind) => format!("{}.type is {kind:?}, which is not evaluated here", self.path),
            None => format!("{} has no type", self.path),
        };
        Fault::no_verdict("unknown-source-type", message)
            .advise("Write type: probity or type: Prometheus to have it evaluated.")
            .at(self.place.clone())
    }
}

/// OpenMetrics ends every counter's name so; histograms count in `_bucket` and `_count`.
fn counts(name: &str) -> bool {
    ["_total", "_count", "_bucket"].iter().any(|end| name.ends_with(end))
}

fn prometheus(spec: &Fields<'_>, role: Role) -> Result<Source, Fault> {
    let node = spec.required("query")?;
    let selector = Selector::parse(spec.required_text("query")?).map_err(|fault| fault.at(node.place.clone()))?;
    match role {
        Role::Values => Ok(Source::Samples(selector)),
        Role::Events { counter: Some(true) } => Ok(Source::Increase(selector)),
        Role::Events { counter: None } if counts(&selector.name) => Ok(Source::Increase(selector)),
        Role::Events { .. } => {
            let message = format!("Samples of {selector} are not counts of events unless it is a counter");
            Err(Fault::bad_config("ratio-without-counter", message)
                .advise("If it only ever rises, write counter: true in the ratioMetric.")
                .at(node.place.clone()))
        }
    }
}

fn probity(spec: &Fields<'_>, role: Role) -> Result<Source, Fault> {
    let refuse = |message: String, advice: &str| {
        Err(Fault::bad_config("bad-source", message).advise(advice).at(spec.place.clone()))
    };
    let given: Vec<&str> = ["table", "sql", "selector"].into_iter().filter(|key| spec.node(key).is_some()).collect();
    let [kind] = given[..] else {
        let message = format!("{} names {} of table, sql and selector", spec.path, given.len());
        return refuse(message, "Name exactly one of them.");
    };
    let foreign = match kind {
        "table" => &["increase"][..],
        "sql" => &["where", "value", "increase"],
        _ => &["where", "value"],
    };
    if let Some(key) = foreign.iter().find(|key| spec.node(key).is_some()) {
        return refuse(
            format!("{key} does not go with {kind}"),
            "where and value go with table, increase with selector.",
        );
    }
    match (kind, role) {
        ("table", _) => rows(spec, role),
        ("sql", Role::Values) => Ok(Source::Sql(spec.required_text("sql")?.to_owned())),
        ("sql", Role::Events { .. }) => {
            refuse("sql yields values, and a ratio counts events".to_owned(), "Count rows with table and where.")
        }
        _ => selector(spec, role),
    }
}

fn rows(spec: &Fields<'_>, role: Role) -> Result<Source, Fault> {
    let refuse = |message: String, advice: &str| {
        Err(Fault::bad_config("bad-source", message).advise(advice).at(spec.place.clone()))
    };
    let word = spec.required_text("table")?;
    let Ok(table) = RecordKind::parse(word) else {
        return refuse(format!("{word:?} is not a table"), "The tables are logs, metrics and traces.");
    };
    let owned = |key: &str| spec.text(key).map(|text| text.map(str::to_owned));
    let (filter, value) = (owned("where")?, owned("value")?);
    match (role, &value) {
        (Role::Values, None) => refuse(
            format!("{} has no value to compare", spec.path),
            "Write value: and the column, for example latency_ms.",
        ),
        (Role::Events { .. }, Some(_)) => {
            refuse("A ratio counts rows and compares no value".to_owned(), "Put the condition into where.")
        }
        _ => Ok(Source::Rows { table, filter, value }),
    }
}

fn selector(spec: &Fields<'_>, role: Role) -> Result<Source, Fault> {
    let node = spec.required("selector")?;
    let selector = Selector::parse(spec.required_text("selector")?).map_err(|fault| fault.at(node.place.clone()))?;
    match (role, spec.flag("increase")?) {
        (Role::Values, Some(true)) => {
            let message = "The increases of a counter depend on how often it is scraped";
            Err(Fault::bad_config("bad-source", message)
                .advise("Write sql: over the view increments, which has each increase with its seconds.")
                .at(node.place.clone()))
        }
        (Role::Values, _) => Ok(Source::Samples(selector)),
        (Role::Events { .. }, Some(true)) | (Role::Events { counter: Some(true) }, None) => {
            Ok(Source::Increase(selector))
        }
        (Role::Events { .. }, _) => {
            let message = format!("Samples of {selector} are not counts of events unless it is a counter");
            Err(Fault::bad_config("ratio-without-counter", message)
                .advise("If it only ever rises, write increase: true.")
                .at(node.place.clone()))
        }
    }
}

/// A source in words, for reports: what was read.
pub(crate) fn describe(source: &Source) -> String {
    match source {
        Source::Rows { table, filter: None, .. } => table.word().to_owned(),
        Source::Rows { table, filter: Some(filter), .. } => format!("{table} where {}", one_line(filter)),
        Source::Increase(selector) => format!("increase of {selector}"),
        Source::Samples(selector) => format!("samples of {selector}"),
        Source::Sql(sql) => one_line(sql),
    }
}

pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
