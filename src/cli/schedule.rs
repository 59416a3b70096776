//! Schedules of other programs that call `run --due` often enough for a job.

use std::path::Path;

use model::{Fault, Span};

/// Which program keeps the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    Cron,
    Systemd,
    Kubernetes,
}

/// When to call: once in every slot of the job, on the hour or minute where the slot begins.
struct Rhythm {
    /// The five fields of cron, in UTC.
    cron: String,
    /// `OnCalendar=` of systemd, in UTC.
    calendar: String,
}

/// The text that makes `clock` call `run --due` for a job that is due every `every`, in the project at `root`.
///
/// # Errors
/// `unfit-schedule` when `every` is shorter than a minute or does not divide an hour, a day, or is not whole days.
pub(crate) fn text(clock: Clock, every: Span, root: &Path, program: &Path) -> Result<String, Fault> {
    let rhythm = rhythm(every)?;
    let (root, program) = (root.display().to_string(), program.display().to_string());
    Ok(match clock {
        Clock::Cron => cron(every, &rhythm.cron, &root, &program),
        Clock::Systemd => systemd(every, &rhythm.calendar, &root, &program),
        Clock::Kubernetes => kubernetes(every, &rhythm.cron),
    })
}

fn cron(every: Span, fields: &str, root: &str, program: &str) -> String {
    format!(
        "# Once in every slot of {every}. Overlaps and missed runs are handled by `run --due`.\n\
         CRON_TZ=UTC\n{fields} cd {} && {} run --due --quiet\n",
        crontab(root),
        crontab(program)
    )
}

/// The memory of the ledger goes to /var/lib, where an older copy of the project does not bring its own.
fn systemd(every: Span, calendar: &str, root: &str, program: &str) -> String {
    format!(
        "# probity.service
[Unit]
Description=probity: run the jobs that are due

[Service]
Type=oneshot
WorkingDirectory={}
ExecStart={} run --due --quiet
StateDirectory=probity
Environment=XDG_STATE_HOME=%S
Nice=10
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={}

# probity.timer
[Unit]
Description=probity: every {every}

[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
",
        root.replace('%', "%%"),
        unit(program).replace('$', "$$"),
        unit(root)
    )
}

/// The memory of the ledger is a volume of its own, so that an older copy of the project does not bring its own.
fn kubernetes(every: Span, cron: &str) -> String {
    format!(
        "# Once in every slot of {every}. The project folder is a volume; the image is yours to name.\n\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: probity
spec:
  schedule: \"{cron}\"
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          securityContext:
            runAsNonRoot: true
          containers:
            - name: probity
              image: REGISTRY/probity:VERSION
              command: [\"probity\", \"run\", \"--due\", \"--quiet\"]
              workingDir: /project
              env:
                - name: XDG_STATE_HOME
                  value: /state
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
              volumeMounts:
                - name: project
                  mountPath: /project
                - name: state
                  mountPath: /state
          volumes:
            - name: project
              persistentVolumeClaim:
                claimName: probity-project
            - name: state
              persistentVolumeClaim:
                claimName: probity-state
"
    )
}

fn rhythm(every: Span) -> Result<Rhythm, Fault> {
    let minutes = every.seconds() / 60;
    let exact = every.nanos() % 60_000_000_000 == 0;
    match minutes {
        1..60 if exact && 60 % minutes == 0 => {
            Ok(Rhythm { cron: format!("*/{minutes} * * * *"), calendar: format!("*-*-* *:00/{minutes}:00 UTC") })
        }
        60..1440 if exact && minutes.is_multiple_of(60) && 1440 % minutes == 0 => {
            let hours = minutes / 60;
            Ok(Rhythm { cron: format!("0 */{hours} * * *"), calendar: format!("*-*-* 00/{hours}:00:00 UTC") })
        }
        // A slot of several days begins at a midnight; asking every midnight hits each of them.
        1440.. if exact && minutes.is_multiple_of(1440) => {
            Ok(Rhythm { cron: "0 0 * * *".to_owned(), calendar: "*-*-* 00:00:00 UTC".to_owned() })
        }
        _ => Err(Fault::bad_config("unfit-schedule", format!("Schedulers cannot call every {every} exactly"))
            .advise("Use minutes that divide an hour, hours that divide a day, or whole days.")),
    }
}

/// A word for a POSIX shell in a crontab, where a bare `%` would end the line.
fn crontab(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''").replace('%', "\\%"))
}

/// A word for a unit of systemd.
fn unit(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    if text.contains([' ', '\t', '\'', ';']) { format!("\"{text}\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rhythm_hits_every_slot_once() {
        let check = |every: &str, expect: Option<(&str, &str)>| {
            let rhythm = rhythm(Span::parse(every).unwrap()).ok();
            let found = rhythm.as_ref().map(|rhythm| (rhythm.cron.as_str(), rhythm.calendar.as_str()));
            assert_eq!(found, expect, "{every}");
        };
        check("15m", Some(("*/15 * * * *", "*-*-* *:00/15:00 UTC")));
        check("1h", Some(("0 */1 * * *", "*-*-* 00/1:00:00 UTC")));
        check("12h", Some(("0 */12 * * *", "*-*-* 00/12:00:00 UTC")));
        check("1d", Some(("0 0 * * *", "*-*-* 00:00:00 UTC")));
        check("2w", Some(("0 0 * * *", "*-*-* 00:00:00 UTC")));
        check("30s", None);
        check("7h", None);
        check("90m", None);
    }
}
