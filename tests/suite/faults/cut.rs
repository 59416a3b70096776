//! Connections that break in the middle of an erase, and at the moment when the changes are to be kept.

use serde_json::Value;

use super::{ANN, Engine, SHOP, Scene, in_words_of, rows};
use crate::proxy::{Cut, PASS, Proxy, REFUSE};

/// What begins a transaction.
fn begin(engine: &Engine) -> &'static str {
    if matches!(engine, Engine::Postgres(..)) { "BEGIN ISOLATION" } else { "START TRANSACTION" }
}

/// What ends it, as it goes over the line.
fn commit(engine: &Engine) -> &'static str {
    if matches!(engine, Engine::Postgres(..)) { "COMMIT\0" } else { "\x03COMMIT" }
}

/// A scene whose shop is reached through a proxy.
fn proxied(kind: &str, name: &str) -> Option<(Scene, Proxy)> {
    let scene = Scene::of(kind, name, 3)?;
    let proxy = Proxy::to(&scene.shop.url());
    scene.settings(&scene.shop.through(proxy.port), &scene.sales.url(), "");
    Some((scene, proxy))
}

/// Everybody is there again, as at the beginning.
pub(super) fn refill(scene: &Scene) {
    let people = in_words_of(&scene.shop, SHOP);
    let people: String = people.lines().filter(|line| line.starts_with("INSERT")).collect();
    scene.shop.ask(&format!(
        "DELETE FROM parcel; UPDATE person SET boss=NULL; DELETE FROM person; {people} {}",
        rows("parcel", 3)
    ));
    scene.sales.ask(&format!("DELETE FROM orders; {}", rows("orders", 3)));
}

/// At each statement of the transaction, and of the search after it.
fn cut_at_statements(kind: &str) {
    let Some((scene, proxy)) = proxied(kind, "statements") else { return };
    let digest = scene.digest();
    let (mut pieces, mut unharmed, mut half) = (1, 0, 0);
    loop {
        proxy.cut(Cut { word: begin(&scene.shop), pieces, heard: false, then: PASS });
        let ran = scene.house.run(&["erase", ANN, "--confirm", &digest, "--json"]);
        let told: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{pieces}: {error}: {ran:?}"));
        let id = told["request"].as_str().unwrap();
        if ran.exit != 0 {
            assert_eq!(ran.exit, if scene.left() == scene.anns { 8 } else { 5 }, "{pieces}: {ran:?}");
            unharmed += u32::from(ran.exit == 8);
            half += u32::from(ran.exit == 5);
            scene.tells_of_failure(&told, "store-unreachable");
            scene.house.json(&["erase", "--resume", id], 0);
        }
        scene.is_over(id);
        refill(&scene);
        if proxy.is_armed() {
            break;
        }
        pieces += 1 + pieces / 2;
    }
    assert!(unharmed > 0 && half > 2 && pieces > 15, "{unharmed} unharmed, {half} half done, {pieces} statements");
}

#[test]
fn cut_at_statements_of_postgresql() {
    cut_at_statements("postgres");
}

#[test]
fn cut_at_statements_of_mariadb() {
    cut_at_statements("mariadb");
}

/// The connection breaks in COMMIT: nobody knows, until the store is asked. What was kept counts as deleted by this request,
/// whoever finds it out.
fn cut_in_commit(kind: &str) {
    for heard in [false, true] {
        // The same run asks again.
        let Some((scene, proxy)) = proxied(kind, "commit") else { return };
        let digest = scene.digest();
        proxy.cut(Cut { word: commit(&scene.shop), pieces: 1, heard, then: PASS });
        let told = scene.house.json(&["erase", ANN, "--confirm", &digest], 0);
        assert!(!proxy.is_armed());
        assert_eq!(told["counts"]["deleted"], scene.anns, "heard: {heard}: {told}");
        assert!(scene.phases("shop").contains(&"unknown".to_owned()), "{:?}", scene.phases("shop"));
        scene.is_over("req-0001");
        // Or nobody can be asked until the next run.
        let Some((scene, proxy)) = proxied(kind, "commit") else { return };
        let digest = scene.digest();
        proxy.cut(Cut { word: commit(&scene.shop), pieces: 1, heard, then: REFUSE });
        let told = scene.fails(&digest, 5, "store-unreachable");
        assert_eq!(told["stores"][1]["state"], "unsure", "{told}");
        assert_eq!(scene.left() == 0, heard);
        scene.house.run(&["erase", "--resume", "req-0001"]).expect(8).code("store-unreachable");
        proxy.mode(PASS);
        let told = scene.resumes();
        assert_eq!(told["counts"]["deleted"], scene.anns, "heard: {heard}: {told}");
    }
}

#[test]
fn cut_in_the_commit_of_postgresql() {
    cut_in_commit("postgres");
}

#[test]
fn cut_in_the_commit_of_mariadb() {
    cut_in_commit("mariadb");
}
