//! Goal: a key inside a real ssh-agent signs in every form that a key file signs in; what an agent makes up is refused.

mod kit;

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit::{judge, run};
use model::Fault;
use probity_seal::{Ed25519Signer, PublicKey, SigningKey, agent, dsse, minisign, note, sshsig};
use proptest::prelude::*;

struct Agent {
    child: Child,
    folder: tempfile::TempDir,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .expect("ssh-agent starts");
        let agent = Agent { child, folder };
        let patience = Instant::now() + Duration::from_secs(20);
        while UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < patience, "ssh-agent does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        agent
    }

    fn sh(&self, command: &str) -> (bool, String) {
        let socket = self.folder.path().join("socket");
        run(self.folder.path(), "sh", &["-c", &format!("SSH_AUTH_SOCK={} {command}", socket.display())])
    }

    fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = UnixStream::connect(self.folder.path().join("socket")).expect("it listens");
        agent::ask(&mut stream, request).expect("it answers")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn code<T>(result: Result<T, Fault>) -> &'static str {
    result.err().map_or("ok", |fault| fault.code())
}

#[test]
fn a_key_in_ssh_agent_signs_like_a_file() {
    if !judge("ssh-agent") || !judge("ssh-keygen") {
        return;
    }
    let house = Agent::start();
    assert!(house.sh("ssh-keygen -q -t ed25519 -N '' -C 'the examiner' -f key").0);
    assert!(house.sh("ssh-keygen -q -t ecdsa -N '' -f other").0);
    assert!(house.sh("ssh-add -q key").0 && house.sh("ssh-add -q other").0);
    let read = |name: &str| fs::read_to_string(house.folder.path().join(name)).expect("it is there");

    let identities = agent::read_identities(&house.ask(&agent::request_identities())).expect("a list");
    let [identity] = identities.as_slice() else { panic!("one Ed25519 key: {identities:?}") };
    let public = PublicKey::from_openssh(&read("key.pub")).expect("ssh-keygen wrote it");
    assert_eq!((identity.key, identity.comment.as_str()), (public, "the examiner"));

    let signer = agent::Signer::new(public, |request: &[u8]| Ok(house.ask(request)));
    let signature = sshsig::sign(b"some bytes", "evidence@probity", &signer).expect("it signs");
    assert_eq!(sshsig::verify(&signature, "evidence@probity", b"some bytes").ok(), Some(public));
    fs::write(house.folder.path().join("message"), "some bytes").expect("writable");
    assert!(house.sh("ssh-keygen -q -Y sign -n evidence@probity -f key message").0);
    assert_eq!(read("message.sig"), signature, "the same bytes as ssh-keygen");

    let id = minisign::key_id(&public);
    let signature = minisign::sign(b"some bytes", &signer, id, "case 42").expect("it signs");
    assert_eq!(minisign::verify(&signature, &public, b"some bytes").ok().as_deref(), Some("case 42"));
    let envelope = dsse::sign("text/plain", b"some bytes", &[&signer]).expect("it signs");
    assert_eq!(dsse::verify(&envelope, &[public]).expect("it signed").signers, [public]);

    let named = note::Signer::new("examiner.example", &signer).expect("a name");
    let signed = note::sign("a note\n", &[named]).expect("it signs");
    let known = note::Verifier::new("examiner.example", &public).expect("a name");
    assert_eq!(note::open(signed.as_bytes(), &[known]).expect("it signed").text, "a note\n");

    let stranger = SigningKey::from_seed([9; 32]).public();
    let stranger = agent::Signer::new(stranger, |request: &[u8]| Ok(house.ask(request)));
    assert_eq!(code(stranger.sign(b"x")), "agent-refused");
    assert!(house.sh("ssh-add -q -D").0);
    assert_eq!(code(signer.sign(b"x")), "agent-refused");
    assert_eq!(agent::read_identities(&house.ask(&agent::request_identities())).ok(), Some(vec![]));
}

/// `string`s of the protocol, one after the other.
fn strings(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes(), *part].concat()).collect()
}

#[test]
fn what_an_agent_makes_up_is_refused() {
    let key = SigningKey::from_seed([1; 32]);
    let answer = |algorithm: &[u8], signature: &[u8]| {
        let blob = strings(&[algorithm, signature]);
        agent::read_signature(&[vec![14], strings(&[&blob])].concat(), &key.public(), b"data")
    };
    assert_eq!(answer(b"ssh-ed25519", &key.sign(b"data")).ok(), Some(key.sign(b"data")));
    assert_eq!(code(answer(b"ssh-ed25519", &key.sign(b"other data"))), "bad-agent-answer");
    assert_eq!(code(answer(b"ssh-ed25519", &SigningKey::from_seed([2; 32]).sign(b"data"))), "bad-agent-answer");
    assert_eq!(code(answer(b"ssh-rsa", &key.sign(b"data"))), "bad-agent-answer");
    assert_eq!(code(answer(b"ssh-ed25519", &key.sign(b"data")[..63])), "bad-agent-answer");
    for (bytes, expected) in [(&[5][..], "agent-refused"), (&[], "bad-agent-answer"), (&[12, 0], "bad-agent-answer")] {
        assert_eq!(code(agent::read_signature(bytes, &key.public(), b"data")), expected);
        assert_eq!(code(agent::read_identities(bytes)), expected);
    }
    for cut in [[12, 0, 0, 0, 0, 7].as_slice(), &[12, 0, 0, 0, 1], &[12, 255, 255, 255, 255, 0, 0, 0, 0]] {
        assert_eq!(code(agent::read_identities(cut)), "bad-agent-answer");
    }
    let mut endless = std::io::Cursor::new(vec![0xff; 64]);
    assert!(agent::ask(&mut endless, b"").is_err(), "4 GiB are announced");
    assert_eq!(agent::request_identities(), [0, 0, 0, 1, 11]);
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in prop::sample::select(vec![5u8, 12, 14])) {
        let answer = [vec![kind], bytes].concat();
        let _ = agent::read_identities(&answer);
        prop_assert!(agent::read_signature(&answer, &SigningKey::from_seed([1; 32]).public(), b"data").is_err());
    }
}

#[test]
fn a_request_is_key_data_and_no_flags() {
    let key = SigningKey::from_seed([1; 32]).public();
    let request = agent::request_signature(&key, b"data");
    let length = u32::from_be_bytes(request[..4].try_into().expect("4 bytes")) as usize;
    assert_eq!((length, request[4]), (request.len() - 4, 13));
    let blob = strings(&[b"ssh-ed25519", key.as_bytes()]);
    assert_eq!(request[5..], [strings(&[&blob, b"data"]), vec![0; 4]].concat());
}
