//! CSV. The judge of cells is csv-core.

use csv_core::{ReadFieldResult, Reader};
use probity_redact::format::csv::rewrite;
use proptest::prelude::*;

use crate::kit::{laws, laws_apart, redacted, samples};

#[test]
fn samples_show_and_lose_what_is_expected() {
    samples("csv", rewrite, &[]);
}

fn check(input: &str, expect: &str) {
    let output = redacted(rewrite, input.as_bytes()).unwrap();
    assert_eq!(str::from_utf8(&output).unwrap(), expect);
}

#[test]
fn only_the_value_changes() {
    check("a,b\n1,Jan Muster\n", "a,b\n1,[PERSON]\n");
    check("\u{FEFF}a;b\r\n1;\"Jan Muster \"\"x\"\"\"\r\n", "\u{FEFF}a;b\r\n1;\"[PERSON] \"\"x\"\"\"\r\n");
    check("a\tb\n\"Jan Muster\"\tx\n", "a\tb\n\"[PERSON]\"\tx\n");
    check("a,b\n\"line\nJan Muster\",x\n\n,", "a,b\n\"line\n[PERSON]\",x\n\n,");
    check("", "");
    check("Jan Muster", "[PERSON]");
    check("a,b\r1,Jan Muster\r", "a,b\r1,[PERSON]\r");
}

#[test]
fn a_cell_gets_quotes_when_it_needs_them() {
    check("a,b\n1,quote\n", "a,b\n1,\"a \"\"b\"\" 'c', d\\e;f&<g>: #h\ti\"\n");
    check("a,b\n1,\"quote\"\n", "a,b\n1,\"a \"\"b\"\" 'c', d\\e;f&<g>: #h\ti\"\n");
    check("a,b\n\"Jan\" Muster,\"x\"Jan Muster\n", "a,b\n\"[PERSON]\",\"x[PERSON]\"\n");
}

/// The cells of each record, by csv-core.
fn cells(input: &[u8], delimiter: u8) -> Vec<usize> {
    let mut reader: Reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut rest, mut out, mut counts, mut count) = (input, vec![0; 1 << 16], Vec::new(), 0);
    loop {
        let (result, read, _) = reader.read_field(rest, &mut out);
        rest = &rest[read..];
        match result {
            ReadFieldResult::Field { record_end } => {
                count += 1;
                if record_end {
                    counts.push(std::mem::take(&mut count));
                }
            }
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            ReadFieldResult::End => return counts,
        }
    }
}

fn print(rows: &[Vec<String>], delimiter: char, always: bool) -> String {
    let cell = |cell: &String| {
        let plain = !always && !cell.is_empty() && !cell.contains([delimiter, '"', '\n', '\r']);
        if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    };
    let row = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter.to_string()) + "\n";
    rows.iter().map(row).collect()
}

proptest! {
    #[test]
    fn the_laws_hold(
        rows in prop::collection::vec(prop::collection::vec("[a-zé ,;\"\n\r]{0,12}|[0-9]{0,9}", 3), 2..12),
        semicolon: bool,
        always: bool,
        seed: u64,
    ) {
        let delimiter = if semicolon { ';' } else { ',' };
        let input = print(&rows, delimiter, always);
        let output = laws(rewrite, input.as_bytes(), seed).unwrap();
        prop_assert_eq!(cells(&output, delimiter as u8), cells(input.as_bytes(), delimiter as u8));
    }

    #[test]
    fn anything_at_all_ends_in_output_or_a_fault(text in "[a\",;\t\n\r é]{0,40}", bytes: Vec<u8>) {
        // Text behind a closing quote moves into the quotes.
        let _ = laws_apart(rewrite, text.as_bytes(), 1, &['"']);
        let _ = laws_apart(rewrite, &bytes, 1, &['"']);
    }
}
