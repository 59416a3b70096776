//! Goal: a path leads to an anchor for us where it does for `openssl verify`, and nowhere else; the reason is named.
#![cfg(feature = "x509")]

mod authority;

use authority::Authority;
use model::Instant;
use probity_seal::x509::{Certificate, Purpose, find_path};

const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
const CA: &str = "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n";
const LEAF: &str = "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, nonRepudiation\n";
const DAYS: &str = "-days 1000";

fn now() -> Instant {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Instant::from_seconds(now.as_secs() as i64).expect("before 2262")
}

struct House {
    authority: Authority,
}

impl House {
    fn new() -> Option<Self> {
        Authority::new().map(|authority| House { authority })
    }

    fn issue(&self, name: &str, issuer: &str, extensions: &str) {
        self.authority.issue(name, issuer, P256, extensions, DAYS);
    }

    /// What we say about the path from `leaf` through `pool` to the root.
    fn path(&self, leaf: &str, pool: &[&str], purpose: Purpose) -> Result<usize, String> {
        let pool: Vec<Certificate> = pool.iter().map(|name| self.authority.certificate(name)).collect();
        let anchors = [self.authority.certificate("ca")];
        find_path(&self.authority.certificate(leaf), &pool, &anchors, now(), purpose)
            .map(|path| path.len())
            .map_err(|problem| problem.to_string())
    }

    /// Our answer, which must be that of openssl: the length of the path, or words of the reason.
    #[track_caller]
    fn check(&self, leaf: &str, pool: &[&str], expect: Result<usize, &str>) {
        let said = self.path(leaf, pool, Purpose::Signing);
        let files: String = pool.iter().map(|name| format!("-untrusted {name}.pem ")).collect();
        let command = format!("openssl verify -purpose any -CAfile ca.pem {files} {leaf}.pem");
        let (openssl, text) = self.authority.sh(&command);
        assert_eq!(said.is_ok(), openssl, "{leaf}: {said:?} {text}");
        match (said, expect) {
            (Ok(length), expect) => assert_eq!(Ok(length), expect, "{leaf}"),
            (Err(reason), Err(words)) => assert!(reason.contains(words), "{leaf}: {reason}"),
            (Err(reason), Ok(_)) => panic!("{leaf}: {reason}"),
        }
    }
}

#[test]
fn authorities_between_are_followed_as_far_as_they_may() {
    let Some(house) = House::new() else { return };
    house.issue("one", "ca", CA);
    house.issue("two", "one", &CA.replace("CA:TRUE", "CA:TRUE, pathlen:0"));
    house.issue("three", "two", CA);
    house.issue("below-two", "two", LEAF);
    house.issue("below-three", "three", LEAF);
    house.check("below-two", &["one", "two"], Ok(4));
    house.check("below-two", &["two", "three", "one", "one"], Ok(4));
    house.check("below-two", &["two"], Err("issued by CN=one,O=Probity test,C=XX, which does not lead"));
    house.check("below-two", &["one"], Err("issued by CN=two"));
    house.check("below-three", &["one", "two", "three"], Err("More authorities follow below CN=two"));
    house.issue("no-authority", "one", LEAF);
    house.issue("below-leaf", "no-authority", LEAF);
    house.check("below-leaf", &["one", "no-authority"], Err("may not issue others"));
    house.issue("no-issuer", "one", &CA.replace("keyCertSign, ", ""));
    house.issue("below-no-issuer", "no-issuer", LEAF);
    house.check("below-no-issuer", &["one", "no-issuer"], Err("does not allow issuing"));
}

#[test]
fn a_path_has_an_end() {
    let Some(house) = House::new() else { return };
    let mut issuer = "ca".to_owned();
    let mut pool = Vec::new();
    for step in 1..=8 {
        let name = format!("step{step}");
        house.issue(&name, &issuer, CA);
        pool.push(name.clone());
        issuer = name;
    }
    let pool: Vec<&str> = pool.iter().map(String::as_str).collect();
    assert_eq!(house.path("step7", &pool, Purpose::Signing), Err(key_usage("step7")), "an authority does not sign");
    house.issue("near", "step6", LEAF);
    house.issue("far", "step8", LEAF);
    house.check("near", &pool, Ok(8));
    assert_eq!(house.path("far", &pool, Purpose::Signing), Err("The path of certificates is too long.".to_owned()));
}

fn key_usage(name: &str) -> String {
    format!("The key usage of the certificate of CN={name},O=Probity test,C=XX does not allow signing.")
}

#[test]
fn what_is_critical_must_be_understood() {
    let Some(house) = House::new() else { return };
    house.issue("odd", "ca", &format!("{LEAF}1.2.3.4 = critical, ASN1:NULL\n"));
    house.check("odd", &[], Err("has the critical extension 1.2.3.4"));
    house.issue("harmless", "ca", &format!("{LEAF}1.2.3.4 = ASN1:NULL\n"));
    house.check("harmless", &[], Ok(2));
    house.issue("odd-authority", "ca", &format!("{CA}1.2.3.4 = critical, ASN1:NULL\n"));
    house.issue("below-odd", "odd-authority", LEAF);
    house.check(
        "below-odd",
        &["odd-authority"],
        Err("CN=odd-authority,O=Probity test,C=XX has the critical extension"),
    );
    house.issue("policies", "ca", &format!("{LEAF}certificatePolicies = critical, 1.2.3.4\n"));
    house.check("policies", &[], Ok(2));
}

#[test]
fn names_below_an_authority_keep_to_its_limits() {
    let Some(house) = House::new() else { return };
    let limits = "nameConstraints = critical, permitted;dirName:allowed, excluded;email:example.org\n\
                  [allowed]\nC = XX\nO = Probity test\n";
    house.issue("limited", "ca", &format!("{CA}{limits}"));
    house.issue("inside", "limited", LEAF);
    house.check("inside", &["limited"], Ok(3));
    house.issue("mail", "limited", &format!("{LEAF}subjectAltName = email:a@example.com\n"));
    house.check("mail", &["limited"], Ok(3));
    house.issue("excluded", "limited", &format!("{LEAF}subjectAltName = email:a@example.org\n"));
    house.check("excluded", &["limited"], Err("may not issue certificates with the names of CN=excluded"));
    house.issue("elsewhere", "ca", &format!("{CA}{}", limits.replace("Probity test", "Another")));
    house.issue("outside", "elsewhere", LEAF);
    house.check("outside", &["elsewhere"], Err("may not issue certificates with the names of CN=outside"));
}

#[test]
fn time_counts_for_every_certificate_of_the_path() {
    let Some(house) = House::new() else { return };
    house.authority.issue("short", "ca", P256, CA, "-days 10");
    house.issue("below-short", "short", LEAF);
    house.check("below-short", &["short"], Ok(3));
    let (leaf, pool) = (house.authority.certificate("below-short"), [house.authority.certificate("short")]);
    let anchors = [house.authority.certificate("ca")];
    let at = |at| find_path(&leaf, &pool, &anchors, at, Purpose::Signing).map(|_| ()).map_err(|p| p.to_string());
    let end = pool[0].not_after();
    assert_eq!(at(end), Ok(()), "the last second is included");
    let after = Instant::from_nanos(end.nanos() + 1);
    assert_eq!(at(after), Err(format!("The certificate of CN=short,O=Probity test,C=XX had expired on {end}.")));
    let before = Instant::from_nanos(leaf.not_before().nanos() - 1);
    assert!(at(before).expect_err("too early").contains("was not valid before"));
    let stamp = house.authority.sh("openssl verify -purpose any -CAfile ca.pem -untrusted short.pem \
        -attime $(( $(date +%s) + 11 * 86400 )) below-short.pem");
    assert!(!stamp.0 && stamp.1.contains("expired"), "{}", stamp.1);
}

#[test]
fn purposes_are_kept_apart() {
    let Some(house) = House::new() else { return };
    let usage = |purposes: &str| format!("{LEAF}extendedKeyUsage = {purposes}\n");
    let cases: &[(&str, &str, [bool; 3])] = &[
        ("plain", "", [true, false, false]),
        ("mail", "emailProtection", [true, false, false]),
        ("document", "1.3.6.1.5.5.7.3.36", [true, false, false]),
        ("server", "serverAuth", [false, false, false]),
        ("code", "critical, codeSigning", [false, false, false]),
        ("stamps", "critical, timeStamping", [false, true, false]),
        ("stamps-soft", "timeStamping", [false, false, false]),
        ("stamps-and", "critical, timeStamping, emailProtection", [true, false, false]),
        ("responder", "OCSPSigning", [false, false, true]),
    ];
    for (name, purposes, expect) in cases {
        let extensions = if purposes.is_empty() { LEAF.to_owned() } else { usage(purposes) };
        house.issue(name, "ca", &extensions);
        let said = [Purpose::Signing, Purpose::TimeStamping, Purpose::Responding]
            .map(|purpose| house.path(name, &[], purpose).is_ok());
        assert_eq!(said, *expect, "{name}");
        let (openssl, _) =
            house.authority.sh(&format!("openssl verify -purpose timestampsign -CAfile ca.pem {name}.pem"));
        assert_eq!(openssl, expect[1], "{name}");
    }
    house.issue("web", "ca", &format!("{CA}extendedKeyUsage = serverAuth\n"));
    house.issue("below-web", "web", LEAF);
    let reason = house.path("below-web", &["web"], Purpose::Signing).expect_err("another purpose");
    assert!(reason.contains("CN=web,O=Probity test,C=XX is for other purposes than the one below it"), "{reason}");
}

#[test]
fn a_certificate_with_the_name_of_an_authority_is_not_that_authority() {
    let Some(house) = House::new() else { return };
    let Some(stranger) = Authority::stranger() else { return };
    house.authority.write("strange.pem", stranger.text("p256.pem").as_bytes());
    house.authority.write("strange-ca.pem", stranger.text("ca.pem").as_bytes());
    house.check("strange", &["strange-ca"], Err("the key of the trusted certificate with that name did not sign it"));
    house.check("strange", &[], Err("did not sign it"));
    house.check("p256", &["strange-ca"], Ok(2));
}

#[test]
fn the_roots_of_this_system_are_read() {
    let Ok(pem) = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt") else {
        eprintln!("skipped: this system has no store of roots");
        return;
    };
    let roots = Certificate::all_from_pem(&pem).expect("every one");
    assert_eq!(roots.len(), pem.matches("BEGIN CERTIFICATE").count());
    for root in &roots {
        assert!(root.is_authority() || root.extended_key_usage().is_none(), "{}", root.subject());
        assert_eq!(Certificate::all_from_pem(&root.to_pem()).expect("the same"), std::slice::from_ref(root));
    }
    let of_themselves = roots.iter().filter(|root| root.is_self_signed()).count();
    assert!(of_themselves * 10 > roots.len() * 7, "{of_themselves} of {}: others use SHA-1 or P-521", roots.len());
}
