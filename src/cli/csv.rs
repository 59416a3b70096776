//! CSV as RFC 4180 has it, harmless in a spreadsheet.

/// A cell; one that a spreadsheet would take for a formula gets a `'` in front.
pub(crate) fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A line with its end.
#[cfg(feature = "redact")]
pub(crate) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_quoted_and_formulas_are_defused() {
        let check = |text, expect| assert_eq!(cell(text), expect);
        check("a", "a");
        check("a,b", "\"a,b\"");
        check("say \"x\"", "\"say \"\"x\"\"\"");
        check("=1+1", "'=1+1");
        check("-1,@", "\"'-1,@\"");
    }
}
