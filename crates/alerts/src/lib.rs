//! Alerts: what is wrong now, since when, who knows of it, and how it ended.
//!
//! Judgements and evaluations are [read](Observed::read) into [`Signal`]s; [`observe`] holds them against the
//! [`Register`] and enters what changed. How a breach was found is not known here.
//!
//! # Life of an alert
//!
//! ```text
//!            held for `for`                clear for `keep_firing_for`, or ended by a person
//!  pending ────────────────▶ firing ─────────────────────────────────────────────────▶ resolved
//!     │ clear                  │ old or frequent, and nobody acknowledged it: escalated
//!     ▼                        ▼
//!  withdrawn               a higher severity
//! ```
//!
//! After the alert generator specification of Prometheus: an alert is pending from the first observation; it fires at the first
//! observation at which `now - since >= for`, at once without `for`; what an observation shows to be well again is resolved at
//! once; a later return is a new alert. Times of this life are those of the observations, so that the same documents give the
//! same life whenever they are read.
//!
//! # Invariants
//!
//! - Two alerts that are open have different labels; the [`Fingerprint`] of the labels is the key for sorting out doubles.
//! - What an observation does not speak of, or could not judge, resolves nothing.
//! - A document that was read before, or is older than what is known, changes nothing.
//! - Silences and inhibitions decide who is disturbed, never what is true: a silenced alert lives on and is listed.
//! - The register is a [chain](seal::Chain) of lines. An observation's own line is its last: a run that was killed before it
//!   is done again, and what was entered already is not entered twice.
//!
//! Who is told what is worked out here, and in which form; telling is the edge's.
//!
//! Deliberately absent: files, sockets, the clock, chance, and judging.

mod acts;
mod alert;
mod delivery;
mod escalate;
mod event;
mod labels;
mod limits;
mod matcher;
mod observe;
mod observed;
mod policy;
mod read;
mod register;
mod silence;
mod standing;
mod wire;

pub use acts::Actor;
pub use alert::{Acknowledgement, Alert, Kind, Moment, Status};
pub use delivery::{Due, Envelope, Held, Letter, Payload, Unsettled, key, trial, words};
pub use event::{Entry, Event};
pub use labels::{Fingerprint, Labels};
pub use limits::Limits;
pub use matcher::Matcher;
pub use observe::{Changes, observe};
pub use observed::{Named, Observed, Sight, Signal};
pub use policy::{
    Acknowledged, Address, Encryption, Escalation, Flapping, Inhibition, Link, Mail, Nats, NoData, Policy, Receiver,
    Route, Secret, Source, Target, TargetKind, Terms,
};
pub use register::Register;
pub use silence::Silence;
pub use standing::{Standing, Voice};
