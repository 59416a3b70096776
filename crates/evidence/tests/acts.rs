//! What can be done to a case, and what is refused.

mod support;

use model::{Fault, Hidden};
use probity_evidence::custody::{Countersigned, Deed, Statement, Status};
use probity_evidence::package::{Build, LedgerAnchor, Outcome, verify};
use probity_evidence::{Case, Handling, NewExhibit, Origin, Provenance, Receipt, Transfer};
use seal::{SigningKey, sshsig};
use support::*;

fn code<T>(result: Result<T, Fault>) -> &'static str {
    result.err().map_or("", |fault| fault.code())
}

fn to(name: &str) -> Transfer<'_> {
    Transfer { exhibit: "EX-001", to: name, handling: Handling::default() }
}

#[test]
fn the_log_says_who_has_an_exhibit_and_whether_its_receiver_signed() {
    let root = tempfile::tempdir().unwrap();
    let case = busy_case(root.path());
    let chain = case.check(&Hidden).unwrap();
    let transfers: Vec<_> = chain.entries.iter().filter(|entry| entry.deed == Deed::Transferred).collect();
    let said = |at: usize| transfers[at].countersigned("2026-017").unwrap();
    assert_eq!(said(0), Countersigned::By(receiver().public().fingerprint()));
    assert_eq!((said(1), said(1).said().as_str()), (Countersigned::Not, "not countersigned"));
    let first = transfers[0];
    assert_eq!((first.from.as_deref(), first.to.as_deref()), (Some("R. Examiner"), Some("Evidence room")));
    assert_eq!((first.purpose.as_str(), first.authority.as_deref()), ("storage", Some("order 7 O 12/26")));
    assert_eq!((first.role.as_deref(), first.recorded_by.as_deref()), (Some("clerk"), Some("uid-1000")));
    assert!(chain.entries.iter().filter_map(|entry| entry.hash_match()).all(|same| same));
    assert_eq!(chain.holder("EX-001"), Some("R. Examiner"));
    // In another case the same line is signed by nobody.
    assert!(matches!(first.countersigned("other"), Some(Countersigned::Wrong(_))));
    let status: Vec<_> = case.exhibits().iter().map(|exhibit| (exhibit.status, exhibit.parent.clone())).collect();
    let from = || Some("EX-001".to_owned());
    let derived = || (Some(Status::Derived), from());
    let original = || (Some(Status::Original), None);
    assert_eq!(status, [original(), original(), derived(), derived(), (Some(Status::VerifiedCopy), from())]);
}

#[test]
fn a_countersignature_is_good_for_one_transfer_of_what_it_names() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let before = case.custody().clone();
    let statement = |case: &Case, name: &str| case.statement(&to(name), &act(300, "storage"), &Hidden).unwrap();
    let bytes = statement(&case, "Evidence room").to_bytes().unwrap();
    let sign = |bytes: &[u8], key: &SigningKey| sshsig::sign(bytes, "custody@probity", key).unwrap();
    let good = sign(&bytes, &receiver());
    let mut record = |statement: &[u8], signature: &str, exhibit: &str, seconds: i64| {
        let receipt = Receipt { statement, signature, receiver: &receiver().public() };
        code(case.transfer_countersigned(exhibit, &receipt, &Handling::default(), &act(seconds, "x"), &Hidden))
    };
    assert_eq!(record(&bytes, &sign(&bytes, &key()), "EX-001", 400), "wrong-receiver");
    assert_eq!(record(&bytes, &sign(b"another", &receiver()), "EX-001", 400), "wrong-signature");
    assert_eq!(record(&bytes, &sshsig::sign(&bytes, "file", &receiver()).unwrap(), "EX-001", 400), "wrong-namespace");
    assert_eq!(record(&bytes, "nonsense", "EX-001", 400), "bad-ssh-signature");
    assert_eq!(record(&bytes, &good, "EX-002", 400), "statement-differs");
    assert_eq!(record(&bytes, &good, "EX-009", 400), "no-such-exhibit");
    assert_eq!(record(&bytes, &good, "EX-001", 299), "statement-differs");
    let text = String::from_utf8(bytes.clone()).unwrap();
    for changed in [
        text.replace("\"size\": 19", "\"size\":19"),
        text.replace("received", "stole"),
        text.replace("transfer/1", "x"),
        String::new(),
    ] {
        assert_eq!(record(changed.as_bytes(), &sign(changed.as_bytes(), &receiver()), "EX-001", 400), "bad-statement");
    }
    let smaller = text.replace("\"size\": 19", "\"size\": 18");
    assert_eq!(record(smaller.as_bytes(), &sign(smaller.as_bytes(), &receiver()), "EX-001", 400), "statement-differs");
    assert_eq!(record(&bytes, &good, "EX-001", 400), "");
    assert_eq!(record(&bytes, &good, "EX-001", 500), "statement-differs");
    assert_eq!(before.entries.len() + 1, case.custody().entries.len());
    // Back to the first holder: the same statement would fit again, but its signature is used.
    case.transfer(&to("R. Examiner"), &act(500, "analysis"), &Hidden).unwrap();
    let receipt = Receipt { statement: &bytes, signature: &good, receiver: &receiver().public() };
    let again = case.transfer_countersigned("EX-001", &receipt, &Handling::default(), &act(600, "x"), &Hidden);
    assert_eq!(code(again), "countersignature-used");
}

#[test]
fn an_exhibit_that_changed_is_neither_handed_over_nor_looked_at() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    std::fs::write(case.folder().join("exhibits/EX-001/access.log"), b"10.0.0.2 GET / 200\n").unwrap();
    let lines = case.custody().entries.len();
    assert_eq!(code(case.transfer(&to("Evidence room"), &act(300, "x"), &Hidden)), "exhibit-changed");
    assert_eq!(code(case.statement(&to("Evidence room"), &act(300, "x"), &Hidden)), "exhibit-changed");
    assert_eq!(code(case.access("EX-001", &Handling::default(), &act(300, "x"), &Hidden)), "exhibit-changed");
    let origin = Origin { provenance: Provenance::CopyOf("EX-001"), ..Origin::default() };
    let new = NewExhibit { name: "a", description: "" };
    let copied = case.take_in(&mut &b"10.0.0.2 GET / 200\n"[..], new, &origin, &act(300, "x"), &Hidden);
    assert_eq!((code(copied), case.custody().entries.len()), ("exhibit-changed", lines));
}

#[test]
fn a_copy_is_the_same_and_what_is_derived_says_how() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let mut take = |content: &[u8], provenance| {
        let origin = Origin { provenance, ..Origin::default() };
        let new = NewExhibit { name: "a", description: "" };
        code(case.take_in(&mut &*content, new, &origin, &act(300, "x"), &Hidden))
    };
    assert_eq!(take(b"10.0.0.1 GET / 201\n", Provenance::CopyOf("EX-001")), "not-a-copy");
    assert_eq!(take(b"10.0.0.1 GET / 200\n", Provenance::CopyOf("EX-009")), "no-such-exhibit");
    assert_eq!(take(b"x", Provenance::Derived { from: "EX-001", how: " " }), "text-missing");
    assert_eq!(take(b"10.0.0.1 GET / 200\n", Provenance::CopyOf("EX-001")), "");
    assert!(!case.folder().join("exhibits/EX-004").exists());
    assert_eq!(case.exhibits().len(), 3);
}

#[test]
fn a_record_of_what_a_model_said_is_whole_or_refused() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let mut check = |from: &str, to: &str, expect: &str| {
        let record = reasoning().replace(from, to);
        assert!(from.is_empty() || record != reasoning(), "{from}");
        let result = case.record_reasoning(record.as_bytes(), &Handling::default(), &act(300, "x"));
        let said = result.map_or_else(|fault| format!("{} {}", fault.code(), fault.message()), |at| at.file);
        assert!(said.contains(expect), "{said:?} should contain {expect:?}");
    };
    check("reasoning/1", "reasoning/2", "its schema is");
    check("\"output\"", "\"answer\"", "unknown field `answer`");
    check("\"limits\":[\"Not tested with logs of this program.\"]", "\"limits\":null", "bad-reasoning");
    check("EX-001", "EX-007", "the case has no exhibit");
    check("EX-001", "EX-002", "the digest of an input is not that of EX-002");
    check("\"name\":\"handbook.pdf\",", "", "neither an exhibit nor a name");
    check("accepted in part", "fine", "not one of accepted");
    check("example-model", "", "model.name is empty");
    check("\"seed\":7", "\"seed\":[7]", "the parameter \"seed\"");
    check("2026-01-01T09:30:00Z", "yesterday", "no time in UTC");
    check("", "", "reasoning/0001.json");
    check("", "", "reasoning/0002.json");
}

/// What `ssh-keygen -Y sign` made of a statement is accepted; with one byte changed in either it is not.
#[test]
fn the_vector_of_a_countersignature_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors/custody");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (text, signature) = (read("transfer.json"), read("transfer.json.sig"));
    let receiver = seal::PublicKey::from_openssh(&read("receiver.pub")).unwrap();
    let check = |text: &str, signature: &str| {
        let statement = Statement::parse(text.as_bytes()).map_err(|fault| fault.code())?;
        statement.countersigned(signature, &receiver).map_err(|fault| fault.code())
    };
    let signed = check(&text, &signature).unwrap();
    assert_eq!((signed.stated, signed.key.as_str()), (at(360), receiver.openssh("").trim_end()));
    assert_eq!(check(&text.replace("storage\",", "storagE\","), &signature), Err("wrong-signature"));
    assert_eq!(check(&text.replace("null", "\"\""), &signature), Err("wrong-signature"));
    assert_eq!(check(&text, &signature.replace('A', "B")), Err("bad-ssh-signature"));
}

/// A package says all of it, and each place that says it is held against the others.
#[test]
fn a_package_says_what_the_case_says() {
    let root = tempfile::tempdir().unwrap();
    let package = package(&busy_case(root.path()));
    let verification = check(&package);
    assert!(verification.is_intact(), "{:#?}", verification.checks);
    for name in ["custody", "countersignatures", "exhibits", "redactions", "reasoning", "document", "xml"] {
        assert_eq!(verification.check(name).map(|check| check.verdict), Some(Outcome::Passed), "{name}");
    }
    assert!(verify(&package.as_slice(), &ask(&[], &[]), &Hidden).unwrap().is_intact());
    let text = String::from_utf8_lossy(&package);
    for said in [
        "\"problem\": null",
        "\"copy\": \"EX-003\"",
        "no expert opinion",
        "<holder>R. Examiner</holder>",
        "transfers=\"2\"",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

/// Proofs of the audit log are checked one by one; a key that the user gave says whose log it is, and nothing else does.
#[test]
fn the_audit_log_had_the_lines_of_the_custody_log() {
    let root = tempfile::tempdir().unwrap();
    let case = case(root.path());
    let anchor = audited(&case);
    let judged = |anchor: LedgerAnchor, keys: &[seal::PublicKey]| {
        let package = packed(&case, &Build { ledger: Some(anchor), ..settings() }, &key(), &[]);
        let verification = verify(&package.as_slice(), &ask(keys, &[]), &Hidden).unwrap();
        verification.check("ledger").unwrap().clone()
    };
    let known = judged(anchor.clone(), &[ledger_key().public()]);
    let unknown = judged(anchor.clone(), &[key().public()]);
    assert_eq!((known.verdict, unknown.verdict), (Outcome::Passed, Outcome::Passed));
    assert!(
        known.detail.contains("had 4 of the 5 lines of the custody log when it had 4 entries, the last of them line 5"),
        "{}",
        known.detail
    );
    assert!(known.detail.contains("a key that you trust") && unknown.detail.contains("was not checked"));
    let wrong = |change: &dyn Fn(&mut LedgerAnchor), expect: &str| {
        let mut anchor = anchor.clone();
        change(&mut anchor);
        let check = judged(anchor, &[]);
        assert!(check.verdict == Outcome::Failed && check.detail.contains(expect), "{}", check.detail);
    };
    wrong(&|anchor| anchor.proofs[1].line = 2, "000002.tlog-proof: its entry is not about this line");
    wrong(&|anchor| anchor.proofs[1].line = 99, "its entry is not about this line");
    wrong(&|anchor| anchor.proofs[1].proof = anchor.proofs[0].proof.clone(), "does not show that the audit log has");
    wrong(&|anchor| anchor.proofs[1].proof.push('x'), "000003.tlog-proof");
    wrong(&|anchor| anchor.proofs[1].entry.push(b' '), "canonical");
    wrong(&|anchor| anchor.size += 1, "its checkpoint is not the one");
    let none = judged(LedgerAnchor { proofs: Vec::new(), ..anchor.clone() }, &[]);
    assert_eq!(none.verdict, Outcome::NotChecked);
}

#[test]
fn what_was_given_back_or_destroyed_changes_hands_no_more() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    case.give_back(&to("Shop Ltd"), &act(300, "case closed"), &Hidden).unwrap();
    assert_eq!(case.custody().holder("EX-001"), Some("Shop Ltd"));
    assert_eq!(code(case.transfer(&to("Evidence room"), &act(310, "storage"), &Hidden)), "custody-ended");
    assert_eq!(code(case.give_back(&to("Shop Ltd"), &act(310, "again"), &Hidden)), "custody-ended");
    // What the case keeps is looked at, until it is destroyed as well.
    case.access("EX-001", &Handling::default(), &act(320, "appeal"), &Hidden).unwrap();
    let file = case.folder().join(case.exhibit("EX-001").unwrap().file);
    let bytes = std::fs::read(&file).unwrap();
    let mut destroy =
        |seconds| case.destroy("EX-001", "overwritten", &Handling::default(), &act(seconds, "order"), &Hidden);
    let line = destroy(330).unwrap();
    assert_eq!((line.deed, line.note.as_deref(), line.sha256_after), (Deed::Destroyed, Some("overwritten"), None));
    assert!(!file.exists());
    assert_eq!(code(destroy(340)), "custody-ended");
    assert_eq!(code(case.access("EX-001", &Handling::default(), &act(340, "look"), &Hidden)), "custody-ended");
    case.check(&Hidden).unwrap();
    // A file that is there again is named, and the same call removes it without a second line.
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, &bytes).unwrap();
    assert_eq!(code(case.check(&Hidden)), "exhibit-still-there");
    let lines = case.custody().entries.len();
    case.destroy("EX-001", "overwritten", &Handling::default(), &act(350, "order"), &Hidden).unwrap();
    assert_eq!(case.custody().entries.len(), lines);
    // The package says so, and does not hold it.
    let verification = check(&package(&case));
    let exhibits = verification.check("exhibits").unwrap();
    assert_eq!(exhibits.verdict, Outcome::Passed, "{exhibits:?}");
    assert!(exhibits.detail.contains("1 more, which it says were destroyed"), "{exhibits:?}");
    assert!(verification.is_intact());
}

#[test]
fn a_remark_says_who_made_it_in_which_role() {
    let root = tempfile::tempdir().unwrap();
    let mut case = case(root.path());
    let handling = Handling { role: Some("expert"), recorded_by: Some("clerk"), ..Handling::default() };
    case.remark("The clock of the host was slow.", &handling, &act(300, "remark")).unwrap();
    let last = case.custody().entries.last().unwrap();
    assert_eq!((last.role.as_deref(), last.recorded_by.as_deref()), (Some("expert"), Some("clerk")));
}
