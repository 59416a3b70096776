//! Older versions of objects and keys: what goes along with the newest is said before, and what is not shown is said as well.

use serde_json::Value;

use super::judges::{Bucket, Nats};
use super::kinds::media;
use super::{ANN, digest, example, project};
use crate::house::House;

/// What the plan says of older versions, by collection.
fn announced(house: &House) -> Vec<(String, String)> {
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    let traps = plan["plan"]["traps"].as_array().unwrap().iter().filter(|trap| trap["kind"] == "older-versions");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    traps.map(|trap| (text(&trap["collection"]), text(&trap["text"]))).collect()
}

fn gaps(house: &House) -> String {
    house.json(&["export", ANN, "--output", "ann.zip"], 0)["gaps"].to_string()
}

/// A body that was Bob's before it was Ann's goes with hers: the plan tells how much of others there is.
#[test]
fn versions_of_objects() {
    let Some(bucket) = Bucket::make("older", false) else { return };
    bucket.python(
        r#"
put('exports/d/people.jsonl', '{"id":"u7001","mail":"eve@example.org"}\n{"id":"u8001","mail":"bob@example.org"}\n{"id":"u9001"}\n')
put('exports/d/people.jsonl', '{"id":"u8001","mail":"bob@example.org"}\n')
put('exports/d/people.jsonl', '{"id":"u7001","mail":"ann@example.org"}\n{"id":"u8001","mail":"bob@example.org"}\n')
for body in ('old', 'older', 'new'): put('avatars/u7001.png', body)
put('avatars/u8001.png', 'bob')"#,
    );
    let house = media(&bucket);
    house.write("probity-map.yml", example("S3", "yaml", 0));
    let told = announced(&house);
    let of =
        |name: &str| told.iter().find(|(collection, _)| collection == name).map(|(_, text)| text.as_str()).unwrap();
    assert!(of("avatars").starts_with("2 older versions go with the rows"), "{told:?}");
    assert!(of("avatars").contains("whole objects whose earlier content was not looked at"), "{told:?}");
    assert!(of("people").starts_with("1 older version goes with the rows"), "{told:?}");
    assert!(of("people").contains("2 rows or values in them"), "{told:?}");
    let gaps = gaps(&house);
    assert!(gaps.contains("media.avatars: 2 older versions stand behind these records"), "{gaps}");
    let done = house.json(&["erase", ANN, "--confirm", &digest(&house, ANN)], 0);
    assert_eq!(done["result"], "complete", "{done}");
    let left = bucket.dump();
    assert!(
        !left.iter().any(|line| line.contains("u7001")) && left.iter().any(|line| line.contains("u8001")),
        "{left:?}"
    );
}

/// The same of a key in a bucket of NATS.
#[test]
fn revisions_of_keys() {
    let Some(nats) = Nats::start() else { return };
    nats.python(
        r#"
kv = await js.create_key_value(bucket='profiles', history=5)
for mail in ('bob', 'ann', 'eve', 'ann'): await kv.put('desk', ('{"mail":"' + mail + '@example.org"}').encode())
await kv.put('other', b'{"mail":"bob@example.org"}')"#,
    );
    let house = project(&example("NATS", "toml", 0).replace("nats://localhost:4222", &nats.url()));
    house.write("probity-map.yml", example("NATS", "yaml", 0));
    let told = announced(&house);
    assert!(told[0].1.starts_with("2 older versions go with") && told[0].1.contains("2 rows or values"), "{told:?}");
    assert!(gaps(&house).contains("2 older versions stand behind these records"));
    let done = house.json(&["erase", ANN, "--confirm", &digest(&house, ANN)], 0);
    assert_eq!((&done["result"], &done["counts"]["deleted"]), (&"complete".into(), &2.into()), "{done}");
    let left = nats.dump();
    assert!(left.len() == 1 && left[0].contains("$KV.profiles.other"), "{left:?}");
}
