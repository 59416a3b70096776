//! Whom a command is about: `KEY=VALUE`, and how such values are read.

use clap::Args;
use model::Fault;
use privacy::identity::{self, Identity, Region, Rules};

use super::context::Context;
use super::requests::Dossier;

/// Whom a command is about.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SubjectArgs {
    /// Identity of the person: email=ann@example.org, phone=+4930231250, user_id=4711 (can be repeated)
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) subject: Vec<String>,
    /// Where telephone numbers without a calling code are dialled: DE, US; default: privacy.region
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
    pub(crate) fn identities(&self, context: &Context) -> Result<Vec<Identity>, Fault> {
        let region = region(context, self.region.as_deref())?;
        identity::parse_all(&self.subject, &Rules { region, fold_plus: self.fold_plus })
    }

    /// The identities; where none is named those of the request that is answered.
    ///
    /// # Errors
    /// As [`SubjectArgs::identities`]; those of the request's folder.
    pub(crate) fn of_request(&self, context: &Context, request: Option<&str>) -> Result<Vec<Identity>, Fault> {
        match request {
            Some(id) if self.subject.is_empty() => {
                let dossier = Dossier::open(context, id)?;
                dossier.request.still_open()?;
                dossier.subject()
            }
            _ => self.identities(context),
        }
    }
}

/// Where numbers are dialled: as the command says, or else the settings; `None` where nobody says.
///
/// # Errors
/// `unknown-region`.
pub(crate) fn region(context: &Context, given: Option<&str>) -> Result<Option<Region>, Fault> {
    let set = Some(context.config.text("privacy.region")).filter(|text| !text.is_empty());
    given.or(set).map(Region::parse).transpose()
}
