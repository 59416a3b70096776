//! A map that was written is the map that was meant: to us, and to a program that reads YAML 1.1.

use std::path::PathBuf;
use std::process::Command;

use model::Place;
use privacy::map::write::{Comments, write};
use privacy::map::{DataMap, Dataset, Direction, MappedCollection, MappedField, Masking, Reference, Rest, Settings};
use privacy::row::FieldPath;
use proptest::prelude::*;
use yaml::{Node, Value};

use crate::fixtures::{fideslang, read, samples};

/// The same map without places, in the order that reading leaves.
fn bare(map: &DataMap) -> String {
    let mut map = map.clone();
    for dataset in &mut map.datasets {
        dataset.place = Place::default();
        forget(&mut dataset.settings, &mut dataset.rest);
        for collection in &mut dataset.collections {
            collection.place = Place::default();
            forget(&mut collection.settings, &mut collection.rest);
            for field in &mut collection.fields {
                field.place = Place::default();
                forget(&mut field.settings, &mut field.rest);
                // Kept as it was written as well.
                field.rest.fides_meta.retain(|(key, _)| field.masking.is_none() || key != "masking_strategy_override");
                field.references.iter_mut().for_each(|reference| reference.place = Place::default());
                field.references.sort_by_key(|reference| reference.when.is_some());
            }
            collection.fields.sort_by(|a, b| a.path.cmp(&b.path));
        }
        dataset.collections.sort_by(|a, b| a.name.cmp(&b.name));
    }
    map.datasets.sort_by(|a, b| a.key.cmp(&b.key));
    format!("{map:#?}")
}

fn forget(settings: &mut Settings, rest: &mut Rest) {
    settings.words.values_mut().for_each(|(_, place)| *place = Place::default());
    for (_, node) in rest.keys.iter_mut().chain(&mut rest.fides_meta).chain(&mut rest.meta) {
        forget_node(node);
    }
}

fn forget_node(node: &mut Node) {
    node.place = Place::default();
    match &mut node.value {
        // Whether a word stood in quotes is the judge's business.
        Value::Scalar { plain, .. } => *plain = false,
        Value::List(items) => items.iter_mut().for_each(forget_node),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
            key.place = Place::default();
            forget_node(node);
        }),
    }
}

#[track_caller]
fn check(map: &DataMap) -> String {
    let text = write(map, &[], &Comments::default());
    let again = read(&text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}")).map;
    let (again_bare, map_bare) = (bare(&again), bare(map));
    let differs = again_bare.lines().zip(map_bare.lines()).find(|(one, other)| one != other);
    assert!(differs.is_none() && again_bare.len() == map_bare.len(), "{differs:?}\n{text}");
    assert_eq!(write(&again, &[], &Comments::default()), text, "the second writing is the first");
    text
}

/// What was read is written and read again without a loss; Fides finds the same values in it.
#[test]
fn samples_survive_and_fides_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (mut pairs, mut ours) = (Vec::new(), Vec::new());
    for (path, text) in samples("valid") {
        let reading = read(&text).unwrap();
        check(&reading.map);
        let (_, others) = &reading.others[0];
        let written = folder.path().join(path.file_name().unwrap());
        std::fs::write(&written, write(&reading.map, others, &Comments::default())).unwrap();
        pairs.extend([path, written.clone()]);
        ours.push(written);
    }
    let Some(verdicts) = fideslang(&ours) else { return };
    assert!(verdicts.iter().all(|verdict| verdict == "accepts"), "{verdicts:?}");
    for (path, verdict) in pairs.iter().step_by(2).zip(same(&pairs)) {
        assert_eq!(verdict, "same", "{}", path.display());
    }
}

fn same(pairs: &[PathBuf]) -> Vec<String> {
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/judges/fides/same.py");
    let python = std::env::var_os("PROBITY_TEST_FIDES").unwrap();
    let output = Command::new(python).arg(judge).args(pairs).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What a written map looks like, comments and all.
#[test]
fn a_map_is_written_for_people() {
    let id = MappedField {
        path: FieldPath::column("id"),
        categories: vec!["user.unique_id".into()],
        primary_key: true,
        data_type: Some("integer".into()),
        ..MappedField::default()
    };
    let no = MappedField { path: FieldPath::column("no"), identity: Some("email".into()), ..MappedField::default() };
    let person = MappedCollection { name: "person".into(), fields: vec![no, id], ..MappedCollection::default() };
    let dataset = Dataset { key: "shop".into(), store: "main".into(), collections: vec![person], ..Dataset::default() };
    let mut comments = Comments::default();
    comments.say("shop", "person", "no", "98 of 100 values are e-mail addresses\n- name: x");
    let text = write(&DataMap { datasets: vec![dataset] }, &[], &comments);
    let body = text.lines().skip_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let expect = "\
dataset:
  - fides_key: shop
    meta: {probity: {store: main}}
    collections:
      - name: person
        fields:
          - name: id
            data_categories: [user.unique_id]
            fides_meta: {primary_key: true, data_type: integer}
          # 98 of 100 values are e-mail addresses - name: x
          - name: \"no\"
            fides_meta: {identity: email}";
    assert_eq!(body, expect);
}

fn key() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_-]{0,6}"
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,30}",
        "\\PC{1,12}",
        "[a-z]{1,8}",
        Just("no".to_owned()),
        Just("12".to_owned()),
        "[0-9:.eE+-]{1,6}"
    ]
    .prop_filter("text that is only blanks or means nothing", |text| !["", "~", "null"].contains(&text.trim()))
}

fn path() -> impl Strategy<Value = FieldPath> {
    prop_oneof![3 => words().prop_map(|name| FieldPath(vec![name])), 1 => (key(), key()).prop_map(|(a, b)| FieldPath(vec![a, b]))]
}

fn masking() -> impl Strategy<Value = Masking> {
    prop_oneof![
        Just(Masking::Null),
        (words(), prop::option::of(words()))
            .prop_map(|(value, suffix)| Masking::Text { value, suffix: suffix.unwrap_or_default() }),
        (1..100u64).prop_map(Masking::Random),
        Just(Masking::Pseudonym),
        Just(Masking::Keep),
    ]
}

fn reference() -> impl Strategy<Value = Reference> {
    let direction = prop::option::of(prop_oneof![Just(Direction::From), Just(Direction::To)]);
    (key(), key(), key(), direction).prop_map(|(dataset, collection, field, direction)| Reference {
        dataset: format!("x{dataset}"),
        collection,
        field: FieldPath::column(&field),
        direction,
        when: None,
        place: Place::default(),
    })
}

fn settings(words: Vec<(&'static str, String)>) -> Settings {
    let place = Place::default();
    Settings { words: words.into_iter().map(|(key, word)| (key.to_owned(), (word, place.clone()))).collect() }
}

prop_compose! {
    fn field()(path in path(), categories in prop::collection::vec("user\\.[a-z_]{1,9}", 0..3), description in prop::option::of(words()),
        identity in prop::option::of(words()), primary_key: bool, length in prop::option::of(1..500u64), read_only: bool,
        masking in prop::option::of(masking()), references in prop::collection::vec(reference(), 0..3), owner: Option<bool>, at in prop::option::of(words())
    ) -> MappedField {
        let mut own = Vec::new();
        own.extend(owner.map(|owner| ("owner", owner.to_string())));
        own.extend(at.map(|at| ("path", at)));
        MappedField { path, categories, description, identity, primary_key, data_type: None, length, read_only, references, masking,
            settings: settings(own), rest: Rest::default(), place: Place::default() }
    }
}

prop_compose! {
    fn collection()(name in words(), fields in prop::collection::vec(field(), 0..5), skip: bool, delete: bool, law in prop::option::of(words()),
        after in prop::collection::vec((key(), key()), 0..2), deep in prop::option::of(key()), purposes in prop::collection::vec(words(), 12..13)
    ) -> MappedCollection {
        let mut fields = fields;
        // What holds other fields stands in the list itself, as reading leaves it.
        let parents: Vec<FieldPath> = fields.iter().filter(|field| field.path.0.len() > 1).map(|field| FieldPath(vec![field.path.0[0].clone()])).collect();
        fields.extend(parents.into_iter().map(|path| MappedField { path, ..MappedField::default() }));
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        fields.dedup_by(|a, b| a.path == b.path);
        let mut own: Vec<(&'static str, String)> = law.into_iter().map(|law| ("retain.law", law)).collect();
        const NUMBERED: [&str; 12] = ["purposes[0]", "purposes[1]", "purposes[2]", "purposes[3]", "purposes[4]", "purposes[5]", "purposes[6]",
            "purposes[7]", "purposes[8]", "purposes[9]", "purposes[10]", "purposes[11]"];
        own.extend(NUMBERED.into_iter().zip(purposes));
        let erase_after = deep.into_iter().map(|name| format!("a.b.{name}")).collect();
        MappedCollection { name, fields, skip, delete, erase_after, after: after.into_iter().map(|(a, b)| format!("{a}.{b}")).collect(),
            settings: settings(own), ..MappedCollection::default() }
    }
}

prop_compose! {
    fn dataset()(key in key(), store in key(), name in prop::option::of(words()), collections in prop::collection::vec(collection(), 0..4)) -> Dataset {
        let mut collections = collections;
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        collections.dedup_by(|a, b| a.name == b.name);
        Dataset { key, store, name, collections, ..Dataset::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Reading what was written gives the map that was written, whatever stands in it.
    #[test]
    fn any_map_survives(dataset in dataset()) {
        check(&DataMap { datasets: vec![dataset] });
    }
}

/// Fides reads of any map what we read.
#[test]
fn fideslang_accepts_any_map_that_is_written() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let folder = tempfile::tempdir().unwrap();
    let mut runner = TestRunner::deterministic();
    let mut files = Vec::new();
    for number in 0..40 {
        let dataset = dataset().new_tree(&mut runner).unwrap().current();
        let path = folder.path().join(format!("{number}.yml"));
        std::fs::write(&path, check(&DataMap { datasets: vec![dataset] })).unwrap();
        files.push(path);
    }
    let Some(verdicts) = fideslang(&files) else { return };
    for (path, verdict) in files.iter().zip(verdicts) {
        assert_eq!(verdict, "accepts", "{}", std::fs::read_to_string(path).unwrap());
    }
}

/// A sample with pieces of it cut out, doubled or replaced: what people do to a file by mistake.
fn broken() -> impl Strategy<Value = String> {
    let samples: Vec<String> = samples("valid").into_iter().map(|(_, text)| text).collect();
    let cuts =
        prop::collection::vec((any::<prop::sample::Index>(), 0..40usize, "[ \\n:{}\\[\\]a-z.*&<!'\"|-]{0,6}"), 1..4);
    (prop::sample::select(samples), cuts).prop_map(|(mut text, cuts)| {
        for (at, length, with) in cuts {
            let letters: Vec<char> = text.chars().collect();
            let at = at.index(letters.len() + 1);
            let end = (at + length).min(letters.len());
            text = letters[..at].iter().copied().chain(with.chars()).chain(letters[end..].iter().copied()).collect();
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Any file is read or refused; what is read is written and reads the same, nothing new changes nothing, and it is drawn.
    #[test]
    fn any_file_is_read_or_refused(text in broken()) {
        let Ok(reading) = read(&text) else { return Ok(()) };
        let others = &reading.others[0].1;
        let written = write(&reading.map, others, &Comments::default());
        let again = read(&written).unwrap_or_else(|faults| panic!("{faults:?}\n{written}"));
        prop_assert_eq!(&write(&again.map, &again.others[0].1, &Comments::default()), &written);
        prop_assert_eq!(&privacy::map::edit::update(&written, &reading.map, others, &Comments::default()).text, &written);
        let drawing = privacy::map::graph::Drawing::new(&reading.map, &[]);
        prop_assert_eq!(privacy::map::graph::html(&drawing, "x").matches("</script>").count(), 2);
    }
}
