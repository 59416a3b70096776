//! Data categories: which one is below which, and the ones that everybody knows.

/// Whether `category` is `wanted` or below it. On the borders of words: `user.device.cookie` does not hold
/// `user.device.cookie_id`.
pub fn within(category: &str, wanted: &str) -> bool {
    category.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether data of that category is about a person.
pub fn is_personal(category: &str) -> bool {
    within(category, "user")
}

/// Special categories of GDPR Art. 9(1), data on offences (Art. 10) and what opens an account.
pub fn is_sensitive(category: &str) -> bool {
    SENSITIVE.iter().any(|wanted| within(category, wanted))
}

const SENSITIVE: &[&str] = &[
    "user.authorization",
    "user.biometric",
    "user.criminal_history",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
    "user.health_and_medical",
];

/// The default categories of fideslang with their names, in the order of their keys.
pub fn categories() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../data/categories.tsv").lines().filter_map(|line| line.split_once('\t'))
}

/// What people call `category`: the name in fideslang, or the key itself.
pub fn name(category: &str) -> &str {
    categories().find(|(key, _)| *key == category).map_or(category, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_holds_what_is_below_it_and_not_what_begins_alike() {
        let check = |category, wanted, expect| assert_eq!(within(category, wanted), expect, "{category} in {wanted}");
        check("user.device.cookie", "user.device.cookie", true);
        check("user.device.cookie_id", "user.device.cookie", false);
        check("user.device.cookie", "user.device", true);
        check("user.contact.address.city", "user", true);
        check("user", "user.contact", false);
        check("username", "user", false);
        check("", "user", false);
    }

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
        assert!(SENSITIVE.iter().all(|key| keys.contains(key)));
        assert_eq!(name("user.contact.email"), "User Contact Email");
        assert_eq!(name("user.shoe_size"), "user.shoe_size");
    }
}
