//! `produce`: redacted documents with control numbers, load files and a privilege log.

use std::path::PathBuf;

use clap::Args;
use model::{Fault, counted};
use redact::Limits;
use serde_json::{Value, json};

use super::Done;
use crate::cli::context::Context;
use crate::cli::examples::Example;
use crate::cli::exit::Exit;
use crate::cli::intake;
use crate::cli::journal::Wanted;
use crate::cli::output::{Page, Show};
use crate::cli::production::{self, Control, Plan, Produced, Production};
use crate::cli::progress::Count;
use crate::cli::table::Table;

pub(crate) const EXAMPLES: &[Example] = &[Example {
    about: "What `redact papers -o clean --report redactions.jsonl` made, for the other side",
    line: "probity produce redactions.jsonl --documents clean --bates PROB000001 -o VOL001",
}];

/// Number redacted documents, and write load files and a privilege log for the other side
///
/// The folder holds NATIVES, the documents under their control numbers; DATA, with a Concordance load file (.dat, a line
/// for each document), an Opticon load file (.opt, which names the documents themselves: there are no page images), the
/// privilege log (a line for each document from which something was taken out) and every single redaction. What they say
/// of a document is read from the redacted one. Claims of privilege are a lawyer's: their column stays empty.
#[derive(Args, Debug)]
pub(crate) struct ProduceArgs {
    /// Redaction logs, as `probity redact --report FILE` wrote them
    #[arg(required = true)]
    report: Vec<PathBuf>,
    /// Redacted document, or a folder of them: found by their digest (can be repeated)
    #[arg(long, value_name = "PATH", required = true)]
    documents: Vec<PathBuf>,
    /// The first control number; every page of a PDF, and every other document, takes one
    #[arg(long, value_name = "NUMBER")]
    bates: String,
    /// Folder to make; its name is that of the volume
    #[arg(long, short, value_name = "FOLDER")]
    output: PathBuf,
    /// Whose documents these are
    #[arg(long, value_name = "NAME")]
    custodian: Option<String>,
    /// Tell the names of the files: they are left out otherwise, because they can name persons
    #[arg(long)]
    file_names: bool,
}

pub(crate) fn run(context: &mut Context, args: ProduceArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::WhereThere, "production.made");
    let plan = Plan {
        control: Control::parse(&args.bates)?,
        documents: intake::find(&args.documents)?,
        reports: args.report,
        custodian: args.custodian.unwrap_or_default(),
        file_names: args.file_names,
        limits: Limits::default(),
    };
    let made = production::make(plan, &args.output, &*context.progress(Count::Bytes))?;
    context.trace.digest("load_file", made.digest);
    context.trace.count("documents", made.documents.len() as u64);
    context.trace.count("redactions", made.documents.iter().map(Produced::total).sum());
    Ok(Done::showing(Exit::Done, made))
}

impl Show for Production {
    fn json(&self) -> Value {
        let document = |one: &Produced| {
            json!({
                "begin": one.begin,
                "end": one.end,
                "file": one.path.display().to_string(),
                "native": one.native,
                "sha256": one.redacted.output.hex(),
                "pages": one.facts.pages,
                "redactions": one.total(),
            })
        };
        let documents: Vec<Value> = self.documents.iter().map(document).collect();
        json!({"schema": "production/1", "volume": self.volume, "load_file_sha256": self.digest.hex(), "documents": documents})
    }

    fn human(&self, page: &mut Page) {
        let mut table = Table::new(&["first", "last", "redactions", "document"]);
        for one in &self.documents {
            let (total, path) = (one.total().to_string(), one.path.display().to_string());
            table.row([one.begin.as_str().into(), one.end.as_str().into(), total.into(), path.into()]);
        }
        page.table(&table);
        page.gap();
        page.line(format!(
            "{} in volume {}.",
            counted(self.documents.len() as u64, "document", "documents"),
            self.volume
        ));
    }
}
