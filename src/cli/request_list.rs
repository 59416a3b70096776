//! Requests of people as a list, with the days that are left: `export --list`, `erase --list`.

use model::{Fault, Instant};
use privacy::register::{Request, Right};
use serde_json::{Value, json};

use super::context::Context;
use super::journal::Wanted;
use super::output::{Page, Show};
use super::requests::Dossier;
use super::table::Table;

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
            value
        };
        json!({"schema": "requests/1", "requests": self.requests.iter().map(one).collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        if self.requests.is_empty() {
            return page.line("No request.");
        }
        let mut table = Table::new(&["request", "right", "status", "received", "due", "days left"]);
        for request in &self.requests {
            let (status, reason) = request.status.words();
            let status = reason.map_or(status.to_owned(), |reason| format!("{status} ({reason})"));
            let left = match self.days_left(request) {
                None => "–".to_owned(),
                Some(days) if days < 0 => format!("{days}: OVERDUE"),
                Some(days) => days.to_string(),
            };
            let due = request.due.map(Instant::date).unwrap_or_default();
            table.row(
                [request.id.clone(), request.right.word().to_owned(), status, request.received.date(), due, left]
                    .map(Into::into),
            );
        }
        page.table(&table);
    }
}
