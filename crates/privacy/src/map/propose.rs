//! What a map could say of a store: from its catalog, the names of its columns, labels, comments, and a look at its values.
//!
//! A proposal is for people to decide. It errs on the side of calling something personal, says in a comment what it goes
//! by, and leaves a column without a category where nothing speaks for one.

mod links;
mod take;
mod values;
mod words;

use std::collections::{HashMap, HashSet};

use crate::catalog::{Catalog, Collection, Column, ColumnKind, Link};
use crate::map::sample::{self, Sample, SampledField};
use crate::map::write::Comments;
use crate::map::{Dataset, Direction, MappedCollection, MappedField, Reference, Settings, taxonomy};
use crate::row::FieldPath;

pub(crate) use links::named_like;
pub use links::{Party, Undeclared, across, undeclared};
pub use values::by_value;

/// What the values of a field look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The category.
    pub category: String,
    /// What the values look like, for people: `e-mail`.
    pub name: String,
    /// Values that are one as a whole.
    pub whole: usize,
    /// Values that have one somewhere within.
    pub within: usize,
}

/// Tells what values look like: names of the fields around them (outermost first), values. Most frequent first.
pub type Classify<'c> = dyn Fn(&[String], &[String]) -> Vec<Guess> + 'c;

/// At least so many of a hundred values have to look like something for a field to be called that.
const SHARE_PERCENT: usize = 50;
/// Values with at least so many words are prose.
const PROSE_WORDS: usize = 6;

/// A dataset as it could be, and what to say about its parts.
#[derive(Clone, Debug, Default)]
pub struct Proposal {
    /// Every collection that holds rows of its own.
    pub dataset: Dataset,
    /// What it goes by, per field.
    pub comments: Comments,
    /// Collections that were left out because they show rows of others (views, partitions).
    pub left_out: Vec<String>,
}

/// Proposes a dataset `key` for a store with this catalog. `samples` may be empty, or of some collections only.
pub fn propose(key: &str, catalog: &Catalog, samples: &[Sample], classify: &Classify<'_>) -> Proposal {
    let samples: HashMap<&str, &Sample> = samples.iter().map(|sample| (sample.collection.as_str(), sample)).collect();
    let mut proposal = Proposal {
        dataset: Dataset { key: key.to_owned(), store: key.to_owned(), ..Dataset::default() },
        left_out: catalog.collections.iter().filter(|one| one.read_only).map(|one| one.name.clone()).collect(),
        ..Proposal::default()
    };
    let mut all: Vec<Proposing<'_>> = Vec::new();
    for collection in sample::worth_a_look(catalog) {
        let sample = samples.get(collection.name.as_str()).copied();
        let mut proposing = Proposing::new(key, collection, sample, classify);
        proposing.look();
        all.push(proposing);
    }
    let somebodys = somebodys(&all);
    for mut proposing in all {
        proposing.decide();
        proposing.actors(&somebodys);
        proposing.comments(&mut proposal.comments);
        proposal.dataset.collections.push(proposing.collection());
    }
    proposal.dataset.collections.sort_by(|a, b| a.name.cmp(&b.name));
    proposal
}

/// The collections that are about people, and those whose rows are somebody's by a link that names no mere actor.
fn somebodys(all: &[Proposing<'_>]) -> HashSet<String> {
    let mut found: HashSet<String> =
        all.iter().filter(|one| one.people).map(|one| one.collection.name.clone()).collect();
    loop {
        let before = found.len();
        for one in all {
            let is_somebodys =
                |link: &Link| found.contains(&link.target) && !link.columns.iter().any(|c| words::is_actor(c));
            if one.collection.links.iter().any(is_somebodys) {
                found.insert(one.collection.name.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

struct Proposing<'p> {
    key: &'p str,
    collection: &'p Collection,
    sample: Option<&'p Sample>,
    classify: &'p Classify<'p>,
    people: bool,
    fields: Vec<Field>,
}

/// One field while it is decided about.
struct Field {
    mapped: MappedField,
    /// What speaks for it, for people.
    said: Vec<String>,
    guesses: Vec<Guess>,
    values: usize,
    /// By values or name.
    is_email: bool,
    is_prose: bool,
    is_wordy: bool,
}

impl<'p> Proposing<'p> {
    fn new(key: &'p str, collection: &'p Collection, sample: Option<&'p Sample>, classify: &'p Classify<'p>) -> Self {
        Proposing { key, collection, sample, classify, people: false, fields: Vec::new() }
    }

    /// Columns and the fields of their documents, with what their values look like.
    fn look(&mut self) {
        let own = &self.collection.own;
        for column in self.collection.columns.iter().filter(|column| !own.contains(&column.name)) {
            let path = FieldPath::column(&column.name);
            let sampled = self.sample.and_then(|sample| sample.field(&path));
            let field = self.field(path, Some(column), sampled);
            self.fields.push(field);
            let inside = self.sample.into_iter().flat_map(|sample| &sample.fields);
            for sampled in inside.filter(|field| field.path.root() == column.name && field.path.0.len() > 1) {
                let field = self.field(sampled.path.clone(), None, Some(sampled));
                self.fields.push(field);
            }
        }
        let has = |wanted: &str| {
            self.fields.iter().any(|field| {
                words::category(name(field), true).is_some_and(|category| taxonomy::within(category, wanted))
            })
        };
        let about_someone = [
            "user.name.first",
            "user.name.last",
            "user.authorization.password",
            "user.demographic.date_of_birth",
            "user.account.username",
        ];
        let by_name = words::is_people(&self.collection.name);
        let has_email = self.fields.iter().any(|field| field.is_email);
        self.people = by_name && (has_email || has("user.name") || has("user.contact"))
            || has_email && about_someone.iter().any(|category| has(category))
            || has("user.name.first") && has("user.name.last");
    }

    fn field(&self, path: FieldPath, column: Option<&Column>, sampled: Option<&SampledField>) -> Field {
        let values: &[String] = sampled.map_or(&[], |field| &field.values);
        let guesses = match column.map(|column| column.kind) {
            // Numbers alone look like anything; only what names them tells.
            Some(ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Time) => vec![],
            _ if values.is_empty() => vec![],
            _ => (self.classify)(&path.0, values),
        };
        let is_object = sampled.is_some_and(|field| field.is_object);
        let is_list = sampled.is_some_and(|field| field.is_list);
        let prose = values.iter().filter(|value| value.split_whitespace().count() >= PROSE_WORDS).count();
        let last = path.0.last().map(String::as_str).unwrap_or_default();
        let data_type = match column.map(|column| column.kind) {
            _ if is_object => Some(if is_list { "object[]" } else { "object" }),
            // A list that the store knows as one needs no word.
            Some(ColumnKind::List) => None,
            _ if is_list => Some("string[]"),
            Some(kind) => data_type(kind),
            None => Some("string").filter(|_| !values.is_empty()),
        };
        let is_text = column.is_none_or(|column| matches!(column.kind, ColumnKind::Text | ColumnKind::Other));
        Field {
            is_email: !is_object
                && !is_list
                && is_text
                && (words::category(last, false) == Some("user.contact.email")
                    || guesses
                        .iter()
                        .any(|guess| guess.category == "user.contact.email" && likely(guess, values.len()))),
            is_prose: is_text && (prose * 10 > values.len() * 3 && prose > 0 || words::is_prose(last)),
            is_wordy: is_text && !is_object,
            mapped: MappedField {
                primary_key: path.0.len() == 1 && self.collection.key.contains(&path.0[0]),
                data_type: data_type.map(str::to_owned),
                length: column.and_then(|column| column.max_chars),
                read_only: column.is_some_and(|column| column.generated),
                path,
                ..MappedField::default()
            },
            said: vec![],
            values: values.len(),
            guesses,
        }
    }

    fn decide(&mut self) {
        let people = self.people;
        let has_unique_email = self.unique_email();
        for at in 0..self.fields.len() {
            let (category, said) = self.category(&self.fields[at]);
            let references = self.references(&self.fields[at]);
            let field = &mut self.fields[at];
            field.said.extend(said);
            field.mapped.categories.extend(category);
            field.mapped.references = references;
            let is_identity = people && has_unique_email == Some(at);
            if is_identity {
                field.mapped.identity = Some("email".to_owned());
            } else if field.is_email && field.mapped.references.is_empty() {
                field
                    .said
                    .push("If rows here belong to whom this address names: fides_meta: {identity: email}".to_owned());
            }
            if field.is_prose && field.mapped.identity.is_none() {
                field.said.push("Free text: may hold what people wrote about themselves and others.".to_owned());
            }
        }
    }

    /// A link to who created, changed or approved a row makes it nobody's, where another link says whose it is.
    fn actors(&mut self, somebodys: &HashSet<String>) {
        let links = &self.collection.links;
        let is_actor = |link: &Link| link.columns.iter().any(|column| words::is_actor(column));
        let has_owner = links.iter().any(|link| somebodys.contains(&link.target) && !is_actor(link));
        for field in self.fields.iter_mut().filter(|field| field.mapped.path.0.len() == 1) {
            let column = field.mapped.path.root();
            let leads = |link: &&Link| link.columns.iter().any(|c| c == column) && somebodys.contains(&link.target);
            if !words::is_actor(column) || !links.iter().any(|link| leads(&link)) {
                continue;
            }
            if has_owner {
                field.mapped.settings.words.insert("owner".to_owned(), ("false".to_owned(), model::Place::default()));
                field
                    .said
                    .push("Who did something to the row, not whom the row is about: it is not theirs.".to_owned());
            } else {
                let line = "If this is who entered the row, not whom it is about: meta: {probity: {owner: false}}";
                field.said.push(line.to_owned());
            }
        }
    }

    /// The e-mail column that names a person: a unique one before the first one.
    fn unique_email(&self) -> Option<usize> {
        let unique =
            |field: &Field| self.collection.unique.iter().any(|columns| *columns == [field.mapped.path.root()]);
        let emails =
            || self.fields.iter().enumerate().filter(|(_, field)| field.is_email && field.mapped.path.0.len() == 1);
        emails().find(|(_, field)| unique(field)).or_else(|| emails().next()).map(|(at, _)| at)
    }

    /// The category that is proposed, and what speaks for it.
    fn category(&self, field: &Field) -> (Option<String>, Option<String>) {
        let path = &field.mapped.path;
        let some = |category: &str| Some(category.to_owned());
        if field.mapped.data_type.as_deref().is_some_and(|kind| kind.starts_with("object")) {
            return (None, None);
        }
        let column = self.collection.column(path.root()).filter(|_| path.0.len() == 1);
        if let Some((category, said)) = column.and_then(declared) {
            return (some(category), Some(said));
        }
        let is_link = self.collection.links.iter().any(|link| path.0.len() == 1 && link.columns.contains(&path.0[0]));
        if let Some(guess) = field.guesses.iter().find(|guess| likely(guess, field.values)).filter(|_| !is_link) {
            let named = words::category(name(field), self.people);
            // A name that says the same more exactly, or which of its kind it is (a fax number), is taken.
            let family = guess.category.rsplit_once('.').map_or(guess.category.as_str(), |(family, _)| family);
            let named = named.filter(|named| family.contains('.') && taxonomy::within(named, family));
            let category = named.unwrap_or(&guess.category);
            let said = format!("{} of {} values look like {}.", guess.whole, field.values, guess.name);
            return (some(category), Some(said));
        }
        if is_link || field.mapped.primary_key {
            let people = self.people && field.mapped.primary_key && !is_link;
            return (some(if people { "user.unique_id" } else { "system.operations" }), None);
        }
        if let Some(category) = words::category(name(field), self.people) {
            return (some(category), Some("By its name.".to_owned()));
        }
        if let Some(said) = column.and_then(labelled) {
            let category = column.and_then(|column| words::category(column.comment.as_deref()?, true));
            return (some(category.unwrap_or("user")), Some(said));
        }
        if let Some(guess) = field.guesses.iter().find(|guess| guess.within > 0) {
            let said = format!("{} of {} values have {} in them.", guess.within, field.values, guess.name);
            return (some("user.content"), Some(said));
        }
        if self.people {
            return (some("user"), Some("In a table about people; give it a closer category.".to_owned()));
        }
        if field.is_wordy && !self.is_enumeration(field) || field.is_prose {
            let said = match field.values {
                0 => "Undecided: no values to look at.".to_owned(),
                values => format!("Undecided: nothing was recognised in {values} values."),
            };
            return (None, Some(said));
        }
        (some("system.operations"), None)
    }

    /// Few different values among many: a status, a kind.
    fn is_enumeration(&self, field: &Field) -> bool {
        let Some(sampled) = self.sample.and_then(|sample| sample.field(&field.mapped.path)) else { return false };
        let mut values: Vec<&str> = sampled.values.iter().map(String::as_str).collect();
        let all = values.len();
        values.sort_unstable();
        values.dedup();
        all >= 30 && values.len() * 10 <= all
    }

    fn references(&self, field: &Field) -> Vec<Reference> {
        let path = &field.mapped.path;
        let links = self.collection.links.iter().filter_map(|link| {
            let at = link.columns.iter().position(|column| path.0.len() == 1 && *column == path.0[0])?;
            Some((link.target.clone(), link.target_columns.get(at)?.clone()))
        });
        let mut references: Vec<Reference> = links
            .map(|(collection, column)| Reference {
                dataset: self.key.to_owned(),
                collection,
                field: FieldPath::column(&column),
                direction: Some(Direction::From),
                when: None,
                place: model::Place::default(),
            })
            .collect();
        references.dedup_by(|a, b| a.collection == b.collection && a.field == b.field);
        references
    }

    fn comments(&self, into: &mut Comments) {
        for field in &self.fields {
            for said in &field.said {
                into.say(self.key, &self.collection.name, &field.mapped.path.to_string(), said.clone());
            }
        }
    }

    fn collection(self) -> MappedCollection {
        let mut fields: Vec<MappedField> = self.fields.into_iter().map(|field| field.mapped).collect();
        for (field, column) in fields.iter_mut().filter_map(|field| {
            let column = self.collection.column(field.path.root()).filter(|_| field.path.0.len() == 1)?;
            Some((field, column))
        }) {
            field.description = column.comment.clone().filter(|comment| !comment.trim().is_empty());
        }
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        let description = self.collection.comment.clone().filter(|comment| !comment.trim().is_empty());
        let word = |(word, text): &(String, String)| (word.clone(), (text.clone(), model::Place::default()));
        let settings = Settings { words: self.collection.words.iter().map(word).collect() };
        MappedCollection {
            name: self.collection.name.clone(),
            description,
            fields,
            settings,
            ..MappedCollection::default()
        }
    }
}

fn name(field: &Field) -> &str {
    field.mapped.path.0.last().map(String::as_str).unwrap_or_default()
}

/// Whether enough of `values` look like it; of one or two values all.
pub(crate) fn likely(guess: &Guess, values: usize) -> bool {
    guess.whole > 0 && guess.whole * 100 >= values * SHARE_PERCENT
}

/// The category that the comment or the security label of a column names by its key: whoever wrote it has decided.
fn declared(column: &Column) -> Option<(&'static str, String)> {
    let named = |text: &str| {
        let parts = |part: &str| part.trim_matches('.').to_ascii_lowercase();
        let written: Vec<String> =
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').map(parts).collect();
        // The word "user" alone says nothing.
        let meant = |key: &&str| key.contains('.') && written.iter().any(|word| word == key);
        taxonomy::categories().map(|(key, _)| key).find(meant)
    };
    let label = column.label.as_deref().and_then(named).map(|key| (key, "By its security label.".to_owned()));
    label.or_else(|| Some((named(column.comment.as_deref()?)?, "Its comment names the category.".to_owned())))
}

/// What a label or comment of the column says about its being personal.
fn labelled(column: &Column) -> Option<String> {
    const WORDS: &[&str] =
        &["pii", "personal data", "personally identifiable", "gdpr", "dsgvo", "personenbezogen", "sensitive"];
    if let Some(label) = column.label.as_deref().filter(|label| label.to_ascii_uppercase().contains("MASKED")) {
        return Some(format!("Its security label says {label}."));
    }
    let comment = column.comment.as_deref()?.to_lowercase();
    let says = WORDS.iter().any(|word| comment.contains(word)) || words::category(&comment, true).is_some();
    says.then(|| "By its comment.".to_owned())
}

/// What fideslang calls the type; what it has no word for is left out.
fn data_type(kind: ColumnKind) -> Option<&'static str> {
    match kind {
        ColumnKind::Text | ColumnKind::Time | ColumnKind::Bytes => Some("string"),
        ColumnKind::Integer => Some("integer"),
        ColumnKind::Number => Some("float"),
        ColumnKind::Boolean => Some("boolean"),
        ColumnKind::Json => Some("object"),
        ColumnKind::List | ColumnKind::Other => None,
    }
}
