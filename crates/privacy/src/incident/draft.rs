//! What a notification has to say: Art. 33(3)(a) to (d), and Art. 33(1) where it is late, from what is known and from nothing else.

use model::Instant;

use super::clock::Standing;
use super::state::Incident;

/// A letter of Art. 33(3), or Art. 33(1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `33-3-a`; `33-1` for the reasons for a delay.
    pub code: &'static str,
    /// What the letter asks for.
    pub title: &'static str,
    /// What is known of it, and what is not.
    pub items: Vec<Item>,
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The word of the register: `people-categories`.
    pub word: &'static str,
    /// For people.
    pub title: &'static str,
    /// What was said; none: it is missing.
    pub said: Option<String>,
}

const SECTIONS: &[(&str, &str, &[&str])] = &[
    (
        "33-3-a",
        "Nature of the breach, with the categories and approximate number of people and records concerned",
        &["nature", "people-categories", "people", "record-categories", "records"],
    ),
    ("33-3-b", "Name and contact details of the data protection officer or another contact point", &["contact"]),
    ("33-3-c", "Likely consequences of the breach", &["consequences"]),
    ("33-3-d", "Measures taken or proposed, also to mitigate its possible adverse effects", &["measures"]),
];

/// A notification that is not made within 72 hours says why (Art. 33(1), second sentence).
const LATE: (&str, &str, &[&str]) = ("33-1", "Reasons for the delay, because 72 hours are over", &["delay"]);

/// Every letter, with what is known at `now`; `contact` is what stands in the settings where the incident itself says nothing.
pub fn items(incident: &Incident, contact: &str, now: Instant) -> Vec<Section> {
    let item = |word: &&'static str| {
        let known = incident.said(word).map(str::to_owned);
        let set = || Some(contact.to_owned()).filter(|text| *word == "contact" && !text.is_empty());
        let title =
            super::DETAILS.iter().find(|(name, _)| name == word).map_or("Reasons for the delay", |(_, title)| title);
        Item { word, title, said: known.or_else(set) }
    };
    let section = |(code, title, words): &(&'static str, &'static str, &[&'static str])| Section {
        code,
        title,
        items: words.iter().map(item).collect(),
    };
    let late = (incident.clock().standing(now) == Standing::Over).then_some(&LATE);
    SECTIONS.iter().chain(late).map(section).collect()
}

/// What the register lacks by Art. 33(5): the facts of the breach, its effects, and the remedial action. A contact is the
/// house's, not the incident's.
pub(super) fn missing(incident: &Incident) -> Vec<&'static str> {
    let words = SECTIONS.iter().flat_map(|(.., words)| words.iter().copied()).filter(|word| *word != "contact");
    words.chain(["risk", "risk-reason"]).filter(|word| incident.said(word).is_none()).collect()
}
