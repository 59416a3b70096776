//! A database with links that no catalog declares, and with the rare types of PostgreSQL: found by their values, handed over
//! without others, and emptied where rows of others refer to them.

use serde_json::Value;

use crate::databases::{Engine, server};
use crate::house::House;

const SCRIPT: &str = include_str!("../../fixtures/privacy/forum.sql");
const ANN: &str = "11111111-1111-4111-8111-111111111111";

/// The same as `$forum`, and gone with it.
struct Forum {
    engine: Engine,
    house: House,
}

impl Forum {
    fn new(name: &str) -> Option<Self> {
        let url = server("PROBITY_TEST_POSTGRES_URL")?;
        let engine = Engine::Postgres(url, format!("forum_{name}_{}", std::process::id()));
        engine.create();
        engine.ask(SCRIPT);
        let house = House::initialised();
        let text = house.read("probity.toml");
        house.write("probity.toml", format!("{text}\n[stores.forum]\nurl = \"{}\"\n", engine.url()));
        Some(Forum { engine, house })
    }
}

impl Drop for Forum {
    fn drop(&mut self) {
        self.engine.remove();
    }
}

/// UUIDs are references wherever they stand; what names the person in fields of which the map says nothing is told.
#[test]
fn links_are_told_by_their_values() {
    let Some(Forum { engine: _, house }) = &Forum::new("links") else { return };
    let scanned = house.json(&["map", "scan"], 0);
    let links = scanned["stores"][0]["undeclared"].as_array().unwrap();
    let by_value = links.iter().filter(|link| link["by_value"] == true);
    let mut told: Vec<String> =
        by_value.map(|link| format!("{} {}", link["from"].as_str().unwrap(), link["to"].as_str().unwrap())).collect();
    told.sort();
    let expect = [
        "audit.row_id",
        "dog.owner",
        "events.payload.actor.id",
        "likes.a",
        "likes.b",
        "logs.person",
        "profiles.settings.friends",
        "tickets.watchers",
    ];
    assert_eq!(told, expect.map(|from| format!("{from} people.id")));
    let map = house.read("probity-map.yml");
    assert_eq!(map.matches("# By its values a reference to people.id").count(), 8, "{map}");
    // Ann's friends and Bob's watchers make no row theirs.
    assert_eq!(map.matches("whom it names here, it is not theirs").count(), 2, "{map}");

    let plan = house.json(&["erase", "email=ann.berg@example.org", "--dry-run"], 0);
    let gaps = plan["plan"]["gaps"].as_array().unwrap().iter().filter(|gap| gap["kind"] == "unattributed");
    let mut told: Vec<String> = gaps.map(|gap| gap["collection"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["Sales Data.Order Header", "audit", "events", "nopk"], "{plan:#}");
    let refused = house.run(&["erase", "email=ann.berg@example.org", "--dry-run", "--strict"]).expect(4);
    assert!(refused.stderr.contains("plan-has-gaps"), "{}", refused.stderr);
}

/// What one text calls a telephone number, and whom one sentence names, goes out of every other field too.
#[test]
fn who_was_met_once_is_met_everywhere() {
    let Some(Forum { engine: _, house }) = &Forum::new("met") else { return };
    house.run(&["map", "scan"]).expect(0);
    house.run(&["export", "email=ann.berg@example.org", "--format", "json", "--output", "out.json"]).expect(0);
    let text = house.read("out.json");
    for of_others in ["Bob Carter", "0171 9999999", "bob@example.org"] {
        assert!(!text.contains(of_others), "{of_others}: {text}");
    }
    for own in ["my number is 0171 2345678", "12345678901234567890.123456789", "Nebenweg 7", "'ann' 'berg'", "Hi Ann"] {
        assert!(text.contains(own), "{own}: {text}");
    }
}

/// Columns of composite types, of arrays of them, ranges, bits, geometry and the like are emptied by one statement.
#[test]
fn rare_types_are_emptied() {
    let Some(Forum { engine, house }) = &Forum::new("types") else { return };
    house.run(&["map", "scan"]).expect(0);
    let plan = house.json(&["erase", "email=ann.berg@example.org", "--dry-run"], 0);
    let digest = plan["digest"].as_str().unwrap();
    // Bob's words about her stay, and are named.
    let done = house.run(&["erase", "email=ann.berg@example.org", "--confirm", digest, "--json"]).expect(1);
    let done: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(done["result"], "residual-found", "{done:#}");
    let ask = |sql: &str| engine.ask(sql);
    let row =
        "SELECT full_name, email LIKE 'erased-%', tel, home, others, big, bits, r, pt, ts, alt FROM people WHERE id = ";
    let left = r#"erased|t||(,,)|{"(,,)","(,,)"}||||||"#;
    assert_eq!(ask(&format!("{row} '{ANN}'")), left);
    assert_eq!(ask("SELECT count(*) FROM people WHERE email IN ('bob@example.org', 'cleo@example.net')"), "2");
    assert_eq!(ask(&format!("SELECT count(*) FROM mv_people WHERE id = '{ANN}' AND email LIKE 'erased-%'")), "1");
    assert_eq!(ask(&format!("SELECT count(*) FROM dog WHERE owner = '{ANN}'")), "0");
    assert_eq!(ask("SELECT count(*) FROM ONLY animal"), "1");
    assert_eq!(ask("SELECT string_agg(day::text, ' ') FROM logs"), "2026-05-05", "Bob's own line");
    let watchers = "SELECT array_length(watchers, 1) FROM tickets WHERE id = 2";
    assert_eq!(ask(watchers), "1", "Cleo still watches Bob's ticket");
}
