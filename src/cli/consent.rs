//! The project's consents, `.probity/consent/`, of mode 0700.
//!
//! ```text
//! log.jsonl      what was said, chained; the only thing that counts
//! notices/       the texts that people were shown, by digest
//! head           where the log ended when it was last read or written, and what its file was then; authenticated
//! index          the last word of everybody for every purpose, made from the log; authenticated
//! lock           held by whoever writes
//! ```
//!
//! `head` and `index` are made again from the log when they are gone, damaged, or when the log's file was touched by anything
//! but us: then the whole log is read, and its chain and what the project's ledger knows of it are checked.

mod ask;
mod file;
pub(crate) mod intake;
mod notices;
pub(crate) mod objections;
pub(crate) mod person;
pub(crate) mod processed;
pub(crate) mod scopes;
pub(crate) mod shown;
mod writing;

use std::path::PathBuf;

use clap::Args;
use model::{Digest, Fault, Instant};
use privacy::consent::{IndexKey, Kind, Line, Mark, Pseudonym, Standing, Tip};
use privacy::identity::{self, Identity, Rules};
use privacy::tombstone::Secret;

use super::context::Context;
use super::{requests, subject};

pub(crate) use notices::Shown;
pub(crate) use writing::Writing;

/// The log, below the project's state.
pub(crate) const LOG: &str = "consent/log.jsonl";

// Whom a consent is of.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PersonArgs {
    /// Identity of the person: email=ann@example.org, phone=+4930231250, user_id=4711 (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) subject: Vec<String>,
    #[command(flatten)]
    rules: PersonRules,
}

// How identities are read.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PersonRules {
    /// Where telephone numbers without a calling code are dialled: DE, US; default: privacy.region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Take ann+shop@example.org for ann@example.org: it can merge two people
    #[arg(long)]
    fold_plus: bool,
}

impl PersonRules {
    /// How identities are read.
    ///
    /// # Errors
    /// `unknown-region`.
    pub(crate) fn rules(&self, context: &Context) -> Result<Rules, Fault> {
        Ok(Rules { region: subject::region(context, self.region.as_deref())?, fold_plus: self.fold_plus })
    }
}

impl PersonArgs {
    /// How identities are read.
    ///
    /// # Errors
    /// `unknown-region`.
    pub(crate) fn rules(&self, context: &Context) -> Result<Rules, Fault> {
        self.rules.rules(context)
    }

    /// The identities.
    ///
    /// # Errors
    /// `no-identity`, `too-many-identities`, `bad-subject`, `phone-without-region`, `unknown-region`.
    pub(crate) fn identities(&self, context: &Context) -> Result<Vec<Identity>, Fault> {
        identity::parse_all(&self.subject, &self.rules(context)?)
    }
}

/// The consents of a project.
pub(crate) struct Consents {
    folder: PathBuf,
    secret: Secret,
    key: IndexKey,
}

/// How it stands with a person and a purpose.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Whether something may be done on it, and why not.
    pub(crate) standing: Standing,
    /// The line that decides, with its digest.
    pub(crate) by: Option<(Line, Digest)>,
    /// What the log was when it was asked.
    pub(crate) tip: Tip,
}

impl Consents {
    /// Those of the project; `None` where there never were any, as far as can be seen from here.
    ///
    /// # Errors
    /// `no-key`, `bad-key-file`; I/O faults.
    pub(crate) fn there(context: &Context) -> Result<Option<Self>, Fault> {
        match context.project.state(LOG).is_file() {
            true => Self::new(context).map(Some),
            false => Ok(None),
        }
    }

    /// Those of the project; `None` where its ledger knows of none either.
    ///
    /// # Errors
    /// As [`Consents::there`]; `consent-log-cut` where the ledger knows of a log that is not there.
    pub(crate) fn known(context: &Context) -> Result<Option<Self>, Fault> {
        // The ledger first: a line is on the disk before the ledger is told, so that what it knows of is there to be found.
        let told = file::known_tip(context)?;
        let there = Self::there(context)?;
        match told.filter(|_| there.is_none()) {
            Some((lines, _)) => Err(file::cut(lines, 0).at(model::Place::file(context.project.state(LOG)))),
            None => Ok(there),
        }
    }

    /// Those of the project, which may be about to get their first.
    ///
    /// # Errors
    /// As [`Consents::known`].
    pub(crate) fn or_new(context: &Context) -> Result<Self, Fault> {
        match Self::known(context)? {
            Some(known) => Ok(known),
            None => Self::new(context),
        }
    }

    fn new(context: &Context) -> Result<Self, Fault> {
        let secret = requests::secret(context)?;
        let key = secret.derive("consent index");
        Ok(Consents { folder: context.project.state("consent"), secret, key })
    }

    /// An identity as the log has it.
    pub(crate) fn pseudonym(&self, identity: &Identity) -> Pseudonym {
        let digest = self.secret.pseudonym(identity.kind(), identity.normalised());
        Pseudonym { kind: identity.kind().to_owned(), digest }
    }

    /// The same of several.
    pub(crate) fn pseudonyms(&self, identities: &[Identity]) -> Vec<Pseudonym> {
        identities.iter().map(|identity| self.pseudonym(identity)).collect()
    }

    /// The id of the secret that pseudonyms are made with.
    pub(crate) fn secret_id(&self) -> &str {
        self.secret.id()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A mark that says yes at first sight.
fn is_given(mark: &Mark, now: Instant) -> bool {
    mark.kind == Kind::Given && mark.expires.is_none_or(|end| now < end)
}
