//! Descriptions for those that start programs: systemd and Kubernetes.

use model::Fault;

/// What starts the sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// A unit of systemd.
    Systemd,
    /// A DaemonSet of Kubernetes.
    Kubernetes,
}

impl Starter {
    /// Reads the word.
    ///
    /// # Errors
    /// `unknown-starter`.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        match word {
            "systemd" => Ok(Starter::Systemd),
            "kubernetes" => Ok(Starter::Kubernetes),
            _ => Err(Fault::usage("unknown-starter", format!("{word:?} does not start a sampler"))
                .advise("There is systemd and kubernetes.")),
        }
    }

    /// Its description of a sampler, to be reviewed and put where it belongs.
    pub fn description(self) -> &'static str {
        match self {
            Starter::Systemd => include_str!("install/probity-sampler.service"),
            Starter::Kubernetes => include_str!("install/daemonset.yaml"),
        }
    }
}
