//! `erase-certificate/1`.

use serde_json::{Map, Value, json};

use super::{Certificate, Looked};
use crate::plan::Outcome;
use crate::register::Recipient;

pub(super) fn document(of: &Certificate) -> Value {
    let about = &of.about;
    let digests: Map<String, Value> =
        about.digests.iter().map(|(name, digest)| (name.clone(), format!("sha256:{digest}").into())).collect();
    let counts: Map<String, Value> =
        Outcome::ALL.iter().map(|outcome| (outcome.word().to_owned(), of.rows(*outcome).into())).collect();
    json!({
        "schema": "erase-certificate/1",
        "request": about.request,
        "result": of.result.word(),
        "regime": of.regime,
        "article": of.article,
        "ground": of.ground,
        "subject": of.subject.iter().map(|(kind, pseudonym)| json!({"kind": kind, "pseudonym": pseudonym}))
            .collect::<Vec<_>>(),
        "requester_verified_by": about.identified_by,
        "received": about.received.to_string(),
        "started": about.started.to_string(),
        "finished": about.finished.to_string(),
        "operator": about.operator,
        "approvers": about.approvers,
        "tool": about.tool,
        "digests": digests,
        "scope": list(&of.scope, |it| json!({
            "store": it.store, "dataset": it.dataset, "version": it.version, "transactional": it.transactional,
            "state": it.state, "collections": it.collections,
        })),
        "gaps": of.gaps,
        "remarks": of.remarks,
        "counts": counts,
        "done": list(&of.done, |it| json!({
            "step": it.step, "store": it.store, "collection": it.collection, "outcome": it.outcome,
            "fields": it.fields, "planned": it.planned, "rows": it.rows, "already": it.already,
            "rows_digest": format!("sha256:{}", it.digest), "reason": it.reason,
        })),
        "retained": list(&of.retained, |it| json!({
            "store": it.store, "collection": it.collection, "rows": it.rows, "code": it.code, "law": it.law,
            "until": it.until, "approver": it.approver, "hold": it.hold, "anonymised": it.anonymised,
        })),
        "shared": list(&of.shared, |it| json!({
            "store": it.store, "collection": it.collection, "rows": it.rows, "reason": it.reason,
        })),
        "failed": list(&of.failed, |it| json!({"store": it.store, "code": it.code, "message": it.message})),
        "verification": list(&of.verification, looked),
        "found_again": list(&of.found_again, |(store, collection, rows)| json!({
            "store": store, "collection": collection, "rows": rows,
        })),
        "remains_physically": list(&of.physical, |(store, text)| json!({"store": store, "text": text})),
        "recipients": list(&of.recipients, Recipient::to_json),
        "backups": list(&of.backups, |it| json!({
            "store": it.store, "kept": it.kept, "until": it.until, "place": it.place,
        })),
        "tombstones": about.tombstones,
    })
}

fn looked(of: &Looked) -> Value {
    json!({
        "store": of.store, "collections": of.collections, "rows": of.rows, "bytes": of.bytes,
        "places": list(&of.places, |it| json!({
            "collection": it.collection, "field": it.field, "key_digest": format!("sha256:{}", it.key),
            "forms": it.forms, "explained": it.explained,
        })),
    })
}

fn list<T>(items: &[T], write: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(write).collect())
}
