//! What goes wrong while somebody is erased: servers that break off, refuse, fill up, wait for each other; schemas, locks and
//! clocks that change. Afterwards the ledger tells the truth, a re-run finishes, nothing else was deleted, and nothing is
//! called erased that can still be found.

#[path = "faults/cache.rs"]
mod cache;
#[path = "faults/changed.rs"]
mod changed;
#[path = "faults/cut.rs"]
mod cut;
#[path = "faults/full.rs"]
mod full;
#[path = "faults/hostile.rs"]
mod hostile;
#[path = "faults/killed.rs"]
mod killed;
#[path = "faults/names.rs"]
mod names;
#[path = "faults/partly.rs"]
mod partly;
#[path = "faults/refused.rs"]
mod refused;
#[path = "faults/services.rs"]
mod services;
#[path = "faults/waiting.rs"]
mod waiting;

use serde_json::Value;

use crate::databases::{Engine, server};
use crate::erase::{ANN, MAP, SALES, SHOP, rows};
use crate::house::{House, Ran, fit_their_schemas, judge};

/// The kinds of databases.
const KINDS: [&str; 3] = ["sqlite", "postgres", "mariadb"];

/// A project with two stores, `shop` and `sales`, of which `shop` knows who people are.
struct Scene {
    house: House,
    shop: Engine,
    sales: Engine,
    /// How many rows of Ann there are, in all.
    anns: u64,
    /// What others have, as it was at the beginning.
    others: String,
}

impl Scene {
    /// Two databases of this kind; `None` without a server. `name` keeps tests apart.
    fn of(kind: &str, name: &str, rows_each: u32) -> Option<Scene> {
        Scene::mixed([kind, kind], name, rows_each)
    }

    /// Databases of two kinds.
    fn mixed(kinds: [&str; 2], name: &str, rows_each: u32) -> Option<Scene> {
        let house = House::initialised();
        let shop = database(&house, kinds[0], &format!("{name}_shop"))?;
        let sales = database(&house, kinds[1], &format!("{name}_sales"))?;
        Some(Scene::over(house, shop, sales, rows_each))
    }

    /// These two databases, which are empty.
    fn over(house: House, shop: Engine, sales: Engine, rows_each: u32) -> Scene {
        shop.ask(&(in_words_of(&shop, SHOP) + &rows("parcel", rows_each)));
        sales.ask(&(in_words_of(&sales, SALES) + &rows("orders", rows_each)));
        house.write("probity-map.yml", MAP);
        let mut scene = Scene { house, shop, sales, anns: u64::from(2 * rows_each) + 1, others: String::new() };
        scene.settings(&scene.shop.url(), &scene.sales.url(), "");
        scene.others = scene.others_now();
        scene
    }

    /// Writes the settings anew: addresses, and more that holds for both stores.
    fn settings(&self, shop: &str, sales: &str, more: &str) {
        let own = self.house.read("probity.toml");
        let own = own.split("\n[stores.").next().unwrap();
        let store = |name: &str, url: &str| format!("\n[stores.{name}]\nurl = \"{url}\"\nretries = 0\n{more}\n");
        self.house.write("probity.toml", format!("{own}{}{}", store("shop", shop), store("sales", sales)));
    }

    fn rows(&self, whose: &str) -> String {
        let person =
            |engine: &Engine| engine.ask(&format!("SELECT id, mail, name FROM person WHERE id {whose} ORDER BY id;"));
        let of = |engine: &Engine, table: &str| {
            engine.ask(&format!("SELECT * FROM {table} WHERE person {whose} ORDER BY id;"))
        };
        [person(&self.shop), of(&self.shop, "parcel"), of(&self.sales, "orders")].join("\n--\n")
    }

    fn others_now(&self) -> String {
        self.rows("<> 1")
    }

    /// How many rows of Ann there are now.
    fn left(&self) -> u64 {
        self.rows("= 1").lines().filter(|line| !line.is_empty() && *line != "--").count() as u64
    }

    fn digest(&self) -> String {
        self.house.json(&["erase", ANN, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned()
    }

    /// The newest entry of the ledger about an erase.
    fn entry(&self) -> Value {
        let ran = self.house.run(&["audit", "search", "--command", "erase", "--reverse", "--limit", "1", "--json"]);
        serde_json::from_str(ran.expect(0).stdout.lines().next().unwrap()).unwrap()
    }

    /// An erase that fails: exit code, code of the fault; ledger, certificate and register do not claim more than was done.
    fn fails(&self, digest: &str, exit: i32, code: &str) -> Value {
        let told = self.house.json(&["erase", ANN, "--confirm", digest], exit);
        self.tells_of_failure(&told, code);
        told
    }

    fn tells_of_failure(&self, told: &Value, code: &str) {
        assert_eq!((&told["fault"]["code"], &told["result"]), (&code.into(), &"incomplete".into()), "{told}");
        assert_eq!(told["closed"], false, "{told}");
        fit_their_schemas(std::slice::from_ref(told));
        let entry = self.entry();
        assert_eq!(
            (&entry["facts"]["fault"], &entry["facts"]["result"]),
            (&code.into(), &"incomplete".into()),
            "{entry}"
        );
        let claimed = entry["facts"]["deleted"].as_u64().unwrap();
        assert!(claimed + self.left() <= self.anns, "{claimed} deleted and {} there: {entry}", self.left());
        self.untouched_others();
    }

    fn untouched_others(&self) {
        assert_eq!(self.others_now(), self.others, "rows of others");
        self.house.run(&["audit", "verify"]).expect(0);
    }

    /// Finishes what was begun, and looks at everything that is claimed.
    fn resumes(&self) -> Value {
        let told = self.house.json(&["erase", "--resume", "req-0001"], 0);
        self.is_over("req-0001");
        told
    }

    /// The erase is over, and all that is said of it is true.
    fn is_over(&self, id: &str) {
        self.is_over_with(id, self.anns);
    }

    /// The same, where this request has deleted `deleted` rows.
    fn is_over_with(&self, id: &str, deleted: u64) {
        assert_eq!(self.left(), 0, "{}", self.rows("= 1"));
        self.untouched_others();
        let entry = self.entry();
        assert_eq!((&entry["facts"]["result"], &entry["outcome"]), (&"complete".into(), &"done".into()), "{entry}");
        assert_eq!(entry["facts"]["deleted"], deleted, "{entry}");
        let text = self.house.read(&format!(".probity/requests/{id}/certificate.json"));
        let certificate: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&certificate["result"], &certificate["failed"]), (&"complete".into(), &Value::Array(Vec::new())));
        assert!(!self.house.path(&format!(".probity/requests/{id}/key")).exists());
        let journal = self.house.read(&format!(".probity/requests/{id}/journal.jsonl"));
        assert!(journal.lines().last().unwrap().contains("\"closed\""), "{journal}");
        self.house.run(&["erase", ANN, "--dry-run"]).expect(3).code("no-match");
    }

    /// The phases that the journal of the first request has for a store.
    fn phases(&self, store: &str) -> Vec<String> {
        let journal = self.house.read(".probity/requests/req-0001/journal.jsonl");
        let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|act| act["store"] == store).map(|act| act["phase"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.shop.remove();
            self.sales.remove();
        }
    }
}

/// A new database of this kind.
pub(crate) fn database(house: &House, kind: &str, name: &str) -> Option<Engine> {
    let name = format!("faults_{name}_{}", std::process::id());
    let engine = match kind {
        "sqlite" => judge("sqlite3").then(|| Engine::Sqlite(house.path(&format!("{name}.db"))))?,
        "postgres" => Engine::Postgres(server("PROBITY_TEST_POSTGRES_URL")?, name),
        _ => Engine::MariaDb(server("PROBITY_TEST_MARIADB_URL")?, name),
    };
    engine.create();
    Some(engine)
}

/// MariaDB keeps a reference only where it names the column.
fn in_words_of(engine: &Engine, sql: &str) -> String {
    match engine {
        Engine::MariaDb(..) => sql.replace("REFERENCES person", "REFERENCES person(id)"),
        _ => sql.to_owned(),
    }
}
