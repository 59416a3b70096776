//! What `consent record` and `consent withdraw` have entered, as it is shown.

use model::Digest;
use privacy::consent::{Act, Entry, Line, Notice, Scope};
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

impl Recorded {
    /// What an act covers, where that was not said like this before.
    fn scope_of(&self, act: &Act) -> Option<&Scope> {
        let number = act.covers?;
        self.lines.iter().find_map(|(line, _)| match &line.entry {
            Entry::Scope(scope) if line.number == number => Some(&**scope),
            _ => None,
        })
    }
}

impl Show for Recorded {
    fn json(&self) -> Value {
        let acts = self.lines.iter().filter_map(|(line, digest)| {
            let act = shown::act_of(line)?;
            let notice = self.notice.as_ref().filter(|_| act.notice.is_some());
            Some(shown::act(line, act, digest, notice, self.scope_of(act)))
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
