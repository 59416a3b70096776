//! Bags by bagit-python, whole and with anything changed; both programs have to agree.

use probity_evidence::package::{Outcome, Question};

use crate::kit::{Ground, answer, fails, failures, holds, judge, python};

/// A bag in the folder `bag`, by bagit-python.
fn bag(algorithms: &str) -> Option<(Ground, String)> {
    let python = python("PROBITY_TEST_PYTHON")?.display().to_string();
    let ground = Ground::new();
    ground.write("bag/a.txt", "a\n");
    ground.write("bag/sub/b ü.bin", [0, 1, 2, 255]);
    ground.write("bag/sub/100%.log", "percent\n");
    ground.run(&format!("{python} -m bagit {algorithms} --quiet --external-identifier 42 bag"));
    Some((ground, python))
}

#[test]
fn bags_of_bagit_python_hold_in_a_folder_and_in_a_zip() {
    for algorithms in ["--sha256", "--sha512 --sha256", "--md5 --sha1 --sha384", ""] {
        let Some((ground, _)) = bag(algorithms) else { return };
        if !judge("zip") {
            return;
        }
        let found = ground.verify("bag", &[]);
        holds(&found, algorithms);
        assert_eq!((found.form, answer(&found, Question::SignerTrusted)), ("BagIt bag", Outcome::NotChecked));
        let version = &found.check("bag").unwrap().detail;
        assert!(version.contains("0.97") && version.contains("older than RFC 8493"), "{version}");
        assert_eq!(found.check("payload-oxum").unwrap().verdict, Outcome::Passed);
        // Deflated; with data descriptors, as a stream has them; stored.
        for (number, zip) in
            ["zip -q -r - bag > 0.zip", "zip -q -r - bag | cat > 1.zip", "zip -q -0 -r 2.zip bag"].iter().enumerate()
        {
            ground.run(zip);
            let found = ground.verify(&format!("{number}.zip"), &[]);
            holds(&found, zip);
            assert_eq!(found.form, "zipped BagIt bag");
        }
        ground.run("cd bag && zip -q -r ../inside.zip . && cd .. && mkdir x && mv bag x && cp x/bag/bagit.txt . && zip -q -r beside.zip bagit.txt && cd x && zip -q ../two.zip -r bag ../bagit.txt");
        let found = ground.verify("inside.zip", &[]);
        holds(&found, "without a folder");
        assert!(found.check("bag").unwrap().detail.contains("without the folder around it"));
    }
}

#[test]
fn weak_digests_are_named() {
    let Some((ground, _)) = bag("--md5") else { return };
    let found = ground.verify("bag", &[]);
    holds(&found, "md5");
    assert!(found.check("weak-digests").unwrap().detail.contains("listed by md5 alone"));
    let Some((ground, _)) = bag("--md5 --sha256") else { return };
    assert!(ground.verify("bag", &[]).check("weak-digests").is_none());
}

#[test]
fn every_change_of_a_bag_is_named_and_bagit_python_says_no_as_well() {
    for (change, expect) in [
        ("echo b >> bag/data/a.txt", "data/a.txt: changed"),
        ("printf 'A\\n' > bag/data/a.txt", "data/a.txt: changed (its sha256 digest"),
        ("rm bag/data/a.txt", "data/a.txt: missing"),
        ("echo x > bag/data/new.txt", "data/new.txt: added"),
        ("mv bag/data/a.txt bag/data/A.txt", "data/A.txt: added"),
        ("rm bag/manifest-sha256.txt", "no list of its payload"),
        ("sed -i 1d bag/manifest-sha256.txt", "added (no list has it)"),
        ("sed -i 's/^./x/' bag/manifest-sha256.txt", "no sha256 digest"),
        ("sed -i 's/External/Internal/' bag/bag-info.txt", "bag-info.txt: changed"),
        ("rm bag/bagit.txt && touch bag/bagit.txt", "does not state the version"),
        ("sed -i 's/0.97/7.0/' bag/bagit.txt", "not known"),
        ("sed -i 's/UTF-8/EBCDIC/' bag/bagit.txt", "only UTF-8 is read"),
    ] {
        let Some((ground, python)) = bag("--sha256") else { return };
        ground.run(change);
        fails(&ground.verify("bag", &[]), change, expect);
        let (good, said) = ground.sh(&format!("{python} -m bagit --quiet --validate bag"));
        assert!(!good, "{change}: bagit-python accepts it: {said}");
    }
}

#[test]
fn what_bagit_python_accepts_or_follows_is_still_refused() {
    for (change, expect) in [
        // It follows links out of the bag.
        ("mv bag/data/a.txt . && ln -s ../../a.txt bag/data/a.txt", "data/a.txt: it is a symbolic link"),
        ("ln -s / bag/root", "root: it is a symbolic link"),
        ("mkfifo bag/pipe", "pipe: it is neither a file nor a folder"),
        ("echo '00  ../evil' >> bag/manifest-sha256.txt", "no sha256 digest"),
        ("sed -i 's/Payload-Oxum: .*/Payload-Oxum: 1.1/' bag/bag-info.txt", "states 1 bytes in 1 files"),
        (
            "sed -n 1p bag/manifest-sha256.txt | sed 's,data/.*,../../etc/passwd,' >> bag/manifest-sha256.txt",
            "climbs out of the bag",
        ),
        (
            "sed -n 1p bag/manifest-sha256.txt | sed 's,data/.*,/etc/passwd,' >> bag/manifest-sha256.txt",
            "leads out of the bag",
        ),
        ("sed -n 1p bag/manifest-sha256.txt >> bag/manifest-sha256.txt", "listed twice"),
    ] {
        let Some((ground, _)) = bag("--sha256") else { return };
        ground.run(change);
        fails(&ground.verify("bag", &[]), change, expect);
    }
}

#[test]
fn a_bag_of_version_one_is_held_to_it() {
    // What this program writes itself in its packages, and what the RFC forbids.
    let declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
    let sum = "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"; // "c"
    let check = |change: &dyn Fn(&Ground), expect: Option<&str>| {
        let ground = Ground::new();
        ground.write("bag/bagit.txt", declaration);
        ground.write("bag/data/c", "c");
        ground.write("bag/data/100%", "c");
        ground.write("bag/manifest-sha256.txt", format!("{sum}  data/100%25\n{sum}  data/c\n"));
        change(&ground);
        let found = ground.verify("bag", &[]);
        match expect {
            None => holds(&found, "sound"),
            Some(expect) => fails(&found, expect, expect),
        }
    };
    check(&|_| {}, None);
    check(
        &|at| at.write("bag/manifest-sha256.txt", format!("{sum}  data/100%\n{sum}  data/c\n")),
        Some("percent sign"),
    );
    check(&|at| at.write("bag/manifest-sha256.txt", format!("{sum} *data/100%25\n{sum} *data/c\n")), Some("*data/c"));
    check(
        &|at| at.write("bag/manifest-sha256.txt", format!("{sum} ./data/100%25\n{sum} data/c\n")),
        Some("plain path"),
    );
    check(
        &|at| at.write("bag/manifest-md5.txt", "4a8a08f09d37b73795649038408b5f33  data/c\n"),
        Some("manifest-md5.txt does not list it"),
    );
    check(&|at| at.write("bag/bagit.txt", format!("\u{feff}{declaration}")), Some("byte order mark"));
    check(&|at| at.write("bag/tagmanifest-sha256.txt", format!("{sum}  bagit.txt\n")), Some("bagit.txt: changed"));
    check(
        &|at| at.write("bag/tagmanifest-sha256.txt", ""),
        Some("manifest-sha256.txt: tagmanifest-sha256.txt does not list it"),
    );
    check(&|at| at.write("bag/manifest-sha3512.txt", "00  data/c\n"), None);
    check(&|at| at.write("bag/fetch.txt", "http://localhost/x 1 data/c\n"), None);
    check(&|at| at.write("bag/fetch.txt", "http://localhost/x 1 ../c\n"), Some("climbs out of the bag"));
    let ground = Ground::new();
    ground.write("bag/bagit.txt", declaration);
    ground.write("bag/manifest-sha256.txt", format!("{sum}  data/c\n"));
    ground.write("bag/fetch.txt", "http://localhost/secret-token 1 data/c\n");
    let found = ground.verify("bag", &[]);
    fails(&found, "fetch", "says where it may be had; nothing is fetched");
    assert!(!failures(&found).contains("secret-token"));
    assert!(found.check("fetch").unwrap().detail.contains("1 are not there"));
    // Lists that nobody here can check say nothing.
    let ground = Ground::new();
    ground.write("bag/bagit.txt", declaration);
    ground.write("bag/data/c", "c");
    ground.write("bag/manifest-sha3512.txt", "00  data/c\n");
    let found = ground.verify("bag", &[]);
    assert!(!found.holds() && found.check("payload-manifest").unwrap().verdict == Outcome::NotChecked);
    // A folder that is none.
    let ground = Ground::new();
    ground.write("bag/a", "a");
    assert_eq!(
        ground.asked("bag", None, &[], &probity_evidence::package::NoBlocks).unwrap_err().code(),
        "not-verifiable"
    );
}
