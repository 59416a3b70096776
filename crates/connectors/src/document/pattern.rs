//! Patterns of names that no map knows yet, read off the names: `user:17:cart` → `user:{part2}:cart`.

use std::collections::BTreeMap;

/// More patterns than that are no help to anybody; what they mean stays in the scan.
pub(crate) const PATTERNS_MAX: usize = 1_000;

/// The collection's name and its template. A part with a digit or an `@` differs from name to name.
pub(crate) fn pattern(name: &str, separator: char) -> (String, String) {
    let mut names = Vec::new();
    let mut templates = Vec::new();
    for (n, part) in name.split(separator).enumerate() {
        let differs = differs(part);
        let variable = format!("part{}", n + 1);
        templates.push(if differs { format!("{{{variable}}}") } else { part.replace('{', "{{").replace('}', "}}") });
        names.push(if differs { variable } else { part.to_owned() });
    }
    (names.join("_").replace('.', "_"), templates.join(&separator.to_string()))
}

/// Whether a part of a name looks like one of many: it has a digit or an `@`.
pub(crate) fn differs(part: &str) -> bool {
    part.contains(|letter: char| letter.is_ascii_digit() || letter == '@' || letter == '*')
}

/// Collects patterns of names, each with the first name that showed it.
#[derive(Default)]
pub(crate) struct Patterns(BTreeMap<String, (String, String)>);

impl Patterns {
    pub(crate) fn see(&mut self, name: &str, separator: char) {
        if self.0.len() < PATTERNS_MAX {
            let (collection, template) = pattern(name, separator);
            self.0.entry(collection).or_insert_with(|| (template, name.to_owned()));
        }
    }

    /// Collection, template and first name of each.
    pub(crate) fn into_found(self) -> impl Iterator<Item = (String, String, String)> {
        self.0.into_iter().map(|(collection, (template, first))| (collection, template, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_their_pattern() {
        let check = |name: &str, collection: &str, template: &str| {
            assert_eq!(pattern(name, ':'), (collection.to_owned(), template.to_owned()));
        };
        check("user:17:cart", "user_part2_cart", "user:{part2}:cart");
        check("mail:ann@example.org", "mail_part2", "mail:{part2}");
        check("{tag}:x", "{tag}_x", "{{tag}}:x");
        check("plain", "plain", "plain");
    }
}
