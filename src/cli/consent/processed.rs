//! A log of processing, judged by the log of consents.

use std::path::Path;

use model::{ByteSize, Fault, Instant};
use privacy::consent::{Finding, Processed, Row, Timelines, Tip, Use, rows};
use privacy::identity::{self, Rules};

use super::Consents;
use crate::cli::context::Context;
use crate::cli::files;

const FILE_MAX: ByteSize = ByteSize(2 << 30);

/// A line of the log of processing, and what came of it.
pub(crate) struct Judged {
    /// Where it stands, from 1.
    pub(crate) line: u64,
    /// What for, where that can be read.
    pub(crate) purpose: Option<String>,
    /// When, where that can be read.
    pub(crate) time: Option<Instant>,
    /// `compliant`, `violation`, `gap`.
    pub(crate) finding: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
    /// The line of the log of consents that decides, from 1, and when what it says was done.
    pub(crate) by: Option<(u64, Instant)>,
}

/// How lines are read.
pub(crate) struct Reading<'a> {
    /// How identities are read.
    pub(crate) rules: Rules,
    /// What lines are for that do not say it.
    pub(crate) purpose: Option<&'a str>,
}

/// Judges every line of the file.
///
/// # Errors
/// `bad-consent-row` where it is no table; as `Consents::read`.
pub(crate) fn judge(context: &Context, path: &Path, reading: &Reading<'_>) -> Result<(Vec<Judged>, Tip), Fault> {
    let text = files::read_text(path, FILE_MAX)?;
    let consents = Consents::known(context)?;
    let mut uses = Vec::new();
    for row in rows(&text) {
        let row = row.map_err(|fault| fault.in_file(path))?;
        uses.push((row.line, read_use(consents.as_ref(), &row, reading)));
    }
    let mut timelines = Timelines::about(uses.iter().filter_map(|(_, one)| one.as_ref().ok()));
    let tip = match &consents {
        Some(consents) => consents.read(context, &mut |line, digest, _, _| {
            timelines.add(line, digest);
            Ok(())
        })?,
        None => Tip::start(),
    };
    let judged = uses.into_iter().map(|(line, one)| match one {
        Ok(one) => of(line, &one, &timelines.judge(&one)),
        Err(reason) => Judged { line, purpose: None, time: None, finding: "gap", reason, by: None },
    });
    Ok((judged.collect(), tip))
}

fn of(line: u64, one: &Use, processed: &Processed) -> Judged {
    let Processed { finding, line: by, since } = processed;
    Judged {
        line,
        purpose: Some(one.purpose.clone()),
        time: Some(one.time),
        finding: Finding::word(*finding),
        reason: finding.reason(),
        by: by.map(|number| number + 1).zip(*since),
    }
}

/// A line that cannot be read is a gap, with what is missing.
fn read_use(consents: Option<&Consents>, row: &Row, reading: &Reading<'_>) -> Result<Use, &'static str> {
    let purpose = row.text("purpose").or(reading.purpose).ok_or("no-purpose")?;
    let time = row.text("time").and_then(|text| Instant::parse(text).ok()).ok_or("no-time")?;
    let subject = row.text("subject").ok_or("no-subject")?;
    let texts: Vec<&str> = subject.split(';').map(str::trim).filter(|text| !text.is_empty()).collect();
    let identities = identity::parse_all(&texts, &reading.rules).map_err(|_| "bad-subject")?;
    let pseudonyms = consents.map(|consents| consents.pseudonyms(&identities)).unwrap_or_default();
    Ok(Use {
        subject: pseudonyms.into_iter().map(|one| one.digest).collect(),
        purpose: purpose.to_owned(),
        channel: row.text("channel").map(str::to_owned),
        time,
    })
}

/// How many were compliant, violations and gaps.
pub(crate) fn counts(judged: &[Judged]) -> [u64; 3] {
    ["compliant", "violation", "gap"].map(|word| judged.iter().filter(|one| one.finding == word).count() as u64)
}
