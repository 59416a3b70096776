//! Tokens that an API takes: fetched with the client credentials of OAuth 2.0 (RFC 6749 §4.4), used until they end.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Fault;
use ureq::Agent;
use zeroize::Zeroizing;

use crate::Access;
use crate::document::json::{self, Node};
use crate::web::{self, Sent, encoded};

const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// A token is not used in its last seconds: the question takes a while.
const MARGIN: Duration = Duration::from_secs(30);

/// What the description of an API says about tokens.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// A path of the API's server, or a whole address.
    pub(super) address: String,
    /// `{user}` and `{password}` of the store.
    pub(super) client: String,
    pub(super) secret: Zeroizing<String>,
    /// In the body instead of the header (RFC 6749 §2.3.1).
    pub(super) in_body: bool,
    /// `scope`, `audience` and what else the server wants to be told.
    pub(super) parameters: Vec<(String, String)>,
}

/// Where tokens come from, and the one that holds.
pub(super) struct Tokens {
    agent: Agent,
    url: String,
    asked: Asked,
    held: RefCell<Option<(Zeroizing<String>, Option<Instant>)>>,
}

impl Tokens {
    /// `base` is the address of the API.
    pub(super) fn of(base: &str, asked: Asked, access: &Access) -> Result<Self, Fault> {
        let url = match asked.address.starts_with('/') {
            true => format!("{}{}", super::client::origin(base), asked.address),
            false => asked.address.clone(),
        };
        Ok(Tokens { agent: web::agent(&url, access)?, url, asked, held: RefCell::new(None) })
    }

    /// The header that the API wants, with a token that holds.
    ///
    /// # Errors
    /// `store-login-refused` when the server gives none.
    pub(super) fn header(&self) -> Result<(String, String), Fault> {
        let held = self.held.borrow().clone();
        let token = match held.filter(|(_, until)| until.is_none_or(|until| Instant::now() < until)) {
            Some((token, _)) => token,
            None => self.fetch()?,
        };
        Ok(("Authorization".to_owned(), format!("Bearer {}", token.as_str())))
    }

    /// The server does not take the token any more; says whether there was one to forget.
    pub(super) fn forget(&self) -> bool {
        self.held.borrow_mut().take().is_some()
    }

    fn fetch(&self) -> Result<Zeroizing<String>, Fault> {
        let Asked { client, secret, .. } = &self.asked;
        let mut pairs = vec![("grant_type", "client_credentials")];
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("Accept".to_owned(), "application/json".to_owned()),
        ];
        if self.asked.in_body {
            pairs.extend([("client_id", client.as_str()), ("client_secret", secret.as_str())]);
        } else {
            let login = Zeroizing::new(format!("{}:{}", encoded(client, false), encoded(secret, false)));
            headers.push(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(login.as_bytes()))));
        }
        pairs.extend(self.asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let body: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", encoded(name, false), encoded(value, false))).collect();
        let body = Zeroizing::new(body.join("&"));
        let now = Instant::now();
        let answer = web::send(&self.agent, "POST", &self.url, &headers, Sent::Bytes(body.as_bytes()))?;
        let status = answer.status().as_u16();
        let bytes = web::bytes(&self.url, answer, ANSWER_BYTES_MAX)?;
        let node = std::str::from_utf8(&bytes).ok().and_then(|text| json::parse_answer(text).ok());
        let word = |name: &str| node.as_ref().and_then(|node| node.member(name)).and_then(Node::cell);
        match (status, word("access_token").filter(|token| !token.is_empty())) {
            (200..=299, Some(token)) => {
                let token = Zeroizing::new(token);
                let life = word("expires_in").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
                // A life that no clock can tell has no end.
                let until = life.and_then(|life| now.checked_add(life.saturating_sub(MARGIN).max(life / 2)));
                *self.held.borrow_mut() = Some((token.clone(), until));
                Ok(token)
            }
            _ => Err(self.fault(status, word("error"))),
        }
    }

    fn fault(&self, status: u16, error: Option<String>) -> Fault {
        // Words of RFC 6749 §5.2 only: a server could repeat what it was sent.
        const WORDS: [&str; 6] = [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
        ];
        let word =
            error.filter(|word| WORDS.contains(&word.as_str())).map_or(String::new(), |word| format!(" ({word})"));
        let told = format!("{} gives no token: status {status}{word}", web::host(&self.url));
        match status {
            408 | 425 | 429 | 500..=599 => {
                Fault::unavailable("store-busy", told).advise("Run the command again later.")
            }
            _ => Fault::unavailable("store-login-refused", told)
                .advise("Check `oauth2` of the description, and the client's name and secret of the store."),
        }
    }
}
