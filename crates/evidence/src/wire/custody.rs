//! `custody/1` (read), `custody/2`, `transfer/1`.

use serde::{Deserialize, Serialize};

use super::{digest, instant};
use crate::custody::{Countersignature, Deed, Entry, Form, Status};
use crate::names::quote;

/// One line of `custody.jsonl`. Members of `custody/1` stand always, `null` where they do not apply; those that came with
/// `custody/2` stand only where they apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustodyLine {
    pub(crate) schema: String,
    pub(crate) seq: u64,
    pub(crate) time: String,
    pub(crate) act: String,
    pub(crate) exhibit: Option<String>,
    pub(crate) by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recorded_by: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) authority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) storage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) derivation: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) original_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) original_path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) modified: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) note: Option<String>,
    pub(crate) sha256_before: Option<String>,
    pub(crate) sha256_after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) countersignature: Option<CountersignatureWire>,
    pub(crate) prev: String,
}

/// What the receiver of an exhibit signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountersignatureWire {
    pub(crate) stated: String,
    pub(crate) key: String,
    pub(crate) signature: String,
}

/// `transfer/1`: what the receiver of an exhibit signs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatementWire {
    pub(crate) schema: String,
    pub(crate) statement: String,
    pub(crate) case: String,
    pub(crate) exhibit: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) reason: String,
    pub(crate) authority: Option<String>,
    pub(crate) seal: Option<String>,
    pub(crate) storage: Option<String>,
    pub(crate) stated: String,
}

impl From<&Entry> for CustodyLine {
    fn from(entry: &Entry) -> Self {
        CustodyLine {
            schema: schema(entry.form).to_owned(),
            seq: entry.seq,
            time: entry.time.to_string(),
            act: entry.deed.word().to_owned(),
            exhibit: entry.exhibit.clone(),
            by: entry.by.clone(),
            role: entry.role.clone(),
            recorded_by: entry.recorded_by.clone(),
            from: entry.from.clone(),
            to: entry.to.clone(),
            purpose: entry.purpose.clone(),
            authority: entry.authority.clone(),
            seal: entry.seal.clone(),
            storage: entry.storage.clone(),
            status: entry.status.map(|status| status.word().to_owned()),
            parent: entry.parent.clone(),
            derivation: entry.derivation.clone(),
            file: entry.file.clone(),
            original_name: entry.original_name.clone(),
            original_path: entry.original_path.clone(),
            source: entry.source.clone(),
            modified: entry.modified.map(|modified| modified.to_string()),
            period: entry.period.clone(),
            size: entry.size,
            note: entry.note.clone(),
            sha256_before: entry.sha256_before.map(|digest| digest.hex()),
            sha256_after: entry.sha256_after.map(|digest| digest.hex()),
            countersignature: entry.countersignature.as_ref().map(|signed| CountersignatureWire {
                stated: signed.stated.to_string(),
                key: signed.key.clone(),
                signature: signed.signature.clone(),
            }),
            prev: entry.prev.hex(),
        }
    }
}

impl TryFrom<CustodyLine> for Entry {
    type Error = String;

    fn try_from(line: CustodyLine) -> Result<Self, String> {
        let form = form(&line)?;
        let digest = |text: Option<String>| text.map(|text| digest(&text)).transpose();
        let status = |word: String| Status::parse(&word).ok_or_else(|| format!("{} is no status", quote(&word)));
        Ok(Entry {
            form,
            seq: line.seq,
            time: instant(&line.time)?,
            deed: Deed::parse(&line.act).ok_or_else(|| format!("{} is no act", quote(&line.act)))?,
            exhibit: line.exhibit,
            by: line.by,
            role: line.role,
            recorded_by: line.recorded_by,
            from: line.from,
            to: line.to,
            purpose: line.purpose,
            authority: line.authority,
            seal: line.seal,
            storage: line.storage,
            status: line.status.map(status).transpose()?,
            parent: line.parent,
            derivation: line.derivation,
            file: line.file,
            original_name: line.original_name,
            original_path: line.original_path,
            source: line.source,
            modified: line.modified.map(|modified| instant(&modified)).transpose()?,
            period: line.period,
            size: line.size,
            note: line.note,
            sha256_before: digest(line.sha256_before)?,
            sha256_after: digest(line.sha256_after)?,
            countersignature: line.countersignature.map(countersignature).transpose()?,
            prev: self::digest(&line.prev)?,
        })
    }
}

fn countersignature(wire: CountersignatureWire) -> Result<Countersignature, String> {
    Ok(Countersignature { stated: instant(&wire.stated)?, key: wire.key, signature: wire.signature })
}

fn schema(form: Form) -> &'static str {
    match form {
        Form::One => "custody/1",
        Form::Two => "custody/2",
    }
}

/// The form that a line names, if it has the members and acts of that form only.
fn form(line: &CustodyLine) -> Result<Form, String> {
    match line.schema.as_str() {
        "custody/2" => Ok(Form::Two),
        "custody/1" if has_new_members(line) || line.act == Deed::Reasoned.word() => {
            Err("it says custody/1 and has what came with custody/2".to_owned())
        }
        "custody/1" => Ok(Form::One),
        other => Err(format!("its schema is {}", quote(other))),
    }
}

fn has_new_members(line: &CustodyLine) -> bool {
    let texts = [
        &line.role,
        &line.recorded_by,
        &line.authority,
        &line.seal,
        &line.storage,
        &line.status,
        &line.parent,
        &line.derivation,
        &line.original_path,
        &line.source,
        &line.modified,
        &line.period,
    ];
    texts.iter().any(|text| text.is_some()) || line.countersignature.is_some()
}
