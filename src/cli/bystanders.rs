//! Data of people in free text, by the detectors of `redact`: whoever is not the subject of an export is a bystander.

#[cfg(feature = "redact")]
use std::cell::{OnceCell, RefCell};
#[cfg(feature = "redact")]
use std::collections::HashMap;

use privacy::export::Finding;
#[cfg(feature = "redact")]
use redact::names::{Finder, Label};

/// Types that name or reach a person. Names are sought apart, in prose.
#[cfg(feature = "redact")]
const TYPES: &[&str] = &[
    "bank-account",
    "card",
    "driving-licence",
    "email",
    "health-id",
    "iban",
    "medical-record",
    "mrz",
    "national-id",
    "passport",
    "phone",
    "social-security",
    "tax-id",
];

/// Looks for them. The detectors are made ready when the first text is met.
#[derive(Default)]
pub(crate) struct Bystanders {
    #[cfg(feature = "redact")]
    ready: OnceCell<Option<(redact::Scanner, RefCell<redact::Scratch>)>>,
    #[cfg(feature = "redact")]
    names: OnceCell<Option<Finder>>,
    /// Texts that were looked through, and the names in them: each is asked about twice.
    #[cfg(feature = "redact")]
    seen: RefCell<HashMap<String, Vec<Finding>>>,
}

/// Texts that are remembered at most, and the longest of them in bytes.
#[cfg(feature = "redact")]
const SEEN_MAX: (usize, usize) = (20_000, 2_000);

impl Bystanders {
    /// Whether this build can look.
    pub(crate) const CAN_LOOK: bool = cfg!(feature = "redact");

    /// The places in `text`, in their order.
    #[cfg(feature = "redact")]
    pub(crate) fn find(&self, text: &str) -> Vec<Finding> {
        // Nothing that is looked for goes without a digit or an `@`.
        if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') {
            return Vec::new();
        }
        let Some((scanner, scratch)) = self.ready.get_or_init(ready) else { return Vec::new() };
        let mut scratch = scratch.borrow_mut();
        let found = scanner.scan(&mut scratch, text.as_bytes(), NO_NAMES);
        let kind = |finding: &redact::Finding| scanner.detector(finding).kind.to_string();
        found.iter().map(|finding| Finding { range: finding.range.clone(), kind: kind(finding) }).collect()
    }

    /// The names of people in `text`, in their order. The network is made ready when the first prose is met.
    #[cfg(feature = "redact")]
    pub(crate) fn names(&self, text: &str) -> Vec<Finding> {
        let Some(finder) = self.names.get_or_init(|| Finder::load().ok()) else { return Vec::new() };
        if let Some(found) = self.seen.borrow().get(text) {
            return found.clone();
        }
        let people = finder.find(text).into_iter().filter(|entity| entity.label == Label::Person);
        let found: Vec<_> = people.map(|entity| Finding { range: entity.range, kind: "person".to_owned() }).collect();
        let mut seen = self.seen.borrow_mut();
        if seen.len() < SEEN_MAX.0 && text.len() <= SEEN_MAX.1 {
            seen.insert(text.to_owned(), found.clone());
        }
        found
    }

    /// This build cannot look.
    #[cfg(not(feature = "redact"))]
    pub(crate) fn names(&self, _text: &str) -> Vec<Finding> {
        Vec::new()
    }

    /// This build cannot look.
    #[cfg(not(feature = "redact"))]
    pub(crate) fn find(&self, _text: &str) -> Vec<Finding> {
        Vec::new()
    }
}

#[cfg(feature = "redact")]
const NO_NAMES: &[&str] = &[];

/// The built-in detectors are proven by their tests.
#[cfg(feature = "redact")]
fn ready() -> Option<(redact::Scanner, RefCell<redact::Scratch>)> {
    let mut detectors = redact::Detector::built_in().ok()?;
    detectors.retain(|detector| TYPES.contains(&&*detector.kind));
    let scanner = redact::Scanner::unproven(detectors).ok()?;
    let scratch = RefCell::new(scanner.scratch());
    Some((scanner, scratch))
}
