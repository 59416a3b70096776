//! Time stamps and signatures by openssl, proofs by the `ots` client, and files that are none of these.

use probity_evidence::foreign::Form;
use probity_evidence::package::{Blocks, NoBlocks, Outcome, Question, Verification};
use seal::x509::Certificate;

use crate::kit::{Ground, Server, answer, fails, holds, python};

fn ask(ground: &Ground, name: &str, data: &str, anchors: &[Certificate]) -> Verification {
    ground.asked(name, Some(data), anchors, &NoBlocks).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
}

#[test]
fn time_stamps_of_openssl_hold_over_their_file_and_no_other() {
    let Some(ground) = Ground::with_authority() else { return };
    ground.write("a.txt", "hello\n");
    ground.write("b.txt", "hello!\n");
    let anchors = ground.anchors("pki/ca.pem");
    for hash in ["sha256", "sha384", "sha512"] {
        ground.run(&format!("openssl ts -query -data a.txt -{hash} -cert -out q.tsq"));
        for (out, token) in [("a.txt.tsr", ""), ("a.txt.tst", "-token_out")] {
            ground.run(&format!(
                "cd pki && openssl ts -reply -config tsa.cnf -section tsa1 -queryfile ../q.tsq {token} -out ../{out}"
            ));
            assert_eq!(ground.form(out).unwrap(), Form::TimeStamp, "{hash} {out}");
            let found = ask(&ground, out, "a.txt", &anchors);
            holds(&found, hash);
            assert_eq!(answer(&found, Question::TimeTrusted), Outcome::Passed);
            assert!(found.check("time-stamp").unwrap().detail.starts_with("It was stamped on 20"));
            fails(&ask(&ground, out, "b.txt", &anchors), hash, "over something else");
            let nobody = ask(&ground, out, "a.txt", &[]);
            assert!(nobody.holds() && answer(&nobody, Question::TimeTrusted) == Outcome::NotChecked);
            let stranger = ask(&ground, out, "a.txt", &ground.anchors("other/ca.pem"));
            assert!(stranger.is_intact() && !stranger.holds());
        }
    }
    assert_eq!(ground.asked("a.txt.tsr", None, &[], &NoBlocks).unwrap_err().code(), "data-missing");
    // What the authority refused, and every kind of damage.
    ground.write("refused.tsr", [0x30, 5, 0x30, 3, 2, 1, 2]);
    fails(&ask(&ground, "refused.tsr", "a.txt", &anchors), "refused", "refused");
    let good = ground.read("a.txt.tst");
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 4;
        ground.write("bad.tst", &bytes);
        // What still holds differs in what nobody signed: the authority's other certificates.
        let Ok(found) = ground.asked("bad.tst", Some("a.txt"), &anchors, &NoBlocks) else { continue };
        assert!(
            !found.holds()
                || found.check("time-stamp").is_some_and(|check| check.detail.contains("It was stamped on 20"))
        );
    }
}

#[test]
fn signatures_of_openssl_hold_over_their_file_and_no_other() {
    let Some(ground) = Ground::with_authority() else { return };
    ground.write("a.txt", "hello\n");
    ground.write("b.txt", "hello!\n");
    let anchors = ground.anchors("pki/ca.pem");
    let sign = |signer: &str, more: &str, out: &str| {
        ground.run(&format!(
            "openssl cms -sign -binary -signer pki/{signer}.pem -inkey pki/{signer}.key -certfile pki/ca.pem {more} -in a.txt -out {out}"
        ));
    };
    for (signer, more) in [
        ("p256", "-cades -outform DER"),
        ("p256", "-md sha512 -outform DER"),
        ("rsa", "-outform DER"),
        ("rsa", "-keyopt rsa_padding_mode:pss -outform DER"),
        ("p256", "-stream -outform DER"),
        ("p256", "-outform PEM"),
        ("p256", "-noattr -outform DER"),
        ("p256", "-signer pki/rsa.pem -inkey pki/rsa.key -outform DER"),
    ] {
        sign(signer, more, "a.txt.p7s");
        assert_eq!(ground.form("a.txt.p7s").unwrap(), Form::Cms, "{more}");
        let found = ask(&ground, "a.txt.p7s", "a.txt", &anchors);
        holds(&found, more);
        assert_eq!(answer(&found, Question::SignerTrusted), Outcome::Passed, "{more}");
        assert!(found.signers[0].0.contains("Examiner") && found.signers[0].1);
        fails(&ask(&ground, "a.txt.p7s", "b.txt", &anchors), more, "");
        assert!(!ask(&ground, "a.txt.p7s", "a.txt", &ground.anchors("other/ca.pem")).holds());
    }
    sign("p256", "-md sha1 -outform DER", "weak.p7s");
    fails(&ask(&ground, "weak.p7s", "a.txt", &anchors), "SHA-1", "too weak");
    // One that brings its content is judged over that, and must be over the file that is named.
    sign("p256", "-nodetach -cades -outform DER", "a.p7m");
    assert_eq!(ground.form("a.p7m").unwrap(), Form::Cms);
    holds(&ground.asked("a.p7m", None, &anchors, &NoBlocks).unwrap(), "attached");
    holds(&ask(&ground, "a.p7m", "a.txt", &anchors), "attached and there");
    fails(&ask(&ground, "a.p7m", "b.txt", &anchors), "attached", "brings its own content, which is not");
    sign("p256", "-outform DER", "a.txt.p7s");
    assert_eq!(ground.asked("a.txt.p7s", None, &[], &NoBlocks).unwrap_err().code(), "data-missing");
}

/// Answers with the header that the stub made.
struct Header([u8; 80]);

impl Blocks for Header {
    fn header(&self, _height: u64) -> Result<Option<[u8; 80]>, model::Fault> {
        Ok(Some(self.0))
    }

    fn name(&self) -> String {
        "the stub".to_owned()
    }
}

#[test]
fn proofs_of_the_ots_client_are_pending_and_then_anchored() {
    let Some(python) = python("PROBITY_TEST_OTS") else { return };
    let ots = python.with_file_name("ots").display().to_string();
    let ground = Ground::new();
    ground.write("a.txt", "hello\n");
    ground.write("b.txt", "hello!\n");
    let stub = Server::start(&ground, "ots-stub", &["0", "0"]);
    let calendar = stub.address("calendar");
    let node = stub.address("bitcoin");
    ground.run(&format!("{ots} --no-cache stamp -c {calendar} -m 1 a.txt"));
    assert_eq!(ground.form("a.txt.ots").unwrap(), Form::Ots);
    let found = ask(&ground, "a.txt.ots", "a.txt", &[]);
    holds(&found, "pending");
    assert!(
        answer(&found, Question::Anchored) == Outcome::NotChecked
            && found.answer(Question::Anchored).1.contains("pending")
    );
    fails(&ask(&ground, "a.txt.ots", "b.txt", &[]), "another file", "It is about another file");
    ground.run(&format!("{ots} --no-cache -l {calendar} upgrade a.txt.ots"));
    let found = ask(&ground, "a.txt.ots", "a.txt", &[]);
    holds(&found, "nobody asked");
    assert!(found.answer(Question::Anchored).1.contains("nobody was asked for"), "{:?}", found.checks);
    let header = header(&ground, &node);
    let anchored = ground.asked("a.txt.ots", Some("a.txt"), &[], &Header(header)).unwrap();
    holds(&anchored, "anchored");
    assert_eq!(answer(&anchored, Question::Anchored), Outcome::Passed);
    let mut other = header;
    other[40] ^= 1;
    let wrong = ground.asked("a.txt.ots", Some("a.txt"), &[], &Header(other)).unwrap();
    assert!(!wrong.holds() && answer(&wrong, Question::Anchored) == Outcome::Failed);
    ground.run("head -c 60 a.txt.ots > cut.ots");
    fails(&ask(&ground, "cut.ots", "a.txt", &[]), "cut off", "cannot be read");
}

/// The header of the block that the stub has, by the words of a node.
fn header(ground: &Ground, node: &str) -> [u8; 80] {
    let call = |method: &str, parameter: &str| {
        let body = format!("{{\"method\":\"{method}\",\"params\":[{parameter}],\"id\":1}}");
        let said = ground.run(&format!("curl -s -u u:p --data-binary '{body}' {node}"));
        let answer: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
        answer["result"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    let hash = call("getblockhash", "800000");
    let hex = call("getblockheader", &format!("\"{hash}\",false"));
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn what_cannot_be_verified_is_refused_with_what_can_be() {
    let ground = Ground::new();
    let check = |bytes: &[u8], code: &str, advice: &str| {
        ground.write("x", bytes);
        let fault = ground.asked("x", None, &[], &NoBlocks).unwrap_err();
        assert!(fault.code() == code && fault.advice().unwrap().contains(advice), "{bytes:?}: {fault:?}");
    };
    check(b"", "not-verifiable", "ASiC-E");
    check(b"hello", "not-verifiable", ".ots");
    check(b"0\x03\x02\x01\x01", "not-verifiable", ".p7s");
    check(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "not-verifiable", "BagIt");
    check(b"age-encryption.org/v1\n-> X25519 abc\n", "encrypted-input", "--identity");
    check(b"-----BEGIN AGE ENCRYPTED FILE-----\n", "encrypted-input", "age --decrypt");
    ground.write("x", b"%PDF-1.7\n");
    assert_eq!(ground.form("x").unwrap(), Form::Pdf);
    let found = ground.verify("x", &[]);
    assert!(!found.holds() && found.check("signatures").unwrap().detail.contains("Nothing in it is signed"));
}
