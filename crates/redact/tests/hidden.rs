//! Values that patterns alone would not see: look-alike letters, digits of other scripts, signs that nobody sees, text
//! that is turned round.

use probity_redact::format::detect::Kind;
use probity_redact::{
    Case, Decisions, Detector, Limits, Means, Named, Profile, Redaction, Scanner, Seen, Source, Vessel, Witness, take,
};

/// A file in memory.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Source for Bytes {
    fn open(&self) -> Result<Box<dyn std::io::Read + '_>, model::Fault> {
        Ok(Box::new(self.0.as_slice()))
    }
}

impl Vessel for Bytes {
    fn create(&mut self) -> Result<Box<dyn std::io::Write + '_>, model::Fault> {
        self.0.clear();
        Ok(Box::new(&mut self.0))
    }
}

struct Silent;

impl Witness for Silent {
    fn seen(&mut self, _: &Seen<'_>) -> Result<(), model::Fault> {
        Ok(())
    }
}

/// One person, wherever she is written as in a register.
fn names(text: &str) -> Vec<Named> {
    let named = |(at, name): (usize, &str)| Named {
        range: at..at + name.len(),
        kind: "person",
        detector: "names.model",
        score: 80,
    };
    text.match_indices("Ada Muster").map(named).collect()
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
    };
    let mut out = Bytes::default();
    let input = Bytes(text.to_vec());
    let redaction =
        Redaction { kind, means, case: &mut Case::default(), witness: &mut Silent, limits: &Limits::default() };
    take(&input, &mut out, redaction).unwrap();
    out.0
}

#[track_caller]
fn check(text: &str, expect: &str) {
    let left = String::from_utf8(redacted(Kind::Prose, text.as_bytes())).unwrap();
    assert_eq!(left, expect, "{text:?}");
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
