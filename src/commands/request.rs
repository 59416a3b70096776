//! `request`: the register of what people asked for: opened, its term, refused, and who was told of it.

mod notices;
mod object;
mod shown;
mod supplement;
mod tell;
mod term;
mod withdraw;

use clap::{Args, Subcommand, ValueEnum};
use model::{Fault, Instant};
use privacy::register::Right;

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::passphrase::PassphraseArgs;
use crate::cli::request_list;
use crate::cli::sealers::KeyArgs;
use crate::cli::subject::SubjectArgs;

pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        about: "A request came in; nothing is done yet",
        line: "probity request open access email=ann@example.org --received 2026-11-20",
    },
    Example {
        about: "An objection to direct marketing: it ends at once (Art. 21)",
        line: "probity request open objection email=ann@example.org --purpose newsletter --ground 21-2",
    },
    Example {
        about: "Two months more, told in time (Art. 12(3))",
        line: "probity request extend req-0007 --reason \"eleven archives have to be asked\" --told 2026-12-10",
    },
    Example {
        about: "The person was asked who they are; the term stands still",
        line: "probity request pause req-0007 --reason \"asked for the customer number\"",
    },
    Example {
        about: "They answered",
        line: "probity request resume req-0007 --verified-by \"customer number and date of birth\"",
    },
    Example {
        about: "A recipient was told (Art. 19)",
        line: "probity request told req-0007 --recipient \"Carrier\" --by \"registered letter\"",
    },
    Example {
        about: "An erase that cannot go on, because rows have come that its plan does not know",
        line: "probity request withdraw req-0007 --reason \"planned anew\"",
    },
    Example { about: "Every request, with the days that are left", line: "probity request list" },
];

/// Keep the register of people's requests: terms, refusals, who was told
///
/// A request is opened when it comes in, and answered by `export`, `rectify`, `restrict` or `erase` with --request; those
/// commands open one themselves where none is named. An objection ends its purpose for the person when it is opened: from then
/// on `consent check` says `objected`. It is upheld, or refused with compelling grounds, which direct marketing does not have. The term is a month by Regulation 1182/71, or 45 days under the CCPA
/// (`privacy.regime`). It is extended once, by two months (45 days), when the person was told with the reason before the first
/// term ended. It stands still only while the person was asked to show who they are, or to say which of very many data they
/// mean (EDPB Guidelines 01/2022); under the CCPA it never does. Every act is entered in the ledger, without names.
#[derive(Args, Debug)]
pub(crate) struct RequestArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Open a request that came in
    Open(OpenArgs),
    /// List every request with the days that are left
    List,
    /// Show one request
    Show {
        /// The request
        id: String,
    },
    /// Take more time to answer: two months, 45 days under the CCPA
    Extend(ExtendArgs),
    /// Let the term stand still: the person was asked something
    Pause(PauseArgs),
    /// Let the term run again: the person answered
    Resume(ResumeArgs),
    /// Refuse a request, with the reason
    Refuse(RefuseArgs),
    /// Uphold an objection: the person was told that it is heeded
    Uphold(UpholdArgs),
    /// Withdraw a request: the person took it back, or an erase is planned anew
    Withdraw(WithdrawArgs),
    /// Note that a recipient of the data was told (Art. 19)
    ///
    /// After an erasure was answered each note also writes a supplement to its certificate, supplement-NNNN.json, signed and
    /// chained to it: `probity verify` checks it.
    Told(ToldArgs),
    /// Draft what recipients are to be told (Art. 19)
    Notices(NoticesArgs),
}

#[derive(Args, Debug)]
struct OpenArgs {
    /// What is asked for
    #[arg(value_name = "RIGHT", value_enum)]
    right: Asked,
    #[command(flatten)]
    subject: SubjectArgs,
    /// When the request came in; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    received: Option<Instant>,
    /// How it was verified that whoever asks is the person; no names
    #[arg(long, value_name = "WORDS")]
    verified_by: Option<String>,
    #[command(flatten)]
    objection: object::ObjectionArgs,
}

/// What a person can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Asked {
    /// A copy of their data (Art. 15)
    Access,
    /// That they are put right (Art. 16)
    Rectification,
    /// That they are erased (Art. 17)
    Erasure,
    /// That they are kept and not used (Art. 18)
    Restriction,
    /// To take along what they provided (Art. 20)
    Portability,
    /// That their data are not used for a purpose (Art. 21)
    Objection,
}

impl Asked {
    fn right(self) -> Right {
        match self {
            Asked::Access => Right::Access,
            Asked::Rectification => Right::Rectification,
            Asked::Erasure => Right::Erasure,
            Asked::Restriction => Right::Restriction,
            Asked::Portability => Right::Portability,
            Asked::Objection => Right::Objection,
        }
    }
}

#[derive(Args, Debug)]
struct ExtendArgs {
    /// The request
    id: String,
    /// Why it takes longer, as the person was told; no names
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// When the person was told; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    told: Option<Instant>,
}

#[derive(Args, Debug)]
struct PauseArgs {
    /// The request
    id: String,
    /// What was asked, and why; no names
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// What is waited for
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Waiting::Identity)]
    waiting_for: Waiting,
    /// When the person was asked; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    asked: Option<Instant>,
}

/// What a pause waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Waiting {
    /// That the person shows who they are (Art. 12(6))
    Identity,
    /// That the person says which of very many data they mean (recital 63)
    Scope,
}

#[derive(Args, Debug)]
struct ResumeArgs {
    /// The request
    id: String,
    /// When the answer of the person came; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    at: Option<Instant>,
    /// How it was verified that whoever asks is the person; no names
    #[arg(long, value_name = "WORDS")]
    verified_by: Option<String>,
}

#[derive(Args, Debug)]
struct RefuseArgs {
    /// The request
    id: String,
    /// Why, as the Data Rights Protocol has it
    #[arg(long, value_name = "WHY", value_enum)]
    because: Because,
    /// What the person was told, in words; no names
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Because {
    /// There is nobody of that name
    NoMatch,
    /// The person could not be verified (Art. 12(2))
    NotVerified,
    /// Fraud is suspected
    Fraud,
    /// The law does not give this right here
    NotCovered,
    /// Another law governs
    Jurisdiction,
    /// Manifestly excessive, in particular repeated (Art. 12(5))
    TooMany,
    /// Compelling legitimate grounds outweigh the objection (Art. 21(1))
    CompellingGrounds,
    /// Another reason
    Other,
}

impl Because {
    fn word(self) -> &'static str {
        match self {
            Because::NoMatch => "no_match",
            Because::NotVerified => "insuf_verification",
            Because::Fraud => "suspected_fraud",
            Because::NotCovered => "claim_not_covered",
            Because::Jurisdiction => "outside_jurisdiction",
            Because::TooMany => "too_many_requests",
            // The protocol has no word of its own for it.
            Because::CompellingGrounds => "claim_not_covered",
            Because::Other => "other",
        }
    }
}

#[derive(Args, Debug)]
struct UpholdArgs {
    /// The request
    id: String,
    /// When the person was told; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    told: Option<Instant>,
}

#[derive(Args, Debug)]
struct WithdrawArgs {
    /// The request
    id: String,
    /// Why; no names
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

#[derive(Args, Debug)]
struct ToldArgs {
    /// The request
    id: String,
    /// The recipient, as the data map names it
    #[arg(long, value_name = "NAME")]
    recipient: String,
    /// By what: registered letter, interface, e-mail
    #[arg(long, value_name = "MEANS", required_unless_present = "impossible")]
    by: Option<String>,
    /// When they were told; default: now
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    at: Option<Instant>,
    /// When they confirmed it
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    acknowledged: Option<Instant>,
    /// Not told: it proves impossible or involves disproportionate effort, and why (Art. 19)
    #[arg(long, value_name = "WORDS", conflicts_with_all = ["by", "at", "acknowledged"])]
    impossible: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Args, Debug)]
struct NoticesArgs {
    /// The request
    id: String,
    /// The folder to write to, one text for each recipient; it must not be there
    #[arg(long, short, value_name = "FOLDER")]
    output: std::path::PathBuf,
    /// For those, too, who were told already
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(context: &mut Context, args: RequestArgs) -> Result<Done, Fault> {
    match args.verb {
        Verb::Open(args) => term::open(context, &args),
        Verb::List => Ok(Done::showing(Exit::Done, request_list::list(context, "request.listed", |_| true)?)),
        Verb::Show { id } => term::show(context, &id),
        Verb::Extend(args) => term::extend(context, &args),
        Verb::Pause(args) => term::pause(context, &args),
        Verb::Resume(args) => term::resume(context, &args),
        Verb::Refuse(args) => term::refuse(context, &args),
        Verb::Uphold(args) => object::uphold(context, &args),
        Verb::Withdraw(args) => withdraw::run(context, &args),
        Verb::Told(args) => tell::told(context, &args),
        Verb::Notices(args) => notices::draft(context, &args),
    }
}
