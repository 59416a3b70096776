//! What is asked for of the messages of a collection.

use crate::document::shape::Shape;
use crate::document::template::Template;
use crate::document::wanted::Wanted;

/// Above so many wanted subjects, reading all is cheaper.
const SUBJECTS_ASKED_MAX: usize = 1_000;

/// Subjects to ask for: with the wanted values where the template has but one variable, else with `*`.
pub(super) fn filters(shape: &Shape, wanted: &Wanted) -> Vec<String> {
    if let Some(subjects) = wanted.only("subject").filter(|subjects| subjects.iter().all(|subject| is_subject(subject)))
    {
        return subjects;
    }
    let one = |template: &Template| -> Vec<String> {
        let values = match template.variables().as_slice() {
            [variable] => wanted.only(variable).filter(|values| values.len() <= SUBJECTS_ASKED_MAX),
            _ => None,
        };
        match values {
            Some(values) => values
                .into_iter()
                .filter(|value| is_subject(value))
                .map(|value| filter(&template.fill(&|_| Some(value.clone()), "*"), template))
                .collect(),
            None => vec![filter(&template.fill(&|_| None, "*"), template)],
        }
    };
    let mut filters: Vec<String> = shape.templates.iter().flat_map(one).collect();
    filters.sort();
    filters.dedup();
    filters
}

/// Parts that are not wholly literal or wholly `*` become `*`; a variable that crosses parts ends the filter with `>`.
fn filter(filled: &str, template: &Template) -> String {
    let crosses = template.text().contains("*}") || template.text().contains("**") || template.text().ends_with('>');
    let mut parts: Vec<&str> = Vec::new();
    for part in filled.split('.') {
        let is_open = part.contains('*');
        if is_open && crosses {
            parts.push(">");
            break;
        }
        parts.push(if is_open { "*" } else { part });
    }
    parts.join(".")
}

/// Whether it is the subject of one message: no blanks, no wildcards.
pub(super) fn is_subject(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|letter: char| letter.is_whitespace() || ['*', '>'].contains(&letter) || letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_become_filters() {
        let check = |text: &str, expect: &str| {
            let template = Template::parse(text, '.').unwrap();
            assert_eq!(filter(&template.fill(&|_| None, "*"), &template), expect, "{text}");
        };
        check("orders.{customer}.new", "orders.*.new");
        check("orders.{customer}.>", "orders.>");
        check("$KV.people.{id}", "$KV.people.*");
        check("$KV.people.{id*}", "$KV.people.>");
        check("a.user-{id}.b", "a.*.b");
        check("plain", "plain");
    }
}
