//! Rule files → findings: what a law, a framework or a house demands, judged against facts.
//!
//! A [`Rule`] is one YAML file: the law it comes from, the facts it needs, and three expressions in CEL (Common Expression
//! Language): `each` (the things it judges), `when` (which of them it is about), `expect` (what must be true). A [`Book`]
//! is the rules that were asked for, with their parameters settled. [`Facts`] are what was collected, each of a declared
//! [`Shape`]; [`judge`] puts the two together.
//!
//! Invariants:
//! * An expression that names a fact, field or function which does not exist is an error with line and column when the
//!   rule is read, never a surprise at run time.
//! * "Could not be judged" is its own answer. A missing fact, a field that was not stated and an expression that fails at
//!   run time never become a pass.
//! * Every rule ends: lists have a largest size, loops within loops have a largest product, and CEL has no others; a policy
//!   in Rego (feature `rego`) is given so much time.
//! * The same rules, facts and instant give the same judgement, in the same order.
//!
//! Deliberately absent: collecting facts, files, clocks.

mod answer;
mod book;
mod check;
mod control;
mod expression;
mod facts;
mod judge;
mod limits;
mod own;
mod pack;
mod parameter;
#[cfg(feature = "rego")]
mod rego;
pub mod report;
mod rule;
mod scope;
mod shape;
mod suppress;
mod template;
mod trend;
mod value;

pub use answer::{Answer, Basis, Finding, Judgement, Outcome, Suppressed};
pub use book::Book;
pub use control::{Control, Coverage, Sight};
pub use facts::{Fact, Facts, Gap, Missing, Source};
pub use judge::judge;
pub use limits::Limits;
pub use own::OwnFact;
pub use pack::Pack;
pub use parameter::{Parameter, Setting};
pub use rule::{Law, Rule};
pub use shape::{Catalogue, FactShape, Field, Shape};
pub use suppress::{Suppression, Suppressions};
pub use trend::{Line, Trend};
