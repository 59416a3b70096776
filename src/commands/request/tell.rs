//! Who was told (Art. 19).

use model::Fault;

use super::shown::One;
use super::{Done, ToldArgs, supplement};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::journal::Wanted;
use crate::cli::requests::{self, Dossier};

pub(super) fn told(context: &mut Context, args: &ToldArgs) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "request.told");
    // Two that are noted at once would both follow the same supplement.
    let _turn = requests::turn(context)?;
    let mut dossier = Dossier::open(context, &args.id)?;
    let signing = supplement::means(context, args, &dossier)?;
    let now = context.now();
    let request = &mut dossier.request;
    let names: Vec<String> = request.recipients.iter().map(|one| format!("{:?}", one.name)).collect();
    let Some(recipient) = request.recipients.iter_mut().find(|one| one.name == args.recipient) else {
        let message = format!("{:?} is no recipient of the data of {}", args.recipient, args.id);
        return Err(Fault::bad_input("no-recipient", message).advise(match names.is_empty() {
            true => "The data map names none for what was changed (meta.probity.recipients).".to_owned(),
            false => format!("Those to be told are {}.", names.join(", ")),
        }));
    };
    match &args.impossible {
        Some(why) => {
            recipient.told = None;
            recipient.exempt = Some(why.clone());
        }
        None => {
            let at = args.at.or(recipient.told.as_ref().map(|told| told.at)).unwrap_or(now);
            let (from, confirmed) = (request.received, args.acknowledged.unwrap_or(at));
            if at < from || confirmed < at || confirmed > now {
                let message = "These times lie before the request, in the future, or in the wrong order";
                return Err(Fault::usage("time-outside-request", message)
                    .advise("--at says when the recipient was told, --acknowledged when they confirmed it."));
            }
            recipient.exempt = None;
            recipient.tell(args.by.as_deref().unwrap_or_default(), at, args.acknowledged);
        }
    }
    if let Some(signing) = &signing {
        supplement::write(context, &mut dossier, signing)?;
    }
    dossier.save()?;
    let (told, all) = dossier.request.told();
    context.trace.word("request", args.id.clone());
    context.trace.count("told", told as u64);
    context.trace.count("recipients", all as u64);
    Ok(Done::showing(Exit::Done, One { request: dossier.request, now }))
}
