//! Telling targets: addresses and secrets are read, and each target is spoken to on its own, so that one that is down holds up
//! nobody else.

mod link;
mod nats;
mod smtp;
mod syslog;

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant as Moment};

use alerts::{Address, Envelope, Labels, Letter, Payload, Source, Target, TargetKind};
use connectors::Access;
use model::{ByteSize, Fault};
use rustix::process::{Pid, Signal, kill_process_group};

use super::context::Context;
use super::{files, http};
pub(crate) use nats::Subject;

const SECRET_MAX: ByteSize = ByteSize(64 << 10);
/// The first wait between two attempts; each that follows is twice as long, and any of them up to twice what it says.
const WAIT: Duration = Duration::from_millis(200);
/// How often a program is asked whether it is done.
const POLL: Duration = Duration::from_millis(20);

/// What a target needs, with its secrets read: it goes to a thread of its own.
pub(crate) struct Ready {
    target: Target,
    url: String,
    access: Access,
    payloads: Vec<Payload>,
    root: PathBuf,
}

/// Makes a delivery ready.
///
/// # Errors
/// `command-not-allowed`, `no-password`; I/O faults of files with secrets.
pub(crate) fn ready(
    context: &Context,
    target: &Target,
    group: &Labels,
    letters: &[Letter<'_>],
) -> Result<Ready, Fault> {
    let address = match &target.kind {
        TargetKind::Webhook(address)
        | TargetKind::WebhookV4(address)
        | TargetKind::Alertmanager(address)
        | TargetKind::Slack(address)
        | TargetKind::PagerDuty(address) => Some(address),
        TargetKind::Command { run } => {
            allowed(context, run)?;
            None
        }
        _ => None,
    };
    let secret = address.and_then(|address| address.secret_file.as_deref());
    let secret = secret.map(|file| first_line(context, file)).transpose()?;
    let envelope = Envelope { now: context.now(), receiver: &target.name, secret: secret.as_deref(), group };
    Ok(Ready {
        target: target.clone(),
        url: address.map(|address| url(context, address)).transpose()?.unwrap_or_default(),
        access: link::access(context, target)?,
        payloads: Payload::of(&target.kind, letters, &envelope),
        root: context.project.root().to_path_buf(),
    })
}

/// Where events go that are published beside what a target is told: its subject with `.events` behind it. Nothing where it
/// is no target of NATS.
///
/// # Errors
/// `no-password`; I/O faults of files with secrets.
pub(crate) fn subject(context: &Context, target: &Target) -> Result<Option<Subject>, Fault> {
    let TargetKind::Nats(nats) = &target.kind else { return Ok(None) };
    let nats = alerts::Nats { subject: format!("{}.events", nats.subject), ..nats.clone() };
    Ok(Some(Subject { nats, access: link::access(context, target)? }))
}

fn url(context: &Context, address: &Address) -> Result<String, Fault> {
    match &address.url {
        Source::Text(url) => Ok(url.clone()),
        Source::File(file) => first_line(context, file),
    }
}

fn first_line(context: &Context, file: &str) -> Result<String, Fault> {
    let text = files::read_text(&context.project.root().join(file), SECRET_MAX)?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Programs that alerts start stand in the settings as well: who can write alerts.yaml cannot start any program with it.
fn allowed(context: &Context, run: &[String]) -> Result<(), Fault> {
    let program = run.first().map_or("", String::as_str);
    if context.config.list("alerts.commands").contains(&program) {
        return Ok(());
    }
    Err(Fault::refused("command-not-allowed", format!("The settings do not allow alerts to start {program:?}"))
        .advise("Add it to [alerts] commands in probity.toml, as it is written in alerts.yaml."))
}

impl Ready {
    /// Tells the target, as often as it takes and may. Gives what is to be said of it although it was told.
    ///
    /// # Errors
    /// Why it could not be told.
    pub(crate) fn deliver(&self) -> Result<Option<String>, Fault> {
        let told = self.payloads.iter().map(|payload| self.tell(payload)).collect::<Result<Vec<_>, _>>()?;
        Ok(told.into_iter().flatten().next())
    }

    fn tell(&self, payload: &Payload) -> Result<Option<String>, Fault> {
        let mut wait = WAIT;
        let mut attempt = 1;
        loop {
            match self.attempt(payload) {
                Ok(remark) => return Ok(remark),
                Err(fault) if attempt >= self.target.tries || fault.code() == "target-refused" => return Err(fault),
                Err(_) => {}
            }
            // So that many who failed at once do not come back at once.
            let jitter = getrandom::u64().unwrap_or_default() % (wait.as_millis() as u64 + 1);
            std::thread::sleep(wait + Duration::from_millis(jitter));
            (wait, attempt) = (wait * 2, attempt + 1);
        }
    }

    fn attempt(&self, payload: &Payload) -> Result<Option<String>, Fault> {
        let timeout = Duration::from_secs(self.target.timeout.seconds().max(1));
        let told = match &self.target.kind {
            TargetKind::Email(mail) => return smtp::send(mail, &payload.body, &self.access),
            TargetKind::File { path } => append(&self.root.join(path), &payload.body),
            TargetKind::Command { run } => start(run, &self.root, &payload.body, timeout),
            TargetKind::Syslog { receiver, .. } => syslog::send(receiver, &payload.body, &self.access),
            TargetKind::Nats(nats) => nats::send(nats, payload, &self.access),
            _ => self.post(payload, timeout),
        };
        told.map(|()| None)
    }

    fn post(&self, payload: &Payload, timeout: Duration) -> Result<(), Fault> {
        let url = match self.target.kind {
            TargetKind::Alertmanager(_) => format!("{}/api/v2/alerts", self.url.trim_end_matches('/')),
            _ => self.url.clone(),
        };
        let post = http::Post { url: &url, body: payload.body.as_bytes(), headers: &payload.headers, timeout };
        match http::post(&post)? {
            200..300 => Ok(()),
            status => {
                let message = format!("{} answered with status {status}", http::host(&url)?);
                // What was not understood will not be understood the next time; too many questions and timeouts may.
                let again = status >= 500 || status == 408 || status == 429;
                let code = if again { "target-failed" } else { "target-refused" };
                Err(Fault::unavailable(code, message).advise("Check the address and the secret of the target."))
            }
        }
    }
}

fn append(path: &Path, body: &str) -> Result<(), Fault> {
    let fault = |error| Fault::io("write", path, error);
    let mut file = File::options().create(true).read(true).append(true).mode(0o600).open(path).map_err(fault)?;
    // A line that a full disk cut is ended first, so that it spoils no other.
    let length = file.metadata().map_err(fault)?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1).map_err(fault)?;
    }
    let end = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{end}{body}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(fault)
}

/// Starts a program without a shell and without our environment; it is ended when it takes too long, with all that it started.
fn start(run: &[String], root: &Path, body: &str, timeout: Duration) -> Result<(), Fault> {
    let failed = |why: String| {
        let program = run.first().map_or("", String::as_str);
        Fault::unavailable("target-failed", format!("{program:?} {why}")).advise("Run it by hand with the same input.")
    };
    let (program, arguments) = run.split_first().ok_or_else(|| failed("is no program".to_owned()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| failed(format!("could not be started: {error}")))?;
    let mut stdin = child.stdin.take();
    // A program that does not read is not waited for: its pipe is filled from a thread of its own.
    let body = body.as_bytes().to_vec();
    // Whether it reads everything is its own business.
    std::thread::spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(&body)));
    let begun = Moment::now();
    let status = loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) => break status,
            None if begun.elapsed() < timeout => std::thread::sleep(POLL),
            None => {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.wait();
                return Err(failed(format!("took longer than {} s", timeout.as_secs())));
            }
        }
    };
    if status.success() { Ok(()) } else { Err(failed(format!("ended with {status}"))) }
}
