//! What is told of backups.

use super::*;

const PGBACKREST: &str = r#"[{"archive":[{"database":{"id":1,"repo-key":1},"id":"17-1","max":"0A","min":"01"}],"backup":[
{"error":false,"label":"20261121-020000F","timestamp":{"start":1795226400,"stop":1795227000},"type":"full"},
{"error":true,"label":"20261122-020000F","timestamp":{"start":1795312800,"stop":1795313400},"type":"full"}],
"cipher":"aes-256-cbc","db":[{"id":1,"repo-key":1,"version":"17"}],"name":"main",
"repo":[{"cipher":"aes-256-cbc","key":1,"status":{"code":0,"message":"ok"}}],"status":{"code":0,"message":"ok"}}]"#;

const DRILL: &str = "restore_drill: 1\nbackup: main\nstarted: 2026-11-01T10:00:00Z\nfinished: 2026-11-01T11:10:00Z\noutcome: restored\n";

fn told(files: &[(&str, &str)]) -> Read {
    let files: Vec<File<'_>> = files.iter().map(|(name, text)| File { name, text }).collect();
    assert!(files.iter().all(|file| recognise(*file)));
    read(&files)
}

#[test]
fn a_backup_with_an_error_is_none() {
    let read = told(&[("info.json", PGBACKREST), ("drill.yaml", DRILL)]);
    assert_eq!(read.gaps, []);
    let set = &read.value["sets"][0];
    assert_eq!((&set["count"], &set["newest"]), (&json!(1), &json!("2026-11-21T02:10:00Z")));
    assert_eq!((&set["restored"], &set["restore_time"]), (&json!("2026-11-01T11:10:00Z"), &json!(4200)));
    assert_eq!(set["encrypted"], true);
    let plain = PGBACKREST.replace("\"repo\":[{\"cipher\":\"aes-256-cbc\"", "\"repo\":[{\"cipher\":\"none\"");
    assert_eq!(told(&[("info.json", &plain)]).value["sets"][0]["encrypted"], false);
}

#[test]
fn what_pgbackrest_is_not_sure_of_is_a_gap() {
    let broken = PGBACKREST
        .replace("\"status\":{\"code\":0,\"message\":\"ok\"}}]", "\"status\":{\"code\":99,\"message\":\"other\"}}]");
    assert!(told(&[("info.json", &broken)]).gaps[0].why.contains("other"));
}

#[test]
fn snapshots_are_put_together_by_host_and_paths() {
    let one = |time: &str, path: &str| {
        format!(r#"{{"time":"{time}","tree":"ab","paths":["{path}"],"hostname":"db1","id":"cd","short_id":"cd"}}"#)
    };
    let text = format!(
        "[{},\n{},\n{}]",
        one("2026-11-20T02:00:00.5+01:00", "/srv"),
        one("2026-11-21T02:00:00Z", "/srv"),
        one("2026-11-01T02:00:00Z", "/etc")
    );
    let read = told(&[("snapshots.json", &text)]);
    let sets = read.value["sets"].as_array().unwrap();
    assert_eq!((sets.len(), &sets[1]["name"], &sets[1]["count"]), (2, &json!("db1:/srv"), &json!(2)));
    assert_eq!((&sets[1]["newest"], &sets[1]["place"]), (&json!("2026-11-21T02:00:00Z"), &json!("snapshots.json:2:1")));
}

#[test]
fn drills_are_read_strictly() {
    let check = |from: &str, to: &str, place: &str, why: &str| {
        let drill = DRILL.replace(from, to);
        let gaps = told(&[("info.json", PGBACKREST), ("drill.yaml", &drill)]).gaps;
        assert!(gaps[0].place == format!("drill.yaml:{place}") && gaps[0].why.contains(why), "{to}: {gaps:?}");
    };
    check("outcome: restored", "outcome: ok", "5:10", "outcome");
    check("finished", "finnished", "4:1", "finnished");
    check("11:10:00Z", "09:10:00Z", "4:11", "ends before it begins");
    check("backup: main", "backup: mian", "1:1", "no report");
    check("restore_drill: 1", "restore_drill: 2", "1:16", "version");
    let failed = told(&[("info.json", PGBACKREST), ("drill.yaml", &DRILL.replace("restored", "failed"))]);
    assert_eq!((failed.value["sets"][0]["restored"].clone(), failed.gaps), (json!(null), vec![]));
}
