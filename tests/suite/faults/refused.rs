//! Stores that may not be written to, and disks that are full.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{ANN, Engine, Scene, judge};
use crate::house::with_own_mounts;

/// A database whose transactions only read: known before anything is done anywhere.
#[test]
fn a_database_that_only_reads() {
    let Some(scene) = Scene::of("postgres", "reads", 3) else { return };
    let digest = scene.digest();
    let name = scene.shop.url().rsplit('/').next().unwrap().to_owned();
    let set = |on: &str| scene.shop.ask(&format!("ALTER DATABASE {name} SET default_transaction_read_only = {on};"));
    set("on");
    let told = scene.fails(&digest, 8, "store-read-only");
    assert_eq!(scene.left(), scene.anns, "nothing was changed in the other store either: {told}");
    scene.shop.ask(&format!("BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT;"));
    scene.resumes();
}

/// A user who loses the right to delete in the middle of an erase: the store is as it was, and with the right it is done.
#[test]
fn a_user_who_may_not_delete() {
    for kind in ["postgres", "mariadb"] {
        let Some(scene) = Scene::of(kind, "grants", 3) else { continue };
        let user = format!("leaver_{}", std::process::id());
        let (url, name) = (scene.shop.url(), scene.shop.url().rsplit('/').next().unwrap().to_owned());
        let (make, table, gone, root) = match kind {
            "postgres" => {
                let make = format!(
                    "CREATE ROLE {user} LOGIN; GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user};"
                );
                (make, "person".to_owned(), format!("DROP OWNED BY {user}; DROP ROLE {user};"), "postgres")
            }
            _ => {
                let tables = ["person", "parcel"]
                    .map(|table| format!("GRANT SELECT, UPDATE, DELETE ON {name}.{table} TO {user};"));
                (
                    format!("CREATE USER {user}; {}", tables.concat()),
                    format!("{name}.person"),
                    format!("DROP USER {user};"),
                    "root",
                )
            }
        };
        scene.shop.ask(&make);
        let own = url.replacen(&format!("//{root}@"), &format!("//{user}@"), 1);
        scene.settings(&own, &scene.sales.url(), "lock_timeout = \"1s\"");
        let digest = scene.digest();
        let mut other = scene.shop.session();
        other.say("BEGIN; SELECT * FROM person WHERE id = 1 FOR UPDATE;");
        super::waiting::until_it_holds(&scene.shop);
        scene.fails(&digest, 5, "store-lock-timeout");
        drop(other);
        scene.shop.ask(&format!("REVOKE DELETE ON {table} FROM {user};"));
        let told = scene.house.json(&["erase", "--resume", "req-0001"], 5);
        scene.tells_of_failure(&told, "store-permission");
        assert_eq!(scene.shop.ask("SELECT count(*) FROM parcel WHERE person = 1;"), "3", "taken back");
        scene.shop.ask(&format!("GRANT DELETE ON {table} TO {user};"));
        scene.resumes();
        scene.shop.ask(&gone);
    }
}

/// Who may never delete there is told in the plan; what is left is found, and never called erased.
#[test]
fn a_user_who_could_never_delete() {
    let Some(scene) = Scene::of("postgres", "reader", 3) else { return };
    let user = format!("reader_{}", std::process::id());
    scene.shop.ask(&format!("CREATE ROLE {user} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}; GRANT UPDATE, DELETE ON parcel TO {user};"));
    scene.settings(&scene.shop.url().replacen("//postgres@", &format!("//{user}@"), 1), &scene.sales.url(), "");
    let plan = scene.house.json(&["erase", ANN, "--dry-run"], 0);
    assert!(plan["plan"]["gaps"].to_string().contains("cannot be deleted there"), "{plan}");
    scene.house.run(&["erase", ANN, "--dry-run", "--strict"]).expect(4).code("plan-has-gaps");
    let told = scene.house.json(&["erase", ANN, "--confirm", plan["digest"].as_str().unwrap()], 1);
    assert_eq!((&told["result"], &told["closed"]), (&"residual-found".into(), &false.into()), "{told}");
    assert_eq!((scene.left(), scene.entry()["facts"]["deleted"].as_u64()), (1, Some(6)));
    scene.untouched_others();
    scene.shop.ask(&format!("DROP OWNED BY {user}; DROP ROLE {user};"));
    scene.settings(&scene.shop.url(), &scene.sales.url(), "");
    scene.house.run(&["erase", ANN, "--confirm", &scene.digest()]).expect(0);
    scene.is_over_with("req-0002", 1);
    scene.house.run(&["erase", "--resume", "req-0001"]).expect(0);
}

/// Triggers and tables that a user of MariaDB may not see are named in the plan, with the right that shows them.
#[test]
fn a_user_who_sees_no_triggers() {
    let Some(scene) = Scene::of("mariadb", "blind", 3) else { return };
    let user = format!("blind_{}", std::process::id());
    let name = scene.shop.url().rsplit('/').next().unwrap().to_owned();
    scene.shop.ask(&format!(
        "CREATE TABLE log(text VARCHAR(60));
         CREATE TRIGGER keeps AFTER DELETE ON person FOR EACH ROW INSERT INTO log VALUES (CONCAT('was: ', OLD.name));
         CREATE USER {user}; GRANT SELECT, UPDATE, DELETE ON {name}.* TO {user};"
    ));
    let own = |user: &str| {
        scene.settings(&scene.shop.url().replacen("//root@", &format!("//{user}@"), 1), &scene.sales.url(), "")
    };
    let gaps = || scene.house.json(&["erase", ANN, "--dry-run"], 0)["plan"]["gaps"].to_string();
    own(&user);
    let told = gaps();
    assert!(told.contains("Triggers of 3 tables, log to person, cannot be seen: GRANT TRIGGER ON"), "{told}");
    assert!(!told.contains("no right cannot be seen"), "{told}");
    scene.house.run(&["erase", ANN, "--dry-run", "--strict"]).expect(4).code("plan-has-gaps");
    // The right of a single table shows that table's; a role gives rights as well.
    scene.shop.ask(&format!("GRANT TRIGGER ON {name}.person TO {user};"));
    let told = gaps();
    assert!(told.contains("Triggers of 2 tables, log to parcel,"), "{told}");
    let plan = scene.house.json(&["erase", ANN, "--dry-run"], 0);
    assert!(plan["plan"]["traps"].to_string().contains("keeps"), "{plan}");
    scene.shop.ask(&format!("CREATE ROLE {user}_role; GRANT TRIGGER ON {name}.* TO {user}_role; GRANT {user}_role TO {user}; SET DEFAULT ROLE {user}_role FOR {user};"));
    assert!(!gaps().contains("riggers"), "{}", gaps());
    // Who was given rights table by table does not see the others, nor what refers from them.
    scene.shop.ask(&format!("REVOKE ALL PRIVILEGES, GRANT OPTION FROM {user}; DROP ROLE {user}_role; GRANT SELECT, UPDATE, DELETE, TRIGGER ON {name}.person TO {user};"));
    let told = gaps();
    assert!(
        told.contains("Tables on which this user has no right cannot be seen") && !told.contains("riggers"),
        "{told}"
    );
    own("root");
    assert!(!gaps().contains("cannot be seen"), "{}", gaps());
    scene.shop.ask(&format!("DROP USER {user};"));
}

/// What `script` says in a namespace with mounts of its own, `$shop` being the file of the shop; lines of JSON.
fn with_mounts(scene: &Scene, script: &str) -> Option<Vec<Value>> {
    let Engine::Sqlite(shop) = &scene.shop else { panic!("files only") };
    let script = format!("shop={}; folder=$(dirname $shop)/full\n{script}", shop.display());
    let ran = with_own_mounts(&scene.house, &script)?;
    let lines = ran.stdout.lines().map(serde_json::from_str);
    Some(lines.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

/// A file on a disk that cannot be written to.
#[test]
fn a_file_that_only_reads() {
    let Some(scene) = Scene::of("sqlite", "readonly", 3) else { return };
    let digest = scene.digest();
    let script = format!(
        "mkdir $folder; cp $shop $folder/shop.db; mount --bind $folder $folder; mount -o remount,ro,bind $folder; sed -i s,$shop,$folder/shop.db, probity.toml
         probity erase {ANN} --confirm {digest} --json || echo \"$?\""
    );
    let Some(lines) = with_mounts(&scene, &script) else { return };
    assert_eq!(lines[1], 8, "{lines:?}");
    scene.settings(&scene.shop.url(), &scene.sales.url(), "");
    scene.tells_of_failure(&lines[0], "store-read-only");
    assert_eq!(scene.left(), scene.anns, "nothing was changed in the other store either");
    scene.resumes();
}

/// A file on a disk without room: its database takes the changes back, and with room they are made.
#[test]
fn a_file_on_a_full_disk() {
    let Some(scene) = Scene::of("sqlite", "full", 2_000) else { return };
    let digest = scene.digest();
    let script = format!(
        "mkdir $folder; mount -t tmpfs -o size=400k none $folder; cp $shop $folder/shop.db; sed -i s,$shop,$folder/shop.db, probity.toml
         before=$(sqlite3 $folder/shop.db .dump | sha256sum)
         cat /dev/zero > $folder/ballast || true
         probity erase {ANN} --confirm {digest} --json || echo \"$?\"
         # So much that it can begin, and not end.
         truncate -s -24k $folder/ballast
         probity erase --resume req-0001 --json || echo \"$?\"
         [ \"$(sqlite3 $folder/shop.db .dump | sha256sum)\" = \"$before\" ] && echo '\"as before\"'
         rm $folder/ballast
         probity erase --resume req-0001 --json && echo $?
         cat $folder/shop.db > $shop"
    );
    let Some(lines) = with_mounts(&scene, &script) else { return };
    for (at, exit, states) in [(0, 8, ["not-begun", "failed"]), (2, 5, ["done", "failed"])] {
        let (told, code) = (&lines[at], &lines[at + 1]);
        assert_eq!((&told["fault"]["code"], code), (&"store-disk-full".into(), &exit.into()), "{told}");
        assert_eq!((&told["stores"][0]["state"], &told["stores"][1]["state"]), (&states[0].into(), &states[1].into()));
    }
    assert_eq!(lines[4], "as before", "{lines:?}");
    assert_eq!((&lines[5]["result"], &lines[6]), (&"complete".into(), &0.into()), "{lines:?}");
    scene.settings(&scene.shop.url(), &scene.sales.url(), "");
    scene.is_over("req-0001");
}

/// No room on our own side, at ever larger sizes of files: journal, ledger, certificate break off one after the other; what
/// was not entered was not done, and with room every request is finished.
#[test]
fn no_room_for_our_own_files() {
    let Some(scene) = Scene::of("postgres", "quota", 3) else { return };
    let digest = scene.digest();
    let first = scene.house.path("first");
    copy(&scene.house.path(".probity"), &first);
    let (mut failed, mut finished) = (0, 0);
    for blocks in [0, 1, 2, 4, 8, 16, 32, 64, 128, 1024] {
        fs::remove_dir_all(scene.house.path(".probity")).unwrap();
        copy(&first, &scene.house.path(".probity"));
        // A signal that is not wanted would end the program before the system's answer does.
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec probity erase {ANN} --confirm {digest}");
        let ran = scene.house.shell(&limited.replace("exec probity", "probity"));
        let left = scene.left();
        let id = scene.house.json(&["erase", "--list"], 0)["requests"][0]["request_id"].as_str().map(str::to_owned);
        if ran.exit == 0 {
            finished += 1;
        } else {
            failed += 1;
            assert!(ran.exit == 8 || ran.exit == 5, "{blocks}: {ran:?}");
            assert!(ran.stderr.contains("disk-full") || ran.stdout.contains("stopped"), "{blocks}: {ran:?}");
            assert!(!ran.stdout.contains("complete\n"), "{blocks}: {ran:?}");
        }
        let resumed = id.as_ref().map(|id| scene.house.run(&["erase", "--resume", id]));
        match resumed {
            Some(ran) if ran.exit == 0 => {}
            Some(ran) => {
                ran.expect(4).code("not-confirmed");
                assert_eq!(left, scene.anns, "{blocks}: what was not entered was not done");
            }
            None => assert_eq!(left, scene.anns, "{blocks}: nothing was entered, and nothing done"),
        }
        if scene.left() > 0 {
            scene.house.run(&["erase", ANN, "--confirm", &digest]).expect(0);
        }
        assert_eq!(scene.left(), 0);
        assert_eq!(scene.others_now(), scene.others, "{blocks}");
        scene.house.shell("HOME=$(mktemp -d) probity audit verify").expect(0);
        super::cut::refill(&scene);
    }
    assert!(failed > 4 && finished > 0, "{failed} failed, {finished} finished");
}

fn copy(from: &Path, to: &Path) {
    assert!(judge("cp"));
    assert!(std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}
