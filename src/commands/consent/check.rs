//! `consent check`: whether a consent holds.

use std::path::PathBuf;

use clap::Args;
use model::Fault;
use privacy::consent::{Notice, Standing, name};
use serde_json::{Value, json};

use super::processing;
use crate::cli::consent::processed::Reading;
use crate::cli::consent::{Answer, Consents, PersonArgs, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Show};
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// What the data are to be used for
    #[arg(long, value_name = "NAME", required_unless_present = "input")]
    purpose: Option<String>,
    /// On which channel; without it any channel may be used
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Judge a log of processing instead, CSV or JSON Lines with subject, purpose, time, channel: exit 1 when something was
    /// done without consent, 3 when something cannot be judged
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "channel"])]
    input: Option<PathBuf>,
}

pub(super) fn run(context: &mut Context, args: &CheckArgs) -> Result<Done, Fault> {
    if let Some(path) = &args.input {
        let reading = Reading { rules: args.person.rules(context)?, purpose: args.purpose.as_deref() };
        return processing::run(context, path, &reading);
    }
    // It leaves no entry in the ledger: it tells nothing about a person but yes or no, and is asked before every letter.
    let identities = args.person.identities(context)?;
    let purpose = name("purpose", args.purpose.as_deref().unwrap_or_default())?;
    let channel = args.channel.as_deref().map(|channel| name("channel", channel)).transpose()?;
    let consents = Consents::there(context)?;
    let ask =
        |consents: &Consents| consents.ask(context, &consents.pseudonyms(&identities), &purpose, channel.as_deref());
    let answer = consents.as_ref().map(ask).transpose()?;
    // Only machines are told which text was shown: whoever just asks does not wait for another look into the log.
    let by = answer.as_ref().and_then(|answer| answer.by.as_ref()).filter(|_| context.output.is_json());
    let notice = match (&consents, by) {
        (Some(consents), Some((line, _))) => consents.notice_of(context, line)?,
        _ => None,
    };
    let standing = answer.as_ref().map_or(Standing::Never, |answer| answer.standing);
    let exit = if standing == Standing::Given { Exit::Done } else { Exit::No };
    Ok(Done::showing(exit, Checked { standing, answer, notice, purpose, channel }))
}

struct Checked {
    standing: Standing,
    answer: Option<Answer>,
    notice: Option<Notice>,
    purpose: String,
    channel: Option<String>,
}

impl Show for Checked {
    fn json(&self) -> Value {
        let by = self.answer.as_ref().and_then(|answer| answer.by.as_ref());
        let record = by.and_then(|(line, digest)| {
            shown::act_of(line).map(|act| shown::act(line, act, digest, self.notice.as_ref(), None))
        });
        json!({
            "schema": "consent-check/1", "given": self.standing == Standing::Given, "standing": self.standing.word(),
            "reason": self.standing.reason(), "purpose": self.purpose, "channel": self.channel, "record": record,
            "log": self.answer.as_ref().map(|answer| json!({"lines": answer.tip.lines, "head": answer.tip.digest.hex()})),
        })
    }

    fn human(&self, page: &mut Page) {
        let since = self.answer.as_ref().and_then(|answer| answer.by.as_ref());
        let since =
            since.map_or_else(String::new, |(line, ..)| format!(" ({}, line {})", line.done_at(), line.number + 1));
        page.line(format!("{}: {}{since}", self.standing.word(), self.standing.reason()));
    }
}
