//! Long-term signatures whose certificates name a responder: everything that a judge needs is in the document.

mod kit;

use std::process::Command;

use kit::{REPORT, anchors, file, now, pki, pyhanko, repository, revocations, said, sign, stamp, trust};
use model::{Instant, Span, Unit};
use probity_pades::{Kind, certificates, extend, signatures};
use seal::{Answer, Trust};

#[test]
fn archived_documents_are_judged_from_themselves() {
    kit::name_responder();
    let first = sign(REPORT, "Sig1", "p256");
    let mut brought: Vec<_> = certificates(&first).unwrap().iter().filter_map(|one| one.common_name()).collect();
    brought.sort_unstable();
    assert_eq!(brought, ["Examiner P-256", "Test TSA", "Test root"]);
    let archived = extend(&first, &revocations(&["p256", "tsa"]), &mut stamp).unwrap();
    let path = file("archived.pdf", &archived);
    if let Some(pyhanko) = pyhanko() {
        let said = said(
            Command::new(pyhanko.with_file_name("python"))
                .arg(repository("tests/judges/pades/long-term"))
                .arg(pki().join("ca.pem"))
                .arg(&path),
        );
        for words in [
            "Sig1 VALID INTACT:TRUSTED,TIMESTAMP_TOKEN<INTACT:TRUSTED>,EXTENDED_WITH_LTA_UPDATES",
            "TimeStamp1 VALID INTACT:TRUSTED",
            "VRI present",
        ] {
            assert!(said.contains(words), "{said}");
        }
    }
    let all = signatures(&archived, &trust()).unwrap();
    assert_eq!(all.iter().map(|found| found.kind).collect::<Vec<_>>(), [Kind::Signature, Kind::DocumentTimestamp]);
    assert!(all.iter().all(|found| found.signed.intact.is_yes()), "{all:#?}");
    assert!(all.iter().all(|found| found.signed.signer_trusted.is_yes()), "{all:#?}");
    let notes = all[0].signed.notes.join(" ");
    assert!(notes.contains("TimeStamp1") && !notes.contains("Revocation not checked"), "{notes}");
}

/// When the certificates have expired, a stamp that is renewed in time keeps them; one that is not, does not.
#[test]
fn archived_documents_outlive_the_signer_and_not_the_last_stamp() {
    kit::name_responder();
    let archived = extend(&sign(REPORT, "Sig1", "p256"), &revocations(&["p256", "tsa"]), &mut stamp).unwrap();
    let years = |years: u32| now().plus(Span::new(years * 366, Unit::Day)).unwrap();
    let judge = |now: Instant| signatures(&archived, &Trust { anchors: anchors(), now }).unwrap();
    let soon = judge(years(1));
    assert!(soon[0].signed.signer_trusted.is_yes(), "{soon:#?}");
    let late = judge(years(20));
    assert!(late[0].signed.intact.is_yes(), "the bytes are what they were");
    assert!(late.iter().all(|found| matches!(found.signed.signer_trusted, Answer::No(_))), "{late:#?}");
}
