//! Packages for a court: signers with certificates, time stamps, anchors, and judges who never heard of probity.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::authority::{Authority, Calendar};
use crate::browser;
use crate::house::{House, Ran, fit_their_schemas, judge};

/// Certificates and time stamps are of today, so these runs are too.
fn now() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A project with a case of two exhibits and a remark.
fn house() -> House {
    let house = House::initialised();
    house.write("access.log", "10.0.0.1 - - \"GET / HTTP/1.1\" 503\n".repeat(40));
    house.write("notes & <more>.txt", "äöü\n");
    house.run(&["case", "new", "c1", "--title", "Outage & <more>"]).expect(0);
    house.run(&["case", "add", "c1", "access.log", "notes & <more>.txt", "--purpose", "first copy"]).expect(0);
    house.run(&["case", "note", "c1", "The server was restarted at noon."]).expect(0);
    house
}

/// Runs with today's clock and gives the document back.
fn json(house: &House, args: &[&str], exit: i32) -> Value {
    let now = now();
    let document = house.json(&[args, &["--time", &now]].concat(), exit);
    fit_their_schemas(std::slice::from_ref(&document));
    document
}

fn build(house: &House, more: &[&str], exit: i32) -> Value {
    json(house, &[&["package", "build", "c1", "--output", "c1.asice", "--overwrite"], more].concat(), exit)
}

fn texts(strings: &[String]) -> Vec<&str> {
    strings.iter().map(String::as_str).collect()
}

/// The checks of a verification that failed.
fn failed(document: &Value) -> Vec<String> {
    let checks = document["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "failed");
    checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

fn shell(house: &House, line: &str) -> String {
    house.shell(line).expect(0).stdout
}

#[test]
fn a_signed_and_stamped_package_is_what_it_says_to_everybody() {
    let (house, authority) = (house(), Authority::start(&[]));
    let signer = authority.signer("p256");
    let built = build(&house, &[&texts(&signer)[..], &["--tsa", &authority.tsa]].concat(), 0);
    assert_eq!((&built["time"], &built["own_certificate"]), (&"stamped".into(), &false.into()));
    let (ca, key) = (authority.file("ca.pem"), ".probity/keys/evidence.pub");
    let found = json(&house, &["verify", "c1.asice", "--trust", &ca, "--trust", key], 0);
    for question in ["intact", "signer_trusted", "time_trusted", "custody_unbroken"] {
        assert_eq!(found[question], true, "{question}: {found:#}");
    }
    assert_eq!(found["anchored"], Value::Null);
    // Without anybody to trust it is intact, and the rest is open.
    let open = json(&house, &["verify", "c1.asice"], 0);
    assert_eq!(
        (&open["intact"], &open["signer_trusted"], &open["time_trusted"]),
        (&true.into(), &Value::Null, &Value::Null)
    );
    // A stranger's authority vouches for nobody here.
    let stranger = Authority::start(&[]);
    let refused = json(&house, &["verify", "c1.asice", "--trust", &stranger.file("ca.pem")], 1);
    assert_eq!((&refused["intact"], &refused["signer_trusted"]), (&true.into(), &false.into()));
    assert_eq!(refused["time_trusted"], false);

    // The media type stands at byte 38 of the file (EN 319 162-1, A.1).
    let bytes = fs::read(house.path("c1.asice")).unwrap();
    assert_eq!(&bytes[30..69], b"mimetypeapplication/vnd.etsi.asic-e+zip");
    fs::copy(authority.path("ca.pem"), house.path("ca.pem")).unwrap();
    shell(&house, "mkdir out && cd out && unzip -q ../c1.asice && cp ../ca.pem .");
    if ["xmlsec1", "openssl", "xmllint"].iter().all(|program| judge(program)) {
        let attribute = "--id-attr:Id 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'";
        let said = house
            .shell(&format!("cd out && xmlsec1 --verify --trusted-pem ca.pem {attribute} META-INF/signatures0.xml"));
        assert!(said.exit == 0, "{said:?}");
        let cms = "openssl cms -verify -binary -inform DER -in proofs/manifest.p7s -content manifest.json -CAfile ../ca.pem \
                   -purpose any -cades -out /dev/null";
        house.shell(&format!("cd out/bag && {cms}")).expect(0);
        let stamp = "openssl ts -verify -in ../META-INF/manifest.p7s.tsr -data proofs/manifest.p7s -CAfile ../ca.pem";
        house.shell(&format!("cd out/bag && {stamp}")).expect(0);
    }
    pdf_signatures_hold(&house, &authority);
    envelope_holds(&house);
}

/// pdfsig and pyHanko say that the report is signed, whole, and by somebody who is trusted.
fn pdf_signatures_hold(house: &House, authority: &Authority) {
    if judge("pdfsig") && judge("certutil") {
        let nss =
            "mkdir nss && certutil -N -d sql:nss --empty-password && certutil -A -d sql:nss -n root -t C,C,C -i ca.pem";
        let said = shell(house, &format!("{nss} && pdfsig -nssdir sql:nss out/bag/data/report.pdf"));
        for wanted in ["Signature is Valid", "Certificate is Trusted", "Total document signed"] {
            assert!(said.contains(wanted), "{said}");
        }
    }
    let Some(python) = std::env::var_os("PROBITY_TEST_PYHANKO") else { return };
    let mut pyhanko = Command::new(Path::new(&python).with_file_name("pyhanko"));
    pyhanko.args(["sign", "validate", "--trust", &authority.file("ca.pem"), "--trust-replace", "--pretty-print"]);
    let ran = Ran::of(pyhanko.arg(house.path("out/bag/data/report.pdf")).output().unwrap());
    let said = ran.stdout.clone() + &ran.stderr;
    assert!(said.contains("judged VALID") && said.contains("covers the entire file"), "{said}");
}

/// securesystemslib accepts the statement about manifest.json.
fn envelope_holds(house: &House) {
    let Some(python) = std::env::var_os("PROBITY_TEST_PYTHON") else { return };
    let script = "
import base64, hashlib, json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
raw = base64.b64decode(open('bag/signer.pub').read().split()[1])[-32:]
envelope = json.load(open('bag/proofs/manifest.dsse.json'))
keyid = envelope['signatures'][0]['keyid']
key = SSlibKey(keyid, 'ed25519', 'ed25519', {'public': raw.hex()})
Envelope.from_dict(envelope).verify([key], 1)
statement = json.loads(base64.b64decode(envelope['payload']))
assert statement['subject'][0]['digest']['sha256'] == hashlib.sha256(open('bag/manifest.json', 'rb').read()).hexdigest()
";
    let output = Command::new(python).args(["-c", script]).current_dir(house.path("out")).output().unwrap();
    Ran::of(output).expect(0);
}

#[test]
fn a_package_without_an_authority_is_completed_later() {
    // The authority is down: the package is built and says that its time is pending; then it is up, and only META-INF changes.
    let (house, authority) = (house(), Authority::start(&[]));
    let down = Authority::start(&["--answer", "http-500"]);
    let signer = authority.signer("p256");
    let ran = house
        .run(&[&["package", "build", "c1", "--output", "c1.asice", "--tsa", &down.tsa], &texts(&signer)[..]].concat());
    let ran = ran.expect(0);
    assert!(ran.stderr.contains("no time stamp from 127.0.0.1") && ran.stdout.contains("PENDING"), "{ran:?}");
    let pending = json(&house, &["verify", "c1.asice", "--trust", &authority.file("ca.pem")], 0);
    assert_eq!((&pending["intact"], &pending["time_trusted"]), (&true.into(), &Value::Null));
    assert!(house.run(&["verify", "c1.asice"]).stdout.contains("The time is PENDING"));
    let before = entries(&house);
    let says = |all: &[String]| all.iter().any(|line| line.contains("META-INF/time-pending.txt"));
    assert!(says(&before), "{before:?}");
    house.run(&["package", "timestamp", "c1.asice"]).expect(2).code("no-authority");
    house.run(&["package", "timestamp", "c1.asice", "--tsa", &down.tsa]).expect(8).code("no-time-stamp");
    assert_eq!(entries(&house), before);
    // The second is asked when the first fails.
    let stamped = json(&house, &["package", "timestamp", "c1.asice", "--tsa", &down.tsa, "--tsa", &authority.tsa], 0);
    let added: Vec<&str> = stamped["added"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(added, ["proofs/manifest.p7s", "META-INF/signatures0.xml", "data/report.pdf"]);
    let after = entries(&house);
    assert!(!says(&after), "{after:?}");
    let bag = |all: &[String]| all.iter().filter(|line| line.contains(" bag/")).cloned().collect::<Vec<_>>();
    assert_eq!(bag(&before), bag(&after));
    let found = json(&house, &["verify", "c1.asice", "--trust", &authority.file("ca.pem")], 0);
    assert_eq!((&found["time_trusted"], &found["signer_trusted"]), (&true.into(), &true.into()));
    let again = json(&house, &["package", "timestamp", "c1.asice", "--tsa", &authority.tsa], 0);
    assert_eq!(again["changed"], false);
    let strict = ["package", "build", "c1", "--output", "c2.asice", "--tsa", &down.tsa, "--require-time"];
    house.run(&strict).expect(8).code("no-time-stamp");
    assert!(!house.path("c2.asice").exists());
    let rejected = Authority::start(&["--answer", "rejected"]);
    house.run(&["package", "build", "c1", "--output", "c3.asice", "--tsa", &rejected.tsa, "--require-time"]).expect(8);
}

/// A certificate of the authority's `p256` that is good for a day: key and certificate as arguments.
fn short_lived(house: &House, authority: &Authority) -> Vec<String> {
    let (key, ca, ca_key) = (authority.file("p256.key"), authority.file("ca.pem"), authority.file("ca.key"));
    house.write("extensions", "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, nonRepudiation\n");
    shell(house, &format!("openssl req -new -key {key} -subj '/CN=Short' -out short.csr"));
    let issue = format!("openssl x509 -req -in short.csr -CA {ca} -CAkey {ca_key} -set_serial 99 -sha256 -days 1");
    shell(house, &format!("{issue} -extfile extensions -out short.pem 2>&1"));
    let mut signer = authority.signer("p256");
    signer[3] = "short.pem".to_owned();
    signer
}

/// A report that was signed while no authority answered is judged at the time that came later: also those who signed it,
/// whose certificate has run out since.
#[test]
fn the_report_gets_its_time_later() {
    let (house, authority) = (house(), Authority::start(&[]));
    let signer = short_lived(&house, &authority);
    build(&house, &texts(&signer), 0);
    let trust = ["verify", "c1.asice", "--trust", &authority.file("ca.pem")];
    let of_report = |found: &Value, question: &str| -> Vec<String> {
        let about = |check: &&Value| check["name"] == "report-signature: Signature1" && check["question"] == question;
        let checks = found["checks"].as_array().unwrap().iter().filter(about);
        checks.map(|check| format!("{}: {}", check["verdict"].as_str().unwrap(), check["detail"])).collect()
    };
    let before = json(&house, &trust, 0);
    assert_eq!(of_report(&before, "time_trusted"), Vec::<String>::new(), "{before:#}");
    let later = shell(&house, "date -u -d '+3 days' +%Y-%m-%dT%H:%M:%SZ");
    let later = [&trust[..], &["--time", later.trim()]].concat();
    let expired = house.json(&later, 1);
    assert!(of_report(&expired, "signer_trusted")[0].starts_with("failed: "), "{expired:#}");
    let stamped = json(&house, &["package", "timestamp", "c1.asice", "--tsa", &authority.tsa], 0);
    assert_eq!(stamped["without_time_stamp"], 0, "{stamped:#}");
    for found in [json(&house, &trust, 0), house.json(&later, 0)] {
        let said = of_report(&found, "time_trusted");
        let expect = "passed: \"It was stamped on ";
        assert!(said[0].starts_with(expect) && said[0].contains("META-INF/report.pdf.tsr"), "{said:?}");
        assert!(of_report(&found, "signer_trusted")[0].starts_with("passed: "), "{found:#}");
    }
    shell(&house, "mkdir out && unzip -q c1.asice -d out");
    let judged = "openssl ts -verify -in out/META-INF/report.pdf.tsr -data out/bag/data/report.pdf -CAfile";
    let said = shell(&house, &format!("{judged} {} 2>&1", authority.file("ca.pem")));
    assert!(said.contains("Verification: OK"), "{said}");
}

/// Name and digest of every file in the package.
fn entries(house: &House) -> Vec<String> {
    let script = "
import hashlib, zipfile
for entry in zipfile.ZipFile('c1.asice').infolist():
    print(hashlib.sha256(zipfile.ZipFile('c1.asice').read(entry)).hexdigest(), entry.filename)
";
    let output = Command::new("python3").args(["-c", script]).current_dir(house.root()).output().unwrap();
    Ran::of(output).expect(0).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn two_people_seal_together() {
    let (house, authority) = (house(), Authority::start(&[]));
    let (one, two) = (authority.signer("p256"), authority.signer("qualified"));
    let both: Vec<&str> = one.iter().chain(&two).map(String::as_str).collect();
    let alone =
        [&["package", "build", "c1", "--output", "c1.asice", "--require-signers", "2"], &texts(&one)[..]].concat();
    house.run(&alone).expect(4).code("too-few-signers");
    let twice: Vec<&str> = one.iter().chain(&one).map(String::as_str).collect();
    house.run(&[&alone[..7], &twice[..]].concat()).expect(4).code("too-few-signers");
    let built = build(&house, &[&both[..], &["--require-signers", "2"]].concat(), 0);
    assert_eq!(built["signers"].as_array().unwrap().len(), 2);
    let ca = authority.file("ca.pem");
    json(&house, &["verify", "c1.asice", "--trust", &ca, "--require-signers", "2"], 0);
    // Or one after the other.
    build(&house, &texts(&one), 0);
    let missing = json(&house, &["verify", "c1.asice", "--trust", &ca, "--require-signers", "2"], 1);
    assert_eq!(failed(&missing), ["signers"]);
    let now = now();
    let sign =
        |who: &[String]| house.run(&[&["package", "sign", "c1.asice", "--time", &now], &texts(who)[..]].concat());
    sign(&one).expect(4).code("signed-already");
    sign(&two).expect(0);
    let found = json(&house, &["verify", "c1.asice", "--trust", &ca, "--require-signers", "2"], 0);
    assert_eq!(found["signers"].as_array().unwrap().len(), 2, "{found:#}");
}

#[test]
fn signatures_are_seen_where_that_is_asked() {
    let (house, authority) = (house(), Authority::start(&[]));
    let (one, two) = (authority.signer("p256"), authority.signer("qualified"));
    let both: Vec<&str> = one.iter().chain(&two).map(String::as_str).collect();
    build(&house, &[&both[..], &["--visible-signature", "--tsa", &authority.tsa]].concat(), 0);
    let found = json(&house, &["verify", "c1.asice", "--trust", &authority.file("ca.pem")], 0);
    for question in ["intact", "signer_trusted", "time_trusted"] {
        assert_eq!(found[question], true, "{question}: {found:#}");
    }
    fs::copy(authority.path("ca.pem"), house.path("ca.pem")).unwrap();
    shell(&house, "mkdir out && cd out && unzip -q ../c1.asice");
    pdf_signatures_hold(&house, &authority);
    if let Some(verapdf) = std::env::var_os("VERAPDF") {
        let ran =
            Ran::of(Command::new(verapdf).arg("3a,ua1").arg(house.path("out/bag/data/report.pdf")).output().unwrap());
        assert_eq!(ran.expect(0).stdout.matches("PASS").count(), 2);
    }
    let plain = shell(&house, "pdftotext out/bag/data/report.pdf -");
    assert!(plain.contains("Each frame shows an electronic signature"), "{plain}");
    // Nobody signs the report: there is nothing to see.
    shell(&house, "ssh-keygen -q -t ed25519 -N '' -f other && chmod 600 other");
    let nobody = ["package", "build", "c1", "--output", "n.asice", "--key", "other", "--visible-signature"];
    house.run(&nobody).expect(2).code("no-signer");
    assert!(!house.path("n.asice").exists());
}

#[test]
fn a_package_is_anchored_in_blocks() {
    let (house, authority) = (house(), Authority::start(&[]));
    let calendar = Calendar::start(&["--confirm-after", "1"]);
    build(&house, &texts(&authority.signer("p256")), 0);
    let begun = json(&house, &["package", "anchor", "c1.asice", "--calendar", &calendar.calendar], 0);
    assert_eq!((&begun["changed"], begun["proof"]["blocks"].as_array().unwrap().len()), (&true.into(), 0));
    let pending = json(&house, &["verify", "c1.asice"], 0);
    assert_eq!(pending["anchored"], Value::Null);
    let upgrade = ["package", "anchor", "c1.asice", "--calendar", &calendar.calendar, "--upgrade"];
    assert_eq!(json(&house, &upgrade, 0)["changed"], false);
    let upgraded = json(&house, &upgrade, 0);
    assert_eq!(upgraded["proof"]["blocks"][0], 800_000, "{upgraded:#}");
    assert_eq!(upgraded["proof"]["pending"].as_array().unwrap().len(), 1, "the promise is kept, not thrown away");
    let found = json(&house, &["verify", "c1.asice", "--bitcoin-node", &calendar.bitcoin], 0);
    assert_eq!(found["anchored"], true, "{found:#}");
    let unasked = json(&house, &["verify", "c1.asice"], 0);
    assert_eq!((&unasked["anchored"], &unasked["intact"]), (&Value::Null, &true.into()));
    let wrong = Calendar::start(&["--wrong-root"]);
    let refused = json(&house, &["verify", "c1.asice", "--bitcoin-node", &wrong.bitcoin], 1);
    assert_eq!((&refused["anchored"], &refused["intact"]), (&false.into(), &true.into()));
    // The client of OpenTimestamps agrees.
    let Some(python) = std::env::var_os("PROBITY_TEST_OTS") else { return };
    shell(&house, "mkdir out && cd out && unzip -q ../c1.asice");
    let node = calendar.bitcoin.replace("http://", "http://u:p@");
    let mut ots = Command::new(Path::new(&python).with_file_name("ots"));
    ots.args([
        "--no-cache",
        "--bitcoin-node",
        &node,
        "verify",
        "-f",
        "bag/proofs/manifest.p7s",
        "META-INF/manifest.p7s.ots",
    ]);
    let ran = Ran::of(ots.current_dir(house.path("out")).output().unwrap());
    assert!((ran.stdout.clone() + &ran.stderr).contains("Success! Bitcoin block 800000"), "{ran:?}");
}

#[test]
fn a_package_is_for_its_recipients_only() {
    if !judge("age") {
        return;
    }
    let house = house();
    shell(
        &house,
        "age-keygen -o one.txt 2>one.pub && age-keygen -o two.txt 2>two.pub && age-keygen -o three.txt 2>three.pub",
    );
    let recipient = |name: &str| house.read(name).split_whitespace().last().unwrap().to_owned();
    let (one, two) = (recipient("one.pub"), recipient("two.pub"));
    let time = ["--time", "2026-11-22T12:00:00Z"];
    let plain = [&["package", "build", "c1", "--output", "plain.asice"], &time[..]].concat();
    shell(
        &house,
        "cp -a .probity probity.toml rules jobs /dev/null 2>&1; mkdir twin && cp -a .probity probity.toml twin/",
    );
    house.run(&plain).expect(0);
    let sealed = [
        "--project",
        "twin",
        "package",
        "build",
        "c1",
        "--output",
        "c1.age",
        "--encrypt-to",
        &one,
        "--encrypt-to",
        &two,
    ];
    house.run(&[&sealed[..], &time[..]].concat()).expect(0);
    for key in ["one.txt", "two.txt"] {
        shell(&house, &format!("age -d -i {key} c1.age > opened.asice && cmp opened.asice plain.asice"));
    }
    house.shell("age -d -i three.txt c1.age > nothing.asice").expect(1);
    house
        .run(&["package", "build", "c1", "--output", "x", "--encrypt-to", "age1nobody"])
        .expect(2)
        .code("bad-recipient");
    assert!(!house.path("x").exists());
}

#[test]
fn a_browser_checks_a_package_without_a_network() {
    // The page of the package, with the package in it: what a reader sees after choosing the file.
    if !judge("chromium") {
        return;
    }
    let house = house();
    build(&house, &[], 0);
    let tamper = "import sys; b = bytearray(open('c1.asice', 'rb').read()); i = b.find(b'GET / HTTP'); b[i] ^= 1; open('bad.asice', 'wb').write(b)";
    Ran::of(Command::new("python3").args(["-c", tamper]).current_dir(house.root()).output().unwrap()).expect(0);
    for (package, wanted) in [("c1.asice", "Intact: nothing was changed"), ("bad.asice", "NOT intact")] {
        shell(
            &house,
            &format!(
                "rm -rf page && mkdir page && unzip -q -p c1.asice bag/verify.html > page/index.html && base64 -w0 {package} > page/data"
            ),
        );
        let data = house.read("page/data");
        let file = format!("new File([Uint8Array.from(atob('{data}'), c => c.charCodeAt(0))], 'c1.asice')");
        let run = format!("<script>check({file}).then(() => console.log('DONE ' + document.body.innerText))</script>");
        let page = house.read("page/index.html").replace("</body>", &format!("{run}</body>"));
        house.write("page/index.html", page);
        let said = browser::console(&house.path("page/index.html"));
        assert!(said.contains(wanted), "{package}: {said}");
        assert!(package == "bad.asice" || said.matches("passed:").count() >= 6, "{said}");
    }
}

#[test]
fn a_package_for_the_long_term_keeps_what_its_judges_need() {
    // Answers about revocation are in report and container, and the report has a time stamp of its own (B-LTA).
    let (house, authority) = (house(), Authority::with_responder(&["--trusted-list"]));
    let signer = authority.signer("qualified");
    let long =
        ["--tsa", &authority.tsa, "--long-term", "--ocsp", &authority.ocsp, "--issuer", &authority.file("ca.pem")];
    build(&house, &[&texts(&signer)[..], &long].concat(), 0);
    let found = json(&house, &["verify", "c1.asice", "--trust", &authority.file("ca.pem")], 0);
    let checks = found["checks"].as_array().unwrap();
    let open: Vec<_> =
        checks.iter().filter(|check| check["name"].as_str().unwrap().starts_with("report-signature")).collect();
    let unknown = |check: &&&Value| check["detail"].as_str().unwrap().contains("not checked");
    assert!(open.len() >= 7 && !open.iter().any(|check| unknown(&check)), "{open:#?}");
    assert!(open.iter().any(|check| check["name"] != "report-signature: Signature1"), "no time stamp of the document");
    // A certificate that was revoked seals nothing.
    let revoked = authority.signer("revoked");
    let now = now();
    let arguments =
        [&["package", "build", "c1", "--output", "r.asice", "--time", &now], &texts(&revoked)[..], &long].concat();
    house.run(&arguments).expect(4).code("certificate-revoked");
    assert!(!house.path("r.asice").exists());
    // A responder that is named by hand goes before; nobody at all is a refusal.
    let silent = Authority::start(&[]);
    let other = silent.signer("p256");
    let unknown = [&["package", "build", "c1", "--output", "r.asice", "--time", &now], &texts(&other)[..], &long];
    house
        .run(&[&unknown.concat()[..], &["--issuer", &silent.file("ca.pem")]].concat())
        .expect(8)
        .code("no-revocation-answer");
    let asked = [
        "--ocsp",
        &silent.ocsp,
        "--issuer",
        &silent.file("ca.pem"),
        "--tsa",
        &silent.tsa,
        "--long-term",
        "--overwrite",
    ];
    let asked = [&["package", "build", "c1", "--output", "r.asice", "--time", &now], &texts(&other)[..], &asked];
    house.run(&asked.concat()).expect(0);
    if let Some(python) = std::env::var_os("PROBITY_TEST_ASIC") {
        let mut digidoc = Command::new(python);
        digidoc.arg(crate::house::repository("tests/judges/asic/digidoc.py")).arg("verify").arg(authority.path(""));
        let ran = Ran::of(digidoc.arg(house.path("c1.asice")).output().unwrap());
        assert!(ran.stdout.starts_with("VALID "), "{ran:?}");
    }
    let Some(python) = std::env::var_os("PROBITY_TEST_PYHANKO") else { return };
    shell(&house, "unzip -q -p c1.asice bag/data/report.pdf > report.pdf");
    let mut judge = Command::new(python);
    judge.arg(crate::house::repository("tests/judges/pades/long-term")).arg(authority.path("ca.pem"));
    let ran = Ran::of(judge.arg(house.path("report.pdf")).output().unwrap()).expect(0);
    assert!(ran.stdout.lines().count() >= 2 && !ran.stdout.contains("INVALID"), "{ran:?}");
}

/// A change, as Python that has the files of the package as the dictionary `f`, and the check that names it.
const TAMPERING: [(&str, &str); 24] = [
    ("f['bag/data/exhibits/EX-001/access.log'] += b'x'", "exhibits"),
    ("del f['bag/data/exhibits/EX-001/access.log']", "exhibits"),
    ("f['bag/data/exhibits/EX-001/more.log'] = b'x'", "payload-manifest"),
    ("f['bag/data/exhibits/EX-001/other.log'] = f.pop('bag/data/exhibits/EX-001/access.log')", "payload-manifest"),
    ("f['bag/data/custody.jsonl'] = b''.join(f['bag/data/custody.jsonl'].splitlines(True)[:-1])", "custody"),
    ("f['bag/data/custody.jsonl'] = f['bag/data/custody.jsonl'].replace(b'first copy', b'third copy')", "custody"),
    (
        "l = f['bag/data/custody.jsonl'].splitlines(True); l[1], l[2] = l[2], l[1]; f['bag/data/custody.jsonl'] = b''.join(l)",
        "custody",
    ),
    ("f['bag/data/case.json'] = f['bag/data/case.json'].replace(b'Outage', b'Update')", "payload-manifest"),
    ("f['bag/data/case.xml'] = f['bag/data/case.xml'].replace(b'Outage', b'Update')", "xml"),
    ("f['bag/data/provenance.jsonld'] = f['bag/data/provenance.jsonld'].replace(b'EX-001', b'EX-009')", "provenance"),
    ("f['bag/manifest.json'] = f['bag/manifest.json'].replace(b'2026', b'2025')", "ssh-signature"),
    ("f['bag/manifest-sha256.txt'] = f['bag/manifest-sha256.txt'][:-1] + b' '", "payload-manifest"),
    (
        "f['bag/proofs/manifest.p7s'] = f['bag/proofs/manifest.p7s'][:-9] + b'123456789'",
        "cades-signature: proofs/manifest.p7s",
    ),
    ("del f['bag/proofs/manifest.p7s']", "sealers"),
    ("del f['META-INF/signatures0.xml']", "sealers"),
    (
        "f['META-INF/signatures0.xml'] = f['META-INF/signatures0.xml'].replace(b'SigningTime>20', b'SigningTime>19')",
        "xades-signature: META-INF/signatures0.xml",
    ),
    (
        "f['META-INF/signatures0.xml'] = f['META-INF/signatures0.xml'].replace(b'<asic:', b'<!DOCTYPE a [<!ENTITY x \"y\">]><asic:', 1)",
        "xades-signature: META-INF/signatures0.xml",
    ),
    (
        "f['META-INF/manifest.p7s.tsr'] = f['META-INF/manifest.p7s.tsr'][:-9] + b'123456789'",
        "time-stamp: META-INF/manifest.p7s.tsr",
    ),
    ("f['META-INF/evil.xml'] = b'<x/>'", "container"),
    ("f['META-INF/manifest.xml'] = f['META-INF/manifest.xml'].replace(b'text/plain', b'text/html')", "container"),
    ("f['mimetype'] = b'application/zip'", "container"),
    ("f['bag/signer.pub'] = f['bag/signer.pub'].replace(b'AAAAC3', b'AAAAC4')", "ssh-signature"),
    ("f['bag/verify.sh'] = b'#!/bin/sh'", "tag-manifest"),
    ("f['bag/data/report.pdf'] += b' 1 0 obj << >> endobj '", "report-signature: Signature1"),
];

#[test]
fn every_kind_of_tampering_is_caught_and_named() {
    // The zip is written again as probity writes it, so that only the change itself can be found.
    let (house, authority) = (house(), Authority::start(&[]));
    build(&house, &[&texts(&authority.signer("p256"))[..], &["--tsa", &authority.tsa]].concat(), 0);
    for (change, name) in TAMPERING {
        let script = format!(
            "
import sys, zipfile
f = {{e: zipfile.ZipFile('c1.asice').read(e) for e in zipfile.ZipFile('c1.asice').namelist()}}
before = dict(f)
{change}
assert f != before
out = zipfile.ZipFile('t.asice', 'w', zipfile.ZIP_STORED)
for name in sorted(f, key=lambda n: (n != 'mimetype', n)):
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, (0o100755 if name.endswith('.sh') else 0o100644) << 16
    out.writestr(info, f[name])
out.close()
"
        );
        let python = Command::new("python3").args(["-c", &script]).current_dir(house.root()).output().unwrap();
        Ran::of(python).expect(0);
        let found = json(&house, &["verify", "t.asice", "--trust", &authority.file("ca.pem")], 1);
        let names = failed(&found);
        assert!(names.iter().any(|failed| failed == name), "{change}: {names:?}, not {name}");
        assert!(!names.iter().any(|failed| failed == "zip-structure"), "{change}: {found:#}");
    }
}

#[test]
fn profiles_add_what_courts_want_filed_and_say_what_to_look_at() {
    let (house, authority) = (house(), Authority::start(&[]));
    let signer = authority.signer("qualified");
    let signed = [&texts(&signer)[..], &["--tsa", &authority.tsa]].concat();
    let profile = |name: &str, more: &[&str]| {
        let now = now();
        let line = ["package", "build", "c1", "--output", "c1.asice", "--overwrite", "--profile", name, "--time", &now];
        let ran = house.run(&[&line, more].concat()).expect(0);
        json(&house, &["verify", "c1.asice"], 0);
        ran.stderr
    };
    assert!(!profile("eu", &signed).contains("qualified:"), "the certificate claims to be qualified");
    assert!(profile("eu", &[]).contains("signed by itself"));
    assert!(profile("us-ecf", &[&signed[..], &["--bates", "ACME000001"]].concat()).contains("should name nobody"));
    fs::copy(authority.path("ca.pem"), house.path("ca.pem")).unwrap();
    shell(&house, "mkdir us && cd us && unzip -q ../c1.asice 'bag/data/*'");
    if ["openssl", "pdftotext", "pdfinfo", "pdfsig"].iter().all(|program| judge(program)) {
        let cms = "-inform DER -in report.pdf.p7s -content report.pdf -CAfile ../../../../ca.pem -purpose any -cades";
        shell(&house, &format!("cd us/bag/data/filing && openssl cms -verify -binary {cms} -out /dev/null"));
        shell(
            &house,
            "cd us/bag/data/filing && openssl ts -verify -in report.pdf.tsr -data report.pdf -CAfile ../../../../ca.pem",
        );
        assert!(shell(&house, "pdftotext us/bag/data/filing/report.pdf -").contains("ACME000001"));
        assert!(shell(&house, "pdfinfo us/bag/data/report.pdf").contains("612 x 792 pts (letter)"));
        let unsigned = house.shell("pdfsig -nocert us/bag/data/filing/report.pdf");
        assert!(unsigned.stdout.contains("does not contain any signatures"), "{unsigned:?}");
    }
    profile("uk-bundle", &[]);
    let files = shell(&house, "unzip -Z1 c1.asice 'bag/data/filing/*'");
    let expect = ["README.txt", "bundle.pdf", "schedule.csv", "statement_DRAFT.txt"]
        .map(|name| format!("bag/data/filing/{name}"));
    assert_eq!(files.lines().collect::<Vec<_>>(), expect);
    for (flag, value, code) in [("--bates", "A 1", "bad-control-number"), ("--file-size-max", "1kB", "filing-limit")] {
        let line = ["package", "build", "c1", "--output", "x.asice", "--profile", "us-ecf", flag, value];
        let ran = house.run(&line).expect(2);
        assert!(ran.stderr.contains(code) && !house.path("x.asice").exists(), "{ran:?}");
    }
}
