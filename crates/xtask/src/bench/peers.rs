//! Programs of others, from Debian.

use std::process::Command;

/// A peer and the package it comes in.
pub(crate) struct Peer {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const LNAV: Peer = Peer { program: "lnav", package: "lnav" };
pub(crate) const PROMTOOL: Peer = Peer { program: "promtool", package: "prometheus" };

impl Peer {
    /// The peer's first line about its version, or what to install.
    pub(crate) fn version(&self, question: &str) -> Result<String, String> {
        let missing = |_| format!("not installed: apt-get install {}", self.package);
        let said = Command::new(self.program).arg(question).output().map_err(missing)?;
        let text = [said.stdout, said.stderr].concat();
        Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or(self.program).to_owned())
    }
}
