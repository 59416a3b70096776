//! `retention.yaml`: how long what is kept, from when on, and what is done then.
//!
//! ```yaml
//! jurisdictions: [EU, DE]                  # rules of others do not hold here
//! events:
//!   contract end: {shop.person: closed_at, shop.orders: delivered_on}
//! rules:
//!   - name: accounts
//!     collections: [shop.person]           # or categories, or purposes; none of them: everything that holds personal data
//!     keep: 3 years
//!     from: contract end                   # an event, or a field
//!   - name: books
//!     categories: [user.financial]
//!     jurisdictions: [DE]
//!     at_least: P10Y                       # a legal floor
//!     from: booked_on
//!     law: § 147 AO
//! ```

use model::{Fault, Place};
use yaml::{Fields, Node, Value};

use super::Period;

/// What happens to rows whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// They are deleted.
    Delete,
    /// Their personal fields are emptied, or get what says nothing.
    Anonymise,
}

impl Ending {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Ending::Delete => "delete",
            Ending::Anonymise => "anonymise",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Ending::Delete, Ending::Anonymise].into_iter().find(|ending| ending.word() == word)
    }
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// `dataset.collection`, or a whole dataset. Together with `categories` and `purposes`: all of what is said must hold.
    pub collections: Vec<String>,
    /// Categories of data, with those below them.
    pub categories: Vec<String>,
    /// Purposes for which the map says that a collection is used.
    pub purposes: Vec<String>,
    /// Where it holds; empty: everywhere.
    pub jurisdictions: Vec<String>,
    /// How long a purpose needs the data.
    pub keep: Option<Period>,
    /// The law wants the data kept so long.
    pub at_least: Option<Period>,
    /// The law wants the data gone by then.
    pub at_most: Option<Period>,
    /// The event or the field with which the time begins.
    pub from: String,
    /// A row without that date runs on; it is no gap.
    pub runs_on: bool,
    /// What is done; none said: deletion, unless another rule says otherwise.
    pub ending: Option<Ending>,
    /// The law or the reason.
    pub law: String,
    /// Where it stands.
    pub place: Place,
}

/// An event: which field of which collection says when it was.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) name: String,
    /// `dataset.collection`, field, place.
    pub(super) fields: Vec<(String, String, Place)>,
}

/// A file of rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Those that hold here.
    pub rules: Vec<Rule>,
    pub(super) events: Vec<Event>,
}

const TOP: &[&str] = &["jurisdictions", "events", "rules"];
const RULE: &[&str] = &[
    "name",
    "collections",
    "categories",
    "purposes",
    "jurisdictions",
    "keep",
    "at_least",
    "at_most",
    "from",
    "empty",
    "action",
    "law",
];

impl Rules {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// `bad-retention` and those of [`yaml::read`], with line and column.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let nodes = yaml::read(text, &yaml::Limits::default())?;
        let mut rules = Rules::default();
        for node in &nodes {
            let fields = Fields::of(node, "", TOP)?;
            let here = texts(&fields, "jurisdictions")?;
            if let Some(node) = fields.node("events") {
                for (name, node) in Fields::open(node, "events")?.entries() {
                    rules.events.push(event(&name.text, node)?);
                }
            }
            for (path, node) in fields.list("rules")? {
                let rule = rule(&Fields::of(node, path, RULE)?)?;
                if rules.rules.iter().any(|other| other.name == rule.name) {
                    return Err(wrong(
                        format!("Two rules are called {:?}", rule.name),
                        "Give each a name of its own.",
                        rule.place,
                    ));
                }
                let holds = rule.jurisdictions.is_empty()
                    || here.is_empty()
                    || rule.jurisdictions.iter().any(|one| here.contains(one));
                if holds {
                    rules.rules.push(rule);
                }
            }
        }
        Ok(rules)
    }

    /// Whether a rule names this dataset, or a collection of it.
    pub fn name(&self, dataset: &str) -> bool {
        self.rules.iter().flat_map(|rule| &rule.collections).any(|name| is_below(name, dataset))
    }

    /// The rules for everything but this dataset.
    #[must_use]
    pub fn without(mut self, dataset: &str) -> Self {
        self.rules.retain_mut(|rule| {
            let named = !rule.collections.is_empty();
            rule.collections.retain(|name| !is_below(name, dataset));
            !(named && rule.collections.is_empty())
        });
        self
    }

    /// The same rules as of the file of this name.
    #[must_use]
    pub fn in_file(mut self, file: &std::path::Path) -> Self {
        let events = self.events.iter_mut().flat_map(|event| event.fields.iter_mut().map(|(.., place)| place));
        for place in self.rules.iter_mut().map(|rule| &mut rule.place).chain(events) {
            *place = std::mem::take(place).in_file(file);
        }
        self
    }
}

/// Whether `name` is the dataset, or a collection of it.
fn is_below(name: &str, dataset: &str) -> bool {
    name.strip_prefix(dataset).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn event(name: &str, node: &Node) -> Result<Event, Fault> {
    let path = format!("events.{name}");
    let field = |(key, node): &(yaml::Key, Node)| {
        Ok((key.text.clone(), yaml::text(node, &format!("{path}.{}", key.text))?.to_owned(), key.place.clone()))
    };
    let fields = Fields::open(node, path.as_str())?.entries().iter().map(field).collect::<Result<_, Fault>>()?;
    Ok(Event { name: name.to_owned(), fields })
}

fn rule(fields: &Fields<'_>) -> Result<Rule, Fault> {
    let rule = Rule {
        name: fields.required_text("name")?.to_owned(),
        collections: texts(fields, "collections")?,
        categories: texts(fields, "categories")?,
        purposes: texts(fields, "purposes")?,
        jurisdictions: texts(fields, "jurisdictions")?,
        keep: period(fields, "keep")?,
        at_least: period(fields, "at_least")?,
        at_most: period(fields, "at_most")?,
        from: fields.required_text("from")?.to_owned(),
        runs_on: word(fields, "empty", &["gap", "runs-on"])? == Some("runs-on"),
        ending: word(fields, "action", &["delete", "anonymise"])?.and_then(Ending::parse),
        law: fields.text("law")?.unwrap_or_default().to_owned(),
        place: fields.place.clone(),
    };
    let said = [&rule.keep, &rule.at_least, &rule.at_most];
    if said.iter().all(|period| period.is_none()) {
        return Err(wrong(
            format!("The rule {:?} has no period: nobody knows when its time is over", rule.name),
            "Say `keep`, `at_least` (a legal floor) or `at_most` with a length of time: P3Y, or 3 years.",
            rule.place,
        ));
    }
    let ends = |period: &Option<Period>| period.as_ref().and_then(|period| period.last_day("2000-01-01"));
    if let (Some(least), Some(most)) = (ends(&rule.at_least), ends(&rule.at_most))
        && least > most
    {
        let message = format!("The rule {:?} wants data kept for longer than it allows", rule.name);
        return Err(wrong(message, "Make `at_most` as long as `at_least`, or longer.", rule.place));
    }
    Ok(rule)
}

fn period(fields: &Fields<'_>, key: &str) -> Result<Option<Period>, Fault> {
    let Some(node) = fields.node(key) else { return Ok(None) };
    let text = yaml::text(node, &fields.path_of(key))?;
    let period = Period::parse(text).ok_or_else(|| {
        let message = format!("{} is {text:?}, which is no length of time", fields.path_of(key));
        wrong(
            message,
            "Write it as ISO 8601 has it (P3Y, P6M, P90D), or in words: 3 years, 90 days.",
            node.place.clone(),
        )
    })?;
    Ok(Some(period))
}

fn word<'n>(fields: &Fields<'n>, key: &str, words: &[&str]) -> Result<Option<&'n str>, Fault> {
    let Some(text) = fields.text(key)? else { return Ok(None) };
    if words.contains(&text) {
        return Ok(Some(text));
    }
    let place = fields.node(key).map_or(fields.place.clone(), |node| node.place.clone());
    Err(wrong(format!("{} is {text:?}", fields.path_of(key)), &format!("Write one of {}.", words.join(", ")), place))
}

/// A text, or a list of them.
fn texts(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, Fault> {
    match fields.node(key) {
        Some(node) if !matches!(node.value, Value::List(_)) => {
            Ok(vec![yaml::text(node, &fields.path_of(key))?.to_owned()])
        }
        _ => fields.list(key)?.iter().map(|(path, node)| Ok(yaml::text(node, path)?.to_owned())).collect(),
    }
}

pub(super) fn wrong(message: String, advice: &str, place: Place) -> Fault {
    Fault::bad_config("bad-retention", message).advise(advice).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "jurisdictions: DE
events:
  contract end: {shop.person: closed_at}
rules:
  - {name: accounts, collections: shop.person, keep: 3 years, from: contract end, empty: runs-on}
  - {name: books, categories: [user.financial], jurisdictions: [DE, AT], at_least: P10Y, from: booked_on, law: § 147 AO}
  - {name: kept in France, jurisdictions: FR, at_least: P5Y, from: booked_on}
";

    #[test]
    fn rules_of_here_are_read() {
        let rules = Rules::read(GOOD).expect("good");
        let names: Vec<&str> = rules.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, ["accounts", "books"]);
        assert!(rules.rules[0].runs_on && rules.rules[0].ending.is_none());
        assert_eq!(rules.rules[1].at_least.as_ref().map(Period::iso), Some("P10Y"));
        assert_eq!(rules.events[0].fields[0].1, "closed_at");
    }

    #[test]
    fn a_dataset_is_left_out() {
        let rules = Rules::read("rules:\n- {name: a, collections: [own.logs, shop.x], keep: P1Y, from: b}\n- {name: c, collections: own, keep: P1Y, from: b}\n- {name: d, keep: P1Y, from: b}\n").expect("good");
        assert!(rules.name("own") && rules.name("shop") && !rules.name("ow") && !rules.name("other"));
        let left: Vec<(String, Vec<String>)> =
            rules.without("own").rules.into_iter().map(|rule| (rule.name, rule.collections)).collect();
        assert_eq!(left, [("a".to_owned(), vec!["shop.x".to_owned()]), ("d".to_owned(), vec![])]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, code: &str, line: u64| {
            let fault = Rules::read(text).expect_err(text);
            assert_eq!((fault.code(), fault.place().map(|place| place.line)), (code, Some(line)), "{text}");
        };
        check("rules:\n- {name: a, from: b}", "bad-retention", 2);
        check("rules:\n- {name: a, from: b,\n   keep: for ever}", "bad-retention", 3);
        check("rules:\n- {name: a, keep: P1Y}", "missing-key", 2);
        check("rules:\n- {name: a, from: b, keep: P1Y, action: shred}", "bad-retention", 2);
        check("rules:\n- {name: a, from: b, at_least: P2Y, at_most: P1Y}", "bad-retention", 2);
        check("rules:\n- {name: a, from: b, keep: P1Y}\n- {name: a, from: b, keep: P1Y}", "bad-retention", 3);
        check("rules:\n- {name: a, from: b, kept: P1Y}", "unknown-key", 2);
        check("rule: []", "unknown-key", 1);
    }
}
