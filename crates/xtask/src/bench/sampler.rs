//! The sampler's device build beside node_exporter and collectd: once a second each, over the same seconds.
//!
//! node_exporter measures when it is asked, so it is asked once a second. collectd has five plugins and writes CSV.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::place::{cargo, target};
use super::table::Table;
use crate::args::Args;

const ADDRESS: &str = "127.0.0.1:19100";
const COLLECTD: &str = "Interval 1\nBaseDir \"@\"\nPIDFile \"@/pid\"\nLoadPlugin cpu\nLoadPlugin memory\n\
                        LoadPlugin interface\nLoadPlugin battery\nLoadPlugin csv\n<Plugin csv>\nDataDir \"@/csv\"\n</Plugin>\n";

/// A program that measures, stopped when this goes.
struct Agent {
    name: &'static str,
    child: Child,
    /// Hundredths of a second of processor time when the counting began.
    ticks: u64,
}

impl Drop for Agent {
    fn drop(&mut self) {
        // What has ended by itself cannot be stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `bench sampler [--rounds SECONDS]`: 60 where nobody says.
pub(super) fn run(mut args: Args) -> Result<(), String> {
    let seconds = args.number("--rounds", 60)?;
    args.finish()?;
    let target = target();
    cargo(&["build", "--profile", "device", "--locked", "--package", "probity-sampler"], &target)?;
    let folder = target.join("bench/sampler");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let binary = target.join("device/probity-sampler");
    let mut agents = agents(&binary, &folder)?;
    thread::sleep(Duration::from_secs(3));
    for agent in &mut agents {
        agent.ticks = agent.ticks_now()?;
    }
    let began = Instant::now();
    for second in 1..=seconds as u64 {
        ask();
        thread::sleep(Duration::from_secs(second).saturating_sub(began.elapsed()));
    }
    let columns = ["program", "CPU ms a sample", "peak RSS MB", "program MB"];
    let mut table = Table::new(&format!("A sample a second for {seconds} s"), &columns);
    for agent in &agents {
        let spent = agent.ticks_now()? - agent.ticks;
        let size = fs::metadata(format!("/proc/{}/exe", agent.child.id())).map_err(|error| error.to_string())?.len();
        table.row(&[
            agent.name.to_owned(),
            format!("{:.2}", spent as f64 * 10.0 / seconds as f64),
            format!("{:.1}", agent.peak_kb()? as f64 * 1_024.0 / 1e6),
            format!("{:.2}", size as f64 / 1e6),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// Those that are installed.
fn agents(binary: &Path, folder: &Path) -> Result<Vec<Agent>, String> {
    let config = folder.join("collectd.conf");
    fs::write(&config, COLLECTD.replace('@', &folder.display().to_string())).map_err(|error| error.to_string())?;
    let mut sampler = Command::new(binary);
    sampler.args(["run", "--interval", "1s", "--output"]).arg(folder.join("samples"));
    let mut exporter = Command::new("prometheus-node-exporter");
    exporter.arg(format!("--web.listen-address={ADDRESS}"));
    let mut collectd = Command::new("/usr/sbin/collectd");
    collectd.arg("-f").arg("-C").arg(&config);
    let start = |(name, mut command): (&'static str, Command)| {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        match child {
            Ok(child) => Some(Agent { name, child, ticks: 0 }),
            Err(_) => {
                eprintln!("xtask: {name} is not installed");
                None
            }
        }
    };
    let all = [("probity-sampler", sampler), ("node_exporter", exporter), ("collectd", collectd)];
    Ok(all.into_iter().filter_map(start).collect())
}

fn ask() {
    let Ok(mut stream) = TcpStream::connect(ADDRESS) else { return };
    let asked = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    // What it answers is of no interest here.
    let _ = asked.and_then(|()| stream.read_to_end(&mut Vec::new()));
}

impl Agent {
    fn file(&self, name: &str) -> Result<String, String> {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).map_err(|_| format!("{} has ended", self.name))
    }

    fn ticks_now(&self) -> Result<u64, String> {
        let stat = self.file("stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
        Ok([11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum())
    }

    fn peak_kb(&self) -> Result<u64, String> {
        let status = self.file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).ok_or_else(|| "no VmHWM".to_owned())
    }
}
