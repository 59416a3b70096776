//! `case`, `package build` and `verify`: what goes in, what comes out, and every way to tamper with it.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, repository, with_own_mounts};

/// A project with a case of two exhibits, an evaluation and a remark.
fn house() -> House {
    let house = House::initialised();
    house.write("access.jsonl", "{\"ts\":\"2026-11-22T11:00:00Z\",\"service\":\"web\",\"status\":503}\n");
    house.write("notes & <more>.txt", "äöü\n");
    house.run(&["ingest", "access.jsonl"]).expect(0);
    house.run(&["case", "new", "c1", "--title", "Outage & <more>"]).expect(0);
    house.run(&["evaluate", "--case", "c1"]).expect(1);
    house.run(&["case", "add", "c1", "access.jsonl", "notes & <more>.txt", "--purpose", "first copy"]).expect(0);
    house.run(&["case", "note", "c1", "The server was restarted at noon."]).expect(0);
    house
}

fn built() -> House {
    let house = house();
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
    house
}

#[test]
fn a_case_is_kept_from_opening_to_leaving() {
    // new, add, note, list, show: each act stands in the custody record, and mistakes leave it as it was.
    let house = built();
    assert_eq!(house.run(&["case", "list"]).expect(0).stdout, "c1\n");
    let shown = house.json(&["case", "show", "c1"], 0);
    let acts: Vec<&str> = shown["custody"].as_array().unwrap().iter().map(|one| one["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["opened", "evaluated", "collected", "collected", "annotated", "exported"]);
    assert_eq!(shown["exhibits"][1]["name"], "notes & <more>.txt");
    assert_eq!(shown["exhibits"][0]["sha256"], sha256(&house, "access.jsonl"));
    let found = house.run(&["audit", "search", "--command", "package", "--json"]).expect(0);
    let entry: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(entry["digests"]["custody"], shown["custody_head"]);
    let before = house.tree(".probity/cases");
    house.run(&["case", "new", "c1", "--title", "x"]).expect(4).code("case-exists");
    house.run(&["case", "new", "c1", "--title", "x", "--if-absent"]).expect(0);
    house.run(&["case", "new", "../c2", "--title", "x"]).expect(2).code("bad-case-id");
    house.run(&["case", "new", "c2", "--title", ""]).expect(2).code("text-missing");
    house.run(&["case", "note", "c9", "x"]).expect(6).code("case-missing");
    house.run(&["case", "add", "c9", "access.jsonl"]).expect(6).code("case-missing");
    assert_eq!(house.tree(".probity/cases"), before);
    fit_their_schemas(&[shown]);
}

fn sha256(house: &House, file: &str) -> String {
    house.shell(&format!("sha256sum < '{file}' | cut -d' ' -f1")).expect(0).stdout.trim().to_owned()
}

#[test]
fn exhibits_are_files_and_come_all_or_none() {
    // A missing file, a folder or a pipe behind a good file: nothing is taken in. A link is taken in as what it points to.
    let house = house();
    house.shell("mkfifo pipe; ln -s access.jsonl link; ln -s nowhere dangling; mkdir folder").expect(0);
    let before = house.tree(".probity/cases");
    for (wrong, code) in [
        ("missing.txt", "not-found"),
        ("dangling", "not-found"),
        ("folder", "exhibit-not-a-file"),
        ("pipe", "exhibit-not-a-file"),
        ("/dev/zero", "exhibit-not-a-file"),
    ] {
        let ran = house.run(&["case", "add", "c1", "access.jsonl", wrong]).expect(6).code(code);
        assert!(ran.stderr.contains(wrong), "{}", ran.stderr);
        assert_eq!(house.tree(".probity/cases"), before, "{wrong}");
    }
    let added = house.json(&["case", "add", "c1", "link"], 0);
    assert_eq!(added["exhibits"][0]["sha256"], sha256(&house, "access.jsonl"));
    assert!(!house.path(".probity/cases/c1/exhibits/EX-003/link").is_symlink());
}

#[test]
fn a_file_that_is_an_exhibit_already_is_not_taken_in_twice() {
    // Same name and same bytes: a no-op that says so. Another name or other bytes are another exhibit; and so is, without
    // the flag, a second copy.
    let house = house();
    let add = |files: &[&str]| {
        let flags: &[&str] = &["--if-absent", "--purpose", "second copy"];
        house.json(&[&["case", "add", "c1"], files, flags].concat(), 0)
    };
    let ids = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|exhibit| exhibit["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = house.tree(".probity/cases");
    let none = add(&["access.jsonl", "./notes & <more>.txt"]);
    assert_eq!((&none["act"], ids(&none["exhibits"]).len()), (&"present".into(), 0), "{none}");
    assert_eq!(ids(&none["present"]), ["EX-001", "EX-002"]);
    assert_eq!(house.tree(".probity/cases"), before);
    let human = house.run(&["case", "add", "c1", "access.jsonl", "--if-absent"]).expect(0).stdout;
    assert_eq!(human, "access.jsonl is exhibit EX-001 already; nothing was added for it.\n");
    let entry = house.json(&["audit", "search", "--reverse", "--limit", "1"], 0);
    assert_eq!((&entry["act"], &entry["outcome"]), (&"case.present".into(), &"done".into()));
    house.shell("cp access.jsonl renamed.jsonl; mkdir other; echo other > other/access.jsonl").expect(0);
    let some = add(&["access.jsonl", "renamed.jsonl", "other/access.jsonl"]);
    assert_eq!(some["act"], "collected");
    assert_eq!(
        (ids(&some["exhibits"]), ids(&some["present"])),
        (vec!["EX-003".into(), "EX-004".into()], vec!["EX-001".into()])
    );
    assert_eq!(ids(&house.json(&["case", "add", "c1", "access.jsonl"], 0)["exhibits"]), ["EX-005"]);
    assert!(house.run(&["case", "show", "c1"]).expect(0).stderr.is_empty());
    fit_their_schemas(&[none, some]);
}

#[test]
fn an_exhibit_that_changed_in_the_case_is_not_sealed() {
    // Whoever edits or removes a file below the case folder is found out by show and by build; no package appears.
    let check = |line: &str| {
        let house = house();
        house.shell(line).expect(0);
        for args in [&["case", "show", "c1"][..], &["package", "build", "c1", "--output", "c1.zip"]] {
            let ran = house.run(args);
            assert!(ran.exit == 1 || ran.exit == 6, "{line}: {args:?}: {ran:?}");
            assert!(ran.stderr.contains("c1/") || ran.stderr.contains("EX-001"), "{line}: {ran:?}");
        }
        assert!(!house.path("c1.zip").exists(), "{line}");
    };
    check("echo x >> .probity/cases/c1/exhibits/EX-001/access.jsonl");
    check("rm .probity/cases/c1/exhibits/EX-001/access.jsonl");
    check("cd .probity/cases/c1/exhibits/EX-001; mv access.jsonl x; ln -s x access.jsonl; echo x >> x");
    check("sed -i '0,/first copy/s//second copy/' .probity/cases/c1/custody.jsonl");
}

#[test]
fn the_ledger_holds_the_end_of_the_custody_record() {
    // The chain cannot protect its own last line: changed or cut off, the ledger knows another end.
    for (line, what) in [
        ("sed -i s/noon/dawn/ .probity/cases/c1/custody.jsonl", "line 5 was altered"),
        ("sed -i '$d' .probity/cases/c1/custody.jsonl", "it had 5 lines, now it has 4: line 5 was cut off"),
    ] {
        let house = house();
        assert_eq!(house.run(&["case", "show", "c1"]).expect(0).stderr, "");
        house.shell(line).expect(0);
        for args in [&["case", "show", "c1"][..], &["package", "build", "c1", "--output", "c1.zip"]] {
            let ran = house.run(args).expect(1).code("custody-not-as-in-ledger");
            let said = format!("the ledger knows another end of the custody record of c1: {what}");
            assert!(ran.stderr.contains(&said), "{line}: {ran:?}");
        }
    }
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    // Two copies of one project, built at one --time: equal to the last byte. Another time is another package.
    let house = house();
    house.shell("mkdir a b c; for d in a b c; do cp -a .probity probity.toml rules jobs $d/; done").expect(0);
    let build = |folder: &str, time: &str| {
        let out = format!("{folder}.zip");
        house.run(&["--project", folder, "package", "build", "c1", "--output", &out, "--time", time]).expect(0);
        fs::read(house.path(&out)).unwrap()
    };
    let first = build("a", "2026-11-22T12:00:00Z");
    assert!(first == build("b", "2026-11-22T12:00:00Z"));
    assert!(first != build("c", "2026-11-22T12:00:01Z"));
}

#[test]
fn an_existing_package_is_replaced_only_when_asked() {
    // A refusal leaves the file as it is, and the case as well.
    let house = built();
    let before = (fs::read(house.path("c1.zip")).unwrap(), house.tree(".probity/cases"));
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(4).code("output-exists");
    assert!(before == (fs::read(house.path("c1.zip")).unwrap(), house.tree(".probity/cases")));
    let document = house.json(&["package", "build", "c1", "--output", "c1.zip", "--overwrite"], 0);
    assert_eq!(document["demo_key"], false);
    house.run(&["verify", "c1.zip"]).expect(0);
    fit_their_schemas(&[document]);
}

#[test]
fn trust_is_asked_for_by_key() {
    // Intact is one answer, by whom is another: the right key, a wrong one, one of several, and no key at all.
    let house = built();
    let other = House::initialised();
    let right = ".probity/keys/evidence.pub";
    let wrong = other.path(right);
    let wrong = wrong.to_str().unwrap();
    house.run(&["verify", "c1.zip"]).expect(0);
    let trusted = house.json(&["verify", "c1.zip", "--trust", right], 0);
    let foreign = house.json(&["verify", "c1.zip", "--trust", wrong], 1);
    house.run(&["verify", "c1.zip", "--trust", wrong, "--trust", right]).expect(0);
    assert_eq!((&trusted["intact"], &foreign["intact"]), (&true.into(), &true.into()));
    let said = house.run(&["verify", "c1.zip", "--trust", wrong]).expect(1).stdout;
    assert!(said.contains("signer trusted\tNO: ") && said.contains("is not one that you trust"), "{said}");
    house.run(&["verify", "c1.zip", "--trust", "c1.zip"]).expect(6);
    house.run(&["verify", "missing.zip"]).expect(6).code("not-found");
    // The receiver has no project, and gets none.
    let receiver = House::new();
    fs::copy(house.path("c1.zip"), receiver.path("c1.zip")).unwrap();
    receiver.run(&["verify", "c1.zip"]).expect(0);
    assert!(!receiver.path(".probity").exists());
    fit_their_schemas(&[trusted, foreign]);
}

#[test]
fn one_flipped_bit_anywhere_is_found_and_named() {
    // Forty places all over the zip, its directory and its ends: exit 1, and a sentence that says what.
    let house = built();
    let whole = fs::read(house.path("c1.zip")).unwrap();
    let last = whole.len() - 1;
    for step in 0..=40 {
        let place = last * step / 40;
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (step % 8);
        house.write("flipped.zip", flipped);
        let ran = house.run(&["verify", "flipped.zip"]).expect(1);
        let named =
            ran.stdout.lines().any(|line| line.contains("\tfailed\t")) || ran.stderr.contains("error: flipped.zip");
        assert!(named, "byte {place} of {last}: {ran:?}");
    }
    for cut in [0, 1, 22, last / 2, last] {
        house.write("cut.zip", &whole[..cut]);
        let ran = house.run(&["verify", "cut.zip"]);
        assert!(ran.exit == 1 || ran.exit == 6, "{cut}: {ran:?}");
    }
    house.write("longer.zip", [&whole[..], b"x"].concat());
    house.run(&["verify", "longer.zip"]).expect(1);
}

#[test]
fn entries_that_another_tool_changed_are_named() {
    // zip adds, replaces, deletes and renames entries; each makes verify say no and what.
    if !judge("zip") {
        return;
    }
    let house = built();
    let check = |line: &str, said: &str| {
        fs::copy(house.path("c1.zip"), house.path("t.zip")).unwrap();
        house.shell(line).expect(0);
        let ran = house.run(&["verify", "t.zip"]).expect(1);
        assert!((ran.stdout.clone() + &ran.stderr).contains(said), "{line}: {ran:?}");
    };
    let exhibit = "bag/data/exhibits/EX-001/access.jsonl";
    check("mkdir -p bag/data; echo x > bag/data/more.txt; zip -q t.zip bag/data/more.txt", "bag/data/more.txt");
    check(&format!("zip -q -d t.zip {exhibit}"), "EX-001/access.jsonl");
    check(&format!("printf '@ {exhibit}\\n@={exhibit}.old\\n' | zipnote -w t.zip"), "access.jsonl");
    check(&format!("mkdir -p $(dirname {exhibit}); echo x > {exhibit}; zip -q t.zip {exhibit}"), "EX-001/access.jsonl");
    check("zip -q -d t.zip bag/manifest-sha256.txt", "manifest-sha256.txt");
    check("echo note | zip -q -z t.zip", "");
}

#[test]
fn independent_programs_accept_the_package() {
    // xmllint, ssh-keygen, minisign, sha256sum, bagit-python, qpdf, and verify.sh under dash, busybox and bash.
    let judges = ["unzip", "xmllint", "ssh-keygen", "minisign", "qpdf", "pdfdetach", "busybox", "dash"];
    if !judges.iter().all(|program| judge(program)) {
        return;
    }
    let house = built();
    let mut check = Command::new(repository("tests/judges/package/check"));
    let ran = Ran::of(check.arg(house.path("c1.zip")).output().unwrap()).expect(0);
    assert!(
        ran.stdout.contains("ok: verify.sh in busybox sh") && ran.stdout.contains("ok: bagit-python"),
        "{}",
        ran.stdout
    );
    // veraPDF is the one judge that is not installed where it is missing; it has agreed, or says that it was not asked.
    assert!(ran.stdout.contains("ok: veraPDF 3a,ua1") || ran.stdout.contains("SKIPPED: veraPDF"), "{}", ran.stdout);
}

#[test]
fn a_full_disk_leaves_no_half_package() {
    // The output folder is too small: exit 8, nothing in it, the custody record without an export; then it works elsewhere.
    let house = house();
    let script = "mount -t tmpfs -o size=64k none /mnt\nset +e\n\
        probity package build c1 --output /mnt/c1.zip\ncode=$?\nls -A /mnt\nexit $code";
    let Some(ran) = with_own_mounts(&house, script) else { return };
    let ran = ran.expect(8).code("disk-full");
    assert_eq!(ran.stdout, "");
    let shown = house.json(&["case", "show", "c1"], 0);
    assert!(shown["custody"].as_array().unwrap().iter().all(|one| one["act"] != "exported"));
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
}

#[test]
fn the_marking_is_on_every_page() {
    // What is given on the command line goes before the settings, and the report says so on each of its pages.
    if !judge("pdftotext") {
        return;
    }
    let house = house();
    house
        .run(&["package", "build", "c1", "--output", "c1.zip", "--marking", "FOR THE COURT", "--watermark", ""])
        .expect(0);
    let text = house.shell("unzip -q c1.zip && pdftotext -layout bag/data/report.pdf - ").expect(0).stdout;
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 1 && pages.iter().all(|page| page.contains("FOR THE COURT")), "{text}");
    assert!(!text.contains("EVIDENCE COPY"), "{text}");
}
