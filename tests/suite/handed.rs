//! What is handed over is checked by whoever gets it: by `verify`, and by the programs that people have.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, repository};

const MAP: &str = "
dataset:
- fides_key: shop
  collections:
  - name: person
    meta: {probity: {recipients: [Carrier, Tax office]}}
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    - {name: name, data_categories: [user.name]}
  - name: note
    fields:
    - {name: text, data_categories: [system.operations]}
    - {name: doc, data_categories: [system.operations]}
";

const SHOP: &str = "
CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, name TEXT);
CREATE TABLE note (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person(id), text TEXT, doc JSON);
INSERT INTO person VALUES (1, 'ann@example.org', 'Ann Miller'), (2, 'bob@example.org', 'Bob');
INSERT INTO note VALUES (1, 1, 'wants a parcel', NULL), (2, 2, 'nothing', NULL);
";

const ANN: &str = "email=ann@example.org";

pub(crate) fn sqlite(file: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3").args(["-batch", "-bail"]).arg(file).arg(sql).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A project with one store in a file; `settings` stand below it.
fn shop(settings: &str) -> House {
    let house = House::initialised();
    let text = house.read("probity.toml");
    house.write("probity.toml", format!("{text}\n[stores.shop]\nurl = \"sqlite:shop.db\"\n{settings}\n"));
    house.write("probity-map.yml", MAP);
    sqlite(&house.path("shop.db"), SHOP);
    house
}

/// `out.zip`, and unpacked beside it.
fn handed() -> House {
    let house = shop("");
    house.run(&["export", ANN, "--output", "out.zip"]).expect(0);
    house.shell("unzip -q out.zip -d out && ssh-keygen -q -t ed25519 -N '' -f other").expect(0);
    house
}

fn verified(house: &House, args: &[&str], exit: i32) -> Value {
    let found = house.json(&[&["verify"], args].concat(), exit);
    fit_their_schemas(std::slice::from_ref(&found));
    found
}

/// The detail and places of the checks that fail.
fn failures(found: &Value) -> String {
    let failed = found["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "failed");
    failed.map(|check| format!("{}: {} {}\n", check["name"], check["detail"], check["places"])).collect()
}

/// Intact, signed by whom, and what was not asked are told apart, of the zip as of the folder.
#[test]
fn an_export_is_verified_as_a_zip_and_as_a_folder() {
    let house = handed();
    let key = house.shell("ssh-keygen -l -f out/signer.pub").expect(0).stdout;
    for path in ["out.zip", "out"] {
        let found = verified(&house, &[path], 0);
        assert_eq!(
            (&found["form"], &found["intact"], &found["signer_trusted"], &found["time_trusted"]),
            (&"export of personal data".into(), &true.into(), &Value::Null, &Value::Null),
            "{found:#}"
        );
        assert!(key.contains(found["signer"].as_str().unwrap()), "{key}");
        let known = verified(&house, &[path, "--trust", "out/signer.pub", "--require-signers", "1"], 0);
        assert_eq!(known["signer_trusted"], true);
        let other = verified(&house, &[path, "--trust", "other.pub"], 1);
        assert_eq!((&other["intact"], &other["signer_trusted"]), (&true.into(), &false.into()));
        // No certificate has signed this, whatever authority is trusted.
        let ca = repository("fixtures/vectors/foreign/ca.pem").display().to_string();
        assert!(failures(&verified(&house, &[path, "--trust", &ca], 1)).contains("signed with a key"));
        let said = house.run(&["verify", path]).expect(0).stdout;
        assert!(said.contains("signer trusted\tnot checked") && said.contains("signed with\tSHA256:"), "{said}");
    }
    house.run(&["verify", "out.zip", "--plan", "out/data.json"]).expect(2).code("data-not-needed");
    house.shell("cd out && sha256sum -c --strict --quiet SHA256SUMS").expect(0);
    let check = "ssh-keygen -Y verify -f allowed_signers -I export@probity -n export@probity -s SHA256SUMS.sig";
    house.shell(&format!("cd out && {check} < SHA256SUMS")).expect(0);
    let page = house.read("out/index.html");
    assert!(
        page.contains("sha256sum -c SHA256SUMS") && page.contains("ssh-keygen -Y verify"),
        "it says how to check it"
    );
}

/// Whatever is changed, taken away or added is named; sha256sum and ssh-keygen see the same.
#[test]
fn what_was_changed_in_an_export_is_named() {
    let house = handed();
    for (change, words) in [
        ("echo x >> data.json", "data.json: changed"),
        ("rm third_party.json", "third_party.json: missing"),
        ("rm manifest.json", "manifest.json: missing"),
        ("echo x > more.txt", "more.txt: added"),
        ("ln -s /etc/passwd link", "link: it is a symbolic link"),
        ("sed -i 1d SHA256SUMS", "added (SHA256SUMS does not list it)"),
        ("sed -i 1s/^../ff/ SHA256SUMS", "SHA256SUMS: the signature is not over these bytes"),
        ("rm SHA256SUMS", "SHA256SUMS is missing"),
        ("rm SHA256SUMS.sig", "SHA256SUMS.sig is missing"),
        ("cat ../other.pub > signer.pub", "signer.pub: it does not hold the key that signed"),
        ("sed -i 's/ssh-ed25519 A/ssh-ed25519 B/' allowed_signers", "allowed_signers: it does not hold the key"),
        ("echo x > SHA256SUMS.minisig", "SHA256SUMS.minisig: "),
        // Whoever signs anew with a key of their own has to change the files with keys too, and is seen by whom they are.
        (
            "ssh-keygen -q -Y sign -n export@probity -f ../other SHA256SUMS < /dev/null; true",
            "SHA256SUMS.minisig: The minisign signature does not match",
        ),
        ("rm SHA256SUMS.sig; ssh-keygen -q -Y sign -n file -f ../other SHA256SUMS", "it is for \\\"file\\\", not for"),
    ] {
        house.shell("rm -rf bad && cp -r out bad && rm -f bad/SHA256SUMS.sig.bak").expect(0);
        if change.contains("-n export@probity") {
            house.shell("rm bad/SHA256SUMS.sig").expect(0);
        }
        house.shell(&format!("cd bad && {change}")).expect(0);
        let said = failures(&verified(&house, &["bad"], 1));
        assert!(said.contains(words), "{change}: {said}");
    }
    house.shell("rm -rf bad && cp -r out bad && cd bad && echo x >> data.json && zip -q -r ../bad.zip .").expect(0);
    assert!(failures(&verified(&house, &["bad.zip"], 1)).contains("data.json: changed"));
    // A byte of a content inside the zip itself.
    let mut bytes = fs::read(house.path("out.zip")).unwrap();
    let at = bytes.windows(9).position(|window| window == b"data.json").unwrap() + 40;
    bytes[at] ^= 1;
    house.write("bent.zip", &bytes);
    assert!(failures(&verified(&house, &["bent.zip"], 1)).contains("data.json"));
    house.write("cut.zip", &bytes[..bytes.len() - 100]);
    assert!(failures(&verified(&house, &["cut.zip"], 1)).contains("it is cut off"));
}

/// One document has its signature beside it; ssh-keygen and verify agree about both formats, and about what was changed.
#[test]
fn a_document_is_signed_beside_itself() {
    let house = shop("");
    for format in ["json", "fides"] {
        let name = format!("ann.{format}");
        let done = house.json(&["export", ANN, "--format", format, "--output", &name], 0);
        let signature = format!("{name}.sig");
        assert_eq!(done["signature"], signature.as_str());
        let key = done["signer"].as_str().unwrap().to_owned();
        let check = format!("ssh-keygen -Y check-novalidate -n export@probity -s {signature}");
        let good = house.shell(&format!("{check} < {name}")).expect(0).stdout;
        assert!(good.contains(&key), "{good}");
        house.shell(&format!("sed 's/Ann Miller/Eve Miller/' {name} > changed.{format}")).expect(0);
        house.shell(&format!("{check} < changed.{format}")).expect(255);
        let found = verified(&house, &[&name], 0);
        assert_eq!((&found["form"], &found["signer"]), (&"export of personal data".into(), &key.as_str().into()));
        verified(&house, &[&signature], 0);
        let said = failures(&verified(&house, &[&signature, "--data", &format!("changed.{format}")], 1));
        assert!(said.contains("the signature is not over these bytes"), "{said}");
        house.run(&["verify", &format!("changed.{format}")]).expect(6).code("not-verifiable");
        house.run(&["export", ANN, "--format", format, "--output", &name]).expect(4).code("output-exists");
        fit_their_schemas(&[done]);
    }
    let document: Value = serde_json::from_str(&house.read("ann.json")).unwrap();
    assert!(document["signature"]["check"].as_str().unwrap().starts_with("ssh-keygen -Y check-novalidate"));
    fit_their_schemas(&[document]);
    only_its_holder_verifies_it(&house);
    if judge("age") {
        house.shell("age-keygen -o key.txt 2>/dev/null").expect(0);
        let to = house.shell("age-keygen -y key.txt").expect(0).stdout;
        let to = ["--encrypt-to", to.trim()];
        house.run(&[&["export", ANN, "--format", "json", "--output", "a.json.age"][..], &to].concat()).expect(0);
        house.run(&["verify", "a.json.age"]).expect(6).code("encrypted-input");
        house
            .shell("age -d -i key.txt -o a.json a.json.age && age -d -i key.txt -o a.json.sig a.json.age.sig")
            .expect(0);
        verified(&house, &["a.json"], 0);
    }
}

/// What is encrypted is verified with the key that it is encrypted to, whatever it is, and without a trace on the disk.
fn only_its_holder_verifies_it(house: &House) {
    house.write("holder.txt", crate::redact::IDENTITY);
    let to = ["--encrypt-to", crate::redact::RECIPIENT];
    let mine = ["--identity", "holder.txt"];
    house.run(&[&["export", ANN, "--format", "json", "--output", "mine.age"][..], &to].concat()).expect(0);
    house.run(&[&["export", ANN, "--output", "mine.zip.age"][..], &to].concat()).expect(0);
    house.run(&["case", "new", "c1", "--title", "Outage"]).expect(0);
    house.run(&[&["package", "build", "c1", "--output", "mine.asice.age"][..], &to].concat()).expect(0);
    let before = house.shell("find . -path ./.probity -prune -o -print | sort").stdout;
    for (name, form) in [
        ("mine.age", "export of personal data"),
        ("mine.zip.age", "export of personal data"),
        ("mine.asice.age", "evidence package"),
    ] {
        house.run(&["verify", name]).expect(6).code("encrypted-input");
        let found = verified(house, &[&[name][..], &mine].concat(), 0);
        assert_eq!((&found["form"], &found["intact"]), (&form.into(), &true.into()), "{name}");
        house.run(&["verify", name, "--identity", "probity.toml"]).expect(6).code("bad-identity");
        let bytes = fs::read(house.path(name)).unwrap();
        // A byte in the middle, the end, and the stanza of the key.
        let mut bent = bytes.clone();
        bent[bytes.len() / 2] ^= 1;
        house.write("bent.age", &bent);
        house.write("cut.age", &bytes[..bytes.len() - 20]);
        house.shell(&format!("test ! -e {name}.sig || cp {name}.sig bent.age.sig")).expect(0);
        let ran = house.run(&[&["verify", "bent.age"][..], &mine].concat());
        assert!([1, 6, 8].contains(&ran.exit), "{ran:?}");
        house.run(&[&["verify", "cut.age"][..], &mine].concat()).expect(6).code("bad-age-file");
        house.shell("rm -f bent.age bent.age.sig cut.age").expect(0);
    }
    house.write("other.txt", "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n");
    house.run(&["verify", "mine.age", "--identity", "other.txt"]).expect(4).code("wrong-identity");
    house.run(&["verify", "ann.json", "--identity", "holder.txt"]).expect(2).code("data-not-needed");
    house.shell("rm other.txt").expect(0);
    assert_eq!(house.shell("find . -path ./.probity -prune -o -print | sort").stdout, before);
}

/// The requests that were answered, and the digest that was confirmed.
fn erased(house: &House) -> String {
    house.run(&["erase", ANN, "--dry-run", "--plan", "plan.json"]).expect(0);
    let plan: Value = serde_json::from_str(&house.read("plan.json")).unwrap();
    let digest = plan["digest"].as_str().unwrap().to_owned();
    house.run(&["erase", ANN, "--plan", "plan.json", "--confirm", digest.trim_start_matches("sha256:")]).expect(0);
    house.shell("cp -r .probity/requests/req-0001 done").expect(0);
    digest
}

/// A certificate holds as JSON and as XML, is about the plan that was confirmed and no other, and a change is seen.
#[test]
fn a_certificate_is_verified_with_the_plan_that_it_is_about() {
    let house = shop("");
    let digest = erased(&house);
    for name in ["certificate.json", "certificate.xml"] {
        let path = format!("done/{name}");
        let found = verified(&house, &[&path], 0);
        assert_eq!((&found["form"], &found["intact"]), (&"certificate of erasure".into(), &true.into()));
        let said = found.to_string();
        assert!(said.contains(&digest) && said.contains("result complete"), "{found:#}");
        assert_eq!(said.contains("sums of its steps"), name.ends_with("json"), "the XML has no sums");
        let check = "ssh-keygen -Y verify -f allowed_signers -I sealer@probity -n erase-certificate@probity";
        house.shell(&format!("cd done && {check} -s {name}.sig < {name}")).expect(0);
        let tied = verified(&house, &[&path, "--plan", "plan.json"], 0);
        assert!(tied.to_string().contains("this very plan"), "{tied:#}");
        let plan = house.read("plan.json").replacen("\"expect\": 1", "\"expect\": 2", 1);
        house.write("other-plan.json", plan);
        let said = failures(&verified(&house, &[&path, "--plan", "other-plan.json"], 1));
        assert!(said.contains("other-plan.json: its digest is"), "{said}");
        house
            .shell(&format!("cp {path}.sig bad.{name}.sig && sed s/deleted/anonymised/ {path} > bad.{name}"))
            .expect(0);
        let said = failures(&verified(&house, &[&format!("bad.{name}")], 1));
        assert!(said.contains("the signature is not over these bytes"), "{said}");
    }
    // Signed anew by somebody else over other counts: the sums do not fit, and the key is not the one that is trusted.
    house.shell("ssh-keygen -q -t ed25519 -N '' -f other").expect(0);
    house
        .shell("sed 's/\"deleted\":2/\"deleted\":9/' done/certificate.json > c.json && ! cmp -s c.json done/certificate.json")
        .expect(0);
    house.shell("ssh-keygen -q -Y sign -n erase-certificate@probity -f other c.json").expect(0);
    let said = failures(&verified(&house, &["c.json", "--trust", "other.pub"], 1));
    assert!(said.contains("counts.deleted"), "{said}");
    house.shell("cp done/certificate.json d.json").expect(0);
    house.shell("ssh-keygen -q -Y sign -n erase-certificate@probity -f other d.json").expect(0);
    let key = house.shell("cut -d' ' -f3- done/allowed_signers > key.pub; cat key.pub").expect(0).stdout;
    assert!(key.starts_with("ssh-ed25519 "), "{key}");
    verified(&house, &["done/certificate.json", "--trust", "key.pub"], 0);
    let found = verified(&house, &["d.json", "--trust", "key.pub"], 1);
    assert_eq!((&found["intact"], &found["signer_trusted"]), (&true.into(), &false.into()));
}

/// Any file that somebody signed with ssh-keygen is verified by the same command.
#[test]
fn a_file_signed_with_ssh_keygen_holds() {
    let house = House::new();
    house.write("letter.txt", "yes\n");
    house.shell("ssh-keygen -q -t ed25519 -N '' -f k && ssh-keygen -q -Y sign -n file -f k letter.txt").expect(0);
    let found = verified(&house, &["letter.txt", "--trust", "k.pub"], 0);
    assert_eq!((&found["form"], &found["signer_trusted"]), (&"SSH signature".into(), &true.into()));
    house.write("letter.txt", "no\n");
    let said = failures(&verified(&house, &["letter.txt"], 1));
    assert!(said.contains("letter.txt: the signature is not over these bytes"), "{said}");
    house.write("letter.txt.sig", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n");
    assert!(failures(&verified(&house, &["letter.txt"], 1)).contains("cannot be read"));
    house.run(&["verify", "letter.txt.sig", "--data", "letter.txt", "--plan", "k"]).expect(2).code("data-not-needed");
}

/// Who is to be told, who was when the certificate was made, and until when backups hold the data: in the plan, in JSON, in XML
/// by its schema, in the PDF that veraPDF judges.
#[test]
fn a_certificate_tells_recipients_and_backups() {
    let house = shop("backups_kept = \"35d\"\nbackups_place = \"tapes in Ulm\"");
    house.run(&["request", "open", "erasure", ANN]).expect(0);
    let plan = house.json(&["erase", "--request", "req-0001", "--dry-run"], 0);
    assert_eq!(
        plan["plan"]["backups"],
        serde_json::json!([{"store": "shop", "kept": "35d", "place": "tapes in Ulm"}]),
        "{plan}"
    );
    let said = house.run(&["erase", "--request", "req-0001", "--dry-run"]).expect(0).stdout;
    assert!(said.contains("tapes in Ulm") && said.contains("35d after the erase"), "{said}");
    // Something is left, so that the request stays open: meanwhile a recipient is told.
    sqlite(
        &house.path("shop.db"),
        "CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT); INSERT INTO log VALUES (1, 'call ann@example.org');",
    );
    let plan = house.json(&["erase", "--request", "req-0001", "--dry-run"], 0);
    let digest = plan["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let left = house.json(&["erase", "--request", "req-0001", "--confirm", &digest], 1);
    let certificate =
        || -> Value { serde_json::from_str(&house.read(".probity/requests/req-0001/certificate.json")).unwrap() };
    assert_eq!(certificate()["recipients"][0]["told"], Value::Null);
    house.run(&["erase", "--request", "req-0001", "--dry-run"]).expect(4).code("request-begun");
    let told = ["request", "told", "req-0001", "--recipient", "Carrier", "--by", "registered letter"];
    house.run(&told).expect(0);
    sqlite(&house.path("shop.db"), "DELETE FROM log;");
    let done = house.json(&["erase", "--resume", "req-0001"], 0);
    let certificate = certificate();
    let names: Vec<&Value> = certificate["recipients"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["Carrier", "Tax office"]);
    assert_eq!(certificate["recipients"][0]["told"]["by"], "registered letter");
    assert_eq!(certificate["recipients"][1]["told"], Value::Null);
    let finished = certificate["finished"].as_str().unwrap().to_owned();
    let date = format!("date -u -d '{finished} +35 days' +%F");
    let until = house.shell(&date).expect(0).stdout;
    assert_eq!(certificate["backups"][0]["until"], until.trim());
    fit_their_schemas(&[plan, left, done, certificate]);
    judged(&house, "req-0001", &["Carrier", "told 2026-11-22", "still to be told", "tapes in Ulm", until.trim()]);
}

/// Who is told after the request was answered stands in supplements, which are signed and go back to the certificate.
#[test]
fn recipients_who_are_told_later_reach_the_certificate() {
    let house = shop("");
    erased(&house);
    let tell = |who: &str, how: &[&str]| {
        let told = house.run(&[&["request", "told", "req-0001", "--recipient", who][..], how].concat()).expect(0);
        assert!(told.stderr.contains("supplement-000"), "{}", told.stderr);
    };
    tell("Carrier", &["--by", "registered letter"]);
    tell("Tax office", &["--impossible", "it was dissolved"]);
    tell("Carrier", &["--by", "registered letter", "--acknowledged", "2026-11-22T12:00:00Z"]);
    house.shell("cp .probity/requests/req-0001/supplement-* done").expect(0);
    let third: Value = serde_json::from_str(&house.read("done/supplement-0003.json")).unwrap();
    assert_eq!(third["recipients"][0]["told"]["by"], "registered letter");
    assert!(third["recipients"][0]["told"]["acknowledged_at"].is_string(), "{third}");
    assert_eq!((&third["recipients"][1]["exempt"], &third["number"]), (&"it was dissolved".into(), &3.into()));
    let digest = |name: &str| house.shell(&format!("sha256sum < done/{name} | cut -d' ' -f1")).expect(0).stdout;
    assert_eq!(third["certificate"], format!("sha256:{}", digest("certificate.json").trim()));
    assert_eq!(third["follows"], format!("sha256:{}", digest("supplement-0002.json").trim()));
    fit_their_schemas(&[third]);
    let check =
        "ssh-keygen -Y verify -f supplement-0003.json.allowed_signers -I sealer@probity -n erase-supplement@probity";
    house.shell(&format!("cd done && {check} -s supplement-0003.json.sig < supplement-0003.json")).expect(0);
    let at = |number: u32| format!("done/supplement-000{number}.json");
    let (one, two, three) = (at(1), at(2), at(3));
    let against = |of: &[&str], exit: i32| {
        let earlier = of.iter().flat_map(|name| ["--certificate", *name]);
        verified(&house, &std::iter::once(three.as_str()).chain(earlier).collect::<Vec<_>>(), exit)
    };
    let whole = against(&["done/certificate.json", &two, &one], 0);
    assert_eq!(whole["form"], "supplement to a certificate of erasure");
    let said = whole.to_string();
    assert!(said.contains("this very certificate") && said.contains("2 of 2 recipients were told"), "{said}");
    assert!(against(&["done/certificate.json", &two], 0).to_string().contains("name supplement 1"));
    assert!(against(&[], 0).to_string().contains("name it with --certificate"));
    assert!(failures(&against(&[&one, &two], 1)).contains("none of those named"));
    house.run(&["verify", "done/certificate.json", "--certificate", &one]).expect(2).code("data-not-needed");
    house.shell("cp done/supplement-0003.json.sig bad.json.sig && sed s/dissolved/moved/ done/supplement-0003.json > bad.json").expect(0);
    assert!(failures(&verified(&house, &["bad.json"], 1)).contains("not over these bytes"));
    house.shell("rm .probity/requests/req-0001/supplement-0003.json").expect(0);
    let again = ["request", "told", "req-0001", "--recipient", "Carrier", "--by", "letter"];
    house.run(&again).expect(6).code("bad-request-file");
}

/// What others say of the XML and of the PDF of a certificate.
fn judged(house: &House, request: &str, words: &[&str]) {
    let folder = house.path(&format!(".probity/requests/{request}"));
    if judge("xmllint") {
        let xsd = repository("schemas/erase-certificate.v1.xsd");
        let line = format!("xmllint --noout --schema {} {}/certificate.xml", xsd.display(), folder.display());
        house.shell(&line).expect(0);
    }
    if judge("pdftotext") {
        let said = house.shell(&format!("pdftotext -layout {}/certificate.pdf -", folder.display())).expect(0).stdout;
        words.iter().for_each(|word| assert!(said.contains(word), "{word}: {said}"));
    }
    if let Some(verapdf) = std::env::var_os("VERAPDF") {
        let ran = Ran::of(Command::new(verapdf).arg("3a,ua1").arg(folder.join("certificate.pdf")).output().unwrap());
        assert_eq!(ran.expect(0).stdout.matches("PASS").count(), 2);
    }
}

/// What cannot go on, because rows have come that its plan does not know, is withdrawn; a new plan does the rest.
#[test]
fn a_request_left_open_by_drift_is_withdrawn_and_planned_anew() {
    let house = shop("[stores.crm]\nurl = \"sqlite:crm.db\"");
    let map = house.read("probity-map.yml");
    let crm = "- fides_key: crm
  collections:
  - name: lead
    fields:
    - {name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}
    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}
    fides_meta: {erase_after: [shop.person]}
";
    house.write("probity-map.yml", map + crm);
    let lead = |sql: &str| sqlite(&house.path("crm.db"), sql);
    lead("CREATE TABLE lead (id INTEGER PRIMARY KEY, mail TEXT); INSERT INTO lead VALUES (1, 'ann@example.org');");
    let digest = |exit| {
        house.json(&["erase", ANN, "--dry-run"], exit)["digest"]
            .as_str()
            .unwrap()
            .trim_start_matches("sha256:")
            .to_owned()
    };
    let first = digest(0);
    // The second store refuses: the first stays done.
    lead("CREATE TRIGGER no BEFORE DELETE ON lead BEGIN SELECT RAISE(ABORT, 'no'); END;");
    house.run(&["erase", ANN, "--confirm", &first]).expect(4).code("plan-changed");
    let second = digest(0);
    house.run(&["erase", ANN, "--confirm", &second]).expect(5);
    lead("DROP TRIGGER no; INSERT INTO lead VALUES (2, 'ANN@example.org');");
    house.run(&["erase", "--resume", "req-0001"]).expect(4).code("plan-drift");
    // It blocks nobody: the new plan is made while it is open.
    let third = digest(0);
    house.run(&["request", "withdraw", "req-0001"]).expect(2);
    house.run(&["request", "withdraw", "req-0009", "--reason", "x"]).expect(6).code("no-request");
    let withdrawn = house.json(&["request", "withdraw", "req-0001", "--reason", "planned anew"], 0);
    let one = &withdrawn["requests"][0];
    assert_eq!(
        (&one["status"], &one["processing_details"]),
        (&"revoked".into(), &"Withdrawn: planned anew; done before in shop".into())
    );
    house.run(&["request", "withdraw", "req-0001", "--reason", "x"]).expect(4).code("request-answered");
    house.run(&["erase", "--resume", "req-0001"]).expect(4).code("request-closed");
    assert!(!house.path(".probity/requests/req-0001/key").exists(), "nobody knows any more whom it was about");
    assert!(house.read(".probity/requests/req-0001/journal.jsonl").contains("withdrawn"));
    let done = house.json(&["erase", ANN, "--confirm", &third, "--received", "2026-11-01"], 0);
    assert_eq!((&done["result"], &done["request"]), (&"complete".into(), &"req-0002".into()));
    assert_eq!(lead("SELECT count(*) FROM lead;").trim(), "0");
    let acts = house.run(&["audit", "search", "request.withdrawn", "--json"]);
    assert!(acts.stdout.contains("request.withdrawn"), "{acts:?}");
    house.run(&["audit", "verify"]).expect(0);
    fit_their_schemas(&[withdrawn, done]);
}

/// A plan of a file is read up to a bound, and a file of zeros without an end is not.
#[test]
fn a_plan_of_any_size_is_not_read() {
    let house = shop("");
    house.shell("truncate -s 8G large.json").expect(0);
    let args = |file| ["erase", ANN, "--confirm", "0", "--plan", file];
    house.run(&args("large.json")).expect(6).code("file-too-large");
    house.run(&args("/dev/zero")).expect(6).code("file-too-large");
}

/// An order that names nothing is told: by the check of the map with its line, and in the plan.
#[test]
fn an_order_that_names_nothing_is_told() {
    let house = shop("");
    let map = house
        .read("probity-map.yml")
        .replace("  - name: note\n", "  - name: note\n    fides_meta: {erase_after: [shop.persons]}\n");
    house.write("probity-map.yml", &map);
    let found = house.json(&["map", "check"], 1);
    let lost =
        found["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "order-lost").expect("it is told");
    let line = map.lines().position(|line| line.contains("name: note")).unwrap() + 1;
    assert!(lost.to_string().contains("shop.persons") && lost.to_string().contains(&format!("{line}")), "{lost}");
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    let gap = plan["plan"]["gaps"].as_array().unwrap().iter().find(|gap| gap["kind"] == "dangling-order").unwrap();
    assert!(gap["place"].as_str().unwrap().contains(&format!("probity-map.yml:{line}")), "{gap}");
    house.run(&["erase", ANN, "--dry-run", "--strict"]).expect(4).code("plan-has-gaps");
    house.write("probity-map.yml", map.replace("shop.persons", "shop.person"));
    let sound = house.run(&["map", "check", "--json"]).stdout;
    assert!(sound.contains("map-check/1") && !sound.contains("order-lost"), "{sound}");
    fit_their_schemas(&[found, plan]);
}
