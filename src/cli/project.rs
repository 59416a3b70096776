//! The project folder: where `probity.toml` is, and where state lives.

use std::path::{Path, PathBuf};

use model::Fault;

/// The name of the configuration file.
pub(crate) const CONFIG_FILE: &str = "probity.toml";
/// The name of the state folder beside it.
pub(crate) const STATE_FOLDER: &str = ".probity";

/// The folder a run works in.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
    config: Option<PathBuf>,
}

impl Project {
    /// Finds the project upward from `start`; without a `probity.toml` anywhere, `start` itself is the root.
    ///
    /// # Errors
    /// `io-failed` when `start` cannot be resolved.
    pub(crate) fn find(start: &Path) -> Result<Project, Fault> {
        let start = std::path::absolute(start).map_err(|error| Fault::io("resolve", start, error))?;
        let config = start.ancestors().map(|folder| folder.join(CONFIG_FILE)).find(|file| file.is_file());
        let root = config.as_deref().and_then(Path::parent).unwrap_or(&start).to_path_buf();
        Ok(Project { root, config })
    }

    /// A project at `root` with a given configuration file, or none.
    ///
    /// # Errors
    /// `io-failed` when `root` cannot be resolved.
    pub(crate) fn at(root: &Path, config: Option<PathBuf>) -> Result<Project, Fault> {
        let root = std::path::absolute(root).map_err(|error| Fault::io("resolve", root, error))?;
        Ok(Project { root, config })
    }

    /// The folder that relative paths of the configuration start from.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration file, if there is one.
    pub(crate) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Whether `init` has been here.
    pub(crate) fn is_initialised(&self) -> bool {
        self.config.is_some()
    }

    /// A path below the state folder.
    pub(crate) fn state(&self, below: &str) -> PathBuf {
        self.root.join(STATE_FOLDER).join(below)
    }
}
