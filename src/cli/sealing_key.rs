//! The Ed25519 key that `--key` names: one in a file, or one that an ssh-agent holds.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Fault;
use seal::agent::{self, Identity};
use seal::{Ed25519Signer, PublicKey, SigningKey};

use super::context::{Context, agent_socket};
use super::keys;
use super::output::plain;
use super::passphrase::PassphraseArgs;

const AGENT: &str = "agent:";
/// An agent lists its keys at once.
const LISTING: Duration = Duration::from_secs(20);
/// It may ask a person before it signs.
const SIGNING: Duration = Duration::from_secs(300);

/// Opens what `--key` names: `agent:SHA256:…`, `agent:COMMENT`, or a file.
///
/// # Errors
/// `no-agent`, `no-agent-key`, `ambiguous-agent-key`, `agent-refused`, `bad-agent-answer`; `key-mode`, `bad-key-file`,
/// `passphrase-needed`, `wrong-passphrase`; I/O faults.
pub(crate) fn open(context: &Context, name: &str, secret: &PassphraseArgs) -> Result<Box<dyn Ed25519Signer>, Fault> {
    match name.strip_prefix(AGENT) {
        Some(wanted) => of_agent(wanted),
        None => of_file(context, Path::new(name), secret).map(|key| Box::new(key) as Box<dyn Ed25519Signer>),
    }
}

fn of_file(context: &Context, path: &Path, secret: &PassphraseArgs) -> Result<SigningKey, Fault> {
    let pem = keys::read_secret(context, path, secret)?;
    let openssh = SigningKey::is_openssh(&pem);
    let key = if openssh { SigningKey::from_openssh_private(&pem) } else { SigningKey::from_pem(&pem) };
    key.map_err(|fault| fault.in_file(path))
}

fn of_agent(wanted: &str) -> Result<Box<dyn Ed25519Signer>, Fault> {
    let socket = agent_socket().ok_or_else(|| no_agent("SSH_AUTH_SOCK is not set"))?;
    let answer = ask(&socket, &agent::request_identities(), LISTING)?;
    let key = choose(&agent::read_identities(&answer)?, wanted)?;
    Ok(Box::new(agent::Signer::new(key, move |request: &[u8]| ask(&socket, request, SIGNING))))
}

/// The key with this fingerprint, or with this comment.
fn choose(held: &[Identity], wanted: &str) -> Result<PublicKey, Fault> {
    let mut fitting: Vec<PublicKey> = held
        .iter()
        .filter(|identity| identity.key.fingerprint() == wanted || identity.comment == wanted && !wanted.is_empty())
        .map(|identity| identity.key)
        .collect();
    fitting.dedup();
    match fitting.as_slice() {
        [key] => Ok(*key),
        [] => {
            let message = format!("The ssh-agent holds no Ed25519 key {wanted:?}");
            Err(Fault::unavailable("no-agent-key", message).advise(match held {
                [] => "It holds none at all. Load it with `ssh-add FILE`.".to_owned(),
                held => format!("It holds {}. Load another with `ssh-add FILE`.", list(held)),
            }))
        }
        _ => Err(Fault::usage("ambiguous-agent-key", format!("Several keys of the ssh-agent are called {wanted:?}"))
            .advise(format!("Name one by its fingerprint. It holds {}.", list(held)))),
    }
}

fn list(held: &[Identity]) -> String {
    let named = |identity: &Identity| format!("agent:{} ({})", identity.key.fingerprint(), plain(&identity.comment));
    held.iter().map(named).collect::<Vec<_>>().join(", ")
}

/// One request and its answer over a connection of its own.
fn ask(socket: &PathBuf, request: &[u8], patience: Duration) -> Result<Vec<u8>, Fault> {
    let failed = |error: std::io::Error| no_agent(&format!("{}: {error}", socket.display())).caused_by(error);
    let mut stream = UnixStream::connect(socket).map_err(failed)?;
    stream.set_read_timeout(Some(patience)).map_err(failed)?;
    stream.set_write_timeout(Some(LISTING)).map_err(failed)?;
    agent::ask(&mut stream, request).map_err(failed)
}

fn no_agent(reason: &str) -> Fault {
    Fault::unavailable("no-agent", format!("No ssh-agent answers: {reason}"))
        .advise("Start one with `eval $(ssh-agent)`, load the key with `ssh-add FILE`, and run the command again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_chosen_by_fingerprint_or_comment() {
        let key = |seed| SigningKey::from_seed([seed; 32]).public();
        let identity = |seed, comment: &str| Identity { key: key(seed), comment: comment.to_owned() };
        let held = [identity(1, "work"), identity(2, "home"), identity(3, "home"), identity(4, "")];
        let check = |wanted: &str, expect: Result<u8, &str>| match (choose(&held, wanted), expect) {
            (Ok(found), Ok(seed)) => assert_eq!(found, key(seed), "{wanted}"),
            (Err(fault), Err(code)) => assert_eq!(fault.code(), code, "{wanted}"),
            (found, expect) => panic!("{wanted}: {found:?}, {expect:?}"),
        };
        check("work", Ok(1));
        check(&key(2).fingerprint(), Ok(2));
        check("home", Err("ambiguous-agent-key"));
        check("Work", Err("no-agent-key"));
        check("", Err("no-agent-key"));
    }
}
