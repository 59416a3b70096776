//! Goal: what others wrote reads here, and what we write is what others wrote.

use model::Fault;
use probity_seal::note::{self, Signer, Verifier};
use probity_seal::{Limits, PublicKey, SigningKey, canonical, minisign, sshsig};
use proptest::prelude::*;
use serde_json::Value;

fn vector(name: &str) -> Value {
    let path = format!("{}/../../fixtures/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("the vector is there")).expect("the vector is JSON")
}

fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
    vector[name].as_str().expect("the vector holds this text")
}

fn bytes<const N: usize>(vector: &Value, name: &str) -> [u8; N] {
    let hex = text(vector, name);
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"));
    bytes.collect::<Vec<u8>>().try_into().expect("of that length")
}

fn code<T>(result: Result<T, Fault>) -> &'static str {
    result.err().map_or("ok", |fault| fault.code())
}

#[test]
fn a_key_is_the_same_in_every_form() {
    let vector = vector("key/rfc8032-test-1");
    let key = SigningKey::from_seed(bytes(&vector, "seed"));
    assert_eq!(key.public().as_bytes(), &bytes::<32>(&vector, "public"));
    assert_eq!(key.sign(b""), bytes::<64>(&vector, "signature"));
    assert!(key.public().verify(b"", &bytes(&vector, "signature")));
    assert!(!key.public().verify(b"x", &bytes(&vector, "signature")));
    assert_eq!(
        (key.to_pem().as_str(), key.public().to_pem().as_str()),
        (text(&vector, "private_pem"), text(&vector, "public_pem"))
    );
    let read = SigningKey::from_pem(text(&vector, "private_pem")).expect("OpenSSL wrote it");
    assert_eq!(read.public(), PublicKey::from_pem(text(&vector, "public_pem")).expect("OpenSSL wrote it"));
    assert_eq!(PublicKey::from_openssh(&key.public().openssh("a comment")).ok(), Some(key.public()));
    assert!(!format!("{key:?}").contains("9d61"), "Debug shows no secret");
    assert_eq!(key.public().short_id().len(), 8);
}

#[test]
fn what_is_no_key_is_refused() {
    let pem = SigningKey::from_seed([1; 32]).to_pem();
    let public = SigningKey::from_seed([1; 32]).public();
    for wrong in ["", "x", &pem[..pem.len() - 30], &pem.replace("MC4", "MC5"), &public.to_pem(), &format!("{}x", *pem)]
    {
        assert_eq!(code(SigningKey::from_pem(wrong)), "bad-key-file", "{wrong}");
    }
    for wrong in ["", pem.as_str(), &public.to_pem().replace("MCow", "MCox")] {
        assert_eq!(code(PublicKey::from_pem(wrong)), "bad-public-key", "{wrong}");
    }
    let line = public.openssh("");
    for wrong in ["", "ssh-ed25519", "ssh-rsa AAAA", &line[..40], &line.replace("ssh-ed", "ssh-ef")] {
        assert_eq!(code(PublicKey::from_openssh(wrong)), "bad-public-key", "{wrong}");
    }
    // The neutral point and a point of order 8, with which signatures of nobody verify; and y = p + 1, not canonical.
    let mut small_order = [0; 32];
    small_order[0] = 1;
    let mut beyond = [0xff; 32];
    (beyond[0], beyond[31]) = (0xee, 0x7f);
    for weak in [small_order, [0; 32], beyond] {
        assert_eq!(code(PublicKey::from_bytes(&weak)), "bad-public-key");
    }
}

#[test]
fn canonical_json_is_that_of_the_rfc() {
    let vector = vector("canonical/rfc8785");
    let canonical = |input: &str| canonical::to_bytes(&serde_json::from_str(input).expect("JSON"));
    for case in vector["cases"].as_array().expect("a list") {
        let bytes = canonical(text(case, "input")).expect("canonical");
        assert_eq!(String::from_utf8(bytes).expect("UTF-8"), text(case, "canonical"));
    }
    for case in vector["refused"].as_array().expect("a list") {
        assert_eq!(code(canonical(text(case, "input"))), text(case, "code"), "{case}");
    }
    let deep = (0..=Limits::JSON_DEPTH).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    assert_eq!(code(canonical::to_bytes(&deep)), "json-too-deep");
}

#[test]
fn the_note_of_the_go_package_opens() {
    let vector = vector("note/go-example");
    let verifier = Verifier::parse(text(&vector, "vkey")).expect("a vkey");
    assert_eq!(verifier.to_string(), text(&vector, "vkey"));
    let opened = note::open(text(&vector, "note").as_bytes(), &[verifier]).expect("signed");
    assert_eq!((opened.text.as_str(), opened.signers), (text(&vector, "text"), vec!["PeterNeumann".to_owned()]));
}

#[test]
fn a_note_opens_only_as_it_was_signed() {
    let (ours, other) = (SigningKey::from_seed([1; 32]), SigningKey::from_seed([2; 32]));
    let signer = |name: &str, key| Signer::new(name, key).expect("a name");
    let both = [signer("a.example/x", &ours), signer("b.example/y", &other)];
    let note = note::sign("text\n\nmore\n", &both).expect("text");
    let known = [both[0].verifier()];
    let open = |note: &str| note::open(note.as_bytes(), &known);
    let opened = open(&note).expect("signed");
    assert_eq!((opened.text.as_str(), opened.signers), ("text\n\nmore\n", vec!["a.example/x".to_owned()]));

    let lines: Vec<&str> = note.lines().collect();
    let ours_line = lines[lines.len() - 2];
    // Same name and same id, or only one of them: only the first counts as ours.
    let cases = [
        ("wrong-signature", note.replace("more", "less")),
        ("unknown-signer", note.replace(ours_line, &ours_line.replace("a.example/x", "c.example/z"))),
        ("bad-note", format!("{note}{ours_line}\n")),
        ("bad-note", note.replace("more", "mo\tre")),
        ("bad-note", note.replace('\n', "\r\n")),
        ("bad-note", note.trim_end().to_owned()),
        ("bad-note", format!("{note}\n")),
        ("bad-note", note.replace('\u{2014}', "-")),
        ("bad-note", note.replace("== \n", "\n").replacen(" a.example/x ", " a.example/x  ", 1)),
        ("bad-note", "text\n".to_owned()),
        ("bad-note", String::new()),
    ];
    for (expect, note) in cases {
        assert_eq!(code(open(&note)), expect, "{note:?}");
    }
    assert_eq!(code(note::open(b"\xff\n\n\xff\n", &known)), "bad-note");
    assert_eq!(code(note::sign("no line feed", &both)), "bad-note");
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\n"] {
        assert_eq!(code(Signer::new(name, &ours)), "bad-key-name", "{name:?}");
    }
    let vkey = known[0].to_string();
    for wrong in ["", "a.example/x", &vkey.replace("a.example/x+", "b.example/x+"), &vkey[..vkey.len() - 1]] {
        assert_eq!(code(Verifier::parse(wrong)), "bad-vkey", "{wrong:?}");
    }
}

#[test]
fn ssh_signatures_of_ssh_keygen_verify_and_only_for_their_bytes_and_purpose() {
    let vector = vector("sshsig/ssh-keygen");
    let key = PublicKey::from_openssh(text(&vector, "public_key")).expect("ssh-keygen wrote it");
    assert_eq!(key.fingerprint(), text(&vector, "fingerprint"));
    assert_eq!(key.openssh("examiner"), text(&vector, "public_key"));
    let (namespace, message) = (text(&vector, "namespace"), text(&vector, "message").as_bytes());
    for signature in vector["signatures"].as_array().expect("a list").iter().filter_map(Value::as_str) {
        assert_eq!(sshsig::verify(signature, namespace, message).ok(), Some(key));
        assert_eq!(code(sshsig::verify(signature, namespace, b"other")), "wrong-signature");
        assert_eq!(code(sshsig::verify(signature, "file", message)), "wrong-namespace");
        assert_eq!(code(sshsig::verify(&signature[1..], namespace, message)), "bad-ssh-signature");
        assert_eq!(code(sshsig::verify(&signature.replace("U1NI", "U1NJ"), namespace, message)), "bad-ssh-signature");
    }
    let ours = SigningKey::from_seed([5; 32]);
    let signature = sshsig::sign(message, namespace, &ours).expect("a key of our own");
    assert_eq!(sshsig::verify(&signature, namespace, message).ok(), Some(ours.public()));
}

#[test]
fn a_minisign_signature_verifies_and_only_for_its_bytes_and_comment() {
    let vector = vector("minisign/minisign");
    let line = text(&vector, "public_key").lines().nth(1).expect("two lines");
    let key =
        PublicKey::from_bytes(&probity_seal::armour::decode(line).expect("base64")[10..]).expect("minisign wrote it");
    let (signature, message) = (text(&vector, "signature"), text(&vector, "message").as_bytes());
    assert_eq!(minisign::verify(signature, &key, message).ok().as_deref(), Some(text(&vector, "trusted_comment")));
    assert_eq!(code(minisign::verify(signature, &key, b"other")), "wrong-signature");
    let forged = signature.replace("a trusted comment", "another comment");
    assert_eq!(code(minisign::verify(&forged, &key, message)), "wrong-signature");
    assert_eq!(code(minisign::verify(&signature[1..], &key, message)), "bad-minisign-signature");
    assert_eq!(code(minisign::verify(&format!("{signature}x\n"), &key, message)), "bad-minisign-signature");
    let shown = text(&vector, "public_key").trim_end().rsplit(' ').next().expect("an id")[..16].to_owned();
    let id = u64::from_str_radix(&shown, 16).expect("hex").to_le_bytes();
    assert_eq!(minisign::public_key_text(&key, id), text(&vector, "public_key"));

    let ours = SigningKey::from_seed([5; 32]);
    let signature = minisign::sign(message, &ours, minisign::key_id(&ours.public()), "case 42\nline");
    let signature = signature.expect("a key of our own");
    assert_eq!(minisign::verify(&signature, &ours.public(), message).ok().as_deref(), Some("case 42 line"));
    assert_eq!(code(minisign::verify(&signature, &key, message)), "wrong-signature");
}

proptest! {
    #[test]
    fn canonical_json_parses_back_to_the_same_value(value in any_json()) {
        let bytes = canonical::to_bytes(&value).expect("integers within range");
        let back: Value = serde_json::from_slice(&bytes).expect("JSON");
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(canonical::to_bytes(&back).expect("the same"), bytes);
    }

    #[test]
    fn no_parser_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(\u{2014} |-----BEGIN SSH SIGNATURE-----|\\PC|\n){0,60}") {
        let key = SigningKey::from_seed([5; 32]).public();
        let _ = note::open(&bytes, &[]);
        let _ = note::parse(text.as_bytes());
        let _ = Verifier::parse(&text);
        let _ = (SigningKey::from_pem(&text), PublicKey::from_pem(&text), PublicKey::from_openssh(&text));
        let _ = (sshsig::verify(&text, "n", &bytes), minisign::verify(&text, &key, &bytes));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
