//! Goal: a time stamp counts only from an authority for time stamps, over the very bytes, at a time that makes sense.
#![cfg(feature = "x509")]

mod authority;

use authority::{Authority, Server};
use model::Instant;
use probity_seal::x509::Certificate;
use probity_seal::{Answer, Revocations, Trust, cms, ocsp, sha256, tsp};

const CONTENT: &[u8] = b"the content";

fn now() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Instant::from_seconds(now.as_secs() as i64).expect("before 2262")
}

fn in_days(days: i64) -> Instant {
    Instant::from_seconds(now().seconds() + days * 86_400).expect("before 2262")
}

/// A token over [`CONTENT`], as `openssl ts` asks for it with these options.
fn token(authority: &Authority, options: &str) -> tsp::Token {
    authority.write("content", CONTENT);
    authority.run(&format!("openssl ts -query -data content -out q.tsq {options}"));
    let response = Server::start(authority, "granted").timestamp(&authority.read("q.tsq"));
    tsp::read_token_or_response(&response).expect("granted")
}

/// A token over the same TSTInfo, signed by `name`.
fn forged(authority: &Authority, token: &tsp::Token, name: &str, options: &str) -> tsp::Token {
    authority.write("token.tst", token.der());
    authority.run("openssl cms -verify -noverify -inform DER -in token.tst -out info");
    authority.run(&format!(
        "openssl cms -sign -binary -nodetach -nosmimecap -econtent_type 1.2.840.113549.1.9.16.1.4 -in info \
         -signer {name}.pem -inkey {name}.key -outform DER -out forged.tst -md sha256 {options}"
    ));
    tsp::read_token_or_response(&authority.read("forged.tst")).expect("its form is good")
}

fn judge_at(token: &tsp::Token, content: &[u8], anchors: &[Certificate], now: Instant) -> tsp::Judged {
    tsp::verify(token, &content, &Trust { anchors, now }, &Revocations::default())
}

#[track_caller]
fn no(answer: &Answer, words: &str) {
    assert!(answer.is_no() && answer.reason().contains(words), "{answer:?}");
}

#[test]
fn tokens_over_every_digest_are_good() {
    let Some(authority) = Authority::new() else { return };
    let ca = [authority.certificate("ca")];
    for options in ["-sha256 -cert", "-sha384 -cert", "-sha512 -cert -no_nonce"] {
        let token = token(&authority, options);
        let judged = judge_at(&token, CONTENT, &ca, now());
        assert!(judged.intact.is_yes() && judged.trusted.is_yes(), "{options}: {judged:?}");
        assert!((token.time().seconds() - now().seconds()).abs() < 100);
        no(&judge_at(&token, b"another", &ca, now()).intact, "over something else");
        let known = judge_at(&token, CONTENT, &[], now());
        assert!(known.intact.is_yes() && matches!(known.trusted, Answer::NotChecked(_)));
    }
    let short = tsp::verify(
        &token(&authority, "-sha512 -cert"),
        &sha256(CONTENT),
        &Trust { anchors: &ca, now: now() },
        &Revocations::default(),
    );
    assert!(matches!(&short.intact, Answer::NotChecked(reason) if reason.contains("No SHA-512")), "{short:?}");
}

#[test]
fn a_token_without_a_certificate_needs_it_from_elsewhere() {
    let Some(authority) = Authority::new() else { return };
    let token = token(&authority, "-sha256");
    assert_eq!(token.certificate(), None);
    let trust = Trust { anchors: &[authority.certificate("ca")], now: now() };
    let alone = tsp::verify(&token, &CONTENT, &trust, &Revocations::default());
    assert!(matches!(&alone.intact, Answer::NotChecked(reason) if reason.contains("not at hand")), "{alone:?}");
    let certificates = vec![authority.certificate("tsa").der().to_vec()];
    let helped = tsp::verify(&token, &CONTENT, &trust, &Revocations { certificates, ..Revocations::default() });
    assert!(helped.intact.is_yes() && helped.trusted.is_yes(), "{helped:?}");
}

#[test]
fn whoever_is_no_authority_for_time_stamps_makes_none() {
    let Some(authority) = Authority::new() else { return };
    let ca = [authority.certificate("ca")];
    let key = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let usage = |purposes: &str| format!("basicConstraints = critical, CA:FALSE\nextendedKeyUsage = {purposes}\n");
    // Valid before the time stamp says that it was used.
    authority.issue("second", "ca", key, &usage("critical, timeStamping"), "-days 10");
    let good = token(&authority, "-sha256 -cert");
    for (name, purposes) in [
        ("soft", "timeStamping"),
        ("more", "critical, timeStamping, emailProtection"),
        ("mail", "critical, emailProtection"),
    ] {
        authority.issue(name, "ca", key, &usage(purposes), "-days 10");
        let judged = judge_at(&forged(&authority, &good, name, "-cades"), CONTENT, &ca, now());
        no(&judged.intact, "is not one for time stamps and nothing else");
        assert!(matches!(judged.trusted, Answer::NotChecked(_)));
    }
    no(
        &judge_at(&forged(&authority, &good, "p256", "-cades"), CONTENT, &ca, now()).intact,
        "is not one for time stamps",
    );
    let second = judge_at(&forged(&authority, &good, "second", "-cades"), CONTENT, &ca, now());
    assert!(second.intact.is_yes() && second.trusted.is_yes(), "{second:?}");
    let unnamed = judge_at(&forged(&authority, &good, "second", ""), CONTENT, &ca, now());
    no(&unnamed.intact, "does not name its certificate");
    let sha1 = judge_at(&forged(&authority, &good, "second", "-cades -md sha1"), CONTENT, &ca, now());
    no(&sha1.intact, "SHA-1");
}

#[test]
fn the_time_must_be_one_at_which_the_authority_could_stamp() {
    let Some(authority) = Authority::new() else { return };
    let ca = [authority.certificate("ca")];
    let usage = "basicConstraints = critical, CA:FALSE\nextendedKeyUsage = critical, timeStamping\n";
    let key = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    authority.issue("short", "ca", key, usage, "-days 10");
    let good = token(&authority, "-sha256 -cert");
    no(&judge_at(&good, CONTENT, &ca, in_days(-1)).trusted, "which had not come yet");
    no(&judge_at(&good, CONTENT, &ca, in_days(4000)).trusted, "and no later time stamp covers this one");
    let token = forged(&authority, &good, "short", "-cades");
    assert!(judge_at(&token, CONTENT, &ca, in_days(9)).trusted.is_yes());
    no(&judge_at(&token, CONTENT, &ca, in_days(11)).trusted, "CN=short,O=Probity test,C=XX had expired on");
    // Made after the stamp says it was used.
    authority.run(
        "openssl x509 -req -in short.csr -CA ca.pem -CAkey ca.key -sha256 -days 10 -extfile short.cnf -out late.pem",
    );
    authority.write("late.key", &authority.read("short.key"));
    let old =
        authority.run("openssl asn1parse -inform DER -in info").lines().any(|line| line.contains("GENERALIZEDTIME"));
    assert!(old);
    let info = authority.read("info");
    let at = info.windows(2).position(|window| window == [0x18, 15]).expect("a time") + 2;
    let past = [&info[..at], b"20200101000000Z", &info[at + 15..]].concat();
    authority.write("info", &past);
    authority.run(
        "openssl cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -in info -signer late.pem \
         -inkey late.key -outform DER -out late.tst -md sha256 -cades",
    );
    let late = tsp::read_token_or_response(&authority.read("late.tst")).expect("its form is good");
    assert_eq!(late.time().to_string(), "2020-01-01T00:00:00Z");
    no(&judge_at(&late, CONTENT, &ca, now()).trusted, "was not valid on 2020-01-01T00:00:00Z");
}

#[test]
fn of_several_time_stamps_the_earliest_that_is_trusted_counts() {
    let (Some(authority), Some(stranger)) = (Authority::new(), Authority::stranger()) else { return };
    let signature =
        cms::sign(&cms::Sign { digest: sha256(CONTENT), signing_time: None, chain: true }, &authority.signer("p256"))
            .expect("it signs");
    let value = cms::signature_value(&signature).expect("one signer");
    let request = tsp::Request { imprint: sha256(&value), nonce: 0, policy: Some("1.2.3.4.1".to_owned()) };
    let query = request.to_der().expect("a policy");
    let ask = |authority: &Authority| {
        let response = Server::start(authority, "granted").timestamp(&query);
        tsp::read_response(&response, &request).expect("granted")
    };
    let (strange, first) = (ask(&stranger), ask(&authority));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let second = ask(&authority);
    assert!(first.time() < second.time());
    let mut all = signature;
    for token in [&strange, &second, &first] {
        all = cms::with_timestamp(&all, token.der()).expect("it is over this");
    }
    let anchors = [authority.certificate("ca")];
    let signed = cms::verify(
        &all,
        &CONTENT,
        cms::Rules::Ades,
        &Trust { anchors: &anchors, now: now() },
        &Revocations::default(),
    );
    assert!(signed.time_trusted.is_yes() && signed.intact.is_yes(), "{signed:?}");
    assert_eq!(signed.stamped, Some(first.time()));
}

#[test]
fn an_authority_that_closed_leaves_its_time_stamps_good() {
    let Some(authority) = Authority::new() else { return };
    let ca = [authority.certificate("ca")];
    let token = token(&authority, "-sha256 -cert");
    let server = Server::start(&authority, "granted");
    let index = authority.text("index.txt");
    let line = index.lines().find(|line| line.contains("Test TSA")).expect("it is listed").to_owned();
    let tomorrow: String = in_days(1).to_millis().chars().filter(char::is_ascii_digit).skip(2).take(12).collect();
    let judge = |reason: &str| {
        let revoked = line.replacen('V', "R", 1).replacen("\t\t", &format!("\t{tomorrow}Z,{reason}\t"), 1);
        authority.write("index.txt", index.replace(&line, &revoked).as_bytes());
        let request = ocsp::request(&authority.certificate("tsa"), &ca[0], &[]);
        let evidence = Revocations { ocsp: vec![server.status(&request)], ..Revocations::default() };
        tsp::verify(&token, &CONTENT, &Trust { anchors: &ca, now: in_days(2) }, &evidence)
    };
    for reason in ["superseded", "cessationOfOperation"] {
        let judged = judge(reason);
        assert!(judged.trusted.is_yes() && judged.notes[0].contains("was revoked later"), "{judged:?}");
    }
    no(&judge("keyCompromise").trusted, "(key compromise), and no later time stamp covers this one");
    no(&judge("unspecified").trusted, "was revoked on");
}
