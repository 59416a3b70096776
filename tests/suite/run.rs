//! `run`: jobs, what is due, overlap, kills, and the schedules that call it.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, python};

const LINE: &str = "{\"ts\":\"2026-11-22T11:00:00Z\",\"service\":\"shop\",\"status\":200}\n";

/// Acts in the ledger, oldest first.
fn acts(house: &House) -> Vec<String> {
    let found = house.run(&["audit", "search", "--json"]).expect(0);
    let act = |line: &str| serde_json::from_str::<Value>(line).unwrap()["act"].as_str().unwrap().to_owned();
    found.stdout.lines().map(act).collect()
}

/// A project with one job in `jobs/` and no other.
fn house(job: &str) -> House {
    let house = House::initialised();
    fs::remove_file(house.path("jobs/nightly.toml")).unwrap();
    house.write("jobs/job.toml", job);
    house
}

#[test]
fn steps_run_in_order_and_the_worst_answer_decides() {
    // Placeholders are filled in, an answer of "no" stops nothing, the exit is the worst, and each step is in the ledger.
    let house = House::initialised();
    house.write(
        "somewhere/job.toml",
        concat!(
            "[[step]]\nrun = [\"ingest\", \"{here}/in.jsonl\"]\n",
            "[[step]]\nname = \"judge\"\nrun = [\"evaluate\", \"--rule\", \"{root}/rules\"]\n",
            "[[step]]\nrun = [\"query\", \"SELECT count(*) FROM logs\", \"--output\", \"{state}/{date}-{time}.tsv\"]\n",
        ),
    );
    house.write("somewhere/in.jsonl", LINE.replace("200", "500"));
    let document = house.json(&["run", "somewhere/job.toml"], 1);
    let steps = document["jobs"][0]["steps"].as_array().unwrap();
    let exits: Vec<i64> = steps.iter().map(|step| step["exit"].as_i64().unwrap()).collect();
    assert_eq!(exits, [0, 1, 0]);
    assert_eq!((&steps[0]["name"], &steps[1]["name"]), (&"ingest {here}/in.jsonl".into(), &"judge".into()));
    assert_eq!(house.read(".probity/2026-11-22-20261122t120000z.tsv"), "{\"count(*)\":1}\n");
    assert_eq!(acts(&house)[1..], ["ingest.finished", "evaluate.judged", "query.answered", "run.finished"]);
    fit_their_schemas(&[document]);
}

#[test]
fn a_job_is_one_document_whatever_its_steps_stream() {
    // Rows, entries and generated text become part of the document of the job; nothing stands before or behind it.
    let house = House::initialised();
    house.write("in.jsonl", LINE.repeat(2));
    house.write(
        "job.toml",
        concat!(
            "[[step]]\nrun = [\"ingest\", \"in.jsonl\"]\n[[step]]\nrun = [\"query\", \"SELECT status FROM logs\"]\n",
            "[[step]]\nrun = [\"audit\", \"search\"]\n[[step]]\nrun = [\"util\", \"schema\"]\n",
        ),
    );
    let document = house.json(&["run", "job.toml"], 0);
    let results = |step: usize| document["jobs"][0]["steps"][step]["results"].as_array().unwrap();
    assert_eq!(results(1), &vec![serde_json::json!({"status": 200}); 2]);
    assert_eq!(results(2)[0]["schema"], "ledger-entry/1");
    assert!(results(3).contains(&"run.v1.schema.json".into()));
    fit_their_schemas(std::slice::from_ref(&document));
}

#[test]
fn a_failure_stops_the_job_unless_it_keeps_going() {
    // A failed step leaves the others undone and says how many; with keep_going they run, and the exit is still the failure's.
    let steps = "[[step]]\nrun = [\"ingest\", \"missing.jsonl\"]\n[[step]]\nrun = [\"case\", \"list\"]\n";
    let house = House::initialised();
    house.write("job.toml", steps);
    let stopped = house.json(&["run", "job.toml"], 6);
    assert_eq!(
        (&stopped["jobs"][0]["steps_left"], stopped["jobs"][0]["steps"].as_array().unwrap().len()),
        (&1.into(), 1)
    );
    house.write("job.toml", format!("keep_going = true\n{steps}"));
    let went_on = house.json(&["run", "job.toml"], 6);
    assert_eq!(
        (&went_on["jobs"][0]["steps_left"], went_on["jobs"][0]["steps"].as_array().unwrap().len()),
        (&0.into(), 2)
    );
    let human = house.run(&["run", "job.toml"]).expect(6);
    assert!(human.stdout.ends_with("case list\t0\tdone\n"), "{}", human.stdout);
    fit_their_schemas(&[stopped, went_on]);
}

#[test]
fn what_is_wrong_with_a_job_is_located_before_anything_runs() {
    // A typo in the last step is found before the first one has run.
    let house = House::initialised();
    let first = "[[step]]\nrun = [\"case\", \"new\", \"c1\", \"--title\", \"x\"]\n";
    let check = |text: &str, code: &str, place: &str, hint: &str| {
        house.write("job.toml", format!("{first}{text}"));
        let ran = house.run(&["run", "job.toml"]).expect(7).code(code);
        assert!(ran.stderr.starts_with(&format!("error: job.toml:{place}: ")), "{place}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{hint}: {}", ran.stderr);
    };
    check("[[step]]\nruns = [\"verify\"]\n", "unknown-key", "4:1", "Did you mean \"run\"?");
    check("[[step]]\nrun = [\"evaluat\"]\n", "bad-step", "4:7", "evaluate");
    check("[[step]]\nrun = [\"evaluate\", \"--rul\", \"x\"]\n", "bad-step", "4:7", "--rule");
    check("[[step]]\nrun = [\"run\", \"job.toml\"]\n", "bad-step", "4:7", "is a job again");
    check("[[step]]\nrun = [\"case\", \"list\", \"--json\"]\n", "bad-step", "4:7", "Give global flags to `run` itself");
    check("[[step]]\nrun = [\"verify\", \"{tiem}.zip\"]\n", "unknown-placeholder", "4:7", "{time}");
    assert!(!house.path(".probity/cases").exists(), "the first step ran");
    assert!(!house.path(".probity/run").exists());
    house.run(&["run", "nowhere.toml"]).expect(6).code("not-found");
    house.run(&["run"]).expect(2);
    house.run(&["run", "job.toml", "--due"]).expect(2);
}

#[test]
fn a_job_is_due_once_in_its_slot() {
    // Whoever calls every minute runs it once in twelve hours; missed slots are made up for by one run.
    let house = house("every = \"12h\"\n[[step]]\nrun = [\"case\", \"list\"]\n");
    let due = |time: &str| house.json(&["run", "--due", "--time", time], 0)["jobs"].as_array().unwrap().len();
    assert_eq!(due("2026-11-22T12:00:00Z"), 1);
    let entries = acts(&house).len();
    assert_eq!(due("2026-11-22T12:01:00Z"), 0);
    assert_eq!(due("2026-11-22T23:59:59Z"), 0);
    assert_eq!(acts(&house).len(), entries, "nothing was due, so nothing happened");
    assert!(house.run(&["run", "--due"]).expect(0).stdout.contains("Nothing is due."));
    assert_eq!(due("2026-11-23T00:00:00Z"), 1);
    assert_eq!(due("2026-12-24T18:00:00Z"), 1);
    assert_eq!(due("2026-12-24T18:00:01Z"), 0);
}

#[test]
fn one_broken_job_keeps_no_other_from_running() {
    // The good job runs, the broken one is named, the exit is that of the failure.
    let house = house("every = \"1h\"\n[[step]]\nrun = [\"case\", \"new\", \"c1\", \"--title\", \"x\"]\n");
    house.write("jobs/a.toml", "evry = \"1h\"\n");
    house.write("jobs/by-hand.toml", "[[step]]\nrun = [\"case\", \"new\", \"c2\", \"--title\", \"x\"]\n");
    let document = house.json(&["run", "--due"], 7);
    assert_eq!(document["jobs"][0]["steps"][0]["results"][0]["code"], "unknown-key");
    assert_eq!(document["jobs"][1]["exit"], 0);
    assert_eq!(house.run(&["case", "list"]).stdout, "c1\n");
    fit_their_schemas(&[document]);
    house.write("probity.toml", "[run]\njobs = [\"jobs/job.toml\", \"jobs/gone.toml\"]\n");
    house.run(&["run", "--due", "--time", "2026-11-22T13:00:00Z"]).code("not-found");
    House::new().run(&["run", "--due"]).expect(0);
}

/// A job that waits for a line on a pipe that nobody writes to.
fn waiting() -> (House, std::process::Child) {
    let house = house("every = \"12h\"\n[[step]]\nrun = [\"ingest\", \"in\"]\n[[step]]\nrun = [\"ingest\", \"-\"]\n");
    house.write("in/a.jsonl", LINE);
    let mut command = house.command(&["run", "--due"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now();
    // The first step has left its entry: the second one waits for standard input.
    while !acts(&house).iter().any(|act| act == "ingest.finished") {
        assert!(patience.elapsed() < Duration::from_secs(60), "the job does not come to its second step");
        std::thread::sleep(Duration::from_millis(50));
    }
    (house, child)
}

#[test]
fn two_at_once_are_one_run() {
    // The second call leaves the running job alone and is content; by name it is told to wait.
    let (house, mut child) = waiting();
    let second = house.run(&["run", "--due"]).expect(0);
    assert!(second.stderr.contains("is running already; left alone"), "{}", second.stderr);
    house.run(&["run", "jobs/job.toml"]).expect(8).code("job-running");
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!(house.json(&["run", "--due"], 0)["jobs"].as_array().unwrap().len(), 0, "it ran in this slot");
}

#[test]
fn a_killed_run_is_due_again() {
    // kill -9 in the middle: the next call runs the job anew, and what was read already is not read twice.
    let (house, mut child) = waiting();
    child.kill().unwrap();
    child.wait().unwrap();
    let document = house.json(&["run", "--due"], 0);
    let jobs = document["jobs"].as_array().unwrap();
    assert_eq!((jobs.len(), &jobs[0]["steps"][0]["results"][0]["inputs"][0]["state"]), (1, &"known".into()));
}

#[test]
fn an_interrupted_run_is_due_again() {
    // Ctrl-C or a shutdown in the middle: exit 130 after a clean stop, and the next call runs the job anew.
    let (house, mut child) = waiting();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    // `kill` comes back before the signal is delivered; only then may the step that waits go on.
    std::thread::sleep(Duration::from_secs(1));
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(house.json(&["run", "--due"], 0)["jobs"].as_array().unwrap().len(), 1);
}

#[test]
fn schedules_are_what_their_programs_read() {
    // cron, systemd and Kubernetes text, each put to a program that knows the format.
    let house = house("every = \"12h\"\n[[step]]\nrun = [\"case\", \"list\"]\n");
    let text = |clock: &str| house.run(&["util", clock, "jobs/job.toml"]).expect(0).stdout;
    assert!(text("cron").contains("\n0 */12 * * * cd '"), "{}", text("cron"));
    assert!(text("cron").ends_with(" run --due --quiet\n"));
    if judge("systemd-analyze") {
        let (service, timer) =
            text("systemd").split_once("# probity.timer").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        house.write("units/probity.service", service);
        house.write("units/probity.timer", format!("# probity.timer{timer}"));
        let lint = Command::new("systemd-analyze")
            .args(["verify", "--man=no", "--recursive-errors=no"])
            .args([house.path("units/probity.service"), house.path("units/probity.timer")])
            .output()
            .unwrap();
        let lint = Ran::of(lint);
        assert!(lint.exit == 0 && !lint.stderr.contains("probity."), "{}", lint.stderr);
    }
    if let Some(python) = python() {
        house.write("cron.yaml", text("kubernetes"));
        let script = "import sys, yaml; d = yaml.safe_load(open(sys.argv[1])); \
            print(d['kind'], d['spec']['schedule'], *d['spec']['jobTemplate']['spec']['template']['spec']['containers'][0]['command'])";
        let said = Command::new(python).args(["-c", script]).arg(house.path("cron.yaml")).output().unwrap();
        assert_eq!(Ran::of(said).expect(0).stdout, "CronJob 0 */12 * * * probity run --due --quiet\n");
    }
    house.write("elsewhere.toml", "every = \"1h\"\n[[step]]\nrun = [\"case\", \"list\"]\n");
    let ran = house.run(&["util", "cron", "elsewhere.toml"]).expect(0);
    assert!(ran.stderr.contains("is not among the jobs of"), "{}", ran.stderr);
    house.write("elsewhere.toml", "[[step]]\nrun = [\"case\", \"list\"]\n");
    house.run(&["util", "cron", "elsewhere.toml"]).expect(7).code("no-schedule");
    house.write("elsewhere.toml", "every = \"7h\"\n[[step]]\nrun = [\"case\", \"list\"]\n");
    house.run(&["util", "systemd", "elsewhere.toml"]).expect(7).code("unfit-schedule");
}

#[test]
fn the_line_for_cron_works_in_a_folder_with_hostile_characters() {
    // A quote, a blank and a percent sign: what cron hands to the shell changes to the project and finds the job.
    let house = House::new();
    house.run(&["init", "it's 100 %"]).expect(0);
    fs::remove_file(house.path("it's 100 %/jobs/nightly.toml")).unwrap();
    house.write(
        "it's 100 %/jobs/job.toml",
        "every = \"1h\"\n[[step]]\nrun = [\"case\", \"new\", \"c1\", \"--title\", \"x\"]\n",
    );
    let root = house.path("it's 100 %");
    let line = house
        .run(&["--project", root.to_str().unwrap(), "util", "cron", root.join("jobs/job.toml").to_str().unwrap()])
        .expect(0);
    let line = line.stdout.lines().last().unwrap().to_owned();
    // As crontab(5) says: an unescaped % ends the command, and the backslash before one is taken away.
    let command = line.strip_prefix("0 */1 * * * ").unwrap();
    assert!(!command.replace("\\%", "").contains('%'), "{command}");
    house.shell(&command.replace("\\%", "%")).expect(0);
    assert!(root.join(".probity/cases/c1").is_dir());
}
