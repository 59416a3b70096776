//! What a string of TCF or GPP says of a person, as records.

use model::{Fault, Instant};

use super::gpp::Gpp;
use super::import::{Record, subject_of};
use super::line::{Act, Kind, Notice, Source};
use super::rows::{Row, bad};
use super::tcf::Tcf;

/// Special features that the framework knows.
const FEATURES: u8 = 2;

/// Reads a row with `subject`, `string` and, for strings that do not say it, `time`: one record for each purpose of the European
/// framework (`tcf.purpose-1`, `tcf.special-feature-1`), and one for each opt-out of the United States (`gpp.usca.sale`). That
/// somebody did not opt out is no consent and leaves none.
///
/// # Errors
/// `bad-consent-string`, `bad-consent-row`, each with the line.
pub fn from_string(row: &Row, by: &str, now: Instant) -> Result<Vec<Record>, Fault> {
    read(row, by, now).map_err(|fault| match fault.place() {
        Some(_) => fault,
        None => fault.at(model::Place::line(row.line, 0)),
    })
}

fn read(row: &Row, by: &str, now: Instant) -> Result<Vec<Record>, Fault> {
    let text = row.needed("string")?;
    let gpp = match Gpp::is_one(text) {
        true => Gpp::parse(text)?,
        false => Gpp { tcf: Some(Tcf::parse(text)?), ..Gpp::default() },
    };
    let subject =
        row.needed("subject")?.split(';').map(str::trim).filter(|one| !one.is_empty()).map(subject_of).collect();
    let known = row.text("time").map(Instant::parse).transpose()?;
    let mut told = Told { row, text, by, now, subject, records: Vec::new() };
    if let Some(tcf) = &gpp.tcf {
        told.tcf(tcf, known.unwrap_or(tcf.updated))?;
    }
    for one in gpp.opt_outs.iter().filter(|one| one.out == Some(true)) {
        let time =
            known.ok_or_else(|| bad(row.line, "The string does not say when, and there is no time".to_owned()))?;
        told.add(Kind::Withdrawn, &format!("gpp.{}.{}", one.section, one.what), time, "gpp")?;
    }
    Ok(told.records)
}

struct Told<'r> {
    row: &'r Row,
    text: &'r str,
    by: &'r str,
    now: Instant,
    subject: Vec<String>,
    records: Vec<Record>,
}

impl Told<'_> {
    fn tcf(&mut self, tcf: &Tcf, time: Instant) -> Result<(), Fault> {
        let first = self.records.len();
        for purpose in &tcf.purposes {
            self.add(Kind::Given, &format!("tcf.purpose-{purpose}"), time, "tcf")?;
        }
        for purpose in tcf.refused() {
            self.add(Kind::Refused, &format!("tcf.purpose-{purpose}"), time, "tcf")?;
        }
        for feature in 1..=FEATURES {
            let kind = if tcf.special_features.contains(&feature) { Kind::Given } else { Kind::Refused };
            self.add(kind, &format!("tcf.special-feature-{feature}"), time, "tcf")?;
        }
        // The words are those of the policies in that version; which text the platform made of them it does not say.
        let notice = Notice {
            id: "tcf".to_owned(),
            version: format!("policy {}, vendors {}", tcf.policy, tcf.vendor_list),
            language: Some(tcf.language.clone()),
            digest: None,
        };
        let place = format!("cmp {} version {} screen {}", tcf.cmp, tcf.cmp_version, tcf.screen);
        for record in &mut self.records[first..] {
            record.notice = Some(notice.clone());
            record.act.place = Some(place.clone());
        }
        Ok(())
    }

    fn add(&mut self, kind: Kind, purpose: &str, time: Instant, format: &str) -> Result<(), Fault> {
        if time > self.now {
            return Err(bad(self.row.line, format!("The string was made at {time}, in the future")));
        }
        let mut act = Act::new(kind, Vec::new(), purpose, self.by);
        act.time = Some(time);
        act.method = Some(format.to_owned());
        let whole = format!("{}\n{}\n{purpose}\n{time}", self.subject.join(";"), self.text);
        act.source = Some(Source { format: format.to_owned(), digest: seal::sha256(whole.as_bytes()) });
        self.records.push(Record {
            place: self.row.line,
            subject: self.subject.clone(),
            known: None,
            act,
            notice: None,
            scope: None,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;

    fn told(text: &str) -> Result<Vec<(String, Kind)>, Fault> {
        let row = rows(text).next().unwrap().unwrap();
        let records = from_string(&row, "uid-0", Instant::parse("2026-11-22T12:00:00Z").unwrap())?;
        Ok(records.into_iter().map(|record| (record.act.purpose, record.act.kind)).collect())
    }

    /// Purposes that were agreed to are consents, the others refusals; opting out withdraws, and not opting out is nothing.
    #[test]
    fn strings_become_records() {
        let tcf = "CQHdjMAQHdjMADVA7fENCeEEAHMAAFNAAAAAAYv27u9XvtoAAAAA.IKKQAYAAgooA";
        let records = told(&format!("subject,string\ndevice=1,{tcf}\n")).unwrap();
        let of = |kind| {
            records.iter().filter(|(_, one)| *one == kind).map(|(purpose, _)| purpose.as_str()).collect::<Vec<_>>()
        };
        let given: Vec<String> = [2, 3, 4, 7, 8].iter().map(|number| format!("tcf.purpose-{number}")).collect();
        assert_eq!(
            of(Kind::Given),
            [&given.iter().map(String::as_str).collect::<Vec<_>>()[..], &["tcf.special-feature-2"]].concat()
        );
        assert_eq!(of(Kind::Refused).len(), 7);
        let gpp = "DBABzMA~1YNN~CAAYAAAAAABA.YA~BAYAAABA.QA~BAEAABA";
        let records = told(&format!("subject,string,time\ndevice=1,{gpp},2026-01-01\n")).unwrap();
        let out = |purpose: &str| (purpose.to_owned(), Kind::Withdrawn);
        assert_eq!(records, [out("gpp.usnat.sale"), out("gpp.usca.sale"), out("gpp.usva.targeted-advertising")]);
        let without = told(&format!("subject,string\ndevice=1,{gpp}\n")).unwrap_err();
        assert_eq!((without.code(), without.place().unwrap().line), ("bad-consent-row", 2));
        assert_eq!(told("subject,string\ndevice=1,Cx\n").unwrap_err().code(), "bad-consent-string");
    }
}
