//! Time stamps of an authority (RFC 3161): the question, the answer, and the token.
//!
//! The token is a CMS signature of the authority over [`Token::imprint`] and [`Token::time`].

mod request;
mod response;
mod token;
mod verify;

pub use request::Request;
pub use response::{read_response, read_token_or_response};
pub use token::Token;
pub use verify::{Judged, verify};

pub(crate) use token::bad_token;
pub(crate) use verify::{verify_from, verify_with};
