//! Signed documents stay PDF/A-3a and PDF/UA-1, and everybody else's tools accept the signatures.

mod kit;

use kit::{
    REPORT, conforms, field, file, no_stamp, pdfsig_says, pyhanko_says, revocations, sign, signer, stamp, trust,
    visible,
};
use probity_pades::{Kind, extend, sign as sign_with, signatures};

/// What four judges say about a file with `count` signatures and `stamps` of the document, none of which they may doubt.
fn believed(path: &std::path::Path, count: usize, stamps: usize) {
    conforms(path);
    kit::believed(path, count);
    let found = signatures(&std::fs::read(path).unwrap(), &trust()).unwrap();
    assert_eq!(found.iter().filter(|found| found.kind == Kind::DocumentTimestamp).count(), stamps, "{found:#?}");
    assert_eq!(found.len(), count + stamps, "{found:#?}");
    for found in found {
        assert!(found.signed.intact.is_yes() && found.signed.signer_trusted.is_yes(), "{found:#?}");
        assert!(found.changes_after.iter().all(|change| change.accepted), "{found:#?}");
    }
}

#[test]
fn a_first_signature_conforms_and_is_believed() {
    let path = file("b-t.pdf", &sign(REPORT, "Sig1", "p256"));
    believed(&path, 1, 0);
    assert!(pdfsig_says(&path).contains("Total document signed"));
    let pyhanko = pyhanko_says(&path).unwrap_or_default();
    assert!(pyhanko.is_empty() || pyhanko.contains("covers the entire file"), "{pyhanko}");
    assert!(pyhanko.is_empty() || pyhanko.contains("timestamp token is cryptographically sound"), "{pyhanko}");
    let plain = sign_with(REPORT, &field("Sig1"), &signer("p256"), &mut no_stamp).unwrap();
    believed(&file("b-b.pdf", &plain), 1, 0);
    let again = sign_with(REPORT, &field("Sig1"), &signer("p256"), &mut no_stamp).unwrap();
    assert!(plain == again, "equal inputs give equal bytes");
}

#[test]
fn a_second_signature_leaves_the_first_alone() {
    let first = sign(REPORT, "Sig1", "p256");
    let second = sign(&first, "Second", "qualified");
    assert!(second.starts_with(&first));
    believed(&file("second.pdf", &second), 2, 0);
}

#[test]
fn a_visible_signature_conforms() {
    let bytes = sign_with(REPORT, &visible("Sig1"), &signer("p256"), &mut stamp).unwrap();
    let path = file("visible.pdf", &bytes);
    believed(&path, 1, 0);
    let refused = sign_with(&bytes, &visible("Sig2"), &signer("p256"), &mut stamp).unwrap_err();
    assert_eq!(refused.code(), "signature-must-be-first");
}

#[test]
fn long_term_documents_conform_and_are_believed() {
    let first = sign(REPORT, "Sig1", "p256");
    let evidence = revocations(&["p256", "tsa"]);
    let long = extend(&first, &evidence, &mut no_stamp).unwrap();
    assert!(long.starts_with(&first));
    believed(&file("b-lt.pdf", &long), 1, 0);
    let archived = extend(&first, &evidence, &mut stamp).unwrap();
    let path = file("b-lta.pdf", &archived);
    believed(&path, 1, 1);
    let again = extend(&archived, &revocations(&["tsa"]), &mut stamp).unwrap();
    believed(&file("b-lta-again.pdf", &again), 1, 2);
    let twice = sign(&archived, "Sig2", "qualified");
    believed(&file("b-lta-signed.pdf", &twice), 2, 1);
}
