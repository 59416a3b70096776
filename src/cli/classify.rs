//! What values of a data store look like, by the detectors of `redact`. Values stay here; what comes out is categories.

use std::cell::RefCell;
use std::collections::BTreeMap;

use model::Fault;
use privacy::map::propose::Guess;

/// Runs every detector over values.
pub(crate) struct Classifier {
    #[cfg(feature = "redact")]
    scanner: redact::Scanner,
    #[cfg(feature = "redact")]
    scratch: RefCell<redact::Scratch>,
}

/// What a type of the detectors is called in a data map: type, category, name for people (plural).
const CATEGORIES: &[(&str, &str, &str)] = &[
    ("bank-account", "user.financial.bank_account", "account numbers"),
    ("bic", "user.financial.bank_account", "bank codes"),
    ("birth-date", "user.demographic.date_of_birth", "dates of birth"),
    ("card", "user.financial.credit_card", "card numbers"),
    ("crypto-address", "user.financial", "addresses of crypto-currencies"),
    ("driving-licence", "user.government_id.drivers_license_number", "driving licences"),
    ("email", "user.contact.email", "e-mail addresses"),
    ("geo", "user.location.precise", "coordinates"),
    ("health-id", "user.health_and_medical.insurance_beneficiary_id", "health insurance numbers"),
    ("iban", "user.financial.bank_account", "IBANs"),
    ("imei", "user.device.device_id", "device numbers (IMEI)"),
    ("imsi", "user.device.device_id", "subscriber numbers (IMSI)"),
    ("ip", "user.device.ip_address", "IP addresses"),
    ("mac", "user.device.device_id", "MAC addresses"),
    ("medical-record", "user.health_and_medical.record_id", "medical record numbers"),
    ("mrz", "user.government_id.passport_number", "machine-readable zones of passports"),
    ("national-id", "user.government_id.national_identification_number", "national identification numbers"),
    ("passport", "user.government_id.passport_number", "passport numbers"),
    ("phone", "user.contact.phone_number", "phone numbers"),
    ("plate", "user.government_id.vehicle_registration", "number plates"),
    ("secret", "user.authorization.credentials", "passwords or keys"),
    ("social-security", "user.government_id.national_identification_number", "social security numbers"),
    ("tax-id", "user.government_id.national_identification_number", "tax numbers"),
    ("url-credentials", "user.authorization.credentials", "addresses with a password"),
    ("username", "user.account.username", "user names"),
];

/// A finding is the whole value when it leaves out at most so many of a hundred bytes.
const REST_PERCENT: usize = 20;

impl Classifier {
    /// All built-in detectors.
    ///
    /// # Errors
    /// `bad-detector`.
    #[cfg(feature = "redact")]
    pub(crate) fn new() -> Result<Self, Fault> {
        let scanner = redact::Scanner::unproven(redact::Detector::built_in()?)?;
        let scratch = RefCell::new(scanner.scratch());
        Ok(Classifier { scanner, scratch })
    }

    /// Built without detectors: nothing is recognised.
    #[cfg(not(feature = "redact"))]
    pub(crate) fn new() -> Result<Self, Fault> {
        Ok(Classifier {})
    }

    /// What `values` of the field `names` (outermost first) look like, most frequent first.
    pub(crate) fn guess(&self, names: &[String], values: &[String]) -> Vec<Guess> {
        let mut found: BTreeMap<&'static str, Guess> = BTreeMap::new();
        for value in values {
            let seen = self.seen(names, value);
            for (kind, whole) in seen {
                let Some((_, category, name)) = CATEGORIES.iter().find(|(known, ..)| *known == kind) else { continue };
                let guess = found.entry(category).or_insert_with(|| Guess {
                    category: (*category).to_owned(),
                    name: (*name).to_owned(),
                    whole: 0,
                    within: 0,
                });
                if whole { guess.whole += 1 } else { guess.within += 1 }
            }
        }
        let mut guesses: Vec<Guess> = found.into_values().collect();
        guesses.sort_by_key(|guess| std::cmp::Reverse((guess.whole, guess.within)));
        guesses
    }

    /// The types in one value, each once, and whether one is the whole value.
    #[cfg(feature = "redact")]
    fn seen(&self, names: &[String], value: &str) -> BTreeMap<String, bool> {
        let mut seen = BTreeMap::new();
        let text = value.trim();
        let mut scratch = self.scratch.borrow_mut();
        for finding in self.scanner.scan(&mut scratch, text.as_bytes(), names) {
            let rest = text.len() - finding.range.len().min(text.len());
            let whole = rest * 100 <= text.len() * REST_PERCENT;
            let kind = self.scanner.detector(finding).kind.to_string();
            *seen.entry(kind).or_default() |= whole;
        }
        seen
    }

    #[cfg(not(feature = "redact"))]
    fn seen(&self, _: &[String], _: &str) -> BTreeMap<String, bool> {
        let _ = (RefCell::new(()), REST_PERCENT);
        BTreeMap::new()
    }
}

#[cfg(all(test, feature = "redact"))]
mod tests {
    use super::*;

    #[test]
    fn values_say_what_they_are() {
        let classifier = Classifier::new().unwrap();
        let check = |name: &str, values: &[&str], expect: Option<(&str, usize, usize)>| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let guesses = classifier.guess(&[name.to_owned()], &values);
            let first = guesses.first().map(|guess| (guess.category.as_str(), guess.whole, guess.within));
            assert_eq!(first, expect, "{name}: {guesses:?}");
        };
        check("x", &["ann@example.org", "bob@example.org", "-"], Some(("user.contact.email", 2, 0)));
        check("note", &["Please write to ann@example.org tomorrow"], Some(("user.contact.email", 0, 1)));
        check("account", &["DE89370400440532013000"], Some(("user.financial.bank_account", 1, 0)));
        check("status", &["open", "closed"], None);
    }
}
