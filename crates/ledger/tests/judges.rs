//! Goal: programs of other people accept our logs, and refuse them when they are tampered with.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{World, copy, verifier};

/// What `tests/judges/tlog/check` answers; `None` when a judge is not installed and none is required.
fn judge(folder: &Path) -> Option<bool> {
    let check = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/judges/tlog/check");
    let output = Command::new(check).arg(folder).arg(verifier().to_string()).output().expect("the script runs");
    if output.status.code() == Some(2) {
        let reason = String::from_utf8_lossy(&output.stderr);
        assert!(std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "a required judge is missing: {reason}");
        eprintln!("skipped, a judge is missing: {reason}");
        return None;
    }
    Some(output.status.success())
}

#[test]
fn go_and_python_accept_our_logs_and_refuse_a_changed_byte() {
    let world = World::new();
    let mut log = world.create();
    for size in [1, 2, 3, 255, 256, 257, 600] {
        world.grow(&mut log, size);
        let Some(accepted) = judge(&world.folder()) else { return };
        assert!(accepted, "at size {size}");
    }
    for file in ["tile/entries/002.p/88", "tile/0/001", "tile/1/000.p/2", "checkpoint"] {
        let tampered = tempfile::tempdir().expect("a folder");
        copy(&world.folder(), tampered.path());
        let path = tampered.path().join(file);
        let mut bytes = fs::read(&path).expect("there");
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(&path, bytes).expect("written");
        assert_eq!(judge(tampered.path()), Some(false), "{file}");
    }
}
