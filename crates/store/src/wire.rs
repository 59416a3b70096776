//! What the store writes: commits of the Delta log, and rejected lines. The only place that knows their JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One line of a commit. Unknown members and unknown actions are for other readers and writers.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Action {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit_info: Option<CommitInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol: Option<Protocol>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta_data: Option<MetaData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) add: Option<Add>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remove: Option<Remove>,
}

/// Who wrote a commit and what it follows. `x_sig` stands last, so that the first line of a commit always ends in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CommitInfo {
    #[serde(default)]
    pub(crate) timestamp: i64,
    #[serde(default)]
    pub(crate) operation: String,
    #[serde(default, rename = "operationParameters")]
    pub(crate) operation_parameters: BTreeMap<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x_schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x_prev_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x_tool: Option<String>,
    #[serde(default)]
    pub(crate) x_originals: Vec<OriginalLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) x_removed: Vec<RemovedLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) x_sig: Option<String>,
}

/// One original that a commit brought in. Never its name: file names carry names of persons.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OriginalLine {
    pub(crate) sha256: String,
    pub(crate) size: u64,
    pub(crate) reader: String,
    pub(crate) records: u64,
    pub(crate) rejected: u64,
}

/// One original whose bytes a commit lets go. That it was there stays known: it is not read in again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RemovedLine {
    pub(crate) sha256: String,
    pub(crate) reader: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Protocol {
    pub(crate) min_reader_version: u32,
    pub(crate) min_writer_version: u32,
    #[serde(default)]
    pub(crate) writer_features: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaData {
    pub(crate) id: String,
    pub(crate) format: Format,
    pub(crate) schema_string: String,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) configuration: BTreeMap<String, String>,
    pub(crate) created_time: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Format {
    pub(crate) provider: String,
    pub(crate) options: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Add {
    pub(crate) path: String,
    pub(crate) partition_values: BTreeMap<String, Option<String>>,
    pub(crate) size: u64,
    pub(crate) modification_time: i64,
    pub(crate) data_change: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stats: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Tags>,
}

/// What the Delta statistics cannot say: the digest of the file, and its time range without rounding.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tags {
    pub(crate) sha256: String,
    pub(crate) first_ns: String,
    pub(crate) last_ns: String,
}

/// Statistics of `ts` alone: a commit lives for ever and must not hold personal data.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    pub(crate) num_records: u64,
    pub(crate) min_values: TimeStat<String>,
    pub(crate) max_values: TimeStat<String>,
    pub(crate) null_count: TimeStat<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TimeStat<T> {
    pub(crate) ts: T,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Remove {
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion_timestamp: Option<i64>,
    pub(crate) data_change: bool,
}

/// One line of a file of rejected lines.
#[derive(Serialize)]
pub(crate) struct RejectedLine<'a> {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) code: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) text: &'a str,
}
