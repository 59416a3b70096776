//! For which courts a package is made.

use clap::Args;
use clap::builder::PossibleValuesParser;
use evidence::court::{Profile, Settings};
use evidence::report::Bates;
use model::{ByteSize, Fault};

#[derive(Args, Debug)]
pub(crate) struct CourtArgs {
    /// Add files for filing, and check what these courts ask for
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Profile::ALL.map(|(_, word)| word)))]
    #[arg(default_value = "plain")]
    profile: String,
    /// Split copies for filing that are larger (us-ecf)
    #[arg(long, value_name = "SIZE", default_value = "10MB")]
    file_size_max: String,
    /// Number the pages of copies for filing from this on (us-ecf): ACME000001
    #[arg(long, value_name = "NUMBER")]
    bates: Option<String>,
}

impl CourtArgs {
    /// What was typed, as the package needs it.
    ///
    /// # Errors
    /// `bad-size`, `bad-control-number`.
    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        Ok(Settings {
            // clap let no other word pass.
            profile: Profile::parse(&self.profile).unwrap_or_default(),
            file_bytes: ByteSize::parse(&self.file_size_max)?.0,
            bates: self.bates.as_deref().map(Bates::parse).transpose()?,
        })
    }
}
