//! Servers whose disk is full in the middle of an erase: PostgreSQL that panics, MariaDB that refuses or waits.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::{ANN, Engine, Scene, judge, server};
use crate::house::House;

/// A server whose data lie on a small disk of its own, in a namespace of mounts that a shell keeps open.
struct Small {
    shell: Child,
    said: ChildStdin,
    heard: BufReader<ChildStdout>,
    port: u16,
    folder: tempfile::TempDir,
}

/// How a server of PostgreSQL is made and started; segments of one megabyte, so that it asks for new ones soon.
const POSTGRES: &str = r#"
as="$PROBITY_TEST_POSTGRES_AS" bin=$PROBITY_TEST_POSTGRES_BIN
[ "$(id -u)" != 0 ] || chown postgres: $folder
make() { $as $bin/initdb -D $folder/data -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync --wal-segsize=1; }
begin() {
  $as $bin/postgres -D $folder/data -p $port -k $folder -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=20 \
    -c shared_buffers=16MB -c min_wal_size=2MB -c max_wal_size=2MB -c autovacuum=off &
}
answers() { psql -Xqc 'SELECT 1' postgres://postgres@127.0.0.1:$port/postgres; }
"#;

/// The same for MariaDB.
const MARIADB: &str = r#"
as= user=
[ "$(id -u)" != 0 ] || { chown mysql: $folder; as="setpriv --reuid=mysql --regid=mysql --init-groups --pdeathsig TERM"; user=--user=mysql; }
small="--innodb-data-file-path=ibdata1:5M:autoextend --innodb-autoextend-increment=1 --innodb-undo-tablespaces=0 --innodb-log-file-size=4M"
make() {
  mariadb-install-db --no-defaults $user $small --datadir=$folder/data --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve
}
begin() {
  $as mariadbd --no-defaults --datadir=$folder/data --port=$port --bind-address=127.0.0.1 --socket=$folder/s --pid-file=$folder/pid \
    --skip-name-resolve --innodb-flush-log-at-trx-commit=0 $small --innodb-buffer-pool-size=8M --log-bin=$folder/log --server-id=1 &
}
answers() { mariadb --no-defaults -h 127.0.0.1 -P $port -u root -e 'SELECT 1'; }
"#;

/// Until it answers, half a minute at most; started again where it has ended.
const UP: &str = r#"
up() {
  for turn in $(seq 150); do
    kill -0 ${pid:-0} 2>/dev/null && [ -n "${pid:-}" ] || { begin; pid=$!; }
    answers && return
    sleep 0.2
  done
  return 1
}
"#;

impl Small {
    /// `None`, said aloud, where nobody may mount, or without servers.
    fn start(kind: &str, megabytes: u32) -> Option<Small> {
        let (variable, words) = match kind {
            "postgres" => ("PROBITY_TEST_POSTGRES_URL", POSTGRES),
            _ => ("PROBITY_TEST_MARIADB_URL", MARIADB),
        };
        server(variable)?;
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut shell = Command::new("unshare")
            .args(["-m", "--propagation", "private", "bash"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (said, heard) = (shell.stdin.take().unwrap(), BufReader::new(shell.stdout.take().unwrap()));
        let mut small = Small { shell, said, heard, port, folder };
        if small.try_say(&format!("mount -t tmpfs -o size={megabytes}m,mode=755 none {}", small.path())) != "0" {
            eprintln!("SKIPPED: this machine permits no mounts of our own");
            return None;
        }
        small.say(&format!("folder={} port={port}\n{words}\n{UP}\ncd $folder", small.path()));
        small.say("make");
        small.say("up");
        Some(small)
    }

    fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// What a command of the shell ends with. Its words go to a log on the disk of everybody.
    fn try_say(&mut self, line: &str) -> String {
        let log = self.folder.path().with_extension("log");
        writeln!(self.said, "{{\n{line}\n}} >>{} 2>&1; echo $?", log.display()).unwrap();
        let mut answer = String::new();
        self.heard.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().with_extension("log")).unwrap_or_default()
    }

    fn say(&mut self, line: &str) {
        let answer = self.try_say(line);
        assert_eq!(answer, "0", "{line}\n{}", self.log());
    }

    /// Not a byte is left.
    fn fill(&mut self) {
        self.say("cat /dev/zero >$folder/ballast || true");
    }

    /// There is room again, and whoever has ended is started again.
    fn empty(&mut self) {
        self.say("rm $folder/ballast");
        self.say("up");
    }

    fn engine(&self, kind: &str, name: &str) -> Engine {
        match kind {
            "postgres" => {
                Engine::Postgres(format!("postgres://postgres@127.0.0.1:{}/postgres", self.port), name.into())
            }
            _ => Engine::MariaDb(format!("mysql://root@127.0.0.1:{}/", self.port), name.into()),
        }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // One that waits for room would not end.
        self.try_say("rm -f $folder/ballast; kill -KILL $pid");
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        let _ = std::fs::remove_file(self.folder.path().with_extension("log"));
    }
}

/// Rows of each person in each store.
const ROWS: u32 = 12_000;

/// The sales are done, the shop has no room for its part. That is told, nothing of it is claimed, without room it does not
/// end, and with room the server is itself again and the rest is done. Gives back what was told first, and what was there.
fn full(kind: &str, megabytes: u32, code: &str) -> Option<(Value, u64)> {
    let mut small = Small::start(kind, megabytes)?;
    if !judge("sqlite3") {
        return None;
    }
    let house = House::initialised();
    let (shop, sales) = (small.engine(kind, "shop"), Engine::Sqlite(house.path("sales.db")));
    shop.create();
    let mut scene = Scene::over(house, shop, sales, ROWS);
    // Much to write down for each row that goes.
    let wide = "concat(note, repeat('x', 40))";
    scene.shop.ask(&format!("UPDATE parcel SET note = {wide};"));
    scene.others = scene.others_now();
    scene.settings(&scene.shop.url(), &scene.sales.url(), "timeout = \"5s\"");
    let digest = scene.digest();
    if kind == "postgres" {
        scene.shop.ask("CHECKPOINT;");
    }
    small.fill();
    let ran = scene.house.run(&["erase", ANN, "--confirm", &digest, "--json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    assert_eq!((ran.exit, &told["fault"]["code"]), (5, &code.into()), "{told}\n{}", small.log());
    assert_eq!(told["counts"]["deleted"], ROWS, "of the sales alone: {told}");
    let again = scene.house.run(&["erase", "--resume", "req-0001", "--json"]);
    assert!([5, 8].contains(&again.exit), "without room it is not over: {again:?}");
    small.empty();
    if matches!(scene.shop, Engine::MariaDb(..)) {
        // A commit that waits for room looks again once a minute.
        let waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for someone%';";
        for _ in 0..3 {
            scene.shop.until(waiting, "0");
        }
    }
    let left = scene.left();
    scene.untouched_others();
    assert_eq!(scene.resumes()["closed"], true);
    Some((told, left))
}

#[test]
fn a_server_of_postgresql_on_a_full_disk() {
    // It panics, and takes everything back when it comes up again.
    let Some((told, left)) = full("postgres", 90, "store-unreachable") else { return };
    assert_eq!((&told["stores"][1]["state"], left), (&"failed".into(), u64::from(ROWS) + 1), "{told}");
}

/// Its binary log has no room for what is committed: COMMIT waits for somebody to free some, until the server is told to end
/// it. Then all of it is taken back.
#[test]
fn a_server_of_mariadb_on_a_full_disk() {
    let Some((told, left)) = full("mariadb", 220, "store-disk-full") else { return };
    assert_eq!((&told["stores"][1]["state"], left), (&"failed".into(), u64::from(ROWS) + 1), "{told}");
}
