//! `consent show`: what is on record of a person, or how many consents hold.

use clap::Args;
use model::Fault;
use serde_json::Value;

use super::summary;
use crate::cli::consent::person::Person;
use crate::cli::consent::{Consents, PersonArgs, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::table::{Cell, Table};
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Only this purpose (can be repeated)
    #[arg(long, value_name = "NAME")]
    purpose: Vec<String>,
}

pub(super) fn run(context: &mut Context, args: &ShowArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "consent.shown");
    let wanted = |purpose: &str| args.purpose.is_empty() || args.purpose.iter().any(|one| one == purpose);
    if args.person.subject.is_empty() {
        return summary::run(context, wanted);
    }
    let identities = args.person.identities(context)?;
    let Some(consents) = Consents::known(context)? else {
        return Ok(Done::showing(Exit::NoVerdict, Person::default()));
    };
    let person = Person::of(context, &consents, &consents.pseudonyms(&identities), wanted)?;
    let exit = if person.is_empty() { Exit::NoVerdict } else { Exit::Done };
    Ok(Done::showing(exit, person))
}

impl Show for Person {
    fn json(&self) -> Value {
        Person::json(self)
    }

    fn human(&self, page: &mut Page) {
        if self.is_empty() {
            return page.line("Nothing is on record.");
        }
        let all = |channel: &Option<String>| channel.clone().unwrap_or_else(|| "all".to_owned());
        let mut table = Table::new(&["purpose", "channel", "standing", "since"]);
        for one in &self.standing {
            let since = one.since.map(|time| time.to_string()).unwrap_or_default();
            let cells = [one.purpose.clone(), all(&one.channel), one.standing.word().to_owned(), since];
            table.row(cells.map(Cell::from));
        }
        page.table(&table);
        page.gap();
        let mut table = Table::new(&["line", "time", "act", "purpose", "channel", "until", "notice", "method", "by"]);
        for (line, _) in &self.lines {
            let Some(act) = shown::act_of(line) else { continue };
            let notice = act.notice.and_then(|number| self.notices.get(&number));
            let cells = [
                (line.number + 1).to_string(),
                line.done_at().to_string(),
                act.kind.word().to_owned(),
                act.purpose.clone(),
                all(&act.channel),
                act.expires.map(|time| time.to_string()).unwrap_or_default(),
                notice.map(|notice| format!("{} {}", notice.id, notice.version)).unwrap_or_default(),
                act.method.clone().unwrap_or_default(),
                act.by.clone(),
            ];
            table.row(cells.map(Cell::from));
        }
        page.table(&table);
    }
}
