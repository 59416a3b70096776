//! Files of a folder, changed row by row; the file system itself is the judge of what stands in them.
#![cfg(feature = "files")]

mod common;

use std::fs;
use std::path::Path;

use common::{collection, delete, equals, find, keys, open, scan, set, texts};
use privacy::map::MappedCollection;
use privacy::store::{DataStore, Fold};
use probity_connectors::Access;

const LINES: &str = "{\"id\": 1, \"mail\":\"ann@example.org\",\"n\":1.50}\r\n\n  {\"mail\":\"bob@example.org\",\"id\":2}\n{\"id\":3,\"mail\":\"Ann@Example.org\"}";
const CSV: &str = "\u{feff}id;mail;note\r\n1;ann@example.org;\"says \"\"hi\"\"\r\nthere\"\r\n2;\"bob@example.org\";\r\n\r\n3; Ann@example.org ;x";
const ARRAY: &str = "{ \"v\": 1, \"data\": [\n  {\"id\": 1, \"mail\": \"ann@example.org\"},\n  {\"id\": 2, \"mail\": \"bob@example.org\"} ,\n  {\"id\": 3, \"mail\": \"eve@example.org\"}\n] }\n";

fn mapped() -> Vec<MappedCollection> {
    vec![
        collection("users", &[("keys", "exports/{date}/users.jsonl"), ("format", "jsonl")], &["*id:integer", "mail"]),
        collection("sheet", &[("keys", "sheet.csv")], &["*id", "mail", "note"]),
        collection("list", &[("keys", "list.json"), ("rows", "data")], &["*id", "mail"]),
        collection("loose", &[("keys", "loose.jsonl")], &["mail"]),
        collection("avatars", &[("keys", "avatars/{user_id}.png"), ("format", "whole")], &["user_id"]),
    ]
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put("exports/2026-01-01/users.jsonl", LINES.as_bytes());
    put("exports/2026-01-02/users.jsonl", b"{\"id\":1,\"mail\":\"bob@example.org\"}\n");
    put("sheet.csv", CSV.as_bytes());
    put("list.json", ARRAY.as_bytes());
    put(
        "loose.jsonl",
        b"{\"mail\":\"ann@example.org\"}\n{\"mail\":\"bob@example.org\"}\n{\"mail\":\"ann@example.org\"}\n",
    );
    put("avatars/7.png", b"\x89PNG seven");
    put("avatars/8.png", b"\x89PNG eight");
    put("other/notes 2026.txt", b"call ann@example.org");
    folder
}

fn store(folder: &Path) -> Box<dyn DataStore> {
    open(&format!("file:{}", folder.display()), &Access::default(), mapped())
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The catalog shows mapped collections, those that nobody mapped, and what cannot be read.
#[test]
fn the_catalog_is_read_off_names_and_rows() {
    let folder = folder();
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link.csv")).unwrap();
    let catalog = store(folder.path()).describe().unwrap();
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    assert_eq!(names, ["avatars", "list", "loose", "other/name_txt", "sheet", "users"]);
    let users = catalog.collection("users").unwrap();
    assert_eq!(users.key, ["path", "id"]);
    assert_eq!(
        users.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(),
        ["path", "date", "id", "mail", "n"]
    );
    assert_eq!(users.column("id").unwrap().type_name, "integer");
    assert_eq!(catalog.collection("loose").unwrap().key, ["path", "row_sha256"]);
    assert_eq!(catalog.collection("avatars").unwrap().rows_estimated, Some(2));
    let unmapped = catalog.collection("other/name_txt").unwrap();
    let words = [("keys", "other/{name}.txt"), ("format", "whole")].map(|(word, text)| (word.into(), text.into()));
    assert_eq!((unmapped.words.as_slice(), unmapped.own.join(",")), (&words[..], "path,row_sha256".to_owned()));
    assert_eq!(catalog.gaps, ["link.csv was not read: it is a link, and links are not followed"]);
}

/// Rows are found by value in every format, and all other bytes stay when they go.
#[test]
fn rows_are_found_and_deleted_byte_by_byte() {
    let folder = folder();
    let mut store = store(folder.path());
    let ann = [equals("mail", Fold::Lower, &["ann@example.org"])];
    let rows = find(&mut *store, "users", &["date", "id", "n"], &ann).unwrap();
    assert_eq!(texts(&rows), ["2026-01-01|1|1.50", "2026-01-01|3|∅"]);
    assert_eq!(delete(&mut *store, "users", &keys(&rows)).unwrap(), 2);
    assert_eq!(text(folder.path(), "exports/2026-01-01/users.jsonl"), "\n  {\"mail\":\"bob@example.org\",\"id\":2}\n");
    assert_eq!(delete(&mut *store, "users", &keys(&rows)).unwrap(), 0, "a second time is no error");

    let rows = find(&mut *store, "sheet", &["id", "note"], &ann).unwrap();
    assert_eq!(texts(&rows), ["1|says \"hi\"\r\nthere", "3|x"]);
    assert_eq!(delete(&mut *store, "sheet", &keys(&rows)).unwrap(), 2);
    assert_eq!(text(folder.path(), "sheet.csv"), "\u{feff}id;mail;note\r\n2;\"bob@example.org\";\r\n\r\n");

    let rows = find(&mut *store, "list", &["id"], &[equals("id", Fold::Exact, &["2"])]).unwrap();
    assert_eq!(delete(&mut *store, "list", &keys(&rows)).unwrap(), 1);
    let expect = ARRAY.replace("  {\"id\": 2, \"mail\": \"bob@example.org\"} ,\n", "");
    assert_eq!(text(folder.path(), "list.json"), expect);
    let rows = find(&mut *store, "list", &["id"], &[]).unwrap();
    assert_eq!(delete(&mut *store, "list", &keys(&rows)).unwrap(), 2);
    assert_eq!(text(folder.path(), "list.json"), "{ \"v\": 1, \"data\": [] }\n");
}

/// Rows without a key are named by their bytes; equal ones count together.
#[test]
fn rows_without_a_key_go_together() {
    let folder = folder();
    let mut store = store(folder.path());
    let rows = find(&mut *store, "loose", &["mail"], &[equals("mail", Fold::Exact, &["ann@example.org"])]).unwrap();
    assert_eq!(rows[0].0, rows[1].0);
    assert_eq!(delete(&mut *store, "loose", &keys(&rows)).unwrap(), 2);
    assert_eq!(text(folder.path(), "loose.jsonl"), "{\"mail\":\"bob@example.org\"}\n");
}

/// Setting fields changes those values and nothing else; a second time changes nothing.
#[test]
fn fields_are_set_in_place() {
    let folder = folder();
    let mut store = store(folder.path());
    let one = [equals("id", Fold::Exact, &["1"]), equals("id", Fold::Exact, &["2"])];
    let rows = find(&mut *store, "users", &["id"], &one).unwrap();
    for _ in 0..2 {
        assert_eq!(set(&mut *store, "users", &keys(&rows), &[("mail", None), ("n", Some("2"))]).unwrap(), 3);
    }
    let expect = LINES
        .replace("\"mail\":\"ann@example.org\",\"n\":1.50", "\"mail\":null,\"n\":2")
        .replace("\"mail\":\"bob@example.org\",\"id\":2", "\"mail\":null,\"id\":2,\"n\":\"2\"");
    assert_eq!(text(folder.path(), "exports/2026-01-01/users.jsonl"), expect);
    let rows = find(&mut *store, "sheet", &["id"], &one).unwrap();
    assert_eq!(set(&mut *store, "sheet", &keys(&rows), &[("mail", Some("erased;1")), ("note", None)]).unwrap(), 2);
    let expect = "\u{feff}id;mail;note\r\n1;\"erased;1\";\r\n2;\"erased;1\";\r\n\r\n3; Ann@example.org ;x";
    assert_eq!(text(folder.path(), "sheet.csv"), expect);
    let rows = find(&mut *store, "list", &["id"], &one).unwrap();
    assert_eq!(set(&mut *store, "list", &keys(&rows), &[("mail", Some("erased"))]).unwrap(), 2);
    let expect = ARRAY.replace("ann@example.org", "erased").replace("bob@example.org", "erased");
    assert_eq!(text(folder.path(), "list.json"), expect);
}

/// Whole files are rows of their own: found by the variables of their names, deleted, never set.
#[test]
fn whole_files_go_by_name() {
    let folder = folder();
    let mut store = store(folder.path());
    let rows = find(
        &mut *store,
        "avatars",
        &["user_id", "path"],
        &[equals("user_id", Fold::Exact, &["7", "99", "../../etc"])],
    )
    .unwrap();
    assert_eq!(texts(&rows), ["7|avatars/7.png"]);
    assert_eq!(set(&mut *store, "avatars", &keys(&rows), &[("user_id", None)]).unwrap_err().code(), "whole-not-set");
    assert_eq!(delete(&mut *store, "avatars", &keys(&rows)).unwrap(), 1);
    assert_eq!(delete(&mut *store, "avatars", &keys(&rows)).unwrap(), 0);
    assert!(!folder.path().join("avatars/7.png").exists() && folder.path().join("avatars/8.png").exists());
}

/// A key that leads out of the folder, over a link or with `..`, changes nothing.
#[test]
fn no_path_leads_out() {
    let folder = folder();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("7.png"), b"mine").unwrap();
    fs::rename(folder.path().join("avatars"), folder.path().join("real")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("avatars")).unwrap();
    let mut store = store(folder.path());
    let key = |path: &str| privacy::row::Key(vec![Some(path.to_owned())]);
    assert_eq!(delete(&mut *store, "avatars", &[key("avatars/7.png")]).unwrap_err().code(), "body-not-readable");
    assert_eq!(delete(&mut *store, "avatars", &[key("avatars/../x.png")]).unwrap_err().code(), "path-outside");
    assert_eq!(delete(&mut *store, "avatars", &[key("real/7.png")]).unwrap_err().code(), "unknown-collection");
    let fault = find(&mut *store, "avatars", &["path"], &[]).unwrap_err();
    assert_eq!((fault.code(), fault.kind()), ("body-not-readable", model::Kind::Unavailable));
    assert_eq!(fs::read(outside.path().join("7.png")).unwrap(), b"mine");
}

/// A second name of a file would keep its old content: refused.
#[test]
fn files_with_two_names_are_refused() {
    let folder = folder();
    fs::hard_link(folder.path().join("loose.jsonl"), folder.path().join("copy.jsonl")).unwrap();
    let mut store = store(folder.path());
    let rows = find(&mut *store, "loose", &["mail"], &[]).unwrap();
    assert_eq!(delete(&mut *store, "loose", &keys(&rows)).unwrap_err().code(), "file-has-links");
}

/// Owner, rights and times of other files stay; the changed file keeps its rights.
#[test]
fn rights_stay() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = folder();
    let path = folder.path().join("loose.jsonl");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let other = fs::metadata(folder.path().join("sheet.csv")).unwrap();
    let mut store = store(folder.path());
    let rows = find(&mut *store, "loose", &["mail"], &[]).unwrap();
    assert_eq!(delete(&mut *store, "loose", &keys(&rows)).unwrap(), 3);
    assert_eq!(fs::read(&path).unwrap(), b"", "an empty file stays");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(folder.path().join("sheet.csv")).unwrap().ino(), other.ino());
}

/// The scan reads every file and name, mapped or not, packed or escaped, and says what it could not read. What is packed
/// within a body is the needles' to open, and to tell when it stays closed.
#[test]
fn the_scan_reads_everything() {
    use std::io::Write;
    let folder = folder();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"from ann@example.org to bob").unwrap();
    put("old.log.gz", &gzip.finish().unwrap());
    put("old.log.zst", &zstd::encode_all(&b"ann@example.org"[..], 1).unwrap());
    put("wide.txt", &"an ann@example.org".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    put("escaped.json", br#"{"a":{"m":"ann\u0040example.org"}}"#);
    put("ann@example.org.txt", b"");
    put("broken.jsonl", b"{\"m\":1}\nann@example.org\n");
    let (hits, scanned) = scan(&mut *store(folder.path()), &["ann@example.org"]);
    let expect = [
        "broken_jsonl content broken.jsonl",
        "escaped_json a.m escaped.json|",
        "list mail list.json|1",
        "loose mail loose.jsonl|",
        "loose mail loose.jsonl|",
        "name_org_txt (name) ann@example.org.txt",
        "old_log_gz content old.log.gz",
        "old_log_zst content old.log.zst",
        "other/name_txt content other/notes 2026.txt",
        "sheet mail sheet.csv|1",
        "sheet mail sheet.csv|3",
        "users mail exports/2026-01-01/users.jsonl|1",
        "users mail exports/2026-01-01/users.jsonl|3",
        "wide_txt content wide.txt",
    ];
    assert_eq!(hits.len(), expect.len(), "{hits:#?}");
    for (hit, expect) in hits.iter().zip(expect) {
        assert!(hit.starts_with(expect), "{hit} is not {expect}");
    }
    let unread = scanned.unread.join("\n");
    assert!(unread.contains("broken.jsonl"), "{unread}");
}

/// A row that cannot be read is a fault with its place, for nobody knows whose it is.
#[test]
fn bad_rows_are_located() {
    let check = |name: &str, bytes: &[u8], place: &str| {
        let folder = folder();
        fs::write(folder.path().join(name), bytes).unwrap();
        let collection = name.split('.').next().unwrap();
        let fault = find(&mut *store(folder.path()), collection, &["mail"], &[]).unwrap_err();
        assert_eq!((fault.code(), fault.place().unwrap().to_string().as_str()), ("bad-row", place));
    };
    check("loose.jsonl", b"{}\n{\"a\":1,}\n", "loose.jsonl:2:8");
    check("sheet.csv", b"id,mail\n1,\"ann\n", "sheet.csv:2");
    check("list.json", b"{\"data\":\n [1,]}", "list.json:2:5");
    check("sheet.csv", b"id,mail\n1,\xff\n", "sheet.csv:2:3");
}

/// Packed files are unpacked, changed and packed again.
#[test]
fn packed_rows_are_changed() {
    use std::io::{Read, Write};
    let folder = folder();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"{\"mail\":\"ann@example.org\"}\n{\"mail\": \"bob@example.org\"}\n").unwrap();
    fs::write(folder.path().join("p.jsonl.gz"), gzip.finish().unwrap()).unwrap();
    let url = format!("file:{}", folder.path().display());
    let mut store = open(&url, &Access::default(), vec![collection("p", &[("keys", "p.jsonl.gz")], &["mail"])]);
    let rows = find(&mut *store, "p", &["mail"], &[equals("mail", Fold::Exact, &["ann@example.org"])]).unwrap();
    assert_eq!(delete(&mut *store, "p", &keys(&rows)).unwrap(), 1);
    let mut text = String::new();
    let file = fs::File::open(folder.path().join("p.jsonl.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    assert_eq!(text, "{\"mail\": \"bob@example.org\"}\n");
}

/// A Parquet file of another program: every type has its text, rows go, values are set, the rest reads as before.
#[test]
fn parquet_rows_are_changed() {
    let folder = folder();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/connectors/users.parquet");
    fs::copy(fixture, folder.path().join("users.parquet")).unwrap();
    let url = format!("file:{}", folder.path().display());
    let mapped = vec![collection("table", &[("keys", "users.parquet")], &["*id", "mail"])];
    let mut store = open(&url, &Access::default(), mapped);
    let fields = ["id", "mail", "born", "at", "score", "sum", "tags", "address.city", "kind", "raw"];
    let rows = find(&mut *store, "table", &fields, &[]).unwrap();
    let expect = [
        "1|ann@example.org|1990-01-02|2026-01-02T03:04:05.6Z|1.5|1.10|[\"a\",\"b\"]|Oslo|x|00ff",
        "2|bob@example.org|∅|2026-01-02T03:04:05.6Z|2|∅|[]|∅|y|",
        "3|∅|2001-02-03|2026-01-02T03:04:05.6Z|NaN|-2.00|∅|∅|x|∅",
        "4|Ann@Example.org|0001-01-01|2026-01-02T03:04:05.6Z|-0.25|0.01|[\"ann@example.org\"]|Rom|x|7a",
    ];
    assert_eq!(texts(&rows), expect);
    let (hits, _) = scan(&mut *store, &["ann@example.org"]);
    let hits: Vec<&String> = hits.iter().filter(|hit| hit.starts_with("table")).collect();
    assert_eq!(hits, ["table mail users.parquet|1", "table mail users.parquet|4", "table tags users.parquet|4"]);
    let gone = find(&mut *store, "table", &["id"], &[equals("id", Fold::Exact, &["1"])]).unwrap();
    assert_eq!(delete(&mut *store, "table", &keys(&gone)).unwrap(), 1);
    let last = find(&mut *store, "table", &["id"], &[equals("tags", Fold::Exact, &["ann@example.org"])]).unwrap();
    let new =
        [("mail", Some("erased")), ("tags", None), ("score", Some("7")), ("born", Some("1970-01-01")), ("kind", None)];
    assert_eq!(set(&mut *store, "table", &keys(&last), &new).unwrap(), 1);
    let rows = find(&mut *store, "table", &fields, &[]).unwrap();
    assert_eq!(texts(&rows)[..2], expect[1..3]);
    assert_eq!(texts(&rows)[2], "4|erased|1970-01-01|2026-01-02T03:04:05.6Z|7|0.01|∅|Rom|∅|7a");
    let fault = set(&mut *store, "table", &keys(&last), &[("sum", Some("much"))]).unwrap_err();
    assert_eq!(fault.code(), "field-not-set");
    let judged = pyarrow(
        &folder.path().join("users.parquet"),
        "old = pq.read_table(sys.argv[2]); new = pq.read_table(sys.argv[1])\n\
         assert new.schema.equals(old.schema, check_metadata=True), (new.schema, old.schema)\n\
         assert new.slice(0, 2).to_pylist()[0] == old.slice(1, 1).to_pylist()[0]\n\
         meta = pq.ParquetFile(sys.argv[1]).metadata\n\
         print(meta.row_group(0).column(1).compression, [meta.row_group(n).num_rows for n in range(meta.num_row_groups)], new.column('mail').to_pylist(), new.column('born').to_pylist()[2])",
    );
    assert_eq!(judged, "SNAPPY [3] ['bob@example.org', None, 'erased'] 1970-01-01");
}

/// The judge of Parquet: what a script with pyarrow prints about a file and the fixture.
fn pyarrow(file: &Path, script: &str) -> String {
    let python = std::env::var("PROBITY_TEST_PYTHON").expect("tests/setup has set it");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/connectors/users.parquet");
    let script = format!("import sys, pyarrow.parquet as pq\n{script}");
    let output = std::process::Command::new(python).arg("-c").arg(script).arg(file).arg(fixture).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const KILLED: &str = "PROBITY_TEST_REWRITE";

/// Not a test of its own: what the next one kills.
#[test]
#[ignore = "run by the test below"]
fn rewrites_until_killed() {
    let Some(folder) = std::env::var_os(KILLED) else { return };
    let mut store = store(Path::new(&folder));
    let rows = find(&mut *store, "loose", &["mail"], &[equals("mail", Fold::Exact, &["ann@example.org"])]).unwrap();
    delete(&mut *store, "loose", &keys(&rows)).unwrap();
}

/// Kill -9 at any moment of a rewrite leaves the old or the new file, and the next run finishes.
#[test]
fn a_killed_rewrite_leaves_the_old_or_the_new_file() {
    let folder = folder();
    let path = folder.path().join("loose.jsonl");
    let (mut old, mut new) = (String::new(), String::new());
    for n in 0..20_000 {
        let line = format!("{{\"mail\":\"p{n}@example.org\"}}\n");
        new.push_str(&line);
        old.push_str(&line);
        if n % 100 == 0 {
            old.push_str("{\"mail\":\"ann@example.org\"}\n");
        }
    }
    let mut finished = 0;
    for round in 0..25 {
        fs::write(&path, &old).unwrap();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "rewrites_until_killed", "--ignored"])
            .env(KILLED, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(40 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = fs::read_to_string(&path).unwrap();
        assert!(now == old || now == new, "round {round}: {} bytes", now.len());
        finished += u64::from(now == new);
    }
    assert!(finished > 0, "no round came to its end");
    fs::write(&path, &old).unwrap();
    let mut store = store(folder.path());
    let rows = find(&mut *store, "loose", &["mail"], &[equals("mail", Fold::Exact, &["ann@example.org"])]).unwrap();
    assert_eq!(delete(&mut *store, "loose", &keys(&rows)).unwrap(), 200);
    assert_eq!(fs::read_to_string(&path).unwrap(), new);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".probity-new")), "{left:?}");
}
