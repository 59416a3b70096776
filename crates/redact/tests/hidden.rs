//! Values that patterns alone would not see: look-alike letters, digits of other scripts, signs that nobody sees, text
//! that is turned round, values over two lines.

mod memory;

use memory::{Bytes, names};
use probity_redact::format::detect::Kind;
use probity_redact::{Case, Decisions, Detector, Limits, Means, Profile, Redaction, Scanner, Seen, Witness, take};

struct Silent;

impl Witness for Silent {
    fn seen(&mut self, _: &Seen<'_>) -> Result<(), model::Fault> {
        Ok(())
    }
}

/// What is left of a text.
fn redacted(kind: Kind, text: &[u8]) -> Vec<u8> {
    static SCANNER: std::sync::LazyLock<Scanner> =
        std::sync::LazyLock::new(|| Scanner::unproven(Detector::built_in().unwrap()).unwrap());
    let means = Means {
        scanner: &SCANNER,
        profile: &Profile::parse("name = 'labels'\nabout = 'Everything, by its label'\nunlisted = 'label'").unwrap(),
        names: Some(&names),
        key: &[7; 32],
        decisions: &Decisions::default(),
        reversible: false,
        jobs: 2,
    };
    let mut out = Bytes::default();
    let input = Bytes(text.to_vec());
    let (case, limits) = (&mut Case::default(), &Limits::default());
    let redaction = Redaction { kind, means, case, lessons: None, witness: &mut Silent, limits };
    take(&input, &mut out, redaction).unwrap();
    out.0
}

#[track_caller]
fn check(text: &str, expect: &str) {
    let left = String::from_utf8(redacted(Kind::Prose, text.as_bytes())).unwrap();
    assert_eq!(left, expect, "{text:?}");
}

/// A value that went is found again where only its sign is written as a reference or an escape.
#[test]
fn a_sign_in_another_spelling_hides_nothing() {
    check("ada@example.org, ada&#64;example.org", "[EMAIL], [EMAIL]");
    check("ada@example.org, ada&#x40;example.org, ada\\u0040example.org", "[EMAIL], [EMAIL], [EMAIL]");
}

/// Letters of other scripts that look like Latin ones hide neither a value nor the word that tells what it is.
#[test]
fn look_alikes_hide_nothing() {
    check("mail jоhn@example.com now", "mail [EMAIL] now");
    check("mail john@ехample.com now", "mail [EMAIL] now");
    check("IBAN DЕ89 3704 0044 0532 0130 00.", "IBAN [IBAN].");
    check("IBAN ΝL91ΑΒΝΑ0417164300.", "IBAN [IBAN].");
    check("ЅЅN: 123-45-6789", "ЅЅN: [NATIONAL-ID]");
    check("рassроrt nо. and Аdа Мuster", "рassроrt nо. and [PERSON]");
    check("ｊohn＠example．com, ⓙⓞⓗⓝ@example.com", "[EMAIL], [EMAIL]");
    check("𝐣𝐨𝐡𝐧@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦", "[EMAIL]");
}

/// Digits of every script are digits; blanks and dashes of every kind stand between them.
#[test]
fn digits_of_all_scripts_are_digits() {
    check("card ４１１１ １１１１ １１１１ １１１１ ok", "card [CARD] ok");
    check("card ४१११–११११–११११–११११ ok", "card [CARD] ok");
    check("card 𝟒𝟏𝟏𝟏\u{A0}𝟏𝟏𝟏𝟏\u{2009}𝟏𝟏𝟏𝟏\u{202F}𝟏𝟏𝟏𝟏 ok", "card [CARD] ok");
    check("card ⁴¹¹¹ ¹¹¹¹ ¹¹¹¹ ¹¹¹¹ ok", "card [CARD] ok");
    check("tel. +٤٩ ٣٠ ١٢٣٤٥٦٧٨", "tel. [PHONE]");
    check("tel. +49\u{2011}30\u{2011}12345678", "tel. [PHONE]");
    check("IBAN DE89\u{2007}3704\u{2007}0044\u{2007}0532\u{2007}0130\u{2007}00", "IBAN [IBAN]");
}

/// Signs that nobody sees, accents laid over letters, marks of direction.
#[test]
fn unseen_signs_hide_nothing() {
    check("jan\u{200F}@\u{2066}example\u{2069}.org", "[EMAIL]");
    check("j\u{336}a\u{336}n\u{336}@example.org", "[EMAIL]");
    check("4111\u{E0041}1111\u{FE0F}1111\u{200D}1111", "[CARD]");
    check("A\u{200B}da Mus\u{AD}ter called", "[PERSON] called");
    check("to \u{202E}moc.elpmaxe@nhoj\u{202C} now", "to \u{202E}[EMAIL]\u{202C} now");
}

/// Text in other scripts, and Latin text with accents, is left as it is.
#[test]
fn other_scripts_stay() {
    for text in [
        "Съешь ещё этих мягких французских булок, да выпей чаю. В 2024 г. USB-кабель стоил 1500₽.",
        "Рост цен: 12 345,67 — 20 000 р. о том, что сор есть; ООО «Ромашка», СССР, АО.",
        "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, 2024, στις 10–12 π.μ.",
        "من 10 إلى 20 صفحة، عام ٢٠٢٤",
        "שלום עולם, 2024–2025",
        "x² + y³ = 10⁻⁶, α-synuclein, 5 µm, H₂O, naïve café – “quoted”… ½",
        "数据：2024年１２月、東京都。",
    ] {
        check(text, text);
    }
}

/// Bytes of an old encoding beside UTF-8 neither hide a value nor are changed.
#[test]
fn mixed_encodings_pass() {
    let left = redacted(Kind::Text, b"caf\xE9 jan\xAD@example.org 4111\xA01111\xA01111\xA01111 \xFF\xFE \xC3\xA9\n");
    assert_eq!(left, b"caf\xE9 [EMAIL] [CARD] \xFF\xFE \xC3\xA9\n");
}

/// Names of fields and values of cells are read like any text.
#[test]
fn fields_are_read_too() {
    let left = redacted(Kind::Json, "{\"mail\":\"jоhn@example.com\",\"x\":\"тест\"}".as_bytes());
    assert_eq!(String::from_utf8(left).unwrap(), "{\"mail\":\"[EMAIL]\",\"x\":\"тест\"}");
    let left = redacted(Kind::Csv, "id;email\n1;jоhn@example.com\n".as_bytes());
    assert_eq!(String::from_utf8(left).unwrap(), "id;email\n1;[EMAIL]\n");
}

/// A value that a line end breaks is found; lines stay as many as they were, and what stands around it stays.
#[test]
fn values_over_lines_are_found() {
    check("pay to DE89 3704 0044\n0532 0130 00, please", "pay to [IBAN]\n, please");
    check("card 4111 1111\r\n  1111 1111 ok", "card [CARD]\r\n   ok");
    check("card 4111-1111-\n1111-1111 ok", "card [CARD]\n ok");
    check("the card 41111111\n11111111 is mine", "the card [CARD]\n is mine");
    check("> IBAN: DE89 3704 0044\n> 0532 0130 00 is\n> right", "> IBAN: [IBAN]\n>  is\n> right");
    check("IBAN DE89\n3704 0044\n0532 0130\n00.", "IBAN [IBAN]\n\n\n.");
    check("call +49 30\n12345678 now", "call [PHONE]\n now");
    check("SSN 123-45-\n6789.", "SSN [NATIONAL-ID]\n.");
    check("to ada.muster@\nexample.org now", "to [EMAIL]\n now");
    check("to ada.muster\n@example.org now", "to [EMAIL]\n now");
    check("to ada.muster@exam\nple.org now", "to [EMAIL]\n now");
    check("to ada.muster@example.\norg now", "to [EMAIL]\n now");
    check("to ada-\nmuster@example.org now", "to [EMAIL]\n now");
    check("asked by Ada Mus-\nter today", "asked by [PERSON]\n today");
    check("> asked by Ada\n> Muster today", "> asked by [PERSON]\n>  today");
    check("Ada Muster. I saw Ada\nMuster", "[PERSON]. I saw [PERSON]\n");
}

/// What stands at the end of a line and what stands at the beginning of the next are two things.
#[test]
fn lines_are_not_put_together() {
    for text in [
        "GET /a 200 4111\n1111222233334444 INFO\n1111222233334445 INFO\n",
        "41111111\n11111111\n41111111\n11111111\n",
        "2026-11-21 took 4111\n2026-11-21 10:00:00 took 1111\n",
        "see user@host\nnext line",
        "id 4111 1111\n\n1111 1111\n",
        "total 12 345 678\n901 234 567 pieces were sold\n",
    ] {
        check(text, text);
    }
    let code = "import atexit\n    @atexit.register\n    def end(): pass\n";
    assert_eq!(redacted(Kind::Text, code.as_bytes()), code.as_bytes());
    check("write to ada@example.org\nnow", "write to [EMAIL]\nnow");
    check("see below.\nada@example.org", "see below.\n[EMAIL]");
    check("call +49 30 12345678\n20 people", "call [PHONE]\n20 people");
}

/// A block of a stream never ends where a value is broken.
#[test]
fn values_at_the_end_of_a_block_are_found() {
    for before in [262_144 - 40, 262_144 - 22] {
        let text = format!(
            "{}\npay to DE89 3704 0044\n0532 0130 00, please\nand {}",
            "word ".repeat(before / 5),
            "so on ".repeat(3_000)
        );
        let left = String::from_utf8(redacted(Kind::Text, text.as_bytes())).unwrap();
        assert_eq!(left, text.replace("DE89 3704 0044\n0532 0130 00", "[IBAN]\n"), "{before}");
    }
}

/// In other formats the text of a value is what it was, less the line end.
#[test]
fn broken_values_go_in_every_format() {
    let left = |kind, text: &str| String::from_utf8(redacted(kind, text.as_bytes())).unwrap();
    assert_eq!(left(Kind::Json, r#"{"a":"IBAN DE89 3704 0044\n0532 0130 00."}"#), r#"{"a":"IBAN [IBAN]."}"#);
    assert_eq!(left(Kind::Csv, "a;b\n1;\"IBAN DE89 3704 0044\n0532 0130 00.\"\n"), "a;b\n1;\"IBAN [IBAN].\"\n");
    assert_eq!(left(Kind::Xml, "<a>IBAN DE89 3704 0044\n  0532 0130 00.</a>"), "<a>IBAN [IBAN].</a>");
    let yaml = left(Kind::Yaml, "a: |\n  IBAN DE89 3704 0044\n  0532 0130 00.\nb: 1\n");
    assert!(yaml.starts_with("a: |\n  IBAN [IBAN]") && yaml.ends_with(".\nb: 1\n"), "{yaml}");
    let mail = "From: a@b.example\nSubject: x\n\n> IBAN DE89 3704 0044\n> 0532 0130 00 there\n";
    assert!(left(Kind::Eml, mail).ends_with("\n\n> IBAN [IBAN] there\n"));
}

/// In a dump that lost its quotes a value is several words.
#[test]
fn values_in_bare_words_of_sql() {
    let left = |text: &str| String::from_utf8(redacted(Kind::Sql, text.as_bytes())).unwrap();
    for (text, expect) in [
        (
            "INSERT INTO t VALUES (1, Ada Muster, 4111 1111 1111 1111);",
            "INSERT INTO t VALUES (1, \"[PERSON]\", '[CARD]');",
        ),
        ("SELECT DE89 3704 0044 0532 0130 00, 1", "SELECT \"[IBAN]\", 1"),
        ("-- by Ada Muster\nGRANT x TO Ada Muster;", "-- by [PERSON]\nGRANT x TO \"[PERSON]\";"),
        ("Ada Muster was here; Ada Muster", "\"[PERSON]\" was here; \"[PERSON]\""),
        ("UPDATE t SET a = ada-k@example.org", "UPDATE t SET a = \"[EMAIL]\""),
        ("SELECT 'ada%40example.org', mailto:ada%40example.org>x", "SELECT '[EMAIL]', mailto:\"[EMAIL]\">x"),
    ] {
        assert_eq!(left(text), expect);
    }
    // What is sound stays.
    let sound = "CREATE TABLE people p (password citext, token uuid, ssn ssn_type, iban account_no, phone phone_type NOT NULL,\n\
        birth_date my_date, Status Mood, pin smallserial, name person_name DEFAULT 'x'::person_name, secret mytype);\n\
        SELECT p.name n, o.total - o.discount d, a.b/c.d, 17 + 4 FROM people p, orders o WHERE p.id = o.person AND x IN (1, 2);\n\
        ALTER TABLE people OWNER TO admin; CREATE USER backup; REINDEX TABLE people password_index;\n";
    assert_eq!(left(sound), sound);
}
