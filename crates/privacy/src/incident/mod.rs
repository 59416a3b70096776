//! Breaches of personal data (GDPR Art. 33 and 34): what happened, who was told in time, what was learnt.
//!
//! The register is a chain of lines, each with the digest of the line before it: an incident cannot be left out of it, nor
//! what was written about it changed, without the chain breaking (Art. 33(5)). The clock of Art. 33(1) is 72 hours from when
//! the controller became aware; it does not stand still on holidays (Regulation 1182/71 Art. 3(1), periods in hours).
//!
//! Nothing is invented: what nobody has said is named as missing in every draft and report.

mod clock;
mod draft;
mod register;
mod report;
mod state;

pub use clock::{Clock, Standing};
pub use draft::{Item, Section, items};
pub use register::{Entry, Event, Register};
pub use report::{Moment, Report};
pub use state::{Action, Incident, Notice, Told};

/// What is known of an incident: the word of the register, the words for people, and the letter of Art. 33(3) that asks for
/// it.
pub const DETAILS: &[(&str, &str)] = &[
    ("title", "Title"),
    ("aware", "Aware since"),
    ("occurred", "Began"),
    ("ended", "Ended"),
    ("kind", "Kind of breach"),
    ("nature", "Nature of the breach"),
    ("people", "Approximate number of people"),
    ("people-categories", "Categories of people"),
    ("records", "Approximate number of records"),
    ("record-categories", "Categories of records"),
    ("contact", "Contact point"),
    ("consequences", "Likely consequences"),
    ("measures", "Measures taken or proposed"),
    ("risk", "Risk to people"),
    ("risk-reason", "Why that risk"),
    ("exemption", "Why people are not informed (Art. 34(3))"),
    ("exemption-reason", "In what way"),
    ("cause", "Cause"),
    ("lessons", "Lessons"),
];
