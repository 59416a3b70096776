//! `consent import`: records that were kept elsewhere.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::{ByteSize, Fault, Place};
use privacy::consent::Form;
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

/// What records are written in, as it is typed.
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

impl Format {
    fn form(self) -> Form {
        match self {
            Format::Csv => Form::Csv,
            Format::Jsonl => Form::Jsonl,
            Format::Dpv => Form::Dpv,
            Format::Fides => Form::Fides,
            Format::Tcf => Form::Tcf,
        }
    }

    fn of(form: Form) -> Self {
        match form {
            Form::Csv => Format::Csv,
            Form::Jsonl => Format::Jsonl,
            Form::Dpv => Format::Dpv,
            Form::Fides => Format::Fides,
            Form::Tcf => Format::Tcf,
        }
    }
}

pub(super) fn run(context: &mut Context, args: &ImportArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, if args.dry_run { "consent.planned" } else { "consent.imported" });
    let text = files::read_text(&args.file, FILE_MAX)?;
    context.trace.digest("file", seal::sha256(text.as_bytes()));
    let located = |fault: Fault| fault.in_file(&args.file);
    let format = args.format.map_or_else(|| Form::guess(&text), Format::form);
    let records = || format.records(&text, context.actor(), context.now());
    let rules = args.rules.rules(context)?;
    // Everything is read before anything is written: a bad row leaves nothing half done.
    for record in records().map_err(located)? {
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
    for record in records().map_err(located)? {
        intake.take(context, &mut writing, record?, &rules).map_err(located)?;
        if writing.lines.lines().len() >= CHUNK && !args.dry_run {
            writing.flush()?;
        }
    }
    if !args.dry_run && intake.told.iter().sum::<u64>() > 0 {
        writing.finish(context)?;
    }
    context.trace.count("records", intake.told.iter().sum());
    Ok(Done::showing(Exit::Done, Imported { intake, format: Format::of(format), dry_run: args.dry_run }))
}

struct Imported {
    intake: Intake,
    format: Format,
    dry_run: bool,
}

impl Show for Imported {
    fn json(&self) -> Value {
        let [given, refused, withdrawn, objected, lifted] = self.intake.told;
        let format = self.format.to_possible_value().map(|value| value.get_name().to_owned());
        json!({
            "schema": "consent-import/1", "format": format, "dry_run": self.dry_run, "given": given, "refused": refused,
            "withdrawn": withdrawn, "objected": objected, "objections_lifted": lifted,
            "already": self.intake.already, "notices": self.intake.new_notices,
        })
    }

    fn human(&self, page: &mut Page) {
        let [given, refused, withdrawn, objected, _] = self.intake.told.map(model::grouped);
        let would = if self.dry_run { "Would take in" } else { "Taken in" };
        let objections = if objected == "0" { String::new() } else { format!(", {objected} objections") };
        page.line(format!("{would}: {given} given, {refused} refused, {withdrawn} withdrawn{objections}."));
        if self.intake.already > 0 {
            page.line(format!("{} were in the log already.", model::grouped(self.intake.already)));
        }
    }
}
