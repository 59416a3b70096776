//! Whose processing is restricted (Art. 18), `.probity/restrictions.jsonl`: pseudonyms, times and reasons, one line for each
//! change. Nothing is taken out of it; the last line about a pseudonym holds.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::{ByteSize, Digest, Fault, Instant};
use serde_json::{Value, json};

use super::context::Context;
use super::{files, keys};

const FILE_MAX: ByteSize = ByteSize(256 << 20);

/// One change for one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restriction {
    /// The request that asked for it.
    pub(crate) request: String,
    /// Kind of the identity.
    pub(crate) kind: String,
    pub(crate) pseudonym: Digest,
    /// Since when it holds, or when it was lifted.
    pub(crate) since: Instant,
    pub(crate) restricted: bool,
    /// The letter of Art. 18(1): `18-1-b`.
    pub(crate) ground: Option<String>,
    /// Words of the house, no names.
    pub(crate) reason: Option<String>,
}

/// Using restricted data all the same.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DespiteArgs {
    /// Go on although processing is restricted, by this exception of Art. 18(2)
    #[arg(long, value_name = "EXCEPTION", value_enum, requires = "because")]
    despite_restriction: Option<Exception>,
    /// Why the exception holds, in words of the house; no names
    #[arg(long, value_name = "WORDS", requires = "despite_restriction")]
    because: Option<String>,
}

/// Art. 18(2): what restricted data may be used for, besides being stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Exception {
    /// The person agreed to it
    Consent,
    /// Legal claims are established, exercised or defended
    LegalClaims,
    /// Another person's rights are protected
    RightsOfAnother,
    /// An important public interest of the Union or a Member State
    PublicInterest,
}

impl Exception {
    fn word(self) -> &'static str {
        match self {
            Exception::Consent => "consent",
            Exception::LegalClaims => "legal-claims",
            Exception::RightsOfAnother => "rights-of-another",
            Exception::PublicInterest => "public-interest",
        }
    }
}

impl DespiteArgs {
    /// The exception and its reason, for the register; `None` where the person is not restricted. `what` is what would be done.
    ///
    /// # Errors
    /// `processing-restricted`; those of [`active`].
    pub(crate) fn check(
        &self,
        context: &mut Context,
        subject: &[Digest],
        what: &str,
    ) -> Result<Option<(String, String)>, Fault> {
        let Some(one) = of(context, subject)? else { return Ok(None) };
        if let (Some(exception), Some(because)) = (self.despite_restriction, &self.because) {
            context.trace.word("despite_restriction", exception.word());
            return Ok(Some((exception.word().to_owned(), because.clone())));
        }
        let why = match one.ground.as_deref() {
            Some("18-1-b") => ": the person opposes the erasure (Art. 18(1)(b))",
            Some("18-1-c") => ": the person needs the data for legal claims (Art. 18(1)(c))",
            Some("18-1-a") => ": the person contests that the data are right (Art. 18(1)(a))",
            Some("18-1-d") => ": the person has objected (Art. 18(1)(d))",
            _ => "",
        };
        let since = one.since.date();
        let message = format!("Processing of this person's data is restricted since {since} ({}){why}", one.request);
        Err(Fault::refused("processing-restricted", message).advise(format!(
            "To {what} is processing. Lift the restriction when the person was told (probity restrict --lift), or name the \
             exception of Art. 18(2): --despite-restriction consent --because WORDS."
        )))
    }
}

/// The restriction that holds for one of these pseudonyms.
///
/// # Errors
/// Those of [`active`].
pub(crate) fn of(context: &Context, subject: &[Digest]) -> Result<Option<Restriction>, Fault> {
    Ok(active(context)?.into_iter().find(|one| subject.contains(&one.pseudonym)))
}

/// The restrictions that hold now, in the order in which they came.
///
/// # Errors
/// `bad-restriction`; I/O faults.
pub(crate) fn active(context: &Context) -> Result<Vec<Restriction>, Fault> {
    let path = path(context);
    if !path.try_exists().map_err(|error| Fault::io("read", &path, error))? {
        return Ok(Vec::new());
    }
    let mut active: Vec<Restriction> = Vec::new();
    for (number, line) in files::read_text(&path, FILE_MAX)?.lines().enumerate() {
        let one = serde_json::from_str(line).ok().and_then(|value| Restriction::read(&value)).ok_or_else(|| {
            Fault::bad_input("bad-restriction", "This line is no restriction (restriction/1)")
                .at(model::Place::line(number as u64 + 1, 0))
                .in_file(&path)
                .advise("Restore the file from a backup: whose data must not be used stands in it.")
        })?;
        active.retain(|known| known.pseudonym != one.pseudonym);
        if one.restricted {
            active.push(one);
        }
    }
    Ok(active)
}

/// Adds changes. On return they are on the disk.
///
/// # Errors
/// I/O faults.
pub(crate) fn enter(context: &Context, changes: &[Restriction]) -> Result<(), Fault> {
    let path = path(context);
    keys::private_folder(files::folder_of(&path))?;
    let fault = |error| Fault::io("write", &path, error);
    let lines: String = changes.iter().map(|one| format!("{}\n", one.to_json())).collect();
    let mut file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(fault)?;
    file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    File::open(files::folder_of(&path)).and_then(|folder| folder.sync_all()).map_err(fault)
}

fn path(context: &Context) -> PathBuf {
    context.project.state("restrictions.jsonl")
}

impl Restriction {
    /// `restriction/1`.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "schema": "restriction/1",
            "request_id": self.request,
            "kind": self.kind,
            "pseudonym": self.pseudonym.hex(),
            "since": self.since.to_string(),
            "restricted": self.restricted,
            "ground": self.ground,
            "reason": self.reason,
        })
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        (text("schema")? == "restriction/1").then_some(())?;
        Some(Restriction {
            request: text("request_id")?.to_owned(),
            kind: text("kind")?.to_owned(),
            pseudonym: Digest::parse(text("pseudonym")?).ok()?,
            since: Instant::parse(text("since")?).ok()?,
            restricted: value.get("restricted")?.as_bool()?,
            ground: text("ground").map(str::to_owned),
            reason: text("reason").map(str::to_owned),
        })
    }
}
