//! One request, on paper.

use model::Instant;
use privacy::register::Request;
use serde_json::{Value, json};

use crate::cli::output::{Page, Show};

/// One request.
pub(super) struct One {
    pub(super) request: Request,
    pub(super) now: Instant,
}

impl Show for One {
    fn json(&self) -> Value {
        let mut value = self.request.to_json();
        let left = self.request.days_left(self.now).filter(|_| self.request.status.is_open());
        value["days_left"] = json!(left);
        value["paused"] = json!(self.request.is_paused());
        // As in a list: the register itself holds no counted days.
        json!({"schema": "requests/1", "requests": [value]})
    }

    fn human(&self, page: &mut Page) {
        let request = &self.request;
        let (status, reason) = request.status.words();
        page.field("request", &request.id);
        page.field("right", request.right.word());
        if !request.purposes.is_empty() {
            let paragraph = request.ground.as_deref().and_then(|ground| ground.strip_prefix("21-")).unwrap_or("1");
            page.field("against", format!("{} (Art. 21({paragraph}))", request.purposes.join(", ")));
        }
        page.field("status", reason.map_or(status.to_owned(), |reason| format!("{status} ({reason})")));
        page.field("received", request.received.to_string());
        if let Some(due) = request.due {
            let left = match request.days_left(self.now).filter(|_| request.status.is_open()) {
                Some(days) if days < 0 => format!(", {days} days left: OVERDUE"),
                Some(days) => format!(", {} left", model::counted(days.unsigned_abs(), "day", "days")),
                None => String::new(),
            };
            page.field("due", format!("{}{left}", due.date()));
        }
        if let Some(extension) = &request.extension {
            page.field("extended", format!("told {}: {}", extension.notified.date(), extension.reason));
        }
        for pause in &request.pauses {
            let until = pause.until.map_or("now".to_owned(), Instant::date);
            let text = format!("{} to {until}, for {}: {}", pause.from.date(), pause.cause.word(), pause.reason);
            page.field("stood still", text);
        }
        if let Some((ground, reason)) = &request.despite {
            page.field("despite restriction", format!("{ground}: {reason}"));
        }
        if let Some(words) = &request.verification {
            page.field("verified by", words);
        }
        if let Some(text) = &request.details {
            page.field("details", text);
        }
        for one in &request.recipients {
            page.field("recipient", format!("{} ({}): {}", one.name, one.collections.join(", "), one.state()));
        }
    }
}
