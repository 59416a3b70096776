use proptest::prelude::*;

use super::*;

fn identity(text: &str) -> Identity {
    Identity::parse(text, &Rules::default()).unwrap()
}

fn code(text: &str) -> &'static str {
    Identity::parse(text, &Rules::default()).unwrap_err().code()
}

#[test]
fn kinds_have_aliases_and_words_of_ones_own() {
    let check = |text: &str, kind: &str| assert_eq!(identity(text).kind(), kind, "{text}");
    check("Email=ann@example.org", "email");
    check("e-mail=ann@example.org", "email");
    check("phone=+4930231250", "phone_number");
    check("userid=7", "user_id");
    check("ljt_readerID=x", "ljt_readerid");
    assert!(identity("phone=+4930231250").is_of("phone_number"));
    assert!(!identity("phone=+4930231250").is_of("email"));
    assert_eq!(canonical_kind("ga-client-id").as_deref(), Some("ga_client_id"));
}

#[test]
fn hostile_values_are_refused_in_words() {
    for text in ["ann@example.org", "=x", "email=", "email=   ", "email=ann", "em ail=x", "käse=x", "user_id=a\0b"] {
        assert_eq!(code(text), "bad-subject", "{text:?}");
    }
    assert_eq!(code(&format!("user_id={}", "x".repeat(1 << 20))), "bad-subject");
    assert_eq!(code("user_id=a\nb"), "bad-subject");
    assert_eq!(code("user_id=a\u{202e}b"), "bad-subject");
    assert_eq!(code("email=x' OR 1=1 --@example.org"), "bad-subject");
    assert_eq!(code("email=<script>@example.org"), "bad-subject");
    assert_eq!(code("phone=030 231250"), "phone-without-region");
    assert_eq!(code("phone=+49"), "bad-subject");
    assert_eq!(parse_all::<&str>(&[], &Rules::default()).unwrap_err().code(), "no-identity");
    assert_eq!(parse_all(&["a=b"; 65], &Rules::default()).unwrap_err().code(), "too-many-identities");
}

#[test]
fn signs_of_other_languages_are_only_values() {
    let value = "'; DROP TABLE person; -- <b>\"{}";
    let identity = identity(&format!("account={value}"));
    assert_eq!(identity.condition(&FieldPath::column("account")).values, [[value]]);
    assert!(identity.matches(value));
}

#[test]
fn nothing_that_names_a_person_is_traced() {
    assert_eq!(format!("{:?}", identity("email=ann@example.org")), "Identity(email=…)");
    let fault = Identity::parse("email=ann-example.org", &Rules::default()).unwrap_err();
    assert!(!fault.message().contains("ann"), "{}", fault.message());
}

#[test]
fn the_same_identity_twice_counts_once() {
    let found = parse_all(&["email=Ann@example.org", "mail=ann@EXAMPLE.org", "user_id=7"], &Rules::default()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].given(), "Ann@example.org");
}

#[test]
fn a_cell_matches_however_it_is_spelled() {
    let ann = identity("email=Ann@Example.org");
    assert!(ann.matches(" ANN@example.ORG ") && ann.matches_folded("ann@example.org"));
    assert!(!ann.matches("ann+shop@example.org") && !ann.matches("dann@example.org") && !ann.matches(""));
    let folding = Rules { fold_plus: true, ..Rules::default() };
    let folded = Identity::parse("email=ann+news@example.org", &folding).unwrap();
    assert!(folded.matches("Ann+Shop@example.org") && folded.matches("ann@example.org"));
    assert_eq!(folded.condition(&FieldPath::column("mail")).fold, Fold::Address);
    let number = identity("phone=+49 (0)30 231250");
    assert!(number.matches("+49 30 231250") && !number.matches("030 231250"));
    let germany = Rules { region: Some(Region::parse("DE").unwrap()), ..Rules::default() };
    let number = Identity::parse("phone=030/231250", &germany).unwrap();
    assert!(number.matches("+4930231250") && number.matches("0049 30 231250") && number.matches("030-231250"));
    let condition = number.condition(&FieldPath::column("phone"));
    assert_eq!((condition.fold, &condition.values[..]), (Fold::Digits(8), &[vec!["30231250".to_owned()]][..]));
    assert!(identity("user_id=6F9619FF-8B86-D011-B42D-00CF4FC964FF").matches("6f9619ff-8b86-d011-b42d-00cf4fc964ff"));
    assert!(!identity("user_id=Ann").matches("ann"));
}

#[test]
fn what_is_sealed_names_version_and_kind() {
    let sealed = identity("email=Ann@example.org").sealed();
    assert_eq!(sealed, b"probity identity 1\0email\0ann@example.org");
    let cell = normalise("mail", " ANN@example.org", &Rules::default()).unwrap();
    assert_eq!(super::sealed("email", &cell), sealed);
}

proptest! {
    /// Whatever stands in a cell: no panic, and what is normalised once stays as it is.
    #[test]
    fn normalising_again_changes_nothing(text in "\\PC{0,40}", word in "(email|phone|user_id)", plus in any::<bool>()) {
        let rules = Rules { region: Some(Region::parse("DE").unwrap()), fold_plus: plus };
        if let Some(once) = normalise(&word, &text, &rules) {
            prop_assert_eq!(normalise(&word, &once, &rules), Some(once));
        }
    }

    /// An address is found in every case and composition.
    #[test]
    fn addresses_match_in_any_spelling(local in "[a-zà-öø-þα-ω]{1,12}", domain in "[a-z]{1,10}\\.(org|de)") {
        let address = format!("{local}@{domain}");
        let identity = identity(&format!("email={address}"));
        let (upper, apart) = (address.to_uppercase(), nfd(&format!(" {address}")));
        prop_assert!(identity.matches(&upper));
        prop_assert!(identity.matches(&apart));
        let wanted = identity.condition(&FieldPath::column("mail")).values;
        prop_assert!(wanted.contains(&vec![text::lower(&address)]));
    }
}
