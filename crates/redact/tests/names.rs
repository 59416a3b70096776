//! Names in prose: the network against spaCy, the rules against examples, both against anything at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use probity_redact::names::{Draft, Entity, Finder, Label, Model, Reading, Source, Tag};
use proptest::prelude::*;
use serde_json::Value;

/// spaCy's word for a label that a model's entity may have.
fn is_label(label: Label, spacy: &str) -> bool {
    match label {
        Label::Person => spacy == "PERSON",
        Label::Organisation => spacy == "ORG",
        Label::Place => ["GPE", "LOC", "FAC"].contains(&spacy),
        Label::Address | Label::Number(_) => false,
        Label::Other(tag) => format!("{tag:?}").to_uppercase() == spacy.replace('_', ""),
    }
}

/// How many texts have other tokens or other entities than spaCy says; `line` as spacy_entities.py writes it.
fn differs(model: &Model, text: &str, line: &Value) -> (bool, bool) {
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    let tokens = line["tokens"].as_array().unwrap().iter().map(|token| number(&token[0])..number(&token[1]));
    let entities = line["entities"].as_array().unwrap();
    let found = model.entities(text);
    let same = found.len() == entities.len()
        && found.iter().zip(entities).all(|(found, entity)| {
            found.range == (number(&entity[0])..number(&entity[1]))
                && is_label(found.label, entity[2].as_str().unwrap())
        });
    (model.tokens(text) != tokens.collect::<Vec<_>>(), !same)
}

/// On texts whose entities spaCy has given once, the network gives the same.
#[test]
fn the_model_agrees_with_what_spacy_gave() {
    let model = Model::load().unwrap();
    let lines: Vec<Value> =
        include_str!("names/agreement.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let differ: Vec<_> = lines.iter().map(|line| differs(&model, line["text"].as_str().unwrap(), line)).collect();
    assert_eq!(differ.iter().filter(|differ| differ.0).count(), 0, "texts with other tokens");
    let entities = differ.iter().filter(|differ| differ.1).count();
    assert!(entities * 100 <= lines.len(), "{entities} of {} texts have other entities", lines.len());
    assert!(lines.len() >= 300);
}

/// The interpreter that has spaCy; where judges are required a missing one is a failure, but this one only once it has
/// been named: it is large.
fn spacy() -> Option<PathBuf> {
    let python = std::env::var_os("PROBITY_TEST_SPACY").map(PathBuf::from);
    if python.is_none() {
        let required = std::env::var("PROBITY_TEST_JUDGES").as_deref() == Ok("required");
        assert!(!required, "PROBITY_TEST_SPACY is not set: tests/requirements-redact-names.txt says what it needs");
        eprintln!("not compared with spaCy: PROBITY_TEST_SPACY is not set (tests/requirements-redact-names.txt)");
    }
    python
}

fn python(interpreter: &Path, script: &str, arguments: &[&str], input: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/judges/redact");
    let mut child = Command::new(interpreter)
        .arg(folder.join(script))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{script} failed");
    String::from_utf8(output.stdout).unwrap()
}

/// On 1,500 made texts and 1,500 real ones, 99 of 100 have the same tokens and entities as spaCy gives them.
#[test]
fn the_model_agrees_with_spacy_itself() {
    let Some(interpreter) = spacy() else { return };
    let model = Model::load().unwrap();
    for kind in ["made", "real"] {
        let texts = python(&interpreter, "spacy_texts.py", &[kind, "1500", "5"], "");
        let found = python(&interpreter, "spacy_entities.py", &[], &texts);
        let differ: Vec<_> = texts
            .lines()
            .zip(found.lines())
            .map(|(text, line)| {
                let text: String = serde_json::from_str(text).unwrap();
                differs(&model, &text, &serde_json::from_str(line).unwrap())
            })
            .collect();
        let (tokens, entities) =
            (differ.iter().filter(|differ| differ.0).count(), differ.iter().filter(|differ| differ.1).count());
        eprintln!("{kind}: {} texts, {tokens} with other tokens, {entities} with other entities", differ.len());
        assert!(differ.len() >= 1000 && entities * 100 <= differ.len() && tokens * 100 <= differ.len());
    }
}

fn persons(finder: &Finder, text: &str) -> Vec<String> {
    let found = finder.find(text).into_iter().filter(|entity| entity.label == Label::Person);
    found.map(|entity| text[entity.range].to_owned()).collect()
}

/// Persons are found by title, greeting, form and list in four languages, whatever the network makes of them.
#[test]
fn persons_are_found_in_four_languages() {
    let finder = Finder::load().unwrap();
    for (text, expect) in [
        ("Judge Ramsbottom asked Ms. Qwerty to wait.", &["Ramsbottom", "Qwerty"][..]),
        ("Dear Zebulon,\nthank you.", &["Zebulon"]),
        ("my name is itou and my friend is mary ann smith", &["itou", "mary ann smith"]),
        ("JOHN SMITH, Plaintiff, v. MARY JONES, Defendant.", &["JOHN SMITH", "MARY JONES"]),
        ("It was signed by J. R. Hartley on the day.", &["J. R. Hartley"]),
        ("Le témoin, M. Lefèvre, a vu Mme de la Tour dans la rue.", &["Lefèvre", "de la Tour"]),
        (
            "El demandante, D. José García López, y Dña. Carmen Ruiz no están en la sala.",
            &["José García López", "Carmen Ruiz"],
        ),
        ("Sehr geehrte Frau Dr. Müller, der Zeuge Karl-Heinz Schmidt ist nicht da.", &["Müller", "Karl-Heinz Schmidt"]),
    ] {
        let found = persons(&finder, text);
        for name in expect {
            assert!(found.iter().any(|found| found.contains(name)), "{name} is not among {found:?}");
        }
    }
}

/// What is said of somebody or to somebody tells that a word of no list is a name, in English.
#[test]
fn people_are_told_by_what_is_said_of_them() {
    let finder = Finder::load().unwrap();
    for (text, name) in [
        ("As promised, here is Zorvath's address for you.", "Zorvath"),
        ("They gave Zorvath his keys on the day.", "Zorvath"),
        ("Everyone here calls me Zorvath.", "Zorvath"),
        ("Zorvath, can you come to the office?", "Zorvath"),
        ("Zorvath: \"Who are you?\"\nIt was late.", "Zorvath"),
        ("Why is Zorvath so late?", "Zorvath"),
        ("We met the painter Salonen at the fair.", "Salonen"),
    ] {
        let found = persons(&finder, text);
        assert!(found.iter().any(|found| found == name), "{name} is not among {found:?}: {text}");
    }
}

/// A street keeps its number whatever stands before it.
#[test]
fn a_street_goes_with_its_number() {
    let finder = Finder::load().unwrap();
    for (text, address) in [
        ("My address is 25 Rákóczi út 81. Suite 540", "25 Rákóczi út 81. Suite 540"),
        ("Meet me at Apt. 370 25 P.O. Box 108 on Friday", "Apt. 370 25 P.O. Box 108"),
        ("He works at 12 Baker Street, Springfield, ca 90210.", "12 Baker Street, Springfield, ca 90210"),
    ] {
        let found = finder.find(text);
        let hidden = |at: usize| found.iter().any(|entity| entity.range.contains(&at));
        let start = text.find(address).unwrap();
        let is_left = |(at, char): &(usize, char)| char.is_alphanumeric() && !hidden(start + at);
        assert_eq!(address.char_indices().find(is_left), None, "{text}: {found:?}");
    }
}

/// Words that are names somewhere are no names to lists and rules where nothing says so.
#[test]
fn common_words_are_no_names() {
    let finder = Finder::load().unwrap();
    for text in [
        "Will you mark the page? May I rose to the occasion.",
        "Mark each answer. Grace periods may apply; Bill the client.",
        "Der Koch und der Bauer gehen mit dem Richter in die Stadt.",
        "La rose est dans le jardin avec un olivier.",
    ] {
        let found = finder.find(text);
        let by_rule = |entity: &&Entity| entity.label == Label::Person && entity.source != Source::Model;
        assert_eq!(found.iter().find(by_rule), None, "{text}");
    }
}

/// What a redaction leaves is not found again.
#[test]
fn placeholders_are_no_names() {
    let finder = Finder::load().unwrap();
    for text in [
        "Dear [PERSON-1],",
        "Mr. [PERSON-12] of [ORGANISATION-3] lives at [ADDRESS].",
        "[EMAIL] [CARD ***1234] [SSN ***-**-6789]",
    ] {
        let found = finder.find(text);
        let inside = |entity: &Entity| text[..entity.range.end].rfind('[') > text[..entity.range.start].rfind(']');
        assert!(!found.iter().any(inside), "{text}: {found:?}");
    }
}

/// A person found in one text is found in another in another form.
#[test]
fn a_roster_spreads_what_the_finder_found() {
    let finder = Finder::load().unwrap();
    let first = "The letter was written by Annette Kowalczyk of Leeds.";
    let mut draft = Draft::default();
    draft.add(first, &finder.find(first));
    let roster = draft.settle();
    let second = "KOWALCZYK, ANNETTE: see A. Kowalczyk's note.";
    let mentions = roster.find(second);
    let found: Vec<_> = mentions.iter().map(|mention| &second[mention.range.clone()]).collect();
    assert_eq!(found, ["KOWALCZYK, ANNETTE", "A. Kowalczyk"]);
    assert!(mentions.iter().all(|mention| matches!(mention.reading, Reading::Person(_))));
}

/// A text of any length gives what its beginning gave, as far as the network sees: strips do not show.
#[test]
fn the_seams_of_long_texts_do_not_show() {
    let model = Model::load().unwrap();
    let sentence = "On Monday Anna Smith of Acme Corp. flew from Paris to New York for $ 300. ";
    let once = model.entities(sentence).len();
    let found = model.entities(&sentence.repeat(100));
    assert!(once >= 4);
    let (_, rest) = found.split_at(found.iter().position(|entity| entity.range.start >= 10 * sentence.len()).unwrap());
    for entity in rest.iter().filter(|entity| entity.range.end < 90 * sentence.len()) {
        let place = |at: usize| at % sentence.len();
        let again = |other: &&Entity| other.range.start == entity.range.start + sentence.len();
        let next =
            found.iter().find(again).unwrap_or_else(|| panic!("{} is not found again", place(entity.range.start)));
        assert_eq!(next.label, entity.label);
    }
    assert_eq!(Label::from(Tag::Gpe), Label::Place);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever the text: entities are in order, apart, on character boundaries, not empty; and the same every time.
    #[test]
    fn any_text_is_read(text in r"(\PC|[ \n\t.,'’\-\[\]@:/0-9A-Z]|Mr\. |Dear |van |Anna |SMITH|straße 5|http://){0,60}") {
        let finder = finder();
        let found = finder.find(&text);
        let mut end = 0;
        for entity in &found {
            prop_assert!(entity.range.start >= end && entity.range.end > entity.range.start);
            prop_assert!(text.get(entity.range.clone()).is_some());
            end = entity.range.end;
        }
        prop_assert_eq!(&finder.find(&text), &found);
        let mut draft = Draft::default();
        draft.add(&text, &found);
        for mention in draft.settle().find(&text) {
            prop_assert!(text.get(mention.range).is_some_and(|name| !name.is_empty()));
        }
    }
}

fn finder() -> &'static Finder {
    static FINDER: std::sync::OnceLock<Finder> = std::sync::OnceLock::new();
    FINDER.get_or_init(|| Finder::load().unwrap())
}
