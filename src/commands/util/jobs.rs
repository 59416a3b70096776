//! `util jobs`: ready jobs that judge the duties of a project again and again.

use std::path::Path;

use model::Fault;

use crate::cli::files::{self, Existing};

/// Name and text of every job.
pub(super) const JOBS: &[(&str, &str)] = &[
    ("audit-logging.toml", include_str!("jobs/audit-logging.toml")),
    ("consent.toml", include_str!("jobs/consent.toml")),
    ("encryption.toml", include_str!("jobs/encryption.toml")),
    ("minimisation.toml", include_str!("jobs/minimisation.toml")),
    ("retention.toml", include_str!("jobs/retention.toml")),
];

/// Writes them into `folder`; the paths.
///
/// # Errors
/// `output-exists`, before anything is written; I/O faults.
pub(super) fn write(folder: &Path, existing: Existing) -> Result<Vec<String>, Fault> {
    let paths = || JOBS.iter().map(|(name, text)| (folder.join(name), text));
    if existing == Existing::Keep {
        paths().try_for_each(|(path, _)| files::free(&path))?;
    }
    let mut written = Vec::new();
    for (path, text) in paths() {
        files::write(&path, text.as_bytes(), existing)?;
        written.push(path.display().to_string());
    }
    Ok(written)
}
