//! `init`: a project that nobody else can read, made once.

use std::os::unix::fs::PermissionsExt as _;

use crate::house::{House, fit_their_schemas, with_own_mounts};

/// What `init` says it made is there, keys are for their owner alone, and the other commands work with it.
#[test]
fn a_project_is_made_whole() {
    let house = House::new();
    let made = house.json(&["init", "evidence"], 0);
    let files: Vec<&str> = made["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for file in &files {
        assert!(house.path(file).is_file(), "{file}");
    }
    let mode = |below: &str| house.path(below).metadata().unwrap().permissions().mode() & 0o777;
    for key in ["evidence", "ledger", "store"] {
        assert_eq!(mode(&format!("evidence/.probity/keys/{key}.key")), 0o600, "{key}");
    }
    assert_eq!((mode("evidence/.probity"), mode("evidence/.probity/keys")), (0o700, 0o700));
    let public = house.read("evidence/.probity/keys/evidence.pub");
    assert!(public.starts_with("ssh-ed25519 ") && public.ends_with(" probity-evidence\n"), "{public}");
    // The settings that it writes are the defaults, with a comment above each.
    let settings = house.read("evidence/probity.toml");
    let keys = settings.lines().filter(|line| line.contains(" = ")).count();
    assert!(settings.lines().filter(|line| line.starts_with('#')).count() > keys, "{settings}");
    let shown = house.json(&["config", "show", "--project", "evidence"], 0);
    let default = house.json(&["config", "show", "--config", "none"], 0);
    for (key, setting) in shown["settings"].as_object().unwrap() {
        assert_eq!(setting["value"], default["settings"][key]["value"], "{key}");
    }
    // The example rule and the example job are sound: there is only no data yet.
    house.run(&["evaluate", "--project", "evidence"]).expect(3);
    assert!(house.read("evidence/jobs/nightly.toml").contains("every = \"12h\""));
    fit_their_schemas(&[made, shown]);
}

/// Without a folder it is the working folder, and the fingerprint is what ssh-keygen says.
#[test]
fn the_fingerprint_is_that_of_ssh_keygen() {
    let house = House::new();
    let made = house.json(&["init"], 0);
    if !crate::house::judge("ssh-keygen") {
        return;
    }
    let ran = house.shell("ssh-keygen -l -f .probity/keys/evidence.pub").expect(0);
    assert!(ran.stdout.contains(made["evidence_key"].as_str().unwrap()), "{ran:?}");
}

/// A second `init` is refused and changes nothing, whatever of a project is there.
#[test]
fn nothing_is_overwritten() {
    let check = |prepare: &dyn Fn(&House)| {
        let house = House::new();
        prepare(&house);
        let before = house.tree(".");
        house.run(&["init", "."]).expect(4).code("project-exists");
        assert_eq!(house.tree("."), before);
    };
    check(&|house| drop(house.run(&["init", "."]).expect(0)));
    check(&|house| drop(house.write("probity.toml", "")));
    check(&|house| std::os::unix::fs::symlink("nowhere", house.path("probity.toml")).unwrap());
    // A store and a ledger begun with demo keys: keys of one's own could not continue them.
    check(&|house| {
        house.write("a.jsonl", "{\"time\":\"2026-11-22T10:00:00Z\",\"message\":\"a\"}\n");
        house.run(&["ingest", "a.jsonl"]).expect(0);
    });
}

/// Of several at once one makes the project; the others are refused, and it is sound.
#[test]
fn several_at_once_make_one_project() {
    let house = House::new();
    let ran =
        house.shell("for n in 1 2 3 4; do { probity init project 2>/dev/null >&2; echo $?; } & done; wait").expect(0);
    let mut exits: Vec<&str> = ran.stdout.lines().collect();
    exits.sort_unstable();
    assert_eq!(exits, ["0", "4", "4", "4"]);
    house.run(&["audit", "verify", "--project", "project"]).expect(0);
}

/// A disk that is full at any moment leaves nothing that keeps the next run out, and nothing half-made.
#[test]
fn with_room_again_the_next_run_makes_it() {
    let house = House::new();
    let script = "
        for room in $(seq 3 40); do
            mkdir $room; mount -t tmpfs -o size=1m,nr_inodes=$room none $room; cd $room; set +e
            probity init p >/dev/null; echo \"room $room: $?\"
            mount -o remount,nr_inodes=100 .
            probity init p >/dev/null; echo \"again $?\"
            ls -A p p/.probity | xargs
            probity -q --project p audit verify; echo \"verify $?\"
            cd ..
        done";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    let left = "p: .probity jobs probity.toml rules p/.probity: keys ledger";
    let mut full = 0;
    for room in 3..=40 {
        let said = |first, again| format!("room {room}: {first}\nagain {again}\n{left}\nverify 0\n");
        let was_full = ran.stdout.contains(&said(8, 0));
        assert!(was_full || ran.stdout.contains(&said(0, 4)), "{room}: {ran:?}");
        full += u32::from(was_full);
    }
    assert!((20..38).contains(&full), "{full} of 38 disks were full: {ran:?}");
    let ran = ran.code("disk-full");
    assert!(ran.stderr.contains("run the same command again"), "{ran:?}");
}

/// Rules and jobs that are there already stay as they are.
#[test]
fn examples_do_not_replace_rules() {
    let house = House::new();
    house.write("rules/availability.yaml", "mine");
    house.run(&["init", "."]).expect(0);
    assert_eq!(house.read("rules/availability.yaml"), "mine");
}

/// A passphrase from a descriptor or a file protects the evidence key, which then opens with it and with nothing else.
#[test]
fn the_evidence_key_opens_with_its_passphrase_only() {
    let house = House::new();
    house.write("secret", "correct horse\nsecond line\n");
    house.write("wrong", "incorrect horse\n");
    house.write("empty", "\n");
    house.shell("probity init by-fd --passphrase-fd 3 3<secret").expect(0);
    house.run(&["init", "by-file", "--passphrase-file", "secret"]).expect(0);
    for project in ["by-fd", "by-file"] {
        let key = std::fs::read(house.path(&format!("{project}/.probity/keys/evidence.key"))).unwrap();
        assert!(key.starts_with(b"age-encryption.org/v1\n-> scrypt "), "{key:?}");
        let shell = |line: &str| house.shell(&format!("cd {project}; {line}"));
        shell("probity case new c1 --title Outage && probity case add c1 ../secret").expect(0);
        // Nobody to ask, the wrong answer, an empty one: no package.
        shell("probity package build c1 --output c1.zip --no-input").expect(4).code("passphrase-needed");
        shell("probity package build c1 --output c1.zip --passphrase-fd 3 3<../wrong")
            .expect(4)
            .code("wrong-passphrase");
        shell("probity package build c1 --output c1.zip --passphrase-file ../empty").expect(4).code("empty-passphrase");
        assert!(!house.path(&format!("{project}/c1.zip")).exists());
        shell("probity package build c1 --output c1.zip --passphrase-fd 3 3<../secret").expect(0);
        shell("probity verify c1.zip --trust .probity/keys/evidence.pub").expect(0);
    }
}

/// A passphrase that cannot be read leaves no project behind.
#[test]
fn without_its_passphrase_nothing_is_made() {
    let house = House::new();
    house.run(&["init", "new", "--passphrase-file", "nowhere"]).expect(6).code("not-found");
    house.run(&["init", "new", "--passphrase-fd", "77"]).expect(6);
    house.write("empty", "");
    house.run(&["init", "new", "--passphrase-file", "empty"]).expect(4).code("empty-passphrase");
    house.write("latin1", b"\xe9\n");
    house.run(&["init", "new", "--passphrase-file", "latin1"]).expect(6).code("not-utf-8");
    house.run(&["init", "new", "--passphrase-fd", "3", "--passphrase-file", "empty"]).expect(2);
    assert!(!house.path("new").exists());
}

/// A folder that cannot be made says so.
#[test]
fn a_file_is_no_folder() {
    let house = House::new();
    house.write("file", "");
    let ran = house.run(&["init", "file/project"]).expect(6).code("wrong-file-type");
    assert!(ran.stderr.contains("file/project"), "{ran:?}");
}
