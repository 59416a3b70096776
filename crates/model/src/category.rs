//! Categories of data as fideslang names them: words with dots, each below the one before its last dot.

/// Whether `category` is `wanted` or below it. On the borders of words: `user.device.cookie` does not hold
/// `user.device.cookie_id`.
pub fn within(category: &str, wanted: &str) -> bool {
    category.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether data of that category are of the special kinds of GDPR Art. 9(1). The one list that everything asks.
pub fn is_special(category: &str) -> bool {
    SPECIAL.iter().any(|wanted| within(category, wanted))
}

/// The special categories that fideslang knows: it has none for membership in a trade union, nor for a sex life.
pub const SPECIAL: &[&str] = &[
    "user.biometric",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
    "user.health_and_medical",
];

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
    fn special_categories_are_told_with_what_is_below_them() {
        let check = |category, expect| assert_eq!(is_special(category), expect, "{category}");
        check("user.health_and_medical", true);
        check("user.health_and_medical.record_id", true);
        check("user.biometric_health", false);
        check("user.demographic", false);
        check("user.authorization", false);
    }
}
