//! Chromium as the judge of pages: what stands in them after their own code ran.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A browser that ends without an answer (a crash, no room for shared memory) is started again, this often in all.
const TRIES: usize = 3;
/// After this it is ended.
const PATIENCE: Duration = Duration::from_secs(120);

/// The document of this page as the browser has it in the end.
pub(crate) fn dom(page: &Path) -> String {
    tried(page, |profile| {
        let mut command = command(page, profile);
        command.args(["--virtual-time-budget=60000", "--dump-dom"]);
        let output = command.output().unwrap();
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        if dom.contains("</html>") { Ok(dom) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    })
}

/// What this page writes to the console behind the word `DONE`.
pub(crate) fn console(page: &Path) -> String {
    tried(page, |profile| {
        let mut command = command(page, profile);
        command.args(["--remote-debugging-port=0", "--enable-logging=stderr"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).split(b'\n').map_while(Result::ok);
        let mut lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
        let watched = watch(child);
        let (mut before, mut said) = (String::new(), String::new());
        // The text has many lines; the last one ends with where it came from.
        for line in lines.by_ref() {
            let text = if said.is_empty() && !line.contains("DONE ") { &mut before } else { &mut said };
            text.extend([line.as_str(), "\n"]);
            if !said.is_empty() && line.contains("source: file:") {
                break;
            }
        }
        watched();
        if said.contains("source: file:") { Ok(said) } else { Err(before + &said) }
    })
}

/// Ends the browser when it took too long, or when what comes back is called.
fn watch(mut child: Child) -> impl FnOnce() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let _ = receiver.recv_timeout(PATIENCE);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    move || {
        drop(sender);
        thread.join().unwrap();
    }
}

fn command(page: &Path, profile: &Path) -> Command {
    let mut command = Command::new("chromium");
    // The shared memory of a container is often too small for a browser.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]);
    command.arg(format!("--user-data-dir={}", profile.display())).arg(format!("file://{}", page.display()));
    command
}

fn tried(page: &Path, run: impl Fn(&Path) -> Result<String, String>) -> String {
    let mut told = Vec::new();
    for n in 0..TRIES {
        let profile = page.with_extension(format!("profile-{n}"));
        let ran = run(&profile);
        let _ = fs::remove_dir_all(&profile);
        match ran {
            Ok(said) => return said,
            Err(said) => told.push(said),
        }
    }
    panic!("the browser gave no answer for {}: {told:#?}", page.display());
}
