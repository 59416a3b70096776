//! Goal: the tools of other people read our keys and verify our signatures, and refuse them for other bytes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use probity_seal::{SigningKey, minisign, sshsig};

/// Whether `tool` is installed. `tests/run` sets the variable: then a missing judge is a failure.
fn judge(tool: &str) -> bool {
    let there =
        Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().is_ok_and(|out| out.status.success());
    assert!(there || std::env::var_os("PROBITY_TEST_JUDGES").is_none(), "a required judge is missing: {tool}");
    if !there {
        eprintln!("skipped: {tool} is not installed");
    }
    there
}

/// Runs `command` in `folder` and returns whether it succeeded, and its standard output.
fn run(folder: &Path, command: &str, input: &[u8]) -> (bool, String) {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    // A tool that fails early closes its input: that is its answer, not ours.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn key() -> SigningKey {
    SigningKey::from_seed([11; 32])
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signatures() {
    if !judge("openssl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("writable");
    write("key.pem", key().to_pem().as_bytes());
    write("pub.pem", key().public().to_pem().as_bytes());
    write("message", b"some bytes");
    write("other", b"other bytes");
    write("sig", &key().sign(b"some bytes"));
    assert_eq!(run(folder.path(), "openssl pkey -in key.pem -pubout", b""), (true, key().public().to_pem()));
    let verify = |file: &str| {
        let command = format!("openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in {file} -sigfile sig");
        run(folder.path(), &command, b"").0
    };
    assert!(verify("message") && !verify("other"));
    let (made, pem) = run(folder.path(), "openssl genpkey -algorithm ed25519", b"");
    assert!(made && *SigningKey::from_pem(&pem).expect("OpenSSL wrote it").to_pem() == pem);
}

#[test]
fn ssh_keygen_verifies_our_signatures_and_shows_our_fingerprint() {
    if !judge("ssh-keygen") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    write("key.pub", &key().public().openssh("probity"));
    write("allowed", &format!("examiner@probity {}\n", key().public().openssh("")));
    write("sig", &sshsig::sign(b"some bytes", "evidence@probity", &key()).expect("a key of our own"));
    let verify = |namespace: &str, message: &[u8]| {
        let command = format!("ssh-keygen -Y verify -f allowed -I examiner@probity -n {namespace} -s sig");
        run(folder.path(), &command, message).0
    };
    assert!(verify("evidence@probity", b"some bytes"));
    assert!(!verify("evidence@probity", b"other bytes") && !verify("file", b"some bytes"));
    let (_, shown) = run(folder.path(), "ssh-keygen -lf key.pub", b"");
    assert_eq!(shown, format!("256 {} probity (ED25519)\n", key().public().fingerprint()));
}

#[test]
fn minisign_verifies_our_signatures_and_shows_the_trusted_comment() {
    if !judge("minisign") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    let id = minisign::key_id(&key().public());
    write("key.pub", &minisign::public_key_text(&key().public(), id));
    write("message", "some bytes");
    write("message.minisig", &minisign::sign(b"some bytes", &key(), id, "case 42").expect("a key of our own"));
    let (accepted, shown) = run(folder.path(), "minisign -V -p key.pub -m message", b"");
    assert!(accepted && shown.contains("Trusted comment: case 42"), "{shown}");
    write("message", "other bytes");
    assert!(!run(folder.path(), "minisign -V -p key.pub -m message", b"").0);
}

#[cfg(feature = "age")]
#[test]
fn age_opens_our_key_files() {
    if !judge("age") || !judge("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = probity_seal::protect(&key().to_pem(), "open sesame", 10).expect("a little memory");
    fs::write(folder.path().join("key.age"), file).expect("writable");
    assert!(type_into_age(folder.path(), 1, "-d -o key.pem key.age"));
    let pem = fs::read_to_string(folder.path().join("key.pem")).expect("age wrote it");
    assert_eq!(pem, *key().to_pem());
}

#[cfg(feature = "age")]
#[test]
#[ignore = "age always takes 2^18 steps of scrypt: half a minute without optimisation"]
fn we_open_the_key_files_of_age() {
    if !judge("age") || !judge("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("key.pem"), key().to_pem().as_bytes()).expect("writable");
    assert!(type_into_age(folder.path(), 2, "-p -o key.age key.pem"));
    let file = fs::read(folder.path().join("key.age")).expect("age wrote it");
    assert_eq!(*probity_seal::unprotect(&file, "open sesame").expect("the same passphrase"), *key().to_pem());
}

/// age asks for a passphrase at a terminal only: Python gives it one and types, as often as it asks.
#[cfg(feature = "age")]
fn type_into_age(folder: &Path, times: u8, arguments: &str) -> bool {
    const TYPE: &str = r#"
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("age", ["age"] + sys.argv[2:])
for _ in range(int(sys.argv[1])):
    seen = b""
    while b":" not in seen:
        seen += os.read(fd, 1024)
    time.sleep(0.3)
    os.write(fd, b"open sesame\n")
try:
    while os.read(fd, 1024):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
    fs::write(folder.join("type.py"), TYPE).expect("writable");
    run(folder, &format!("python3 type.py {times} {arguments}"), b"").0
}
