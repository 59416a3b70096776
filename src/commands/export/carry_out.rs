//! Find → gather → write → record.

use std::path::Path;

use model::{Fault, Instant, Kind};
use privacy::discover::{self, Found, Options, discover};
use privacy::export::{Controller, Cover, Detectors, Export, Scope, Written, gather};
use privacy::graph::{Graph, Part};
use privacy::identity::Identity;
use privacy::map::DataMap;
use privacy::register::{Right, Status};
use seal::Ed25519Signer;

use super::shown::Handed;
use super::{ExportArgs, Format};
use crate::cli::bystanders::Bystanders;
use crate::cli::consent::Consents;
use crate::cli::consent::person::Person;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::files::Existing;
use crate::cli::handover::{self, Handover, Signing};
use crate::cli::journal::Wanted;
use crate::cli::progress::Count;
use crate::cli::requests::{self, Dossier};
use crate::cli::sealers::{Sealers, SignerArgs};
use crate::cli::stores::{self, Fleet};
use crate::cli::{data_map, restrictions};
use crate::commands::Done;

const TOOL: &str = concat!("probity ", env!("CARGO_PKG_VERSION"));

pub(super) fn run(context: &mut Context, args: &ExportArgs, output: &Path) -> Result<Done, Fault> {
    context.trace.begin(Wanted::Always, "export.written");
    let identities = args.subject.of_request(context, args.request.as_deref())?;
    let right = if args.portability { Right::Portability } else { Right::Access };
    args.answering().check(context, right, &identities)?;
    let reading = data_map::load_quietly(context)?;
    let existing = Existing::from_flag(args.overwrite);
    let mut handover = Handover::create(output, existing, &args.encrypt_to, args.format.signing())?;
    let sealers = Sealers::open(context, &args.key, &SignerArgs::default(), &args.passphrase)?;
    let mut fleet = stores::open(context, &reading.map, &[])?;
    let search = search(context, &reading.map, &mut fleet, &identities)?;
    let (restricted, despite) = restriction(context, args, &search, &mut fleet, &identities)?;
    let (gaps, map_gaps) = search.gaps(&fleet);
    if search.found.is_empty() {
        return Err(nobody(fleet));
    }
    if let Some(first) = gaps.iter().chain(&map_gaps).next().filter(|_| args.strict) {
        return Err(Fault::refused("export-has-gaps", format!("There are gaps, the first: {first}"))
            .advise("Mend them (`probity map check`), or leave --strict out: the gaps are then told in the export."));
    }
    let mut dossier = args.answering().open(context, right, &identities)?;
    dossier.request.despite = despite;
    let mut spool = handover::spool(output)?;
    let bystanders = Bystanders::default();
    let (identifiers, names) = (|text: &str| bystanders.find(text), |text: &str| bystanders.names(text));
    let detect = Bystanders::CAN_LOOK.then_some(Detectors { identifiers: &identifiers, names: &names });
    let (scope, others) = args.extent();
    let mut export = Export::new(&reading.map, &identities, scope, others, detect, &mut spool);
    begin(&mut export, gaps, args.format);
    let progress = context.progress(Count::Items);
    let lost = gather(&mut export, &search.graph, &mut fleet.members, &search.found, &*progress)?;
    let whole = lost == 0 && fleet.unreachable.is_empty() && !search.is_broken();
    let consents = consents(context, scope, &identities)?;
    let fingerprint = sealers.key.public().fingerprint();
    let cover = Cover {
        request: &dossier.request.id.clone(),
        created: context.now(),
        tool: TOOL,
        subject: &identities,
        controller: &controller(context),
        signer: handover::SIGNER,
        fingerprint: &fingerprint,
        restricted: restricted.as_deref(),
        consents: consents.as_ref(),
    };
    let counts = export.counts();
    let written = write(args.format, &mut handover, &mut export, &cover, &*sealers.key)?;
    let gaps = export.gaps().to_vec();
    handover.finish()?;
    record(context, &mut dossier, args, &written, whole)?;
    context.trace.word("demo_key", if sealers.demo { "yes" } else { "no" });
    context.trace.count("gaps", gaps.len() as u64);
    let handed = Handed {
        request: dossier.request,
        path: output.to_path_buf(),
        format: args.format,
        scope,
        encrypted: !args.encrypt_to.is_empty(),
        demo: sealers.demo,
        signer: fingerprint,
        signature: (args.format.signing() == Signing::Beside).then(|| handover::beside(output)),
        folded: search.found.folded,
        whole,
        gaps,
        map_gaps,
        counts,
        written,
    };
    Ok(Done::showing(if whole { Exit::Done } else { Exit::Partial }, handed))
}

/// What is known to be missing before the rows come.
fn begin(export: &mut Export<'_>, gaps: Vec<String>, format: Format) {
    gaps.into_iter().for_each(|gap| export.gap(gap));
    if format != Format::Zip {
        export.leave_files();
    }
}

/// What was searched and found.
struct Search {
    graph: Graph,
    found: Found,
    gaps: Vec<privacy::plan::Gap>,
}

impl Search {
    /// A store stopped answering while it was searched.
    fn is_broken(&self) -> bool {
        self.found.gaps.iter().any(|gap| gap.kind == "unreachable" && gap.collection.is_none())
    }

    /// What is missing in the export, for the person; and where the map does not fit the stores, for whoever keeps it.
    fn gaps(&self, fleet: &Fleet) -> (Vec<String>, Vec<String>) {
        let is_down = |gap: &&privacy::plan::Gap| gap.kind == "unreachable" && gap.collection.is_none();
        let down = fleet.unreachable.iter().map(|(_, fault)| fault.message().to_owned());
        let (lost, of_map): (Vec<_>, Vec<_>) = self.gaps.iter().chain(&self.found.gaps).partition(is_down);
        let text = |gap: &privacy::plan::Gap| gap.text.clone();
        (down.chain(lost.into_iter().map(text)).collect(), of_map.into_iter().map(text).collect())
    }
}

fn search(context: &Context, map: &DataMap, fleet: &mut Fleet, identities: &[Identity]) -> Result<Search, Fault> {
    if fleet.members.is_empty() {
        std::mem::replace(fleet, Fleet { members: Vec::new(), unreachable: Vec::new() }).whole()?;
    }
    let parts: Vec<Part<'_>> = fleet
        .members
        .iter()
        .map(|member| Part { member: &member.name, dataset: &member.dataset, catalog: &member.catalog })
        .collect();
    let (graph, gaps) = Graph::new(map, &parts)?;
    let options = Options { digests: false, tolerant: true };
    let progress = context.progress(Count::Items);
    let found = discover(&graph, &mut fleet.members, identities, &options, &*progress)?;
    Ok(Search { graph, found, gaps })
}

/// What is on record of the person's consents: their own access is to that, too; what they take elsewhere (Art. 20) is not.
fn consents(context: &Context, scope: Scope, identities: &[Identity]) -> Result<Option<serde_json::Value>, Fault> {
    match Consents::known(context)?.filter(|_| scope == Scope::Access) {
        Some(known) => {
            let person = Person::of(context, &known, &known.pseudonyms(identities), |_| true)?;
            Ok(Some(person.json()).filter(|_| !person.is_empty()))
        }
        None => Ok(None),
    }
}

/// Nothing was found: an answer when every store was asked, none when one was not.
fn nobody(fleet: Fleet) -> Fault {
    match fleet.whole() {
        Err(fault) => fault,
        Ok(_) => Fault::no_verdict("no-match", "No store holds anything of this person")
            .advise("Check the identities, and whether the map names the fields that hold them (identity: email)."),
    }
}

/// Since which day processing is restricted; which exception it goes on by, and why.
type Restricted = (Option<String>, Option<(String, String)>);

/// Since when processing is restricted, for the person; and why it goes on all the same. The person's own access is no use
/// against their will: Art. 15 is answered, and the restriction told in the answer. What is made to be given to others
/// (Art. 20), and other people's data, wait for an exception of Art. 18(2).
fn restriction(
    context: &mut Context,
    args: &ExportArgs,
    search: &Search,
    fleet: &mut Fleet,
    identities: &[Identity],
) -> Result<Restricted, Fault> {
    let secret = requests::secret(context)?;
    let subject: Vec<_> = match discover::also_known_as(&search.graph, &mut fleet.members, &search.found, identities) {
        Ok(known) => known.iter().map(|(kind, normal)| secret.pseudonym(kind, normal)).collect(),
        // A store that fails now is told as a gap when its rows are read.
        Err(fault) if fault.kind() == Kind::Unavailable && !args.portability => {
            identities.iter().map(|one| secret.pseudonym(one.kind(), one.normalised())).collect()
        }
        Err(fault) => return Err(fault),
    };
    let since = restrictions::of(context, &subject)?.map(|one| one.since.date());
    let despite = match args.portability {
        true => args.despite.check(context, &subject, "hand data over for use elsewhere")?,
        false => None,
    };
    Ok((since, despite))
}

fn write(
    format: Format,
    handover: &mut Handover,
    export: &mut Export<'_>,
    cover: &Cover<'_>,
    key: &dyn Ed25519Signer,
) -> Result<Written, Fault> {
    let created = cover.created.to_string();
    match format {
        Format::Zip => {
            handover.zip(|archive| export.package(cover, &|sums| handover::sign(sums, key, &created), archive))
        }
        Format::Json => handover.document(key, |archive| export.document(cover, archive)),
        Format::Fides => handover.document(key, |archive| export.fides(archive)),
    }
}

/// Register and ledger: digests and counts, no data.
fn record(
    context: &mut Context,
    dossier: &mut Dossier,
    args: &ExportArgs,
    written: &Written,
    whole: bool,
) -> Result<(), Fault> {
    let now: Instant = context.now();
    if let Some(digest) = written.manifest.or_else(|| written.files.first().map(|file| file.sha256)) {
        dossier.request.set_digest("package", digest);
        context.trace.digest("package", digest);
    }
    if whole {
        dossier.request.status = Status::Fulfilled;
        dossier.request.answered = Some(now);
    }
    dossier.save()?;
    if whole {
        // Who asked is known by whom it was handed to; the register needs it no more.
        dossier.destroy_key()?;
    }
    context.trace.word("request", &dossier.request.id);
    context.trace.word("format", args.format.word());
    context.trace.count("rows", written.rows);
    context.trace.count("taken_out", written.taken);
    Ok(())
}

fn controller(context: &Context) -> Controller {
    let text = |key| Some(context.config.text(key)).filter(|text| !text.is_empty()).map(str::to_owned);
    Controller {
        name: text("privacy.controller"),
        contact: text("privacy.contact"),
        officer: text("privacy.officer"),
        authority: text("privacy.authority"),
    }
}
