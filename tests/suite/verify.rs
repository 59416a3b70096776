//! `verify` of what others made: bags, containers, PDFs, time stamps, signatures, proofs; and what is none of these.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::authority::{Authority, Calendar};
use crate::house::{House, fit_their_schemas, judge, python, repository};

/// A moment after now: certificates that a test makes are good by then.
pub(crate) fn soon() -> String {
    let output = Command::new("date").args(["-u", "-d", "+1 minute", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What verify says as JSON.
#[track_caller]
fn verified(house: &House, args: &[&str], exit: i32) -> Value {
    let soon = soon();
    house.json(&[&["verify"], args, &["--time", &soon]].concat(), exit)
}

/// The interpreter of another set of judges.
fn judges(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    if python.is_none() {
        assert!(std::env::var("PROBITY_TEST_JUDGES").as_deref() != Ok("required"), "{variable} is not set");
        eprintln!("SKIPPED: {variable} is not set; tests/run makes it");
    }
    python
}

#[test]
fn a_bag_of_others_holds_as_a_folder_and_as_a_zip_until_it_is_changed() {
    let Some(python) = python() else { return };
    if !judge("zip") {
        return;
    }
    let house = House::new();
    house.write("bag/a.txt", "a\n");
    house.shell(&format!("{} -m bagit --sha256 --quiet bag && zip -q -r bag.zip bag", python.display())).expect(0);
    let folder = verified(&house, &["bag"], 0);
    let zip = verified(&house, &["bag.zip"], 0);
    assert_eq!((&folder["form"], &zip["form"]), (&"BagIt bag".into(), &"zipped BagIt bag".into()));
    assert_eq!((&folder["intact"], &folder["signer_trusted"]), (&true.into(), &Value::Null), "nobody signs a bag");
    fit_their_schemas(&[folder, zip]);
    house.run(&["verify", "bag", "--require-signers", "1"]).expect(1);
    fs::copy(repository("fixtures/vectors/foreign/ca.pem"), house.path("ca.pem")).unwrap();
    let asked = house.run(&["verify", "bag", "--trust", "ca.pem"]).expect(1).stdout;
    assert!(asked.contains("nobody signed this"), "{asked}");
    let shown = house.run(&["verify", "bag"]).expect(0).stdout;
    assert!(shown.contains("BagIt bag") && !shown.contains("sealed with"), "{shown}");
    house.write("bag/data/a.txt", "b\n");
    let changed = house.run(&["verify", "bag"]).expect(1).stdout;
    assert!(changed.contains("data/a.txt: changed"), "{changed}");
    house.run(&["verify", "bag", "--data", "bag.zip"]).expect(2).code("data-not-needed");
    house.run(&["verify", "bag.zip", "--data", "bag.zip"]).expect(2).code("data-not-needed");
}

#[test]
fn a_time_stamp_is_about_the_file_beside_it_or_the_one_that_is_named() {
    if !judge("openssl") {
        return;
    }
    let (house, authority) = (House::new(), Authority::start(&[]));
    house.write("contract.pdf", "%PDF-1.7\nnobody reads this as a PDF here\n");
    house.write("other.txt", "x");
    let ca = authority.file("ca.pem");
    house
        .shell(&format!(
            "openssl ts -query -data contract.pdf -sha256 -cert -out q.tsq && cd {} && \
             openssl ts -reply -config tsa.cnf -section tsa1 -queryfile \"$OLDPWD/q.tsq\" -out \"$OLDPWD/contract.pdf.tsr\"",
            authority.path("").display()
        ))
        .expect(0);
    let found = verified(&house, &["contract.pdf.tsr", "--trust", &ca], 0);
    assert_eq!((&found["form"], &found["time_trusted"]), (&"time stamp".into(), &true.into()), "{found}");
    fit_their_schemas(&[found]);
    let nobody = verified(&house, &["contract.pdf.tsr"], 0);
    assert_eq!(nobody["time_trusted"], Value::Null);
    verified(&house, &["contract.pdf.tsr", "--data", "other.txt", "--trust", &ca], 1);
    house.shell("mv contract.pdf.tsr stamp").expect(0);
    house.run(&["verify", "stamp"]).expect(6).code("data-missing");
    verified(&house, &["stamp", "--data", "contract.pdf", "--trust", &ca], 0);
    house.run(&["verify", "stamp", "--data", "missing"]).expect(6).code("not-found");
    // The same time stamp in a container of its own.
    let python = "import zipfile as z; c = z.ZipFile('c.asics', 'w'); \
                  c.writestr('mimetype', 'application/vnd.etsi.asic-s+zip'); c.write('contract.pdf'); \
                  c.write('stamp', 'META-INF/timestamp.tst'); c.close()";
    house.shell(&format!("python3 -c \"{python}\"")).expect(0);
    let found = verified(&house, &["c.asics", "--trust", &ca], 0);
    assert_eq!((&found["form"], &found["time_trusted"]), (&"ASiC-S".into(), &true.into()), "{found}");
    // Without anything signed or stamped in it, it is not verified.
    house.shell("zip -q -d c.asics META-INF/timestamp.tst").expect(0);
    assert_eq!(verified(&house, &["c.asics", "--trust", &ca], 1)["intact"], false);
}

#[test]
fn a_signature_beside_its_file_holds_for_whom_the_user_trusts() {
    if !judge("openssl") {
        return;
    }
    let (house, authority) = (House::new(), Authority::start(&[]));
    house.write("a.txt", "a\n");
    let sign = |more: &str, out: &str| {
        let (key, certificate) = (authority.file("rsa.key"), authority.file("rsa.pem"));
        let line = format!("openssl cms -sign -binary -cades -signer {certificate} -inkey {key} {more} -outform DER");
        house.shell(&format!("{line} -in a.txt -out {out}")).expect(0);
    };
    sign("", "a.txt.p7s");
    sign("-nodetach", "whole.p7m");
    let ca = authority.file("ca.pem");
    for file in ["a.txt.p7s", "whole.p7m"] {
        let found = verified(&house, &[file, "--trust", &ca, "--require-signers", "1"], 0);
        assert_eq!((&found["form"], &found["signer_trusted"]), (&"CMS signature".into(), &true.into()), "{found}");
        assert_eq!(found["signers"][0].as_str().map(|name| name.contains("Examiner RSA")), Some(true));
    }
    house.write("a.txt", "b\n");
    let changed = verified(&house, &["a.txt.p7s", "--trust", &ca], 1);
    assert!(changed["answers"][0]["why"].as_str().unwrap().contains("The content was changed"), "{changed}");
    let (stranger, other) = (Authority::start(&[]), "a.txt.p7s");
    house.write("a.txt", "a\n");
    let found = verified(&house, &[other, "--trust", &stranger.file("ca.pem")], 1);
    assert_eq!((&found["intact"], &found["signer_trusted"]), (&true.into(), &false.into()));
}

#[test]
fn a_proof_is_pending_until_a_node_has_its_block() {
    let Some(python) = judges("PROBITY_TEST_OTS") else { return };
    let ots = python.with_file_name("ots");
    let (house, stub) = (House::new(), Calendar::start(&[]));
    house.write("a.txt", "a\n");
    house.shell(&format!("{} --no-cache stamp -c {} -m 1 a.txt", ots.display(), stub.calendar)).expect(0);
    let found = verified(&house, &["a.txt.ots"], 0);
    assert_eq!((&found["form"], &found["anchored"]), (&"OpenTimestamps proof".into(), &Value::Null));
    house.shell(&format!("{} --no-cache -l {} upgrade a.txt.ots", ots.display(), stub.calendar)).expect(0);
    let node = stub.bitcoin.replace("http://", "http://u:p@");
    let found = verified(&house, &["a.txt.ots", "--bitcoin-node", &node], 0);
    assert_eq!(found["anchored"], true, "{found}");
    house.write("a.txt", "b\n");
    verified(&house, &["a.txt.ots", "--bitcoin-node", &node], 1);
}

#[test]
fn a_pdf_that_pyhanko_signed_holds_and_one_that_nobody_signed_does_not() {
    let Some(python) = judges("PROBITY_TEST_PYHANKO") else { return };
    let (house, authority) = (House::new(), Authority::start(&[]));
    fs::copy(repository("fixtures/redact/pdf/truetype.pdf"), house.path("plain.pdf")).unwrap();
    let (key, certificate, ca) = (authority.file("p256.key"), authority.file("p256.pem"), authority.file("ca.pem"));
    house
        .shell(&format!(
            "{} sign addsig --field Sig1 --use-pades --timestamp-url {} pemder --no-pass --key {key} --cert {certificate} \
             --chain {ca} plain.pdf signed.pdf",
            python.with_file_name("pyhanko").display(),
            authority.tsa
        ))
        .expect(0);
    let found = verified(&house, &["signed.pdf", "--trust", &ca], 0);
    assert_eq!(found["form"], "PDF");
    assert_eq!(
        [&found["intact"], &found["signer_trusted"], &found["time_trusted"]],
        [&Value::Bool(true); 3],
        "{found}"
    );
    fit_their_schemas(&[found]);
    let unsigned = verified(&house, &["plain.pdf"], 1);
    assert_eq!(unsigned["intact"], false);
    assert!(unsigned["answers"][1]["why"].as_str().unwrap().contains("Nothing in it is signed"), "{unsigned}");
    let mut bytes = fs::read(house.path("signed.pdf")).unwrap();
    bytes[20] ^= 1;
    house.write("changed.pdf", &bytes);
    house.run(&["verify", "changed.pdf", "--trust", &ca]).expect(1);
}

#[test]
fn a_container_of_libdigidocpp_holds_until_it_is_changed() {
    let Some(python) = judges("PROBITY_TEST_ASIC") else { return };
    let (house, authority) = (House::new(), Authority::start(&["--trusted-list"]));
    house.write("a b.txt", "a\n");
    let script = "import pathlib, shutil, sys, pydigidoc as d\n\
        lists = pathlib.Path(sys.argv[1]) / 'trusted-list'\n\
        for schema in (pathlib.Path(d.__file__).parent / 'schema').glob('*.xsd'): shutil.copy(schema, lists)\n\
        conf = d.DigiDocConf(str(lists)); conf.set_tslurl('https://localhost/LIST.xml')\n\
        d.Conf.init(conf); conf.thisown = False; d.initialize_lib('test', str(lists))\n\
        c = d.Container.create('c.asice'); c.add_data_file('a b.txt', 'text/plain')\n\
        s = d.PKCS12Signer(sys.argv[1] + '/qualified.p12', 'test'); s.set_profile('BES'); c.sign(s); c.save()\n";
    house.write("make.py", script);
    house.shell(&format!("{} make.py {}", python.display(), authority.path("").display())).expect(0);
    let ca = authority.file("ca.pem");
    let found = verified(&house, &["c.asice", "--trust", &ca], 0);
    assert_eq!((&found["form"], &found["signer_trusted"]), (&"ASiC-E".into(), &true.into()), "{found}");
    fit_their_schemas(&[found]);
    house.shell("echo x > 'b.txt' && zip -q c.asice b.txt").expect(0);
    let ran = house.run(&["verify", "c.asice", "--trust", &ca]).expect(1);
    assert!(ran.stdout.contains("b.txt: no good signature or time stamp is over it"), "{}", ran.stdout);
}

#[test]
fn a_package_that_was_changed_anywhere_is_still_one_that_does_not_hold() {
    // Also where the change is in what tells that it is a package: exit 1, and a sentence that says what.
    let house = House::new();
    let whole = fs::read(repository("fixtures/vectors/package/intact.zip")).unwrap();
    let ends = whole.windows(4).rposition(|window| window == b"PK\x05\x06").unwrap();
    for place in [0, 1, 8, 26, 30, 38, 60, whole.len() / 2, ends - 40, ends, ends + 10, ends + 12, ends + 16, ends + 20]
    {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        house.write("flipped.zip", flipped);
        let ran = house.run(&["verify", "flipped.zip"]).expect(1);
        assert!(ran.stdout.contains("\tfailed\t"), "byte {place}: {ran:?}");
    }
    house.write("longer.zip", [&whole[..], b"x"].concat());
    house.run(&["verify", "longer.zip"]).expect(1);
}

#[test]
fn what_cannot_be_verified_is_said_with_what_can_be() {
    let house = House::new();
    house.write("a.txt", "a\n");
    house.write("x.age", "age-encryption.org/v1\n");
    house.write("folder/a.txt", "a\n");
    house.shell("mkfifo pipe; mkfifo folder/pipe; printf 'PK\\003\\004' > cut.zip; : > empty").expect(0);
    for (name, code) in [
        ("a.txt", "not-verifiable"),
        ("empty", "not-verifiable"),
        ("cut.zip", "not-verifiable"),
        ("folder", "not-verifiable"),
        ("x.age", "encrypted-input"),
        ("pipe", "not-seekable"),
        ("/dev/zero", "not-seekable"),
        ("missing", "not-found"),
    ] {
        house.run(&["verify", name]).expect(6).code(code);
    }
    assert!(house.run(&["verify", "a.txt"]).stderr.contains("OpenTimestamps proofs (.ots)"));
}
