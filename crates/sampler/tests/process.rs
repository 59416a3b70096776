//! The program itself: killed, on a disk without room, stopped.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use probity_sampler::spool;
use probity_sampler::verify::{Device, Segment, Why, join};

const PROGRAM: &str = env!("CARGO_BIN_EXE_probity-sampler");

fn device(folder: &Path) -> Device {
    let read = |one: &spool::Named| Segment::read(&fs::read(folder.join(&one.name)).unwrap()).unwrap();
    let mut devices = join(spool::list(folder).unwrap().iter().map(read).collect());
    assert_eq!(devices.len(), 1);
    devices.remove(0)
}

/// All lines of all segments.
fn lines(folder: &Path) -> Vec<String> {
    let text = |one: spool::Named| fs::read_to_string(folder.join(one.name)).unwrap();
    let all: String = spool::list(folder).unwrap().into_iter().map(text).collect();
    all.lines().map(str::to_owned).collect()
}

fn start(folder: &Path, interval: &str) -> Child {
    let args = ["run", "--interval", interval, "--json", "--output"];
    Command::new(PROGRAM).args(args).arg(folder).stdout(Stdio::piped()).spawn().unwrap()
}

/// Killed at any moment, five hundred times: every line that was said to be written is there, and the chain is whole.
#[test]
fn nothing_that_was_written_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut promised = Vec::new();
    for round in 0..500_u64 {
        let mut child = start(folder.path(), "1ms");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let reader = thread::spawn(move || {
            let (mut text, mut line) = (Vec::new(), String::new());
            // A line without its end was cut by the kill while it was printed.
            while out.read_line(&mut line).is_ok_and(|count| count > 0) {
                text.extend(line.strip_suffix('\n').map(str::to_owned));
                line.clear();
            }
            text
        });
        thread::sleep(Duration::from_micros(500 + round * 7919 % 23_000));
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        promised.extend(reader.join().unwrap());
    }
    // How many there are is up to the machine.
    assert!(promised.len() > 50, "{}", promised.len());
    let kept: std::collections::HashSet<String> = lines(folder.path()).into_iter().collect();
    let lost: Vec<_> = promised.iter().filter(|line| !kept.contains(*line)).collect();
    assert!(lost.is_empty(), "{} of {} lines are lost: {:?}", lost.len(), promised.len(), lost.first());
    let device = device(folder.path());
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
}

/// A disk of 64 kB fills up: samples wait, the ring is full, and when there is room again the gap is told.
///
/// Where no file system may be mounted the size of files is limited instead, which is no full disk but fails at the same place.
#[test]
fn a_full_disk_costs_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64k none \"$1\" || exit 77
        \"$2\" run --interval 1ms --output \"$1\" 2> \"$3/said\" & pid=$!
        until grep -q 'wait in memory' \"$3/said\"; do sleep 0.1; done
        sleep 1; mount -o remount,size=8m \"$1\"
        until grep -q 'samples again' \"$3/said\"; do sleep 0.1; done
        kill $pid; wait $pid || exit 1
        cp \"$1\"/*.segment \"$3\"";
    let copy = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["-rm", "sh", "-c", script, "sh"]).arg(folder.path()).arg(PROGRAM).arg(copy.path());
    let ran = unshare.stderr(Stdio::piped()).output().unwrap();
    if ran.status.code() != Some(0) {
        eprintln!("no mount here, file sizes are limited instead: {}", String::from_utf8_lossy(&ran.stderr));
        return limited(folder.path());
    }
    let device = device(copy.path());
    assert!(device.holes.iter().any(|hole| hole.why == Why::Gap), "{:?}", device.holes);
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
}

/// No file may have more than 16 blocks of 512 bytes: a segment ends there, and the next one goes on.
fn limited(folder: &Path) {
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$2\" run --interval 1ms --output \"$1\"";
    let mut child = Command::new("sh").args(["-c", script, "sh"]).arg(folder).arg(PROGRAM).spawn().unwrap();
    thread::sleep(Duration::from_secs(1));
    stop(&child);
    assert!(child.wait().unwrap().success());
    let device = device(folder);
    assert!(device.segments > 2 && device.holes.iter().any(|hole| hole.why == Why::Gap));
    assert!(device.holes.iter().all(|hole| hole.why.is_explained()), "{:?}", device.holes);
}

fn stop(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

/// SIGTERM ends a run at once, whatever the interval, with everything written and exit 0.
#[test]
fn a_stop_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(folder.path(), "1h");
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 1];
    out.read_exact(&mut first).unwrap();
    stop(&child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(lines(folder.path()).last().unwrap().contains("\"event\":\"stop\""));
    // The device's own point of the hour may be now.
    assert!((1..=2).contains(&device(folder.path()).samples));
}

#[test]
fn what_is_typed_wrong_is_said() {
    let check = |args: &[&str], exit: i32, words: &str| {
        let ran = Command::new(PROGRAM).args(args).output().unwrap();
        let said = [ran.stdout.as_slice(), ran.stderr.as_slice()].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(ran.status.code() == Some(exit) && said.contains(words), "{args:?}: {said}");
    };
    check(&[], 0, "Usage: probity-sampler run --output DIR");
    check(&["--version"], 0, env!("CARGO_PKG_VERSION"));
    check(&["walk"], 2, "\"walk\" is not a command");
    check(&["run"], 2, "--output is missing");
    check(&["run", "--output"], 2, "value of --output is missing");
    check(&["once", "--interval", "1s"], 2, "not an option of once");
    check(&["run", "--output", "x", "--interval", "2d"], 2, "once a day at least");
    check(&["run", "--output", "x", "--max-size", "1MB"], 2, "four segments");
    check(&["run", "--output", "x", "--push", "https://host/"], 2, "feature `sampler-tls`");
    check(&["flush", "--output", "x", "--push", "s3://bucket"], 2, "feature `sampler-s3`");
    if cfg!(not(feature = "receive")) {
        check(&["run", "--output", "x", "--receive", "127.0.0.1:0"], 2, "`--features receive`");
    }
    check(&["run", "--output", "x", "--receive", "10.0.0.1:4318"], 4, "reached from other machines");
    check(&["once"], 0, "system.memory.usage\tsystem.memory.state=used\t");
}

/// What a server took: address and body.
type Taken = std::sync::Arc<std::sync::Mutex<Vec<(String, Vec<u8>)>>>;

/// A server that refuses every second request; what it took is kept by name.
fn server(kept: Taken) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                head.push_str(&std::mem::take(&mut line));
            }
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            let status = if number % 2 == 0 { "503 No" } else { "201 Yes" };
            if number % 2 == 1 {
                let name = head.split(' ').nth(1).unwrap_or_default().to_owned();
                kept.lock().unwrap().push((name, body));
            }
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            let _ = std::io::Write::write_all(reader.get_mut(), answer.as_bytes());
        }
    });
    address
}

/// While it runs a sampler hands over to a folder, to a server and as OTLP, in spite of refusals; what is left goes with `flush`.
#[test]
fn what_was_measured_is_handed_over() {
    let (folder, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let kept = Taken::default();
    let address = server(std::sync::Arc::clone(&kept));
    let (put, otlp) = (format!("http://{address}/in"), format!("otlp-json://{address}/v1/metrics"));
    let targets = ["--push", to.path().to_str().unwrap(), "--push", &put, "--push", &otlp];
    let output = folder.path().to_str().unwrap();
    let args = [&["run", "--interval", "20ms", "--json", "--output", output], &targets[..]].concat();
    let mut child = Command::new(PROGRAM).args(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    // OTLP goes while the segment is open.
    while kept.lock().unwrap().is_empty() {
        out.read_line(&mut line).unwrap();
    }
    stop(&child);
    assert!(child.wait().unwrap().success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("status 503; it is tried again"), "{said}");
    let flush = [&["flush", "--output", output], &targets[..]].concat();
    let mut rounds = 0;
    loop {
        let ran = Command::new(PROGRAM).args(&flush).output().unwrap();
        if ran.status.success() {
            break;
        }
        rounds += 1;
        assert!(rounds < 10, "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let samples = device(folder.path()).samples;
    let copied = fs::read_dir(to.path()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    let kept = kept.lock().unwrap();
    let put = kept.iter().filter(|(name, _)| name.starts_with("/in/")).map(|(_, body)| body.clone());
    for received in [copied.collect::<Vec<_>>(), put.collect()] {
        let segments = received.iter().map(|bytes| Segment::read(bytes).unwrap()).collect();
        let device = join(segments).remove(0);
        assert_eq!(device.samples, samples);
        // On a machine with much to do some samples are late.
        assert!(device.holes.iter().all(|hole| hole.why == Why::Late), "{:?}", device.holes);
    }
    let times = |body: &[u8]| -> Vec<String> {
        let said: serde_json::Value = serde_json::from_slice(body).unwrap();
        let metrics = said["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
        let metric = metrics.iter().find(|metric| metric["name"] == "system.memory.limit").unwrap();
        let points = metric["gauge"]["dataPoints"].as_array().unwrap();
        points.iter().map(|point| point["timeUnixNano"].as_str().unwrap().to_owned()).collect()
    };
    // What was taken while the sampler was stopped may have been sent again, with the same times.
    let bodies = kept.iter().filter(|(name, _)| name == "/v1/metrics").map(|(_, body)| body);
    let otlp: std::collections::HashSet<String> = bodies.flat_map(|body| times(body)).collect();
    assert_eq!(otlp.len() as u64, samples);
    let status = Command::new(PROGRAM).args(["status", "--output", output]).output().unwrap();
    let status = String::from_utf8_lossy(&status.stdout);
    assert!(status.starts_with("stopped: ") && status.matches("\t0 lines behind\n").count() == 3, "{status}");
}

fn ask(address: &str, what: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut stream, format!("{what} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// On loopback, and nowhere else, a sampler says how it is; promtool has nothing against the way it says it.
#[test]
fn a_sampler_answers() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let args = ["run", "--interval", "1h", "--json", "--listen", &free, "--output"];
    let mut child = Command::new(PROGRAM).args(args).arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 1]).unwrap();
    let metrics = ask(&free, "GET /metrics");
    assert!(metrics.contains("\nprobity_sampler_lines ") && metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(metrics.contains("\n# TYPE system_memory_usage gauge\n"), "{metrics}");
    assert!(ask(&free, "GET /healthz").ends_with("\r\n\r\nok\n"));
    assert!(ask(&free, "GET /secrets").starts_with("HTTP/1.1 404"));
    assert!(ask(&free, "POST /metrics").starts_with("HTTP/1.1 405"));
    stop(&child);
    assert!(child.wait().unwrap().success());
    let (_, body) = metrics.split_once("\r\n\r\n").unwrap();
    let promtool = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn();
    match promtool {
        Err(_) => eprintln!("SKIPPED: promtool is not installed"),
        Ok(mut promtool) => {
            // promtool speaks the older text format, which has no end mark and calls counters by their whole name.
            let older = body.replace("# EOF\n", "");
            std::io::Write::write_all(promtool.stdin.as_mut().unwrap(), older.as_bytes()).unwrap();
            drop(promtool.stdin.take());
            assert_ne!(promtool.wait().unwrap().code(), Some(1));
        }
    }
    let args = ["run", "--listen", "0.0.0.0:0", "--output"];
    let ran = Command::new(PROGRAM).args(args).arg(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(4), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// systemd has nothing against the unit.
#[test]
fn the_unit_is_sound() {
    let ran = Command::new(PROGRAM).args(["install", "systemd"]).output().unwrap();
    let unit = String::from_utf8(ran.stdout).unwrap().replace("/usr/bin/probity-sampler", PROGRAM);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("probity-sampler.service");
    fs::write(&path, unit.replace("Documentation=man:probity-sampler(1)\n", "")).unwrap();
    match Command::new("systemd-analyze").arg("verify").arg(&path).output() {
        Err(_) => eprintln!("SKIPPED: systemd-analyze is not installed"),
        Ok(ran) => {
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(ran.status.success() && !said.contains("probity-sampler.service"), "{said}");
        }
    }
    let ran = Command::new(PROGRAM).args(["install", "kubernetes"]).output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stdout).contains("kind: DaemonSet"));
    assert_eq!(Command::new(PROGRAM).args(["install", "cron"]).output().unwrap().status.code(), Some(2));
}

/// What this script of Python says of a text; `None` where there is no Python.
fn python(script: &str, text: &str) -> Option<String> {
    let mut child =
        Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let ran = child.wait_with_output().unwrap();
    assert!(ran.status.success());
    Some(String::from_utf8(ran.stdout).unwrap())
}

fn description(starter: &str) -> String {
    let ran = Command::new(PROGRAM).args(["install", starter]).output().unwrap();
    assert!(ran.status.success());
    String::from_utf8(ran.stdout).unwrap()
}

/// plistlib reads the daemon of launchd, and what it starts is what this program understands.
#[test]
fn the_daemon_of_launchd_is_sound() {
    let script = "import plistlib, sys
it = plistlib.loads(sys.stdin.buffer.read())
print(it['Label'], it['UserName'], it['KeepAlive'], it['RunAtLoad'], oct(it['Umask']), *it['ProgramArguments'])";
    match python(script, &description("launchd")) {
        None => eprintln!("SKIPPED: python3 is not installed"),
        Some(said) => assert_eq!(
            said,
            "org.probity.sampler _probity True True 0o77 /usr/local/bin/probity-sampler run --output /var/db/probity-sampler\n"
        ),
    }
}

/// The task in the script for Windows is XML in the namespace of the Task Scheduler, with an account of few rights, and is started again.
#[test]
fn the_task_of_windows_is_sound() {
    let script = description("windows");
    let task = script.split_once("$xml = @'\n").and_then(|(_, rest)| rest.split_once("\n'@\n")).unwrap().0;
    // What a here-string holds is taken as it is, up to a line that begins with '@.
    assert!(!task.contains("\n'@") && script.matches('{').count() == script.matches('}').count());
    let read = "import sys, xml.etree.ElementTree as tree
task = tree.fromstring(sys.stdin.read().replace(' encoding=\"UTF-16\"', ''))
at = lambda path: '/'.join('{http://schemas.microsoft.com/windows/2004/02/mit/task}' + step for step in path.split('/'))
for path in ['Triggers/BootTrigger/Repetition/Interval', 'Principals/Principal/UserId', 'Principals/Principal/RunLevel',
             'Principals/Principal/RequiredPrivileges/Privilege', 'Settings/ExecutionTimeLimit', 'Settings/RestartOnFailure/Interval', 'Actions/Exec/Command']:
    print(task.find(at(path)).text, end=' ')";
    match python(read, task) {
        None => eprintln!("SKIPPED: python3 is not installed"),
        Some(said) => {
            assert_eq!(said, "PT5M S-1-5-19 LeastPrivilege SeChangeNotifyPrivilege PT0S PT1M @PROGRAM@ ");
        }
    }
}

/// What would be written is said; what is written is that, once; what somebody else wrote stays.
#[test]
fn a_description_is_written_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let ran = Command::new(PROGRAM).arg("install").args(args).current_dir(folder.path()).output().unwrap();
        (ran.status.code(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
    };
    for (starter, place) in [
        ("systemd", "etc/systemd/system/probity-sampler.service"),
        ("launchd", "Library/LaunchDaemons/org.probity.sampler.plist"),
        ("windows", "probity-sampler.ps1"),
        ("kubernetes", "probity-sampler.yaml"),
    ] {
        let text = description(starter);
        let (code, said) = run(&[starter, "--dry-run", "--root", "here"]);
        assert!(code == Some(0) && said.starts_with("would write\there/") && said.ends_with(&text), "{said}");
        let (_, said) = run(&[starter, "--dry-run"]);
        let from = if place.contains('/') { "/" } else { "" };
        assert!(said.starts_with(&format!("would write\t{from}{place}\t")), "{said}");
        assert!(!folder.path().join("here").join(place).exists());
        assert!(run(&[starter, "--root", "here"]).1.starts_with("wrote\there/"));
        assert_eq!(fs::read_to_string(folder.path().join("here").join(place)).unwrap(), text);
        assert!(run(&[starter, "--root", "here"]).1.starts_with("is there\t"));
        fs::write(folder.path().join("here").join(place), "mine").unwrap();
        let (code, said) = run(&[starter, "--root", "here"]);
        assert!(code == Some(4) && said.contains("move it away"), "{said}");
        assert_eq!(fs::read_to_string(folder.path().join("here").join(place)).unwrap(), "mine");
    }
    assert_eq!(run(&["systemd", "--root"]).0, Some(2));
}

/// An application says what only it knows, in three ways.
#[test]
fn applications_are_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (file, socket) = (folder.path().join("app.statsd"), folder.path().join("app.sock"));
    fs::write(&file, "old:1|c\n").unwrap();
    let output = folder.path().join("out");
    let mut run = Command::new(PROGRAM);
    run.args(["run", "--interval", "10ms", "--json", "--output"]).arg(&output).arg("--follow").arg(&file);
    let mut child =
        run.arg("--statsd").arg(format!("unix:{}", socket.display())).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    std::io::Write::write_all(&mut fs::File::options().append(true).open(&file).unwrap(), b"offloaded:5|c\n").unwrap();
    let sender = std::os::unix::net::UnixDatagram::unbound().unwrap();
    sender.send_to(b"wait:120|ms|#route:pay\nqueue:3|g", &socket).unwrap();
    let has = |line: &str, part: &str| line.contains(part);
    while !(has(&line, "[\"offloaded\",5]") && has(&line, "[\"wait_count\",1,{\"route\":\"pay\"}]")) {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0);
    }
    assert!(line.contains("\"gauges\":[[\"queue\",3]]") && !line.contains("old"), "{line}");
    stop(&child);
    assert!(child.wait().unwrap().success());
    assert!(device(&output).holes.iter().all(|hole| hole.why == Why::Late));
}
