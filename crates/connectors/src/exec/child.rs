//! The child process: one JSON object a line, each way.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::Fault;
use serde_json::{Map, Value};

use crate::Access;
use crate::bounds::harmless;

const LINE_BYTES_MAX: u64 = 16 << 20;
/// Lines that wait while a row is looked at, and their bytes.
const LINES_AHEAD: usize = 256;
const BYTES_AHEAD: u64 = 32 << 20;
/// Lines of an answer that nobody wants any more and that are passed over.
const UNWANTED_MAX: u32 = 100_000;
/// What is kept of standard error.
const STDERR_LINES: usize = 20;
/// How long a child may take to end when its standard input is closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running plug-in.
pub(super) struct Plugin {
    child: Child,
    /// Questions on their way; they are written by a thread, because a plug-in that does not read would stop us.
    input: Option<Sender<Vec<u8>>>,
    lines: Receiver<std::io::Result<Vec<u8>>>,
    /// Bytes of lines that wait.
    ahead: Arc<AtomicU64>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    pub(super) program: String,
    patience: Duration,
    asked: u64,
}

impl Plugin {
    /// Starts the command of an address; its words are parted at blanks, quotes hold them together, no shell is asked.
    pub(super) fn start(url: &str, access: &Access) -> Result<Self, Fault> {
        let words = words(url.split_once(':').map_or("", |(_, command)| command));
        let Some((program, arguments)) = words.split_first() else {
            return Err(Fault::bad_config("bad-store-address", "The address of the store names no command")
                .advise("Write exec:PROGRAM ARGUMENT…"));
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !access.folder.as_os_str().is_empty() {
            command.current_dir(&access.folder);
        }
        let mut child = command.spawn().map_err(|error| {
            Fault::unavailable("store-unreachable", format!("{program} cannot be started: {error}"))
                .advise("Check the command of the store, and that this user may run it.")
        })?;
        let (send, lines) = sync_channel(LINES_AHEAD);
        let ahead = Arc::new(AtomicU64::new(0));
        if let Some(output) = child.stdout.take() {
            let ahead = Arc::clone(&ahead);
            std::thread::spawn(move || listen(output, &ahead, &|line| send.send(line).is_ok()));
        }
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(errors) = child.stderr.take() {
            let kept = Arc::clone(&stderr);
            std::thread::spawn(move || keep(errors, &kept));
        }
        let patience = if access.statement_timeout.is_zero() { Duration::MAX } else { access.statement_timeout };
        let input = child.stdin.take().map(talk);
        Ok(Plugin { child, input, lines, ahead, stderr, program: program.clone(), patience, asked: 0 })
    }

    /// Asks for `op`; each line before the last goes to `each` with the name of its only other field.
    pub(super) fn ask(
        &mut self,
        op: &str,
        fields: Value,
        each: &mut dyn FnMut(&str, Value) -> Result<(), Fault>,
    ) -> Result<Map<String, Value>, Fault> {
        self.asked += 1;
        let id = self.asked;
        let mut question = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        question.insert("id".to_owned(), id.into());
        question.insert("op".to_owned(), op.into());
        let mut line = Value::Object(question).to_string();
        line.push('\n');
        if self.input.as_ref().is_none_or(|input| input.send(line.into_bytes()).is_err()) {
            return Err(self.gone());
        }
        loop {
            let (name, value) = self.answer(id)?;
            match (name.as_str(), value) {
                ("ok", Value::Object(ok)) => return Ok(ok),
                ("error", error) => return Err(self.told(&error)),
                (_, value) => {
                    if let Err(fault) = each(&name, value) {
                        self.pass_over(id);
                        return Err(fault);
                    }
                }
            }
        }
    }

    /// The rest of an answer that nobody wants any more is read, so that the next one is not mistaken for it; a plug-in
    /// that does not come to its end is ended.
    fn pass_over(&mut self, id: u64) {
        for _ in 0..UNWANTED_MAX {
            match self.answer(id) {
                Ok((name, _)) if ["ok", "error"].contains(&name.as_str()) => return,
                Ok(_) => {}
                Err(_) => return,
            }
        }
        self.end();
    }

    fn answer(&mut self, id: u64) -> Result<(String, Value), Fault> {
        let received = match self.patience {
            Duration::MAX => self.lines.recv().map_err(|_| RecvTimeoutError::Disconnected),
            patience => self.lines.recv_timeout(patience),
        };
        let line = match received {
            Ok(Ok(line)) => {
                self.ahead.fetch_sub(line.len() as u64, Ordering::Relaxed);
                line
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Err(self.gone()),
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                return Err(Fault::unavailable("store-timeout", format!("{} did not answer in time", self.program))
                    .advise("Run the command again; a longer `timeout` in the configuration of the store may help."));
            }
        };
        part(&line, id).map_err(|why| self.wrong(&why))
    }

    /// What the plug-in itself calls an error.
    fn told(&self, error: &Value) -> Fault {
        let word = |name: &str| harmless(error[name].as_str().unwrap_or_default());
        let message = format!("{}: {}", self.program, word("message"));
        let advice = "See what the plug-in says, and its manual.";
        match word("code").as_str() {
            "drift" => Fault::refused("body-changed", message).advise("Make a new plan."),
            "locked" => Fault::refused("object-locked", message).advise(advice),
            "refused" => Fault::refused("field-not-set", message).advise(advice),
            "read-only" => Fault::unavailable("store-read-only", message).advise(advice),
            "login" => Fault::unavailable("store-login-refused", message).advise(advice),
            "commit-unknown" => Fault::unavailable("commit-unknown", message)
                .advise("Run the command again: it asks the store what was done."),
            _ => Fault::unavailable("store-refused", message).advise(advice),
        }
    }

    /// A plug-in that breaks the protocol.
    pub(super) fn wrong(&self, why: &str) -> Fault {
        breach(&self.program, why)
    }

    fn gone(&mut self) -> Fault {
        self.end();
        let how = self.child.try_wait().ok().flatten().map_or_else(String::new, |status| format!(" ({status})"));
        let stderr = self.stderr.lock().map(|lines| lines.iter().cloned().collect::<Vec<_>>().join(" / "));
        let said =
            stderr.ok().filter(|text| !text.is_empty()).map_or_else(String::new, |text| format!(". It said: {text}"));
        Fault::unavailable("store-unreachable", format!("{} has ended{how}{said}", self.program))
            .advise("Run the command again; see what the plug-in says.")
    }

    /// Closes its input, waits a moment, then ends it.
    fn end(&mut self) {
        drop(self.input.take());
        let begun = std::time::Instant::now();
        while begun.elapsed() < FAREWELL {
            if !matches!(self.child.try_wait(), Ok(None)) {
                // Its last words may still be on their way.
                std::thread::sleep(Duration::from_millis(20));
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of an answer to question `id`: the name and the value of its only other field. The error says what is wrong.
pub(crate) fn part(line: &[u8], id: u64) -> Result<(String, Value), String> {
    if line.len() as u64 == LINE_BYTES_MAX {
        return Err(format!("a line is longer than {} MiB", LINE_BYTES_MAX >> 20));
    }
    let value: Value = serde_json::from_slice(line).map_err(|_| "a line is no JSON")?;
    let Value::Object(mut fields) = value else { return Err("a line is no object".to_owned()) };
    if fields.remove("id").and_then(|own| own.as_u64()) != Some(id) {
        return Err("a line does not repeat the id of the question".to_owned());
    }
    let mut rest = fields.into_iter();
    match (rest.next(), rest.next()) {
        (Some((name, value)), None) if ["ok", "error", "row", "text"].contains(&name.as_str()) => Ok((name, value)),
        (Some((name, _)), None) => Err(format!("the field {name:?} is unknown")),
        _ => Err("a line has one field beside its id".to_owned()),
    }
}

/// The fault of a plug-in that breaks the protocol.
pub(super) fn breach(program: &str, why: &str) -> Fault {
    Fault::unavailable("plugin-protocol", format!("{program} does not keep to the protocol: {}", harmless(why)))
        .advise("See docs/exec-plugin.md, and the maker of the plug-in.")
}

impl Drop for Plugin {
    fn drop(&mut self) {
        self.end();
    }
}

/// Hands on lines as they come, until nobody wants them; no more wait than fit into [`BYTES_AHEAD`].
fn listen(output: impl Read, ahead: &AtomicU64, hand_on: &dyn Fn(std::io::Result<Vec<u8>>) -> bool) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = match (&mut output).take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            Ok(0) => return,
            read => read.map(|_| line),
        };
        let bytes = read.as_ref().map_or(0, |line| line.len() as u64);
        while ahead.load(Ordering::Relaxed) > BYTES_AHEAD {
            std::thread::sleep(Duration::from_millis(1));
        }
        ahead.fetch_add(bytes, Ordering::Relaxed);
        if !hand_on(read) {
            return;
        }
    }
}

/// Writes what is sent until nobody sends any more; then the plug-in sees its input end.
fn talk(mut input: ChildStdin) -> Sender<Vec<u8>> {
    let (send, questions) = channel::<Vec<u8>>();
    std::thread::spawn(move || {
        for question in questions {
            if input.write_all(&question).and_then(|()| input.flush()).is_err() {
                return;
            }
        }
    });
    send
}

fn keep(errors: impl Read, kept: &Mutex<VecDeque<String>>) {
    let mut errors = BufReader::new(errors);
    loop {
        let mut line = Vec::new();
        match (&mut errors).take(4_096).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let Ok(mut lines) = kept.lock() else { return };
        // What a terminal would obey stays out of messages.
        let text = String::from_utf8_lossy(&line).chars().filter(|letter| !letter.is_control()).collect();
        lines.push_back(text);
        if lines.len() > STDERR_LINES {
            lines.pop_front();
        }
    }
}

/// `a 'b c' "d e"` → three words.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_parted_at_blanks() {
        assert_eq!(words(" a  'b c'd \"e \" ''"), ["a", "b cd", "e ", ""]);
        assert_eq!(words("  "), Vec::<String>::new());
    }
}
