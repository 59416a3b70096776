//! `consent export`: records for others.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::{Digest, Fault};
use privacy::consent::{Act, Entry, Known, Line, Notice, Pseudonym, Records, Scope};

use super::exported::Exported;
use crate::cli::consent::scopes::setting;
use crate::cli::consent::{Consents, PersonArgs};
use crate::cli::context::Context;
use crate::cli::csv;
use crate::cli::exit::Exit;
use crate::cli::files::{Existing, NewFile};
use crate::cli::journal::Wanted;
use crate::commands::Done;

#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Only this purpose (can be repeated)
    #[arg(long, value_name = "NAME")]
    purpose: Vec<String>,
    /// dpv: records of ISO/IEC TS 27560 as JSON-LD; csv: a row for each act
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Format::Dpv)]
    pub(super) format: Format,
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    overwrite: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Dpv,
    Csv,
}

const COLUMNS: &[&str] = &[
    "key",
    "line",
    "act",
    "subject",
    "purpose",
    "channel",
    "time",
    "entered",
    "expires",
    "explicit",
    "notice",
    "notice_version",
    "notice_digest",
    "language",
    "method",
    "place",
    "by",
    "age",
    "country",
    "guardian",
    "guardian_verified_by",
    "digest",
];

pub(super) fn run(context: &mut Context, args: &ExportArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "consent.exported");
    let consents = Consents::known(context)?.ok_or_else(|| {
        Fault::bad_input("no-consent", "No consent is on record in this project")
            .advise("`probity consent record` and `probity consent import` enter them.")
    })?;
    let subject = match args.person.subject.is_empty() {
        true => None,
        false => Some(consents.pseudonyms(&args.person.identities(context)?)),
    };
    let wanted = |act: &Act| {
        let of_person = subject.as_ref().is_none_or(|subject| act.subject.iter().any(|one| subject.contains(one)));
        of_person && (args.purpose.is_empty() || args.purpose.contains(&act.purpose))
    };
    let mut new = NewFile::create(&args.output, Existing::from_flag(args.overwrite))?;
    let fault = |error| Fault::io("write", &args.output, error);
    let mut table = Table::begin(new.file(), args.format, consents.secret_id()).map_err(fault)?;
    consents.read(context, &mut |line, digest, _, _| match &line.entry {
        Entry::Notice(notice) => {
            table.notices.insert(line.number, notice.clone());
            Ok(())
        }
        Entry::Scope(scope) => {
            table.scopes.insert(line.number, (**scope).clone());
            Ok(())
        }
        Entry::Act(act) if wanted(act) => table.add(line, act, digest).map_err(fault),
        _ => Ok(()),
    })?;
    let (controller, contact) = (setting(context, "privacy.controller"), setting(context, "privacy.contact"));
    let exported = table.end(args, controller.as_deref(), contact.as_deref()).map_err(fault)?;
    new.finish()?;
    context.trace.count("records", exported.acts);
    let exit = if exported.acts == 0 { Exit::NoVerdict } else { Exit::Done };
    Ok(Done::showing(exit, exported))
}

/// What is being written.
struct Table<'f> {
    out: BufWriter<&'f mut File>,
    format: Format,
    key: String,
    notices: BTreeMap<u64, Notice>,
    scopes: BTreeMap<u64, Scope>,
    records: Records,
    acts: u64,
}

impl<'f> Table<'f> {
    fn begin(file: &'f mut File, format: Format, key: &str) -> std::io::Result<Self> {
        let mut out = BufWriter::new(file);
        if format == Format::Csv {
            write!(out, "{}\r\n", COLUMNS.join(","))?;
        }
        let (notices, scopes, records) = Default::default();
        Ok(Table { out, format, key: key.to_owned(), notices, scopes, records, acts: 0 })
    }

    fn add(&mut self, line: &Line, act: &Act, digest: &Digest) -> std::io::Result<()> {
        self.acts += 1;
        match self.format {
            Format::Dpv => self.records.add(line, act, digest),
            Format::Csv => {
                let cells: Vec<String> = self.cells(line, act, digest).iter().map(|cell| csv::cell(cell)).collect();
                write!(self.out, "{}\r\n", cells.join(","))?;
            }
        }
        Ok(())
    }

    fn cells(&self, line: &Line, act: &Act, digest: &Digest) -> Vec<String> {
        let notice = act.notice.and_then(|number| self.notices.get(&number));
        let people = |list: &[Pseudonym]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let age = act.age.as_ref();
        vec![
            self.key.clone(),
            (line.number + 1).to_string(),
            act.kind.word().to_owned(),
            people(&act.subject),
            act.purpose.clone(),
            text(&act.channel),
            line.done_at().to_string(),
            line.at.to_string(),
            act.expires.map(|end| end.to_string()).unwrap_or_default(),
            act.explicit.to_string(),
            notice.map(|notice| notice.id.clone()).unwrap_or_default(),
            notice.map(|notice| notice.version.clone()).unwrap_or_default(),
            notice.and_then(|notice| Some(notice.digest?.hex())).unwrap_or_default(),
            notice.and_then(|notice| notice.language.clone()).unwrap_or_default(),
            text(&act.method),
            text(&act.place),
            act.by.clone(),
            age.map(|age| age.years.to_string()).unwrap_or_default(),
            age.and_then(|age| age.country.clone()).unwrap_or_default(),
            age.map(|age| people(&age.guardian)).unwrap_or_default(),
            age.and_then(|age| age.verified_by.clone()).unwrap_or_default(),
            digest.hex(),
        ]
    }

    fn end(mut self, args: &ExportArgs, controller: Option<&str>, contact: Option<&str>) -> std::io::Result<Exported> {
        let mut told = Exported::new(args, self.acts);
        if self.format == Format::Dpv {
            let known = Known { key: &self.key, controller, contact, notices: &self.notices, scopes: &self.scopes };
            let documents = self.records.documents(&known);
            told.records = documents.len() as u64;
            told.complete = documents.iter().filter(|(_, missing)| missing.is_empty()).count() as u64;
            for field in documents.iter().flat_map(|(_, missing)| missing) {
                *told.missing.entry(field).or_default() += 1;
            }
            let document = Records::to_json_ld(documents.into_iter().map(|(record, _)| record).collect());
            serde_json::to_writer_pretty(&mut self.out, &document)?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()?;
        Ok(told)
    }
}
