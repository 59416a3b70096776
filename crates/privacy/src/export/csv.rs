//! CSV as RFC 4180 has it, with cells that a spreadsheet would run made harmless.

use crate::catalog::ColumnKind;

/// Appends a row. Says how many cells got an apostrophe in front.
pub(super) fn row<'c>(out: &mut String, cells: impl Iterator<Item = (ColumnKind, Option<&'c str>)>) -> u64 {
    let mut neutralised = 0;
    for (at, (kind, cell)) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let Some(text) = cell else { continue };
        let runs = would_run(kind, text);
        neutralised += u64::from(runs);
        // An empty text is quoted, so that it differs from no value at all.
        if !runs && !text.is_empty() && !text.contains(['"', ',', '\n', '\r', ' ']) {
            out.push_str(text);
            continue;
        }
        out.push_str(if runs { "\"'" } else { "\"" });
        for sign in text.chars() {
            if sign == '"' {
                out.push('"');
            }
            out.push(sign);
        }
        out.push('"');
    }
    out.push_str("\r\n");
    neutralised
}

/// Begins as spreadsheets begin a formula: `=`, `+`, `-`, `@`, tab, carriage return, and the wide forms of the signs.
fn would_run(kind: ColumnKind, text: &str) -> bool {
    let is_number = matches!(kind, ColumnKind::Integer | ColumnKind::Number) && text.parse::<f64>().is_ok();
    !is_number && text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_would_run_are_texts() {
        let check = |kind, cells: &[Option<&str>], expect: &str, count| {
            let mut out = String::new();
            assert_eq!(row(&mut out, cells.iter().map(|cell| (kind, *cell))), count);
            assert_eq!(out, expect);
        };
        check(
            ColumnKind::Text,
            &[Some("=1+1"), Some("-x"), Some("@a"), Some("\tb")],
            "\"'=1+1\",\"'-x\",\"'@a\",\"'\tb\"\r\n",
            4,
        );
        check(ColumnKind::Text, &[Some("+49 30")], "\"'+49 30\"\r\n", 1);
        check(ColumnKind::Number, &[Some("-1.5"), Some("-=x")], "-1.5,\"'-=x\"\r\n", 1);
        check(ColumnKind::Text, &[None, Some(""), Some("a\"b"), Some("a,b\n")], ",\"\",\"a\"\"b\",\"a,b\n\"\r\n", 0);
    }
}
