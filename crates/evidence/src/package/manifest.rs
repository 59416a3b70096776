//! `manifest.json`: every file with size and digest, and what the custody log must come to. The one file that is signed.

use std::collections::BTreeMap;

use model::{Digest, Fault, Instant};

use super::Tool;
use crate::names::quote;
use crate::wire::{self, FileWire, HeadWire, ManifestWire, ToolWire};

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) case: String,
    pub(crate) created: Instant,
    pub(crate) custody_entries: u64,
    pub(crate) custody_head: Digest,
    /// Path in the bag → size and digest.
    pub(crate) files: BTreeMap<String, (u64, Digest)>,
    /// Fingerprint of the signing key.
    pub(crate) signer: String,
    /// SHA-256 of the certificates of those who sign as well: the first `manifest.json`, each the container.
    pub(crate) signers: Vec<Digest>,
    pub(crate) tool: Tool,
}

impl Manifest {
    /// The bytes: canonical JSON (RFC 8785), one line, no LF.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        let wire = ManifestWire {
            case: self.case.clone(),
            created: self.created.to_string(),
            custody: HeadWire { entries: self.custody_entries, head: self.custody_head.hex() },
            files: self.files.iter().map(file).collect(),
            package: self.package(),
            schema: "manifest/2".to_owned(),
            signer: self.signer.clone(),
            signers: self.signers.iter().map(Digest::hex).collect(),
            tool: ToolWire { name: self.tool.name.clone(), version: self.tool.version.clone() },
        };
        let value = serde_json::to_value(&wire).map_err(|error| {
            Fault::internal("json-not-written", "manifest.json could not be written").caused_by(error)
        })?;
        seal::canonical::to_bytes(&value)
    }

    /// Reads a manifest in exactly that form; the error is a sentence.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Manifest, String> {
        let wire: ManifestWire = crate::json::read(bytes)?;
        if wire.schema != "manifest/2" {
            return Err(format!("its schema is {}", quote(&wire.schema)));
        }
        let mut files = BTreeMap::new();
        for file in wire.files {
            files.insert(file.path, (file.size, wire::digest(&file.sha256)?));
        }
        let manifest = Manifest {
            case: wire.case,
            created: wire::instant(&wire.created)?,
            custody_entries: wire.custody.entries,
            custody_head: wire::digest(&wire.custody.head)?,
            files,
            signer: wire.signer,
            signers: wire.signers.iter().map(|hex| wire::digest(hex)).collect::<Result<_, _>>()?,
            tool: Tool { name: wire.tool.name, version: wire.tool.version },
        };
        match manifest.to_bytes().is_ok_and(|again| again == bytes) {
            true => Ok(manifest),
            false => Err("it is not canonical JSON, or its files are not sorted".to_owned()),
        }
    }

    /// The name of the package: a UUID (RFC 9562 version 8) that follows from what is in it.
    fn package(&self) -> String {
        let mut about = format!("{}\0{}\0{}\0", self.case, self.created, self.custody_head);
        self.files.iter().for_each(|(path, (_, digest))| about.push_str(&format!("{digest}  {path}\0")));
        let digest = seal::sha256(about.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = model::hex(&bytes);
        format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

fn file((path, (size, sha256)): (&String, &(u64, Digest))) -> FileWire {
    FileWire { path: path.clone(), sha256: sha256.hex(), size: *size }
}
