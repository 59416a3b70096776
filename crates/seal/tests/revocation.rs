//! Goal: what responders and revocation lists say is read as OpenSSL reads it, and counts only from whom it may come and
//! for the time it is about.
#![cfg(feature = "x509")]

mod authority;

use authority::{Authority, Server};
use model::Instant;
use probity_seal::ocsp::Status;
use probity_seal::x509::Certificate;
use probity_seal::{Revocations, Trust, cms, crl, ocsp, sha256};

fn now() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Instant::from_seconds(now.as_secs() as i64).expect("before 2262")
}

fn in_days(days: i64) -> Instant {
    Instant::from_seconds(now().seconds() + days * 86_400).expect("before 2262")
}

/// The answer of `openssl ocsp` about `name`, with these options.
fn answer(authority: &Authority, name: &str, options: &str) -> Vec<u8> {
    let request = ocsp::request(&authority.certificate(name), &authority.certificate("ca"), &[]);
    authority.write("request", &request);
    authority.run(&format!("openssl ocsp -index index.txt -CA ca.pem -reqin request -respout answer {options}"));
    authority.read("answer")
}

const BY_RESPONDER: &str = "-rsigner ocsp.pem -rkey ocsp.key -ndays 1";

struct Case<'a> {
    authority: &'a Authority,
    certificate: Certificate,
}

impl<'a> Case<'a> {
    fn of(authority: &'a Authority, name: &str) -> Self {
        Case { authority, certificate: authority.certificate(name) }
    }

    fn ocsp(&self, answer: &[u8], at: Instant) -> Result<Status, String> {
        let checked = ocsp::check(answer, &self.certificate, &self.authority.certificate("ca"), at);
        checked.map_err(|fault| {
            assert_eq!(fault.code(), "bad-ocsp-response");
            fault.message().to_owned()
        })
    }

    fn list(&self, list: &[u8], at: Instant) -> Result<Status, String> {
        let checked = crl::check(list, &self.certificate, &self.authority.certificate("ca"), at);
        checked.map_err(|fault| {
            assert_eq!(fault.code(), "bad-revocation-list");
            fault.message().to_owned()
        })
    }
}

#[track_caller]
fn refused(said: Result<Status, String>, words: &str) {
    let reason = said.expect_err(words);
    assert!(reason.contains(words), "{reason}");
}

fn is_revoked(status: &Status) -> bool {
    matches!(status, Status::Revoked { reason: Some("key compromise"), .. })
}

#[test]
fn a_responder_is_asked_and_its_answer_read() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(&authority, "granted");
    let ca = authority.certificate("ca");
    let nonce = [7; 32];
    let ask = |name: &str| {
        let request = ocsp::request(&authority.certificate(name), &ca, &nonce);
        authority.write("request", &request);
        let text = authority.run("openssl ocsp -reqin request -req_text");
        assert!(text.contains("OCSP Nonce") && text.contains("sha1"), "{text}");
        server.status(&request)
    };
    let good = ask("p256");
    assert_eq!(ocsp::nonce(&good).as_deref(), Some(&nonce[..]));
    assert_eq!(ocsp::certificates(&good), [authority.certificate("ocsp")]);
    assert!(matches!(Case::of(&authority, "p256").ocsp(&good, now()), Ok(Status::Good { next_update: Some(_), .. })));
    assert!(is_revoked(&Case::of(&authority, "revoked").ocsp(&ask("revoked"), now()).expect("an answer")));
    refused(Case::of(&authority, "rsa").ocsp(&good, now()), "about another certificate");
    let stranger = Authority::stranger().expect("the tools are there");
    refused(Case::of(&stranger, "p256").ocsp(&good, now()), "about another certificate");
    assert_eq!(ocsp::nonce(&answer(&authority, "p256", BY_RESPONDER)), None);
}

#[test]
fn an_answer_counts_for_its_time_only() {
    let Some(authority) = Authority::new() else { return };
    let case = Case::of(&authority, "p256");
    let day = answer(&authority, "p256", BY_RESPONDER);
    assert!(case.ocsp(&day, now()).is_ok());
    refused(case.ocsp(&day, in_days(2)), "is too old");
    refused(case.ocsp(&day, in_days(-1)), "from the future");
    let open = answer(&authority, "p256", "-rsigner ocsp.pem -rkey ocsp.key");
    assert!(matches!(case.ocsp(&open, now()), Ok(Status::Good { next_update: None, .. })));
    refused(case.ocsp(&open, in_days(2)), "is too old");
    let revoked = answer(&authority, "revoked", BY_RESPONDER);
    assert!(is_revoked(&Case::of(&authority, "revoked").ocsp(&revoked, in_days(500)).expect("revoked stays revoked")));
}

#[test]
fn only_the_authority_or_whom_it_named_may_answer() {
    let Some(authority) = Authority::new() else { return };
    let case = Case::of(&authority, "p256");
    let by = |name: &str, more: &str| {
        answer(&authority, "p256", &format!("-rsigner {name}.pem -rkey {name}.key -ndays 1 {more}"))
    };
    assert!(case.ocsp(&by("ca", ""), now()).is_ok());
    assert!(case.ocsp(&by("ocsp", "-resp_key_id"), now()).is_ok());
    assert!(case.ocsp(&by("ocsp", "-rmd sha512"), now()).is_ok());
    refused(case.ocsp(&by("rsa", ""), now()), "may not speak for");
    refused(case.ocsp(&by("tsa", ""), now()), "may not speak for");
    refused(case.ocsp(&by("ocsp", "-resp_no_certs"), now()), "not at hand");
    refused(case.ocsp(&by("ocsp", "-rmd sha1"), now()), "SHA-1 is too weak");
    let stranger = Authority::stranger().expect("the tools are there");
    authority.write("strange.pem", &stranger.read("ocsp.pem"));
    authority.write("strange.key", &stranger.read("ocsp.key"));
    refused(case.ocsp(&by("strange", ""), now()), "may not speak for");
    let mut changed = by("ocsp", "");
    let time = changed.windows(2).position(|window| window == [0x18, 15]).expect("the time of the answer");
    changed[time + 15] ^= 1;
    refused(case.ocsp(&changed, now()), "signature of the OCSP responder is bad");
    refused(case.ocsp(&[0x30, 3, 0x0a, 1, 3], now()), "try again later");
    refused(case.ocsp(b"out of order\n", now()), "not an answer");
}

/// A revocation list of the authority, with extensions of `openssl ca`.
fn list(authority: &Authority, extensions: &str, days: &str) -> Vec<u8> {
    authority.write(
        "crl.cnf",
        format!(
            "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ndefault_md = sha256\nprivate_key = ca.key\n\
             certificate = ca.pem\ncrl_extensions = e\n[e]\nauthorityKeyIdentifier = keyid\n{extensions}"
        )
        .as_bytes(),
    );
    authority.run(&format!("openssl ca -gencrl -config crl.cnf -crldays {days} -out list.pem"));
    authority.run("openssl crl -in list.pem -outform DER -out list.crl");
    authority.read("list.crl")
}

#[test]
fn a_list_is_read_as_openssl_reads_it() {
    let Some(authority) = Authority::new() else { return };
    let list = list(&authority, "", "10");
    let status = |name: &str| Case::of(&authority, name).list(&list, now()).expect("it is about them");
    let openssl =
        |name: &str| authority.sh(&format!("openssl verify -crl_check -CAfile ca.pem -CRLfile list.pem {name}.pem"));
    for name in ["p256", "rsa", "ed25519", "qualified", "revoked"] {
        assert_eq!(matches!(status(name), Status::Good { .. }), openssl(name).0, "{name}");
    }
    assert!(is_revoked(&status("revoked")) && openssl("revoked").1.contains("revoked"));
    refused(Case::of(&authority, "p256").list(&list, in_days(11)), "is too old");
    refused(Case::of(&authority, "p256").list(&list, in_days(-1)), "from the future");
    let stranger = Authority::stranger().expect("the tools are there");
    refused(Case::of(&stranger, "p256").list(&list, now()), "signature of the revocation list is bad");
    let mut changed = list.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    refused(Case::of(&authority, "p256").list(&changed, now()), "signature of the revocation list is bad");
    refused(Case::of(&authority, "p256").list(b"", now()), "not a revocation list");
}

#[test]
fn a_list_about_less_than_everything_is_not_mistaken_for_more() {
    let Some(authority) = Authority::new() else { return };
    let point =
        |fields: &str| list(&authority, &format!("issuingDistributionPoint = critical, @p\n[p]\n{fields}\n"), "10");
    let case = Case::of(&authority, "p256");
    assert!(case.list(&point("onlyuser = TRUE"), now()).is_ok());
    refused(case.list(&point("onlyCA = TRUE"), now()), "about other certificates");
    refused(case.list(&point("indirectCRL = TRUE"), now()), "of other authorities too");
    refused(case.list(&point("onlyAA = TRUE"), now()), "attribute certificates");
    refused(case.list(&point("onlysomereasons = keyCompromise"), now()), "some reasons only");
    refused(case.list(&point("fullname = URI:http://example.org/1.crl"), now()), "about other certificates");
    refused(case.list(&list(&authority, "deltaCRL = critical, ASN1:INTEGER:1", "10"), now()), "the changes");
    refused(case.list(&list(&authority, "1.2.3.4 = critical, ASN1:NULL", "10"), now()), "critical extension 1.2.3.4");
    let usage = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n\
                 crlDistributionPoints = URI:http://example.org/1.crl\n";
    authority.issue("placed", "ca", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", usage, "-days 10");
    let placed = Case::of(&authority, "placed");
    assert_eq!(placed.certificate.crl_urls(), ["http://example.org/1.crl"]);
    assert!(placed.list(&point("fullname = URI:http://example.org/1.crl"), now()).is_ok());
}

#[test]
fn lists_and_answers_about_a_whole_path_are_put_together() {
    let Some(authority) = Authority::new() else { return };
    let key = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let usage = "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n";
    authority.issue("between", "ca", key, usage, "-days 100");
    authority.issue("p256", "between", key, "basicConstraints = critical, CA:FALSE\n", "-days 100");
    let content: &[u8] = b"content";
    let signature =
        cms::sign(&cms::Sign { digest: sha256(content), signing_time: None, chain: false }, &authority.signer("p256"))
            .expect("it signs");
    let judge = |evidence: Revocations| {
        let trust = Trust { anchors: &[authority.certificate("ca")], now: now() };
        let signed = cms::verify(&signature, &content, cms::Rules::Ades, &trust, &evidence);
        (signed.signer_trusted, signed.notes)
    };
    let certificates = vec![authority.certificate("between").der().to_vec()];
    let (answer, _) = judge(Revocations::default());
    assert!(answer.is_no() && answer.reason().contains("CN=between"), "{answer:?}");
    let (answer, notes) = judge(Revocations { certificates: certificates.clone(), ..Revocations::default() });
    assert!(answer.is_yes() && notes.len() == 2, "{answer:?} {notes:?}");
    let crls = vec![list(&authority, "", "10"), b"damaged".to_vec()];
    let (answer, notes) = judge(Revocations { certificates: certificates.clone(), crls, ..Revocations::default() });
    assert!(answer.is_yes() && notes.iter().any(|note| note.contains("could not be read")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("not checked for CN=p256")), "{notes:?}");
    assert!(!notes.iter().any(|note| note.contains("not checked for CN=between")), "{notes:?}");
    let serial = authority.certificate("between").serial_hex();
    let mut index = authority.text("index.txt");
    index.push_str(&format!(
        "R\t361119023648Z\t260101000000Z,CACompromise\t{}\tunknown\t/CN=x\n",
        serial.to_uppercase()
    ));
    authority.write("index.txt", index.as_bytes());
    let crls = vec![list(&authority, "", "10")];
    let (answer, _) = judge(Revocations { certificates, crls, ..Revocations::default() });
    assert!(
        answer.is_no()
            && answer.reason().contains("CN=between")
            && answer.reason().contains("compromise of the authority")
    );
}
