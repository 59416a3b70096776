//! What `consent record` and `consent withdraw` have entered, as it is shown.

use model::Digest;
use privacy::consent::{Line, Notice};
use serde_json::{Value, json};

use crate::cli::consent::shown;
use crate::cli::output::{Page, Show};

/// What was recorded.
pub(super) struct Recorded {
    pub(super) lines: Vec<(Line, Digest)>,
    pub(super) notice: Option<Notice>,
    pub(super) dry_run: bool,
    pub(super) word: &'static str,
}

impl Show for Recorded {
    fn json(&self) -> Value {
        let acts = self.lines.iter().filter_map(|(line, digest)| {
            shown::act_of(line)
                .map(|act| shown::act(line, act, digest, self.notice.as_ref().filter(|_| act.notice.is_some())))
        });
        json!({"schema": "consent-record/1", "dry_run": self.dry_run, "records": acts.collect::<Vec<_>>()})
    }

    fn human(&self, page: &mut Page) {
        for (line, digest) in &self.lines {
            let Some(act) = shown::act_of(line) else { continue };
            let channel = act.channel.as_deref().map_or_else(String::new, |channel| format!(" by {channel}"));
            let until = act.expires.map_or_else(String::new, |end| format!(" until {end}"));
            let would = if self.dry_run { "would be " } else { "" };
            page.line(format!(
                "{would}{}: {}{channel}{until}, line {} ({})",
                self.word,
                act.purpose,
                line.number + 1,
                digest.short()
            ));
        }
        if let Some(notice) = &self.notice {
            page.line(format!("shown: notice {}, version {}", notice.id, notice.version));
        }
    }
}
