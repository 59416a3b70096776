//! A standby of the PostgreSQL under test.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A program of the server, as the user that may run it.
fn program(name: &str) -> Command {
    let bin = std::env::var("PROBITY_TEST_POSTGRES_BIN").expect("tests/services postgres sets it");
    let words = std::env::var("PROBITY_TEST_POSTGRES_AS").unwrap_or_default();
    let path = format!("{bin}/{name}");
    let mut words = words.split_whitespace();
    match words.next() {
        None => Command::new(path),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(path);
            command
        }
    }
}

/// A standby of the server under test; ended with the test.
pub struct Standby {
    server: Child,
    port: u16,
}

impl Standby {
    pub fn of(primary: &str, folder: &Path) -> Standby {
        // The server's user, who is not ours when the tests run as root, writes into it.
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("opened up");
        let data = folder.join("data");
        let copied = program("pg_basebackup")
            .current_dir(folder)
            .args(["--no-sync", "-c", "fast", "-R", "-X", "stream", "-h", "127.0.0.1", "-U", "postgres", "-p"])
            .args([&super::proxy::port(primary).to_string(), "-D"])
            .arg(&data)
            .status();
        assert!(copied.expect("pg_basebackup is installed").success());
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let server = program("postgres")
            .current_dir(folder)
            .args([
                "-p",
                &port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
                "-k",
            ])
            .arg(folder)
            .args(["-c", "ssl=off", "-D"])
            .arg(&data)
            .stderr(std::fs::File::create(folder.join("log")).expect("a log"))
            .spawn()
            .expect("started");
        let standby = Standby { server, port };
        until(|| {
            Command::new("psql").args(["-Xqc", "SELECT 1", &standby.url("postgres")]).output().unwrap().status.success()
        });
        standby
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

/// Waits until it holds, two minutes at most: a machine may have other things to do.
pub fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain");
        std::thread::sleep(Duration::from_millis(50));
    }
}
