//! `consent withdraw`: as easy as giving (Art. 7(3)).

use std::collections::BTreeSet;

use clap::Args;
use model::{Fault, Instant};
use privacy::consent::{Act, Kind, Pseudonym, name, words};

use super::record::given_at;
use super::recorded::Recorded;
use crate::cli::consent::{Consents, PersonArgs, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct WithdrawArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// The purpose whose consent is taken back (can be repeated)
    #[arg(long, value_name = "NAME", required_unless_present = "all")]
    purpose: Vec<String>,
    /// Every purpose that the person ever consented to
    #[arg(long, conflicts_with = "purpose")]
    all: bool,
    /// Only for this channel (can be repeated); without it for all of them
    #[arg(long, value_name = "NAME")]
    channel: Vec<String>,
    /// How it was expressed: web-form, paper, phone
    #[arg(long, value_name = "WORDS")]
    method: Option<String>,
    /// Where: the page, the form, the desk
    #[arg(long, value_name = "WORDS")]
    place: Option<String>,
    /// Who recorded it; default: who runs this
    #[arg(long, value_name = "WORDS")]
    by: Option<String>,
    /// When it was taken back, where that was earlier
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    at: Option<Instant>,
    /// Show what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &mut Context, args: &WithdrawArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, if args.dry_run { "consent.planned" } else { "consent.withdrawn" });
    let identities = args.person.identities(context)?;
    given_at(context, args.at)?;
    let text = |what, text: &Option<String>| text.as_deref().map(|text| words(what, text)).transpose();
    let by = args.by.as_deref().map_or_else(|| Ok(context.actor()), |by| words("by", by))?;
    let model = Act {
        time: args.at,
        method: text("method", &args.method)?,
        place: text("place", &args.place)?,
        ..Act::new(Kind::Withdrawn, Vec::new(), "", &by)
    };
    let consents = Consents::or_new(context)?;
    let subject = consents.pseudonyms(&identities);
    let mut writing = consents.write(context)?;
    let purposes = match args.all {
        true => purposes_of(context, &consents, &subject)?,
        false => args.purpose.clone(),
    };
    let channels: Vec<Option<String>> = match args.channel.is_empty() {
        true => vec![None],
        false => args.channel.iter().map(|text| name("channel", text).map(Some)).collect::<Result<_, _>>()?,
    };
    for purpose in purposes {
        let purpose = name("purpose", &purpose)?;
        let subject = writing.whole_person(context, &subject, &purpose)?;
        for channel in &channels {
            let act =
                Act { subject: subject.clone(), purpose: purpose.clone(), channel: channel.clone(), ..model.clone() };
            writing.add(context, act);
        }
    }
    let lines = writing.lines.lines().to_vec();
    if !args.dry_run && !writing.is_empty() {
        writing.finish(context)?;
    }
    context.trace.count("records", lines.iter().filter(|(line, _)| shown::act_of(line).is_some()).count() as u64);
    Ok(Done::showing(Exit::Done, Recorded { lines, notice: None, dry_run: args.dry_run, word: model.kind.word() }))
}

/// Every purpose that one of these pseudonyms stands beside.
fn purposes_of(context: &Context, consents: &Consents, subject: &[Pseudonym]) -> Result<Vec<String>, Fault> {
    let mut purposes = BTreeSet::new();
    consents.read_there(context, &mut |line, _, _, _| {
        if let Some(act) = shown::act_of(line).filter(|act| act.subject.iter().any(|one| subject.contains(one))) {
            purposes.insert(act.purpose.clone());
        }
        Ok(())
    })?;
    Ok(purposes.into_iter().collect())
}
