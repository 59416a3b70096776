//! A map over its life: proposed from a store, kept by people, scanned again, checked, drawn.

use std::path::Path;

use model::Fault;
use privacy::catalog::{Catalog, Collection, Column, ColumnKind, Link, OnDelete};
use privacy::map::check::{self, Level, Part};
use privacy::map::propose::{Guess, propose};
use privacy::map::read::{self, Limits, Reading};
use privacy::map::sample::{Sample, SampledField};
use privacy::map::write::{Comments, write};
use privacy::map::{DataMap, edit, graph, merge};
use privacy::row::FieldPath;

fn column(name: &str, kind: ColumnKind) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        type_name: format!("{kind:?}").to_lowercase(),
        nullable: true,
        has_default: false,
        generated: false,
        max_chars: None,
        words: vec![],
        comment: None,
        label: None,
        checks: vec![],
    }
}

fn collection(name: &str, key: &str, columns: &[(&str, ColumnKind)], links: &[(&str, &str, &str)]) -> Collection {
    let link = |(column, target, to): &(&str, &str, &str)| Link {
        name: format!("fk_{column}"),
        columns: vec![(*column).to_owned()],
        target: (*target).to_owned(),
        target_columns: vec![(*to).to_owned()],
        on_delete: OnDelete::NoAction,
        deferrable: false,
    };
    Collection {
        name: name.to_owned(),
        columns: columns.iter().map(|(name, kind)| column(name, *kind)).collect(),
        key: vec![key.to_owned()],
        unique: vec![vec![key.to_owned()]],
        links: links.iter().map(link).collect(),
        transactional: true,
        ..Collection::default()
    }
}

use ColumnKind::{Integer, Json, Text, Time};

fn shop() -> Catalog {
    let mut person = collection(
        "person",
        "id",
        &[("id", Integer), ("first_name", Text), ("mail", Text), ("born", Time), ("hobby", Text), ("extra", Json)],
        &[],
    );
    person.columns[4].comment = Some("What they like. PII".to_owned());
    let mut thing = column("thing", Text);
    thing.label = Some("MASKED WITH FUNCTION anon.fake_first_name()".to_owned());
    let mut shoe = column("shoe", Integer);
    shoe.comment = Some("Size; fides: user.demographic.".to_owned());
    person.columns.extend([thing, shoe]);
    let order = collection(
        "purchase",
        "id",
        &[("id", Integer), ("person_id", Integer), ("state", Text), ("remark", Text)],
        &[("person_id", "person", "id")],
    );
    let tax = collection("tax_rate", "code", &[("code", Text), ("percent", Integer), ("label", Text)], &[]);
    let mut view = collection("person_view", "id", &[("id", Integer)], &[]);
    view.read_only = true;
    Catalog { collections: vec![person, order, tax, view], ..Catalog::default() }
}

fn values(collection: &str, fields: &[(&str, &[&str])]) -> Sample {
    let field = |(path, values): &(&str, &[&str])| SampledField {
        path: FieldPath::parse(path),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        is_object: values.is_empty(),
        is_list: false,
    };
    Sample { collection: collection.to_owned(), rows: 3, fields: fields.iter().map(field).collect() }
}

fn samples() -> Vec<Sample> {
    vec![
        values(
            "person",
            &[
                ("mail", &["ann@example.org", "bob@example.org", "x"]),
                ("extra", &[]),
                ("extra.second", &["eve@example.org"]),
                ("extra.theme", &["dark"]),
            ],
        ),
        values("purchase", &[("remark", &["please call ann@example.org", "-"]), ("state", &["open", "open"])]),
        values("tax_rate", &[("label", &["full", "half"])]),
    ]
}

/// Knows e-mail addresses, and nothing else.
fn classify(_: &[String], values: &[String]) -> Vec<Guess> {
    let whole = values.iter().filter(|value| value.contains('@') && !value.contains(' ')).count();
    let within = values.iter().filter(|value| value.contains('@') && value.contains(' ')).count();
    if whole + within == 0 {
        return vec![];
    }
    vec![Guess { category: "user.contact.email".into(), name: "e-mail addresses".into(), whole, within }]
}

fn read(text: &str) -> Reading {
    read::read([(Path::new("map.yml"), text)], &Limits::default()).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

fn proposed() -> (DataMap, Comments) {
    let mut map = DataMap::default();
    let proposal = propose("shop", &shop(), &samples(), &classify);
    merge::merge(&mut map, &proposal);
    (map, proposal.comments)
}

/// Names, values, keys, links, comments and documents of a store become a map that says what it goes by.
#[test]
fn a_store_is_proposed_as_a_map() {
    let (map, comments) = proposed();
    let text = write(&map, &[], &comments);
    let reading = read(&text);
    let dataset = &reading.map.datasets[0];
    let check = |collection: &str, path: &str, category: &str| {
        let field = dataset.collection(collection).unwrap().field(&FieldPath::parse(path)).unwrap();
        assert_eq!(field.categories.join(" "), category, "{collection}.{path}\n{text}");
    };
    check("person", "id", "user.unique_id");
    check("person", "first_name", "user.name.first");
    check("person", "mail", "user.contact.email");
    check("person", "born", "user.demographic.date_of_birth");
    check("person", "hobby", "user");
    check("person", "extra.second", "user.contact.email");
    check("person", "extra.theme", "user");
    check("person", "thing", "user");
    check("person", "shoe", "user.demographic");
    check("purchase", "id", "system.operations");
    check("purchase", "person_id", "system.operations");
    check("purchase", "remark", "user.content");
    check("tax_rate", "percent", "system.operations");
    check("tax_rate", "label", "");
    assert!(dataset.collection("person_view").is_none(), "a view holds no rows of its own");
    let mail = dataset.collection("person").unwrap().column("mail").unwrap();
    assert_eq!(mail.identity.as_deref(), Some("email"));
    let reference = &dataset.collection("purchase").unwrap().column("person_id").unwrap().references[0];
    assert_eq!((reference.collection.as_str(), reference.field.to_string().as_str()), ("person", "id"));
    for said in [
        "# 2 of 3 values look like e-mail addresses.",
        "# By its name.",
        "# Its security label says MASKED WITH FUNCTION anon.fake_first_name().",
        "# Its comment names the category.",
        "# Free text",
        "# Undecided: nothing was recognised in 2 values.",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("example.org"), "no value comes into the map\n{text}");
}

/// What people wrote stays, line by line; only what is new is added, and a second scan adds nothing.
#[test]
fn a_kept_map_only_grows() {
    let kept = "\
# Ours, do not touch.
dataset:
- fides_key: webshop   # the old name
  meta: {probity: {store: shop}}
  collections:
  - name: person
    # Art. 30 no. 7
    fields:
    - name: mail
      data_categories: [user.contact.email]   # decided 2024
    - {name: id, data_categories: [user.unique_id]}

  - name: tax_rate
    fields:
      - name: code
        data_categories: [system.operations]
        description: >
          the code of the
          tax office
      - name: percent

# The end.
system: []
";
    let before = read(kept);
    let mut map = before.map.clone();
    let proposal = propose("webshop", &shop(), &samples(), &classify);
    let mut proposal = proposal;
    proposal.dataset.store = "shop".to_owned();
    let added = merge::merge(&mut map, &proposal);
    assert_eq!(added.collections, [("webshop".to_owned(), "purchase".to_owned())]);
    let fields: Vec<&str> = added.fields.iter().map(|(_, _, field)| field.as_str()).collect();
    assert_eq!(
        fields,
        ["born", "extra", "extra.second", "extra.theme", "first_name", "hobby", "shoe", "thing", "label"]
    );
    let updated = edit::update(kept, &map, &before.others[0].1, &proposal.comments);
    assert!(!updated.anew, "{}", updated.text);
    let old: Vec<&str> = kept.lines().collect();
    let mut lines = updated.text.lines();
    for line in old {
        assert!(lines.any(|new| new == line), "{line} is gone or elsewhere\n{}", updated.text);
    }
    let again = read(&updated.text);
    let mut map = again.map.clone();
    assert!(merge::merge(&mut map, &proposal).is_empty());
    let same = edit::update(&updated.text, &map, &again.others[0].1, &proposal.comments);
    assert_eq!(same.text, updated.text);
}

/// A file without lines to add to is written anew, with everything that was in it.
#[test]
fn a_map_in_braces_is_written_anew() {
    let kept = r#"{"dataset": [{"fides_key": "shop", "tags": ["a"], "collections": [{"name": "person", "fields": [{"name": "mail"}]}]}], "policy": []}"#;
    let before = read(kept);
    let mut map = before.map.clone();
    merge::merge(&mut map, &propose("shop", &shop(), &[], &classify));
    let updated = edit::update(kept, &map, &before.others[0].1, &Comments::default());
    assert!(updated.anew);
    let again = read(&updated.text);
    assert_eq!(again.map.datasets[0].collections.len(), 3);
    assert!(updated.text.contains("tags: [a]") && updated.text.contains("policy: []"), "{}", updated.text);
}

fn drift(map: &str, catalog: &Catalog, samples: &[Sample]) -> Vec<String> {
    let reading = read(map);
    let part = Part { store: "shop", dataset: "shop", catalog, samples, is_complete: true };
    let findings = check::check(&reading.map, &[part], &classify).unwrap_or_else(|fault: Fault| panic!("{fault:?}"));
    for finding in &findings {
        assert!(finding.advice.ends_with('.') && !finding.message.contains("example.org"), "{finding:?}");
        assert!(check::RULES.iter().any(|(rule, _)| *rule == finding.rule), "{finding:?}");
    }
    let show = |finding: &check::Finding| {
        let (_, collection, field) = &finding.about;
        let name = [collection.clone(), field.clone()].into_iter().flatten().collect::<Vec<_>>().join(".");
        let level = if finding.level == Level::Warning { "?" } else { "" };
        format!("{}{level} {name} {}", finding.rule, finding.place.line)
    };
    findings.iter().map(show).collect()
}

/// A fresh proposal has no drift; each kind of drift is found in its place.
#[test]
fn drift_is_found_in_its_place() {
    let (map, comments) = proposed();
    assert_eq!(drift(&write(&map, &[], &comments), &shop(), &samples()), Vec::<String>::new());
    let kept = "\
dataset:
- fides_key: shop
  collections:
  - name: person
    fields:
    - {name: id, fides_meta: {primary_key: true, data_type: string}, data_categories: [user.unique_id]}
    - {name: first_name, data_categories: [user.name.first], fides_meta: {masking_strategy_override: {strategy: random_string_rewrite}, length: 10}}
    - {name: mail, data_categories: [system.operations]}
    - {name: born, fides_meta: {data_type: boolean, masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: x}}}}
    - {name: nickname}
    - {name: extra, fides_meta: {references: [{dataset: shop, field: gone.id, direction: from}]}}
  - name: purchase
    fields: [{name: id}, {name: person_id}, {name: state}, {name: remark}]
  - name: gone
    fields: [{name: id}]
";
    let expect = [
        "unreachable-collection person 4",
        "new-column person.hobby 4",
        "new-column person.shoe 4",
        "new-column person.thing 4",
        "replacement-broken person.first_name 7",
        "unmapped-personal-data person.mail 8",
        "mapped-type? person.born 9",
        "replacement-broken person.born 9",
        "field-gone person.nickname 10",
        "unmapped-personal-data person.extra.second 11",
        "reference-lost person 11",
        "collection-gone gone 14",
        "new-collection tax_rate 2",
    ];
    let mut found = drift(kept, &shop(), &samples());
    let mut expect: Vec<String> = expect.iter().map(|line| (*line).to_owned()).collect();
    found.sort();
    expect.sort();
    assert_eq!(found, expect);
}

/// The drawing has every collection and every line once, is the same twice, and takes no markup from names.
#[test]
fn a_map_is_drawn() {
    let (mut map, _) = proposed();
    map.datasets[0].collections[2].name = "</script><img src=x onerror=alert(1)>\u{1b}[2J".to_owned();
    let catalog = shop();
    let drawing = graph::Drawing::new(&map, &[("shop", &catalog)]);
    assert_eq!((drawing.nodes.len(), drawing.edges.len()), (3, 1));
    assert_eq!(drawing.edges[0].label, "person_id → id");
    let (svg, html) = (graph::svg(&drawing), graph::html(&drawing, "Map <1>"));
    assert_eq!(svg, graph::svg(&graph::Drawing::new(&map, &[("shop", &catalog)])));
    for text in [&svg, &html] {
        assert!(!text.contains("<img") && !text.contains('\u{1b}'), "markup from a name");
        assert!(text.contains("person") && text.contains("identity"));
    }
    assert_eq!(html.matches("</script>").count(), 2);
    assert!(html.contains("<title>Map &lt;1&gt;</title>") && !html.contains("http://") && !html.contains("https://"));
    let boxes: Vec<(u32, u32, u32, u32)> = drawing.nodes.iter().map(|node| node.place).collect();
    let apart = |a: &(u32, u32, u32, u32), b: &(u32, u32, u32, u32)| {
        a.0 + a.2 <= b.0 || b.0 + b.2 <= a.0 || a.1 + a.3 <= b.1 || b.1 + b.3 <= a.1
    };
    for (at, one) in boxes.iter().enumerate() {
        assert!(boxes[..at].iter().all(|other| apart(one, other)), "boxes lie on each other: {boxes:?}");
    }
}
