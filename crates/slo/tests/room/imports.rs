//! Files of other tools, rewritten.

use std::path::Path;

use slo::{Book, Imported, Reading};

fn read(name: &str, text: &str) -> Result<Imported, Vec<String>> {
    Imported::read(Path::new(name), text, "30d", &Reading::default())
        .map_err(|faults| faults.iter().map(|fault| format!("{} {}", fault.code(), fault.place().unwrap())).collect())
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/import").join(name)).unwrap()
}

/// The text that is kept, byte for byte; and OpenSLO, in which every query that can be one is a plain selector.
#[test]
fn files_of_each_tool_become_openslo() {
    for (name, tool, codes) in [
        ("sloth", "Sloth", "left-out left-out query-kept"),
        ("pyrra", "Pyrra", "left-out left-out"),
        ("slo-generator", "slo-generator", "left-out"),
    ] {
        let imported = read(&format!("{name}.yaml"), &fixture(&format!("{name}.yaml"))).unwrap();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/golden/import/{name}.yaml"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, &imported.text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&golden).unwrap(), imported.text, "{name}");
        assert_eq!(imported.tools, [tool]);
        let said: Vec<&str> = imported.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(said.join(" "), codes, "{name}");
        let book =
            Book::load(vec![("x.yaml".into(), imported.text.clone())], &Reading { strict: true, ..Reading::default() });
        let names: Vec<String> = book.unwrap().rules().iter().map(|rule| rule.name.clone()).collect();
        assert_eq!(names, imported.names);
    }
}

#[test]
fn what_openslo_cannot_say_is_refused_in_its_place() {
    let check = |name: &str, from: &str, to: &str, expect: &str| {
        let text = fixture(name).replacen(from, to, 1);
        assert_ne!(text, fixture(name), "{from}");
        assert_eq!(read("a.yaml", &text).unwrap_err().join("; "), expect, "{to}");
    };
    check("sloth.yaml", "prometheus/v1", "prometheus/v7", "unknown-slo-format a.yaml:1:1");
    check("sloth.yaml", "objective: 99.9", "objective: high", "bad-target a.yaml:7:16");
    check("sloth.yaml", "objective: 99.9", "objective: 100", "bad-target a.yaml:7:16");
    check("sloth.yaml", "raw: {error_ratio_query", "plugin: {id", "not-importable a.yaml:20:10");
    check("pyrra.yaml", "window: 2w", "window: 1w3d", "bad-duration a.yaml:9:11");
    check("pyrra.yaml", "    ratio:", "    bool_gauge:", "not-importable a.yaml:12:5");
    check("slo-generator.yaml", "backend: prometheus", "backend: cloud_monitoring", "not-importable a.yaml:8:12");
    check("slo-generator.yaml", "method: good_bad_ratio", "method: distribution_cut", "not-importable a.yaml:9:11");
    check("slo-generator.yaml", "filter_valid", "filter_bad", "not-importable a.yaml:12:5");
    assert_eq!(read("a.yaml", "").unwrap_err().len(), 1);
    assert_eq!(read("a.yaml", "[1, 2]").unwrap_err().len(), 1);
}

#[test]
fn no_text_becomes_more_than_text() {
    // Names, descriptions and queries are somebody else's: whatever they hold stays inside its quotes.
    let text = fixture("slo-generator.yaml")
        .replace("prom-metrics-availability", "'Prom: metrics #1'")
        .replace("99.9% of Prometheus requests return a good HTTP code", "'a\\nspec: {\"x\": y} # — é'");
    let imported = read("a.yaml", &text).unwrap();
    assert_eq!(imported.names, ["prom--metrics--1"]);
    assert_eq!(imported.warnings[0].code, "left-out");
    assert!(imported.warnings.iter().any(|warning| warning.code == "renamed"));
}
