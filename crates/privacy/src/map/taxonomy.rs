//! Data categories: which one is below which, and the ones that everybody knows.

pub use model::category::{is_special, within};

/// Whether data of that category is about a person.
pub fn is_personal(category: &str) -> bool {
    within(category, "user")
}

/// Special categories of GDPR Art. 9(1), data on offences (Art. 10) and what opens an account.
pub fn is_sensitive(category: &str) -> bool {
    is_special(category) || SENSITIVE.iter().any(|wanted| within(category, wanted))
}

/// Beside the special categories.
const SENSITIVE: &[&str] = &["user.authorization", "user.criminal_history"];

/// The default categories of fideslang with their names, in the order of their keys.
pub fn categories() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../data/categories.tsv").lines().filter_map(|line| line.split_once('\t'))
}

/// What people call `category`: the name in fideslang, or the key itself.
pub fn name(category: &str) -> &str {
    categories().find(|(key, _)| *key == category).map_or(category, |(_, name)| name)
}

/// The kind of identity by which data of these categories reach a person: `email`, `phone_number`.
pub fn reaches<'c>(categories: impl IntoIterator<Item = &'c String> + Clone) -> Option<&'static str> {
    let kinds = [("user.contact.email", "email"), ("user.contact.phone_number", "phone_number")];
    let is = |wanted: &str| categories.clone().into_iter().any(|category| within(category, wanted));
    kinds.into_iter().find(|(wanted, _)| is(wanted)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_taxonomy_is_whole() {
        let keys: Vec<&str> = categories().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), 85);
        assert!(keys.is_sorted());
        for (key, name) in categories() {
            assert!(!name.is_empty(), "{key}");
            let parent = key.rsplit_once('.').map(|(parent, _)| parent);
            assert!(parent.is_none_or(|parent| keys.contains(&parent)), "{key} has no parent");
        }
        assert!(SENSITIVE.iter().chain(model::category::SPECIAL).all(|key| keys.contains(key)));
        assert_eq!(name("user.contact.email"), "User Contact Email");
        assert_eq!(name("user.shoe_size"), "user.shoe_size");
    }
}
