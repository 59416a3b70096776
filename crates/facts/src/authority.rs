//! What a supervisory authority asked of the controller (GDPR Art. 31, 58(1)): probity's own record, read strictly.
//!
//! ```yaml
//! authority_request: 1                    # the version of this form
//! authority: State Commissioner
//! reference: 45.1-22/26
//! received: 2026-10-01T09:00:00Z
//! due: 2026-10-30T22:59:59Z               # where a time was set
//! answered: 2026-10-20T09:00:00Z          # once it was
//! evidence: letters/45.1-22-26.pdf        # (optional)
//! ```

use model::{Fault, Instant};
use serde_json::{Value, json};
use yaml::{Fields, Node};

use crate::tree::{begins, ends, open, place};
use crate::{File, Gap, Read};

const KEYS: &[&str] = &["authority_request", "authority", "reference", "received", "due", "answered", "evidence"];

pub(crate) fn recognise(file: File<'_>) -> bool {
    ends(file, &[".yaml", ".yml"]) && begins(file.text, "authority_request")
}

pub(crate) fn read(files: &[File<'_>]) -> Read {
    let (documents, mut gaps) = open(files);
    let mut requests = Vec::new();
    for document in &documents {
        match one(&document.node, place(document.file, &document.node)) {
            Ok(request) => requests.push(request),
            Err(fault) => gaps.push(Gap::of(File { name: document.file, text: "" }, &fault)),
        }
    }
    Read { value: json!({"requests": requests}), gaps }
}

fn one(node: &Node, place: String) -> Result<Value, Fault> {
    let fields = Fields::of(node, "", KEYS)?;
    let bad = |key: &str, why: &str, advice: &str| {
        let place = fields.node(key).map_or_else(|| fields.place.clone(), |node| node.place.clone());
        Fault::bad_input("bad-authority-request", why).advise(advice).at(place)
    };
    if fields.required_text("authority_request")? != "1" {
        let why = "The record is of a version that is not known";
        return Err(bad("authority_request", why, "Write authority_request: 1."));
    }
    let time = |key: &str| -> Result<Option<Instant>, Fault> {
        let advice = "Write it as RFC 3339, for example 2026-01-31T09:00:00Z.";
        let parse = |text| Instant::parse(text).map_err(|_| bad(key, &format!("{key} is no time"), advice));
        fields.text(key)?.map(parse).transpose()
    };
    fields.required_text("received")?;
    let (received, due, answered) = (time("received")?, time("due")?, time("answered")?);
    if received.is_some() && answered.is_some_and(|answered| Some(answered) < received) {
        return Err(bad("answered", "It was answered before it came in", "Mend one of the times."));
    }
    let shown = |time: Option<Instant>| time.map(|time| time.to_string());
    Ok(json!({
        "authority": fields.required_text("authority")?, "reference": fields.required_text("reference")?,
        "received": shown(received), "due": shown(due), "answered": shown(answered), "place": place,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_as_it_should_be_is_a_gap() {
        let good = "authority_request: 1\nauthority: A\nreference: R\nreceived: 2026-10-01T09:00:00Z\n";
        let check = |text: &str, requests: usize, why: &str| {
            let file = File { name: "letter.yaml", text };
            assert!(recognise(file));
            let read = read(&[file]);
            assert_eq!(read.value["requests"].as_array().unwrap().len(), requests, "{text}");
            assert!(
                read.gaps.iter().all(|gap| gap.why.contains(why)) && read.gaps.len() == 1 - requests,
                "{:?}",
                read.gaps
            );
        };
        check(good, 1, "");
        check(&format!("{good}due: soon\n"), 0, "due is no time");
        check(&format!("{good}answered: 2026-09-01T09:00:00Z\n"), 0, "before it came in");
        check(&good.replace(": 1\n", ": 2\n"), 0, "version");
        check(&format!("{good}extra: 1\n"), 0, "extra");
    }
}
