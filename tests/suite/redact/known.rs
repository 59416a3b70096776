//! What is known before a file is read: the parties of a case, and what the files of a run teach each other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{documents, names};
use crate::house::{House, fit_their_schemas, repository};

const PARTIES: &str = "[[party]]\nname = \"Marianne Oberholzer\"\naliases = [\"moberh77\", \"Mimi\"]\n\
    [[party]]\nname = \"Rosalind Thornbury\"\nrole = \"keep\"\n\
    [[party]]\nname = \"Quillfeather GmbH\"\nkind = \"organisation\"\naliases = [\"Quillfeather\"]\n";

/// A list of parties is found in every kind of file, in every form, under one pseudonym, where names are not looked for
/// otherwise; who is to stay stays.
#[test]
fn parties_are_found_everywhere() {
    let house = House::new();
    house.write("parties.toml", PARTIES);
    for (name, text, expect) in [
        (
            "a.log",
            "login of oberholzer; M. Oberholzer\tby moberh77\n",
            "login of [PERSON-1]; [PERSON-1]\tby [PERSON-1]\n",
        ),
        ("b.jsonl", "{\"by\":\"OBERHOLZER, MARIANNE\",\"n\":1}\n", "{\"by\":\"[PERSON-1]\",\"n\":1}\n"),
        ("c.csv", "id,who\n1,Mimi\n2,Quillfeather GmbH\n", "id,who\n1,[PERSON-1]\n2,[ORGANISATION]\n"),
        (
            "d.sql",
            "INSERT INTO t VALUES ('Rosalind Thornbury', 'Oberholzer');\n",
            "INSERT INTO t VALUES ('Rosalind Thornbury', '[PERSON-1]');\n",
        ),
        ("e.env", "OWNER=\"Marianne Oberholzer\"\n", "OWNER=\"[PERSON-1]\"\n"),
        ("f.yaml", "who: [Mimi, Thornbury] # oberholzer\n", "who: [\"[PERSON-1]\", Thornbury] # [PERSON-1]\n"),
    ] {
        house.write(&format!("in/{name}"), text);
        let args = ["redact", "-", "--names", "never", "--known", "parties.toml", "--format"];
        let format = name.split_once('.').unwrap().1.replace("jsonl", "json-lines").replace("log", "text");
        let ran = house.run_with(&[&args[..], &[&format]].concat(), text.as_bytes()).expect(0);
        assert_eq!(ran.stdout, expect, "{name}");
    }
    house.write(
        "in/g.eml",
        "From: M. Oberholzer <x@example.org>\r\nSubject: =?utf-8?Q?Oberholzer_=C3=BC?=\r\n\r\nmimi\r\n",
    );
    house.write("in/h.json", "{\"oberholzer\": {\"a\": \"Mo\\u0062erh77\"}}");
    house.run(&["redact", "in", "-o", "out", "--names", "never", "--known", "parties.toml"]).expect(0);
    for name in names(&house, "out") {
        let text = house.read(&format!("out/{name}")).to_lowercase();
        assert!(
            !["oberholzer", "moberh77", "mimi", "quillfeather"].iter().any(|part| text.contains(part)),
            "{name}: {text}"
        );
        assert!(!text.contains("person-2"), "{name}: {text}");
        assert_eq!(text.contains("thornbury"), ["d.sql", "f.yaml"].contains(&name.as_str()), "{name}: {text}");
    }
    // Where a profile has nothing against names, those of the list go all the same.
    let args = ["redact", "-", "--profile", "frcp-5.2", "--known", "parties.toml"];
    assert_eq!(house.run_with(&args, b"Mimi and John Smith\n").expect(0).stdout, "[PERSON] and John Smith\n");
    house.run_with(&["redact", "--check", "-", "--known", "parties.toml"], b"by oberholzer\n").expect(1);
    house.run_with(&["redact", "--check", "-", "--known", "parties.toml"], b"by Rosalind Thornbury\n").expect(0);
}

/// A redacted copy of an exhibit knows the list as well.
#[test]
fn an_exhibit_knows_the_list() {
    let house = House::initialised();
    house.write("parties.toml", PARTIES);
    house.write("a.log", "by oberholzer\n");
    house.run(&["case", "new", "c1", "--title", "T"]).expect(0);
    house.run(&["case", "add", "c1", "a.log"]).expect(0);
    house
        .run(&["case", "derive", "c1", "EX-001", "--redact", "--known", "parties.toml", "--profile", "logs"])
        .expect(0);
    let copies = house.tree(".probity/cases/c1/exhibits/EX-002").into_values().map(|(_, bytes)| bytes);
    let copies: Vec<u8> = copies.flatten().collect();
    assert!(String::from_utf8_lossy(&copies).starts_with("by [PERSON"), "{copies:?}");
}

/// A name that two of the list share gets the pseudonym of neither: somebody decides, or it goes without one.
#[test]
fn a_name_of_two_parties_stops_the_run() {
    let house = House::new();
    house.write("two.txt", "# the family\nAnna Jensen\nPeter Jensen\n");
    house.write("a.log", "P. Jensen and Anna\n");
    house.write("b.log", "P. Jensen and jensen\n");
    house.run(&["redact", "a.log", "-o", "-", "--known", "two.txt"]).expect(0);
    house.run(&["redact", "b.log", "-o", "out", "--known", "two.txt"]).expect(4).code("ambiguous-name");
    assert!(!house.path("out").exists());
    house.run_with(&["redact", "-", "--known", "two.txt"], b"by jensen\n").expect(4).code("ambiguous-name");
    let ran = house.run(&["redact", "b.log", "-o", "-", "--known", "two.txt", "--operator", "label"]).expect(0);
    assert_eq!(ran.stdout, "[PERSON] and [PERSON]\n");
}

/// A list with a mistake is refused with its place, and without the names in it.
#[test]
fn a_list_with_a_mistake_is_refused() {
    let house = House::new();
    for (name, text, place) in [
        ("a.txt", "Anna Jensen\n-\n", "a.txt:2"),
        ("b.txt", "# nobody\n", "b.txt"),
        ("c.toml", "[[party]]\nname = \"Anna Jensen\"\nrole = \"judge\"\n", "c.toml:3"),
        ("d.toml", "[[party]]\nnmae = \"Anna Jensen\"\n", "d.toml"),
    ] {
        house.write(name, text);
        let ran = house.run_with(&["redact", "-", "--known", name], b"x\n").expect(7).code("bad-parties");
        assert!(ran.stderr.contains(place) && !ran.stderr.contains("Jensen") && ran.stdout.is_empty(), "{ran:?}");
    }
}

const LETTER: &str = "Dear Ms Marianne Oberholzer,\n\nyour account number 4471 2288 93 at our bank was closed.\n";
const LOG: &str = "2026-11-21T10:00:00Z INFO Oberholzer ok, ref 4471 2288 93 done\n";

/// What one file tells is taken out of the others, whichever comes first; a file alone is what it was, and a check says
/// what the redaction says.
#[test]
fn files_teach_each_other() {
    let house = House::new();
    for (folder, letter, log) in [("one", "a.txt", "z.log"), ("two", "z.txt", "a.log")] {
        house.write(&format!("{folder}/{letter}"), LETTER);
        house.write(&format!("{folder}/{log}"), LOG);
        let out = format!("out-{folder}");
        let document = house.json(&["redact", folder, "-o", &out, "--operator", "pseudonym"], 0);
        let text = house.read(&format!("{out}/{log}"));
        assert!(
            text.starts_with("2026-11-21T10:00:00Z INFO [PERSON-") && text.contains("ref [BANK-ACCOUNT-1] done"),
            "{text}"
        );
        let person = &text[text.find('[').unwrap()..=text.find(']').unwrap()];
        assert!(house.read(&format!("{out}/{letter}")).contains(person), "one person, one pseudonym: {person}");
        let checked = documents(&house.run(&["redact", "--json", "--check", folder]).expect(1).stdout);
        let kinds = |file: &str| -> BTreeSet<String> {
            let of_file = checked.iter().filter(|line| line["file"].as_str().unwrap().ends_with(file));
            of_file.map(|line| line["type"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kinds(log), ["bank-account", "person"].map(str::to_owned).into());
        let total: u64 = document["found"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert_eq!(checked.len() as u64, total, "{document}");
        fit_their_schemas(&[document]);
    }
    house.run(&["redact", "one/z.log", "-o", "alone.log"]).expect(0);
    assert_eq!(house.read("alone.log"), LOG);
    assert_eq!(house.run_with(&["redact", "-"], LOG.as_bytes()).expect(0).stdout, LOG);
    // A file that is refused is refused as before.
    house.write("one/broken.json", "{\"a\": ");
    house.run(&["redact", "one", "-o", "out"]).expect(6).code("json-malformed");
}

/// Ordinary words are not taken out of other files because one file calls somebody or something by them; nor is what a
/// network takes for a name in technical prose.
#[test]
fn words_are_no_lessons() {
    let house = House::new();
    house.write("in/c.rs", "/// JSON Lines, UTF-8; Prometheus text.\n");
    for name in ["README.md", "CHANGELOG.md"] {
        std::fs::copy(repository(name), house.path(&format!("in/{name}"))).unwrap();
    }
    house.write("in/a.txt", "Tom Baker lives here.\n");
    house.write("in/b.log", "the Baker sells bread\n");
    house.run(&["redact", "in", "-o", "out", "--operator", "label"]).expect(0);
    assert_eq!(house.read("out/b.log"), "the Baker sells bread\n");
    assert_eq!(house.read("out/a.txt"), "[PERSON] lives here.\n");
    assert_eq!(house.read("out/c.rs"), "/// JSON Lines, UTF-8; Prometheus text.\n");
}
