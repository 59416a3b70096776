//! Publishing to NATS, with the client of the data stores.

use alerts::{Acknowledged, Nats, Payload};
use connectors::{Access, Acknowledge, Publication};
use model::Fault;

use super::link;

/// Publishes it; on return a stream keeps it, where one keeps the subject, or else the server has it.
///
/// # Errors
/// `target-failed`; `target-refused` where the server lets nobody in by this secret.
pub(super) fn send(nats: &Nats, payload: &Payload, access: &Access) -> Result<(), Fault> {
    let acknowledge = match nats.acknowledged {
        Acknowledged::Always => Acknowledge::Always,
        Acknowledged::WhereThere => Acknowledge::WhereThere,
        Acknowledged::Never => Acknowledge::Never,
    };
    let id = payload.headers.first().map_or("", |(_, id)| id);
    let message = Publication { subject: &nats.subject, id, body: payload.body.as_bytes(), is_only: false };
    let url = nats.link.url();
    connectors::publish(&url, access, &message, acknowledge).map_err(|fault| {
        let again = !["store-login-refused", "store-permission", "bad-credentials"].contains(&fault.code());
        link::failed(&url, &fault, again)
    })
}

/// A subject that events go to.
pub(crate) struct Subject {
    pub(super) nats: Nats,
    pub(super) access: Access,
}

impl Subject {
    /// Publishes an event.
    ///
    /// # Errors
    /// As [`send`].
    pub(crate) fn publish(&self, id: &str, body: &str) -> Result<(), Fault> {
        let payload = Payload { body: body.to_owned(), headers: vec![("Nats-Msg-Id", id.to_owned())] };
        send(&self.nats, &payload, &self.access)
    }
}
