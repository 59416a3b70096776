//! Whole requests over every kind of store: from the first look into it to the certificate, through the real program, on real
//! servers, judged by programs of other people. What is in a store and how it is mapped stands in docs/stores.md.

#[path = "whole/across.rs"]
mod across;
#[path = "whole/hosts.rs"]
mod hosts;
#[path = "whole/judges.rs"]
pub(crate) mod judges;
#[path = "whole/kinds.rs"]
mod kinds;
#[path = "whole/lists.rs"]
mod lists;
#[path = "whole/older.rs"]
mod older;

use std::collections::BTreeSet;

use serde_json::Value;

use super::house::{House, fit_their_schemas, judge, repository};

const ANN: &str = "email=ann@example.org";

/// The block number `number` of this language below a heading of docs/stores.md.
fn example(heading: &str, language: &str, number: usize) -> String {
    let page = std::fs::read_to_string(repository("docs/stores.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the heading is there");
    let section = section.split("\n## ").next().unwrap();
    let block = section.split(&format!("```{language}\n")).nth(number + 1).expect("the block is there");
    block.split("```").next().unwrap().to_owned()
}

/// A project with these stores and no map.
fn project(stores: &str) -> House {
    let house = House::initialised();
    house.write("probity.toml", format!("{}\n{stores}", house.read("probity.toml")));
    house
}

/// What an export holds, by `store:collection`.
fn exported(house: &House, file: &str) -> Value {
    let data = house.shell(&format!("unzip -p {file} data.json")).expect(0).stdout;
    serde_json::from_str(&data).unwrap()
}

/// How many rows a document of an export has.
fn rows_of(data: &Value) -> usize {
    data.as_object().unwrap().values().map(|rows| rows.as_array().unwrap().len()).sum()
}

fn digest(house: &House, who: &str) -> String {
    house.json(&["erase", who, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned()
}

/// One request of Ann's and what is to come of it.
struct Request<'r> {
    house: &'r House,
    map: &'r str,
    /// Rows that are hers.
    rows: usize,
    /// What somebody else's program sees in the stores: a line for each row, message, key or object.
    dump: &'r dyn Fn() -> Vec<String>,
    /// Whether a line is hers.
    hers: &'r dyn Fn(&str) -> bool,
}

impl Request<'_> {
    /// Everything, from the scan to the certificate, which is given back.
    fn whole(&self) -> Value {
        self.mapped();
        self.handed_over("ann.zip");
        self.erased()
    }

    /// A scan says all that a check asks for; the edited map holds, and a scan has nothing to add to it.
    fn mapped(&self) {
        let house = self.house;
        house.run(&["map", "scan"]).expect(0);
        let checked = house.run(&["map", "check", "--json"]);
        let found: Value = serde_json::from_str(&checked.stdout).unwrap_or_else(|error| panic!("{error}: {checked:?}"));
        let errors = found["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] == "error");
        let rules: BTreeSet<&str> = errors.map(|finding| finding["rule"].as_str().unwrap()).collect();
        assert!(rules.iter().all(|rule| *rule == "unreachable-collection"), "{found}");
        house.write("probity-map.yml", self.map);
        house.run(&["map", "check"]).expect(0);
        assert_eq!(house.json(&["map", "scan"], 0)["files"], serde_json::json!([]));
        assert_eq!(house.read("probity-map.yml"), self.map);
    }

    /// All of hers and nothing of his.
    fn handed_over(&self, file: &str) {
        let done = self.house.json(&["export", ANN, "--output", file], 0);
        assert_eq!((&done["complete"], &done["rows"]), (&true.into(), &self.rows.into()), "{done}");
        let data = exported(self.house, file);
        assert_eq!(rows_of(&data), self.rows);
        let text = data.to_string();
        assert!(text.to_lowercase().contains("ann@example.org") && !text.to_lowercase().contains("bob"), "{text}");
    }

    /// Nothing goes before it was confirmed; then hers goes, everywhere, and nothing else.
    fn erased(&self) -> Value {
        let (house, before) = (self.house, (self.dump)());
        let (hers, others): (Vec<String>, Vec<String>) = before.iter().cloned().partition(|line| (self.hers)(line));
        assert!(!hers.is_empty() && !others.is_empty(), "{before:?}");
        let digest = digest(house, ANN);
        house.run(&["erase", ANN]).expect(4).code("not-confirmed");
        assert_eq!((self.dump)(), before);
        let ran = house.run(&["erase", ANN, "--confirm", &digest, "--json"]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let done: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&done["result"], &done["closed"]), (&"complete".into(), &true.into()), "{done}");
        assert_eq!(done["counts"]["deleted"], self.rows, "{done}");
        assert_eq!((self.dump)(), others, "hers are gone, and not a byte of others has changed");
        house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
        house.run(&["erase", ANN, "--confirm", &digest]).expect(3).code("no-match");
        self.certificate(&done)
    }

    /// The certificate says what was done and what was looked at again.
    fn certificate(&self, done: &Value) -> Value {
        let folder = format!(".probity/requests/{}", done["request"].as_str().unwrap());
        let certificate: Value = serde_json::from_str(&self.house.read(&format!("{folder}/certificate.json"))).unwrap();
        let sum = |key: &str, of: &str| {
            certificate[key].as_array().unwrap().iter().map(|one| one[of].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!((&certificate["result"], sum("done", "rows")), (&"complete".into(), self.rows as u64));
        assert!(certificate["scope"].as_array().unwrap().iter().all(|store| store["state"] == "done"), "{certificate}");
        let searched = certificate["verification"].as_array().unwrap();
        assert_eq!(searched.len(), certificate["scope"].as_array().unwrap().len(), "{certificate}");
        for store in searched {
            assert!(store["places"].as_array().unwrap().is_empty() && store["rows"] != 0, "{certificate}");
        }
        assert!(!certificate.to_string().to_lowercase().contains("ann@example"), "a certificate names nobody");
        fit_their_schemas(&[done.clone(), certificate.clone()]);
        if judge("ssh-keygen") {
            let check = "ssh-keygen -Y verify -f allowed_signers -I sealer@probity -n erase-certificate@probity";
            let line = format!("cd {folder} && {check} -s certificate.json.sig < certificate.json");
            self.house.shell(&line).expect(0);
        }
        certificate
    }
}
