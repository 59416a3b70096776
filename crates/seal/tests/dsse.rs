//! Goal: attestations are those that others verify; a changed one is refused by us and by them.

mod kit;

use std::fs;
use std::path::Path;

use kit::{judge, python, run};
use model::Fault;
use probity_seal::dsse::{self, IN_TOTO, Statement};
use probity_seal::{Ed25519Signer, SigningKey, armour, sha256};
use proptest::prelude::*;
use serde_json::{Value, json};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32])
}

fn statement() -> Statement {
    Statement {
        subjects: vec![("manifest.json".into(), sha256(b"a manifest")), ("é.txt".into(), sha256(b""))],
        predicate_type: "https://example.org/evidence-package/v1".into(),
        predicate: json!({ "case": "42", "entries": 2 }),
    }
}

fn envelope(signers: &[&dyn Ed25519Signer]) -> Vec<u8> {
    dsse::sign(IN_TOTO, &statement().to_bytes().expect("canonical"), signers).expect("keys of our own")
}

fn code<T>(result: Result<T, Fault>) -> &'static str {
    result.err().map_or("ok", |fault| fault.code())
}

#[test]
fn the_encoding_is_that_of_the_protocol() {
    // The example of the DSSE protocol.
    assert_eq!(
        dsse::pre_authentication("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
    let text = String::from_utf8(statement().to_bytes().expect("canonical")).expect("JSON");
    let (first, second) = (sha256(b"a manifest").hex(), sha256(b"").hex());
    assert_eq!(
        text,
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicate":{{"case":"42","entries":2}},"predicateType":"https://example.org/evidence-package/v1","subject":[{{"digest":{{"sha256":"{first}"}},"name":"manifest.json"}},{{"digest":{{"sha256":"{second}"}},"name":"é.txt"}}]}}"#
        )
    );
    assert_eq!(Statement::parse(text.as_bytes()).ok(), Some(statement()));
}

#[test]
fn only_keys_that_signed_are_named() {
    let envelope = envelope(&[&key(1), &key(2)]);
    let verified = dsse::verify(&envelope, &[key(3).public(), key(2).public(), key(1).public()]).expect("two signed");
    assert_eq!(verified.signers, [key(2).public(), key(1).public()]);
    assert_eq!((verified.payload_type.as_str(), Statement::parse(&verified.body).ok()), (IN_TOTO, Some(statement())));
    assert_eq!(code(dsse::verify(&envelope, &[key(3).public()])), "wrong-signature");
    assert_eq!(code(dsse::verify(&envelope, &[])), "wrong-signature");
}

#[test]
fn a_changed_attestation_does_not_verify() {
    let envelope = envelope(&[&key(1)]);
    let change = |edit: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_slice(&envelope).expect("JSON");
        edit(&mut value);
        code(dsse::verify(value.to_string().as_bytes(), &[key(1).public()]))
    };
    assert_eq!(change(&|_| {}), "ok");
    assert_eq!(change(&|value| value["unknown"] = json!("members are ignored")), "ok");
    assert_eq!(change(&|value| value["signatures"][0]["keyid"] = json!("another")), "ok", "an id is a hint");
    assert_eq!(change(&|value| value["payloadType"] = json!("text/plain")), "wrong-signature");
    assert_eq!(change(&|value| value["payload"] = json!(armour::encode(b"{}"))), "wrong-signature");
    assert_eq!(change(&|value| value["signatures"] = json!([])), "wrong-signature");
    assert_eq!(change(&|value| value["signatures"][0]["sig"] = json!(armour::encode([0; 64]))), "wrong-signature");
    assert_eq!(change(&|value| value["signatures"][0]["sig"] = json!(17)), "wrong-signature");
    assert_eq!(change(&|value| value["payload"] = json!("not base64!")), "bad-attestation");
    assert_eq!(change(&|value| value["payload"] = Value::Null), "bad-attestation");
    assert_eq!(change(&|value| value["signatures"] = json!({})), "bad-attestation");
    assert_eq!(change(&|value| value["signatures"] = json!(vec![1; 257])), "bad-attestation");
    assert_eq!(change(&|value| *value = json!([])), "bad-attestation");
}

#[test]
fn a_body_that_is_no_statement_is_refused() {
    let edit = |edit: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_slice(&statement().to_bytes().expect("canonical")).expect("JSON");
        edit(&mut value);
        code(Statement::parse(value.to_string().as_bytes()))
    };
    assert_eq!(edit(&|value| value["_type"] = json!("https://in-toto.io/Statement/v0.1")), "bad-attestation");
    assert_eq!(edit(&|value| value["subject"] = json!([])), "bad-attestation");
    assert_eq!(edit(&|value| value["subject"][0]["digest"] = json!({ "sha512": "00" })), "bad-attestation");
    assert_eq!(edit(&|value| value["subject"][0]["name"] = Value::Null), "bad-attestation");
    assert_eq!(edit(&|value| value["predicateType"] = Value::Null), "bad-attestation");
    assert_eq!(edit(&|value| value["predicate"] = Value::Null), "ok");
    let float = Statement { predicate: json!(0.5), ..statement() };
    assert_eq!(code(float.to_bytes()), "float-in-canonical-json");
}

const VERIFY: &str = r#"
import json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
envelope = Envelope.from_dict(json.load(open("envelope.json")))
key = SSlibKey("k", "ed25519", "ed25519", {"public": sys.argv[1]})
for signature in envelope.signatures.values() if isinstance(envelope.signatures, dict) else envelope.signatures:
    key.keyid = signature.keyid
print(sorted(envelope.verify([key], 1)))
"#;

#[test]
fn securesystemslib_verifies_our_attestation_and_refuses_a_changed_one() {
    let Some(python) = python("PROBITY_TEST_PYTHON") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let public = kit::hex(key(1).public().as_bytes());
    let verify = |envelope: &[u8]| {
        fs::write(folder.path().join("envelope.json"), envelope).expect("writable");
        run(folder.path(), &python, &["-c", VERIFY, &public])
    };
    let (verified, said) = verify(&envelope(&[&key(1)]));
    assert!(verified && said.contains(&key(1).public().fingerprint()), "{said}");
    let other = [b"{\"_type\"".as_slice(), b":1}"].concat();
    let changed = String::from_utf8(envelope(&[&key(1)]))
        .expect("JSON")
        .replace(&armour::encode(statement().to_bytes().expect("canonical")), &armour::encode(other));
    let (verified, said) = verify(changed.as_bytes());
    assert!(!verified && said.contains("VerificationError"), "{said}");
}

#[test]
fn openssl_verifies_the_signature_alone() {
    if !judge("openssl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("writable");
    let value: Value = serde_json::from_slice(&envelope(&[&key(1)])).expect("JSON");
    let decode = |value: &Value| armour::decode(value.as_str().expect("text")).expect("base64");
    write("pub.pem", key(1).public().to_pem().as_bytes());
    write("sig", &decode(&value["signatures"][0]["sig"]));
    let body = decode(&value["payload"]);
    write("pae", &dsse::pre_authentication(IN_TOTO, &body));
    write("other", &dsse::pre_authentication("text/plain", &body));
    let verify = |file: &str| {
        let arguments = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "pub.pem", "-in", file, "-sigfile", "sig"];
        run(folder.path(), Path::new("openssl"), &arguments).0
    };
    assert!(verify("pae") && !verify("other"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", at in 0usize..600, byte: u8) {
        let mut changed = envelope(&[&key(1)]);
        let at = at % changed.len();
        changed[at] = byte;
        for bytes in [text.as_bytes(), &changed] {
            let _ = Statement::parse(bytes);
            if let Ok(verified) = dsse::verify(bytes, &[key(1).public()]) {
                prop_assert_eq!(verified.body, statement().to_bytes().expect("canonical"));
            }
        }
    }
}
