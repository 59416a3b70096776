//! Collections that no map knows yet, read off the names.

use std::collections::BTreeMap;

use model::Fault;
use privacy::map::Settings;

use crate::document::shape::Shape;
use crate::document::template::Template;

use super::formats::Format;
use super::{Bodies, LEFTOVER};

/// More patterns than that are no help to anybody; what they mean stays in the scan.
const PATTERNS_MAX: usize = 1_000;

/// One shape per pattern of names that no mapped collection means.
pub(crate) fn propose<B: Bodies>(bodies: &B, mapped: &[Shape]) -> Result<Vec<Shape>, Fault> {
    let mut patterns: BTreeMap<String, String> = BTreeMap::new();
    for entry in bodies.list("") {
        let entry = entry?;
        if entry.unread.is_some()
            || entry.name.ends_with(LEFTOVER)
            || mapped.iter().any(|shape| shape.matches(&entry.name).is_some())
        {
            continue;
        }
        let (name, pattern) = pattern(&entry.name);
        if patterns.len() < PATTERNS_MAX {
            patterns.entry(name).or_insert(pattern);
        }
    }
    let shapes = patterns.into_iter().filter_map(|(name, pattern)| {
        let template = Template::parse(&pattern, '/').ok()?;
        Some(Shape {
            name,
            format: Some(Format::of_name(template.text()).word().to_owned()),
            templates: vec![template],
            key: Vec::new(),
            fields: Vec::new(),
            settings: Settings::default(),
            place: model::Place::default(),
        })
    });
    Ok(shapes.collect())
}

/// `exports/2026-01-02/users.jsonl` → `exports/part1/users_jsonl`, `exports/{part1}/users.jsonl`.
///
/// A part with a digit or an `@` differs from body to body; the ending of a name does not.
fn pattern(name: &str) -> (String, String) {
    let parts: Vec<&str> = name.split('/').collect();
    let mut names = Vec::new();
    let mut templates = Vec::new();
    for (n, part) in parts.iter().enumerate() {
        let is_last = n + 1 == parts.len();
        let (stem, ending) = match is_last {
            true => part.split_at(
                part.char_indices()
                    .find(|(at, c)| *c == '.' && *at > 0 && plain(&part[*at..]))
                    .map_or(part.len(), |(at, _)| at),
            ),
            false => (*part, ""),
        };
        let differs = stem.contains(|letter: char| letter.is_ascii_digit() || letter == '@') || stem.is_empty();
        let variable = if is_last { "name".to_owned() } else { format!("part{}", n + 1) };
        let escaped = |text: &str| text.replace('{', "{{").replace('}', "}}").replace('*', "{star}");
        templates.push(if differs { format!("{{{variable}}}{}", escaped(ending)) } else { escaped(part) });
        names.push(if differs { format!("{variable}{ending}") } else { (*part).to_owned() });
    }
    (names.join("/").replace('.', "_"), templates.join("/"))
}

/// Endings are letters: `.tar.gz`, `.jsonl`, `.mp3`.
fn plain(ending: &str) -> bool {
    ending.len() <= 16
        && ending.split('.').skip(1).all(|word| {
            !word.is_empty()
                && word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_their_pattern() {
        let check = |name: &str, collection: &str, template: &str| {
            assert_eq!(pattern(name), (collection.to_owned(), template.to_owned()));
        };
        check("users.jsonl", "users_jsonl", "users.jsonl");
        check("exports/2026-01-02/users.jsonl.gz", "exports/part2/users_jsonl_gz", "exports/{part2}/users.jsonl.gz");
        check("avatars/17.png", "avatars/name_png", "avatars/{name}.png");
        check("mail/ann@example.org", "mail/name_org", "mail/{name}.org");
        check("a.b/c{d}", "a_b/c{d}", "a.b/c{{d}}");
    }
}
