//! Goal: whatever is changed in a log's folder, `verify` says so and names the place; what is harmless passes.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::{ORIGIN, World, copy, entries, key, verifier};
use model::Hidden;
use probity_ledger::{Checkpoint, Identity, Log, Pin, verify};
use seal::SigningKey;
use seal::note::{Signer, sign};

/// 600 signed entries in three seals, then two that are durable only.
fn sample(world: &World) -> [Checkpoint; 3] {
    let mut log = world.create();
    let checkpoints = [300, 590, 600].map(|size| world.grow(&mut log, size));
    log.append(&entries(600..602)).expect("appended");
    checkpoints
}

/// Copies the sample, changes the copy, verifies it: `Ok` or the code, and a part of the file that is named.
struct Bench {
    world: World,
    checkpoints: [Checkpoint; 3],
}

impl Bench {
    fn new() -> Self {
        let world = World::new();
        let checkpoints = sample(&world);
        Bench { world, checkpoints }
    }

    fn check(&self, expect: Result<(), (&str, &str)>, change: impl FnOnce(&Path)) {
        self.check_pinned(&[], expect, change);
    }

    fn check_pinned(&self, pins: &[Pin], expect: Result<(), (&str, &str)>, change: impl FnOnce(&Path)) {
        let copied = tempfile::tempdir().expect("a folder");
        copy(&self.world.folder(), copied.path());
        change(copied.path());
        let found = verify(copied.path(), &[verifier()], pins, &Hidden);
        match (expect, found) {
            (Ok(()), Ok(_)) => {}
            (Err((code, file)), Err(fault)) => {
                assert_eq!(fault.code(), code, "{fault}");
                assert!(fault.to_string().contains(file), "{fault} does not name {file}");
                assert!(fault.advice().is_some());
            }
            (expect, found) => panic!("expected {expect:?}, found {found:?}"),
        }
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("there");
    change(&mut bytes);
    fs::write(path, bytes).expect("writable");
}

#[test]
fn an_untouched_log_verifies_and_says_what_it_is_not_anchored_to() {
    let bench = Bench::new();
    bench.check(Ok(()), |_| {});
    let folder = bench.world.folder();
    let verified = verify(&folder, &[verifier()], &[], &Hidden).expect("intact");
    assert_eq!((verified.size, verified.signed_size, verified.anchored_at), (602, 600, None));
    assert!(verified.notes[0].starts_with("Not anchored"), "{:?}", verified.notes);
    assert!(verified.notes[1].starts_with("2 entries are durable but not signed"), "{:?}", verified.notes);

    let pins: Vec<Pin> = bench.checkpoints.iter().map(Pin::of).collect();
    let verified = verify(&folder, &[verifier()], &pins[..2], &Hidden).expect("continues both");
    assert_eq!(verified.anchored_at, Some(590));
    assert!(verified.notes[0].starts_with("Anchored up to entry 590"), "{:?}", verified.notes);
}

#[test]
fn every_changed_byte_is_found() {
    let bench = Bench::new();
    let damaged = |file| Err(("ledger-damaged", file));
    let files = ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"];
    for file in files {
        // Byte 1 is in the length of the first entry, byte 200 in the entry itself.
        for at in [1, 200] {
            bench.check(damaged(file), |log| edit(&log.join(file), |bytes| bytes[at] ^= 1));
        }
    }
    bench.check(damaged("tile/0/000"), |log| edit(&log.join("tile/0/000"), |bytes| bytes[8191] ^= 0x80));
    bench.check(damaged("002.p/88"), |log| edit(&log.join("tile/0/002.p/88"), |bytes| bytes[0] ^= 1));
    bench.check(damaged("tile/1/000.p/2"), |log| edit(&log.join("tile/1/000.p/2"), |bytes| bytes[40] ^= 1));
    bench.check(Err(("ledger-segment-damaged", "segment/")), |log| {
        edit(&log.join("segment/00000000000000000600"), |bytes| bytes[20] ^= 1);
    });
}

#[test]
fn what_is_cut_added_or_missing_is_found() {
    let bench = Bench::new();
    let short = |file| Err(("ledger-truncated", file));
    for file in ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"] {
        bench.check(short(file), |log| fs::remove_file(log.join(file)).expect("there"));
        let code = if file.contains("entries") { "ledger-damaged" } else { "ledger-truncated" };
        bench.check(Err((code, file)), |log| edit(&log.join(file), |bytes| bytes.truncate(bytes.len() - 1)));
        bench.check(Err((code, file)), |log| edit(&log.join(file), |bytes| bytes.push(0)));
    }
    bench.check(short("tile/0/002.p/88"), |log| edit(&log.join("tile/0/002.p/88"), |bytes| bytes.extend([7; 32])));
    bench.check(short("tile/entries/002.p/88"), |log| {
        edit(&log.join("tile/entries/002.p/88"), |bytes| bytes.extend(b"\x00\x05extra"));
    });
    bench.check(Err(("ledger-missing", "")), |log| fs::remove_file(log.join("checkpoint")).expect("there"));
    bench.check(Err(("ledger-missing", "")), |log| fs::remove_dir_all(log).expect("there"));
}

#[test]
fn what_does_not_belong_is_found() {
    let bench = Bench::new();
    let foreign = |file| Err(("ledger-unexpected-file", file));
    let names = ["notes.txt", "tile/x", "tile/0/000.bak", "tile/0/3", "segment/1", "tile/0/00000"];
    for file in names {
        bench.check(foreign(file), |log| fs::write(log.join(file), b"x").expect("writable"));
    }
    bench.check(foreign("tile/0/003"), |log| fs::write(log.join("tile/0/003"), [0; 8192]).expect("writable"));
    bench.check(foreign("002.p/250"), |log| fs::write(log.join("tile/entries/002.p/250"), [0]).expect("writable"));
    bench.check(foreign("tile/0/000"), |log| {
        fs::rename(log.join("tile/0/000"), log.join("tmp/t")).expect("moved");
        symlink("../../tmp/t", log.join("tile/0/000")).expect("linked");
    });
    bench.check(foreign("tile/1/000.p/2"), |log| {
        // A pipe would keep a reader waiting for ever.
        fs::remove_file(log.join("tile/1/000.p/2")).expect("there");
        let made = std::process::Command::new("mkfifo").arg(log.join("tile/1/000.p/2")).status();
        assert!(made.expect("coreutils are there").success());
    });
    bench.check(foreign("checkpoint"), |log| {
        fs::rename(log.join("checkpoint"), log.join("tmp/c")).expect("moved");
        symlink("tmp/c", log.join("checkpoint")).expect("linked");
    });
}

/// Entries are hashed two at a time; the last of an odd number alone.
#[test]
fn the_wrong_one_of_two_neighbours_is_named() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 259);
    drop(log);
    for (file, first, count) in [("tile/entries/000", 0, 256), ("tile/entries/001.p/3", 256, 3)] {
        let (path, intact) = (world.folder().join(file), fs::read(world.folder().join(file)).expect("there"));
        let mut end = 0;
        for index in first..first + count {
            end += 2 + usize::from(u16::from_be_bytes([intact[end], intact[end + 1]]));
            edit(&path, |bytes| bytes[end - 1] ^= 1);
            let fault = verify(&world.folder(), &[verifier()], &[], &Hidden).expect_err("changed");
            let named = format!("Entry {index} does not have the hash");
            assert!(fault.code() == "ledger-damaged" && fault.message().starts_with(&named), "{fault}");
            fs::write(&path, &intact).expect("writable");
        }
    }
    assert!(verify(&world.folder(), &[verifier()], &[], &Hidden).is_ok());
}

#[test]
fn a_folder_that_is_a_link_is_found() {
    let bench = Bench::new();
    for folder in ["tile", "tile/entries", "tile/0", "tile/0/002.p", "segment", "tmp"] {
        let foreign = if folder == "tile/0/002.p" { "002.p" } else { folder };
        bench.check(Err(("ledger-unexpected-file", foreign)), |log| {
            let elsewhere = bench.world.home.path().join(folder.replace('/', "-"));
            fs::rename(log.join(folder), &elsewhere).expect("moved");
            symlink(elsewhere, log.join(folder)).expect("linked");
        });
    }
}

#[test]
fn swapped_bundles_and_entries_are_found() {
    let bench = Bench::new();
    bench.check(Err(("ledger-damaged", "tile/entries/000")), |log| {
        let (a, b) = (log.join("tile/entries/000"), log.join("tile/entries/001"));
        let first = fs::read(&a).expect("there");
        fs::copy(&b, &a).expect("copied");
        fs::write(&b, first).expect("written");
    });
    bench.check(Err(("ledger-damaged", "Entry 512")), |log| {
        let path = log.join("tile/entries/002.p/88");
        let bytes = fs::read(&path).expect("there");
        let mut entries: Vec<&[u8]> =
            probity_ledger::tile::entries(&bytes).map(|entry| entry.expect("whole")).collect();
        entries.swap(0, 1);
        let swapped: Vec<u8> =
            entries.iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes(), *entry].concat()).collect();
        fs::write(&path, swapped).expect("written");
    });
}

#[test]
fn a_superseded_partial_tile_may_go_but_not_lie() {
    let bench = Bench::new();
    // 590 was sealed before 600: its partial tiles are kept for readers that hold the older checkpoint.
    bench.check(Ok(()), |log| {
        fs::remove_file(log.join("tile/0/002.p/78")).expect("kept");
        fs::remove_file(log.join("tile/entries/002.p/78")).expect("kept");
    });
    bench.check(Err(("ledger-damaged", "002.p/78")), |log| edit(&log.join("tile/0/002.p/78"), |bytes| bytes[3] ^= 1));
    bench.check(Err(("ledger-damaged", "002.p/78")), |log| {
        edit(&log.join("tile/entries/002.p/78"), |bytes| bytes[9] ^= 1);
    });
}

#[test]
fn a_malformed_or_forged_checkpoint_is_found() {
    let bench = Bench::new();
    let original = bench.checkpoints[2].note().to_owned();
    let (text, line) = original.split_once("\n\n").expect("a note");
    let root = text.lines().nth(2).expect("a root");
    let signed = |text: &str, key: &SigningKey, name: &str| {
        sign(text, &[Signer::new(name, key).expect("a name")]).expect("a note")
    };
    let ours = |text: &str| signed(text, &key(), ORIGIN);
    let other = SigningKey::from_seed([9; 32]);
    let cases = [
        ("wrong-signature", original.replace("\n600\n", "\n599\n")),
        ("wrong-signature", original.replace(root, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        ("wrong-signature", with_changed_signature(&original)),
        ("unknown-signer", signed(&format!("{text}\n"), &other, ORIGIN)),
        ("unknown-signer", ours(&format!("{}\n", text.replace(ORIGIN, "other.example/log")))),
        ("bad-checkpoint", ours(&format!("{ORIGIN}\n0600\n{root}\n"))),
        ("bad-checkpoint", ours(&format!("{ORIGIN}\n9223372036854775808\n{root}\n"))),
        ("bad-checkpoint", ours(&format!("{ORIGIN}\n+600\n{root}\n"))),
        ("bad-checkpoint", ours(&format!("{text}\nextension\n"))),
        ("bad-checkpoint", ours(&format!("{text}\n\n"))),
        ("bad-checkpoint", ours(&format!("{ORIGIN}\n0\n{root}\n"))),
        ("bad-checkpoint", ours(&format!("{ORIGIN}\n600\n{}\n", root.trim_end_matches('=')))),
        ("bad-checkpoint", original.replace('\n', "\r\n")),
        ("bad-checkpoint", original.trim_end().to_owned()),
        ("bad-checkpoint", format!("{original}{line}")),
        ("bad-checkpoint", original.replace("\n\n", "\n")),
        ("bad-checkpoint", String::new()),
    ];
    for (code, note) in cases {
        bench.check(Err((code, "")), |log| fs::write(log.join("checkpoint"), &note).expect("writable"));
    }
    bench.check(Err(("bad-checkpoint", "checkpoint")), |log| {
        edit(&log.join("checkpoint"), |bytes| bytes[0] = 0xff);
    });
    bench.check(Ok(()), |log| {
        // A line under another name that shares our key id is unknown, and ignored.
        let foreign = line.replace(ORIGIN, "elsewhere.example/log");
        fs::write(log.join("checkpoint"), format!("{original}{foreign}")).expect("writable");
    });
}

fn with_changed_signature(note: &str) -> String {
    let (head, tail) = note.split_at(note.len() - 10);
    let changed = if tail.starts_with('A') { "B" } else { "A" };
    format!("{head}{changed}{}", &tail[1..])
}

#[test]
fn an_older_copy_a_fork_and_another_log_need_a_pin_and_fall_to_it() {
    let world = World::new();
    let mut log = world.create();
    world.grow(&mut log, 300);
    let older = tempfile::tempdir().expect("a folder");
    copy(&world.folder(), older.path());
    let pin = Pin::of(&world.grow(&mut log, 600));
    let pins = [Pin::parse(pin.to_text(), &[verifier()]).expect("a pin reads back")];
    let code =
        |folder: &Path| verify(folder, &[verifier()], &pins, &Hidden).map(|_| "ok").map_err(|fault| fault.code());

    assert_eq!(code(&world.folder()), Ok("ok"));
    // Without the pin the older copy passes: that is why it says "not anchored".
    assert!(verify(older.path(), &[verifier()], &[], &Hidden).is_ok());
    assert_eq!(code(older.path()), Err("ledger-rolled-back"));

    // The older copy goes on differently: a cloned machine, or a rewrite signed with the right key.
    let identity = Identity { origin: ORIGIN, key: &world.key };
    let mut fork = Log::open(older.path(), &identity, common::time(1_000_000)).expect("an intact log");
    fork.append(&entries(1000..1300)).expect("appended");
    fork.seal().expect("sealed");
    assert_eq!(code(older.path()), Err("ledger-forked"));
    fork.append(&entries(1300..1400)).expect("appended");
    fork.seal().expect("sealed");
    assert_eq!(code(older.path()), Err("ledger-forked"));
    assert_eq!(fork.check_pin(&pins[0]).expect_err("forked").code(), "ledger-forked");

    let other = tempfile::tempdir().expect("a folder");
    let identity = Identity { origin: "ledger.example/other", key: &world.key };
    let mut log = Log::create(&other.path().join("l"), &identity).expect("a new log");
    log.append(&entries(0..700)).expect("appended");
    log.seal().expect("sealed");
    let known = [verifier(), seal::note::Verifier::new("ledger.example/other", &world.key.public()).expect("a name")];
    let fault = verify(&other.path().join("l"), &known, &pins, &Hidden).expect_err("another log");
    assert_eq!(fault.code(), "ledger-other-origin");
}

#[test]
fn an_older_checkpoint_over_newer_tiles_is_found_without_a_pin() {
    let bench = Bench::new();
    let older = bench.checkpoints[0].note().to_owned();
    bench.check(Err(("ledger-segment-damaged", "segment/")), |log| {
        fs::write(log.join("checkpoint"), &older).expect("writable");
    });
    bench.check(Err(("ledger-unexpected-file", "tile/")), |log| {
        fs::write(log.join("checkpoint"), &older).expect("writable");
        fs::remove_file(log.join("segment/00000000000000000600")).expect("there");
    });
}

#[test]
fn a_witness_anchors_and_a_wrong_cosignature_is_found() {
    let bench = Bench::new();
    let witness = SigningKey::from_seed([3; 32]);
    let known = [verifier(), seal::note::Verifier::witness("witness.example/w1", &witness.public()).expect("a name")];
    let note = bench.checkpoints[2].note();
    let text = note.split_once("\n\n").map(|(text, _)| format!("{text}\n")).expect("a note");
    let path = bench.world.folder().join("checkpoint");
    for (seconds_signed, seconds_written, expect) in
        [(1_767_225_600, 1_767_225_600, Ok(Some(600))), (1, 2, Err("wrong-signature"))]
    {
        let line = seal::note::cosign(&text, "witness.example/w1", &witness, seconds_signed).expect("cosigned");
        let line = if seconds_signed == seconds_written { line } else { reline(&line, seconds_written) };
        fs::write(&path, format!("{note}{line}")).expect("writable");
        let found = verify(&bench.world.folder(), &known, &[], &Hidden);
        assert_eq!(found.map(|verified| verified.anchored_at).map_err(|fault| fault.code()), expect);
    }
}

/// The same cosignature with another time in front of it.
fn reline(line: &str, seconds: u64) -> String {
    let (head, base64) = line.trim_end().rsplit_once(' ').expect("a line");
    let mut blob = seal::armour::decode(base64).expect("base64");
    blob[4..12].copy_from_slice(&seconds.to_be_bytes());
    format!("{head} {}\n", seal::armour::encode(blob))
}
