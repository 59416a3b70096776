//! Packages for courts: every profile gives a package that is intact, the same each time, with its files below `data/filing/`.

mod support;

use std::io::Cursor;

use model::Hidden;
use probity_evidence::court::{Profile, Settings};
use probity_evidence::package::{Build, NoTime, Seals, build};
use support::{Plain, busy_case, check, key, settings, signer};

fn package(profile: Profile) -> (Vec<u8>, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let case = busy_case(root.path());
    let order = Build { court: Settings { profile, ..Settings::default() }, ..settings() };
    let (key, signer) = (key(), signer(1));
    let seals = Seals { key: &key, signers: &[&signer], time: &NoTime, keeper: None };
    let mut out = Cursor::new(Vec::new());
    let built = build(&case, &order, &seals, &Plain, &mut out, &Hidden).unwrap();
    (out.into_inner(), built.warnings)
}

/// Whether the package has a file: its path stands in the clear in the directory of the zip.
fn has(package: &[u8], path: &str) -> bool {
    let path = format!("bag/data/filing/{path}").into_bytes();
    package.windows(path.len()).any(|window| window == path)
}

#[test]
fn every_profile_gives_an_intact_package() {
    let all = [
        (Profile::Plain, &[][..]),
        (Profile::Eu, &[]),
        (
            Profile::UsEcf,
            &[
                "report.pdf",
                "report.pdf.p7s",
                "certification_DRAFT.pdf",
                "certification_DRAFT.txt",
                "filing.xml",
                "README.txt",
            ],
        ),
        (Profile::UkBundle, &["bundle.pdf", "statement_DRAFT.txt", "schedule.csv", "README.txt"]),
    ];
    for (profile, files) in all {
        let (bytes, warnings) = package(profile);
        let verification = check(&bytes);
        assert!(verification.is_intact(), "{profile:?}: {:#?}", verification.checks);
        assert_eq!(has(&bytes, ""), !files.is_empty(), "{profile:?}");
        files.iter().for_each(|file| assert!(has(&bytes, file), "{profile:?} {file}"));
        assert_eq!(package(profile), (bytes, warnings.clone()), "{profile:?}: same case, same package");
        let said = match profile {
            Profile::Plain => None,
            Profile::Eu => Some("is signed by itself"),
            Profile::UsEcf | Profile::UkBundle => Some("should name nobody"),
        };
        assert_eq!(said.is_none(), warnings.is_empty(), "{warnings:?}");
        assert!(said.is_none_or(|said| warnings.iter().any(|warning| warning.contains(said))), "{warnings:?}");
    }
}

#[test]
fn a_file_for_filing_that_was_changed_is_named() {
    let (mut bytes, _) = package(Profile::UkBundle);
    let at = bytes.windows(10).position(|window| window == b"Item,Refer").expect("the schedule is stored as it is");
    bytes[at] = b'i';
    let verification = check(&bytes);
    assert!(!verification.is_intact());
    let places = verification.checks.iter().flat_map(|check| &check.places);
    assert!(places.clone().any(|place| place.contains("data/filing/schedule.csv")), "{:?}", places.collect::<Vec<_>>());
}
