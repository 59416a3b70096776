//! Descriptions for those that start programs: systemd, launchd, the Task Scheduler of Windows, Kubernetes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use model::Fault;

/// Gives the description, or writes it where it belongs below `root`, or says what it would write where. Gives what there is to say.
///
/// # Errors
/// `output-exists` when another one is there; I/O faults.
pub fn install(starter: Starter, root: Option<&Path>, dry_run: bool) -> Result<String, Fault> {
    match (root, dry_run) {
        (None, false) => Ok(starter.description().to_owned()),
        (root, _) => starter.write(root.unwrap_or(starter.root()), dry_run),
    }
}

/// What starts the sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// A unit of systemd.
    Systemd,
    /// A daemon of launchd.
    Launchd,
    /// A task of the Task Scheduler, as a script for PowerShell.
    Windows,
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
            "launchd" => Ok(Starter::Launchd),
            "windows" => Ok(Starter::Windows),
            "kubernetes" => Ok(Starter::Kubernetes),
            _ => Err(Fault::usage("unknown-starter", format!("{word:?} does not start a sampler"))
                .advise("There is systemd, launchd, windows and kubernetes.")),
        }
    }

    /// Its description of a sampler, to be reviewed and put where it belongs.
    fn description(self) -> &'static str {
        match self {
            Starter::Systemd => include_str!("install/probity-sampler.service"),
            Starter::Launchd => include_str!("install/org.probity.sampler.plist"),
            Starter::Windows => include_str!("install/probity-sampler.ps1"),
            Starter::Kubernetes => include_str!("install/daemonset.yaml"),
        }
    }

    /// Where it belongs below the root of a system, or of a folder where no system looks for it.
    fn place(self) -> &'static str {
        match self {
            Starter::Systemd => "etc/systemd/system/probity-sampler.service",
            Starter::Launchd => "Library/LaunchDaemons/org.probity.sampler.plist",
            Starter::Windows => "probity-sampler.ps1",
            Starter::Kubernetes => "probity-sampler.yaml",
        }
    }

    fn root(self) -> &'static Path {
        Path::new(if matches!(self, Starter::Systemd | Starter::Launchd) { "/" } else { "" })
    }

    /// What starts it then.
    fn next(self) -> &'static str {
        match self {
            Starter::Systemd => "systemctl daemon-reload && systemctl enable --now probity-sampler",
            Starter::Launchd => "launchctl bootstrap system /Library/LaunchDaemons/org.probity.sampler.plist",
            Starter::Windows => "powershell -ExecutionPolicy Bypass -File probity-sampler.ps1 -WhatIf",
            Starter::Kubernetes => "kubectl apply -f probity-sampler.yaml",
        }
    }

    /// Writes it where it belongs below `root`, or says what it would write where.
    fn write(self, root: &Path, dry_run: bool) -> Result<String, Fault> {
        let (path, text) = (root.join(self.place()), self.description());
        let is_there = fs::read(&path).is_ok_and(|known| known == text.as_bytes());
        let said = |act| format!("{act}\t{}\t{} bytes\nnext\t{}\n", path.display(), text.len(), self.next());
        if dry_run {
            return Ok(format!("{}\n{text}", said(if is_there { "is there" } else { "would write" })));
        }
        if is_there {
            return Ok(said("is there"));
        }
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Fault::refused("output-exists", format!("{} is there and is another one", path.display()))
                    .advise("Compare it with what `--dry-run` prints, and move it away.")
            }
            _ => Fault::io("write", &path, error),
        };
        fs::create_dir_all(path.parent().unwrap_or(root)).map_err(failed)?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(said("wrote"))
    }
}
