//! `export --list`: the requests for access and portability, with the days that are left.

use model::{Fault, Instant};
use privacy::register::{Request, Right};
use serde_json::{Value, json};

use super::Done;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::requests::Dossier;
use crate::cli::table::Table;

pub(super) fn run(context: &mut Context) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "export.listed");
    let mut requests = Dossier::list(context)?;
    requests.retain(|request| request.right != Right::Erasure);
    context.trace.count("requests", requests.len() as u64);
    Ok(Done::showing(Exit::Done, Listed { requests, now: context.now() }))
}

struct Listed {
    requests: Vec<Request>,
    now: Instant,
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
            return page.line("No request for access.");
        }
        let mut table = Table::new(&["request", "status", "received", "due", "days left"]);
        for request in &self.requests {
            let (status, reason) = request.status.words();
            let status = reason.map_or(status.to_owned(), |reason| format!("{status} ({reason})"));
            let left = match self.days_left(request) {
                None => "–".to_owned(),
                Some(days) if days < 0 => format!("{days}: OVERDUE"),
                Some(days) => days.to_string(),
            };
            let due = request.due.map(Instant::date).unwrap_or_default();
            table.row([request.id.clone(), status, request.received.date(), due, left].map(Into::into));
        }
        page.table(&table);
    }
}
