//! Approvals: other people say yes to the very plan, with keys of their own.
//!
//! An approval is what `ssh-keygen -Y sign -n erase-approval@probity` makes of the statement, which holds the digest of the plan.

use std::path::{Path, PathBuf};

use model::{ByteSize, Digest, Fault};
use seal::{PublicKey, sshsig};

use crate::cli::context::Context;
use crate::cli::{files, requests};

/// The namespace of approvals.
pub(super) const NAMESPACE: &str = "erase-approval@probity";
const FILE_MAX: ByteSize = ByteSize(1 << 20);

/// What is signed.
pub(super) fn statement(plan: &Digest) -> String {
    format!("I approve the erase plan sha256:{plan}\n")
}

/// The fingerprints of those who approved the plan: as many different ones as the settings ask for.
///
/// # Errors
/// `bad-ssh-signature`, `wrong-signature`, `wrong-namespace`; `unknown-approver`, `too-few-approvals`, `bad-approvers`;
/// I/O faults.
pub(super) fn check(context: &Context, given: &[PathBuf], plan: &Digest) -> Result<Vec<String>, Fault> {
    let wanted = context.config.parsed("erase.approvals", requests::number)?;
    if given.is_empty() && wanted == 0 {
        return Ok(Vec::new());
    }
    let path = context.project.root().join(context.config.text("erase.approvers"));
    let allowed = if given.is_empty() { Vec::new() } else { approvers(&path)? };
    let mut approved = Vec::new();
    for file in given {
        let text = files::read_text(file, FILE_MAX)?;
        let key = sshsig::verify(&text, NAMESPACE, statement(plan).as_bytes()).map_err(|fault| fault.in_file(file))?;
        if !allowed.contains(&key) {
            let message = format!("The key {} may not approve", key.fingerprint());
            return Err(Fault::refused("unknown-approver", message)
                .at(model::Place::file(file))
                .advise(format!("Add it to {} when its holder may, or ask another person.", path.display())));
        }
        approved.push(key.fingerprint());
    }
    approved.sort();
    approved.dedup();
    if approved.len() < wanted {
        let message = format!("{wanted} people must approve this plan, {} did", approved.len());
        return Err(Fault::refused("too-few-approvals", message).advise(format!(
            "Each signs: printf 'I approve the erase plan sha256:{plan}\\n' | ssh-keygen -Y sign -n {NAMESPACE} -f KEY > NAME.sig; \
             then name the files with --approval."
        )));
    }
    Ok(approved)
}

/// The keys of an allowed signers file (ssh-keygen(1)): principals, options, key. Only plain Ed25519 keys are taken; whoever
/// is limited to other namespaces may not approve.
fn approvers(path: &Path) -> Result<Vec<PublicKey>, Fault> {
    let text = files::read_text(path, FILE_MAX)?;
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let refuse = |why: &str| {
            Fault::bad_config("bad-approvers", why)
                .at(model::Place::line(number as u64 + 1, 0).in_file(path))
                .advise("Write `NAME ssh-ed25519 AAAA…`, as OpenSSH's allowed_signers files have it.")
        };
        let at = line.find("ssh-ed25519 ").ok_or_else(|| refuse("The line holds no Ed25519 key"))?;
        let options = line[..at].split_whitespace().nth(1).unwrap_or_default();
        if options.contains("cert-authority") || options.contains("valid-") {
            return Err(refuse("Certificates and times of validity are not supported"));
        }
        if !options.contains("namespaces=") || options.contains(NAMESPACE) {
            keys.push(PublicKey::from_openssh(&line[at..]).map_err(|_| refuse("The key cannot be read"))?);
        }
    }
    Ok(keys)
}
