//! What rules came to, on paper: a report of its own, and the section in the report of a case.

use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, repository};

/// A project, a folder of things to judge with names in several scripts, one finding accepted and one acceptance too many.
fn house() -> House {
    let house = House::initialised();
    let controller = std::fs::read_to_string(repository("fixtures/rules/gdpr.a30-1-a-controller/fail.yaml")).unwrap();
    house.write("in/systems.yaml", controller.replace("Web shop", "Магазин متجر <b>café</b>"));
    for rule in ["zones", "limits", "non-root"] {
        let from = repository(&format!("fixtures/rules/infrastructure.kubernetes-{rule}/fail.yaml"));
        house.write(&format!("in/{rule}.yaml"), std::fs::read(from).unwrap());
    }
    let accept = |rule: &str| {
        format!("- {{rule: infrastructure.{rule}, subject: '*', reason: one zone, by: Ann, until: 2027-12-31}}\n")
    };
    let both = format!("suppressions:\n{}{}", accept("kubernetes-zones"), accept("kubernetes-rollout"));
    house.write("rules/suppressions.yaml", both);
    house
}

const JUDGED: [&str; 7] = ["evaluate", "--pack", "gdpr", "--pack", "infrastructure", "--input", "in"];

/// The text of a PDF, each run of blanks one blank.
fn text(house: &House, file: &str) -> String {
    let text = house.shell(&format!("pdftotext -raw {file} -")).expect(0).stdout;
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Archive and screen reader take it; every rule, law and digest is found in its text; the JSON inside is what is written as JSON.
#[test]
fn a_judgement_goes_on_paper() {
    if !judge("pdftotext") || !judge("pdfdetach") {
        return;
    }
    let house = house();
    house.run(&JUDGED).expect(1);
    house.write("in/limits.yaml", "");
    let ran = house.run(&[&JUDGED[..], &["--format", "pdf", "-o", "a.pdf"]].concat()).expect(1);
    assert!(ran.stdout.contains("of") && !ran.stdout.starts_with("%PDF"), "people read the screen as well");
    house.shell("pdfdetach -save 1 -o inside.json a.pdf").expect(0);
    let inside: Value = serde_json::from_str(&house.read("inside.json")).unwrap();
    fit_their_schemas(std::slice::from_ref(&inside));
    let said = text(&house, "a.pdf");
    let rules = inside["rules"].as_array().unwrap();
    assert!(rules.len() > 100);
    let dense = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
    let packed = dense(&said);
    for one in rules {
        for text in [&one["rule"], &one["title"], &one["law"][0]["article"]] {
            assert!(packed.contains(&dense(text.as_str().unwrap())), "{text} is not printed");
        }
        if one["answer"] == "broken" {
            assert!(packed.contains(&dense(one["fix"].as_str().unwrap())), "{one}");
        }
    }
    for source in inside["facts"].as_array().unwrap().iter().flat_map(|fact| fact["sources"].as_array().unwrap()) {
        assert!(packed.contains(&dense(source["sha256"].as_str().unwrap_or_default())), "{source}");
    }
    for words in ["Магазин", "<b>café</b>", "متجر", "until 2027-12-31 by Ann", "suppresses nothing", "1 gone"]
    {
        assert!(said.contains(words), "{words:?} is not in {said:.3000}");
    }
    let again = house.run(&[&JUDGED[..], &["--format", "pdf", "-o", "a.pdf"]].concat()).expect(4);
    again.code("output-exists");
    if let Some(verapdf) = std::env::var_os("VERAPDF") {
        Ran::of(Command::new(verapdf).arg("3a,ua1").arg(house.path("a.pdf")).output().unwrap()).expect(0);
    }
}

/// Nothing to say is said too, and a PDF on the terminal is refused.
#[test]
fn an_empty_judgement_has_no_holes() {
    let house = House::initialised();
    let only =
        ["evaluate", "--pack", "infrastructure", "--only", "infrastructure.kong-authentication", "--format", "pdf"];
    house.run(&only).expect(2).code("no-output");
    house.run(&["evaluate", "--pack", "gdpr", "--font-dir", "."]).expect(2).code("flag-without-effect");
    house.run(&[&only[..], &["-o", "a.pdf"]].concat()).expect(3);
    if !judge("pdftotext") {
        return;
    }
    let said = text(&house, "a.pdf");
    for words in ["No rule is broken.", "No finding was accepted.", "No rule is met.", "neither a pass nor a failure"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// A case keeps the judgement byte for byte; report, JSON and XML of its package say the same, and `verify` holds them together.
#[test]
fn a_case_shows_what_was_judged() {
    let house = house();
    house.run(&["case", "new", "c1", "--title", "Audit"]).expect(0);
    house.run(&[&JUDGED[..], &["--case", "c1"]].concat()).expect(1);
    house.run(&["package", "build", "c1", "--output", "c1.zip"]).expect(0);
    house.run(&["verify", "c1.zip", "--trust", ".probity/keys/evidence.pub"]).expect(0);
    house.shell("mkdir out && cd out && unzip -q ../c1.zip").expect(0);
    let document: Value = serde_json::from_str(&house.read("out/bag/data/case.json")).unwrap();
    let kept: Value = serde_json::from_str(&house.read("out/bag/data/evaluations/0001.json")).unwrap();
    let said = &document["evaluations"][0]["judgement"];
    assert_eq!((&said["rules"], &said["facts"]), (&kept["rules"], &kept["facts"]));
    assert_eq!(document["verdict"], "broken");
    fit_their_schemas(&[document, kept.clone()]);
    if judge("xmllint") {
        house.shell("cd out/bag/data && xmllint --nonet --noout --schema case.xsd case.xml").expect(0);
    }
    if judge("pdftotext") {
        let said = text(&house, "out/bag/data/report.pdf");
        let packed: String = said.chars().filter(|char| !char.is_whitespace()).collect();
        let rules = kept["rules"].as_array().unwrap();
        assert!(rules.iter().all(|one| packed.contains(one["rule"].as_str().unwrap())));
        assert!(said.contains("Judgement of gdpr and infrastructure as of"), "{said:.2000}");
    }
    if let Some(verapdf) = std::env::var_os("VERAPDF") {
        let report = house.path("out/bag/data/report.pdf");
        Ran::of(Command::new(verapdf).arg("3a,ua1").arg(report).output().unwrap()).expect(0);
    }
}

/// What a person must still supply for each control, and judge of each rule, stands word for word in JSON, HTML and PDF.
#[test]
fn what_is_left_to_a_person_is_in_every_form() {
    if !judge("pdftotext") {
        return;
    }
    let house = House::initialised();
    let judged = ["evaluate", "--pack", "soc2"];
    let write =
        |format: &str, file: &str| house.run(&[&judged[..], &["--format", format, "-o", file]].concat()).expect(0);
    let all = house.json(&judged, 0);
    write("html", "a.html");
    write("pdf", "a.pdf");
    let page = house.read("a.html").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    let paper = text(&house, "a.pdf");
    let controls = all["controls"].as_array().unwrap();
    let mut left = 0;
    for one in controls.iter().chain(all["rules"].as_array().unwrap()) {
        let Some(person) = one["person"].as_str() else { continue };
        left += 1;
        assert!(person.len() > 15, "{one}");
        assert!(page.contains(person), "the page lacks {person:?}");
        assert!(paper.contains(person), "the paper lacks {person:?}");
    }
    assert!(controls.len() == 56 && controls.iter().all(|one| one["person"].is_string()) && left > 70, "{left}");
}
