//! Every pack over much: 10 million rows in 200 tables of PostgreSQL, 100 manifests, a ledger of a million entries; and a
//! thousand rules over facts that were kept.
//!
//! `tests/services postgres -- cargo xtask bench rules` starts the server.

use std::path::{Path, PathBuf};

use super::measure::{Cost, measure};
use super::place::{Place, cargo, root, target};
use super::privacy::{self, ADDRESS, row};
use super::table::Table;

const TABLES: u64 = 200;
const ROWS: u64 = 50_000;
const MANIFESTS: u64 = 100;
const ENTRIES: u64 = 1_000_000;
const RULES: u64 = 1_000;
const PACKS: [&str; 4] = ["gdpr", "ccpa", "soc2", "infrastructure"];

/// All packs over everything, live; then a thousand rules over what was kept.
pub(super) fn table(place: &Place) -> Result<Table, String> {
    let server = std::env::var(ADDRESS).map_err(|_| format!("{ADDRESS} is not set: tests/services postgres -- …"))?;
    let folder = project(place, &server)?;
    let mut packs: Vec<&str> = vec!["evaluate", "--json", "--input", "k8s"];
    packs.extend(PACKS.iter().flat_map(|pack| ["--pack", pack]));
    let kept = ["facts", "kubernetes", "--input", "k8s", "--output", "facts.json", "--overwrite", "--json"];
    judged(place, &folder, &kept)?;
    let thousand = ["evaluate", "--json", "--rule", "thousand", "--facts", "facts.json"];
    let mut table = Table::new(
        "Rules over live stores, and over kept facts",
        &["what", "wall s: median (least–most)", "CPU s of probity", "peak RSS MB"],
    );
    for (what, arguments) in [
        ("all packs: 200 tables, 10,000,000 rows, 100 manifests, 1,000,000 entries", &packs[..]),
        ("1,000 rules over 100 manifests, kept as facts", &thousand[..]),
    ] {
        let mut costs = Vec::new();
        // The first round warms the cache.
        for round in 0..=place.rounds {
            let cost = judged(place, &folder, arguments)?;
            if round > 0 {
                costs.push(cost);
            }
        }
        table.row(&row(what, &costs));
    }
    Ok(table)
}

/// Any verdict will do; a failure to reach one will not.
fn judged(place: &Place, folder: &Path, arguments: &[&str]) -> Result<Cost, String> {
    let cost = measure(place.probity(arguments).current_dir(folder), None)?;
    match cost.code {
        Some(0 | 1 | 3) => Ok(cost),
        code => Err(format!("probity {}: {code:?}\n{}", arguments.join(" "), cost.output)),
    }
}

fn project(place: &Place, server: &str) -> Result<PathBuf, String> {
    let statements = (0..TABLES).map(filled).chain(["VACUUM ANALYZE".to_owned()]);
    let folder = privacy::project(place, server, "rules", statements)?;
    manifests(&folder)?;
    thousand(&folder)?;
    let fill = ["run", "--release", "--locked", "--package", "probity-ledger", "--example", "fill", "--"];
    let (project, entries) = (folder.display().to_string(), ENTRIES.to_string());
    cargo(&[&fill[..], &[&project, &entries]].concat(), &target())?;
    Ok(folder)
}

fn filled(number: u64) -> String {
    let parent = if number == 0 { String::new() } else { " REFERENCES t000 (id)".to_owned() };
    format!(
        "CREATE TABLE t{number:03} (id bigint PRIMARY KEY, person_id bigint{parent}, email text, note text, made timestamptz);
         INSERT INTO t{number:03} SELECT n, n, 'person' || n || '@example.org', 'an ordinary note, number ' || n,
         timestamptz '2026-01-01' + n * interval '1 second' FROM generate_series(1, {ROWS}) n"
    )
}

/// The same workload under many names.
fn manifests(folder: &Path) -> Result<(), String> {
    let fixture = root().join("fixtures/rules/infrastructure.kubernetes-limits/pass.yaml");
    let text = std::fs::read_to_string(&fixture).map_err(|error| format!("{}: {error}", fixture.display()))?;
    for number in 0..MANIFESTS {
        write(
            &folder.join(format!("k8s/{number:03}.yaml")),
            &text.replace("name: web", &format!("name: web{number}")),
        )?;
    }
    Ok(())
}

/// One rule under a thousand names.
fn thousand(folder: &Path) -> Result<(), String> {
    let rule = root().join("crates/rules/packs/infrastructure/kubernetes-limits.yaml");
    let text = std::fs::read_to_string(&rule).map_err(|error| format!("{}: {error}", rule.display()))?;
    write(&folder.join("thousand/pack.yaml"), "name: thousand\ntitle: A thousand rules\nversion: 1.0.0\n")?;
    for number in 0..RULES {
        let text = text.replace("id: kubernetes-limits", &format!("id: r{number}"));
        write(&folder.join(format!("thousand/r{number}.yaml")), &text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(said)?;
    std::fs::write(path, text).map_err(said)
}
