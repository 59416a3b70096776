//! A judgement, as people's programs read it.

mod html;
mod json;
mod junit;
mod oscal;
mod sarif;

pub use html::to_html;
pub use json::to_json;
pub use junit::to_junit;
pub use oscal::{Uuid, to_oscal, to_oscal_plan};
pub use sarif::to_sarif;
