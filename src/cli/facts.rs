//! Facts, collected from what was given.

use std::path::{Path, PathBuf};

use facts::{File, Kind};
use model::{ByteSize, Fault};
use rules::{Catalogue, Fact, Facts, Gap, Missing, Source};

use super::context::Context;
use super::files;
use super::intake;

/// The largest file that facts are read from.
const FILE_MAX: ByteSize = ByteSize(16 << 20);

/// A file that was given, with what it was recognised as.
struct Given {
    name: String,
    text: String,
    kind: Kind,
}

/// Collects what the rules need and what was given holds.
///
/// # Errors
/// What the paths say; a file that cannot be read into a fact is a gap of the fact, not an error.
pub(crate) fn gather(context: &Context, inputs: &[PathBuf], catalogue: &Catalogue) -> Result<Facts, Fault> {
    let mut facts = Facts::default();
    let (given, mut unread) = open(inputs)?;
    for kind in Kind::ALL {
        let of_kind: Vec<&Given> = given.iter().filter(|one| one.kind == kind).collect();
        if of_kind.is_empty() {
            facts.lacks(
                kind.fact(),
                Missing::NotGiven("no such file was given; name files or folders with --input".into()),
            );
            continue;
        }
        let texts: Vec<File<'_>> = of_kind.iter().map(|one| File { name: &one.name, text: &one.text }).collect();
        let read = facts::read(kind, &texts);
        let source = |one: &&Given| Source { name: one.name.clone(), digest: Some(seal::sha256(one.text.as_bytes())) };
        let gap = |gap: facts::Gap| Gap { what: gap.place, why: gap.why, remedy: gap.remedy };
        let gaps: Vec<Gap> = read.gaps.into_iter().map(gap).chain(unread.drain(..)).collect();
        let sources = of_kind.iter().map(source).collect();
        facts.insert(kind.fact(), Fact { value: read.value, collected: context.now(), sources, gaps }, catalogue)?;
    }
    for gap in unread {
        context.output.warn(&format!("{} was not read: {}", gap.what, gap.why));
    }
    Ok(facts)
}

fn open(inputs: &[PathBuf]) -> Result<(Vec<Given>, Vec<Gap>), Fault> {
    let (mut given, mut unread) = (Vec::new(), Vec::new());
    let mut found = intake::find(inputs)?;
    found.sort_by(|a, b| a.path().cmp(b.path()));
    for input in found {
        let name = input.path().display().to_string();
        if !may_hold_facts(input.path()) {
            continue;
        }
        match files::read_text(input.path(), FILE_MAX) {
            Ok(text) => {
                let kind = facts::recognise(File { name: &name, text: &text });
                given.extend(kind.map(|kind| Given { name, text, kind }));
            }
            Err(fault) => unread.push(Gap {
                what: name,
                why: fault.message().to_owned(),
                remedy: fault.advice().map(str::to_owned),
            }),
        }
    }
    Ok((given, unread))
}

/// By the name alone: a folder may hold pictures and archives, which are nobody's gap.
fn may_hold_facts(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
