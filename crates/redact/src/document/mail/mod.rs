//! Mail.

mod entities;
pub(super) mod html;
