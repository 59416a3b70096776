//! Retention (GDPR Art. 5(1)(e)): which rows are past their time, and ending them as an erase ends those of a person.
//!
//! ```text
//!  data map + retention.yaml + catalogs ─▶ a term per collection ─▶ rows that are over ─▶ what belongs to them
//!                                                                       │                         │
//!                                              holds win, gaps are told ┘        plan ─▶ apply ─▶ certificate
//! ```
//!
//! A row may stay as long as the longest of its collection's purposes needs it, no longer than a law allows, and in any case
//! as long as a law demands. A collection with personal data and without a period is a failure, never "for ever"; a row
//! without a date is a gap. The plan is the plan of an erase with another ground: the same steps, journal and certificate.
//!
//! Days are those of the calendar in UTC: a row may stay on its last day, and is over on the next.

mod ages;
mod held;
mod period;
mod rules;
mod select;
mod terms;

pub(crate) use ages::Verdict;
pub use ages::{Ages, look_again, plan};
pub use jiff::civil::Date;

pub use held::{HeldRows, people};
pub use period::Period;
pub(crate) use period::is_same;
pub use rules::{Ending, Rule, Rules};
pub use select::{Selected, Tally, Wanted, select};
pub use terms::{Count, Due, Term, terms, undefined};
