//! What the tests of discovery, plan and erase share: SQLite files made and judged by the `sqlite3` program, a data map as
//! text, and the whole way from an identity to rows that are gone.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use model::{Fault, Hidden};
use privacy::apply::{self, Means};
use privacy::discover::{self, Found, Member, Options, Role};
use privacy::graph::{Graph, Part};
use privacy::identity::{self, Rules};
use privacy::journal::{Act, Journal};
use privacy::map::{DataMap, read};
use privacy::plan::{self, Action, Gap, Holds, NoHolds, Plan, Policy};
use privacy::row::Key;
use probity_connectors::{Access, open};

/// Where rows lie.
#[derive(Clone, Debug)]
pub enum Server {
    Sqlite(PathBuf),
    /// The address of a database.
    Postgres(String),
    /// The address of a database.
    MariaDb(String),
}

impl From<&Server> for Server {
    fn from(server: &Server) -> Self {
        server.clone()
    }
}

impl From<&Path> for Server {
    fn from(file: &Path) -> Self {
        Server::Sqlite(file.to_owned())
    }
}

impl From<&PathBuf> for Server {
    fn from(file: &PathBuf) -> Self {
        Server::Sqlite(file.clone())
    }
}

/// What `sqlite3` or `psql` says to `sql`.
pub fn judge(server: impl Into<Server>, sql: &str) -> String {
    let server = &server.into();
    let mut program = match server {
        Server::Sqlite(_) => Command::new("sqlite3"),
        Server::Postgres(_) => Command::new("psql"),
        Server::MariaDb(_) => Command::new("mariadb"),
    };
    match server {
        Server::Sqlite(file) => program.args(["-batch", "-bail"]).arg(file),
        Server::Postgres(url) => program.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-", url]),
        Server::MariaDb(url) => {
            // mysql://root@127.0.0.1:PORT/NAME
            let (address, name) = url.rsplit_once('/').unwrap();
            let name = if name.is_empty() { "mysql" } else { name };
            let port = address.rsplit_once(':').unwrap().1;
            program.args(["--no-defaults", "-h127.0.0.1", "-P", port, "-uroot", "-NB", "--raw", name]);
            program.args([
                "--default-character-set=utf8mb4",
                "--init-command=SET sql_mode='ANSI_QUOTES', foreign_key_checks=0",
            ])
        }
    };
    let piped = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("sqlite3 and psql are installed");
    // A program that has ended early says below why.
    let _ = child.stdin.take().unwrap().write_all(sql.as_bytes());
    let output = child.wait_with_output().unwrap();
    let first: String = sql.chars().take(300).collect();
    assert!(output.status.success(), "{first}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// The PostgreSQL of `tests/services`; without it there is nothing to test.
pub fn postgres() -> Option<String> {
    std::env::var("PROBITY_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty() && cfg!(feature = "postgres"))
}

/// The MariaDB of `tests/services`; without it there is nothing to test.
pub fn mariadb() -> Option<String> {
    std::env::var("PROBITY_TEST_MARIADB_URL").ok().filter(|url| !url.is_empty() && cfg!(feature = "mysql"))
}

/// Stores and a map.
pub struct World {
    _folder: tempfile::TempDir,
    /// Name, dataset, server.
    stores: Vec<(String, String, Server)>,
    pub map: DataMap,
    pub today: &'static str,
}

/// Databases are dropped at the end.
impl Drop for World {
    fn drop(&mut self) {
        for (_, _, server) in &self.stores {
            match (server, postgres(), mariadb()) {
                (Server::Postgres(url), Some(main), _) => {
                    let name = url.rsplit_once('/').unwrap().1;
                    judge(Server::Postgres(main), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE);"));
                }
                (Server::MariaDb(url), _, Some(main)) => {
                    let name = url.rsplit_once('/').unwrap().1;
                    judge(Server::MariaDb(main), &format!("DROP DATABASE IF EXISTS {name};"));
                }
                _ => {}
            }
        }
    }
}

impl World {
    /// `stores`: name, dataset, script for SQLite.
    pub fn new(stores: &[(&str, &str, &str)], map: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stores = stores.iter().enumerate().map(|(number, (name, dataset, sql))| {
            let file = Server::Sqlite(folder.path().join(format!("{number}.db")));
            let is_whole = sql.contains("BEGIN");
            let (begin, commit) = if is_whole { ("", "") } else { ("BEGIN;", ";COMMIT;") };
            judge(&file, &format!("PRAGMA foreign_keys=OFF;{begin}{sql}\n{commit}"));
            ((*name).to_owned(), (*dataset).to_owned(), file)
        });
        let stores = stores.collect();
        World { stores, _folder: folder, map: read_map(map), today: "2026-11-22" }
    }

    /// One store `shop` in a database of its own on `main`.
    pub fn shop_on(main: Server, sql: &str, map: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("subject_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        judge(&main, &format!("CREATE DATABASE {name};"));
        let at = |url: &str| format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        let server = match main {
            Server::Postgres(url) => Server::Postgres(at(&url)),
            Server::MariaDb(url) => Server::MariaDb(at(&url)),
            Server::Sqlite(file) => Server::Sqlite(file),
        };
        judge(&server, sql);
        let stores = vec![("shop".to_owned(), "shop".to_owned(), server)];
        World { stores, _folder: tempfile::tempdir().unwrap(), map: read_map(map), today: "2026-11-22" }
    }

    /// One store `shop`, whose dataset has the same name.
    pub fn shop(sql: &str, map: &str) -> Self {
        World::new(&[("shop", "shop", sql)], map)
    }

    /// The file of a store in SQLite.
    pub fn file(&self, store: &str) -> &Path {
        let Server::Sqlite(file) = self.server(store) else { panic!("{store} is no file") };
        file
    }

    pub fn server(&self, store: &str) -> &Server {
        &self.stores.iter().find(|(name, ..)| name == store).unwrap().2
    }

    pub fn judge(&self, sql: &str) -> String {
        judge(&self.stores[0].2, sql)
    }

    pub fn members(&self) -> Vec<Member> {
        let member = |(name, dataset, server): &(String, String, Server)| {
            let url = match server {
                Server::Sqlite(file) => format!("sqlite:{}", file.display()),
                Server::Postgres(url) | Server::MariaDb(url) => url.clone(),
            };
            let mut store = open(&url, &Access::default(), &Default::default()).unwrap();
            let catalog = store.describe().unwrap();
            Member { name: name.clone(), dataset: dataset.clone(), store, catalog }
        };
        self.stores.iter().map(member).collect()
    }

    pub fn graph(&self, members: &[Member]) -> (Graph, Vec<Gap>) {
        let part = |member: &'_ Member| (member.name.clone(), member.dataset.clone(), member.catalog.clone());
        let parts: Vec<_> = members.iter().map(part).collect();
        let parts: Vec<Part<'_>> =
            parts.iter().map(|(member, dataset, catalog)| Part { member, dataset, catalog }).collect();
        Graph::new(&self.map, &parts).unwrap()
    }

    pub fn found(&self, who: &[&str]) -> (Graph, Found) {
        let mut members = self.members();
        let (graph, _) = self.graph(&members);
        let found = discover(&graph, &mut members, who).unwrap();
        (graph, found)
    }

    pub fn plan(&self, who: &[&str]) -> Result<Plan, Fault> {
        self.plan_with(who, &NoHolds)
    }

    pub fn plan_with(&self, who: &[&str], holds: &dyn Holds) -> Result<Plan, Fault> {
        let mut members = self.members();
        let (graph, gaps) = self.graph(&members);
        let found = discover(&graph, &mut members, who)?;
        let policy = Policy {
            regime: "gdpr",
            article: "17",
            ground: Some("17-1-b"),
            subject: Vec::new(),
            inputs: BTreeMap::new(),
            today: self.today,
            holds,
            secret: None,
            gaps,
            ages: None,
        };
        let plan = plan::plan(&graph, &mut members, &found, &policy, &Hidden)?;
        let again = Plan::parse(plan.to_json().unwrap().to_string().as_bytes()).unwrap();
        assert_eq!(plan, again, "a plan is read as it was written");
        Ok(plan)
    }

    /// Plans and applies.
    pub fn erase(&self, who: &[&str]) -> Plan {
        let plan = self.plan(who).unwrap_or_else(|fault| panic!("{fault:?}"));
        self.apply(&plan);
        plan
    }

    pub fn apply(&self, plan: &Plan) {
        let mut members = self.members();
        let mut parts: Vec<_> = members
            .iter_mut()
            .map(|member| apply::Part { name: &member.name, store: &mut *member.store, catalog: &member.catalog })
            .collect();
        let means = Means { holds: &NoHolds, proceed: &|| Ok(()), progress: &Hidden };
        let applied = apply::apply(plan, &mut parts, &mut Memory::default(), &means).unwrap();
        assert!(applied.is_whole(), "{:?}\n{}", applied.fault, lines(plan).join("\n"));
    }

    /// Every row of every table, as `sqlite3` writes it, and how often; and that no foreign key leads nowhere.
    pub fn dump(&self, store: &str) -> BTreeMap<String, u64> {
        let file = self.server(store);
        assert_eq!(judge(file, "PRAGMA foreign_key_check;"), "", "no foreign key leads nowhere");
        let mut rows = BTreeMap::new();
        for line in judge(file, ".dump").lines().filter(|line| line.starts_with("INSERT INTO")) {
            *rows.entry(line.to_owned()).or_default() += 1;
        }
        rows
    }
}

fn read_map(map: &str) -> DataMap {
    let read = read::read([(Path::new("map.yml"), map)], &read::Limits::default());
    read.unwrap_or_else(|faults| panic!("{faults:?}")).map
}

pub fn discover(graph: &Graph, members: &mut [Member], who: &[&str]) -> Result<Found, Fault> {
    let who = identity::parse_all(who, &Rules::default())?;
    let options = Options { digests: true, tolerant: false };
    discover::discover(graph, members, &who, &options, &Hidden)
}

/// A journal in memory.
#[derive(Default)]
pub struct Memory(Vec<Act>);

impl Journal for Memory {
    fn enter(&mut self, acts: &[Act]) -> Result<(), Fault> {
        self.0.extend_from_slice(acts);
        Ok(())
    }

    fn acts(&self) -> &[Act] {
        &self.0
    }
}

/// `person: owned 1 (7)`: collection, role, count, keys.
pub fn roles(graph: &Graph, found: &Found) -> Vec<String> {
    let mut lines = Vec::new();
    for (node, rows) in graph.nodes.iter().zip(&found.rows) {
        let mut by_role: BTreeMap<Role, Vec<String>> = BTreeMap::new();
        for row in rows {
            by_role.entry(row.role).or_default().push(key(&row.key));
        }
        for (role, keys) in by_role {
            let role = match role {
                Role::Owned => "owned",
                Role::Up { exclusive: true } => "up",
                Role::Up { exclusive: false } => "up of others too",
                Role::Shared => "shared",
                Role::Points => "points",
            };
            lines.push(format!("{} {role} {}", node.collection.name, keys.join(" ")));
        }
    }
    lines
}

fn key(key: &Key) -> String {
    key.0.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join("/")
}

/// `parcel delete 7`, `person set boss_id=NULL 3`, in the order of the plan.
pub fn lines(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for step in &plan.steps {
        let act = match &step.action {
            Action::Delete => "delete".to_owned(),
            Action::Set(fields) => {
                let fields: Vec<_> = fields.iter().map(ToString::to_string).collect();
                format!("{} {}", step.outcome.word(), fields.join(","))
            }
        };
        let keys: Vec<_> = step.targets.iter().map(|target| key(&target.key)).collect();
        let keys = if keys.len() > 8 { format!("({})", keys.len()) } else { keys.join(" ") };
        lines.push(format!("{} {act} {keys}", step.collection));
    }
    for kept in &plan.kept {
        lines.push(format!("kept {} {} until {:?}", kept.collection, kept.code, kept.until));
    }
    for shared in &plan.shared {
        let keys: Vec<_> = shared.rows.iter().map(key).collect();
        lines.push(format!("shared {} {}: {}", shared.collection, keys.join(" "), shared.reason));
    }
    for trap in &plan.traps {
        lines.push(format!("trap {} {}: {}", trap.kind, trap.collection, trap.text));
    }
    lines
}
