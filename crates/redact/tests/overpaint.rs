//! Words painted over words: the lower one is read too, and a word that is painted twice to look bold is one word.

mod pdf_kit;

use pdf_kit::whole::{found, gone};
use pdf_kit::{document, lines};

const MAIL: &str = "jan.kowalski@example.org";
const CARD: &str = "4111 1111 1111 1111";

fn page(content: &str) -> Vec<u8> {
    document(content, "", "", &[])
}

/// Takes the values out of a page with these words, and says what was found by looking alone.
#[track_caller]
fn check(what: &str, content: &str, values: &[&str]) -> Vec<String> {
    let input = page(content);
    let done = gone(what, &input, values);
    assert!(!done.values.is_empty(), "{what}: nothing was found");
    found(&input)
}

#[test]
fn a_word_over_the_beginning_of_a_longer_one() {
    for over in ["jan", "jam", "Jan", "xxx.kowalski", "jan kowal", "wan.kowalsko@example.com", "a.b@c.example"] {
        for shift in [0.0, 0.4, 3.0] {
            let word = |first: &str, second: &str| lines(&[(72.0, 700.0, first), (72.0 + shift, 700.0, second)]);
            check(&format!("{over} over, {shift}"), &word(MAIL, over), &[MAIL]);
            check(&format!("{over} under, {shift}"), &word(over, MAIL), &[MAIL]);
        }
    }
}

#[test]
fn one_letter_that_differs() {
    for over in
        ["card 4111 1111 1171 1111", "card 4111 1111 1111 111", "cart 9111 1111 1111 1111", "cards 4111 1111 1111"]
    {
        let under = format!("card {CARD}");
        check(over, &lines(&[(72.0, 700.0, &under), (72.0, 700.0, over)]), &[CARD]);
        check(over, &lines(&[(72.0, 700.0, over), (72.0, 700.0, &under)]), &[CARD]);
    }
}

#[test]
fn a_name_over_a_number() {
    let content = lines(&[(72.0, 700.0, "card 4111 1111 1111 1111 of"), (72.0, 700.0, "Ada Muster was here, said he")]);
    check("a name over a card", &content, &[CARD, "Ada Muster"]);
}

#[test]
fn three_words_in_one_place() {
    let content = lines(&[
        (72.0, 700.0, "jan.kowalski@example.com"),
        (72.0, 700.0, MAIL),
        (72.0, 700.0, "jan.kowalski@example.net"),
    ]);
    check("three words", &content, &[MAIL, "jan.kowalski@example.com", "jan.kowalski@example.net"]);
}

/// The parts of a value stand in operations of their own, and what is painted over them between them, before or after.
#[test]
fn values_in_parts_with_something_over_one_of_them() {
    let (first, last, over) = ((72.0, 700.0, "Ada "), (95.35, 700.0, "Muster"), (72.0, 700.0, "Eve "));
    for order in [[first, last, over], [first, over, last], [over, first, last]] {
        check(&format!("{order:?}"), &lines(&order), &["Ada Muster"]);
    }
    // The value goes on in the next line.
    let next = (72.0, 686.0, "Muster, who lives there");
    let long = (72.0, 700.0, "It was seen by several people, and by nobody else than Ada");
    let over = (380.0, 700.0, "Eve Ina");
    for order in [[long, over, next], [long, next, over], [over, long, next]] {
        let done = gone(&format!("{order:?}"), &page(&lines(&order)), &["Ada Muster"]);
        assert!(done.values.iter().any(|value| value.contains("Muster")), "{order:?}: {:?}", done.values);
    }
}

/// One operation can paint over itself, by moving back.
#[test]
fn an_operation_that_moves_back() {
    let shown = |parts: &str| format!("BT /F 12 Tf 72 700 Td [{parts}] TJ ET");
    check("over itself", &shown(&format!("({MAIL}) 11500 (www.kowalsky at example)")), &[MAIL]);
    check("under itself", &shown(&format!("(www.kowalsky at example) 11500 ({MAIL})")), &[MAIL]);
    // Every letter in the place of the one before it, or a little before that.
    let piled: String = MAIL.chars().map(|letter| format!("({letter}) 620 ")).collect();
    check("piled up", &shown(&piled), &[MAIL]);
    check("spaced back", &format!("BT /F 12 Tf -7 Tc 372 700 Td ({MAIL}) Tj ET"), &[MAIL]);
}

/// Letters of another line between those of a word, without touching them.
#[test]
fn words_through_words() {
    let content = format!(
        "BT /F 12 Tf 9 Tc 72 700 Td ({MAIL}) Tj ET BT /F 6 Tf 11 Tc 79 702 Td (nothing to be seen by anybody here) Tj ET"
    );
    check("through", &content, &[MAIL]);
}

/// More letters in a line than are compared with each other, far off the page.
#[test]
fn a_long_line_does_not_help() {
    let content = lines(&[(72.0, 700.0, MAIL), (72.0, 700.0, "jab.kowalski"), (900.0, 700.0, &"xy z ".repeat(1300))]);
    check("a long line", &content, &[MAIL]);
}

/// Painted two or three times to look bold: one word, found once.
#[test]
fn bold_words_are_read_once() {
    for times in [2, 3] {
        for shift in [0.0, 0.3, 0.5] {
            for text in [format!("mail {MAIL} now"), format!("Ada Muster, {CARD}")] {
                let painted: Vec<_> = (0..times).map(|n| (72.0 + shift * f64::from(n), 700.0, text.as_str())).collect();
                let values: &[&str] = if text.starts_with("mail") { &[MAIL] } else { &["Ada Muster", CARD] };
                let seen = check("bold", &lines(&painted), values);
                assert_eq!(seen, values, "{times} times, {shift} apart");
                let done = gone("bold", &page(&lines(&painted)), values);
                assert_eq!(done.values, values, "{times} times, {shift} apart");
            }
        }
    }
    // A bold word within a line, and one line of several.
    let content = lines(&[
        (72.0, 714.0, "A line above, of no use"),
        (72.0, 700.0, "mail jan.kowalski@example.org now"),
        (97.33, 700.0, MAIL),
        (72.0, 686.0, "and a line below"),
    ]);
    assert_eq!(check("a bold word", &content, &[MAIL]), [MAIL]);
}

/// More words in one place than are read apart: each is read as it is painted, and the reader is told.
#[test]
fn a_heap_of_words() {
    let mut words: Vec<String> =
        (0..20).map(|n| format!("{} heap {}", "wxyz".repeat(1 + n % 3), "mnop".repeat(1 + n % 5))).collect();
    words.insert(19, MAIL.to_owned());
    let painted: Vec<_> = words.iter().map(|word| (72.0, 700.0, word.as_str())).collect();
    let done = gone("a heap", &page(&lines(&painted)), &[MAIL]);
    assert_eq!(done.walked.unscanned, ["words on page 1 under too many others"]);
}

/// What goes can bring together what stood around it.
#[test]
fn values_within_values() {
    let within = "BT /F 12 Tf 72 700 Td [(4111 1111 ) 0 (ada@muster.example) 9280 (1111 1111)] TJ ET";
    check("within", within, &[CARD, "ada@muster.example"]);
}

/// What is typed over the line or the dots of a form, and signs strewn between the letters of a word.
#[test]
fn signs_between_letters() {
    for under in
        ["______________________________", "..............................", "- - - - - - - - - - - - - - - - - -"]
    {
        check(under, &lines(&[(72.0, 700.0, under), (72.0, 700.0, MAIL)]), &[MAIL]);
        check(under, &lines(&[(72.0, 700.0, CARD), (73.0, 700.5, under)]), &[CARD]);
    }
    let strewn = format!(
        "3 Tr BT /F 12 Tf 72 700 Td [(!) -3000 (*) -2000 (#) -1000 (;)] TJ ET 0 Tr {}",
        lines(&[(72.0, 700.0, MAIL)])
    );
    check("strewn", &strewn, &[MAIL]);
    // Accents over letters are part of the word.
    let accented = "BT /F 12 Tf 72 700 Td (by Ada Muster) Tj ET BT /F 12 Tf 90 700 Td (\\250) Tj ET";
    check("accented", accented, &["Ada Muster"]);
}
