//! A package verifies iff nobody touched it, and verify says what was touched.

mod support;

use std::io::{Cursor, Read as _, Seek as _};
use std::os::unix::fs::FileExt as _;

use model::{Hidden, Kind};
use probity_evidence::package::{NoTime, Out, Outcome, Places, Question, Seals, build, verify};
use probity_evidence::{Act, Case, NewExhibit};
use seal::SigningKey;
use support::*;

#[test]
fn a_fresh_package_is_intact_and_every_check_is_answered() {
    let root = tempfile::tempdir().unwrap();
    let verification = check(&audited_package(&case(root.path())));
    let open: Vec<_> = verification.checks.iter().filter(|check| check.verdict != Outcome::Passed).collect();
    assert!(open.is_empty(), "{open:#?}");
    assert!(verification.holds() && verification.answer(Question::SignerTrusted).0 == Outcome::Passed);
    assert_eq!(verification.answer(Question::TimeTrusted).0, Outcome::NotChecked);
    assert_eq!(verification.case.as_deref(), Some("2026-017"));
    assert_eq!(verification.files, 35);
}

#[test]
fn same_case_and_same_settings_give_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(package(&case(one.path())), package(&case(two.path())));
}

/// Flips one bit of every `step`th byte of what a test chooses and wants it named.
fn flip(package: &[u8], choose: impl Fn(usize) -> bool) {
    let mut flipped = package.to_vec();
    for at in (0..package.len()).filter(|at| choose(*at)) {
        let bit = 1 << (at % 8);
        flipped[at] ^= bit;
        let verification = check(&flipped);
        let named =
            verification.checks.iter().any(|check| check.verdict == Outcome::Failed && !check.detail.is_empty());
        assert!(!verification.is_intact() && named, "byte {at} bit {bit:#x}");
        flipped[at] ^= bit;
    }
}

#[test]
fn a_flipped_byte_is_seen() {
    let root = tempfile::tempdir().unwrap();
    let package = package(&case(root.path()));
    let directory = package.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    // A prime step through the contents and local headers, and every byte of the directory.
    flip(&package, |at| at >= directory || at % 307 == 0);
}

/// Minutes without optimisation: run it with `--release -- --ignored`.
#[test]
#[ignore = "exhaustive; a_flipped_byte_is_seen takes samples"]
fn every_flipped_byte_is_seen() {
    let root = tempfile::tempdir().unwrap();
    flip(&package(&case(root.path())), |_| true);
}

#[test]
fn a_cut_or_longer_file_is_seen() {
    let root = tempfile::tempdir().unwrap();
    let package = package(&case(root.path()));
    for keep in (4..package.len()).step_by(1999).chain(package.len() - 3..package.len()) {
        assert!(!check(&package[..keep]).is_intact(), "{keep} bytes");
    }
    assert!(!check(&[&package[..], b"\n"].concat()).is_intact());
    assert!(!check(&[&package[..], &package[..]].concat()).is_intact());
    let before = verify(&&[b"x", &package[..]].concat()[..], &ask(&[], &[]), &Hidden);
    assert!(before.map_or(true, |verification| !verification.is_intact()));
    let nothing = verify(&&b"hello"[..], &ask(&[], &[]), &Hidden).unwrap_err();
    assert_eq!((nothing.code(), nothing.kind()), ("not-a-package", Kind::BadInput));
}

#[test]
fn a_strangers_seal_is_intact_but_not_trusted() {
    let root = tempfile::tempdir().unwrap();
    let case = case(root.path());
    let package = package_by(&case, &SigningKey::from_seed([8; 32]), &[&signer(2)]);
    let verification = check(&package);
    assert!(verification.is_intact() && !verification.holds());
    assert_eq!(verification.answer(Question::SignerTrusted).0, Outcome::Failed);
    let unasked = verify(&&package[..], &ask(&[], &[]), &Hidden).unwrap();
    assert!(unasked.holds() && unasked.answer(Question::SignerTrusted).0 == Outcome::NotChecked);
}

/// A key that the user trusts vouches for the certificate that its holder made; and is one signer, not two.
#[test]
fn a_trusted_key_vouches_for_its_own_certificate() {
    let root = tempfile::tempdir().unwrap();
    let case = case(root.path());
    let stranger = [seal::x509::Signer::certificate(&signer(3)).clone()];
    for (signers, package) in [(1, package(&case)), (0, package_by(&case, &key(), &[]))] {
        let answer = |keys: &[seal::PublicKey], wanted| {
            let asked = probity_evidence::package::Ask { signers: wanted, ..ask(keys, &stranger) };
            verify(&package.as_slice(), &asked, &Hidden).unwrap().answer(Question::SignerTrusted).0
        };
        assert_eq!(answer(&[key().public()], 1), Outcome::Passed, "{signers}");
        assert_eq!(answer(&[key().public()], 2), Outcome::Failed, "{signers}");
        assert_eq!(answer(&[], 1), Outcome::Failed, "{signers}");
    }
}

#[test]
fn an_exhibit_that_changed_on_the_disk_stops_the_build() {
    let root = tempfile::tempdir().unwrap();
    let case = case(root.path());
    std::fs::write(case.folder().join("exhibits/EX-001/access.log"), b"10.0.0.2 GET / 200\n").unwrap();
    let seals = Seals { key: &key(), signers: &[], time: &NoTime, keeper: None };
    let fault = build(&case, &settings(), &seals, &Plain, &mut Cursor::new(Vec::new()), &Hidden).unwrap_err();
    assert_eq!(fault.code(), "exhibit-changed");
    assert_eq!(case.check(&Hidden).unwrap_err().code(), "exhibit-changed");
}

#[test]
fn a_case_survives_a_crash_and_says_so() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let path = case.folder().join("custody.jsonl");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], b"{\"schema\":\"custody/1\",\"se"].concat()).unwrap();
    std::fs::create_dir_all(case.folder().join("exhibits/EX-003")).unwrap();
    std::fs::write(case.folder().join("exhibits/EX-003/.draft-half"), b"half").unwrap();
    let new = probity_evidence::NewExhibit { name: "c.txt", description: "third" };
    let third = case.add(&mut &b"3"[..], new, &act(300, "after the crash"), &Hidden).unwrap();
    assert_eq!(third.file, "exhibits/EX-003/c.txt");
    assert!(!case.folder().join("exhibits/EX-003/.draft-half").exists());
    let words: Vec<_> = case.check(&Hidden).unwrap().entries.iter().map(|entry| entry.deed.word()).collect();
    assert_eq!(words, ["opened", "collected", "collected", "evaluated", "annotated", "recovered", "collected"]);
    assert_eq!(Case::open(root.path(), "2026-017").unwrap().exhibits().len(), 3);
    assert!(check(&package(&case)).is_intact());
}

#[test]
fn a_case_refuses_what_it_cannot_stand_for() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let code = |result: Result<(), model::Fault>| result.unwrap_err().code();
    assert_eq!(code(Case::create(root.path(), "2026-017", "again", &act(0, "x")).map(drop)), "case-exists");
    assert_eq!(code(Case::create(root.path(), "../x", "t", &act(0, "x")).map(drop)), "bad-case-id");
    assert_eq!(code(Case::open(root.path(), "other").map(drop)), "case-missing");
    assert_eq!(code(case.note("late", &act(1, "x"))), "custody-time-backwards");
    assert_eq!(code(case.note(" ", &act(999, "x"))), "text-missing");
    assert_eq!(code(case.note("n", &Act { time: at(999), by: "", purpose: "x" })), "text-missing");
    assert_eq!(code(case.record_evaluation(b"{}", &act(999, "x")).map(drop)), "bad-evaluation");
    assert_eq!(Case::list(root.path()).unwrap(), ["2026-017"]);
}

#[test]
fn the_answer_as_json_has_the_members_and_names_of_its_schema() {
    let root = tempfile::tempdir().unwrap();
    let verification = check(&package(&case(root.path())));
    let json: serde_json::Value = serde_json::from_slice(&verification.to_json().unwrap()).unwrap();
    let schema = include_str!("../../../schemas/verification.v2.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let members = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&json), members(&schema["properties"]));
    assert_eq!((&json["intact"], &json["signer_trusted"]), (&true.into(), &true.into()));
    assert_eq!((&json["time_trusted"], &json["custody_unbroken"]), (&serde_json::Value::Null, &true.into()));
}

/// ZIP64, in constant memory. Writes 9 GB: run it with `--release -- --ignored`.
#[test]
#[ignore = "writes 9 GB"]
fn an_exhibit_beyond_4_gib_is_streamed() {
    use std::io::Read;
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let size = (1_u64 << 32) + 17;
    let new = probity_evidence::NewExhibit { name: "disk.img", description: "image" };
    case.add(&mut std::io::repeat(7).take(size), new, &act(300, "large"), &Hidden).unwrap();
    let more = probity_evidence::NewExhibit { name: "after.txt", description: "its offset needs 64 bits" };
    case.add(&mut &b"after"[..], more, &act(301, "small"), &Hidden).unwrap();
    let path = root.path().join("package.zip");
    let seals = Seals { key: &key(), signers: &[], time: &NoTime, keeper: None };
    build(&case, &settings(), &seals, &Plain, &mut std::fs::File::create(&path).unwrap(), &Hidden).unwrap();
    let verification = verify(&std::fs::File::open(&path).unwrap(), &ask(&[], &[]), &Hidden).unwrap();
    assert!(verification.is_intact(), "{:#?}", verification.checks);
    let judge = "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip())";
    assert!(std::process::Command::new("python3").args(["-c", judge]).arg(&path).status().unwrap().success());
    assert!(std::process::Command::new("unzip").arg("-tqq").arg(&path).status().unwrap().success());
}

/// A file in which every byte has its place.
struct Placed(std::fs::File);

impl std::io::Write for Placed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Places for Placed {
    fn write_at(&self, at: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all_at(bytes, at)
    }
}

impl Out for Placed {
    fn patch(&mut self, at: u64, bytes: &[u8], end: u64) -> std::io::Result<()> {
        self.0.write_all_at(bytes, at)?;
        self.0.seek(std::io::SeekFrom::Start(end)).map(drop)
    }

    fn can_patch(&self) -> bool {
        true
    }

    fn places(&mut self) -> Option<&dyn Places> {
        Some(self)
    }
}

/// Several threads that write at once give the same bytes as one after the other, and see the same changes.
#[test]
fn a_package_is_the_same_however_it_is_written() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    for size in [0, 1, 300_000, 5_000_000] {
        let new = NewExhibit { name: "blob", description: "" };
        case.add(&mut &vec![size as u8; size][..], new, &act(300, "first copy"), &Hidden).unwrap();
    }
    let file = || tempfile::tempfile_in(root.path()).unwrap();
    let seals = Seals { key: &key(), signers: &[], time: &NoTime, keeper: None };
    let mut placed = Placed(file());
    let built = build(&case, &settings(), &seals, &Plain, &mut placed, &Hidden).unwrap();
    let mut bytes = Vec::new();
    placed.0.seek(std::io::SeekFrom::Start(0)).unwrap();
    placed.0.read_to_end(&mut bytes).unwrap();
    assert!(bytes == packed(&case, &settings(), &key(), &[]) && bytes.len() as u64 == built.bytes);
    // Shorter, longer, other: each is seen.
    let path = case.folder().join("exhibits/EX-004/blob");
    let was = std::fs::read(&path).unwrap();
    for changed in [&was[1..], &[&was[..], b"x"].concat(), &[&was[1..], b"x"].concat()] {
        std::fs::write(&path, changed).unwrap();
        for out in [&mut Placed(file()) as &mut dyn Out, &mut Cursor::new(Vec::new())] {
            let fault = build(&case, &settings(), &seals, &Plain, out, &Hidden).unwrap_err();
            assert_eq!(fault.code(), "exhibit-changed");
        }
    }
}
