//! `consent record`: a person agreed, or did not.

use clap::Args;
use model::{Fault, Instant};
use privacy::consent::{Act, Age, Kind, age_of_consent, expiry, name, words};
use privacy::identity;

use super::recorded::Recorded;
use crate::cli::consent::scopes::scopes;
use crate::cli::consent::{Consents, PersonArgs, Shown, shown};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct RecordArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// What the data are used for (can be repeated: one record each)
    #[arg(long, value_name = "NAME", required = true)]
    purpose: Vec<String>,
    /// Only for this channel: email, sms, post (can be repeated); without it for all of them
    #[arg(long, value_name = "NAME")]
    channel: Vec<String>,
    /// The text that was shown: a file, or the id of a notice that is known
    #[arg(long, value_name = "FILE|ID")]
    notice: String,
    /// The id of the notice; default: the name of the file
    #[arg(long, value_name = "ID")]
    notice_id: Option<String>,
    /// The version of the notice; default: the next number when the text is new
    #[arg(long, value_name = "VERSION")]
    notice_version: Option<String>,
    /// The language that it was shown in: de, en-GB
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// How it was expressed: web-form, paper, phone, double-opt-in
    #[arg(long, value_name = "WORDS")]
    method: Option<String>,
    /// Where: the page, the form, the desk; of an address what follows `?` is left out
    #[arg(long, value_name = "WORDS")]
    place: Option<String>,
    /// Who recorded it; default: who runs this
    #[arg(long, value_name = "WORDS")]
    by: Option<String>,
    /// When it ends: a time, a date, or a period such as P1Y
    #[arg(long, value_name = "TIME|PERIOD")]
    expires: Option<String>,
    /// When it was given, where that was earlier
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    at: Option<Instant>,
    /// It was given explicitly, for special categories of data (Art. 9(2)(a))
    #[arg(long, conflicts_with = "refused")]
    explicit: bool,
    /// The person was asked and did not agree
    #[arg(long)]
    refused: bool,
    /// Show what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten, next_help_heading = "Children (Art. 8)")]
    child: ChildArgs,
}

#[derive(Args, Debug)]
struct ChildArgs {
    /// How old the person is, in years
    #[arg(long, value_name = "YEARS")]
    age: Option<u8>,
    /// Whose law says from which age one consents alone: DE, FR; otherwise 16 years
    #[arg(long, value_name = "COUNTRY", requires = "age")]
    country: Option<String>,
    /// Who holds parental responsibility and agreed (can be repeated)
    #[arg(long, value_name = "KEY=VALUE", requires_all = ["age", "guardian_verified_by"])]
    guardian: Vec<String>,
    /// How it was verified that they do; no names
    #[arg(long, value_name = "WORDS")]
    guardian_verified_by: Option<String>,
}

pub(super) fn run(context: &mut Context, args: &RecordArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, if args.dry_run { "consent.planned" } else { "consent.recorded" });
    let identities = args.person.identities(context)?;
    let shown = Shown {
        notice: &args.notice,
        id: args.notice_id.as_deref(),
        version: args.notice_version.as_deref(),
        language: args.language.as_deref(),
    }
    .read()?;
    let consents = Consents::or_new(context)?;
    let model = args.act(context, &consents, consents.pseudonyms(&identities))?;
    let mut writing = consents.write(context)?;
    let (number, notice) = writing.notice(context, &shown)?;
    for scope in scopes(context, &args.purpose)? {
        let purpose = name("purpose", &scope.purpose)?;
        let covers = writing.scope(context, scope)?;
        let act = |channel| Act { purpose: purpose.clone(), channel, notice: Some(number), covers, ..model.clone() };
        if args.channel.is_empty() {
            writing.add(context, act(None));
        }
        for channel in &args.channel {
            let channel = name("channel", channel)?;
            writing.add(context, act(Some(channel)));
        }
    }
    let lines = writing.lines.lines().to_vec();
    if !args.dry_run {
        consents.keep_text(&shown)?;
        writing.finish(context)?;
    }
    context.trace.count("records", lines.iter().filter(|(line, _)| shown::act_of(line).is_some()).count() as u64);
    Ok(Done::showing(
        Exit::Done,
        Recorded { lines, notice: Some(notice), dry_run: args.dry_run, word: model.kind.word() },
    ))
}

impl RecordArgs {
    /// What every record of this run has.
    fn act(
        &self,
        context: &Context,
        consents: &Consents,
        subject: Vec<privacy::consent::Pseudonym>,
    ) -> Result<Act, Fault> {
        let given = given_at(context, self.at)?;
        let kind = if self.refused { Kind::Refused } else { Kind::Given };
        let by = self.by.as_deref().map_or_else(|| Ok(context.actor()), |by| words("by", by))?;
        let text = |what, text: &Option<String>| text.as_deref().map(|text| words(what, text)).transpose();
        Ok(Act {
            time: self.at,
            expires: self.expires.as_deref().map(|end| expiry(end, given)).transpose()?,
            explicit: self.explicit,
            method: text("method", &self.method)?,
            place: text("place", &self.place)?,
            age: self.age(context, consents)?,
            ..Act::new(kind, subject, "", &by)
        })
    }

    fn age(&self, context: &Context, consents: &Consents) -> Result<Option<Age>, Fault> {
        let Some(years) = self.child.age else { return Ok(None) };
        let rules = self.person.rules(context)?;
        let guardian = match self.child.guardian.is_empty() {
            true => Vec::new(),
            false => consents.pseudonyms(&identity::parse_all(&self.child.guardian, &rules)?),
        };
        let verified_by = self.child.guardian_verified_by.as_deref().map(|text| words("guardian-verified-by", text));
        let age = Age {
            years,
            threshold: self.child.country.as_deref().map_or(privacy::consent::DEFAULT_AGE, age_of_consent),
            country: self.child.country.as_deref().map(str::to_ascii_uppercase),
            guardian,
            verified_by: verified_by.transpose()?,
        };
        // Art. 8(1): below the age the processing is lawful only if whoever holds parental responsibility consents.
        if !age.is_in_order() && !self.refused {
            let message = format!("At {years} years nobody consents alone there: that begins with {}", age.threshold);
            return Err(Fault::refused("guardian-needed", message).advise(
                "Record who holds parental responsibility and agreed, --guardian, and --guardian-verified-by.",
            ));
        }
        Ok(Some(age))
    }
}

/// When it was done; never in the future.
pub(super) fn given_at(context: &Context, at: Option<Instant>) -> Result<Instant, Fault> {
    let now = context.now();
    match at.filter(|at| *at > now) {
        Some(at) => Err(Fault::usage("bad-consent-time", format!("{at} lies in the future"))
            .advise("Name the time at which it was done, or leave it out: it is now.")),
        None => Ok(at.unwrap_or(now)),
    }
}
