//! `slo check` and `slo import`: files that others hand over, before anything is judged.

use crate::house::{House, fit_their_schemas, repository};

/// 0 and what there is, or 7 and every fault with its place; warnings change nothing.
#[test]
fn files_are_checked_without_data() {
    let house = House::new();
    let valid = repository("fixtures/openslo/valid/all-kinds.yaml");
    house.write("rules/a.yaml", std::fs::read(&valid).unwrap());
    let fine = house.json(&["slo", "check", "rules"], 0);
    assert_eq!((&fine["valid"], &fine["objects"]["SLO"]), (&true.into(), &2.into()), "{fine}");
    house.write("rules/b.yaml", std::fs::read(repository("fixtures/openslo/invalid/several-faults.yaml")).unwrap());
    let wrong = house.json(&["slo", "check", "rules"], 7);
    assert_eq!(wrong["faults"].as_array().unwrap().len(), 3, "{wrong}");
    assert!(wrong["faults"][0]["place"].as_str().unwrap().starts_with("rules/b.yaml:16:"), "{wrong}");
    house.run(&["slo", "check", "absent.yaml"]).expect(6);
    house.run(&["slo", "check"]).expect(2);
    // What OpenSLO's own validator refuses is a warning, or a fault.
    house.write("lenient.yaml", std::fs::read(repository("fixtures/openslo/valid/v1alpha.yaml")).unwrap());
    let lenient = house.run(&["slo", "check", "lenient.yaml"]).expect(0);
    assert!(
        lenient.stdout.contains("[slice-in-seconds]") && lenient.stdout.contains("1 file: 1 Service, 4 SLO"),
        "{lenient:?}"
    );
    let strict = house.run(&["slo", "check", "--strict", "--format", "github", "lenient.yaml"]).expect(7);
    let annotation = "::error file=lenient.yaml,line=40,col=138,title=slice-in-seconds::";
    assert!(strict.stdout.starts_with(annotation), "{strict:?}");
    assert_eq!(strict.stdout.lines().count(), 1);
    fit_their_schemas(&[fine, wrong]);
}

/// What is imported is written whole or not at all, is checked, and is judged.
#[test]
fn files_of_other_tools_are_imported() {
    let house = House::new();
    house.write("sloth.yaml", std::fs::read(repository("fixtures/import/sloth.yaml")).unwrap());
    let import = ["slo", "import", "sloth.yaml", "--output", "slo.yaml"];
    let told = house.run(&import).expect(0);
    assert!(told.stderr.contains("[query-kept]") && told.stdout.contains("3 SLOs of Sloth"), "{told:?}");
    house.run(&import).expect(4);
    house.run(&["slo", "check", "--strict", "slo.yaml"]).expect(0);
    let document = house.json(&["slo", "import", "sloth.yaml", "--window", "28d"], 0);
    assert!(document["text"].as_str().unwrap().contains("duration: 28d"), "{document}");
    assert_eq!(house.run(&["slo", "import", "sloth.yaml"]).expect(0).stdout, house.read("slo.yaml"));
    house.run(&["slo", "import", "sloth.yaml", "--window", "soon"]).expect(7).code("not-importable");
    house.write("other.yaml", "a: b\n");
    house.run(&["slo", "import", "other.yaml", "--output", "none.yaml"]).expect(7).code("unknown-slo-format");
    assert!(!house.path("none.yaml").exists());
    fit_their_schemas(&[document]);
}
