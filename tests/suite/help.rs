//! Help is tested because it is run: texts, examples, man pages, completions, schemas, explanations, exit codes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, golden, judge, python, repository};

/// The command reference in sections: `probity case add` and its text.
fn sections() -> Vec<(String, String)> {
    let reference = House::new().run(&["util", "reference"]).expect(0).stdout;
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in reference.lines() {
        match line.trim_start_matches('#').strip_prefix(" probity ").filter(|_| line.starts_with("##")) {
            Some(command) => sections.push((command.to_owned(), String::new())),
            None => sections.iter_mut().last().into_iter().for_each(|(_, text)| *text += &format!("{line}\n")),
        }
    }
    assert!(sections.len() > 20, "{sections:?}");
    sections
}

/// `--help` of every command is what was reviewed.
#[test]
fn help_of_every_command() {
    let house = House::new();
    golden("help/probity.txt", &house.run(&["--help"]).expect(0).stdout);
    let mut commands = BTreeSet::from(["probity.txt".to_owned()]);
    for (command, _) in sections() {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let name = format!("probity-{}.txt", command.replace(' ', "-"));
        golden(&format!("help/{name}"), &house.run(&words).expect(0).stdout);
        commands.insert(name);
    }
    let files = fs::read_dir(repository("fixtures/golden/cli/help")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, commands, "left: golden files, right: commands");
    let bare = house.run(&[]).expect(2);
    assert!(bare.stdout.is_empty() && bare.stderr.contains("Usage: probity"), "{bare:?}");
}

/// The first line of every help is a phrase in the imperative: a capital, no full stop, short.
#[test]
fn first_lines_are_phrases() {
    for (command, text) in sections() {
        let line = text.lines().find(|line| !line.is_empty() && !line.starts_with("```")).unwrap();
        assert!(line.starts_with(char::is_uppercase) && !line.ends_with('.') && line.len() < 90, "{command}: {line}");
    }
}

/// Every example of the help runs as it stands, in a project that holds what it names.
#[test]
fn every_example_runs() {
    let house = House::initialised();
    house.write("passphrase.txt", "correct horse\n");
    let combined = fs::read(repository("fixtures/accesslog/valid/combined.log")).unwrap();
    house.write("logs/access.log", &combined);
    house.write("access.log", &combined);
    house.write("letter.txt", "Dear Jan,\nwrite to jan.muster@example.org.\n");
    house.write("metrics.prom", fs::read(repository("fixtures/prometheus/valid/types.prom")).unwrap());
    house.write("jobs/nightly.toml", "every = \"12h\"\n[[step]]\nrun = [\"ingest\", \"logs\"]\n");
    house.write("model.json", fs::read(repository("fixtures/reasoning/valid/reviewed.json")).unwrap());
    let segment = fs::read(repository("fixtures/segment/valid/device.segment")).unwrap();
    house.write("samples/00000000000000000000.segment", segment);
    house.run(&["ingest", "logs"]).expect(0);
    fs::copy(house.path(".probity/keys/evidence.pub"), house.path("examiner.pub")).unwrap();
    for (vector, name) in [("ca.pem", "authority.pem"), ("p384.p7s", "contract.p7s"), ("message", "contract.pdf")] {
        fs::copy(repository("fixtures/vectors/signatures").join(vector), house.path(name)).unwrap();
    }
    house.write("accession-17/bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    house.write("accession-17/data/a.txt", "a\n");
    house.shell("cd accession-17 && sha256sum data/a.txt > manifest-sha256.txt").expect(0);
    let manifest = repository("fixtures/rules/infrastructure.kubernetes-probes/fail.yaml");
    house.write("notice.md", "We send you a letter each week.\n");
    house.write("processing.csv", "subject,purpose,time\nemail=ann@example.org,newsletter,2026-11-22T12:00:00Z\n");
    house.write("k8s/web.yaml", fs::read(manifest).unwrap());
    let journey = "schema: probe/1\nname: shop\nsteps: [{name: one, request: {url: \"http://127.0.0.1:1/\"}}]\n";
    house.write("shop.yaml", journey);
    house.write("slo/counters.yaml", fs::read(repository("fixtures/openslo/valid/counters.yaml")).unwrap());
    house.write("slo.yaml", fs::read(repository("fixtures/openslo/valid/all-kinds.yaml")).unwrap());
    house.write("sloth.yaml", fs::read(repository("fixtures/import/sloth.yaml")).unwrap());
    people(&house);
    fs::copy(house.path(".probity/keys/evidence.pub"), house.path("controller.pub")).unwrap();
    house.write("certificate.json", "{}");
    house.write("plan.json", "{}");
    let sign = "ssh-keygen -q -Y sign -n erase-certificate@probity -f somebody certificate.json";
    house.shell(&format!("ssh-keygen -q -t ed25519 -N '' -f somebody && {sign}")).expect(0);
    let mut examples = 0;
    for (command, text) in sections().iter().filter(|(_, text)| text.contains("Examples:")) {
        let lines =
            text.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.starts_with("```"));
        for line in lines.map(str::trim).filter(|line| line.starts_with("probity ")) {
            let ran = example(&house, line);
            // A question may be answered with no, or with too little data; everything else is done.
            let allowed: &[i32] = match command.as_str() {
                "evaluate" | "run" => &[0, 1, 3],
                // Nothing has fired yet, or everything that could.
                "alert" => &[0, 1, 3, 6],
                // Nobody listens there.
                "facts" | "probe" | "redact" | "verify" => &[0, 1],
                // The job of the example has never run.
                "health" => &[0, 5],
                // Its authority is nobody's.
                "package" => &[0, 8],
                // Nobody has confirmed the digest of an example, and nobody has made its request.
                "map" => &[0, 1],
                "erase" | "hold" | "incident" | "rectify" | "request" | "restrict" => &[0, 4, 6],
                "retain" => &[0, 1, 4, 6],
                _ => &[0],
            };
            assert!(allowed.contains(&ran.exit), "{line}: {ran:?}");
            examples += 1;
        }
    }
    assert!(examples >= 25, "{examples}");
}

/// A store with a person in it, and its map.
fn people(house: &House) {
    let settings = house.read("probity.toml");
    house.write("probity.toml", format!("{settings}\n[stores.shop]\nurl = \"sqlite:shop.db\"\n"));
    let fields = "fields: [{name: mail, data_categories: [user.contact.email], fides_meta: {identity: email}}]";
    let map = format!("dataset:\n- fides_key: shop\n  collections:\n  - name: person\n    {fields}\n");
    house.write("probity-map.yml", &map);
    house.write("fides.yml", map.replace("shop", "crm"));
    let sql = "CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT, name TEXT); INSERT INTO person VALUES (1, 'ann@example.org', 'Ann')";
    house.shell(&format!("sqlite3 shop.db \"{sql}\"")).expect(0);
}

/// Runs one example in a copy of the project.
fn example(house: &House, line: &str) -> Ran {
    let copy = "scratch=$(mktemp -d); trap 'rm -rf \"$scratch\"' EXIT; cp -a . \"$scratch\"; cd \"$scratch\"";
    let case = "probity case new c42 --title Outage >&2; probity case add c42 logs/access.log >&2";
    let package = "probity package build c42 --output c42.asice >&2";
    let prepare = match line {
        line if line.contains("case new") => String::from("true"),
        line if line.contains("--facts facts.json") => {
            String::from("probity facts --input k8s --output facts.json >&2")
        }
        line if line.contains("verify c42.asice") || line.contains("timestamp c42.asice") => {
            format!("{case}; {package}")
        }
        line if line.contains("verify ann.zip.age") => format!(
            "echo '{}' > key.txt; probity export email=ann@example.org --output ann.zip.age --encrypt-to {} >&2",
            crate::redact::IDENTITY.trim(),
            crate::redact::RECIPIENT
        ),
        line if line.contains("verify ann.zip") => {
            String::from("probity export email=ann@example.org --output ann.zip >&2")
        }
        line if line.starts_with("probity consent") => String::from(
            "probity consent record --subject email=ann@example.org --purpose newsletter --notice notice.md >&2",
        ),
        line if line.contains("c42") => case.to_owned(),
        line if line.contains("produce") => String::from(
            "mkdir papers; cp letter.txt papers; probity redact papers -o clean --report redactions.jsonl >&2",
        ),
        _ => String::from("true"),
    };
    // What follows is stopped as a person would stop it.
    let line = match line.contains("--follow") || line.contains("sampler run") || line.contains("alert watch") {
        true => format!("timeout --foreground --preserve-status -s INT 2 {line}"),
        false => line.to_owned(),
    };
    house.shell(&format!("{copy}\n{prepare}\n{line}"))
}

/// The man pages in the repository are those of this build.
#[test]
fn man_pages_are_up_to_date() {
    let house = House::new();
    house.run(&["util", "man", "man1"]).expect(0);
    let folder = repository("man");
    let pages = |folder: &Path| -> BTreeSet<String> {
        let names = fs::read_dir(folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".1")).collect()
    };
    let built = pages(&house.path("man1"));
    if std::env::var_os("UPDATE").is_some() {
        pages(&folder).difference(&built).for_each(|stale| fs::remove_file(folder.join(stale)).unwrap());
        for page in &built {
            fs::copy(house.path("man1").join(page), folder.join(page)).unwrap();
        }
    }
    assert_eq!(pages(&folder), built, "UPDATE=1 rewrites the pages");
    for page in &built {
        let kept = fs::read_to_string(folder.join(page)).unwrap();
        assert!(kept == house.read(&format!("man1/{page}")), "man/{page} differs; UPDATE=1 rewrites it");
    }
    // A second time nothing is replaced unless told to.
    house.run(&["util", "man", "man1"]).expect(4).code("output-exists");
    house.run(&["util", "man", "man1", "--overwrite"]).expect(0);
}

/// Every man page is roff that groff reads without a complaint.
#[test]
fn man_pages_are_read_by_groff() {
    if !judge("groff") {
        return;
    }
    for page in fs::read_dir(repository("man")).unwrap().map(|page| page.unwrap().path()) {
        let output = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&page).output().unwrap();
        assert!(output.stderr.is_empty(), "{}: {}", page.display(), String::from_utf8_lossy(&output.stderr));
    }
}

/// Completions are read by their shell; bash completes a command with them.
#[test]
fn completions_parse() {
    let house = House::new();
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = house.run(&["util", "completions", shell]).expect(0).stdout;
        for (command, _) in sections().iter().filter(|(command, _)| !command.contains(' ')) {
            assert!(script.contains(command.as_str()), "{shell} does not know {command}");
        }
        let path = house.write(&format!("completions.{shell}"), script);
        if judge(shell) {
            let output = Command::new(shell).arg(check).arg(&path).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        }
    }
    let ran = house.shell(
        "source completions.bash; COMP_WORDS=(probity ing); COMP_CWORD=1; _probity probity ing probity; echo ${COMPREPLY[@]}",
    );
    assert_eq!(ran.expect(0).stdout, "ingest\n");
    house.run(&["util", "completions", "cmd"]).expect(2);
}

/// `util explain` answers for every code it lists, and guesses what was meant.
#[test]
fn every_code_is_explained() {
    let house = House::new();
    let list = house.run(&["util", "explain"]).expect(0).stdout;
    assert!(list.lines().count() > 200, "{list}");
    for code in list.lines() {
        let page = house.run(&["util", "explain", code]).expect(0).stdout;
        assert!(page.starts_with(&format!("# {code}\n\n")) && page.lines().count() >= 3, "{code}: {page}");
    }
    let near = house.run(&["util", "explain", "disk-ful"]).expect(2).code("unknown-name");
    assert!(near.stderr.contains("Did you mean disk-full?"), "{near:?}");
}

/// `util schema` prints every file of `schemas/` as it stands, and each JSON Schema is one.
#[test]
fn every_schema_is_printed() {
    let house = House::new();
    let list = house.run(&["util", "schema"]).expect(0).stdout;
    let files =
        fs::read_dir(repository("schemas")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(list.lines().map(str::to_owned).collect::<BTreeSet<_>>(), files.collect::<BTreeSet<_>>());
    for name in list.lines() {
        let text = house.run(&["util", "schema", name]).expect(0).stdout;
        assert_eq!(text, fs::read_to_string(repository("schemas").join(name)).unwrap(), "{name}");
        if let Some(stem) = name.strip_suffix(".schema.json") {
            let schema: Value = serde_json::from_str(&text).unwrap();
            let (document, version) = stem.rsplit_once(".v").unwrap();
            assert_eq!(schema["$id"], format!("urn:probity:{document}:{version}"));
            house.write(&format!("schemas/{name}"), text);
        }
    }
    let near = house.run(&["util", "schema", "evaluation.v1.schema.jso"]).expect(2).code("unknown-name");
    assert!(near.stderr.contains("Did you mean evaluation.v1.schema.json?"), "{near:?}");
    let Some(python) = python() else { return };
    let check = "import json, sys, pathlib, jsonschema\n\
                 for path in pathlib.Path(sys.argv[1]).iterdir():\n\
                 \x20   jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))";
    let ran = Ran::of(Command::new(python).args(["-c", check]).arg(house.path("schemas")).output().unwrap());
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""));
}

/// Every document that a command prints with `--json` fits the schema that it names.
#[test]
fn every_document_fits_its_schema() {
    let house = House::new();
    let mut documents = vec![house.json(&["init", "."], 0)];
    house.write("a.jsonl", "{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"a\",\"status\":200}\nnot json\n");
    house.write("gauge.prom", "up 1\n");
    house.write("job.toml", "every = \"12h\"\n[[step]]\nrun = [\"evaluate\"]\n[[step]]\nrun = [\"ingest\", \"nowhere\"]\n[[step]]\nrun = [\"case\", \"list\"]\n");
    let mut take = |args: &[&str], exit: i32| documents.push(house.json(args, exit));
    take(&["evaluate"], 3);
    take(&["ingest", "a.jsonl", "gauge.prom"], 6);
    take(&["ingest", "a.jsonl", "--max-rejected", "50%"], 0);
    take(&["ingest", "a.jsonl"], 0);
    take(&["ingest", "a.jsonl", "--check", "--max-rejected", "1"], 0);
    take(&["evaluate"], 0);
    take(&["case", "list"], 0);
    take(&["case", "new", "c1", "--title", "T"], 0);
    take(&["case", "new", "c1", "--title", "T", "--if-absent"], 0);
    take(&["case", "new", "c1", "--title", "T"], 4);
    take(&["case", "add", "c1", "a.jsonl"], 0);
    take(&["case", "note", "c1", "seen"], 0);
    take(&["evaluate", "--case", "c1"], 0);
    take(&["case", "show", "c1"], 0);
    take(&["case", "list"], 0);
    take(&["package", "build", "c1", "--output", "c1.zip"], 0);
    take(&["verify", "c1.zip"], 0);
    take(&["verify", "c1.zip", "--trust", ".probity/keys/ledger.pub"], 1);
    take(&["audit", "show", "0"], 0);
    take(&["audit", "search", "--limit", "1"], 0);
    take(&["audit", "prove", "0", "--output", "p.tlog-proof"], 0);
    take(&["audit", "verify"], 0);
    take(&["audit", "show", "99999"], 6);
    take(&["run", "job.toml"], 6);
    take(&["config", "show"], 0);
    take(&["health"], 5);
    take(&["util", "man", "man1"], 0);
    take(&["query", "SELECT nothing FROM logs"], 2);
    house.write("sloth.yaml", fs::read(repository("fixtures/import/sloth.yaml")).unwrap());
    take(&["slo", "import", "sloth.yaml", "--output", "slo.yaml"], 0);
    take(&["slo", "check", "slo.yaml"], 0);
    house.write("mail.log", "to jan@example.org\n");
    #[cfg(feature = "rules")]
    {
        // The project has keys to judge, and nothing else.
        take(&["evaluate", "--pack", "infrastructure"], 0);
        take(&["evaluate", "--pack", "infrastructure", "--list"], 0);
        take(&["facts", "ledger"], 0);
        take(&["facts", "--shape"], 0);
    }
    take(&["redact", "--list"], 0);
    take(&["redact", "--check", "mail.log"], 1);
    take(&["redact", "mail.log", "-o", "shared.log", "--report", "r.jsonl"], 0);
    take(&["redact", "mail.log", "-o", "m.log", "--mapping", "m.age", "--recipient", crate::redact::RECIPIENT], 0);
    house.write("identity", crate::redact::IDENTITY);
    take(&["redact", "--restore", "m.log", "-o", "o.log", "--mapping", "m.age", "--identity", "identity"], 0);
    take(&["produce", "r.jsonl", "--documents", "shared.log", "--bates", "P001", "-o", "VOL001"], 0);
    documents.extend(house.read("r.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    let state =
        house.tree(".probity/run").into_iter().find(|(path, _)| path.extension().is_some_and(|end| end == "json"));
    documents.push(serde_json::from_slice(&state.unwrap().1.1).unwrap());
    let named: BTreeSet<String> = documents
        .iter()
        .map(|document| document["schema"].as_str().unwrap().replace('/', ".v") + ".schema.json")
        .collect();
    let known: BTreeSet<String> = fs::read_dir(repository("schemas"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".schema.json"))
        // These stand inside packages and case folders; the tests of `evidence` judge them. A review page writes decisions.
        // What comes to a package later needs an authority: the tests of `court` judge it.
        .filter(|name| {
            let inner = [
                "case.v2",
                "custody.v1",
                "custody.v2",
                "transfer.v1",
                "reasoning.v1",
                "manifest.v2",
                "decisions.v1",
                "package-amended.v1",
                // What a device measures: the tests of `sampler` judge it.
                "sample.v1",
                "sampler-status.v1",
                "sampler-fetch.v1",
                "segment.v1",
                // Rules and dashboards for others, and journeys: `generate` and `probe` judge them.
                "generated.v1",
                "probe",
                // Records of consent for others: `consent` judges them.
                "dpv-27560.v1",
            ];
            !inner.iter().any(|inner| name.starts_with(inner)) && !crate::documents::is_about_people(name)
        })
        .collect();
    assert_eq!(named, known, "left: documents seen, right: schemas");
    fit_their_schemas(&documents);
}

/// `--version` is one line on standard output.
#[test]
fn version() {
    let ran = House::new().run(&["--version"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (concat!("probity ", env!("CARGO_PKG_VERSION"), "\n"), ""));
}
