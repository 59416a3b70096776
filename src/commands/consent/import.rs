//! `consent import`: records that were kept elsewhere.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::{ByteSize, Fault, Place};
use privacy::consent::{Record, from_fides, from_json_ld, from_row, from_string, rows};
use serde_json::{Value, json};

use crate::cli::consent::intake::{Intake, people};
use crate::cli::consent::{Consents, PersonRules};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::commands::Done;

const FILE_MAX: ByteSize = ByteSize(2 << 30);
/// So many lines are appended at once.
const CHUNK: usize = 10_000;

#[derive(Args, Debug)]
pub(super) struct ImportArgs {
    /// The file
    file: PathBuf,
    /// What it is written in; default: what it looks like
    #[arg(long, value_name = "NAME", value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    rules: PersonRules,
    /// Show what would be taken in, and take nothing in
    #[arg(long)]
    dry_run: bool,
}

/// What records are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// CSV with a heading
    Csv,
    /// A JSON object on each line, with the names of the columns
    Jsonl,
    /// ISO/IEC TS 27560 as JSON-LD of the Data Privacy Vocabulary
    Dpv,
    /// Privacy preferences of Fides
    Fides,
    /// CSV or JSON Lines with a string of TCF 2 or GPP for each subject
    Tcf,
}

pub(super) fn run(context: &mut Context, args: &ImportArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, if args.dry_run { "consent.planned" } else { "consent.imported" });
    let text = files::read_text(&args.file, FILE_MAX)?;
    context.trace.digest("file", seal::sha256(text.as_bytes()));
    let located = |fault: Fault| fault.in_file(&args.file);
    let format = args.format.unwrap_or_else(|| guess(&text));
    let rules = args.rules.rules(context)?;
    // Everything is read before anything is written: a bad row leaves nothing half done.
    for record in records(context, &text, format).map_err(located)? {
        let record = record.map_err(located)?;
        people(&record, &rules).map_err(|fault| fault.at(Place::line(record.place, 0)).in_file(&args.file))?;
    }
    let consents = Consents::or_new(context)?;
    let mut writing = consents.write(context)?;
    let mut intake = Intake::default();
    consents.read_there(context, &mut |line, _, _, _| {
        intake.know(line);
        Ok(())
    })?;
    for record in records(context, &text, format).map_err(located)? {
        intake.take(context, &mut writing, record?, &rules).map_err(located)?;
        if writing.lines.lines().len() >= CHUNK && !args.dry_run {
            writing.flush()?;
        }
    }
    if !args.dry_run && intake.told.iter().sum::<u64>() > 0 {
        writing.finish(context)?;
    }
    context.trace.count("records", intake.told.iter().sum());
    Ok(Done::showing(Exit::Done, Imported { intake, format, dry_run: args.dry_run }))
}

fn guess(text: &str) -> Format {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        let first = text.lines().next().unwrap_or_default();
        let names_string = first.split(['"', ',']).any(|name| name.trim().eq_ignore_ascii_case("string"));
        return match text.trim_start().starts_with('{') {
            _ if names_string => Format::Tcf,
            true => Format::Jsonl,
            false => Format::Csv,
        };
    };
    let is_ld = |value: &Value| ["@context", "@graph", "@type"].iter().any(|member| value.get(member).is_some());
    match &value {
        Value::Array(items) if items.iter().any(is_ld) => Format::Dpv,
        value if is_ld(value) => Format::Dpv,
        Value::Object(row) if row.contains_key("string") => Format::Tcf,
        Value::Object(row) if row.contains_key("purpose") => Format::Jsonl,
        _ => Format::Fides,
    }
}

type Records<'t> = Box<dyn Iterator<Item = Result<Record, Fault>> + 't>;

fn records<'t>(context: &Context, text: &'t str, format: Format) -> Result<Records<'t>, Fault> {
    let (by, now) = (context.actor(), context.now());
    let parsed = || {
        serde_json::from_str::<Value>(text).map_err(|error| {
            Fault::bad_input("bad-consent-row", format!("The file is no JSON: {error}"))
                .at(Place::line(error.line() as u64, error.column() as u64))
        })
    };
    Ok(match format {
        Format::Csv | Format::Jsonl => Box::new(rows(text).map(move |row| from_row(&row?, &by, now))),
        Format::Tcf => {
            Box::new(rows(text).flat_map(move |row| match row.and_then(|row| from_string(&row, &by, now)) {
                Ok(records) => records.into_iter().map(Ok).collect(),
                Err(fault) => vec![Err(fault)],
            }))
        }
        Format::Dpv => Box::new(from_json_ld(&parsed()?, &by, now)?.into_iter().map(Ok)),
        Format::Fides => Box::new(from_fides(&parsed()?, &by, now)?.into_iter().map(Ok)),
    })
}

struct Imported {
    intake: Intake,
    format: Format,
    dry_run: bool,
}

impl Show for Imported {
    fn json(&self) -> Value {
        let [given, refused, withdrawn] = self.intake.told;
        let format = self.format.to_possible_value().map(|value| value.get_name().to_owned());
        json!({
            "schema": "consent-import/1", "format": format, "dry_run": self.dry_run, "given": given, "refused": refused,
            "withdrawn": withdrawn, "already": self.intake.already, "notices": self.intake.new_notices,
        })
    }

    fn human(&self, page: &mut Page) {
        let [given, refused, withdrawn] = self.intake.told.map(model::grouped);
        let would = if self.dry_run { "Would take in" } else { "Taken in" };
        page.line(format!("{would}: {given} given, {refused} refused, {withdrawn} withdrawn."));
        if self.intake.already > 0 {
            page.line(format!("{} were in the log already.", model::grouped(self.intake.already)));
        }
    }
}
