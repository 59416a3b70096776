//! What is told of workflows.

use serde_json::{Value, json};

use super::*;

fn facts(text: &str) -> Value {
    let file = File { name: "ci.yml", text };
    assert!(recognise(file), "{text}");
    let read = read(&[file]);
    assert_eq!(read.gaps, []);
    read.value
}

/// The only step of a workflow with this event.
fn step(on: &str, step: &str) -> Value {
    facts(&format!("on: {on}\njobs:\n  one:\n    env: {{KEY: '${{{{ secrets.KEY }}}}'}}\n    steps:\n    - {step}\n"))["steps"][0].clone()
}

#[test]
fn actions_are_pinned_by_commit_or_digest() {
    let check = |uses: &str, expect: bool| {
        let value = facts(&format!("on: push\njobs: {{one: {{steps: [{{uses: {uses}}}]}}}}\n"));
        assert_eq!(value["actions"][0]["pinned"], expect, "{uses}");
    };
    check("actions/checkout@v4", false);
    check("actions/checkout@main", false);
    check("actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", true);
    check("./.github/actions/own", true);
    check("docker://alpine:3.20", false);
    check("docker://alpine@sha256:beefdbd8a1da6d2915566fde36db9db0b524eb737fc57cd1367effd16dc0d06d", true);
    let called = facts("on: push\njobs: {one: {uses: o/r/.github/workflows/x.yml@v1}}\n");
    assert_eq!(called["actions"][0]["pinned"], false);
}

#[test]
fn secrets_are_printed_when_they_reach_the_log() {
    let check = |run: &str, expect: &[&str]| {
        let value = step("push", &format!("{{run: {}}}", json!(run)));
        assert_eq!(value["prints_secrets"], json!(expect), "{run}");
    };
    check("echo ${{ secrets.TOKEN }}", &["TOKEN"]);
    check("set -e\necho \"key: $KEY\"", &["KEY"]);
    check("printf '%s' \"${KEY}\" | base64", &["KEY"]);
    check("echo \"$KEY\" | docker login -u x --password-stdin", &[]);
    check("echo \"$KEY\" > key.pem", &[]);
    check("echo \"$KEY\" >&2", &["KEY"]);
    check("echo $KEYRING", &[]);
    check("curl -H \"x: $KEY\" https://example.org", &[]);
    check("# echo $KEY", &[]);
}

#[test]
fn what_strangers_write_is_told() {
    let head = "{uses: actions/checkout@v4, with: {ref: '${{ github.event.pull_request.head.sha }}'}}";
    assert_eq!(step("pull_request_target", head)["checks_out_stranger"], true);
    assert_eq!(step("[push, pull_request_target]", head)["checks_out_stranger"], true);
    assert_eq!(step("pull_request", head)["checks_out_stranger"], false);
    assert_eq!(
        step("{pull_request_target: {types: [opened]}}", "uses: actions/checkout@v4")["checks_out_stranger"],
        false
    );
    assert_eq!(step("issue_comment", "run: gh pr checkout 12")["checks_out_stranger"], true);
    let check =
        |run: &str, expect: &[&str]| assert_eq!(step("push", &format!("run: {run}"))["untrusted"], json!(expect));
    check("echo ${{ github.event.issue.title }}", &["github.event.issue.title"]);
    check("echo ${{ github.sha }}", &[]);
    // Names are read in any case, an index is a member, and a whole event holds its texts.
    check("echo ${{ GitHub.Event.Issue.Title }}", &["GitHub.Event.Issue.Title"]);
    check("echo ${{ github['event']['issue']['title'] }}", &["github['event']['issue']['title']"]);
    check("echo ${{ github.event.commits[0].message }}", &["github.event.commits[0].message"]);
    check("echo ${{ toJSON(github.event) }}", &["toJSON(github.event)"]);
    check("echo ${{ github.event.pull_request != null }}", &[]);
    let told = |step: Value| step["untrusted"].clone();
    let script = "{uses: actions/github-script@v7, with: {script: 'log(\"${{ github.event.comment.body }}\")'}}";
    assert_eq!(told(step("issue_comment", script)), json!(["github.event.comment.body"]));
    // In a variable it is data, unless the variable is put into the script as an expression.
    let env = |run: &str| format!("{{env: {{T: '${{{{ github.event.issue.body }}}}'}}, run: '{run}'}}");
    assert_eq!(told(step("issues", &env("echo \"$T\""))), json!([]));
    assert_eq!(told(step("issues", &env("echo ${{ env.T }}"))), json!(["env.T"]));
}

#[test]
fn a_deployment_waits_for_tests() {
    let check = |deploy: &str, on: &str, expect: Value| {
        let value = facts(&format!(
            "on: {on}\njobs:\n  test: {{steps: [{{run: cargo test}}]}}\n  build: {{needs: [test], steps: [{{run: make}}]}}\n  \
             deploy: {deploy}\n"
        ));
        assert_eq!(value["jobs"][2]["after_tests"], expect, "{deploy}");
        assert_eq!(value["jobs"][2]["deploys"], true);
    };
    check("{needs: build, steps: [{run: helm upgrade x}]}", "push", json!(true));
    check("{steps: [{run: helm upgrade x}]}", "push", json!(false));
    check("{needs: build, if: always(), steps: [{run: helm upgrade x}]}", "push", json!(false));
    check("{steps: [{run: npm test}, {run: sudo helm upgrade x}]}", "push", json!(true));
    check("{steps: [{run: helm upgrade x}, {run: npm test}]}", "push", json!(false));
    check("{environment: production}", "workflow_run", json!(null));
    check("{needs: deploy}", "push", json!(false));
}

#[test]
fn permissions_are_the_jobs_before_the_workflows() {
    let check = |top: &str, job: &str, expect: (bool, bool, Value)| {
        let value = facts(&format!("on: push\n{top}\njobs:\n  one: {{{job}}}\n  two: {{}}\n"));
        let one = &value["jobs"][0];
        let found = (one["permissions_stated"] == true, one["writes_all"] == true, one["inherited_writes"].clone());
        assert_eq!(found, expect, "{top} {job}");
    };
    check("", "", (false, false, json!([])));
    check("permissions: {}", "", (true, false, json!([])));
    check("permissions: write-all", "", (true, true, json!([])));
    check("permissions: write-all", "permissions: read-all", (true, false, json!([])));
    check("permissions: {contents: write}", "", (true, false, json!(["contents"])));
    check("permissions: {contents: read}", "permissions: {packages: write}", (true, false, json!([])));
}
