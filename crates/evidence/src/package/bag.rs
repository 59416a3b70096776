//! The tag files of a bag (RFC 8493).

use std::collections::BTreeMap;

use model::{Digest, Instant};

/// `bagit.txt` (§2.1.1).
pub(crate) const DECLARATION: &[u8] = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// `bag-info.txt` (§2.2.2): date, case, and bytes and number of the payload files.
pub(crate) fn info(case: &str, created: Instant, payload_bytes: u64, payload_files: u64) -> Vec<u8> {
    format!(
        "Bagging-Date: {}\nExternal-Identifier: {case}\nPayload-Oxum: {payload_bytes}.{payload_files}\n",
        created.date()
    )
    .into_bytes()
}

/// A manifest (§2.1.3): digest, two spaces, path; sorted by path. `sha256sum -c` reads it.
pub(crate) fn manifest(files: &BTreeMap<String, Digest>) -> Vec<u8> {
    files.iter().flat_map(|(path, digest)| format!("{digest}  {path}\n").into_bytes()).collect()
}

/// Reads a manifest that is written in exactly that form; the error is a sentence.
pub(crate) fn read_manifest(bytes: &[u8]) -> Result<BTreeMap<String, Digest>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut files = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let parts = line.split_once("  ").and_then(|(hex, path)| Some((Digest::parse(hex).ok()?, path)));
        let (digest, path) =
            parts.ok_or_else(|| format!("line {} is not a digest, two spaces and a path", number + 1))?;
        files.insert(path.to_owned(), digest);
    }
    match manifest(&files) == bytes {
        true => Ok(files),
        false => Err("it is not sorted, names a path twice, or is not written as probity writes it".to_owned()),
    }
}
