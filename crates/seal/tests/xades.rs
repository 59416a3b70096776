//! Goal: our signatures of containers are good for the programs of others, theirs are good for us, and every change is caught
//! and named.
#![cfg(feature = "x509")]

mod authority;
mod container;

use container::{FILES, Files, House, files};
use probity_seal::x509::Hash;
use probity_seal::xades::{self, File};
use probity_seal::{Answer, Revocations, Signed, sha256};

#[track_caller]
fn yes(answer: &Answer, words: &str) {
    assert!(answer.is_yes() && answer.reason().contains(words), "{answer:?}");
}

#[track_caller]
fn no(answer: &Answer, words: &str) {
    assert!(answer.is_no() && answer.reason().contains(words), "{answer:?}");
}

fn paths() -> Vec<String> {
    FILES.iter().map(|(path, _)| (*path).to_owned()).collect()
}

/// What is known about the only signature.
#[track_caller]
fn only(house: &House, xml: &[u8], files: &Files) -> Signed {
    let mut all = house.judge(xml, files);
    assert_eq!(all.len(), 1);
    let verified = all.remove(0);
    if verified.signed.intact.is_yes() {
        assert_eq!(verified.covered, paths());
    }
    verified.signed
}

#[test]
fn what_we_sign_is_good_for_xmlsec1_and_the_schema_at_every_level() {
    let Some(house) = House::new() else { return };
    let basic = house.sign("p256");
    assert_eq!(basic, house.sign("p256"), "equal inputs, equal bytes");
    let stamped = house.stamp(&basic);
    let complete = house.complete(&stamped, "p256");
    let twice = house.stamp(&complete);
    for (level, xml) in [&basic, &stamped, &complete, &twice].into_iter().enumerate() {
        let (good, words) = house.xmlsec(xml, &files());
        assert!(good && words.contains("SignedInfo References (ok/all): 5/5"), "{words}");
        let signed = only(&house, xml, &files());
        yes(&signed.intact, "All 4 files are what was signed (ECDSA P-256 with SHA-256).");
        yes(&signed.signer_trusted, "leads to the trusted CN=Test root");
        assert_eq!(signed.signer_trusted.reason().contains("was not revoked"), level >= 2);
        assert_eq!(signed.claimed.map(|at| (at.seconds() - house.now().seconds()).abs() < 60), Some(true));
        assert_eq!((signed.stamped.is_some(), signed.time_trusted.is_yes()), (level >= 1, level >= 1));
    }
    // The octets that are stamped are a piece of the file.
    let value = xades::signature_value(&complete).expect("one signature");
    assert!(complete.windows(value.len()).any(|window| window == value));
    assert_eq!(value, xades::signature_value(&basic).expect("one signature"));
    let wanted: Vec<(String, Hash)> = paths().into_iter().map(|path| (path, Hash::Sha256)).collect();
    assert_eq!(xades::references(&complete).expect("a document"), wanted);
}

#[test]
fn what_we_sign_is_good_for_libdigidocpp() {
    let Some(house) = House::new() else { return };
    house.trusted_list();
    let basic = house.sign("qualified");
    let complete = house.complete(&house.stamp(&basic), "qualified");
    house.packed("good", &complete, &files());
    house.packed("basic", &basic, &files());
    let mut changed = files();
    changed.insert("bag/bagit.txt".to_owned(), b"BagIt-Version: 0.9\n".to_vec());
    house.packed("changed", &complete, &changed);
    let Some(said) = house.digidoc(&["verify", "good.asice", "basic.asice", "changed.asice"]) else { return };
    let lines: Vec<&str> = said.lines().collect();
    let [good, basic, changed] = lines.as_slice() else { panic!("{said}") };
    assert!(good.starts_with("VALID good.asice Examiner qualified"), "{said}");
    assert!(basic.starts_with("INVALID") && basic.contains("UnsignedProperties"), "{said}");
    assert!(changed.starts_with("INVALID") && changed.contains("bagit.txt"), "{said}");
    // en_31916201v010101.xsd came with it.
    for xml in [&basic_of(&house), &complete] {
        house.unpacked("schema", xml, &files());
        let schema = "trusted-list/en_31916201v010101.xsd";
        house.authority.run(&format!("xmllint --nonet --noout --schema {schema} schema/META-INF/signatures0.xml"));
    }
}

fn basic_of(house: &House) -> Vec<u8> {
    house.sign("p256")
}

#[test]
fn what_libdigidocpp_signs_is_good_for_us() {
    let Some(house) = House::new() else { return };
    house.trusted_list();
    house.authority.write("a b.txt", b"hello\n");
    house.authority.write("c.log", b"log\n");
    let address = house.server.address();
    let Some(_) = house.digidoc(&["sign", &address, "theirs.asice", "a b.txt", "c.log"]) else { return };
    house.authority.run("python3 -m zipfile -e theirs.asice theirs");
    let xml = house.authority.read("theirs/META-INF/signatures0.xml");
    let files: Files = [("a b.txt", b"hello\n".as_slice()), ("c.log", b"log\n")]
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .into();
    let judged = house.judge(&xml, &files);
    let signed = &judged[0].signed;
    assert_eq!(judged[0].covered, ["a b.txt", "c.log"]);
    yes(&signed.intact, "All 2 files are what was signed (ECDSA P-256 with SHA-256).");
    yes(&signed.signer_trusted, "was not revoked");
    yes(&signed.time_trusted, "leads to the trusted");
    let mut changed = files.clone();
    changed.insert("c.log".to_owned(), b"lag\n".to_vec());
    no(&house.judge(&xml, &changed)[0].signed.intact, "\"c.log\" is not what was signed");
    let stranger = authority::Authority::stranger().expect("it was there before");
    let judged = house.judge_with(&xml, &files, &[stranger.certificate("ca")]);
    no(&judged[0].signed.signer_trusted, "");
    no(&judged[0].signed.time_trusted, "");
    yes(&judged[0].signed.intact, "what was signed");
}

/// An XML signature that xmlsec1 fills in, over one file and the properties.
fn template(house: &House, name: &str, method: &str, digest: &str, canonical: &str, list: &str) -> String {
    let hash = match digest {
        d if d.ends_with("sha384") => Hash::Sha384,
        d if d.ends_with("sha512") => Hash::Sha512,
        _ => Hash::Sha256,
    };
    let certificate = house.authority.certificate(name);
    let named = probity_seal::armour::encode(hash.of(certificate.der()));
    let form = match list {
        "" => format!("Algorithm=\"{canonical}\"/>"),
        list => format!(
            "Algorithm=\"{canonical}\"><ec:InclusiveNamespaces xmlns:ec=\"{canonical}\" PrefixList=\"{list}\"/></CM>"
        ),
    };
    let (method_form, transform) = (form.replace("CM>", "CanonicalizationMethod>"), form.replace("CM>", "Transform>"));
    format!(
        r##"<?xml version="1.0" encoding="UTF-8"?>
<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:unused="urn:x" xmlns="http://www.w3.org/2000/09/xmldsig#" xml:lang="en">
  <Signature Id="one" xmlns:xs="http://uri.etsi.org/01903/v1.3.2#">
    <SignedInfo>
      <!-- a comment -->
      <CanonicalizationMethod {method_form}
      <SignatureMethod Algorithm="{method}"/>
      <Reference URI="bag/bagit.txt"><DigestMethod Algorithm="{digest}"/><DigestValue/></Reference>
      <Reference Type='http://uri.etsi.org/01903#SignedProperties' URI="#properties">
        <Transforms><Transform {transform}</Transforms>
        <DigestMethod Algorithm="{digest}"/><DigestValue/>
      </Reference>
    </SignedInfo>
    <SignatureValue/>
    <KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo>
    <Object><xs:QualifyingProperties Target="#one"><xs:SignedProperties Id="properties">
      <xs:SignedSignatureProperties>
        <xs:SigningTime>2026-01-03T10:00:00+01:00</xs:SigningTime>
        <xs:SigningCertificateV2><xs:Cert><xs:CertDigest><DigestMethod Algorithm="{digest}"/><DigestValue>
          {named}</DigestValue></xs:CertDigest></xs:Cert></xs:SigningCertificateV2>
        <!-- another --><?keep this?><xs:SignerRole><xs:ClaimedRoles><xs:ClaimedRole>&quot;x&#13;"</xs:ClaimedRole></xs:ClaimedRoles></xs:SignerRole>
      </xs:SignedSignatureProperties></xs:SignedProperties></xs:QualifyingProperties></Object>
  </Signature>
</asic:XAdESSignatures>
"##
    )
}

#[test]
fn what_xmlsec1_signs_is_good_for_us_in_every_form() {
    let Some(house) = House::new() else { return };
    let usage = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, nonRepudiation\n";
    house.authority.issue("p384", "ca", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", usage, "-days 100");
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let (sha256, sha384, sha512) = (
        "http://www.w3.org/2001/04/xmlenc#sha256".to_owned(),
        format!("{more}sha384"),
        "http://www.w3.org/2001/04/xmlenc#sha512".to_owned(),
    );
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let later = "http://www.w3.org/2006/12/xml-c14n11";
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    for (name, method, digest, form, list, words) in [
        ("p256", "ecdsa-sha256", &sha256, exclusive, "", "ECDSA P-256 with SHA-256"),
        ("p256", "ecdsa-sha512", &sha512, inclusive, "", "ECDSA P-256 with SHA-512"),
        ("p384", "ecdsa-sha384", &sha384, later, "", "ECDSA P-384 with SHA-384"),
        ("rsa", "rsa-sha256", &sha256, inclusive, "", "RSA 3072 with SHA-256"),
        ("rsa", "rsa-sha384", &sha384, exclusive, "unused #default xs", "RSA 3072 with SHA-384"),
        ("rsa", "rsa-sha512", &sha512, &format!("{inclusive}#WithComments"), "", "RSA 3072 with SHA-512"),
        ("rsa", "rsa-sha256", &sha256, &format!("{later}#WithComments"), "", "RSA 3072 with SHA-256"),
        ("p256", "ecdsa-sha256", &sha256, &format!("{exclusive}WithComments"), "", "ECDSA P-256 with SHA-256"),
    ] {
        let template = template(&house, name, &format!("{more}{method}"), digest, form, list);
        let xml = house.fill(name, &template);
        let (good, said) = house.xmlsec(&xml, &files());
        assert!(good, "{said}");
        let judged = house.judge(&xml, &files());
        let signed = &judged[0].signed;
        yes(&signed.intact, &format!("The file is what was signed ({words})."));
        yes(&signed.signer_trusted, "leads to the trusted");
        assert_eq!(signed.claimed.map(|at| at.to_string()).as_deref(), Some("2026-01-03T09:00:00Z"));
        assert!(signed.notes.iter().any(|note| note.contains("role")), "{:?}", signed.notes);
        assert_eq!(judged[0].covered, ["bag/bagit.txt"]);
        // What both call changed: a blank among the properties.
        let changed = String::from_utf8(xml).expect("text").replace("<!-- another --><?keep this?>", "<?keep that?>");
        assert!(!house.xmlsec(changed.as_bytes(), &files()).0);
        no(&house.judge(changed.as_bytes(), &files())[0].signed.intact, "\"SignedProperties\"");
    }
}

#[test]
fn what_is_too_weak_to_count_is_named() {
    let Some(house) = House::new() else { return };
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let (sha1, rsa_sha1) = ("http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
    let (sha256, rsa_sha256) =
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    let file = "URI=\"bag/bagit.txt\"><DigestMethod Algorithm=\"";
    let judged = |template: &str| {
        let xml = house.fill("rsa", template);
        assert!(house.xmlsec(&xml, &files()).0, "xmlsec1 takes it");
        house.judge(&xml, &files()).remove(0).signed.intact
    };
    no(&judged(&template(&house, "rsa", rsa_sha1, sha256, exclusive, "")), "SHA-1 is too weak");
    no(&judged(&template(&house, "rsa", rsa_sha256, sha1, exclusive, "")), "certificate is named by its SHA-1");
    let weak_file = template(&house, "rsa", rsa_sha256, sha256, exclusive, "");
    let weak_file = weak_file.replace(&format!("{file}{sha256}"), &format!("{file}{sha1}"));
    no(&judged(&weak_file), "A part was signed by its SHA-1");
}

#[test]
fn santuario_and_we_sign_for_each_other() {
    let Some(house) = House::new() else { return };
    let complete = house.complete(&house.stamp(&house.sign("p256")), "p256");
    house.unpacked("ours", &complete, &files());
    let Some(said) = house.java(&["verify", "ours", "ours/META-INF/signatures0.xml"]) else { return };
    assert_eq!(said, "VALID 5");
    house.authority.write("ours/bag/bagit.txt", b"BagIt-Version: 0.9\n");
    let said = house.java(&["verify", "ours", "ours/META-INF/signatures0.xml"]);
    assert_eq!(said.as_deref(), Some("INVALID bag/bagit.txt"));

    let older = "http://www.w3.org/2001/04/xmldsig-more#";
    let newer = "http://www.w3.org/2007/05/xmldsig-more#";
    let sha = |bits: u16| match bits {
        384 => format!("{older}sha384"),
        bits => format!("http://www.w3.org/2001/04/xmlenc#sha{bits}"),
    };
    house.unpacked("theirs", b"", &files());
    for (name, method, digest, form, words) in [
        (
            "rsa",
            format!("{newer}sha256-rsa-MGF1"),
            sha(256),
            "http://www.w3.org/2006/12/xml-c14n11",
            "RSA-PSS 3072 with SHA-256",
        ),
        (
            "rsa",
            format!("{newer}sha512-rsa-MGF1"),
            sha(512),
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "RSA-PSS 3072 with SHA-512",
        ),
        (
            "p256",
            format!("{older}ecdsa-sha384"),
            sha(384),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            "ECDSA P-256 with SHA-384",
        ),
    ] {
        let p12 = format!("{name}.p12");
        let files_named = ["100%25.log", "a%20b%C3%BC%20%26%20%3Cc%3E.txt", "bag/bagit.txt", "bag/data/empty"];
        house.java(&[&["sign", "theirs", "theirs.xml", &p12, &method, &digest, form], &files_named[..]].concat());
        let signed = only(&house, &house.authority.read("theirs.xml"), &files());
        yes(&signed.intact, &format!("All 4 files are what was signed ({words})."));
        yes(&signed.signer_trusted, "leads to the trusted");
    }
}

#[test]
fn what_cannot_be_signed_or_added_is_refused() {
    let Some(house) = House::new() else { return };
    let signer = house.authority.signer("p256");
    let sign = |files: &[(&str, &str)]| {
        let files: Vec<File<'_>> =
            files.iter().map(|(path, media_type)| File { path, sha256: sha256(b""), media_type }).collect();
        xades::sign(&files, house.now(), &signer).map_err(|fault| fault.code())
    };
    assert!(sign(&[("a", "text/plain")]).is_ok());
    for wrong in [
        &[][..],
        &[("a", "text/plain"), ("a", "text/plain")],
        &[("../a", "text/plain")],
        &[("/a", "text/plain")],
        &[("a//b", "text/plain")],
        &[("a\\b", "text/plain")],
        &[("", "text/plain")],
        &[("a", "text")],
        &[("a", "text/<b>")],
    ] {
        assert_eq!(sign(wrong), Err("bad-signed-file"), "{wrong:?}");
    }
    let xml = sign(&[("a", "text/plain")]).expect("it signs");
    let other = house.stamp(&house.sign("p256"));
    let token = |xml: &[u8]| {
        let text = String::from_utf8(xml.to_vec()).expect("text");
        let token = text.split_once("<xades:EncapsulatedTimeStamp>").and_then(|(_, rest)| rest.split_once('<'));
        probity_seal::armour::decode(token.expect("a token").0).expect("base64")
    };
    let add = |xml: &[u8], token: &[u8]| xades::with_timestamp(xml, token).map_err(|fault| fault.code());
    assert_eq!(add(&xml, &token(&other)), Err("bad-timestamp-token"), "of another signature");
    assert_eq!(add(&xml, b"no token"), Err("bad-timestamp-token"));
    assert_eq!(add(b"<a/>", &token(&other)), Err("bad-xades"));
    let complete = house.complete(&xml, "p256");
    let again = xades::with_long_term(&complete, &Revocations::default()).map_err(|fault| fault.code());
    assert_eq!(again, Err("bad-xades"));
    assert_eq!(xades::with_long_term(&xml, &Revocations::default()).ok(), Some(xml), "nothing to add");
}

#[test]
#[ignore = "writes fixtures/vectors/xades, which then has other keys"]
fn the_vectors_are_made() {
    let house = House::new().expect("the judges are there");
    house.trusted_list();
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/xades");
    let write = |name: &str, bytes: &[u8]| std::fs::write(target.join(name), bytes).expect("writable");
    write("ca.pem", &house.authority.read("ca.pem"));
    write("ours.xml", &house.complete(&house.stamp(&house.sign("qualified")), "qualified"));
    house.authority.write("a b.txt", b"hello\n");
    house.authority.write("c.log", b"log\n");
    let address = house.server.address();
    house.digidoc(&["sign", &address, "theirs.asice", "a b.txt", "c.log"]).expect("it is installed");
    house.authority.run("python3 -m zipfile -e theirs.asice theirs");
    write("digidoc.xml", &house.authority.read("theirs/META-INF/signatures0.xml"));
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let (method, digest) =
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512");
    let template = template(&house, "rsa", method, digest, exclusive, "unused #default");
    write("xmlsec1.xml", &house.fill("rsa", &template));
}
