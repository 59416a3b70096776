//! What a certificate of erasure says, as JSON (`erase-certificate/1`) or as XML: that it is one, that its sums are those of
//! its steps, and which plan it is about. Who signed it is told by the signature beside it.

use std::collections::BTreeMap;
use std::path::Path;

use model::Fault;
use serde_json::Value;

use super::Data;
use crate::Limits;
use crate::bytes::take;
use crate::package::Check;

/// What a signature of a certificate is for.
pub(super) const NAMESPACE: &str = "erase-certificate@probity";

const SCHEMA: &str = "erase-certificate/1";
const ROOT: &str = "<eraseCertificate xmlns=\"urn:probity:erase-certificate:1\"";
const CONTENT: &str = "certificate";
const PLAN: &str = "plan";

/// What a certificate says that can be checked without the stores.
struct Said {
    form: &'static str,
    request: String,
    result: String,
    plan: String,
    /// Sums that are not those of the steps; the XML has no sums.
    wrong: Option<Vec<String>>,
}

/// The checks of its content. Nothing is said of one whose signature is not good.
pub(super) fn checks(data: Data<'_>, plan: Option<Data<'_>>, is_signed: bool) -> Result<Vec<Check>, Fault> {
    if !is_signed {
        let why = "What a certificate says counts only when its signature is good.";
        return Ok([CONTENT, PLAN].map(|name| Check::not_checked(name, why)).to_vec());
    }
    let bytes = held(data)?;
    let said = std::str::from_utf8(&bytes).ok().and_then(|text| match text.starts_with('{') {
        true => of_json(text),
        false => of_xml(text),
    });
    let Some(said) = said else {
        let why = format!("{}: it is signed as a certificate of erasure, and is none.", data.name);
        return Ok(vec![Check::failed(CONTENT, why)]);
    };
    let sums = if said.wrong.is_some() { "; its counts are the sums of its steps" } else { "" };
    let passed =
        format!("It is a certificate of erasure ({}) of {}, result {}{sums}.", said.form, said.request, said.result);
    Ok(vec![Check::of(CONTENT, passed, said.wrong.clone().unwrap_or_default()), of_plan(&said, plan)?])
}

pub(super) fn held(data: Data<'_>) -> Result<Vec<u8>, Fault> {
    let failed = |error| Fault::io("read", Path::new(data.name), error);
    let size = data.bytes.size().map_err(failed)?;
    if size > Limits::HELD_BYTES {
        let message = format!("{} has {size} bytes; at most {} are read", data.name, Limits::HELD_BYTES);
        return Err(Fault::bad_input("foreign-too-large", message).advise("Give the file itself, as it was sent."));
    }
    take(data.bytes, 0, size as usize).map_err(failed)
}

fn of_json(text: &str) -> Option<Said> {
    let value: Value = serde_json::from_str(text).ok()?;
    (value["schema"] == SCHEMA).then_some(())?;
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for line in value["done"].as_array()? {
        *sums.entry(line["outcome"].as_str()?).or_default() += line["rows"].as_u64()?;
    }
    let counts = value["counts"].as_object()?;
    let mut wrong = Vec::new();
    for (outcome, count) in counts {
        let sum = sums.remove(outcome.as_str()).unwrap_or_default();
        if count.as_u64() != Some(sum) {
            wrong.push(format!("counts.{outcome}: it says {count}, and the steps have {sum}"));
        }
    }
    wrong.extend(sums.iter().filter(|(_, sum)| **sum > 0).map(|(outcome, _)| format!("counts: {outcome} is missing")));
    Some(Said {
        form: "JSON",
        request: value["request"].as_str()?.to_owned(),
        result: value["result"].as_str()?.to_owned(),
        plan: value["digests"]["plan"].as_str()?.to_owned(),
        wrong: Some(wrong),
    })
}

/// The XML is of one form, that of its writer: what is looked for stands in it as it is looked for, or it is another document.
fn of_xml(text: &str) -> Option<Said> {
    let root = text.lines().nth(1).filter(|line| text.starts_with("<?xml ") && line.starts_with(ROOT))?;
    let attribute = |name: &str| between(root, &format!(" {name}=\""), "\"");
    Some(Said {
        form: "XML",
        request: attribute("request")?.to_owned(),
        result: attribute("result")?.to_owned(),
        plan: between(text, "\n  <digest of=\"plan\">", "</digest>\n")?.to_owned(),
        wrong: None,
    })
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(begin)?;
    Some(rest.split_once(end)?.0)
}

/// The plan that it is about: the digest of its canonical form (RFC 8785), which was confirmed and approved.
fn of_plan(said: &Said, plan: Option<Data<'_>>) -> Result<Check, Fault> {
    let Some(plan) = plan else {
        let why = format!("It is about the plan {}; name the plan with --plan to compare them.", said.plan);
        return Ok(Check::not_checked(PLAN, why));
    };
    let document: Value = serde_json::from_slice(&held(plan)?).unwrap_or_default();
    if document["schema"] != "erase-plan/1" {
        return Ok(Check::failed(PLAN, format!("{}: it is no plan of an erasure (erase-plan/1).", plan.name)));
    }
    let digest = format!("sha256:{}", seal::sha256(&seal::canonical::to_bytes(&document["plan"])?));
    Ok(match digest == said.plan {
        true => Check::passed(PLAN, format!("It is about this very plan, {digest}.")),
        false => Check::failed(
            PLAN,
            format!("{}: its digest is {digest}; the certificate is about {}.", plan.name, said.plan),
        ),
    })
}
