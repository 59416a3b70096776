//! The receipt that a person gets: records of theirs, when and by whom it was made, and how far the log had come.

use model::{Digest, Instant};
use serde_json::{Value, json};

use super::{Known, Records, context, scope};

/// What ISO/IEC TS 27560 in the words of the vocabulary calls a receipt.
const CONFORMS: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt";

impl Records {
    /// As a receipt; with it come the names of the fields that are missing in some record.
    pub fn to_receipt(&self, known: &Known<'_>, created: Instant, head: &Digest) -> (Value, Vec<&'static str>) {
        let (records, mut missing): (Vec<Value>, Vec<_>) = self.documents(known).into_iter().unzip();
        missing.sort();
        let mut missing = missing.concat();
        missing.sort_unstable();
        missing.dedup();
        let bytes = serde_json::to_vec(&records).unwrap_or_default();
        let id = seal::sha256(&[created.to_string().as_bytes(), head.as_bytes(), &bytes].concat()).hex();
        let mut receipt = json!({
            "@context": context(),
            "@id": format!("urn:probity:receipt:{id}"),
            "@type": ["dpv:ConsentReceipt"],
            "dct:identifier": [id],
            "dct:created": [{"@type": "xsd:dateTime", "@value": created.to_string()}],
            "schema:recipient": [{"@id": "dpv:DataSubject"}],
            // Of the log that it was taken from: whoever keeps the receipt can hold a later log against it.
            "dct:source": [{"@id": format!("urn:sha256:{}", head.hex())}],
            "dpv:hasRecordOfActivity": records,
        });
        if missing.is_empty() {
            receipt["dct:conformsTo"] = json!([{"@id": CONFORMS}]);
        }
        if let Some(name) = known.controller {
            receipt["dct:publisher"] = scope::controller(name, known.contact);
        }
        (receipt, missing)
    }
}
