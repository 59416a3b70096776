//! What became of a journey: as a document, and as samples.

use std::fmt::Write as _;
use std::time::Duration;

use model::Instant;
use serde_json::{Value, json};

use crate::run::{Answer, Phases};

/// One walk.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of the journey.
    pub journey: String,
    /// The service that it is about.
    pub service: String,
    /// When it began.
    pub at: Instant,
    /// Its steps, those that were skipped among them.
    pub steps: Vec<StepReport>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// Everything that is expected is true.
    pub passed: bool,
    /// An earlier step failed.
    pub is_skipped: bool,
    /// How often it was tried.
    pub attempts: u64,
    /// How many redirects were followed.
    pub redirects: u64,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// How many bytes its body has.
    pub bytes: u64,
    /// How long each part took, redirects included.
    pub phases: Option<Phases>,
    /// Until when the server's certificate is good.
    pub certificate_expires: Option<Instant>,
    /// What is wrong: a stable word, and a sentence.
    pub failures: Vec<(&'static str, String)>,
}

impl StepReport {
    pub(crate) fn begun(name: &str) -> Self {
        StepReport {
            name: name.to_owned(),
            passed: true,
            is_skipped: false,
            attempts: 0,
            redirects: 0,
            status: None,
            bytes: 0,
            phases: None,
            certificate_expires: None,
            failures: vec![],
        }
    }

    pub(crate) fn skipped(name: &str) -> Self {
        StepReport { passed: false, is_skipped: true, ..Self::begun(name) }
    }

    pub(crate) fn answered(&mut self, answer: &Answer) {
        self.status = Some(answer.status);
        self.bytes = answer.body.len() as u64;
        self.phases = Some(answer.phases);
        self.certificate_expires = answer.certificate_expires;
    }

    pub(crate) fn failed(mut self, code: &'static str, why: String) -> Self {
        self.passed = false;
        self.failures.push((code, why));
        self
    }
}

impl Report {
    /// Every step passed.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.passed)
    }

    /// As `probe-run/1`.
    pub fn to_json(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(step_json).collect();
        json!({
            "schema": "probe-run/1", "journey": self.journey, "service": self.service, "at": self.at.to_string(),
            "passed": self.passed(), "steps": steps,
        })
    }

    /// As metric text (OpenMetrics), which `ingest` reads: what SLOs are evaluated over. Steps that were skipped have no samples
    /// beyond that they did not succeed.
    pub fn to_openmetrics(&self) -> String {
        let mut text = String::new();
        let nanos = self.at.nanos();
        let time = format!("{}.{:09}", nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
        let whole = format!("journey={},service={}", quoted(&self.journey), quoted(&self.service));
        // Writing into a string cannot fail.
        let _ =
            writeln!(text, "# TYPE probe_success gauge\nprobe_success{{{whole}}} {} {time}", u8::from(self.passed()));
        let labels = |step: &StepReport| format!("{whole},step={}", quoted(&step.name));
        let mut family = |name: &str, kind: &str, sample: &dyn Fn(&StepReport) -> Vec<(String, String)>| {
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for step in &self.steps {
                for (more, value) in sample(step) {
                    let _ = writeln!(text, "{name}{{{}{more}}} {value} {time}", labels(step));
                }
            }
        };
        let none = String::new;
        family("probe_step_success", "gauge", &|step| vec![(none(), u8::from(step.passed).to_string())]);
        family("probe_step_duration_seconds", "gauge", &|step| {
            step.phases.iter().map(|phases| (none(), seconds(phases.total()))).collect()
        });
        family("probe_phase_duration_seconds", "gauge", &|step| {
            let phases = step.phases.iter().flat_map(|phases| named(phases));
            phases.map(|(name, time)| (format!(",phase=\"{name}\""), seconds(time))).collect()
        });
        family("probe_step_status", "gauge", &|step| {
            step.status.iter().map(|status| (none(), status.to_string())).collect()
        });
        family("probe_certificate_expiry_timestamp_seconds", "gauge", &|step| {
            step.certificate_expires
                .iter()
                .map(|at| (none(), at.nanos().div_euclid(1_000_000_000).to_string()))
                .collect()
        });
        text + "# EOF\n"
    }
}

fn named(phases: &Phases) -> [(&'static str, Duration); 5] {
    [
        ("dns", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("first_byte", phases.first_byte),
        ("transfer", phases.transfer),
    ]
}

fn step_json(step: &StepReport) -> Value {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let phases = step.phases.map(|phases| {
        let mut all: serde_json::Map<String, Value> =
            named(&phases).into_iter().map(|(name, time)| (format!("{name}_us"), micros(time).into())).collect();
        all.insert("total_us".to_owned(), micros(phases.total()).into());
        all
    });
    let failures: Vec<Value> =
        step.failures.iter().map(|(code, message)| json!({"code": code, "message": message})).collect();
    json!({
        "name": step.name, "passed": step.passed, "skipped": step.is_skipped, "attempts": step.attempts,
        "redirects": step.redirects, "status": step.status, "bytes": step.bytes, "phases": phases,
        "certificate_expires": step.certificate_expires.map(|at| at.to_string()), "failures": failures,
    })
}

fn seconds(time: Duration) -> String {
    format!("{}.{:09}", time.as_secs(), time.subsec_nanos())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
