//! Keys that lie elsewhere: in a token (SoftHSM), in an ssh-agent, in a file. Judges are openssl and ssh-keygen.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::authority::Authority;
use crate::house::{House, Ran, fit_their_schemas, judge};

/// A project with a case.
fn house() -> House {
    let house = House::initialised();
    house.write("access.log", "10.0.0.1 - - \"GET / HTTP/1.1\" 503\n".repeat(40));
    house.run(&["case", "new", "c1", "--title", "Outage"]).expect(0);
    house.run(&["case", "add", "c1", "access.log"]).expect(0);
    house
}

fn shell(house: &House, line: &str) -> String {
    house.shell(line).expect(0).stdout
}

/// Runs with an environment variable more, today's clock, and nobody who could be asked.
fn run(house: &House, (name, value): (&str, &str), args: &[&str]) -> Ran {
    let now = shell(house, "date -u +%Y-%m-%dT%H:%M:%SZ");
    let mut command = house.command(&[args, &["--no-input", "--time", now.trim()]].concat());
    Ran::of(command.env(name, value).output().unwrap())
}

fn json(house: &House, variable: (&str, &str), args: &[&str]) -> Value {
    let ran = run(house, variable, &[args, &["--json"]].concat()).expect(0);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    fit_their_schemas(std::slice::from_ref(&document));
    document
}

const BUILD: [&str; 6] = ["package", "build", "c1", "--output", "c1.asice", "--overwrite"];

#[cfg(feature = "pkcs11")]
mod token {
    use super::*;

    const PIN: &str = "987654";
    const LIBRARIES: [&str; 4] = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ];

    /// A token of SoftHSM in the folder of a house, with four keys.
    struct Token {
        house: House,
        authority: Authority,
        library: &'static str,
        configuration: String,
    }

    impl Token {
        /// `None` where SoftHSM is not installed.
        fn new() -> Option<Token> {
            if !["softhsm2-util", "pkcs11-tool", "openssl"].iter().all(|program| judge(program)) {
                return None;
            }
            let library = LIBRARIES.into_iter().find(|path| fs::exists(path).unwrap()).expect("the library of SoftHSM");
            let (house, authority) = (house(), Authority::start(&[]));
            let folder = house.path("tokens");
            let settings = format!("directories.tokendir = {}\nobjectstore.backend = file\n", folder.display());
            house.write("tokens/.keep", "");
            let configuration = house.write("softhsm2.conf", settings).to_str().unwrap().to_owned();
            for file in ["p256.key", "p256.pem", "qualified.pem", "ca.pem"] {
                fs::copy(authority.path(file), house.path(file)).unwrap();
            }
            let token = Token { house, authority, library, configuration };
            token.fill();
            Some(token)
        }

        /// Key 1 is the authority's p256 with its certificate; 2 is on another curve, 3 has no certificate, 4 is RSA.
        fn fill(&self) {
            let tool = format!("pkcs11-tool --module {} --token-label court --login --pin {PIN}", self.library);
            let pair = |kind: &str, id: &str, label: &str| {
                format!("{tool} --keypairgen --key-type {kind} --id {id} --label {label} --usage-sign")
            };
            let lines = [
                format!("softhsm2-util --init-token --free --label court --so-pin 12345678 --pin {PIN}"),
                format!("softhsm2-util --import p256.key --token court --label seal --id 01 --pin {PIN}"),
                "openssl x509 -in p256.pem -outform DER -out p256.der".to_owned(),
                "openssl x509 -in ca.pem -outform DER -out ca.der".to_owned(),
                format!("{tool} --write-object p256.der --type cert --id 01 --label seal"),
                format!("{tool} --write-object ca.der --type cert --id ff --label ca"),
                pair("EC:secp384r1", "02", "p384"),
                pair("EC:prime256v1", "03", "bare"),
                pair("rsa:2048", "04", "rsa"),
            ];
            for line in lines {
                self.house.shell(&format!("export SOFTHSM2_CONF={}; {line}", self.configuration)).expect(0);
            }
        }

        /// The URI of a key, with more parts of a query.
        fn uri(&self, key: &str, more: &str) -> String {
            format!("pkcs11:token=court;{key}?module-path={}{more}", self.library)
        }

        fn run(&self, args: &[&str]) -> Ran {
            run(&self.house, ("SOFTHSM2_CONF", &self.configuration), args)
        }

        fn json(&self, args: &[&str]) -> Value {
            json(&self.house, ("SOFTHSM2_CONF", &self.configuration), args)
        }

        fn verify(&self, signers: &str) -> Value {
            let ca = self.authority.file("ca.pem");
            self.json(&["verify", "c1.asice", "--trust", &ca, "--require-signers", signers])
        }
    }

    #[test]
    fn a_key_in_a_token_signs() {
        // The certificate comes from the token, the PIN from a file; then from the URI, with a certificate from a file.
        let Some(token) = Token::new() else { return };
        token.house.write("pin", format!("{PIN}\n"));
        let uri = token.uri("object=seal", "");
        let built = token.json(&[&BUILD[..], &["--signer", &uri, "--passphrase-file", "pin"]].concat());
        assert_eq!((built["signers"].as_array().unwrap().len(), &built["own_certificate"]), (1, &false.into()));
        assert_eq!(token.verify("1")["signer_trusted"], true);
        shell(&token.house, "mkdir out && cd out && unzip -q ../c1.asice");
        let cms = "openssl cms -verify -binary -inform DER -in proofs/manifest.p7s -content manifest.json -CAfile ../../ca.pem \
                   -purpose any -cades -out /dev/null";
        shell(&token.house, &format!("cd out/bag && {cms}"));
        if judge("pdfsig") {
            let said = shell(&token.house, "pdfsig -nocert out/bag/data/report.pdf");
            assert!(said.contains("Signature is Valid") && said.contains("Total document signed"), "{said}");
        }
        let uri = token.uri("id=%01;type=private", "&pin-source=file:pin");
        token.json(&[&BUILD[..], &["--signer", &uri, "--certificate", "p256.pem"]].concat());
        assert_eq!(token.verify("1")["signer_trusted"], true);
    }

    /// A key with `CKA_ALWAYS_AUTHENTICATE`, which the token refuses to use without its PIN before each of the signatures.
    #[test]
    fn a_key_that_wants_its_pin_each_time_signs() {
        let Some(token) = Token::new() else { return };
        token.house.write("pin", format!("{PIN}\n"));
        let tool = format!("pkcs11-tool --module {} --token-label court --login --pin {PIN}", token.library);
        for line in [
            "openssl pkcs8 -topk8 -nocrypt -in p256.key -outform DER -out p256.p8".to_owned(),
            format!("{tool} --write-object p256.p8 --type privkey --id 07 --label strict --usage-sign --always-auth"),
            format!("{tool} --write-object p256.der --type cert --id 07 --label strict"),
        ] {
            token.house.shell(&format!("export SOFTHSM2_CONF={}; {line}", token.configuration)).expect(0);
        }
        let listed = format!("export SOFTHSM2_CONF={}; {tool} -O --type privkey", token.configuration);
        assert!(shell(&token.house, &listed).contains("always authenticate"));
        let uri = token.uri("object=strict", "&pin-source=file:pin");
        token.json(&[&BUILD[..], &["--signer", &uri]].concat());
        assert_eq!(token.verify("1")["signer_trusted"], true);
        shell(&token.house, "mkdir out && cd out && unzip -q ../c1.asice");
        let cms = "openssl cms -verify -binary -inform DER -in proofs/manifest.p7s -content manifest.json -CAfile ../../ca.pem \
                   -purpose any -cades -out /dev/null";
        shell(&token.house, &format!("cd out/bag && {cms}"));
    }

    #[test]
    fn a_token_signs_beside_a_file() {
        // The certificate is that of the key in the file: the token has its own. The library stands in the settings.
        let Some(token) = Token::new() else { return };
        token.house.write("pin", format!("{PIN}\n"));
        let settings = token.house.read("probity.toml");
        let changed = settings.replace("pkcs11_module = \"\"", &format!("pkcs11_module = \"{}\"", token.library));
        assert_ne!(settings, changed);
        token.house.write("probity.toml", changed);
        let mut both = token.authority.signer("qualified");
        both.extend(["--signer", "pkcs11:object=seal?pin-source=file:pin"].map(str::to_owned));
        let both: Vec<&str> = both.iter().map(String::as_str).collect();
        token.json(&[&BUILD[..], &both, &["--require-signers", "2"]].concat());
        assert_eq!(token.verify("2")["signers"].as_array().unwrap().len(), 2);
        // Or one after the other.
        token.json(&[&BUILD[..], &both[..4]].concat());
        token.json(&[&["package", "sign", "c1.asice"], &both[4..]].concat());
        token.verify("2");
    }

    #[test]
    fn what_a_token_cannot_do_is_said() {
        let Some(token) = Token::new() else { return };
        token.house.write("pin", format!("{PIN}\n"));
        token.house.write("wrong", "1111\n");
        let pin = "&pin-source=file:pin";
        let check = |uri: &str, more: &[&str], exit, code, words: &str| {
            let ran = token.run(&[&BUILD[..], &["--signer", uri], more].concat()).expect(exit).code(code);
            assert!(ran.stderr.contains(words), "{uri}: {}", ran.stderr);
            let located = ran.stderr.contains(&format!("error: {uri}: "));
            assert!(located || exit == 2 || code == "no-token-module" || code == "too-few-signers", "{}", ran.stderr);
            assert!(!ran.stderr.contains(PIN), "{}", ran.stderr);
        };
        let seal = token.uri("object=seal", pin);
        check(&token.uri("object=seal", "&pin-source=file:wrong"), &[], 4, "wrong-pin", "Few tries are left");
        check(&token.uri("object=seal", ""), &[], 4, "passphrase-needed", "--passphrase-file");
        check(&token.uri("object=seal", &format!("&pin-value={PIN}")), &[], 2, "pin-in-uri", "pin-source");
        check("pkcs11:object=seal", &[], 2, "no-token-module", "package.pkcs11_module");
        check("pkcs11:object=seal?module-path=/no/such.so", &[], 6, "no-token-module", "no such file");
        check("pkcs11:object=seal?module-path=access.log", &[], 6, "no-token-module", "access.log");
        check("pkcs11:colour=red", &[], 2, "bad-token-uri", "colour");
        let other = format!("pkcs11:token=other?module-path={}", token.library);
        check(&other, &[], 8, "no-token", "token=court;serial=");
        check(&token.uri("object=none", pin), &[], 6, "no-token-key", "object=seal;id=%01");
        check(&token.uri("", pin), &[], 2, "ambiguous-token", "object=bare;id=%03");
        check(&token.uri("object=p384", pin), &[], 6, "bad-signing-key", "P-256");
        check(&token.uri("object=rsa", pin), &[], 6, "bad-signing-key", "object=rsa;id=%04");
        check(&token.uri("object=bare", pin), &[], 6, "signer-without-certificate", "--certificate");
        check(&seal, &["--certificate", "qualified.pem"], 6, "certificate-mismatch", "this very key");
        // The same key twice opens twice, and is one signer.
        check(&seal, &["--signer", &seal, "--require-signers", "2"], 4, "too-few-signers", "1 were named");
        // Without the public key in the token it is the signature that shows the wrong certificate.
        let delete = "--login --pin 987654 --delete-object --type pubkey --id 01";
        let tool = format!("pkcs11-tool --module {} --token-label court {delete}", token.library);
        token.house.shell(&format!("export SOFTHSM2_CONF={}; {tool}", token.configuration)).expect(0);
        check(&seal, &["--certificate", "qualified.pem"], 6, "certificate-mismatch", "this very key");
        assert!(!token.house.path("c1.asice").exists());
        // After all this the right PIN still opens it.
        token.run(&[&BUILD[..], &["--signer", &seal]].concat()).expect(0);
    }
}

/// An ssh-agent that ends with the test.
struct Agent {
    child: Child,
    socket: String,
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Agent {
    /// An agent that would ask `/bin/false` whether it may sign.
    fn start(house: &House) -> Agent {
        let socket = house.path("agent.socket").to_str().unwrap().to_owned();
        let mut command = Command::new("ssh-agent");
        command.args(["-D", "-a", &socket]).env("SSH_ASKPASS", "/bin/false").env("DISPLAY", ":0");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let agent = Agent { child, socket };
        for _ in 0..500 {
            if fs::exists(&agent.socket).unwrap() {
                return agent;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the ssh-agent does not listen");
    }

    fn add(&self, house: &House, arguments: &str) {
        shell(house, &format!("SSH_AUTH_SOCK={} ssh-add -q {arguments}", self.socket));
    }
}

/// Makes `name` and `name.pub`, and returns the fingerprint.
fn keygen(house: &House, name: &str) -> String {
    shell(house, &format!("ssh-keygen -q -t ed25519 -N '' -C {name} -f {name}"));
    let said = shell(house, &format!("ssh-keygen -l -f {name}.pub"));
    said.split_whitespace().nth(1).unwrap().to_owned()
}

/// ssh-keygen, minisign and probity say that the package is sealed with `name.pub`.
fn is_sealed_with(house: &House, name: &str, fingerprint: &str) {
    let public = format!("{name}.pub");
    let found = json(house, ("LC_ALL", "C"), &["verify", "c1.asice", "--trust", &public]);
    assert_eq!((&found["intact"], &found["signer"]), (&true.into(), &fingerprint.into()), "{found:#}");
    shell(
        house,
        &format!("rm -rf out && mkdir out && cd out && unzip -q ../c1.asice && echo \"k $(cat ../{public})\" >k"),
    );
    let verify = "ssh-keygen -Y verify -f ../k -I k -n evidence@probity -s proofs/manifest.json.sig <manifest.json";
    shell(house, &format!("cd out/bag && {verify}"));
    if judge("minisign") {
        let verify = "minisign -V -q -m manifest.json -p proofs/minisign.pub -x proofs/manifest.json.minisig";
        shell(house, &format!("cd out/bag && {verify}"));
    }
}

#[test]
fn an_ssh_agent_seals() {
    if !judge("ssh-agent") || !judge("ssh-keygen") {
        return;
    }
    let house = house();
    let agent = Agent::start(&house);
    let (work, home) = (keygen(&house, "work"), keygen(&house, "home"));
    agent.add(&house, "work");
    let socket = ("SSH_AUTH_SOCK", agent.socket.as_str());
    for name in [format!("agent:{work}"), "agent:work".to_owned()] {
        let built = json(&house, socket, &[&BUILD[..], &["--key", &name]].concat());
        assert_eq!((&built["signer"], &built["demo_key"]), (&work.as_str().into(), &false.into()));
        assert_eq!((built["signers"].as_array().unwrap().len(), &built["own_certificate"]), (0, &false.into()));
        is_sealed_with(&house, "work", &work);
    }
    let said = run(&house, socket, &[&BUILD[..], &["--key", "agent:work"]].concat()).expect(0).stdout;
    assert!(said.contains("nobody with a certificate"), "{said}");
    let alone = |more: &[&str]| run(&house, socket, &[&BUILD[..], &["--key", "agent:work"], more].concat());
    alone(&["--require-signers", "1"]).expect(4).code("too-few-signers");
    alone(&["--profile", "eu"]).expect(2).code("court-signer-missing");
    // An authority stamps what there is: the signature of the agent.
    let authority = Authority::start(&[]);
    alone(&["--tsa", &authority.tsa]).expect(0);
    let verify = ["verify", "c1.asice", "--trust", "work.pub", "--trust", &authority.file("ca.pem")];
    let found = json(&house, socket, &verify);
    assert_eq!((&found["signer_trusted"], &found["time_trusted"]), (&true.into(), &true.into()), "{found:#}");

    // What does not work leaves the package as it was.
    let before = fs::read(house.path("c1.asice")).unwrap();
    let missing = run(&house, socket, &[&BUILD[..], &["--key", &format!("agent:{home}")]].concat());
    let missing = missing.expect(8).code("no-agent-key");
    assert!(missing.stderr.contains(&format!("agent:{work} (work)")), "{}", missing.stderr);
    shell(&house, "ssh-keygen -q -t ed25519 -N '' -C work -f twin");
    agent.add(&house, "twin");
    run(&house, socket, &[&BUILD[..], &["--key", "agent:work"]].concat()).expect(2).code("ambiguous-agent-key");
    agent.add(&house, "-c home");
    run(&house, socket, &[&BUILD[..], &["--key", "agent:home"]].concat()).expect(4).code("agent-refused");
    drop(agent);
    for socket in ["", "agent.socket", "nothing.socket"] {
        let none = run(&house, ("SSH_AUTH_SOCK", socket), &[&BUILD[..], &["--key", "agent:work"]].concat());
        none.expect(8).code("no-agent");
    }
    assert_eq!(fs::read(house.path("c1.asice")).unwrap(), before);
}

#[test]
fn a_key_in_a_file_seals() {
    if !judge("ssh-keygen") || !judge("openssl") {
        return;
    }
    let house = house();
    let none = ("LC_ALL", "C");
    let fingerprint = keygen(&house, "work");
    json(&house, none, &[&BUILD[..], &["--key", "work"]].concat());
    is_sealed_with(&house, "work", &fingerprint);
    shell(
        &house,
        "umask 077; openssl genpkey -algorithm ed25519 -out pkcs8 && openssl pkey -in pkcs8 -pubout -out pkcs8.pem",
    );
    json(&house, none, &[&BUILD[..], &["--key", "pkcs8"]].concat());
    let found = json(&house, none, &["verify", "c1.asice", "--trust", "pkcs8.pem"]);
    assert_eq!(found["intact"], true);

    let before = fs::read(house.path("c1.asice")).unwrap();
    shell(&house, "ssh-keygen -q -t ed25519 -N secret -f locked && ssh-keygen -q -t ecdsa -N '' -f other");
    let check = |key: &str, exit, code, words: &str| {
        let ran = run(&house, none, &[&BUILD[..], &["--key", key]].concat()).expect(exit).code(code);
        assert!(ran.stderr.contains(words), "{key}: {}", ran.stderr);
    };
    check("locked", 4, "bad-key-file", "ssh-add");
    check("other", 6, "bad-key-file", "other");
    check("access.log", 4, "key-mode", "chmod 600");
    check("nowhere", 6, "not-found", "nowhere");
    fs::set_permissions(house.path("work"), fs::Permissions::from_mode(0o640)).unwrap();
    check("work", 4, "key-mode", "chmod 600");
    assert_eq!(fs::read(house.path("c1.asice")).unwrap(), before);
}
