//! Databases of three engines, asked and changed by the engine's own program.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where a database stands.
pub(crate) enum Engine {
    Sqlite(PathBuf),
    /// The server's address, and the database.
    Postgres(String, String),
    MariaDb(String, String),
}

impl Engine {
    /// The address for `[stores.NAME]`.
    pub(crate) fn url(&self) -> String {
        match self {
            Engine::Sqlite(file) => format!("sqlite:{}", file.display()),
            Engine::Postgres(server, name) => format!("{}/{name}", server.rsplit_once('/').unwrap().0),
            Engine::MariaDb(server, name) => format!("{server}{name}"),
        }
    }

    /// The same through another port of this machine.
    pub(crate) fn through(&self, port: u16) -> String {
        let url = self.url();
        let (host, name) = url.rsplit_once('/').unwrap();
        format!("{}:{port}/{name}", host.rsplit_once(':').unwrap().0)
    }

    fn name(&self) -> &str {
        match self {
            Engine::Sqlite(_) => "",
            Engine::Postgres(_, name) | Engine::MariaDb(_, name) => name,
        }
    }

    /// The engine's program, about the database `name`.
    pub(crate) fn program(&self, name: &str) -> Command {
        match self {
            Engine::Sqlite(file) => {
                let mut program = Command::new("sqlite3");
                program.args(["-batch", "-bail"]).arg(file);
                program
            }
            Engine::Postgres(server, _) => {
                let mut program = Command::new("psql");
                program
                    .args(["-XqAt", "-v", "ON_ERROR_STOP=1"])
                    .arg(format!("{}/{name}", server.rsplit_once('/').unwrap().0));
                program
            }
            Engine::MariaDb(server, _) => {
                let port = server.rsplit(':').next().unwrap().trim_end_matches('/');
                let mut program = Command::new("mariadb");
                program.args(["--no-defaults", "-N", "-B", "-h", "127.0.0.1", "-u", "root", "-P", port, name]);
                program
            }
        }
    }

    /// The words of this engine: MariaDB quotes names with backticks.
    fn spelled(&self, sql: &str) -> String {
        if matches!(self, Engine::MariaDb(..)) { sql.replace('"', "`") } else { sql.to_owned() }
    }

    /// What the engine says about the database `name`.
    pub(crate) fn say(&self, name: &str, sql: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("sql");
        std::fs::write(&script, self.spelled(sql)).unwrap();
        let output = self.program(name).stdin(std::fs::File::open(&script).unwrap()).output().unwrap();
        assert!(output.status.success(), "{sql:.500}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// What the engine answers to `sql`.
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.say(self.name(), sql)
    }

    /// The database from which others are made.
    fn first(&self) -> &'static str {
        if matches!(self, Engine::Postgres(..)) { "postgres" } else { "mysql" }
    }

    /// Makes the database anew.
    pub(crate) fn create(&self) {
        let (first, name) = (self.first(), self.name());
        self.remove();
        match self {
            Engine::Sqlite(_) => {}
            Engine::Postgres(..) => drop(self.say(first, &format!("CREATE DATABASE {name};"))),
            Engine::MariaDb(..) => drop(self.say(first, &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4;"))),
        }
    }

    /// Removes the database.
    pub(crate) fn remove(&self) {
        let (first, name) = (self.first(), self.name());
        match self {
            Engine::Sqlite(file) => drop(std::fs::remove_file(file)),
            Engine::Postgres(..) => drop(self.say(first, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE);"))),
            Engine::MariaDb(..) => drop(self.say(first, &format!("DROP DATABASE IF EXISTS {name};"))),
        }
    }

    /// A session that stays open and does what it is told.
    pub(crate) fn session(&self) -> Session {
        let mut program = self.program(self.name());
        let child = program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut session = Session(child);
        if let Engine::Sqlite(_) = self {
            // Whoever asks whether it has its lock holds that lock for a moment.
            session.say(".timeout 60000");
        }
        session
    }

    /// Waits until `question` is answered by `answer`.
    pub(crate) fn until(&self, question: &str, answer: &str) {
        let began = Instant::now();
        while self.ask(question) != answer {
            assert!(began.elapsed() < Duration::from_secs(60), "{question} is not answered by {answer}");
            // InnoDB renews what it shows of its transactions only when nobody has looked for a tenth of a second.
            std::thread::sleep(Duration::from_millis(150));
        }
    }
}

/// A server that `tests/services` has started.
pub(crate) fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    assert!(
        url.is_some() || std::env::var_os("PROBITY_TEST_JUDGES").is_none(),
        "{variable} is not set: use tests/services"
    );
    if url.is_none() {
        eprintln!("SKIPPED: {variable} is not set; tests/services starts a server");
    }
    url
}

/// Another program that works on the database; what it holds is let go when it is dropped.
pub(crate) struct Session(Child);

impl Session {
    pub(crate) fn say(&mut self, sql: &str) {
        let stdin = self.0.stdin.as_mut().unwrap();
        stdin.write_all(format!("{sql}\n").as_bytes()).and_then(|()| stdin.flush()).unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
