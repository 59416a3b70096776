//! Names that lead elsewhere: subjects of messages, paths and questions over HTTP. They find what is called
//! so, and nothing beside it is read, changed or deleted.

use super::judge;
use crate::house::House;
use crate::whole::judges::{Api, Nats};

const BY_LOGIN: &str = "dataset:
- fides_key: store
  collections:
  - name: letter
    meta: {probity: {keys: 'KEYS', format: FORMAT}}
    fields:
    - {name: login, data_categories: [user.account.username], fides_meta: {identity: login}}
";

fn project(map: &str, store: &str) -> House {
    let house = House::initialised();
    house.write("probity-map.yml", map);
    house.write("probity.toml", format!("{}\n{store}", house.read("probity.toml")));
    house
}

/// Nobody is found by `text`, or it is no identity at all.
fn finds_nobody(house: &House, text: &str) {
    let subject = format!("login={text}");
    let (exit, code) = if text.contains(['\n', '\r']) { (2, "bad-subject") } else { (3, "no-match") };
    house.run(&["erase", &subject, "--dry-run"]).expect(exit).code(code);
    house.run(&["export", &subject, "--output", "out.zip"]).expect(exit).code(code);
    assert!(!house.path("out.zip").exists());
}

/// Whoever is called `text` is found and goes; says with which exit status.
fn goes(house: &House, text: &str) -> i32 {
    let subject = format!("login={text}");
    let plan = house.json(&["erase", &subject, "--dry-run"], 0);
    house.run(&["erase", &subject, "--confirm", plan["digest"].as_str().unwrap()]).exit
}

/// Wildcards and ends of lines are no part of a subject.
#[test]
fn subjects_of_messages() {
    let Some(nats) = Nats::start() else { return };
    nats.python(
        "await js.add_stream(name='LETTERS', subjects=['letters.>', 'other.>'])
for who in ('ann', 'bob', 'a-b_c=d', 'ann2'):
  await js.publish(f'letters.{who}.new', b'{\"n\": 1}')
await js.publish('letters.ann.b.new', b'{\"n\": 2}')
await js.publish('other.ann.new', b'{\"n\": 3}')",
    );
    let map = BY_LOGIN.replace("KEYS", "letters.{login}.new").replace(", format: FORMAT", "");
    let house = project(&map, &format!("[stores.store]\nurl = \"{}\"\n", nats.url()));
    let before = nats.dump();
    for text in [
        "*",
        ">",
        "ann.b",
        "ann.>",
        "an*",
        "ann new",
        "ann\tnew",
        "",
        " ",
        "ann\r\nPUB letters.bob.new 0\r\n",
        "ann\nPURGE",
        "$JS.API.STREAM.DELETE.LETTERS",
        "ann.new 2\u{b}",
        "..",
        "{login}",
    ] {
        let ran = house.run(&["erase", &format!("login={text}"), "--dry-run"]);
        assert!([2, 3].contains(&ran.exit), "{text:?}: {ran:?}");
        let ran = house.run(&["export", &format!("login={text}"), "--output", "out.zip"]);
        assert!([2, 3].contains(&ran.exit), "{text:?}: {ran:?}");
    }
    assert_eq!(nats.dump(), before);
    for (name, subject) in [("ann", " letters.ann.new "), ("a-b_c=d", " letters.a-b_c=d.new ")] {
        let left: Vec<String> = nats.dump().into_iter().filter(|line| !line.contains(subject)).collect();
        let exit = goes(&house, name);
        // `other.ann.new` is no letter: that her name stands there is told, and it stays.
        assert!([0, 1].contains(&exit), "{name}: {exit}");
        assert_eq!(nats.dump(), left, "{name}");
    }
    house.run(&["audit", "verify"]).expect(0);
}

/// Names in paths and questions go as one part of them; what would lead out of its path is refused, and nothing is asked.
#[test]
fn paths_and_questions() {
    if !judge("curl") {
        return;
    }
    let api = Api::start();
    let map = "dataset:
- fides_key: store
  collections:
  - name: orders
    fields:
    - {name: no, data_categories: [user.account.username], fides_meta: {identity: login, primary_key: true}}
    - {name: total, data_categories: [user.financial]}
";
    let described = "version: 1
headers: {Authorization: 'Bearer {password}'}
collections:
  orders:
    key: [no]
    list: {path: /orders, rows: data.items, pages: {by: link}, search: {no: no}}
    get: {path: '/orders/{no}', row: data}
    delete: {path: '/orders/{no}'}
";
    let settings = format!("[stores.store]\nurl = \"{}\"\napi = \"api.yaml\"\npassword_file = \"token\"\n", api.url());
    let house = project(map, &settings);
    house.write("api.yaml", described);
    house.write("token", "s3cret\n");
    let names = [
        "a/../../people/7",
        "..",
        ".",
        "../people/7",
        "a?b=c",
        "a#b",
        "a%2fb",
        "a&page=2",
        "x y+z",
        "<o>&",
        "ключ",
        "..\\people\\7",
    ];
    for name in names {
        api.put_order(name);
    }
    let before = api.dump();
    for text in ["o/1/../2", "o", "o/999", "o/1?", "o/1#", "*", "../people/8", "a\r\nX: y", "%6f/1"] {
        finds_nobody(&house, text);
    }
    assert_eq!(api.dump(), before);
    for name in names {
        let left: Vec<String> = api
            .dump()
            .into_iter()
            .filter(|line| !line.contains(&format!("\"no\": {},", crate::whole::judges::ascii(name))))
            .collect();
        let subject = format!("login={name}");
        let leads_out = name.split(['/', '\\']).any(|part| [".", ".."].contains(&part));
        let plan = house.json(&["erase", &subject, "--dry-run"], 0);
        let ran = house.run(&["erase", &subject, "--confirm", plan["digest"].as_str().unwrap(), "--json"]);
        match leads_out {
            true => {
                let told: serde_json::Value = serde_json::from_str(&ran.expect(5).stdout).unwrap();
                assert_eq!(
                    (&told["fault"]["code"], &told["counts"]["deleted"]),
                    (&"row-not-addressable".into(), &0.into())
                );
                assert_eq!(api.dump().len(), left.len() + 1, "{name}");
            }
            false => {
                ran.expect(0);
                assert_eq!(api.dump(), left, "{name}");
            }
        }
    }
    assert!(!api.log().iter().any(|line| line.contains("people")), "{:?}", api.log());
    house.run(&["audit", "verify"]).expect(0);
}
