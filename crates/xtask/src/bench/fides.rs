//! A small person's export and erase beside Fides: the same PostgreSQL, the same eleven tables, the same dataset, in turn.
//!
//! `tests/services postgres redis -- cargo xtask bench privacy fides`. Fides is installed into the cache of the tests, and its
//! server runs warm, with its tasks in it; probity is started anew each time. Rows of all eleven tables belong to the person,
//! and an export that does not hold the same number of each on both sides is an error.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::cases::succeed;
use super::measure::{Cost, Spread};
use super::place::{Place, root};
use super::privacy::{ADDRESS, digest, export, psql, run};
use super::table::Table;

/// Ten tables, each with the one that it hangs on.
const LINKS: [(&str, &str); 10] = [
    ("address", "person"),
    ("consent", "person"),
    ("login", "person"),
    ("message", "person"),
    ("orders", "person"),
    ("order_line", "orders"),
    ("payment", "orders"),
    ("shipment", "orders"),
    ("ticket", "person"),
    ("ticket_note", "ticket"),
];
const PEOPLE: u64 = 5_000;
/// Rows of each person in the tables that hang on people, and of each of those rows in the others.
const OWN: (u64, u64) = (3, 2);
/// What is written into `meta` so that rows stay and are emptied, which is all that Fides does.
const RETAIN: &str = "    meta: {probity: {retain: {code: 17-3-b, law: the law of this benchmark}}}\n";
const VENV: &str = "venv-fides-whole";

/// Access and erasure of one person after the other.
pub(super) fn table(place: &Place) -> Result<Table, String> {
    let server =
        std::env::var(ADDRESS).map_err(|_| format!("{ADDRESS} is not set: tests/services postgres redis -- …"))?;
    let (base, _) = server.rsplit_once('/').ok_or_else(|| format!("{server} names no database"))?;
    let shop = format!("{base}/probity_fides");
    fill(&server, &shop)?;
    let folder = place.fresh("fides")?;
    let (emptied, deleted) = (folder.join("emptied"), folder.join("deleted"));
    project(place, &emptied, &shop, RETAIN)?;
    project(place, &deleted, &shop, "")?;
    let python = python()?;
    let mut fides = Fides::start(&python, &folder, &shop, &emptied.join("shop.yml"))?;
    let mut costs: [Vec<Cost>; 5] = Default::default();
    // The first round warms both.
    for round in 0..=place.rounds as u64 {
        let person = |number: u64| format!("person{}@example.org", 10 * round + number);
        let subject = |number: u64| format!("email={}", person(number));
        let accessed = fides.ask("access", &person(1))?;
        let exported = export(place, &emptied, &subject(1))?;
        same_rows(&accessed.output, &exported.output)?;
        let erased = fides.ask("erasure", &person(2))?;
        let nulled = erase(place, &emptied, &subject(3))?;
        let gone = erase(place, &deleted, &subject(4))?;
        for number in [2, 3] {
            is_emptied(&shop, 10 * round + number)?;
        }
        if round > 0 {
            for (costs, cost) in costs.iter_mut().zip([accessed, exported, erased, nulled, gone]) {
                costs.push(cost);
            }
        }
    }
    Ok(shown(&costs, &fides.describe(&python)?))
}

fn shown(costs: &[Vec<Cost>; 5], about: &str) -> Table {
    let mut table = Table::new(
        "A small person over eleven tables, beside Fides",
        &["what", "wall s: median (least–most)", "CPU s", "peak RSS MB", "wall against Fides", "CPU against Fides"],
    );
    let rows = [
        ("Fides, access", 0, 0),
        ("probity export", 1, 0),
        ("Fides, erasure: null_rewrite, a commit per row", 2, 2),
        ("probity erase, the same mode: rows stay and are emptied; verified, certificate signed", 3, 2),
        ("probity erase, its default: rows are deleted; verified, certificate signed", 4, 2),
    ];
    for (what, own, peer) in rows {
        let of = |at: usize, figure: fn(&Cost) -> f64| Spread::of(&costs[at], figure);
        let (wall, cpu) = (of(own, |cost| cost.wall), of(own, |cost| cost.cpu));
        let times = |figure: fn(&Cost) -> f64| format!("1/{:.0}", of(peer, figure).median / of(own, figure).median);
        let beside = |figure| if own == peer { String::new() } else { times(figure) };
        table.row(&[
            what.to_owned(),
            format!("{:.2} ({:.2}–{:.2})", wall.median, wall.least, wall.most),
            format!("{:.3}", cpu.median),
            format!("{:.0}", of(own, |cost| cost.peak as f64).most / 1e6),
            beside(|cost| cost.wall),
            beside(|cost| cost.cpu),
        ]);
    }
    table.note(about)
}

/// Plans and carries out; both together are the cost.
fn erase(place: &Place, folder: &Path, subject: &str) -> Result<Cost, String> {
    let plan = run(place, folder, &["erase", subject, "--dry-run", "--json"])?;
    let done = run(place, folder, &["erase", subject, "--confirm", &digest(&plan.output)?, "--json"])?;
    Ok(Cost {
        wall: plan.wall + done.wall,
        cpu: plan.cpu + done.cpu,
        peak: plan.peak.max(done.peak),
        output: done.output,
        code: done.code,
    })
}

/// The same number of rows of each of the eleven tables.
fn same_rows(fides: &str, probity: &str) -> Result<(), String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("{error} in {text}"));
    let (fides, probity) = (parse(fides)?, parse(probity)?);
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let own = probity["collections"].as_array().into_iter().flatten().map(|one| {
        let name = one["collection"].as_str().unwrap_or_default();
        (name.rsplit(':').next().unwrap_or(name).to_owned(), number(&one["rows"]))
    });
    let own: BTreeMap<String, u64> = own.collect();
    let peer = fides["rows"].as_object().into_iter().flatten();
    let peer: BTreeMap<String, u64> = peer.map(|(name, rows)| (name.clone(), number(rows))).collect();
    match own == peer && own.len() == LINKS.len() + 1 {
        true => Ok(()),
        false => Err(format!("the answers differ: Fides {peer:?}, probity {own:?}")),
    }
}

/// Asks the database whether nothing of the person is left in its rows.
fn is_emptied(shop: &str, person: u64) -> Result<(), String> {
    let mut told = vec![format!("SELECT coalesce(email, name, phone) AS told FROM person WHERE id = {person}")];
    for (table, parent) in LINKS {
        let own = match parent {
            "person" => format!("person_id = {person}"),
            _ => format!("{parent}_id IN (SELECT id FROM {parent} WHERE person_id = {person})"),
        };
        told.push(format!("SELECT note FROM {table} WHERE {own}"));
    }
    psql(
        shop,
        &format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM ({}) t WHERE told IS NOT NULL) THEN RAISE 'person {person} is still there'; END IF; END $$",
            told.join(" UNION ALL ")
        ),
    )
}

fn fill(server: &str, shop: &str) -> Result<(), String> {
    eprintln!("xtask: filling probity_fides");
    psql(server, "DROP DATABASE IF EXISTS probity_fides")?;
    psql(server, "CREATE DATABASE probity_fides")?;
    let mut sql = format!(
        "CREATE TABLE person (id bigint PRIMARY KEY, email text UNIQUE, name text, phone text);
         INSERT INTO person SELECT n, 'person' || n || '@example.org', 'Person ' || n, '+4930' || lpad(n::text, 7, '0')
         FROM generate_series(1, {PEOPLE}) n;
         CREATE INDEX ON person (lower(email));"
    );
    for (table, parent) in LINKS {
        let (rows, each) = match parent {
            "person" => (PEOPLE * OWN.0, OWN.0),
            _ => (PEOPLE * OWN.0 * OWN.1, OWN.1),
        };
        sql.push_str(&format!(
            "CREATE TABLE {table} (id bigint PRIMARY KEY, {parent}_id bigint NOT NULL REFERENCES {parent} (id), note text);
             INSERT INTO {table} SELECT n, 1 + (n - 1) / {each}, 'what {table} number ' || n || ' says' FROM generate_series(1, {rows}) n;
             CREATE INDEX ON {table} ({parent}_id);"
        ));
    }
    psql(shop, &sql)?;
    psql(shop, "VACUUM ANALYZE")
}

/// The dataset that both read. `extra` stands with every collection; Fides does not read it.
fn dataset(extra: &str) -> String {
    let field = |name: &str, category: &str, meta: &str| {
        format!("    - {{name: {name}, data_categories: [{category}], fides_meta: {{{meta}}}}}\n")
    };
    let head = |name: &str| format!("  - name: {name}\n{extra}    fields:\n");
    let id = field("id", "system.operations", "primary_key: true, data_type: integer");
    let mut text = "dataset:\n- fides_key: shop\n  name: shop\n  collections:\n".to_owned();
    text += &[
        head("person"),
        id.clone(),
        field("email", "user.contact.email", "identity: email, data_type: string"),
        field("name", "user.name", "data_type: string"),
        field("phone", "user.contact.phone_number", "data_type: string"),
    ]
    .concat();
    for (table, parent) in LINKS {
        let link = format!("data_type: integer, references: [{{dataset: shop, field: {parent}.id, direction: from}}]");
        let link = field(&format!("{parent}_id"), "system.operations", &link);
        text += &[head(table), id.clone(), link, field("note", "user.content", "data_type: string")].concat();
    }
    text
}

fn project(place: &Place, folder: &Path, shop: &str, extra: &str) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(said)?;
    succeed(place, &["init", "."], folder)?;
    let settings = folder.join("probity.toml");
    let text = std::fs::read_to_string(&settings).map_err(said)?;
    std::fs::write(&settings, format!("{text}\n[stores.shop]\nurl = \"{shop}\"\n")).map_err(said)?;
    std::fs::write(folder.join("shop.yml"), dataset(extra)).map_err(said)?;
    succeed(place, &["map", "import", "shop.yml"], folder)
}

/// The interpreter that Fides is installed for, in the cache of the tests.
fn python() -> Result<PathBuf, String> {
    let peers = root().join("crates/xtask/peers");
    let list = peers.join("requirements-fides.txt");
    let wanted = std::fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let cache = std::env::var_os("PROBITY_TEST_CACHE")
        .ok_or("PROBITY_TEST_CACHE is not set: tests/services postgres redis -- …")?;
    let venv = Path::new(&cache).join(VENV);
    let (python, mark) = (venv.join("bin/python"), venv.join("probity-wanted"));
    if std::fs::read_to_string(&mark).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    eprintln!("xtask: installing from PyPI into {}: {}", venv.display(), wanted.trim());
    let mut make = Command::new("python3");
    succeeds(make.args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-cache-dir", "-r"]).arg(&list);
    succeeds(&mut install)?;
    std::fs::write(&mark, wanted).map_err(|error| format!("{}: {error}", mark.display()))?;
    Ok(python)
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    match command.stdout(std::io::stderr()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// The peer, see `crates/xtask/peers/fides.py`.
struct Fides {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    start: f64,
}

impl Fides {
    fn start(python: &Path, folder: &Path, shop: &str, dataset: &Path) -> Result<Self, String> {
        let work = folder.join("server");
        std::fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
        eprintln!("xtask: starting Fides");
        let mut command = Command::new(python);
        command.arg(root().join("crates/xtask/peers/fides.py")).arg(&work).arg(shop).arg(dataset);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| format!("Fides: {error}"))?;
        let (questions, answers) = (child.stdin.take(), child.stdout.take());
        let answers = BufReader::new(answers.ok_or("Fides has no output")?);
        let mut fides = Fides { child, questions, answers, start: 0.0 };
        fides.start = fides.answer()?["ready"].as_f64().unwrap_or_default();
        Ok(fides)
    }

    fn answer(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| format!("Fides: {error}"))?;
        serde_json::from_str(&line).map_err(|_| format!("Fides did not answer: {line}"))
    }

    fn ask(&mut self, right: &str, email: &str) -> Result<Cost, String> {
        let questions = self.questions.as_mut().ok_or("Fides takes no questions")?;
        writeln!(questions, "{right} {email}").map_err(|error| format!("Fides: {error}"))?;
        let answer = self.answer()?;
        let figure = |name: &str| answer[name].as_f64().unwrap_or_default();
        Ok(Cost {
            wall: figure("seconds"),
            cpu: figure("cpu"),
            peak: answer["peak"].as_u64().unwrap_or_default(),
            output: answer.to_string(),
            code: Some(0),
        })
    }

    /// What it is, what it needed.
    fn describe(&self, python: &Path) -> Result<String, String> {
        let version = Command::new(python)
            .args(["-c", "import importlib.metadata as m, sys; print('ethyca-fides', m.version('ethyca-fides'), 'on Python', sys.version.split()[0])"])
            .output()
            .map_err(|error| format!("{}: {error}", python.display()))?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        Ok(format!("{version}; its server was up after {:.0} s.", self.start))
    }
}

/// Its input ends, and it stops its server.
impl Drop for Fides {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_by_collection() {
        let names = || LINKS.iter().map(|(table, _)| *table).chain(["person"]);
        let own = |rows: u64| {
            let collections: Vec<Value> =
                names().map(|name| serde_json::json!({"collection": format!("shop:{name}"), "rows": rows})).collect();
            serde_json::json!({ "collections": collections }).to_string()
        };
        let rows: serde_json::Map<String, Value> = names().map(|name| (name.to_owned(), 3.into())).collect();
        let peer = serde_json::json!({ "rows": rows }).to_string();
        assert_eq!(same_rows(&peer, &own(3)), Ok(()));
        assert!(same_rows(&peer, &own(2)).is_err_and(|said| said.contains("differ")));
        assert!(same_rows("{}", "{\"collections\":[]}").is_err());
    }

    #[test]
    fn both_read_one_dataset_with_eleven_collections() {
        let text = dataset(RETAIN);
        assert_eq!(text.matches("\n  - name: ").count(), 11);
        assert_eq!(text.matches("retain").count(), 11);
        assert_eq!(dataset("").matches("direction: from").count(), 10);
    }
}
