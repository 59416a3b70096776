//! APIs and messages that break off in the middle of an erase: connections cut before and after the server heard, answers of
//! 500, a server that dies. What was done is told and not more, and a resumed run finishes.

use serde_json::Value;

use super::{ANN, judge};
use crate::erase::{MAP, SHOP};
use crate::house::{House, fit_their_schemas};
use crate::proxy::{Cut, PASS, Proxy, REFUSE};
use crate::whole::judges::{Api, Nats, said};

const ORDERS: &str = "- fides_key: crm
  collections:
  - name: orders
    fields:
    - {name: no, data_categories: [system.operations], fides_meta: {primary_key: true}}
    - name: person
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}
";

const API: &str = "version: 1
headers: {Authorization: 'Bearer {password}'}
collections:
  orders:
    key: [no]
    list: {path: /orders, rows: data.items, pages: {by: link}}
    delete: {path: '/orders/{no}'}
";

const LETTERS: &str = "- fides_key: crm
  collections:
  - name: letters
    meta: {probity: {keys: 'letters.{person}.{n}'}}
    fields:
    - name: person
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}
";

/// A project with people in a file, and what hangs on them in `crm`.
fn project(crm: &str, store: &str) -> House {
    let house = House::initialised();
    said(std::process::Command::new("sqlite3").arg(house.path("shop.db")), SHOP);
    house.write("probity-map.yml", MAP.split("- fides_key: sales").next().unwrap().to_owned() + crm);
    house.write("api.yaml", API);
    house.write("token", "s3cret\n");
    let settings =
        format!("[stores.shop]\nurl = \"sqlite:shop.db\"\n[stores.crm]\nretries = 0\ntimeout = \"10s\"\n{store}");
    house.write("probity.toml", format!("{}\n{settings}", house.read("probity.toml")));
    house
}

fn people(house: &House) -> String {
    said(std::process::Command::new("sqlite3").arg(house.path("shop.db")), "SELECT count(*) FROM person WHERE id = 1;")
}

/// One erase that breaks off, and what is true then.
struct Broken<'b> {
    house: &'b House,
    /// What of hers there is in `crm`.
    hers: &'b dyn Fn() -> usize,
    others: &'b dyn Fn() -> Vec<String>,
}

impl Broken<'_> {
    /// Plans, lets it break, runs; `None` where nothing broke. Otherwise how much
    /// is gone, how much of it is not told, and the document.
    fn breaks(&self, arm: &dyn Fn()) -> Option<(u64, u64, Value)> {
        let (all, others) = ((self.hers)(), (self.others)());
        let plan = self.house.json(&["erase", ANN, "--dry-run"], 0);
        arm();
        let ran = self.house.run(&["erase", ANN, "--confirm", plan["digest"].as_str().unwrap(), "--json"]);
        if ran.exit == 0 {
            return None;
        }
        let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        if told["schema"] != "erase/1" {
            // It was not begun.
            assert_eq!((ran.exit, (self.hers)(), (self.others)()), (8, all, others), "{told}");
            return Some((0, 0, Value::Null));
        }
        assert_eq!((&told["result"], &told["closed"]), (&"incomplete".into(), &false.into()), "{told}");
        assert!(told["fault"]["code"].as_str().unwrap().starts_with("store-"), "{told}");
        let deleted = told["counts"]["deleted"].as_u64().unwrap();
        fit_their_schemas(std::slice::from_ref(&told));
        // Nothing that is there is called deleted; the person is known until the other store is done.
        let gone = (all - (self.hers)()) as u64;
        if told["stores"][0]["state"] == "done" {
            // Only the search afterwards could not be made: it is not called erased.
            assert_eq!((gone, deleted, people(self.house).trim(), (self.others)()), (3, 4, "0", others), "{told}");
            return Some((gone, 0, told));
        }
        assert!(deleted <= gone, "{deleted} told, {gone} gone: {told}");
        assert_eq!((people(self.house).trim(), (self.others)()), ("1", others), "{told}");
        assert_eq!(ran.exit, if gone == 0 && told["stores"][0]["state"] != "unsure" { 8 } else { 5 }, "{told}");
        Some((gone, gone - deleted, told))
    }

    /// The server is itself again: the same request ends. What went in the step that broke counts as found gone, for nobody
    /// told who took it: `untold` rows.
    fn resumes(&self, told: &Value, all: u64, untold: u64) {
        let others = (self.others)();
        let id = told["request"].as_str().unwrap();
        let done = self.house.json(&["erase", "--resume", id], 0);
        assert_eq!((&done["result"], &done["closed"]), (&"complete".into(), &true.into()), "{done}");
        assert_eq!(done["counts"]["deleted"], all + 1 - untold, "{told}\n{done}");
        assert_eq!(((self.hers)(), people(self.house).trim(), (self.others)()), (0, "0", others), "{done}");
        self.house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
        self.house.run(&["audit", "verify"]).expect(0);
    }
}

/// The orders of an API, hers or those of others.
fn orders(api: &Api, hers: bool) -> Vec<String> {
    api.dump().into_iter().filter(|line| (line.contains("\"no\"") && line.contains("\"person\": 1,")) == hers).collect()
}

#[test]
fn an_api_whose_connection_is_cut() {
    if !judge("curl") || !judge("sqlite3") {
        return;
    }
    for (pieces, heard) in [(1, false), (1, true), (2, true)] {
        let api = Api::start();
        let proxy = Proxy::to(&api.url());
        let store =
            format!("url = \"http://127.0.0.1:{}/\"\napi = \"api.yaml\"\npassword_file = \"token\"\n", proxy.port);
        let house = project(ORDERS, &store);
        let broken = Broken { house: &house, hers: &|| orders(&api, true).len(), others: &|| orders(&api, false) };
        let cut = || proxy.cut(Cut { word: "DELETE /orders", pieces, heard, then: REFUSE });
        let (_, untold, told) = broken.breaks(&cut).expect("it broke");
        assert_eq!(told["fault"]["code"], "store-unreachable", "{told}");
        house.run(&["erase", "--resume", "req-0001"]).expect(8).code("store-unreachable");
        proxy.mode(PASS);
        broken.resumes(&told, 3, untold);
    }
}

/// Answers of 500 from some question on, wherever that is.
#[test]
fn an_api_that_answers_by_500() {
    if !judge("curl") || !judge("sqlite3") {
        return;
    }
    let (mut after, mut half, mut none) = (6, 0, 0);
    loop {
        let api = Api::start();
        let store = format!("url = \"{}\"\napi = \"api.yaml\"\npassword_file = \"token\"\n", api.url());
        let house = project(ORDERS, &store);
        let broken = Broken { house: &house, hers: &|| orders(&api, true).len(), others: &|| orders(&api, false) };
        let Some((gone, untold, told)) = broken.breaks(&|| api.break_after(after)) else { break };
        api.break_after(-1);
        (half, none) = (half + u32::from(gone > 0), none + u32::from(gone == 0));
        if !told.is_null() {
            broken.resumes(&told, 3, untold);
        }
        after += 2;
    }
    assert!(half > 0 && none > 0, "{half} half done, {none} not begun");
}

#[test]
fn messages_whose_connection_is_cut_or_whose_server_dies() {
    if !judge("sqlite3") {
        return;
    }
    for (pieces, heard, dies) in [(1, false, false), (1, true, false), (3, true, true)] {
        let Some(mut nats) = Nats::start() else { return };
        nats.python(
            "await js.add_stream(name='LETTERS', subjects=['letters.>'])
for n in range(8): await js.publish(f'letters.{1 + n % 2}.{n}', b'{\"text\": \"dear\"}')",
        );
        let proxy = Proxy::to(&nats.url());
        let house = project(LETTERS, &format!("url = \"nats://127.0.0.1:{}\"\n", proxy.port));
        let digest = house.json(&["erase", ANN, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned();
        proxy.cut(Cut { word: "STREAM.MSG.DELETE", pieces, heard, then: REFUSE });
        let ran = house.run(&["erase", ANN, "--confirm", &digest, "--json"]);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!((ran.exit, &told["fault"]["code"]), (5, &"store-unreachable".into()), "{told}");
        if dies {
            nats.dies_and_comes_back();
        }
        let of = |who: &str| -> Vec<String> { nats.dump().into_iter().filter(|line| line.contains(who)).collect() };
        let deleted = told["counts"]["deleted"].as_u64().unwrap() as usize;
        let gone = 4 - of(" letters.1.").len();
        assert!(deleted <= gone, "{deleted} told, {gone} gone: {told}");
        let others = of(" letters.2.");
        assert_eq!((others.len(), people(&house).trim()), (4, "1"));
        house.run(&["erase", "--resume", "req-0001"]).expect(8).code("store-unreachable");
        proxy.mode(PASS);
        let hers = || of(" letters.1.").len();
        Broken { house: &house, hers: &hers, others: &|| of(" letters.2.") }.resumes(&told, 4, (gone - deleted) as u64);
        assert_eq!(of(" letters.2."), others);
    }
}
