//! SQL dumps.

use probity_redact::format::sql::rewrite;
use proptest::prelude::*;

use crate::kit::{laws_apart, redacted, samples};

#[test]
fn samples_show_and_lose_what_is_expected() {
    samples("sql", rewrite, &['"']);
}

fn check(input: &str, expect: &str) {
    let output = redacted(rewrite, input.as_bytes()).unwrap();
    assert_eq!(str::from_utf8(&output).unwrap(), expect);
}

#[test]
fn only_the_value_changes() {
    check("SELECT 'it''s Jan Muster';", "SELECT 'it''s [PERSON]';");
    check("SELECT E'Jan\\x20Muster\\n\\u0041';", "SELECT E'[PERSON]\\n\\u0041';");
    check("SELECT N'Jan Muster', 31612345678 + 1", "SELECT N'[PERSON]', '[PHONE]' + 1");
    check("DO $x$ Jan Muster $ $x$;", "DO $x$ [PERSON] $ $x$;");
    check(
        "-- Jan Muster\n/* jan@example.org */ SELECT 1 -- Jan Muster",
        "-- [PERSON]\n/* [EMAIL] */ SELECT 1 -- [PERSON]",
    );
    check("INSERT INTO `t` VALUES ('O\\'Jan Muster');", "INSERT INTO `t` VALUES ('O\\'[PERSON]');");
    check("SELECT 'C:\\', 'Jan Muster';", "SELECT 'C:\\', '[PERSON]';");
    check("SELECT X'4A616e204D7573746572', 'x'", "SELECT X'5b504552534f4e5d', 'x'");
    check("SELECT 0x61204a616e204d7573746572, 1", "SELECT 0x61205b504552534f4e5d, 1");
    check("SELECT '\\x4a616e204d7573746572'::bytea", "SELECT '\\x5b504552534f4e5d'::bytea");
    check(
        "COPY t (a) FROM stdin;\n\\\\x4a616e204d7573746572\n\\.\n",
        "COPY t (a) FROM stdin;\n\\\\x5b504552534f4e5d\n\\.\n",
    );
    check("SELECT X'00ff4a616e204d7573746572', 0xdeadbeef", "SELECT X'00ff4a616e204d7573746572', 0xdeadbeef");
    check("GRANT x TO jan@example.org;", "GRANT x TO \"[EMAIL]\";");
    check("/*!40101 SET a='Jan Muster' */;", "/*!40101 SET a='[PERSON]' */;");
    check(
        "COPY t (a) FROM stdin;\nJan\\040Muster\\tx\t\\N\n\\.\nSELECT 'Jan Muster'",
        "COPY t (a) FROM stdin;\n[PERSON]\\tx\t\\N\n\\.\nSELECT '[PERSON]'",
    );
}

/// Values that lost their quotes: words and numbers that stand beside each other are one piece.
#[test]
fn words_beside_each_other_are_read_together() {
    check("INSERT INTO t VALUES (1, Jan Muster, 2);", "INSERT INTO t VALUES (1, \"[PERSON]\", 2);");
    check("INSERT INTO t VALUES (1, to Jan \t Muster);", "INSERT INTO t VALUES (1, to Jan \t Muster);");
    check("Jan Muster came, saw Jan Muster twice", "\"[PERSON]\" came, saw \"[PERSON]\" twice");
    check("INSERT INTO `t` VALUES (Jan Muster);", "INSERT INTO `t` VALUES (`[PERSON]`);");
    check("SELECT xJan Mustery FROM t", "SELECT \"x[PERSON]y\" FROM t");
    check("SELECT a - jan@example.org", "SELECT a - \"[EMAIL]\"");
    check("SELECT 1 --Jan Muster\n, 2/*Jan Muster*/, Jan--Muster", "SELECT 1 --[PERSON]\n, 2/*[PERSON]*/, Jan--Muster");
    check("SELECT Jan Muster-Jan Muster/2", "SELECT \"[PERSON]\"-\"[PERSON]\"/2");
    check("SELECT +31612345678, 1 + 31612345678", "SELECT '+[PHONE]', 1 + '[PHONE]'");
    check("SELECT Jan Muster E'Jan Muster'", "SELECT \"[PERSON]\" E'[PERSON]'");
    check("COPY Jan Muster FROM stdin;\nJan Muster\n\\.\n", "COPY \"[PERSON]\" FROM stdin;\n[PERSON]\n\\.\n");
}

#[test]
fn replacements_are_escaped() {
    check("SELECT 'quote'", "SELECT 'a \"b\" ''c'', d\\e;f&<g>: #h\ti'");
    check("SELECT E'quote'", "SELECT E'a \"b\" ''c'', d\\\\e;f&<g>: #h\ti'");
    check("COPY t FROM stdin;\nquote\n\\.\n", "COPY t FROM stdin;\na \"b\" 'c', d\\\\e;f&<g>: #h\\ti\n\\.\n");
}

proptest! {
    #[test]
    fn the_laws_hold(
        tokens in prop::collection::vec(
            "'([a-zé ]|''){0,9}'|\"([a-z ]|\"\"){0,5}\"|-- [a-z é]{0,9}\n|/\\*[a-z ]{0,9}\\*/|[(),;=]|VALUES|INSERT|INTO|[a-z]{1,5}|E'[a-z]{0,4}(\\\\n|\\\\x41|\\\\u00e9)[a-z]{0,9}'|\\$\\$[a-z ]{0,9}\\$\\$|[0-9]{1,9}| |\n|COPY t FROM stdin;\nab\t\\\\N\tc\\\\td ef\n\\\\\\.\n",
            0..24,
        ),
        seed: u64,
    ) {
        let input = tokens.join(" ");
        // Words without quotes get them.
        laws_apart(rewrite, input.as_bytes(), seed, &['\'', '"', '`']).unwrap();
    }

    #[test]
    fn anything_at_all_ends_in_output_or_a_fault(text in "['\"`\\\\$a-cE0-9;,()\n\t*/ -]{0,40}", bytes: Vec<u8>) {
        let _ = laws_apart(rewrite, text.as_bytes(), 1, &['\'', '"', '`']);
        let _ = laws_apart(rewrite, &bytes, 1, &['\'', '"', '`']);
    }
}
