//! Containers by libdigidocpp (XAdES) and by openssl (CAdES, time stamps), whole and with anything changed.

use probity_evidence::package::{Outcome, Question, Verification};
use seal::x509::Certificate;

use crate::kit::{Ground, Server, answer, fails, holds, judge, python};

/// Two files, signed by libdigidocpp at level B-B (`bb.asice`) and at B-LT (`lt.asice`).
const DIGIDOC: &str = r#"
import base64, pathlib, shutil, sys
import pydigidoc as d

folder = pathlib.Path("pki")
for schema in (pathlib.Path(d.__file__).parent / "schema").glob("*.xsd"):
    shutil.copy(schema, folder / "trusted-list")
conf = d.DigiDocConf(str(folder / "trusted-list"))
pem = (folder / "rsa.pem").read_text()
conf.set_tslcert(base64.b64decode("".join(pem.split("-----")[2].split())))
conf.set_tslurl("https://localhost/LIST.xml")
conf.set_tsurl(sys.argv[1])
urls = d.StringMap()
urls["Test root"] = sys.argv[2]
conf.set_ocspurls(urls)
d.Conf.init(conf)
conf.thisown = False
d.initialize_lib("test", str(folder / "trusted-list"))
signer = d.PKCS12Signer("pki/qualified.p12", "test")
for name, profile in (("bb.asice", "BES"), ("lt.asice", "time-stamp")):
    container = d.Container.create(name)
    container.add_data_file("a.txt", "text/plain")
    container.add_data_file("b ü.txt", "text/plain")
    signer.set_profile(profile)
    container.sign(signer)
    container.save()
"#;

/// Packs again what lies in a folder: `mimetype` first and stored.
const PACK: &str = r#"
import pathlib, sys, zipfile

out, folder = sys.argv[1], pathlib.Path(sys.argv[2])
names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
    if "mimetype" in names:
        z.write(folder / "mimetype", "mimetype", zipfile.ZIP_STORED)
    for name in names:
        if name != "mimetype":
            z.write(folder / name, name)
"#;

fn ground() -> Option<(Ground, Server, Vec<Certificate>)> {
    if !judge("xmlsec1") || !judge("unzip") {
        return None;
    }
    let ground = Ground::with_authority()?;
    let server = Server::start(&ground, "test-tsa", &["pki", "--port", "0"]);
    ground.write("a.txt", "hello\n");
    ground.write("b ü.txt", "bücher\n");
    ground.write("pack.py", PACK);
    let anchors = ground.anchors("pki/ca.pem");
    Some((ground, server, anchors))
}

fn digidoc() -> Option<(Ground, Vec<Certificate>)> {
    let python = python("PROBITY_TEST_ASIC")?;
    let (ground, server, anchors) = ground()?;
    ground.write("make.py", DIGIDOC);
    ground.run(&format!("{} make.py {} {}", python.display(), server.address("tsa"), server.address("ocsp")));
    Some((ground, anchors))
}

/// Unpacks `from`, does `change` in the folder, packs it as `x.zip`, and verifies that.
fn changed(ground: &Ground, from: &str, change: &str, anchors: &[Certificate]) -> Verification {
    ground.run(&format!("rm -rf x x.zip && python3 -m zipfile -e {from} x && cd x && {{ {change}; }}"));
    ground.run("python3 pack.py x.zip x");
    ground.verify("x.zip", anchors)
}

fn said(found: &Verification, name: &str) -> String {
    let checks = found.checks.iter().filter(|check| check.name == name);
    checks.map(|check| format!("{}: {} ", check.verdict.word(), check.detail)).collect()
}

#[test]
fn containers_of_libdigidocpp_hold_and_each_question_is_answered_apart() {
    let Some((ground, anchors)) = digidoc() else { return };
    let found = ground.verify("bb.asice", &[]);
    holds(&found, "B-B, nobody trusted");
    assert_eq!(found.form, "ASiC-E");
    assert_eq!(answer(&found, Question::SignerTrusted), Outcome::NotChecked);
    assert_eq!(answer(&found, Question::TimeTrusted), Outcome::NotChecked);
    assert!(found.signers[0].0.contains("Examiner qualified") && !found.signers[0].1);
    let found = ground.verify("bb.asice", &anchors);
    holds(&found, "B-B");
    assert_eq!(answer(&found, Question::SignerTrusted), Outcome::Passed);
    assert_eq!(answer(&found, Question::TimeTrusted), Outcome::NotChecked);
    assert!(found.signers[0].1);
    let found = ground.verify("lt.asice", &anchors);
    holds(&found, "B-LT");
    assert_eq!(answer(&found, Question::TimeTrusted), Outcome::Passed);
    let signed = said(&found, "xades-signature: META-INF/signatures0.xml");
    assert!(signed.contains("It was stamped on") && signed.contains("was not revoked"), "{signed}");
    let stranger = ground.anchors("other/ca.pem");
    let found = ground.verify("lt.asice", &stranger);
    assert!(found.is_intact() && !found.holds(), "{:#?}", found.checks);
    assert_eq!(answer(&found, Question::SignerTrusted), Outcome::Failed);
}

#[test]
fn every_change_of_a_container_is_named() {
    let Some((ground, anchors)) = digidoc() else { return };
    let check = |change: &str, expect: Result<(), &str>| {
        let found = changed(&ground, "lt.asice", change, &anchors);
        match expect {
            Ok(()) => holds(&found, change),
            Err(why) => fails(&found, change, why),
        }
    };
    check("true", Ok(()));
    check("rm mimetype", Ok(()));
    check("printf x > META-INF/notes.txt", Ok(()));
    check("echo x >> a.txt", Err("a.txt"));
    check("rm 'b ü.txt'", Err("b ü.txt"));
    check("echo x > c.txt", Err("c.txt: no good signature or time stamp is over it"));
    check("mkdir -p meta-inf && echo x > meta-inf/c.txt", Err("meta-inf/c.txt: no good signature"));
    check("mv a.txt A.txt", Err("A.txt: no good signature"));
    check("sed -i 's/<ds:SignatureValue[^>]*>./&A/' META-INF/signatures0.xml", Err("xades-signature"));
    check("sed -i 's/text.plain/text_plain/' META-INF/signatures0.xml", Err("xades-signature"));
    check("sed -i 's/SigningTime>20/SigningTime>19/' META-INF/signatures0.xml", Err("xades-signature"));
    // Wrapping, entities, bombs.
    check(
        "sed -i 's/<asic:XAdESSignatures/<!DOCTYPE a [<!ENTITY b SYSTEM \"file:\\/\\/\\/etc\\/passwd\">]><asic:XAdESSignatures/' META-INF/signatures0.xml",
        Err("XML signature cannot be used"),
    );
    check(
        "python3 -c \"print('<!DOCTYPE a [<!ENTITY a \\\"' + 'x' * 1000 + '\\\"><!ENTITY b \\\"' + '&a;' * 1000 + '\\\">]><a>&b;</a>')\" > META-INF/signatures1.xml",
        Err("META-INF/signatures1.xml"),
    );
    check("python3 -c \"print('<a>' * 100000)\" > META-INF/signatures1.xml", Err("META-INF/signatures1.xml"));
    check("echo '<a/>' > META-INF/signatures1.xml", Err("no document of signatures"));
    // Nothing is signed: no answer is yes.
    let found = changed(&ground, "lt.asice", "rm META-INF/signatures0.xml", &anchors);
    assert!(
        !found.is_intact() && said(&found, "signatures").contains("Nothing in it is signed"),
        "{:#?}",
        found.checks
    );
    // The same file as an ASiC-S, whose rules are others.
    let simple =
        "printf application/vnd.etsi.asic-s+zip > mimetype; mv META-INF/signatures0.xml META-INF/signatures.xml";
    fails(&changed(&ground, "lt.asice", simple, &anchors), "two files", "holds one file of data");
}

/// Shell functions: an ASiCManifest, a signature, a time stamp.
const TOOLS: &str = r#"manifest() {
  echo '<?xml version="1.0" encoding="UTF-8"?><asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
  echo "<asic:SigReference URI=\"$1\" MimeType=\"$2\"/>"
  shift 2
  for file; do
    echo "<asic:DataObjectReference URI=\"$file\"><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha512\"/>"
    echo "<ds:DigestValue>$(openssl dgst -sha512 -binary "$file" | base64 -w0)</ds:DigestValue></asic:DataObjectReference>"
  done
  echo '</asic:ASiCManifest>'
}
sign() { openssl cms -sign -binary -cades -md sha256 -signer ../pki/p256.pem -inkey ../pki/p256.key -certfile ../pki/ca.pem -outform DER -in "$1" -out "$2"; }
stamp() {
  openssl ts -query -data "$1" -sha256 -cert -out ../query.tsq 2>/dev/null
  (cd ../pki && openssl ts -reply -config tsa.cnf -section tsa1 -queryfile ../query.tsq $3 -out ../stamp) 2>/dev/null && mv ../stamp "$2"
}
"#;

/// Makes a container in the folder `x` by a line of shell, packs it, and verifies it.
fn made(ground: &Ground, line: &str, anchors: &[Certificate]) -> Verification {
    ground.run(&format!("rm -rf x x.zip && mkdir -p x/META-INF && cd x && cp ../a.txt . && {TOOLS}{line}"));
    ground.run("python3 pack.py x.zip x");
    ground.verify("x.zip", anchors)
}

const E: &str = "printf application/vnd.etsi.asic-e+zip > mimetype; ";
const S: &str = "printf application/vnd.etsi.asic-s+zip > mimetype; ";
const P7S: &str = "application/x-pkcs7-signature";

#[test]
fn containers_signed_with_cades_hold_and_every_change_is_named() {
    let Some((ground, _server, anchors)) = ground() else { return };
    let good = format!(
        "{E} manifest META-INF/signature001.p7s {P7S} a.txt > META-INF/ASiCManifest001.xml; \
         sign META-INF/ASiCManifest001.xml META-INF/signature001.p7s"
    );
    let found = made(&ground, &good, &anchors);
    holds(&found, "CAdES");
    assert_eq!((found.form, answer(&found, Question::SignerTrusted)), ("ASiC-E", Outcome::Passed));
    assert!(said(&found, "cades-signature: META-INF/signature001.p7s").contains("Its signer says"));
    for (change, expect) in [
        ("echo x >> a.txt", "a.txt: changed (its digest is not the one in META-INF/ASiCManifest001.xml)"),
        ("rm a.txt", "a.txt: it is missing"),
        ("echo x > b.txt", "b.txt: no good signature"),
        ("echo >> META-INF/ASiCManifest001.xml", "The content was changed"),
        ("rm META-INF/signature001.p7s", "It is missing"),
        ("rm META-INF/ASiCManifest001.xml", "No ASiCManifest says what it is over"),
        ("sign a.txt META-INF/signature001.p7s", "The content was changed"),
        ("sed -i 's/a.txt/..\\/a.txt/' META-INF/ASiCManifest001.xml", "out of the container"),
        ("sed -i 's/<asic:SigR/<!DOCTYPE a>&/' META-INF/ASiCManifest001.xml", "cannot be used"),
        ("printf x > META-INF/signature001.p7s", "not"),
    ] {
        fails(&made(&ground, &format!("{good}; {change}"), &anchors), change, expect);
    }
    // SHA-1 in the list does not count.
    let weak = "sed -i 's/2001.04.xmlenc#sha512/2000\\/09\\/xmldsig#sha1/' META-INF/ASiCManifest001.xml; sign META-INF/ASiCManifest001.xml META-INF/signature001.p7s";
    fails(&made(&ground, &format!("{good}; {weak}"), &anchors), "SHA-1", "too weak to count");
    // Two signatures, each over one of two files: together they cover all, and each says what it is over.
    let two = format!(
        "{E} cp '../b ü.txt' b.txt; for n in 1 2; do [ $n = 1 ] && f=a.txt || f=b.txt; \
         manifest META-INF/signature00$n.p7s {P7S} $f > META-INF/ASiCManifest00$n.xml; \
         sign META-INF/ASiCManifest00$n.xml META-INF/signature00$n.p7s; done"
    );
    let found = made(&ground, &two, &anchors);
    holds(&found, "two");
    assert!(
        said(&found, "scope: cades-signature: META-INF/signature002.p7s").contains("over 1 of 2 files of data: b.txt")
    );
    // A signature that CAdES would not call one: without the certificate among what is signed.
    let plain = good.replace("sign META-INF", "openssl cms -sign -binary -md sha256 -signer ../pki/p256.pem -inkey ../pki/p256.key -outform DER -out META-INF/signature001.p7s -in META-INF");
    let plain = plain.replace("ASiCManifest001.xml META-INF/signature001.p7s", "ASiCManifest001.xml");
    fails(&made(&ground, &plain, &anchors), "plain CMS", "does not name its certificate");
}

#[test]
fn simple_containers_and_time_stamps_hold() {
    let Some((ground, _server, anchors)) = ground() else { return };
    let signed = format!("{S} sign a.txt META-INF/signature.p7s");
    let found = made(&ground, &signed, &anchors);
    holds(&found, "ASiC-S with CAdES");
    assert_eq!(found.form, "ASiC-S");
    fails(&made(&ground, &format!("{signed}; echo x >> a.txt"), &anchors), "changed", "The content was changed");
    fails(&made(&ground, &format!("{signed}; cp a.txt b.txt"), &anchors), "two files", "holds one file of data");
    // Without mimetype the names tell.
    assert_eq!(made(&ground, "sign a.txt META-INF/signature.p7s", &anchors).form, "ASiC-S");
    let stamped = format!("{S} stamp a.txt META-INF/timestamp.tst -token_out");
    let found = made(&ground, &stamped, &anchors);
    holds(&found, "ASiC-S with a time stamp");
    assert_eq!(
        (answer(&found, Question::TimeTrusted), answer(&found, Question::SignerTrusted)),
        (Outcome::Passed, Outcome::NotChecked)
    );
    fails(&made(&ground, &format!("{stamped}; echo x >> a.txt"), &anchors), "changed", "over something else");
    let listed = format!(
        "{E} manifest META-INF/timestamp001.tst application/vnd.etsi.timestamp-token a.txt > META-INF/ASiCManifest001.xml; \
         stamp META-INF/ASiCManifest001.xml META-INF/timestamp001.tst -token_out"
    );
    let found = made(&ground, &listed, &anchors);
    holds(&found, "ASiC-E with a time stamp");
    assert_eq!(answer(&found, Question::TimeTrusted), Outcome::Passed);
    // An evidence record is not read, and nothing is claimed about it.
    let found = made(&ground, &format!("{signed}; echo x > META-INF/evidencerecord.ers"), &anchors);
    assert!(!found.holds() && said(&found, "evidence-record: META-INF/evidencerecord.ers").contains("not read"));
    // Both in one container is none or two.
    fails(
        &made(&ground, &format!("{signed}; stamp a.txt META-INF/timestamp.tst -token_out"), &anchors),
        "both",
        "one signature file",
    );
}
