//! Servers of our own, and the programs that fill and judge them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::house::{interpreter, judge, repository};

/// What a variable of `tests/services` says; `None`, said aloud, where they do not run.
#[track_caller]
pub(crate) fn service(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        assert!(std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "{name} is not set: run tests/services … -- …");
        eprintln!("SKIPPED: {name} is not set; tests/services starts a server");
    }
    value
}

/// What a program says to `input`; it must succeed.
pub(crate) fn said(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}\n{input:.300}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// A server that ends with the test. Searches look at all that a server holds, so that each test has one to itself.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    command: Command,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(program: &str, words: &dyn Fn(u16, &Path) -> Vec<String>) -> Server {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(words(port, folder.path())).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server { child: command.spawn().unwrap(), port, command, _folder: folder };
        server.answers();
        server
    }

    fn answers(&self) {
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{:?} does not come up", self.command);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Redis, filled and judged by redis-cli.
pub(crate) struct Redis(Server);

impl Redis {
    pub(crate) fn start() -> Option<Redis> {
        let words = |port: u16, folder: &Path| {
            let words = format!("--port {port} --bind 127.0.0.1 --appendonly no --dir {}", folder.display());
            words.split(' ').map(str::to_owned).chain(["--save".into(), String::new()]).collect()
        };
        judge("redis-server").then(|| Redis(Server::start("redis-server", &words)))
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.0.port)
    }

    /// Lines of commands, as typed.
    pub(crate) fn cli(&self, commands: &str) -> String {
        said(Command::new("redis-cli").args(["-p", &self.0.port.to_string()]), commands)
    }

    /// A line for each field, element and entry of each key.
    pub(crate) fn dump(&self) -> Vec<String> {
        let script = "local out = {} \
            local function say(...) out[#out + 1] = table.concat({...}, ' ') end \
            for _, k in ipairs(redis.call('KEYS', '*')) do local t = redis.call('TYPE', k).ok \
              if t == 'string' then say(k, redis.call('GET', k), tostring(redis.call('TTL', k) > 0)) \
              elseif t == 'hash' then local h = redis.call('HGETALL', k) for i = 1, #h, 2 do say(k, h[i], h[i + 1]) end \
              elseif t == 'list' then for _, v in ipairs(redis.call('LRANGE', k, 0, -1)) do say(k, v) end \
              elseif t == 'set' then for _, v in ipairs(redis.call('SMEMBERS', k)) do say(k, v) end \
              elseif t == 'zset' then local z = redis.call('ZRANGE', k, 0, -1, 'WITHSCORES') for i = 1, #z, 2 do say(k, z[i], z[i + 1]) end \
              elseif t == 'stream' then for _, e in ipairs(redis.call('XRANGE', k, '-', '+')) do say(k, e[1], unpack(e[2])) end \
              end end return out";
        let port = self.0.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port, "EVAL", script, "0"]).output().unwrap();
        assert!(output.status.success());
        lines(String::from_utf8(output.stdout).unwrap().trim_end())
    }
}

/// NATS with JetStream, filled and judged by nats-py.
pub(crate) struct Nats {
    server: Server,
    python: PathBuf,
}

impl Nats {
    pub(crate) fn start() -> Option<Nats> {
        let words = |port: u16, folder: &Path| {
            let words = format!("-a 127.0.0.1 -p {port} -js -sd {}", folder.display());
            words.split(' ').map(str::to_owned).collect()
        };
        let python = interpreter("PROBITY_TEST_NATS_PYTHON").filter(|_| judge("nats-server"))?;
        Some(Nats { server: Server::start("nats-server", &words), python })
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.server.port)
    }

    /// kill -9, and the same server over the same files again.
    pub(crate) fn dies_and_comes_back(&mut self) {
        self.server.child.kill().unwrap();
        self.server.child.wait().unwrap();
        self.server.child = self.server.command.spawn().unwrap();
        self.server.answers();
    }

    /// `js` is JetStream.
    pub(crate) fn python(&self, script: &str) -> String {
        let body: String = script.trim().lines().map(|line| format!("  {line}\n")).collect();
        let (begin, end) = ("import asyncio, nats\nasync def main():\n", "  await nc.close()\nasyncio.run(main())\n");
        let connect = format!("  nc = await nats.connect({:?})\n  js = nc.jetstream()\n", self.url());
        said(Command::new(&self.python).arg("-"), &[begin, &connect, &body, end].concat())
    }

    /// A line for each message and revision.
    pub(crate) fn dump(&self) -> Vec<String> {
        lines(&self.python(
            "for stream in await js.streams_info():
  for n in range(1, stream.state.last_seq + 1):
    try:
      m = await js.get_msg(stream.config.name, n)
    except nats.js.errors.NotFoundError:
      continue
    print(stream.config.name, n, m.subject, m.data)",
        ))
    }
}

/// A bucket of the S3 server, filled and judged by boto3.
pub(crate) struct Bucket {
    pub(crate) name: String,
    url: String,
    python: PathBuf,
}

impl Bucket {
    /// A bucket of that name, a folder `crm` in it, with versions; `locks` for those that can be locked.
    pub(crate) fn make(name: &str, locks: bool) -> Option<Bucket> {
        let url = service("PROBITY_TEST_S3_URL")?;
        let python = Path::new(&std::env::var("PROBITY_TEST_MOTO").unwrap()).with_file_name("python");
        let bucket = Bucket { name: format!("{name}-{}", std::process::id()), url, python };
        let locks = if locks { "True" } else { "False" };
        bucket.python(&format!(
            "s3.create_bucket(Bucket=B, ObjectLockEnabledForBucket={locks})\ns3.put_bucket_versioning(Bucket=B, VersioningConfiguration={{'Status': 'Enabled'}})"
        ));
        Some(bucket)
    }

    /// `s3` is the client, `B` the bucket, `put` puts a text under a key of the store.
    pub(crate) fn python(&self, script: &str) -> String {
        let head = format!(
            "import boto3, datetime\nB = {:?}\ns3 = boto3.client('s3', endpoint_url={:?}, aws_access_key_id='testing', aws_secret_access_key='testing', region_name='us-east-1')\ndef put(key, text): return s3.put_object(Bucket=B, Key='crm/' + key, Body=text.encode())\n",
            self.name, self.url
        );
        said(Command::new(&self.python).arg("-"), &(head + script))
    }

    /// A line for each line of each version, and for each delete marker.
    pub(crate) fn dump(&self) -> Vec<String> {
        lines(&self.python(
            "a = s3.list_object_versions(Bucket=B)
for v in a.get('Versions', []):
  for line in s3.get_object(Bucket=B, Key=v['Key'], VersionId=v['VersionId'])['Body'].read().splitlines():
    print(v['Key'], v['IsLatest'], line)
for v in a.get('DeleteMarkers', []): print(v['Key'], 'marker')",
        ))
    }

    /// The section of docs/stores.md for this bucket.
    pub(crate) fn settings(&self) -> String {
        let text = super::example("S3", "toml", 0).replace("s3://media/", &format!("s3://{}/", self.name));
        text.replace("http://localhost:9000", &self.url)
    }
}

/// The small API of tests/peers.
pub(crate) struct Api {
    child: Child,
    pub(crate) port: u16,
}

impl Api {
    pub(crate) fn start() -> Api {
        let program = repository("tests/peers/people-api");
        let mut command = Command::new("python3");
        command.arg(program).arg("s3cret").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Api { child, port: line.trim().parse().unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// A line for each row, as the server itself has them.
    pub(crate) fn dump(&self) -> Vec<String> {
        lines(&said(Command::new("curl").args(["-sf", &format!("{}dump", self.url())]), ""))
    }
}

impl Api {
    /// One more order, of that number.
    pub(crate) fn put_order(&self, no: &str) {
        let body = format!("{{\"no\": {}, \"person\": 1, \"total\": 1.5}}", serde_json::json!(no));
        said(
            Command::new("curl").args(["-sf", "-X", "POST", "--data-binary", "@-", &format!("{}order", self.url())]),
            &body,
        );
    }

    /// What was asked so far.
    pub(crate) fn log(&self) -> Vec<String> {
        serde_json::from_str(&said(Command::new("curl").args(["-sf", &format!("{}log", self.url())]), "")).unwrap()
    }

    /// After so many more questions every one is answered by 500; below zero: none is.
    pub(crate) fn break_after(&self, questions: i64) {
        said(Command::new("curl").args(["-sf", "-X", "POST", &format!("{}broken?after={questions}", self.url())]), "");
    }
}

/// A text as JSON in ASCII, as the API shows it.
pub(crate) fn ascii(text: &str) -> String {
    let mut units = [0; 2];
    let escaped = |sign: char| match sign.is_ascii() {
        true => sign.to_string(),
        false => sign.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    serde_json::json!(text).to_string().chars().map(escaped).collect()
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What psql says to `sql`.
pub(crate) fn psql(url: &str, sql: &str) -> String {
    said(Command::new("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", "-f", "-", url]), sql)
}

/// What the client of MariaDB says to `sql`, cells parted by tabs.
pub(crate) fn mariadb(url: &str, sql: &str) -> String {
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    said(Command::new("mariadb").args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "-N", "-B"]), sql)
}

/// The address of another database of the same server.
pub(crate) fn database(url: &str, name: &str) -> String {
    format!("{}/{name}", url.rsplit_once('/').unwrap().0)
}

/// Databases of PostgreSQL of one test, dropped with it.
pub(crate) struct Databases {
    pub(crate) url: String,
    pub(crate) names: Vec<String>,
}

impl Databases {
    pub(crate) fn make(names: &[&str], sql: &str) -> Option<Databases> {
        let url = service("PROBITY_TEST_POSTGRES_URL")?;
        let names: Vec<String> = names.iter().map(|name| format!("{name}_{}", std::process::id())).collect();
        for name in &names {
            psql(&url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE);\nCREATE DATABASE {name};"));
            psql(&database(&url, name), sql);
        }
        Some(Databases { url, names })
    }

    pub(crate) fn url_of(&self, number: usize) -> String {
        database(&self.url, &self.names[number])
    }

    pub(crate) fn ask(&self, number: usize, sql: &str) -> String {
        psql(&self.url_of(number), sql)
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        for name in &self.names {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = Command::new("psql").args(["-Xqc", &drop, &self.url]).output();
        }
    }
}
