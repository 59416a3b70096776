//! A server that takes what it is given over HTTP or HTTPS, for whoever only hands over.

use model::Fault;
use ureq::Agent;

use crate::Access;
use crate::web::{self, Sent};

/// An address, and the connections to it.
pub struct Endpoint {
    url: String,
    agent: Agent,
}

impl Endpoint {
    /// Nothing is asked yet. Of `access` the authorities, the times and whether TLS is wanted count.
    ///
    /// # Errors
    /// `bad-store-address` where TLS is wanted and the address has none; `store-unreachable` when no certificate can be read.
    pub fn at(url: &str, access: &Access) -> Result<Self, Fault> {
        Ok(Endpoint { url: url.to_owned(), agent: web::agent(url, access)? })
    }

    /// Hands over, and gives the status of the answer: it is for the caller to judge. A redirect is an answer too.
    /// `below` goes behind the path.
    ///
    /// # Errors
    /// `store-unreachable`, `store-timeout`, `bad-store-address`; with the host alone.
    pub fn send(&self, method: &str, below: &str, headers: &[(String, String)], bytes: &[u8]) -> Result<u16, Fault> {
        let (path, query) = self.url.split_at(self.url.find('?').unwrap_or(self.url.len()));
        let url = format!("{path}{below}{query}");
        let answer = web::send(&self.agent, method, &url, headers, Sent::Bytes(bytes))?;
        Ok(answer.status().as_u16())
    }
}
