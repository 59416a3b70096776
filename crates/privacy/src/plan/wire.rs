//! `erase-plan/1`: the plan as JSON, and back.

use std::collections::BTreeMap;

use model::{Digest, Fault, Span};
use serde_json::{Map, Value, json};

use super::{
    Action, Backups, Estimates, Gap, Kept, MissingIndex, Outcome, PASSING, Plan, Recipient, Shared, Step, StorePlan,
    Target, Trap,
};
use crate::row::{Cell, FieldPath, Key};

const SCHEMA: &str = "erase-plan/1";

pub(super) fn document(of: &Plan) -> Result<Value, Fault> {
    let plan = plan(of);
    let digest = seal::sha256(&seal::canonical::to_bytes(&plan)?);
    Ok(json!({
        "schema": SCHEMA, "plan": plan, "digest": prefixed(&digest),
        "estimates": {
            "rows_read": list(&of.estimates.rows_read, |(store, rows)| json!({"store": store, "rows": rows})),
            "missing_indexes": list(&of.estimates.indexes, index),
            "gaps": of.gaps.iter().filter(|gap| gap.kind == PASSING).map(gap).collect::<Vec<_>>(),
        },
    }))
}

/// The plan object, whose canonical form the digest is taken of. Every member is always there, but for the backups of which
/// plans of earlier versions knew nothing, and the day of ages, which plans of people do not have.
pub(super) fn plan(of: &Plan) -> Value {
    let mut plan = json!({
        "version": 1,
        "regime": of.regime,
        "article": of.article,
        "ground": of.ground,
        "subject": list(&of.subject, |(kind, pseudonym)| json!({"kind": kind, "pseudonym": pseudonym})),
        "inputs": of.inputs.iter().map(|(name, digest)| (name.clone(), prefixed(digest).into())).collect::<Map<_, _>>(),
        "stores": list(&of.stores, store),
        "steps": list(&of.steps, step),
        "retained": list(&of.kept, kept),
        "shared": list(&of.shared, shared),
        "gaps": of.gaps.iter().filter(|gap| gap.kind != PASSING).map(gap).collect::<Vec<_>>(),
        "traps": list(&of.traps, trap),
        "recipients": list(&of.recipients, |recipient| {
            json!({"name": recipient.name, "collections": recipient.collections})
        }),
    });
    if !of.backups.is_empty() {
        plan["backups"] =
            list(&of.backups, |one| json!({"store": one.member, "kept": one.kept.to_string(), "place": one.place}));
    }
    // Only where rows go because of their age, so that plans of people keep the digest that they always had.
    if let Some(day) = &of.as_of {
        plan["as_of"] = day.as_str().into();
    }
    plan
}

fn list<T>(items: &[T], write: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(write).collect())
}

fn prefixed(digest: &Digest) -> String {
    format!("sha256:{digest}")
}

fn store(of: &StorePlan) -> Value {
    json!({
        "store": of.member, "dataset": of.dataset, "transactional": of.transactional, "defer": of.defer,
        "collections": of.collections,
    })
}

fn step(of: &Step) -> Value {
    let (action, fields) = match &of.action {
        Action::Delete => ("delete", Value::Null),
        Action::Set(fields) => ("set", list(fields, |field| json!(field.0))),
    };
    json!({
        "n": of.number, "store": of.member, "collection": of.collection, "action": action, "fields": fields,
        "outcome": of.outcome.word(), "reason": of.reason, "via": of.via, "key": of.key, "digest_of": of.digest_of,
        "expect": of.rows,
        "rows": list(&of.targets, |target| row(&of.key, target)),
    })
}

fn row(columns: &[String], of: &Target) -> Value {
    json!({"key": key(columns, &of.key), "digest": prefixed(&of.digest), "count": of.count, "cells": of.cells})
}

fn key(columns: &[String], key: &Key) -> Value {
    let cells = columns.iter().zip(&key.0).map(|(column, cell)| (column.clone(), json!(cell)));
    Value::Object(cells.collect())
}

fn kept(of: &Kept) -> Value {
    json!({
        "store": of.member, "collection": of.collection, "key": of.key, "code": of.code, "law": of.law,
        "until": of.until, "approver": of.approver, "hold": of.hold, "anonymise": of.anonymise,
        "rows": list(&of.rows, |row| key(&of.key, row)),
    })
}

fn shared(of: &Shared) -> Value {
    json!({
        "store": of.member, "collection": of.collection, "key": of.key, "reason": of.reason, "advice": of.advice,
        "rows": list(&of.rows, |row| key(&of.key, row)),
    })
}

fn gap(of: &Gap) -> Value {
    json!({"kind": of.kind, "store": of.member, "collection": of.collection, "text": of.text, "place": of.place})
}

fn trap(of: &Trap) -> Value {
    json!({"kind": of.kind, "store": of.member, "collection": of.collection, "text": of.text})
}

fn index(of: &MissingIndex) -> Value {
    json!({
        "store": of.member, "collection": of.collection, "columns": of.columns, "rows": of.rows,
        "statement": of.statement,
    })
}

pub(super) fn parse(bytes: &[u8]) -> Result<Plan, Fault> {
    let refuse = |error: serde_json::Error| bad(format!("The plan is no JSON: {error}"));
    let mut document: Value = serde_json::from_slice(bytes).map_err(refuse)?;
    if document["schema"] != SCHEMA {
        return Err(bad(format!("The file has no \"schema\": \"{SCHEMA}\"")));
    }
    let plan = document["plan"].take();
    let said =
        Digest::parse(document["digest"].as_str().unwrap_or_default()).map_err(|_| bad("The plan has no digest"))?;
    if seal::sha256(&seal::canonical::to_bytes(&plan)?) != said {
        return Err(bad("The plan was changed: its digest is another"));
    }
    if plan["version"] != 1 {
        return Err(bad("The plan has a version that this program does not know"));
    }
    let mut read = read_plan(Members::of(&plan, "plan")?)?;
    let estimates = Members::of(&document["estimates"], "estimates")?;
    // Plans of earlier versions have none.
    if estimates.object.contains_key("gaps") {
        read.gaps.extend(estimates.items("gaps", read_gap)?);
        read.gaps.sort();
    }
    read.estimates = read_estimates(estimates)?;
    Ok(read)
}

fn bad(text: impl Into<String>) -> Fault {
    Fault::bad_input("bad-plan", text).advise("Make the plan again with `probity erase … --dry-run --plan FILE`.")
}

/// The members of one object, by name; the path is for complaints.
struct Members<'v> {
    object: &'v Map<String, Value>,
    path: String,
}

impl<'v> Members<'v> {
    fn of(value: &'v Value, path: &str) -> Result<Self, Fault> {
        let object = value.as_object().ok_or_else(|| bad(format!("{path} is no object")))?;
        Ok(Members { object, path: path.to_owned() })
    }

    fn value(&self, name: &str) -> Result<&'v Value, Fault> {
        self.object.get(name).ok_or_else(|| bad(format!("{}.{name} is missing", self.path)))
    }

    fn wrong(&self, name: &str) -> Fault {
        bad(format!("{}.{name} is not what it should be", self.path))
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        self.value(name)?.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name))
    }

    fn maybe(&self, name: &str) -> Result<Option<String>, Fault> {
        self.value(name)?.is_string().then(|| self.text(name)).transpose()
    }

    fn count(&self, name: &str) -> Result<u64, Fault> {
        self.value(name)?.as_u64().ok_or_else(|| self.wrong(name))
    }

    fn flag(&self, name: &str) -> Result<bool, Fault> {
        self.value(name)?.as_bool().ok_or_else(|| self.wrong(name))
    }

    fn digest(&self, name: &str) -> Result<Digest, Fault> {
        Digest::parse(&self.text(name)?).map_err(|_| self.wrong(name))
    }

    fn items<T>(&self, name: &str, read: impl Fn(Members<'v>) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let items = self.value(name)?.as_array().ok_or_else(|| self.wrong(name))?;
        let path = |at: usize| format!("{}.{name}[{at}]", self.path);
        items.iter().enumerate().map(|(at, item)| read(Members::of(item, &path(at))?)).collect()
    }

    fn cells(&self, name: &str) -> Result<Vec<Cell>, Fault> {
        let items = self.value(name)?.as_array().ok_or_else(|| self.wrong(name))?;
        items.iter().map(|item| cell(item).ok_or_else(|| self.wrong(name))).collect()
    }

    fn words(&self, name: &str) -> Result<Vec<String>, Fault> {
        self.cells(name)?.into_iter().map(|cell| cell.ok_or_else(|| self.wrong(name))).collect()
    }

    /// A key: a cell for each of `columns`, and no more.
    fn key(&self, columns: &[String]) -> Result<Key, Fault> {
        let wrong = || bad(format!("{} does not have the cells of its key", self.path));
        let cells = columns.iter().map(|column| self.object.get(column).and_then(cell).ok_or_else(wrong));
        let key = Key(cells.collect::<Result<_, _>>()?);
        if self.object.len() == columns.len() { Ok(key) } else { Err(wrong()) }
    }
}

fn cell(value: &Value) -> Option<Cell> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        _ => None,
    }
}

fn read_plan(plan: Members<'_>) -> Result<Plan, Fault> {
    let inputs = Members::of(plan.value("inputs")?, "plan.inputs")?;
    let digests = inputs.object.keys().map(|name| Ok((name.clone(), inputs.digest(name)?)));
    Ok(Plan {
        regime: plan.text("regime")?,
        article: plan.text("article")?,
        ground: plan.maybe("ground")?,
        as_of: if plan.object.contains_key("as_of") { plan.maybe("as_of")? } else { None },
        subject: plan.items("subject", |one| Ok((one.text("kind")?, one.text("pseudonym")?)))?,
        inputs: digests.collect::<Result<BTreeMap<_, _>, Fault>>()?,
        stores: plan.items("stores", read_store)?,
        steps: plan.items("steps", read_step)?,
        kept: plan.items("retained", read_kept)?,
        shared: plan.items("shared", read_shared)?,
        gaps: plan.items("gaps", read_gap)?,
        traps: plan.items("traps", read_trap)?,
        recipients: plan.items("recipients", |recipient| {
            Ok(Recipient { name: recipient.text("name")?, collections: recipient.words("collections")? })
        })?,
        backups: match plan.object.contains_key("backups") {
            true => plan.items("backups", read_backups)?,
            false => Vec::new(),
        },
        estimates: Estimates::default(),
    })
}

fn read_backups(backups: Members<'_>) -> Result<Backups, Fault> {
    Ok(Backups {
        member: backups.text("store")?,
        kept: Span::parse(&backups.text("kept")?).map_err(|_| backups.wrong("kept"))?,
        place: backups.maybe("place")?,
    })
}

fn read_estimates(estimates: Members<'_>) -> Result<Estimates, Fault> {
    Ok(Estimates {
        rows_read: estimates.items("rows_read", |store| Ok((store.text("store")?, store.count("rows")?)))?,
        indexes: estimates.items("missing_indexes", read_index)?,
    })
}

fn read_store(store: Members<'_>) -> Result<StorePlan, Fault> {
    Ok(StorePlan {
        member: store.text("store")?,
        dataset: store.text("dataset")?,
        transactional: store.flag("transactional")?,
        defer: store.flag("defer")?,
        collections: store.count("collections")?,
    })
}

fn read_step(step: Members<'_>) -> Result<Step, Fault> {
    let columns = step.words("key")?;
    let word = step.text("outcome")?;
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.word() == word);
    let action = match step.text("action")?.as_str() {
        "delete" => Action::Delete,
        "set" => Action::Set(read_fields(&step)?),
        _ => return Err(step.wrong("action")),
    };
    let width = if let Action::Set(fields) = &action { fields.len() } else { 0 };
    let targets = step.items("rows", |row| {
        let key = Members::of(row.value("key")?, &row.path)?.key(&columns)?;
        let target =
            Target { key, digest: row.digest("digest")?, count: row.count("count")?, cells: row.cells("cells")? };
        if target.cells.len() == width { Ok(target) } else { Err(row.wrong("cells")) }
    })?;
    Ok(Step {
        number: step.count("n")?,
        member: step.text("store")?,
        collection: step.text("collection")?,
        action,
        outcome: outcome.ok_or_else(|| step.wrong("outcome"))?,
        reason: step.text("reason")?,
        via: step.words("via")?,
        key: columns,
        digest_of: step.words("digest_of")?,
        rows: step.count("expect")?,
        targets,
    })
}

fn read_fields(step: &Members<'_>) -> Result<Vec<FieldPath>, Fault> {
    let wrong = || step.wrong("fields");
    let field = |value: &Value| {
        let parts = value.as_array().filter(|parts| !parts.is_empty())?;
        let parts = parts.iter().map(|part| part.as_str().map(str::to_owned));
        Some(FieldPath(parts.collect::<Option<_>>()?))
    };
    let fields = step.value("fields")?.as_array().ok_or_else(wrong)?;
    fields.iter().map(|value| field(value).ok_or_else(wrong)).collect()
}

fn read_rows(of: &Members<'_>, columns: &[String]) -> Result<Vec<Key>, Fault> {
    of.items("rows", |row| row.key(columns))
}

fn read_kept(kept: Members<'_>) -> Result<Kept, Fault> {
    let key = kept.words("key")?;
    Ok(Kept {
        member: kept.text("store")?,
        collection: kept.text("collection")?,
        rows: read_rows(&kept, &key)?,
        key,
        code: kept.text("code")?,
        law: kept.text("law")?,
        until: kept.maybe("until")?,
        approver: kept.maybe("approver")?,
        hold: kept.maybe("hold")?,
        anonymise: kept.words("anonymise")?,
    })
}

fn read_shared(shared: Members<'_>) -> Result<Shared, Fault> {
    let key = shared.words("key")?;
    Ok(Shared {
        member: shared.text("store")?,
        collection: shared.text("collection")?,
        rows: read_rows(&shared, &key)?,
        key,
        reason: shared.text("reason")?,
        advice: shared.text("advice")?,
    })
}

fn read_gap(gap: Members<'_>) -> Result<Gap, Fault> {
    Ok(Gap {
        kind: gap.text("kind")?,
        member: gap.maybe("store")?,
        collection: gap.maybe("collection")?,
        text: gap.text("text")?,
        place: gap.maybe("place")?,
    })
}

fn read_trap(trap: Members<'_>) -> Result<Trap, Fault> {
    Ok(Trap {
        kind: trap.text("kind")?,
        member: trap.text("store")?,
        collection: trap.text("collection")?,
        text: trap.text("text")?,
    })
}

fn read_index(index: Members<'_>) -> Result<MissingIndex, Fault> {
    Ok(MissingIndex {
        member: index.text("store")?,
        collection: index.text("collection")?,
        columns: index.words("columns")?,
        rows: index.count("rows")?,
        statement: index.maybe("statement")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Plan {
        let target = |key: &str, cells: &[Option<&str>]| Target {
            key: Key(vec![Some(key.to_owned()), None]),
            digest: seal::sha256(key.as_bytes()),
            count: 2,
            cells: cells.iter().map(|cell| cell.map(str::to_owned)).collect(),
        };
        let step = |number, action, outcome, targets: Vec<Target>| Step {
            number,
            member: "shop/1".to_owned(),
            collection: "a \"table\"".to_owned(),
            action,
            outcome,
            reason: "It belongs to the person.".to_owned(),
            via: vec!["parcel.person_id → person.id".to_owned()],
            key: vec!["id".to_owned(), "sub.id".to_owned()],
            digest_of: vec!["id".to_owned(), "name".to_owned()],
            rows: 2,
            targets,
        };
        let fields = vec![FieldPath::column("a.b"), FieldPath::parse("a.b")];
        Plan {
            regime: "gdpr".to_owned(),
            article: "17".to_owned(),
            subject: vec![("email".to_owned(), "hmac-sha256:k1:00".to_owned())],
            inputs: BTreeMap::from([("datamap".to_owned(), seal::sha256(b"map"))]),
            steps: vec![
                step(1, Action::Set(fields), Outcome::Unlinked, vec![target("7", &[None, Some("x")])]),
                step(2, Action::Delete, Outcome::Deleted, vec![target("8", &[])]),
            ],
            backups: vec![Backups {
                member: "shop/1".to_owned(),
                kept: Span::new(35, model::Unit::Day),
                place: Some("tape".to_owned()),
            }],
            ..Plan::default()
        }
    }

    #[test]
    fn a_plan_comes_back_as_it_went() {
        let plan = sample();
        let json = plan.to_json().unwrap();
        assert_eq!(Plan::parse(json.to_string().as_bytes()).unwrap(), plan);
        assert_eq!(json["digest"], format!("sha256:{}", plan.digest().unwrap()));
    }

    #[test]
    fn a_changed_plan_is_refused() {
        let text = sample().to_json().unwrap().to_string();
        for (from, to) in
            [("\"7\"", "\"9\""), ("\"delete\"", "\"set\""), ("\"count\":2", "\"count\":3"), ("erase-plan/1", "x")]
        {
            assert!(text.contains(from), "{from}");
            let fault = Plan::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert_eq!(fault.code(), "bad-plan");
        }
        assert_eq!(Plan::parse(b"{").unwrap_err().code(), "bad-plan");
    }

    proptest::proptest! {
        /// A plan object that is signed anew after any member was taken out or replaced is refused or read, never a panic.
        #[test]
        fn a_damaged_plan_is_no_panic(at in 0usize..80, with in 0usize..6) {
            let mut document = sample().to_json().unwrap();
            let values = [Value::Null, json!(1), json!("x"), json!([]), json!({}), json!([[1]])];
            let mut left = at;
            replace(&mut document["plan"], &mut left, &values[with]);
            let digest = seal::sha256(&seal::canonical::to_bytes(&document["plan"]).unwrap());
            document["digest"] = prefixed(&digest).into();
            if let Err(fault) = Plan::parse(document.to_string().as_bytes()) {
                proptest::prop_assert_eq!(fault.code(), "bad-plan");
            }
        }
    }

    /// Puts `with` in the place of the value number `left`, depth first.
    fn replace(value: &mut Value, left: &mut usize, with: &Value) {
        if *left == 0 {
            *value = with.clone();
            *left = usize::MAX;
            return;
        }
        *left = left.saturating_sub(1);
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, left, with)),
            Value::Object(members) => members.values_mut().for_each(|item| replace(item, left, with)),
            _ => {}
        }
    }
}
