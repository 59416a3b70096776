//! A full disk: nothing visible, nothing lost, and the same command succeeds when there is room again.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use model::Kind;
use probity_store::Store;

use crate::bench::{assert_holds, bring, key, original};

const FOLDER: &str = "PROBITY_STORE_SMALL_DISK";

#[test]
fn a_full_disk_stores_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=1m none \"$0\" || exit 77; exec \"$1\" --exact disk_full::child --ignored";
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .output();
    let status = output.as_ref().ok().and_then(|output| output.status.code());
    match (output, status) {
        (Ok(output), Some(0)) => assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}"),
        (Ok(output), Some(101)) => panic!("{}", String::from_utf8_lossy(&output.stdout)),
        (output, _) => eprintln!("SKIPPED: a small file system cannot be mounted here: {output:?}"),
    }
}

/// Leaves `free` bytes on the disk.
fn fill(folder: &Path, free: usize) {
    let path = folder.join("filler");
    let mut filler = File::create(&path).unwrap();
    let mut size = 0;
    while filler.write_all(&[0; 4096]).is_ok() {
        size += 4096;
    }
    filler.set_len(size - free as u64).unwrap();
}

/// Runs on a disk of 1 MiB.
#[test]
#[ignore = "started by the test above"]
fn child() {
    let folder = std::env::var_os(FOLDER).expect("started by the test above");
    let folder = Path::new(&folder);
    let key = key();
    let store = Store::open(&folder.join("store"), Some(&key)).unwrap();
    let first = original("first", 10);
    bring(&store, &[&first]).unwrap().unwrap();
    let second = original("second", 1_000);
    let mut refused = 0;
    for free in (0..200_000).step_by(4096) {
        fill(folder, free);
        let outcome = bring(&store, &[&second]);
        fs::remove_file(folder.join("filler")).unwrap();
        match outcome {
            Err(fault) => {
                assert_eq!((fault.code(), fault.kind()), ("disk-full", Kind::Unavailable), "{fault} with {free} free");
                assert_holds(&store, &[&first]);
                assert_eq!(fs::read_dir(folder.join("store/tmp")).unwrap().count(), 1, "the workplace is gone");
                refused += 1;
            }
            Ok(commit) => {
                assert_eq!(commit.unwrap().version, 1);
                break;
            }
        }
    }
    assert!(refused > 5, "the disk was full {refused} times");
    // Larger than the disk even when compressed: the thread that keeps the original meets the end of it.
    let fault = bring(&store, &[&noise(60_000)]).unwrap_err();
    assert_eq!((fault.code(), fault.kind()), ("disk-full", Kind::Unavailable), "{fault}");
    assert_holds(&store, &[&first, &second]);
}

/// Lines that do not compress: digests of digests.
fn noise(lines: u32) -> String {
    let mut digest = seal::sha256(b"noise");
    let mut line = || {
        digest = seal::sha256(digest.as_bytes());
        format!("1790000000 {digest}\n")
    };
    (0..lines).map(|_| line()).collect()
}
