//! JSON that people read: two spaces, members in the order of the format, LF at the end.

use model::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a value.
pub(crate) fn to_pretty<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| Fault::internal("json-not-written", "A JSON file could not be written").caused_by(error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a value; the error is a sentence without a place.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
