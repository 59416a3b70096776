//! Time stamp authorities (RFC 3161 over HTTP, section 3.4): asked in turn, each answer checked before it is kept.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use evidence::package::{Stamp, TimeSource};
use model::{Digest, Fault, Instant};
use seal::x509::Certificate;
use seal::{Revocations, Trust, tsp};

use super::context::Context;
use super::{certificates, http, keys};

/// The most bytes of an answer; one with a long chain of certificates has 10 kB.
const ANSWER_MAX: u64 = 1 << 20;

/// Which authorities, and what their time stamps must be.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TimeArgs {
    /// Time stamp authority (RFC 3161); the next is asked when one fails (can be repeated)
    #[arg(long, value_name = "URL")]
    pub(crate) tsa: Vec<String>,
    /// Policy that its time stamps must be under
    #[arg(long, value_name = "OID")]
    tsa_policy: Option<String>,
    /// Certificate that its certificate must lead to; without it any authority that answers will do (can be repeated)
    #[arg(long, value_name = "PEM")]
    tsa_ca: Vec<PathBuf>,
}

/// The authorities of one run.
pub(crate) struct Authorities {
    urls: Vec<String>,
    policy: Option<String>,
    anchors: Vec<Certificate>,
    now: Instant,
    /// How many of them do not answer: they are not asked again.
    silent: RefCell<usize>,
    /// Why, in their order.
    failures: RefCell<Vec<String>>,
}

impl Authorities {
    /// From the command line, or else from the setting `package.tsa`.
    ///
    /// # Errors
    /// `bad-url`, `bad-certificate`; I/O faults.
    pub(crate) fn new(context: &Context, args: &TimeArgs) -> Result<Self, Fault> {
        let set = context.config.list("package.tsa").into_iter().map(str::to_owned).collect();
        let urls: Vec<String> = if args.tsa.is_empty() { set } else { args.tsa.clone() };
        urls.iter().try_for_each(|url| http::host(url).map(drop))?;
        Ok(Authorities {
            urls,
            policy: args.tsa_policy.clone(),
            anchors: certificates::read_all(&args.tsa_ca)?,
            now: context.now(),
            silent: RefCell::new(0),
            failures: RefCell::new(Vec::new()),
        })
    }

    /// Whether any authority was named.
    pub(crate) fn are_named(&self) -> bool {
        !self.urls.is_empty()
    }

    /// Why authorities failed, in one sentence each.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.borrow().clone()
    }

    /// Whether all of them failed: the time of what was made is pending.
    pub(crate) fn are_silent(&self) -> bool {
        self.are_named() && *self.silent.borrow() == self.urls.len()
    }

    /// Asks each of them for a time stamp of `imprint`, which is thrown away: its host, and what came of it.
    pub(crate) fn try_each(&self, imprint: &Digest) -> Vec<(String, Result<(), Fault>)> {
        let tried = |url: &String| (http::host(url).unwrap_or_default().to_owned(), self.ask(url, imprint).map(drop));
        self.urls.iter().map(tried).collect()
    }

    fn ask(&self, url: &str, imprint: &Digest) -> Result<Stamp, Fault> {
        let seed = keys::random()?;
        let nonce = u64::from_be_bytes(std::array::from_fn(|at| seed[at])) >> 1;
        let request = tsp::Request { imprint: *imprint, nonce, policy: self.policy.clone() };
        let body = request.to_der()?;
        let answer = http::ask(&http::Ask {
            url,
            body: Some(("application/timestamp-query", &body)),
            accept: "application/timestamp-reply",
            login: None,
            most: ANSWER_MAX,
        })?;
        let response = answer.ok_or_else(|| {
            Fault::unavailable("server-failed", "There is no time stamp authority at this address")
                .advise("Check the address of the authority.")
        })?;
        let token = tsp::read_response(&response, &request)?;
        if !self.anchors.is_empty() {
            let trust = Trust { anchors: &self.anchors, now: self.now };
            let judged = tsp::verify(&token, &request.imprint, &trust, &Revocations::default());
            if !judged.trusted.is_yes() {
                return Err(Fault::unavailable("authority-not-trusted", judged.trusted.reason())
                    .advise("Name the certificate of this authority with --tsa-ca, or another authority."));
            }
        }
        Ok(Stamp { token: token.der().to_vec(), response })
    }
}

impl TimeSource for Authorities {
    fn is_pending(&self) -> bool {
        self.are_silent()
    }

    fn stamp(&self, imprint: &Digest) -> Result<Option<Stamp>, Fault> {
        loop {
            let next = *self.silent.borrow();
            let Some(url) = self.urls.get(next) else { return Ok(None) };
            match self.ask(url, imprint) {
                Ok(stamp) => return Ok(Some(stamp)),
                Err(fault) => {
                    let host = http::host(url)?;
                    self.failures.borrow_mut().push(format!("{host}: {}", fault.message()));
                    *self.silent.borrow_mut() += 1;
                }
            }
        }
    }
}
