//! `case`: who handled what, what receivers signed, what models said, and every way to tamper with the record.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, interpreter, judge, python, repository};

/// A project with a case of one exhibit.
fn house() -> House {
    let house = House::initialised();
    house.write("a.log", "first\nsecond\n");
    house.run(&["case", "new", "c1", "--title", "Outage"]).expect(0);
    house.run(&["case", "add", "c1", "a.log", "--source", "host web-1", "--seal", "B-1042"]).expect(0);
    house
}

const LOG: &str = ".probity/cases/c1/custody.jsonl";

fn last(house: &House) -> Value {
    serde_json::from_str(house.read(LOG).lines().last().unwrap()).unwrap()
}

#[test]
fn a_transfer_says_who_why_by_what_authority_and_that_nobody_countersigned() {
    let house = house();
    let document = house.json(
        &[
            "case",
            "transfer",
            "c1",
            "EX-001",
            "--to",
            "Evidence room",
            "--reason",
            "storage",
            "--role",
            "clerk",
            "--by",
            "A. Clerk",
            "--authority",
            "order 7",
            "--seal",
            "B-1042, unbroken",
            "--storage",
            "shelf 3",
        ],
        0,
    );
    assert_eq!((&document["act"], &document["countersigned"]), (&"transferred".into(), &Value::Null));
    let line = last(&house);
    for (member, expect) in [
        ("by", "A. Clerk"),
        ("role", "clerk"),
        ("to", "Evidence room"),
        ("purpose", "storage"),
        ("authority", "order 7"),
        ("seal", "B-1042, unbroken"),
        ("storage", "shelf 3"),
    ] {
        assert_eq!(line[member], expect, "{member}");
    }
    assert_eq!(line["from"], line["recorded_by"]);
    assert_eq!(line["sha256_before"], seal::sha256(b"first\nsecond\n").hex());
    assert_eq!(line["sha256_before"], line["sha256_after"]);
    let accessed = house.json(&["case", "access", "c1", "EX-001", "--reason", "search", "--by", "Dr. Expert"], 0);
    let seen = fs::read_to_string(accessed["file"].as_str().unwrap()).unwrap();
    assert_eq!(seen, "first\nsecond\n");
    let shown = house.run(&["case", "show", "c1"]).expect(0).stdout;
    assert!(
        shown.contains(
            "to Evidence room; authority order 7; seal B-1042, unbroken; storage shelf 3; not countersigned; hash match"
        ),
        "{shown}"
    );
    let shown = house.json(&["case", "show", "c1"], 0);
    assert_eq!(
        (&shown["exhibits"][0]["holder"], &shown["exhibits"][0]["status"]),
        (&"Evidence room".into(), &"original".into())
    );
    house.run(&["case", "transfer", "c1", "EX-001", "--to", "x"]).expect(2);
    house.run(&["case", "transfer", "c1", "EX-009", "--to", "x", "--reason", "y"]).expect(6).code("no-such-exhibit");
    house.run(&["case", "access", "c1", "EX-009", "--reason", "y"]).expect(6).code("no-such-exhibit");
    fit_their_schemas(&[document, accessed, shown, line]);
}

#[test]
fn a_receiver_signs_with_ssh_keygen_and_anybody_can_check_it() {
    // Statement, signature, record; then the statement is written again from the log alone, and ssh-keygen agrees.
    if !judge("ssh-keygen") {
        return;
    }
    let house = house();
    let before = house.tree(".probity/cases");
    let transfer = ["case", "transfer", "c1", "EX-001"];
    let stated = house
        .json(&[&transfer[..], &["--to", "Evidence room", "--reason", "storage", "--statement", "t.json"]].concat(), 0);
    assert_eq!(house.tree(".probity/cases"), before, "nothing is recorded yet");
    house.shell("ssh-keygen -q -t ed25519 -N '' -f k; ssh-keygen -q -t ed25519 -N '' -f other; ssh-keygen -q -Y sign -f k -n custody@probity t.json").expect(0);
    fn record(key: &str) -> [&str; 8] {
        ["case", "transfer", "c1", "EX-001", "--countersignature", "t.json.sig", "--receiver-key", key]
    }
    house.run(&record("other.pub")).expect(1).code("wrong-receiver");
    house.run(&[&transfer[..], &["--countersignature", "t.json.sig"]].concat()).expect(2);
    let done = house.json(&record("k.pub"), 0);
    let fingerprint = house.shell("ssh-keygen -l -f k.pub | cut -d' ' -f2").expect(0).stdout;
    assert_eq!(done["countersigned"], fingerprint.trim());
    house.run(&record("k.pub")).expect(4).code("statement-differs");
    let shown = house.json(&["case", "show", "c1"], 0);
    assert_eq!(shown["custody"][2]["countersigned"], fingerprint.trim());
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
    house.shell("unzip -q c1.zip && cmp t.json bag/data/countersignatures/000003.json").expect(0);
    let checked = "cd bag/data/countersignatures && ssh-keygen -Y check-novalidate -n custody@probity -s 000003.json.sig < 000003.json";
    assert!(house.shell(checked).expect(0).stdout.contains(fingerprint.trim()));
    let log = house.read(LOG);
    let line: Value = serde_json::from_str(log.lines().nth(2).unwrap()).unwrap();
    let statement: Value = serde_json::from_str(&house.read("t.json")).unwrap();
    house.write("s.sig", line["countersignature"]["signature"].as_str().unwrap());
    house.write("allowed", format!("receiver {}\n", line["countersignature"]["key"].as_str().unwrap()));
    house.shell("ssh-keygen -q -Y verify -f allowed -I receiver -n custody@probity -s s.sig < t.json").expect(0);
    // A line whose signature is for something else is found out, also where the whole chain was written anew.
    let lines: Vec<&str> = log.lines().take(3).collect();
    house.write(LOG, lines.join("\n").replace("\"to\":\"Evidence room\"", "\"to\":\"Another room\"") + "\n");
    house.run(&["case", "show", "c1"]).expect(1).code("countersignature-wrong");
    fit_their_schemas(&[stated, done, shown, line, statement]);
}

#[test]
fn many_files_at_once_are_one_act_of_the_ledger() {
    // More exhibits than one entry of the ledger can name: the entry has their number and the end of the record.
    let house = house();
    house.shell("mkdir many; for i in $(seq 1000 1699); do echo $i > many/$i.log; done").expect(0);
    house.shell("probity case add c1 many/*.log").expect(0);
    assert_eq!(house.run(&["case", "show", "c1"]).expect(0).stderr, "");
    let found =
        house.run(&["audit", "search", "--command", "case", "--reverse", "--limit", "2", "--json"]).expect(0).stdout;
    let entry: Value = serde_json::from_str(found.lines().last().unwrap()).unwrap();
    let head = seal::sha256(house.read(LOG).lines().last().unwrap().as_bytes()).hex();
    assert_eq!((&entry["facts"]["exhibits"], &entry["digests"]["custody"]), (&700.into(), &head.into()));
}

#[test]
fn copies_are_compared_and_derived_files_say_from_what() {
    let house = house();
    house.shell("cp a.log b.log; head -1 a.log > c.log").expect(0);
    house.run(&["case", "add", "c1", "c.log", "--copy-of", "EX-001"]).expect(4).code("not-a-copy");
    house.run(&["case", "add", "c1", "c.log", "--derived-from", "EX-001"]).expect(2);
    let copy = house.json(&["case", "add", "c1", "b.log", "--copy-of", "EX-001"], 0);
    let derived = house.json(&["case", "add", "c1", "c.log", "--derived-from", "EX-001", "--how", "head -1"], 0);
    assert_eq!(
        (&copy["exhibits"][0]["status"], &copy["exhibits"][0]["parent"]),
        (&"verified copy".into(), &"EX-001".into())
    );
    assert_eq!(
        (&derived["exhibits"][0]["status"], &derived["exhibits"][0]["id"]),
        (&"derived".into(), &"EX-003".into())
    );
    let line = last(&house);
    assert_eq!((&line["derivation"], &line["original_path"]), (&"head -1".into(), &"c.log".into()));
    assert!(line["modified"].as_str().unwrap().ends_with('Z'));
    // The parent is hashed again: a changed one gives nothing.
    house.shell("echo x >> .probity/cases/c1/exhibits/EX-001/a.log").expect(0);
    house.run(&["case", "add", "c1", "b.log", "--copy-of", "EX-001"]).expect(1).code("exhibit-changed");
    fit_their_schemas(&[copy, derived, line]);
}

/// What is said of a record after `line` was run on it.
fn tampered(line: &str) -> Ran {
    let house = house();
    house.run(&["case", "note", "c1", "one"]).expect(0);
    house.run(&["case", "access", "c1", "EX-001", "--reason", "two"]).expect(0);
    house.run(&["case", "note", "c1", "three"]).expect(0);
    house.run(&["case", "show", "c1"]).expect(0);
    house.shell(&format!("cd .probity/cases/c1 && {line}")).expect(0);
    house.run(&["case", "show", "c1"]).expect(1)
}

#[test]
fn tampering_with_the_record_is_named_and_located() {
    let check = |line: &str, said: &str| {
        let ran = tampered(line);
        assert!(ran.stderr.contains(said), "{line}: {}", ran.stderr);
    };
    check("sed -i '3s/one/ONE/' custody.jsonl", "line 3 was altered: line 4 does not follow it");
    check("sed -i '3d' custody.jsonl", "the line with the number 3 was removed before line 3");
    check("sed -i '1d' custody.jsonl", "the line with the number 1 was removed before line 1");
    check("sed -i '3{h;d};4{G}' custody.jsonl", "line 3 was moved: it follows line 4 and has the number 4");
    check("sed -i '2p' custody.jsonl", "line 3 was inserted: the log goes on without it");
    check("sed -i '4i {}' custody.jsonl", "line 4 was inserted: it is no custody entry");
    // Behind the last line the chain ends; there the ledger knows.
    check("sed -i '5s/three/THREE/' custody.jsonl", "line 5 was altered");
    check("sed -i '5d' custody.jsonl", "it had 5 lines, now it has 4: line 5 was cut off");
    check("sed -i '4,5d' custody.jsonl", "it had 5 lines, now it has 3: lines 4 to 5 were cut off");
}

/// A record of what a model said about the first exhibit.
fn record(house: &House) -> String {
    let digest = seal::sha256(&fs::read(house.path("a.log")).unwrap());
    format!(
        r#"{{"schema":"reasoning/1","time":"2026-11-22T11:00:00Z","model":{{"name":"example-model","version":"3.1","sha256":null,"provider":null}},
        "prompt":[{{"role":"user","text":"What happened?"}}],"inputs":[{{"exhibit":"EX-001","sha256":"{digest}"}}],
        "parameters":{{"temperature":0.2}},"output":"Nothing\u001b[31m <unusual>.","review":null,"error_rates":null,"limits":[]}}"#
    )
}

#[test]
fn what_a_model_said_stands_apart_from_facts() {
    let house = house();
    let record = record(&house);
    house.write("r.json", &record);
    house.write("bad.json", record.replace("EX-001", "EX-002"));
    house.run(&["case", "reasoning", "c1", "--record", "bad.json"]).expect(6).code("bad-reasoning");
    let done = house.json(&["case", "reasoning", "c1", "--record", "r.json"], 0);
    assert_eq!(done["file"], "reasoning/0001.json");
    assert_eq!(house.read(".probity/cases/c1/reasoning/0001.json"), record);
    assert_eq!(last(&house)["act"], "reasoned");
    let shown = house.json(&["case", "show", "c1"], 0);
    assert_eq!(shown["reasoning"][0]["sha256"], seal::sha256(record.as_bytes()).hex());
    let record: Value = serde_json::from_str(&record).unwrap();
    fit_their_schemas(&[done, shown, record]);
    house.shell("echo >> .probity/cases/c1/reasoning/0001.json").expect(0);
    house.run(&["case", "show", "c1"]).expect(1).code("exhibit-changed");
}

/// An unzipped package of a case in which everything happened.
fn unzipped() -> House {
    let house = house();
    house.write("b.log", "mail to jan.muster@example.org\n");
    house.run(&["case", "add", "c1", "b.log"]).expect(0);
    house.run(&["case", "derive", "c1", "EX-002", "--redact", "--profile", "logs"]).expect(0);
    house
        .run(&["case", "transfer", "c1", "EX-001", "--to", "Evidence <room> & \"shelf\"", "--reason", "storage"])
        .expect(0);
    let record = record(&house);
    house.write("r.json", record);
    house.run(&["case", "reasoning", "c1", "--record", "r.json"]).expect(0);
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
    house.run(&["verify", "c1.zip"]).expect(0);
    house.shell("unzip -q c1.zip").expect(0);
    house
}

#[test]
fn a_package_says_all_of_it_in_json_xml_and_the_report() {
    if !["unzip", "xmllint", "pdftotext"].iter().all(|program| judge(program)) {
        return;
    }
    let house = unzipped();
    let case: Value = serde_json::from_str(&house.read("bag/data/case.json")).unwrap();
    let redactions = &case["redactions"][0];
    assert_eq!(
        (&redactions["of"], &redactions["copy"], &redactions["log"]),
        (&"EX-002".into(), &"EX-003".into(), &"EX-004".into())
    );
    assert_eq!((&redactions["total"], &redactions["problem"]), (&1.into(), &Value::Null));
    assert_eq!(case["custody"]["exhibits"][0]["holder"], "Evidence <room> & \"shelf\"");
    assert_eq!(case["custody"]["exhibits"][1]["acts"].as_array().unwrap().len(), 3);
    assert!(case["reasoning"][0]["disclaimer"].as_str().unwrap().contains("no expert opinion"));
    house.shell("xmllint --nonet --noout --schema bag/data/case.xsd bag/data/case.xml").expect(0);
    let text = house.shell("pdftotext -layout bag/data/report.pdf -").expect(0).stdout;
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Custody of EX-001",
        "One, not countersigned by its receiver.",
        "No transfer was recorded.",
        "Redactions of EX-002",
        "AI reasoning (not facts)",
        "no expert opinion",
        "No review is recorded",
        "Custody of the case",
    ] {
        assert!(flat.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("jan.muster"), "{text}");
    let lines = house.read("bag/data/custody.jsonl");
    fit_their_schemas(&[vec![case], lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()].concat());
}

#[test]
fn sections_stand_there_also_when_they_are_empty() {
    if !["unzip", "xmllint", "pdftotext"].iter().all(|program| judge(program)) {
        return;
    }
    let house = House::initialised();
    house.run(&["case", "new", "c1", "--title", "Nothing yet"]).expect(0);
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
    house.shell("unzip -q c1.zip && xmllint --nonet --noout --schema bag/data/case.xsd bag/data/case.xml").expect(0);
    let text = house.shell("pdftotext bag/data/report.pdf -").expect(0).stdout;
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "The case has no exhibits.",
        "No evaluation is recorded in this case.",
        "No redaction log is in this case.",
        "No transfer was recorded.",
        "No output of an AI model is recorded in this case.",
    ] {
        assert!(flat.contains(said), "{said}: {text}");
    }
}

#[test]
fn records_of_what_a_model_said_are_judged_as_their_schema_judges_them() {
    // What the fixtures call valid is taken in and fits the schema; what they call invalid is refused by both.
    let house = house();
    let files = |folder: &str| {
        let folder = repository("fixtures/reasoning").join(folder);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    };
    let read = |path: &Path| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let valid = files("valid");
    for path in &valid {
        house.run(&["case", "reasoning", "c1", "--record", path.to_str().unwrap()]).expect(0);
    }
    fit_their_schemas(&valid.iter().map(|path| read(path)).collect::<Vec<_>>());
    let invalid = files("invalid");
    assert!(invalid.len() > 5);
    for path in &invalid {
        house.run(&["case", "reasoning", "c1", "--record", path.to_str().unwrap()]).expect(6).code("bad-reasoning");
    }
    let Some(python) = python() else { return };
    let judge = "import json, sys, jsonschema\n\
                 schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))\n\
                 print(sum(schema.is_valid(json.load(open(path))) for path in sys.argv[2:]))";
    let schema = repository("schemas/reasoning.v1.schema.json");
    let ran = Ran::of(Command::new(python).args(["-c", judge]).arg(schema).args(&invalid).output().unwrap());
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "0\n"), "{}", ran.stderr);
}

#[test]
fn laboratories_read_the_provenance_as_case_and_uco() {
    // case_validate of the CASE community conforms; the names of the nodes are those that Python computes; each act is there.
    let Some(python) = interpreter("PROBITY_TEST_CASE").filter(|_| judge("unzip")) else { return };
    let house = unzipped();
    let validate = python.with_file_name("case_validate");
    let judged = Ran::of(Command::new(&validate).arg(house.path("bag/data/provenance.jsonld")).output().unwrap());
    assert!(judged.exit == 0 && judged.stdout.contains("Conforms: True"), "{judged:?}");
    let names = "import hashlib, json, uuid\n\
                 lines = open('bag/data/custody.jsonl', 'rb').read().splitlines()\n\
                 base = 'urn:probity:case:' + hashlib.sha256(lines[0]).hexdigest()\n\
                 graph = json.load(open('bag/data/provenance.jsonld'))['@graph']\n\
                 ids = {node['@id'] for node in graph}\n\
                 for kind, keys in ('action', range(1, len(lines) + 1)), ('provenance', ['EX-001', 'EX-004']), ('file', ['EX-003']):\n\
                 \x20   for key in keys:\n\
                 \x20       assert f'kb:{kind}-{uuid.uuid5(uuid.NAMESPACE_URL, f\"{base}:{kind}:{key}\")}' in ids, (kind, key)\n\
                 print(sorted({node['@type'] for node in graph}))";
    let script = house.write("names.py", names);
    let ran = Ran::of(Command::new(python).arg(script).current_dir(house.root()).output().unwrap());
    let types = "['identity:Identity', 'investigation:Investigation', 'investigation:InvestigativeAction', \
                 'investigation:ProvenanceRecord', 'observable:File', 'observable:ObservableRelationship', 'tool:Tool']\n";
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (types, ""));
    // The judge judges: a word that the ontology does not know is refused.
    let changed = house.read("bag/data/provenance.jsonld").replace("exhibitNumber", "exhibitNumbr");
    let wrong = house.write("wrong.jsonld", changed);
    assert_eq!(Ran::of(Command::new(validate).arg(wrong).output().unwrap()).exit, 1);
}

#[test]
fn each_act_is_proven_to_be_in_the_ledger() {
    // The package holds entry and proof of every act; Go's sumdb finds them in the signed ledger, and the entry names the line.
    if !["go", "unzip"].iter().all(|program| judge(program)) {
        return;
    }
    let house = unzipped();
    let key = seal::PublicKey::from_openssh(&house.read(".probity/keys/ledger.pub")).unwrap();
    let case: Value = serde_json::from_str(&house.read("bag/data/case.json")).unwrap();
    let vkey = seal::note::vkey(case["ledger"]["origin"].as_str().unwrap(), &key).unwrap();
    let log = house.read("bag/data/custody.jsonl");
    let lines: Vec<&str> = log.lines().collect();
    let acts: Vec<usize> =
        case["ledger"]["acts"].as_array().unwrap().iter().map(|act| act.as_u64().unwrap() as usize).collect();
    // `derive` takes in a copy and its log at once: one entry of the ledger for two lines.
    assert_eq!((lines.len(), acts.as_slice()), (7, &[1, 2, 3, 5, 6, 7][..]));
    for act in &acts {
        let (entry, proof) =
            (format!("bag/data/ledger/{act:06}.entry"), format!("bag/data/ledger/{act:06}.tlog-proof"));
        let mut check = Command::new(repository("tests/judges/tlog/proof"));
        check.args([house.path(&proof), house.path(&entry)]).arg(&vkey);
        Ran::of(check.output().unwrap()).expect(0);
        let entry: Value = serde_json::from_str(&house.read(&entry)).unwrap();
        assert_eq!(entry["digests"]["custody"], seal::sha256(lines[act - 1].as_bytes()).hex());
    }
    let said = |args: &[&str]| -> String {
        let document = house.json(args, 0);
        let checks = document["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == "ledger").unwrap();
        assert_eq!(check["verdict"], "passed");
        check["detail"].as_str().unwrap().to_owned()
    };
    assert!(said(&["verify", "c1.zip"]).contains("who keeps that log was not checked"));
    let trust = ["verify", "c1.zip", "--trust", ".probity/keys/ledger.pub", "--trust", ".probity/keys/evidence.pub"];
    assert!(said(&trust).contains("signed with a key that you trust"));
}
