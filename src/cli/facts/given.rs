//! Facts from files that are given.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use facts::{File, Kind};
use model::{ByteSize, Fault};
use rules::{Catalogue, Fact, Facts, Gap, Missing, Source};

use super::{Asked, gap};
use crate::cli::context::Context;
use crate::cli::{files, intake};

/// The largest file that facts are read from.
const FILE_MAX: ByteSize = ByteSize(16 << 20);

/// How much of a file that is not read tells what it is.
const HEAD: u64 = 1 << 20;

/// A file that was given, with what it was recognised as.
struct Given {
    name: String,
    text: String,
    kinds: Vec<Kind>,
}

/// A file that was given and could not be read, with what its beginning was recognised as.
struct Unread {
    gap: Gap,
    kinds: Vec<Kind>,
}

/// Reads what was given into facts.
///
/// # Errors
/// What the paths say; a file that cannot be read into a fact is a gap of the fact, not an error.
pub(super) fn gather(
    context: &Context,
    asked: &Asked<'_>,
    catalogue: &Catalogue,
    facts: &mut Facts,
) -> Result<(), Fault> {
    let (given, unread) = open(asked.inputs)?;
    let is_wanted = |kind: &Kind| asked.needs.contains(kind.fact()) && facts.find(kind.fact()).is_none();
    let wanted: Vec<Kind> = Kind::ALL.iter().copied().filter(is_wanted).collect();
    for kind in wanted {
        let of_kind: Vec<&Given> = given.iter().filter(|one| one.kinds.contains(&kind)).collect();
        let told = unread.iter().filter(|one| one.kinds.contains(&kind));
        match (of_kind.is_empty(), told.clone().next()) {
            (true, Some(unread)) => facts.lacks(kind.fact(), Missing::Failed(unread.gap.clone())),
            (true, None) => {
                let why = "no such file was given; name files or folders with --input";
                facts.lacks(kind.fact(), Missing::NotGiven(why.into()));
            }
            (false, _) => {
                // What was not even recognised may have been of this kind.
                let unknown = unread.iter().filter(|one| one.kinds.is_empty());
                let gaps = told.chain(unknown).map(|one| one.gap.clone()).collect();
                facts.insert(kind.fact(), fact(context, kind, &of_kind, gaps), catalogue)?;
            }
        }
    }
    for Unread { gap, .. } in unread.iter().filter(|one| one.kinds.is_empty()) {
        context.output.warn(&format!("{} was not read: {}", gap.what, gap.why));
    }
    Ok(())
}

fn fact(context: &Context, kind: Kind, given: &[&Given], unread: Vec<Gap>) -> Fact {
    let texts: Vec<File<'_>> = given.iter().map(|one| File { name: &one.name, text: &one.text }).collect();
    let read = read(kind, &texts);
    let source = |one: &&Given| Source { name: one.name.clone(), digest: Some(seal::sha256(one.text.as_bytes())) };
    let gap = |gap: facts::Gap| Gap { what: gap.place, why: gap.why, remedy: gap.remedy };
    let gaps = read.gaps.into_iter().map(gap).chain(unread).collect();
    let sources = given.iter().map(source).collect();
    Fact { value: read.value, collected: context.now(), sources, gaps, cached: false }
}

/// Addresses are looked into by the detectors of `redact`, where they are built in.
#[cfg(all(feature = "privacy", feature = "redact"))]
fn read(kind: Kind, files: &[File<'_>]) -> facts::Read {
    // Making the detectors takes time, which no other kind needs.
    let classifier = (kind == Kind::Har).then(crate::cli::classify::Classifier::new).and_then(Result::ok);
    match classifier {
        Some(classifier) => facts::read_with(kind, files, &|names, text| {
            let guesses = classifier.guess(names, &[text.to_owned()]);
            guesses.into_iter().map(|guess| guess.name).collect()
        }),
        None => facts::read(kind, files),
    }
}

#[cfg(not(all(feature = "privacy", feature = "redact")))]
fn read(kind: Kind, files: &[File<'_>]) -> facts::Read {
    facts::read(kind, files)
}

fn open(inputs: &[PathBuf]) -> Result<(Vec<Given>, Vec<Unread>), Fault> {
    let (mut given, mut unread) = (Vec::new(), Vec::new());
    let mut found = intake::find(inputs)?;
    found.sort_by(|a, b| a.path().cmp(b.path()));
    for input in found {
        let name = input.path().display().to_string();
        // By the name alone: a folder may hold pictures and archives, which are nobody's gap.
        if !facts::may_hold(&name) {
            continue;
        }
        match files::read_text(input.path(), FILE_MAX) {
            Ok(text) => {
                let kinds = facts::recognise(File { name: &name, text: &text });
                given.extend((!kinds.is_empty()).then_some(Given { name, text, kinds }));
            }
            Err(fault) => {
                let kinds = facts::recognise(File { name: &name, text: &head(input.path()) });
                unread.push(Unread { gap: gap(&name, &fault), kinds });
            }
        }
    }
    Ok((given, unread))
}

/// The beginning of a file that is too large, or is no text, as far as it can be read.
fn head(path: &Path) -> String {
    let mut bytes = Vec::new();
    // A file that cannot be opened has no beginning; the fault that it was not read is told already.
    let _ = fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
