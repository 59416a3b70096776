//! A production: redacted documents with control numbers, and what the other side's programs and lawyers read.
//!
//! What is produced is what a redaction log knows, byte for byte; what is said of a document is read from the redacted
//! document, never from the original.

mod control;
mod load;
mod privilege;
mod report;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use model::{Digest, Fault, Progress};
use redact::format::detect::Kind;
use redact::{Facts, Limits};

pub(crate) use control::Control;
use report::{Line, Redacted};

use super::files::{self, Existing};
use super::intake::Input;
use super::new_folder::NewFolder;
use super::redaction;

/// So many documents lie in one folder.
const FOLDER_MAX: usize = 1000;

/// What is to be produced.
pub(crate) struct Plan {
    /// Redaction logs.
    pub(crate) reports: Vec<PathBuf>,
    /// Where the redacted documents are.
    pub(crate) documents: Vec<Input>,
    pub(crate) control: Control,
    pub(crate) custodian: String,
    /// Whether the names of files are told: they can be personal.
    pub(crate) file_names: bool,
    pub(crate) limits: Limits,
}

/// A production that was made.
pub(crate) struct Production {
    pub(crate) documents: Vec<Produced>,
    pub(crate) volume: String,
    /// The digest of the DAT file, which names every document by its digest.
    pub(crate) digest: Digest,
}

/// A document that was produced.
pub(crate) struct Produced {
    pub(crate) begin: String,
    pub(crate) end: String,
    volume: String,
    custodian: String,
    /// Where it lay.
    pub(crate) path: PathBuf,
    doctype: &'static str,
    extension: String,
    file_name: Option<String>,
    size: u64,
    /// Where it lies in the volume, with `/`.
    pub(crate) native: String,
    pub(crate) facts: Facts,
    pub(crate) redacted: Redacted,
    /// How many values of a type were taken out on a ground.
    counts: Counts,
}

type Counts = BTreeMap<(String, Option<String>), u64>;

impl Produced {
    /// How many values were taken out.
    pub(crate) fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    fn is_redacted(&self) -> bool {
        self.total() > 0 || !self.redacted.removed.is_empty()
    }

    /// `2 card`, `1 email`.
    fn counted(&self, between: &str) -> String {
        let mut sums = BTreeMap::<&str, u64>::new();
        self.counts.iter().for_each(|((kind, _), count)| *sums.entry(kind).or_default() += count);
        sums.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(between)
    }

    fn reasons(&self, between: &str) -> String {
        let mut reasons: Vec<&str> = self.counts.keys().filter_map(|(_, reason)| reason.as_deref()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons.join(between)
    }

    /// The day on which a mail was sent, `2026-11-21`, where its header says it (RFC 5322 §3.3).
    fn date(&self) -> String {
        let words: Vec<&str> = self.facts.date.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let day = words.windows(3).find_map(|words| {
            const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
            let day: u8 = words[0].parse().ok().filter(|day| (1..=31).contains(day))?;
            let month = MONTHS.find(words[1]).filter(|at| at % 3 == 0 && words[1].len() == 3)? / 3 + 1;
            let year: u16 = words[2].parse().ok().filter(|year| *year >= 1000)?;
            Some(format!("{year:04}-{month:02}-{day:02}"))
        });
        day.unwrap_or_default()
    }
}

/// Makes a production in the folder `to`, which appears whole.
///
/// # Errors
/// `output-exists`, `bad-volume`, `bad-redaction-log`, `redaction-log-changed`, `document-missing`,
/// `control-numbers-used-up`; faults of the documents; I/O faults.
pub(crate) fn make(plan: Plan, to: &Path, progress: &dyn Progress) -> Result<Production, Fault> {
    files::free(to).map_err(|fault| fault.advise("Choose another name; what was produced is never replaced."))?;
    let volume = volume(to)?;
    let logged = logged(&plan.reports)?;
    let places = places(&plan.documents, progress)?;
    let folder = NewFolder::create(to, Existing::Keep)?;
    let Plan { reports, mut control, custodian, file_names, limits, .. } = plan;
    let mut documents = Vec::new();
    for (index, (redacted, counts)) in logged.into_iter().enumerate() {
        let path = places.get(&redacted.output).ok_or_else(|| missing(redacted.output))?;
        let (kind, facts) = look(path, redacted.output, &limits)?;
        let (begin, end) = control.take(facts.pages)?;
        let extension = extension(path);
        let native = format!("NATIVES/{:03}/{begin}.{extension}", index / FOLDER_MAX + 1);
        let size = copy(path, &folder.draft().join(&native), redacted.output)?;
        let file_name = path.file_name().filter(|_| file_names).map(|name| name.to_string_lossy().into_owned());
        let (volume, custodian, path) = (volume.clone(), custodian.clone(), path.clone());
        let doctype = doctype(kind);
        documents.push(Produced {
            begin,
            end,
            volume,
            custodian,
            path,
            doctype,
            extension,
            file_name,
            size,
            native,
            facts,
            redacted,
            counts,
        });
    }
    let digest = write(&folder.draft().join("DATA"), &volume, &documents, &reports)?;
    folder.appear()?;
    Ok(Production { documents, volume, digest })
}

/// The files that the logs speak of, in their order, with what was taken out of each.
fn logged(reports: &[PathBuf]) -> Result<Vec<(Redacted, Counts)>, Fault> {
    let (mut logged, mut counts) = (Vec::new(), Counts::new());
    for path in reports {
        report::read(path, &mut |line| {
            match line {
                Line::Redaction(redaction) => {
                    *counts.entry((redaction.kind, redaction.reason)).or_default() +=
                        u64::from(redaction.after.is_some());
                }
                Line::File(redacted) => logged.push((*redacted, std::mem::take(&mut counts))),
            }
            Ok(())
        })?;
    }
    logged.iter_mut().for_each(|(_, counts)| counts.retain(|_, count| *count > 0));
    Ok(logged)
}

/// Where the document with some digest lies.
fn places(documents: &[Input], progress: &dyn Progress) -> Result<HashMap<Digest, PathBuf>, Fault> {
    progress.start("reading", documents.iter().filter_map(Input::size).sum());
    let place = |input: &Input| {
        let digest = redaction::digest(input)?;
        progress.advance(input.size().unwrap_or_default());
        Ok((digest, input.path().to_path_buf()))
    };
    let places = documents.iter().map(place).collect();
    progress.finish();
    places
}

/// What a document is and says of itself.
fn look(path: &Path, digest: Digest, limits: &Limits) -> Result<(Kind, Facts), Fault> {
    let prefix = redaction::prefix(path)?;
    let kind = redact::format::detect::detect(path.file_name().and_then(|name| name.to_str()), &prefix);
    if !matches!(kind, Kind::Pdf | Kind::Eml) {
        return Ok((kind, Facts { pages: 1, ..Facts::default() }));
    }
    let bytes = files::read(path, model::ByteSize(limits.document_bytes))?;
    if seal::sha256(&bytes) != digest {
        return Err(missing(digest));
    }
    Ok((kind, redact::facts(&bytes, kind, limits).map_err(|fault| fault.in_file(path))?))
}

/// Copies the document with this digest; gives its size.
fn copy(from: &Path, to: &Path, digest: Digest) -> Result<u64, Fault> {
    let folder = files::folder_of(to);
    fs::create_dir_all(folder).map_err(|error| Fault::io("create the folder", folder, error))?;
    let mut input = File::open(from).map_err(|error| Fault::io("open", from, error))?;
    let mut output = File::create_new(to).map_err(|error| Fault::io("write", to, error))?;
    let size = std::io::copy(&mut input, &mut output).map_err(|error| Fault::io("write", to, error))?;
    output.sync_all().map_err(|error| Fault::io("write", to, error))?;
    // It was hashed when it was looked for; what counts is what lies here now.
    match redaction::digest_of(to)? == digest {
        true => Ok(size),
        false => Err(missing(digest)),
    }
}

/// Writes the load files and the logs; gives the digest of the DAT file.
fn write(folder: &Path, volume: &str, documents: &[Produced], reports: &[PathBuf]) -> Result<Digest, Fault> {
    let dat = load::dat(documents);
    for (name, text) in [
        (format!("{volume}.dat"), dat.as_str()),
        (format!("{volume}.opt"), &load::opt(documents)),
        ("privilege-log.csv".to_owned(), &privilege::log(documents)),
    ] {
        files::write(&folder.join(name), text.as_bytes(), Existing::Keep)?;
    }
    let path = folder.join("redactions.csv");
    let failed = |error| Fault::io("write", &path, error);
    let mut file = BufWriter::new(File::create_new(&path).map_err(failed)?);
    file.write_all(privilege::redactions_header().as_bytes()).map_err(failed)?;
    let mut left = documents.iter();
    for report in reports {
        let mut of_file = Vec::new();
        report::read(report, &mut |line| {
            match line {
                Line::Redaction(redaction) => of_file.push(redaction),
                Line::File(_) => {
                    let begin = left.next().map_or("", |document| &document.begin);
                    let lines = of_file.drain(..).map(|redaction| privilege::redaction(begin, &redaction));
                    lines.into_iter().try_for_each(|line| file.write_all(line.as_bytes())).map_err(failed)?;
                }
            }
            Ok(())
        })?;
    }
    file.into_inner().map_err(|error| failed(error.into_error())).and_then(|file| file.sync_all().map_err(failed))?;
    Ok(seal::sha256(dat.as_bytes()))
}

/// The name of the volume: that of its folder.
fn volume(to: &Path) -> Result<String, Fault> {
    let name = to.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
    match !name.is_empty() && name.len() <= 32 && name.chars().all(is_plain) {
        true => Ok(name.to_owned()),
        false => Err(Fault::usage("bad-volume", format!("{name:?} cannot name a volume"))
            .advise("Call the folder by letters, digits, - and _, such as VOL001.")),
    }
}

/// How the file's name ends, where that is short and plain.
fn extension(path: &Path) -> String {
    let end = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    let plain = |end: &String| (1..=8).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    end.filter(plain).unwrap_or_else(|| "bin".to_owned())
}

fn doctype(kind: Kind) -> &'static str {
    match kind {
        Kind::Pdf => "PDF",
        Kind::Eml => "E-mail",
        Kind::Mbox => "Mailbox",
        Kind::Office => "Office document",
        Kind::Csv => "Table",
        Kind::Prose => "Text document",
        Kind::Html => "HTML",
        _ => "Data or log",
    }
}

fn missing(digest: Digest) -> Fault {
    Fault::bad_input(
        "document-missing",
        format!("the document with SHA-256 {digest}, which a log speaks of, is not among those given"),
    )
    .advise("Name the folder with the outputs of that redaction as it wrote them: --documents FOLDER.")
}
