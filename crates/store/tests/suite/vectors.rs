//! fixtures/vectors/store: two commits for whoever writes another verifier. `UPDATE=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use model::Hidden;
use probity_store::{SCHEMA_ID, Store};

use crate::bench::{bring, key, tree};

const HEADER: &str = "\
# Two commits of a store, with everything they name

Key: Ed25519, private key 32 bytes 0x07, public key ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c.
Each original `<seconds> <message>` was read into one log record a line by the reader `lines 1`, at 2026-10-02T00:00:00Z.

To verify a commit: the first line ends in `\"x_sig\":\"ed25519:<128 hex digits>\"}}`. Take the text between the last pair
of quotes away; what remains, the whole file, is the signed message. `x_key` is `ed25519:` and the SHA-256 of the 32 bytes
of the public key. `x_prev_sha256` is the SHA-256 of the whole file before (as it lies there, signature included), 64 zeros
in the first. `tags.sha256` is the SHA-256 of the data file, which also names it; originals are named by the SHA-256 of
their uncompressed bytes. A commit that removes has `remove` actions and in `x_removed` the originals that it lets go: their
files are gone, and their digests stay known.

";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/store")
}

#[test]
fn the_vectors_are_what_is_written_today() {
    let temp = tempfile::tempdir().unwrap();
    let key = key();
    let store = Store::open(temp.path(), Some(&key)).unwrap();
    bring(&store, &["1790000000 GET / 200\n1790000001 GET /a 404\n"]).unwrap();
    bring(&store, &["1790086400 GET / 200\n"]).unwrap();
    let mut made = tree(temp.path());
    made.remove("tmp/commit.lock");
    let heads = store.verify(&key.public(), &Hidden).unwrap().commits;
    let lines: Vec<String> = heads.iter().enumerate().map(|(n, head)| format!("commit {n}: {head}\n")).collect();
    made.insert("README.md".into(), format!("{HEADER}Layout {SCHEMA_ID}.\n\n{}", lines.concat()).into_bytes());
    if std::env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(folder());
        for (name, bytes) in &made {
            let path = folder().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let stored = tree(&folder());
    assert_eq!(stored.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    assert!(stored == made, "the format changed: a store of yesterday must still be read; see fixtures/vectors/store");
}

#[test]
fn the_vectors_verify() {
    let report = Store::open(&folder(), None).unwrap().verify(&key().public(), &Hidden).unwrap();
    assert!(report.is_intact(), "{:?}", report.findings);
    assert_eq!((report.commits.len(), report.data_files, report.originals, report.rows), (2, 2, 2, 3));
}
