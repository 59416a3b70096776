//! From which age a person consents alone to services of the information society (Art. 8(1) GDPR).

use super::Pseudonym;

/// Where nothing else was enacted: Art. 8(1).
pub const DEFAULT_AGE: u8 = 16;

/// What was enacted under Art. 8(1), second sentence, by country; the others have sixteen years.
const AGES: &[(u8, &[&str])] = &[
    (13, &["BE", "EE", "FI", "GB", "IS", "LV", "MT", "NO", "PT", "SE"]),
    (14, &["AT", "BG", "CY", "ES", "IT", "LT"]),
    (15, &["CZ", "DK", "FR", "GR", "SI"]),
];

/// The age from which a person in `country` (ISO 3166-1, two letters) consents alone.
pub fn age_of_consent(country: &str) -> u8 {
    let country = country.to_ascii_uppercase();
    AGES.iter().find(|(_, countries)| countries.contains(&country.as_str())).map_or(DEFAULT_AGE, |(age, _)| *age)
}

/// How old the person was, and who agreed for a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Age {
    /// In years, when it was given.
    pub years: u8,
    /// From which age a person consents alone there.
    pub threshold: u8,
    /// The country whose law says so.
    pub country: Option<String>,
    /// Who holds parental responsibility, as pseudonyms.
    pub guardian: Vec<Pseudonym>,
    /// How it was verified that they do (Art. 8(2)).
    pub verified_by: Option<String>,
}

impl Age {
    /// Whether somebody who holds parental responsibility has to agree.
    pub fn is_child(&self) -> bool {
        self.years < self.threshold
    }

    /// Whether that is recorded: who, and how it was verified.
    pub fn is_in_order(&self) -> bool {
        !self.is_child() || (!self.guardian.is_empty() && self.verified_by.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_those_that_were_enacted() {
        let check = |country, age| assert_eq!(age_of_consent(country), age, "{country}");
        check("DE", 16);
        check("be", 13);
        check("AT", 14);
        check("FR", 15);
        check("DK", 15);
        check("XX", DEFAULT_AGE);
        let listed: Vec<&&str> = AGES.iter().flat_map(|(_, countries)| countries.iter()).collect();
        let distinct: std::collections::BTreeSet<_> = listed.iter().collect();
        assert_eq!(listed.len(), distinct.len());
    }
}
