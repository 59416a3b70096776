//! `facts/1`: facts as one document, to be looked at, kept, and judged later.

use std::path::Path;

use model::{ByteSize, Digest, Fault, Instant};
use rules::{Catalogue, Fact, Facts, Gap, Missing, Source};
use serde_json::{Value, json};

use crate::cli::files;

/// Ten thousand tables and their fields stay far below it.
const SHEET_MAX: ByteSize = ByteSize(256 << 20);

/// The facts as one document, and why others are missing.
pub(crate) fn write(facts: &Facts, missing: &[(String, Missing)]) -> Value {
    let lacking = |(name, why): &(String, Missing)| match why {
        Missing::NotGiven(why) => json!({"name": name, "why": why, "failed": false, "remedy": null}),
        Missing::Failed(gap) => {
            json!({"name": name, "why": format!("{}: {}", gap.what, gap.why), "failed": true, "remedy": gap.remedy})
        }
    };
    json!({
        "schema": "facts/1",
        "facts": facts.all().map(|(name, fact)| one(name, fact)).collect::<Vec<_>>(),
        "missing": missing.iter().map(lacking).collect::<Vec<_>>(),
    })
}

/// One fact of the document.
pub(super) fn one(name: &str, fact: &Fact) -> Value {
    let sources = fact.sources.iter().map(source).collect::<Vec<_>>();
    let gaps = fact.gaps.iter().map(|gap| json!({"what": gap.what, "why": gap.why, "remedy": gap.remedy}));
    let gaps = gaps.collect::<Vec<_>>();
    json!({
        "name": name, "collected": fact.collected.to_string(), "cached": fact.cached,
        "sha256": digest(&fact.value).to_string(), "sources": sources, "gaps": gaps, "value": fact.value,
    })
}

fn source(source: &Source) -> Value {
    json!({"name": source.name, "sha256": source.digest.map(|digest| digest.to_string())})
}

/// SHA-256 over the value in canonical JSON (RFC 8785).
pub(crate) fn digest(value: &Value) -> Digest {
    seal::sha256(seal::canonical::to_bytes(value).unwrap_or_else(|_| value.to_string().into_bytes()).as_slice())
}

/// Takes the facts of a document; each is held against its shape.
///
/// # Errors
/// `bad-sheet`; `fact-digest` when a value is not what its digest says; `fact-out-of-shape`; I/O faults.
pub(crate) fn read(path: &Path, catalogue: &Catalogue, facts: &mut Facts) -> Result<(), Fault> {
    let text = files::read_text(path, SHEET_MAX)?;
    let named = |fault: Fault| fault.at(model::Place::line(0, 0).in_file(path));
    let document: Value = serde_json::from_str(&text).map_err(|error| {
        let place = model::Place::line(error.line() as u64, error.column() as u64).in_file(path);
        bad("This is not JSON").at(place)
    })?;
    if document["schema"] != "facts/1" {
        return Err(named(bad("This is no document of facts")));
    }
    let own = Source { name: path.display().to_string(), digest: Some(seal::sha256(text.as_bytes())) };
    for one in document["facts"].as_array().ok_or_else(|| named(bad("It has no list `facts`")))? {
        let name = one["name"].as_str().ok_or_else(|| named(bad("A fact has no name")))?;
        let fact = fact(one, &own).map_err(|why| named(bad(&format!("The fact {name:?}: {why}"))))?;
        if let Some(stated) = one["sha256"].as_str()
            && stated != digest(&fact.value).to_string()
        {
            let message = format!("The fact {name:?} was changed: its digest is another");
            let fault = Fault::new(model::Kind::Unverified, "fact-digest", message);
            return Err(named(fault.advise("Collect it again with `probity facts`.")));
        }
        facts.insert(name, fact, catalogue).map_err(named)?;
    }
    Ok(())
}

fn bad(why: &str) -> Fault {
    Fault::bad_input("bad-sheet", why).advise("Write one with `probity facts --json --output FILE`.")
}

/// The fact that [`one`] wrote, with `own` as the first of its sources.
pub(super) fn fact(one: &Value, own: &Source) -> Result<Fact, String> {
    let collected = one["collected"].as_str().ok_or("it does not say when it was collected")?;
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let list = |key: &str| one[key].as_array().cloned().unwrap_or_default();
    let gap = |gap: &Value| {
        let (what, why) = (text(gap, "what").unwrap_or_default(), text(gap, "why").unwrap_or_default());
        Gap { what, why, remedy: text(gap, "remedy") }
    };
    let source = |source: &Value| {
        let digest = source["sha256"].as_str().and_then(|text| Digest::parse(text).ok());
        Some(Source { name: text(source, "name")?, digest })
    };
    Ok(Fact {
        value: one.get("value").cloned().ok_or("it has no value")?,
        collected: Instant::parse(collected).map_err(|fault| fault.message().to_owned())?,
        sources: std::iter::once(own.clone()).chain(list("sources").iter().filter_map(source)).collect(),
        gaps: list("gaps").iter().map(gap).collect(),
        cached: one["cached"] == true,
    })
}
