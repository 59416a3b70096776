//! Requests of people as a list, with the days that are left: `probity request list`, and `--list` of each right.

use model::{Fault, Instant};
use privacy::register::{Request, Right};
use serde_json::{Value, json};

use super::context::Context;
use super::journal::Wanted;
use super::output::{Page, Show};
use super::requests::Dossier;
use super::table::Table;
use super::terms;

/// What is shown.
pub(crate) struct Listed {
    requests: Vec<Request>,
    now: Instant,
}

/// The requests for a right that is `wanted`; `act` goes to the ledger.
///
/// # Errors
/// Those of the requests' folders.
pub(crate) fn list(context: &mut Context, act: &'static str, wanted: fn(Right) -> bool) -> Result<Listed, Fault> {
    context.trace.begin(Wanted::WhereThere, act);
    let mut requests = Dossier::list(context)?;
    requests.retain(|request| wanted(request.right));
    for request in requests.iter_mut().filter(|request| request.is_paused()) {
        // While the term stands still its last day moves from day to day.
        request.due = terms::due(context, request)?.map(|due| due.at);
    }
    context.trace.count("requests", requests.len() as u64);
    Ok(Listed { requests, now: context.now() })
}

impl Listed {
    fn days_left(&self, request: &Request) -> Option<i64> {
        request.days_left(self.now).filter(|_| request.status.is_open())
    }
}

impl Show for Listed {
    fn json(&self) -> Value {
        let one = |request: &Request| {
            let mut value = request.to_json();
            value["days_left"] = json!(self.days_left(request));
            value["paused"] = json!(request.is_paused());
            value
        };
        json!({"schema": "requests/1", "requests": self.requests.iter().map(one).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        if self.requests.is_empty() {
            return page.line("No request.");
        }
        let heading = ["request", "right", "status", "received", "due", "days left", "term", "told (Art. 19)"];
        let mut table = Table::new(&heading);
        for request in &self.requests {
            let (status, reason) = request.status.words();
            let status = reason.map_or(status.to_owned(), |reason| format!("{status} ({reason})"));
            let left = match self.days_left(request) {
                None => "–".to_owned(),
                Some(days) if days < 0 => format!("{days}: OVERDUE"),
                Some(days) => days.to_string(),
            };
            let due = request.due.map(Instant::date).unwrap_or_default();
            let term = match (request.is_paused() && request.status.is_open(), &request.extension) {
                (true, _) => "stands still",
                (false, Some(_)) => "extended",
                (false, None) => "",
            };
            let told = match request.told() {
                (_, 0) => "–".to_owned(),
                (told, all) => format!("{told} of {all}"),
            };
            let (id, right, received) = (request.id.clone(), request.right.word().to_owned(), request.received.date());
            table.row([id, right, status, received, due, left, term.to_owned(), told].map(Into::into));
        }
        page.table(&table);
    }
}
