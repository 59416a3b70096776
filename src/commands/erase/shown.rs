//! What `erase` says: the plan, and what came of it.

use std::path::PathBuf;

use evidence::package::IDENTITY;
use model::{Digest, Fault};
use privacy::certificate::{Backup, Certificate};
use privacy::plan::{Outcome, Plan};
use privacy::register::Request;
use privacy::row::Key;
use privacy::verify::Verified;
use serde_json::{Map, Value, json};

use super::approval;
use super::certify::NAMESPACE;
use crate::cli::output::{Page, Show};
use crate::cli::requests::Dossier;
use crate::cli::table::{Cell, Table};

/// A plan that nobody has confirmed yet.
pub(in crate::commands) struct Planned {
    plan: Plan,
    digest: Digest,
    json: Value,
    file: Option<PathBuf>,
}

impl Planned {
    pub(in crate::commands) fn new(plan: Plan, file: Option<PathBuf>) -> Result<Self, Fault> {
        let (digest, json) = (plan.digest()?, plan.to_json()?);
        Ok(Planned { plan, digest, json, file })
    }
}

impl Planned {
    /// Whether nothing is to be done.
    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.plan.steps.is_empty()
    }

    /// What was not known when the plan was made.
    pub(in crate::commands) fn gaps(&self, page: &mut Page) {
        self.plan.gaps.iter().for_each(|gap| page.field("gap", &gap.text));
    }
}

impl Show for Planned {
    fn json(&self) -> Value {
        let mut json = self.json.clone();
        json["approval_statement"] = approval::statement(&self.digest).into();
        json
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["step", "store", "collection", "outcome", "rows", "why"]);
        for step in &self.plan.steps {
            table.row([
                Cell::Number(step.number.to_string()),
                step.member.as_str().into(),
                step.collection.as_str().into(),
                step.outcome.word().into(),
                Cell::Count(step.rows),
                step.reason.as_str().into(),
            ]);
        }
        page.table(&table);
        for kept in &self.plan.kept {
            let until = kept.until.as_deref().map(|until| format!(" until {until}")).unwrap_or_default();
            let rows = model::counted(kept.rows.len() as u64, "row", "rows");
            let text = format!("{} of {}.{}: {} ({}){until}", rows, kept.member, kept.collection, kept.law, kept.code);
            page.field("kept", text);
        }
        for shared in &self.plan.shared {
            let rows = model::counted(shared.rows.len() as u64, "row", "rows");
            page.field("shared", format!("{rows} of {}.{}: {}", shared.member, shared.collection, shared.reason));
        }
        self.gaps(page);
        for (member, text, collections) in minded(&self.plan) {
            page.field("mind", format!("{member}: {text} ({})", collections.join(", ")));
        }
        for index in &self.plan.estimates.indexes {
            let statement = index.statement.clone().unwrap_or_else(|| index.columns.join(", "));
            page.field("index", format!("{}.{} was read whole: {statement}", index.member, index.collection));
        }
        for recipient in &self.plan.recipients {
            page.field("to tell", format!("{} ({})", recipient.name, recipient.collections.join(", ")));
        }
        for backups in &self.plan.backups {
            let place = backups.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
            let text = "hold the data for {} after the erase; who comes back with one is erased again (erase replay)";
            let text = text.replace("{}", &backups.kept.to_string());
            page.field("backups", format!("those of {}{place} {text}", backups.member));
        }
        page.gap();
        page.field("digest", self.digest.hex());
        if let Some(file) = &self.file {
            page.field("plan", file.display().to_string());
        }
        page.line(match self.plan.as_of {
            None => {
                "Nothing was changed. Do it: the same command with --confirm and the digest in the place of --dry-run."
            }
            Some(_) => "Nothing was changed. Do it: probity retain apply --confirm and the digest.",
        });
    }
}

/// What is to be minded: store, sentence, and the collections that it is about.
fn minded(plan: &Plan) -> Vec<(&str, &str, Vec<&str>)> {
    let mut all: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for trap in &plan.traps {
        match all.iter_mut().find(|(member, text, _)| *member == trap.member && *text == trap.text) {
            Some((.., collections)) => collections.push(&trap.collection),
            None => all.push((&trap.member, &trap.text, vec![&trap.collection])),
        }
    }
    all
}

/// What came of an erase.
pub(super) struct Erased {
    /// `erase`, `retain`.
    command: &'static str,
    request: String,
    plan: Digest,
    body: Value,
    places: Vec<Value>,
    fault: Option<Fault>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) closed: bool,
    rows: Vec<(Outcome, u64)>,
    result: &'static str,
    held: bool,
    kept: u64,
    shared: u64,
    recipients: Vec<String>,
    backups: Vec<String>,
}

impl Erased {
    pub(super) fn new(
        of: &Certificate,
        dossier: &Dossier,
        plan: Digest,
        verified: &Option<Verified>,
        fault: Option<Fault>,
        command: &'static str,
    ) -> Self {
        Erased {
            command,
            request: dossier.request.id.clone(),
            plan,
            body: of.to_json(),
            places: verified.as_ref().map(places).unwrap_or_default(),
            fault,
            certificate: None,
            closed: false,
            rows: Outcome::ALL.iter().map(|outcome| (*outcome, of.rows(*outcome))).collect(),
            result: of.result.word(),
            held: of.retained.iter().any(|kept| kept.hold.is_some()),
            kept: of.retained.iter().map(|kept| kept.rows).sum(),
            shared: of.shared.iter().map(|shared| shared.rows).sum(),
            recipients: of.recipients.iter().map(|one| format!("{}: {}", one.name, one.state())).collect(),
            backups: of.backups.iter().filter_map(backup).collect(),
        }
    }
}

/// Until when backups of a store hold the data, where that is known.
fn backup(of: &Backup) -> Option<String> {
    let place = of.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    Some(format!("those of {}{place} may hold the data until {}", of.store, of.until.as_ref()?))
}

/// Where something is left, with the keys of the rows: for whoever has to look, and in no file.
fn places(verified: &Verified) -> Vec<Value> {
    let hits = verified.stores.iter().flat_map(|store| {
        store.hits.iter().map(|hit| {
            json!({
                "store": store.member, "collection": hit.collection, "field": hit.field, "key": cells(&hit.key),
                "forms": hit.forms.iter().map(|form| form.word()).collect::<Vec<_>>(),
            })
        })
    });
    let left = verified.left.iter().flat_map(|left| {
        left.rows.iter().map(|key| {
            json!({
                "store": left.member, "collection": left.collection, "field": null, "key": cells(key),
                "forms": ["found again"],
            })
        })
    });
    hits.chain(left).collect()
}

fn cells(key: &Key) -> Value {
    json!(key.0)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Erased {
    /// How each store ended, where that is a question, and what was searched again.
    fn stores(&self, page: &mut Page) {
        let stores: Vec<&Value> = list(&self.body["scope"]).collect();
        if stores.len() > 1 {
            for store in &stores {
                let word = |name: &str| store[name].as_str().unwrap_or_default();
                page.field("store", format!("{}: {} ({})", word("store"), word("state"), word("version")));
            }
        }
        let sum = |name: &str| list(&self.body["verification"]).filter_map(|store| store[name].as_u64()).sum::<u64>();
        if list(&self.body["verification"]).next().is_some() {
            let (rows, collections) = (sum("rows"), sum("collections"));
            let rows = model::counted(rows, "row that stays", "rows that stay");
            let collections = model::counted(collections, "collection", "collections");
            match (self.command, self.places.is_empty()) {
                ("retain", true) => page.field("read again", "every row of the plan: all are as planned"),
                (_, true) => {
                    page.field("searched", format!("{rows}, in {collections}: nothing of the person is in them"));
                }
                (_, false) => page.field("searched", format!("{rows}, in {collections}: see what is left")),
            }
        }
    }
}

impl Show for Erased {
    fn json(&self) -> Value {
        let counts: Map<String, Value> =
            self.rows.iter().map(|(outcome, rows)| (outcome.word().to_owned(), json!(rows))).collect();
        json!({
            "schema": format!("{}/1", self.command),
            "request": self.request,
            "digest": self.plan.hex(),
            "result": self.result,
            "closed": self.closed,
            "counts": counts,
            "kept": self.kept,
            "shared": self.shared,
            "stores": self.body["scope"],
            "failed": self.body["failed"],
            "places": self.places,
            "gaps": self.body["gaps"],
            "remains_physically": self.body["remains_physically"],
            "recipients": self.body["recipients"],
            "certificate": self.certificate.as_ref().map(|path| path.display().to_string()),
            "fault": self.fault.as_ref().map(|fault| json!({"code": fault.code(), "message": fault.message()})),
        })
    }

    fn human(&self, page: &mut Page) {
        page.field("request", &self.request);
        page.field("result", self.result);
        for (outcome, rows) in self.rows.iter().filter(|(_, rows)| *rows > 0) {
            page.field(outcome.word(), model::counted(*rows, "row", "rows"));
        }
        let count = |page: &mut Page, name: &str, rows: u64| {
            if rows > 0 {
                page.field(name, model::counted(rows, "row", "rows"));
            }
        };
        count(page, "kept", self.kept);
        count(page, "shared", self.shared);
        if let Some(fault) = &self.fault {
            page.field("stopped", fault.message());
        }
        for place in &self.places {
            let text = |name: &str| place[name].as_str().unwrap_or("(name)").to_owned();
            let forms =
                place["forms"].as_array().map(|forms| forms.iter().filter_map(Value::as_str).collect::<Vec<_>>());
            let (key, forms) = (place["key"].to_string(), forms.unwrap_or_default().join(", "));
            let path = [text("store"), text("collection"), text("field")].join(".");
            page.field("left", format!("{path} {key}: {forms}"));
        }
        self.stores(page);
        list(&self.body["gaps"]).filter_map(Value::as_str).for_each(|gap| page.field("not covered", gap));
        self.recipients.iter().for_each(|one| page.field("to tell", one));
        self.backups.iter().for_each(|one| page.field("backups", one));
        page.gap();
        if self.held && !self.closed {
            let text = "open until the hold is released; then plan it again, and finish this one with --resume";
            page.field("held", text);
        }
        if let Some(path) = &self.certificate {
            let folder = path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
            page.field("certificate", path.display().to_string());
            page.line(format!(
                "Check it: cd {folder} && ssh-keygen -Y verify -f allowed_signers -I {IDENTITY} -n {NAMESPACE} -s certificate.json.sig < certificate.json"
            ));
        }
        if self.fault.is_some() {
            let command = if self.command == "retain" { "retain apply" } else { self.command };
            page.line(format!("Not finished. Go on: probity {command} --resume {}", self.request));
        }
    }
}

/// A request that was finished before.
pub(super) struct Finished {
    pub(super) request: Request,
}

impl Show for Finished {
    fn json(&self) -> Value {
        self.request.to_json()
    }

    fn human(&self, page: &mut Page) {
        page.line(format!("{} is finished; its certificate is in its folder.", self.request.id));
    }
}
