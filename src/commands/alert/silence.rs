//! `alert silence`: whom not to disturb, why, and until when.

use alerts::{Actor, Matcher};
use clap::Args;
use model::{Fault, Instant, Span};

use super::shown;
use crate::cli::alerts as project;
use crate::cli::args::{instant, span};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct SilenceArgs {
    /// Alerts with this label, NAME=VALUE or NAME!=VALUE; a * ends VALUE with anything; severity and kind too (can be repeated)
    #[arg(long = "match", value_name = "CONDITION", required_unless_present_any = ["list", "end"])]
    matching: Vec<String>,
    /// For how long, such as 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = span, requires = "matching")]
    length: Option<Span>,
    /// Until when
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "length", requires = "matching")]
    until: Option<Instant>,
    /// Why; no names of people
    #[arg(long, value_name = "WORDS", required_unless_present_any = ["list", "end"])]
    reason: Option<String>,
    /// End this silence before its time
    #[arg(long, value_name = "ID", conflicts_with_all = ["matching", "reason"])]
    end: Option<String>,
    /// List the silences
    #[arg(long, conflicts_with_all = ["matching", "reason", "end"])]
    list: bool,
}

pub(super) fn run(context: &mut Context, args: SilenceArgs) -> Result<Done, Fault> {
    let act = if args.list { "alert.listed" } else { "alert.answered" };
    context.trace.begin(Wanted::WhereThere, act);
    let (by, now) = (context.actor(), context.now());
    let actor = Actor { by: &by, now };
    if args.list {
        let register = project::read(context)?;
        return Ok(Done::showing(Exit::Done, shown::Silences::of(&register, now, |_| true)));
    }
    let (register, id) = match &args.end {
        Some(id) => project::change(context, |register| register.unsilence(id, actor).map(|()| id.clone()))?,
        None => {
            let matchers = args.matching.iter().map(|text| Matcher::parse(text)).collect::<Result<Vec<_>, _>>()?;
            let until = until(&args, now)?;
            let reason = args.reason.unwrap_or_default();
            project::change(context, |register| register.silence(&matchers, until, &reason, actor))?
        }
    };
    Ok(Done::showing(Exit::Done, shown::Silences::of(&register, now, |silence| silence.id == id)))
}

fn until(args: &SilenceArgs, now: Instant) -> Result<Instant, Fault> {
    args.until.or_else(|| now.plus(args.length?)).ok_or_else(|| {
        Fault::usage("silence-length", "Nobody says when the silence ends").advise("Add --for 2h, or --until TIME.")
    })
}
