//! Logins of NATS: servers of their own that ask for a password, a token, a key, or what an operator vouches for.
#![cfg(feature = "nats")]

mod common;

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::dataset;
use probity_connectors::{Access, Acknowledge, Publication, open, publish};

struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// A server with JetStream and these lines in its configuration.
    fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("nats.conf");
        let data = folder.path().join("data");
        std::fs::write(&file, format!("host: 127.0.0.1\nport: {port}\njetstream {{store_dir: {data:?}}}\n{config}\n"))
            .unwrap();
        // Debian keeps servers outside a user's path.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap());
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("nats-server").env("PATH", path).arg("-c").arg(&file).stderr(log).spawn().unwrap();
        let server = Server { child, port, folder };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{}", std::fs::read_to_string(server.folder.path().join("log")).unwrap());
    }

    /// What became of a login: the catalog is asked for, so that JetStream answers too.
    fn login(&self, access: &Access) -> Result<(), String> {
        let url = format!("nats://127.0.0.1:{}", self.port);
        let told = open(&url, access, &dataset(Vec::new())).and_then(|mut store| store.describe());
        told.map(drop).map_err(|fault| fault.code().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a script of Python with nkeys, the library of the NATS project, prints.
fn py(script: &str) -> String {
    let python = std::env::var("PROBITY_TEST_NATS_PYTHON").expect("tests/services nats -- …");
    let mut child = Command::new(python).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused() -> Result<(), String> {
    Err("store-login-refused".to_owned())
}

fn secret(password: &str) -> Access {
    Access { password: Some(password.to_owned().into()), ..Access::default() }
}

fn credentials(folder: &Path, text: &str) -> Access {
    std::fs::write(folder.join("user.creds"), text).unwrap();
    Access { folder: folder.to_path_buf(), credentials: Some("user.creds".into()), ..Access::default() }
}

#[test]
fn passwords_and_tokens_are_told() {
    let server = Server::start("authorization {users: [{user: ann, password: \"open sesame\"}]}");
    let ann = |password: &str| Access { user: Some("ann".to_owned()), ..secret(password) };
    assert_eq!(server.login(&ann("open sesame")), Ok(()));
    assert_eq!(server.login(&ann("wrong")), refused());
    assert_eq!(server.login(&Access::default()), refused());
    let server = Server::start("authorization {token: \"s3cret, or not\"}");
    assert_eq!(server.login(&secret("s3cret, or not")), Ok(()));
    assert_eq!(server.login(&secret("wrong")), refused());
}

/// The seed comes as a password or in a file; the name of its key is what the library says.
#[test]
fn a_key_signs_what_the_server_makes_up() {
    let made =
        py("import nkeys, os\nfor _ in range(2):\n  s = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)\n  \
                   k = nkeys.from_seed(bytearray(s))\n  print(s.decode(), k.public_key.decode())");
    let words: Vec<&str> = made.split_whitespace().collect();
    let [seed, name, other, _] = words.as_slice() else { panic!("{made}") };
    let server = Server::start(&format!("authorization {{users: [{{nkey: {name}}}]}}"));
    assert_eq!(server.login(&secret(seed)), Ok(()));
    assert_eq!(server.login(&credentials(server.folder.path(), &format!("{seed}\n"))), Ok(()));
    assert_eq!(server.login(&secret(other)), refused());
    assert_eq!(server.login(&credentials(server.folder.path(), "SUAA\n")), Err("bad-credentials".to_owned()));
    // A server that knows no keys has nothing to be signed.
    let server = Server::start("");
    assert_eq!(server.login(&secret(seed)), refused());
}

/// An operator vouches for an account, the account for its users: credentials as `nsc` writes them.
#[test]
fn credentials_of_an_account_are_shown() {
    let made = py(r#"
import base64, json, nkeys, os, time
b64 = lambda data: base64.urlsafe_b64encode(data).decode().rstrip('=')
def key(kind):
    seed = nkeys.encode_seed(os.urandom(32), kind)
    return nkeys.from_seed(bytearray(seed)), seed.decode()
def jwt(issuer, subject, name, nats, life=3600):
    now = int(time.time())
    head = {'typ': 'JWT', 'alg': 'ed25519-nkey'}
    body = {'jti': name, 'iat': now, 'exp': now + life, 'iss': issuer.public_key.decode(), 'name': name, 'sub': subject.public_key.decode(), 'nats': nats}
    text = b64(json.dumps(head).encode()) + '.' + b64(json.dumps(body).encode())
    return text + '.' + b64(issuer.sign(text.encode()))
def creds(token, seed):
    return f'-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n'
operator, _ = key(nkeys.PREFIX_BYTE_OPERATOR)
account, _ = key(nkeys.PREFIX_BYTE_ACCOUNT)
user, seed = key(nkeys.PREFIX_BYTE_USER)
_, other = key(nkeys.PREFIX_BYTE_USER)
every = {name: -1 for name in 'subs data payload imports exports conn leaf mem_storage disk_storage streams consumer'.split()}
system, _ = key(nkeys.PREFIX_BYTE_ACCOUNT)
shop = jwt(operator, account, 'shop', {'limits': {**every, 'wildcards': True}, 'type': 'account', 'version': 2})
inner = jwt(operator, system, 'system', {'limits': {name: -1 for name in 'subs data payload imports exports conn leaf'.split()} | {'wildcards': True}, 'type': 'account', 'version': 2})
said = {'pub': {}, 'sub': {}, 'subs': -1, 'data': -1, 'payload': -1, 'type': 'user', 'version': 2}
good, late = jwt(account, user, 'ann', said), jwt(account, user, 'ann', said, life=-60)
config = f'operator: {jwt(operator, operator, "acme", {"type": "operator", "version": 2})}\nsystem_account: {system.public_key.decode()}\nresolver: MEMORY\nresolver_preload: {{ {account.public_key.decode()}: {shop}, {system.public_key.decode()}: {inner} }}'
print(json.dumps([config, creds(good, seed), creds(good, other), creds(late, seed)]))
"#);
    let made: Vec<String> = serde_json::from_str(&made).unwrap();
    let [config, good, other, late] = made.as_slice() else { panic!("{made:?}") };
    let server = Server::start(config);
    assert_eq!(server.login(&credentials(server.folder.path(), good)), Ok(()));
    assert_eq!(server.login(&credentials(server.folder.path(), other)), refused());
    assert_eq!(server.login(&credentials(server.folder.path(), late)), refused());
    assert_eq!(server.login(&Access::default()), refused());
}

/// A message is acknowledged by the stream that keeps it, taken by the server where none does, and refused where one has to be
/// there, where the user may not, and where it is too large.
#[test]
fn messages_are_acknowledged() {
    let server = Server::start(
        "max_payload: 1000\nauthorization {users: [{user: ann, password: pw}, {user: bob, password: pw, permissions: {publish: [\"a.b\"]}}]}",
    );
    let url = format!("nats://127.0.0.1:{}", server.port);
    let send = |user: &str, subject: &str, body: &[u8], acknowledge: Acknowledge| {
        let access = Access { user: Some(user.to_owned()), ..secret("pw") };
        let told = publish(&url, &access, &Publication { subject, id: "1", body, is_only: false }, acknowledge);
        told.map_err(|fault| (fault.code(), fault.message().to_owned()))
    };
    assert_eq!(send("ann", "a.b", b"hello", Acknowledge::WhereThere), Ok(()));
    assert_eq!(send("bob", "a.b", b"hello", Acknowledge::Never), Ok(()));
    let (code, why) = send("ann", "a.b", b"hello", Acknowledge::Always).unwrap_err();
    assert!(code == "store-refused" && why.contains("no stream keeps this subject"), "{why}");
    assert_eq!(send("bob", "c", b"hello", Acknowledge::Never).unwrap_err().0, "store-permission");
    assert_eq!(send("bob", "a.b", b"hello", Acknowledge::WhereThere).unwrap_err().0, "store-permission");
    assert_eq!(send("eve", "a.b", b"hello", Acknowledge::Never).unwrap_err().0, "store-login-refused");
    assert!(send("ann", "a.b", &[b'x'; 2000], Acknowledge::Never).is_err());
    let ann = |script: &str| {
        py(&format!(
            "import asyncio, nats\nasync def main():\n  nc = await nats.connect('{url}', user='ann', password='pw')\n  \
             js = nc.jetstream()\n  {script}\n  await nc.close()\nasyncio.run(main())\n"
        ))
    };
    ann("await js.add_stream(name='A', subjects=['a.>'], max_msgs=2, discard=nats.js.api.DiscardPolicy.NEW)");
    for (id, expect) in [("1", true), ("1", true), ("2", true), ("3", false)] {
        let access = Access { user: Some("ann".to_owned()), ..secret("pw") };
        let told = publish(
            &url,
            &access,
            &Publication { subject: "a.b", id, body: b"hello", is_only: false },
            Acknowledge::WhereThere,
        );
        assert_eq!(told.is_ok(), expect, "{id}: {told:?}");
    }
    assert_eq!(ann("print((await js.stream_info('A')).state.messages)").trim(), "2");
}
