//! Drafts of what recipients are to be told (Art. 19).

use std::fmt::Write as _;

use model::{Fault, counted};
use privacy::register::{Recipient, Request, Right};
use serde_json::{Value, json};

use super::{Done, NoticesArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::{self, Existing};
use crate::cli::journal::Wanted;
use crate::cli::new_folder::NewFolder;
use crate::cli::output::{Page, Show};
use crate::cli::requests::Dossier;

pub(super) fn draft(context: &mut Context, args: &NoticesArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.notices");
    let request = Dossier::open(context, &args.id)?.request;
    if !matches!(request.right, Right::Rectification | Right::Erasure | Right::Restriction) {
        let message = format!("The request {} is one for {}", request.id, request.right.word());
        return Err(Fault::refused("wrong-request", message)
            .advise("Recipients are told of a rectification, an erasure or a restriction (Art. 19)."));
    }
    let wanted: Vec<&Recipient> = request.recipients.iter().filter(|one| args.all || one.is_open()).collect();
    let mut names = Vec::new();
    if !wanted.is_empty() {
        if args.output.exists() {
            return Err(files::exists(&args.output));
        }
        let folder = NewFolder::create(&args.output, Existing::Keep)?;
        for (at, one) in wanted.iter().enumerate() {
            let name = format!("{:02}-{}.txt", at + 1, plain(&one.name));
            files::write(&folder.draft().join(&name), notice(context, &request, one).as_bytes(), Existing::Keep)?;
            names.push(name);
        }
        folder.appear()?;
    }
    context.trace.word("request", args.id.clone());
    context.trace.count("notices", names.len() as u64);
    Ok(Done::showing(Exit::Done, Drafted { request: request.id, folder: args.output.display().to_string(), names }))
}

/// A name that every file system takes.
fn plain(name: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().take(40).map(letter).collect();
    name.trim_matches('-').to_owned()
}

/// A draft, with blanks: who the person is stands neither in the register nor in the certificate.
fn notice(context: &Context, request: &Request, to: &Recipient) -> String {
    let controller = Some(context.config.text("privacy.controller")).filter(|text| !text.is_empty());
    let contact = Some(context.config.text("privacy.contact")).filter(|text| !text.is_empty());
    let (article, what, please) = match request.right {
        Right::Rectification => ("16", "rectified", "put the same data right in your records"),
        Right::Restriction => (
            "18(1)",
            "restricted in their processing",
            "keep the data you hold of them, and do not use them until we tell you otherwise",
        ),
        _ => ("17(1)", "erased", "erase the data you hold of them, with every link to and copy of them"),
    };
    let when = request.answered.map_or("[date]".to_owned(), |at| at.date());
    let mut text = String::from("DRAFT – to be completed and checked by a person before it is sent\n\n");
    let _ = write!(
        text,
        "From: {}\nTo: {}\nReference: {}\n\nNotification under Article 19 of Regulation (EU) 2016/679\n\n\
         On {when} we have {what}, under Article {article}, personal data that were disclosed to you:\n\n",
        controller.unwrap_or("[controller]"),
        to.name,
        request.id,
    );
    for name in &to.collections {
        let _ = writeln!(text, "  - {name}");
    }
    let _ = write!(
        text,
        "\nThe person is: [the identifier by which you and we know them; no more than is needed]\n\n\
         We ask you to {please}, to tell those to whom you have passed them on, and to confirm this to us in writing.\n\n{}\n",
        contact.unwrap_or("[contact]"),
    );
    text
}

struct Drafted {
    request: String,
    folder: String,
    names: Vec<String>,
}

impl Show for Drafted {
    fn json(&self) -> Value {
        json!({"schema": "request-notices/1", "request_id": self.request, "folder": self.folder, "notices": self.names})
    }

    fn human(&self, page: &mut Page) {
        if self.names.is_empty() {
            return page.line("Nobody is to be told.");
        }
        self.names.iter().for_each(|name| page.field("draft", format!("{}/{name}", self.folder)));
        page.line(format!(
            "{} with blanks. When it is sent: probity request told {} --recipient NAME --by MEANS",
            counted(self.names.len() as u64, "draft", "drafts"),
            self.request
        ));
    }
}
