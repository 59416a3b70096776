//! `map`: a store is looked at, a map is kept, drift is found, the map is drawn.

use std::collections::BTreeSet;
use std::process::Command;

use crate::house::{House, Ran, fit_their_schemas, interpreter, judge, repository};

const SHOP: &str = "\
create table person (id integer primary key, mail varchar(80) unique, first_name text, note text);
create table parcel (no integer primary key, person_id integer not null references person (id), city text, state text);
create table visit (id integer primary key, parcel_no integer, ip text);
insert into person values (1, 'ann@example.org', 'Ann', 'call 020 7946 0018 after six, please do'), (2, 'bob@example.org', 'Bob', null), (3, 'eve@example.org', 'Eve', '');
insert into parcel values (10, 1, 'Delft', 'sent'), (11, 2, 'Ghent', 'sent'), (12, 2, 'Ghent', 'lost');
insert into visit values (1, 10, '203.0.113.7'), (2, 11, '198.51.100.23'), (3, 12, '203.0.113.9');
";

/// A project with one SQLite store; nothing where sqlite3 is not there.
fn shop() -> Option<House> {
    judge("sqlite3").then(|| {
        let house = House::initialised();
        house.write("shop.sql", SHOP);
        house.shell("sqlite3 shop.db < shop.sql").expect(0);
        house.shell("printf '[stores.shop]\\nurl = \"sqlite:shop.db\"\\n' >> probity.toml").expect(0);
        house
    })
}

fn json(ran: Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn sql(house: &House, statement: &str) {
    house.shell(&format!("sqlite3 shop.db \"{statement}\"")).expect(0);
}

/// A scan proposes categories, an identity, references and links that nobody declared; no value comes out; a second adds nothing.
#[test]
fn a_scan_proposes_and_a_second_one_adds_nothing() {
    let Some(house) = shop() else { return };
    let dry = json(house.run(&["map", "scan", "--dry-run", "--json"]).expect(0));
    assert!(!house.path("probity-map.yml").exists(), "--dry-run writes nothing");
    let ran = house.run(&["map", "scan", "--json"]).expect(0);
    for value in ["example.org", "Ann", "203.0.113", "7946"] {
        assert!(!ran.stdout.contains(value) && !house.read("probity-map.yml").contains(value), "{value} comes out");
    }
    let scanned = json(ran);
    let store = &scanned["stores"][0];
    assert_eq!((store["rows"].as_u64(), store["added"]["all_fields"].as_u64()), (Some(9), Some(11)));
    assert_eq!(store["identities"], serde_json::json!(["person.mail (email)"]));
    assert_eq!(
        store["undeclared"],
        serde_json::json!([{
            "from": "visit.parcel_no", "dataset": null, "to": "parcel.no", "when": null, "values": 3, "found": 3, "score": 60, "by_value": false, "sure": true
        }])
    );
    assert_eq!(dry["stores"][0]["personal"], store["personal"]);
    let map = house.read("probity-map.yml");
    for line in [
        "identity: email",
        "field: person.id, direction: from",
        "# By its name and values a reference to parcel.no",
        "user.device.ip_address",
    ] {
        assert!(map.contains(line), "{line}\n{map}");
    }
    let again = json(house.run(&["map", "scan", "--json"]).expect(0));
    assert_eq!(again["files"], serde_json::json!([]));
    assert_eq!(house.read("probity-map.yml"), map);
    let shown = json(house.run(&["map", "show", "--json"]).expect(0));
    fit_their_schemas(&[dry, scanned, again, shown]);
}

const UNSAID: &str = r#"
create table person (id integer primary key, first_name text, mail text unique);
create table ticket (id integer primary key, person_id integer references person (id), created_by integer references person (id),
  watchers text, calls text, plain text);
create table remark (id integer primary key, subject_type text, subject_id integer, body text, entered_by integer references person (id));
create view late as select * from ticket;
insert into person values (101, 'Ann', 'ann@example.org'), (102, 'Bob', 'bob@example.org'), (103, 'Eve', 'eve@example.org');
insert into ticket values (11, 101, 103, '["ann@example.org", "x@example.org"]', '[{"by": {"mail": "bob@example.org"}, "minutes": 3}, {"by": null}]', '[sic]'),
  (12, 102, 103, '[]', '[]', '{'), (13, 103, 101, '["bob@example.org"]', '[{"by": {"mail": "eve@example.org"}}]', null);
insert into remark values (1, 'Person', 101, 'one', 103), (2, 'Person', 102, 'two', 103), (3, 'App\Ticket', 11, 'three', 101),
  (4, 'Nothing', 11, 'four', null), (5, 'Person', 103, 'five', 102);
"#;
const ELSEWHERE: &str = "\
create table visit (id integer primary key, person_id integer, contact varchar(80), score integer);
insert into visit values (1, 101, 'Ann@Example.org', 1), (2, 102, 'bob@example.org ', 2), (3, 103, 'eve@example.org', 3), (4, 101, null, 4);
";

/// Links in a store and to another, pairs of type and number, who entered a row, and documents kept as texts: all are
/// proposed with what speaks for them, and only followed when that is asked for.
#[test]
fn what_a_catalog_does_not_say_is_proposed() {
    if !judge("sqlite3") {
        return;
    }
    let house = House::initialised();
    for (name, script) in [("crm", UNSAID), ("web", ELSEWHERE)] {
        house.write(&format!("{name}.sql"), script);
        house.shell(&format!("sqlite3 {name}.db < {name}.sql")).expect(0);
        house.shell(&format!("printf '[stores.{name}]\\nurl = \"sqlite:{name}.db\"\\n' >> probity.toml")).expect(0);
    }
    let scanned = json(house.run(&["map", "scan", "--dry-run", "--json"]).expect(0));
    let links = |store: usize| -> Vec<String> {
        let list = scanned["stores"][store]["undeclared"].as_array().unwrap();
        let link = |link: &serde_json::Value| {
            let text = |name: &str| link[name].as_str().unwrap_or("-").to_owned();
            let is = link["when"]["is"].as_str().unwrap_or("-");
            format!(
                "{} {} {} {is} {}/{} {}",
                text("from"),
                text("dataset"),
                text("to"),
                link["found"],
                link["values"],
                link["score"]
            )
        };
        list.iter().map(link).collect()
    };
    assert_eq!(
        links(0),
        ["remark.subject_id - ticket.id App\\Ticket 1/1 50", "remark.subject_id - person.id Person 3/3 60"]
    );
    assert_eq!(links(1), ["visit.person_id crm person.id - 3/3 60", "visit.contact crm person.mail - 3/3 80"]);
    assert_eq!(scanned["stores"][0]["left_out"], serde_json::json!(["late"]));
    fit_their_schemas(&[scanned]);

    house.run(&["map", "scan"]).expect(0);
    let map = house.read("probity-map.yml");
    let field = |name: &str| -> String {
        let start = map.find(&format!("- name: {name}\n")).unwrap_or_else(|| panic!("{name}\n{map}"));
        map[start..]
            .lines()
            .skip(1)
            .take_while(|line| !line.trim_start().starts_with("- name:"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(field("created_by").contains("owner: false"), "{map}");
    assert!(!field("person_id").contains("owner"), "{map}");
    // The only link of a remark to people: it can be theirs.
    assert!(!field("entered_by").contains("owner: false") && map.contains("If this is who entered the row"), "{map}");
    assert!(field("watchers").contains("string[]") && field("calls").contains("object[]"), "{map}");
    assert!(field("mail").contains("user.contact.email") && !field("plain").contains("[]"), "{map}");
    assert!(!map.contains("dataset: crm, field: person.mail, direction: from\n"), "a comment, no reference: {map}");
    let is_line = |line: &str| line.contains("is: ") && line.contains("Person") && !line.trim_start().starts_with('#');
    assert!(field("subject_id").lines().any(is_line), "a pair is sure where all values are there: {map}");
    let ran = house.run(&["map", "check"]).expect(1);
    assert!(ran.stdout.contains("no identity leads to it") && ran.stdout.contains("1 finding"), "{ran:?}");

    std::fs::remove_file(house.path("probity-map.yml")).unwrap();
    house.run(&["map", "scan", "--links"]).expect(0);
    let map = house.read("probity-map.yml");
    for written in ["dataset: crm", "field: person.mail", r#"is: "App\\Ticket""#] {
        assert!(
            map.lines().any(|line| line.contains(written) && !line.trim_start().starts_with('#')),
            "{written}\n{map}"
        );
    }
    house.run(&["map", "check"]).expect(0);
    // What was proposed holds: her remarks, and her visits in the other store, are found.
    let ran = house.run(&["erase", "email=ann@example.org", "--dry-run", "--json"]).expect(0);
    assert!(ran.stdout.contains("\"visit\"") && ran.stdout.contains("\"remark\""), "{}", ran.stdout);
}

/// What people wrote stays through a scan; a new column and a new table join it.
#[test]
fn a_kept_map_keeps_its_lines() {
    let Some(house) = shop() else { return };
    house.run(&["map", "scan", "--links"]).expect(0);
    let kept = house
        .read("probity-map.yml")
        .replace("data_categories: [user.name.first]", "data_categories: [user.name]   # decided");
    assert!(kept.contains("# decided"));
    house.write("probity-map.yml", &kept);
    sql(
        &house,
        "alter table person add column phone text; create table newsletter (id integer primary key, email text);",
    );
    house.run(&["map", "scan"]).expect(0);
    let map = house.read("probity-map.yml");
    let mut lines = map.lines();
    for line in kept.lines() {
        assert!(lines.any(|new| new == line), "{line} is gone or elsewhere\n{map}");
    }
    assert!(map.contains("name: phone") && map.contains("name: newsletter"), "{map}");
    house.run(&["map", "check"]).expect(1).stdout.contains("unreachable-collection");
}

/// `map check` says yes to a fresh map, and finds each kind of drift in its line, for people, programs and CI.
#[test]
fn drift_has_a_line() {
    let Some(house) = shop() else { return };
    house.run(&["map", "check"]).expect(7).code("no-map");
    house.run(&["map", "scan", "--links"]).expect(0);
    house.run(&["map", "check"]).expect(0);
    sql(
        &house,
        "alter table person add column phone text; create table cart (id integer primary key); alter table visit drop column ip;",
    );
    let map = house
        .read("probity-map.yml")
        .replace("data_categories: [user.contact.email]", "data_categories: [system.operations]");
    house.write("probity-map.yml", map.replace("parcel.no", "parcel.nr").replace("identity: email, ", ""));
    let checked = json(house.run(&["map", "check", "--json"]).expect(1));
    let found = checked["findings"].as_array().unwrap();
    let rules: BTreeSet<&str> = found.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    let expect = [
        "field-gone",
        "new-collection",
        "new-column",
        "reference-lost",
        "unmapped-personal-data",
        "unreachable-collection",
    ];
    assert!(expect.iter().all(|rule| rules.contains(rule)), "{rules:?}");
    let lines: Vec<String> = house.read("probity-map.yml").lines().map(str::to_owned).collect();
    for finding in found.iter().filter(|finding| finding["rule"] == "unmapped-personal-data") {
        let line = &lines[finding["place"]["line"].as_u64().unwrap() as usize - 1];
        assert!(line.contains("mail"), "{finding}: {line}");
        assert!(finding["message"].as_str().unwrap().contains("3 of 3 values (100 %)"), "{finding}");
    }
    let sarif: serde_json::Value = json(house.run(&["map", "check", "--sarif"]).expect(1));
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), found.len());
    assert_eq!(
        sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "probity-map.yml"
    );
    fit_their_schemas(&[checked]);
}

/// A store that cannot be asked is never "no drift", and does not keep the others from being looked at.
#[test]
fn what_could_not_be_asked_is_said() {
    let Some(house) = shop() else { return };
    house.run(&["map", "scan", "--links"]).expect(0);
    house.shell("printf '[stores.gone]\\nurl = \"sqlite:gone.db\"\\n' >> probity.toml").expect(0);
    let checked = json(house.run(&["map", "check", "--json"]).expect(5));
    assert_eq!(checked["unreachable"], serde_json::json!(["gone"]));
    house.run(&["map", "check", "--strict"]).expect(8);
    house.run(&["map", "scan"]).expect(5);
    house.run(&["map", "check", "shop"]).expect(0);
    house.run(&["map", "check", "shpo"]).expect(2).code("unknown-store");
}

/// Every dataset that Fides accepts is imported as it stands, joins what is there, and stays readable for Fides.
#[test]
fn datasets_of_fides_are_taken_over() {
    let house = House::initialised();
    let sample = |name: &str| repository("fixtures/fideslang/valid").join(name);
    let shop = sample("shop.yml");
    house.run(&["map", "import", shop.to_str().unwrap()]).expect(0);
    assert_eq!(
        house.read("probity-map.yml"),
        std::fs::read_to_string(&shop).unwrap(),
        "the first file is taken as it is"
    );
    house.run(&["map", "import", shop.to_str().unwrap()]).expect(4).code("dataset-exists");
    house.run(&["map", "import", shop.to_str().unwrap(), "--overwrite"]).expect(0);
    for name in ["older_keys.yml", "others.yml", "anchors.yml", "vocabulary.yml", "doubtful.yml"] {
        house.run(&["map", "import", sample(name).to_str().unwrap()]).expect(0);
    }
    let shown = json(house.run(&["map", "show", "--json"]).expect(0));
    assert_eq!(shown["datasets"].as_array().unwrap().len(), 7);
    fit_their_schemas(&[shown]);
    house.run(&["map", "show", "shp"]).expect(2).code("unknown-dataset");
    let wrong = repository("fixtures/fideslang/invalid/own_vocabulary.yml");
    let ran = house.run(&["map", "import", wrong.to_str().unwrap()]).expect(7);
    assert_eq!(ran.stderr.matches("\nerror: ").count() + 1, 5, "every fault is said: {ran:?}");
    let Some(python) = interpreter("PROBITY_TEST_FIDES") else { return };
    let output = Command::new(python)
        .arg(repository("tests/judges/fides/dataset.py"))
        .arg(house.path("probity-map.yml"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "accepts");
}

/// Chinook, a database that nobody here wrote: people, addresses and links are found, and Fides reads the map.
#[test]
fn chinook_is_mapped() {
    let Some(scripts) = std::env::var_os("PROBITY_TEST_CHINOOK").filter(|_| judge("sqlite3")) else { return };
    let house = House::initialised();
    let script = std::path::Path::new(&scripts).join("sqlite.sql");
    house.shell(&format!("sqlite3 music.db < {}", script.display())).expect(0);
    house.shell("printf '[stores.music]\\nurl = \"sqlite:music.db\"\\n' >> probity.toml").expect(0);
    chinook(&house);
}

/// The same database in PostgreSQL gives the same map.
#[test]
fn chinook_is_mapped_in_postgresql() {
    let variable = |name| std::env::var(name).ok();
    let (Some(scripts), Some(url)) = (variable("PROBITY_TEST_CHINOOK"), variable("PROBITY_TEST_POSTGRES_URL")) else {
        return;
    };
    let house = House::initialised();
    let name = format!("map_{}", std::process::id());
    let server = url.rsplit_once('/').unwrap().0;
    let psql = |database: &str| format!("psql -Xq -v ON_ERROR_STOP=1 {server}/{database}");
    house.shell(&format!("{} -c 'create database {name}'", psql("postgres"))).expect(0);
    house.shell(&format!("{} -f {scripts}/postgres.sql > /dev/null", psql(&name))).expect(0);
    house.shell(&format!("printf '[stores.music]\\nurl = \"{server}/{name}\"\\n' >> probity.toml")).expect(0);
    chinook(&house);
    house.shell(&format!("{} -c 'drop database {name}'", psql("postgres"))).expect(0);
}

fn chinook(house: &House) {
    let scanned = json(house.run(&["map", "scan", "--json"]).expect(0));
    let store = &scanned["stores"][0];
    assert_eq!((store["collections"].as_u64(), store["added"]["all_fields"].as_u64()), (Some(11), Some(64)), "{store}");
    let identities = store["identities"].to_string().to_lowercase();
    assert!(
        identities.contains("customer.email (email)") && identities.contains("employee.email (email)"),
        "{identities}"
    );
    let personal = store["personal"].to_string().to_lowercase();
    for field in ["customer.phone", "customer.lastname", "employee.birthdate", "invoice.billingaddress"] {
        assert!(personal.replace('_', "").contains(field), "{field}: {personal}");
    }
    assert!(!personal.contains("track") && !personal.contains("album."), "{personal}");
    house.run(&["map", "check"]).expect(0);
    let Some(python) = interpreter("PROBITY_TEST_FIDES") else { return };
    let judge = repository("tests/judges/fides/dataset.py");
    let output = Command::new(python).arg(judge).arg(house.path("probity-map.yml")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "accepts");
}

/// A drawing of ten thousand collections is one file that asks no network for anything; Chromium draws it within a blink.
/// A schema of two hundred tables is mapped whole, with every key and every link that nobody declared; a second scan adds nothing.
#[test]
fn two_hundred_tables_are_mapped() {
    if !judge("sqlite3") {
        return;
    }
    let house = House::initialised();
    let name = |number: u32| if number == 0 { "person".to_owned() } else { format!("order{number}") };
    let mut text = String::from("create table person (id integer primary key, mail text unique);\n");
    for number in 1..200 {
        // Each hangs on one by a key, and on another by a number alone.
        let [own, up, other] = [number, number / 3, number * 7 / 11].map(name);
        text += &format!(
            "create table {own} (id integer primary key, up_id integer references {up} (id), {other}_id integer, city text);\n"
        );
    }
    for number in 0..200 {
        let values = if number == 0 { "n, 'p' || n || '@example.org'" } else { "n, n, n, 'Delft'" };
        text += &format!(
            "with recursive c(n) as (select 1 union all select n + 1 from c where n < 20) insert into {} select {values} from c;\n",
            name(number)
        );
    }
    house.write("shop.sql", text);
    house.shell("sqlite3 shop.db < shop.sql").expect(0);
    house.shell("printf '[stores.shop]\\nurl = \"sqlite:shop.db\"\\n' >> probity.toml").expect(0);
    let scanned = json(house.run(&["map", "scan", "--json"]).expect(0));
    let store = &scanned["stores"][0];
    assert_eq!((&store["collections"], &store["added"]["all_fields"]), (&200.into(), &798.into()));
    assert_eq!(store["undeclared"].as_array().unwrap().len(), 199);
    assert_eq!(store["identities"], serde_json::json!(["person.mail (email)"]));
    let map = house.read("probity-map.yml");
    for number in 1..200 {
        let (up, other) = (name(number / 3), name(number * 7 / 11));
        assert!(map.contains(&format!("field: {up}.id")), "the key of {}", name(number));
        assert!(
            map.contains(&format!("# By its name and values a reference to {other}.id")),
            "the link of {}",
            name(number)
        );
    }
    house.run(&["map", "scan", "--json"]).expect(0);
    assert_eq!(house.read("probity-map.yml"), map, "a second scan adds nothing");
    let drawn = json(house.run(&["map", "graph", "--output", "map.html", "--json"]).expect(0));
    assert_eq!(drawn["collections"], 200);
}

#[test]
fn ten_thousand_collections_are_drawn() {
    let house = House::initialised();
    let mut map = String::from("dataset:\n- fides_key: big\n  collections:\n");
    for number in 0..10_000 {
        map += &format!(
            "  - name: t{number}\n    fields:\n    - {{name: id, fides_meta: {{primary_key: true}}, data_categories: [user.unique_id]}}\n"
        );
        if number == 0 {
            map += "    - {name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}\n";
        } else {
            let to = number * 7 / 11;
            map += &format!(
                "    - {{name: r, data_categories: [system], fides_meta: {{references: [{{dataset: big, field: t{to}.id}}]}}}}\n"
            );
        }
    }
    house.write("probity-map.yml", map);
    let drawn = json(house.run(&["map", "graph", "--output", "map.html", "--json"]).expect(0));
    assert_eq!((drawn["collections"].as_u64(), drawn["references"].as_u64()), (Some(10_000), Some(9_999)));
    house.run(&["map", "graph", "--output", "map.html"]).expect(4).code("output-exists");
    house.run(&["map", "graph", "--output", "map.png"]).expect(2).code("unknown-drawing");
    house.run(&["map", "graph", "--output", "map.svg"]).expect(0);
    if judge("xmllint") {
        house.shell("xmllint --huge --noout map.svg").expect(0);
    }
    let page = house.read("map.html");
    assert!(!page.contains("http://") && !page.contains("https://") && page.contains("default-src 'none'"));
    fit_their_schemas(&[drawn]);
    if !judge("chromium") {
        return;
    }
    // Twenty steps of zooming, each drawn; then a search. The page says in its title how long they took.
    let probe = "<script>addEventListener('load',()=>{const c=document.getElementById('c'),t=[];let n=0,last=performance.now();\
        const step=()=>{const now=performance.now();t.push(now-last);last=now;if(n++<20){document.getElementById(n<10?'in':'out').click();\
        requestAnimationFrame(step)}else{const q=document.getElementById('q');q.value='t4321';q.dispatchEvent(new Event('search'));\
        t.sort((a,b)=>a-b);document.title='frame '+t[10].toFixed(0)+' search '+(performance.now()-last).toFixed(0)+' of '+\
        document.getElementById('hits').textContent}};requestAnimationFrame(step)})</script></body>";
    house.write("probe.html", page.replace("</body>", probe));
    let script = "\
        chromium --headless --no-sandbox --disable-gpu --user-data-dir=\"$PWD/profile\" --remote-debugging-port=0 \"file://$PWD/probe.html\" >/dev/null 2>&1 & \
        trap \"kill $!\" EXIT; for i in $(seq 600); do sleep 0.1; [ -s profile/DevToolsActivePort ] || continue; \
        curl -s \"http://127.0.0.1:$(head -1 profile/DevToolsActivePort)/json/list\" | grep -o '\"frame [^\"]*' && exit 0; done; exit 1";
    if !judge("curl") {
        return;
    }
    let title = house.shell(script).expect(0).stdout;
    let numbers: Vec<u64> = title.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(title.contains("3 hits"), "{title}");
    // Milliseconds, on machines that do other things as well.
    assert!(numbers[0] < 1000 && numbers[1] < 5000, "{title}");
}
