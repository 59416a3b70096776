//! Facts of the registers: requests of people, and holds.

use std::collections::BTreeSet;

use model::{Fault, Instant};
use privacy::hold::{Hold, On};
use privacy::register::Request;
use rules::Source;
use serde_json::{Value, json};

use super::{Collected, Context, Found};
use crate::cli::requests::{self, Dossier, holds};

/// `requests` and `holds`, whichever is wanted.
pub(super) fn collect(context: &Context, wanted: &BTreeSet<&str>) -> Found {
    let mut found = Vec::new();
    if wanted.contains("requests") {
        let read = Dossier::list(context);
        found.push(("requests", outcome(context, "the register of requests", read, |all| requests_of(context, all))));
    }
    if wanted.contains("holds") {
        let read = holds::list(context);
        found.push(("holds", outcome(context, "the list of holds", read, |all| holds_of(context, all))));
    }
    found
}

fn outcome<T>(context: &Context, what: &str, read: Result<Vec<T>, Fault>, value: impl Fn(&[T]) -> Value) -> Collected {
    match read {
        Err(fault) => Collected::failed(what, &fault),
        Ok(_) if !context.project.is_initialised() => {
            Collected::not_given("there is no project here; `probity init` makes one")
        }
        Ok(all) => {
            let value = value(&all);
            let digest = Some(super::sheet::digest(&value));
            Collected::now(context, value, vec![Source { name: what.to_owned(), digest }], vec![])
        }
    }
}

fn time(instant: Option<Instant>) -> Value {
    instant.map_or(Value::Null, |instant| json!(instant.to_string()))
}

fn requests_of(context: &Context, all: &[Request]) -> Value {
    let folder = requests::folder(context);
    let one = |request: &Request| {
        let (status, reason) = request.status.words();
        let (told, recipients) = request.told();
        json!({
            "id": request.id, "right": request.right.word(), "article": request.right.article(),
            "regime": request.regime, "status": status, "reason": reason, "open": request.status.is_open(),
            "received": request.received.to_string(), "due": time(request.due), "answered": time(request.answered),
            "extended": request.extension.is_some(),
            "extension_told": time(request.extension.as_ref().map(|extension| extension.notified)),
            "paused": request.is_paused(), "verified": request.verification.is_some(), "ground": request.ground,
            "purposes": request.purposes,
            "carried": request.digest("plan").is_some(),
            "certified": request.digest("certificate").is_some(), "packaged": request.digest("package").is_some(),
            "recipients": recipients, "told": told,
            "place": folder.join(&request.id).join("request.json").display().to_string(),
        })
    };
    json!({"requests": all.iter().map(one).collect::<Vec<_>>()})
}

fn holds_of(context: &Context, all: &[Hold]) -> Value {
    let path = holds::path(context).display().to_string();
    let one = |(index, hold): (usize, &Hold)| {
        let on = match &hold.on {
            On::Subject(_) => "a person",
            On::Collection(name) => name,
        };
        json!({
            "id": hold.id, "on": on, "code": hold.code, "law": hold.law, "approver": hold.approver,
            "since": hold.since.to_string(), "until": time(hold.until), "released": time(hold.released),
            "in_force": hold.holds_at(context.now()), "place": format!("{path}:{}", index + 1),
        })
    };
    json!({"holds": all.iter().enumerate().map(one).collect::<Vec<_>>()})
}
