//! What `alert` shows: what changed, the list, one alert, the silences.

use alerts::{Alert, Changes, Event, Observed, Policy, Register, Silence, Standing, Status, Voice};
use model::Instant;
use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};

/// An alert as it is shown, apart from the register.
struct Row {
    alert: Alert,
    voice: Voice,
    document: Value,
}

impl Row {
    fn of(standing: &Standing<'_>, now: Instant) -> Self {
        Row { alert: standing.alert.clone(), voice: standing.voice.clone(), document: standing.to_json(now) }
    }

    /// Who hears of it, in words.
    fn voice(&self) -> String {
        match (&self.voice, &self.alert.acknowledged) {
            (Voice::Silenced(id), _) => format!("silenced by {id}"),
            (Voice::Inhibited(id), _) => format!("inhibited by {id}"),
            (Voice::Told, Some(it)) => format!("acknowledged by {}", it.by),
            (Voice::Told, None) if self.alert.is_open() => "nobody knows of it".to_owned(),
            (Voice::Told, None) => String::new(),
        }
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["alert", "severity", "status", "since", "about", "count", "who"]);
    for row in rows {
        let alert = &row.alert;
        let about = [alert.labels.value("rule"), alert.labels.value("objective")];
        let about = about.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        table.row([
            alert.id.as_str().into(),
            alert.severity.word().into(),
            alert.status.word().into(),
            alert.active.to_string().into(),
            format!("{} {about}", alert.labels.value("alertname")).into(),
            Cell::Count(alert.count),
            row.voice().into(),
        ]);
    }
    table
}

pub(super) struct Listed {
    rows: Vec<Row>,
}

impl Listed {
    pub(super) fn of(
        register: &Register,
        policy: &Policy,
        now: Instant,
        is_wanted: impl Fn(&Standing<'_>) -> bool,
    ) -> Self {
        let standings = register.standings(policy, now);
        Listed { rows: standings.iter().filter(|one| is_wanted(one)).map(|one| Row::of(one, now)).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Show for Listed {
    fn json(&self) -> Value {
        let alerts: Vec<&Value> = self.rows.iter().map(|row| &row.document).collect();
        json!({"schema": "alerts/1", "alerts": alerts})
    }

    fn human(&self, page: &mut Page) {
        match self.rows.as_slice() {
            [] => page.line("No such alert."),
            rows => page.table(&table(rows)),
        }
    }
}

pub(super) struct One(Row);

impl One {
    pub(super) fn of(standing: &Standing<'_>, now: Instant) -> Self {
        One(Row::of(standing, now))
    }
}

impl Show for One {
    fn json(&self) -> Value {
        self.0.document.clone()
    }

    fn human(&self, page: &mut Page) {
        let alert = &self.0.alert;
        page.field("alert", &alert.id);
        page.field("fingerprint", alert.labels.fingerprint().to_string());
        page.field("labels", alert.labels.to_string());
        page.field("status", alert.status.word());
        let raised = if alert.base == alert.severity { String::new() } else { format!(" (found as {})", alert.base) };
        page.field("severity", format!("{}{raised}", alert.severity));
        page.field("kind", alert.kind.word());
        page.field("summary", &alert.summary);
        alert.runbook.iter().for_each(|runbook| page.field("runbook", runbook));
        page.field("since", alert.active.to_string());
        page.field("seen", format!("{}, {} times", alert.seen, alert.breaches));
        page.field("who", self.0.voice());
        alert.incidents.iter().for_each(|incident| page.field("incident", incident));
        for moment in &alert.history {
            let note = moment.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
            page.field(moment.event.word(), format!("{} by {}{note}", moment.at, moment.by));
        }
    }
}

/// What an evaluation came to.
pub(super) struct Evaluated {
    open: Vec<Row>,
    transitions: Vec<(Event, String)>,
    documents: Vec<Value>,
    unknown: usize,
    /// How many fire and are told.
    firing: usize,
}

impl Evaluated {
    pub(super) fn of(
        register: &Register,
        policy: &Policy,
        documents: &[Observed],
        changes: &[Changes],
        before: usize,
        now: Instant,
    ) -> Self {
        let standings = register.standings(policy, now);
        let entered = register.lines().skip(before).map(|(entry, _)| (entry.event, entry.about.clone()));
        let document = |(observed, changes): (&Observed, &Changes)| {
            json!({
                "sha256": observed.digest.hex(), "schema": observed.schema, "at": observed.at.to_string(),
                "known": changes.known, "wrong": changes.wrong, "unknown": changes.unknown, "stale": changes.stale,
                "unknown_targets": observed.strangers(policy).iter().map(|named| json!({"name": named.name, "place": named.place}))
                    .collect::<Vec<_>>(),
            })
        };
        Evaluated {
            open: standings.iter().filter(|one| one.alert.is_open()).map(|one| Row::of(one, now)).collect(),
            transitions: entered.filter(|(event, _)| *event != Event::Observed).collect(),
            documents: documents.iter().zip(changes).map(document).collect(),
            unknown: changes.iter().map(|changes| changes.unknown).sum(),
            firing: standings.iter().filter(|one| one.speaks()).count(),
        }
    }

    pub(super) fn firing(&self) -> usize {
        self.firing
    }

    /// No when one fires and is told; no verdict when something could not be judged; else yes.
    pub(super) fn exit(&self) -> Exit {
        match (self.firing, self.unknown) {
            (0, 0) => Exit::Done,
            (0, _) => Exit::NoVerdict,
            _ => Exit::No,
        }
    }
}

impl Show for Evaluated {
    fn json(&self) -> Value {
        let transition = |(event, about): &(Event, String)| json!({"event": event.word(), "alert": about});
        json!({
            "schema": "alert-evaluation/1", "documents": self.documents,
            "transitions": self.transitions.iter().map(transition).collect::<Vec<_>>(),
            "firing": self.firing, "unknown": self.unknown,
            "alerts": self.open.iter().map(|row| &row.document).collect::<Vec<_>>(),
        })
    }

    fn human(&self, page: &mut Page) {
        for (event, about) in &self.transitions {
            page.line(format!("{about} {}", event.word()));
        }
        if !self.transitions.is_empty() && !self.open.is_empty() {
            page.gap();
        }
        if !self.open.is_empty() {
            page.table(&table(&self.open));
            page.gap();
        }
        let pending = self.open.iter().filter(|row| row.alert.status == Status::Pending).count();
        page.line(format!("{} firing, {pending} pending, {} not judged", self.firing, self.unknown));
    }
}

pub(super) struct Silences {
    rows: Vec<Silence>,
    now: Instant,
}

impl Silences {
    pub(super) fn of(register: &Register, now: Instant, is_wanted: impl Fn(&Silence) -> bool) -> Self {
        Silences { rows: register.silences().iter().filter(|one| is_wanted(one)).cloned().collect(), now }
    }
}

impl Show for Silences {
    fn json(&self) -> Value {
        let silences: Vec<Value> = self.rows.iter().map(|silence| silence.to_json(self.now)).collect();
        json!({"schema": "silences/1", "silences": silences})
    }

    fn human(&self, page: &mut Page) {
        if self.rows.is_empty() {
            return page.line("No silence.");
        }
        let mut table = Table::new(&["silence", "holds", "until", "match", "by", "reason"]);
        for silence in &self.rows {
            let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
            let (holds, until) = (if silence.holds(self.now) { "yes" } else { "no" }, silence.until.to_string());
            let cells = [&*silence.id, holds, &until, &matchers.join(" "), &silence.by, &silence.reason];
            table.row(cells.map(Into::into));
        }
        page.table(&table);
    }
}
