//! Calendars of OpenTimestamps.

use evidence::package::Calendars;
use model::{Fault, hex};

use super::context::Context;
use super::http;

/// The most bytes of an answer: far above the 10 kB that clients of OpenTimestamps take.
const ANSWER_MAX: u64 = 64 << 10;
const MEDIA_TYPE: &str = "application/vnd.opentimestamps.v1";

/// The calendars of one run.
pub(crate) struct Servers(Vec<String>);

impl Servers {
    /// From the command line, or else from the setting `package.calendars`.
    ///
    /// # Errors
    /// `bad-url`.
    pub(crate) fn new(context: &Context, given: &[String]) -> Result<Self, Fault> {
        let set = context.config.list("package.calendars").into_iter().map(str::to_owned).collect();
        let addresses = if given.is_empty() { set } else { given.to_vec() };
        addresses.iter().try_for_each(|address: &String| http::host(address).map(drop))?;
        Ok(Servers(addresses))
    }
}

impl Calendars for Servers {
    fn addresses(&self) -> Vec<String> {
        self.0.clone()
    }

    fn submit(&self, address: &str, digest: &[u8; 32]) -> Result<Vec<u8>, Fault> {
        let url = format!("{}/digest", address.trim_end_matches('/'));
        let body = Some(("application/x-www-form-urlencoded", &digest[..]));
        let answer = http::ask(&http::Ask { url: &url, body, accept: MEDIA_TYPE, login: None, most: ANSWER_MAX })?;
        answer.ok_or_else(|| {
            Fault::unavailable("server-failed", "There is no calendar at this address").advise("Check the address.")
        })
    }

    fn upgrade(&self, address: &str, commitment: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let url = format!("{}/timestamp/{}", address.trim_end_matches('/'), hex(commitment));
        http::ask(&http::Ask { url: &url, body: None, accept: MEDIA_TYPE, login: None, most: ANSWER_MAX })
    }
}
