//! What is told of Dockerfiles.

use super::*;

fn facts(text: &str) -> Value {
    let file = File { name: "shop/Dockerfile", text };
    assert!(recognise(file));
    read(&[file]).value
}

#[test]
fn files_are_told_by_name_and_content() {
    let check = |name, text, expect| assert_eq!(recognise(File { name, text }), expect, "{name}");
    check("Dockerfile", "FROM a\n", true);
    check("a/Dockerfile.prod", "from a\n", true);
    check("web.dockerfile", "# x\nARG B\nFROM $B\n", true);
    check("Containerfile", "FROM a\n", true);
    check("Dockerfile.md", "How to write it\n", false);
    check("notes.txt", "FROM a\n", false);
}

#[test]
fn bases_are_pinned_by_digest() {
    let check = |text: &str, expect: &[(&str, Option<bool>)]| {
        let value = facts(text);
        let found: Vec<(&str, Option<bool>)> = value["bases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|base| (base["image"].as_str().unwrap(), base["pinned"].as_bool()))
            .collect();
        assert_eq!(found, expect, "{text}");
    };
    check("FROM a:1", &[("a:1", Some(false))]);
    check(
        "FROM --platform=$P a@sha256:ab AS x\nFROM x\nFROM scratch",
        &[("a@sha256:ab", Some(true)), ("scratch", Some(true))],
    );
    check("ARG B=a@sha256:ab\nFROM ${B}", &[("a@sha256:ab", Some(true))]);
    check("ARG B\nFROM $B", &[("$B", None)]);
    check(
        "FROM a@sha256:ab AS x\nCOPY --from=x /a /a\nCOPY --from=b:2 /b /b\nRUN --mount=type=bind,from=c,target=/c ls",
        &[("a@sha256:ab", Some(true)), ("b:2", Some(false)), ("c", Some(false))],
    );
}

#[test]
fn the_last_stage_is_what_runs() {
    let check = |text: &str, root: Option<bool>, health: bool| {
        let value = facts(text);
        let image = &value["images"][0];
        assert_eq!((image["runs_as_root"].as_bool(), image["health_check"].as_bool()), (root, Some(health)), "{text}");
    };
    check("FROM a\nRUN x", Some(true), false);
    check("FROM a\nUSER app:app\nHEALTHCHECK CMD x", Some(false), true);
    check("FROM a\nUSER app\nUSER root", Some(true), false);
    check("FROM a\nUSER 0:0", Some(true), false);
    check("FROM a AS x\nUSER 1000\nHEALTHCHECK CMD y\nFROM x\nHEALTHCHECK NONE", Some(false), false);
    check("FROM a AS x\nUSER 1000\nFROM b", Some(true), false);
    check("FROM a\nARG U=1000\nUSER $U", Some(false), false);
    check("FROM a\nARG U\nUSER $U", None, false);
    check("FROM gcr.io/distroless/static:nonroot", Some(false), false);
}

#[test]
fn secrets_and_remote_files_are_told() {
    let value = facts(
        "FROM a\nARG NPM_TOKEN\nENV DB_PASSWORD=x LEVEL=info\nENV API_KEY abc\nENV KEY_FILE=/run/k\n\
                       ADD https://x.example/a.tgz /a\nADD --checksum=sha256:ab https://x.example/b /b\nADD local /c\n",
    );
    let names: Vec<&str> =
        value["variables"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["NPM_TOKEN", "DB_PASSWORD", "API_KEY"]);
    assert_eq!(
        value["additions"],
        json!([{"checked": false, "place": "shop/Dockerfile:6:1"}, {"checked": true, "place": "shop/Dockerfile:7:1"}])
    );
    assert!(!value.to_string().contains("abc"), "values of variables stay out");
}
