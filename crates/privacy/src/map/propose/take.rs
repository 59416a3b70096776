//! A link that nobody declared, as a comment or as a reference of the proposal.

use serde_json::json;

use super::{Proposal, Undeclared};
use crate::map::{Dataset, Direction, MappedField, Reference};
use crate::row::FieldPath;

impl Proposal {
    /// Says in a comment, or as a reference, that a column looks like one.
    pub fn take(&mut self, link: &Undeclared, as_reference: bool) {
        let key = self.dataset.key.clone();
        let dataset = link.dataset.clone().unwrap_or_else(|| key.clone());
        let target = format!("{}.{}", link.to.0, link.to.1);
        let from = link.from.1.to_string();
        let looks = link.looks();
        let said = format!("{looks} {}.", link.evidence());
        self.comments.say(&key, &link.from.0, &from, said.clone());
        if !as_reference {
            let (above, when) = match &link.when {
                None => ("fides_meta", String::new()),
                Some((field, word)) => ("meta: {probity", format!(", when: {{field: {field}, is: {}}}", json!(word))),
            };
            let end = if link.when.is_some() { "}" } else { "" };
            let line = format!(
                "If it is: {above}: {{references: [{{dataset: {dataset}, field: {target}, direction: from{when}}}]}}{end}"
            );
            return self.comments.say(&key, &link.from.0, &from, line);
        }
        let has_owner = link.is_sure && link.is_aside && has_owner(&self.dataset, link);
        let Some(collection) = self.dataset.collections.iter_mut().find(|one| one.name == link.from.0) else { return };
        for field in collection.fields.iter_mut().filter(|field| field.path == link.from.1) {
            if field.categories.is_empty() && link.dataset.is_none() {
                // What was undecided about it is decided.
                field.categories.push("system.operations".to_owned());
                self.comments.say_only(&key, &link.from.0, &from, said.clone());
            }
            if has_owner {
                field.settings.words.insert("owner".to_owned(), ("false".to_owned(), model::Place::default()));
                let line = "The row refers to somebody beside this: whom it names here, it is not theirs.";
                self.comments.say(&key, &link.from.0, &from, line);
            } else if link.is_sure && link.is_aside && link.from.1.below().is_empty() {
                let line = "If this is who entered the row, not whom it is about: meta: {probity: {owner: false}}";
                self.comments.say(&key, &link.from.0, &from, line);
            }
            field.references.push(Reference {
                dataset: dataset.clone(),
                collection: link.to.0.clone(),
                field: FieldPath::column(&link.to.1),
                direction: Some(Direction::From),
                when: link.when.as_ref().map(|(field, word)| (FieldPath::column(field), word.clone())),
                place: model::Place::default(),
            });
        }
    }
}

impl Undeclared {
    /// How sure it is, for people.
    pub fn looks(&self) -> &'static str {
        match (self.by_value, self.is_sure) {
            (true, _) => "By its values a reference to",
            (_, true) => "By its name and values a reference to",
            _ => "Looks like a reference to",
        }
    }

    /// What speaks for a link, for people: `person.id where owner_type is "person": 7 of 7 different values are there (60 of 100)`.
    pub fn evidence(&self) -> String {
        let dataset = self.dataset.as_ref().map_or(String::new(), |key| format!("{key}: "));
        let when = self.when.as_ref().map_or(String::new(), |(field, word)| format!(" where {field} is {word:?}"));
        let (to, found, values, score) = (&self.to, self.found, self.values, self.score);
        format!("{dataset}{}.{}{when}: {found} of {values} different values are there ({score} of 100)", to.0, to.1)
    }
}

/// Whether another column of the row says whose it is: one that refers to people.
fn has_owner(dataset: &Dataset, link: &Undeclared) -> bool {
    let are_people = |reference: &Reference| {
        let target = dataset.collection(&reference.collection).filter(|_| reference.dataset == dataset.key);
        target.is_none_or(|target| target.fields.iter().any(|field| field.identity.is_some()))
    };
    let is_plain = |field: &&MappedField| field.path.0.len() == 1 && field.path != link.from.1;
    let says =
        |field: &MappedField| field.settings.flag("owner") != Some(false) && field.references.iter().any(are_people);
    let row = dataset.collection(&link.from.0);
    row.is_some_and(|row| row.fields.iter().filter(is_plain).any(says))
}
