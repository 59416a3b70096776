//! Objects of a bucket, on the server of `tests/services s3`; boto3's own words for what is there come through its API.
#![cfg(feature = "objects")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{collection, delete, equals, find, keys, open, scan, set, texts};
use privacy::map::MappedCollection;
use privacy::store::{DataStore, Fold};
use probity_connectors::Access;

fn service(name: &str) -> String {
    std::env::var(format!("PROBITY_TEST_S3_{name}"))
        .expect("tests/services s3 -- cargo test -p probity-connectors --features objects --test objects")
}

fn access() -> Access {
    Access {
        endpoint: Some(service("URL")),
        user: Some(service("ACCESS_KEY")),
        password: Some(service("SECRET_KEY").into()),
        ..Access::default()
    }
}

/// The judge: boto3, a client that nobody here wrote. What the script prints.
fn boto(script: &str) -> String {
    let head = format!(
        "import boto3, datetime\ns3 = boto3.client('s3', endpoint_url={:?}, aws_access_key_id={:?}, aws_secret_access_key={:?}, region_name='us-east-1')\n",
        service("URL"),
        service("ACCESS_KEY"),
        service("SECRET_KEY")
    );
    let server = std::env::var("PROBITY_TEST_MOTO").unwrap_or_default();
    let python = std::path::Path::new(&server).parent().expect("tests/setup has set it").join("python");
    let mut child = Command::new(python)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{head}{script}").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const FILL: &str = r#"
def put(key, text, **more): return s3.put_object(Bucket=B, Key='crm/' + key, Body=text.encode(), **more)
put('exports/2026-01-01/users.jsonl', '{"id":1,"mail":"ann@example.org"}\r\n{"id": 2, "mail":"bob@example.org"}\n', ContentType='application/x-ndjson', Metadata={'owner': 'crm'}, Tagging='team=a%2Bb')
put('sheet.csv', 'id,mail\n1,ann@example.org\n2,"bob@example.org"\n')
put('avatars/7.png', 'seven'); put('avatars/8.png', 'eight'); put('avatars/a b+é?.png', 'odd')
s3.put_object(Bucket=B, Key='other/ann@example.org', Body=b'not of this store')
"#;

fn bucket(name: &str, versions: bool) -> String {
    let enable = "s3.put_bucket_versioning(Bucket=B, VersioningConfiguration={'Status': 'Enabled'})\n";
    let enable = if versions { enable } else { "" };
    boto(&format!("B = {name:?}\ns3.create_bucket(Bucket=B)\n{enable}{FILL}"));
    format!("s3://{name}/crm")
}

fn mapped() -> Vec<MappedCollection> {
    vec![
        collection("users", &[("keys", "exports/{date}/users.jsonl")], &["*id:integer", "mail"]),
        collection("sheet", &[("keys", "sheet.csv")], &["*id", "mail"]),
        collection("avatars", &[("keys", "avatars/{user_id}.png")], &["user_id"]),
    ]
}

fn store(url: &str) -> Box<dyn DataStore> {
    open(url, &access(), mapped())
}

fn versions(bucket: &str) -> String {
    boto(&format!(
        "a = s3.list_object_versions(Bucket={bucket:?})\nfor k in ('Versions', 'DeleteMarkers'):\n  for v in a.get(k, []): print(k[0], v['Key'], v['IsLatest'])"
    ))
}

/// A plain bucket: catalog, rows, whole objects; headers, metadata and tags of a changed object stay.
#[test]
fn a_plain_bucket_is_read_and_changed() {
    let url = bucket("plain", false);
    let mut store = store(&url);
    assert_eq!(store.version().unwrap(), "S3 bucket (without versions)");
    let catalog = store.describe().unwrap();
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    assert_eq!(names, ["avatars", "sheet", "users"]);
    assert_eq!(catalog.collection("users").unwrap().key, ["key", "id"]);
    let ann = [equals("mail", Fold::Lower, &["ann@example.org"])];
    for (collection, key) in [("users", "exports/2026-01-01/users.jsonl"), ("sheet", "sheet.csv")] {
        let rows = find(&mut *store, collection, &["key", "id"], &ann).unwrap();
        assert_eq!(texts(&rows), [format!("{key}|1")]);
        assert_eq!(delete(&mut *store, collection, &keys(&rows)).unwrap(), 1);
        assert_eq!(delete(&mut *store, collection, &keys(&rows)).unwrap(), 0);
    }
    let shown = boto(
        "a = s3.get_object(Bucket='plain', Key='crm/exports/2026-01-01/users.jsonl')\nprint(a['Body'].read(), a['ContentType'], a['Metadata'])\nprint(s3.get_object_tagging(Bucket='plain', Key='crm/exports/2026-01-01/users.jsonl')['TagSet'])\nprint(s3.get_object(Bucket='plain', Key='crm/sheet.csv')['Body'].read())",
    );
    assert_eq!(
        shown,
        "b'{\"id\": 2, \"mail\":\"bob@example.org\"}\\n' application/x-ndjson {'owner': 'crm'}\n[{'Key': 'team', 'Value': 'a+b'}]\nb'id,mail\\n2,\"bob@example.org\"\\n'"
    );
    let bob = find(&mut *store, "sheet", &["id"], &[]).unwrap();
    assert_eq!(set(&mut *store, "sheet", &keys(&bob), &[("mail", None)]).unwrap(), 1);
    let odd = find(&mut *store, "avatars", &["user_id"], &[equals("user_id", Fold::Exact, &["7", "a b+é?"])]).unwrap();
    assert_eq!(texts(&odd), ["7", "a b+é?"]);
    assert_eq!(delete(&mut *store, "avatars", &keys(&odd)).unwrap(), 2);
    assert_eq!(
        boto("print([o['Key'] for o in s3.list_objects_v2(Bucket='plain', Prefix='crm/avatars')['Contents']])"),
        "['crm/avatars/8.png']"
    );
}

/// With versions, every one of them and every marker goes, and other objects keep theirs.
#[test]
fn versions_and_markers_go_too() {
    let url = bucket("versions", true);
    boto(&format!(
        "B = 'versions'\n{FILL}\ns3.delete_object(Bucket=B, Key='crm/avatars/7.png')\nput('avatars/9.png', 'x')\ns3.delete_object(Bucket=B, Key='crm/avatars/9.png')"
    ));
    let mut store = store(&url);
    let rows = find(&mut *store, "avatars", &["user_id"], &[]).unwrap();
    assert_eq!(texts(&rows), ["7", "8", "9", "a b+é?"], "under a marker there is still an object");
    let gone = find(&mut *store, "avatars", &["user_id"], &[equals("user_id", Fold::Exact, &["7"])]).unwrap();
    assert_eq!(delete(&mut *store, "avatars", &keys(&gone)).unwrap(), 1);
    assert_eq!(delete(&mut *store, "avatars", &keys(&gone)).unwrap(), 0);
    let left = versions("versions");
    assert!(!left.contains("avatars/7.png") && left.matches("avatars/8.png").count() == 2, "{left}");

    let ann = [equals("mail", Fold::Exact, &["ann@example.org"])];
    let rows = find(&mut *store, "users", &["id"], &ann).unwrap();
    assert_eq!(rows.len(), 2, "one in each version");
    assert_eq!(delete(&mut *store, "users", &keys(&rows)).unwrap(), 2);
    assert_eq!(find(&mut *store, "users", &["id"], &ann).unwrap().len(), 0);
    let rows = find(&mut *store, "users", &["id"], &[]).unwrap();
    assert_eq!(texts(&rows), ["2"], "the row of another person is in the version that stays");
    assert_eq!(versions("versions").matches("users.jsonl").count(), 1);
}

/// A legal hold or a retention period is refused before anything of the object is deleted.
#[test]
fn locked_objects_are_refused_first() {
    boto(&format!(
        "B = 'locked'\ns3.create_bucket(Bucket=B, ObjectLockEnabledForBucket=True)\n{FILL}\nv = put('avatars/7.png', 'held')['VersionId']\nput('avatars/7.png', 'free')\ns3.put_object_legal_hold(Bucket=B, Key='crm/avatars/7.png', VersionId=v, LegalHold={{'Status': 'ON'}})\ns3.put_object_retention(Bucket=B, Key='crm/avatars/8.png', Retention={{'Mode': 'COMPLIANCE', 'RetainUntilDate': datetime.datetime(2099, 1, 1)}})"
    ));
    let mut store = store("s3://locked/crm");
    let before = versions("locked");
    let rows = find(&mut *store, "avatars", &["user_id"], &[equals("user_id", Fold::Exact, &["7", "8"])]).unwrap();
    for key in keys(&rows) {
        let fault = delete(&mut *store, "avatars", std::slice::from_ref(&key)).unwrap_err();
        assert_eq!(fault.code(), "object-locked", "{fault}");
        let mut acts = store.begin().unwrap();
        let fault = acts.reread("avatars", &[], &[key], &mut |_| Ok(())).unwrap_err();
        assert_eq!(fault.code(), "object-locked", "{fault}");
    }
    assert_eq!(versions("locked"), before);
}

/// Names and bodies of every version are searched, within the prefix of the store.
#[test]
fn the_scan_reads_every_version() {
    let url = bucket("scan", true);
    boto(
        "s3.put_object(Bucket='scan', Key='crm/mail/ann@example.org.txt', Body=b'hello')\ns3.delete_object(Bucket='scan', Key='crm/mail/ann@example.org.txt')\ns3.put_object(Bucket='scan', Key='crm/sheet.csv', Body=b'id,mail\\n')\ns3.create_multipart_upload(Bucket='scan', Key='crm/big/ann@example.org')",
    );
    let (hits, scanned) = scan(&mut *store(&url), &["ann@example.org"]);
    let hits: Vec<&str> = hits.iter().map(|hit| hit.split("?versionId=").next().unwrap()).collect();
    assert_eq!(
        hits,
        [
            "big/ann@example.org (name) big/ann@example.org",
            "mail/name_org_txt (name) mail/ann@example.org.txt",
            "sheet mail sheet.csv",
            "users mail exports/2026-01-01/users.jsonl|1",
        ]
    );
    assert_eq!(scanned.unread, ["An upload to big/ann@example.org is not finished: its parts cannot be read."]);
}

/// More objects than a page of the listing.
#[test]
fn long_listings_are_read_to_the_end() {
    boto(
        "s3.create_bucket(Bucket='many')\nfor n in range(1500): s3.put_object(Bucket='many', Key=f'avatars/{n:04}.png', Body=b'x')",
    );
    let mut store = open("s3://many", &access(), mapped());
    assert_eq!(find(&mut *store, "avatars", &["user_id"], &[]).unwrap().len(), 1500);
}

/// Names that a path, an address or a listing could take for others. The last one fills what a key may have:
/// 1,024 bytes. Names with line ends are not among them: the server does not take them.
const HOSTILE: &str = r#"
import posixpath, urllib.parse
NAMES = ['..', '.', '../bob/x', 'a/../b', 'a/./b', './a', 'a//b', '/a', 'a/', 'x?versionId=null', 'x?versionId=null?versionId=',
  'x', 'x?', 'x#y', '%2e', '%2E%2E/bob/x', 'a%2Fb', 'a%20b', 'a b', 'a+b', 'a%2Bb', ' a', 'a ', 'q&prefix=b;c=d', "it's \"<b>&amp;",
  'a\tb', '\u00fc/\u6587', 'u\u0308', '\U0001f600', '{who}', '*', 'back\\slash', 'null']
NAMES.append('l' * (1024 - len('crm/ann/')))
def aside(name):
    return {posixpath.normpath('crm/ann/' + name), urllib.parse.unquote('crm/ann/' + name), urllib.parse.unquote_plus('crm/ann/' + name),
            'crm/ann/' + name.split('?')[0].split('#')[0]}
MINE = {'crm/ann/' + name for name in NAMES}
OTHERS = ({'crm/bob/' + name for name in NAMES} | set().union(*map(aside, NAMES))) - MINE
OTHERS = {key.replace('crm/ann/', 'crm/bob/aside/') for key in OTHERS if key != 'crm/ann'}
def keys():
    pages = s3.get_paginator('list_object_versions').paginate(Bucket=B)
    return [v['Key'] for page in pages for kind in ('Versions', 'DeleteMarkers') for v in page.get(kind, [])]
"#;

/// Objects with hostile names are found, read, searched and deleted, they and no other.
#[test]
fn hostile_names_are_names() {
    for versions in [false, true] {
        let name = format!("hostile-{versions}");
        let enable = "s3.put_bucket_versioning(Bucket=B, VersioningConfiguration={'Status': 'Enabled'})\n";
        let head = format!("B = {name:?}\n{HOSTILE}");
        let filled = boto(&format!(
            "{head}s3.create_bucket(Bucket=B)\n{}for key in sorted(MINE | OTHERS): s3.put_object(Bucket=B, Key=key, Body=b'for ' + (b'ann' if key in MINE else b'bob') + b'@example.org')\nassert set(keys()) == MINE | OTHERS, set(keys()) ^ (MINE | OTHERS)\nprint(len(MINE), len(OTHERS))",
            if versions { enable } else { "" },
        ));
        let (mine, others) =
            filled.split_once(' ').map(|(a, b)| (a.parse::<usize>().unwrap(), b.parse::<usize>().unwrap())).unwrap();
        let letters = collection("letters", &[("keys", "{who}/{rest*}")], &["who", "rest"]);
        let mut store = open(&format!("s3://{name}/crm"), &access(), vec![letters]);
        let (hits, scanned) = scan(&mut *store, &["ann@example.org"]);
        assert_eq!((hits.len(), scanned.unread.len()), (mine, 0), "{hits:#?} {:?}", scanned.unread);
        let ann = [equals("who", Fold::Exact, &["ann"])];
        let rows = find(&mut *store, "letters", &["rest"], &ann).unwrap();
        let hex = |text: &&str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let found = texts(&rows).iter().map(hex).collect::<Vec<_>>().join(",");
        boto(&format!(
            "{head}found = sorted(bytes.fromhex(name).decode() for name in '{found}'.split(','))\nassert found == sorted(NAMES), set(found) ^ set(NAMES)"
        ));
        assert_eq!(delete(&mut *store, "letters", &keys(&rows)).unwrap(), mine as u64);
        assert_eq!(delete(&mut *store, "letters", &keys(&rows)).unwrap(), 0);
        assert_eq!(find(&mut *store, "letters", &["rest"], &ann).unwrap().len(), 0);
        assert_eq!(
            boto(&format!("{head}assert set(keys()) == OTHERS, set(keys()) ^ OTHERS\nprint(len(keys()))")),
            others.to_string()
        );
    }
}

/// Wrong names are told as what they are.
#[test]
fn faults_have_names() {
    let check = |url: &str, access: Access, code: &str| {
        let fault = probity_connectors::open(url, &access, &common::dataset(Vec::new())).err().unwrap();
        assert_eq!(fault.code(), code, "{fault}");
    };
    check("s3://nobody-has-this", access(), "store-unreachable");
    check("s3:///x", access(), "bad-store-address");
    check("s3://plain", Access { password: None, ..access() }, "store-login-refused");
    check("s3://plain", Access { endpoint: Some("http://127.0.0.1:9".into()), ..access() }, "store-unreachable");
    check("s3://plain", Access { endpoint: Some("http://s3.example.org".into()), ..access() }, "bad-store-address");
}
