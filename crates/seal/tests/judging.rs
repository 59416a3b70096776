//! Goal: signatures that OpenSSL made are judged as OpenSSL judges them, and every fault is caught and named.
#![cfg(feature = "x509")]

mod authority;

use authority::{Authority, Server, judge as has_tool};
use model::Instant;
use probity_seal::x509::{Certificate, Signer};
use probity_seal::{Answer, Revocations, Signed, Trust, cms, ocsp, sha256, tsp};

const CONTENT: &[u8] = b"the manifest\n";

fn now() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Instant::from_seconds(now.as_secs() as i64).expect("before 2262")
}

fn later(days: i64) -> Instant {
    Instant::from_seconds(now().seconds() + days * 86_400).expect("before 2262")
}

fn judge_at(cms: &[u8], anchors: &[Certificate], now: Instant, evidence: &Revocations) -> Signed {
    cms::verify(cms, &CONTENT, cms::Rules::Ades, &Trust { anchors, now }, evidence)
}

fn judge(cms: &[u8], anchors: &[Certificate]) -> Signed {
    judge_at(cms, anchors, now(), &Revocations::default())
}

fn sign(signer: &dyn Signer) -> Vec<u8> {
    cms::sign(&cms::Sign { digest: sha256(CONTENT), signing_time: Some(now()), chain: true }, signer).expect("it signs")
}

fn stamp(server: &Server, cms: &[u8]) -> Vec<u8> {
    let value = cms::signature_value(cms).expect("one signer");
    let request = tsp::Request { imprint: sha256(&value), nonce: 7, policy: None };
    let response = server.timestamp(&request.to_der().expect("no policy"));
    let token = tsp::read_response(&response, &request).expect("granted");
    cms::with_timestamp(cms, token.der()).expect("it is over this")
}

fn evidence(server: &Server, authority: &Authority, name: &str) -> Revocations {
    let request = ocsp::request(&authority.certificate(name), &authority.certificate("ca"), &[5; 16]);
    Revocations { ocsp: vec![server.status(&request)], ..Revocations::default() }
}

#[track_caller]
fn yes(answer: &Answer, words: &str) {
    assert!(answer.is_yes() && answer.reason().contains(words), "{answer:?}");
}

#[track_caller]
fn no(answer: &Answer, words: &str) {
    assert!(answer.is_no() && answer.reason().contains(words), "{answer:?}");
}

#[track_caller]
fn not_checked(answer: &Answer, words: &str) {
    assert!(matches!(answer, Answer::NotChecked(_)) && answer.reason().contains(words), "{answer:?}");
}

/// `openssl cms -sign` with these options, over the content.
fn openssl_sign(authority: &Authority, name: &str, options: &str) -> Vec<u8> {
    authority.write("content", CONTENT);
    authority.run(&format!(
        "openssl cms -sign -binary -in content -signer {name}.pem -inkey {name}.key -certfile ca.pem -outform DER \
         -out made.p7s {options}"
    ));
    authority.read("made.p7s")
}

#[test]
fn signatures_that_openssl_made_are_good() {
    let Some(authority) = Authority::new() else { return };
    let usage = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, nonRepudiation\n";
    authority.issue("p384", "ca", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", usage, "-days 100");
    let ca = [authority.certificate("ca")];
    for (name, options, words) in [
        ("p256", "-md sha256", "ECDSA P-256 with SHA-256"),
        ("p256", "-md sha512", "ECDSA P-256 with SHA-512"),
        ("p384", "-md sha384", "ECDSA P-384 with SHA-384"),
        ("p384", "-md sha256", "ECDSA P-384 with SHA-256"),
        ("rsa", "-md sha256", "RSA 3072 with SHA-256"),
        ("rsa", "-md sha512", "RSA 3072 with SHA-512"),
        ("rsa", "-md sha256 -keyopt rsa_padding_mode:pss", "RSA-PSS 3072 with SHA-256"),
        ("rsa", "-md sha384 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20", "RSA-PSS 3072 with SHA-384"),
        ("rsa", "-md sha256 -keyid", "RSA 3072"),
    ] {
        let signed = judge(&openssl_sign(&authority, name, &format!("{options} -cades")), &ca);
        yes(&signed.intact, words);
        yes(&signed.signer_trusted, "leads to the trusted CN=Test root,O=Probity test,C=XX");
        not_checked(&signed.time_trusted, "no time stamp");
        assert!(signed.notes.iter().any(|note| note.starts_with("Revocation not checked")), "{:?}", signed.notes);
        let claimed = signed.claimed.expect("openssl writes signingTime");
        assert!((claimed.seconds() - now().seconds()).abs() < 100 && signed.stamped.is_none());
    }
}

/// The library of Firefox, Thunderbird and pdfsig: its signatures are plain CMS, with lengths left open.
#[test]
fn signatures_that_nss_made_are_good() {
    let Some(authority) = Authority::new() else { return };
    if !has_tool("cmsutil") || !has_tool("pk12util") {
        return;
    }
    authority.write("content", CONTENT);
    authority.run("mkdir nss && certutil -N -d sql:nss --empty-password");
    authority.run("certutil -A -d sql:nss -n root -t C,C,C -i ca.pem");
    let (anchors, none) = ([authority.certificate("ca")], Revocations::default());
    let usage = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, keyEncipherment\n\
                 extendedKeyUsage = emailProtection\nsubjectAltName = email:a@example.org\n";
    let p256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let rsa = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    for (name, key, words) in
        [("nss-rsa", rsa, "RSA 2048 with SHA-256"), ("nss-p256", p256, "ECDSA P-256 with SHA-256")]
    {
        authority.issue(name, "ca", key, usage, "-days 10");
        authority.run(&format!(
            "openssl pkcs12 -export -inkey {name}.key -in {name}.pem -name {name} -passout pass:test -out {name}.p12"
        ));
        authority.run(&format!("pk12util -i {name}.p12 -d sql:nss -W test"));
        authority.run(&format!("cmsutil -S -T -H SHA256 -G -N {name} -d sql:nss -i content -o nss.p7s"));
        let trust = Trust { anchors: &anchors, now: now() };
        let signed = cms::verify(&authority.read("nss.p7s"), &CONTENT, cms::Rules::Plain, &trust, &none);
        yes(&signed.intact, words);
        yes(&signed.signer_trusted, "leads to the trusted");
        assert!(signed.claimed.is_some());
    }
}

#[test]
fn lengths_that_were_left_open_are_read() {
    let Some(authority) = Authority::new() else { return };
    let der = openssl_sign(&authority, "rsa", "-md sha256 -cades");
    // Three frames with lengths of two bytes: ContentInfo, [0], SignedData; the identifier stands after the first.
    assert!(der[..4].starts_with(&[0x30, 0x82]) && der[15..17] == [0xa0, 0x82] && der[19..21] == [0x30, 0x82]);
    let ber = [&[0x30, 0x80], &der[4..15], &[0xa0, 0x80, 0x30, 0x80], &der[23..], &[0; 6]].concat();
    let ca = [authority.certificate("ca")];
    yes(&judge(&ber, &ca).intact, "RSA 3072");
    assert_eq!(cms::signature_value(&ber).expect("one"), cms::signature_value(&der).expect("one"));
    let padded = [&ber[..], &[0; 100]].concat();
    assert_eq!(cms::unpadded(&padded), Some(&ber[..]));
    assert_eq!(cms::unpadded(&[&der[..], &[0, 0, 1]].concat()), None);
}

#[test]
fn what_is_weak_or_unusual_is_named() {
    let Some(authority) = Authority::new() else { return };
    let ca = [authority.certificate("ca")];
    let sha1 = openssl_sign(&authority, "rsa", "-md sha1");
    no(&judge(&sha1, &ca).intact, "SHA-1 digest, which is too weak");
    let plain = openssl_sign(&authority, "rsa", "-md sha256");
    no(&judge(&plain, &ca).intact, "does not name its certificate");
    let trust = Trust { anchors: &ca, now: now() };
    let none = Revocations::default();
    let lenient = cms::verify(&plain, &CONTENT, cms::Rules::Plain, &trust, &none);
    yes(&lenient.intact, "RSA");
    assert!(lenient.notes.iter().any(|note| note.contains("does not name its certificate")));
    let bare = openssl_sign(&authority, "rsa", "-md sha256 -noattr");
    no(&judge(&bare, &ca).intact, "no signed attributes");
    yes(&cms::verify(&bare, &CONTENT, cms::Rules::Plain, &trust, &none).intact, "RSA");
    let digest = sha256(CONTENT);
    let sha512 = openssl_sign(&authority, "rsa", "-md sha512 -cades");
    not_checked(&cms::verify(&sha512, &digest, cms::Rules::Ades, &trust, &none).intact, "No SHA-512");
    yes(&cms::verify(&sha512, &&[&CONTENT[..4], &CONTENT[4..]][..], cms::Rules::Ades, &trust, &none).intact, "RSA");
    let nobody = openssl_sign(&authority, "p256", "-md sha256 -cades -nocerts");
    not_checked(&judge(&nobody, &ca).intact, "not at hand");
    let opaque = openssl_sign(&authority, "p256", "-md sha256 -cades -nodetach");
    no(&judge(&opaque, &ca).intact, "its own content");
    assert_eq!((cms::attached(&opaque).as_deref(), cms::attached(&plain)), (Some(CONTENT), None));
    yes(&cms::verify(&opaque, &CONTENT, cms::Rules::Plain, &trust, &none).intact, "ECDSA");
    no(&cms::verify(&opaque, &&b"other"[..], cms::Rules::Plain, &trust, &none).intact, "its own content");
    let two = openssl_sign(&authority, "p256", "-md sha256 -cades -signer rsa.pem -inkey rsa.key");
    no(&judge(&two, &ca).intact, "2 signers");
    let each = cms::verify_each(&two, &CONTENT, cms::Rules::Ades, &trust, &none);
    assert!(each.len() == 2 && each.iter().all(|signed| signed.intact.is_yes() && signed.signer_trusted.is_yes()));
    no(&judge(b"no signature", &ca).intact, "not a CMS signature");
}

#[test]
fn ed25519_in_cms_is_read() {
    let Some(authority) = Authority::new() else { return };
    let cms = ed25519_cms(&authority);
    let signed = judge(&cms, &[authority.certificate("ca")]);
    yes(&signed.intact, "Ed25519");
    yes(&signed.signer_trusted, "leads to");
}

/// OpenSSL 3.0 makes none (RFC 8419 came into 3.2), so that the parts are put together here, and signed by openssl.
fn ed25519_cms(authority: &Authority) -> Vec<u8> {
    struct Ed25519<'a>(&'a Authority, Certificate);
    impl Ed25519<'_> {
        fn sign(&self, message: &[u8]) -> Vec<u8> {
            self.0.write("message", message);
            self.0.run("openssl pkeyutl -sign -rawin -in message -inkey ed25519.key -out raw.sig");
            self.0.read("raw.sig")
        }
    }
    let key = Ed25519(authority, authority.certificate("ed25519"));
    let tlv = |tag: u8, parts: &[&[u8]]| {
        let body = parts.concat();
        let length = u16::try_from(body.len()).expect("small").to_be_bytes();
        let head = match body.len() {
            0..=127 => vec![tag, length[1]],
            128..=255 => vec![tag, 0x81, length[1]],
            _ => vec![tag, 0x82, length[0], length[1]],
        };
        [head, body].concat()
    };
    let sha256_id = [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    let data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 1];
    let attribute = |id: &[u8], value: Vec<u8>| tlv(0x30, &[&tlv(6, &[id]), &tlv(0x31, &[&value])]);
    let pkcs9 = |last: &[u8]| [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 9][..], last].concat();
    let ess = tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&tlv(4, &[key.1.sha256().as_bytes()])])])]);
    let attributes = [
        attribute(&pkcs9(&[3]), data.to_vec()),
        attribute(&pkcs9(&[4]), tlv(4, &[sha256(CONTENT).as_bytes()])),
        attribute(&pkcs9(&[16, 2, 47]), ess),
    ]
    .concat();
    let signature = key.sign(&tlv(0x31, &[&attributes]));
    let der = key.1.der();
    // Name of the issuer and number, as they stand in the certificate: after version and number comes the algorithm.
    let id = authority.run("openssl asn1parse -in ed25519.pem");
    let at = |line: usize| {
        let line = id.lines().nth(line).expect("a line");
        let start: usize = line.split(':').next().expect("an offset").trim().parse().expect("a number");
        let part = |name: &str| -> usize {
            let text = line.split(name).nth(1).expect("a length").trim_start();
            text.split(' ').next().expect("digits").parse().expect("a number")
        };
        der[start..start + part("hl=") + part(" l=")].to_vec()
    };
    let issuer_line = id.lines().position(|line| line.contains("ecdsa-with-SHA256")).expect("it is there") + 1;
    let (serial, issuer) = (at(4), at(issuer_line));
    let info = tlv(
        0x30,
        &[
            &[2, 1, 1],
            &tlv(0x30, &[&issuer, &serial]),
            &sha256_id,
            &tlv(0xa0, &[&attributes]),
            &[0x30, 5, 6, 3, 0x2b, 0x65, 0x70],
            &tlv(4, &[&signature]),
        ],
    );
    let signed = tlv(
        0x30,
        &[&[2, 1, 1], &tlv(0x31, &[&sha256_id]), &tlv(0x30, &[&data]), &tlv(0xa0, &[der]), &tlv(0x31, &[&info])],
    );
    tlv(0x30, &[&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 7, 2], &tlv(0xa0, &[&signed])])
}

#[test]
fn every_part_that_is_changed_is_caught() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(&authority, "granted");
    let ca = [authority.certificate("ca")];
    let signer = authority.signer("p256");
    let cms = stamp(&server, &sign(&signer));
    let good = judge(&cms, &ca);
    yes(&good.intact, "ECDSA P-256");
    yes(&good.time_trusted, "CN=Test TSA,O=Probity test,C=XX leads to the trusted");
    assert_eq!(good.signer.as_ref(), Some(signer.certificate()));
    let other = cms::verify(
        &cms,
        &&b"another"[..],
        cms::Rules::Ades,
        &Trust { anchors: &ca, now: now() },
        &Revocations::default(),
    );
    no(&other.intact, "The content was changed");
    not_checked(&other.signer_trusted, "not asked");
    assert!(other.stamped.is_some() && other.time_trusted.is_yes(), "the stamp is over the signature, not the content");
    let changed = |find: &[u8], offset: usize| {
        let at = cms.windows(find.len()).position(|window| window == find).expect("it is there") + offset;
        let mut changed = cms.clone();
        changed[at] ^= 1;
        judge(&changed, &ca)
    };
    let signature = cms::signature_value(&cms).expect("one signer");
    let broken = changed(&signature, signature.len() - 1);
    no(&broken.intact, "not by the key");
    no(&broken.time_trusted, "over something else");
    no(&changed(sha256(CONTENT).as_bytes(), 0).intact, "The content was changed");
    no(&changed(signer.certificate().sha256().as_bytes(), 0).intact, "not by the key");
    let token_time = good.stamped.expect("stamped").to_string();
    let digits: String = token_time.chars().filter(char::is_ascii_digit).collect();
    let moved = changed(digits.as_bytes(), 3);
    no(&moved.time_trusted, "The time stamp is not good: the content was changed");
    assert!(moved.stamped.is_none() && moved.intact.is_yes());
}

#[test]
fn what_a_reader_should_know_besides_is_noted() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(&authority, "granted");
    let ca = [authority.certificate("ca")];
    let sign = cms::Sign { digest: sha256(CONTENT), signing_time: Some(later(1)), chain: true };
    let cms = stamp(&server, &cms::sign(&sign, &authority.signer("p256")).expect("it signs"));
    let signed = judge(&cms, &ca);
    assert!(signed.intact.is_yes() && signed.time_trusted.is_yes());
    assert!(signed.notes.iter().any(|note| note.contains("claims a time after that of the time stamp")), "{signed:?}");

    // The attribute of the time stamp becomes that of an archive time stamp: nothing signs which one it is.
    let (stamp_id, archive_id) = ([9, 16, 2, 14], [9, 16, 2, 27]);
    let at = cms.windows(4).position(|window| window == stamp_id).expect("it is there");
    let archived = [&cms[..at], &archive_id, &cms[at + 4..]].concat();
    let signed = judge(&archived, &ca);
    not_checked(&signed.time_trusted, "no time stamp");
    assert!(signed.notes.iter().any(|note| note.contains("archive time stamp")), "{signed:?}");
}

#[test]
fn no_flipped_bit_passes_unnoticed() {
    let Some(authority) = Authority::new() else { return };
    let ca = [authority.certificate("ca")];
    let cms = sign(&authority.signer("p256"));
    let signer = judge(&cms, &ca).signer;
    for at in 0..cms.len() {
        let mut changed = cms.clone();
        changed[at] ^= 1 << (at % 8);
        let signed = judge(&changed, &ca);
        // What nothing signs may change, but never whose signature it is: version numbers, the list of digests, and
        // certificates that are not needed.
        assert!(!signed.intact.is_yes() || signed.signer == signer, "byte {at}");
    }
}

#[test]
fn a_strangers_authority_is_not_trusted() {
    let (Some(authority), Some(stranger)) = (Authority::new(), Authority::stranger()) else { return };
    let server = Server::start(&stranger, "granted");
    let cms = stamp(&server, &sign(&authority.signer("p256")));
    let signed = judge(&cms, &[authority.certificate("ca")]);
    yes(&signed.intact, "ECDSA");
    yes(&signed.signer_trusted, "leads to the trusted");
    no(&signed.time_trusted, "the key of the trusted certificate with that name did not sign it");
    assert!(signed.stamped.is_some());
    let signed = judge(&cms, &[stranger.certificate("ca")]);
    no(&signed.signer_trusted, "the key of the trusted certificate with that name did not sign it");
    yes(&signed.time_trusted, "leads to the trusted");
    not_checked(&judge(&cms, &[]).signer_trusted, "No trusted certificate was given");
    let signed = judge(&cms, &[stranger.certificate("rsa")]);
    no(&signed.signer_trusted, "was issued by its holder, and is not among the trusted ones");
    let only = [authority.certificate("p256"), stranger.certificate("tsa")];
    let signed = judge(&cms, &only);
    yes(&signed.signer_trusted, "is itself a trusted one");
    yes(&signed.time_trusted, "is itself a trusted one");
}

#[test]
fn revocation_is_judged_at_the_time_of_the_stamp() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(&authority, "granted");
    let ca = [authority.certificate("ca")];
    let good = stamp(&server, &sign(&authority.signer("p256")));
    let known = evidence(&server, &authority, "p256");
    let signed = judge_at(&good, &ca, now(), &known);
    yes(&signed.signer_trusted, "and was not revoked as of");
    assert!(!signed.notes.iter().any(|note| note.contains("Examiner")), "{:?}", signed.notes);
    let others = judge_at(&good, &ca, now(), &evidence(&server, &authority, "rsa"));
    assert!(others.notes.iter().any(|note| note.contains("no answer about it is at hand")), "{:?}", others.notes);

    let revoked = evidence(&server, &authority, "revoked");
    let unstamped = sign(&authority.signer("revoked"));
    no(&judge_at(&unstamped, &ca, now(), &revoked).signer_trusted, "(key compromise), and no trusted time says");
    let stamped = stamp(&server, &unstamped);
    no(&judge_at(&stamped, &ca, now(), &revoked).signer_trusted, "before the time stamp of");
    let signed = judge_at(&stamped, &ca, now(), &Revocations::default());
    yes(&signed.signer_trusted, "leads to");

    // Revoked from tomorrow on: what was stamped today stays good, what was not is judged then.
    let index = authority.text("index.txt");
    let line = index.lines().find(|line| line.contains("revoked")).expect("it is listed").to_owned();
    let tomorrow = later(1).to_millis().chars().filter(char::is_ascii_digit).skip(2).take(12).collect::<String>();
    let column = line.split('\t').nth(2).expect("a time").to_owned();
    let changed = line.replace(&column, &format!("{tomorrow}Z,keyCompromise"));
    authority.write("index.txt", index.replace(&line, &changed).as_bytes());
    let revoked = evidence(&server, &authority, "revoked");
    let signed = judge_at(&stamped, &ca, later(2), &revoked);
    yes(&signed.signer_trusted, "and was not revoked as of");
    assert!(signed.notes.iter().any(|note| note.contains("was revoked later")), "{:?}", signed.notes);
    no(
        &judge_at(&unstamped, &ca, later(2), &revoked).signer_trusted,
        "no trusted time says that the signature is older",
    );
}

#[test]
fn a_certificate_that_has_expired_is_judged_at_the_time_of_the_stamp() {
    let Some(authority) = Authority::new() else { return };
    let server = Server::start(&authority, "granted");
    let usage = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, nonRepudiation\n";
    authority.issue("short", "ca", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256", usage, "-days 10");
    let ca = [authority.certificate("ca")];
    let signed = sign(&authority.signer("short"));
    let stamped = stamp(&server, &signed);
    let known = evidence(&server, &authority, "short");
    yes(&judge_at(&signed, &ca, later(9), &known).signer_trusted, "leads to");
    no(&judge_at(&signed, &ca, later(11), &known).signer_trusted, "no trusted time says that the signature is older");
    yes(&judge_at(&stamped, &ca, later(11), &known).signer_trusted, "leads to");
    let alone = judge_at(&stamped, &ca, later(11), &Revocations::default());
    yes(&alone.signer_trusted, "leads to");
    assert!(alone.notes.iter().any(|note| note.contains("Revocation not checked for CN=short")), "{:?}", alone.notes);
    let much_later = judge_at(&stamped, &ca, later(4000), &known);
    no(&much_later.time_trusted, "and no later time stamp covers this one");
    no(&much_later.signer_trusted, "no trusted time says that the signature is older");
}
