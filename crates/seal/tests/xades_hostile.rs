//! Goal: whatever was changed about a signature or what it is over is caught and named, and no document, however hostile, does
//! more than that.
#![cfg(feature = "x509")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use model::Instant;
use probity_seal::x509::{Certificate, Hash};
use probity_seal::xades::{self, Verified};
use probity_seal::{Answer, Revocations, Trust, armour};
use proptest::prelude::*;

/// What the vectors are over; see their README.
const FILES: [(&str, &[u8]); 6] = [
    ("100%.log", b"up to date\n"),
    ("a b\u{fc} & <c>.txt", b"a name with everything\n"),
    ("bag/bagit.txt", b"BagIt-Version: 1.0\n"),
    ("bag/data/empty", b""),
    ("a b.txt", b"hello\n"),
    ("c.log", b"log\n"),
];
const NAMES: [&str; 3] = ["ours", "digidoc", "xmlsec1"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/xades")
}

fn vector(name: &str) -> String {
    fs::read_to_string(folder().join(name)).expect("a vector")
}

fn judge_at(xml: &[u8], files: &[(&str, &[u8])], now: &str) -> Result<Vec<Verified>, String> {
    let anchors = Certificate::all_from_pem(&vector("ca.pem")).expect("a certificate");
    let files: BTreeMap<&str, &[u8]> = files.iter().copied().collect();
    let digest = |path: &str, hash: Hash| files.get(path).map(|bytes| hash.of(bytes));
    let trust = Trust { anchors: &anchors, now: Instant::parse(now).expect("a time") };
    let judged = xades::verify(xml, &digest, &trust, &Revocations::default());
    judged.map_err(|fault| format!("{}: {}", fault.code(), fault.message()))
}

fn judge(xml: &str) -> Result<Vec<Verified>, String> {
    judge_at(xml.as_bytes(), &FILES, "2027-01-01T00:00:00Z")
}

/// Why the only signature of `xml` is not intact, or the document none of signatures.
fn refused(xml: &str) -> String {
    match judge(xml) {
        Err(reason) => reason,
        Ok(all) => match all.as_slice() {
            [Verified { signed, .. }] if !signed.intact.is_yes() => signed.intact.reason().to_owned(),
            [_] => "it is good".to_owned(),
            _ => all.iter().map(|one| one.signed.intact.reason()).collect::<Vec<_>>().join(" | "),
        },
    }
}

#[test]
fn the_vectors_are_good() {
    for (name, covered, stamped) in [("ours", 4, true), ("digidoc", 2, true), ("xmlsec1", 1, false)] {
        let judged = judge(&vector(&format!("{name}.xml"))).expect("signatures");
        let [Verified { signed, covered: files, .. }] = judged.as_slice() else { panic!("one signature") };
        assert!(signed.intact.is_yes() && signed.signer_trusted.is_yes(), "{signed:?}");
        assert_eq!((files.len(), signed.stamped.is_some(), signed.time_trusted.is_yes()), (covered, stamped, stamped));
    }
    // After the certificates have ended, only a stamp tells that the signature is older; nobody has stamped the stamp.
    let late = judge_at(vector("ours.xml").as_bytes(), &FILES, "2040-01-01T00:00:00Z").expect("signatures");
    assert!(late[0].signed.intact.is_yes() && late[0].signed.signer_trusted.is_no());
    let early = judge_at(vector("ours.xml").as_bytes(), &FILES, "2020-01-01T00:00:00Z").expect("signatures");
    assert!(early[0].signed.signer_trusted.is_no() && early[0].signed.time_trusted.is_no());
}

#[test]
fn changed_files_are_named() {
    let xml = vector("ours.xml");
    let with = |files: &[(&str, &[u8])]| {
        let judged = judge_at(xml.as_bytes(), files, "2027-01-01T00:00:00Z").expect("signatures");
        judged[0].signed.intact.reason().to_owned()
    };
    let mut files = FILES;
    files[3].1 = b"\n";
    assert_eq!(with(&files), "\"bag/data/empty\" is not what was signed.");
    for file in &mut files {
        file.1 = b"?";
    }
    assert_eq!(
        with(&files),
        "\"100%.log\", \"a b\u{fc} & <c>.txt\", \"bag/bagit.txt\" and 1 more files are not what was signed."
    );
    assert_eq!(with(&FILES[1..]), "\"100%.log\" is signed and not there.");
    assert_eq!(with(&FILES[2..]), "\"100%.log\", \"a b\u{fc} & <c>.txt\" are signed and not there.");
}

/// The text between two marks, both excluded.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).unwrap_or_else(|| panic!("{from} … {to}")).0
}

/// `xml` with the first `from` as `to`.
fn edit(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "{from}");
    xml.replacen(from, to, 1)
}

#[test]
fn every_changed_part_is_named() {
    let xml = vector("ours.xml");
    let list = "The list of what is signed was changed, or another key signed it.";
    let properties = "What is signed was changed: the part \"SignedProperties\" is not the one that was signed.";
    let digest = between(&xml, "<ds:DigestValue>", "<").to_owned();
    let reference = format!(
        "<ds:Reference Id=\"r0\"{}</ds:Reference>",
        between(&xml, "<ds:Reference Id=\"r0\"", "</ds:Reference>")
    );
    let value = between(&xml, "Id=\"sv\">", "<").to_owned();
    let time = between(&xml, "<xades:SigningTime>", "<").to_owned();
    let digidoc = vector("digidoc.xml");
    let certificate = between(&xml, "<ds:X509Certificate>", "<").to_owned();
    let other = between(&xml, "<xades:EncapsulatedX509Certificate>", "<").to_owned();
    let flipped = |text: &str| {
        let mut bytes = armour::decode(&text.split_whitespace().collect::<String>()).expect("base64");
        bytes[5] ^= 1;
        armour::encode(bytes)
    };
    for (changed, words) in [
        (edit(&xml, &digest, &flipped(&digest)), list),
        (edit(&xml, &reference, ""), list),
        (edit(&xml, &reference, &format!("{reference}{reference}")), list),
        (edit(&xml, "URI=\"100%25.log\"", "URI=\"c.log\""), list),
        (edit(&xml, "ecdsa-sha256\"", "ecdsa-sha512\""), list),
        (edit(&xml, "Id=\"r0\"", "Id=\"r9\""), list),
        (edit(&xml, &value, &flipped(&value)), list),
        (edit(&xml, &value, between(&digidoc, "-SIG\">", "<")), list),
        (edit(&xml, &value, "AAAA"), list),
        (edit(&xml, &value, "!"), "no base64"),
        (edit(&xml, &time, "2020-01-01T00:00:00Z"), properties),
        (edit(&xml, "text/plain", "text/html"), properties),
        (edit(&xml, "ObjectReference=\"#r1\"", "ObjectReference=\"#r2\""), properties),
        (edit(&xml, &certificate, &other), "names another certificate"),
        (edit(&xml, &certificate, ""), "names another certificate"),
        (
            edit(
                &xml,
                "xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>",
                "xmldsig-more#md5\"></ds:DigestMethod><ds:DigestValue>",
            ),
            list,
        ),
        (
            edit(&xml, "xades:SigningCertificateV2", "xades:SigningCertificateV3")
                .replace("/xades:SigningCertificateV2", "/xades:SigningCertificateV3"),
            "does not name its certificate",
        ),
        (edit(&xml, "</asic:XAdESSignatures>", "<!-- --></asic:XAdESSignatures>"), "it is good"),
        (edit(&xml, &time, &format!("{}<!-- x -->{}", &time[..4], &time[4..])), "it is good"),
    ] {
        assert!(refused(&changed).contains(words), "{words}: {}", refused(&changed));
    }
}

#[test]
fn changed_stamps_and_evidence_are_named() {
    let xml = vector("ours.xml");
    let digidoc = vector("digidoc.xml");
    let token = |xml: &str| between(xml, "<xades:EncapsulatedTimeStamp>", "<").to_owned();
    let judged = |xml: &str| judge(xml).expect("signatures").remove(0).signed;
    let foreign = judged(&edit(&xml, &token(&xml), &token(&digidoc)));
    assert!(foreign.intact.is_yes() && foreign.stamped.is_none() && foreign.time_trusted.is_no());
    assert!(foreign.time_trusted.reason().contains("over something else"), "{:?}", foreign.time_trusted);
    let renamed = judged(&edit(&xml, "Id=\"sv\"", "Id=\"sw\""));
    assert!(renamed.intact.is_yes() && renamed.time_trusted.reason().contains("over something else"));
    let broken = judged(&edit(&xml, &token(&xml), "AAAA"));
    assert!(broken.time_trusted.reason().contains("cannot be read"), "{:?}", broken.time_trusted);
    let mut bytes = armour::decode(&token(&xml)).expect("base64");
    *bytes.last_mut().expect("bytes") ^= 1;
    let flipped = judged(&edit(&xml, &token(&xml), &armour::encode(bytes)));
    assert!(flipped.stamped.is_none() && flipped.time_trusted.is_no(), "{:?}", flipped.time_trusted);
    let stamp = format!(
        "<xades:SignatureTimeStamp{}</xades:SignatureTimeStamp>",
        between(&xml, "<xades:SignatureTimeStamp", "</xades:SignatureTimeStamp>")
    );
    let bare = judged(&edit(&xml, &stamp, ""));
    assert_eq!(bare.time_trusted, Answer::NotChecked("There is no time stamp.".to_owned()));
    let other_form =
        judged(&edit(&xml, "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>", ""));
    assert!(other_form.time_trusted.is_no(), "Canonical XML 1.0 has the namespaces around it");
    // Others keep what belongs to the time stamp apart.
    let values = format!(
        "<xades:RevocationValues>{}</xades:RevocationValues>",
        between(&xml, "<xades:RevocationValues>", "</xades:RevocationValues>")
    );
    let apart = "<x:TimeStampValidationData xmlns:x=\"http://uri.etsi.org/01903/v1.4.1#\">";
    let moved = judged(&edit(&xml, &values, &format!("{apart}{values}</x:TimeStampValidationData>")));
    assert!(moved.signer_trusted.reason().contains("was not revoked"), "{:?}", moved.signer_trusted);
    let no_answer = judged(&edit(&xml, between(&xml, "<xades:EncapsulatedOCSPValue>", "<"), "AAAA"));
    assert!(
        no_answer.signer_trusted.is_yes() && no_answer.notes.iter().any(|note| note.contains("Revocation not checked"))
    );
}

#[test]
fn signatures_cannot_be_wrapped() {
    let xml = vector("ours.xml");
    let properties = format!(
        "<xades:SignedProperties{}</xades:SignedProperties>",
        between(&xml, "<xades:SignedProperties", "</xades:SignedProperties>")
    );
    let forged = properties.replace("<xades:SigningTime>20", "<xades:SigningTime>19");
    let info = format!("<ds:SignedInfo{}</ds:SignedInfo>", between(&xml, "<ds:SignedInfo", "</ds:SignedInfo>"));
    let object = |inside: &str| format!("<ds:Object>{inside}</ds:Object></ds:Signature>");
    let end = "</ds:Signature>";
    for (changed, words) in [
        // What was signed is put aside, where its digest is still found, and something else takes its place.
        (edit(&edit(&xml, &properties, &forged), end, &object(&properties)), "several parts have the identifier"),
        (
            edit(&edit(&xml, &properties, &forged.replace("Id=\"sp\"", "Id=\"sq\"")), end, &object(&properties)),
            "not those of this signature",
        ),
        (
            edit(&edit(&xml, &properties, &forged.replace("Id=\"sp\"", "ID=\"sp\"")), end, &object(&properties)),
            "several parts have the identifier",
        ),
        (
            edit(&edit(&xml, &properties, &forged.replace("Id=\"sp\"", "xml:id=\"sp\"")), end, &object(&properties)),
            "several parts have the identifier",
        ),
        (
            edit(&edit(&xml, &properties, &forged.replace("Id=\"sp\"", "")), end, &object(&properties)),
            "not those of this signature",
        ),
        (
            edit(&xml, &properties, &format!("{properties}{}", forged.replace("Id=\"sp\"", ""))),
            "not exactly one set of signed properties",
        ),
        (
            edit(
                &xml,
                end,
                &object(&format!("<xades:QualifyingProperties Target=\"#S0\">{forged}</xades:QualifyingProperties>")),
            ),
            "not exactly one set of properties",
        ),
        (edit(&xml, "Target=\"#S0\"", "Target=\"#S1\""), "belong to another one"),
        (edit(&xml, "<ds:Signature Id=\"S0\">", "<ds:Signature>"), "belong to another one"),
        // Another list of what is signed, before or after the true one.
        (edit(&xml, &info, &format!("{}{info}", info.replace("r0", "r9"))), "not in their places"),
        (edit(&xml, &info, &format!("{info}{}", info.replace("r0", "r9"))), "not in their places"),
        (edit(&xml, &info, ""), "not in their places"),
    ] {
        assert!(refused(&changed).contains(words), "{words}: {}", refused(&changed));
    }
}

#[test]
fn signatures_stand_where_every_reader_looks() {
    let xml = vector("ours.xml");
    let signature = format!(
        "<ds:Signature Id=\"S0\">{}</ds:Signature>",
        between(&xml, "<ds:Signature Id=\"S0\">", "</ds:Signature>")
    );
    let reference =
        format!("<ds:Reference Type{}</ds:Reference>", between(&xml, "<ds:Reference Type", "</ds:Reference>"));
    for (changed, words) in [
        (edit(&xml, &signature, &format!("<ds:Object>{signature}</ds:Object>")), "something else than signatures"),
        (edit(&xml, &signature, &format!("<x/>{signature}")), "something else than signatures"),
        (edit(&xml, &signature, ""), "no signature"),
        (xml.replace("asic:XAdESSignatures", "asic:Other"), "no document of signatures"),
        (signature.clone(), "does not declare"),
        (edit(&xml, &signature, &signature.repeat(65)), "more than 64"),
        (edit(&xml, &signature, &signature.repeat(2)), "several parts have the identifier"),
        (
            edit(&xml, "<ds:Signature Id=\"S0\">", "<ds:Signature xmlns:ds=\"urn:x\" Id=\"S0\">"),
            "something else than signatures",
        ),
        (edit(&xml, "Type=\"http://uri.etsi.org/01903#SignedProperties\" ", ""), "was changed"),
        (edit(&xml, &reference, &reference.repeat(9)), "more than 8 times"),
        (
            edit(&edit(&xml, "URI=\"#sp\"", "URI=\"#x\""), "<asic:XAdESSignatures ", "<asic:XAdESSignatures Id=\"x\" "),
            "of another signature",
        ),
    ] {
        assert!(refused(&changed).contains(words), "{words}: {}", refused(&changed));
    }
}

#[test]
fn only_canonical_forms_are_followed() {
    let xml = vector("xmlsec1.xml");
    assert_eq!(refused(&xml), "it is good");
    let inside = between(&xml, "<Transforms>", "</Transforms>").to_owned();
    let with = |transforms: &str| refused(&edit(&xml, &inside, transforms));
    for algorithm in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "",
    ] {
        let said = with(&format!("<Transform Algorithm=\"{algorithm}\"></Transform>"));
        assert!(said.contains("is none that is followed"), "{said}");
    }
    assert!(with(&inside.repeat(2)).contains("several transforms"), "{}", with(&inside.repeat(2)));
    assert!(
        with("<Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"><XPath/></Transform>")
            .contains("parameters")
    );
    assert!(with("").contains("was changed"));
    let uri = |uri: &str| refused(&edit(&xml, "URI=\"bag/bagit.txt\"", uri));
    for beyond in [
        "",
        "URI=\"\"",
        "URI=\"http://example.org/a\"",
        "URI=\"file:///etc/passwd\"",
        "URI=\"../a\"",
        "URI=\"#xpointer(/)\"",
        "URI=\"#nothing\"",
    ] {
        assert!(uri(beyond) != "it is good", "{beyond}");
    }
}

#[test]
fn what_could_grow_or_be_fetched_is_refused() {
    let xml = vector("ours.xml");
    let root = "<asic:XAdESSignatures";
    let laughs = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>";
    for (changed, words) in [
        (edit(&xml, root, &format!("{laughs}{root}")), "document type"),
        (edit(&xml, root, &format!("<!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\">{root}")), "document type"),
        (edit(&xml, "<xades:SigningTime>", "<xades:SigningTime>&xxe;"), "would have to fetch"),
        (
            edit(&xml, "<ds:Object>", &format!("<ds:Object>{}{}", "<a>".repeat(100), "</a>".repeat(100))),
            "more than 100",
        ),
        ("<a/>".repeat(2), "two outermost"),
        (format!("<a>{}</a>", "<b/>".repeat(1 << 20)), "more than a million parts"),
        (xml[..xml.len() - "</asic:XAdESSignatures>".len()].to_owned(), "ends inside"),
        (String::new(), "no element"),
    ] {
        let said = refused(&changed);
        assert!(said.starts_with("bad-xades: ") && said.contains(words), "{said}");
    }
    let long = vec![b' '; (32 << 20) + 1];
    assert!(judge_at(&long, &FILES, "2027-01-01T00:00:00Z").is_err_and(|reason| reason.contains("32 MiB")));
    let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(judge_at(&utf16, &FILES, "2027-01-01T00:00:00Z").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A change of one byte is caught, or it is one that says nothing: outside of what is signed.
    #[test]
    fn a_changed_byte_never_panics_and_never_changes_what_is_signed(name in 0usize..3, at in any::<prop::sample::Index>(), byte in 0u8..128) {
        let mut xml = vector(&format!("{}.xml", NAMES[name])).into_bytes();
        let at = at.index(xml.len());
        xml[at] = byte;
        let covered = judge(&vector(&format!("{}.xml", NAMES[name]))).expect("signatures").remove(0).covered;
        let _ = (xades::references(&xml), xades::signature_value(&xml));
        for verified in judge_at(&xml, &FILES, "2027-01-01T00:00:00Z").unwrap_or_default() {
            prop_assert!(!verified.signed.intact.is_yes() || verified.covered == covered);
        }
    }

    #[test]
    fn no_cut_or_copied_piece_makes_it_panic(name in 0usize..3, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), c in any::<prop::sample::Index>()) {
        let xml = vector(&format!("{}.xml", NAMES[name])).into_bytes();
        let (a, b, c) = (a.index(xml.len()), b.index(xml.len()), c.index(xml.len()));
        let piece = &xml[a.min(b)..a.max(b)];
        for changed in [[&xml[..c], piece, &xml[c..]].concat(), [&xml[..a.min(b)], &xml[a.max(b)..]].concat()] {
            let _ = (judge_at(&changed, &FILES, "2027-01-01T00:00:00Z"), xades::with_long_term(&changed, &Revocations::default()));
        }
    }
}
