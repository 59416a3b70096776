//! Whom a command is about: `KEY=VALUE`, and how such values are read.

use clap::Args;
use model::Fault;
use privacy::identity::{self, Identity, Region, Rules};

/// Whom a command is about.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SubjectArgs {
    /// Identity of the person: email=ann@example.org, phone=+4930231250, user_id=4711 (can be repeated)
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) subject: Vec<String>,
    /// Where telephone numbers without a calling code are dialled: DE, US
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Take ann+shop@example.org for ann@example.org: it can merge two people
    #[arg(long)]
    fold_plus: bool,
}

impl SubjectArgs {
    /// The identities.
    ///
    /// # Errors
    /// `no-identity`, `too-many-identities`, `bad-subject`, `phone-without-region`, `unknown-region`.
    pub(crate) fn identities(&self) -> Result<Vec<Identity>, Fault> {
        let region = self.region.as_deref().map(Region::parse).transpose()?;
        identity::parse_all(&self.subject, &Rules { region, fold_plus: self.fold_plus })
    }
}
