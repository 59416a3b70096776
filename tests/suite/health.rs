//! `health`: what is well, what is not, and nothing recorded of either.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::house::{House, NOW, fit_their_schemas, judge, python};

/// A project in which everything is well.
fn project() -> House {
    let house = House::initialised();
    fs::remove_dir_all(house.path("jobs")).unwrap();
    house.write("a.jsonl", "{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"a\"}\n");
    house.run(&["ingest", "a.jsonl"]).expect(0);
    house
}

/// What is said of one part, and the worst of all.
fn part(house: &House, name: &str, args: &[&str], exit: i32) -> Value {
    let document = house.json(&[&["health"], args].concat(), exit);
    fit_their_schemas(std::slice::from_ref(&document));
    document["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone()
}

/// That `name` is in this state, for a reason with these words, with this exit code.
fn says(house: &House, name: &str, state: &str, words: &str, exit: i32) {
    let check = part(house, name, &[], exit);
    assert_eq!(check["state"], state, "{check}");
    assert!(check["says"].as_str().unwrap().contains(words), "{check}");
    assert!(state == "ok" || check["advice"].is_string(), "{check}");
}

#[test]
fn what_is_well_is_said_and_not_recorded() {
    let house = project();
    let before = house.tree(".probity");
    let ran = house.run(&["health"]).expect(0);
    assert!(ran.stdout.ends_with("health: ok\n"), "{ran:?}");
    says(&house, "store", "ok", "version 0, 1 row", 0);
    says(&house, "ledger", "ok", "2 entries", 0);
    assert_eq!(part(&house, "clock", &[], 0)["figures"]["last_entry_timestamp_seconds"], 1_795_348_800);
    assert_eq!(house.tree(".probity"), before);
    let nowhere = House::new();
    let ran = nowhere.run(&["health"]).expect(3);
    assert!(ran.stdout.contains("There is no project here"), "{ran:?}");
    assert_eq!(nowhere.json(&["health"], 3)["state"], "absent");
    assert_eq!(fs::read_dir(nowhere.root()).unwrap().count(), 0);
}

#[test]
fn what_does_not_work_is_named() {
    let house = project();
    let key = house.path(".probity/keys/ledger.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    says(&house, "keys", "failed", "can be read by others", 1);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::copy(house.path(".probity/keys/store.pub"), house.path(".probity/keys/evidence.pub")).unwrap();
    says(&house, "keys", "failed", "belongs to another key", 1);
    fs::remove_file(house.path(".probity/keys/evidence.key")).unwrap();
    says(&house, "keys", "failed", "no evidence key", 1);

    let house = project();
    let checkpoint = house.path(".probity/ledger/checkpoint");
    let note = fs::read_to_string(&checkpoint).unwrap();
    fs::write(&checkpoint, note.replacen("\n2\n", "\n1\n", 1)).unwrap();
    assert_eq!(part(&house, "ledger", &[], 1)["state"], "failed");
    fs::remove_dir_all(house.path(".probity/ledger")).unwrap();
    says(&house, "ledger", "failed", "There is no ledger", 1);

    let house = project();
    let log = house.path(".probity/store/data/_delta_log/00000000000000000000.json");
    fs::write(&log, "{}\n").unwrap();
    assert_eq!(part(&house, "store", &[], 1)["state"], "failed");
    // What is wrong with one part keeps no other from being looked at.
    assert_eq!(part(&house, "ledger", &[], 1)["state"], "ok");
}

#[test]
fn what_will_not_work_for_long_is_degraded() {
    let house = project();
    assert_eq!(part(&house, "clock", &["--time", "2026-11-22T11:00:00Z"], 5)["state"], "degraded");
    house.write("jobs/daily.toml", "every = \"1d\"\n[[step]]\nrun = [\"case\", \"list\"]\n");
    says(&house, "jobs", "degraded", "daily.toml has never run", 5);
    house.run(&["run", "--due"]).expect(0);
    says(&house, "jobs", "ok", "1 job, none late", 0);
    let late = part(&house, "jobs", &["--time", "2026-11-25T12:00:00Z"], 5);
    assert_eq!(late["says"], "daily.toml ran 3 d ago and is due every 1d");
    // A rule that is broken is an answer; a file that is not there is a failure.
    house.write("jobs/daily.toml", "every = \"1d\"\n[[step]]\nrun = [\"ingest\", \"nowhere\"]\n");
    house.run(&["--time", "2026-11-23T12:00:00Z", "run", "--due"]).expect(6);
    let failing = part(&house, "jobs", &["--time", "2026-11-23T13:00:00Z"], 5);
    assert_eq!(failing["says"], "daily.toml ended with exit code 6");
    house.write("jobs/daily.toml", "every = 1\n");
    assert_eq!(part(&house, "jobs", &[], 1)["state"], "failed");

    let house = project();
    house.write("probity.toml", "[health]\nfree = \"1000TiB\"\n");
    says(&house, "disk", "degraded", "less than", 5);
}

/// Targets rest after they failed; nobody is told anything by a look.
#[cfg(all(feature = "alerts", feature = "rules"))]
#[test]
fn targets_that_rest_are_named() {
    let house = project();
    assert_eq!(part(&house, "targets", &[], 0)["state"], "absent");
    let port = closed_port();
    let hook = format!("{{kind: webhook-v4, url: \"http://127.0.0.1:{port}/\", failures: 1, tries: 1}}");
    house.write("alerts.yaml", format!("schema: alerts/1\ntargets:\n  hook: {hook}\nroutes: [{{to: [hook]}}]\n"));
    says(&house, "targets", "ok", "1 target; 0 to be told", 0);
    house.write("image/Dockerfile", "FROM debian\nCMD [\"true\"]\n");
    let rule = ["--only", "infrastructure.dockerfile-non-root", "--input", "image"];
    house.run(&[&["evaluate", "--pack", "infrastructure"][..], &rule].concat()).expect(1);
    house.run(&["alert", "eval"]).expect(1);
    house.run(&["alert", "notify"]).expect(8);
    says(&house, "targets", "degraded", "left alone for a while: hook", 5);
    house.write("alerts.yaml", "schema: alerts/1\ntargets: 7\n");
    assert_eq!(part(&house, "targets", &[], 1)["state"], "failed");
}

/// A port that nobody listens on any more.
#[cfg(any(feature = "alerts", feature = "privacy"))]
fn closed_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where stores and authorities are not there: said only when they are asked.
#[cfg(all(feature = "pdf", feature = "privacy"))]
#[test]
fn what_is_elsewhere_is_asked_on_request() {
    let house = project();
    let port = closed_port();
    let text = format!("[package]\ntsa = [\"http://127.0.0.1:{port}/\"]\n[stores.shop]\nurl = \"sqlite:shop.db\"\n")
        + &format!("[stores.other]\nurl = \"redis://127.0.0.1:{port}/0\"\ntls = \"never\"\n");
    house.write("probity.toml", text);
    Command::new("sqlite3").arg(house.path("shop.db")).arg("CREATE TABLE a (b);").status().unwrap();
    assert_eq!(part(&house, "stores", &[], 0)["says"], "not asked");
    let authorities = part(&house, "authorities", &["--reach"], 1);
    assert_eq!((&authorities["state"], &authorities["figures"]["unreachable"]), (&"failed".into(), &1.into()));
    let stores = part(&house, "stores", &["--reach"], 1);
    assert_eq!((&stores["state"], &stores["figures"]["unreachable"]), (&"degraded".into(), &1.into()), "{stores}");
}

/// Both readers of metrics take what is written, and read the same of it.
#[test]
fn metrics_are_read_by_others() {
    let house = project();
    let text = house.run(&["health", "--format", "openmetrics"]).expect(0).stdout;
    assert!(text.contains("probity_health{part=\"ledger\",state=\"ok\"} 1\n") && text.ends_with("# EOF\n"), "{text}");
    if judge("promtool") {
        let mut promtool = Command::new("promtool");
        let mut promtool = promtool.args(["check", "metrics"]).stdin(Stdio::piped()).spawn().unwrap();
        promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(promtool.wait().unwrap().success());
    }
    let Some(python) = python() else { return };
    house.write("health.om", &text);
    let read = "import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
                print(sum(sample.value for family in read(open(sys.argv[1]).read()) for sample in family.samples if family.name == 'probity_health'))";
    let ran = Command::new(python).args(["-c", read]).arg(house.path("health.om")).output().unwrap();
    let parts = house.json(&["health", "--time", NOW], 0)["checks"].as_array().unwrap().len();
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), parts.to_string(), "{ran:?}");
}
