//! What changes between the plan and its end: schemas, locks of objects, the clock.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::{ANN, Engine, KINDS, MAP, Ran, SHOP, Scene, database, in_words_of, judge, rows};
use crate::databases::server;
use crate::house::House;

/// Changes of the shop's schema, each with what takes it back.
fn changes(engine: &Engine) -> Vec<(&'static str, &'static str)> {
    let (trigger, gone) = match engine {
        Engine::Sqlite(_) => {
            ("CREATE TRIGGER keeps BEFORE DELETE ON parcel BEGIN SELECT RAISE(IGNORE); END;", "DROP TRIGGER keeps;")
        }
        Engine::Postgres(..) => (
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER keeps BEFORE DELETE ON parcel FOR EACH ROW EXECUTE FUNCTION keep();",
            "DROP TRIGGER keeps ON parcel; DROP FUNCTION keep;",
        ),
        Engine::MariaDb(..) => {
            ("CREATE TRIGGER keeps BEFORE DELETE ON parcel FOR EACH ROW SET @kept = OLD.note;", "DROP TRIGGER keeps;")
        }
    };
    vec![
        ("ALTER TABLE parcel ADD COLUMN weight INT;", "ALTER TABLE parcel DROP COLUMN weight;"),
        ("ALTER TABLE parcel DROP COLUMN note;", ""),
        ("ALTER TABLE parcel RENAME TO parcels;", "ALTER TABLE parcels RENAME TO parcel;"),
        (trigger, gone),
    ]
}

/// Between plan and confirmation: the plan is another, and nothing is done until it was looked at again.
#[test]
fn a_schema_that_changes_after_the_plan() {
    for kind in KINDS {
        let Some(scene) = Scene::of(kind, "schema", 3) else { continue };
        let others = scene.others.clone();
        for (change, back) in changes(&scene.shop) {
            if back.is_empty() {
                continue;
            }
            let digest = scene.digest();
            scene.shop.ask(change);
            scene.house.run(&["erase", ANN, "--confirm", &digest]).expect(4).code("plan-changed");
            scene.shop.ask(back);
            assert_eq!((scene.left(), scene.others_now()), (scene.anns, others.clone()), "{kind}: {change}");
        }
        let digest = scene.digest();
        scene.house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
        scene.is_over("req-0001");
    }
}

/// Between a run that was stopped and the one that goes on: what the plan did not see is not acted upon, and what is left is
/// erased by a plan that sees it.
#[test]
fn a_schema_that_changes_before_the_rest() {
    for kind in KINDS {
        for at in 0..4 {
            let Some(mut scene) = Scene::of(kind, &format!("rest{at}"), 3) else { continue };
            let (change, back) = changes(&scene.shop)[at];
            half_done(&scene);
            scene.shop.ask(change);
            if at == 3 && kind == "mariadb" {
                // A trigger that lets the deletion be is no reason to refuse.
                scene.resumes();
                continue;
            }
            let ran = scene.house.run(&["erase", "--resume", "req-0001", "--json"]);
            let code = if at == 3 { "\"not-erased\"" } else { "\"plan-drift\"" };
            assert!([4, 5].contains(&ran.exit) && ran.stdout.contains(code), "{kind}: {change}: {ran:?}");
            let back = if back.is_empty() { "ALTER TABLE parcel ADD COLUMN note VARCHAR(60);" } else { back };
            scene.shop.ask(back);
            assert_eq!(scene.left(), 4, "{kind}: {change}");
            if at == 1 {
                // The notes are gone for good: the rest needs a plan of its own.
                scene.others = scene.others_now();
                scene.house.run(&["erase", ANN, "--confirm", &scene.digest()]).expect(0);
                scene.is_over_with("req-0002", 4);
                scene.house.run(&["erase", "--resume", "req-0001"]).expect(0);
            } else {
                scene.resumes();
            }
        }
    }
}

/// The sales are done, the shop is not: for a moment nobody may be deleted there.
fn half_done(scene: &Scene) {
    match &scene.shop {
        Engine::Sqlite(_) => {
            scene.shop.ask("CREATE TRIGGER no BEFORE DELETE ON person BEGIN SELECT RAISE(ABORT, 'not now'); END;");
            scene.fails(&scene.digest(), 5, "constraint-broken");
            scene.shop.ask("DROP TRIGGER no;");
        }
        _ => {
            scene.settings(&scene.shop.url(), &scene.sales.url(), "lock_timeout = \"1s\"");
            let digest = scene.digest();
            let mut other = scene.shop.session();
            other.say("BEGIN; SELECT * FROM person WHERE id = 1 FOR UPDATE;");
            super::waiting::until_it_holds(&scene.shop);
            scene.fails(&digest, 5, "store-lock-timeout");
        }
    }
}

const OBJECTS: &str = "- fides_key: files
  collections:
  - name: letter
    meta: {probity: {keys: 'letters/{person}/{n}.txt', format: whole}}
    fields:
    - name: person
      data_categories: [user.unique_id]
      fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}
";

/// boto3, a client that nobody here wrote, about the bucket `B`: what the script prints.
fn boto(bucket: &str, script: &str) -> String {
    let variable = |name: &str| std::env::var(name).unwrap();
    let [url, key, secret] =
        ["URL", "ACCESS_KEY", "SECRET_KEY"].map(|name| variable(&format!("PROBITY_TEST_S3_{name}")));
    let head = format!(
        "import boto3, datetime\nB = {bucket:?}\ns3 = boto3.client('s3', endpoint_url={url:?}, aws_access_key_id={key:?}, aws_secret_access_key={secret:?}, region_name='us-east-1')\n"
    );
    let python = std::path::Path::new(&variable("PROBITY_TEST_MOTO")).parent().unwrap().join("python");
    let ran = Ran::of(Command::new(python).args(["-c", &(head + script)]).output().unwrap());
    ran.expect(0).stdout.trim().to_owned()
}

/// A server of S3 of our own that asks for rights once it is told to, stopped at the end.
struct Guarded {
    child: std::process::Child,
    url: String,
}

impl Guarded {
    fn start() -> Option<Guarded> {
        server("PROBITY_TEST_S3_URL")?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(std::env::var("PROBITY_TEST_MOTO").unwrap())
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let guarded = Guarded { child, url: format!("http://127.0.0.1:{port}") };
        let began = std::time::Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed().as_secs() < 60, "the server does not come up");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Some(guarded)
    }

    /// What a script prints that has the clients `s3` and `iam`; `asked(n)`: after `n` more questions rights are asked for.
    fn script(&self, script: &str) -> String {
        let head = format!(
            "import boto3, json, urllib.request\nkw = dict(endpoint_url={0:?}, region_name='us-east-1', aws_access_key_id='a', aws_secret_access_key='b')\n\
             iam = boto3.client('iam', **kw); s3 = boto3.client('s3', **kw)\n\
             def asked(n): urllib.request.urlopen(urllib.request.Request({0:?} + '/moto-api/reset-auth', data=str(n).encode(), method='POST', headers={{'Content-Type': 'text/plain'}}))\n\
             def may(*acts): iam.put_user_policy(UserName='u', PolicyName='p', PolicyDocument=json.dumps({{'Version': '2012-10-17', 'Statement': [{{'Effect': 'Allow', 'Action': acts, 'Resource': '*'}}]}}))\n",
            self.url
        );
        let python = std::env::var("PROBITY_TEST_MOTO").unwrap().replace("moto_server", "python");
        Ran::of(Command::new(python).args(["-c", &(head + script)]).output().unwrap())
            .expect(0)
            .stdout
            .trim()
            .to_owned()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key that may read and not delete: nothing is deleted, nothing is called so, and with the right it is done.
#[test]
fn a_bucket_that_may_not_be_changed() {
    let Some(guarded) = Guarded::start() else { return };
    let house = House::initialised();
    let Some(shop) = database(&house, "sqlite", "denied") else { return };
    shop.ask(&(in_words_of(&shop, SHOP) + &rows("parcel", 3)));
    let key = guarded.script(
        "s3.create_bucket(Bucket='letters')\nfor p in (1, 2):\n  for n in range(3): s3.put_object(Bucket='letters', Key=f'letters/{p}/{n}.txt', Body=b'dear')\n\
         iam.create_user(UserName='u')\nmay('s3:Get*', 's3:List*')\nk = iam.create_access_key(UserName='u')['AccessKey']\nasked(0)\nprint(k['AccessKeyId'], k['SecretAccessKey'])",
    );
    let (id, secret) = key.split_once(' ').unwrap();
    house.write("secret", secret);
    house.write("probity-map.yml", MAP.split("- fides_key: sales").next().unwrap().to_owned() + OBJECTS);
    let files = format!(
        "[stores.files]\nurl = \"s3://letters\"\nendpoint = \"{}\"\naccess_key = \"{id}\"\npassword_file = \"secret\"\n",
        guarded.url
    );
    house.write(
        "probity.toml",
        format!("{}\n[stores.shop]\nurl = \"{}\"\n{files}", house.read("probity.toml"), shop.url()),
    );
    let plan = house.json(&["erase", ANN, "--dry-run"], 0);
    let told = house.json(&["erase", ANN, "--confirm", plan["digest"].as_str().unwrap()], 5);
    assert_eq!((&told["fault"]["code"], &told["counts"]["deleted"]), (&"store-permission".into(), &0.into()), "{told}");
    let left = || {
        guarded.script("asked(1000000)\nprint(*[o['Key'] for o in s3.list_objects_v2(Bucket='letters')['Contents']])")
    };
    assert_eq!((left().split(' ').count(), shop.ask("SELECT count(*) FROM person;").as_str()), (6, "2"));
    guarded.script("may('s3:*')\nasked(0)");
    let told = house.json(&["erase", "--resume", "req-0001"], 0);
    assert_eq!((&told["result"], &told["counts"]["deleted"]), (&"complete".into(), &7.into()), "{told}");
    assert_eq!(
        (left().as_str(), shop.ask("SELECT count(*) FROM person;").as_str()),
        ("letters/2/0.txt letters/2/1.txt letters/2/2.txt", "1")
    );
    house.run(&["audit", "verify"]).expect(0);
}

/// A legal hold, or a time to keep, comes upon an object after the plan: nothing of its store is deleted, the database that
/// knows the person is not touched, and without the hold all of it is.
#[test]
fn an_object_that_is_locked_after_the_plan() {
    if server("PROBITY_TEST_S3_URL").is_none() || !judge("sqlite3") {
        return;
    }
    let house = House::initialised();
    let shop = database(&house, "sqlite", "locked").unwrap();
    shop.ask(&(in_words_of(&shop, SHOP) + &rows("parcel", 3)));
    let bucket = format!("faults-{}", std::process::id());
    boto(
        &bucket,
        "s3.create_bucket(Bucket=B, ObjectLockEnabledForBucket=True)\nfor p in (1, 2):\n  for n in range(3): s3.put_object(Bucket=B, Key=f'letters/{p}/{n}.txt', Body=b'dear')",
    );
    house.write("probity-map.yml", MAP.split("- fides_key: sales").next().unwrap().to_owned() + OBJECTS);
    house.write("secret", std::env::var("PROBITY_TEST_S3_SECRET_KEY").unwrap());
    let files = format!(
        "[stores.files]\nurl = \"s3://{bucket}\"\nendpoint = \"{}\"\naccess_key = \"{}\"\npassword_file = \"secret\"\n",
        std::env::var("PROBITY_TEST_S3_URL").unwrap(),
        std::env::var("PROBITY_TEST_S3_ACCESS_KEY").unwrap()
    );
    house.write(
        "probity.toml",
        format!("{}\n[stores.shop]\nurl = \"{}\"\n{files}", house.read("probity.toml"), shop.url()),
    );
    let versions = || {
        boto(
            &bucket,
            "a = s3.list_object_versions(Bucket=B)\nprint(len(a.get('Versions', [])), len(a.get('DeleteMarkers', [])), sum(v['Key'].startswith('letters/2/') for v in a.get('Versions', [])))",
        )
    };
    let digest = || house.json(&["erase", ANN, "--dry-run"], 0)["digest"].as_str().unwrap().to_owned();
    let before = digest();
    boto(&bucket, "s3.put_object_legal_hold(Bucket=B, Key='letters/1/1.txt', LegalHold={'Status': 'ON'})");
    let ran = house.run(&["erase", ANN, "--confirm", &before]).expect(4).code("object-locked");
    assert!(ran.stderr.contains("legal hold"), "{ran:?}");
    assert_eq!((versions().as_str(), shop.ask("SELECT count(*) FROM person;").as_str()), ("6 0 3", "2"));
    let listed = house.json(&["erase", "--list"], 0);
    assert_eq!(listed["requests"][0]["status"], "revoked", "nothing was changed: {listed}");
    house.run(&["audit", "verify"]).expect(0);
    boto(&bucket, "s3.put_object_legal_hold(Bucket=B, Key='letters/1/1.txt', LegalHold={'Status': 'OFF'})");
    let told = house.json(&["erase", ANN, "--confirm", &digest()], 0);
    assert_eq!((&told["result"], &told["counts"]["deleted"]), (&"complete".into(), &7.into()), "{told}");
    assert_eq!((versions().as_str(), shop.ask("SELECT count(*) FROM person;").as_str()), ("3 0 3", "1"));
    house.run(&["audit", "verify"]).expect(0);
    shop.remove();
}

/// The clock jumps back or forth between plan, confirmation and the rest: the digest is the same, the term counts from when
/// the request came in, and the ledger's order is its own, with a word about the clock.
#[test]
fn a_clock_that_jumps() {
    for (confirm, rest) in [
        ("2026-11-20T08:00:00Z", "2019-01-01T00:00:00Z"),
        ("2026-11-22T12:00:00Z", "2031-05-05T05:05:05Z"),
        ("2030-02-28T23:59:59Z", "2026-11-22T12:00:01Z"),
    ] {
        let Some(scene) = Scene::of("sqlite", "clock", 3) else { return };
        scene.shop.ask("CREATE TRIGGER no BEFORE DELETE ON person BEGIN SELECT RAISE(ABORT, 'not now'); END;");
        let digest = scene.digest();
        scene
            .house
            .run(&["erase", ANN, "--confirm", &digest, "--received", "2026-11-19T09:00:00Z", "--time", confirm])
            .expect(5);
        let due = || scene.house.json(&["erase", "--list"], 0)["requests"][0]["expected_by"].clone();
        let before = due();
        assert!(before.as_str().unwrap().starts_with("2026-12-"), "{before}");
        scene.shop.ask("DROP TRIGGER no;");
        let told: Value = {
            let ran = scene.house.run(&["erase", "--resume", "req-0001", "--time", rest, "--json"]).expect(0);
            serde_json::from_str(&ran.stdout).unwrap()
        };
        assert_eq!(told["result"], "complete", "{told}");
        assert_eq!(due(), before);
        let text = scene.house.read(".probity/requests/req-0001/certificate.json");
        let certificate: Value = serde_json::from_str(&text).unwrap();
        assert!(text.contains(digest.trim_start_matches("sha256:")), "{certificate}");
        let ran = scene.house.run(&["audit", "search", "--json"]).expect(0);
        assert!(ran.stdout.contains("ledger.clock-went-back"), "{}", ran.stdout);
        scene.house.run(&["audit", "verify"]).expect(0);
        assert_eq!(scene.left(), 0);
        scene.untouched_others();
    }
}

/// The same with the system's own clock, which libfaketime moves while the program runs.
#[test]
fn the_clock_of_the_system_jumps() {
    if !judge("faketime") {
        return;
    }
    let Some(scene) = Scene::of("sqlite", "faketime", 3) else { return };
    let at = |time: &str, args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_probity");
        let mut command = Command::new("faketime");
        command.arg(time).arg(program).args(args).current_dir(scene.house.root()).stdin(Stdio::null());
        // What somebody has set for other programs is no setting of this one.
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TZ", "UTC");
        Ran::of(command.output().unwrap())
    };
    let plan: Value =
        serde_json::from_str(&at("2027-06-01 10:00:00", &["erase", ANN, "--dry-run", "--json"]).expect(0).stdout)
            .unwrap();
    let digest = plan["digest"].as_str().unwrap();
    let told = at("2020-02-02 02:02:02", &["erase", ANN, "--confirm", digest, "--json"]).expect(0);
    assert!(told.stdout.contains("\"complete\""), "{told:?}");
    scene.is_over("req-0001");
    let ran = scene.house.run(&["audit", "search", "--json"]).expect(0);
    assert!(ran.stdout.contains("ledger.clock-went-back") && ran.stdout.contains("2020-02-02T02:02"), "{}", ran.stdout);
}
