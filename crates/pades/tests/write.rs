//! Signed documents stay PDF/A-3a and PDF/UA-1, and everybody else's tools accept the signatures.

mod kit;

use std::process::Command;

use evidence::package::PdfReader;
use kit::{
    REPORT, conforms, field, file, no_stamp, pdfsig_says, pyhanko_says, revocations, sign, signer, stamp, trust,
    visible,
};
use model::{Span, Unit};
use probity_pades::{Kind, Limits, Reader, extend, sign as sign_with, signatures};

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

/// A signature that does not fit into its place gets a larger one.
#[test]
fn a_long_chain_fits() {
    let key = std::fs::read_to_string(kit::pki().join("p256.key")).unwrap();
    let mut chain = kit::certificates("p256");
    for name in ["rsa", "tsa", "qualified", "ed25519", "revoked", "ocsp", "ca"] {
        chain.extend(kit::certificates(name));
    }
    for number in 0..12 {
        // A chain of certificates that differ.
        let (seed, until) = ([number; 32], kit::now().plus(Span::new(90, Unit::Day)).unwrap());
        chain.push(seal::x509::self_signed(&seed, &format!("Somebody {number}"), kit::now(), until).unwrap().1);
    }
    let signer = seal::x509::FileSigner::new(&key, chain).unwrap();
    let bytes = sign_with(REPORT, &field("Sig1"), &signer, &mut stamp).unwrap();
    assert!(bytes.len() > REPORT.len() + 2 * 2 * Limits::PLACEHOLDER, "{}", bytes.len());
    believed(&file("long-chain.pdf", &bytes), 1, 0);
}

/// What verify of a package asks: signatures with one answer, and the files inside.
#[test]
fn packages_read_pdfs_through_the_reader() {
    let archived = extend(&sign(REPORT, "Sig1", "p256"), &revocations(&["p256"]), &mut stamp).unwrap();
    let found = Reader.signatures(&archived, &trust()).unwrap();
    let names: Vec<(&str, bool)> = found.iter().map(|one| (one.field.as_str(), one.is_stamp)).collect();
    assert_eq!(names, [("Sig1", false), ("TimeStamp1", true)]);
    assert!(found.iter().all(|one| one.whole.is_yes() && one.signed.intact.is_yes()), "{found:#?}");
    let changed = kit::append(&archived, &[(1, "<</Type/Pages/Count 0/Kids[]>>")]);
    let found = Reader.signatures(&changed, &trust()).unwrap();
    assert!(found.iter().all(|one| one.whole.is_no() && one.signed.intact.is_no()), "{found:#?}");
    assert_eq!(Reader.attachments(&archived).unwrap(), [("case.json".to_owned(), b"{}".to_vec())]);
    assert_eq!(Reader.attachments(b"no PDF").unwrap_err().code(), "pdf-broken");
}

/// openssl accepts the signature over the two pieces that it is over.
#[test]
fn openssl_accepts_the_signature() {
    let pdf = sign(REPORT, "Sig1", "p256");
    let at = pdf.windows(10).rposition(|window| window == b"/Contents<").unwrap() + 9;
    let end = at + pdf[at..].iter().position(|byte| *byte == b'>').unwrap() + 1;
    let digits: Vec<u8> = pdf[at + 1..end - 1].to_vec();
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let signature: Vec<u8> = digits.chunks(2).map(octet).collect();
    let (cms, content) = (kit::scratch("openssl.p7s"), kit::scratch("openssl.bytes"));
    std::fs::write(&cms, seal::cms::unpadded(&signature).unwrap()).unwrap();
    std::fs::write(&content, [&pdf[..at], &pdf[end..]].concat()).unwrap();
    let said = kit::run(
        Command::new("openssl")
            .args([
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-cades",
                "-purpose",
                "any",
                "-out",
                "/dev/null",
                "-in",
            ])
            .arg(&cms)
            .arg("-content")
            .arg(&content)
            .arg("-CAfile")
            .arg(kit::pki().join("ca.pem")),
    );
    assert!(said.contains("Verification successful"), "{said}");
}
