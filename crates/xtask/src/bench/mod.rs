//! The benchmark: the release binary beside its peers, on the same file, in turn, in CPU seconds.
//!
//! Fair play: runs alternate (A B A B …), the page cache is warm after one uncounted round, the figure is the median with
//! its minimum and maximum, and a contest whose answers differ is no result but an error. A peer that is not installed
//! is named in the table as such.

mod cases;
mod contest;
mod fides;
mod measure;
mod package;
mod peers;
mod place;
mod privacy;
mod redact;
mod rules;
mod sampler;
mod schema;
mod start;
mod table;

use crate::args::Args;
use cases::Case;
use place::Place;

/// `bench [CASE]… [--size SIZE] [--rounds N] [--binary FILE]`; `bench redact` has cases of its own, `bench sampler` takes as many seconds as there are rounds, and `bench privacy fides`
/// is the small person beside Fides, `bench privacy schema` a data map of 200 tables.
pub(crate) fn run(mut args: Args) -> Result<(), String> {
    let mut cases = Vec::new();
    while let Some(name) = args.word() {
        match name.as_str() {
            "redact" => return redact::run(args),
            "sampler" => return sampler::run(args),
            "fides" if cases.last() == Some(&Case::Privacy) => {
                cases.pop();
                cases.push(Case::PrivacyFides);
            }
            "schema" if cases.last() == Some(&Case::Privacy) => {
                cases.pop();
                cases.push(Case::PrivacySchema);
            }
            _ => cases.push(Case::parse(&name)?),
        }
    }
    let size = args.size("--size")?;
    let rounds = args.number("--rounds", 5)?;
    let binary = args.flag("--binary")?;
    args.finish()?;
    if cases.is_empty() {
        cases = Case::DEFAULT.to_vec();
    }
    let place = Place::prepare(binary.map(Into::into), &[], size, rounds)?;
    for case in cases {
        println!("{}", case.run(&place)?);
    }
    Ok(())
}
