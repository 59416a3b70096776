//! What streams keep below a subject, for whoever wants all of it.

use model::Fault;

use super::messages;
use super::wire::Wire;
use crate::Access;
use crate::web_address::Address;

/// What is told of a message: its subject and its bytes.
pub type EachBody<'a> = dyn FnMut(&str, Vec<u8>) -> Result<(), Fault> + 'a;

/// Shows each message below `subject`, by stream and oldest first: its subject and its bytes. Nothing changes on the server, and no
/// consumer is made there: whoever calls again sees all of it again.
///
/// # Errors
/// `store-refused` where no stream keeps such subjects; `store-unreachable`, `store-login-refused`, `store-timeout`,
/// `store-permission`, `store-endless`; what `each` says.
pub fn fetch(url: &str, access: &Access, subject: &str, each: &mut EachBody<'_>) -> Result<(), Fault> {
    let mut wire = Wire::open(&Address::parse(url)?, access)?;
    let filter = format!("{subject}.>");
    for stream in messages::streams(&mut wire)? {
        let mut seq = 1;
        while let Some(message) = messages::next(&mut wire, &stream.name, &filter, seq)? {
            seq = message.seq + 1;
            each(&message.subject, message.data)?;
        }
    }
    Ok(())
}
