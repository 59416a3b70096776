//! What the receiver of an exhibit signs: `transfer/1`, a JSON file of a few lines that people can read.
//!
//! The statement follows from its custody line, the digest of the exhibit included, so that whoever has the log can write it
//! again and check the signature with `ssh-keygen -Y verify -n custody@probity`.

use model::{Digest, Fault, Instant};
use seal::{PublicKey, sshsig};

use super::{Chain, Countersignature, Deed, Entry};
use crate::names::quote;
use crate::wire::{self, StatementWire};
use crate::{Limits, json};

/// What the receiver's signature is for (`ssh-keygen -n`).
pub const STATEMENT_NAMESPACE: &str = "custody@probity";

/// That a person received an exhibit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The case.
    pub case: String,
    /// The exhibit.
    pub exhibit: String,
    /// Bytes of the exhibit.
    pub size: u64,
    /// Digest of the exhibit.
    pub sha256: Digest,
    /// Who hands it over.
    pub from: String,
    /// Who receives it.
    pub to: String,
    /// Why.
    pub reason: String,
    /// By what authority.
    pub authority: Option<String>,
    /// The seal it is under.
    pub seal: Option<String>,
    /// Where it will be kept.
    pub storage: Option<String>,
    /// When the statement was written.
    pub stated: Instant,
}

/// The sentence that every statement holds.
const SENTENCE: &str =
    "The person named in \"to\" received the exhibit with this digest from the person named in \"from\".";

impl Statement {
    /// The bytes that are signed.
    ///
    /// # Errors
    /// None that an input can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        json::to_pretty(&StatementWire {
            schema: "transfer/1".to_owned(),
            statement: SENTENCE.to_owned(),
            case: self.case.clone(),
            exhibit: self.exhibit.clone(),
            size: self.size,
            sha256: self.sha256.hex(),
            from: self.from.clone(),
            to: self.to.clone(),
            reason: self.reason.clone(),
            authority: self.authority.clone(),
            seal: self.seal.clone(),
            storage: self.storage.clone(),
            stated: self.stated.to_string(),
        })
    }

    /// Reads a statement that is written in exactly that way.
    ///
    /// # Errors
    /// `bad-statement`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let refuse = |why: String| {
            Fault::bad_input("bad-statement", format!("This is not the statement of a transfer: {why}"))
                .advise("Give the file that `case transfer --statement` wrote, unchanged.")
        };
        if bytes.len() > Limits::STATEMENT_BYTES {
            return Err(refuse(format!("it is larger than {} bytes", Limits::STATEMENT_BYTES)));
        }
        let statement = Statement::of_wire(json::read(bytes).map_err(refuse)?).map_err(refuse)?;
        match statement.to_bytes()? == bytes {
            true => Ok(statement),
            false => Err(refuse("it is not written as probity writes it".to_owned())),
        }
    }

    fn of_wire(wire: StatementWire) -> Result<Self, String> {
        if wire.schema != "transfer/1" {
            return Err(format!("its schema is {}", quote(&wire.schema)));
        }
        Ok(Statement {
            case: wire.case,
            exhibit: wire.exhibit,
            size: wire.size,
            sha256: wire::digest(&wire.sha256)?,
            from: wire.from,
            to: wire.to,
            reason: wire.reason,
            authority: wire.authority,
            seal: wire.seal,
            storage: wire.storage,
            stated: wire::instant(&wire.stated)?,
        })
    }

    /// Checks the receiver's signature.
    ///
    /// # Errors
    /// `bad-ssh-signature`, `wrong-namespace`, `wrong-signature`, or `wrong-receiver` when another key signed.
    pub fn countersigned(&self, signature: &str, receiver: &PublicKey) -> Result<Countersignature, Fault> {
        let key = sshsig::verify(signature, STATEMENT_NAMESPACE, &self.to_bytes()?)?;
        if key != *receiver {
            return Err(Fault::unverified(
                "wrong-receiver",
                format!("The statement is signed with {}, not with {}", key.fingerprint(), receiver.fingerprint()),
            )
            .advise("Ask the receiver for the public key that belongs to the signature."));
        }
        let line = receiver.openssh("").trim_end().to_owned();
        Ok(Countersignature { stated: self.stated, key: line, signature: signature.to_owned() })
    }
}

/// Whether the receiver of a transfer signed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Countersigned {
    /// The line has a good signature, by the key with this fingerprint.
    By(String),
    /// The line has none.
    Not,
    /// The line has one that is not good, and why.
    Wrong(String),
}

impl Countersigned {
    /// In words: `countersigned with SHA256:…`, `not countersigned`.
    pub fn said(&self) -> String {
        match self {
            Countersigned::By(fingerprint) => format!("countersigned with {fingerprint}"),
            Countersigned::Not => "not countersigned".to_owned(),
            Countersigned::Wrong(why) => format!("the countersignature is NOT good: {why}"),
        }
    }
}

impl Entry {
    /// Whether the receiver signed for this transfer; `None` for other acts. `case` is the id of the case.
    pub fn countersigned(&self, case: &str) -> Option<Countersigned> {
        if self.deed != Deed::Transferred {
            return None;
        }
        Some(match &self.countersignature {
            None => Countersigned::Not,
            Some(signed) => match self.check_countersignature(case, signed) {
                Ok(fingerprint) => Countersigned::By(fingerprint),
                Err(why) => Countersigned::Wrong(why),
            },
        })
    }

    fn check_countersignature(&self, case: &str, signed: &Countersignature) -> Result<String, String> {
        let statement = self.statement(case, signed).ok_or("the line does not say what was signed")?;
        let said = |fault: Fault| fault.message().to_owned();
        let key = PublicKey::from_openssh(&signed.key).map_err(said)?;
        statement.countersigned(&signed.signature, &key).map_err(said)?;
        match signed.stated <= self.time {
            true => Ok(key.fingerprint()),
            false => Err("the statement is younger than the line".to_owned()),
        }
    }

    /// What the receiver signed, as it follows from the line.
    pub fn statement(&self, case: &str, signed: &Countersignature) -> Option<Statement> {
        Some(Statement {
            case: case.to_owned(),
            exhibit: self.exhibit.clone()?,
            size: self.size?,
            sha256: self.sha256_after?,
            from: self.from.clone()?,
            to: self.to.clone()?,
            reason: self.purpose.clone(),
            authority: self.authority.clone(),
            seal: self.seal.clone(),
            storage: self.storage.clone(),
            stated: signed.stated,
        })
    }
}

impl Chain {
    /// What receivers signed, as files: for the transfer of line 7 `000007.json` and `000007.json.sig`, which
    /// `ssh-keygen -Y check-novalidate -n custody@probity -s 000007.json.sig < 000007.json` checks.
    ///
    /// # Errors
    /// None that an input can cause.
    pub fn countersigned_files(&self, case: &str) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let mut files = Vec::new();
        for entry in &self.entries {
            let Some(signed) = &entry.countersignature else { continue };
            let Some(statement) = entry.statement(case, signed) else { continue };
            files.push((format!("{:06}.json", entry.seq), statement.to_bytes()?));
            files.push((format!("{:06}.json.sig", entry.seq), signed.signature.clone().into_bytes()));
        }
        Ok(files)
    }

    /// What is wrong with the countersignatures of the log: those that are not good, and those that stand for two transfers.
    pub fn wrong_countersignatures(&self, case: &str) -> Vec<String> {
        let mut seen = std::collections::BTreeMap::new();
        let mut wrong = Vec::new();
        for entry in &self.entries {
            if let Some(Countersigned::Wrong(why)) = entry.countersigned(case) {
                wrong.push(format!("line {}: the countersignature is not good: {why}", entry.seq));
            }
            let Some(signed) = &entry.countersignature else { continue };
            if entry.deed != Deed::Transferred {
                wrong.push(format!("line {}: it is no transfer and has a countersignature", entry.seq));
            }
            if let Some(first) = seen.insert(signed.signature.as_str(), entry.seq) {
                wrong.push(format!("line {}: its countersignature is that of line {first}", entry.seq));
            }
        }
        wrong
    }
}
