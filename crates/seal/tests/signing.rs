//! Goal: OpenSSL agrees with what we sign, with what we ask a time stamp authority, and with its answer inside.
#![cfg(feature = "x509")]

mod authority;

use authority::{Authority, Server, judge};
use model::Instant;
use probity_seal::x509::{self, Certificate, FileSigner, Signer};
use probity_seal::{cms, sha256, tsp};

const CONTENT: &[u8] = b"the manifest\n";

fn sign(signer: &dyn Signer, signing_time: Option<Instant>) -> Vec<u8> {
    cms::sign(&cms::Sign { digest: sha256(CONTENT), signing_time, chain: true }, signer).expect("it signs")
}

/// What `openssl cms -verify` says about `cms.der` over `content` in the folder.
fn openssl_verify(authority: &Authority, cms: &[u8], content: &[u8]) -> (bool, String) {
    authority.write("cms.der", cms);
    authority.write("content", content);
    authority
        .sh("openssl cms -verify -binary -inform DER -in cms.der -content content -CAfile ca.pem -purpose any -cades \
         -out /dev/null")
}

fn request(cms: &[u8]) -> tsp::Request {
    let value = cms::signature_value(cms).expect("one signer");
    tsp::Request { imprint: sha256(&value), nonce: 0x8000_1234_5678_9abc, policy: None }
}

#[test]
fn openssl_verifies_a_signature_and_refuses_it_for_other_content() {
    let Some(authority) = Authority::new() else { return };
    for name in ["p256", "qualified"] {
        for time in [None, Some(Instant::parse("2026-01-03T09:00:00Z").expect("a time"))] {
            let cms = sign(&authority.signer(name), time);
            let (verified, text) = openssl_verify(&authority, &cms, CONTENT);
            assert!(verified && text.contains("CAdES Verification successful"), "{name}: {text}");
            assert!(!openssl_verify(&authority, &cms, b"another\n").0);
            assert_eq!(cms, sign(&authority.signer(name), time), "equal inputs, equal bytes");
        }
    }
    let printed = authority.run("openssl cms -cmsout -print -inform DER -in cms.der");
    assert_eq!(printed.matches("signerInfos:").count(), 1);
    assert!(printed.contains("id-smime-aa-signingCertificateV2") && printed.contains("signingTime"), "{printed}");
}

#[test]
fn openssl_verifies_the_token_that_we_asked_for_and_put_in() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(&authority, "granted");
    let cms = sign(&authority.signer("p256"), None);
    let request = request(&cms);
    let query = request.to_der().expect("no policy");
    authority.write("q.tsq", &query);
    let said = authority.run("openssl ts -query -in q.tsq -text");
    assert!(said.contains("Certificate required: yes") && said.contains("0x800012"), "{said}");
    let response = server.timestamp(&query);
    let token = tsp::read_response(&response, &request).expect("granted");
    assert_eq!(token.policy(), "1.2.3.4.1");
    assert_eq!(token.certificate().map(Certificate::subject).as_deref(), Some("CN=Test TSA,O=Probity test,C=XX"));

    let stamped = cms::with_timestamp(&cms, &response).expect("a response will do");
    assert_eq!(stamped, cms::with_timestamp(&cms, token.der()).expect("and a token"));
    assert_eq!(cms::signature_value(&stamped).expect("one"), cms::signature_value(&cms).expect("one"));
    let (verified, text) = openssl_verify(&authority, &stamped, CONTENT);
    assert!(verified, "{text}");
    authority.write("token.tst", token.der());
    authority.write("value", &cms::signature_value(&stamped).expect("one signer"));
    authority.run("openssl ts -verify -in token.tst -token_in -data value -CAfile ca.pem");
    let twice = cms::with_timestamp(&stamped, token.der()).expect("a second one");
    assert!(openssl_verify(&authority, &twice, CONTENT).0 && twice.len() > stamped.len() + token.der().len());
}

#[test]
fn a_refusal_and_an_answer_to_another_question_are_named() {
    let Some(authority) = Authority::new() else { return };
    let cms = sign(&authority.signer("p256"), None);
    let request = request(&cms);
    let rejected = Server::start(&authority, "rejected").timestamp(&request.to_der().expect("no policy"));
    let check = |bytes: &[u8], request: &tsp::Request, code: &str, words: &str| {
        let fault = tsp::read_response(bytes, request).expect_err(words);
        assert_eq!(fault.code(), code);
        assert!(fault.message().contains(words), "{}", fault.message());
    };
    check(&rejected, &request, "timestamp-refused", "refused");
    check(b"out of order\n", &request, "bad-timestamp-token", "neither");
    let response = Server::start(&authority, "granted").timestamp(&request.to_der().expect("no policy"));
    let other = |change: fn(&mut tsp::Request)| {
        let mut other = request.clone();
        change(&mut other);
        other
    };
    check(&response, &other(|r| r.nonce += 1), "bad-timestamp-token", "nonce");
    check(&response, &other(|r| r.imprint = sha256(b"")), "bad-timestamp-token", "something else");
    check(&response, &other(|r| r.policy = Some("1.2.3.4.2".to_owned())), "bad-timestamp-token", "policy");
    let wrong = tsp::Request { policy: Some("best".to_owned()), ..request.clone() };
    assert_eq!(wrong.to_der().expect_err("no identifier").code(), "bad-timestamp-policy");
    let another = sign(&authority.signer("qualified"), None);
    assert_eq!(cms::with_timestamp(&another, &response).expect_err("of another").code(), "bad-timestamp-token");
}

#[test]
fn a_certificate_of_ones_own_is_one_for_openssl_too() {
    if !judge("openssl") {
        return;
    }
    let folder = Authority::new().expect("openssl is there");
    let (from, until) = (Instant::parse("2026-01-01").expect("a time"), Instant::parse("2066-01-01").expect("a time"));
    let (key, certificate) = x509::self_signed(&[7; 32], "Laboratory, \"Müller\"", from, until).expect("a name");
    assert_eq!(certificate.subject(), "CN=Laboratory\\, \\\"Müller\\\"");
    assert!(certificate.is_self_signed() && !certificate.is_authority());
    assert_eq!((certificate.not_before(), certificate.not_after()), (from, until));
    folder.write("own.key", key.as_bytes());
    folder.write("ca.pem", certificate.to_pem().as_bytes());
    let said = folder.run("openssl x509 -in ca.pem -noout -text -fingerprint -sha256");
    assert!(said.contains("Digital Signature, Non Repudiation") && said.contains("CA:FALSE"), "{said}");
    assert!(said.replace(':', "").to_lowercase().contains(&certificate.sha256().hex()));
    assert_eq!(folder.run("openssl pkey -in own.key -check -noout").trim(), "Key is valid");
    let sec1 = folder.run("openssl ec -in own.key 2>/dev/null");
    for key in [key.as_str(), &sec1] {
        let signer = FileSigner::new(key, vec![certificate.clone()]).expect("they fit");
        let (verified, text) = openssl_verify(&folder, &sign(&signer, None), CONTENT);
        assert!(verified, "{text}");
    }
}

#[test]
fn keys_that_cannot_sign_here_are_refused() {
    let Some(authority) = Authority::new() else { return };
    let check = |key: &str, name: &str, code: &str| {
        let fault = FileSigner::new(key, vec![authority.certificate(name)]).expect_err(code);
        assert_eq!(fault.code(), code);
    };
    check(&authority.text("rsa.key"), "rsa", "bad-signing-key");
    check(&authority.text("ed25519.key"), "ed25519", "bad-signing-key");
    check(&authority.run("openssl pkey -in p256.key -aes256 -passout pass:x"), "p256", "bad-signing-key");
    check("", "p256", "bad-signing-key");
    check(&authority.text("p256.key"), "qualified", "certificate-mismatch");
    let from = Instant::parse("2026-01-01").expect("a time");
    let until = Instant::parse("2027-01-01").expect("a time");
    for (name, until) in [("", until), ("a\nb", until), (&*"n".repeat(65), until), ("n", from)] {
        assert_eq!(x509::self_signed(&[1; 32], name, from, until).expect_err(name).code(), "bad-certificate-name");
    }
    assert_eq!(Certificate::all_from_pem("").expect_err("none").code(), "bad-certificate");
}
