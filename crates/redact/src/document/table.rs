//! Which column of a table a text stands in, and what its header says.

/// Tables that are open, the innermost last.
#[derive(Default)]
pub(super) struct Tables(Vec<Table>);

#[derive(Default)]
struct Table {
    row: u32,
    column: usize,
    span: usize,
    headers: Vec<String>,
    /// Text of the first cell of the row: the label in a table of labels and values.
    label: String,
}

/// Longer texts are no headers.
const HEADER_BYTES_MAX: usize = 64;
/// A hostile `number-columns-repeated` must not cost memory.
const COLUMNS_MAX: usize = 16_384;

impl Tables {
    pub(super) fn start(&mut self, local: &str, value_of: impl Fn(&str) -> Option<String>) {
        if matches!(local, "tbl" | "table") {
            self.0.push(Table::default());
            return;
        }
        let Some(table) = self.0.last_mut() else { return };
        match local {
            "tr" | "table-row" => {
                table.row = table.row.saturating_add(1);
                table.column = 0;
                table.span = 0;
                table.label.clear();
            }
            "tc" | "table-cell" | "covered-table-cell" | "td" | "th" => {
                table.column = (table.column + table.span.max(1)).min(COLUMNS_MAX);
                if table.span == 0 {
                    table.column = 0;
                }
                let repeated = value_of("number-columns-repeated").and_then(|text| text.parse().ok());
                table.span = repeated.unwrap_or(1_usize).clamp(1, COLUMNS_MAX);
            }
            _ => {}
        }
    }

    pub(super) fn end(&mut self, local: &str) {
        if matches!(local, "tbl" | "table") {
            self.0.pop();
        }
    }

    /// A paragraph of the current cell was read.
    pub(super) fn text(&mut self, text: &str) {
        let Some(table) = self.0.last_mut() else { return };
        let short = text.len() <= HEADER_BYTES_MAX;
        if table.row == 1 && short {
            if table.headers.len() <= table.column {
                table.headers.resize(table.column + 1, String::new());
            }
            table.headers[table.column].clone_from(&text.trim().to_owned());
        }
        if table.column == 0 && short {
            text.trim().clone_into(&mut table.label);
        }
    }

    /// Label of the row and header of the column.
    pub(super) fn names(&self) -> Vec<String> {
        let Some(table) = self.0.last().filter(|table| table.span > 0) else { return Vec::new() };
        let label = (table.column > 0).then(|| table.label.clone());
        let header = (table.row > 1).then(|| table.headers.get(table.column).cloned()).flatten();
        [label, header].into_iter().flatten().filter(|name| !name.is_empty()).collect()
    }
}
