//! Journeys of probes: read with their secrets, and what became of them kept in the store.

use std::fs;
use std::path::Path;

use ingest::Format;
use model::{ByteSize, Decimal, Fault};
use probe::{Journey, Report, SecretSource};
use store::{CommitNotes, Store};

use zeroize::Zeroizing;

use super::browser::Identity;
use super::context::Context;
use super::intake::{self, Plan, Segments, State};
use super::keys::{Keyring, Role};
use super::passphrase::PassphraseArgs;
use super::progress::Count;
use super::{files, journal};

const FILE_MAX: ByteSize = ByteSize(1 << 20);
const SECRET_MAX: ByteSize = ByteSize(64 << 10);

/// Reads a journey.
///
/// # Errors
/// What the file says, located.
pub(crate) fn read(path: &Path) -> Result<Journey, Fault> {
    Journey::read(&files::read_text(path, FILE_MAX)?).map_err(|fault| fault.in_file(path))
}

/// The values of its secrets, in their order; files lie beside the journey.
///
/// # Errors
/// `no-secret`, which names the secret and never says it; I/O faults.
pub(crate) fn secrets(journey: &Journey, path: &Path) -> Result<Vec<String>, Fault> {
    let folder = files::folder_of(path);
    let value = |(name, source): &(String, SecretSource)| match source {
        SecretSource::Environment(variable) => std::env::var(variable).map_err(|_| {
            Fault::bad_config("no-secret", format!("The environment has no {variable} for the secret {name:?}"))
                .advise("Set it, or name a file.")
        }),
        SecretSource::File(file) => {
            let text = files::read_text(&folder.join(file), SECRET_MAX)?;
            Ok(text.lines().next().unwrap_or_default().trim().to_owned())
        }
    };
    journey.secrets.iter().map(value).collect()
}

/// Who we are to the servers of its base; files lie beside the journey.
///
/// # Errors
/// `bad-client-certificate`; I/O faults.
pub(crate) fn identity(journey: &Journey, path: &Path) -> Result<Option<Identity>, Fault> {
    let Some(client) = &journey.client else { return Ok(None) };
    let folder = files::folder_of(path);
    let certificate = files::read_text(&folder.join(&client.certificate), SECRET_MAX)?;
    let key = Zeroizing::new(files::read_text(&folder.join(&client.key), SECRET_MAX)?);
    Identity::read(&certificate, &key).map(Some)
}

/// Puts the samples of a run into the store of the project.
///
/// # Errors
/// Keys, store, disk, ledger.
pub(crate) fn keep(context: &mut Context, report: &Report) -> Result<(), Fault> {
    let folder = tempfile::tempdir().map_err(|error| Fault::io("make a folder in", &std::env::temp_dir(), error))?;
    let path = folder.path().join("probe.om");
    fs::write(&path, report.to_openmetrics()).map_err(|error| Fault::io("write", &path, error))?;
    let plan = Plan {
        format: Some(Format::OpenMetrics),
        kind: None,
        map: None,
        now: context.now(),
        stamp: None,
        any_time: true,
        max_rejected: Decimal::ZERO,
        segments: Segments::trusting(&[])?,
    };
    let key = Keyring::of(context).open(context, Role::Store, &PassphraseArgs::default())?;
    let store = Store::open(&context.project.state("store"), Some(&key.secret))?;
    journal::reconcile(context, &store, "probe", "probe.recovered")?;
    let notes = CommitNotes { tool: format!("probity {}", env!("CARGO_PKG_VERSION")) };
    let progress = context.progress(Count::Bytes);
    let taken = intake::take(intake::find(&[path])?, &plan, &store, &notes, &*progress)?;
    // Each run is in the ledger at once: one that repeats for days may be killed.
    journal::reconcile(context, &store, "probe", "probe.kept")?;
    let is_kept = taken.taken.iter().all(|one| matches!(one.state, State::Ingested | State::Known));
    match (taken.unfinished, is_kept) {
        (Some(unfinished), _) => Err(unfinished.fault),
        (None, true) => Ok(()),
        (None, false) => Err(Fault::internal("internal", "the samples of a probe were not understood")),
    }
}
