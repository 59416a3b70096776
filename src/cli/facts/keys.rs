//! The fact `keys`: the project's own signing keys, and the certificates of the setting `facts.certificates`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use model::{Fault, Instant};
use rules::Source;
use seal::x509::Certificate;
use serde_json::{Value, json};

use super::{Collected, Context, Found, gap};
use crate::cli::keys::{Keyring, Role};
use crate::cli::{certificates, files, journal};

/// What a file behind a passphrase begins with.
const AGE: &[u8] = b"age-encryption.org";
const HEAD_MAX: model::ByteSize = model::ByteSize(64 << 10);

pub(super) fn collect(context: &Context, _: &BTreeSet<&str>) -> Found {
    let (mut keys, mut all, mut sources, mut gaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let began = began(context);
    for (role, path, demo) in Keyring::of(context).files() {
        match key(context, role, &path, demo, began) {
            Ok(value) => keys.push(value),
            Err(fault) => gaps.push(gap(&path.display().to_string(), &fault)),
        }
        sources.push(Source { name: path.display().to_string(), digest: None });
    }
    for file in context.config.list("facts.certificates") {
        let path = context.project.root().join(file);
        match certificates::read(&path) {
            Ok(found) => all.extend(found.iter().map(|one| listed(one, file, &path, context.now()))),
            Err(fault) => gaps.push(gap(file, &fault)),
        }
        sources.push(Source { name: file.to_owned(), digest: None });
    }
    let collected = match sources.is_empty() {
        true => Collected::not_given("there are no keys here; `probity init` makes them"),
        false => Collected::now(context, json!({"keys": keys, "certificates": all}), sources, gaps),
    };
    vec![("keys", collected)]
}

/// When the ledger began: its key is at least as old.
fn began(context: &Context) -> Option<Instant> {
    let view = ledger::View::open(&journal::existing_folder(context).ok()?).ok()?;
    Some(view.entries(0..1).next()?.ok()?.entry().ok()?.time)
}

fn key(context: &Context, role: Role, path: &Path, demo: bool, began: Option<Instant>) -> Result<Value, Fault> {
    use std::os::unix::fs::MetadataExt as _;
    let failed = |error| Fault::io("open", path, error);
    let about = std::fs::metadata(path).map_err(failed)?;
    let head = files::read(path, HEAD_MAX)?;
    let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let changed = changed.and_then(|since| Instant::from_seconds(i64::try_from(since.as_secs()).ok()?));
    let made = changed.into_iter().chain(began.filter(|_| role == Role::Ledger)).min();
    let purpose = match role {
        Role::Evidence => "packages, certificates of erasure",
        Role::Ledger => "checkpoints of the ledger",
        Role::Store => "commits of the store",
    };
    Ok(json!({
        "name": path.file_name().map(|name| name.to_string_lossy()),
        "purpose": purpose,
        // Every key of a project is one (RFC 8032).
        "algorithm": "Ed25519",
        "bits": 256,
        "passphrase": head.starts_with(AGE),
        "private": about.mode() & 0o077 == 0,
        "demo": demo,
        "made": made.map(|made| made.to_string()),
        "age": made.map(|made| context.now().seconds() - made.seconds()),
        "place": path.display().to_string(),
    }))
}

fn listed(one: &Certificate, file: &str, path: &PathBuf, now: Instant) -> Value {
    let mut value = certificate(one, now);
    value["name"] = json!(file);
    value["place"] = json!(path);
    value
}

/// What end points and files of certificates have in common.
pub(super) fn certificate(one: &Certificate, now: Instant) -> Value {
    let (algorithm, bits) = one.key_kind();
    json!({
        "subject": one.subject(),
        "not_after": one.not_after().to_string(),
        "left": one.not_after().seconds() - now.seconds(),
        "key_algorithm": algorithm,
        "key_bits": bits,
        "signature_algorithm": one.signature_algorithm(),
    })
}
