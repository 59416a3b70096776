//! Where a benchmark finds its binary and keeps its inputs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::generate::{self, Kind};

/// What every case needs to know.
pub(crate) struct Place {
    pub(crate) binary: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) size: Option<u64>,
}

impl Place {
    /// Builds the release binary with `features` (cargo's arguments) unless one is given, and makes the folder for inputs.
    pub(crate) fn prepare(
        binary: Option<PathBuf>,
        features: &[&str],
        size: Option<u64>,
        rounds: usize,
    ) -> Result<Self, String> {
        let target = target();
        let folder = target.join("bench");
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let binary = match binary {
            Some(binary) => binary.canonicalize().map_err(|error| format!("{}: {error}", binary.display()))?,
            None => {
                cargo(&[&["build", "--release", "--locked", "--package", "probity"], features].concat(), &target)?;
                target.join("release/probity")
            }
        };
        Ok(Place { binary, folder, rounds, size })
    }

    /// A generated input of the size asked for, or else of the `usual` one.
    pub(crate) fn input(&self, kind: Kind, usual: u64) -> Result<Input, String> {
        self.input_of(kind, self.size.unwrap_or(usual))
    }

    /// A generated input, made once and kept.
    pub(crate) fn input_of(&self, kind: Kind, size: u64) -> Result<Input, String> {
        let path = self.folder.join(format!("{}-{size}{}", kind.name(), kind.ending()));
        if !path.exists() {
            eprintln!("xtask: generating {}", path.display());
            let unfinished = path.with_extension("part");
            generate::to_file(kind, size, 1, &unfinished)?;
            std::fs::rename(&unfinished, &path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let bytes = path.metadata().map_err(|error| format!("{}: {error}", path.display()))?.len();
        Ok(Input { path, bytes })
    }

    /// An empty folder for one run.
    pub(crate) fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        let said = |error| format!("{}: {error}", folder.display());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(said)?;
        }
        std::fs::create_dir_all(&folder).map_err(said)?;
        Ok(folder)
    }

    /// The binary, to be given its arguments.
    pub(crate) fn probity(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.folder);
        command
    }
}

/// One file to be read.
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

impl Input {
    pub(crate) fn name(&self) -> &str {
        self.path.to_str().unwrap_or_default()
    }
}

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Cargo's target folder, as the environment or the default says.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs cargo on the repository; what it says goes to stderr.
pub(crate) fn cargo(arguments: &[&str], target: &Path) -> Result<(), String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).env("CARGO_TARGET_DIR", target).stdout(std::io::stderr());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", arguments.join(" "))),
        Err(error) => Err(format!("cargo: {error}")),
    }
}
