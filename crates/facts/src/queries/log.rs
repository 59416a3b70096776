//! Logs of statements, a line after the other, in bounded memory.
//!
//! PostgreSQL 18 documentation, 19.8 (`jsonlog`, `csvlog`, and `stderr` with a prefix that ends in `%u@%d`, as Debian has it);
//! pgAudit in any of them; MariaDB's `server_audit` (documentation: Audit Plugin, log format).

use std::io::{self, BufRead};

use model::Instant;
use serde_json::Value;

use super::Statement;

/// Bytes of one entry; what is longer is counted as not read.
const ENTRY_MAX: usize = 1 << 20;

/// What a log held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// The time of its first and its last entry.
    pub span: Option<(Instant, Instant)>,
    /// Lines of entries that could not be read: the first one, and how many.
    pub unread: Option<(u64, u64)>,
    /// Entries that were read, statements or not.
    pub entries: u64,
}

/// How a log is written; told by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Plain,
    Audit,
}

/// What one entry is.
enum Entry {
    Statement(Statement),
    /// Something else, with its time.
    Other(Option<Instant>),
    Unread,
}

/// Gives every statement of a log to `each`.
///
/// # Errors
/// Those of reading.
pub fn read_log(mut log: impl BufRead, each: &mut dyn FnMut(Statement)) -> io::Result<Logged> {
    let mut logged = Logged::default();
    let mut lines = Lines { next: None, number: 0 };
    let Some((_, first)) = lines.peek(&mut log)? else { return Ok(logged) };
    let form = Form::of(first);
    while let Some((line, entry)) = lines.entry(&mut log, form)? {
        let read = match entry {
            Some(entry) => form.read(&entry, line),
            None => Entry::Unread,
        };
        let at = match read {
            Entry::Statement(statement) => {
                let at = statement.at;
                each(statement);
                at
            }
            Entry::Other(at) => at,
            Entry::Unread => {
                let (first, count) = logged.unread.unwrap_or((line, 0));
                logged.unread = Some((first, count + 1));
                continue;
            }
        };
        logged.entries += 1;
        if let Some(at) = at {
            let (from, to) = logged.span.unwrap_or((at, at));
            logged.span = Some((from.min(at), to.max(at)));
        }
    }
    Ok(logged)
}

struct Lines {
    next: Option<(u64, Option<Vec<u8>>)>,
    number: u64,
}

impl Lines {
    fn peek(&mut self, log: &mut impl BufRead) -> io::Result<Option<(u64, &[u8])>> {
        if self.next.is_none() {
            self.next = self.line(log)?;
        }
        Ok(self.next.as_ref().map(|(number, line)| (*number, line.as_deref().unwrap_or_default())))
    }

    /// One line with its number; none in place of one that is too long.
    fn line(&mut self, log: &mut impl BufRead) -> io::Result<Option<(u64, Option<Vec<u8>>)>> {
        let (mut line, mut is_whole) = (Vec::new(), true);
        loop {
            let have = log.fill_buf()?;
            if have.is_empty() {
                break;
            }
            let end = have.iter().position(|byte| *byte == b'\n');
            let take = end.map_or(have.len(), |end| end + 1);
            if line.len() + take <= ENTRY_MAX {
                line.extend_from_slice(&have[..take]);
            } else {
                is_whole = false;
            }
            log.consume(take);
            if end.is_some() {
                self.number += 1;
                return Ok(Some((self.number, is_whole.then_some(line))));
            }
        }
        // A last line without an end is being written.
        Ok(None)
    }

    /// One entry, which may be of several lines.
    fn entry(&mut self, log: &mut impl BufRead, form: Form) -> io::Result<Option<(u64, Option<String>)>> {
        self.peek(log)?;
        let Some((number, first)) = self.next.take() else { return Ok(None) };
        let Some(mut entry) = first else { return Ok(Some((number, None))) };
        let (mut is_whole, mut is_quoted) = (true, opens(&entry));
        loop {
            let goes_on = match form {
                Form::Csv => is_quoted,
                Form::Plain => self.peek(log)?.is_some_and(|(_, next)| next.starts_with(b"\t")),
                Form::Json | Form::Audit => false,
            };
            if !goes_on {
                break;
            }
            let next = match self.next.take() {
                Some(next) => Some(next),
                None => self.line(log)?,
            };
            match next {
                Some((_, Some(more))) if entry.len() + more.len() <= ENTRY_MAX => {
                    is_quoted ^= opens(&more);
                    entry.extend(more);
                }
                // An entry that does not end is none, and what follows would be read as its inside.
                _ => {
                    is_whole = false;
                    break;
                }
            }
        }
        let text = is_whole.then(|| String::from_utf8_lossy(&entry).trim_end_matches(['\r', '\n']).to_owned());
        Ok(Some((number, text)))
    }
}

/// Whether a quotation is open at the end of what began outside of one.
fn opens(part: &[u8]) -> bool {
    part.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

impl Form {
    fn of(first: &[u8]) -> Self {
        let text = String::from_utf8_lossy(first);
        let is_audit = text.len() > 17
            && text.bytes().take(8).all(|byte| byte.is_ascii_digit())
            && text[8..].starts_with(' ')
            && text.split(',').count() >= 9;
        match () {
            () if text.starts_with('{') => Form::Json,
            () if is_audit => Form::Audit,
            // The message, which may have several lines, is the fourteenth cell.
            () if text.split(',').count() >= 12 && time(text.split(',').next().unwrap_or_default()).is_some() => {
                Form::Csv
            }
            () => Form::Plain,
        }
    }

    fn read(self, entry: &str, line: u64) -> Entry {
        match self {
            Form::Json => json(entry, line),
            Form::Csv => csv(entry, line),
            Form::Plain => plain(entry, line),
            Form::Audit => audit(entry, line),
        }
    }
}

fn json(entry: &str, line: u64) -> Entry {
    let Ok(Value::Object(entry)) = serde_json::from_str(entry) else { return Entry::Unread };
    let word = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let at = time(word("timestamp"));
    postgresql(word("message"), at, [word("user"), word("dbname"), word("application_name")], line)
}

fn csv(entry: &str, line: u64) -> Entry {
    // What is clearly none is not worth a reader.
    let may_be = entry.bytes().filter(|byte| *byte == b',').count() >= 19;
    let Some(cells) = may_be.then(|| cells(entry)).flatten() else { return Entry::Unread };
    let cell = |index: usize| cells.get(index).map(String::as_str).unwrap_or_default();
    if cells.len() < 20 {
        return Entry::Unread;
    }
    postgresql(cell(13), time(cell(0)), [cell(1), cell(2), cell(22)], line)
}

fn plain(entry: &str, line: u64) -> Entry {
    let Some((before, message)) = entry.split_once(" LOG:  ") else { return Entry::Other(None) };
    let at = time(before);
    let Some(statement) = asked(message) else { return Entry::Other(at) };
    let account = before.rsplit(' ').next().and_then(|last| last.split_once('@'));
    let Some((account, database)) = account else { return Entry::Unread };
    let text = statement.replace("\n\t", "\n");
    told([account, database, ""], at, text, line)
}

fn postgresql(message: &str, at: Option<Instant>, [account, database, application]: [&str; 3], line: u64) -> Entry {
    let text = match message.strip_prefix("AUDIT: ") {
        // Type, id, number within it, class, command, kind and name of an object, statement, parameters.
        Some(audited) => cells(audited).and_then(|cells| cells.into_iter().nth(7)),
        None => asked(message).map(str::to_owned),
    };
    match text {
        None => Entry::Other(at),
        Some(text) => told([account, database, application], at, text, line),
    }
}

/// A statement, if it says who asked.
fn told([account, database, application]: [&str; 3], at: Option<Instant>, text: String, line: u64) -> Entry {
    if account.is_empty() {
        return Entry::Unread;
    }
    let [account, database, application] = [account, database, application].map(str::to_owned);
    Entry::Statement(Statement { account, database, application, at, text, line })
}

/// The statement of a message. What is parsed and bound is carried out afterwards, and told again then.
fn asked(message: &str) -> Option<&str> {
    let timed = message.strip_prefix("duration: ").and_then(|rest| rest.split_once(" ms  "));
    let message = timed.map_or(message, |(_, rest)| rest);
    message.strip_prefix("statement: ").or_else(|| {
        let named = message.strip_prefix("execute fetch from ").or_else(|| message.strip_prefix("execute "))?;
        named.split_once(": ").map(|(_, text)| text)
    })
}

/// `20261101 10:00:00,host,user,from,connection,query,QUERY,database,'statement',code`.
fn audit(entry: &str, line: u64) -> Entry {
    let mut parts = entry.splitn(9, ',');
    let mut part = || parts.next().unwrap_or_default();
    let at = audit_time(part());
    let [_, account, _, _, _, operation, database, rest] = std::array::from_fn(|_| part());
    // What was read and written is told table by table as well; the statement holds it all.
    if operation != "QUERY" {
        return if rest.is_empty() { Entry::Unread } else { Entry::Other(at) };
    }
    let quoted = rest.strip_prefix('\'').and_then(|rest| rest.rsplit_once("',"));
    let Some((text, _)) = quoted else { return Entry::Unread };
    told([account, database, ""], at, unescaped(text), line)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut all = text.chars();
    while let Some(one) = all.next() {
        match (one, one == '\\') {
            (_, true) => match all.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            (one, false) => plain.push(one),
        }
    }
    plain
}

/// `2026-11-01 10:00:00.123 UTC`, or with an offset; other zones are names that nobody here knows, and no time is told.
fn time(text: &str) -> Option<Instant> {
    let mut words = text.split(' ');
    let (day, clock) = (words.next()?, words.next()?);
    let zone = words.next().unwrap_or("UTC");
    let zone = match zone {
        "UTC" | "GMT" | "Etc/UTC" => "Z".to_owned(),
        // `+02` stands for `+02:00`.
        offset if offset.len() == 3 && offset.starts_with(['+', '-']) => format!("{offset}:00"),
        offset => offset.to_owned(),
    };
    Instant::parse(&format!("{day}T{clock}{zone}")).ok()
}

/// The audit plugin writes the server's own time, without its zone: it is read as UTC.
fn audit_time(text: &str) -> Option<Instant> {
    let (day, clock) = text.split_once(' ')?;
    let day = day.get(..8)?;
    Instant::parse(&format!("{}-{}-{}T{clock}Z", day.get(..4)?, day.get(4..6)?, day.get(6..)?)).ok()
}

/// The cells of one record of CSV.
fn cells(record: &str) -> Option<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut input, mut buffer) = (record.as_bytes(), [0; 4096]);
    let (mut cell, mut cells) = (Vec::new(), Vec::new());
    loop {
        let (result, read, wrote) = reader.read_field(input, &mut buffer);
        input = &input[read..];
        cell.extend_from_slice(&buffer[..wrote]);
        match result {
            csv_core::ReadFieldResult::Field { record_end } => {
                cells.push(String::from_utf8(std::mem::take(&mut cell)).ok()?);
                if record_end {
                    return Some(cells);
                }
            }
            csv_core::ReadFieldResult::End => return None,
            csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
        }
    }
}
