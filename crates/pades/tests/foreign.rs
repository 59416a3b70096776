//! PDFs that others made and signed.

mod kit;

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{REPORT, Server, believed, conforms, file, pki, pyhanko, run, scratch, sign, signer, stamp, trust};
use probity_pades::{Found, Kind, signatures};

/// Signs `from` by pyHanko into `to`.
fn pyhanko_signs(from: &Path, to: &str, server: &Server, key: &str, options: &[&str]) -> Option<PathBuf> {
    let to = scratch(to);
    run(Command::new(pyhanko()?)
        .args(["sign", "addsig", "--timestamp-url", &server.url])
        .args(options)
        .args(["pemder", "--no-pass", "--key"])
        .arg(pki().join(format!("{key}.key")))
        .arg("--cert")
        .arg(pki().join(format!("{key}.pem")))
        .arg("--chain")
        .arg(pki().join("ca.pem"))
        .arg(from)
        .arg(&to));
    Some(to)
}

#[track_caller]
fn found(path: &Path) -> Vec<Found> {
    signatures(&std::fs::read(path).unwrap(), &trust()).unwrap()
}

#[track_caller]
fn good(path: &Path, names: &[&str]) -> Vec<Found> {
    let found = found(path);
    assert_eq!(found.iter().map(|found| found.field.as_str()).collect::<Vec<_>>(), names, "{found:#?}");
    for one in &found {
        assert!(one.signed.intact.is_yes() && one.signed.signer_trusted.is_yes(), "{one:#?}");
        assert!(one.signed.time_trusted.is_yes(), "{one:#?}");
        assert!(one.changes_after.iter().all(|change| change.accepted), "{one:#?}");
    }
    found
}

#[test]
fn what_pyhanko_signs_is_good() {
    let server = Server::start();
    let report = file("foreign.pdf", REPORT);
    let hidden = ["--field", "Sig1", "--use-pades"];
    let Some(first) = pyhanko_signs(&report, "foreign-1.pdf", &server, "p256", &hidden) else { return };
    let only = good(&first, &["Sig1"]);
    assert!(only[0].covers_whole_file.is_yes() && only[0].kind == Kind::Signature, "{only:#?}");
    let visible = ["--field", "1/50,50,250,120/Sig2", "--use-pades"];
    let second = pyhanko_signs(&first, "foreign-2.pdf", &server, "rsa", &visible).unwrap();
    println!("{:#?}", good(&second, &["Sig1", "Sig2"])[0].changes_after);
    let plain = ["--field", "Sig3"];
    let third = pyhanko_signs(&second, "foreign-3.pdf", &server, "qualified", &plain).unwrap();
    good(&third, &["Sig1", "Sig2", "Sig3"]);
    let stamped = scratch("foreign-stamped.pdf");
    run(Command::new(pyhanko().unwrap())
        .args(["sign", "timestamp", "--timestamp-url", &server.url, "--trust-replace", "--trust"])
        .arg(pki().join("ca.pem"))
        .arg(&third)
        .arg(&stamped));
    let all = found(&stamped);
    assert_eq!(all.len(), 4, "{all:#?}");
    good(&stamped, &["Sig1", "Sig2", "Sig3", &all[3].field.clone()]);
    assert_eq!(all[3].kind, Kind::DocumentTimestamp);
    // Ours and theirs in one file.
    let ours = file("foreign-ours.pdf", &sign(REPORT, "Sig1", "p256"));
    let mixed = pyhanko_signs(&ours, "foreign-mixed.pdf", &server, "rsa", &["--field", "Sig2", "--use-pades"]).unwrap();
    good(&mixed, &["Sig1", "Sig2"]);
    let back = file("foreign-back.pdf", &sign(&std::fs::read(&mixed).unwrap(), "Sig3", "qualified"));
    good(&back, &["Sig1", "Sig2", "Sig3"]);
    assert!(kit::pyhanko_says(&back).unwrap().matches("judged VALID").count() == 3);
}

/// The same pages in the forms that writers give them: object streams, linearised, an older version.
#[test]
fn every_form_of_file_is_read_and_signed() {
    let server = Server::start();
    let plain = file("forms.pdf", REPORT);
    for (name, options) in [
        ("objects", &["--object-streams=generate", "--compress-streams=y"][..]),
        ("linear", &["--linearize"]),
        ("linear-objects", &["--linearize", "--object-streams=generate"]),
        ("old", &["--object-streams=disable", "--force-version=1.4"]),
    ] {
        let form = scratch(&format!("form-{name}.pdf"));
        run(Command::new("qpdf").args(options).arg(&plain).arg(&form));
        let bytes = std::fs::read(&form).unwrap();
        assert!(signatures(&bytes, &trust()).unwrap().is_empty());
        let ours = file(&format!("form-{name}-ours.pdf"), &sign(&bytes, "Sig1", "p256"));
        conforms(&ours);
        good(&ours, &["Sig1"]);
        let options = ["--field", "Sig1", "--use-pades"];
        let Some(theirs) = pyhanko_signs(&form, &format!("form-{name}-1.pdf"), &server, "p256", &options) else {
            return;
        };
        good(&theirs, &["Sig1"]);
        let bytes = std::fs::read(&theirs).unwrap();
        let second = file(&format!("form-{name}-2.pdf"), &sign(&bytes, "Sig2", "qualified"));
        good(&second, &["Sig1", "Sig2"]);
        believed(&second, 2);
        let archived =
            probity_pades::extend(&std::fs::read(&second).unwrap(), &kit::revocations(&["p256"]), &mut stamp);
        let archived = file(&format!("form-{name}-3.pdf"), &archived.unwrap());
        good(&archived, &["Sig1", "Sig2", "TimeStamp1"]);
        believed(&archived, 2);
    }
}

/// Empty fields that somebody prepared: we sign them, pyHanko signs them, and both believe each other.
#[test]
fn prepared_fields_are_signed() {
    let server = Server::start();
    let Some(pyhanko) = pyhanko() else { return };
    let prepared = scratch("prepared.pdf");
    run(Command::new(pyhanko)
        .args(["sign", "addfields", "--field", "1/50,50,250,120/First", "--field", "2/50,50,250,120/Second"])
        .arg(file("unprepared.pdf", REPORT))
        .arg(&prepared));
    let bytes = std::fs::read(&prepared).unwrap();
    let ours = probity_pades::sign(&bytes, &kit::field("First"), &signer("p256"), &mut stamp).unwrap();
    let ours = file("prepared-ours.pdf", &ours);
    good(&ours, &["First"]);
    believed(&ours, 1);
    let both =
        pyhanko_signs(&ours, "prepared-both.pdf", &server, "rsa", &["--field", "Second", "--use-pades"]).unwrap();
    let all = good(&both, &["First", "Second"]);
    assert!(all[0].changes_after.iter().any(|change| change.what.contains("\"Second\"")), "{all:#?}");
    believed(&both, 2);
    let taken = probity_pades::sign(&std::fs::read(&both).unwrap(), &kit::field("First"), &signer("p256"), &mut stamp);
    assert_eq!(taken.unwrap_err().code(), "signature-field-taken");
}

/// A certifying signature that allows no change: validation data and stamps may come, signatures may not.
#[test]
fn certified_documents_stay_as_they_are() {
    let server = Server::start();
    let report = file("uncertified.pdf", REPORT);
    let options = ["--field", "Sig1", "--use-pades", "--certify"];
    let Some(certified) = pyhanko_signs(&report, "certified.pdf", &server, "p256", &options) else { return };
    good(&certified, &["Sig1"]);
    let bytes = std::fs::read(&certified).unwrap();
    // pyHanko certifies with P = 2: forms may be filled in and signed. With P = 1 it would be signed otherwise.
    let signed = sign(&bytes, "Sig2", "qualified");
    good(&file("certified-signed.pdf", &signed), &["Sig1", "Sig2"]);
    let archived = probity_pades::extend(&bytes, &kit::revocations(&["p256"]), &mut stamp).unwrap();
    good(&file("certified-archived.pdf", &archived), &["Sig1", "TimeStamp1"]);
}

#[test]
fn encrypted_files_are_not_checked() {
    let path = scratch("encrypted.pdf");
    let signed = file("to-encrypt.pdf", &sign(REPORT, "Sig1", "p256"));
    run(Command::new("qpdf").args(["--encrypt", "", "owner", "256", "--"]).arg(&signed).arg(&path));
    let found = found(&path);
    assert!(matches!(found[0].signed.intact, seal::Answer::NotChecked(_)), "{found:#?}");
    let refused = probity_pades::sign(&std::fs::read(&path).unwrap(), &kit::field("A"), &signer("p256"), &mut stamp);
    assert_eq!(refused.unwrap_err().code(), "pdf-encrypted");
}
